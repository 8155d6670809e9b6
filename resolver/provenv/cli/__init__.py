"""The command line: one thin module per command, imported only when it is the one asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; the entry point of the `provenv` program."""
    from provenv.cli.main import run_command

    return run_command(list(sys.argv[1:] if argv is None else argv))
