"""Logging in from a terminal."""

from __future__ import annotations

import getpass
import sys
from typing import Optional

from .types import LoginPromptParams, PromptParams


def ask_on_terminal(prompt: PromptParams) -> Optional[str]:
    """Asks the person at the terminal for a text; `None` when there is nobody. For `Patchbay(on_prompt=…)`."""
    question = prompt["message"].rstrip() + " "
    try:
        return getpass.getpass(question) if prompt["secret"] else input(question)
    except (EOFError, KeyboardInterrupt):
        return None


def show_on_terminal(prompt: LoginPromptParams) -> None:
    """Says on standard error what a login wants of the person. For `Patchbay(on_login=…)`."""
    print(prompt["message"], file=sys.stderr)
    for name in ("url", "userCode"):
        if name in prompt:
            print(f"  {prompt[name]}", file=sys.stderr)
