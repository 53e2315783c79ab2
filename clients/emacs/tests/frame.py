"""Emacs in a terminal, with an upstream of its own."""
import atexit
import functools
import glob
import os
import shutil
import subprocess
import tempfile
import unittest

import support

CLIENT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
def batch(*arguments, folder=None):
    """Runs Emacs in batch mode; gives its status and what it wrote."""
    done = subprocess.run(["emacs", "-Q", "--batch", *arguments], cwd=folder, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


@functools.lru_cache(maxsize=None)
def compiled():
    """A copy of the package, compiled as its installation compiles it: the folder, and what the compiler said."""
    folder = tempfile.mkdtemp(prefix="patchbay-elc-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    sources = glob.glob(os.path.join(CLIENT, "*.el")) + [os.path.join(CLIENT, "tests", "speed.el")]
    names = [os.path.basename(shutil.copy(source, folder)) for source in sources]
    return folder, batch("-L", folder, "-f", "batch-byte-compile", *sorted(names), folder=folder)[1]


# What a test types a Lisp expression with.
EVALUATE = ("Escape", ":")


@unittest.skipUnless(shutil.which("tmux"), "there is no tmux here")
class Case(unittest.TestCase):
    def setUp(self):
        self.upstream = support.Upstream()
        self.addCleanup(self.upstream.stop)
        self.folder = tempfile.mkdtemp(prefix="patchbay-emacs-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        binary = os.environ["PATCHBAY_BINARY"]
        environment = {**os.environ, "PATCHBAY_HOME": self.upstream.home, "HOME": self.folder,
                       "TERM": "screen-256color"}
        self.terminal = support.Terminal(
            ["emacs", "-Q", "-nw", "-L", compiled()[0], "-l", "patchbay",
             "--eval", f'(setq patchbay-command (list "{binary}" "serve"))'],
            environment, folder=self.folder)
        self.addCleanup(self.terminal.stop)
        self.terminal.wait_for("*scratch*")

    def command(self, name):
        self.terminal.type("Escape", "x")
        self.terminal.wait_for("M-x")
        self.terminal.write(name + "\r")

    def evaluate(self, code):
        self.terminal.type(*EVALUATE)
        self.terminal.wait_for("\nEval:")
        self.terminal.write(code + "\r")

    def chat(self):
        self.command("patchbay")
        self.terminal.wait_for("▌ You")

    def ask(self, question):
        self.terminal.write(question)
        self.terminal.type("C-c", "C-c")
