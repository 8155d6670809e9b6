"""What the program prints: help, completions, misspellings, JSON, quiet, colour, logs."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from provenv.cli.commands import COMMANDS
from support.index_server import TestIndex
from support.program import HERE, Desk, little_world, program

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A project that is locked and installed, for tests that only look at it."""
    desk = Desk(tmp_path_factory.mktemp("installed"))
    with little_world() as index:
        desk.manifest(index, "alpha[fast]")
        desk.run("lock")
        desk.run("install")
        yield desk


# --- help and completion


@pytest.mark.parametrize("name", COMMANDS)
def test_help_teaches_by_example(desk: Desk, name: str) -> None:
    shown = desk.run(name, "--help").out
    assert shown.startswith(f"usage: provenv {name}")
    examples = shown.partition("\nexamples:\n")[2]
    assert f"provenv {name}" in examples
    assert desk.run("help", name).out == shown


def test_the_help_of_the_program_names_every_command(desk: Desk) -> None:
    shown = desk.run("--help").out
    assert desk.run().out == shown
    for name, command in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(command.help)}$", shown, re.MULTILINE)
    assert desk.run("-V").out == desk.run("--version").out


def completions(script: Path, *words: str) -> list[str]:
    """What bash offers for the last of these words."""
    line = " ".join(f"'{word}'" for word in ("provenv", *words))
    state = f"COMP_WORDS=({line}); COMP_CWORD={len(words)}"
    run = f". '{script}'; {state}; _shtab_provenv; echo \"${{COMPREPLY[@]}}\""
    done = subprocess.run(
        ["bash", "--norc", "-c", run], cwd=script.parent, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return sorted(done.stdout.split())


def test_bash_completes_commands_flags_choices_and_paths(desk: Desk) -> None:
    script = desk.folder / "provenv.bash"
    script.write_text(desk.run("completion", "bash").out)
    (desk.folder / "work").mkdir()
    (desk.folder / "works.in").touch()
    assert set(COMMANDS) <= set(completions(script, ""))
    assert completions(script, "lo") == ["lock"]
    assert completions(script, "lock", "--up") == ["--upgrade"]
    assert completions(script, "env", "--shell", "f") == ["fish"]
    assert completions(script, "lock", "wor") == ["work"]
    assert completions(script, "lock", "-r", "wor") == ["work", "works.in"]
    declared = subprocess.run(
        ["bash", "--norc", "-c", f". '{script}'; complete -p provenv"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert declared.stdout.strip().endswith(" provenv")


def test_zsh_loads_its_completions(desk: Desk) -> None:
    zsh = shutil.which("zsh")
    script = desk.run("completion", "zsh").out
    assert script.startswith("#compdef provenv")
    if zsh is None:
        pytest.skip("no zsh here to load them")
    (desk.folder / "_provenv").write_text(script)
    load = "fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; print ${_comps[provenv]}"
    done = subprocess.run([zsh, "-fc", load], cwd=desk.folder, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "_provenv"


# --- mistakes

MISTAKES = {
    "lok": "did you mean `provenv lock`?",
    "instal": "did you mean `provenv install`?",
    "lock --targt x": "did you mean --target?",
    "lock --no-pip-confg": "did you mean --no-pip-config?",
    "lock --upgade=torch": "did you mean --upgrade?",
    "run --targt x -- python": "did you mean --target?",
    "env --shell fsh": "did you mean fish?",
    "plugin lst": "did you mean list?",
    "completion bsh": "did you mean bash?",
    "resolve torch --platform linux-x86-64": "did you mean 'linux-x86_64'?",
    "resolve torch --accelerator cudda": "did you mean 'cuda'?",
    "lock one two": "`provenv lock --help` shows what it takes",
    "-v lock": "flags stand behind the command",
    "help lok": "did you mean `provenv lock`?",
    "lock --target": "`provenv lock --help`",
    "resolve torch --exclude-newer soon": '"2026-11-01"',
    "resolve torch --index https://index.example/simple": "NAME=URL",
    "lock projct": "did you mean project?",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_answered_with_what_is_right(desk: Desk, line: str) -> None:
    told = desk.run(*line.split(), expect=2, cwd=desk.root)
    assert told.err.startswith("error: ")
    assert MISTAKES[line] in told.err
    assert told.out == ""


def test_a_mistake_is_one_json_document_too(desk: Desk) -> None:
    told = desk.run("lock", "--targt", "--json", expect=2)
    assert told.err == ""
    assert set(told.json) == {"error"}
    assert set(told.json["error"]) == {"kind", "message", "evidence", "hints", "file", "line"}
    assert told.json["error"]["kind"] == "input"


# --- JSON

SHAPES = {
    "lock --json": {"locks", "left_out", "passed_over"},
    "check --json": {"fresh", "locks"},
    "install --json": {
        "target",
        "prefix",
        "python",
        "python_version",
        "lock",
        "lock_sha256",
        "changed",
        "others",
    },
    "env --json": {
        "target",
        "prefix",
        "python",
        "python_version",
        "lock",
        "lock_sha256",
        "variables",
        "activation",
    },
    "manifest --json": {"requirements", "constraints", "indexes", "targets", "warnings"},
    "detect --json": {"os", "arch", "gpus", "driver", "usable", "findings"},
    "why beta --json": {"name", "version", "target", "requirements", "chains", "dependents"},
    "tree --json": {"target", "roots", "packages"},
    "outdated --json": {"target", "packages"},
    "resolve alpha --default-index INDEX --json": {"target", "python", "build", "packages", "notes"},
    "config --json": {"settings", "config_file", "pip_files"},
    "plugin list --json": {"plugins", "problems"},
}


@pytest.mark.parametrize("line", SHAPES)
def test_json_is_one_document_and_nothing_else(installed: Desk, index: TestIndex, line: str) -> None:
    told = installed.run(*line.replace("INDEX", index.url).split())
    assert SHAPES[line] <= set(told.json)
    assert told.err == ""


def test_json_of_a_manifest_says_where_everything_stands(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "alpha[fast]")
    shown = desk.run("manifest", "--json").json
    (required,) = shown["requirements"]
    assert (required["text"], required["file"], required["line"]) == ("alpha[fast]", "pyproject.toml", 4)
    assert [target["name"] for target in shown["targets"]] == [HERE]
    (desk.folder / "pyproject.toml").write_text('[project]\nname = "x"\ndependencies = ["a >>"]\n')
    refused = desk.run("manifest", "--json", expect=2).json["error"]
    assert (refused["kind"], refused["file"], refused["line"]) == ("manifest", "pyproject.toml", 3)


def test_a_conflict_is_one_json_document(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "alpha>3")
    told = desk.run("lock", "--json", expect=1)
    assert told.err == ""
    assert told.json["error"]["kind"] == "no-solution"
    assert any("alpha>3" in line for line in told.json["error"]["evidence"])


# --- quiet, colour, logs


@pytest.mark.parametrize("line", ["lock", "lock --upgrade", "check", "install"])
def test_quiet_prints_results_and_errors_only(installed: Desk, line: str) -> None:
    told = installed.run(*line.split(), "-q")
    assert told.text == ""


def test_quiet_still_prints_what_was_asked_for(installed: Desk, index: TestIndex) -> None:
    assert installed.run("tree", "-q").out.startswith("alpha 2.0\n")
    resolved = installed.run("resolve", "gamma", "--default-index", index.url, "-q")
    assert (resolved.out, resolved.err) == ("gamma==1.0\n", "")


def test_quiet_still_says_what_is_stale(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "gamma")
    assert f"{HERE}: stale" in desk.run("check", "-q", expect=1).out


def on_a_terminal(desk: Desk, *arguments: str, **variables: str) -> str:
    """What the program writes to a terminal."""
    controller, terminal = pty.openpty()
    running = subprocess.Popen(
        [program(), *arguments],
        cwd=desk.folder,
        env={**desk.variables, "TERM": "xterm", **variables},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    written = b""
    while True:
        try:
            part = os.read(controller, 65536)
        except OSError:  # Linux's way to say that the other end is closed
            break
        if not part:
            break
        written += part
    running.wait(60)
    os.close(controller)
    return written.decode()


def test_colour_is_for_terminals_and_no_color_ends_it(installed: Desk) -> None:
    assert "\033[32mfresh" in on_a_terminal(installed, "check")
    assert "\033[3" not in on_a_terminal(installed, "check", NO_COLOR="1")
    assert "\033[3" not in on_a_terminal(installed, "lock", "--help", NO_COLOR="1")
    assert "\033[" in installed.run("check", variables={"FORCE_COLOR": "1"}).out


def test_a_terminal_is_shown_progress_that_goes_away(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "alpha")
    shown = on_a_terminal(desk, "lock", NO_COLOR="1")
    assert f"resolving {HERE}" in shown
    assert "\r\033[K" in shown
    assert shown.replace("\r\n", "\n").rstrip().splitlines()[-1].startswith(f"  {HERE}: + beta 1.5")


def test_a_log_is_plain_lines(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "alpha", table='platforms = ["linux-x86_64", "macos-arm64"]\n')
    for line in (["lock"], ["check"], ["install", "-v"], ["lock", "-v", "--upgrade"], ["lock", "nosuch"]):
        told = desk.run(*line, expect=None)
        assert told.text
        assert not CONTROL.search(told.text)


def test_a_reader_that_goes_away_is_no_error(installed: Desk) -> None:
    command = f"{program()} tree | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=installed.folder,
        env=installed.variables,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_answer_that_can_not_be_written_is_an_error(installed: Desk, unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [program(), "tree"],
            cwd=installed.folder,
            env={**installed.variables, "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 5
    assert done.stderr.startswith("error: can't write the answer to standard output\n  No space left")


def test_names_beyond_ascii_are_shown_as_they_are(desk: Desk, index: TestIndex) -> None:
    folder = desk.root / "prüf 文本"
    folder.mkdir()
    manifest = desk.manifest(index, "alpha").read_text()
    (folder / "pyproject.toml").write_text(manifest, encoding="utf-8")
    told = desk.run("lock", "--json", cwd=folder)
    assert "文本" in told.out
    assert json.loads(told.out)["locks"][0]["path"].startswith(str(folder))
    assert "文本" in desk.run("install", cwd=folder, variables={"LC_ALL": "C", "LANG": "C"}).out
