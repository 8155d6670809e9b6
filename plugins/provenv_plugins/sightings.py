"""One list of devices out of several texts that each show some of them, with more or less of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from provenv.hooks import Device
from provenv.hooks.values import dataclass, replace

MOST = 128
"""Devices of one machine. A list of more is a log that tells of the same ones again and again."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """The devices that one text shows. `way`: how, in words (`nvidia-smi -q`, `PCI list`).

    `rank`: the lower, the more such a text tells of a device. `whole`: it lists what a driver or runtime gave
    it, so that of several such texts the longest list is the machine's.
    """

    way: str
    rank: int
    devices: tuple[Device, ...]
    whole: bool = True


def combined(sightings: Iterable[Sighting]) -> tuple[tuple[Device, ...], tuple[str, ...]]:
    """The devices, each with what any text says of it, and the ways by which they were seen."""
    seen = (_unrepeated(found) for found in sightings if found.devices)
    ordered = sorted(seen, key=lambda found: found.rank)
    if not ordered:
        return (), ()
    wholes = [found for found in ordered if found.whole] or ordered[:1]
    base = max(wholes, key=lambda found: len(found.devices))  # the first of the longest
    devices: Sequence[Device] = base.devices
    for found in ordered:
        if found is not base:
            devices = _filled(devices, found.devices)
    return tuple(devices), tuple(dict.fromkeys([base.way, *(found.way for found in ordered)]))


def _unrepeated(found: Sighting) -> Sighting:
    if len(found.devices) <= MOST:
        return found
    return replace(found, devices=tuple(dict.fromkeys(found.devices))[:MOST])


def _filled(devices: Sequence[Device], others: Sequence[Device]) -> list[Device]:
    """By place where both lists are as long, else by a name that means one kind of device in both."""
    if len(devices) == len(others):
        pairs = list(zip(devices, others, strict=True))
        return [fill(device, other) if alike(device.name, other.name) else device for device, other in pairs]
    by_name: dict[str, set[Device]] = {}
    for other in others:
        if other.name:
            by_name.setdefault(_bare(other.name), set()).add(replace(other, facts=()))
    filled = []
    for device in devices:
        known = by_name.get(_bare(device.name), set())
        filled.append(fill(device, next(iter(known))) if len(known) == 1 else device)
    return filled


def fill(device: Device, other: Device) -> Device:
    """A device, with what another text says of it where its own says nothing."""
    facts = {**dict(other.facts), **dict(device.facts)}
    cut_off = is_cut_off(device.name) and other.name and not is_cut_off(other.name)
    return replace(
        device,
        name=other.name if cut_off else device.name,
        memory_mib=device.memory_mib or other.memory_mib,
        compute_capability=device.compute_capability or other.compute_capability,
        gfx=device.gfx or other.gfx,
        facts=tuple(sorted(facts.items())),
    )


def is_cut_off(name: str) -> bool:
    """No name at all, or one that a narrow table has shortened."""
    return not name or name.endswith("...")


def alike(first: str, second: str) -> bool:
    """Whether two names may mean one device: one is the other cut off, or lacks the maker's name."""
    if not first or not second:
        return True
    short, long = sorted((_bare(first), _bare(second)), key=len)
    return long.startswith(short)


def _bare(name: str) -> str:
    return re.sub(r"^(?:nvidia|amd|intel)(?:\(r\))?\s+|\s*\.\.\.$", "", name.lower())


def once(devices: Iterable[tuple[str, Device]]) -> tuple[Device, ...]:
    """(what tells one from another, the device): each once, as it was first seen."""
    seen: dict[str, Device] = {}
    for key, device in devices:
        if device.name or key not in seen:
            seen.setdefault(key, device)
    return tuple(seen.values())


def told(pairs: Mapping[str, str | None]) -> tuple[tuple[str, str], ...]:
    """A device's facts out of what may be known of it."""
    return tuple((name, value) for name, value in pairs.items() if value)
