"""Which indexes are known to keep their files on a host of their own."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provenv.config import file_hosts
from provenv.config.default_index import default_index
from provenv.config.file_hosts import file_host


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    file_hosts._known.cache_clear()
    yield
    file_hosts._known.cache_clear()


def test_the_default_index_has_a_host_for_its_files() -> None:
    host = file_host(f"{default_index()}/")

    assert host is not None
    assert re.fullmatch(r"https://[\w.-]+/packages", host)
    assert not host.startswith(default_index().removesuffix("/simple"))


def test_of_any_other_index_nothing_is_known() -> None:
    assert file_host("https://index.example/simple") is None


@pytest.mark.parametrize("content", ["", "raise SystemError", "PyPI = object()"])
def test_a_pip_that_is_arranged_otherwise_is_as_none(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "pip"
    (package / "_internal" / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "_internal" / "models" / "index.py").write_text(content)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "pip", raising=False)

    assert file_host(default_index()) is None
