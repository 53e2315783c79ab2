#!/usr/bin/env python3
"""A double of claude, codex (exec only), gemini or copilot: it is called by that name, speaks the program's recorded
protocol, and answers with a JSON object that says what it was started with. The last word of the prompt may make it misbehave.

  #spawn     starts two more processes, one of them a daemon, and goes on for ever
  #stubborn  the same, and ignores SIGTERM
  #die       writes to standard error and ends with status 3
  #refused   reports what the program reports when nobody is logged in
  #line      prints a line without end
  #bytes     writes its answer a byte at a time
  #turns     claims that its turns are used up
"""
import json, os, signal, subprocess, sys

name = os.path.basename(sys.argv[0])
words = sys.argv[1:]


def say(value):
    data = (json.dumps(value) + "\n").encode()
    for piece in [data] if not prompt.endswith("#bytes") else [data[i : i + 1] for i in range(len(data))]:
        os.write(1, piece)


def option(key):
    for place, word in enumerate(words):
        if word == key:
            return words[place + 1] if place + 1 < len(words) else ""
        if word.startswith(key + "="):
            return word[len(key) + 1 :]
    return None


def read(path):
    if not path:
        return None
    path = path.lstrip("@")
    return {"path": path, "mode": oct(os.stat(path).st_mode & 0o777), "text": open(path).read()}


if words == ["--version"]:
    print(f"{name} 1.2.3 (double)")
    sys.exit()
if name == "codex" and words[:1] == ["app-server"]:
    print("error: unrecognized subcommand 'app-server'", file=sys.stderr)
    sys.exit(2)

text = sys.stdin.read()
prompt = text
if name == "claude":
    content = json.loads(text)["message"]["content"]
    prompt = "".join(block.get("text", "") for block in content)
resumed = words[words.index("resume") + 1] if "resume" in words else option("--resume")
session = resumed or f"{name}-session"
files = read(option("--mcp-config") or option("--additional-mcp-config") or os.environ.get("GEMINI_CLI_SYSTEM_SETTINGS_PATH"))
kept = ("CLAUDECODE", "ADDED", "SERVER_KEY", "PATH", "MAX_THINKING_TOKENS")
answer = json.dumps({
    "words": words, "prompt": prompt, "resumed": resumed, "directory": os.getcwd(), "files": files,
    "environment": {key: os.environ[key] for key in os.environ if key in kept or key.startswith("PATCHBAY_MCP")},
    "descriptors": sorted(int(fd) for fd in os.listdir("/proc/self/fd"))[:-1] if os.path.exists("/proc/self/fd") else None,
})


def begin():
    if name == "claude":
        say({"type": "system", "subtype": "init", "session_id": session, "model": "double"})
    if name == "codex":
        say({"type": "thread.started", "thread_id": session})
    if name == "gemini":
        say({"type": "init", "session_id": session, "model": "double"})
    if name == "copilot":
        say({"type": "session.tools_updated", "data": {"model": "double"}})


def tell(piece):
    if name == "claude":
        start = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        say({"type": "stream_event", "event": start, "session_id": session, "parent_tool_use_id": None})
        event = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
        say({"type": "stream_event", "event": event, "session_id": session, "parent_tool_use_id": None})
    if name == "codex":
        say({"type": "item.completed", "item": {"id": "item_0", "type": "agent_message", "text": piece}})
    if name == "gemini":
        say({"type": "message", "role": "assistant", "content": piece, "delta": True})
    if name == "copilot":
        say({"type": "assistant.message_delta", "data": {"messageId": "m", "deltaContent": piece}})


def end():
    if name == "claude":
        result = {"type": "result", "subtype": "success", "is_error": False, "result": answer, "session_id": session}
        if prompt.endswith("#turns") or resumed and prompt == "Continue.":
            result.update(subtype="error_max_turns", is_error=True)
        say({**result, "stop_reason": "end_turn", "total_cost_usd": 0.25, "usage": {"input_tokens": 3, "output_tokens": 2}})
    if name == "codex":
        say({"type": "turn.completed", "usage": {"input_tokens": 3, "cached_input_tokens": 1, "output_tokens": 2}})
    if name == "gemini":
        say({"type": "result", "status": "success", "stats": {"input_tokens": 3, "output_tokens": 2, "cached": 1}})
    if name == "copilot":
        say({"type": "result", "sessionId": session, "exitCode": 0})


def refuse():
    if name == "claude":
        message = {"role": "assistant", "content": [{"type": "text", "text": "Not logged in · Please run /login"}]}
        say({"type": "assistant", "error": "authentication_failed", "message": message, "session_id": session})
        say({"type": "result", "subtype": "success", "is_error": True, "result": "Not logged in · Please run /login"})
    if name == "codex":
        say({"type": "turn.failed", "error": {"message": "unexpected status 401 Unauthorized: no, url: http://x"}})
    if name == "gemini":
        print("Please set an Auth method", file=sys.stderr)
        sys.exit(41)
    if name == "copilot":
        data = {"errorType": "authentication", "message": "Authentication failed (HTTP 401).", "statusCode": 401}
        say({"type": "session.error", "data": data})
    sys.exit(1)


begin()
if prompt.endswith("#die"):
    print("the reason of the double", file=sys.stderr)
    sys.exit(3)
if prompt.endswith("#refused"):
    refuse()
if prompt.endswith("#line"):
    while True:
        os.write(1, b'{"endless":"' + b"x" * (1 << 20))
if prompt.endswith("#spawn") or prompt.endswith("#stubborn"):
    if prompt.endswith("#stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen(["sleep", "1000"])
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
    tell("spawned")
    signal.pause()
tell(answer)
end()
