"""One line that moves while the network works, on a terminal; a plain line a target elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from provenv.cli.output import warn
from provenv.targets import Target

REDRAW_SECONDS = 0.1


class Progress:
    """Told of targets and events; draws one line on a terminal and logs a line a target elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._draws = not quiet and sys.stderr.isatty()
        self._logs = not quiet and not self._draws
        self._doing = ""
        self._events = 0
        self._drawn_at = 0.0
        self.notes: list[str] = []
        """Every warning of the run, for a JSON answer."""

    def doing(self, text: str) -> None:
        """What is being done from now on."""
        self._doing = text
        self._events = 0
        if self._logs:
            print(text, file=sys.stderr, flush=True)
        self._draw(force=True)

    def target(self, target: Target) -> None:
        """A target's solve begins."""
        self.doing(f"resolving {target.name}")

    def event(self, text: str) -> None:
        """Something was fetched."""
        self._events += 1
        self._draw(detail=text)

    def note(self, text: str) -> None:
        """A warning, on a line of its own."""
        self.notes.append(text)
        if self._draws:
            self.close()
        warn(text, quiet=self._quiet)

    def close(self) -> None:
        """Takes the line away."""
        if self._draws:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def _draw(self, detail: str = "", *, force: bool = False) -> None:
        now = time.monotonic()
        if not self._draws or (not force and now - self._drawn_at < REDRAW_SECONDS):
            return
        self._drawn_at = now
        count = f" · {self._events} fetched" if self._events else ""
        line = f"{self._doing}{count} {detail}"[: _columns() - 1]
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """A progress line that is gone when the block ends, however it ends."""
    shown = Progress(quiet=quiet)
    try:
        yield shown
    finally:
        shown.close()


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns
