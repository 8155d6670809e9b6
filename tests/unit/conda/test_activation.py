"""Entering a conda environment: its packages' variables and scripts, in each shell and in a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import time
from pathlib import Path

import pytest

from support.conda_channel import archive, write_channel
from support.conda_desk import CondaDesk
from support.program import program


@pytest.fixture
def entered(desk: CondaDesk, tmp_path: Path) -> CondaDesk:
    """An environment whose packages set, change and take away variables, by name in this order."""
    scripts = "etc/conda/activate.d"
    channel = write_channel(
        tmp_path / "team",
        archive(
            "one",
            files={
                f"{scripts}/10-one.sh": 'export ORDER="one"\nexport GONE=now\necho noise\n',
                f"{scripts}/10-one.fish": "set -gx ORDER one\n",
                f"{scripts}/10-one.ps1": "$env:ORDER = 'one'\n",
                f"{scripts}/10-one.bat": "@set ORDER=one\n",
                "etc/conda/env_vars.d/one.json": json.dumps(
                    {"QUOTED": 'it\'s "$HOME" 100% `x`', "BOTH": "one"}
                ),
                "bin/tool": "#!/bin/sh\necho tool of $ORDER\n",
            },
            executable=["bin/tool"],
        ),
        archive(
            "two",
            files={
                f"{scripts}/20-two.sh": 'export ORDER="$ORDER two $CONDA_DEFAULT_ENV"\nunset GONE\nfalse\n',
                "etc/conda/env_vars.d/two.json": json.dumps({"BOTH": "two"}),
            },
        ),
    )
    desk.conda([channel], "one", "two")
    desk.run("lock")
    desk.run("install")
    return desk


SHOW = 'printf "%s|%s|%s|%s|%s\\n" "$ORDER" "${GONE-gone}" "$QUOTED" "$BOTH" "$CONDA_PREFIX"'


def expected(desk: CondaDesk) -> str:
    return f'one two lab|gone|it\'s "$HOME" 100% `x`|two|{desk.prefix}'


def test_run_sets_what_the_packages_ask_for(entered: CondaDesk) -> None:
    assert entered.run("run", "--", "sh", "-c", SHOW).out.strip() == expected(entered)
    assert entered.run("run", "tool").out == "tool of one two lab\n"


def test_env_sets_the_same_in_bash(entered: CondaDesk) -> None:
    lines = entered.run("env", "--shell", "bash").out
    done = subprocess.run(
        ["bash", "-c", f"{lines}\n{SHOW}"], env=entered.variables, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == expected(entered)


def test_env_in_fish(entered: CondaDesk) -> None:
    lines = entered.run("env", "--shell", "fish").out.splitlines()
    assert lines == [
        f"set -gx PATH '{entered.prefix}/bin' $PATH",
        f"set -gx CONDA_PREFIX '{entered.prefix}'",
        "set -gx CONDA_DEFAULT_ENV 'lab'",
        "set -gx QUOTED 'it\\'s \"$HOME\" 100% `x`'",
        "set -gx BOTH 'two'",
        f"source '{entered.prefix}/etc/conda/activate.d/10-one.fish'",
    ]


def test_env_in_powershell(entered: CondaDesk) -> None:
    lines = entered.run("env", "--shell", "powershell").out.splitlines()
    assert lines == [
        f"$env:PATH = '{entered.prefix}/bin:' + $env:PATH",
        f"$env:CONDA_PREFIX = '{entered.prefix}'",
        "$env:CONDA_DEFAULT_ENV = 'lab'",
        "$env:QUOTED = 'it''s \"$HOME\" 100% `x`'",
        "$env:BOTH = 'two'",
        f"& '{entered.prefix}/etc/conda/activate.d/10-one.ps1'",
    ]


def test_env_in_cmd(entered: CondaDesk) -> None:
    lines = entered.run("env", "--shell", "cmd").out.splitlines()
    assert 'set "QUOTED=it\'s "$HOME" 100%% `x`"' in lines
    assert lines[-1] == f'call "{entered.prefix}/etc/conda/activate.d/10-one.bat"'


def test_a_script_that_ends_the_shell_leaves_the_rest(entered: CondaDesk) -> None:
    (entered.prefix / "etc" / "conda" / "activate.d" / "20-two.sh").write_text("exit 3\n")
    assert entered.run("run", "--", "sh", "-c", 'echo "$BOTH $CONDA_PREFIX"').out == f"two {entered.prefix}\n"


def test_a_shell_in_a_terminal_is_inside(entered: CondaDesk) -> None:
    (entered.root / "home" / ".bashrc").write_text(
        'export PATH="/usr/bin:/bin"\nexport FROM_BASHRC=yes\nPS1="> "\n'
    )
    told = typed(entered, [SHOW, "tool", 'echo "bashrc:$FROM_BASHRC"', "exit 5"])
    assert expected(entered) in told
    assert "tool of one two lab" in told
    assert "bashrc:yes" in told
    assert told.endswith("<5>")


def test_a_shell_within_a_shell_is_refused(entered: CondaDesk) -> None:
    told = typed(entered, [f'{program()} shell; echo "code:$?"', "exit 0"])
    assert "already inside lab" in told and "code:2" in told


def typed(desk: CondaDesk, lines: list[str]) -> str:
    """What a terminal shows when these lines are typed into `provenv shell`, and its exit code at the end."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(desk.folder)
        os.execve(program(), [program(), "shell"], desk.variables)
    shown = b""
    os.write(terminal, "".join(f"{line}\n" for line in lines).encode())
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # Linux says so that the other end is gone
            break
        if not piece:
            break
        shown += piece
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    return shown.decode().replace("\r\n", "\n") + f"<{os.waitstatus_to_exitcode(status)}>"
