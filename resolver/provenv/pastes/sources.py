"""The machine that `--from PATH...` names: a recorded probe, or whatever was pasted of one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from provenv.errors import InputError
from provenv.hooks.manager import Plugins
from provenv.hooks.types import Paste, Probe
from provenv.pastes.gathering import STANDARD_INPUT, gather
from provenv.pastes.understanding import PasteProbe, understand
from provenv.reads import unsure
from provenv.recording import load_probe


def probe_from(sources: Sequence[str], plugins: Plugins) -> Probe:
    """One machine: a recording, or all of these files, folders and standard input together.

    Raises InputError for what can't be read, and for texts in which no plugin finds anything of a machine.
    """
    unsure()  # they may be standard input
    if len(sources) == 1 and _is_recording(sources[0]):
        return load_probe(Path(sources[0]))
    pastes = gather(sources)
    understood = understand(pastes, plugins.paste_readers.values())
    if all(reading.empty for reading in understood.readings):
        known = [words for reader in plugins.paste_readers.values() for words in reader.understands]
        raise _nothing(sources, pastes, understood.problems, known)
    return PasteProbe(pastes, understood.readings)


def _is_recording(source: str) -> bool:
    path = Path(source)
    if source == STANDARD_INPUT or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return b'"provenv-probe"' in file.read(4096)
    except OSError:
        return False


def _nothing(
    sources: Sequence[str], pastes: Sequence[Paste], problems: Sequence[str], known: Sequence[str]
) -> InputError:
    lines = [
        (paste.name, line.strip()) for paste in pastes for line in paste.text.splitlines() if line.strip()
    ]
    seen = [f"{name} begins {line[:80]!r}" for name, line in lines[:1]] or ["there is no text in it"]
    return InputError(
        f"nothing in {', '.join(sources)} tells of a machine",
        evidence=[*seen, *problems],
        hints=["what is understood: a recording (`provenv detect --record FILE`), " + ", ".join(known)],
    )
