import glob
import os
import re
import shutil
import unittest

import support
from frame import CLIENT, batch, compiled

SOURCES = sorted(os.path.basename(path) for path in glob.glob(os.path.join(CLIENT, "*.el")))


class Package(unittest.TestCase):
    def test_compiles(self):
        """every file compiles without a warning"""
        folder, said = compiled()
        self.assertNotRegex(said, "(?i)warning|error")
        made = glob.glob(os.path.join(folder, "patchbay*.elc"))
        self.assertEqual(sorted(os.path.basename(path)[:-1] for path in made), SOURCES)

    def test_loads_alone(self):
        """every file can be loaded by itself, and loading starts no process"""
        for name in SOURCES:
            with self.subTest(name):
                status, said = batch("-L", compiled()[0], "-l", name + "c", "--eval",
                                     "(when (process-list) (error \"There is a process\"))")
                self.assertEqual((status, said), (0, ""))

    def test_checkdoc(self):
        """checkdoc finds nothing"""
        for name in SOURCES:
            with self.subTest(name):
                self.assertEqual(batch("--eval", f'(checkdoc-file "{name}")', folder=CLIENT)[1], "")

    def test_package_lint(self):
        """package-lint finds nothing"""
        installed = glob.glob("/usr/share/emacs/site-lisp/elpa-src/package-lint-*/")
        status, said = batch(*[word for folder in installed for word in ("-L", folder)],
                             "-L", "/usr/share/emacs/site-lisp/elpa-src/let-alist-1.0.6", "-l", "package-lint",
                             "--eval", '(setq package-lint-main-file "patchbay.el")',
                             "-f", "package-lint-batch-and-exit", *SOURCES, folder=CLIENT)
        if "Cannot open load file" in said:
            self.skipTest("there is no package-lint here (Debian's elpa-package-lint)")
        # It was made before Emacs 28 was released, and does not believe in it; and the project has no page of its own.
        known = ("uninstallable in all released", "should have a Homepage or URL", "Entering directory")
        said = "".join(line for line in said.splitlines(True) if not any(text in line for text in known))
        self.assertEqual(said, "", status)


@unittest.skipUnless(shutil.which("tmux"), "there is no tmux here")
class Readme(unittest.TestCase):
    def test_newcomer(self):
        """the lines of the README, run in a clean home, end in an answer"""
        newcomer = support.Newcomer(CLIENT)
        self.addCleanup(newcomer.stop)
        terminal = newcomer.terminal("emacs", "-nw")
        self.addCleanup(terminal.stop)
        terminal.wait_for("*GNU Emacs*")
        for name, shown, answer in re.findall(r"M-x ([\w-]+) RET(?: (\S+) RET)?()", newcomer.block("text")):
            terminal.type("Escape", "x")
            terminal.wait_for("M-x")
            terminal.write(name + "\r")
            if shown:
                terminal.wait_for("Model:")
                terminal.write(shown + "\r")
                terminal.wait_for("answers now")
        terminal.wait_for("▌ You → echo/echo")
        terminal.write("hello there")
        terminal.type("C-c", "C-c")
        terminal.wait_for("▌ echo/echo 3 → 2 tokens")
        terminal.wait(lambda screen: screen.count("\nhello there\n") == 2, "the answer")

    def test_demo(self):
        """what the README shows is what `demo` makes"""
        self.assertEqual(*support.demos(CLIENT))
