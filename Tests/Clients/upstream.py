#!/usr/bin/env python3
r"""An OpenAI-style server on 127.0.0.1 for the tests of the clients: what it does is chosen by what it is asked.

usage: upstream.py [--home FOLDER] [--until-eof]
    --home FOLDER   writes FOLDER/config/config.json, with this server as the provider `loop` and as what answers when
                    nothing is named; start patchbay with PATCHBAY_HOME=FOLDER
    --until-eof     ends when its standard input does, so that it never outlives the test that started it
The first line of its output is its port. It needs nothing but Python 3.9.

What the last message of the user asks for, word by word unless it says otherwise; an order may stand anywhere in it,
and ends with its line:
    (anything else)        "Hello from the loop."
    !say TEXT              TEXT, with a line break for each \n in it
    !count N               "1 2 3 … N", in N deltas that are sent at once
    !stamp [N [MS]]        "@MONOTONIC,WALL" N times (1), MS milliseconds apart (0): when each delta was sent, by this
                           machine's monotonic clock and by its wall clock, in nanoseconds
    !wait                  "waiting", then nothing until /release or the end of the connection, then " released"
    !think                 reasoning first: "Let me see.", then "Seen."
    !tool [NAME [JSON]]    a call of the tool NAME, or of the first one offered, with JSON or {} as its arguments; what
                           the tool gave back is answered with "The tool said: …"
    !fail STATUS           an error with that HTTP status; 429 wants a pause of 2 s
    !cut                   "half", then the connection is cut
A hole (/v1/completions with a `suffix`) is filled with "filled"; where its prefix ends in one of !say, !wait, !fail
and !stamp, by that.

What the test may ask:
    GET /log               {"requests": [{"number", "path", "body", "at", "ended"}, …]}: `at` is monotonic, in
                           nanoseconds; `ended` is null while it is answered, then "complete", "failed" or "disconnected"
    GET /begun/N           waits until request N (from 1) is there, and gives it
    GET /ended/N           waits until request N has ended, and gives it
    GET /release           lets everything that waits go on
"""
import http.server
import json
import os
import re
import select
import socket
import sys
import threading
import time
from urllib.parse import urlparse

GREETING = "Hello from the loop."
THOUGHT = "Let me see."
MODEL = "looped"
ORDER = re.compile(r"(!(?:say|count|stamp|wait|think|tool|fail|cut)\b)([^\n]*)")
PATIENCE = 60  # seconds that /begun and /ended wait before they give up


class Log:
    """Every request to the API, and what became of it."""

    def __init__(self):
        self.requests = []
        self.changed = threading.Condition()

    def begin(self, path, body):
        with self.changed:
            entry = {"number": len(self.requests) + 1, "path": path, "body": body, "at": time.monotonic_ns(), "ended": None}
            self.requests.append(entry)
            self.changed.notify_all()
            return entry

    def end(self, entry, how):
        with self.changed:
            entry["ended"] = how
            self.changed.notify_all()

    def wait_for(self, number, has_ended):
        """Request `number` once it is there, or has ended; None when that takes too long."""

        def is_so():
            return len(self.requests) >= number and (not has_ended or self.requests[number - 1]["ended"] is not None)

        with self.changed:
            return dict(self.requests[number - 1]) if self.changed.wait_for(is_so, PATIENCE) else None

    def text(self):
        with self.changed:
            return json.dumps({"requests": self.requests})


class Hold:
    """What waits until it is released: everybody who waits watches the read end of the same pipe."""

    def __init__(self):
        self.lock = threading.Lock()
        self.ends = os.pipe()

    def release(self):
        with self.lock:
            old, self.ends = self.ends, os.pipe()
        os.close(old[1])  # the read end stays open for those who watch it: there are only as many as there were releases

    def wait(self, connection):
        """Whether it was released; False when the connection ended first."""
        with self.lock:
            released = self.ends[0]
        readable, _, _ = select.select([released, connection], [], [])
        return released in readable


log, hold = Log(), Hold()


class Disconnected(Exception):
    pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def send_json(self, value, status=200, headers=()):
        body = (value if isinstance(value, str) else json.dumps(value)).encode()
        self.send_response(status)
        for name, text in (("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def send_failure(self, status, message):
        headers = (("Retry-After", "2"),) if status == 429 else ()
        self.send_json({"error": {"message": message, "type": "test", "code": None}}, status, headers)

    # What the test asks

    def do_GET(self):
        path = urlparse(self.path).path
        if path == "/v1/models":
            return self.send_json({"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "test"}]})
        if path == "/log":
            return self.send_json(log.text())
        if path == "/release":
            hold.release()
            return self.send_json({})
        kind, _, number = path[1:].partition("/")
        if kind in ("begun", "ended") and number.isdigit():
            entry = log.wait_for(int(number), kind == "ended")
            if entry is not None:
                return self.send_json(entry)
            return self.send_failure(504, f"request {number} has not {kind} in {PATIENCE} s; there were: {log.text()}")
        return self.send_failure(404, f"there is nothing at {path}")

    # What patchbay asks

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or b"{}")
        entry = log.begin(self.path, body)
        how = "disconnected"
        try:
            how = self.answer(urlparse(self.path).path, body)
        except (Disconnected, ConnectionError):
            self.close_connection = True
        finally:
            log.end(entry, how)

    def answer(self, path, body):
        if path == "/v1/chat/completions":
            return self.answer_chat(body)
        if path == "/v1/completions":
            return self.answer_hole(body)
        self.send_failure(404, f"there is nothing at {path}")
        return "failed"

    def answer_chat(self, body):
        last = body["messages"][-1]
        if last["role"] == "tool":
            order = ["!say", "The tool said: " + text_of(last)]
        else:
            order = order_in(text_of(last))
        if order[0] == "!fail":
            self.send_failure(int(order[1]), f"The test asked for a failure: {order[1]}.")
            return "failed"
        if not body.get("stream"):
            self.send_json(self.whole(order, body.get("tools") or []))
            return "complete"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        return self.stream(order, body.get("tools") or [])

    def answer_hole(self, body):
        order = order_in(body["prompt"].rstrip("\n").rpartition("\n")[2])
        if order[0] == "!fail":
            self.send_failure(int(order[1]), f"The test asked for a failure: {order[1]}.")
            return "failed"
        text = "filled" if not order[0] else "".join(self.pieces(order))
        self.send_json({"id": "x", "object": "text_completion", "model": MODEL, "choices": [
            {"index": 0, "text": text, "finish_reason": "stop"}], "usage": usage(1)})
        return "complete"

    def stream(self, order, tools):
        if order[0] == "!cut":
            self.send_chunks([{"content": "half"}])
            self.connection.shutdown(socket.SHUT_RDWR)
            raise Disconnected
        if order[0] == "!tool":
            return self.stream_call(order, tools)
        count = 0
        if order[0] == "!think":
            self.send_chunks([{"reasoning_content": word} for word in words(THOUGHT)])
        if order[0] == "!count":
            count = int(order[1])
            self.send_chunks([{"content": piece} for piece in self.pieces(order)])
        else:
            for piece in self.pieces(order):
                count += 1
                self.send_chunks([{"content": piece}])
        return self.end_stream("stop", count)

    def whole(self, order, tools):
        """An answer that is not streamed."""
        message, reason = {"role": "assistant"}, "stop"
        if order[0] == "!tool":
            name, arguments = called(order, tools)
            call = {"id": f"call_{len(log.requests)}", "type": "function", "function": {"name": name, "arguments": arguments}}
            message["tool_calls"], reason = [call], "tool_calls"
        elif order[0] == "!think":
            message["reasoning_content"] = THOUGHT
        if order[0] != "!tool":
            message["content"] = "".join(self.pieces(order))
        answer = completion(message, reason, "message")
        answer.update(object="chat.completion", usage=usage(1))
        return answer

    def stream_call(self, order, tools):
        name, arguments = called(order, tools)
        middle = len(arguments) // 2

        def call(**function):
            return {"tool_calls": [{"index": 0, "function": function}]}

        first = call(name=name, arguments="")
        first["tool_calls"][0].update(id=f"call_{len(log.requests)}", type="function")
        self.send_chunks([first, call(arguments=arguments[:middle]), call(arguments=arguments[middle:])])
        return self.end_stream("tool_calls", 1)

    def end_stream(self, reason, count):
        last = completion({}, reason)
        last["usage"] = usage(count)
        self.send_events([last, "[DONE]"])
        self.wfile.write(b"0\r\n\r\n")
        return "complete"

    def send_chunks(self, deltas):
        self.send_events([completion(delta) for delta in deltas])

    def send_events(self, events):
        """All of them in one write."""
        texts = [event if isinstance(event, str) else json.dumps(event) for event in events]
        data = "".join(f"data: {text}\n\n" for text in texts).encode()
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def pieces(self, order):
        """The texts of an answer, each made when it is to be sent."""
        name, rest = order
        if name == "!say":
            yield from words(rest)
        elif name == "!count":
            yield from (f"{number} " for number in range(1, int(rest) + 1))
        elif name == "!stamp":
            count, pause = ([int(number) for number in rest.split()] + [1, 0][len(rest.split()):])[:2]
            for number in range(count):
                # The pace of a provider; whoever is gone need not be kept pace with.
                if number and pause and select.select([self.connection], [], [], pause / 1000)[0]:
                    raise Disconnected
                yield f"@{time.monotonic_ns()},{time.time_ns()} "
        elif name == "!wait":
            yield "waiting"
            if not hold.wait(self.connection):
                raise Disconnected
            yield " released"
        elif name == "!think":
            yield "Seen."
        else:
            yield from words(GREETING)


def words(text):
    """The words of a text, the white space before each kept with it."""
    start = 0
    for index in range(1, len(text)):
        if text[index].isspace() and not text[index - 1].isspace():
            yield text[start:index]
            start = index
    if text:
        yield text[start:]


def text_of(message):
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def order_in(text):
    """The first order in a text, as its name and the rest of its line; the name is empty when there is none."""
    found = ORDER.search(text)
    return [found[1], found[2].strip().replace("\\n", "\n")] if found else ["", ""]


def called(order, tools):
    """The name and the arguments of the call that an order asks for."""
    parts = order[1].split(None, 1)
    name = parts[0] if parts else (tools[0]["function"]["name"] if tools else "none")
    return name, parts[1] if len(parts) > 1 else "{}"


def completion(delta, reason=None, key="delta"):
    return {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": MODEL, "choices": [
        {"index": 0, key: delta, "finish_reason": reason}]}


def usage(count):
    return {"prompt_tokens": 7, "completion_tokens": count, "total_tokens": 7 + count}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        """A client that went away is no news."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(*_)


def config(port):
    """What a config file says to make this server the provider `loop`."""
    return {
        "model": f"loop/{MODEL}",
        "providers": {
            "loop": {
                "name": "Loop", "api": "openai-completions", "baseURL": f"http://127.0.0.1:{port}/v1",
                "apiKey": "test-key", "model": MODEL, "quirks": {"infill": "completions-suffix"},
                "models": {MODEL: {"contextWindow": 100000, "reasoning": True, "tools": True,
                                   "cost": {"input": 1, "output": 2}}},
            }
        },
    }


def main():
    arguments = sys.argv[1:]
    server = Server(("127.0.0.1", 0), Handler)
    if "--home" in arguments:
        folder = os.path.join(arguments[arguments.index("--home") + 1], "config")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
            json.dump(config(server.server_port), file, indent=2)
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if "--until-eof" in arguments:
        sys.stdin.buffer.read()
    else:
        threading.Event().wait()


if __name__ == "__main__":
    main()
