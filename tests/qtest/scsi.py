# SPDX-License-Identifier: GPL-2.0-or-later
"""Drivers of SCSI adapters.  What they need for themselves is in the pages from
MEM on, which are mapped one to one; data are where the caller says.

command() returns the SCSI status, or None if the adapter reports an error of its
own in its stead."""

import struct

from machine import IO, MASTER, PAGE
from virtio import Virtio

MEM, MEM_PAGES = 0x100000, 16

TEST_UNIT_READY = bytes(6)
READ_CAPACITY = bytes([0x25]) + bytes(9)
GOOD = 0


def read10(lba, blocks):
    return struct.pack(">BBIBHB", 0x28, 0, lba, 0, blocks, 0)


def write10(lba, blocks):
    return struct.pack(">BBIBHB", 0x2A, 0, lba, 0, blocks, 0)


class VirtioScsi:
    device = "virtio-scsi-pci,iommu_platform=on,disable-legacy=on,id=scsi"

    def __init__(self, m, rid):
        self.m = m
        self.dev = Virtio(m, rid, MEM + 2 * PAGE, queues=(2,))

    def command(self, cdb, iova=0, size=0, write=False):
        m = self.m
        m.poke(MEM, bytes([1, 0, 0x40, 0, 0, 0, 0, 0]) + bytes(11) +
               cdb.ljust(32, b"\0"))
        m.fill(MEM + PAGE, 0xFF, 108)
        request, reply = (MEM, 51, False), (MEM + PAGE, 108, True)
        data = (iova, size, not write)
        bufs = ([request, reply] if not size else
                [request, data, reply] if write else [request, reply, data])
        self.dev.post(2, *bufs)
        m.until(lambda: self.dev.done(2) or self.dev.needs_reset(), "virtio")
        if self.dev.needs_reset():
            self.dev.start((2,))
            return None
        status, response = m.peek(MEM + PAGE + 10, 2)
        return None if response else status


class MptSas:
    device = "mptsas1068,id=scsi"
    BASE = 0xE0100000

    def __init__(self, m, rid):
        self.m = m
        m.bar(rid, 1, self.BASE)
        self.wr(0, 0x40 << 24)
        init = struct.pack("<BBBBBBBBIH", 4, 0, 0, 2, 0, 8, 1, 0, 0, 128)
        init = init.ljust(44, b"\0")
        self.wr(0, 0x42 << 24 | 11 << 16)
        self.wr(0x30, 0)
        for (word,) in struct.iter_unpack("<I", init):
            self.wr(0, word)
        for _ in range(10):
            self.m.rd(4, self.BASE)
        self.wr(0x30, 0)
        assert m.rd(4, self.BASE) >> 28 == 2, "not operational"

    def wr(self, reg, val):
        self.m.wr(4, self.BASE + reg, val)

    def command(self, cdb, iova=0, size=0, write=False):
        m = self.m
        reply, frame, sense = MEM, MEM + PAGE, MEM + 2 * PAGE
        control = 0 if not size else 0x01000000 if write else 0x02000000
        m.poke(frame, struct.pack("<BBBBBBBBI8sI16sIIII", 0, 0, 0, 0, len(cdb),
                                  18, 0, 0, 0x77, b"", control, cdb, size,
                                  sense, 0xD1000000 | size |
                                  (0x04000000 if write else 0), iova))
        self.wr(0x44, reply)
        self.wr(0x40, frame)
        answer = []

        def done():
            answer.append(m.rd(4, self.BASE + 0x44))
            return answer[-1] != 0xFFFFFFFF
        m.until(done, "mptsas")
        if not answer[-1] >> 31:
            return GOOD
        status, _, ioc = struct.unpack("<BBH", m.peek(reply + 0xC, 4))
        return None if ioc & 0x7FFF not in (0, 0x45) else status


class Lsi:
    """SCRIPTS of one step each; the phase says which is next."""
    device = "lsi53c895a,id=scsi"
    BASE = 0xE0200000
    DATA_OUT, DATA_IN, COMMAND, STATUS, MSG_OUT, MSG_IN = 0, 1, 2, 3, 6, 7

    def __init__(self, m, rid):
        self.m = m
        m.bar(rid, 1, self.BASE)

    def run(self, *code):
        m, interrupt = self.m, (0x98080000, 0)
        m.poke(MEM, b"".join(struct.pack("<II", *c)
                             for c in code + (interrupt,)))
        m.wr(4, self.BASE + 0x2C, MEM)
        m.until(lambda: m.rd(1, self.BASE + 0x14) & 3, "lsi")
        m.rd(1, self.BASE + 0x0C)
        m.rd(1, self.BASE + 0x42)
        m.rd(1, self.BASE + 0x43)

    def move(self, phase, size, addr):
        self.run((0x08000000 | phase << 24 | size, addr))

    def command(self, cdb, iova=0, size=0, write=False):
        m = self.m
        cmd, msg, status = MEM + PAGE, MEM + 2 * PAGE, MEM + 3 * PAGE
        m.poke(cmd, cdb)
        m.poke(msg, [0x80])
        m.poke(status, [0xFF])
        self.run((0x41000000, 0))
        while True:
            if not m.rd(1, self.BASE + 1) & 0x10:
                self.run((0x50000000, MEM))
            phase = m.rd(1, self.BASE + 0x0E) & 7
            if phase == self.MSG_OUT:
                self.move(phase, 1, msg)
            elif phase == self.COMMAND:
                self.move(phase, len(cdb), cmd)
            elif phase in (self.DATA_IN, self.DATA_OUT):
                self.move(phase, size, iova)
            elif phase == self.STATUS:
                self.move(phase, 1, status)
            elif phase == self.MSG_IN:
                self.run((0x0F000001, msg + 4), (0x60000040, 0))
                got = m.rd(1, msg + 4)
                if got in (0, 4):
                    self.run((0x48000000, 0))
                if got == 0:
                    return m.rd(1, status)


class Esp:
    device = "am53c974,id=scsi"
    BASE = 0xC000

    def __init__(self, m, rid):
        self.m = m
        m.bar(rid, 0, self.BASE | 1, IO | MASTER)
        self.wr(3, 2)
        self.wr(3, 0)

    def wr(self, reg, val):
        self.m.out(1, self.BASE + 4 * reg, val)

    def rd(self, reg):
        return self.m.inp(1, self.BASE + 4 * reg)

    def interrupt(self):
        self.m.until(lambda: self.rd(4) & 0x80, "am53c974")
        status = self.rd(4)
        self.rd(5)
        return status & 7

    def command(self, cdb, iova=0, size=0, write=False):
        self.wr(3, 1)
        self.wr(2, 0x80)
        for byte in cdb:
            self.wr(2, byte)
        self.wr(4, 0)
        self.wr(3, 0x42)
        phase = self.interrupt()
        if phase in (0, 1):
            self.wr(0, size & 0xFF)
            self.wr(1, size >> 8 & 0xFF)
            self.wr(14, size >> 16)
            self.m.out(4, self.BASE + 0x44, size)
            self.m.out(4, self.BASE + 0x48, iova)
            self.m.out(4, self.BASE + 0x40, 3 | (0 if write else 0x80))
            self.wr(3, 0x90)
            phase = self.interrupt()
            self.m.out(4, self.BASE + 0x40, 0)
        if phase != 3:
            return None
        self.wr(3, 1)
        self.wr(3, 0x11)
        self.interrupt()
        status = self.rd(2)
        self.rd(2)
        self.wr(3, 0x12)
        self.interrupt()
        return status


ADAPTERS = [VirtioScsi, MptSas, Lsi, Esp]
