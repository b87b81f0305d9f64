# SPDX-License-Identifier: GPL-2.0-or-later
"""A device that may not be master of the bus does not write, whenever it got to
know what it writes: bus mastering off, D3, reset and unplug under a transfer."""

import os
import socket
import tempfile
import unittest

import devices
from machine import IO, MASTER, MEMORY, Machine, rid_of

RID = rid_of(4)
IOVA, TARGET = 0x40000000, 0x200000
IOVA2, TARGET2 = 0x40001000, 0x201000
FILL = b"\xff" * 512
PM = 1


class Master(unittest.TestCase):
    def start(self, kind, latency=0):
        """A read is under way, until the clock is stepped or for @latency."""
        m = Machine("-drive", "if=none,id=disk,driver=null-co,size=1048576,"
                    f"read-zeroes=on,latency-ns={latency}",
                    "-device", kind.device + ",addr=4",
                    *getattr(kind, "extra", []))
        self.addCleanup(m.close)
        m.viommu.map(RID, devices.MEM, devices.MEM, devices.MEM_PAGES)
        m.viommu.map(RID, IOVA, TARGET)
        m.viommu.map(RID, IOVA2, TARGET2)
        m.viommu.enable()
        d = kind(m, RID)
        self.good(m, d)
        m.fill(TARGET, 0xFF)
        if not latency:
            m.stall("disk")
        d.start_read(IOVA)
        return m, d

    def good(self, m, d):
        """Another read, which is not to be the one under way."""
        m.fill(TARGET2, 0xFF)
        d.start_read(IOVA2)
        for _ in range(20000):
            if d.done():
                break
            m.step(1000000000)
            m.qmp("query-status")
        self.assertTrue(d.done() and d.ok())
        self.assertEqual(m.peek(TARGET2, 512), bytes(512))

    def untouched(self, m):
        """It ends, and nothing came of it."""
        for _ in range(5):
            m.step(1000000000)
            m.qmp("query-status")
        m.viommu.wait()
        m.qmp("query-status")
        self.assertEqual(m.peek(TARGET, 512), FILL)
        self.assertEqual(m.viommu.busy(), [])

    def master_off(self, kind):
        m, d = self.start(kind)
        before = [m.peek(devices.MEM + i * 4096, 4096)
                  for i in range(devices.MEM_PAGES)]
        m.command(RID, MEMORY)
        self.untouched(m)
        self.assertEqual(before, [m.peek(devices.MEM + i * 4096, 4096)
                                  for i in range(devices.MEM_PAGES)])
        self.assertEqual(m.viommu.faults(), [])
        m.command(RID, MEMORY | MASTER)
        d.reset()
        d.setup()
        self.good(m, d)

    def master_off_and_on(self, kind):
        m, d = self.start(kind)
        m.command(RID, MEMORY)
        m.command(RID, MEMORY | MASTER)
        for _ in range(5):
            m.step(1000000000)
        d.reset()
        d.setup()
        self.good(m, d)
        self.assertEqual(m.viommu.faults(), [])

    def reset_under(self, kind):
        """The clock stands still while a device waits for its disk."""
        m, d = self.start(kind, 200000000)
        d.reset()
        m.fill(TARGET, 0xFF)
        d.setup()
        self.good(m, d)
        self.untouched(m)
        self.assertEqual(m.viommu.faults(), [])

    def unplug(self, kind):
        m, d = self.start(kind, 200000000)
        m.qmp("device_del", id="dev")
        m.out(4, 0xAE08, 1 << 4)
        m.until(lambda: m.cfg(RID, 0) == 0xFFFFFFFF, "its end")
        m.fill(TARGET, 0xFF)
        self.untouched(m)
        self.assertEqual(m.viommu.faults(), [])
        self.assertEqual(m.cfg(RID, 0), 0xFFFFFFFF)

    def test_d3(self):
        """Of the disks only NVMe has power management on this bus."""
        m, d = self.start(devices.Nvme)
        pm = m.cap(RID, PM)
        m.cfg(RID, pm + 4, 3, 2)
        self.untouched(m)
        self.assertEqual(m.viommu.faults(), [])
        m.cfg(RID, pm + 4, 0, 2)
        m.bar(RID, 0, d.BASE)
        d.reset()
        d.setup()
        self.good(m, d)

    def test_ahci_started_without(self):
        """Its lists cannot be mapped; with bus mastering they can."""
        m = Machine("-drive", "if=none,id=disk,driver=null-co,size=1048576,"
                    "read-zeroes=on",
                    "-device", devices.Ahci.device + ",addr=4",
                    *devices.Ahci.extra)
        self.addCleanup(m.close)
        m.viommu.map(RID, devices.MEM, devices.MEM, devices.MEM_PAGES)
        m.viommu.map(RID, IOVA2, TARGET2)
        m.viommu.enable()
        d = devices.Ahci(m, RID)
        d.port(0x18, 0)
        m.command(RID, MEMORY)
        d.port(0x18, 0x10)
        d.port(0x18, 0x11)
        self.assertEqual(d.port(0x18) & 0xC000, 0)
        m.command(RID, MEMORY | MASTER)
        d.setup()
        self.assertEqual(d.port(0x18) & 0xC000, 0xC000)
        self.good(m, d)
        self.assertEqual(m.viommu.faults(), [])

    def test_ide_started_without(self):
        """Two channels at once, neither of them master: both end with an
        error, and what is cancelled then does not wait for the other one."""
        rid = rid_of(1, 1)
        args = []
        for i in range(2):
            args += ["-drive", f"if=none,id=d{i},driver=null-co,size=1048576,"
                     "read-zeroes=on,latency-ns=100000000",
                     "-device", f"ide-hd,drive=d{i},bus=ide.{i}"]
        m = Machine(*args)
        self.addCleanup(m.close)
        m.viommu.enable()
        m.cfg(rid, 0x20, 0xC000)
        m.cfg(rid, 0x40, 0x80008000)
        m.command(rid, IO)
        for base, engine in ((0x1F0, 0xC000), (0x170, 0xC008)):
            for reg, val in ((6, 0xE0), (2, 8), (3, 0), (4, 0), (5, 0)):
                m.out(1, base + reg, val)
            m.out(4, engine + 4, devices.MEM)
            m.out(1, base + 7, 0xC8)
            m.out(1, engine, 9)
        m.out(1, 0xC008, 8)
        for base in (0x1F0, 0x170):
            m.until(lambda b=base: not m.inp(1, b + 7) & 0x80, "a disk")
        self.assertEqual(m.viommu.busy(), [])
        self.assertEqual(m.viommu.faults(), [])

    def test_bus_reset(self):
        """A bridge resets its bus: what is behind is not master any more."""
        bridge, edu, bar = rid_of(6), rid_of(1, bus=1), 0xE0100000
        iova = 0x8000000    # edu's have 28 bits
        m = Machine("-device", "pci-bridge,id=bridge,chassis_nr=1,addr=6",
                    "-device", "edu,bus=bridge,addr=1")
        self.addCleanup(m.close)
        m.viommu.map(bridge, iova, TARGET)
        m.viommu.enable()
        m.cfg(bridge, 0x18, 0x010100)
        m.cfg(bridge, 0x20, 0xE010E010)
        m.command(bridge, MEMORY | MASTER)

        def start():
            """The device's buffer of zeroes is to go to memory, in a while."""
            m.bar(edu, 0, bar)
            m.fill(TARGET, 0xFF)
            for reg, val in ((0x80, 0x40000), (0x88, iova), (0x90, 512),
                             (0x98, 3)):
                m.wr(4, bar + reg, val)

        start()
        m.step(200000000)
        self.assertEqual(m.peek(TARGET, 512), bytes(512))
        start()
        m.cfg(bridge, 0x3E, 0x40, 2)
        m.cfg(bridge, 0x3E, 0, 2)
        self.assertEqual(m.cfg(edu, 4, size=2), 0)
        m.step(200000000)
        self.assertEqual(m.peek(TARGET, 512), FILL)
        m.command(bridge, MEMORY | MASTER)
        start()
        m.step(200000000)
        self.assertEqual(m.peek(TARGET, 512), bytes(512))
        self.assertEqual(m.viommu.faults(), [])

    def e1000(self):
        """With the other end of its wire, and a frame."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "net")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen(1)
            m = Machine("-netdev", "stream,id=net,server=off,addr.type=unix,"
                        "addr.path=" + path,
                        "-device", devices.E1000.device + ",addr=4")
            self.addCleanup(m.close)
            peer = m.peer(listener)
        self.addCleanup(peer.close)
        m.viommu.map(RID, devices.MEM, devices.MEM, devices.MEM_PAGES)
        m.viommu.map(RID, IOVA, TARGET)
        m.viommu.enable()
        frame = b"\xff" * 6 + b"\x52\x54\0\0\0\1\x08\0" + bytes(46)

        def send():
            peer.sendall(len(frame).to_bytes(4, "big") + frame)
        return m, devices.E1000(m, RID), frame, send

    def test_e1000_unplug(self):
        """A frame waits for the receiver, which lets a second go by first."""
        m, d, _, send = self.e1000()
        m.fill(TARGET, 0xAA)
        before = [m.peek(devices.MEM + i * 4096, 4096)
                  for i in range(devices.MEM_PAGES)]
        d.receive_at(IOVA)
        send()
        for _ in range(50):
            m.qmp("query-status")
        self.assertFalse(d.received())
        before[0] = m.peek(devices.MEM, 4096)
        m.qmp("device_del", id="dev")
        m.out(4, 0xAE08, 1 << 4)
        m.until(lambda: m.cfg(RID, 0) == 0xFFFFFFFF, "its end")
        send()
        for _ in range(5):
            m.step(1000000000)
            m.qmp("query-status")
        self.assertEqual(m.peek(TARGET, 60), b"\xaa" * 60)
        self.assertEqual(before, [m.peek(devices.MEM + i * 4096, 4096)
                                  for i in range(devices.MEM_PAGES)])
        self.assertEqual(m.viommu.busy(), [])
        self.assertEqual(m.viommu.faults(), [])

    def test_e1000(self):
        m, d, frame, send = self.e1000()

        def good():
            m.fill(TARGET, 0xAA)
            d.receive_at(IOVA)
            m.step(1000000000)
            send()
            m.until(d.received, "a frame")
            self.assertEqual(m.peek(TARGET, 60), frame)

        good()
        m.fill(TARGET, 0xAA)
        d.receive_at(IOVA)
        m.command(RID, MEMORY)
        send()
        for _ in range(50):
            m.step(1000000000)
            m.qmp("query-status")
        self.assertEqual(m.peek(TARGET, 60), b"\xaa" * 60)
        self.assertFalse(d.received())
        m.command(RID, MEMORY | MASTER)
        d.reset()
        d.setup()
        good()
        self.assertEqual(m.viommu.faults(), [])


for _test in ("master_off", "master_off_and_on", "reset_under", "unplug"):
    for _kind in devices.DISKS:
        setattr(Master, "test_%s_%s" % (_test, _kind.__name__),
                lambda self, t=_test, k=_kind: getattr(self, t)(k))

if __name__ == "__main__":
    unittest.main()
