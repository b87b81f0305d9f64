# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions of the device model for an NVMe read of 4 and 64 KiB, by function,
as callgrind counts them: `make -C tests/bench/lookup count`.

Modes: none (no vIOMMU), held (nothing is invalidated), strict (the pages of each
request are, after it) and lazy (all of the domain is, after each 16).  Neither Xen
nor a guest runs (tests/qtest), so a hypercall costs next to nothing here.  Arguments
are QEMU's."""

import glob
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

import devices
import machine
from machine import PAGE, Machine, rid_of

RID = rid_of(4)
DATA, LIST, TABLES = 0x200000, devices.MEM + 8 * PAGE, 0x800000
TLB_DOMAIN, TLB_RANGE, DEPTH = 4, 5, 16
WARM, COUNTED, SHOWN = 48, 64, 100
QEMU = machine.QEMU


class Nvme(devices.Nvme):
    """One that goes on: with DEPTH requests a turn of the rings is over.  As
    with Linux, it finds its doorbells in memory."""

    def setup(self):
        super().setup()
        i = self.tail[0]
        bells, self.bells = self.MEM + 5 * PAGE, self.MEM + 4 * PAGE
        self.m.poke(self.MEM + 64 * i, struct.pack(
            "<IIQQQQ", 0x7C | i << 16, 0, 0, 0, self.bells, bells).ljust(
                64, b"\0"))
        self.tail[0] += 1
        self.m.wr(4, self.BASE + 0x1000, self.tail[0])
        self.m.until(lambda: self.done(0), "the doorbells")
        assert self.ok(0), "no doorbells"

    def read(self, pages):
        m = self.m
        turn, i = divmod(self.tail[1], DEPTH)
        entry = self.MEM + 3 * PAGE + 16 * i + 12
        second = (0 if pages == 1 else DATA + PAGE if pages == 2 else LIST)
        m.poke(self.MEM + 2 * PAGE + 64 * i, struct.pack(
            "<IIQQQQIII", 2 | i << 16, 1, 0, 0, DATA, second, 0, 0,
            pages * 8 - 1).ljust(64, b"\0"))
        self.tail[1] += 1
        m.wr(4, self.bells + 8, self.tail[1] % DEPTH)
        m.wr(4, self.BASE + 0x1008, self.tail[1] % DEPTH)
        while m.rd(4, entry) >> 16 & 1 != 1 - turn % 2:
            pass    # each question lets the main loop run
        assert m.rd(4, entry) >> 17 == 0, "it failed"
        m.wr(4, self.bells + 12, self.tail[1] % DEPTH)


def invalidate(unit, kind, pages):
    head = unit.get(0)
    struct.pack_into("<QHHHBB", unit.mem, machine.LOG + 16 * (head % 256),
                     DATA, RID + 1, 0, 0, kind,
                     12 + (pages - 1).bit_length())
    unit.put(0, head + 1)


def dump(m):
    subprocess.run(["callgrind_control", "--dump", str(m.qemu.pid)],
                   check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def functions(path):
    """Instructions of a request by function, its own ones only; "" is all."""
    out = subprocess.run(["callgrind_annotate", "--threshold=100", path],
                         check=True, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True).stdout
    found = {}
    for line in out.splitlines():
        match = re.match(r"\s*([\d,]+) \([^)]*\)\s+(?:PROGRAM TOTALS|"
                         r"[^:]*:(?!main|qemu_default|0x|\(|__libc_start)(\S+))",
                         line)
        if match:
            name = re.sub(r"'.*|\.(isra|constprop|part).*", "", match[2] or "")
            found[name] = (found.get(name, 0) +
                           int(match[1].replace(",", "")) / COUNTED)
    return found


def count(pages, mode, args):
    top = tempfile.mkdtemp()
    wrapper = os.path.join(top, "qemu")
    with open(wrapper, "w", encoding="ascii") as stream:
        stream.write("#!/bin/sh\n"
                     # copies as on the machine that counts, not by one
                     # instruction that valgrind takes for thousands
                     "export GLIBC_TUNABLES=glibc.cpu.hwcaps="
                     "-ERMS,-FSRM,-AVX,-AVX2,-AVX512F,-AVX512VL,"
                     "-AVX_Fast_Unaligned_Load\n"
                     + ("unset XEN_VIOMMU_QTEST\n" if mode == "none" else "")
                     + "exec valgrind -q --tool=callgrind --vgdb-poll=1000000 "
                     "--toggle-collect=aio_bh_poll --collect-atstart=no "
                     f"--callgrind-out-file={top}/out {QEMU} \"$@\"\n")
    os.chmod(wrapper, 0o755)
    machine.QEMU = wrapper
    with Machine("-drive", "if=none,id=disk,driver=null-co,size=1048576",
                 "-device", Nvme.device + ",addr=4,mdts=7", *args) as m:
        m.viommu.map(RID, devices.MEM, devices.MEM, devices.MEM_PAGES)
        m.viommu.map(RID, DATA, DATA, pages)
        m.tables(TABLES)
        m.viommu.tables(TABLES)
        m.viommu.enable()
        d = Nvme(m, RID)
        m.poke(LIST, struct.pack(f"<{pages}Q", *(DATA + i * PAGE for i in
                                                 range(1, pages + 1))))
        for i in range(WARM + COUNTED):
            if i == WARM:
                dump(m)
            d.read(pages)
            if mode == "strict":
                invalidate(m.viommu, TLB_RANGE, pages)
            if mode == "lazy" and i % 16 == 0:
                invalidate(m.viommu, TLB_DOMAIN, pages)
        dump(m)
        files = sorted(glob.glob(top + "/out.*"),
                       key=lambda f: int(f.rsplit(".", 1)[1]))
        found = functions(files[-1])
    shutil.rmtree(top)
    return found


def main():
    for pages in (1, 16):
        none = count(pages, "none", sys.argv[1:])
        for mode in ("held", "strict", "lazy"):
            found = count(pages, mode, sys.argv[1:])
            more = {name: found.get(name, 0) - none.get(name, 0)
                    for name in {*found, *none}}
            print(f"{4 * pages} KiB, {mode}: {found['']:.0f} instructions, "
                  f"{more.pop(''):.0f} more than none")
            for name, nr in sorted(more.items(), key=lambda item: -item[1]):
                if abs(nr) >= SHOWN:
                    print(f"{nr:9.0f} {name}")
            sys.stdout.flush()


main()
