"""NVIDIA GPUs by their names: in full, cut off by a narrow table, or somewhere in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from provenv.hooks import Device
from provenv.hooks.reports import named_gpus
from provenv_plugins.tables import rows

_MAKER = ("nvidia", "geforce", "tesla", "grid")
_BRANDS = r"NVIDIA |Nvidia |GeForce |Tesla |Quadro |TITAN |Jetson |RTX |GTX |RTX PRO "

# What has to stand on a line that names one: how many, or whose, or what kind of thing it is.
_HINT = re.compile(
    rf"{_BRANDS}|(?i:\bgpus?\b|\bgraphics\b)|\d\s*[x\u00d7*]|[x\u00d7*]\s*\d|GPUs?\b|Orin|Xavier|Thor|Nano|TX[12]"
)


@cache
def _known() -> tuple[tuple[tuple[str, ...], str], ...]:
    """(the words of a name, its compute capability), the longest first."""
    found = [
        (_words(name), row.text("capability"))
        for row in rows("nvidia_devices", "devices")
        for name in row.texts("names")
    ]
    return tuple(sorted(found, key=lambda pair: len(pair[0]), reverse=True))


def capability_of_name(name: str) -> str | None:
    """The compute capability of a GPU by its name, as a driver or a paste has it.

    None for a name that no table has, and for one cut off (`GeForce GTX 10...`) where it could be several.
    """
    words = _words(name)
    if name.endswith("..."):
        return _by_beginning(words)
    return next((capability for known, capability in _known() if _within(known, words)), None)


def _by_beginning(words: tuple[str, ...]) -> str | None:
    whole = next((capability for known, capability in _known() if _within(known, words[:-1])), None)
    text = " ".join(words)
    rest = {capability for known, capability in _known() if text and " ".join(known).startswith(text)}
    if len(rest) == 1:
        return rest.pop()
    return whole if not rest or rest == {whole} else None


def _words(name: str) -> tuple[str, ...]:
    """`NVIDIA A100-SXM4-80GB` -> a100, sxm4, 80gb: what must match whole."""
    return tuple(word for word in re.split(r"[^a-z0-9]+", name.lower()) if word and word not in _MAKER)


def _within(inner: tuple[str, ...], outer: tuple[str, ...]) -> bool:
    size = len(inner)
    return any(outer[start : start + size] == inner for start in range(len(outer) - size + 1))


@cache
def _pattern() -> re.Pattern[str]:
    names = {name for row in rows("nvidia_devices", "devices") for name in row.texts("names")}
    modules = {name.removeprefix("Jetson ") for name in names if name.startswith("Jetson ")}
    either = "|".join(
        re.escape(name) for name in sorted(names | modules, key=lambda name: (-len(name), name))
    )
    return re.compile(
        r"(?P<before>(?P<count>\d{1,2})\s*[x\u00d7*]\s*"
        r"|(?:\bGPUs?|\bgraphics cards?|\bgraphics)\b[^\w\n]*(?:is |are |a |an )?)?"
        rf"(?P<brand>(?:{_BRANDS})*)\b(?P<name>{either})(?P<size>[ -]\d+ ?GB)?(?!\w|\.\d)"
        rf"(?:\s*[x\u00d7*]\s*(?P<times>\d{{1,2}})\b)?",
    )


def named_in_prose(text: str) -> Iterable[Device]:
    """The GPUs that a sentence or a list names, each kind once or as often as it says (`8x A100`)."""
    seen: set[str] = set()
    jetson = re.search(r"\bJetson\b|\bJetPack\b|\bL4T\b", text, re.IGNORECASE) is not None
    for found in _pattern().finditer("\n".join(filter(_HINT.search, text.splitlines()))):
        module = re.search(r"Orin|Xavier|Thor", found["name"]) is not None
        if not (found["before"] or found["brand"] or found["times"] or (module and jetson)):
            continue
        brand = re.sub(r"(?i)^nvidia ", "", found["brand"])
        name = f"{brand}{found['name']}{found['size'] or ''}"
        kind = f"{found['name'].removeprefix('Jetson ')}{found['size'] or ''}".lower()
        if kind in seen:  # in a sentence `RTX 4090` and `GeForce RTX 4090` are one
            continue
        seen.add(kind)
        times = int(found["count"] or found["times"] or 1)
        yield from [Device("nvidia", name)] * min(max(times, 1), 64)


def named_on_a_line(text: str) -> Iterable[Device]:
    """The GPUs that a report names one a line, in full: `GPU type: NVIDIA A100-SXM4-80GB`."""
    for name in named_gpus(text):
        if re.match(rf"(?:{_BRANDS}|Tesla)", name) and not re.search(
            r"\s[x\u00d7*]\s?\d|\d\s?[x\u00d7]\s", name
        ):
            yield Device("nvidia", name)
