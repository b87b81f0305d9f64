# SPDX-License-Identifier: GPL-2.0-or-later
"""A NIC that computes checksums writes them into the frame that it sends, and not
into the driver's memory, which it may only read."""

import os
import socket
import struct
import tempfile
import unittest

from machine import READ, Machine, rid_of

RID = rid_of(4)
BASE = 0xE0000000
MEM = 0x100000
IOVA, TARGET = 0x40000000, 0x200000

UDP = struct.pack(">6s6sHBBHHHBBHII", b"\xff" * 6, b"\x52\x54\0\0\0\1", 0x800,
                  0x45, 0, 64, 0, 0, 64, 17, 0, 0x0A000001, 0x0A000002)
UDP += struct.pack(">HHHH", 1000, 1000, 44, 0) + bytes(range(36))


class Net(unittest.TestCase):
    def sends(self, device, dma):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "net")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen(1)
            m = Machine("-netdev", "stream,id=net,server=off,addr.type=unix,"
                        "addr.path=" + path,
                        "-global", "xen-viommu.dma=" + dma,
                        "-device", device + ",netdev=net,romfile=,addr=4")
            self.addCleanup(m.close)
            peer = m.peer(listener)
        self.addCleanup(peer.close)
        m.viommu.map(RID, MEM, MEM)
        m.viommu.map(RID, IOVA, TARGET, perm=READ)
        m.viommu.enable()
        m.bar(RID, 0, BASE)

        m.poke(TARGET, UDP)
        # a context (where the checksum is), then the frame
        if device == "igb":
            m.poke(MEM, struct.pack("<IIII", 14 << 9 | 20, 0, 0x20200400, 0) +
                   struct.pack("<QII", IOVA, 0x2B300000 | len(UDP),
                               len(UDP) << 14 | 0x200))
            m.wr(4, BASE + 0xE028, 1 << 25)
        else:
            m.poke(MEM, struct.pack("<BBHBBHIBBH", 14, 24, 33, 34, 40, 0,
                                    0x20000000, 0, 0, 0) +
                   struct.pack("<QII", IOVA, 0x2B100000 | len(UDP), 2 << 8))
        for reg, val in ((0, 0x40), (0x3800, MEM), (0x3804, 0), (0x3808, 128),
                         (0x3810, 0), (0x400, 2), (0x3818, 2)):
            m.wr(4, BASE + reg, val)
        m.step(1000000000)

        frame = b""
        while len(frame) < 4 + len(UDP):
            frame += peer.recv(4096)
        frame = frame[4:]
        self.assertEqual(frame[:40], UDP[:40])
        self.assertNotEqual(frame[40:42], b"\0\0")
        self.assertEqual(frame[42:len(UDP)], UDP[42:])
        self.assertEqual(m.peek(TARGET, len(UDP)), UDP)
        self.assertEqual(m.viommu.faults(), [])

    def test_e1000e_copy(self):
        self.sends("e1000e", "copy")

    def test_e1000e_in_place(self):
        self.sends("e1000e", "map")

    def test_igb_copy(self):
        self.sends("igb", "copy")

    def test_igb_in_place(self):
        self.sends("igb", "map")


if __name__ == "__main__":
    unittest.main()
