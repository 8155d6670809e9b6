"""What rattler says when there is no solution: in provenv's words, with the hardware named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from provenv.addresses import redact
from provenv.conda.channels import Channel, without_secrets
from provenv.conda.virtual import spelled
from provenv.errors import NoSolution
from provenv.manifest.spelling import nearest
from provenv.values import dataclass

if TYPE_CHECKING:
    from provenv.conda.solve import Question


class CondaConflict(NoSolution):
    """The channels have no solution for a target's conda packages. `names`: those that the story names."""

    def __init__(self, evidence: Sequence[str], hints: Sequence[str], names: frozenset[str]) -> None:
        super().__init__("its conda packages have no solution", evidence=evidence, hints=hints)
        self.names = names


@dataclass(frozen=True, slots=True)
class Shelves:
    """What the channels have for a subdir: those that have nothing for it, all names, and for the packages
    that were looked for in vain the versions that there are, oldest first."""

    empty: tuple[Channel, ...]
    names: frozenset[str]
    versions: Mapping[str, tuple[str, ...]]


def missing(told: str) -> list[str]:
    """The packages of which the solver says that no candidate fits what was asked for."""
    return re.findall(r"No candidates were found for ([\w.-]+) ", told)


def named_in(told: str) -> frozenset[str]:
    """The packages that the solver's story speaks of, and some words that are none."""
    return frozenset(re.findall(r"(?<![\w.-])(_{0,2}[A-Za-z][\w.-]*)", told))


def no_conda_solution(told: str, question: Question, shelves: Shelves) -> CondaConflict:
    """The solver's story, made readable: with what the target promises of each virtual package it names."""
    lines = list(_story(told, question))
    names = named_in(told)
    lines += _hardware(told, question)
    lines += [f"{channel.name} has nothing for {question.subdir}" for channel in shelves.empty]
    lines += [f"there is {name} {_spelled(versions)}" for name, versions in shelves.versions.items()]
    return CondaConflict(lines, tuple(_hints(told, question, shelves)), names)


def _spelled(versions: Sequence[str]) -> str:
    """Versions in few words, oldest first."""
    return ", ".join(versions) if len(versions) <= 6 else f"{versions[0]}, … {', '.join(versions[-4:])}"


def _story(told: str, question: Question) -> Iterator[str]:
    text = told.removeprefix("Cannot solve the request because of: ")
    for limit in question.limits:
        for spelling in (limit.spec, _spaced(limit.spec)):
            text = text.replace(f"the constraint {spelling} cannot be fulfilled", f"{limit.why}: {spelling}")
    previous = None
    for line in text.splitlines():
        words = line.strip("├└│─ ")
        if words and words != previous:
            yield redact(without_secrets(line.rstrip()))
        previous = words


def _spaced(spec: str) -> str:
    """A spec as rattler prints it back: `pytorch[build=…]` -> `pytorch [build=…]`."""
    return re.sub(r"^([\w.-]+)\[", r"\1 [", spec)


def _hardware(told: str, question: Question) -> Iterator[str]:
    """For each virtual package that the story speaks of: what this target has of it."""
    has = {package.name: package for package in question.virtual}
    for name in sorted(set(re.findall(r"__[a-z]\w*", told))):
        if name in has:
            yield f"this target promises {spelled(has[name])}"
        else:
            promised = ", ".join(spelled(package) for package in question.virtual) or "nothing"
            yield f"this target promises no {name} (it promises {promised})"


def _hints(told: str, question: Question, shelves: Shelves) -> Iterator[str]:
    for name in missing(told):
        if name not in shelves.names and not shelves.empty:
            near = nearest(name, shelves.names)
            yield (
                f"did you mean {near!r}?" if near else f"PyPI's name may differ from conda's: is it {name!r}?"
            )
    if re.search(r"python_abi|└─ python|├─ python", told):
        yield "another Python may have builds of everything: change `python` in [tool.provenv.conda]"
    if "__" in told or 'build="' in told:
        spoken_of = set(re.findall(r"__[a-z]\w*", told))
        words = [f"`{one.word}`" for one in question.virtual if one.word and one.name in spoken_of]
        which = f" ({', '.join(words)})" if words else ""
        yield f"raise what the target promises{which}, or ask for an older version"
    if "strict channel priority" in told:
        yield 'put the other channel first, ask for `CHANNEL::PACKAGE`, or set channel-priority = "flexible"'
