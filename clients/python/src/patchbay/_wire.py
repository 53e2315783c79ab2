"""The protocol without input and output: both clients are built on it."""

from __future__ import annotations

import difflib
import json
import os
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from . import types
from .errors import CancelledError, PatchbayError, ServerExitedError, from_wire

VERSION = "0.1.0"


class Wire:
    """Makes messages, one a line, and takes apart what comes in."""

    def __init__(self) -> None:
        self._last_id = 0
        self._unfinished = b""

    def request(self, method: str, params: Optional[Mapping[str, Any]]) -> Tuple[int, bytes]:
        """A request under a new id."""
        self._last_id += 1
        return self._last_id, line({"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params or {}})

    def read(self, data: bytes) -> List[Dict[str, Any]]:
        """The messages that are complete with `data`."""
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        return [json.loads(text) for text in lines if text.strip()]


def line(message: Mapping[str, Any]) -> bytes:
    """A message as it is sent."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def cancel_notification(request_id: object) -> bytes:
    """What ends a request."""
    return line({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": request_id}})


def outcome(message: Mapping[str, Any]) -> Any:
    """The result of a response; its error is raised."""
    if "error" in message:
        raise from_wire(message["error"])
    return message["result"]


def answer_to_prompt(request_id: object, text: Optional[str]) -> bytes:
    """The answer to the server's request `prompt`; `None` stands for a person who will not answer."""
    if text is not None:
        return line({"jsonrpc": "2.0", "id": request_id, "result": {"text": text}})
    error = {"code": types.ERROR_CODES[CancelledError.kind], "message": "the person did not answer"}  # type: ignore[index]
    return line({"jsonrpc": "2.0", "id": request_id, "error": error})


def unknown_method(message: Mapping[str, Any]) -> bytes:
    """The answer to a request of the server that this client does not know."""
    error = {"code": types.ERROR_CODES["methodNotFound"], "message": f"there is no method {message['method']}"}
    return line({"jsonrpc": "2.0", "id": message["id"], "error": error})


def initialize_params(can_prompt: bool) -> types.InitializeParams:
    """Who this client is. The server exits when this process is gone."""
    return {
        "protocolVersion": 1,
        "clientInfo": {"name": "patchbay-python", "version": VERSION},
        "processId": os.getpid(),
        "capabilities": {"prompt": can_prompt},
    }


def _snake(name: str) -> str:
    parts: List[str] = []
    for index, letter in enumerate(name):
        starts_word = letter.isupper() and (not name[index - 1].isupper())
        parts.append("_" + letter.lower() if starts_word else letter.lower())
    return "".join(parts)


def params(kind: Any, options: Mapping[str, Any]) -> Dict[str, Any]:
    """Keyword arguments as the parameters of the protocol: `max_tokens` becomes `maxTokens`. `None` is left out."""
    names = {_snake(name): name for name in kind.__annotations__}
    result: Dict[str, Any] = {}
    for option, value in options.items():
        if option not in names:
            near = difflib.get_close_matches(option, names, 1)
            raise TypeError(f"there is no option {option}" + (f"; did you mean {near[0]}?" if near else ""))
        if value is not None:
            result[names[option]] = value
    return result


Input = Union[str, types.Message, Sequence[types.Message]]
"""What is said: a string is one message of the user."""

PromptHandler = Callable[[types.PromptParams], Optional[str]]
LoginHandler = Callable[[types.LoginPromptParams], None]
LogHandler = Callable[[types.LogMessageParams], None]


def exited(status: Optional[int]) -> PatchbayError:
    """The error of requests that were in flight when the server ended."""
    how = "" if status is None else f" with status {status}" if status >= 0 else f" by signal {-status}"
    return ServerExitedError(f"patchbay ended{how} before it had answered")
