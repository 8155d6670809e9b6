"""The order of CANN's versions: 8.0.RC1, 8.0.RC3, 8.0.0, 8.0.1, 8.3.RC1, 9.0.0-beta.2, 9.0.0."""

from __future__ import annotations

import re
from functools import cache

Key = tuple[int, int, int, tuple[int, ...]]

_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})\.(RC)?(\d{1,4}(?:\.\d{1,4})*)(-[a-zA-Z]+\.?\d{0,4})?", re.ASCII)


@cache
def cann_key(text: str) -> Key | None:
    """What versions are compared by: major, minor, whether it is final, the rest. None for what is none."""
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    major, minor, candidate, rest, suffix = found.groups()
    final = 0 if candidate or suffix else 1
    return int(major), int(minor), final, tuple(map(int, rest.split(".")))
