# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices behind bridges as a guest of Xen's reaches them: by the number that it has
given to their bus, which is not that of others before."""

import os
import tempfile
import unittest

from guest import CONFIG, Guest
from machine import CONTROL, MASTER, MEMORY, Machine, rid_of

REMAPS = CONTROL + 48
EJECT, SELECT = 0xAE08, 0xAE10
BUSES, BRIDGE_CONTROL, VENDOR, EDU = 0x18, 0x3E, 0, 0x11E81234
MSI, ADDR, RAISE, WINDOW = 5, 0xFEE000B0, 0x60, 0xE0100000
BUS_RESET, SLEEP, PM1_CONTROL = 0x40, 0x2400, 0xB004
BRIDGE, ISA, POWER = rid_of(6), rid_of(1), rid_of(1, 3)


class Bridge(unittest.TestCase):
    def start(self, *args, state=None, intremap=0):
        def unit(viommu):
            viommu.put(REMAPS, intremap)
            viommu.enable()

        self.g = Guest()
        self.addCleanup(self.g.close)
        self.m = Machine(*args, guest=self.g, state=state, unit=unit)
        self.addCleanup(self.m.close)

    def add(self, **args):
        self.assertEqual(self.m.qmp("device_add", **args), {})

    def number(self, bus, bridge=BRIDGE, last=None):
        """@last: of those behind it."""
        self.g.config(self.m, bridge, BUSES, (last or bus) << 16 | bus << 8)

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

    def becomes(self, status):
        self.m.until(lambda: self.m.qmp("query-status")["status"] == status,
                     "the guest to be " + status)

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

    def nested(self):
        self.start("-device", "pci-bridge,id=outer,chassis_nr=1,addr=6",
                   "-device", "pci-bridge,id=inner,chassis_nr=2,bus=outer,addr=2",
                   "-device", "edu,bus=inner,addr=3")
        inner, edu = rid_of(2, bus=1), rid_of(3, bus=2)
        self.assertEqual(self.behind(), [])
        self.number(1, last=2)
        self.assertEqual(self.behind(), [inner])
        self.number(2, inner)
        self.assertEqual(self.behind(), [inner, edu])
        self.assertEqual(self.vendor(edu), EDU)
        return inner, edu

    def test_nested(self):
        """A bridge behind a bridge, which is reached once the first is numbered,
        and as long as that forwards requests to it."""
        inner, edu = self.nested()
        self.number(1)
        self.assertEqual(self.vendor(edu), 0xFFFFFFFF)
        self.number(1, last=2)
        self.assertEqual(self.vendor(edu), EDU)
        # With a number that the outer one does not forward
        self.number(3, inner)
        self.assertEqual(self.vendor(rid_of(3, bus=3)), 0xFFFFFFFF)

    def test_parts(self):
        """The number may be written by itself, or with others."""
        self.start("-device", "pci-bridge,id=bridge,chassis_nr=1,addr=6",
                   "-device", "edu,bus=bridge,addr=1")
        for reg, size, value, bus in ((0x19, 1, 4, 4), (0x18, 2, 0x0500, 5),
                                      (0x19, 2, 0x0606, 6),
                                      (0x16, 4, 0x07000000, 7),
                                      (0x18, 4, 0x40080800, 8)):
            self.g.config(self.m, BRIDGE, reg, value, size)
            self.assertEqual(self.behind(), [rid_of(1, bus=bus)])

    def test_bus_reset(self):
        """A reset of the bus takes the number of a bridge on it away."""
        inner, edu = self.nested()
        self.g.config(self.m, BRIDGE, BRIDGE_CONTROL, BUS_RESET, 2)
        self.assertEqual(self.behind(), [inner])
        self.g.config(self.m, BRIDGE, BRIDGE_CONTROL, 0, 2)
        self.number(2, inner)
        self.assertEqual(self.behind(), [inner, edu])
        self.assertEqual(self.vendor(edu), EDU)

    def test_sleep(self):
        """Awake again, all buses are without numbers."""
        self.start("-device", "pci-bridge,id=bridge,chassis_nr=1,addr=6",
                   "-device", "edu,bus=bridge,addr=1")
        self.number(4)
        self.m.cfg(POWER, 0x40, PM1_CONTROL & ~63 | 1)
        self.m.cfg(POWER, 0x80, 1, 1)
        self.m.out(2, PM1_CONTROL, SLEEP)
        self.becomes("suspended")
        self.m.qmp("system_wakeup")
        self.becomes("running")
        self.assertEqual(self.vendor(rid_of(1, bus=4)), 0xFFFFFFFF)
        self.number(4)
        self.assertEqual(self.vendor(rid_of(1, bus=4)), EDU)

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
        # Only one of them can be reached.
        self.g.config(self.m, rid_of(1, bus=1), 0x10, 0xE0100000)
        self.number(2)
        self.assertEqual(self.behind(), [rid_of(1, bus=1), rid_of(1, bus=2)])
        self.assertEqual(
            sorted(self.g.config(self.m, rid_of(1, bus=bus), 0x10)
                   for bus in (1, 2)), [0, 0xE0100000])

    def test_same_number_goes(self):
        """Two bridges have one number, and one of them goes: what is behind the
        other one stays, and so does the id that it makes requests with."""
        for driver, args in (("pci-bridge", {"chassis_nr": 2, "shpc": True}),
                             ("pcie-pci-bridge", {})):
            with self.subTest(driver=driver):
                self.start()
                for slot in "6", "7":
                    self.add(driver=driver, id="b" + slot, addr=slot, **args)
                    self.add(driver="edu", bus="b" + slot, addr="1")
                    self.number(3, rid_of(int(slot)))
                before = self.behind()
                self.assertIn(rid_of(1, bus=3), before)
                self.goes("b7", 7)
                self.assertEqual(self.behind(), before)
                self.assertEqual(self.vendor(rid_of(1, bus=3)), EDU)
                self.m.close()

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
        for bridge, claimed in (("pci-bridge,chassis_nr=1", [1]),
                                ("pcie-pci-bridge", [0, 1])):
            with self.subTest(bridge=bridge):
                self.restored([rid_of(slot, bus=4) for slot in claimed],
                              "-device", bridge + ",id=bridge,addr=6",
                              "-device", "edu,bus=bridge,addr=1")

    def restored(self, claimed, *args):
        self.start(*args)
        self.number(4)
        with tempfile.TemporaryDirectory() as folder:
            state = os.path.join(folder, "state")
            self.m.save(state)
            self.m.close()
            self.start(*args, state=state)
            self.assertEqual(self.behind(), [])
            self.m.go_on()
        self.assertEqual(self.behind(), claimed)
        self.assertEqual(self.vendor(rid_of(1, bus=4)), EDU)
        self.m.close()

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
        # An instruction may have it put into memory.
        for devfn, answer in (0, 0xFFFFFFFF), (1, EDU):
            self.g.poke(0x200000, bytes(4))
            self.g.request(self.m, CONFIG, rid_of(devfn, bus=3) << 32, 0x200000,
                           write=False, ptr=True)
            self.assertEqual(self.g.peek(0x200000, 4),
                             answer.to_bytes(4, "little"))

    def test_chains(self):
        """Who makes the requests of what is behind bridges: as that it sends the
        interrupt, and Xen knows of it."""
        pci, pcie = "pci-bridge,chassis_nr=9", "pcie-pci-bridge"
        port = "pcie-root-port,chassis=1"
        for who, *chain in (
                (BRIDGE, (pci, 6), ("edu", 1)),
                (BRIDGE, ("i82801b11-bridge", 6), (pci, 2), ("edu", 1)),
                (rid_of(0, bus=1), (pcie, 6), (pci, 2), ("edu", 1)),
                (BRIDGE, (pci, 6), (pcie, 2), ("edu", 1)),
                (rid_of(0, bus=1), (pcie, 6), (pcie, 2), ("edu", 1)),
                (rid_of(0, bus=1), (port, 6), ("edu", 0)),
                (rid_of(0, bus=2), (port, 6), (pcie, 0), ("edu", 1)),
                (rid_of(0, bus=3), (port, 6), ("x3130-upstream", 0),
                 ("xio3130-downstream,chassis=2", 3), ("edu", 0))):
            with self.subTest(chain=chain):
                self.chain(chain)
                cap = self.m.cap(self.last, MSI)
                for reg, val, size in (4, ADDR, 4), (8, 0, 4), (2, 0x81, 2):
                    self.m.cfg(self.last, cap + reg, val, size)
                self.m.wr(4, WINDOW + RAISE, 1)
                self.assertEqual([msi[0] for msi in self.m.viommu.msis()], [who])
                self.assertIn(who, self.g.claimed())
                self.m.close()

    def chain(self, chain):
        """Bridges, numbered 1 and on, each with its slot on the bus of the one
        before, and a device at the end."""
        args = [("-device", f"{driver},id=d{i},addr={slot}" +
                 (f",bus=d{i - 1}" if i else ""))
                for i, (driver, slot) in enumerate(chain)]
        self.start(*sum(args, ()), intremap=1)
        for i, (_, slot) in enumerate(chain):
            self.last = rid_of(slot, bus=i)
            if i + 1 < len(chain):
                self.number(i + 1, self.last, len(chain) - 1)
                self.m.cfg(self.last, 0x20, WINDOW | WINDOW >> 16)
                self.m.command(self.last, MEMORY | MASTER)
        self.m.bar(self.last, 0, WINDOW)


if __name__ == "__main__":
    unittest.main()
