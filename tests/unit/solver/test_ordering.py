"""Who is decided next, and who has to wait."""

from __future__ import annotations

from provenv.solver.incompatibility import Depends, Incompatibility, Required, incompatibility_of
from provenv.solver.ordering import PATIENCE, Ordering
from provenv.solver.propagation import Propagation
from support.little_index import LittleIndex


class Race:
    """Packages that are required in three versions each, at given depths."""

    def __init__(self, **depths: int) -> None:
        self.engine = Propagation()
        self.ordering = Ordering(LittleIndex({}), self.engine)
        self.number = {name: number for number, name in enumerate(depths)}
        for name, number in self.number.items():
            self.engine.add_package()
            self.ordering.add_package(name, depths[name])
            self.engine.add(incompatibility_of(Required(number, number, 0b111)))
        self.engine.propagate()

    def decide_all(self) -> str:
        """The names in the order of decision."""
        while (package := self.ordering.next()) is not None:
            self.engine.decide(package, 0)
            self.engine.propagate()
        return self.decided

    @property
    def decided(self) -> str:
        return "".join(self.ordering.packages[package] for package in self.engine.solution.decisions)

    def need(self, parent: str, child: str, allowed: int = 0b010) -> Incompatibility:
        return incompatibility_of(Depends(self.number[parent], 1, self.number[child], allowed))


def test_direct_requirements_come_first_then_by_depth_then_by_name() -> None:
    assert Race(d=2, a=1, c=0, b=0).decide_all() == "bcad"


def test_what_has_no_choice_left_comes_before_all() -> None:
    race = Race(a=0, b=2)
    race.engine.add(incompatibility_of(Required(2, race.number["b"], 0b001)))
    race.engine.propagate()
    assert race.decide_all() == "ba"


def test_a_child_waits_for_its_parent_after_the_first_conflict() -> None:
    race = Race(a=1, b=1, c=1)
    race.decide_all()
    race.ordering.blame(race.number["c"], race.need("c", "a"))
    assert race.decided == ""
    assert race.decide_all() == "cba"


def test_a_pair_that_needs_each_other_does_not_change_places_for_ever() -> None:
    race = Race(a=1, b=1)
    race.decide_all()
    race.ordering.blame(race.number["b"], race.need("b", "a"))
    assert race.decide_all() == "ba"
    race.ordering.blame(race.number["a"], race.need("a", "b"))
    assert race.decided == "ba"


def test_a_child_without_a_fitting_version_does_not_wait() -> None:
    race = Race(a=1, b=1)
    race.decide_all()
    race.ordering.blame(race.number["b"], race.need("b", "a", 0b1000))
    assert race.decided == "ab"


def test_a_direct_requirement_does_not_wait_for_an_indirect_parent() -> None:
    race = Race(a=0, b=1)
    race.decide_all()
    race.ordering.blame(race.number["b"], race.need("b", "a"))
    assert race.decided == "ab"


def test_packages_change_places_when_patience_is_at_an_end() -> None:
    race = Race(a=0, b=0, c=0)
    for _ in range(PATIENCE):
        assert race.decide_all() == "abc"
        race.engine.clashes.append((race.number["c"], race.number["a"]))
        race.ordering.learn()
    assert race.decided == ""
    assert race.decide_all() == "cba"
    assert race.engine.clashes == []
