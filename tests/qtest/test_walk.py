# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's tables are walked by the device model itself, once Xen has said where
they are; what is not plainly valid there is still for Xen to decide."""

import unittest

import devices
from machine import PAGE, READ, RW, Machine, rid_of

RID = rid_of(4)
IOVA, DATA = 0x40000000, 0x200000
TABLES = 0x800000
FILL = b"\xff" * 512


class Walk(unittest.TestCase):
    def start(self, root=TABLES):
        m = Machine("-drive", "if=none,id=disk,driver=null-co,size=1048576,"
                    "read-zeroes=on",
                    "-device", devices.Nvme.device + ",addr=4")
        self.addCleanup(m.close)
        m.viommu.map(RID, devices.MEM, devices.MEM, devices.MEM_PAGES)
        m.viommu.map(RID, IOVA, DATA)
        m.tables(TABLES)
        m.viommu.tables(root)
        m.viommu.enable()
        d = devices.Nvme(m, RID)
        self.read(m, d, IOVA, DATA)
        return m, d

    def read(self, m, d, addr, page):
        """Returns how often Xen was asked."""
        asked = m.viommu.asked()
        m.fill(page, 0xFF)
        d.start_read(addr)
        m.until(d.done, "a read")
        self.assertTrue(d.ok())
        self.assertEqual(m.peek(page, 512), bytes(512))
        return m.viommu.asked() - asked

    def replace(self, m, iova, gpa, perm=RW):
        """As a guest does it, with an invalidation of the page only."""
        m.viommu.entries = [e for e in m.viommu.entries if e[1] != gpa and
                            e[0] != iova]
        if perm:
            m.viommu.entries.append((iova, gpa, 1, RID, perm))
        m.viommu.write()
        m.tables(TABLES)
        m.viommu.invalidate_page(RID, iova)

    def test_not_asked(self):
        m, d = self.start()
        for i in range(1, 6):
            self.replace(m, IOVA + i * PAGE, DATA + i * PAGE)
            self.assertEqual(
                self.read(m, d, IOVA + i * PAGE, DATA + i * PAGE), 0)
        self.replace(m, IOVA + PAGE, DATA + 9 * PAGE)
        m.fill(DATA + PAGE, 0xFF)
        self.assertEqual(self.read(m, d, IOVA + PAGE, DATA + 9 * PAGE), 0)
        self.assertEqual(m.peek(DATA + PAGE, 512), FILL)
        self.assertEqual(m.viommu.faults(), [])

    def test_refused(self):
        """What is not there, or not writable, is a fault that Xen sees."""
        m, d = self.start()
        for perm in 0, READ:
            self.replace(m, IOVA, DATA, perm)
            m.fill(DATA, 0xFF)
            d.start_read(IOVA)
            m.until(d.done, "an error")
            self.assertFalse(d.ok())
            self.assertEqual(m.peek(DATA, 512), FILL)
            faults = m.viommu.faults()
            self.assertEqual([f[:2] for f in faults], [(RID, IOVA)])
        self.replace(m, IOVA, DATA)
        self.assertEqual(self.read(m, d, IOVA, DATA), 0)

    def test_unknown_memory(self):
        """Memory that Xen has not vouched for: it is asked, once."""
        m, d = self.start()
        far = DATA + (8 << 20)
        self.replace(m, IOVA, far)
        self.assertEqual(self.read(m, d, IOVA, far), 1)
        self.replace(m, IOVA, far + PAGE)
        self.assertEqual(self.read(m, d, IOVA, far + PAGE), 0)
        m.viommu.invalidate()       # of everything: that is forgotten
        self.assertGreaterEqual(self.read(m, d, IOVA, far + PAGE), 1)

    def test_tables_in_registers(self):
        """No memory: Xen is asked each time, and nothing is read there."""
        m, d = self.start(devices.Nvme.BASE)
        self.replace(m, IOVA + PAGE, DATA + PAGE)
        self.assertGreaterEqual(
            self.read(m, d, IOVA + PAGE, DATA + PAGE), 1)

    def test_memory_moves(self):
        m, d = self.start()
        m.cfg(0, 0x5A, 0x33, 1)
        self.replace(m, IOVA, DATA + PAGE)
        self.assertEqual(self.read(m, d, IOVA, DATA + PAGE), 0)


if __name__ == "__main__":
    unittest.main()
