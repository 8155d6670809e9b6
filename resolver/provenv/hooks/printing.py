"""Keeps what plugins print out of provenv's own answers: it goes to standard error."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from typing import TextIO


class PluginThread(threading.Thread):
    """A thread that runs nothing but a plugin's code."""


class _ByThread:
    """Standard output, which is standard error in a plugin's thread."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:  # any attribute of a stream, its type as before
        ours = not isinstance(threading.current_thread(), PluginThread)
        return getattr(self._stream if ours else sys.stderr, name)


def divert() -> None:
    """From now on what a plugin's thread prints goes to standard error, also after its time is up."""
    if sys.stdout is not None and not isinstance(sys.stdout, _ByThread):
        sys.stdout = cast("TextIO", _ByThread(sys.stdout))
