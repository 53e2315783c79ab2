#!/usr/bin/env python3
"""Keeps a patchbay busy over stdio and measures it: how long requests take, and how much memory it holds.

usage: soak.py PROGRAM WINDOW COUNT PARAMS [COUNT PARAMS…]
Runs COUNT completions with these params (JSON), WINDOW of them at a time, one kind after the other, in one process that
inherits the environment. The one line of output is JSON: for each kind `count`, `failed`, `deltas`, `seconds`,
`p99Ms` of ten equal parts, and `memory`, the resident bytes at the end of each part; and how the process ended.
"""
import json
import subprocess
import sys
import time

PARTS = 10


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def p99(latencies):
    return round(sorted(latencies)[int(len(latencies) * 0.99)] * 1000, 3)


class Soak:
    def __init__(self, program, window):
        self.process = subprocess.Popen([program, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.window = window
        self.next_id = 1
        self.call("initialize", {})

    def send(self, method, params):
        identifier, self.next_id = self.next_id, self.next_id + 1
        message = {"jsonrpc": "2.0", "id": identifier, "method": method, "params": params}
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()
        return identifier

    def call(self, method, params):
        identifier = self.send(method, params)
        while True:
            message = json.loads(self.process.stdout.readline())
            if message.get("id") == identifier:
                return message

    def run(self, count, params):
        sent, latencies, memory, failed, deltas = {}, [], [], 0, 0
        start = time.monotonic()
        left = count
        for _ in range(min(self.window, count)):
            sent[self.send("complete", params)] = time.monotonic()
            left -= 1
        while sent:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit("the program ended early")
            if b'"method":"streamDelta"' in line:
                deltas += 1
                continue
            message = json.loads(line)
            # Two answers to one request, or one to none, would be an error here.
            latencies.append(time.monotonic() - sent.pop(message["id"]))
            failed += "result" not in message
            if left:
                sent[self.send("complete", params)] = time.monotonic()
                left -= 1
            if len(latencies) % (count // PARTS) == 0:
                memory.append(resident(self.process.pid))
        size = count // PARTS
        parts = [p99(latencies[part * size:(part + 1) * size]) for part in range(PARTS)]
        seconds = round(time.monotonic() - start, 1)
        return {
            "count": len(latencies), "failed": failed, "deltas": deltas, "seconds": seconds, "p99Ms": parts,
            "memory": memory,
        }

    def end(self):
        self.process.stdin.close()
        rest = self.process.stdout.read()
        return self.process.wait(), len(rest)


def main():
    program, window, *kinds = sys.argv[1:]
    soak = Soak(program, int(window))
    results = [soak.run(int(count), json.loads(params)) for count, params in zip(kinds[::2], kinds[1::2])]
    status, surplus = soak.end()
    print(json.dumps({"kinds": results, "status": status, "surplus": surplus}), flush=True)


main()
