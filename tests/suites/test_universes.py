"""The whole resolver against an independent judge, over random small universes of packages.

Not `solver/` alone (`test_solver_differential.py` does that) but the rules of the ecosystem: prereleases,
yanks, locals, Requires-Python, files of other platforms, extras, markers, constraints, overrides. The judge
knows packaging and a SAT solver. `PROVENV_EXAMPLES` sets the number of universes; 3,000 without it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.version import Version

from provenv.resolving.nodes import Node
from provenv.solver.precedents import Precedents
from support.judge import Judge, holds, read
from support.universes import MATRIX, Release, Universe, every_requirement, universe_of

EXAMPLES = int(os.environ.get("PROVENV_EXAMPLES", "3000"))
universes = st.binary(min_size=400, max_size=400).map(universe_of)
orders = st.integers(0, 1 << 32).map(Random)


def many(share: int) -> settings:
    """One in `share` of the examples."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=max(EXAMPLES // share, 1), deadline=None, suppress_health_check=slow)


@many(1)
@given(universes)
def test_an_answer_is_found_exactly_where_one_exists_and_it_is_right(universe: Universe) -> None:
    answer = universe.solve()
    with Judge(universe) as judge:
        assert (answer is not None) == judge.possible()
        if answer is not None:
            assert judge.problems(answer) == []


@many(3)
@given(universes)
def test_there_is_no_prerelease_where_stable_versions_lead_to_a_solution(universe: Universe) -> None:
    universe = replace(universe, prerelease="if-needed")
    with Judge(universe, stable=True) as judge:
        if judge.possible():
            answer = universe.solve()
            assert answer is not None
            assert judge.problems(answer) == []


@many(1)
@given(universes)
def test_only_the_packages_that_need_prereleases_get_them(universe: Universe) -> None:
    universe = replace(universe, prerelease="if-needed")
    answer = universe.solve() or {}
    chosen = {name for name, version in answer.items() if Version(version).is_prerelease}
    with Judge(universe, stable=True) as judge:
        # a package that has nothing else is no exception that somebody needed
        needed = {name for name in chosen if answer[name] not in {r.version for r in judge.usable(name)}}
    for name in needed:
        with Judge(universe, stable=True, shown=needed - {name}) as judge:
            assert not judge.possible()


def test_of_two_packages_either_of_which_could_have_a_prerelease_only_one_gets_it() -> None:
    """The proof that stable versions don't do speaks of a and d; a alone is enough."""
    releases = {
        "a": (Release("3.0.dev1", requires=("e",)), Release("1.0", requires=("d<2",))),
        "d": (Release("2.0a1"), Release("1.0", requires=("nowhere",))),
        "e": (Release("2.0", requires=("d",)), Release("1.0")),
    }
    universe = Universe(releases, roots=("a",), prerelease="if-needed")
    assert universe.solve() == {"a": "3.0.dev1", "e": "1.0"}


@many(3)
@given(universes)
def test_a_single_requirement_gets_the_best_version_that_it_has_in_any_solution(universe: Universe) -> None:
    universe = replace(universe, roots=universe.roots[:1], overrides=())
    asked = read(universe.roots[0])
    with Judge(universe, stable=universe.prerelease == "if-needed") as judge:
        if not holds(asked.marker) or not judge.possible():
            return
        answer = universe.solve()
        assert answer is not None
        best = next(v for v in judge.taste(asked.name) if judge.possible((asked.name, v)))
        assert answer[asked.name] == best


@many(3)
@given(universes, orders)
def test_the_answer_is_the_same_twice_and_in_whatever_order_things_are_told(
    universe: Universe, random: Random
) -> None:
    assert universe.resolution() == universe.resolution()
    assert universe.solve() == universe.shuffled(random).solve()


@many(1)
@given(universes, orders, st.integers(0, 40))
def test_a_target_gets_the_same_answer_and_the_same_words_whatever_targets_came_before(
    universe: Universe, random: Random, stride: int
) -> None:
    precedents: Precedents[Node] = Precedents(stride)
    for target in random.sample(MATRIX, len(MATRIX)):
        assert universe.outcome(target, precedents) == universe.outcome(target)


@many(6)
@given(universes, orders)
def test_a_version_that_can_not_be_used_and_a_package_that_nobody_names_change_nothing(
    universe: Universe, random: Random
) -> None:
    name = random.choice(sorted(universe.releases) or ["a"])
    useless = random.choice(
        [
            Release("9.0", files=("sdist",)),
            Release("9.0", requires_python=">=3.13"),
            Release("9.0", requires=("nowhere",)),
            Release("9.0", yanked=True),
        ]
    )
    releases = {**universe.releases, "unheard-of": (Release("1.0"),)}
    if name in releases:
        releases[name] = (*releases[name], useless)
    before, after = universe.solve(), replace(universe, releases=releases).solve()
    assert (before is None) == (after is None)
    if after is not None:
        assert not {"unheard-of"} & after.keys()
        assert after.get(name) != "9.0"


@many(6)
@given(universes, orders)
def test_a_dropped_dependency_keeps_a_solvable_universe_solvable(universe: Universe, random: Random) -> None:
    places = sorted(every_requirement(universe))
    if not places or universe.solve() is None:
        return
    name, number, at = random.choice(places)
    releases = list(universe.releases[name])
    requires = releases[number].requires
    releases[number] = replace(releases[number], requires=requires[:at] + requires[at + 1 :])
    assert replace(universe, releases={**universe.releases, name: tuple(releases)}).solve() is not None


def test_the_universes_are_not_all_alike() -> None:
    """What is drawn covers what is to be judged: answers and none, every rule."""
    random = Random(0)
    drawn = [universe_of(random.randbytes(400)) for _ in range(400)]
    answers = [universe.solve() for universe in drawn]
    assert 60 < sum(answer is None for answer in answers) < 340
    assert sum(len(answer) > 2 for answer in answers if answer) > 20
    chosen = [version for answer in answers if answer for version in answer.values()]
    assert any(Version(version).is_prerelease for version in chosen)
    assert any("+" in version for version in chosen)
    assert any(p.extras for u in drawn if (r := u.resolution()) for p in r.packages)
