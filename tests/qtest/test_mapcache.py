# SPDX-License-Identifier: GPL-2.0-or-later
"""Xen's map cache (mapcache.c): a pointer into guest memory leads to what is there
when it is taken, and for as long as it is locked.  Each fault of tests/mutants/qemu
in that file fails the test that it names."""

import glob
import os
import re
import shutil
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SOURCE = "hw/xen/xen-mapcache.c"
HEADERS = ("qemu/osdep.h", "qemu/units.h", "qemu/error-report.h",
           "qemu/bitmap.h", "hw/xen/xen-hvm-common.h", "hw/xen/xen_native.h",
           "system/runstate.h", "system/xen-mapcache.h", "system/dma-track.h",
           "trace.h", "xenevtchn.h", "xengnttab.h")
TESTS = ("unlock_another", "address_of", "locked_hides",
         "chained_locked_hides", "chained_goes", "restored_hole",
         "restored_device", "lets_go", "at_random")


def glib(what):
    return subprocess.run(["pkg-config", what, "glib-2.0"], check=True,
                          capture_output=True, text=True).stdout.split()


def build(source, folder):
    """The program for that file; it is copied, or it would include what is
    beside it."""
    for name in HEADERS:
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8"):
            pass
    shutil.copy(source, os.path.join(folder, "mapcache.inc"))
    queue = os.path.join(os.environ["QTEST_TREE"], "include/qemu/queue.h")
    program = os.path.join(folder, "mapcache")
    subprocess.run(
        [os.environ.get("CC", "cc"), "-g", "-fsanitize=address", "-Wall",
         "-Wno-unused", "-I" + folder, f'-DQUEUE="{queue}"',
         f'-DMAPCACHE="{folder}/mapcache.inc"', *glib("--cflags"),
         "-o", program, os.path.join(HERE, "mapcache.c"), *glib("--libs")],
        check=True)
    return program


def run(program, *tests):
    """Faults are the program's own to see."""
    env = dict(os.environ, ASAN_OPTIONS="handle_segv=0:handle_sigbus=0")
    return subprocess.run([program, *tests], env=env, check=False,
                          capture_output=True, text=True)


class Mapcache(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.program = build(os.path.join(os.environ["QTEST_TREE"], SOURCE),
                            folder.name)


class Mutants(unittest.TestCase):
    """In names, "-" is "_"."""

    def mutant(self, edits):
        with open(edits, encoding="utf-8") as stream:
            test = re.search(r"^# test: (\w+)$", stream.read(), re.M)[1]
        with tempfile.TemporaryDirectory() as folder:
            tree = os.path.join(folder, "tree")
            subprocess.run(
                [os.path.join(TOP, "scripts/apply-hooks"), "--sparse",
                 "--pristine", os.environ["QTEST_TREE"], "--tree", tree,
                 "--edits", edits], check=True, stdout=subprocess.DEVNULL)
            result = run(build(os.path.join(tree, SOURCE), folder), test)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)


def of(name):
    def check(self):
        result = run(self.program, name)
        self.assertEqual(result.returncode, 0, result.stderr + result.stdout)
    return check


for _name in TESTS:
    setattr(Mapcache, "test_" + _name, of(_name))
for _edits in glob.glob(TOP + "/tests/mutants/qemu/mapcache-*.edits"):
    setattr(Mutants,
            "test_" + os.path.basename(_edits)[:-6].replace("-", "_"),
            lambda self, e=_edits: self.mutant(e))

if __name__ == "__main__":
    unittest.main()
