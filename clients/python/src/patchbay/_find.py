"""Where the program is."""

from __future__ import annotations

import os
import shutil
from typing import Optional

from .errors import BinaryNotFoundError


def find_binary(binary: Optional[str] = None) -> str:
    """The path of the program: `binary`, else $PATCHBAY_BINARY, else `patchbay` in PATH, else in ~/.local/bin."""
    named = binary or os.environ.get("PATCHBAY_BINARY")
    if named:
        path = shutil.which(os.path.expanduser(named))
        places = named
    else:
        local = os.path.expanduser("~/.local/bin/patchbay")
        path = shutil.which("patchbay") or shutil.which(local)
        places = f"PATH or {local}"
    if path is None:
        raise BinaryNotFoundError(
            f"there is no program patchbay at {places}",
            data={"hint": "Install it, or set PATCHBAY_BINARY to its path."},
        )
    return path
