"""Does a target run on this machine, and which of those that do is the best?"""

from __future__ import annotations

from provenv.envelopes import known_words, version_tuple
from provenv.hooks.types import Envelope, EnvelopeKey
from provenv.host import Host
from provenv.targets import Target


def unfit(target: Target, host: Host) -> str | None:
    """Why a target can't run on a machine, in words; None when it can, as far as the machine tells."""
    if target.packaging != "pip":
        return f"it is a {target.packaging} target"
    return wrong_platform(target, host) or _wrong_accelerator(target, host) or _too_little(target, host)


def wrong_platform(target: Target, host: Host) -> str | None:
    """Why a target's files can't even be installed on a machine; None when they can."""
    if target.platform == host.platform:
        return None
    return f"it is for {target.platform}, and this machine is {host.platform or 'of no known platform'}"


def rank(target: Target, host: Host) -> tuple[int, ...]:
    """Lowest is best: the accelerator by the plugins' preference, then the Python that is running."""
    usable = host.usable
    accelerator = usable.index(target.accelerator) if target.accelerator in usable else len(usable)
    running = (host.python or "").split(".")[:2]
    return accelerator, int(target.python.split(".")[:2] != running)


def _wrong_accelerator(target: Target, host: Host) -> str | None:
    if target.accelerator in host.usable:
        return None
    detected = host.detections.get(target.accelerator)
    if detected is not None and detected.devices:
        return f"it is for {target.accelerator}, and what was found is not usable: {detected.devices[0].name}"
    return f"it is for {target.accelerator}, and no usable device of that kind was found"


def _too_little(target: Target, host: Host) -> str | None:
    """The first word of the target's envelope that this machine does not keep."""
    platform, accelerator = (
        host.plugins.platforms.get(target.platform),
        host.plugins.accelerators.get(target.accelerator),
    )
    words = known_words(*(owner for owner in (platform, accelerator) if owner))
    detected = host.detections.get(target.accelerator)
    machine = host.envelope.merged(detected.envelope if detected else Envelope())
    for word, promised in target.envelope.items:
        reason = _short_of(word, promised, machine, words)
        if reason:
            return reason
    return None


def _short_of(
    word: str, promised: tuple[str, ...], machine: Envelope, words: dict[str, EnvelopeKey]
) -> str | None:
    here = machine.all(word)
    if not here:
        # A machine with musl says nothing of glibc, but that is an answer too.
        other = next(
            (name for name, _ in machine.items if name in words and word in words[name].replaces), None
        )
        return f"it needs {word} {promised[0]}, and this machine has {other}" if other else None
    enough = any(_keeps(value, least) for value in here for least in promised)
    return (
        None if enough else f"it needs {word} {' or '.join(promised)}, and this machine has {', '.join(here)}"
    )


def _keeps(value: str, least: str) -> bool:
    """Numbers are the least that is needed; any other word (`gfx1100`) is the very thing."""
    if value[:1].isdigit() and least[:1].isdigit():
        return version_tuple(value) >= version_tuple(least)
    return value == least
