"""A desk for each test, and a small world of packages on loopback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.index_server import TestIndex
from support.program import Desk, little_world


@pytest.fixture(autouse=True)
def on_linux() -> None:
    if sys.platform != "linux":
        pytest.skip("names the targets and paths of a Linux machine")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def index() -> Iterator[TestIndex]:
    with little_world() as served:
        yield served
