"""What the tests of the editors' clients share: the upstream, a terminal to run a program in, and the lines that
Tests/Clients/run reads."""
import importlib.machinery
import importlib.util
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import unittest
import urllib.request

PATIENCE = 30  # seconds that a test waits for anything before it fails


def note(text):
    """A figure for the reader of the results."""
    print(f"note\t{text}", flush=True)


class Results(unittest.TestResult):
    """Prints each result as a line."""

    @staticmethod
    def name(test):
        return test.shortDescription() or test.id().rpartition(".")[2]

    def addSuccess(self, test):
        print(f"ok\t{self.name(test)}", flush=True)

    def addSkip(self, test, reason):
        print(f"skipped\t{self.name(test)}: {reason}", flush=True)

    def fail(self, test, error):
        print(f"failed\t{self.name(test)}", flush=True)
        for line in "".join(traceback.format_exception(*error)).splitlines():
            print(f"detail\t{line}", flush=True)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.fail(subtest, error)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.fail(test, error)

    def addError(self, test, error):
        super().addError(test, error)
        self.fail(test, error)


def run(folder, succeeded=True):
    """Runs the tests of a folder, or those whose name contains an argument of this program, and ends it: with status 0
    when they passed, and whatever was done before `succeeded`."""
    loader = unittest.TestLoader()
    if len(sys.argv) > 1:
        loader.testNamePatterns = [f"*{name}*" for name in sys.argv[1:]]
    results = Results()
    loader.discover(folder).run(results)
    sys.exit(0 if succeeded and results.wasSuccessful() else 1)


def skip_all(reason):
    """There is nothing to test here."""
    print(f"skipped\t{reason}")
    sys.exit(0)


class Newcomer:
    """A clean home directory, in which the install lines of a client's README have been run."""

    def __init__(self, client):
        self.readme = os.path.join(client, "README.md")
        self.home = tempfile.mkdtemp(prefix="patchbay-newcomer-")
        top = os.path.join(self.home, "checkout")
        os.makedirs(os.path.join(top, "clients", "shell"))
        # A copy: what is installed writes beside its files.
        shutil.copytree(client, os.path.join(top, "clients", os.path.basename(client)))
        # The program is there already: building it once more would take minutes.
        build = os.path.join(top, "clients", "shell", "build")
        with open(build, "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\nprintf "%s\\n" "$PATCHBAY_BINARY"\n')
        os.chmod(build, 0o755)
        self.environment = {
            "HOME": self.home, "PATH": f"{self.home}/.local/bin:{os.environ['PATH']}", "LANG": "C.UTF-8",
            "TERM": "xterm-256color", "PATCHBAY_BINARY": os.environ["PATCHBAY_BINARY"]}
        subprocess.run(["sh", "-euc", self.block("sh")], cwd=top, env=self.environment, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE * 4)

    def block(self, language):
        """The first block of code of that language in the README."""
        with open(self.readme, encoding="utf-8") as file:
            return re.search(rf"```{language}\n(.*?)```", file.read(), re.DOTALL)[1]

    def terminal(self, *command, size=(80, 24)):
        return Terminal(command, self.environment, size, self.home)

    def stop(self):
        shutil.rmtree(self.home, ignore_errors=True)


DEMO = re.compile(r"(?<=<!-- demo -->\n).*?(?=<!-- /demo -->)", re.DOTALL)


def demo_in(readme):
    """What stands between the marks of the demo in a README."""
    with open(readme, encoding="utf-8") as file:
        return DEMO.search(file.read())[0]


def demo_of(screens):
    """Screens as a README shows them: without the colours, nor the empty lines at the end of each."""
    return "".join(f"```text\n{screen.rstrip()}\n```\n" for screen in screens)


def write_demo(readme, screens):
    with open(readme, encoding="utf-8") as file:
        text = file.read()
    with open(readme, "w", encoding="utf-8") as file:
        file.write(DEMO.sub(lambda _: demo_of(screens), text))


def demos(client):
    """What a client's `demo` makes now, and what its README shows; how long anything took is left open."""
    loader = importlib.machinery.SourceFileLoader("demo", os.path.join(client, "demo"))
    demo = importlib.util.module_from_spec(importlib.util.spec_from_loader("demo", loader))
    loader.exec_module(demo)
    texts = demo_of(demo.screens()), demo_in(os.path.join(client, "README.md"))
    return [re.sub(r"\d+\.\d s", "N s", text) for text in texts]


class Upstream:
    """The loopback server of upstream.py, with a PATCHBAY_HOME that uses it."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="patchbay-client-")
        command = [sys.executable, os.environ["PATCHBAY_UPSTREAM"], "--home", self.home, "--until-eof"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE * 3) as answer:
            return json.load(answer)

    def requests(self):
        return self.get("/log")["requests"]

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.home, ignore_errors=True)


# For tests that look at processes.
needs_proc = unittest.skipUnless(os.path.isdir("/proc/self"), "there is no /proc here")


def servers(home):
    """The patchbay processes that were started with this PATCHBAY_HOME, by their ids."""
    found = []
    wanted = f"PATCHBAY_HOME={home}".encode()
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/environ", "rb") as file:
                environment = file.read().split(b"\0")
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                command = file.read().split(b"\0")
        except OSError:
            continue  # it has ended, or is not ours
        if wanted in environment and os.path.basename(command[0]) == b"patchbay":
            found.append(int(entry))
    return found


def wait_for_end(process):
    """Waits until the process of that id is gone."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return
    try:
        if not select.select([handle], [], [], PATIENCE)[0]:
            raise AssertionError(f"process {process} has not ended")
    finally:
        os.close(handle)


class Terminal:
    """A program in a terminal: a pane of a tmux of its own."""

    def __init__(self, command, environment, size=(100, 30), folder=None):
        self.folder = tempfile.mkdtemp(prefix="patchbay-tmux-")
        self.socket = os.path.join(self.folder, "socket")
        self.environment = environment
        # What the program writes comes here too: that is when it is worth looking at the screen again.
        fifo = os.path.join(self.folder, "output")
        os.mkfifo(fifo)
        self.output = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        started = os.path.join(self.folder, "start")
        os.mkfifo(started)
        variables = [word for name, value in environment.items() for word in ("-e", f"{name}={value}")]
        # The program waits for the pipe, so that nothing of what it writes is missed.
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(size[0]), "-y", str(size[1]), *variables,
                  *(["-c", folder] if folder else []), "sh", "-c", 'cat "$0" >/dev/null; exec "$@"', started, *command)
        self.tmux("pipe-pane", "-O", f"exec cat >{fifo}")
        with open(started, "w"):
            pass

    def tmux(self, *arguments):
        command = ["tmux", "-S", self.socket, *arguments]
        environment = {**os.environ, **self.environment}
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    def type(self, *keys):
        """Presses keys, named as tmux names them."""
        self.tmux("send-keys", *keys)

    def write(self, text):
        """Types a text."""
        self.tmux("send-keys", "-l", text)

    def screen(self, styled=False):
        return self.tmux("capture-pane", "-p", *(["-e"] if styled else []))

    def wait(self, condition, what):
        """Waits until `condition` holds for the screen, which it is given; gives the screen."""
        deadline = time.monotonic() + PATIENCE
        while True:
            screen = self.screen()
            if condition(screen):
                return screen
            left = deadline - time.monotonic()
            if left < 0 or not select.select([self.output], [], [], left)[0]:
                raise AssertionError(f"{what} did not come; the screen:\n{screen}")
            if not os.read(self.output, 1 << 16):
                raise AssertionError(f"the program ended before {what} came; the screen was:\n{screen}")

    def wait_for(self, text):
        return self.wait(lambda screen: text in screen, repr(text))

    def stop(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], env={**os.environ, **self.environment},
                       capture_output=True, check=False)
        os.close(self.output)
        shutil.rmtree(self.folder, ignore_errors=True)
