"""A package index in a dict, for tests of the solver: `{"a 1.0": "b>=1, c<2", "b 1.0": "", "c 1.0": None}`.

The newest version is tried first. None instead of dependencies: the version can't be used; a dependency in
square brackets shares its version with the package (`"a[x] 1.0": "[a], b"`).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping

from provenv.solver.describe import Describer, spell_ranges
from provenv.solver.explain import Explanation, explain
from provenv.solver.outcome import Solution, Unsolvable
from provenv.solver.provider import Provider, Requirement, Unavailable
from provenv.solver.solve import solve

COMPARE = {">=": operator.ge, "<": operator.lt, "==": operator.eq, "!=": operator.ne, "<=": operator.le}


def key(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


class LittleIndex(Provider[str], Describer[str]):
    """Keeps a log of what it was asked for in `asked_for`."""

    def __init__(self, releases: Mapping[str, str | None], excluded: Mapping[str, str] | None = None) -> None:
        self.excluded = excluded or {}
        self.releases: dict[str, dict[str, str | None]] = {}
        self.asked_for: list[str] = []
        self.bases: dict[str, str] = {}
        for release, needs in releases.items():
            name, version = release.split()
            self.releases.setdefault(name, {})[version] = needs
            for base in re.findall(r"(?<!\w)\[(\w+)\]", needs or ""):
                self.bases[name] = base
        for name, found in self.releases.items():
            self.releases[name] = {
                version: found[version] for version in sorted(found, key=key, reverse=True)
            }

    def texts(self, package: str) -> list[str]:
        return list(self.releases.get(package, {}))

    def mask(self, requirement: str) -> tuple[str, int]:
        """`b>=1,<2` (clauses are joined by a comma without a space) as a package and a mask."""
        name, specifiers = re.fullmatch(r"([\w\[\]]+)\s*(.*)", requirement).groups()
        clauses = [
            re.fullmatch(r"([<>=!]+)(.+)", clause).groups() for clause in specifiers.split(",") if clause
        ]
        return name, sum(
            1 << n
            for n, text in enumerate(self.texts(name))
            if all(COMPARE[op](key(text), key(bound)) for op, bound in clauses)
        )

    def needs(self, text: str) -> list[str]:
        return [need for need in text.split(", ") if need and not need.startswith("[")]

    def requirement(self, text: str) -> Requirement[str]:
        return Requirement(*self.mask(text), origin=text)

    def solve(self, *requirements: str, preferences: Mapping[str, str] | None = None) -> Solution[str]:
        numbers = {name: self.texts(name).index(version) for name, version in (preferences or {}).items()}
        return solve(self, [self.requirement(text) for text in requirements], numbers)

    def answer(self, *requirements: str, preferences: Mapping[str, str] | None = None) -> dict[str, str]:
        """The versions chosen, by name."""
        solution = self.solve(*requirements, preferences=preferences)
        return {name: self.texts(name)[solution.versions[name]] for name in sorted(solution.versions)}

    def refusal(self, *requirements: str) -> Explanation[str]:
        """Why there is no answer; fails if there is one."""
        try:
            answer = self.answer(*requirements)
        except Unsolvable as unsolvable:
            return explain(unsolvable, self)
        raise AssertionError(f"there is an answer: {answer}")

    # What the solver asks.

    def count(self, package: str) -> int:
        return len(self.texts(package))

    def dependencies(self, package: str, version: int) -> Mapping[str, int] | Unavailable:
        text = self.texts(package)[version]
        self.asked_for.append(f"{package} {text}")
        needs = self.releases[package][text]
        if needs is None:
            return Unavailable("has broken metadata")
        return dict(map(self.mask, self.needs(needs)))

    def similar(self, package: str, version: int) -> int:
        found = list(self.releases[package].values())
        return sum(1 << n for n, needs in enumerate(found) if needs in (found[version], None))

    def unusable(self, package: str) -> Mapping[str, int]:
        return {
            reason: self.mask(requirement)[1]
            for requirement, reason in self.excluded.items()
            if self.mask(requirement)[0] == package
        }

    def same_version_as(self, package: str) -> str | None:
        return self.bases.get(package)

    # What an explanation asks.

    def spell(self, package: str, mask: int) -> str:
        texts = self.texts(package)
        return spell_ranges(mask, list(reversed(range(len(texts)))), texts)

    def requested(self, requirement: Requirement[str]) -> str:
        return str(requirement.origin)

    def needed(self, package: str, versions: int, child: str, allowed: int) -> str:
        """As the authors wrote it, if they all wrote the same."""
        texts = {
            need
            for n, needs in enumerate(self.releases[package].values())
            if versions >> n & 1 and needs
            for need in self.needs(needs)
            if self.mask(need)[0] == child
        }
        return texts.pop() if len(texts) == 1 else self.wanted(child, allowed)

    def unmet(self, package: str) -> str:
        return "which no version satisfies" if package in self.releases else "which does not exist"
