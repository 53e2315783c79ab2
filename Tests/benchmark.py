#!/usr/bin/env python3
"""Measures patchbay, curl and codex app-server on one streaming server; see Tests/benchmark.
usage: benchmark.py PATCHBAY MOCK_SSE ROUNDS [CODEX]"""
import json
import os
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

PATCHBAY, MOCK, ROUNDS = os.path.abspath(sys.argv[1]), sys.argv[2], int(sys.argv[3])
CODEX = sys.argv[4] if len(sys.argv) > 4 else ""
HOME = tempfile.mkdtemp(prefix="patchbay-benchmark-")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


PORT = free_port()
URL = f"http://127.0.0.1:{PORT}/v1"
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": HOME, "PATCHBAY_HOME": HOME, "CODEX_HOME": HOME, "LOCAL_KEY": "x"}


class Child:
    """A program that talks in lines of JSON, and when it said what."""

    def __init__(self, *command):
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT,
            cwd=HOME, bufsize=0)
        self.rest = b""

    def send(self, *messages):
        self.process.stdin.write(b"".join(json.dumps(message).encode() + b"\n" for message in messages))

    def lines(self):
        """Pairs of a line and the moment its last byte was read."""
        while True:
            data = os.read(self.process.stdout.fileno(), 1 << 16)
            now = time.monotonic()
            if not data:
                return
            *lines, self.rest = (self.rest + data).split(b"\n")
            for line in lines:
                yield line, now

    def status(self, field):
        """A figure of /proc/PID/status in MB; `None` when the process is gone already."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as lines:
            return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(field + ":")), None)

    def peak(self):
        """The most memory it has had resident so far, in MB. Only while it lives: `wait4` would count what this
        script had resident when it started the program."""
        return self.status("VmHWM")

    def end(self):
        """Ends its input, waits, and gives its CPU seconds."""
        self.process.stdin.close()
        while os.read(self.process.stdout.fileno(), 1 << 16):
            pass
        _, _, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = 0
        return usage.ru_utime + usage.ru_stime


def request(identifier, method, params):
    return {"jsonrpc": "2.0", "id": identifier, "method": method, "params": params}


def complete(identifier, model):
    return request(identifier, "complete", {"provider": "mock", "model": model, "input": "go"})


def patchbay_start():
    child = Child(PATCHBAY)
    child.send(request(1, "initialize", {}))
    answered = next(now for line, now in child.lines() if b'"id":1' in line)
    resident = child.status("VmRSS")
    child.end()
    return {"initialize": 1000 * (answered - child.started), "resident": resident}


def patchbay_stream(model):
    child = Child(PATCHBAY)
    child.send(request(1, "initialize", {}), complete(2, model))
    first = last = None
    for line, now in child.lines():
        if line.startswith(b'{"jsonrpc":"2.0","id":2,'):
            if b'"result"' not in line:
                sys.exit(f"patchbay answered: {line.decode()}")
            break
        if b'"type":"text"' in line:
            first, last = first or now, now
    peak = child.peak()
    cpu = child.end()
    return {"first": 1000 * (first - child.started), "span": 1000 * (last - first), "cpu": cpu, "peak": peak}


def patchbay_many(count, model):
    child = Child(PATCHBAY)
    child.send(request(1, "initialize", {}), *(complete(2 + number, model) for number in range(count)))
    left = count
    for line, _ in child.lines():
        if b'"result"' in line and b'"completionId"' in line:
            left -= 1
        elif b'"error"' in line:
            sys.exit(f"patchbay answered: {line.decode()}")
        if not left:
            break
    wall, peak = time.monotonic() - child.started, child.peak()
    return {"wall": wall, "cpu": child.end(), "peak": peak}


def curl_body(model):
    return json.dumps({"model": model, "stream": True, "messages": [{"role": "user", "content": "go"}]})


CURL = ["curl", "-sN", "-H", "Content-Type: application/json"]


def curl_stream(model):
    child = Child(*CURL, "-d", curl_body(model), URL + "/chat/completions")
    first = last = peak = None
    for line, now in child.lines():
        if b'"content":" w' in line:
            if not first:
                first, peak = now, child.peak()
            last = now
    cpu = child.end()
    return {"first": 1000 * (first - child.started), "span": 1000 * (last - first), "cpu": cpu, "peak": peak}


def curl_many(count, model):
    targets = []
    for number in range(count):
        targets += ["-o", os.devnull] + [URL + "/chat/completions"]
    child = Child(*CURL, "--parallel", "--parallel-immediate", "--parallel-max", "300",
                  "-d", curl_body(model), *targets)
    # It says nothing while it works: look from time to time.
    peak = None
    while not select.select([child.process.stdout], [], [], 0.05)[0]:
        peak = child.peak() or peak
    cpu = child.end()
    return {"wall": time.monotonic() - child.started, "cpu": cpu, "peak": peak}


def codex_stream(model):
    with open(os.path.join(HOME, "config.toml"), "w", encoding="utf-8") as config:
        config.write(
            f'model = "{model}"\nmodel_provider = "local"\napproval_policy = "never"\nweb_search = "disabled"\n'
            'sandbox_mode = "danger-full-access"\ncheck_for_update_on_startup = false\n[analytics]\nenabled = false\n'
            f'[model_providers.local]\nname = "mock"\nbase_url = "{URL}"\nenv_key = "LOCAL_KEY"\n'
            'wire_api = "responses"\nrequest_max_retries = 0\nstream_max_retries = 0\n')
    child = Child(CODEX, "app-server")
    child.send(request(1, "initialize", {"clientInfo": {"name": "benchmark", "version": "1"}}))
    figures, first, last = {}, None, None
    for line, now in child.lines():
        message = json.loads(line)
        if message.get("id") == 1:
            figures |= {"initialize": 1000 * (now - child.started), "resident": child.status("VmRSS")}
            child.send({"method": "initialized"}, request(2, "thread/start", {}))
        elif message.get("id") == 2:
            thread = message["result"]["thread"]["id"]
            child.send(request(3, "turn/start", {"threadId": thread, "input": [{"type": "text", "text": "go"}]}))
        elif message.get("method") == "item/agentMessage/delta":
            first, last = first or now, now
        elif message.get("method") == "turn/completed":
            break
    peak = child.peak()
    cpu = child.end()
    return figures | {
        "first": 1000 * (first - child.started), "span": 1000 * (last - first), "cpu": cpu, "peak": peak}


def median(runs, key):
    values = [run[key] for run in runs if run[key] is not None]
    return statistics.median(values) if values else float("nan")


def main():
    os.makedirs(os.path.join(HOME, "config"))
    with open(os.path.join(HOME, "config", "config.json"), "w", encoding="utf-8") as config:
        json.dump({"providers": {"mock": {"api": "openai-completions", "baseURL": URL, "model": "n5"}}}, config)
    server = subprocess.Popen([sys.executable, MOCK, str(PORT)], stdout=subprocess.PIPE)
    try:
        server.stdout.readline()
        measure()
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(HOME, ignore_errors=True)


def measure():
    peers = {"patchbay": patchbay_stream, "curl -N": curl_stream}
    if CODEX:
        peers["codex app-server"] = codex_stream
    runs = {name: {model: [] for model in ("n5", "n2000", "n200d5")} for name in peers}
    starts, many, crowd = [], {"patchbay": [], "curl -N": []}, {"patchbay": [], "curl -N": []}
    for number in range(ROUNDS + 1):  # the first round warms up and does not count
        start = patchbay_start()
        if number:
            starts.append(start)
        for model in ("n5", "n2000", "n200d5"):
            for name, stream in peers.items():
                run = stream(model)
                if number:
                    runs[name][model].append(run)
        if 1 <= number <= 3:
            for name, several in (("patchbay", patchbay_many), ("curl -N", curl_many)):
                many[name].append(several(50, "n200d5"))
                crowd[name].append(several(500, "n50d10"))
        print(f"\rround {number} of {ROUNDS}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)

    def row(label, goal, cells):
        print(f"{label:<46}{goal:>14}" + "".join(f"{cells.get(name, '-'):>18}" for name in peers))

    def figures(form, values):
        return {name: form.format(value) for name, value in values.items()}

    def each(model, key):
        return {name: median(own[model], key) for name, own in runs.items()}

    row(f"medians of {ROUNDS} rounds", "goal", {name: name for name in peers})
    codex = {"codex app-server": median(runs["codex app-server"]["n5"], "initialize")} if CODEX else {}
    row("start → initialize answered", "15 ms", figures("{:.1f} ms", {"patchbay": median(starts, "initialize")} | codex))
    codex = {"codex app-server": median(runs["codex app-server"]["n5"], "resident")} if CODEX else {}
    row("resident after initialize", "12 MB", figures("{:.1f} MB", {"patchbay": median(starts, "resident")} | codex))
    row("start → first token", "20 ms", figures("{:.1f} ms", each("n5", "first")))
    row("2,000 deltas, no pause: first → last", "40 ms", figures("{:.1f} ms", each("n2000", "span")))
    row("2,000 deltas, no pause: CPU of the process", "", figures("{:.3f} s", each("n2000", "cpu")))
    row("200 deltas, 5 ms apart: CPU of the process", "", figures("{:.3f} s", each("n200d5", "cpu")))
    row("peak resident, one stream of 2,000", "", figures("{:.1f} MB", each("n2000", "peak")))
    for label, key, form, goal in (("CPU", "cpu", "{:.2f} s", "0.6 s"), ("wall", "wall", "{:.2f} s", "1.00 s is ideal")):
        values = {name: median(own, key) for name, own in many.items()}
        row(f"50 × 200 deltas, 5 ms apart: {label}", goal, figures(form, values))
    values = {name: median(own, "peak") for name, own in crowd.items()}
    row("500 streams at once (curl: 300): peak resident", "100 MB", figures("{:.1f} MB", values))
    values = {name: median(own, "wall") for name, own in crowd.items()}
    row("500 streams at once (curl: 300): wall", "", figures("{:.2f} s", values))


main()
