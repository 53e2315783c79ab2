"""A client for patchbay, the program that talks to every AI provider.

    from patchbay import Patchbay

    with Patchbay() as pb:
        for text in pb.stream("hello there", provider="echo"):
            print(text, end="", flush=True)

`AsyncPatchbay` is the same for asyncio. `types` holds what the protocol says of every parameter and result.
"""

from . import errors, types
from ._answer import Answer
from ._asyncio import AsyncPatchbay, AsyncSession, AsyncStream
from ._find import find_binary
from ._sync import Patchbay, Session, Stream
from ._terminal import ask_on_terminal, show_on_terminal
from ._tools import Tool, tool
from .errors import PatchbayError

__all__ = [
    "Answer",
    "AsyncPatchbay",
    "AsyncSession",
    "AsyncStream",
    "Patchbay",
    "PatchbayError",
    "Session",
    "Stream",
    "Tool",
    "ask_on_terminal",
    "errors",
    "find_binary",
    "show_on_terminal",
    "tool",
    "types",
]
__version__ = "0.1.0"
