# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices that are saved, and go on in another device model: with nothing left
mapped, so that all that was written is marked as changed, and whatever the
guest's tables say by then."""

import os
import tempfile
import unittest

import devices
from machine import PAGE, Machine, rid_of

RID = rid_of(4)
IOVA, TARGET = 0x40000000, 0x200000
DISK = "if=none,id=disk,driver=null-co,size=1048576,read-zeroes=on,latency-ns=0"
BROKEN = ("if=none,id=disk,rerror=stop,driver=blkdebug,image.driver=null-co,"
          "image.size=1048576,inject-error.0.event=none,"
          "inject-error.0.errno=5")
# As in a machine for Xen.
XEN = [arg for key in ("send-configuration", "store-global-state",
                       "send-section-footer")
       for arg in ("-global", f"migration.{key}=off")]


class Save(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.state = os.path.join(self.folder.name, "state")

    def machine(self, kind, drive=DISK, state=None, unit=None, extra=()):
        """All machines of a test have the same memory."""
        ram = os.path.join(self.folder.name, "ram")
        m = Machine("-object", "memory-backend-file,id=ram,size=64M,share=on,"
                    "mem-path=" + ram, "-machine", "memory-backend=ram",
                    *XEN, "-drive", drive, "-device", kind.device + ",addr=4",
                    *getattr(kind, "extra", []), *extra, state=state, unit=unit)
        self.addCleanup(m.close)
        return m

    @staticmethod
    def tables(viommu):
        viommu.map(RID, devices.MEM, devices.MEM, devices.MEM_PAGES)
        viommu.map(RID, IOVA, TARGET)
        viommu.enable()

    @staticmethod
    def no_tables(viommu):
        viommu.enable()

    def good(self, m, d):
        m.fill(TARGET, 0xFF)
        d.start_read(IOVA)
        m.until(d.done, "a read")
        self.assertTrue(d.ok())
        self.assertEqual(m.peek(TARGET, 512), bytes(512))

    def before(self, kind, drive=DISK, extra=()):
        m = self.machine(kind, drive, unit=self.tables, extra=extra)
        return m, kind(m, RID)

    def after(self, m, kind, d):
        """The driver's own state goes with it."""
        new = object.__new__(kind)
        new.__dict__.update(d.__dict__, m=m)
        if hasattr(new, "dev"):
            dev = object.__new__(type(d.dev))
            dev.__dict__.update(d.dev.__dict__, m=m)
            new.dev = dev
        return new

    def moved(self, kind):
        """What it was doing it does."""
        m, d = self.before(kind)
        self.good(m, d)
        m.save(self.state)
        self.assertEqual(m.viommu.busy(), [])
        m.close()

        m = self.machine(kind, state=self.state, unit=self.tables)
        m.go_on()
        self.good(m, self.after(m, kind, d))
        self.assertEqual(m.viommu.faults(), [])

    def checkpoint(self, kind):
        """Saved, and it goes on here."""
        m, d = self.before(kind)
        for _ in range(2):
            self.good(m, d)
            m.save(self.state)
            self.assertEqual(m.viommu.busy(), [])
            m.qmp("cont")
        self.good(m, d)
        self.assertEqual(m.viommu.faults(), [])

    def tables_gone(self, kind):
        """The guest has taken all back: that is between it and the device."""
        m, d = self.before(kind)
        self.good(m, d)
        m.save(self.state)
        m.close()

        m = self.machine(kind, state=self.state, unit=self.no_tables)
        m.go_on()
        self.assertEqual(m.viommu.busy(), [])
        d = self.after(m, kind, d)
        m.viommu.faults()
        m.fill(TARGET, 0xFF)
        d.start_read(IOVA)
        for _ in range(50):
            m.qmp("query-status")
        self.assertEqual(m.peek(TARGET, 512), b"\xff" * 512)

        self.tables(m.viommu)
        d.reset()
        d.setup()
        self.good(m, d)

    def request_gone(self, kind):
        """A request that had stopped the guest goes on where it cannot."""
        m, d = self.before(kind, BROKEN)
        m.fill(TARGET, 0xFF)
        d.start_read(IOVA)
        m.until(lambda: m.qmp("query-status")["status"] == "io-error",
                "an error")
        m.save(self.state)
        m.close()

        m = self.machine(kind, state=self.state, unit=self.no_tables)
        m.go_on()
        for _ in range(50):
            m.qmp("query-status")
        self.assertEqual(m.peek(TARGET, 512), b"\xff" * 512)
        self.tables(m.viommu)
        d = self.after(m, kind, d)
        d.reset()
        d.setup()
        self.good(m, d)

    def test_refused(self):
        """What cannot be saved is named, and goes on where it is."""
        for kind, extra in ((devices.Nvme, ()),
                            (devices.VirtioBlk, ("-device", "ufs,addr=6"))):
            m, d = self.before(kind, extra=extra)
            self.good(m, d)
            m.qmp("stop")
            answer = m.qmp("xen-save-devices-state", filename=self.state)
            self.assertRegex(str(answer), "non-migratable device .*(nvme|ufs)")
            self.assertFalse(os.path.exists(self.state))
            m.qmp("cont")
            self.good(m, d)
            m.close()

    def test_used_index(self):
        """It is in the guest's memory, and nonsense."""
        m, d = self.before(devices.VirtioBlk)
        self.good(m, d)
        m.wr(2, d.dev.queue[0]["ring"] + 2 * PAGE + 2, 0x4000)
        m.save(self.state)
        m.close()

        m = self.machine(devices.VirtioBlk, state=self.state, unit=self.tables)
        m.go_on()
        d = self.after(m, devices.VirtioBlk, d)
        self.assertTrue(d.dev.needs_reset())
        d.reset()
        d.setup()
        self.good(m, d)


for _test in ("moved", "checkpoint", "tables_gone", "request_gone"):
    for _kind in (devices.Ahci, devices.VirtioBlk):
        setattr(Save, "test_%s_%s" % (_test, _kind.__name__),
                lambda self, t=_test, k=_kind: getattr(self, t)(k))

if __name__ == "__main__":
    unittest.main()
