"""An index on loopback and the resolver that asks it, away from this machine's own settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.index_server import TestIndex
from support.resolving import Ask


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No settings but: a failing index is not asked again. Gives the file with them."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    config = tmp_path / "config.toml"
    config.write_text("retries = 0\n")
    monkeypatch.setenv("PROVENV_CONFIG", str(config))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return config


@pytest.fixture
def index() -> Iterator[TestIndex]:
    with TestIndex() as found:
        yield found


@pytest.fixture
def ask(index: TestIndex, tmp_path: Path) -> Ask:
    return Ask(index, tmp_path)
