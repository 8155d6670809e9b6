"""Requires-Python counts whole, and a target's Python is one full version."""

from __future__ import annotations

import pytest

from provenv.errors import NoSolution
from support.distributions import make_wheel, metadata_text
from support.index_server import ServedFile, TestIndex
from support.resolving import Ask


@pytest.mark.parametrize(
    "requires_python", [">=3.13", "<3.12", ">=3.8,<3.12", "!=3.12.*", "==3.11.*", "~=3.13"]
)
def test_a_version_for_another_python_is_passed_over(
    index: TestIndex, ask: Ask, requires_python: str
) -> None:
    index.add("a", "1.0", requires_python=">=3.8")
    index.add("a", "2.0", requires_python=requires_python)
    assert ask("a") == {"a": "1.0"}


def test_an_upper_bound_alone_refuses(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", requires_python="<3.12")
    error = ask.error("a")
    assert isinstance(error, NoSolution)
    assert "requires Python <3.12" in str(error)


@pytest.mark.parametrize(
    ("python", "expected"), [("3.12", "1.0"), ("3.12.0", "1.0"), ("3.12.3", "1.0"), ("3.12.4", "2.0")]
)
def test_a_bare_minor_version_means_its_first_release(
    index: TestIndex, ask: Ask, python: str, expected: str
) -> None:
    index.add("a", "1.0")
    index.add("a", "2.0", requires_python=">=3.12.4")
    ask.target = {"python": (python,)}
    found = ask.resolution("a")
    assert [p.version for p in found.packages] == [expected]
    assert found.target.python == (python if python.count(".") == 2 else f"{python}.0")


def test_markers_see_the_full_version(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", requires=["b; python_full_version >= '3.12.4'", "c; python_version >= '3.12'"])
    index.add("b", "1.0")
    index.add("c", "1.0")
    assert set(ask("a")) == {"a", "c"}
    ask.target = {"python": ("3.12.4",)}
    assert set(ask("a")) == {"a", "b", "c"}


def test_what_the_metadata_say_counts_where_the_page_says_nothing(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0")
    metadata = metadata_text("a", "2.0", requires_python="<3.12")
    index.add_file(
        "a", ServedFile("a-2.0-py3-none-any.whl", make_wheel("a", "2.0", metadata), metadata.encode())
    )
    assert ask("a") == {"a": "1.0"}
    assert "requires Python <3.12" in str(ask.error("a==2.0"))


@pytest.mark.parametrize("text", [">=3.6.*", ">=3.6, !=3.7.*,", "'>=3.6'"])
def test_a_legacy_text_is_read_as_it_was_meant(index: TestIndex, ask: Ask, text: str) -> None:
    index.add("a", "1.0", requires_python=text)
    assert ask("a") == {"a": "1.0"}


def test_files_of_one_version_may_be_for_different_pythons(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", requires_python=">=3.13", tags=["py3-none-any"])
    index.add("a", "1.0", requires_python="<3.13", tags=["py2.py3-none-any"])
    package = ask.package("a")
    assert package.artifact and package.artifact.filename == "a-1.0-py2.py3-none-any.whl"
