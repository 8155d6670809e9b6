"""The command line: one thin module per command, imported only when it is the one asked for."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code (130: interrupted); the entry point of `provenv`."""
    try:
        if argv is None:
            _open_closed_streams()
            # a lock makes values by the hundred thousand and no cycles: looking for these cost a sixth of it
            gc.set_threshold(50_000, 50, 50)
            # a cancelled CI job sends SIGTERM: what was begun must end as cleanly as by ctrl-C
            signal.signal(signal.SIGTERM, _interrupt)
        from provenv.cli.dispatch import run_command

        return run_command(list(sys.argv[1:] if argv is None else argv))
    except KeyboardInterrupt:
        print("interrupted: nothing was left half-written", file=sys.stderr)
        return INTERRUPTED


def _open_closed_streams() -> None:
    """A stream that the caller has closed (`provenv check >&-`) is None: what is said there goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
