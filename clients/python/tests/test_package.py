"""The package itself: what it is written in, and what a type checker says."""

import ast
import os
import subprocess
import sys
import unittest

import support

PACKAGE = os.path.join(support.CLIENT, "src", "patchbay")
CHECKERS = os.path.join(os.environ.get("PATCHBAY_TESTBED", ""), "v-checkers", "bin")


class Package(unittest.TestCase):
    def test_it_is_written_in_the_language_of_python_3_9(self):
        for name in sorted(os.listdir(PACKAGE)):
            if name.endswith(".py"):
                with open(os.path.join(PACKAGE, name), encoding="utf-8") as file:
                    ast.parse(file.read(), name, feature_version=(3, 9))

    def test_it_needs_nothing_but_python(self):
        code = "import sys; import patchbay; print(*sorted({name.split('.')[0] for name in sys.modules}))"
        done = subprocess.run(
            [sys.executable, "-S", "-c", code], env={"PYTHONPATH": os.path.dirname(PACKAGE)}, stdout=subprocess.PIPE,
            check=True, text=True,
        )
        names = set(done.stdout.split()) - {"patchbay", "__main__", "sitecustomize", "usercustomize"}
        if sys.version_info >= (3, 10):
            self.assertEqual({name for name in names if not name.startswith("_")} - set(sys.stdlib_module_names), set())

    @unittest.skipUnless(os.path.exists(os.path.join(CHECKERS, "mypy")), "mypy is not installed (see Tests/run)")
    def test_its_types_are_sound(self):
        done = subprocess.run(
            [os.path.join(CHECKERS, "mypy"), "--cache-dir", os.devnull, "--python-executable", sys.executable],
            cwd=support.CLIENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
