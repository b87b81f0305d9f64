# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices behind bridges as a guest of Xen's reaches them: by the number that it has
given to their bus, which is not that of others before."""

import os
import tempfile
import unittest

from guest import Guest
from machine import Machine, rid_of

EJECT, SELECT = 0xAE08, 0xAE10
BUSES, VENDOR, EDU = 0x18, 0, 0x11E81234
BRIDGE, ISA = rid_of(6), rid_of(1)


class Bridge(unittest.TestCase):
    def start(self, *args, state=None):
        self.g = Guest()
        self.addCleanup(self.g.close)
        self.m = Machine(*args, guest=self.g, state=state,
                         unit=lambda viommu: viommu.enable())
        self.addCleanup(self.m.close)

    def add(self, **args):
        self.assertEqual(self.m.qmp("device_add", **args), {})

    def number(self, bus, bridge=BRIDGE):
        self.g.config(self.m, bridge, BUSES, bus << 16 | bus << 8)

    def vendor(self, rid):
        return self.g.config(self.m, rid, VENDOR)

    def behind(self):
        """What is claimed of other buses than the root bus."""
        return [rid for rid in self.g.claimed() if rid >> 8]

    def goes(self, ident, slot=6):
        self.assertEqual(self.m.qmp("device_del", id=ident), {})
        self.m.out(4, SELECT, 0)
        self.m.out(4, EJECT, 1 << slot)
        self.m.wait_deleted(ident)

    def test_numbers(self):
        self.start()
        before = self.g.claimed()
        isa = self.vendor(ISA)
        self.add(driver="pci-bridge", chassis_nr=1, shpc=True, id="bridge",
                 addr="6")
        # Slot 1, as the ISA bridge on bus 0
        self.add(driver="edu", id="behind", bus="bridge", addr="1")
        self.assertEqual(self.g.claimed(), sorted(before + [BRIDGE]))
        self.assertEqual(self.vendor(ISA), isa)
        for bus in 1, 5, 5, 255:
            self.number(bus)
            self.assertEqual(self.behind(), [rid_of(1, bus=bus)])
            self.assertEqual(self.vendor(rid_of(1, bus=bus)), EDU)
        self.assertEqual(self.vendor(rid_of(1, bus=5)), 0xFFFFFFFF)
        # What is written there, the device has.
        self.g.config(self.m, rid_of(1, bus=255), 0x10, 0xE0100000)
        self.assertEqual(self.g.config(self.m, rid_of(1, bus=255), 0x10),
                         0xE0100000)
        self.number(0)
        self.assertEqual(self.g.claimed(), sorted(before + [BRIDGE]))
        self.number(2)
        self.goes("bridge")
        self.assertEqual(self.g.claimed(), before)
        self.assertEqual(self.vendor(ISA), isa)

    def test_nested(self):
        """A bridge behind a bridge, which is reached once the first is numbered."""
        self.start("-device", "pci-bridge,id=outer,chassis_nr=1,addr=6",
                   "-device", "pci-bridge,id=inner,chassis_nr=2,bus=outer,addr=2",
                   "-device", "edu,bus=inner,addr=3")
        inner, edu = rid_of(2, bus=1), rid_of(3, bus=2)
        self.assertEqual(self.behind(), [])
        self.number(1)
        self.assertEqual(self.behind(), [inner])
        self.number(2, inner)
        self.assertEqual(self.behind(), [inner, edu])
        self.assertEqual(self.vendor(edu), EDU)

    def test_same_number(self):
        """Two bridges are given one number: neither's devices are lost when one
        gets another."""
        self.start("-device", "pci-bridge,id=b6,chassis_nr=1,addr=6",
                   "-device", "edu,bus=b6,addr=1",
                   "-device", "pci-bridge,id=b7,chassis_nr=2,addr=7",
                   "-device", "edu,bus=b7,addr=1")
        self.number(1)
        self.number(1, rid_of(7))
        self.assertEqual(self.behind(), [rid_of(1, bus=1)])
        self.number(2)
        self.assertEqual(self.behind(), [rid_of(1, bus=1), rid_of(1, bus=2)])

    def test_refused(self):
        """A device that its bridge does not take is known to nobody."""
        self.start()
        self.add(driver="pci-bridge", chassis_nr=1, shpc=True, id="bridge",
                 addr="6")
        self.number(3)
        before = self.g.claimed()
        self.assertIn("Unsupported PCI slot 0",
                      self.m.qmp("device_add", driver="edu", id="refused",
                                 bus="bridge", addr="0"))
        self.assertEqual(self.g.claimed(), before)
        self.number(4)
        self.assertEqual(self.g.claimed(), before)

    def test_restored(self):
        args = ("-device", "pci-bridge,id=bridge,chassis_nr=1,addr=6",
                "-device", "edu,bus=bridge,addr=1")
        self.start(*args)
        self.number(4)
        with tempfile.TemporaryDirectory() as folder:
            state = os.path.join(folder, "state")
            self.m.save(state)
            self.m.close()
            self.start(*args, state=state)
            self.assertEqual(self.behind(), [])
            self.m.go_on()
        self.assertEqual(self.vendor(rid_of(1, bus=4)), EDU)

    def test_alias(self):
        """A bridge from PCI Express to PCI makes requests as 0.0 of its bus: Xen
        takes interrupts from that, and there is no device."""
        self.start("-device", "pcie-pci-bridge,id=bridge,addr=6",
                   "-device", "edu,bus=bridge,addr=1")
        before = self.g.claimed()
        self.number(3)
        self.assertEqual(self.g.claimed(),
                         before + [rid_of(0, bus=3), rid_of(1, bus=3)])
        self.assertEqual(self.vendor(rid_of(0, bus=3)), 0xFFFFFFFF)
        self.assertEqual(self.vendor(rid_of(1, bus=3)), EDU)


if __name__ == "__main__":
    unittest.main()
