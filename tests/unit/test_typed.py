"""`provenv.typed` gives at run time what its users need of typing."""

from __future__ import annotations

import subprocess
import sys
import typing

import pytest

from provenv.hooks.types import Finding
from provenv.typed import Generic, Protocol, TypeVar, cast, overload

Value = TypeVar("Value")
Given = TypeVar("Given", covariant=True)


class Source(Protocol[Given]):
    """What gives values."""

    __slots__ = ()

    def first(self) -> Given: ...


class Held(Source[Value], Generic[Value]):
    """A value at hand."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value

    def first(self) -> Value:
        return self.value

    @overload
    def twice(self, number: int) -> int: ...
    @overload
    def twice(self, number: str) -> str: ...
    def twice(self, number: int | str) -> int | str:
        return number * 2


def test_a_class_with_parameters_is_the_class_itself_once_it_runs() -> None:
    assert (Held[int], Held[int](3).first(), Held("a").twice("b")) == (Held, 3, "bb")


def test_bases_take_no_room_in_values() -> None:
    with pytest.raises(AttributeError):
        Held(1).other = 2  # type: ignore[attr-defined]  # what is tested


def test_a_cast_is_the_value() -> None:
    value: object = [1]
    assert cast("list[int]", value) is value


def test_annotations_of_the_hooks_can_be_read_at_run_time() -> None:
    assert typing.get_type_hints(Finding)["severity"] == typing.Literal["error", "warning", "note"]


def test_nothing_of_typing_is_imported() -> None:
    code = "import sys, provenv.hooks.types, provenv.solver.provider; print('typing' in sys.modules)"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout == "False\n"
