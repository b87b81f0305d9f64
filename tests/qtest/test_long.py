# SPDX-License-Identifier: GPL-2.0-or-later
"""A device that holds what it has mapped for as long as somebody else likes: it does
not take all buffers and slots, and no invalidation waits for it.  A disk that has
more under way than there are of either goes on."""

import os
import socket
import struct
import tempfile
import unittest

import devices
from machine import PAGE, READ, Machine, rid_of
from virtio import Virtio

RID, OTHER = rid_of(4), rid_of(5)
BUF, TARGET, TABLE, LIST = 0x40000000, 0x1000000, 0x50000000, 0x800000
MIB, NR = 1 << 20, 1024
NO_FLOOR, FLOOR = 0xFFFFFFFFFFFFFFFF, 192
INDIRECT = 1 << 28


class Long(unittest.TestCase):
    def machine(self, *args):
        m = Machine(*args)
        self.addCleanup(m.close)
        m.viommu.map(RID, devices.MEM, devices.MEM, 32)
        m.viommu.map(RID, BUF, TARGET, MIB // PAGE, perm=READ)
        m.viommu.map(RID, TABLE, LIST, 2 * NR * 16 // PAGE, perm=READ)
        m.viommu.enable()
        return m

    def table(self, m, at, *bufs):
        m.poke(at, b"".join(struct.pack(
            "<QIHH", addr, size, 2 * writes | (i < len(bufs) - 1), i + 1)
            for i, (addr, size, writes) in enumerate(bufs)))

    def post(self, m, d, nr, i, iova, size):
        """A request by a table, beside those that are under way."""
        q = d.queue[nr]
        d.desc(nr, i, iova, size, 4)
        m.wr(2, q["ring"] + PAGE + 4 + 2 * (q["avail"] % 16), i)
        q["avail"] += 1
        m.wr(2, q["ring"] + PAGE + 2, q["avail"])
        m.wr(2, q["notify"], nr)

    def serial(self, mode, *pieces):
        """Ports whose other ends do not read, and a request for each, of so many
        pieces of half a MiB."""
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        args, ends = [], []
        for i in range(2):
            path = os.path.join(top.name, f"port{i}")
            end = socket.socket(socket.AF_UNIX)
            self.addCleanup(end.close)
            end.bind(path)
            end.listen(1)
            ends.append(end)
            args += ["-chardev", f"socket,id=c{i},path={path}",
                     "-device", f"virtserialport,chardev=c{i},nr={i + 1}"]
        m = self.machine(
            "-global", f"xen-viommu.dma={mode}",
            "-device", "virtio-serial-pci,iommu_platform=on,disable-legacy=on,"
            "max_ports=4,addr=4", *args,
            "-drive", "if=none,id=disk,driver=null-co,size=1048576,"
            "read-zeroes=on", "-device", devices.Nvme.device + ",addr=5")
        for end in ends:
            peer = end.accept()[0]
            self.addCleanup(peer.close)
        class Ports(Virtio):
            def start(self, queues, used=None, features=0):
                super().start(queues, used, INDIRECT | 2)
        d = Ports(m, RID, devices.MEM + 2 * PAGE, queues=(3, 5, 7),
                  base=0xE4000000)
        for port, event in ((0, 0), (1, 3), (2, 3), (1, 6), (2, 6)):
            m.poke(devices.MEM, struct.pack("<IHH", port, event, 1))
            d.post(3, (devices.MEM, 8, False))
            m.until(lambda: d.done(3), "its answer")
        for nr, many in zip((5, 7), pieces):
            self.table(m, LIST, *[(BUF, MIB // 2, False)] * many)
            self.post(m, d, nr, 0, TABLE, many * 16)
            for _ in range(10):
                m.qmp("query-status")
            self.assertEqual(m.viommu.get(FLOOR), NO_FLOOR)
        self.assertEqual(m.viommu.faults(), [])
        return m

    def another(self, m):
        """A disk has a buffer for what it does."""
        class Disk(devices.Nvme):
            MEM = 0x300000
        m.viommu.map(OTHER, Disk.MEM, Disk.MEM, devices.MEM_PAGES)
        disk = Disk(m, OTHER)
        m.viommu.map(OTHER, 0x600000, 0x600000)
        m.fill(0x600000, 0xFF)
        m.stall("disk")
        disk.start_read(0x600000)
        self.assertEqual(m.still_busy(), [])
        self.assertFalse(disk.done())
        for _ in range(20):
            m.step(1000000000)
            m.qmp("query-status")
        self.assertTrue(disk.done() and disk.ok())
        self.assertEqual(m.peek(0x600000, 513), bytes(512) + b"\xff")

    def test_serial(self):
        m = self.serial("copy", 1000, 1000)
        self.assertEqual(m.still_busy(), [])

    def test_serial_buffers(self):
        """All there are, if it got them."""
        m = self.serial("copy", 63, 65)
        self.another(m)

    def test_serial_in_place(self):
        """It has buffers then, too."""
        m = self.serial("map", 1000, 1000)
        self.assertEqual(m.still_busy(), [])

    def test_disk(self):
        m = self.machine("-blockdev", "node-name=disk,driver=null-co,"
                         "size=4294967296,latency-ns=1000000000",
                         "-device", devices.VirtioBlk.device + ",addr=4")
        d = devices.VirtioBlk(m, RID)
        d.dev.start((0,), features=INDIRECT)
        m.poke(devices.MEM, struct.pack("<IIQ", 1, 0, 0))
        m.poke(devices.MEM + PAGE, b"\xff" * 2)
        for i in range(2):
            self.table(m, LIST + i * NR * 16, (devices.MEM, 16, False),
                       *[(BUF, MIB, False)] * (NR - 2),
                       (devices.MEM + PAGE + i, 1, True))
            self.post(m, d.dev, 0, i, TABLE + i * NR * 16, NR * 16)
        m.until(lambda: m.peek(devices.MEM + PAGE, 2) == bytes(2),
                "both requests")
        self.assertFalse(d.dev.needs_reset())
        self.assertEqual(m.viommu.busy(), [])
        self.assertEqual(m.viommu.get(FLOOR), NO_FLOOR)


if __name__ == "__main__":
    unittest.main()
