"""What a completion comes to."""

from __future__ import annotations

from typing import Any, List, Optional

from .types import CompleteResult, Cost, Message, StopReason, ToolCallPart, Usage


class Answer:
    """A complete answer. `result` is all of it, as the protocol gives it."""

    def __init__(self, result: CompleteResult) -> None:
        self.result = result

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Answer of {self.model}: {self.text!r}>"

    def _parts(self, kind: str) -> List[Any]:
        content = self.result["message"]["content"]
        parts: List[Any] = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
        return [part for part in parts if part["type"] == kind]

    @property
    def text(self) -> str:
        """The text."""
        return "".join(part["text"] for part in self._parts("text"))

    @property
    def reasoning(self) -> str:
        """What the model thought, as far as it shows that."""
        return "".join(part["text"] for part in self._parts("reasoning"))

    @property
    def tool_calls(self) -> List[ToolCallPart]:
        """The calls of tools in it."""
        return self._parts("toolCall")

    @property
    def structured(self) -> Any:
        """The value that was asked for by a schema (`output`)."""
        return self.result.get("structured")

    @property
    def message(self) -> Message:
        """The answer as a message, to be sent back with the next one."""
        return self.result["message"]

    @property
    def model(self) -> str:
        """Who answered, as `provider/model`."""
        return f"{self.result['provider']}/{self.result['model']}"

    @property
    def stop_reason(self) -> StopReason:
        """Why the model stopped."""
        return self.result["stopReason"]

    @property
    def usage(self) -> Usage:
        """The tokens."""
        return self.result["usage"]

    @property
    def cost(self) -> Optional[Cost]:
        """The cost in USD; `None` when a price is not known."""
        return self.result["cost"]
