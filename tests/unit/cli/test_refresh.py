"""What was published a moment ago: pages that the cache takes as true, and the flags that ask again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provenv.cli import main
from support.index_server import TestIndex

Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def index() -> Iterator[TestIndex]:
    with TestIndex(max_age=600) as found:
        found.add("alpha", "1.0")
        yield found


@pytest.fixture
def run(
    index: TestIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs a command that answers with JSON, in a folder whose requirements ask for alpha."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requirements.in").write_text(f"--index-url {index.url}\nalpha\n")
    where = ["-r", "requirements.in", "--no-pip-config", "--cache-dir", str(tmp_path / "cache"), "--json"]

    def command(*arguments: str) -> tuple[int, Any]:
        code = main([*arguments, *where])
        return code, json.loads(capsys.readouterr().out)

    return command


def resolved(answer: tuple[int, Any]) -> list[str]:
    code, document = answer
    assert code == 0, document
    return [package["version"] for package in document["packages"]]


def test_a_young_page_is_taken_as_true_unless_it_is_to_be_asked_again(index: TestIndex, run: Run) -> None:
    assert resolved(run("resolve")) == ["1.0"]
    index.add("alpha", "2.0")
    assert resolved(run("resolve")) == ["1.0"]
    assert resolved(run("resolve", "--refresh")) == ["2.0"]
    assert resolved(run("resolve")) == ["2.0"]


def test_a_project_that_was_not_there_is_found_when_it_is_asked_for_again(index: TestIndex, run: Run) -> None:
    assert run("resolve", "beta")[0] == 1
    index.add("beta", "1.0")
    assert resolved(run("resolve", "beta", "--refresh")) == ["1.0", "1.0"]


def test_an_upgrade_asks_again(index: TestIndex, run: Run) -> None:
    run("lock")
    index.add("alpha", "2.0")
    code, document = run("lock", "--upgrade")
    assert (code, document["locks"][0]["changes"]) == (0, ["alpha 1.0 -> 2.0"])


def test_what_is_outdated_is_asked_anew(index: TestIndex, run: Run) -> None:
    run("lock")
    index.add("alpha", "2.0")
    code, document = run("outdated")
    assert (code, document["packages"]) == (
        0,
        [{"name": "alpha", "locked": "1.0", "upgrade": "2.0", "latest": "2.0"}],
    )


def test_offline_and_refresh_contradict_each_other(run: Run) -> None:
    code, document = run("resolve", "--offline", "--refresh")
    assert (code, document["error"]["kind"]) == (2, "input")
