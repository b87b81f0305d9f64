# SPDX-License-Identifier: GPL-2.0-or-later
"""ISA DMA is the ISA bridge's: a floppy disk."""

import unittest

from machine import WRITE, Machine, rid_of

BRIDGE = rid_of(1)
IOVA, TARGET = 0x20000, 0x200000
DOR, MSR, FIFO = 0x3F2, 0x3F4, 0x3F5
RQM, DIO = 0x80, 0x40


class Isa(unittest.TestCase):
    def setUp(self):
        self.m = Machine("-blockdev", "node-name=disk,driver=null-co,"
                         "size=1474560,read-zeroes=on",
                         "-device", "floppy,drive=disk")
        self.addCleanup(self.m.close)

    def command(self, *args, results=0):
        m = self.m
        for byte in args:
            m.until(lambda: m.inp(1, MSR) & (RQM | DIO) == RQM, "the command")
            m.out(1, FIFO, byte)
        answer = []
        for _ in range(results):
            for _ in range(50):
                if m.inp(1, MSR) & (RQM | DIO) == RQM | DIO:
                    break
                m.step(100000000)
            answer.append(m.inp(1, FIFO))
        return answer

    def read(self):
        """The first sector, by channel 2."""
        m = self.m
        m.fill(TARGET, 0xFF)
        for port, val in ((0x0A, 6), (0x0C, 0xFF), (4, IOVA & 0xFF),
                          (4, IOVA >> 8 & 0xFF), (0x81, IOVA >> 16),
                          (0x0C, 0xFF), (5, 0xFF), (5, 1), (0x0B, 0x46),
                          (0x0A, 2)):
            m.out(1, port, val)
        self.command(0xE6, 0, 0, 0, 1, 2, 18, 0x1B, 0xFF, results=7)
        return m.peek(TARGET, 513)

    def test_dma(self):
        m = self.m
        m.out(1, DOR, 0)
        m.out(1, DOR, 0x1C)
        for _ in range(4):
            self.command(8, results=2)
        self.command(3, 0xDF, 2)

        m.viommu.map(BRIDGE, IOVA, TARGET)
        m.viommu.enable()
        self.assertEqual(self.read(), bytes(512) + b"\xff")
        self.assertEqual(m.viommu.faults(), [])
        m.viommu.unmap(BRIDGE, IOVA)
        self.assertEqual(self.read(), b"\xff" * 513)
        self.assertIn((BRIDGE, IOVA, WRITE), m.viommu.faults())
        m.viommu.enable(False)
        m.fill(IOVA, 0xFF)
        self.read()
        self.assertEqual(m.peek(IOVA, 513), bytes(512) + b"\xff")


if __name__ == "__main__":
    unittest.main()
