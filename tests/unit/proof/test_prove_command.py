"""`provenv prove` as a user runs it, on a small project from an index on loopback."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.index_server import TestIndex
from support.program import HERE, Desk, little_world

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names the target of a Linux machine")


@pytest.fixture
def index() -> Iterator[TestIndex]:
    with little_world() as served:
        yield served


@pytest.fixture
def installed(index: TestIndex, tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.manifest(index, "alpha")
    desk.run("lock")
    desk.run("install")
    return desk


def test_an_environment_without_torch_is_not_proven_and_the_proof_says_why(installed: Desk) -> None:
    answer = installed.run("prove", expect=1)
    path = installed.locks / "proofs" / f"{HERE}.json"
    assert answer.out == ""
    assert f"error: {HERE} is not proven on cpu" in answer.err
    assert "numerics could not run: torch is not in this environment" in answer.err
    assert f"hint: the whole report is in {path}" in answer.err
    found = json.loads(path.read_text())
    assert found["verdict"] == "failed"
    assert found["versions"] == {"alpha": "2.0", "beta": "1.5"}
    assert found["lock"] == f"pylock.{HERE}.toml"


def test_json_is_the_proof_itself(installed: Desk) -> None:
    answer = installed.run("prove", "--json", expect=1)
    path = installed.locks / "proofs" / f"{HERE}.json"
    assert answer.json == json.loads(path.read_text())
    assert answer.err == ""


def test_a_lock_that_has_changed_since_is_warned_of_and_what_is_installed_is_proven(installed: Desk) -> None:
    before = installed.run("prove", "--json", expect=1).json["lock_sha256"]
    with installed.lock().open("a") as lock:
        lock.write("# by hand\n")
    answer = installed.run("prove", expect=1)
    assert f"pylock.{HERE}.toml has changed since it was installed" in answer.err
    assert json.loads((installed.locks / "proofs" / f"{HERE}.json").read_text())["lock_sha256"] == before


def test_nothing_to_prove_before_an_installation(index: TestIndex, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.manifest(index, "alpha")
    answer = desk.run("prove", expect=7)
    assert "there is no environment to use" in answer.err
    assert not desk.locks.exists()


def test_a_proof_that_can_not_be_written_is_a_disk_error(installed: Desk) -> None:
    (installed.locks / "proofs").write_text("in the way")
    answer = installed.run("prove", expect=5)
    assert "proofs" in answer.err
