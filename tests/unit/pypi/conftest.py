"""Fixtures of the finder's tests: an index on loopback and finders that ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from provenv.hooks.types import IndexAuth
from provenv.logins import LoginSources
from provenv.pypi.finder import Finder
from provenv.settings import NetworkSettings
from support.index_server import TestIndex

MakeFinder = Callable[..., Finder]


@pytest.fixture
def index() -> Iterator[TestIndex]:
    with TestIndex() as served:
        yield served


@pytest.fixture
def finder_of(tmp_path: Path) -> Iterator[MakeFinder]:
    """`finder_of(**settings)`: a run's finder, its cache in `tmp_path/cache`; the run before has ended."""
    with ExitStack() as stack:

        def make(*, auth: tuple[IndexAuth, ...] = (), refresh: bool = False, **settings: object) -> Finder:
            values = {
                "default_index": "https://index.example/simple",
                "cache_dir": tmp_path / "cache",
                "timeout": 2.0,
                "retries": 1,
                "keyring": False,
                **settings,
            }
            stack.close()
            finder = Finder(NetworkSettings(**values), logins=LoginSources(auth), refresh=refresh)  # type: ignore[arg-type]  # passed on as they are
            return stack.enter_context(finder)

        yield make
