"""PEP 503 and 685 names: one spelling for every project and extra."""

from __future__ import annotations

from functools import cache

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_INNER = _LETTERS | frozenset("._-")


@cache
def canonicalize(name: str) -> str:
    """The canonical spelling: lower case, every run of `-`, `_` and `.` one `-`. Any text has one."""
    spelled = name.lower().replace("_", "-").replace(".", "-")
    while "--" in spelled:
        spelled = spelled.replace("--", "-")
    return spelled


def is_valid_name(text: str) -> bool:
    """Whether the core metadata specification allows this name: ASCII, a letter or digit at both ends."""
    return bool(text) and text[0] in _LETTERS and text[-1] in _LETTERS and _INNER.issuperset(text)
