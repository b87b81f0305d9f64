# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages of rings stay in use between accesses, until Xen waits for them or the
device may not use them any more."""

import unittest

import devices
from machine import MASTER, MEMORY, PAGE, READ, WRITE, Machine, rid_of

RID = rid_of(4)
IOVA, TARGET = 0x40000000, 0x200000
NEW = 0x300000
COMMANDS, ANSWERS = devices.MEM + 2 * PAGE, devices.MEM + 3 * PAGE
FILL = b"\xff" * 512


class Held(unittest.TestCase):
    def start(self, latency=0):
        m = Machine("-drive", "if=none,id=disk,driver=null-co,size=1048576,"
                    f"read-zeroes=on,latency-ns={latency}",
                    "-device", devices.Nvme.device + ",addr=4")
        self.addCleanup(m.close)
        for page in range(devices.MEM_PAGES):
            addr = devices.MEM + page * PAGE
            m.viommu.map(RID, addr, addr)
        m.viommu.map(RID, IOVA, TARGET)
        m.viommu.enable()
        d = devices.Nvme(m, RID)
        for _ in range(10):
            self.read(m, d)
        self.assertEqual(sorted(m.viommu.busy()),
                         [(RID, COMMANDS, 1, READ), (RID, ANSWERS, 1, WRITE)])
        return m, d

    def read(self, m, d):
        m.fill(TARGET, 0xFF)
        d.start_read(IOVA)
        m.until(d.done, "a read")
        self.assertTrue(d.ok())
        self.assertEqual(m.peek(TARGET, 512), bytes(512))

    def test_waited_for(self):
        """What is moved is let go of, and then the new page is used."""
        m, d = self.start()
        asked = m.viommu.get(10 * PAGE + 24)
        self.read(m, d)
        self.assertLessEqual(m.viommu.get(10 * PAGE + 24) - asked, 2)
        m.viommu.unmap(RID, COMMANDS)
        m.viommu.map(RID, COMMANDS, NEW)
        self.assertEqual(m.still_busy(), [])
        self.assertEqual(m.viommu.get(10 * PAGE + 32), 2)   # told
        m.fill(COMMANDS, 0xFF)
        d.MEM = NEW - 2 * PAGE      # where the next command is put
        m.fill(TARGET, 0xFF)
        d.start_read(IOVA)
        d.MEM = devices.MEM
        m.until(d.done, "a read")
        self.assertTrue(d.ok())
        self.assertEqual(m.peek(TARGET, 512), bytes(512))
        self.assertEqual(m.viommu.faults(), [])

    def test_not_waited_for(self):
        m, d = self.start()
        m.viommu.invalidate()
        m.viommu.wait()
        self.read(m, d)
        self.assertEqual(len(m.viommu.busy()), 2)

    def test_not_master(self):
        m, d = self.start()
        m.fill(TARGET, 0xFF)
        m.command(RID, MEMORY)
        self.assertEqual(m.viommu.busy(), [])
        d.start_read(IOVA)
        for _ in range(5):
            m.qmp("query-status")
        self.assertEqual(m.peek(TARGET, 512), FILL)
        self.assertFalse(d.done())
        self.assertEqual(m.viommu.faults(), [])
        m.command(RID, MEMORY | MASTER)
        d.reset()
        d.setup()
        self.read(m, d)

    def test_unplug(self):
        m, _ = self.start()
        m.qmp("device_del", id="dev")
        m.out(4, 0xAE08, 1 << 4)
        m.until(lambda: m.cfg(RID, 0) == 0xFFFFFFFF, "its end")
        self.assertEqual(m.viommu.busy(), [])

    def test_memory_moves(self):
        """The BIOS's area becomes memory: whatever is held may be elsewhere."""
        m, d = self.start()
        m.cfg(0, 0x5A, 0x33, 1)
        self.assertEqual(m.viommu.busy(), [])
        self.read(m, d)

    def test_nested_loop(self):
        """The controller's reset waits for the disk: our event is not heard of."""
        m, d = self.start(300000000)
        d.start_read(IOVA)
        m.stream["qtest"].write(f"writel {d.BASE + 0x14:#x} 0x0\n")
        m.stream["qtest"].flush()
        for _ in range(20000):
            if not m.viommu.busy():
                break
        self.assertEqual(m.viommu.busy(), [])


if __name__ == "__main__":
    unittest.main()
