"""The command line: one thin module per command, imported only when it is the one asked for."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType
    from typing import NoReturn

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code (130: interrupted); the entry point of `provenv`."""
    try:
        if argv is not None:
            return _run(list(argv))
        _open_closed_streams()
        words = sys.argv[1:]
        if words[:1] in (["check"], ["lock"]):
            from provenv.cli.again import repeated

            return repeated(lambda: _run_as_program(words))
        return _run_as_program(words)
    except KeyboardInterrupt:
        print("interrupted: nothing was left half-written", file=sys.stderr)
        return INTERRUPTED


def _run_as_program(argv: list[str]) -> int:
    """Runs a command line in a process that is there for it alone."""
    import gc

    # a lock makes values by the hundred thousand and no cycles: looking for these cost a sixth of it
    gc.set_threshold(50_000, 50, 50)
    # a cancelled CI job sends SIGTERM: what was begun must end as cleanly as by ctrl-C
    _on_sigterm(_interrupt)
    try:
        return _run(argv)
    finally:
        # The interpreter looks for cycles once more on its way out, in all that is about to go anyway: a
        # tenth of a lock. Files are closed and flushed as ever.
        gc.freeze()


def _run(argv: list[str]) -> int:
    from provenv.cli.dispatch import run_command

    return run_command(argv)


def _open_closed_streams() -> None:
    """A stream that the caller has closed (`provenv check >&-`) is None: what is said there goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end


def _on_sigterm(handler: Callable[[int, FrameType | None], NoReturn]) -> None:
    if TYPE_CHECKING:
        from signal import SIGTERM, signal
    else:
        try:  # the interpreter's own, without the enums around it: they cost as much as two modules
            from _signal import SIGTERM, signal
        except ImportError:
            from signal import SIGTERM, signal
    signal(SIGTERM, handler)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
