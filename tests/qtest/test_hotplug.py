# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices and bridges that come and go: nothing of them stays, and those that
come do DMA as they should."""

import os
import unittest

import devices
from machine import MASTER, MEMORY, WRITE, Machine, rid_of

ROUNDS = int(os.environ.get("HOTPLUG_ROUNDS", 1000))
IOVA, TARGET = 0x8000000, 0x200000
EJECT, SELECT = 0xAE08, 0xAE10
BRIDGES = ({"driver": "pci-bridge", "chassis_nr": 1, "shpc": True},
           {"driver": "pcie-pci-bridge"})


class Hotplug(unittest.TestCase):
    def spaces(self, m):
        return sorted(line for line in m.hmp("info mtree").splitlines()
                      if line.startswith("address-space:"))

    def add(self, m, **args):
        answer = m.qmp("device_add", **args)
        self.assertEqual(answer, {})

    def remove(self, m, ident, slot):
        """The guest agrees at once."""
        self.assertEqual(m.qmp("device_del", id=ident), {})
        m.out(4, SELECT, 0)
        m.out(4, EJECT, 1 << slot)
        m.wait_deleted(ident)

    def writes(self, m, rid, bar):
        """The device's own buffer, which is zeros, goes to memory."""
        m.bar(rid, 0, bar)
        m.fill(TARGET, 0xFF)
        for reg, val in ((0x80, 0x40000), (0x88, IOVA), (0x90, 64), (0x98, 3)):
            m.wr(8 if reg != 0x98 else 4, bar + reg, val)
        m.step(200000000)
        self.assertEqual(m.peek(TARGET, 65), bytes(64) + b"\xff")

    def test_rounds(self):
        m = Machine()
        self.addCleanup(m.close)
        for slot in range(6, 14):
            m.viommu.map(rid_of(slot), IOVA, TARGET)
        m.viommu.map(rid_of(0, bus=1), IOVA, TARGET)
        m.viommu.enable()

        def round_(i):
            slot = 6 + i % 8
            self.add(m, driver="edu", id="dev", addr=f"{slot:x}")
            self.writes(m, rid_of(slot), 0xE0000000)
            self.remove(m, "dev", slot)
            # what is behind does DMA as the bridge, or as its bus
            self.add(m, id="bridge", addr=f"{slot:x}", **BRIDGES[i % 2])
            self.add(m, driver="edu", id="behind", bus="bridge", addr="1")
            m.cfg(rid_of(slot), 0x18, 0x010100)
            m.cfg(rid_of(slot), 0x20, 0xE010E010)
            m.command(rid_of(slot), MEMORY | MASTER)
            self.writes(m, rid_of(1, bus=1), 0xE0100000)
            self.remove(m, "bridge", slot)

        names = self.spaces(m)
        for i in range(ROUNDS):
            round_(i)
        self.assertEqual(self.spaces(m), names)
        self.assertEqual(m.viommu.faults(), [])

    def disks(self, kind):
        """One that comes can be read at once, and is at work when it goes."""
        m = Machine("-blockdev", "node-name=disk,driver=null-co,size=1048576,"
                    "read-zeroes=on")
        self.addCleanup(m.close)
        for slot in range(6, 14):
            m.viommu.map(rid_of(slot), devices.MEM, devices.MEM,
                         devices.MEM_PAGES)
            m.viommu.map(rid_of(slot), IOVA, TARGET)
        m.viommu.enable()
        driver, *rest = kind.device.split(",")
        args = dict(one.split("=") for one in rest)
        args.update({key: args[key] == "on" for key in args
                     if args[key] in ("on", "off") and "legacy" not in key})
        names = self.spaces(m)
        for i in range(max(1, ROUNDS // 10)):
            slot = 6 + i % 8
            self.add(m, driver=driver, addr=f"{slot:x}", **args)
            d = kind(m, rid_of(slot))
            m.fill(TARGET, 0xFF)
            d.start_read(IOVA)
            m.until(d.done, "a read")
            self.assertTrue(d.ok())
            self.assertEqual(m.peek(TARGET, 512), bytes(512))
            d.start_read(IOVA)
            self.remove(m, "dev", slot)
            self.assertEqual(m.viommu.busy(), [])
            self.assertEqual(self.spaces(m), names)
        self.assertEqual(m.viommu.faults(), [])

    def test_nvme(self):
        self.disks(devices.Nvme)

    def test_virtio(self):
        self.disks(devices.VirtioBlk)

    def test_stalled(self):
        """A disk that does not answer when its device goes: nothing of the device
        stays."""
        m = Machine("-drive", "if=none,id=disk,driver=null-co,size=1048576,"
                    "read-zeroes=on")
        self.addCleanup(m.close)
        m.viommu.map(rid_of(6), devices.MEM, devices.MEM, devices.MEM_PAGES)
        m.viommu.map(rid_of(6), IOVA, TARGET)
        m.viommu.enable()
        self.add(m, driver="nvme", drive="disk", serial="1", id="dev", addr="6")
        d = devices.Nvme(m, rid_of(6))
        m.stall("disk")
        d.start_read(IOVA)
        self.assertEqual(m.qmp("device_del", id="dev"), {})
        m.out(4, SELECT, 0)
        m.out(4, EJECT, 1 << 6)
        m.until(lambda: any(event["event"] == "DEVICE_DELETED"
                            for event in m.events), "its end")
        self.assertEqual(m.viommu.busy(), [])

    def test_successor(self):
        """Nothing that was known of a device is known of the next one there: the
        guest need not have said that it took the first one's tables away."""
        m = Machine()
        self.addCleanup(m.close)
        for addr in "6", "7":
            self.add(m, driver="edu", id="dev" + addr, addr=addr)
        m.viommu.map(rid_of(6), IOVA, TARGET)
        m.viommu.map(rid_of(7), IOVA, TARGET)
        m.viommu.enable()
        for slot in 6, 7:
            self.writes(m, rid_of(slot), 0xE0000000 + (slot << 20))
        self.remove(m, "dev6", 6)
        self.assertEqual(m.viommu.busy(), [])
        m.viommu.entries = []
        m.viommu.write()
        self.add(m, driver="edu", id="new", addr="6")
        with self.assertRaises(AssertionError):
            self.writes(m, rid_of(6), 0xE0000000)
        self.assertEqual(m.viommu.faults(), [(rid_of(6), IOVA, WRITE)])
        self.assertEqual(m.peek(TARGET, 64), b"\xff" * 64)
        # The other one's stay.
        self.writes(m, rid_of(7), 0xE0000000 + (7 << 20))


if __name__ == "__main__":
    unittest.main()
