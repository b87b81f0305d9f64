# SPDX-License-Identifier: GPL-2.0-or-later
"""The memory of a guest of Xen's (fake-hvm.c), for a Machine whose accelerator is
Xen: which page is where, and what the device model says that it has written."""

import mmap
import os
import struct
import tempfile

from machine import PAGE

NR_GFNS, NR_PAGES = 1 << 20, 1 << 15
DIRTY = 4 * NR_GFNS
FRESH = DIRTY + NR_GFNS
PAGES = FRESH + PAGE
CLAIMED = PAGES + NR_PAGES * PAGE
SIZE = CLAIMED + (1 << 16)

# struct ioreq, and what is in it
IOREQ = PAGES + PAGE
READY, IN_PROCESS, DONE = 1, 2, 3
COPY, CONFIG, INVALIDATE = 1, 2, 8
PORT = 1000


class Guest:
    def __init__(self, pages=64 << 8):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "hvm")
        with open(self.path, "w+b") as stream:
            stream.truncate(SIZE)
            self.mem = mmap.mmap(stream.fileno(), SIZE)
        self.event = os.eventfd(0, os.EFD_NONBLOCK)
        self.fresh = 2
        for gfn in range(pages):
            if gfn not in range(0xA0, 0xC0):
                self.comes(gfn)
        struct.pack_into("<I", self.mem, IOREQ + 24, PORT)

    def close(self):
        os.close(self.event)
        self.mem.close()
        self.folder.cleanup()

    @property
    def fresh(self):
        return struct.unpack_from("<Q", self.mem, FRESH)[0]

    @fresh.setter
    def fresh(self, page):
        struct.pack_into("<Q", self.mem, FRESH, page)

    def maps(self):
        """Calls of Xen for its memory."""
        return struct.unpack_from("<Q", self.mem, FRESH + 8)[0]

    def where(self, gfn):
        """Which page is there; 0: none."""
        return struct.unpack_from("<I", self.mem, 4 * gfn)[0]

    def comes(self, gfn):
        """A page that nobody has had yet."""
        page = self.fresh
        struct.pack_into("<I", self.mem, 4 * gfn, page)
        self.fresh = page + 1
        return page

    def all(self):
        """The pages that it has."""
        table = memoryview(self.mem)[:4 * NR_GFNS].cast("I")
        found = [gfn for gfn in range(NR_GFNS) if table[gfn]]
        table.release()
        return found

    def goes(self, gfn):
        struct.pack_into("<I", self.mem, 4 * gfn, 0)

    def machine(self, page):
        """What is in it, whoever has it now."""
        return self.mem[PAGES + page * PAGE:PAGES + (page + 1) * PAGE]

    def peek(self, addr, size):
        """As the guest sees it, whatever the device model has mapped."""
        at = PAGES + self.where(addr // PAGE) * PAGE + addr % PAGE
        return self.mem[at:at + size]

    def poke(self, addr, data):
        at = PAGES + self.where(addr // PAGE) * PAGE + addr % PAGE
        self.mem[at:at + len(data)] = data
        self.mem[DIRTY + addr // PAGE] = 1

    def dirty(self):
        """The pages that were said to be written since this was last asked."""
        found, at = [], self.mem.find(b"\1", DIRTY, FRESH)
        while at >= 0:
            found.append(at - DIRTY)
            self.mem[at] = 0
            at = self.mem.find(b"\1", at, FRESH)
        return found

    def request(self, m, kind, addr=0, data=0, size=4, write=True, ptr=False):
        """As Xen sends one to the device model; returns what it answers.  @ptr:
        the data are in memory, at @data."""
        struct.pack_into("<QQIIIHBB", self.mem, IOREQ, addr, data, 1, size, PORT,
                         0, READY | (0 if write else 32) | (16 if ptr else 0),
                         kind)
        os.eventfd_write(self.event, 1)
        m.until(lambda: self.mem[IOREQ + 30] & 15 == DONE, "a request")
        return struct.unpack_from("<Q", self.mem, IOREQ + 8)[0]

    def config(self, m, rid, reg, value=None, size=4):
        """A register in configuration space: read, or written.  Xen asks no device
        model about a device that none has claimed."""
        if not self.mem[CLAIMED + rid]:
            return 0xFFFFFFFF
        return self.request(m, CONFIG, rid << 32 | reg, value or 0, size,
                            value is not None) & 0xFFFFFFFF

    def claimed(self):
        return [rid for rid in range(1 << 16) if self.mem[CLAIMED + rid]]

    def gives(self, m, *gfns):
        """It gives memory away, and the device model is told."""
        for gfn in gfns:
            self.goes(gfn)
        self.request(m, INVALIDATE)
