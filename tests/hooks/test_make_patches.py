#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""scripts/make-patches: the form of a series, and whose file is whose."""

import os
import sys
import tempfile
import unittest

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

from test_apply_hooks import Lines

sys.dont_write_bytecode = True
loader = SourceFileLoader("patches", os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "../../scripts/make-patches"))
patches = module_from_spec(spec_from_loader("patches", loader))
loader.exec_module(patches)

SERIES = """\
# comment

[area: one]
Why so.  It is
short.

Because of that.
files: a/*.c b/**

[area: two]
files: **
"""


class MakePatches(unittest.TestCase):
    def series(self):
        with tempfile.NamedTemporaryFile("w", suffix="series") as stream:
            stream.write(SERIES)
            stream.flush()
            return patches.read_series(stream.name)

    def test_series(self):
        self.assertEqual(self.series(), [
            ("area: one", "Why so.  It is short.\n\nBecause of that.",
             ["a/*.c", "b/**"], []),
            ("area: two", "", ["**"], [])])

    def test_first_pattern_wins(self):
        self.assertEqual(
            patches.assign(self.series(), ["a/x.c", "a/y.h", "a/b/x.c",
                                           "b/c/d"]),
            [["a/x.c", "b/c/d"], ["a/y.h", "a/b/x.c"]])

    def test_file_of_no_patch(self):
        with self.assertRaisesRegex(SystemExit, "c/d belongs to no patch"):
            patches.assign(self.series()[:1], ["c/d"])

    def test_not_needed(self):
        with tempfile.TemporaryDirectory() as pristine:
            with open(os.path.join(pristine, "x.c"), "w", encoding="ascii"):
                pass
            for patterns, expected in (
                    (["x.c"], True), (["x.c", "y.c"], False), (["*.c"], False),
                    ([], False)):
                with self.subTest(patterns=patterns):
                    self.assertEqual(
                        patches.not_needed(pristine, patterns), expected)

    def test_form(self):
        for title, body, why in (
                ("x86/hvm: a unit", "It is needed.", ""),
                ("hw/net/net_tx_pkt: unmap", "x() leaks.", ""),
                ("a unit for HVM guests", "It is needed.", "area: what"),
                ("x86/hvm: a unit.", "It is needed.", "area: what"),
                ("x86/hvm: " + 70 * "x", "It is needed.", "too long"),
                ("x86/hvm: a unit", "", "no text"),
                ("x86/hvm: a unit", "see the code", "no text")):
            with self.subTest(title=title, body=body):
                found = patches.check_form(title, body)
                self.assertIn(why, found)
                self.assertEqual(bool(why), bool(found))


if __name__ == "__main__":
    unittest.main(testRunner=unittest.TextTestRunner(
        resultclass=Lines, stream=sys.stdout, verbosity=0))
