"""What limits a choice without asking for it: constraints, overrides, exclusions, dates."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenv.errors import NoSolution
from provenv.manifest.values import Index
from support.index_server import TestIndex
from support.resolving import Ask

EARLY, LATE = "2024-01-01T00:00:00.000000Z", "2025-01-01T00:00:00.000000Z"


@pytest.fixture
def ab(index: TestIndex) -> TestIndex:
    """`a` 1.0 and 2.0, each of which needs `b`, of which there are 1.0 and 2.0."""
    for version in ("1.0", "2.0"):
        index.add("a", version, requires=["b"])
        index.add("b", version)
    return index


# --- constraints


def test_a_constraint_limits_direct_and_indirect_packages(ab: TestIndex, ask: Ask) -> None:
    assert ask("a", constraints=["a<2", "b<2"]) == {"a": "1.0", "b": "1.0"}


def test_a_constraint_asks_for_nothing(ab: TestIndex, ask: Ask) -> None:
    assert ask("b", constraints=["a==1.0"]) == {"b": "2.0"}


def test_constraints_on_one_package_add_up(ab: TestIndex, ask: Ask) -> None:
    ab.add("b", "1.5")
    assert ask("b", constraints=["b<2", "b!=1.5"]) == {"b": "1.0"}


def test_a_constraint_counts_where_its_marker_holds(ab: TestIndex, ask: Ask) -> None:
    limits = ["b<2; sys_platform == 'win32'", "a<2; sys_platform == 'linux'"]
    assert ask("a", constraints=limits) == {"a": "1.0", "b": "2.0"}


def test_a_constraint_that_leaves_nothing_is_named(ab: TestIndex, ask: Ask) -> None:
    error = ask.error("a", constraints=["b>2"])
    assert isinstance(error, NoSolution)
    assert "the constraint b>2 (the command line)" in str(error)


def test_a_constraint_is_respected_by_going_back_to_an_older_parent(ab: TestIndex, ask: Ask) -> None:
    ab.add("a", "3.0", requires=["b>=2"])
    assert ask("a", constraints=["b<2"]) == {"a": "2.0", "b": "1.0"}


def test_constraints_of_pips_configuration_count(
    ab: TestIndex, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "limits.txt").write_text("b<2\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / "limits.txt"))
    assert ask("a") == {"a": "2.0", "b": "2.0"}
    ask.pip_config = True
    assert ask("a") == {"a": "2.0", "b": "1.0"}
    assert ask("a", use_pip_config=False) == {"a": "2.0", "b": "2.0"}


# --- overrides


def test_an_override_stands_in_place_of_every_requirement(ab: TestIndex, ask: Ask) -> None:
    ab.add("c", "1.0", requires=["b>=2"])
    assert ask("c", "b>1", overrides=["b==1.0"]) == {"b": "1.0", "c": "1.0"}


def test_an_override_asks_for_nothing_by_itself(ab: TestIndex, ask: Ask) -> None:
    assert ask("b", overrides=["a==1.0"]) == {"b": "2.0"}


def test_an_override_keeps_the_extras_that_were_asked_for(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", extras={"more": ["x"], "other": ["y"]})
    index.add("x", "1.0")
    index.add("y", "1.0")
    assert set(ask("a[more]>2", overrides=["a[other]"])) == {"a", "x", "y"}


def test_an_override_whose_marker_is_false_removes_the_package(ab: TestIndex, ask: Ask) -> None:
    assert ask("a", overrides=["b; sys_platform == 'never'"]) == {"a": "2.0"}


def test_the_override_whose_marker_holds_decides(ab: TestIndex, ask: Ask) -> None:
    overrides = ["b==1.0; sys_platform == 'linux'", "b==2.0; sys_platform != 'linux'"]
    assert ask("a", overrides=overrides) == {"a": "2.0", "b": "1.0"}
    ask.target = {"platforms": ("windows-x86_64",)}
    assert ask("a", overrides=overrides) == {"a": "2.0", "b": "2.0"}


def test_a_requirement_that_does_not_hold_here_is_not_brought_back_by_an_override(
    index: TestIndex, ask: Ask
) -> None:
    index.add("a", "1.0", requires=["b; sys_platform == 'win32'"])
    index.add("b", "1.0")
    assert ask("a", overrides=["b==1.0"]) == {"a": "1.0"}


def test_an_excluded_dependency_is_never_wanted(ab: TestIndex, ask: Ask) -> None:
    ab.add("c", "1.0", extras={"more": ["b>9"]})
    assert ask("a", "c[more]", excluded_dependencies=("b",)) == {"a": "2.0", "c": "1.0"}


# --- exclude-newer


def test_files_at_or_after_the_date_do_not_exist(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", uploaded=EARLY)
    index.add("a", "2.0", uploaded=LATE)
    assert ask("a", exclude_newer="2024-06-01T00:00:00Z") == {"a": "1.0"}
    assert ask("a", exclude_newer="2025-01-01T00:00:00Z") == {"a": "1.0"}
    assert ask("a", exclude_newer="2025-01-01T00:00:01Z") == {"a": "2.0"}
    assert "was published on 2025-01-01" in str(ask.error("a>1", exclude_newer="2024-06-01T00:00:00Z"))


def test_the_date_counts_per_file(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", uploaded=LATE, tags=["cp312-cp312-manylinux_2_28_x86_64"])
    index.add("a", "1.0", uploaded=EARLY)
    package = ask.package("a", exclude_newer="2024-06-01T00:00:00Z")
    assert package.artifact and package.artifact.filename == "a-1.0-py3-none-any.whl"


def test_the_date_can_be_set_and_lifted_per_package(index: TestIndex, ask: Ask) -> None:
    for name in ("a", "b", "c"):
        index.add(name, "1.0", uploaded="2023-01-01T00:00:00Z")
        index.add(name, "2.0", uploaded=EARLY)
        index.add(name, "3.0", uploaded=LATE)
    assert ask(
        *("a", "b", "c"),
        exclude_newer="2024-06-01T00:00:00Z",
        exclude_newer_package=(("b", "2023-06-01T00:00:00Z"), ("c", None)),
    ) == {"a": "2.0", "b": "1.0", "c": "3.0"}


def test_files_without_a_date_do_not_exist_either(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", uploaded=EARLY)
    index.add("a", "2.0", uploaded=None)
    assert ask("a", exclude_newer="2024-06-01T00:00:00Z") == {"a": "1.0"}
    index.add("b", "1.0", uploaded=EARLY)
    index.add("b", "2.0", uploaded=None)
    assert "has no upload time" in str(ask.error("b==2.0", exclude_newer="2024-06-01T00:00:00Z"))


def test_an_index_that_gives_no_dates_at_all_is_told_and_not_emptied(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0")
    index.formats = ("html",)  # PEP 503 has no place for a date
    found = ask.resolution("a", exclude_newer="2019-06-01T00:00:00Z")
    assert [package.version for package in found.packages] == ["1.0"]
    assert found.notes == ("the index gives no upload times, so that exclude-newer can't hold back a",)


def test_local_files_need_no_date(index: TestIndex, ask: Ask, tmp_path: Path) -> None:
    index.add("a", "1.0", uploaded=LATE)
    links = Index("links", index.write(tmp_path / "wheels").as_uri(), flat=True)
    package = ask.package(
        "a",
        exclude_newer="2024-06-01T00:00:00Z",
        indexes=(Index("default", index.url, default=True), links),
    )
    assert package.artifact and package.artifact.url.startswith("file:")
