"""Targets of one matrix prefer each other's versions where the manifest says so, and only there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from provenv.cli.manifest import manifest_json
from provenv.locking import Upgrade, lock_targets
from provenv.locks.reader import read
from provenv.manifest.read import read_manifest
from provenv.project import NetworkFlags, Project, open_project
from provenv.targets import Matrix
from support.index_server import TestIndex

OLD, NEW = "linux-x86_64-cpu-py311", "linux-x86_64-cpu-py312"
PYTHONS = 'python = ["3.11", "3.12"]\nplatforms = ["linux-x86_64"]\naccelerators = ["cpu"]\n'


@pytest.fixture
def index(index: TestIndex) -> TestIndex:
    """An `app` whose dependency `lib` has left Python 3.11 behind with its version 2.0."""
    index.add("app", "1.0", requires=["lib"])
    index.add("lib", "1.0")
    index.add("lib", "2.0", requires_python=">=3.12")
    return index


class Desk:
    """A project and its locks."""

    def __init__(self, folder: Path, index: TestIndex) -> None:
        self.folder = folder / "project"
        self.index = index
        self.cache = folder / "cache"

    def project(self, *dependencies: str, table: str = "", matrix: str = PYTHONS) -> Project:
        self.folder.mkdir(exist_ok=True)
        named = ", ".join(f'"{text}"' for text in dependencies or ("app",))
        (self.folder / "pyproject.toml").write_text(
            f'[project]\nname = "demo"\nversion = "1"\ndependencies = [{named}]\n'
            f"[tool.provenv]\n{matrix}{table}\n"
            f'[[tool.provenv.indexes]]\nname = "own"\nurl = "{self.index.url}"\ndefault = true\n'
        )
        return open_project(self.folder, network=NetworkFlags(False, self.cache))

    def lock(self, project: Project, *targets: str, **options: object) -> dict[str, dict[str, str]]:
        """What every lock of the project holds afterwards."""
        lock_targets(project, project.targets(targets), **options)  # type: ignore[arg-type]  # passed on
        return {path.name.split(".")[1]: read(path).versions for path in sorted(self.locks.iterdir())}

    @property
    def locks(self) -> Path:
        return self.folder / "lockfiles"


@pytest.fixture
def desk(tmp_path: Path, index: TestIndex) -> Desk:
    return Desk(tmp_path, index)


def libs(locks: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {target: versions["lib"] for target, versions in locks.items()}


def test_each_target_has_its_newest_version_by_default(desk: Desk) -> None:
    assert libs(desk.lock(desk.project())) == {OLD: "1.0", NEW: "2.0"}


@pytest.mark.parametrize(
    ("table", "options"),
    [
        ("align = true", {}),
        ("", {"align": True}),
        ('[tool.uv]\nfork-strategy = "fewest"', {}),
    ],
    ids=["manifest", "flag", "uv's word"],
)
def test_a_target_takes_the_version_of_the_one_before_it(
    desk: Desk, table: str, options: dict[str, bool]
) -> None:
    assert libs(desk.lock(desk.project(table=table), **options)) == {OLD: "1.0", NEW: "1.0"}


def test_no_align_overrules_the_manifest(desk: Desk) -> None:
    locks = desk.lock(desk.project(table="align = true"), align=False)
    assert libs(locks) == {OLD: "1.0", NEW: "2.0"}


def test_the_earlier_target_is_not_held_back_by_the_later_one(desk: Desk) -> None:
    matrix = PYTHONS.replace('"3.11", "3.12"', '"3.12", "3.11"')
    locks = desk.lock(desk.project(table="align = true", matrix=matrix))
    assert libs(locks) == {OLD: "1.0", NEW: "2.0"}


def test_one_target_alone_is_aligned_with_the_locks_of_those_before_it(desk: Desk) -> None:
    project = desk.project(table="align = true")
    together = desk.lock(project)
    text = (desk.locks / f"pylock.{NEW}.toml").read_bytes()
    (desk.locks / f"pylock.{NEW}.toml").unlink()

    assert desk.lock(project, NEW) == together
    assert (desk.locks / f"pylock.{NEW}.toml").read_bytes() == text


def test_targets_are_aligned_in_the_order_of_the_matrix_whatever_order_they_are_named_in(desk: Desk) -> None:
    assert libs(desk.lock(desk.project(table="align = true"), NEW, OLD)) == {OLD: "1.0", NEW: "1.0"}


def test_the_own_lock_comes_before_the_others(desk: Desk) -> None:
    desk.lock(desk.project())

    locks = desk.lock(desk.project(table="align = true"))

    assert libs(locks) == {OLD: "1.0", NEW: "2.0"}


def test_an_upgrade_aligns_what_is_locked_already(desk: Desk) -> None:
    desk.lock(desk.project())
    project = desk.project(table="align = true")

    locks = desk.lock(project, upgrade=Upgrade(names=frozenset({"lib"})))

    assert libs(locks) == {OLD: "1.0", NEW: "1.0"}


def test_a_version_that_the_target_may_not_have_is_passed_over(desk: Desk) -> None:
    project = desk.project("app", "lib>1 ; python_version >= '3.12'", table="align = true")
    assert libs(desk.lock(project)) == {OLD: "1.0", NEW: "2.0"}


def test_another_label_of_the_same_version_is_aligned(desk: Desk, index: TestIndex) -> None:
    index.add("app", "2.0", requires=["kit"])
    index.add("kit", "1.0+old", requires_python="<3.12")
    index.add("kit", "1.0+new", requires_python=">=3.12")
    index.add("kit", "1.5", requires_python=">=3.12")

    locks = desk.lock(desk.project(table="align = true"))

    assert {target: versions["kit"] for target, versions in locks.items()} == {
        OLD: "1.0+old",
        NEW: "1.0+new",
    }


def test_the_very_label_comes_before_another_one(desk: Desk, index: TestIndex) -> None:
    index.add("kit", "1.0+a")
    for label in ("1.0+b", "1.0"):
        index.add("kit", label, requires_python=">=3.12")

    locks = desk.lock(desk.project("kit", table="align = true"))

    assert {target: versions["kit"] for target, versions in locks.items()} == {OLD: "1.0+a", NEW: "1.0+a"}


def test_a_prerelease_that_another_target_needs_is_no_wish(desk: Desk, index: TestIndex) -> None:
    index.add("kit", "2.0a1")
    index.add("kit", "1.0", requires_python=">=3.12")

    locks = desk.lock(desk.project("kit", table="align = true"))

    assert {target: versions["kit"] for target, versions in locks.items()} == {OLD: "2.0a1", NEW: "1.0"}


def test_the_rule_is_a_part_of_what_a_lock_was_made_from(desk: Desk) -> None:
    desk.lock(desk.project())
    project = desk.project(table="align = true")
    with pytest.raises(Exception, match=r"align \(none\) -> true"):
        lock_targets(project, project.targets(), frozen=True)


def test_the_manifest_says_whether_it_aligns(desk: Desk) -> None:
    desk.project(table="align = true")
    manifest = read_manifest(desk.folder)
    assert manifest_json(manifest, Matrix(()), ())["align"] is True
