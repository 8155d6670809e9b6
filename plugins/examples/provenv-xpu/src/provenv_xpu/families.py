"""Intel's GPUs by family, from devices.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

VENDOR = "8086"


@dataclass(frozen=True, slots=True)
class Family:
    """`torch`: the first that lists it, "" for none; `ids`: PCI device id -> name.

    `device_ip`: the platform whose code all of its GPUs run, "" for none.
    """

    name: str
    words: str
    torch: str
    ids: Mapping[str, str]
    device_ip: str


def table(file: str) -> Mapping[str, Any]:
    """One of this plugin's tables."""
    return tomllib.loads((Path(__file__).parent / f"{file}.toml").read_text(encoding="utf-8"))


@cache
def families() -> tuple[Family, ...]:
    """Every family that Intel's runtime knows."""
    rows = table("devices")["family"]
    keys = ("name", "words", "torch", "ids", "device-ip")
    return tuple(Family(*(row[key] for key in keys)) for row in rows)


def family_of(device_id: str) -> Family | None:
    """The family of a PCI device id (four hexadecimal digits, lower case)."""
    return next((family for family in families() if device_id in family.ids), None)


def family_called(name: str) -> Family | None:
    """The family of a device that is known by its name alone: the one that calls a device so, if it is one.

    Integrated GPUs are all called `Arc Graphics` or `Graphics`: of those the name tells no family.
    """
    plain = plain_name(name)
    found = {f.name: f for f in families() for known in f.ids.values() if plain_name(known) == plain}
    return next(iter(found.values())) if len(found) == 1 else None


def plain_name(name: str) -> str:
    """`Intel(R) Arc(TM) A770 Graphics` -> `Arc A770 Graphics`."""
    words = name.replace("(R)", " ").replace("(TM)", " ").split()
    return " ".join(words[1:] if words[:1] == ["Intel"] else words)


def numbers(text: str) -> tuple[int, ...] | None:
    """`2.28` -> (2, 28); None when it is not that."""
    parts = text.split(".")
    good = all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts)
    return tuple(map(int, parts)) if good else None
