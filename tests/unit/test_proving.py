"""A proof stands as long as its environment, its lock and the machine are what they were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from provenv.environments.store import Environment
from provenv.hooks.types import Check, CheckContext, CheckOutcome
from provenv.installing import install_project
from provenv.locking import lock_project
from provenv.project import NetworkFlags, Project, open_project
from provenv.proving import proof_path, prove_project, standing_proof
from provenv.targets import Target


def starts(context: CheckContext) -> CheckOutcome:
    """Passes where the environment's Python starts."""
    code = context.run([context.python, "-c", "print('it starts')"], {})
    return CheckOutcome(failures=() if code == 0 else ("it does not start",))


@pytest.fixture
def proven(tmp_path: Path) -> tuple[Project, Environment, Target]:
    """An empty environment of a project without dependencies, proven by a plugin's check."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\n[tool.provenv]\naccelerators = ["cpu"]\n'
    )
    project = open_project(tmp_path, network=NetworkFlags(False, tmp_path / "cache", True))
    project = replace(project, plugins=replace(project.plugins, checks={"starts": Check("starts", starts)}))
    lock_project(project)
    outcome = install_project(project)
    assert prove_project(project, outcome.environment, outcome.target).proven
    return project, outcome.environment, outcome.target


def test_what_was_proven_here_stands(proven: tuple[Project, Environment, Target]) -> None:
    found = standing_proof(*proven)
    assert found is not None
    assert (found["verdict"], found["lock_sha256"]) == ("proven", proven[1].lock_sha256)


def test_a_proof_that_came_from_elsewhere_does_not_stand(proven: tuple[Project, Environment, Target]) -> None:
    path = proof_path(proven[0], proven[2])
    path.write_text(path.read_text() + "\n")
    assert standing_proof(*proven) is None


def test_a_proof_of_another_lock_does_not_stand(proven: tuple[Project, Environment, Target]) -> None:
    project, environment, target = proven
    assert standing_proof(project, replace(environment, lock_sha256="0" * 64), target) is None


def test_without_a_proof_nothing_stands(proven: tuple[Project, Environment, Target]) -> None:
    proof_path(proven[0], proven[2]).unlink()
    assert standing_proof(*proven) is None
