"""The example of a conversation, in a terminal."""

import os
import pty
import select
import unittest

import support


class Repl(support.TestCase):
    def setUp(self):
        super().setUp()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            repl = os.path.join(support.CLIENT, "examples", "repl.py")
            env = {**self.env, "PYTHONPATH": os.path.join(support.CLIENT, "src"), "PATCHBAY_BINARY": support.BINARY}
            os.execvpe("python3", ["python3", repl], env)
        self.addCleanup(os.close, self.terminal)
        self.text = b""

    def read_until(self, end):
        while not self.text.endswith(end):
            self.assertTrue(select.select([self.terminal], [], [], 60)[0], f"only {self.text} came, and no {end}")
            self.text += os.read(self.terminal, 1 << 16)
        self.text = b""

    def server(self):
        """The process of the server: the only child of the program."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="ascii") as file:
            return file.read().split()

    def type(self, text):
        os.write(self.terminal, text)

    def test_an_interrupt_ends_the_answer_and_not_the_program(self):
        self.read_until(b"> ")
        self.type(b"!wait\n")
        self.read_until(b"waiting")
        before = self.server()
        self.type(b"\x03")
        self.assertEqual(self.upstream.get("/ended/1")["ended"], "disconnected")
        self.read_until(b"> ")
        self.type(b"!say go on\n")
        self.read_until(b"go on\r\n> ")
        self.assertEqual(self.server(), before, "it is still the same server")
        self.type(b"\x04")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), 0)


if __name__ == "__main__":
    unittest.main()
