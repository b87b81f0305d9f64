# SPDX-License-Identifier: GPL-2.0-or-later
"""What a transfer is given: pages that follow one another are one mapping, and what
is in a private buffer before is the guest's own."""

import struct
import unittest

import devices
from machine import PAGE, WRITE, Machine, rid_of

RID = rid_of(4)
IOVA, TARGET, PAGES = 0x40000000, 0x200000, 8
LIST = devices.MEM + 8 * PAGE
READ = 2


class Map(unittest.TestCase):
    def start(self, mode, zeroes):
        m = Machine("-drive", "if=none,id=disk,driver=null-co,size=1048576,"
                    f"read-zeroes={zeroes}",
                    "-global", f"xen-viommu.dma={mode}",
                    "-device", devices.Nvme.device + ",addr=4,mdts=7")
        self.addCleanup(m.close)
        m.viommu.map(RID, devices.MEM, devices.MEM, devices.MEM_PAGES)
        m.viommu.enable()
        return m, devices.Nvme(m, RID)

    def read(self, m, d, pages):
        m.poke(LIST, struct.pack(f"<{pages - 1}Q", *(
            IOVA + i * PAGE for i in range(1, pages))))
        d.command(1, READ, 1, IOVA, 0, 0, pages * 8 - 1, LIST)

    def end(self, m, d):
        for _ in range(20):
            m.step(1000000000)
            m.qmp("query-status")
        self.assertTrue(d.done())

    def mapped(self, m):
        slots = []
        m.until(lambda: slots.extend(
            s for s in m.viommu.busy() if s[1] >= IOVA) or slots, "a mapping")
        return slots

    def test_one_translation(self):
        m, d = self.start("map", "on")
        m.viommu.map(RID, IOVA, TARGET, PAGES)
        m.stall("disk")
        self.read(m, d, PAGES)
        self.assertEqual(self.mapped(m), [(RID, IOVA, PAGES, WRITE)])
        self.end(m, d)
        self.assertTrue(d.ok())

    def test_scattered(self):
        """Each page where the guest has it, and one that is refused fails all."""
        m, d = self.start("copy", "on")
        for i in range(PAGES):
            m.viommu.map(RID, IOVA + i * PAGE, TARGET + 2 * i * PAGE)
        m.fill(TARGET, 0xFF, 2 * PAGES * PAGE)
        self.read(m, d, PAGES)
        m.until(d.done, "a read")
        self.assertTrue(d.ok())
        self.assertEqual(m.peek(TARGET, 2 * PAGES * PAGE),
                         (bytes(PAGE) + b"\xff" * PAGE) * PAGES)
        m.viommu.unmap(RID, IOVA + 5 * PAGE)
        m.fill(TARGET, 0xFF, 2 * PAGES * PAGE)
        self.read(m, d, PAGES)
        m.until(d.done, "a read")
        self.assertFalse(d.ok())
        self.assertEqual(m.peek(TARGET, 2 * PAGES * PAGE),
                         b"\xff" * (2 * PAGES * PAGE))
        self.assertEqual(m.viommu.faults(), [(RID, IOVA + 5 * PAGE, WRITE)])

    def test_taken_away(self):
        """A page that goes while the disk works is left alone, the others not."""
        m, d = self.start("copy", "on")
        for i in range(PAGES):
            m.viommu.map(RID, IOVA + i * PAGE, TARGET + i * PAGE)
        m.fill(TARGET, 0xFF, PAGES * PAGE)
        m.stall("disk")
        asked = m.viommu.get(10 * PAGE + 24)
        self.read(m, d, PAGES)
        m.until(lambda: m.viommu.get(10 * PAGE + 24) > asked + PAGES // 2,
                "its mapping")
        m.viommu.unmap(RID, IOVA + 3 * PAGE)
        self.end(m, d)
        self.assertEqual(m.peek(TARGET, PAGES * PAGE),
                         bytes(3 * PAGE) + b"\xff" * PAGE + bytes(4 * PAGE))

    def ufs(self, mode):
        """One block to two pages, and none of it if one of them is refused."""
        m = Machine("-blockdev", "node-name=disk,driver=null-co,size=1048576,"
                    "read-zeroes=on",
                    "-global", f"xen-viommu.dma={mode}",
                    "-device", devices.Ufs.device + ",addr=4",
                    *devices.Ufs.extra)
        self.addCleanup(m.close)
        m.viommu.map(RID, devices.MEM, devices.MEM, devices.MEM_PAGES)
        m.viommu.map(RID, IOVA, TARGET)
        m.viommu.map(RID, IOVA + 2 * PAGE, TARGET + PAGE)
        m.viommu.enable()
        d = devices.Ufs(m, RID)
        before = b"\xff" * (2 * PAGE)
        for good in (True, False):
            m.poke(TARGET, before)
            d.start_read(IOVA, IOVA + 2 * PAGE)
            m.until(d.done, "a read")
            self.assertEqual(d.ok(), good)
            self.assertEqual(m.viommu.faults(), [] if good else [
                (RID, IOVA + 2 * PAGE, WRITE)])
            if good:
                self.assertEqual(m.peek(TARGET, 2 * PAGE),
                                 (bytes(PAGE // 2) + before[:PAGE // 2]) * 2)
            elif mode == "copy":
                self.assertEqual(m.peek(TARGET, 2 * PAGE), before)
            self.assertEqual(m.still_busy(), [])
            m.viommu.unmap(RID, IOVA + 2 * PAGE)

    def test_ufs_copy(self):
        self.ufs("copy")

    def test_ufs_in_place(self):
        self.ufs("map")

    def test_buffers(self):
        """A disk that says it has read, and has not, shows nothing of QEMU's."""
        m, d = self.start("copy", "off")
        m.viommu.map(RID, IOVA, TARGET, PAGES)
        m.stall("disk")
        for _ in range(4):
            d.start_read(IOVA)
            d.start_read(IOVA + PAGE)
            self.end(m, d)
            self.assertEqual(m.peek(TARGET, 2 * PAGE)[:512], bytes(512))
            self.assertEqual(m.peek(TARGET + PAGE, 512), bytes(512))


if __name__ == "__main__":
    unittest.main()
