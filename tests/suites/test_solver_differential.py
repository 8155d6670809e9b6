"""The solver against independent judges, over random small universes.

A SAT solver says whether an answer exists, and (asked with the first choices fixed) whether a better one.
`PROVENV_EXAMPLES` sets the number of universes; 3,000 without it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pysat.solvers import Minisat22

from provenv.solver.core import core_of
from provenv.solver.describe import Describer
from provenv.solver.explain import explain
from provenv.solver.incompatibility import Depends, Excluded, Fact, Required, derivation
from provenv.solver.outcome import Solution, Unsolvable
from provenv.solver.precedents import Precedents
from provenv.solver.provider import Provider, Requirement, Unavailable
from provenv.solver.remedies import remedies
from provenv.solver.solve import solve

EXAMPLES = int(os.environ.get("PROVENV_EXAMPLES", "3000"))
every_universe = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


@dataclass(frozen=True)
class Universe(Provider[str]):
    """`depends[p, v]`: what it needs, None where it can't be used. `bases`: packages of shared versions."""

    versions: dict[str, int]
    depends: dict[tuple[str, int], dict[str, int] | None]
    requirements: tuple[tuple[str, int], ...]
    excluded: dict[str, int] = field(default_factory=dict)
    bases: dict[str, str] = field(default_factory=dict)
    taste: dict[str, tuple[int, ...]] = field(default_factory=dict)
    widen: bool = True

    def count(self, package: str) -> int:
        return self.versions[package]

    def dependencies(self, package: str, version: int) -> Mapping[str, int] | Unavailable:
        needs = self.depends[package, version]
        return Unavailable("is broken") if needs is None else needs

    def similar(self, package: str, version: int) -> int:
        if not self.widen:
            return 1 << version
        alike = self.depends[package, version]
        return sum(1 << v for v in range(self.versions[package]) if self.depends[package, v] in (alike, None))

    def unusable(self, package: str) -> Mapping[str, int]:
        return {"has no file": self.excluded.get(package, 0)}

    def same_version_as(self, package: str) -> str | None:
        return self.bases.get(package)

    def choose(self, package: str, allowed: int) -> int | None:
        return next((v for v in self.order(package) if allowed >> v & 1), None)

    def order(self, package: str) -> tuple[int, ...]:
        return self.taste.get(self.bases.get(package, package)) or tuple(range(self.versions[package]))

    @property
    def asked(self) -> list[Requirement[str]]:
        return [Requirement(p, allowed, f"{p} {allowed:b}") for p, allowed in self.requirements]

    def solve(self, preferences: Mapping[str, int] | None = None) -> Solution[str] | None:
        """None where there is no solution."""
        try:
            return solve(self, self.asked, preferences)
        except Unsolvable:
            return None

    def outcome(self, precedents: Precedents[str] | None = None) -> object:
        """All that a solve comes to: versions in the order of decision, or the proof and how it is told."""
        try:
            found = (precedents.solve if precedents else solve)(self, self.asked)
        except Unsolvable as unsolvable:
            proof = [(node.terms, type(node.cause)) for node in derivation(unsolvable.incompatibility)]
            return unsolvable.packages, unsolvable.requirements, proof, explain(unsolvable, Plain()).lines
        return tuple(found.versions.items()), found.tried

    def sibling(self, random: Random) -> Universe:
        """The same packages as another target has them: some dependencies are not there, some files."""
        depends = {
            key: {child: mask for child, mask in needs.items() if random.random() > 0.1} if needs else needs
            for key, needs in self.depends.items()
        }
        gone = {p: 1 << random.randrange(n) for p, n in self.versions.items() if random.random() < 0.1}
        return replace(self, depends=depends, excluded=random.choice([self.excluded, self.excluded | gone]))

    def told(self) -> tuple[str, ...]:
        """Why there is no solution; nothing where there is one."""
        unsolvable = self.refusal()
        return explain(unsolvable, Plain()).lines if unsolvable else ()

    def refusal(self) -> Unsolvable[str] | None:
        """None where there is a solution."""
        try:
            solve(self, self.asked)
        except Unsolvable as unsolvable:
            return unsolvable
        return None


def universe_of(data: bytes) -> Universe:
    """A universe from bytes: each decision takes one; none left means 0, the plainest."""
    stream = iter(data)

    def draw(choices: int) -> int:
        return next(stream, 0) % choices

    def mask(package: str) -> int:
        full = (1 << versions[package]) - 1
        return full if draw(4) == 0 else next(stream, 0) & full

    names = "abcdefg"[: 2 + draw(6)]
    versions = {name: 1 + draw(5) for name in names}
    bases = {}
    if draw(2):
        bases = {"a[x]": "a"}
        versions["a[x]"] = versions["a"]
    packages = list(versions)
    depends: dict[tuple[str, int], dict[str, int] | None] = {}
    for package in packages:
        for version in range(versions[package]):
            if draw(8) == 7:
                depends[package, version] = None
            elif version and draw(3) == 2:
                depends[package, version] = depends[package, version - 1]
            else:
                children = [packages[draw(len(packages))] for _ in range(draw(4))]
                depends[package, version] = {child: mask(child) for child in children}
    roots = [packages[draw(len(packages))] for _ in range(1 + draw(3))]
    requirements = tuple((root, mask(root) or 1) for root in roots)
    excluded = {package: 1 << draw(versions[package]) for package in packages if draw(8) == 7}
    taste = {p: tuple(reversed(range(versions[p]))) for p in packages if p not in bases and draw(4) == 3}
    return Universe(versions, depends, requirements, excluded, bases, taste, widen=draw(2) == 0)


universes = st.binary(min_size=140, max_size=140).map(universe_of)
orders = st.integers(0, 1 << 32).map(Random)


class Judge:
    """The universe as clauses: one variable for each version."""

    def __init__(self, universe: Universe) -> None:
        self.universe = universe
        self.variable = {
            (p, v): number
            for number, (p, v) in enumerate(
                ((p, v) for p, count in universe.versions.items() for v in range(count)), start=1
            )
        }
        self.sat = Minisat22(bootstrap_with=list(self.clauses()))

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_: object) -> None:
        self.sat.delete()

    def one_of(self, package: str, allowed: int) -> list[int]:
        return [self.variable[package, v] for v in range(self.universe.versions[package]) if allowed >> v & 1]

    def clauses(self) -> Iterator[list[int]]:
        universe = self.universe
        for package, count in universe.versions.items():
            for one, other in combinations(range(count), 2):
                yield [-self.variable[package, one], -self.variable[package, other]]
            for version in range(count):
                me = self.variable[package, version]
                needs = universe.depends[package, version]
                if needs is None or universe.excluded.get(package, 0) >> version & 1:
                    yield [-me]
                for child, allowed in (needs or {}).items():
                    yield [-me, *self.one_of(child, allowed)]
                if package in universe.bases:
                    yield [-me, self.variable[universe.bases[package], version]]
        for package, allowed in universe.requirements:
            yield self.one_of(package, allowed)

    def possible(self, choices: Mapping[str, int]) -> bool:
        """Whether a solution with these choices exists."""
        return bool(self.sat.solve(assumptions=[self.variable[item] for item in choices.items()]))

    def better(self, fixed: Mapping[str, int], package: str, version: int) -> int | None:
        """A version of `package` that is more to the taste, and has a solution with `fixed`."""
        for candidate in self.universe.order(package):
            if candidate == version:
                return None
            if self.possible({**fixed, package: candidate}):
                return candidate
        return None


def problems(universe: Universe, chosen: Mapping[str, int]) -> list[str]:
    """What is wrong with an answer, by plain reading; unreachable packages too."""
    found = []
    reached = set()
    todo = [("root", package, allowed) for package, allowed in universe.requirements]
    while todo:
        parent, package, allowed = todo.pop()
        if package not in chosen or not allowed >> chosen[package] & 1:
            found.append(f"{parent} needs {package} in {allowed:b}")
        elif package not in reached:
            reached.add(package)
            needs = universe.depends[package, chosen[package]]
            if needs is None or universe.excluded.get(package, 0) >> chosen[package] & 1:
                found.append(f"{package} {chosen[package]} can't be used")
            todo += [(package, child, mask) for child, mask in (needs or {}).items()]
            if package in universe.bases and chosen[package] < universe.versions[universe.bases[package]]:
                todo.append((package, universe.bases[package], 1 << chosen[package]))
    return found + [f"{package} is not needed" for package in chosen.keys() - reached]


@every_universe
@given(universes, orders, st.integers(0, 40))
def test_what_earlier_targets_taught_changes_no_answer_and_no_proof(
    universe: Universe, random: Random, stride: int
) -> None:
    family = [universe, *(universe.sibling(random) for _ in range(4)), universe]
    precedents: Precedents[str] = Precedents(stride)
    for sibling in random.sample(family, len(family)):
        assert sibling.outcome(precedents) == sibling.outcome()


@every_universe
@given(universes)
def test_an_answer_is_found_exactly_where_one_exists_and_is_the_best_in_its_order(universe: Universe) -> None:
    solution = universe.solve()
    with Judge(universe) as judge:
        assert (solution is not None) == judge.possible({})
        if solution is None:
            return
        assert problems(universe, solution.versions) == []
        fixed: dict[str, int] = {}
        for package, version in solution.versions.items():
            assert judge.better(fixed, package, version) is None
            fixed[package] = version
        direct = {package for package, _ in universe.requirements}
        fixed = {}
        for package in filter(direct.__contains__, solution.order):
            assert judge.better(fixed, package, solution.versions[package]) is None
            fixed[package] = solution.versions[package]


def shuffled(universe: Universe, random: Random) -> Universe:
    """The same universe, told in another order."""

    def shuffle(mapping: dict) -> dict:
        return dict(random.sample(list(mapping.items()), len(mapping)))

    return replace(
        universe,
        versions=shuffle(universe.versions),
        depends=shuffle(
            {k: needs if needs is None else shuffle(needs) for k, needs in universe.depends.items()}
        ),
        requirements=tuple(random.sample(universe.requirements, len(universe.requirements))),
    )


@settings(every_universe, max_examples=EXAMPLES // 3)
@given(universes, orders)
def test_the_answer_is_the_same_twice_and_in_whatever_order_things_are_told(
    universe: Universe, random: Random
) -> None:
    other = shuffled(universe, random)
    assert universe.solve() == universe.solve() == other.solve()
    assert universe.told() == replace(other, requirements=universe.requirements).told()


@settings(every_universe, max_examples=EXAMPLES // 10)
@given(universes, orders)
def test_dropping_a_dependency_or_adding_a_version_keeps_a_solvable_universe_solvable(
    universe: Universe, random: Random
) -> None:
    if universe.solve() is None:
        return
    package, version = random.choice(sorted(universe.depends))
    needs = dict(universe.depends[package, version] or {})
    if needs:
        needs.pop(random.choice(sorted(needs)))
    fewer = replace(universe, depends={**universe.depends, (package, version): needs})
    assert fewer.solve() is not None
    added = universe.versions[package]
    more = replace(
        universe,
        versions={**universe.versions, package: added + 1},
        depends={**universe.depends, (package, added): {package: 0}},
        bases={},
        taste={**universe.taste, package: (added, *universe.order(package))},
    )
    assert more.solve() is not None


@settings(every_universe, max_examples=EXAMPLES // 10)
@given(universes)
def test_the_choices_of_an_older_solution_stand_when_nothing_speaks_against_them(universe: Universe) -> None:
    solution = universe.solve()
    if solution is None:
        return
    reversed_taste = {
        p: tuple(reversed(universe.order(p))) for p in universe.versions if p not in universe.bases
    }
    again = replace(universe, taste=reversed_taste).solve(solution.versions)
    assert again is not None
    assert dict(again.versions) == dict(solution.versions)


def is_true(universe: Universe, unsolvable: Unsolvable[str], fact: Fact) -> bool:
    """Whether the universe bears a fact out."""
    package = unsolvable.packages[fact.package]
    if isinstance(fact, Required):
        return universe.requirements[fact.number] == (package, fact.allowed)
    usable = [
        version
        for version in range(universe.versions[package])
        if fact.versions >> version & 1
        and universe.depends[package, version] is not None
        and not universe.excluded.get(package, 0) >> version & 1
    ]
    if isinstance(fact, Excluded):
        return not usable
    child = unsolvable.packages[fact.child]
    if fact.shared:
        return universe.bases[package] == child and fact.versions == fact.allowed
    return all(not universe.depends[package, version][child] & ~fact.allowed for version in usable)


def contradict(facts: list[Fact], bases: Mapping[int, int]) -> bool:
    """Whether facts contradict each other, by the SAT solver; an extra has the version of its base."""
    masks = [m for f in facts for m in (getattr(f, "allowed", 0), getattr(f, "versions", 0))]
    width = max(mask.bit_length() for mask in masks) + 1

    def chosen(package: int, mask: int) -> list[int]:
        return [package * width + bit + 1 for bit in range(width) if mask >> bit & 1]

    with Minisat22() as sat:
        spoken = {f.package for f in facts} | {f.child for f in facts if isinstance(f, Depends)}
        for extra in spoken & bases.keys():
            for own, its_bases in zip(
                *(chosen(p, (1 << width) - 1) for p in (extra, bases[extra])), strict=True
            ):
                sat.add_clause([-own, its_bases])
        for package in spoken | {bases[extra] for extra in spoken & bases.keys()}:
            for one, other in combinations(chosen(package, (1 << width) - 1), 2):
                sat.add_clause([-one, -other])
        for fact in facts:
            if isinstance(fact, Required):
                sat.add_clause(chosen(fact.package, fact.allowed))
                continue
            for version in chosen(fact.package, fact.versions):
                needs = chosen(fact.child, fact.allowed) if isinstance(fact, Depends) else []
                sat.add_clause([-version, *needs])
        return not sat.solve()


@settings(every_universe, max_examples=EXAMPLES // 3)
@given(universes)
def test_the_core_of_a_conflict_is_true_contradicts_itself_and_has_nothing_to_spare(
    universe: Universe,
) -> None:
    unsolvable = universe.refusal()
    if unsolvable is None:
        return
    core = core_of(unsolvable.incompatibility, unsolvable.bases)
    facts, bases = core.facts, unsolvable.bases
    assert [fact for fact in facts if not is_true(universe, unsolvable, fact)] == []
    assert contradict(facts, bases)
    assert [n for n in range(len(facts)) if contradict(facts[:n] + facts[n + 1 :], bases)] == []


class Plain(Describer[str]):
    def spell(self, package: str, mask: int) -> str:
        return f"{mask:b}"

    def requested(self, requirement: Requirement[str]) -> str:
        return str(requirement.origin)


@settings(every_universe, max_examples=EXAMPLES // 3)
@given(universes)
def test_every_conflict_can_be_told_and_a_remedy_mends_it(universe: Universe) -> None:
    unsolvable = universe.refusal()
    if unsolvable is None:
        return
    explanation = explain(unsolvable, Plain())
    assert explanation == explain(unsolvable, Plain())
    *_, conclusion = explanation.lines
    assert conclusion.startswith("so ")
    assert all(requirement.origin in conclusion for requirement in explanation.requirements)
    for remedy in remedies(universe, explanation, universe.asked):
        full = (1 << universe.versions[remedy.requirement.package]) - 1
        package, allowed = remedy.requirement.package, remedy.requirement.allowed
        looser = tuple((p, full if (p, m) == (package, allowed) else m) for p, m in universe.requirements)
        mended = replace(universe, requirements=looser).solve()
        assert mended is not None
        assert mended.versions[package] == remedy.version


@pytest.mark.parametrize("widen", [True, False])
def test_a_pigeonhole_is_refuted(widen: bool) -> None:
    """Five packages, four places: a proof that needs learning."""
    versions = {f"p{n}": 4 for n in range(5)} | {f"place{n}": 5 for n in range(4)}
    depends: dict[tuple[str, int], dict[str, int] | None] = {
        (p, v): {} for p, count in versions.items() for v in range(count)
    }
    for n in range(5):
        for place in range(4):
            depends[f"p{n}", place] = {f"place{place}": 1 << n}
    universe = Universe(versions, depends, tuple((f"p{n}", 15) for n in range(5)), widen=widen)
    assert universe.solve() is None
