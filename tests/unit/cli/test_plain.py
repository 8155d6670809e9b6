"""What is read without argparse is read as argparse reads it."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenv.cli.commands import COMMANDS
from provenv.cli.dispatch import parser_for
from provenv.cli.plain import Plain, Unusual
from provenv.errors import InputError

WORDS = (
    *("-q", "-v", "-vv", "--json", "-r", "-f", "--file", "--requirements", "--target", "--upgrade", "-U"),
    *("--offline", "--refresh", "--no-pip-config", "--cache-dir", "--cache-dir=x", "--align", "--no-align"),
    *("--resolution", "lowest", "highest", "newest", "--preview", "--project", "--", "-", "--help", "-h"),
    *("--shell", "bash", "--into", "--python", "3.12", "torch", "a b", "", "-1", "--tar", "--for", "--from"),
    *("--locked", "--again", "--invert", "--record", "python", "train.py"),
)


def plainly(command: str, words: list[str]) -> dict[str, object] | None:
    plain = Plain()
    try:
        importlib.import_module(f"provenv.cli.{COMMANDS[command].module}").add_arguments(plain)
        return vars(plain.read(words))
    except Unusual:
        return None


def by_argparse(command: str, words: list[str]) -> dict[str, object] | str:
    try:
        found = vars(parser_for(COMMANDS[command]).parse_args(words))
    except InputError as error:
        return error.message
    except SystemExit:
        return "help"
    return {name: value for name, value in found.items() if name != "run"}


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(sorted(COMMANDS)), st.lists(st.sampled_from(WORDS), max_size=6))
def test_no_line_means_something_else(command: str, words: list[str]) -> None:
    found = plainly(command, words)
    if found is not None:
        assert found == by_argparse(command, words)


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("lock", ""),
        ("lock", "-q --offline --cache-dir x -r in.txt"),
        ("lock", "../there -v -v --target a --target b --resolution lowest"),
        ("check", "--json there"),
        ("install", "--target a"),
        ("up", "--locked"),
        ("run", "-- python -m demo --help"),
        ("run", "--target a -q python train.py -- --epochs 3"),
        ("run", ""),
        ("env", "--shell bash"),
        ("why", "torch"),
    ],
)
def test_what_people_write_is_read_without_argparse(command: str, line: str) -> None:
    found = plainly(command, line.split())
    assert found is not None or command == "why"
    if found is not None:
        assert found == by_argparse(command, line.split())


def test_a_default_is_not_added_to() -> None:
    first = plainly("check", ["--preview", "a"])
    second = plainly("check", [])
    assert first is not None
    assert second is not None
    assert (first["preview"], second["preview"]) == (["a"], [])


def test_a_short_command_imports_no_argparse(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\n')
    program = (
        "import sys\nfrom provenv.cli import main\ncode = main(['check', '-q', '--cache-dir', 'cache'])\n"
        "print(code, {'argparse', 'gettext', '_hashlib'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "1 set()"
