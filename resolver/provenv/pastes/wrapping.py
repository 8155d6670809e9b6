"""Puts the rows of a drawn table together again that a narrow window or a mail program has wrapped."""

from __future__ import annotations

import re
from collections.abc import Sequence

_RULE = re.compile(r"\+[-=+]{8,}[-=]")
_MOST_PARTS = 6
_LEAST = 30
"""Columns of a row that a mail program wraps; what is shorter is no row, but a bar before some words."""


def unwrapped(lines: Sequence[str]) -> list[str]:
    """The lines, each row of a table on one of its own."""
    if (width := _window(lines)) is not None:
        return _by_width(lines, *width)
    return _by_words(lines)


def _window(lines: Sequence[str]) -> tuple[int, int] | None:
    """(the window's columns, lines to a row), by a rule that goes on in the next lines; None without one."""
    for place, line in enumerate(lines):
        if not _RULE.fullmatch(line):
            continue
        for parts, rest in enumerate(lines[place + 1 : place + _MOST_PARTS], 2):
            if not re.fullmatch(r"[-=+]+", rest) or len(rest) > len(line) or rest.startswith("+"):
                break
            if rest.endswith("+"):
                return len(line), parts
    return None


def _by_width(lines: Sequence[str], width: int, parts: int) -> list[str]:
    """A window's wraps: every row takes so many lines, all but the last of them full."""
    result: list[str] = []
    place = 0
    while place < len(lines):
        line = lines[place]
        rest = lines[place + 1 : place + parts]
        # a row that ends where it should, and before the window does, is not wrapped
        wrapped = line[:1] in ("|", "+") and (len(line) == width or line[-1:] not in ("|", "+"))
        if wrapped and len(line) <= width and len(rest) == parts - 1 and rest[-1].rstrip()[-1:] in ("|", "+"):
            result.append("".join(part.ljust(width) for part in (line, *rest)).rstrip())
            place += parts
        else:
            result.append(line)
            place += 1
    return result


def _by_words(lines: Sequence[str]) -> list[str]:
    """A mail program's: a row that has no end, then a line that has one and no beginning."""
    result: list[str] = []
    for line in lines:
        before = result[-1] if result else ""
        if (
            before.lstrip().startswith("|")
            and len(before) >= _LEAST
            and not before.endswith(("|", "+"))
            and line.rstrip().endswith("|")
            and not line.lstrip().startswith(("|", "+"))
        ):
            result[-1] = f"{before} {line.strip()}"
        else:
            result.append(line)
    return result
