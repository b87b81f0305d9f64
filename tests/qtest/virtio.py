# SPDX-License-Identifier: GPL-2.0-or-later
"""A driver of virtio devices, as little as the tests need."""

from machine import MASTER, MEMORY, PAGE

NEXT, DEVICE_WRITES = 1, 2


class Virtio:
    """A modern virtio device; its rings are in @mem, mapped one to one."""

    def __init__(self, m, rid, mem, queues=(0,), base=0xE0000000):
        self.m, self.rid, self.mem = m, rid, mem
        m.bar(rid, 5, 0)
        m.bar(rid, 4, base)
        self.cfgs = {}
        cap = m.cfg(rid, 0x34, size=1)
        while cap:
            if m.cfg(rid, cap, size=1) == 9:
                kind = m.cfg(rid, cap + 3, size=1)
                if kind == 2:
                    self.multiplier = m.cfg(rid, cap + 16)
                self.cfgs.setdefault(kind, base + m.cfg(rid, cap + 8))
            cap = m.cfg(rid, cap + 1, size=1)
        self.common, self.device = self.cfgs[1], self.cfgs.get(4)
        self.start(queues)

    def status(self, val=None):
        if val is None:
            return self.m.rd(1, self.common + 0x14)
        return self.m.wr(1, self.common + 0x14, val)

    def start(self, queues, used=None, features=0):
        """@used: where the used rings are, if not behind the others."""
        m, common = self.m, self.common
        self.status(0)
        self.status(3)
        m.wr(4, common + 8, 0)
        m.wr(4, common + 12, features)
        m.wr(4, common + 8, 1)
        m.wr(4, common + 12, 3)  # VERSION_1, IOMMU_PLATFORM
        self.status(11)
        assert self.status() & 8, "features"
        self.queue = {}
        for i, nr in enumerate(queues):
            ring = self.mem + 3 * PAGE * i
            m.fill(ring, 0, 3 * PAGE)
            m.wr(2, common + 0x16, nr)
            m.wr(2, common + 0x18, 16)
            for off, part in ((0x20, 0), (0x28, PAGE), (0x30, 2 * PAGE)):
                at = used if used and off == 0x30 else ring + part
                m.wr(4, common + off, at)
                m.wr(4, common + off + 4, 0)
            notify = self.cfgs[2] + m.rd(2, common + 0x1E) * self.multiplier
            m.wr(2, common + 0x1C, 1)
            self.queue[nr] = {"ring": ring, "notify": notify, "avail": 0}
        self.status(15)

    def needs_reset(self):
        return bool(self.status() & 0x40)

    def desc(self, nr, i, addr, size, flags=0, chain=0):
        off = self.queue[nr]["ring"] + 16 * i
        self.m.wr(8, off, addr)
        self.m.wr(4, off + 8, size)
        self.m.wr(2, off + 12, flags)
        self.m.wr(2, off + 14, chain)

    def post(self, nr, *bufs):
        """Each is (address, size, device writes); one request at a time."""
        q = self.queue[nr]
        for i, (addr, size, writes) in enumerate(bufs):
            last = i == len(bufs) - 1
            self.desc(nr, i, addr, size, (0 if last else NEXT) |
                      (DEVICE_WRITES if writes else 0), i + 1)
        self.m.wr(2, q["ring"] + PAGE + 4 + 2 * (q["avail"] % 16), 0)
        q["avail"] += 1
        self.m.wr(2, q["ring"] + PAGE + 2, q["avail"] & 0xFFFF)
        self.m.wr(2, q["notify"], nr)

    def done(self, nr):
        q = self.queue[nr]
        return self.m.rd(2, q["ring"] + 2 * PAGE + 2) == q["avail"] & 0xFFFF


ALL = MEMORY | MASTER
