"""`provenv plugin`: names that can't be, folders that are there, the table and the JSON of a check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provenv.cli import main
from provenv.conformance.events import CHECKS


def run(*argv: str, code: int = 0) -> None:
    assert main(list(argv)) == code


def test_a_check_s_table_has_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    run("plugin", "check", "linux")

    out = capsys.readouterr()
    assert "plugin linux (provenv_plugins.linux, from provenv)" in out.out
    assert [line.split()[0] for line in out.out.splitlines()[2:]] == list(CHECKS)
    assert "linux passes" in out.err


@pytest.mark.parametrize("name", ["windows", "windows-arm64", "provenv_plugins.windows"])
def test_a_plugin_is_known_by_its_entry_point_its_values_and_its_module(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run("plugin", "check", name, "--json")

    answer = json.loads(capsys.readouterr().out)
    (plugin,) = answer["plugins"]
    assert answer["passed"] is True
    assert (plugin["name"], plugin["module"]) == ("windows", "provenv_plugins.windows")
    outcomes = {check["name"]: check["outcome"] for check in plugin["checks"]}
    assert outcomes["totals"] == "pass"
    assert outcomes["builds"] == "skip"


def test_a_plugin_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    run("plugin", "check", "winows", code=2)

    err = capsys.readouterr().err
    assert "no plugin 'winows' is installed" in err
    assert "did you mean 'windows'" in err


def test_a_limit_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    run("plugin", "check", "linux", "--seconds", "0", code=2)

    assert "--seconds takes a number above 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("two words", "'two words' is no name for a distribution"),
        ("../up", "is no name for a distribution"),
        ("", "is no name for a distribution"),
        ("cuda", "the name 'cuda' is taken"),
        ("CUDA", "the name 'cuda' is taken"),
        ("provenv-cuda", "the name 'cuda' is taken"),
        ("linux-x86_64", "the name 'linux-x86-64' is taken"),
        ("auto", "the name 'auto' is taken"),
        ("provenv", "the name 'provenv' is taken"),
    ],
)
def test_a_name_that_can_t_be(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("plugin", "new", name, "--kind", "check", "--into", str(tmp_path), code=2)

    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").mkdir()

    run("plugin", "new", "mine", "--kind", "check", "--into", str(tmp_path), code=2)

    assert "mine is already there" in capsys.readouterr().err
    assert list((tmp_path / "mine").iterdir()) == []


@pytest.mark.parametrize("name", ["My.Chip", "provenv-my-chip", "9chip"])
def test_the_names_of_what_is_written(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("plugin", "new", name, "--kind", "accelerator", "--into", str(tmp_path / "deep"), "--json")

    made = json.loads(capsys.readouterr().out)
    plain = "9chip" if name == "9chip" else "my-chip"
    assert (made["name"], made["distribution"]) == (plain, f"provenv-{plain}")
    assert made["module"].isidentifier()
    assert made["folder"] == str(tmp_path / "deep" / name)
    for file in made["files"]:
        text = (tmp_path / "deep" / name / file).read_text(encoding="utf-8")
        assert "{{" not in text
        if file.endswith(".py"):
            compile(text, file, "exec")


def test_a_kind_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    run("plugin", "new", "mine", "--kind", "acelerator", code=2)

    assert "did you mean accelerator" in capsys.readouterr().err


def test_an_action_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    run("plugin", "lst", code=2)

    assert "did you mean list" in capsys.readouterr().err
    run("plugin", code=2)
