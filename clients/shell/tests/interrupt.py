"""Asks in an interactive shell on a terminal, presses Ctrl-C while the answer waits, and calls another method.

Prints "TEXT/STATUS/WHAT BECAME OF THE REQUEST/RESULT OF THE CALL AFTER IT".
usage: interrupt.py SHELL PATCHBAY_SH PORT
"""
import json
import os
import pty
import re
import select
import sys
import urllib.request

shell, library, port = sys.argv[1:]


def ask(path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        return json.load(answer)


pid, terminal = pty.fork()
if pid == 0:
    options = ["-f", "-i"] if shell == "zsh" else ["--norc", "-i"]
    os.environ["PS1"] = "> "
    os.execvp(shell, [shell, *options])

seen = ""


def wait_for(pattern):
    global seen
    while True:
        found = re.search(pattern, seen)
        if found:
            seen = seen[found.end():]
            return found
        if not select.select([terminal], [], [], 45)[0]:
            sys.exit(f"waited for {pattern!r} in vain; the end is {seen[-500:]!r}")
        seen += os.read(terminal, 65536).decode(errors="replace")


def type_line(text):
    os.write(terminal, text.encode() + b"\r")


before = len(ask("/log")["requests"])
type_line(f". '{library}'; PS1='> '; echo LOA''DED")
wait_for("LOADED")
type_line("pb_complete '!wait'; echo \"STA\"\"TUS $?\"")
said = wait_for(r"(waiting)").group(1)
os.write(terminal, b"\x03")
status = wait_for(r"STATUS (\d+)").group(1)
ended = ask(f"/ended/{before + 1}")["ended"]
type_line("pb_call ping; echo DO''NE")
result = wait_for(r"(\{\})(?:\x1b\[0?m)?\s+DONE").group(1)
type_line("exit")
print("/".join([said, status, ended, result]))
