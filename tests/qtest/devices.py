# SPDX-License-Identifier: GPL-2.0-or-later
"""Drivers of disks and a NIC.  What they need for themselves is in the pages
from MEM on, which are mapped one to one; data are where the caller says.

start_read() leaves a read of 512 bytes under way, done() says whether it has
ended and ok() whether well; reset() is the function's own, and setup() what
comes after one."""

import struct

from machine import PAGE
from virtio import Virtio

MEM, MEM_PAGES = 0x100000, 16


class Nvme:
    device = "nvme,drive=disk,serial=1,id=dev"
    BASE, MEM = 0xE0000000, MEM

    def __init__(self, m, rid):
        self.m, self.rid = m, rid
        m.bar(rid, 1, 0)
        m.bar(rid, 0, self.BASE)
        self.setup()

    def setup(self):
        m, b = self.m, self.BASE
        m.fill(self.MEM, 0, 4 * PAGE)
        m.wr(4, b + 0x14, 0)
        m.wr(4, b + 0x24, 15 << 16 | 15)
        m.wr(8, b + 0x28, self.MEM)
        m.wr(8, b + 0x30, self.MEM + PAGE)
        m.wr(4, b + 0x14, 4 << 20 | 6 << 16 | 1)
        assert m.rd(4, b + 0x1C) & 1, "not ready"
        self.tail = {0: 0, 1: 0}
        for opcode, page, flags in ((5, 3, 1), (1, 2, 1 << 16 | 1)):
            self.command(0, opcode, 0, self.MEM + page * PAGE, 15 << 16 | 1,
                         flags)
            m.until(lambda: self.done(0), "nvme")
            assert self.ok(0), "no queue"

    def command(self, q, opcode, nsid, prp, cdw10, cdw11=0, cdw12=0, prp2=0):
        m, i = self.m, self.tail[q]
        m.poke(self.MEM + 2 * q * PAGE + 64 * (i % 16), struct.pack(
            "<IIQQQQIII", opcode | i << 16, nsid, 0, 0, prp, prp2, cdw10, cdw11,
            cdw12).ljust(64, b"\0"))
        if i and not i % 8:     # all answers so far have been seen
            m.wr(4, self.BASE + 0x1004 + 8 * q, i % 16)
        self.tail[q] += 1
        m.wr(4, self.BASE + 0x1000 + 8 * q, self.tail[q] % 16)

    def last(self, q):
        """Of the queue's answers."""
        return self.m.rd(4, self.MEM + (2 * q + 1) * PAGE +
                         16 * ((self.tail[q] - 1) % 16) + 12)

    def start_read(self, addr):
        self.command(1, 2, 1, addr, 0)

    def done(self, q=1):
        return self.last(q) >> 16 & 1 != (self.tail[q] - 1) // 16 & 1

    def ok(self, q=1):
        return self.last(q) >> 17 == 0

    def reset(self):
        self.m.wr(4, self.BASE + 0x14, 0)
        self.m.until(lambda: not self.m.rd(4, self.BASE + 0x1C) & 1, "nvme")


class Ahci:
    device = "ich9-ahci,id=dev"
    extra = ["-device", "ide-hd,drive=disk,bus=dev.0"]
    BASE = 0xE0000000

    def __init__(self, m, rid):
        self.m, self.rid = m, rid
        m.bar(rid, 5, self.BASE)
        self.setup()

    def port(self, reg, val=None):
        if val is None:
            return self.m.rd(4, self.BASE + 0x100 + reg)
        return self.m.wr(4, self.BASE + 0x100 + reg, val)

    def setup(self):
        self.port(0x18, 0)
        self.m.wr(4, self.BASE + 4, 1 << 31)
        for reg, val in ((0, MEM), (4, 0), (8, MEM + PAGE), (12, 0),
                         (0x18, 0x10), (0x18, 0x11)):
            self.port(reg, val)

    def start_read(self, addr):
        m, table = self.m, MEM + 2 * PAGE
        m.poke(MEM, struct.pack("<IIII", 1 << 16 | 5, 0, table, 0))
        m.poke(table, struct.pack("<IIII", 0xC88027, 0x40000000, 0, 1))
        m.poke(table + 0x80, struct.pack("<IIII", addr, 0, 0, 511))
        self.port(0x10, 0xFFFFFFFF)
        self.port(0x38, 1)

    def prepare_packet(self, packet):
        """To a CD-ROM, without data; not begun yet."""
        table = MEM + 2 * PAGE
        self.m.poke(MEM, struct.pack("<IIII", 1 << 5 | 5, 0, table, 0))
        self.m.poke(table, bytes([0x27, 0x80, 0xA0]).ljust(64, b"\0") +
                    packet.ljust(16, b"\0"))

    def done(self):
        return not self.port(0x38) & 1 or bool(self.port(0x10) & 1 << 30)

    def ok(self):
        return not self.port(0x20) & 1

    def reset(self):
        self.m.wr(4, self.BASE + 4, 1 << 31 | 1)
        self.m.until(lambda: not self.m.rd(4, self.BASE + 4) & 1, "ahci")


class VirtioBlk:
    device = "virtio-blk-pci,iommu_platform=on,disable-legacy=on,drive=disk,id=dev"

    def __init__(self, m, rid):
        self.m, self.rid = m, rid
        self.dev = Virtio(m, rid, MEM + 2 * PAGE)

    def setup(self):
        self.dev.start((0,))

    def start_read(self, addr):
        m = self.m
        m.poke(MEM, bytes(16))
        m.poke(MEM + PAGE, b"\xff")
        self.dev.post(0, (MEM, 16, False), (addr, 512, True),
                      (MEM + PAGE, 1, True))

    def done(self):
        return self.dev.done(0)

    def ok(self):
        return self.m.rd(1, MEM + PAGE) == 0

    def reset(self):
        self.dev.status(0)
        self.m.until(lambda: self.dev.status() == 0, "virtio")


DISKS = [Nvme, Ahci, VirtioBlk]


class Ufs:
    """Its reads are of 4096 bytes, which is a block."""
    device = "ufs,id=dev"
    extra = ["-device", "ufs-lu,bus=dev,drive=disk,lun=0"]
    BASE = 0xE0000000
    DOORBELL, RESPONSE, BUFFERS = 0x58, 1024, 2048

    def __init__(self, m, rid):
        self.m, self.rid = m, rid
        m.bar(rid, 0, self.BASE)
        self.setup()

    def reg(self, off, val):
        self.m.wr(4, self.BASE + off, val)

    def setup(self):
        self.m.fill(MEM, 0, 2 * PAGE)
        for off, val in ((0x34, 1), (0x94, 0), (0x98, 0), (0x9C, 0),
                         (0x90, 0x16), (0x50, MEM), (0x54, 0), (0x60, 1)):
            self.reg(off, val)
        self.command(bytes(6), ())      # it has been reset, and says so
        self.m.until(self.done, "ufs")

    def command(self, cdb, bufs):
        m, at = self.m, MEM + PAGE
        size = sum(n for _, n in bufs)
        m.poke(at, struct.pack(">BB10xI16s", 1, 0x40 if bufs else 0, size,
                               cdb))
        m.poke(at + self.RESPONSE, b"\xff" * 64)
        for i, (addr, n) in enumerate(bufs):
            m.poke(at + self.BUFFERS + 16 * i,
                   struct.pack("<QII", addr, 0, n - 1))
        m.poke(MEM, struct.pack(
            "<IIIIQHHHH", 0x11000000 | (0x04000000 if bufs else 0), 0, 15, 0,
            at, 64, self.RESPONSE // 4, len(bufs), self.BUFFERS // 4))
        self.reg(self.DOORBELL, 1)

    def start_read(self, *addrs):
        """A block, of equal parts of which each goes to one address."""
        self.command(b"\x28" + bytes(7) + b"\1\0",
                     [(addr, PAGE // len(addrs)) for addr in addrs])

    def done(self):
        return not self.m.rd(4, self.BASE + self.DOORBELL) & 1

    def ok(self):
        """Of the controller, and of the disk."""
        return (self.m.rd(1, MEM + 8) == 0 and
                self.m.peek(MEM + PAGE + self.RESPONSE + 6, 2) == b"\0\0")


class E1000:
    """Its receiver: one frame at a time, to the address given."""
    device = "e1000,netdev=net,romfile=,id=dev"
    BASE = 0xE0000000

    def __init__(self, m, rid):
        self.m, self.rid = m, rid
        m.bar(rid, 0, self.BASE)
        self.setup()

    def reg(self, off, val):
        self.m.wr(4, self.BASE + off, val)

    def setup(self):
        self.m.fill(MEM, 0)
        for off, val in ((0, 0x40), (0x2800, MEM), (0x2804, 0), (0x2808, 128),
                         (0x2810, 0), (0x2818, 0), (0x100, 0x801A)):
            self.reg(off, val)

    def receive_at(self, addr):
        self.m.poke(MEM, struct.pack("<QQ", addr, 0))
        self.reg(0x2810, 0)
        self.reg(0x2818, 7)

    def received(self):
        return bool(self.m.rd(1, MEM + 12) & 1)

    def reset(self):
        self.reg(0, 1 << 26)
