"""The command line: one thin module per command, imported only when it is the one asked for."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; the entry point of the `provenv` program."""
    from provenv.cli.main import run_command

    if argv is None:
        # a cancelled CI job sends SIGTERM: what was begun must end as cleanly as by ctrl-C
        signal.signal(signal.SIGTERM, _interrupt)
    return run_command(list(sys.argv[1:] if argv is None else argv))


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
