"""What the plugins' readers understand of pastes, and the probe that this makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from provenv.hooks.pastes import PasteReader, Reading
from provenv.hooks.telling import shown, words
from provenv.hooks.types import Device, Finding, Paste
from provenv.recording import RecordedProbe
from provenv.values import dataclass

_ANCHORS = ("sys", "proc", "etc", "dev")


class PasteProbe(RecordedProbe):
    """Pastes, and the answers that they stand for.

    A file's text also answers as the file that it was on its machine, where its path tells: `x/proc/cpuinfo`
    is /proc/cpuinfo.
    """

    def __init__(self, pastes: Sequence[Paste], readings: Sequence[Reading]) -> None:
        self._pastes = tuple(pastes)
        super().__init__(_merged(readings, _files(pastes)))

    def pastes(self) -> tuple[Paste, ...]:
        return self._pastes


@dataclass(frozen=True, slots=True)
class Understanding:
    """What all readers together understood of some pastes, and a line for each reader that failed."""

    readings: tuple[Reading, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def devices(self) -> tuple[Device, ...]:
        """Every device that a reader saw."""
        return tuple(device for reading in self.readings for device in reading.devices)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the readers think worth telling, each once."""
        return tuple(dict.fromkeys(f for reading in self.readings for f in reading.findings))

    def fact(self, name: str) -> str | None:
        """The first reader's `driver`, `cuda_reported` ..."""
        return next((dict(r.facts)[name] for r in self.readings if dict(r.facts).get(name)), None)


def understand(pastes: Sequence[Paste], readers: Iterable[PasteReader]) -> Understanding:
    """Ask every reader, in their order. A reader that raises is named, and the others' answers stand.

    The same texts are read once, however often they are asked about.
    """
    return _understood(tuple(pastes), tuple(readers))


@lru_cache(maxsize=2)
def _understood(pastes: tuple[Paste, ...], readers: tuple[PasteReader, ...]) -> Understanding:
    readings: list[Reading] = []
    problems: list[str] = []
    for reader in readers:
        try:
            reading = reader.read(pastes)
            if not isinstance(reading, Reading):
                raise TypeError(f"it answered {shown(reading)}, not a Reading")
            readings.append(reading)
        except Exception as error:  # a plugin may raise whatever it likes
            problems.append(f"the paste reader {reader.name} failed: {words(error)}")
    return Understanding(tuple(readings), tuple(problems))


def _merged(
    readings: Iterable[Reading], files: Mapping[str, Mapping[str, object]]
) -> dict[str, dict[str, object]]:
    merged: dict[str, dict[str, object]] = {kind: dict(answers) for kind, answers in files.items()}
    for reading in readings:
        for kind, answers in reading.answers.items():
            kept = merged.setdefault(kind, {})
            for question, answer in answers.items():
                kept.setdefault(question, answer)
    return merged


def _files(pastes: Iterable[Paste]) -> dict[str, dict[str, object]]:
    """Files and folders by their absolute paths, for pastes that lie below a `sys`, `proc` ... folder."""
    files: dict[str, object] = {}
    folders: dict[str, set[str]] = {}
    for paste in pastes:
        parts = paste.name.split("/")
        start = next((place for place, part in enumerate(parts[:-1]) if part in _ANCHORS), None)
        if start is None:
            continue
        files.setdefault("/" + "/".join(parts[start:]), paste.text)
        for place in range(start + 1, len(parts)):
            folders.setdefault("/" + "/".join(parts[start:place]), set()).add(parts[place])
    return {"file": files, "folder": {path: sorted(names) for path, names in folders.items()}}
