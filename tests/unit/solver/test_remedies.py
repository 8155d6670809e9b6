"""Which requirement to loosen."""

from __future__ import annotations

from provenv.solver.outcome import Solution
from provenv.solver.provider import Requirement
from provenv.solver.remedies import remedies
from provenv.solver.solve import solve
from support.little_index import LittleIndex


def found(index: LittleIndex, *texts: str) -> list[tuple[str, str]]:
    """(requirement, version that its package would have) of each remedy."""
    explanation = index.refusal(*texts)
    requirements = [index.requirement(text) for text in texts]
    return [
        (str(remedy.requirement.origin), index.texts(remedy.requirement.package)[remedy.version])
        for remedy in remedies(index, explanation, requirements)
    ]


def test_each_requirement_that_is_in_the_way_is_a_remedy_the_strictest_first() -> None:
    index = LittleIndex({"a 1": "c", "a 2": "c", "a 3": "c>=3", "c 1": "", "c 2": "", "c 3": ""})
    assert found(index, "a>=3", "c<3") == [("a>=3", "2"), ("c<3", "3")]


def test_a_requirement_that_allows_everything_cannot_be_loosened() -> None:
    index = LittleIndex({"a 1": "c>=2", "c 1": "", "c 2": ""})
    assert found(index, "a", "c<2") == [("c<2", "2")]


def test_where_two_must_be_loosened_at_once_there_is_no_single_remedy() -> None:
    index = LittleIndex({"a 1": "c>=2", "b 1": "c>=2", "c 1": "", "c 2": ""})
    assert found(index, "a", "c<2", "c<=1") == []


def test_the_number_of_trials_is_bounded() -> None:
    index = LittleIndex({"a 1": ""} | {f"p{n} {v}": "" for n in range(20) for v in (1, 2)})
    texts = [text for n in range(20) for text in (f"p{n}<2", f"p{n}>=2")]
    explanation = index.refusal(*texts)
    trials: list[int] = []

    def attempt(provider: LittleIndex, requirements: list[Requirement[str]]) -> Solution[str]:
        trials.append(len(requirements))
        return solve(provider, requirements)

    assert remedies(index, explanation, [index.requirement(text) for text in texts], attempt=attempt) == ()
    assert len(trials) <= 6
