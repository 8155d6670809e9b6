"""What the providers of wheel variants say of a processor (PEP 817 and 825, `x86_64` and `aarch64`).

Features, values and their order: github.com/wheelnext/provider-variant-x86-64 and -aarch64, January 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from provenv.hooks import Context

# What each level of the x86-64 psABI brings, by archspec's names, newest level first.
X86_64 = (
    ("v4", ("avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl")),
    ("v3", ("avx2", "avx", "bmi2", "bmi1", "abm", "f16c", "fma", "movbe", "xsave")),
    ("v2", ("sse4_2", "sse4_1", "ssse3", "sse3", "cx16", "lahf_lm", "popcnt")),
    ("v1", ("sse2", "sse", "mmx")),
)
LEVEL = re.compile(r"x86-64-(v[1-4])|armv([89])\.(\d)(\+sve)?", re.ASCII)
BASELINES = {"macos": "armv8.4"}  # the M1, which every Apple silicon is at least (archspec)


def check_level(value: str) -> str | None:
    """None for a level such as `detect` names them, else what is wrong with it."""
    if LEVEL.fullmatch(value):
        return None
    return f"{value!r} is no level of a processor such as x86-64-v3, armv8.2 or armv8.2+sve"


def features(context: Context) -> tuple[str, ...]:
    """Of the promised level, or of the oldest processor of the target's architecture."""
    told = LEVEL.fullmatch(context.envelope.one("cpu-level") or "")
    if context.arch == "x86_64":
        level = (told[1] if told else None) or "v1"
        return tuple(f"x86_64 :: {text}" for text in _x86_64(level))
    if context.arch in ("aarch64", "arm64"):
        if told is None or told[2] is None:
            told = LEVEL.fullmatch(BASELINES.get(context.os, "armv8.0"))
        return tuple(f"aarch64 :: {text}" for text in _aarch64(told)) if told else ()
    return ()


def _x86_64(level: str) -> Iterator[str]:
    reached = [(name, flags) for name, flags in X86_64 if name <= level]
    yield from (f"level :: {name}" for name, _ in reached)
    yield from (f"{flag} :: on" for _, flags in reached for flag in flags)


def _aarch64(level: re.Match[str]) -> Iterator[str]:
    major, minor = int(level[2]), int(level[3])
    if major == 9:
        yield from (f"version :: 9.{each}a" for each in range(minor, -1, -1))
        minor += 5  # Armv9.0 holds all of Armv8.5, and so on (Arm's architecture manual)
    yield from (f"version :: 8.{each}a" for each in range(minor, 0, -1))
    yield "version :: 8a"
    yield from ("sve :: on",) * bool(level[4])
    yield from ("asimd :: on", "fp :: on")
