"""`provenv.tuples.NamedTuple` is to its users what typing's is."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import typing

import pytest

from provenv.tuples import NamedTuple


class Ours(NamedTuple):
    """A pair."""

    name: str
    values: tuple[str, ...] = ()
    mode: str | None = None

    @property
    def first(self) -> str:
        return self.values[0]


class Theirs(typing.NamedTuple):
    """A pair."""

    name: str
    values: tuple[str, ...] = ()
    mode: str | None = None

    @property
    def first(self) -> str:
        return self.values[0]


@pytest.mark.parametrize("arguments", [("a",), ("a", ("b",)), ("a", (), "c")])
def test_values_are_equal_and_behave_alike(arguments: tuple[object, ...]) -> None:
    ours, theirs = Ours(*arguments), Theirs(*arguments)  # type: ignore[arg-type]
    assert ours == theirs == tuple(ours)
    assert hash(ours) == hash(theirs)
    assert (ours.name, ours.values, ours.mode) == (theirs.name, theirs.values, theirs.mode)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert ours._asdict() == theirs._asdict()
    assert ours._replace(mode="d") == theirs._replace(mode="d")
    assert copy.copy(ours) == pickle.loads(pickle.dumps(ours)) == ours
    assert type(pickle.loads(pickle.dumps(ours))) is Ours


def test_fields_defaults_and_documents_are_the_same() -> None:
    for name in ("_fields", "_field_defaults", "__match_args__", "__doc__", "__slots__"):
        assert getattr(Ours, name) == getattr(Theirs, name)
    assert Ours.__bases__ == Theirs.__bases__
    assert Ours("a", ("b",)).first == "b"
    assert Ours(mode="x", name="y") == ("y", (), "x")
    assert Ours._make(["a", (), None]) == ("a", (), None)


def test_the_fortieth_is_as_the_first() -> None:
    made = [(Ours("a"), Ours("a", ("b",)), Ours(mode="c", name="d")) for _ in range(40)]
    assert made == [(("a", (), None), ("a", ("b",), None), ("d", (), "c"))] * 40
    assert {type(one) for row in made for one in row} == {Ours}


@pytest.mark.parametrize("kind", [Ours, Theirs])
def test_what_does_not_fit_is_refused(kind: type[Ours]) -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        kind()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'size'"):
        kind("a", size=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Expected 3 arguments, got 1"):
        kind._make(["a"])
    with pytest.raises((TypeError, ValueError), match=r"Got unexpected field names: \['size'\]"):
        kind("a")._replace(size=1)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        kind("a").name = "b"  # type: ignore[misc]


def test_it_matches_by_position() -> None:
    match Ours("a", ("b",)):
        case Ours(name, (value,)):
            assert (name, value) == ("a", "b")
        case _:
            pytest.fail("it did not match")


def test_a_class_of_them_imports_no_typing() -> None:
    code = (
        "import sys\nfrom provenv.tuples import NamedTuple\nclass A(NamedTuple):\n    a: int\n"
        "print(A(1), 'typing' in sys.modules, 'collections' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "A(a=1) False False\n"
