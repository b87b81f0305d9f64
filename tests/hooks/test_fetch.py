#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A tree that the hooks do not fit is refused by one line, and nothing that was
built is lost, then or by the next make."""

import os
import subprocess
import tempfile
import unittest

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class Fetch(unittest.TestCase):
    def refused(self, name):
        with tempfile.TemporaryDirectory() as folder:
            def path(*parts):
                return os.path.join(folder, *parts)

            def put(text, *parts):
                os.makedirs(os.path.dirname(path(*parts)), exist_ok=True)
                with open(path(*parts), "w", encoding="utf-8") as stream:
                    stream.write(text)

            def get(*parts):
                with open(path(*parts), encoding="utf-8") as stream:
                    return stream.read()

            kept = [("src", name, "a"), (name, "a"), (name + "-obj", "a")]
            for file in kept:
                put("built", *file)
            stamps = [("stamps", name + end) for end in (".fetched", ".from")]
            put("\n", *stamps[0])
            os.utime(path(*stamps[0]), (1, 1))
            put("wrong\n", *stamps[1])
            os.makedirs(path("wrong"))
            run = subprocess.run(
                [os.path.join(TOP, "scripts/fetch"), "source", name,
                 path("wrong")], env=dict(os.environ, BUILD=folder),
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                check=False)
            self.assertEqual(run.returncode, 1)
            self.assertEqual(run.stdout, "")
            self.assertRegex(run.stderr, r"^apply-hooks: hooks/.*: no such file"
                             r" in the tree, .*; known to fit: .*\n$")
            for file in kept:
                self.assertEqual(get(*file), "built")
            self.assertEqual(get(*stamps[1]), "\n")
            self.assertLessEqual(os.path.getmtime(path(*stamps[1])), 1)

    def test_qemu(self):
        self.refused("qemu")

    def test_xen(self):
        self.refused("xen")


class Result(unittest.TextTestResult):
    """A line for each test, as the tally wants it."""

    def addSuccess(self, test):
        print(f"PASS hooks/fetch/{test.id().rpartition('.')[2]}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        print(f"FAIL hooks/fetch/{test.id().rpartition('.')[2]}: {err[1]}")

    def addError(self, test, err):
        super().addError(test, err)
        print(f"FAIL hooks/fetch/{test.id().rpartition('.')[2]}: {err[1]}")


if __name__ == "__main__":
    unittest.main(testRunner=unittest.TextTestRunner(
        resultclass=Result, stream=open(os.devnull, "w", encoding="utf-8")))
