"""A desk for each test, and a small world of packages on loopback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.index_server import TestIndex
from support.program import Desk


@pytest.fixture(autouse=True)
def on_linux() -> None:
    if sys.platform != "linux":
        pytest.skip("names the targets and paths of a Linux machine")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def index() -> Iterator[TestIndex]:
    with TestIndex() as served:
        served.add("alpha", "1.0", requires=["beta>=1"])
        served.add("alpha", "2.0", requires=["beta>=1"], extras={"fast": ["gamma"]})
        served.add("beta", "1.0")
        served.add("beta", "1.5")
        served.add("gamma", "1.0")
        yield served
