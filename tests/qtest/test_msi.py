# SPDX-License-Identifier: GPL-2.0-or-later
"""Interrupts of devices: each goes to Xen with the requester id of the device
that sends it, whatever its driver has made it write."""

import struct
import unittest

import devices
from machine import CONTROL, MASTER, MEMORY, Machine, rid_of

DISK, EDU, BRIDGE, BEHIND = rid_of(4), rid_of(5), rid_of(6), rid_of(1, bus=1)
BAR, BEHIND_BAR = 0xE1000000, 0xE0100000
RAM, BUF = 0x200000, 0x40000
STATUS, FACTORIAL, RAISE, ACK, CMD = 0x20, 8, 0x60, 0x64, 0x98
MSI, MSIX = 5, 0x11
# Remappable: handle 5, or 6 and a subhandle.
ADDR, OTHER = 0xFEE000B0, 0xFEE000D8
EDU_ANY = "edu,dma_mask=0xffffffff,addr=%d"


def remaps(viommu):
    viommu.put(CONTROL + 48, 1)


class Msi(unittest.TestCase):
    def start(self, *args, unit=remaps):
        m = Machine(*args, unit=unit)
        self.addCleanup(m.close)
        for rid in (EDU, BRIDGE):
            m.viommu.map(rid, RAM, RAM)
        m.viommu.enable()
        return m

    def program(self, m, rid, addr, data=0):
        cap = m.cap(rid, MSI)
        for reg, val, size in ((4, addr, 4), (8, addr >> 32, 4),
                               (12, data, 2), (2, 0x81, 2)):
            m.cfg(rid, cap + reg, val, size)

    def dma(self, m, bar, src, dst, size, cmd):
        for reg, val in ((0x80, src), (0x88, dst), (0x90, size), (CMD, cmd)):
            m.wr(4, bar + reg, val)
        m.until(lambda: m.step(100000000) and not m.rd(4, bar + CMD) & 1,
                "edu")

    def write(self, m, bar, addr, data):
        """By DMA of an edu, as its driver likes."""
        m.poke(RAM, data)
        self.dma(m, bar, RAM, BUF, len(data), 1)
        self.dma(m, bar, BUF, addr, len(data), 3)

    def quiet(self, m):
        """Nothing was translated for it, and nothing is in use."""
        self.assertEqual(m.viommu.faults(), [])
        self.assertEqual(m.viommu.busy(), [])

    def test_own(self):
        m = self.start("-device", EDU_ANY % 5)
        m.bar(EDU, 0, BAR)
        self.program(m, EDU, ADDR)
        m.wr(4, BAR + RAISE, 1)
        self.assertEqual(m.viommu.msis(), [(EDU, ADDR, 0)])
        self.program(m, EDU, OTHER, 3)
        m.wr(4, BAR + RAISE, 1)
        self.assertEqual(m.viommu.msis(), [(EDU, OTHER, 3)])
        # While it is not master of the bus it sends nothing.
        m.command(EDU, MEMORY)
        m.wr(4, BAR + RAISE, 1)
        self.assertEqual(m.viommu.msis(), [])
        m.command(EDU, MEMORY | MASTER)
        m.wr(4, BAR + RAISE, 1)
        self.assertEqual(m.viommu.msis(), [(EDU, OTHER, 3)])
        self.quiet(m)

    def test_by_a_thread(self):
        m = self.start("-device", EDU_ANY % 5)
        m.bar(EDU, 0, BAR)
        self.program(m, EDU, ADDR)
        m.wr(4, BAR + STATUS, 0x80)
        m.wr(4, BAR + FACTORIAL, 5)
        m.until(lambda: not m.rd(4, BAR + STATUS) & 1, "the thread")
        m.until(lambda: m.viommu.get(CONTROL + 56), "its interrupt")
        self.assertEqual(m.viommu.msis(), [(EDU, ADDR, 0)])
        self.quiet(m)

    def test_by_dma(self):
        """What another device's interrupt would be is this device's."""
        m = self.start("-device", EDU_ANY % 5)
        m.bar(EDU, 0, BAR)
        self.write(m, BAR, ADDR, struct.pack("<I", 0x4041))
        self.assertEqual(m.viommu.msis(), [(EDU, ADDR, 0x4041)])
        self.write(m, BAR, 0xFEEFFFFC, struct.pack("<I", 1))
        self.assertEqual(m.viommu.msis(), [(EDU, 0xFEEFFFFC, 1)])
        # Not of that size.
        self.write(m, BAR, ADDR, b"\1\2")
        self.assertEqual(m.viommu.msis(), [])
        self.quiet(m)
        # Just outside it is memory.
        self.write(m, BAR, 0xFEDFFFFC, struct.pack("<I", 1))
        self.write(m, BAR, 0xFEF00000, struct.pack("<I", 1))
        self.assertEqual(m.viommu.msis(), [])
        self.assertEqual({f[:2] for f in m.viommu.faults()},
                         {(EDU, 0xFEDFF000), (EDU, 0xFEF00000)})

    def test_behind_a_bridge(self):
        """A bridge makes the requests of those behind it its own."""
        m = self.start("-device", "pci-bridge,id=bridge,chassis_nr=1,addr=6",
                       "-device", EDU_ANY % 1 + ",bus=bridge")
        m.cfg(BRIDGE, 0x18, 0x010100)
        m.cfg(BRIDGE, 0x20, 0xE010E010)
        m.command(BRIDGE, MEMORY | MASTER)
        m.bar(BEHIND, 0, BEHIND_BAR)
        self.program(m, BEHIND, ADDR)
        m.wr(4, BEHIND_BAR + RAISE, 1)
        self.assertEqual(m.viommu.msis(), [(BRIDGE, ADDR, 0)])
        self.write(m, BEHIND_BAR, OTHER, struct.pack("<I", 2))
        self.assertIn((BRIDGE, OTHER, 2), m.viommu.msis())
        self.quiet(m)

    def test_disk(self):
        """MSI-X, when a request ends."""
        m = self.start("-drive", "if=none,id=disk,driver=null-co,"
                       "size=1048576,read-zeroes=on",
                       "-device", devices.Nvme.device + ",addr=4")
        m.viommu.map(DISK, devices.MEM, devices.MEM, devices.MEM_PAGES)
        m.viommu.map(DISK, RAM, RAM)
        m.viommu.invalidate()
        d = devices.Nvme(m, DISK)
        cap = m.cap(DISK, MSIX)
        table = d.BASE + (m.cfg(DISK, cap + 4) & ~7)
        for off, val in ((0, OTHER), (4, 0), (8, 1), (12, 0)):
            m.wr(4, table + off, val)
        m.cfg(DISK, cap + 2, 0x8000, 2)
        # It looks whether that is enabled when it is given a queue.
        d.reset()
        d.setup()
        m.viommu.msis()
        # An identify: the admin queue has vector 0.
        d.command(0, 6, 0, RAM, 1)
        m.until(lambda: d.done(0), "nvme")
        got = []
        m.until(lambda: got.extend(m.viommu.msis()) or got, "its interrupt")
        self.assertIn((DISK, OTHER, 1), got)
        self.quiet(m)

    def test_masked(self):
        """A vector waits while it is masked; and e1000e sends when told to."""
        m = self.start("-device", "e1000e,romfile=,addr=4")
        bar, table = 0xE0000000, 0xE0100000
        m.cfg(DISK, 0x10 + 12, table)
        m.bar(DISK, 0, bar)
        for off, val in ((0, ADDR), (4, 0), (8, 0), (12, 1)):
            m.wr(4, table + off, val)
        cap = m.cap(DISK, MSIX)
        m.cfg(DISK, cap + 2, 0x8000, 2)
        # Receive queue 0 has vector 0; ICS is the cause of it.
        for reg, val in ((0xE4, 8), (0xD0, 1 << 20), (0xC8, 1 << 20)):
            m.wr(4, bar + reg, val)
        self.assertEqual(m.viommu.msis(), [])
        self.assertEqual(m.rd(4, table + 0x2000) & 1, 1)
        m.wr(4, table + 12, 0)
        self.assertEqual(m.viommu.msis(), [(DISK, ADDR, 0)])
        self.assertEqual(m.rd(4, table + 0x2000) & 1, 0)
        self.quiet(m)

    def test_without(self):
        """A unit that remaps no interrupts is not asked."""
        m = self.start("-device", EDU_ANY % 5, unit=None)
        m.bar(EDU, 0, BAR)
        self.program(m, EDU, 0xFEE00000, 0x41)
        m.wr(4, BAR + RAISE, 1)
        self.write(m, BAR, 0xFEE00000, struct.pack("<I", 0x41))
        self.assertEqual(m.viommu.msis(), [])
        self.quiet(m)


if __name__ == "__main__":
    unittest.main()
