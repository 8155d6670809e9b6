"""Which packages bring a CUDA major with them: two majors in one environment overwrite each other's files."""

from __future__ import annotations

import re
from functools import cache

from provenv_plugins.numbers import parse_numbers
from provenv_plugins.tables import Row, rows


@cache
def carried(name: str, version: str) -> str | None:
    """The CUDA major that a version of a package carries; None for one that carries none."""
    if "cu" not in name and "nvidia" not in name and name != "onnxruntime-gpu":
        return None  # most packages: the table is not even read for them
    numbers = parse_numbers(version.partition("+")[0]) or (0,)
    found = _by_name(name)
    if found is not None:
        row, major = found
        if row.values.get("none"):
            return None
        return str(numbers[0]) if row.values.get("by_version") else major
    for row in rows("cuda_carriers", "versions"):
        if row.text("name") == name and (parse_numbers(row.text("first")) or ()) <= numbers:
            return row.text("major")
    return None


@cache
def _by_name(name: str) -> tuple[Row, str] | None:
    for row in rows("cuda_carriers", "carrier"):
        if match := re.fullmatch(row.text("name"), name):
            return row, match[1] if match.re.groups else row.text("major")
    return None
