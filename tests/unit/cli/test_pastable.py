"""Commands that a message proposes name the manifest that the user named."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from provenv.cli import main
from provenv.cli.pastable import remember, spelled


@pytest.fixture(autouse=True)
def nothing_named() -> Iterator[None]:
    yield
    remember(None)


def named(**flags: object) -> None:
    remember(argparse.Namespace(**flags))


@pytest.mark.parametrize(
    ("flags", "text", "expected"),
    [
        ({"requirements": Path("dev.in")}, "run `provenv lock` first", "run `provenv lock -r dev.in` first"),
        (
            {"project": Path("demo_project")},
            "`provenv lock --target x`, then `provenv install`",
            "`provenv lock demo_project --target x`, then `provenv install demo_project`",
        ),
        ({"file": Path("a b.yml")}, "`provenv check`", "`provenv check -f 'a b.yml'`"),
        (
            {"project": Path("demo")},
            "`provenv run -- python demo.py`",
            "`provenv run --project demo -- python demo.py`",
        ),
        ({"project": Path("demo")}, "`provenv lock demo --upgrade`", "`provenv lock demo --upgrade`"),
        ({"project": Path("demo")}, "`provenv lock -r other.in`", "`provenv lock -r other.in`"),
        ({"project": Path("demo")}, "`provenv config` shows it", "`provenv config` shows it"),
        ({"project": None, "requirements": None}, "`provenv lock`", "`provenv lock`"),
        ({"requirements": [Path("one.in")]}, "`provenv lock`", "`provenv lock`"),
        ({}, "`provenv lock`", "`provenv lock`"),
    ],
)
def test_a_proposed_command_names_the_manifest(flags: dict[str, object], text: str, expected: str) -> None:
    named(**flags)
    assert spelled(text) == expected


def test_an_error_s_hints_can_be_pasted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "dev.in"
    file.write_text("alpha\n")
    assert main(["tree", "-r", str(file)]) == 2
    assert f"hint: run `provenv lock -r {file}` first" in capsys.readouterr().err
    assert main(["check", str(tmp_path / "nothing")]) == 2
    assert "dev.in" not in capsys.readouterr().err
