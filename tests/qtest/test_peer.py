# SPDX-License-Identifier: GPL-2.0-or-later
"""DMA to the registers of other devices: short accesses (edu), data of disks.
Where there are none, or the device's own, it is refused."""

import struct
import tempfile
import unittest

import devices
from machine import HOLE, PAGE, RW, WRITE, Machine, rid_of
from machine import RAM as MEMORY

DISK, EDU, PEER = rid_of(4), rid_of(5), rid_of(6)
EDU_BAR, PEER_BAR, VGA_BAR = 0xE1000000, 0xE1100000, 0xE2000000
IOVA, REGS, OWN, RAM = 0x20000, 0x30000, 0x40000, 0x200000
BUF = 0x40000
ID, LIVE, FACTORIAL, CMD = 0, 4, 8, 0x98
IDENTITY = 0x010000ED
CC, CSTS = 0x14, 0x1C   # of NVMe


def nvme(nr, slot, latency):
    """One more disk, which takes so long for a request."""
    return ("-blockdev", f"node-name=disk{nr},driver=null-co,size=1048576,"
            f"read-zeroes=on,latency-ns={latency}",
            "-device", f"nvme,drive=disk{nr},serial={nr},addr={slot}")


def another(nr):
    """Its driver, with memory of its own."""
    class Another(devices.Nvme):
        BASE = 0xE1200000 + nr * 0x10000
        MEM = devices.MEM + nr * devices.MEM_PAGES * PAGE
    return Another


class Peer(unittest.TestCase):
    def start(self, kind, *args):
        m = Machine("-blockdev", "node-name=disk,driver=null-co,"
                    "size=1048576,read-zeroes=on",
                    "-device", kind.device + ",addr=4",
                    *getattr(kind, "extra", ()),
                    "-device", "edu,addr=5", "-device", "edu,addr=6", *args)
        self.addCleanup(m.close)
        m.bar(EDU, 0, EDU_BAR)
        m.bar(PEER, 0, PEER_BAR)
        for rid in (EDU, DISK):
            m.viommu.map(rid, IOVA, RAM)
            m.viommu.map(rid, REGS, PEER_BAR)
        m.viommu.map(DISK, devices.MEM, devices.MEM, devices.MEM_PAGES)
        m.viommu.map(EDU, OWN, EDU_BAR)
        return m

    def edu(self, m, src, dst, size, cmd):
        for reg, val in ((0x80, src), (0x88, dst), (0x90, size), (CMD, cmd)):
            m.wr(4, EDU_BAR + reg, val)
        m.until(lambda: m.step(100000000) and
                not m.rd(4, EDU_BAR + CMD) & 1, "edu")

    def write(self, m, addr, val):
        m.wr(4, RAM, val)
        self.edu(m, IOVA, BUF, 4, 1)
        self.edu(m, BUF, addr, 4, 3)

    def read(self, m, addr):
        self.edu(m, addr, BUF, 4, 1)
        m.wr(4, RAM, 0)
        self.edu(m, BUF, IOVA, 4, 3)
        return m.rd(4, RAM)

    def alive(self, m):
        m.wr(4, PEER_BAR + LIVE, 0x1234)
        self.assertEqual(m.rd(4, PEER_BAR + LIVE), 0xFFFFEDCB)

    def short(self, on):
        m = self.start(devices.Nvme)
        if not on:
            for rid in (EDU, DISK):
                m.viommu.entries = []
            m.viommu.write()
        m.viommu.enable(on)
        regs = REGS if on else PEER_BAR
        # edu's own addresses have 28 bits
        if not on:
            regs = m.bar(PEER, 0, 0x0E000000)
        ram = IOVA if on else RAM
        self.edu(m, regs + ID, BUF, 4, 1)
        self.edu(m, BUF, ram, 4, 3)
        self.assertEqual(m.rd(4, RAM), IDENTITY)
        m.wr(4, RAM, 0xABCD)
        self.edu(m, ram, BUF, 4, 1)
        self.edu(m, BUF, regs + LIVE, 4, 3)
        at = PEER_BAR if on else regs
        self.assertEqual(m.rd(4, at + LIVE), 0xFFFF5432)
        self.assertEqual(m.viommu.faults(), [])
        self.assertEqual(m.viommu.busy(), [])

    def test_short(self):
        self.short(True)

    def test_short_disabled(self):
        self.short(False)

    def test_unmapped(self):
        m = self.start(devices.Nvme)
        m.viommu.enable()
        self.alive(m)
        m.viommu.unmap(EDU, REGS)
        self.write(m, REGS + LIVE, 0)
        self.assertEqual(m.rd(4, PEER_BAR + LIVE), 0xFFFFEDCB)
        self.assertEqual(m.viommu.faults(), [(EDU, REGS, WRITE)])

    def test_nested(self):
        """What is written starts DMA at once: of a NIC that sends a frame.  The
        first DMA is not over before that is."""
        nic, bar, regs, ring = rid_of(7), 0xE1400000, 0x50000, 0x180000
        m = self.start(devices.Nvme, "-device", "e1000,romfile=,addr=7")
        m.bar(nic, 0, bar)
        m.viommu.map(nic, ring, ring)
        m.viommu.map(EDU, regs, bar + 0x3000)
        m.viommu.enable()
        m.poke(ring, struct.pack("<QIIQ", ring + 64, 9 << 24 | 60, 0, 0))
        for reg, val in ((0x3800, ring), (0x3804, 0), (0x3808, 128),
                         (0x3810, 0), (0x3818, 0), (0x400, 2)):
            m.wr(4, bar + reg, val)
        self.write(m, regs + 0x818, 1)
        self.assertEqual(m.rd(1, ring + 12) & 1, 1)
        self.assertEqual(m.viommu.in_use(), 1)
        self.assertEqual(m.viommu.busy(), [])
        self.assertEqual(m.viommu.faults(), [])

    def test_own(self):
        """What is a device's own it does not reach."""
        m = self.start(devices.Nvme)
        m.viommu.enable()
        m.wr(4, EDU_BAR + LIVE, 0x1234)
        self.write(m, OWN + LIVE, 0xABCD)
        self.assertEqual(m.rd(4, EDU_BAR + LIVE), 0xFFFFEDCB)
        self.assertNotEqual(self.read(m, OWN + ID), IDENTITY)
        self.assertEqual(m.viommu.faults(), [])
        self.assertEqual(m.viommu.busy(), [])

    def refused(self, m, d, addr, write=False):
        """The disk tells its driver, and there is no fault to be read."""
        d.command(1, 1 if write else 2, 1, addr, 0)
        m.until(d.done, "the disk")
        self.assertFalse(d.ok())
        self.assertEqual(m.viommu.busy(), [])
        self.assertEqual(m.viommu.faults(), [])

    def nothing(self, gpa):
        """Xen says that it is a device's: neither short nor long."""
        m = self.start(devices.Nvme)
        for rid in (EDU, DISK):
            m.viommu.unmap(rid, REGS)
            m.viommu.map(rid, REGS, gpa, perm=RW | HOLE)
        m.viommu.enable()
        self.write(m, REGS, 0xABCD)
        self.read(m, REGS)
        self.assertNotEqual(m.rd(4, RAM), 0xAAAAAAAA)
        d = devices.Nvme(m, DISK)
        self.refused(m, d, REGS)
        self.refused(m, d, REGS, write=True)
        return m

    def test_hole(self):
        """No memory for Xen, but for QEMU."""
        m = self.nothing(0x300000)
        self.assertEqual(m.peek(0x300000, 512), bytes(512))

    def test_nobody(self):
        """Beyond the memory, and where no device is."""
        self.nothing(0x10000000)
        self.nothing(0xE7000000)

    def test_end_of_registers(self):
        """In place of the last ones it goes on where nobody is: edu has 1M,
        NVMe 16K."""
        m = self.start(devices.Nvme)
        d = devices.Nvme(m, DISK)
        m.viommu.map(EDU, 0x50000, d.BASE + 0x4000 - PAGE, 2)
        m.viommu.map(DISK, 0x60000, PEER_BAR + 0x100000 - PAGE, 2)
        m.viommu.enable()
        self.read(m, 0x50FFC)
        d.start_read(0x60000 + PAGE - 512)
        m.until(d.done, "the disk")
        self.assertTrue(d.ok())
        self.refused(m, d, 0x60000 + PAGE)
        self.assertEqual(m.viommu.faults(), [])

    def test_end_of_page(self):
        """virtio's used ring is there, its index across the end: nothing is
        written to the page of guest addresses that follows, which is another
        device's and which the disk may not access."""
        nic, bar = rid_of(7), PEER_BAR + 0x100000
        m = self.start(devices.VirtioBlk, "-device",
                       "rtl8139,romfile=,addr=7,mac=52:54:00:12:34:56")
        d = devices.VirtioBlk(m, DISK)
        m.bar(nic, 1, bar)
        m.viommu.map(DISK, 0x60000, bar - PAGE)
        m.viommu.map(DISK, 0x61000, RAM)
        m.viommu.enable()
        d.dev.start((0,), used=0x60FFD)
        self.assertEqual(m.rd(1, bar), 0x52)
        d.start_read(devices.MEM + 8 * PAGE)
        m.until(d.ok, "the disk")
        self.assertEqual(m.rd(1, bar), 0x52)
        self.assertEqual(m.viommu.faults(), [])

    def test_video_memory(self):
        """A window that is memory of the device, likewise."""
        vga = rid_of(7)
        m = self.start(devices.Nvme, "-device", "VGA,romfile=,addr=7")
        m.bar(vga, 0, VGA_BAR)
        m.viommu.unmap(DISK, REGS)
        m.viommu.map(DISK, REGS, VGA_BAR)
        m.viommu.enable()
        m.fill(VGA_BAR, 0xAA)
        self.refused(m, devices.Nvme(m, DISK), REGS)
        self.assertEqual(m.peek(VGA_BAR, 512), b"\xaa" * 512)

    def disk(self, kind, *args):
        """Data, of zeroes, in a register that reads as what was not written.
        It takes accesses of 4 bytes, as come first from there."""
        m = self.start(kind, *args)
        m.viommu.enable()
        d = kind(m, DISK)
        if kind is devices.VirtioBlk:
            d.setup()
        self.alive(m)
        d.start_read(REGS + LIVE)
        m.until(d.done, "the disk")
        self.assertTrue(d.ok())
        self.assertEqual(m.rd(4, PEER_BAR + LIVE), 0xFFFFFFFF)
        self.assertEqual(m.viommu.faults(), [])
        self.assertEqual([s for s in m.viommu.busy() if s[1] == REGS], [])
        m.viommu.unmap(DISK, REGS)
        self.alive(m)
        d.start_read(REGS + LIVE)
        m.until(lambda: m.viommu.faults() == [(DISK, REGS + LIVE, WRITE)],
                "the fault")
        self.assertEqual(m.rd(4, PEER_BAR + LIVE), 0xFFFFEDCB)

    def itself(self, kind, *args):
        """Into its own registers, which would reset it when it is done: they
        are refused, as they are to virtio, which wants a reset then."""
        m = self.start(kind, *args)
        d = kind(m, DISK)
        if kind is devices.VirtioBlk:
            d.setup()
        m.viommu.unmap(DISK, REGS)
        m.viommu.map(DISK, REGS, 0xE0000000)
        m.viommu.enable()
        d.start_read(REGS)
        if kind is devices.VirtioBlk:
            m.until(lambda: d.dev.status() & 0x40, "an error")
            d.reset()
            d.setup()
        else:
            m.until(d.done, "the disk")
            self.assertFalse(d.ok())
        if kind is devices.Ahci:
            d.setup()
        self.assertEqual(m.viommu.faults(), [])
        m.viommu.unmap(DISK, REGS)
        m.viommu.map(DISK, REGS, RAM)
        m.fill(RAM, 0xFF)
        d.start_read(REGS)
        m.until(d.done, "the disk")
        self.assertTrue(d.ok())
        self.assertEqual(m.peek(RAM, 513), bytes(512) + b"\xff")

    def covered(self, kind, *args):
        """The guest has had memory put where the registers are, for Xen: QEMU
        has them there all the same, and they are the device's own."""
        m = self.start(kind, *args)
        d = kind(m, DISK)
        if kind is devices.VirtioBlk:
            d.setup()
        m.viommu.unmap(DISK, REGS)
        m.viommu.map(DISK, REGS, 0xE0000000, perm=RW | MEMORY)
        m.viommu.enable()
        d.start_read(REGS)
        if kind is devices.VirtioBlk:
            m.until(lambda: d.done() or d.dev.needs_reset(), "the disk")
            d.reset()
            d.setup()
        else:
            m.until(d.done, "the disk")
        if kind is devices.Ahci:
            d.setup()
        m.viommu.unmap(DISK, REGS)
        m.viommu.map(DISK, REGS, RAM)
        m.fill(RAM, 0xFF)
        d.start_read(REGS)
        m.until(d.done, "the disk")
        self.assertTrue(d.ok())
        self.assertEqual(m.peek(RAM, 513), bytes(512) + b"\xff")
        self.assertEqual(m.viommu.faults(), [])

    def resets(self, kind):
        """Data of which a word resets another disk, which is at work: where a
        request of the first one ends, the other's has to be waited for."""
        m = Machine("-blockdev", "node-name=disk,driver=null-co,"
                    "size=1048576,read-zeroes=on,latency-ns=1000000",
                    "-device", kind.device + ",addr=4",
                    *getattr(kind, "extra", ()), *nvme(1, 6, 200000000))
        self.addCleanup(m.close)
        d = kind(m, DISK)
        other = another(1)(m, PEER)
        m.viommu.map(DISK, devices.MEM, devices.MEM, devices.MEM_PAGES)
        m.viommu.map(PEER, other.MEM, other.MEM, devices.MEM_PAGES)
        m.viommu.map(PEER, IOVA, RAM)
        m.viommu.map(DISK, REGS, other.BASE)
        m.viommu.enable()
        if kind is devices.VirtioBlk:
            d.setup()
        other.start_read(IOVA)
        d.start_read(REGS + CC)
        m.until(d.done, "the disk")
        self.assertTrue(d.ok())
        self.assertEqual(m.rd(4, other.BASE + CSTS) & 1, 0)
        self.assertEqual([s for s in m.viommu.busy() if s[1] == REGS], [])
        other.setup()

    def doorbell(self, on):
        """Data of a disk are the doorbell of a CD-ROM, which is to open its
        tray: that cannot be done in the coroutine of the disk's request."""
        image = tempfile.NamedTemporaryFile()
        self.addCleanup(image.close)
        image.write(b"\1".ljust(65536, b"\0"))
        image.flush()
        m = Machine("-device", devices.Ahci.device + ",addr=4",
                    "-blockdev", "node-name=cd,driver=null-co,size=1048576,"
                    "read-only=on", "-device", "ide-cd,drive=cd,bus=dev.0",
                    "-blockdev", "node-name=disk1,driver=file,filename=" +
                    image.name,
                    "-device", "nvme,drive=disk1,serial=1,addr=6")
        self.addCleanup(m.close)
        cd = devices.Ahci(m, DISK)
        disk = another(1)(m, PEER)
        m.viommu.map(DISK, devices.MEM, devices.MEM, devices.MEM_PAGES)
        m.viommu.map(PEER, disk.MEM, disk.MEM, devices.MEM_PAGES)
        m.viommu.map(PEER, REGS, cd.BASE)
        m.viommu.enable(on)
        cd.prepare_packet(b"\x1b\0\0\0\2")
        disk.start_read((REGS if on else cd.BASE) + 0x138)
        m.until(disk.done, "the disk")
        self.assertTrue(disk.ok())
        m.until(lambda: not cd.port(0x38) & 1, "the CD-ROM")
        self.assertTrue(cd.ok())
        self.assertIn("tray open", m.hmp("info block"))

    def test_doorbell(self):
        self.doorbell(True)

    def test_doorbell_disabled(self):
        self.doorbell(False)

    def lists(self, *args):
        """AHCI's lists, which it shares with its driver, cannot be there."""
        m = self.start(devices.Ahci, *args)
        m.viommu.enable()
        d = devices.Ahci(m, DISK)
        d.port(0x18, 0)
        d.port(0, REGS)
        d.port(8, REGS)
        d.port(0x18, 0x11)
        self.assertFalse(d.port(0x18) & 0xC000)
        self.alive(m)
        self.assertEqual([s for s in m.viommu.busy() if s[1] == REGS], [])

    def test_lists_copy(self):
        self.lists()

    def test_lists_map(self):
        self.lists("-global", "xen-viommu.dma=map")


for _kind in devices.DISKS:
    setattr(Peer, f"test_resets_{_kind.__name__}",
            lambda self, k=_kind: self.resets(k))
    for _test in ("disk", "itself", "covered"):
        for _mode in ("copy", "map"):
            setattr(Peer, f"test_{_test}_{_kind.__name__}_{_mode}",
                    lambda self, t=_test, k=_kind, x=_mode: getattr(self, t)(
                        k, "-global", "xen-viommu.dma=" + x))

if __name__ == "__main__":
    unittest.main()
