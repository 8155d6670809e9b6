"""A conflict case by case: what speaks against the versions of one package, those tried first told first.

Where a package must be had whatever else is chosen, and its versions fail for reasons of their own, a reader
wants the reasons, each with its versions, and no conclusions in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from provenv.solver.core import Core, Search, forced, refute, union
from provenv.solver.incompatibility import Depends, Excluded, Fact, Required
from provenv.values import dataclass, replace

CASES = 4
"""So many reasons are told; the versions that they leave are told by their number."""
PIVOTS = 3
"""So many packages are tried."""
TRIALS = 80
"""How many sets of facts are tried for the reason of one version."""


@dataclass(frozen=True, slots=True)
class Case:
    """`facts` speak against `versions`."""

    versions: int
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Cases:
    """`asked`: the facts by which the package must be had, and what else the cases draw on that is asked for.

    `rest`: versions that fail for further reasons. `unusable`: what can't be used of the package, as facts.
    """

    package: int
    asked: tuple[Fact, ...]
    cases: tuple[Case, ...]
    unusable: tuple[Excluded, ...]
    rest: int


def cases_of(core: Core) -> Cases | None:
    """The cases of the package that makes the fewest; None where there is none to tell by."""
    facts, bases = core.facts, core.bases
    must = forced(facts, bases)
    counts = {p: len({bases.get(f.package, f.package) == p and f for f in facts}) for p in must}
    pivots = sorted((p for p in must if p not in bases and must[p] & (must[p] - 1)), key=lambda p: -counts[p])
    told = [_Pivot(core, package, must).cases() for package in pivots[:PIVOTS]]
    return min(told, key=lambda cases: (cases.rest != 0, len(cases.cases)), default=None)


class _Pivot:
    """One package that must be had, all that is said of its extras said of what is asked for."""

    def __init__(self, core: Core, package: int, must: dict[int, int]) -> None:
        self.core = core
        self.package = package
        self.versions = must[package]
        extras = [face for face, base in core.bases.items() if base == package and face in must]
        # with several extras each keeps its name, since neither needs what the other does
        self.name = extras[0] if len(extras) == 1 else package if not extras else None
        self.own = self._reach((package, *extras))
        self.asked = self._asked((package, *extras))
        self.others = [f for f in core.facts if isinstance(f, Required) or f.package not in self.own]
        self.others = [f for f in self.others if f not in self.asked]
        self.needs = list(self._needs())

    def cases(self) -> Cases:
        """Versions in the order of trial, each told with all that the same speaks against."""
        excluded = [f for f in self.core.facts if isinstance(f, Excluded) and f.package in self.own]
        unusable = tuple(
            replace(f, versions=mask) for f in excluded if (mask := f.versions & self.own[f.package])
        )
        left = self.versions & ~union(fact.versions for fact in unusable)
        found: list[Case] = []
        while left and len(found) < CASES:
            case = self._case(left & -left)
            if case is None:
                break
            found.append(case)
            left &= ~case.versions
        used = {fact: None for case in found for fact in case.facts if isinstance(fact, Required)}
        cases = (replace(c, facts=tuple(f for f in c.facts if not isinstance(f, Required))) for c in found)
        return Cases(self.package, (*self.asked, *used), tuple(cases), unusable, left)

    def _reach(self, asked: Iterable[int]) -> dict[int, int]:
        """For the package and each of its extras: with which versions it is had."""
        reach = dict.fromkeys(asked, self.versions)
        before: dict[int, int] = {}
        while before != reach:
            before = dict(reach)
            for fact in self.core.facts:
                if isinstance(fact, Depends) and fact.package in reach and self._is_own(fact.child):
                    reach[fact.child] = reach.get(fact.child, 0) | reach[fact.package] & fact.versions
        return reach

    def _is_own(self, package: int) -> bool:
        return self.core.bases.get(package, package) == self.package

    def _asked(self, faces: Sequence[int]) -> tuple[Fact, ...]:
        """The facts that leave no choice but the package, with its extras, at these versions."""
        pool = [
            fact for fact in self.core.facts if isinstance(fact, Required) or not self._is_own(fact.package)
        ]
        refused = [Excluded(face, self.versions, None) for face in faces]
        needed: dict[Fact, None] = {}
        for fact in refused[1:] or refused:
            search = Search(self.core.bases, TRIALS)
            needed |= dict.fromkeys(search.minimise([fact, *pool]))
        return tuple(fact for fact in needed if fact not in refused)

    def _needs(self) -> Iterator[Depends]:
        """What the package itself asks for of others, its extras asking on its behalf."""
        for fact in self.core.facts:
            if isinstance(fact, Depends) and fact.package in self.own:
                versions = fact.versions & self.own[fact.package]
                subject = fact.package if self.name is None else self.name
                child = fact.child
                if self._is_own(child):
                    # at its own version it asks for nothing but more of itself
                    child, versions = self.package, versions & ~fact.allowed
                if versions:
                    yield replace(fact, package=subject, versions=versions, child=child)

    def _case(self, version: int) -> Case | None:
        """Why not this version, and which others fail by the same."""
        alike: dict[tuple[int, int], list[Depends]] = {}
        for need in self.needs:
            alike.setdefault((need.package, need.child), []).append(need)
        wide = {
            key: replace(
                group[0],
                versions=union(fact.versions for fact in group),
                allowed=union(fact.allowed for fact in group),
            )
            for key, group in alike.items()
        }
        own = [need for need in self.needs if need.versions & version]
        own.sort(key=lambda need: -wide[need.package, need.child].versions.bit_count())
        chosen = self._chosen(version)
        story = Search(self.core.bases, TRIALS).minimise([*chosen, *self.others, *own])
        if refute(story, self.core.bases) is None:
            return None
        others = [fact for fact in story if fact in self.others]
        needs = [fact for fact in own if fact in story]
        return (
            self._if_refuted([wide[fact.package, fact.child] for fact in needs], others)
            or self._if_refuted(needs, others)
        )  # fmt: skip

    def _chosen(self, versions: int) -> list[Required]:
        """As if just these versions were asked for, with all extras."""
        faces = [face for face in self.own if self.own[face] & versions == versions]
        return [Required(-1, face, versions) for face in faces]

    def _if_refuted(self, needs: Sequence[Depends], others: Sequence[Fact]) -> Case | None:
        versions = self.versions
        for need in needs:
            versions &= need.versions
        facts = [replace(need, versions=versions) for need in needs]
        if not versions or refute([*self._chosen(versions), *facts, *others], self.core.bases) is None:
            return None
        return Case(versions, (*facts, *others))
