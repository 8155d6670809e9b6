"""The core of a contradiction: few facts that suffice for it, as wide as they can be told.

The proof that a solve ends with mentions whatever it came across, one version at a time. A reader wants the
facts without which there would be a solution, told of as many versions at once as possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from provenv.solver.faces import parts_of
from provenv.solver.facts import FactKey, key_of
from provenv.solver.incompatibility import (
    Depends,
    Excluded,
    Fact,
    Incompatibility,
    Required,
    derivation,
    facts_of,
)
from provenv.solver.propagation import Contradiction, Propagation
from provenv.values import dataclass, replace

TRIALS = 300
"""How many sets of facts are tried at most; what is left by then is told as it is."""


@dataclass(frozen=True, slots=True)
class Core:
    """A proof from few facts. `reasons`: for each package with versions that can't be used, which and why.

    `bases`: each extra's package, whose version is its own (see `faces`).
    """

    proof: Incompatibility
    reasons: dict[int, tuple[tuple[int, str | None], ...]]
    bases: Mapping[int, int]

    @property
    def facts(self) -> list[Fact]:
        """What it rests on; what can't be used of a package is one fact."""
        return list(dict.fromkeys(facts_of(derivation(self.proof))))


def refute(facts: Iterable[Fact], bases: Mapping[int, int] | None = None) -> Incompatibility | None:
    """The proof that `facts` contradict each other; None if they do not."""
    engine = _engine(facts, bases or {})
    solution = engine.solution
    undecided: set[int] = set()
    try:
        while True:
            engine.propagate()
            undecided.update(solution.changed)
            solution.changed.clear()
            undecided = {p for p in undecided if solution.choices[p] >= 0 and not solution.decided[p]}
            if not undecided:
                return None
            package = min(undecided)
            choices = solution.choices[package]
            engine.decide(package, (choices & -choices).bit_length() - 1)
    except Contradiction as contradiction:
        return contradiction.incompatibility


def forced(facts: Sequence[Fact], bases: Mapping[int, int]) -> dict[int, int]:
    """The packages that must be had, at which versions: what is asked for, and what all of these ask for."""
    must: dict[int, int] = {}
    before: dict[int, int] | None = None
    while before != must:
        before = dict(must)
        for fact in facts:
            asked = fact.package
            if isinstance(fact, Depends):
                held = must.get(asked)
                if held is None or held & ~fact.versions:
                    continue
                asked = fact.child
            elif isinstance(fact, Excluded):
                continue
            for package in {asked, bases.get(asked, asked)}:
                must[package] = must.get(package, -1) & fact.allowed
    return must


def _engine(facts: Iterable[Fact], bases: Mapping[int, int]) -> Propagation:
    """Told of the facts."""
    engine = Propagation()
    for fact in facts:
        for incompatibility in parts_of(fact, bases):
            for package, _ in incompatibility.terms:
                while package >= len(engine.solution.choices):
                    engine.add_package()
            engine.add(incompatibility)
    return engine


def core_of(proof: Incompatibility, bases: Mapping[int, int] | None = None) -> Core:
    """The core of what `proof` proves."""
    known = facts_of(derivation(proof))
    search = Search(bases or {})
    merged = _merge(fact for fact in known if not (isinstance(fact, Depends) and fact.shared))
    facts = search.minimise(search.generalise(merged))
    facts = search.minimise(search.trim(facts))
    reasons: dict[int, tuple[tuple[int, str | None], ...]] = {}
    kept: list[Fact] = []
    for fact in facts:
        if isinstance(fact, Excluded):
            reasons[fact.package] = (*reasons.get(fact.package, ()), (fact.versions, fact.reason))
        else:
            kept.append(fact)
    for package, parts in reasons.items():
        # By their first version in the order of trial.
        reasons[package] = tuple(sorted(parts, key=lambda part: part[0] & -part[0]))
        kept.append(Excluded(package, union(versions for versions, _ in parts), None))
    refuted = refute(kept, search.bases)
    assert refuted is not None  # each step above was checked, or took nothing away
    return Core(refuted, reasons, search.bases)


class Search:
    """Trials of smaller or weaker sets of facts, at most TRIALS of them."""

    def __init__(self, bases: Mapping[int, int], trials: int = TRIALS) -> None:
        self.bases = bases
        self.left = trials

    def suffices(self, facts: Sequence[Fact]) -> bool:
        """Whether they contradict each other; False when there are no trials left."""
        if self.left <= 0:
            return False
        self.left -= 1
        return refute(facts, self.bases) is not None

    def generalise(self, facts: list[Fact]) -> list[Fact]:
        """Say `each of these versions of a needs one of those of b` where that is all that matters."""
        groups: dict[tuple[int, int], list[Depends]] = {}
        for fact in facts:
            if isinstance(fact, Depends):
                groups.setdefault((fact.package, fact.child), []).append(fact)
        for group in groups.values():
            if len(group) > 1:
                trial = _replace_group(facts, group)
                if self.suffices(trial):
                    facts = trial
        return facts

    def minimise(self, facts: list[Fact]) -> list[Fact]:
        """Leave out whatever can be left out; keeps the order."""
        needed: list[Fact] = []
        pool = facts
        while pool and not self.suffices(needed):
            if self.left <= 0:
                return [fact for fact in facts if fact in needed or fact in pool]
            # The shortest head of the pool that suffices ends with a fact that is needed.
            low, high = 1, len(pool)
            while low < high:
                middle = (low + high) // 2
                if self.suffices([*needed, *pool[:middle]]):
                    high = middle
                else:
                    low = middle + 1
            needed.append(pool[low - 1])
            pool = pool[: low - 1]
        return [fact for fact in facts if fact in needed]

    def trim(self, facts: list[Fact]) -> list[Fact]:
        """Speak only of versions that something asks for, unless all of these are spoken of anyway."""
        for at, fact in enumerate(facts):
            if isinstance(fact, Required):
                continue
            asked = asked_of(facts, fact.package, self.bases)
            versions = fact.versions & asked
            if versions not in (0, fact.versions, asked):
                trial = [*facts[:at], replace(fact, versions=versions), *facts[at + 1 :]]
                if self.suffices(trial):
                    facts = trial
        return facts


def _merge(facts: Iterable[Fact]) -> list[Fact]:
    """One fact in place of several that differ only in the versions they are about."""
    merged: dict[FactKey | Required, Fact] = {}
    for fact in facts:
        if isinstance(fact, Required):
            merged[fact] = fact
            continue
        known = merged.get(key_of(fact))
        before = 0 if known is None or isinstance(known, Required) else known.versions
        merged[key_of(fact)] = replace(fact, versions=before | fact.versions)
    return list(merged.values())


def _replace_group(facts: list[Fact], group: list[Depends]) -> list[Fact]:
    wide = replace(
        group[0],
        versions=union(fact.versions for fact in group),
        allowed=union(fact.allowed for fact in group),
    )
    at = facts.index(group[0])
    return [wide if n == at else fact for n, fact in enumerate(facts) if n == at or fact not in group]


def asked_of(facts: Iterable[Fact], package: int, bases: Mapping[int, int]) -> int:
    """The versions of a package that any of the facts asks for, with an extra or without."""
    found = 0
    for fact in facts:
        if not isinstance(fact, Excluded):
            asked = fact.package if isinstance(fact, Required) else fact.child
            if package in (asked, bases.get(asked)):
                found |= fact.allowed
    return found


def union(masks: Iterable[int]) -> int:
    """The set bits of all of them."""
    found = 0
    for mask in masks:
        found |= mask
    return found
