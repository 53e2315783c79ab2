"""What the tests of this client share: a home, and a server on this machine that stands for a provider."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENT = os.path.dirname(HERE)
TOP = os.path.dirname(os.path.dirname(CLIENT))
UPSTREAM = os.environ.get("PATCHBAY_UPSTREAM", os.path.join(TOP, "Tests", "Clients", "upstream.py"))
BINARY = os.environ.get("PATCHBAY_BINARY", os.path.join(TOP, ".build", "release", "patchbay"))
sys.path.insert(0, os.path.join(CLIENT, "src"))


class Upstream:
    """The server, and a home in which it is the provider `loop`."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="patchbay-python-")
        self.process = subprocess.Popen(
            [sys.executable, UPSTREAM, "--home", self.home, "--until-eof"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        self.port = int(self.process.stdout.readline())

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as response:
            return json.load(response)

    @property
    def requests(self):
        return self.get("/log")["requests"]

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
        shutil.rmtree(self.home)


class TestCase(unittest.TestCase):
    """Every test has a provider and a home of its own."""

    def setUp(self):
        self.upstream = Upstream()
        self.addCleanup(self.upstream.close)
        self.env = {"PATH": os.environ["PATH"], "HOME": self.upstream.home, "PATCHBAY_HOME": self.upstream.home}
        os.environ["PATCHBAY_BINARY"] = BINARY

    def client(self, kind, **options):
        return kind(env=self.env, **options)

    def assert_gone(self, pid):
        """A child of this process that has been waited for is no process any more."""
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)
