"""The machines on which a plugin's detection is tried: recorded ones, and some that answer rubbish."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from provenv.recording import RecordedProbe, load_probe

FOLDER = Path(__file__).parent / "machines"
EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine to replay. `rubbish`: it answers everything, and nothing that makes sense."""

    name: str
    probe: RecordedProbe
    rubbish: bool = False

    def __str__(self) -> str:
        return f"the machine {self.name}"


def machines() -> Iterable[Machine]:
    """An empty one, plain Linux, macOS and Windows, and each of these answering rubbish."""
    recorded = [Machine(file.stem, load_probe(file)) for file in sorted(FOLDER.glob("*.json"))]
    yield from recorded
    for machine in recorded:
        if machine.name != EMPTY:
            yield Machine(f"{machine.name} (rubbish)", _rubbish(machine.probe), rubbish=True)


_TEXT = "N/A\x00 [Unknown Error]\n\t| -1 | 99999999999999999999 | ٣.٣ |\n+---+\nVersion: \n: :\n[gpu] [\n{\n"


def _rubbish(probe: RecordedProbe) -> RecordedProbe:
    names = ("system", "machine", "bits", "version")
    facts = {name: fact for name in names if (fact := probe.python(name))}
    command = {"exit_code": 0, "stdout": _TEXT, "stderr": _TEXT}
    odd: dict[str, object] = {
        "": None,
        "devices": [None, {}, [], _TEXT],
        "driver": -1,
        "cuda": [],
        "error": {},
    }
    return RecordedProbe(
        {
            "python": facts,
            "file": _Always(_TEXT),
            "folder": _Always(["-1", "0", "card", "card0", "zzz", "٣"]),
            "command": _Always(command),
            "environment": _Always(_TEXT),
            "registry": _Always(_TEXT),
            "sysctl": _Always(_TEXT),
            "library": _Always(odd),
        }
    )


class _Always(Mapping[str, object]):
    """A mapping with one answer to every question."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    def __getitem__(self, question: str) -> object:
        return self._answer

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
