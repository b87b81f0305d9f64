# SPDX-License-Identifier: GPL-2.0-or-later
"""Several units: each device asks the one it is behind, and what is done to one
is nothing to the others."""

import os
import tempfile
import unittest

import devices
from machine import CONTROL, MASTER, MEMORY, PAGE, Died, Machine, rid_of

EDU = "edu,dma_mask=0xffffffff,addr=%x"
BUF, IOVA = 0x40000, 0x8000000
# Of the first unit, of the second (a bridge), and of nobody: the last one's.
ONE, TWO, REST = 4, 5, 7
BEHIND = rid_of(1, bus=1)
SLOTS = "xen-viommu.slots=%x:%x" % (1 << ONE | 1 << 6, 1 << TWO)
TARGET = [0x200000, 0x210000, 0x220000]
BAR = {rid_of(ONE): 0xE1000000, rid_of(REST): 0xE1100000, BEHIND: 0xE0100000}
# What unit translates the requests, and as whose.
UNIT = {rid_of(ONE): (0, rid_of(ONE)), BEHIND: (1, rid_of(TWO)),
        rid_of(REST): (2, rid_of(REST))}
STATUS, RAISE, CMD = 0x20, 0x60, 0x98
MSI, ADDR = 5, 0xFEE000B0


def remaps(viommu):
    viommu.put(CONTROL + 48, 1)


def asked(viommu):
    return viommu.get(CONTROL + 24)


class Units(unittest.TestCase):
    def machine(self, *args, **kwargs):
        m = Machine(*args, **kwargs)
        self.addCleanup(m.close)
        return m

    def start(self, *args, units=3, **kwargs):
        """An edu behind each; every unit has the same IOVA somewhere else."""
        m = self.machine("-global", SLOTS, "-device", EDU % ONE,
                         "-device", f"pci-bridge,id=bridge,chassis_nr=1,"
                         f"addr={TWO:x}", "-device", EDU % 1 + ",bus=bridge",
                         "-device", EDU % REST, *args, units=units, **kwargs)
        self.open_bridge(m)
        for rid, bar in BAR.items():
            m.bar(rid, 0, bar)
        for unit, viommu in enumerate(m.units):
            for slot in (ONE, TWO, REST):
                viommu.map(rid_of(slot), IOVA, TARGET[unit])
            viommu.enable()
        return m

    @staticmethod
    def open_bridge(m):
        m.cfg(rid_of(TWO), 0x18, 0x010100)
        m.cfg(rid_of(TWO), 0x20, 0xE010E010)
        m.command(rid_of(TWO), MEMORY | MASTER)

    @staticmethod
    def dma(m, bar, addr=IOVA):
        """The device's own buffer, which is zeros, goes to memory."""
        for reg, val in ((0x80, BUF), (0x88, addr), (0x90, 64), (CMD, 3)):
            m.wr(4, bar + reg, val)
        m.until(lambda: m.step(100000000) and not m.rd(4, bar + CMD) & 1,
                "edu")

    def written(self, m):
        """Which targets have been, by now."""
        units = [i for i, addr in enumerate(TARGET)
                 if m.peek(addr, 65) == bytes(64) + b"\xff"]
        for addr in TARGET:
            m.fill(addr, 0xFF)
        return units

    def test_which(self):
        m = self.start()
        self.written(m)
        for rid, bar in BAR.items():
            before = [asked(v) for v in m.units]
            self.dma(m, bar)
            unit = UNIT[rid][0]
            self.assertEqual(self.written(m), [unit])
            self.assertEqual([i for i, v in enumerate(m.units)
                              if asked(v) != before[i]], [unit])
        self.assertEqual([v.faults() for v in m.units], [[], [], []])

    def test_functions(self):
        """A slot has more than one bridge: all of them are behind its unit."""
        m = self.machine("-global", SLOTS, "-device",
                         "pci-bridge,id=bridge,chassis_nr=1,multifunction=on,"
                         f"addr={TWO:x}", "-device", "pci-bridge,id=second,"
                         f"chassis_nr=2,addr={TWO:x}.1", "-device",
                         EDU % 1 + ",bus=second", units=3)
        bridge = rid_of(TWO, 1)
        m.cfg(bridge, 0x18, 0x010100)
        m.cfg(bridge, 0x20, 0xE010E010)
        m.command(bridge, MEMORY | MASTER)
        m.bar(BEHIND, 0, BAR[BEHIND])
        for viommu, target in zip(m.units, TARGET):
            viommu.map(bridge, IOVA, target)
            viommu.enable()
        self.written(m)
        self.dma(m, BAR[BEHIND])
        self.assertEqual(self.written(m), [1])

    def test_fault(self):
        m = self.start()
        self.written(m)
        m.units[1].unmap(rid_of(TWO), IOVA)
        for bar in BAR.values():
            self.dma(m, bar)
        self.assertEqual(self.written(m), [0, 2])
        self.assertEqual([v.faults() for v in m.units],
                         [[], [(rid_of(TWO), IOVA, 2)], []])

    def test_invalidation(self):
        """What the others have in their caches stays there."""
        m = self.start()
        for bar in BAR.values():
            self.dma(m, bar)
        before = [asked(v) for v in m.units]
        m.units[0].invalidate()
        for bar in BAR.values():
            self.dma(m, bar)
        self.assertEqual([asked(v) > n for v, n in zip(m.units, before)],
                         [True, False, False])

    def test_stalled(self):
        """A DMA that does not end is in use behind its own unit only."""
        m = self.start("-drive", "if=none,id=disk,driver=null-co,"
                       "size=1048576,read-zeroes=on",
                       "-device", devices.Nvme.device + ",addr=6",
                       "-global", "xen-viommu.dma=map")
        one, rid = m.units[0], rid_of(6)
        for page in range(devices.MEM_PAGES):
            addr = devices.MEM + page * PAGE
            one.map(rid, addr, addr)
        one.map(rid, IOVA, 0x300000)
        one.invalidate()
        d = devices.Nvme(m, rid)
        m.stall("disk")
        d.start_read(IOVA)
        self.assertIn((rid, IOVA, 1, 2), m.still_busy())
        self.written(m)
        # That takes less time than the disk.
        for bar in BAR.values():
            self.dma(m, bar)
        self.assertEqual(self.written(m), [0, 1, 2])
        self.assertEqual([v.busy() for v in m.units[1:]], [[], []])
        self.assertIn((rid, IOVA, 1, 2), one.busy())
        self.assertFalse(d.done())
        m.step(3000000000)
        m.until(d.done, "the disk")
        self.assertTrue(d.ok())

    def test_msi(self):
        """With the unit, and the requester id, that its DMA has."""
        m = self.start(unit=remaps)
        for rid, bar in BAR.items():
            cap = m.cap(rid, MSI)
            for reg, val, size in ((4, ADDR, 4), (8, 0, 4), (12, 7, 2),
                                   (2, 0x81, 2)):
                m.cfg(rid, cap + reg, val, size)
            m.wr(4, bar + RAISE, 1)
            unit, who = UNIT[rid]
            self.assertEqual([v.msis() for v in m.units],
                             [[(who, ADDR, 7)] if i == unit else []
                              for i in range(3)])

    def test_hotplug(self):
        """A device that comes is behind the unit of its slot, and nothing is asked
        for it in advance, however much is mapped."""
        m = self.start()
        for slot, unit in ((6, 0), (9, 2)):
            m.units[unit].map(rid_of(slot), 0x40000000, TARGET[unit], 1 << 20)
            m.units[unit].invalidate()
            before = [asked(v) for v in m.units]
            self.assertEqual(m.qmp("device_add", driver="edu", id="new",
                                   addr=f"{slot:x}"), {})
            m.bar(rid_of(slot), 0, 0xE1200000)
            self.assertEqual([asked(v) for v in m.units], before)
            self.written(m)
            self.dma(m, 0xE1200000, 0x40000000)
            self.assertEqual(m.qmp("device_del", id="new"), {})
            m.out(4, 0xAE10, 0)
            m.out(4, 0xAE08, 1 << slot)
            m.wait_deleted("new")
            self.assertEqual(m.units[unit].busy(), [])
            self.assertEqual([asked(v) != n for v, n in zip(m.units, before)],
                             [i == unit for i in range(3)])

    def test_other_buses(self):
        """Numbers that the guest gives to buses change nothing."""
        m = self.start()
        m.cfg(rid_of(TWO), 0x18, 0x404000)
        behind = rid_of(1, bus=0x40)
        m.bar(behind, 0, BAR[BEHIND])
        self.written(m)
        self.dma(m, BAR[BEHIND])
        self.assertEqual(self.written(m), [1])

    def test_saved(self):
        with tempfile.TemporaryDirectory() as folder:
            state = os.path.join(folder, "state")
            args = [arg for key in ("send-configuration", "store-global-state",
                                    "send-section-footer")
                    for arg in ("-global", f"migration.{key}=off")]
            m = self.start(*args)
            m.save(state)
            m.close()
            m = self.machine("-global", SLOTS, "-device", EDU % ONE,
                             "-device", "pci-bridge,id=bridge,chassis_nr=1,"
                             f"addr={TWO:x}", "-device",
                             EDU % 1 + ",bus=bridge", "-device", EDU % REST,
                             *args, units=3, state=state)
            m.go_on()

    def dies(self, slots, units):
        with self.assertRaises(Died) as context:
            self.machine("-global", f"xen-viommu.slots={slots}", units=units)
        self.assertIn(f"xen-viommu: slots={slots} does not say which devices "
                      f"are behind which of {units} units",
                      str(context.exception))

    def test_bad_slots(self):
        for slots, units in (("", 2), ("10", 1), ("10", 3), ("10:20", 2),
                             ("10:20:40", 3), ("10:10", 3), ("30:10", 3),
                             ("0", 2), ("10:0", 3), ("x", 2), ("10x", 2),
                             ("10:", 3), (":10", 3), ("10,20", 3),
                             ("100000000", 2), ("-1", 2)):
            with self.subTest(slots=slots, units=units):
                self.dies(slots, units)

    def test_empty(self):
        """One that Linux would ignore is told of, and no other."""
        m = self.machine("-global", "xen-viommu.slots=10:20:40",
                         "-device", EDU % 4, "-device", EDU % 6, units=4)
        self.assertIn("no device behind unit 1", m.words())
        self.assertEqual(m.words().count("no device behind"), 1)

    def test_eight(self):
        m = self.machine("-global", "xen-viommu.slots=" + ":".join(
            f"{1 << slot:x}" for slot in range(4, 11)),
            *[arg for slot in range(4, 12) for arg in ("-device", EDU % slot)],
            units=8)
        for unit, viommu in enumerate(m.units):
            viommu.map(rid_of(4 + unit), IOVA, 0x200000 + unit * PAGE)
            viommu.enable()
        m.fill(0x200000, 0xFF, 8 * PAGE)
        for unit in range(8):
            bar = m.bar(rid_of(4 + unit), 0, 0xE1000000 + (unit << 20))
            self.dma(m, bar)
            self.assertEqual(m.peek(0x200000 + unit * PAGE, 64), bytes(64))
            self.assertEqual([bool(asked(v)) for v in m.units],
                             [i <= unit for i in range(8)])


if __name__ == "__main__":
    unittest.main()
