# SPDX-License-Identifier: GPL-2.0-or-later
"""The built device model without Xen and without a guest: its devices are
driven from here, by QEMU's qtest protocol, and fake-xen.c answers for Xen."""

import contextlib
import json
import mmap
import os
import socket
import struct
import subprocess
import tempfile

QEMU = os.environ["QTEST_QEMU"]
FAKE = os.environ["QTEST_FAKE"]

PAGE = 4096
READ, WRITE, RW, HOLE, RAM = 1, 2, 3, 4, 8

COMMAND = 4
IO, MEMORY, MASTER = 1, 2, 4

# The layout of fake-xen.c's struct fake, and of the ledger in it.
CONTROL = 10 * PAGE
FAULTS = CONTROL + 64
ENTRIES = FAULTS + 256 * 16
MSIS = ENTRIES + 256 * 32
TABLES = MSIS + 256 * 16
SIZE = TABLES + 16
LOG, SLOTS = 1 * PAGE, 2 * PAGE
WAITED, BUSY = 64, 64 + 128 + 64
TLB_GLOBAL, TLB_RANGE = 3, 5


class Viommu:
    """The unit, as Xen and the guest's tables would be."""

    def __init__(self, folder, number=0):
        self.path = os.path.join(folder, f"fake{number}")
        with open(self.path, "w+b") as stream:
            stream.truncate(SIZE)
            self.mem = mmap.mmap(stream.fileno(), SIZE)
        self.put(192, 0xFFFFFFFFFFFFFFFF)  # floor: none
        self.event = os.eventfd(0, os.EFD_NONBLOCK)
        self.entries = []

    def put(self, off, val):
        struct.pack_into("<Q", self.mem, off, val)

    def get(self, off):
        return struct.unpack_from("<Q", self.mem, off)[0]

    def enable(self, on=True):
        self.put(CONTROL, on)
        self.invalidate()

    def map(self, rid, iova, gpa, pages=1, perm=RW):
        """Does not replace anything: unmap first."""
        self.entries.append((iova, gpa, pages, rid, perm))
        self.write()

    def unmap(self, rid, iova):
        self.entries = [e for e in self.entries if (e[3], e[0]) != (rid, iova)]
        self.write()
        self.invalidate()

    def tables(self, root, block=21):
        """Xen says that the tables are there: Machine.tables()."""
        struct.pack_into("<QQ", self.mem, TABLES, root, block)

    def invalidate_page(self, rid, iova):
        head = self.get(0)
        struct.pack_into("<QHHHBB", self.mem, LOG + 16 * (head % 256),
                         iova, rid + 1, 0, 0, TLB_RANGE, 12)
        self.put(0, head + 1)

    def asked(self):
        """Translations that Xen was asked for."""
        return self.get(CONTROL + 24)

    def write(self):
        self.put(CONTROL + 8, 0)
        for i, entry in enumerate(self.entries):
            struct.pack_into("<QQQII", self.mem, ENTRIES + 32 * i, *entry)
        self.put(CONTROL + 8, len(self.entries))

    def invalidate(self):
        head = self.get(0)
        struct.pack_into("<QHHHBB", self.mem, LOG + 16 * (head % 256),
                         0, 0, 0, 0, TLB_GLOBAL, 0)
        self.put(0, head + 1)

    def busy(self):
        """Translations in use: a list of (rid, iova, pages, access)."""
        slots = []
        for slot in range(1024):
            if self.get(BUSY + slot // 64 * 8) >> slot % 64 & 1:
                iova, _, pages, _, rid, _, access = struct.unpack_from(
                    "<QQIIHHB", self.mem, SLOTS + 32 * slot)
                slots.append((rid, iova, pages, access))
        return slots

    def ask_back(self, on=True):
        """Xen waits for everything that is in use, or for nothing."""
        for word in range(0, 128, 8):
            self.put(WAITED + word, self.get(BUSY + word) if on else 0)
        if on:
            self.wait()

    def in_use(self):
        """How many there were when Xen was last asked for one."""
        return self.get(CONTROL + 40)

    def wait(self):
        """As when Xen begins to wait for something."""
        os.eventfd_write(self.event, 1)

    def msis(self):
        """New interrupts that Xen was given: a list of (rid, addr, data)."""
        nr = self.get(CONTROL + 56)
        found = []
        for i in range(getattr(self, "taken", 0), nr):
            addr, data, rid = struct.unpack_from(
                "<QII", self.mem, MSIS + 16 * (i % 256))
            found.append((rid, addr, data))
        self.taken = nr
        return found

    def faults(self):
        """New ones: a list of (rid, iova, access)."""
        nr = self.get(CONTROL + 16)
        found = []
        for i in range(getattr(self, "seen", 0), nr):
            iova, rid, access = struct.unpack_from(
                "<QII", self.mem, FAULTS + 16 * (i % 256))
            found.append((rid, iova, access))
        self.seen = nr
        return found


class Died(Exception):
    """QEMU has ended; its last words."""


class Machine:
    """A QEMU with these devices, all with a romfile left out by the caller."""

    def __init__(self, *args, sg=None, state=None, unit=None, units=1,
                 guest=None):
        """@state: a file of saved devices, which are loaded as libxl does it;
        then the machine waits for go_on().  @unit is called with each of the
        @units before that.  @guest (guest.py): by Xen's map cache, and with the
        real clock."""
        self.folder = tempfile.TemporaryDirectory()
        top = self.folder.name
        self.units = [Viommu(top, i) for i in range(units)]
        self.viommu = self.units[0]
        for viommu in self.units if unit else []:
            unit(viommu)
        bios = os.path.join(top, "bios")
        with open(bios, "wb") as stream:
            stream.truncate(65536)
        env = dict(os.environ, LD_PRELOAD=FAKE,
                   FAKE_XEN=":".join(v.path for v in self.units),
                   FAKE_XEN_EVENT=":".join(str(v.event) for v in self.units),
                   XEN_VIOMMU_QTEST="1")
        if sg:
            env["FAKE_SG"] = sg
        fds, saved = [v.event for v in self.units], []
        accel = ("-accel", "qtest")
        if guest:
            accel = ("-accel", "xen", "-xen-domid", "7", "-xen-attach")
            fds.append(guest.event)
            env.update(FAKE_HVM=guest.path, FAKE_HVM_EVENT=str(guest.event))
        if state:
            saved = [os.open(state, os.O_RDONLY)]
            args += ("-incoming", f"fd:{saved[0]}", "-S")
        server = {}
        for name in ("qtest", "qmp"):
            server[name] = socket.socket(socket.AF_UNIX)
            server[name].bind(os.path.join(top, name))
            server[name].listen(1)
        self.log = open(os.path.join(top, "log"), "w+", encoding="utf-8")
        self.qemu = subprocess.Popen(
            [QEMU, "-nodefaults", "-no-user-config", "-display", "none",
             "-machine", "pc", *accel, "-m", "64", "-bios", bios,
             "-qtest", f"unix:{top}/qtest", "-qtest-log", "none",
             "-qmp", f"unix:{top}/qmp", *args],
            env=env, pass_fds=fds + saved, stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=subprocess.STDOUT)
        for fd in saved:
            os.close(fd)
        self.stream, self.events = {}, []
        for name, sock in server.items():
            sock.settimeout(0.2)
            while name not in self.stream:
                try:
                    peer = sock.accept()[0]
                    self.stream[name] = peer.makefile("rw")
                    peer.close()
                except TimeoutError:
                    if self.qemu.poll() is not None:
                        raise Died(self.words()) from None
            sock.close()
        self.receive()
        self.qmp("qmp_capabilities")

    def words(self):
        self.log.seek(0)
        return self.log.read()

    def close(self):
        if self.log.closed:
            return
        self.qemu.kill()
        self.qemu.wait()
        self.log.close()
        for viommu in self.units:
            os.close(viommu.event)
        for stream in self.stream.values():
            with contextlib.suppress(OSError):
                stream.close()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- the monitor

    def readline(self, name):
        try:
            line = self.stream[name].readline()
        except ConnectionResetError:
            line = ""
        if not line:
            self.qemu.wait()
            raise Died(self.words())
        return line

    def receive(self):
        return json.loads(self.readline("qmp"))

    def qmp(self, command, **args):
        """Returns the answer, or the text of its error."""
        # If it has ended, then there is no answer, which says so.
        with contextlib.suppress(BrokenPipeError):
            self.stream["qmp"].write(json.dumps(
                {"execute": command, "arguments": args}) + "\n")
            self.stream["qmp"].flush()
        while True:
            answer = self.receive()
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                return answer["error"]["desc"]
            self.events.append(answer)

    def wait_deleted(self, device):
        while True:
            for event in self.events:
                if (event["event"] == "DEVICE_DELETED" and
                        event["data"].get("device") == device):
                    self.events.remove(event)
                    return
            self.events.append(self.receive())

    def stall(self, disk):
        """Reads wait for the clock, which step() moves: one for each second."""
        self.qmp("block_set_io_throttle", device=disk, bps=0, bps_rd=0,
                 bps_wr=0, iops=0, iops_rd=1, iops_wr=0)
        self.hmp(f'qemu-io {disk} "read 0 512"')

    def save(self, path):
        """As libxl does it."""
        self.qmp("stop")
        answer = self.qmp("xen-save-devices-state", filename=path)
        assert answer == {}, answer

    def go_on(self):
        """What was saved has been loaded; now it runs."""
        self.until(lambda: self.qmp("query-status")["status"] != "inmigrate",
                   "what was saved")
        self.qmp("cont")

    def hmp(self, line):
        return self.qmp("human-monitor-command", **{"command-line": line})

    def peer(self, listener):
        """The other end of -netdev stream,server=off, when it can be used."""
        peer = listener.accept()[0]
        peer.settimeout(120)
        self.until(lambda: listener.getsockname() in self.hmp("info network"),
                   "the net")
        return peer

    # --- the processor's side

    def send(self, *words):
        self.stream["qtest"].write(" ".join(
            w if isinstance(w, str) else hex(w) for w in words) + "\n")
        self.stream["qtest"].flush()
        while True:
            line = self.readline("qtest").split()
            if line[0] == "OK":
                return line[1] if len(line) > 1 else None
            if line[0] != "IRQ":
                raise ValueError(line)

    def out(self, size, port, val):
        self.send("out" + " bw l"[size], port, val)

    def inp(self, size, port):
        return int(self.send("in" + " bw l"[size], port), 16)

    def wr(self, size, addr, val):
        self.send("write" + " bw l   q"[size], addr, val)

    def rd(self, size, addr):
        return int(self.send("read" + " bw l   q"[size], addr), 16)

    def poke(self, addr, data):
        self.send("write", addr, len(data), "0x" + bytes(data).hex())

    def peek(self, addr, size):
        return bytes.fromhex(self.send("read", addr, size)[2:])

    def tables(self, root, levels=4):
        """What each device may do now, as tables in guest memory from @root on."""
        tables = {root: {0: root + PAGE | 1}, root + PAGE: {}}
        context = tables[root + PAGE]

        def table():
            new = root + len(tables) * PAGE
            tables[new] = {}
            return new

        for iova, gpa, pages, rid, perm in self.viommu.entries:
            for i in range(pages):
                addr = iova + i * PAGE
                if 2 * rid not in context:
                    context[2 * rid] = table() | 1
                    context[2 * rid + 1] = levels - 2 | (rid + 1) << 8
                at = tables[context[2 * rid] & -PAGE]
                for level in range(levels, 1, -1):
                    index = addr >> 3 + 9 * level & 511
                    if index not in at:
                        at[index] = table() | RW
                    at = tables[at[index] & -PAGE]
                at[addr >> 12 & 511] = gpa + i * PAGE | perm & RW
        for addr, entries in tables.items():
            self.poke(addr, struct.pack("<512Q", *(
                entries.get(i, 0) for i in range(512))))

    def fill(self, addr, val, size=PAGE):
        self.send("memset", addr, size, val)

    def step(self, ns=None):
        """Time passes, to the next timer or by so much."""
        return int(self.send("clock_step", *([str(ns)] if ns else [])))

    def until(self, done, what="something"):
        """Until it is so; each question lets QEMU's main loop run."""
        for _ in range(20000):
            if done():
                return
            self.qmp("query-status")
        raise AssertionError("waited for ever for " + what)

    def still_busy(self):
        """Translations that are in use for longer than Xen waits for them."""
        self.viommu.ask_back()
        for _ in range(3):
            self.qmp("query-status")
        self.viommu.ask_back(False)
        return self.viommu.busy()

    # --- PCI

    def cfg(self, rid, reg, val=None, size=4):
        self.out(4, 0xCF8, 0x80000000 | rid << 8 | reg & ~3)
        if val is None:
            return self.inp(size, 0xCFC + (reg & 3))
        return self.out(size, 0xCFC + (reg & 3), val)

    def command(self, rid, bits):
        self.cfg(rid, COMMAND, bits, 2)

    def cap(self, rid, ident):
        """Offset of a capability."""
        off = self.cfg(rid, 0x34, size=1)
        while off and self.cfg(rid, off, size=1) != ident:
            off = self.cfg(rid, off + 1, size=1)
        return off

    def bar(self, rid, nr, addr, bits=MEMORY | MASTER):
        self.cfg(rid, 0x10 + 4 * nr, addr)
        self.command(rid, bits)
        return addr


def rid_of(slot, function=0, bus=0):
    return bus << 8 | slot << 3 | function
