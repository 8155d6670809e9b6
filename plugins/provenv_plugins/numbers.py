"""Dotted numbers such as `2.28`, `14` or `550.54.14`, as envelopes hold them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache


@lru_cache(maxsize=4096)
def parse_numbers(text: str) -> tuple[int, ...] | None:
    """`"550.54.14"` -> (550, 54, 14); None when it is not that."""
    parts = text.strip().split(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        return None
    return tuple(map(int, parts))


def checked(least: int, most: int, example: str) -> Callable[[str], str | None]:
    """The check of an envelope word whose values are dotted numbers of `least` to `most` parts."""

    def check(value: str) -> str | None:
        numbers = parse_numbers(value)
        if numbers is None or not least <= len(numbers) <= most:
            return f"{value!r} is no version such as {example}"
        return None

    return check
