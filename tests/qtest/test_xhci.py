# SPDX-License-Identifier: GPL-2.0-or-later
"""XHCI: a transfer that is cancelled is not mapped any more."""

import struct
import unittest

from machine import PAGE, Machine, rid_of

RID = rid_of(4)
BASE = 0xE0000000
OPER, RUNTIME, DOORBELL = BASE + 0x40, BASE + 0x1000, BASE + 0x2000
MEM, MEM_PAGES = 0x100000, 8
DCBAA, COMMANDS, EVENTS, SEGMENT, INPUT, OUTPUT, EP0, RING = (
    MEM + i * PAGE for i in range(MEM_PAGES))
IOVA, TARGET = 0x40000000, 0x200000
NORMAL, ENABLE_SLOT, ADDRESS, CONFIGURE, STOP = 1, 9, 11, 12, 15
COMPLETION, SUCCESS = 33, 1
STATUS_PIPE = 5     # of UAS: endpoint 2, in


class Xhci(unittest.TestCase):
    def start(self):
        """UAS's pipe for status, which has nothing to say."""
        m = Machine("-device", "qemu-xhci,id=xhci,addr=4",
                    "-device", "usb-uas,bus=xhci.0,port=1",
                    "-trace", "xen_viommu_dma_*")
        self.addCleanup(m.close)
        self.m, self.commands = m, 0
        m.viommu.map(RID, MEM, MEM, MEM_PAGES)
        m.viommu.map(RID, IOVA, TARGET)
        m.viommu.enable()
        m.bar(RID, 1, 0)
        m.bar(RID, 0, BASE)
        m.fill(MEM, 0, MEM_PAGES * PAGE)
        m.poke(SEGMENT, struct.pack("<QII", EVENTS, 16, 0))
        m.poke(DCBAA + 8, struct.pack("<Q", OUTPUT))
        for reg, val in ((OPER + 0x38, 1), (OPER + 0x30, DCBAA),
                         (OPER + 0x34, 0), (OPER + 0x18, COMMANDS | 1),
                         (OPER + 0x1C, 0), (RUNTIME + 0x28, 1),
                         (RUNTIME + 0x38, EVENTS), (RUNTIME + 0x3C, 0),
                         (RUNTIME + 0x30, SEGMENT), (RUNTIME + 0x34, 0),
                         (OPER, 1)):
            m.wr(4, reg, val)
        self.command(ENABLE_SLOT)
        self.context(0, 3)
        self.context(1, 1 << 27, 1 << 16)
        self.context(2, 0, 512 << 16 | 4 << 3, EP0 | 1)
        self.command(ADDRESS, INPUT, 1 << 24)
        self.context(0, 0, 1 | 1 << STATUS_PIPE)
        self.context(1 + STATUS_PIPE, 0, 1024 << 16 | 6 << 3, RING | 1)
        self.command(CONFIGURE, INPUT, 1 << 24)
        return m

    def context(self, nr, *words):
        if nr == 0:
            words = (0, words[-1])
        self.m.poke(INPUT + 32 * nr, struct.pack(f"<{len(words)}I", *words))

    def trb(self, addr, param, status, control):
        self.m.poke(addr, struct.pack("<QII", param, status, control | 1))

    def command(self, kind, param=0, flags=0):
        self.trb(COMMANDS + 16 * self.commands, param, 0, kind << 10 | flags)
        self.commands += 1
        self.m.wr(4, DOORBELL, 0)
        ends = []
        for _, status, control in struct.iter_unpack(
                "<QII", self.m.peek(EVENTS, 256)):
            if control >> 10 & 63 == COMPLETION:
                ends.append(status >> 24)
        self.assertEqual(ends, [SUCCESS] * self.commands)

    def mapped(self):
        """It has buffers, of which Xen knows nothing."""
        log = self.m.words()
        return (log.count("\nxen_viommu_dma_begin") -
                log.count("\nxen_viommu_dma_end"))

    def test_cancel(self):
        m = self.start()
        self.assertEqual(m.viommu.busy(), [])
        self.trb(RING, IOVA, 512, NORMAL << 10 | 1 << 5)
        m.wr(4, DOORBELL + 4, STATUS_PIPE)
        self.assertEqual(self.mapped(), 1)
        self.command(STOP, 0, 1 << 24 | STATUS_PIPE << 16)
        self.assertEqual(self.mapped(), 0)
        self.assertEqual(m.still_busy(), [])
        self.assertEqual(m.viommu.faults(), [])


if __name__ == "__main__":
    unittest.main()
