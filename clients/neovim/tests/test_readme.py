import os
import shutil
import unittest

import support

CLIENT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@unittest.skipUnless(shutil.which("tmux"), "there is no tmux here")
class Readme(unittest.TestCase):
    def test_newcomer(self):
        """the lines of the README, run in a clean home, end in an answer"""
        newcomer = support.Newcomer(CLIENT)
        self.addCleanup(newcomer.stop)
        terminal = newcomer.terminal("nvim", "-n")
        self.addCleanup(terminal.stop)
        terminal.wait_for("[No Name]")
        for line, text in zip(newcomer.block("vim").splitlines(), ("version", "answers now", "▌ You → echo/echo")):
            terminal.write(line + "\r")
            terminal.wait_for(text)
        terminal.write("Ahello there")
        terminal.type("C-s")
        terminal.wait_for("▌ echo/echo 3 → 2 tokens")
        self.assertEqual(terminal.screen().count("│hello there"), 2)

    def test_demo(self):
        """what the README shows is what `demo` makes"""
        self.assertEqual(*support.demos(CLIENT))
