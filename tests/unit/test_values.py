"""provenv's own dataclasses behave as the standard library's, which they stand in for."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import pytest

from provenv.values import dataclass, field, replace

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Point:
    """A value with defaults of every kind."""

    x: int
    y: int = 2
    tags: dict[str, str] = field(default_factory=dict)
    note: str = field(default="", compare=False, repr=False)

    @property
    def sum(self) -> int:
        return self.x + self.y


@dataclass(frozen=True, slots=True)
class Named(Point):
    """One that derives from another."""

    name: str = "?"


@dataclass(slots=True)
class Counter:
    """One that may change."""

    count: int = 0
    seen: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Unique:
    """One that is equal to itself alone."""

    name: str


@dataclass(frozen=True)
class Open:
    """One without slots."""

    name: str
    size: int = 1


@dataclass(frozen=True, slots=True)
class Box(Generic[T]):
    """A generic one."""

    content: T


@dataclasses.dataclass(frozen=True, slots=True)
class Standard:
    """The standard library's, for its words."""

    x: int
    y: int = 2


def test_values_are_made_by_place_by_name_and_with_defaults() -> None:
    assert (Point(1).x, Point(1).y, Point(1).tags) == (1, 2, {})
    assert Point(1, 3) == Point(x=1, y=3)
    assert Point(1).tags is not Point(1).tags
    assert Named(1, name="a") == Named(1, 2, {}, "", "a")
    assert Box(3).content == 3
    assert (Open("a").size, Point(1).sum) == (1, 3)


@pytest.mark.parametrize(
    "call", [lambda kind: kind(), lambda kind: kind(1, 2, 3, 4, 5, 6), lambda kind: kind(1, z=1)]
)
def test_wrong_arguments_are_type_errors(call: Callable[[Any], object]) -> None:
    for kind in (Point, Standard):
        with pytest.raises(TypeError):
            call(kind)


def test_equality_and_hash_are_by_the_compared_fields_and_the_class() -> None:
    empty = Point(1, note="a")
    assert empty == Point(1, note="b")
    assert Point(1) != Named(1)
    assert Point(1) != (1, 2)
    assert hash(Open("a")) == hash(Open("a"))
    assert len({Open("a"), Open("a", 1), Open("b")}) == 2
    assert Unique("a") != Unique("a")
    assert Counter() == Counter()
    with pytest.raises(TypeError, match="unhashable"):
        hash(Counter())


def test_a_frozen_value_does_not_change_and_has_no_other_attributes() -> None:
    point = Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 2  # type: ignore[misc]  # frozen, which is the point
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'x'"):
        del point.x
    assert not hasattr(point, "__dict__")
    counter = Counter()
    counter.count += 1
    assert counter == Counter(1)


def test_the_text_is_the_standard_librarys() -> None:
    assert repr(Point(1)) == "Point(x=1, y=2, tags={})"
    assert repr(Standard(1)).replace("Standard", "") == "(x=1, y=2)"


def test_replace_makes_a_changed_copy_of_either_kind() -> None:
    assert replace(Point(1, note="a"), y=5) == Point(1, 5)
    assert replace(Point(1, note="a"), y=5).note == "a"
    assert replace(Standard(1), y=3) == Standard(1, 3)
    assert dataclasses.replace(Named(1), name="b") == Named(1, name="b")


def test_the_standard_librarys_functions_take_them() -> None:
    assert dataclasses.is_dataclass(Point)
    assert [one.name for one in dataclasses.fields(Named)] == ["x", "y", "tags", "note", "name"]
    assert dataclasses.asdict(Point(1)) == {"x": 1, "y": 2, "tags": {}, "note": ""}

    @dataclasses.dataclass(frozen=True)
    class Child(Point):
        z: int = 3

    assert Child(1) == Child(1, 2, {}, "", 3)


@pytest.mark.parametrize("value", [Point(1, tags={"a": "b"}), Named(1, name="x"), Counter(2), Open("a")])
def test_values_can_be_copied_and_pickled(value: object) -> None:
    assert copy.deepcopy(value) == value
    assert pickle.loads(pickle.dumps(value)) == value


def test_values_match_patterns_by_place() -> None:
    match Point(1, 7):
        case Point(x, y):
            assert (x, y) == (1, 7)


def test_a_value_needs_none_of_the_standard_librarys_machinery() -> None:
    code = "import sys; from provenv.errors import Origin; Origin('a'); print('inspect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_fortieth_value_is_as_the_first() -> None:
    made = [
        [Point(1), Point(1, y=3), Point(x=1, tags={"a": "b"}), Named(1, name="n"), Counter(), Open("a")]
        for _ in range(40)
    ]
    assert made.count(made[0]) == 40
    assert made[0][0].tags is not made[1][0].tags
    assert made[38][0].tags is not made[39][0].tags


@pytest.mark.parametrize("values", [0, 40])
def test_arguments_that_do_not_fit_are_told_as_the_standard_library_tells_them(values: int) -> None:
    @dataclass(frozen=True)
    class Ours:
        x: int
        y: int = 2

    @dataclasses.dataclass(frozen=True)
    class Theirs:
        x: int
        y: int = 2

    for _ in range(values):
        Ours(1)
    wrong: list[Callable[[Any], object]] = [
        lambda kind: kind(),
        lambda kind: kind(1, 2, 3),
        lambda kind: kind(1, x=2),
        lambda kind: kind(1, z=2),
        lambda kind: kind(y=1),
    ]
    for make in wrong:
        told = []
        for kind in (Ours, Theirs):
            with pytest.raises(TypeError) as error:
                make(kind)
            told.append(str(error.value).replace("Theirs", "Ours").replace("Ours.__init__", "__init__"))
        assert told[0].split(".")[-1] == told[1].split(".")[-1]
