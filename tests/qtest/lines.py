# SPDX-License-Identifier: GPL-2.0-only
"""lines.py [TEST...]: run the tests here, or those named, with a line for each as
scripts/tally reads it."""

import os
import sys
import unittest


class Lines(unittest.TextTestResult):
    """PASS or FAIL, a name, and why."""

    def name(self, test):
        return "devices/" + test.id().split(".", 1)[1].replace(
            ".test_", "/").replace(".", "/")

    def addSuccess(self, test):
        super().addSuccess(test)
        print(f"PASS {self.name(test)}", flush=True)

    def bad(self, test, err):
        why = str(err[1]).strip().splitlines() or [err[0].__name__]
        print(f"FAIL {self.name(test)}: {why[-1][:200]}", flush=True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.bad(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self.bad(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.bad(test, err)


def main():
    loader = unittest.TestLoader()
    if len(sys.argv) > 1:
        tests = loader.loadTestsFromNames(sys.argv[1:])
    else:
        tests = loader.discover(os.path.dirname(os.path.abspath(__file__)))
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0,
                                     resultclass=Lines).run(tests)
    sys.exit(not result.wasSuccessful())


main()
