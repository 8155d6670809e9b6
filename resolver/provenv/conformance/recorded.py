"""The machines on which a plugin's detection is tried: recorded ones, and some that answer rubbish."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from provenv.recording import RecordedProbe

FOLDER = Path(__file__).parent / "machines"
EMPTY = "empty"

Answers = Mapping[str, Mapping[str, object]]


class Machine(RecordedProbe):
    """A machine to replay. `rubbish`: it answers everything, and nothing that makes sense."""

    def __init__(self, name: str, answers: Answers, *, rubbish: bool = False) -> None:
        super().__init__(answers)
        self.name = name
        self.rubbish = rubbish

    def __str__(self) -> str:
        return f"the machine {self.name}"

    __repr__ = __str__


def machines() -> Iterable[Machine]:
    """An empty one, plain Linux, macOS and Windows, and each of these answering rubbish."""
    for file in sorted(FOLDER.glob("*.json")):
        document = json.loads(file.read_text(encoding="utf-8"))
        answers = {kind: kept for kind, kept in document.items() if isinstance(kept, dict)}
        yield Machine(file.stem, answers)
        if file.stem != EMPTY:
            yield Machine(f"{file.stem} (rubbish)", _rubbish(answers["python"]), rubbish=True)


_TEXT = "N/A\x00 [Unknown Error]\n\t| -1 | 99999999999999999999 | ٣.٣ |\n+---+\nVersion: \n: :\n[gpu] [\n{\n"


def _rubbish(python: Mapping[str, object]) -> Answers:
    facts = {name: python[name] for name in ("system", "machine", "bits", "version")}
    command = {"exit_code": 0, "stdout": _TEXT, "stderr": _TEXT}
    odd: dict[str, object] = {
        "": None,
        "devices": [None, {}, [], _TEXT],
        "driver": -1,
        "cuda": [],
        "error": {},
    }
    return {
        "python": facts,
        "file": _Always(_TEXT),
        "folder": _Always(["-1", "0", "card", "card0", "zzz", "٣"]),
        "command": _Always(command),
        "environment": _Always(_TEXT),
        "registry": _Always(_TEXT),
        "sysctl": _Always(_TEXT),
        "library": _Always(odd),
    }


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
