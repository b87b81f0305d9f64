# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest at random: devices write into its memory while it unmaps pages, gives
some away, is saved and restored.  A page that no device may write is as the guest
left it.  STORM_SEED=, STORM_STEPS= for others than in "make check"."""

import os
import random
import socket
import struct
import tempfile
import unittest

import devices
from guest import Guest
from machine import ENTRIES, PAGE, RW, Machine, rid_of
from test_guest import Copy

RID = rid_of(4)
IOVA, WINDOW = 0x40000000, 512          # pages
POOL = range(0x800, 0x900)              # pages for data
TABLES = 0x400000
ROOT, CONTEXT, TOP, MIDDLE, LOW, OWN, DATA, OWN_LOW = (
    TABLES + i * PAGE for i in range(8))
DISK = ("if=none,id=disk,driver=null-co,size=1048576,read-zeroes=on,"
        "latency-ns=%d")


class Ahci(devices.Ahci):
    MOST = 24

    def start(self, bufs):
        m, table = self.m, devices.MEM + 2 * PAGE
        sectors = sum(size for _, size in bufs) // 512
        m.poke(devices.MEM, struct.pack("<IIII", len(bufs) << 16 | 5, 0, table,
                                        0))
        m.poke(table, struct.pack("<IIIII", 0x258027, 0x40000000, 0, sectors,
                                  0))
        m.poke(table + 0x80, b"".join(struct.pack("<QII", addr, 0, size - 1)
                                      for addr, size in bufs))
        self.port(0x10, 0xFFFFFFFF)
        self.port(0x38, 1)


class VirtioBlk(devices.VirtioBlk):
    """It maps all of a request when it is told of it, or it breaks."""
    device = devices.VirtioBlk.device + ",ioeventfd=off"
    MOST = 12

    def start(self, bufs):
        self.m.poke(devices.MEM, bytes(16))
        self.m.poke(devices.MEM + PAGE, b"\xff")
        self.dev.post(0, (devices.MEM, 16, False),
                      *((addr, size, True) for addr, size in bufs),
                      (devices.MEM + PAGE, 1, True))


class E1000(devices.E1000):
    MOST = 7

    def start(self, bufs):
        """One frame each."""
        self.last = len(bufs) - 1
        self.m.poke(devices.MEM, b"".join(struct.pack("<QQ", addr, 0)
                                          for addr, _ in bufs))
        self.reg(0x2810, 0)
        self.reg(0x2818, len(bufs))

    def done(self):
        return bool(self.m.rd(1, devices.MEM + 16 * self.last + 12) & 1)


class Storm(unittest.TestCase):
    def start(self, state=None):
        """The tables are in the guest's memory, and Xen's answers are the same."""
        def unit(viommu):
            self.viommu = viommu
            for slot, entry in self.slots.items():
                self.set_slot(slot, *entry)
            viommu.put(10 * PAGE + 8, 256)
            if self.walks:
                viommu.tables(ROOT)
            viommu.enable()

        with socket.socket(socket.AF_UNIX) as listener:
            path = os.path.join(self.state.name, f"net{self.rand.random()}")
            listener.bind(path)
            listener.listen(1)
            self.m = Machine("-drive", DISK % self.rand.choice((0, 300000)),
                             "-netdev", "stream,id=net,server=off,addr.type=unix,"
                             "addr.path=" + path,
                             "-device", self.kind.device + ",addr=4",
                             *getattr(self.kind, "extra", []),
                             "-device", "VGA,addr=5,romfile=", "-global",
                             "xen-viommu.dma=" + self.dma, guest=self.g,
                             unit=unit, state=state)
            self.addCleanup(self.m.close)
            self.peer = self.m.peer(listener)
            self.addCleanup(self.peer.close)

    def put(self, addr, *words):
        self.g.poke(addr, struct.pack(f"<{len(words)}Q", *words))

    def set_slot(self, slot, iova, gpa, pages):
        """Other than Viommu.map() so that nothing is missing for a moment."""
        at = ENTRIES + 32 * slot
        self.viommu.put(at + 16, 0)
        struct.pack_into("<QQQII", self.viommu.mem, at, iova, gpa, 0, RID, RW)
        self.viommu.put(at + 16, pages)

    def begin(self, kind, dma, walks, seed):
        self.kind, self.dma, self.walks = kind, dma, walks
        self.rand = random.Random(seed)
        self.g = Guest()
        self.addCleanup(lambda: self.g.close())
        for page in range(8):
            self.g.poke(TABLES + page * PAGE, bytes(PAGE))
        self.put(ROOT, CONTEXT | 1)
        self.put(CONTEXT + 16 * RID, TOP | 1, 2 | (RID + 1) << 8)
        self.put(TOP, MIDDLE | RW)
        self.put(MIDDLE, OWN | RW, LOW | RW)
        self.put(OWN, OWN_LOW | RW)
        self.put(LOW, DATA | RW)
        self.slots = {0: (devices.MEM, devices.MEM, devices.MEM_PAGES)}
        for i in range(devices.MEM_PAGES):
            self.put(OWN_LOW + 8 * (devices.MEM // PAGE + i),
                     devices.MEM + i * PAGE | RW)
        self.sign, self.free = {}, list(POOL)
        for gfn in POOL:
            self.take_back(gfn)
        self.early, self.used = set(), {}
        self.state = tempfile.TemporaryDirectory()
        self.addCleanup(self.state.cleanup)
        self.start()
        self.d = kind(self.m, RID)

    # --- the guest's memory

    def take_back(self, gfn):
        """It is the guest's own, and is written."""
        self.sign[gfn] = self.rand.randbytes(64) * (PAGE // 64)
        self.g.poke(gfn * PAGE, self.sign[gfn])

    def check(self, but=()):
        for gfn, page in self.sign.items():
            if gfn not in but and self.g.where(gfn):
                self.assertEqual(self.g.peek(gfn * PAGE, PAGE), page, hex(gfn))

    def map(self, iova, gfn):
        slot = next(i for i in range(256) if i not in self.slots)
        self.slots[slot] = (iova, gfn * PAGE, 1)
        self.set_slot(slot, iova, gfn * PAGE, 1)
        self.put(DATA + 8 * ((iova - IOVA) // PAGE), gfn * PAGE | RW)

    def unmap(self, *iovas):
        """And the guest waits until it is over."""
        for slot in [s for s, e in self.slots.items() if e[0] in iovas]:
            self.put(DATA + 8 * ((self.slots[slot][0] - IOVA) // PAGE), 0)
            del self.slots[slot]
            self.set_slot(slot, 0, 0, 0)
        if self.rand.random() < 0.3:
            self.viommu.invalidate()
        else:
            for iova in iovas:
                self.viommu.invalidate_page(RID, iova)
        if self.uses(iovas):
            self.viommu.ask_back()
            self.m.until(lambda: self.over(iovas), "DMA")
        self.viommu.ask_back(False)

    def over(self, iovas):
        """Xen sees what is in use by now as well."""
        if not self.uses(iovas):
            return True
        self.viommu.ask_back()
        return False

    def uses(self, iovas):
        return [b for b in self.viommu.busy() for iova in iovas
                if b[1] <= iova < b[1] + b[2] * PAGE]

    # --- what it does

    def request(self):
        nr = self.rand.randint(1, self.kind.MOST)
        gfns = [self.free.pop(self.rand.randrange(len(self.free)))
                for _ in range(nr)]
        if self.rand.random() < 0.3:
            gfns.sort()
        at = self.rand.randrange(WINDOW)
        bufs, pages = [], {}
        for gfn in gfns:
            at += self.rand.choice((1, 1, 1, 2, 9))
            iova = IOVA + at % WINDOW * PAGE
            if iova in pages:
                continue
            off = self.rand.choice((0, 0, 0, 512, 2048))
            size = self.rand.choice((PAGE - off, PAGE - off, 512, 1024))
            self.map(iova, gfn)
            pages[iova] = gfn
            bufs.append((iova + off, size))
        self.free += [g for g in gfns if g not in pages.values()]
        self.d.start(bufs)
        early = []
        if self.rand.random() < 0.4:
            early = self.rand.sample(list(pages), self.rand.randint(1, len(pages)))
            self.early.update(early)
            self.unmap(*early)
            for iova in early:
                self.take_back(pages[iova])
        self.m.until(self.d.done, "a read")
        for addr, size in bufs:
            iova = addr & -PAGE
            if iova in early:
                continue
            page = bytearray(self.sign[pages[iova]])
            page[addr % PAGE:addr % PAGE + size] = bytes(size)
            self.assertEqual(self.g.peek(pages[iova] * PAGE, PAGE), page)
        # what was taken back too early is a fault, and nothing else is
        for rid, addr, access in self.viommu.faults():
            self.assertIn(addr & -PAGE, self.early, (rid, access))
        self.check(set(pages.values()) - {pages[i] for i in early})
        self.unmap(*(i for i in pages if i not in early))
        for gfn in pages.values():
            self.take_back(gfn)
        self.free += pages.values()

    def frames(self):
        """Into pages that are used again, as drivers do with small frames, and
        into new ones."""
        while self.used and self.rand.random() < 0.15:
            iova = self.rand.choice(list(self.used))
            gfn = self.used.pop(iova)
            self.unmap(iova)
            self.take_back(gfn)
            self.free.append(gfn)
        while len(self.used) < self.kind.MOST:
            iova = IOVA + self.rand.randrange(WINDOW) * PAGE
            if iova not in self.used:
                self.used[iova] = self.free.pop(
                    self.rand.randrange(len(self.free)))
                self.map(iova, self.used[iova])
        bufs = [(iova + self.rand.choice((0, 2, 2048)),
                 self.rand.randint(60, 1500))
                for iova in self.rand.sample(list(self.used),
                                             self.rand.randint(1, 7))]
        self.d.start(bufs)
        early = None
        if self.rand.random() < 0.3:
            early = self.rand.choice(bufs)[0] & -PAGE
            self.early.add(early)
            self.unmap(early)
            gfn = self.used.pop(early)
            self.take_back(gfn)
            self.free.append(gfn)
        data = [b"\xff" * 6 + self.rand.randbytes(size - 6) for _, size in bufs]
        self.peer.sendall(b"".join(len(d).to_bytes(4, "big") + d for d in data))
        self.m.until(self.d.done, "a frame")
        for (addr, size), d in zip(bufs, data):
            if addr & -PAGE == early:
                continue
            gfn = self.used[addr & -PAGE]
            page = bytearray(self.sign[gfn])
            page[addr % PAGE:addr % PAGE + size] = d
            self.sign[gfn] = bytes(page)
        for rid, addr, access in self.viommu.faults():
            self.assertIn(addr & -PAGE, self.early, (rid, access))
        self.check()

    def give_away(self):
        gone = self.rand.sample(self.free, 8)
        for gfn in gone:
            self.g.goes(gfn)
        self.g.gives(self.m)
        if self.rand.random() < 0.5:
            self.request_of(gone)
        for gfn in gone:
            self.g.comes(gfn)
            self.take_back(gfn)

    def request_of(self, gone):
        """While they are away, others are used."""
        self.free = [gfn for gfn in self.free if gfn not in gone]
        self.request()
        self.free += gone

    def move(self):
        """Live: in rounds, and at the end what was said to be written."""
        copy = Copy(self.m, self.g)
        for _ in range(3):
            self.request()
            copy.round()
        self.request()
        path = os.path.join(self.state.name, "state")
        self.m.save(path)
        copy.round()
        self.assertEqual([gfn for gfn in copy.missed()], [])
        self.m.close()
        old, self.g = self.g, Guest(0)
        self.g.fresh = 2
        for gfn, page in copy.page.items():
            self.g.comes(gfn)
            self.g.poke(gfn * PAGE, page)
        old.close()
        self.start(path)
        self.m.go_on()
        self.d.m = self.m
        if hasattr(self.d, "dev"):
            self.d.dev.m = self.m
        self.check()

    def test_E1000(self):
        self.request = self.frames
        self.storm(E1000, "copy", True, 4)

    def storm(self, kind, dma, walks, times=1):
        steps = int(os.environ.get("STORM_STEPS", "24")) * times
        seed = int(os.environ.get("STORM_SEED", "1"))
        self.begin(kind, dma, walks, seed)
        for step in range(steps):
            self.request()
            if step % (5 * times) == 5 * times - 1:
                self.give_away()
            if step % (12 * times) == 12 * times - 1:
                self.move()


for _kind in (Ahci, VirtioBlk):
    for _dma, _walks in (("copy", True), ("map", True), ("copy", False)):
        setattr(Storm, "test_" + "_".join(
            (_kind.__name__, _dma, "walks" if _walks else "asks")),
            lambda self, k=_kind, d=_dma, w=_walks: self.storm(k, d, w))

if __name__ == "__main__":
    unittest.main()
