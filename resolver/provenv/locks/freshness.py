"""Does a lock still say what the manifest asks for, and if not, what has changed?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from provenv.errors import InputError
from provenv.locks.inputs import LockInputs, target_facts
from provenv.reads import exists
from provenv.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.locks.reader import Lock

_WORDS = {
    "requirements": "",
    "constraints": "constraint ",
    "overrides": "override ",
    "excluded": "excluded ",
    "indexes": "index ",
    "pins": "pin ",
    "channels": "channel ",
    "specs": "conda package ",
    "names": "name ",
    "virtual": "virtual package ",
}


@dataclass(frozen=True, slots=True)
class Freshness:
    """Whether a lock is fresh; when it is not, each change in a line (`+ numpy<2 (pyproject.toml:12)`)."""

    fresh: bool
    reasons: tuple[str, ...] = ()


def freshness(lock: Lock | None, inputs: LockInputs) -> Freshness:
    """Compare a lock (None: there is none) with what its target would be locked from now."""
    if lock is None:
        return Freshness(False, ("there is no lock yet",))
    if lock.digest == inputs.digest():
        return Freshness(True)
    reasons = tuple(_changes(lock.inputs, inputs))
    return Freshness(False, reasons or ("it was written by another version of provenv",))


def examine(path: Path, inputs: LockInputs) -> tuple[Lock | None, Freshness]:
    """The lock at a path, if it can be used, and whether it is fresh; a missing or damaged one is stale."""
    if not exists(path):
        return None, freshness(None, inputs)
    from provenv.locks.reader import read

    try:
        lock = read(path)
    except InputError as error:
        place = f" (line {error.origin.line})" if error.origin and error.origin.line else ""
        return None, Freshness(False, (f"{error.message}{place}",))
    return lock, freshness(lock, inputs)


def _changes(old: LockInputs, new: LockInputs) -> Iterator[str]:
    yield from _changed_facts(target_facts(old.target), target_facts(new.target))
    for section, word in _WORDS.items():
        yield from _changed_lines(word, old.section(section), new.section(section), new.origins)
    yield from _changed_local(old.local, new.local)
    yield from _changed_facts(old.rules, new.rules)


def _changed_facts(old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]) -> Iterator[str]:
    before, after = dict(old), dict(new)
    for word in dict.fromkeys((*before, *after)):
        was, now = before.get(word, ""), after.get(word, "")
        if was != now:
            yield f"{word} {was or '(none)'} -> {now or '(none)'}"


def _changed_lines(
    word: str, old: Sequence[str], new: Sequence[str], origins: Mapping[str, str]
) -> Iterator[str]:
    for line in new:
        if line not in old:
            yield f"+ {word}{line}" + (f" ({origins[line]})" if line in origins else "")
    for line in old:
        if line not in new:
            yield f"- {word}{line}"
    if old != new and sorted(old) == sorted(new):
        yield f"{word.strip() or 'requirements'}: another order"


def _changed_local(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """Local projects and files that are still required but say something else."""
    before = dict(line.rsplit(" ", 1) for line in old)
    after = dict(line.rsplit(" ", 1) for line in new)
    for path in sorted(before.keys() & after.keys()):
        if before[path] != after[path]:
            yield f"{path} is missing" if after[path] == "missing" else f"{path} has changed"
