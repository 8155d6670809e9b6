"""Which packages bring a CUDA major with them: two majors in one environment overwrite each other's files."""

from __future__ import annotations

import re
from functools import cache

from provenv_plugins.tables import Row, rows

# Packages of `cuda_carriers.toml` whose names do not speak of CUDA.
BY_VERSION = frozenset({"onnxruntime-gpu", "vllm", "xformers", "fbgemm-gpu"})

# `+cu126`, `+cu12torch2.8cxx11abitrue` (flash-attn), `+pt27cu126` (PyG): the build that a file is of.
_LABEL = r"(?:pt\d+)?cu(1[1-9])\d?(?!\d)"


@cache
def carried(name: str, version: str) -> str | None:
    """The CUDA major that a version of a package carries; None for one that carries none.

    A local version that names a CUDA counts before anything else.
    """
    public, _, label = version.partition("+")
    if label and (found := re.match(_LABEL, label)):
        return found[1]
    if "cu" not in name and "nvidia" not in name and name not in BY_VERSION:
        return None  # most packages: the table is not even read for them
    numbers = _numbers(public)
    if (known := _by_name(name)) is not None:
        row, major = known
        if row.values.get("none"):
            return None
        return str(numbers[0]) if row.values.get("by_version") and numbers else major
    for row in rows("cuda_carriers", "versions"):
        if row.text("name") == name and _numbers(row.text("first")) <= numbers:
            return row.text("major") or None
    return None


def _numbers(version: str) -> tuple[int, ...]:
    """Its numbers in order, a post release's as one more: `0.0.22.post7` comes after `0.0.22`."""
    return tuple(map(int, re.findall(r"\d+", version)))


@cache
def _by_name(name: str) -> tuple[Row, str] | None:
    for row in rows("cuda_carriers", "carrier"):
        if match := re.fullmatch(row.text("name"), name):
            return row, match[1] if match.re.groups else row.text("major")
    return None
