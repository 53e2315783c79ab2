"""The client for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, AsyncIterator, Awaitable, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union, cast

from . import _wire, types
from ._answer import Answer
from ._find import find_binary
from ._tools import Output, ToolLoop
from .errors import PatchbayError

_PATIENCE = 5  # seconds the server has to end in, before it is killed

PromptHandler = Callable[[types.PromptParams], Union[Optional[str], Awaitable[Optional[str]]]]
LoginHandler = Callable[[types.LoginPromptParams], Union[None, Awaitable[None]]]
LogHandler = Callable[[types.LogMessageParams], Union[None, Awaitable[None]]]


async def _settled(value: Any) -> Any:
    return await value if asyncio.iscoroutine(value) or isinstance(value, asyncio.Future) else value


class _Process:
    """A running server, and the task that reads what it says."""

    def __init__(self, process: asyncio.subprocess.Process, handlers: "_Handlers") -> None:
        self._process, self._handlers = process, handlers
        self._wire = _wire.Wire()
        self._pending: Dict[object, "asyncio.Queue[Any]"] = {}
        self._errands: Dict[object, "asyncio.Task[None]"] = {}
        self.has_ended = False
        self._reader = asyncio.ensure_future(self._read())

    @property
    def pid(self) -> int:
        return self._process.pid

    def request(self, method: str, params: Optional[Mapping[str, Any]] = None) -> "_Request":
        inbox: "asyncio.Queue[Any]" = asyncio.Queue()
        request_id, line = self._wire.request(method, params)
        if self.has_ended:
            inbox.put_nowait(_wire.exited(self._process.returncode))
        else:
            self._pending[request_id] = inbox
            self.send(line)
        return _Request(self, request_id, inbox)

    def send(self, line: bytes) -> None:
        """A server that is gone is noticed by the reader, which tells everybody who waits."""
        if not self.has_ended and self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(line)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            while True:
                data = await self._process.stdout.read(1 << 16)
                if not data:
                    break
                for message in self._wire.read(data):
                    self._take(message)
        finally:
            status = await self._process.wait()
            self.has_ended = True
            waiting, self._pending = list(self._pending.values()), {}
            for inbox in waiting:
                inbox.put_nowait(_wire.exited(status))
            for errand in list(self._errands.values()):
                errand.cancel()

    def _take(self, message: Dict[str, Any]) -> None:
        method = message.get("method")
        if method is None:
            inbox = self._pending.pop(message.get("id"), None)
            if inbox is not None:
                inbox.put_nowait(message)
        elif method == "streamDelta":
            inbox = self._pending.get(message["params"].get("requestId"))
            if inbox is not None:
                inbox.put_nowait(message)
        elif method == "$/cancelRequest":
            errand = self._errands.get(message["params"]["id"])
            if errand is not None:
                errand.cancel()
        else:
            errand = asyncio.ensure_future(self._handlers.take(self, message))
            key = message.get("id", errand)
            self._errands[key] = errand
            errand.add_done_callback(lambda _: self._errands.pop(key, None))

    async def close(self) -> None:
        """Cancels what is in flight and ends the server."""
        for request_id in self._pending:
            self.send(_wire.cancel_notification(request_id))
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(asyncio.shield(self._reader), _PATIENCE)
        except asyncio.TimeoutError:
            pass
        finally:
            if not self._reader.done():
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
                await self._reader


class _Request:
    """A request that was sent, and the messages that belong to it."""

    def __init__(self, process: _Process, request_id: int, inbox: "asyncio.Queue[Any]") -> None:
        self._process, self._id, self._inbox = process, request_id, inbox
        self._is_open = True
        self._is_awaited = False

    async def next(self) -> Tuple[Optional[types.Delta], Any]:
        """The next delta, or None and the result. The end of the task that waits cancels the request."""
        try:
            message = await self._inbox.get()
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

    async def result(self) -> Any:
        while True:
            delta, result = await self.next()
            if delta is None:
                return result

    def cancel(self) -> None:
        if self._is_open:
            self._is_open = False
            self._process.send(_wire.cancel_notification(self._id))
            self._is_awaited = True

    async def settle(self) -> None:
        """Cancels the request, and waits for the server to have done so: only then is its session free again."""
        self.cancel()
        while self._is_awaited:
            try:
                message = await asyncio.wait_for(self._inbox.get(), _PATIENCE)
            except asyncio.TimeoutError:
                return
            if isinstance(message, PatchbayError) or "method" not in message:
                self._is_awaited = False
                self._inbox.put_nowait(message)  # for whoever asks for the answer all the same


class _Handlers:
    """What the caller wants to hear beside answers."""

    def __init__(
        self, on_prompt: Optional[PromptHandler], on_login: Optional[LoginHandler], on_log: Optional[LogHandler]
    ) -> None:
        self.on_prompt, self.on_login, self.on_log = on_prompt, on_login, on_log

    async def take(self, process: _Process, message: Dict[str, Any]) -> None:
        method, params = message["method"], message.get("params", {})
        if method == "prompt" and self.on_prompt is not None:
            text = None
            try:
                text = await _settled(self.on_prompt(params))
            finally:
                process.send(_wire.answer_to_prompt(message["id"], text))
        elif "id" in message:
            process.send(_wire.unknown_method(message))
        elif method == "loginPrompt" and self.on_login is not None:
            await _settled(self.on_login(params))
        elif method == "logMessage" and self.on_log is not None:
            await _settled(self.on_log(params))


class AsyncStream(AsyncIterator[str]):
    """An answer on its way: iterate over its pieces of text. Closing it, or the end of the task that waits for the next
    piece, cancels the rest.

    A `reset` delta makes void what was there so far: `text` starts anew with it, and `events` shows it.
    """

    def __init__(self, client: "AsyncPatchbay", loop: ToolLoop) -> None:
        self._client, self._loop = client, loop
        self._answer: Optional[Answer] = None
        self._request: Optional[_Request] = None
        self.text = ""
        """The text so far."""

    async def events(self) -> AsyncIterator[types.Delta]:
        """Every delta, as the protocol describes them, through all rounds of tool calls."""
        while True:
            delta = await self._next()
            if delta is None:
                return
            yield delta

    async def __anext__(self) -> str:
        while True:
            delta = await self._next()
            if delta is None:
                raise StopAsyncIteration
            if delta["type"] == "text":
                return delta["text"]

    async def _next(self) -> Optional[types.Delta]:
        while self._answer is None:
            if self._request is None:
                self._request = await self._client._request("complete", self._loop.params)
            delta, result = await self._request.next()
            if delta is None:
                await self._end_round(result)
                continue
            if delta["type"] == "text":
                self.text += delta["text"]
            elif delta["type"] == "reset":
                self.text = ""
            return delta
        return None

    async def answer(self) -> Answer:
        """The whole answer; waits for its end."""
        while await self._next() is not None:
            pass
        assert self._answer is not None
        return self._answer

    async def _end_round(self, result: types.CompleteResult) -> None:
        calls = self._loop.calls(result)
        if not calls:
            self._answer = Answer(result)
            return
        outputs = await asyncio.gather(*(self._run(call) for call in calls))
        self._loop.go_on(result, outputs)
        self._request = await self._client._request("complete", self._loop.params)

    async def _run(self, call: Mapping[str, Any]) -> Output:
        try:
            tool, arguments = self._loop.prepared(call)
            if tool is None:
                return self._loop.failure(call, None)
            if tool.is_async:
                return self._loop.output(call, await tool(**arguments))
            # It may block, and nothing else must wait for it.
            value = await asyncio.get_running_loop().run_in_executor(None, lambda: tool(**arguments))
            return self._loop.output(call, value)
        except Exception as error:  # the model is told, and may do better
            return self._loop.failure(call, error)

    async def aclose(self) -> None:
        """Cancels what has not come yet."""
        if self._request is not None:
            await self._request.settle()

    async def __aenter__(self) -> "AsyncStream":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        request = getattr(self, "_request", None)
        if request is not None:
            request.cancel()


class _Asking:
    """What both a client and a session can be asked."""

    _client: "AsyncPatchbay"

    def _options(self, options: Dict[str, Any]) -> Dict[str, Any]:
        raise NotImplementedError

    def stream(
        self, input: _wire.Input, *, tools: Optional[Sequence[Any]] = None, max_rounds: int = 10, **options: Any
    ) -> AsyncStream:
        """Asks, when it is first awaited, and gives the answer piece by piece.

        `tools` are functions, which are run when the model calls them, or definitions, which are not. Options are those
        of the protocol's `complete` in snake case: `provider`, `model`, `system`, `max_tokens`, `reasoning`, `output`…
        """
        params = _wire.params(types.CompleteParams, self._options(options))
        return AsyncStream(self._client, ToolLoop({"input": input, **params}, tools, max_rounds))

    async def complete(
        self, input: _wire.Input, *, tools: Optional[Sequence[Any]] = None, max_rounds: int = 10, **options: Any
    ) -> Answer:
        """Asks, and waits for the whole answer. As `stream` otherwise."""
        stream = self.stream(input, tools=tools, max_rounds=max_rounds, **{"stream": False, **options})
        return await stream.answer()


class AsyncPatchbay(_Asking):
    """As `Patchbay`, for asyncio; its handlers may be coroutines, and so may tools. It belongs to one event loop."""

    def __init__(
        self,
        provider: Optional[str] = None,
        model: Optional[str] = None,
        *,
        binary: Optional[str] = None,
        env: Optional[Mapping[str, str]] = None,
        on_prompt: Optional[PromptHandler] = None,
        on_login: Optional[LoginHandler] = None,
        on_log: Optional[LogHandler] = None,
    ) -> None:
        self._defaults = {"provider": provider, "model": model}
        self._binary, self._env = binary, env
        self._handlers = _Handlers(on_prompt, on_login, on_log)
        self._process: Optional[_Process] = None
        self._starting: Optional["asyncio.Lock"] = None
        self._client = self
        self.call: types.AsyncCall = cast(types.AsyncCall, self._call)
        """Sends any request of the protocol and waits for its result: `await pb.call("listModels", {"query": "x"})`."""

    @property
    def pid(self) -> Optional[int]:
        """The server's process; None while there is none."""
        return None if self._process is None or self._process.has_ended else self._process.pid

    async def start(self) -> types.InitializeResult:
        """Starts the server, unless it runs, and says what it can do."""
        await self._running()
        return self.server

    async def close(self) -> None:
        """Cancels what is in flight and ends the server."""
        process, self._process = self._process, None
        if process is not None:
            await process.close()

    async def __aenter__(self) -> "AsyncPatchbay":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _running(self) -> _Process:
        """The server; another one when the last has ended."""
        if self._process is not None and not self._process.has_ended:
            return self._process
        if self._starting is None:  # not in __init__: before Python 3.10 a lock belongs to the loop it was made in
            self._starting = asyncio.Lock()
        async with self._starting:
            if self._process is None or self._process.has_ended:
                process = _Process(
                    await asyncio.create_subprocess_exec(
                        find_binary(self._binary),
                        "serve",
                        stdin=asyncio.subprocess.PIPE,
                        stdout=asyncio.subprocess.PIPE,
                        env=None if self._env is None else dict(self._env),
                        start_new_session=True,  # Ctrl-C is for this program: it ends a request, not the server
                    ),
                    self._handlers,
                )
                try:
                    can_prompt = self._handlers.on_prompt is not None
                    self.server: types.InitializeResult = await process.request(
                        "initialize", _wire.initialize_params(can_prompt)
                    ).result()
                except BaseException:
                    await process.close()
                    raise
                self._process = process
            return self._process

    async def _request(self, method: str, params: Optional[Mapping[str, Any]] = None) -> _Request:
        return (await self._running()).request(method, params)

    async def _call(self, method: str, params: Optional[Any] = None) -> Any:
        return await (await self._request(method, params)).result()

    def _options(self, options: Dict[str, Any]) -> Dict[str, Any]:
        if "model" in options or "provider" in options:
            return options
        return {**self._defaults, **options}

    def session(self, name: str) -> "AsyncSession":
        """The conversation of that name or id. A new name begins one with the first question."""
        return AsyncSession(self, name)

    async def sessions(self) -> List[types.Session]:
        """The conversations there are; those changed last come first."""
        sessions: List[types.Session] = []
        cursor: Optional[str] = None
        while True:
            page = await self.call("listSessions", {} if cursor is None else {"cursor": cursor})
            sessions += page["sessions"]
            cursor = page.get("nextCursor")
            if cursor is None:
                return sessions

    async def login(self, provider: str, **options: Any) -> types.LoginResult:
        """Logs in: by `api_key`, or by `method` "oauth", "device" or "apiKey" with the help of `on_login` and
        `on_prompt`. Without `on_prompt`, texts are handed over by `login_input`.
        """
        params = _wire.params(types.LoginParams, {"provider": provider, **options})
        return cast(types.LoginResult, await self._call("login", params))

    async def login_input(self, login_id: str, text: str) -> None:
        """Gives a login the text it waits for."""
        await self._call("loginInput", {"loginId": login_id, "text": text})

    async def logout(self, provider: str, account: Optional[str] = None) -> types.LogoutResult:
        """Forgets a login."""
        params = _wire.params(types.LogoutParams, {"provider": provider, "account": account})
        return cast(types.LogoutResult, await self._call("logout", params))


class AsyncSession(_Asking):
    """A conversation that is kept. Inside it every provider has its own thread."""

    def __init__(self, client: AsyncPatchbay, name: str) -> None:
        self._client, self.name = client, name

    def _options(self, options: Dict[str, Any]) -> Dict[str, Any]:
        return {"session": self.name, **options}

    async def switch(
        self, provider: str, model: Optional[str] = None, carry: Optional[str] = None
    ) -> types.SwitchProviderResult:
        """Goes on with another provider, in its own thread; `carry` "last" or "all" copies messages over."""
        given = {"session": self.name, "provider": provider, "model": model, "carry": carry}
        params = _wire.params(types.SwitchProviderParams, given)
        return cast(types.SwitchProviderResult, await self._client._call("switchProvider", params))

    async def info(self) -> types.SessionWithMessages:
        """What it is, with the messages of the current provider's thread."""
        return await self._client.call("getSession", {"session": self.name, "messages": True})

    async def rename(self, name: str) -> None:
        """Gives it another name."""
        await self._client.call("renameSession", {"session": self.name, "name": name})
        self.name = name

    async def delete(self) -> None:
        """Deletes it, with everything that was said in it."""
        await self._client.call("deleteSession", {"session": self.name})
