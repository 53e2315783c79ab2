"""Runs the tests and prints a line for each, as Tests/Clients/run wants it."""

import sys
import unittest

VERSION = "Python %d.%d" % sys.version_info[:2]


def one_line(text):
    return " ".join(text.split())


class Lines(unittest.TestResult):
    def _name(self, test):
        return f"{VERSION}: {type(test).__name__}: {test._testMethodName[5:].replace('_', ' ')}"

    def addSuccess(self, test):
        print("ok", self._name(test), sep="\t", flush=True)

    def _failed(self, test, error):
        print("failed", self._name(test) if hasattr(test, "_testMethodName") else str(test), sep="\t")
        for line in self._exc_info_to_string(error, test).splitlines()[-6:]:
            print("detail", one_line(line), sep="\t", flush=True)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._failed(test, error)

    def addError(self, test, error):
        super().addError(test, error)
        self._failed(test, error)

    def addSkip(self, test, reason):
        print("skipped", f"{self._name(test)}: {one_line(reason)}", sep="\t", flush=True)


suite = unittest.defaultTestLoader.discover(".", pattern=sys.argv[1] if len(sys.argv) > 1 else "test_*.py")
sys.exit(not suite.run(Lines()).wasSuccessful())
