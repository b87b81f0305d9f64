# SPDX-License-Identifier: GPL-2.0-or-later
"""Each SCSI adapter with each kind of disk, and data that are refused."""

import unittest

from machine import Machine, RW, WRITE, READ, rid_of
import scsi

RID = rid_of(4)
IOVA, TARGET = 0x40000000, 0x200000

DISKS = {
    "scsi-hd": "driver=null-co,size=1048576,read-zeroes=on",
    "scsi-cd": "driver=null-co,size=1048576,read-zeroes=on,read-only=on",
    "scsi-block": "driver=host_device,filename=/dev/zero,locking=off",
}


class Scsi(unittest.TestCase):
    def start(self, adapter, disk):
        m = Machine("-device", adapter.device + ",addr=4",
                    "-blockdev", "node-name=disk," + DISKS[disk],
                    "-device", disk + ",drive=disk,bus=scsi.0,scsi-id=0",
                    sg="/dev/zero")
        self.addCleanup(m.close)
        m.viommu.map(RID, scsi.MEM, scsi.MEM, scsi.MEM_PAGES)
        m.viommu.map(RID, IOVA, TARGET, 2)
        m.viommu.enable()
        driver = adapter(m, RID)
        self.ready(driver)
        return m, driver

    def ready(self, driver):
        """After a reset; what passes commands on learns the capacity so."""
        for _ in range(4):
            if driver.command(scsi.TEST_UNIT_READY) == scsi.GOOD:
                break
        self.assertEqual(driver.command(scsi.READ_CAPACITY, IOVA, 8),
                         scsi.GOOD)

    def transfers(self, adapter, disk):
        m, driver = self.start(adapter, disk)
        v = m.viommu
        size = 2048
        cdb = scsi.read10(0, 1 if disk == "scsi-cd" else size // 512)
        value = b"\1" if disk == "scsi-block" else b"\0"

        def read():
            m.fill(TARGET, 0xFF)
            return driver.command(cdb, IOVA, size)

        self.assertEqual(read(), scsi.GOOD)
        self.assertEqual(m.peek(TARGET, size + 1), value * size + b"\xff")
        self.assertEqual(v.faults(), [])

        for perm in (0, READ):
            v.unmap(RID, IOVA)
            if perm:
                v.map(RID, IOVA, TARGET, 2, perm)
            for _ in range(3):
                status = read()
                if adapter in (scsi.VirtioScsi, scsi.MptSas):
                    self.assertNotEqual(status, scsi.GOOD)
                self.assertEqual(m.peek(TARGET, size), b"\xff" * size)
                self.assertEqual(set(v.faults()), {(RID, IOVA, WRITE)})
        v.unmap(RID, IOVA)
        v.map(RID, IOVA, TARGET, 2, RW)
        self.ready(driver)
        self.assertEqual(read(), scsi.GOOD)
        self.assertEqual(m.peek(TARGET, size), value * size)

        if disk != "scsi-cd":
            cdb = scsi.write10(0, size // 512)
            self.assertEqual(driver.command(cdb, IOVA, size, True), scsi.GOOD)
            v.unmap(RID, IOVA)
            status = driver.command(cdb, IOVA, size, True)
            if adapter in (scsi.VirtioScsi, scsi.MptSas):
                self.assertNotEqual(status, scsi.GOOD)
            self.assertEqual(set(v.faults()), {(RID, IOVA, READ)})
        self.assertEqual(m.still_busy(), [])


for _adapter in scsi.ADAPTERS:
    for _disk in DISKS:
        setattr(Scsi, "test_%s_%s" % (_adapter.__name__, _disk),
                lambda self, a=_adapter, d=_disk: self.transfers(a, d))

if __name__ == "__main__":
    unittest.main()
