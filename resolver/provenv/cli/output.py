"""What commands print: errors, JSON, notes and tables, on a terminal, in a log, with and without colour."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from provenv.cli.pastable import spelled
from provenv.errors import ProvenvError, readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import TextIO

RED, YELLOW, GREEN, DIM, BOLD, RESET = "\033[31m", "\033[33m", "\033[32m", "\033[2m", "\033[1m", "\033[0m"


def coloured(stream: TextIO) -> bool:
    """Whether colour may be written: a terminal, no NO_COLOR (no-color.org), or FORCE_COLOR."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def paint(text: str, colour: str, stream: TextIO) -> str:
    """The text in a colour where the stream takes one."""
    return f"{colour}{text}{RESET}" if coloured(stream) else text


def print_error(error: ProvenvError, *, as_json: bool) -> None:
    """An error in its three parts on standard error; with `--json` as one document on standard output."""
    error.hints = tuple(map(spelled, error.hints))
    if as_json:
        print_json({"error": error.to_json()})
        return
    label, hint = paint("error", RED, sys.stderr), paint("hint", GREEN, sys.stderr)
    place = f"{error.origin}: " if error.origin else ""
    lines = [f"{label}: {readable(place + error.message)}"]
    lines += [f"  {readable(line)}" for line in error.evidence]
    lines += [f"{hint}: {readable(text)}" for text in error.hints]
    print("\n".join(lines), file=sys.stderr)


def print_json(document: object) -> None:
    """One JSON document on standard output; non-ASCII text stays readable."""
    import json

    json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def note(text: str, *, quiet: bool = False) -> None:
    """A line for the user on standard error, unless `-q`."""
    if not quiet:
        print(spelled(text), file=sys.stderr)


def warn(text: str, *, quiet: bool = False) -> None:
    """A warning on standard error, unless `-q`."""
    note(f"{paint('warning', YELLOW, sys.stderr)}: {readable(text)}", quiet=quiet)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], stream: TextIO | None = None) -> str:
    """Columns aligned by the width of what stands in them, the header dim; wide characters count as two."""
    stream = stream or sys.stdout
    widths = [max(map(width, column)) for column in zip(header, *rows, strict=True)]
    lines = [paint(_row(header, widths), DIM, stream), *(_row(row, widths) for row in rows)]
    return "\n".join(lines)


def width(text: str) -> int:
    """The columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        cell + " " * (size - width(cell)) for cell, size in zip(cells, widths, strict=True)
    ).rstrip()


def help_formatter() -> type[argparse.HelpFormatter]:
    """rich-argparse where help is drawn on a terminal, else argparse's own (and no import of rich)."""
    import argparse

    if coloured(sys.stdout) and {"-h", "--help"} & set(sys.argv):
        from rich_argparse import RawDescriptionRichHelpFormatter

        return RawDescriptionRichHelpFormatter
    return argparse.RawDescriptionHelpFormatter
