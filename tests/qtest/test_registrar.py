# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory that Xen's map cache maps while a request ends in a coroutine is not told
to the block layer (registrar.c); in the QEMU that is not ours it is."""

import os
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
HEADERS = ("qemu/osdep.h", "qemu/coroutine.h", "qapi/error.h",
           "system/block-backend.h", "system/block-ram-registrar.h")


class Registrar(unittest.TestCase):
    def run_with(self, tree):
        with tempfile.TemporaryDirectory() as folder:
            for name in HEADERS:
                path = os.path.join(folder, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8"):
                    pass
            program = os.path.join(folder, "registrar")
            source = os.path.join(tree, "block/block-ram-registrar.c")
            subprocess.run(
                [os.environ.get("CC", "cc"), "-Wall", "-I" + folder,
                 f'-DREGISTRAR="{source}"', "-o", program,
                 os.path.join(HERE, "registrar.c")], check=True)
            return subprocess.run([program], check=False).returncode

    def test_coroutine(self):
        self.assertEqual(self.run_with(os.environ["QTEST_TREE"]), 0)

    def test_mutant(self):
        """Without our edits it would be seen."""
        self.assertEqual(self.run_with(os.environ["QTEST_PRISTINE"]), 1)


if __name__ == "__main__":
    unittest.main()
