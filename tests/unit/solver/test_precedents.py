"""What a solve takes over from those before it, and that it comes to what it would have come to alone."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import pytest

from provenv.solver.explain import explain
from provenv.solver.outcome import Solution, Unsolvable
from provenv.solver.precedents import Precedents
from provenv.solver.provider import Unavailable
from provenv.solver.solve import Solver, solve
from support.little_index import LittleIndex

# Every version of `app` but the first goes through `lib` before it proves to be no use; `zzz` comes last.
QUARREL = {
    **{f"app {n}": f"lib>={n}, util<{n}, zzz" for n in range(2, 9)},
    "app 1": "zzz",
    **{f"lib {n}": f"util>={n}" for n in range(1, 10)},
    **{f"util {n}": "" for n in range(1, 10)},
    "zzz 2": "",
    "zzz 1": "",
}


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows with each step of any solver."""
    taken: list[str] = []
    step = Solver.step

    def counted(solver: Solver[str]) -> Solution[str] | None:
        taken.append("step")
        return step(solver)

    monkeypatch.setattr(Solver, "step", counted)
    return taken


def asked(index: LittleIndex, *texts: str) -> list[object]:
    return [index.requirement(text) for text in texts]


def test_a_solve_that_hears_the_same_takes_no_step(steps: list[str]) -> None:
    precedents: Precedents[str] = Precedents()
    first = precedents.solve(LittleIndex(QUARREL), asked(LittleIndex(QUARREL), "app"))
    alone = len(steps)

    second = precedents.solve(LittleIndex(QUARREL), asked(LittleIndex(QUARREL), "app"))

    assert alone > 10
    assert len(steps) == alone
    assert second == first == solve(LittleIndex(QUARREL), asked(LittleIndex(QUARREL), "app"))


def test_a_solve_without_a_conflict_takes_no_step_and_comes_to_the_same(steps: list[str]) -> None:
    releases = {
        **{f"app {n}": f"lib[fast]<={n}, util" for n in range(1, 4)},
        **{f"lib {n}": "util<3" for n in range(1, 6)},
        **{f"lib[fast] {n}": f"[lib], engine=={n}" for n in range(1, 6)},
        **{f"{name} {n}": "" for name in ("util", "engine") for n in range(1, 6)},
    }
    index, alone = LittleIndex(releases), LittleIndex(releases)

    found = Precedents[str]().solve(index, asked(index, "app"))

    assert steps == []
    reference = solve(alone, asked(alone, "app"))
    assert (found, found.order) == (reference, reference.order)
    assert index.asked_for == alone.asked_for


def test_a_solve_that_hears_something_else_late_finds_no_earlier_conflict_anew(steps: list[str]) -> None:
    other = LittleIndex({**QUARREL, "zzz 2": "extra", "extra 1": ""})
    alone = solve(other, asked(other, "app"))
    cost = len(steps)
    precedents: Precedents[str] = Precedents(stride=0)
    precedents.solve(LittleIndex(QUARREL), asked(LittleIndex(QUARREL), "app"))
    steps.clear()

    found = precedents.solve(other, asked(other, "app"))

    assert found == alone
    assert found.versions["extra"] == 0
    assert len(steps) < cost / 2


def test_the_provider_is_asked_no_question_twice_and_in_its_own_order() -> None:
    other = {**QUARREL, "zzz 2": "extra", "extra 1": ""}
    alone = LittleIndex(other)
    solve(alone, asked(alone, "app"))
    precedents: Precedents[str] = Precedents(stride=0)
    precedents.solve(LittleIndex(QUARREL), asked(LittleIndex(QUARREL), "app"))
    index = LittleIndex(other)

    precedents.solve(index, asked(index, "app"))

    assert index.asked_for == alone.asked_for


def test_a_refusal_names_the_requirements_of_the_solve_at_hand() -> None:
    releases = {"app 1": "lib>=2", "lib 1": ""}
    precedents: Precedents[str] = Precedents()
    index = LittleIndex(releases)
    with pytest.raises(Unsolvable):
        precedents.solve(index, [index.requirement("app")])

    with pytest.raises(Unsolvable) as caught:
        precedents.solve(index, [index.requirement("app>=1")])

    assert explain(caught.value, index).lines == explain(refusal(index, "app>=1"), index).lines
    assert [requirement.origin for requirement in caught.value.requirements] == ["app>=1"]


def refusal(index: LittleIndex, *texts: str) -> Unsolvable[str]:
    with pytest.raises(Unsolvable) as caught:
        solve(index, asked(index, *texts))
    return caught.value


class Faulty(LittleIndex):
    """Fails when it is asked for one package's dependencies."""

    failing = "zzz"

    def dependencies(self, package: str, version: int) -> Mapping[str, int] | Unavailable:
        if package == self.failing:
            raise OSError(package)
        return super().dependencies(package, version)


def test_what_was_heard_before_a_provider_failed_serves_the_next_attempt(steps: list[str]) -> None:
    precedents: Precedents[str] = Precedents(stride=0)
    with pytest.raises(OSError, match="zzz"):
        precedents.solve(Faulty(QUARREL), asked(LittleIndex(QUARREL), "app"))
    cost = len(steps)
    steps.clear()

    found = precedents.solve(LittleIndex(QUARREL), asked(LittleIndex(QUARREL), "app"))

    assert len(steps) < cost / 2
    assert found == solve(LittleIndex(QUARREL), asked(LittleIndex(QUARREL), "app"))


def test_other_requirements_and_other_preferences_are_other_solves() -> None:
    precedents: Precedents[str] = Precedents()
    index = LittleIndex({"a 2": "", "a 1": ""})
    questions = list(product(("a", "a<2"), ({}, {"a": 1})))

    told = [precedents.solve(index, asked(index, text), wish).versions for text, wish in questions]

    assert told == [{"a": 0}, {"a": 1}, {"a": 1}, {"a": 1}]
