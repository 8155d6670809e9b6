"""What the suites share: provenv's wheel, and an environment with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.plugin_venvs import ROOT, Venv, build


@pytest.fixture(scope="session")
def provenv_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout as a wheel."""
    return build(ROOT, tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="session")
def venv(provenv_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    """An environment with provenv from its wheel, and pytest; the tests put back what they install."""
    made = Venv(tmp_path_factory.mktemp("venv") / "env").make()
    made.install(provenv_wheel, "pytest")
    return made
