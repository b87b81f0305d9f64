# SPDX-License-Identifier: GPL-2.0-or-later
"""The devices' DMA to a guest's memory by Xen's map cache (guest.py): what the guest
gives away meanwhile, memory of a device, and each page that is written is said to be
written, or a live migration would miss it."""

import os
import socket
import struct
import tempfile
import unittest

import devices
from guest import COPY, Guest
from machine import PAGE, RAM, RW, Machine, rid_of
from virtio import Virtio

RID = rid_of(4)
IOVA, OTHER, TARGET = 0x40000000, 0x50000000, 0x200000
DISK = "if=none,id=disk,driver=null-co,size=1048576,read-zeroes=on"
VRAM = 0xF0000000
OWN = range(devices.MEM // PAGE, devices.MEM // PAGE + devices.MEM_PAGES)


def tables(viommu):
    viommu.map(RID, devices.MEM, devices.MEM, devices.MEM_PAGES)
    viommu.map(RID, IOVA, TARGET)
    viommu.enable()


class Base(unittest.TestCase):
    def guest(self):
        g = Guest()
        self.addCleanup(g.close)
        return g

    def machine(self, g, kind, *args, state=None, unit=tables, disk=DISK):
        m = Machine("-drive", disk, "-device", kind.device + ",addr=4",
                    *getattr(kind, "extra", []), *args, guest=g, state=state,
                    unit=unit)
        self.addCleanup(m.close)
        return m

    def good(self, m, d):
        m.fill(TARGET, 0xFF)
        d.start_read(IOVA)
        m.until(d.done, "a read")
        self.assertTrue(d.ok())
        self.assertEqual(m.peek(TARGET, 512), bytes(512))


class Gone(Base):
    """The guest gives memory away while a device uses it: nothing is written that
    is not the guest's any more, and QEMU lives."""

    def usable(self, m, d):
        d.reset()
        d.setup()
        self.good(m, d)

    def told(self, kind):
        """The device does not come to it before QEMU has been told."""
        g = self.guest()
        m = self.machine(g, kind)
        d = kind(m, RID)
        for _ in range(10):
            self.good(m, d)
        gone = [g.where(gfn) for gfn in (*OWN, TARGET // PAGE)]
        g.gives(m, *OWN, TARGET // PAGE)
        for gfn in (*OWN, TARGET // PAGE):
            g.comes(gfn)
        m.viommu.invalidate()
        self.assertEqual(m.still_busy(), [])
        before = [g.machine(page) for page in gone]
        self.usable(m, d)
        self.assertEqual([g.machine(page) for page in gone], before)

    def untold(self, kind):
        """It comes to it before, and QEMU has no mapping of it."""
        g = self.guest()
        m = self.machine(g, kind)
        d = kind(m, RID)
        self.good(m, d)
        g.gives(m)      # nothing, but what is mapped goes
        m.viommu.invalidate()
        m.still_busy()
        pages = [(gfn, g.where(gfn)) for gfn in (*OWN, TARGET // PAGE)]
        for gfn, _ in pages:
            g.goes(gfn)
        for _ in range(3):
            d.start_read(IOVA)
            for _ in range(20):
                m.qmp("query-status")
        for gfn, _ in pages:
            g.comes(gfn)
        g.gives(m)
        m.viommu.invalidate()
        self.usable(m, d)


class Long(devices.Nvme):
    device = devices.Nvme.device + ",mdts=7"
    LIST = devices.MEM + 8 * PAGE

    def start(self, opcode, pages):
        self.m.poke(self.LIST, struct.pack(f"<{pages - 1}Q", *(
            IOVA + i * PAGE for i in range(1, pages))))
        self.command(1, opcode, 1, IOVA, 0, 0, pages * 8 - 1, self.LIST)


class Run(Base):
    """Pages that follow one another in the guest's memory are one copy."""
    WRITE, READ = 1, 2
    PAGES = 16

    def start(self, at, *args, **more):
        def unit(viommu):
            viommu.map(RID, devices.MEM, devices.MEM, devices.MEM_PAGES)
            viommu.map(RID, IOVA, at, self.PAGES)
            viommu.enable()

        g = self.guest()
        m = self.machine(g, Long, *args, unit=unit, **more)
        return g, m, Long(m, RID)

    def do(self, m, d, opcode):
        d.start(opcode, self.PAGES)
        m.until(d.done, "a request")
        self.assertTrue(d.ok())

    def read(self, g, m, d, at, but=()):
        pages = [at // PAGE + i for i in range(self.PAGES)]
        for i in set(range(self.PAGES)) - set(but):
            g.poke(at + i * PAGE, b"\xff" * PAGE)
        self.do(m, d, self.READ)
        for i in set(range(self.PAGES)) - set(but):
            self.assertEqual(g.peek(at + i * PAGE, PAGE), bytes(PAGE), i)
        return pages

    def test_one_copy(self):
        g, m, d = self.start(TARGET, "-trace", "xen_map_cache")
        for _ in range(20):
            self.read(g, m, d, TARGET)
        before = m.words().count("xen_map_cache ")
        self.assertGreater(before, 0)
        for _ in range(10):
            self.read(g, m, d, TARGET)
        # one of them, and of the queues and the list
        self.assertLess(m.words().count("xen_map_cache ") - before, 10 * 8)

    def test_marked(self):
        g, m, d = self.start(TARGET)
        copy = Copy(m, g)
        for i in range(4):
            pages = self.read(g, m, d, TARGET)
            self.assertEqual(set(pages) - set(g.dirty()), set())
            copy.take(pages)

    def test_buckets(self):
        """What the map cache has mapped stays, where it is two pieces."""
        at = TARGET + (1 << 20) - 5 * PAGE
        g, m, d = self.start(at)
        m.viommu.map(RID, OTHER, at - PAGE)
        m.viommu.invalidate()
        for i in range(14):
            if i == 4:
                before = g.maps()
            self.read(g, m, d, at)
            d.start_read(OTHER)
            m.until(d.done, "a read")
        self.assertEqual(g.maps(), before)

    def hole(self, g, m, *pages):
        """Pages that are gone, of which no mapping is left; QEMU has not been told."""
        g.gives(m)
        m.viommu.invalidate()
        m.still_busy()
        for i in pages:
            g.goes(TARGET // PAGE + i)

    def test_hole_read(self):
        g, m, d = self.start(TARGET)
        self.read(g, m, d, TARGET)
        self.hole(g, m, 0, 5, 6)
        self.read(g, m, d, TARGET, (0, 5, 6))

    def test_hole_mapped(self):
        """To find one takes no mapping for each page."""
        for opcode in self.READ, self.WRITE:
            for hole in 0, 8, self.PAGES - 1:
                g, m, d = self.start(TARGET)
                self.do(m, d, opcode)
                self.hole(g, m, hole)
                before = g.maps()
                self.do(m, d, opcode)
                self.assertLess(g.maps() - before, 6, (opcode, hole))

    def test_hole_written(self):
        """What is gone reads as ones."""
        with tempfile.NamedTemporaryFile() as file:
            file.truncate(1 << 20)
            g, m, d = self.start(TARGET, disk="if=none,id=disk,format=raw,"
                                 f"file={file.name},file.locking=off")
            data = [bytes([i + 1]) * PAGE for i in range(self.PAGES)]
            for gone in (), (0, 5, 6):
                for i, page in enumerate(data):
                    g.poke(TARGET + i * PAGE, page)
                self.hole(g, m, *gone)
                for i in gone:
                    data[i] = b"\xff" * PAGE
                self.do(m, d, self.WRITE)
                file.seek(0)
                self.assertEqual(file.read(self.PAGES * PAGE), b"".join(data))


class Vram(Base):
    """Memory of a device, to which a device's DMA may go."""

    def lists(self, at, *args):
        """AHCI's lists are in place for as long as nobody waits for them."""
        def unit(viommu):
            viommu.map(RID, devices.MEM, VRAM + at, devices.MEM_PAGES, RW | RAM)
            viommu.map(RID, IOVA, TARGET)
            viommu.enable()

        g = self.guest()
        m = self.machine(g, devices.Ahci, "-device",
                         "VGA,addr=5,romfile=,vgamem_mb=4", *args, unit=unit)
        m.cfg(rid_of(5), 0x10, VRAM)
        m.command(rid_of(5), 3)
        self.assertTrue(g.where(VRAM // PAGE))
        d = devices.Ahci(Shifted(m, VRAM + at - devices.MEM), RID)
        # as the header of a bounce buffer of QEMU's would be
        for _ in range(3):
            m.fill(TARGET, 0xFF)
            d.start_read(IOVA)
            m.until(d.done, "a read")
            self.assertTrue(d.ok())
            self.assertEqual(m.peek(TARGET, 512), bytes(512))
            m.viommu.invalidate()
            self.assertEqual(m.still_busy(), [])

    def test_lists(self):
        self.lists(16 * PAGE)

    def test_lists_at_its_beginning(self):
        """Where QEMU's own mapping of it begins."""
        self.lists(0)

    def test_rings(self):
        """Of a device that no unit is asked about: QEMU keeps a pointer to them."""
        g = self.guest()
        m = self.machine(g, NoUnit, "-device", "VGA,addr=5,romfile=,vgamem_mb=4")
        m.cfg(rid_of(5), 0x10, VRAM)
        m.command(rid_of(5), 3)
        d = Virtio(m, RID, VRAM)
        for _ in range(2):
            d.status(0)
            for _ in range(200):
                m.qmp("query-status")   # it lets go of them some time later
            m.fill(VRAM, 0x5A)
            self.assertEqual(g.peek(VRAM, 4), b"\x5a" * 4)
            d.start((0,))


class Second(devices.Nvme):
    device = "nvme,drive=more,serial=2,id=two"
    BASE, MEM = devices.Nvme.BASE + 0x100000, devices.MEM + 0x100000


class Events(Base):
    """A unit's event comes by the handle for the guest's requests."""

    def machine(self, g):
        m = Machine("-global", "xen-viommu.slots=10:20", "-drive", DISK,
                    "-drive", DISK.replace("disk", "more"),
                    "-device", devices.Nvme.device + ",addr=4",
                    "-device", Second.device + ",addr=5", guest=g, units=3)
        self.addCleanup(m.close)
        return m

    def test_each(self):
        m, disks = self.machine(self.guest()), []
        for unit, kind in enumerate((devices.Nvme, Second)):
            rid = rid_of(4 + unit)
            m.units[unit].map(rid, kind.MEM, kind.MEM, devices.MEM_PAGES)
            m.units[unit].map(rid, IOVA, TARGET)
            m.units[unit].enable()
            disks.append(kind(m, rid))
        for d in disks * 10:
            self.good(m, d)
        held = [v.busy() for v in m.units]
        self.assertTrue(held[0] and held[1])
        m.units[1].ask_back()
        m.until(lambda: not m.units[1].busy(), "the event")
        self.assertEqual(m.units[0].busy(), held[0])

    def test_bound_to_the_end(self):
        """What is under way when QEMU exits has a unit that waits for it."""
        m = self.machine(self.guest())
        m.qmp("quit")
        self.assertEqual(m.qemu.wait(), 0)

    def test_one_descriptor(self):
        """The main loop waits for no more of them than without a unit."""
        g = self.guest()
        m = self.machine(g)
        events = {v.event for v in m.units} | {g.event}
        handles = []
        for fd in os.listdir(f"/proc/{m.qemu.pid}/fdinfo"):
            with open(f"/proc/{m.qemu.pid}/fdinfo/{fd}", encoding="ascii") as f:
                bound = {int(line.split()[1]) for line in f
                         if line.startswith("tfd:")}
            if bound & events:
                handles.append(bound)
        self.assertEqual(handles, [events])


class Nested(devices.VirtioBlk):
    device = devices.VirtioBlk.device + ",ioeventfd=off"


class NoUnit:
    device = "virtio-blk-pci,disable-legacy=on,drive=disk,id=dev"


class Owner(Base):
    def test_nested(self):
        """A ring is accessed within the processor's access to the doorbell.  What
        has its address in others' views is not taken for it."""
        shift = 0x400000
        g = self.guest()

        def unit(viommu):
            viommu.map(RID, devices.MEM, devices.MEM + shift, devices.MEM_PAGES)
            viommu.map(RID, IOVA, TARGET)
            viommu.enable()

        m = self.machine(g, Nested, unit=unit)
        d = devices.VirtioBlk(Shifted(m, shift, g), RID)
        pages = range(devices.MEM, devices.MEM + devices.MEM_PAGES * PAGE, PAGE)
        for page in pages:
            g.poke(page, b"\xff" * PAGE)
        for _ in range(40):
            self.good(m, d)
            for page in pages:
                for at in (0, 4):
                    self.assertEqual(g.request(m, COPY, page + at, write=False),
                                     0xFFFFFFFF)
        self.assertEqual(m.viommu.faults(), [])


class Shifted:
    """A machine whose drivers have what they need for themselves elsewhere than
    where they tell their devices.  With @guest, registers are written by it."""

    def __init__(self, m, shift, guest=None):
        self.__dict__.update(m=m, shift=shift, guest=guest)

    def __getattr__(self, name):
        return getattr(self.m, name)

    def at(self, addr):
        return addr + self.shift if addr // PAGE in OWN else addr

    def rd(self, size, addr):
        return self.m.rd(size, self.at(addr))

    def wr(self, size, addr, val):
        if self.guest and addr >= 0xE0000000:
            return self.guest.request(self.m, COPY, addr, val, size)
        return self.m.wr(size, self.at(addr), val)

    def poke(self, addr, data):
        self.m.poke(self.at(addr), data)

    def fill(self, addr, val, size=PAGE):
        self.m.fill(self.at(addr), val, size)


class Copy:
    """What a live migration has sent of a guest."""

    def __init__(self, m, g):
        self.g, self.page = g, {}
        assert m.qmp("xen-set-global-dirty-log", enable=True) == {}
        g.dirty()
        self.take(g.all())

    def take(self, gfns):
        for gfn in gfns:
            self.page[gfn] = self.g.peek(gfn * PAGE, PAGE)

    def round(self):
        self.take(self.g.dirty())

    def missed(self):
        """Pages that are not as they were sent."""
        return [gfn for gfn, page in self.page.items()
                if self.g.peek(gfn * PAGE, PAGE) != page]


class Migrate(Base):
    def requests(self, kind, *args):
        """Rounds at each moment between what the guest and the device do."""
        g = self.guest()
        m = self.machine(g, kind, *args)
        d = kind(m, RID)
        for _ in range(10):
            self.good(m, d)     # so that pages of rings are held
        copy = Copy(m, g)
        for i in range(30):
            m.fill(TARGET, 0x80 + i)
            if kind is devices.Ahci:
                # its receive area is in place, and it always writes the same
                m.fill(devices.MEM + PAGE, i)
            if i % 3:
                copy.round()
            d.start_read(IOVA)
            m.until(d.done, "a read")
            self.assertTrue(d.ok())
            if i % 5:
                copy.round()
        return g, m, d, copy

    def saved(self, kind, *args):
        g, m, d, copy = self.requests(kind, *args)
        with tempfile.TemporaryDirectory() as folder:
            state = os.path.join(folder, "state")
            m.save(state)
            copy.round()
            self.assertEqual(copy.missed(), [])
            m.close()
            new = self.guest()
            for gfn, page in copy.page.items():
                new.poke(gfn * PAGE, page)
            # it goes on with what was sent, and writes where it has to
            m = self.machine(new, kind, state=state)
            m.go_on()
        other = object.__new__(kind)
        other.__dict__.update(d.__dict__, m=m)
        if hasattr(other, "dev"):
            dev = object.__new__(type(d.dev))
            dev.__dict__.update(d.dev.__dict__, m=m)
            other.dev = dev
        before = Copy(m, new)
        for _ in range(20):
            self.good(m, other)
        self.assertEqual(set(before.missed()) - set(OWN) - {TARGET // PAGE},
                         set())
        self.assertEqual(m.viommu.faults(), [])

    def test_Nvme(self):
        """Which cannot be saved."""
        _, m, _, copy = self.requests(devices.Nvme)
        m.qmp("stop")
        copy.round()
        self.assertEqual(copy.missed(), [])

    def test_E1000(self):
        g = self.guest()
        with tempfile.TemporaryDirectory() as folder, \
                socket.socket(socket.AF_UNIX) as listener:
            path = os.path.join(folder, "net")
            listener.bind(path)
            listener.listen(1)
            m = self.machine(g, devices.E1000, "-netdev", "stream,id=net,"
                             f"server=off,addr.type=unix,addr.path={path}")
            peer = m.peer(listener)
            self.addCleanup(peer.close)
            d = devices.E1000(m, RID)
            copy = None
            for i in range(40):
                if i == 10:
                    copy = Copy(m, g)
                m.fill(TARGET, 0)
                d.receive_at(IOVA)
                if copy and i % 3:
                    copy.round()
                peer.sendall((64).to_bytes(4, "big") + bytes([255] * 64))
                m.until(d.received, "a frame")
                self.assertEqual(g.peek(TARGET, 60), b"\xff" * 60)
                if copy and i % 5:
                    copy.round()
            m.save(os.path.join(folder, "state"))
        copy.round()
        self.assertEqual(copy.missed(), [])


for _kind in (devices.Ahci, devices.VirtioBlk):
    setattr(Migrate, "test_" + _kind.__name__,
            lambda self, k=_kind: self.saved(k))
    setattr(Migrate, "test_in_place_" + _kind.__name__,
            lambda self, k=_kind: self.saved(
                k, "-global", "xen-viommu.dma=map"))

for _test in ("told", "untold"):
    for _kind in devices.DISKS:
        setattr(Gone, f"test_{_test}_{_kind.__name__}",
                lambda self, t=_test, k=_kind: getattr(self, t)(k))

if __name__ == "__main__":
    unittest.main()
