"""For whom the wheels of a version are, when none is for the target: in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from provenv.pypi.artifacts import Artifact
from provenv.resolving.rules import Rules
from provenv.solver.describe import listed
from provenv.standards.tags import compatible_tags, expand, wheel_rank
from provenv.values import dataclass

MINORS = range(7, 20)
_SYSTEMS = (("win", "Windows"), ("macosx", "macOS"), ("manylinux", "Linux"), ("linux", "Linux"))
_NEWER = (
    (re.compile(r"manylinux_(\d+_\d+)_(.+)"), "glibc"),
    (re.compile(r"musllinux_(\d+_\d+)_(.+)"), "musl"),
    (re.compile(r"macosx_(\d+_\d+)_(.+)"), "macos"),
)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """`words`: for whom the wheels are, "" where there are none. `pythons`: the minor versions that have some
    on the target's platform, oldest first. `word`: the envelope's word and value that would let one in."""

    words: str
    pythons: tuple[str, ...] = ()
    word: tuple[str, str] | None = None

    def __str__(self) -> str:
        return self.words


def told_of(files: Sequence[Artifact], rules: Rules) -> Elsewhere:
    """For whom the wheels among these files are."""
    wheels = [file.tags for file in files if file.kind == "wheel"]
    platforms = tuple(dict.fromkeys(tag.rpartition("-")[2] for tag in rules.tags))
    pythons = tuple(
        f"3.{minor}"
        for minor in MINORS
        if any(wheel_rank(tags, compatible_tags(f"3.{minor}.0", platforms)) is not None for tags in wheels)
    )
    if pythons:
        span = pythons[0] if len(pythons) == 1 else f"{pythons[0]} to {pythons[-1]}"
        return Elsewhere(f"for Python {span} on {rules.platform}", pythons)
    there = list(dict.fromkeys(tag.split("-")[2] for tags in wheels for tag in expand(tags)))
    newer = _newer(there, platforms)
    if newer:
        return Elsewhere(f"for {' '.join(newer)} and newer", word=newer)
    systems = list(dict.fromkeys(map(_system, there)))
    return Elsewhere(f"for {listed(systems)} only" if systems else "")


def _newer(there: Iterable[str], own: Sequence[str]) -> tuple[str, str] | None:
    """What of the target's system would have to be newer: `glibc` and `2.34`."""
    for pattern, what in _NEWER:
        accepted = {match[2] for tag in own if (match := pattern.fullmatch(tag))}
        wanted = [m[1] for tag in there if (m := pattern.fullmatch(tag)) and m[2] in accepted]
        if wanted:
            version = min(wanted, key=lambda text: tuple(map(int, text.split("_")))).replace("_", ".")
            return what, version
    return None


def _system(tag: str) -> str:
    """`win_amd64` -> `Windows (amd64)`."""
    for prefix, system in _SYSTEMS:
        if tag.startswith(prefix):
            arch = re.search(r"(x86_64|aarch64|arm64|universal2|amd64|i686|win32|ppc64le|s390x|armv7l)$", tag)
            return f"{system} ({arch[1]})" if arch else system
    return tag
