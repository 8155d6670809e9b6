"""The readers of what people paste of a machine; each is imported when there is something to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from provenv.hooks import Paste, PasteReader, Reading, hookimpl


def machine(pastes: Sequence[Paste]) -> Reading:
    """See `machine_pastes.read`."""
    from provenv_plugins.machine_pastes import read

    return read(pastes)


def nvidia(pastes: Sequence[Paste]) -> Reading:
    """See `nvidia_pastes`: what the texts say of the machine beside its GPUs, which `cuda` finds itself."""
    from provenv_plugins.nvidia_pastes import reading

    return reading(tuple(pastes))


def amd(pastes: Sequence[Paste]) -> Reading:
    """See `amd_pastes`."""
    from provenv_plugins.amd_pastes import reading

    return reading(tuple(pastes))


def apple(pastes: Sequence[Paste]) -> Reading:
    """See `apple_pastes`."""
    from provenv_plugins.apple_pastes import reading

    return reading(tuple(pastes))


def places(pastes: Sequence[Paste]) -> Reading:
    """See `machine_pastes.read_places`."""
    from provenv_plugins.machine_pastes import read_places

    return read_places(pastes)


def other_devices(pastes: Sequence[Paste]) -> Reading:
    """See `other_devices.read`."""
    from provenv_plugins.other_devices import read

    return read(pastes)


@hookimpl
def provenv_paste_readers() -> Iterable[PasteReader]:
    """machine, nvidia, amd, apple, other-devices, places."""
    yield PasteReader("machine", 10, machine)
    yield PasteReader("nvidia", 50, nvidia)
    yield PasteReader("amd", 50, amd)
    yield PasteReader("apple", 50, apple)
    yield PasteReader("other-devices", 60, other_devices)
    yield PasteReader("places", 90, places)
