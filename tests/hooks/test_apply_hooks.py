#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""scripts/apply-hooks: what it writes, what it leaves alone, what it refuses."""

import os
import subprocess
import sys
import tempfile
import unittest

TOOL = os.path.join(os.path.dirname(__file__), "../../scripts/apply-hooks")

C_FILE = """\
int one(void)
{
    return 1;
}

int two(void)
{
    return 1;
}
"""


class ApplyHooks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = folder.name
        self.put("pristine/a.c", C_FILE)
        self.put("pristine/sub/Makefile", "obj-y += a.o\nobj-y += c.o\n")

    def path(self, name):
        return os.path.join(self.top, name)

    def put(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as stream:
            stream.write(text)

    def get(self, name):
        with open(self.path(name), encoding="utf-8") as stream:
            return stream.read()

    def run_tool(self, edits=None):
        if edits is not None:
            self.put("hooks/x.edits", edits)
        return subprocess.run(
            [TOOL, "--pristine", self.path("pristine"),
             "--tree", self.path("tree"), "--edits", self.path("hooks"),
             "--overlay", self.path("overlay") + ":new"],
            capture_output=True, text=True, check=False)

    def good(self, edits=None):
        result = self.run_tool(edits)
        self.assertEqual(result.stderr, "")
        self.assertEqual(result.returncode, 0)
        return result.stdout.split()

    def refused(self, edits, *words):
        result = self.run_tool(edits)
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)
        self.assertFalse(os.path.exists(self.path("tree")))

    def test_nothing_to_do(self):
        self.assertEqual(self.good(), [])
        self.assertEqual(self.get("tree/a.c"), C_FILE)

    def test_after_before_replace(self):
        self.good("# why\n== sub/Makefile\n"
                  "-- after: a\\.o\nobj-y += b.o\n\n"
                  "-- before: a\\.o\n# first\n-- end\n# not text\n"
                  "-- replace: c\\.o\nobj-n += c.o\n")
        self.assertEqual(self.get("tree/sub/Makefile"),
                         "# first\nobj-y += a.o\nobj-y += b.o\nobj-n += c.o\n")

    def test_text_is_verbatim(self):
        self.good("== sub/Makefile\n-- after: a\\.o\n\n# kept\n\n\n"
                  "-- after: c\\.o\nend\n")
        self.assertEqual(self.get("tree/sub/Makefile"),
                         "obj-y += a.o\n\n# kept\n\nobj-y += c.o\nend\n")

    def test_region(self):
        self.good("== a.c\n-- in: ^int two\n-- replace: return 1\n"
                  "    return 2;\n")
        self.assertEqual(self.get("tree/a.c"),
                         C_FILE[:C_FILE.rindex("1")] + "2;\n}\n")

    def test_region_is_for_one_edit(self):
        self.refused("== a.c\n-- in: ^int two\n-- after: return 1\nx\n"
                     "-- after: return 1\ny\n", "a.c", "return 1")

    def test_below_takes_the_first(self):
        self.good("== a.c\n-- below: ^int one\n-- replace: return 1\n"
                  "    return 2;\n")
        self.assertEqual(self.get("tree/a.c"), C_FILE.replace("1", "2", 1))
        self.good("== a.c\n-- below: ^int two\n-- replace: return 1\n"
                  "    return 2;\n")
        self.assertEqual(self.get("tree/a.c"),
                         C_FILE[:C_FILE.rindex("1")] + "2;\n}\n")

    def test_below_is_for_one_edit_and_has_to_match(self):
        self.refused("== a.c\n-- below: ^int one\n-- after: return 1\nx\n"
                     "-- after: return 1\ny\n", "a.c", "return 1")
        self.refused("== a.c\n-- below: ^int two\n-- after: ^int\nx\n",
                     "0 lines", "^int")
        self.refused("== a.c\n-- below: ^int\n-- after: return\nx\n",
                     "2 lines", "^int")

    def test_unless(self):
        self.good("== a.c\n-- unless: two\n-- after: gone\nx\n"
                  "-- unless: three\n-- after: ^int one\n/* x */\n")
        self.assertEqual(self.get("tree/a.c"),
                         C_FILE.replace("(void)", "(void)\n/* x */", 1))

    def test_unless_is_for_one_edit(self):
        self.refused("== a.c\n-- unless: two\n-- after: gone\nx\n"
                     "-- after: lost\ny\n", "lost")

    def test_alternatives(self):
        self.good("== sub/Makefile\n-- after: newer\\.o ||| c\\.o\nend\n")
        self.assertTrue(self.get("tree/sub/Makefile").endswith("c.o\nend\n"))

    def test_no_match_is_named(self):
        self.refused("== a.c\n-- after: gone\nx\n",
                     "x.edits", "a.c", "0 lines", "gone")

    def test_two_matches_are_named(self):
        self.refused("== a.c\n-- after: return 1\nx\n", "2 lines", "return 1")

    def test_region_without_match_is_named(self):
        self.refused("== a.c\n-- in: ^int ten\n-- after: return\nx\n",
                     "^int ten")

    def test_missing_target(self):
        self.refused("== b.c\n-- after: x\ny\n", "x.edits:2", "b.c", ": x")

    def test_versions_are_named_if_the_tree_does_not_fit(self):
        known = "; known to fit: 1.2.3, master\n"
        self.put("hooks/versions", "# comment\n1.2.3\nmaster\n")
        self.refused("== a.c\n-- after: two\nz\n-- after: gone\nx\n",
                     "x.edits:4", "a.c", "gone", known)
        self.refused("== a.c\n-- in: ^int ten\n-- after: return\nx\n",
                     "x.edits:3", "a.c", "^int ten", known)
        self.refused("== b.c\n-- after: x\ny\n", "x.edits:2", "b.c", known)
        self.put("overlay/f.c", "f\n")
        self.put("pristine/new/f.c", "g\n")
        self.refused("", "new/f.c", known)

    def test_versions_are_not_named_if_the_edits_are_wrong(self):
        self.put("hooks/versions", "1.2.3\n")
        for edits in ("hello\n", "== a.c\n-- after: (\nx\n"):
            self.put("hooks/x.edits", edits)
            self.assertNotIn("1.2.3", self.run_tool().stderr)
            self.refused(edits, "x.edits:")

    def test_stray_text_and_verbs(self):
        self.refused("hello\n", "x.edits:1")
        self.refused("== a.c\n-- sometimes: x\ny\n", "x.edits:2")
        self.refused("== a.c\n-- after: two\n-- after: one\nx\n", "two")

    def test_edit_of_an_overlay_file(self):
        self.put("overlay/f.c", "f\n")
        self.good("== new/f.c\n-- after: f\ng\n")
        self.assertEqual(self.get("tree/new/f.c"), "f\ng\n")
        self.assertEqual(self.get("overlay/f.c"), "f\n")

    def test_overlay_over_an_existing_file(self):
        self.put("overlay/f.c", "f\n")
        self.put("pristine/new/f.c", "g\n")
        self.refused("", "f.c")

    def test_only_differences_are_written(self):
        self.put("overlay/d/f.c", "f\n")
        edits = "== sub/Makefile\n-- after: a\\.o\nobj-y += b.o\n"
        self.assertEqual(self.good(edits), ["new/d/f.c", "sub/Makefile"])
        stamp = os.stat(self.path("tree/sub/Makefile")).st_mtime_ns
        self.assertEqual(self.good(edits), [])
        self.assertEqual(
            os.stat(self.path("tree/sub/Makefile")).st_mtime_ns, stamp)
        self.put("overlay/d/f.c", "ff\n")
        self.assertEqual(self.good(edits), ["new/d/f.c"])

    def test_what_vanished_is_undone(self):
        self.put("overlay/f.c", "f\n")
        self.good("== sub/Makefile\n-- after: a\\.o\nobj-y += b.o\n")
        os.remove(self.path("overlay/f.c"))
        self.assertEqual(self.good(""), ["new/f.c", "sub/Makefile"])
        self.assertFalse(os.path.exists(self.path("tree/new/f.c")))
        self.assertEqual(self.get("tree/sub/Makefile"),
                         self.get("pristine/sub/Makefile"))

    def test_a_failure_leaves_the_tree_alone(self):
        self.good("== sub/Makefile\n-- after: a\\.o\nobj-y += b.o\n")
        before = self.get("tree/sub/Makefile")
        result = self.run_tool("== sub/Makefile\n-- after: a\\.o\nx\n"
                               "-- after: gone\nx\n")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(self.get("tree/sub/Makefile"), before)


class Lines(unittest.TextTestResult):
    """One PASS or FAIL line per test, as all tests here print."""

    def addSuccess(self, test):
        print(f"PASS hooks/{test._testMethodName[5:]}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        print(f"FAIL hooks/{test._testMethodName[5:]}")

    addError = addFailure


if __name__ == "__main__":
    unittest.main(testRunner=unittest.TextTestRunner(
        resultclass=Lines, stream=sys.stdout, verbosity=0))
