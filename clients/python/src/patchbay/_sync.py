"""The client for programs that wait."""

from __future__ import annotations

import queue
import subprocess
import threading
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Type, TypeVar, Union, cast
from types import TracebackType

from . import _wire, types
from ._answer import Answer
from ._find import find_binary
from ._tools import Output, ToolLoop
from .errors import PatchbayError

Self = TypeVar("Self")
_PATIENCE = 5  # seconds the server has to end in, before it is killed


class _Process:
    """A running server. A thread of its own reads what it says."""

    def __init__(self, command: Sequence[str], env: Optional[Mapping[str, str]], handlers: "_Handlers") -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=None if env is None else dict(env),
            start_new_session=True,  # Ctrl-C is for this program: it ends a request, not the server
        )
        self._wire = _wire.Wire()
        self._lock = threading.Lock()
        self._pending: Dict[object, "queue.SimpleQueue[Any]"] = {}
        self._handlers = handlers
        self.has_ended = False
        self._reader = threading.Thread(target=self._read, name="patchbay", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def request(self, method: str, params: Optional[Mapping[str, Any]] = None) -> "_Request":
        """Sends a request. What belongs to it will be in the queue of what is returned."""
        inbox: "queue.SimpleQueue[Any]" = queue.SimpleQueue()
        with self._lock:
            request_id, line = self._wire.request(method, params)
            self._pending[request_id] = inbox
            if self.has_ended:
                inbox.put(_wire.exited(self._process.poll()))
            else:
                self._write(line)
        return _Request(self, request_id, inbox)

    def send(self, line: bytes) -> None:
        with self._lock:
            self._write(line)

    def _write(self, line: bytes) -> None:
        """Under the lock. A server that is gone is noticed by the reader, which tells everybody who waits."""
        assert self._process.stdin is not None
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[self._process.stdin.write(rest) or 0 :]
        except (OSError, ValueError):
            pass

    def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            while True:
                data = self._process.stdout.read(1 << 16)
                if not data:
                    break
                for message in self._wire.read(data):
                    self._take(message)
        finally:
            self._process.stdout.close()
            status = self._process.wait()
            with self._lock:
                self.has_ended = True
                waiting, self._pending = list(self._pending.values()), {}
            for inbox in waiting:
                inbox.put(_wire.exited(status))

    def _take(self, message: Dict[str, Any]) -> None:
        method = message.get("method")
        if method is None:
            with self._lock:
                inbox = self._pending.pop(message.get("id"), None)
            if inbox is not None:
                inbox.put(message)
        elif method == "streamDelta":
            with self._lock:
                inbox = self._pending.get(message["params"].get("requestId"))
            if inbox is not None:
                inbox.put(message)
        else:
            # In a thread of its own: a person is slow, and what else the server says must be read meanwhile.
            threading.Thread(target=self._handlers.take, args=(self, message), daemon=True).start()

    def close(self) -> None:
        """Cancels what is in flight and ends the server."""
        with self._lock:
            for request_id in self._pending:
                self._write(_wire.cancel_notification(request_id))
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._reader.join()


class _Request:
    """A request that was sent, and the messages that belong to it."""

    def __init__(self, process: _Process, request_id: int, inbox: "queue.SimpleQueue[Any]") -> None:
        self._process, self._id, self._inbox = process, request_id, inbox
        self._is_open = True
        self._is_awaited = False

    def next(self) -> Tuple[Optional[types.Delta], Any]:
        """The next delta, or None and the result. Whatever interrupts the wait cancels the request."""
        try:
            message = self._inbox.get()
        except BaseException:
            self.cancel()
            raise
        if isinstance(message, PatchbayError):
            self._is_open = False
            raise message
        if "method" in message:
            return message["params"]["delta"], None
        self._is_open = False
        return None, _wire.outcome(message)

    def result(self) -> Any:
        while True:
            delta, result = self.next()
            if delta is None:
                return result

    def cancel(self) -> None:
        if self._is_open:
            self._is_open = False
            self._process.send(_wire.cancel_notification(self._id))
            self._is_awaited = True

    def settle(self) -> None:
        """Cancels the request, and waits for the server to have done so: only then is its session free again."""
        self.cancel()
        while self._is_awaited:
            try:
                message = self._inbox.get(timeout=_PATIENCE)
            except queue.Empty:
                return
            if isinstance(message, PatchbayError) or "method" not in message:
                self._is_awaited = False
                self._inbox.put(message)  # for whoever asks for the answer all the same


class _Handlers:
    """What the caller wants to hear beside answers."""

    def __init__(
        self,
        on_prompt: Optional[_wire.PromptHandler],
        on_login: Optional[_wire.LoginHandler],
        on_log: Optional[_wire.LogHandler],
    ) -> None:
        self.on_prompt, self.on_login, self.on_log = on_prompt, on_login, on_log

    def take(self, process: _Process, message: Dict[str, Any]) -> None:
        method, params = message["method"], message.get("params", {})
        if method == "prompt" and self.on_prompt is not None:
            text = None
            try:
                text = self.on_prompt(params)
            finally:
                process.send(_wire.answer_to_prompt(message["id"], text))
        elif "id" in message:
            process.send(_wire.unknown_method(message))
        elif method == "loginPrompt" and self.on_login is not None:
            self.on_login(params)
        elif method == "logMessage" and self.on_log is not None:
            self.on_log(params)


class Stream(Iterator[str]):
    """An answer on its way: iterate over its pieces of text. Closing it, or letting it go, cancels the rest.

    A `reset` delta makes void what was there so far: `text` starts anew with it, and `events` shows it.
    """

    def __init__(self, client: "Patchbay", loop: ToolLoop) -> None:
        self._client, self._loop = client, loop
        self._answer: Optional[Answer] = None
        self._request = client._request("complete", loop.params)
        self.text = ""
        """The text so far."""

    def events(self) -> Iterator[types.Delta]:
        """Every delta, as the protocol describes them, through all rounds of tool calls."""
        while self._answer is None:
            delta, result = self._request.next()
            if delta is None:
                self._end_round(result)
                continue
            if delta["type"] == "text":
                self.text += delta["text"]
            elif delta["type"] == "reset":
                self.text = ""
            yield delta

    def __next__(self) -> str:
        for delta in self.events():
            if delta["type"] == "text":
                return delta["text"]
        raise StopIteration

    @property
    def answer(self) -> Answer:
        """The whole answer; waits for its end."""
        for _ in self.events():
            pass
        assert self._answer is not None
        return self._answer

    def _end_round(self, result: types.CompleteResult) -> None:
        calls = self._loop.calls(result)
        if not calls:
            self._answer = Answer(result)
            return
        self._loop.go_on(result, [self._run(call) for call in calls])
        self._request = self._client._request("complete", self._loop.params)

    def _run(self, call: Mapping[str, Any]) -> Output:
        try:
            tool, arguments = self._loop.prepared(call)
            if tool is None:
                return self._loop.failure(call, None)
            if tool.is_async:
                raise TypeError(f"{tool.name} has to be awaited: use AsyncPatchbay")
            return self._loop.output(call, tool(**arguments))
        except Exception as error:  # the model is told, and may do better
            return self._loop.failure(call, error)

    def close(self) -> None:
        """Cancels what has not come yet."""
        self._request.settle()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_request"):
            self._request.cancel()


class _Asking:
    """What both a client and a session can be asked."""

    _client: "Patchbay"

    def _options(self, options: Dict[str, Any]) -> Dict[str, Any]:
        raise NotImplementedError

    def stream(
        self, input: _wire.Input, *, tools: Optional[Sequence[Any]] = None, max_rounds: int = 10, **options: Any
    ) -> Stream:
        """Asks, and gives the answer piece by piece.

        `tools` are functions, which are run when the model calls them, or definitions, which are not. Options are those
        of the protocol's `complete` in snake case: `provider`, `model`, `system`, `max_tokens`, `reasoning`, `output`…
        """
        params = _wire.params(types.CompleteParams, self._options(options))
        return Stream(self._client, ToolLoop({"input": input, **params}, tools, max_rounds))

    def complete(
        self, input: _wire.Input, *, tools: Optional[Sequence[Any]] = None, max_rounds: int = 10, **options: Any
    ) -> Answer:
        """Asks, and waits for the whole answer. As `stream` otherwise."""
        return self.stream(input, tools=tools, max_rounds=max_rounds, **{"stream": False, **options}).answer


class Patchbay(_Asking):
    """A server of one's own, started when it is first needed. One may be shared by threads.

    :param provider: who is asked when a call does not say, and `model` likewise.
    :param binary: the program; else $PATCHBAY_BINARY, else `patchbay` in PATH or ~/.local/bin.
    :param env: the server's environment, when it shall not be this program's.
    :param on_prompt: asks the person for a text while logging in, and returns it, or None.
    :param on_login: shows the person what a login wants of them.
    :param on_log: takes the server's log messages.
    """

    def __init__(
        self,
        provider: Optional[str] = None,
        model: Optional[str] = None,
        *,
        binary: Optional[str] = None,
        env: Optional[Mapping[str, str]] = None,
        on_prompt: Optional[_wire.PromptHandler] = None,
        on_login: Optional[_wire.LoginHandler] = None,
        on_log: Optional[_wire.LogHandler] = None,
    ) -> None:
        self._defaults = {"provider": provider, "model": model}
        self._binary, self._env = binary, env
        self._handlers = _Handlers(on_prompt, on_login, on_log)
        self._process: Optional[_Process] = None
        self._lock = threading.Lock()
        self._client = self
        self.call: types.Call = cast(types.Call, self._call)
        """Sends any request of the protocol and waits for its result: `pb.call("listModels", {"query": "llama"})`."""

    @property
    def pid(self) -> Optional[int]:
        """The server's process; None while there is none."""
        return None if self._process is None or self._process.has_ended else self._process.pid

    def start(self) -> types.InitializeResult:
        """Starts the server, unless it runs, and says what it can do."""
        self._running()
        return self.server

    def close(self) -> None:
        """Cancels what is in flight and ends the server."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.close()

    def __enter__(self: Self) -> Self:
        cast(Patchbay, self).start()
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def _running(self) -> _Process:
        """The server; another one when the last has ended."""
        with self._lock:
            if self._process is None or self._process.has_ended:
                process = _Process([find_binary(self._binary), "serve"], self._env, self._handlers)
                try:
                    can_prompt = self._handlers.on_prompt is not None
                    self.server: types.InitializeResult = process.request(
                        "initialize", _wire.initialize_params(can_prompt)
                    ).result()
                except BaseException:
                    process.close()
                    raise
                self._process = process
            return self._process

    def _request(self, method: str, params: Optional[Mapping[str, Any]] = None) -> _Request:
        return self._running().request(method, params)

    def _call(self, method: str, params: Optional[Any] = None) -> Any:
        return self._request(method, params).result()

    def _options(self, options: Dict[str, Any]) -> Dict[str, Any]:
        if "model" in options or "provider" in options:
            return options
        return {**self._defaults, **options}

    def session(self, name: str) -> "Session":
        """The conversation of that name or id. A new name begins one with the first question."""
        return Session(self, name)

    def sessions(self) -> List[types.Session]:
        """The conversations there are; those changed last come first."""
        sessions: List[types.Session] = []
        cursor: Optional[str] = None
        while True:
            page = self.call("listSessions", {} if cursor is None else {"cursor": cursor})
            sessions += page["sessions"]
            cursor = page.get("nextCursor")
            if cursor is None:
                return sessions

    def login(self, provider: str, **options: Any) -> types.LoginResult:
        """Logs in: by `api_key`, or by `method` "oauth", "device" or "apiKey" with the help of `on_login` and
        `on_prompt`. Without `on_prompt`, texts are handed over by `login_input`.
        """
        return cast(types.LoginResult, self._call("login", _wire.params(types.LoginParams, {"provider": provider, **options})))

    def login_input(self, login_id: str, text: str) -> None:
        """Gives a login the text it waits for."""
        self._call("loginInput", {"loginId": login_id, "text": text})

    def logout(self, provider: str, account: Optional[str] = None) -> types.LogoutResult:
        """Forgets a login."""
        params = _wire.params(types.LogoutParams, {"provider": provider, "account": account})
        return cast(types.LogoutResult, self._call("logout", params))


class Session(_Asking):
    """A conversation that is kept. Inside it every provider has its own thread."""

    def __init__(self, client: Patchbay, name: str) -> None:
        self._client, self.name = client, name

    def _options(self, options: Dict[str, Any]) -> Dict[str, Any]:
        return {"session": self.name, **options}

    def switch(self, provider: str, model: Optional[str] = None, carry: Optional[str] = None) -> types.SwitchProviderResult:
        """Goes on with another provider, in its own thread; `carry` "last" or "all" copies messages over."""
        given = {"session": self.name, "provider": provider, "model": model, "carry": carry}
        params = _wire.params(types.SwitchProviderParams, given)
        return cast(types.SwitchProviderResult, self._client._call("switchProvider", params))

    def info(self) -> types.SessionWithMessages:
        """What it is, with the messages of the current provider's thread."""
        return self._client.call("getSession", {"session": self.name, "messages": True})

    def rename(self, name: str) -> None:
        """Gives it another name."""
        self._client.call("renameSession", {"session": self.name, "name": name})
        self.name = name

    def delete(self) -> None:
        """Deletes it, with everything that was said in it."""
        self._client.call("deleteSession", {"session": self.name})
