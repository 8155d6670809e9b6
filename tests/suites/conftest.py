"""What the suites share: provenv's wheel, and an environment with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from provenv.cli import main
from support.index_server import TestIndex
from support.plugin_venvs import ROOT, Venv, build


class Printed(NamedTuple):
    """What a command run in-process came to: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


@pytest.fixture
def index() -> Iterator[TestIndex]:
    with TestIndex() as found:
        yield found


@pytest.fixture
def resolve(
    index: TestIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Printed]:
    """Runs `provenv resolve` in-process for CPython 3.12 on Linux, in an empty folder, on that index."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "config.toml").write_text("retries = 0\n")
    monkeypatch.setenv("PROVENV_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.chdir(tmp_path)
    target = ["--python", "3.12", "--platform", "linux-x86_64", "--accelerator", "cpu"]
    place = ["--default-index", index.url, "--no-pip-config", "--cache-dir", str(tmp_path / "cache")]

    def run(*arguments: str | Path) -> Printed:
        code = main(["resolve", *target, *place, *map(str, arguments)])
        return Printed(code, *capsys.readouterr())

    return run


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
