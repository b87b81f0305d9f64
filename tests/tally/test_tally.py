#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""scripts/tally: what it counts, and the JUnit that it writes."""

import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

TOOL = os.path.join(os.path.dirname(__file__), "../../scripts/tally")


class Tally(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.list = os.path.join(folder.name, "list")
        self.junit = os.path.join(folder.name, "junit.xml")

    def run_tally(self, text):
        """Run it with this list; sets result, last and suites."""
        with open(self.list, "w", encoding="utf-8") as stream:
            stream.write(text)
        self.result = subprocess.run(
            [sys.executable, TOOL, self.list, self.junit], text=True,
            stdout=subprocess.PIPE, check=False)
        self.last = self.result.stdout.splitlines()[-1]
        root = ElementTree.parse(self.junit).getroot()
        self.assertEqual(root.tag, "testsuites")
        self.suites = list(root)
        cases = list(root.iter("testcase"))
        failures = list(root.iter("failure"))
        self.assertEqual(self.last, f"{len(cases) - len(failures)} passed, "
                                    f"{len(failures)} failed")
        self.assertEqual(root.get("tests"), str(len(cases)))
        self.assertEqual(root.get("failures"), str(len(failures)))
        self.assertEqual(self.result.returncode, 1 if failures else 0)

    def names(self, number):
        """The names of a suite's tests."""
        return [case.get("name") for case in self.suites[number]]

    def test_each_line(self):
        self.run_tally("# one\necho PASS a/x; echo PASS a/y, and more\n"
                       "# two\necho PASS b\n")
        self.assertEqual([s.get("name") for s in self.suites], ["one", "two"])
        self.assertEqual(self.names(0), ["a/x", "a/y, and more"])
        self.assertEqual(self.names(1), ["b"])
        self.assertEqual(self.suites[1][0].get("classname"), "two")
        self.assertEqual(self.last, "3 passed, 0 failed")

    def test_failure(self):
        self.run_tally("# s\necho PASS a; echo it said; echo FAIL b: why: so; "
                       "echo other; echo PASS c; echo FAIL d\n")
        self.assertEqual(self.names(0), ["a", "b", "c", "d"])
        failure = self.suites[0][1].find("failure")
        self.assertEqual(failure.get("message"), "why: so")
        self.assertEqual(failure.text, "it said")
        self.assertEqual(self.suites[0][3].find("failure").get("message"),
                         "failed")
        self.assertEqual(self.suites[0].get("failures"), "2")

    def test_not_xml(self):
        self.run_tally("# <&\"'\n"
                       "printf '\\001]]>\\377\\n'; "
                       "echo 'FAIL <a> & \"b\": \"x\" < <'\n")
        self.assertEqual(self.names(0), ['<a> & "b"'])
        failure = self.suites[0][0].find("failure")
        self.assertEqual(failure.get("message"), '"x" < <')
        self.assertEqual(failure.text, "?]]>\ufffd")
        self.assertEqual(self.suites[0].get("name"), "<&\"'")

    def test_remark(self):
        """The same test has the same name, whatever became of it."""
        self.run_tally("# s\necho 'PASS m/x (killed by y)'; "
                       "echo 'FAIL m/x (survived)'; echo 'FAIL u/(early)'\n")
        self.assertEqual(self.names(0), ["m/x", "m/x", "u/(early)"])
        self.assertEqual(self.suites[0][1].find("failure").get("message"),
                         "survived")

    def test_exit_status(self):
        self.run_tally("# s\necho PASS a; exit 3\n# t\necho FAIL b: x; exit 3\n")
        self.assertEqual(self.names(0), ["a", "s"])
        self.assertIn("exit status 3",
                      self.suites[0][1].find("failure").get("message"))
        self.assertEqual(self.names(1), ["b"])

    def test_nothing_reported(self):
        self.run_tally("# s\ntrue\n")
        self.assertEqual(self.names(0), ["s"])
        self.assertEqual(self.last, "0 passed, 1 failed")

    def test_no_names_no_tests(self):
        """A command that gives numbers only has reported nothing."""
        self.run_tally("# s\necho 's: 9 passed, 0 failed'\n")
        self.assertEqual(self.last, "0 passed, 1 failed")

    def test_beside(self):
        """One that runs beside others: here it needs them to end."""
        fifo = self.list + ".fifo"
        os.mkfifo(fifo)
        self.run_tally(f"# one\n& cat {fifo}\n# two\n"
                       f"echo PASS b; echo PASS a >{fifo}\n"
                       "# three\n& echo FAIL c: why; exit 3\n")
        self.assertEqual([s.get("name") for s in self.suites],
                         ["one", "two", "three"])
        self.assertEqual(self.names(0), ["a"])
        self.assertEqual(self.names(2), ["c"])
        self.assertEqual(self.last, "2 passed, 1 failed")
        printed = self.result.stdout.splitlines()
        self.assertLess(printed.index("PASS b"), printed.index("PASS a"))

    def test_beside_in_order(self):
        """Those beside others come one after the other."""
        there = self.list + ".there"
        self.run_tally(f"# one\n& sleep 0.2; >{there}; echo PASS a\n"
                       f"# two\n& test -e {there} && echo PASS b\n"
                       "# three\necho PASS c\n")
        self.assertEqual(self.names(0) + self.names(1) + self.names(2),
                         ["a", "b", "c"])

    def test_waits(self):
        """One that waits is beside one that is beside others."""
        fifo = self.list + ".fifo"
        os.mkfifo(fifo)
        self.run_tally(f"# one\n& cat {fifo}\n"
                       f"# two\n+ echo PASS a >{fifo}; echo PASS b\n"
                       "# three\n+ echo PASS c\n# four\necho PASS d\n")
        self.assertEqual([self.names(i) for i in range(4)],
                         [["a"], ["b"], ["c"], ["d"]])

    def test_noise(self):
        self.run_tally("# s\necho 'make[1]: Leaving'; echo 'cc -o x'; "
                       "echo '  FAIL x'; echo PASSED; echo PASS a\n")
        self.assertNotIn("make[1]", self.result.stdout)
        self.assertNotIn("cc -o", self.result.stdout)
        self.assertEqual(self.names(0), ["a"])


class Lines(unittest.TextTestResult):
    """One PASS or FAIL line per test, as all tests here print."""

    def addSuccess(self, test):
        print(f"PASS tally/{test._testMethodName[5:]}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        print(f"FAIL tally/{test._testMethodName[5:]}")

    addError = addFailure


if __name__ == "__main__":
    unittest.main(testRunner=unittest.TextTestRunner(
        resultclass=Lines, stream=sys.stdout, verbosity=0))
