"""What pasted texts say of a Mac's GPUs: system_profiler, and what Metal programs print."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from provenv.hooks import Device, Paste, Reading
from provenv_plugins.desktop_pastes import CHIPSET
from provenv_plugins.sightings import Sighting, combined, once, told

_MAKERS = (("apple", r"\bApple\b"), ("amd", r"\bAMD\b|\bRadeon\b"), ("nvidia", r"\bNVIDIA\b|\bGeForce\b"))


@lru_cache(maxsize=4)
def read_pastes(pastes: tuple[Paste, ...]) -> tuple[tuple[Device, ...], tuple[str, ...]]:
    """Every GPU of the Mac, and by which text it was seen."""
    displays = tuple(device for paste in pastes for device in _displays(paste.text))
    logged = once(pair for paste in pastes for pair in _logged(paste.text))
    return combined((Sighting("system_profiler", 0, displays), Sighting("Metal", 1, logged)))


def _displays(text: str) -> Iterable[Device]:
    """`system_profiler SPDisplaysDataType`, plain in any language or as JSON: a block for each GPU."""
    heads = list(CHIPSET.finditer(text))
    for place, head in enumerate(heads):
        block = text[head.end() : heads[place + 1].start() if place + 1 < len(heads) else len(text)]
        yield _json_display(head["json"], block) if head["json"] else _display(head["name"], block)


def _display(name: str, block: str) -> Device:
    values = dict(re.findall(r"^[ \t]*([A-Z][^:\n]*?):[ \t]*(\S.*?)[ \t]*$", block, re.MULTILINE))
    # `VRAM (Dynamic, Max)` is a share of the system's memory, `VRAM (Total)` is the card's own
    facts = told({"cores": values.get("Total Number of Cores"), "metal": values.get("Metal Support")})
    return Device(maker(name), name, _mib(values.get("VRAM (Total)", "")), facts=facts)


def _json_display(name: str, block: str) -> Device:
    values = dict(re.findall(r"\"(\w+)\"\s*:\s*\"([^\"\n]*)\"", block))
    # with a low line before it, it is the dynamic share
    return Device(maker(name), name, _mib(values.get("spdisplays_vram", "")))


def _mib(text: str) -> int | None:
    size = re.match(r"(\d{1,6}) (MB|GB)$", text)
    return int(size[1]) * (1024 if size[2] == "GB" else 1) if size else None


def maker(name: str) -> str:
    """Whose GPU it is; a Mac's are Apple's, AMD's, NVIDIA's or Intel's."""
    return next((vendor for vendor, words in _MAKERS if re.search(words, name)), "intel")


def _logged(text: str) -> Iterable[tuple[str, Device]]:
    """ggml's `GPU name:`, and `found device:` where a log has been cut before it."""
    for pattern in (r"ggml_metal\w*: GPU name:\s+(\S.*)$", r"ggml_metal\w*: found device: (\S.*)$"):
        for name in re.findall(pattern, text, re.MULTILINE):
            if not re.match(r"MTL\d", name):
                yield name, Device(maker(name), name.strip())


def reading(pastes: tuple[Paste, ...]) -> Reading:
    """The GPUs; Metal is macOS', and Apple's own are in no Intel Mac."""
    devices, _ = read_pastes(pastes)
    if not devices:
        return Reading()
    python = {"system": "Darwin"}
    python["machine"] = "arm64" if any(device.vendor == "apple" for device in devices) else "x86_64"
    return Reading({"python": python}, devices)
