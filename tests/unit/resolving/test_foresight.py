"""What is asked of an index ahead of time: all that will be needed, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from provenv.locking import lock_targets, resolver_of
from provenv.project import NetworkFlags, Project, open_project
from provenv.resolving.resolve import Options
from support.index_server import TestIndex

PYTHONS = ("cp310-cp310", "cp311-cp311", "cp312-cp312")
SYSTEMS = ("manylinux_2_17_x86_64", "win_amd64")
EVERYWHERE = [f"{python}-{system}" for python in PYTHONS for system in SYSTEMS]
FIRST, *FURTHER = [
    f"{system}-x86_64-cpu-py{python}" for system in ("linux", "windows") for python in ("310", "311", "312")
]


@pytest.fixture
def index(index: TestIndex) -> TestIndex:
    """A `lib` that all targets have, and others that some have in another version or not at all."""
    index.add("app", "1.0", requires=["lib", "moved", "split", "here; sys_platform == 'linux'"], sdist=True)
    index.add("lib", "1.0", requires=["leaf<2"], tags=EVERYWHERE)
    index.add("leaf", "1.0")
    index.add("leaf", "2.0")
    index.add("here", "1.0", tags=EVERYWHERE)
    index.add("split", "1.0", tags=EVERYWHERE, requires_python="<3.12")
    index.add("split", "0.9", tags=EVERYWHERE)
    index.add("moved", "1.0", tags=EVERYWHERE)
    index.add("moved", "1.1", tags=EVERYWHERE, requires_python=">=3.11")
    index.add("moved", "1.2", tags=EVERYWHERE, requires_python=">=3.12")
    return index


@pytest.fixture
def open_with(index: TestIndex, tmp_path: Path) -> Callable[[str], Project]:
    """Opens a project that needs `app`, with a cache of its own."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "pyproject.toml").write_text(
        '[project]\nname = "demo"\nversion = "1"\ndependencies = ["app"]\n'
        '[tool.provenv]\npython = ["3.10", "3.11", "3.12"]\naccelerators = ["cpu"]\n'
        'platforms = ["linux-x86_64", "windows-x86_64"]\n'
        f'[[tool.provenv.indexes]]\nname = "own"\nurl = "{index.url}"\ndefault = true\n'
    )
    return lambda cache: open_project(tmp_path / "project", network=NetworkFlags(False, tmp_path / cache))


def taken(index: TestIndex) -> list[str]:
    """What was asked for since the last time, sorted."""
    found = sorted(index.requested())
    index.log.clear()
    return found


def test_targets_locked_together_ask_for_what_they_would_ask_for_alone(
    index: TestIndex, open_with: Callable[[str], Project]
) -> None:
    alone: set[str] = set()
    for name in (FIRST, *FURTHER):
        project = open_with(name)
        lock_targets(project, project.targets([name]))
        alone.update(taken(index))
    for lock in (open_with("").folder / "lockfiles").iterdir():
        lock.unlink()
    project = open_with("together")
    lock_targets(project, project.targets())
    assert taken(index) == sorted(alone)


def test_a_resolution_lets_come_what_the_next_targets_will_ask_for(
    index: TestIndex, open_with: Callable[[str], Project]
) -> None:
    project = open_with("cache")
    first, *further = project.targets()
    with resolver_of(project) as resolver:
        resolver.resolve(first, Options({}, following=further))
        own = "cp310-cp310-manylinux_2_17_x86_64"
        expected = {f"/files/lib-1.0-{tags}.whl.metadata" for tags in EVERYWHERE if tags != own}
        deadline = time.monotonic() + 60
        while not expected <= set(index.requested()) and time.monotonic() < deadline:
            time.sleep(0.01)
    assert expected <= set(index.requested())


def test_what_the_cache_has_whole_is_not_looked_at_for_others(
    index: TestIndex, open_with: Callable[[str], Project]
) -> None:
    index.max_age = 3600
    project = open_with("cache")
    first, *further = project.targets()
    with resolver_of(project) as resolver:
        resolver.resolve(first, Options({}))
    taken(index)
    with resolver_of(open_with("cache")) as resolver:
        resolver.resolve(first, Options({}, following=further))
    assert taken(index) == []
