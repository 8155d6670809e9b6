"""Programs and shells in an environment: what they are given, and how they end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from provenv.environments import store
from provenv.environments.activation import activation_lines, users_shell
from provenv.environments.running import process_environment
from provenv.environments.store import Environment
from provenv.errors import InputError
from support.locking import TARGET, package, wheel

from .conftest import Bench

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX signals and shells")

SHOW = "import json, os, sys; print(json.dumps([sys.prefix, sys.argv[1:], dict(os.environ)]))"


@pytest.fixture
def made(bench: Bench) -> Environment:
    bench.variables["FAST_MATH"] = "it's 100%"
    environment = bench.install(package(wheel(bench.index, "alpha"))).environment
    store.remember(bench.project, environment)
    return environment


def provenv(
    *arguments: str | Path, cwd: Path, variables: Mapping[str, str] | None = None, text: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "provenv", *arguments],
        cwd=cwd,
        env={**os.environ, **(variables or {})},
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


def shown(done: subprocess.CompletedProcess[str]) -> tuple[str, Sequence[str], Mapping[str, str]]:
    assert done.returncode == 0, done.stderr
    prefix, arguments, variables = json.loads(done.stdout)
    return prefix, arguments, variables


def test_a_program_runs_in_the_environment(made: Environment, bench: Bench) -> None:
    done = provenv("run", "--", "python", "-c", SHOW, "--flag", "--", "a b", cwd=bench.project)
    prefix, arguments, variables = shown(done)
    assert Path(prefix) == made.prefix
    assert arguments == ["--flag", "--", "a b"]
    assert variables["VIRTUAL_ENV"] == str(made.prefix)
    assert variables["PATH"].split(os.pathsep)[0] == str(made.scripts_folder)
    assert variables["FAST_MATH"] == "it's 100%"


def test_the_double_dash_may_be_left_out_and_the_project_is_found_upwards(
    made: Environment, bench: Bench
) -> None:
    below = bench.project / "src" / "deep"
    below.mkdir(parents=True)
    assert Path(shown(provenv("run", "python", "-c", SHOW, cwd=below))[0]) == made.prefix
    elsewhere = bench.project.parent
    done = provenv("run", "--project", bench.project, "--", "python", "-c", SHOW, cwd=elsewhere)
    assert Path(shown(done)[0]) == made.prefix


def test_another_python_environment_does_not_reach_in(made: Environment, bench: Bench) -> None:
    variables = {"PYTHONPATH": "/somewhere", "VIRTUAL_ENV": "/other", "FAST_MATH": "mine"}
    done = provenv("run", "--", "python", "-c", SHOW, cwd=bench.project, variables=variables)
    told = shown(done)[2]
    assert "PYTHONPATH" not in told
    assert told["VIRTUAL_ENV"] == str(made.prefix)
    assert told["FAST_MATH"] == "mine"


def test_the_exit_code_is_the_programs_own(made: Environment, bench: Bench) -> None:
    assert provenv("run", "--", "python", "-c", "raise SystemExit(42)", cwd=bench.project).returncode == 42


@posix
def test_a_signal_reaches_the_program(made: Environment, bench: Bench) -> None:
    script = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *a: sys.exit(7));"
        "print('up', flush=True); time.sleep(30)"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "provenv", "run", "--", "python", "-c", script],
        cwd=bench.project, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == b"up\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 7
    process.stdout.close()


def test_a_program_that_does_not_exist_is_told(made: Environment, bench: Bench) -> None:
    done = provenv("run", "--", "no-such-program", cwd=bench.project)
    assert done.returncode == 7
    assert "can't run no-such-program: there is no such program in the environment nor in PATH" in done.stderr


@posix
def test_a_script_without_its_interpreter_is_told(made: Environment, bench: Bench) -> None:
    (bench.project / "train.py").write_text("print('hi')\n")
    done = provenv("run", "--", "./train.py", cwd=bench.project)
    assert done.returncode == 7
    assert "provenv run -- python ./train.py" in done.stderr


def test_no_command_is_a_mistake(made: Environment, bench: Bench) -> None:
    done = provenv("run", cwd=bench.project)
    assert done.returncode == 2
    assert "no command was given" in done.stderr


def test_without_an_environment_it_says_how_to_make_one(tmp_path: Path) -> None:
    for arguments in (["run", "--", "python"], ["env"], ["shell"]):
        done = provenv(*arguments, cwd=tmp_path)
        assert done.returncode == 7
        assert "make it with `provenv install`" in done.stderr


def test_a_lock_that_changed_since_is_warned_of(made: Environment, bench: Bench) -> None:
    assert not provenv("run", "--", "python", "-c", "", cwd=bench.project).stderr
    os.utime(made.lock)
    assert not provenv("run", "--", "python", "-c", "", cwd=bench.project).stderr
    made.lock.write_text(made.lock.read_text() + "\n")
    done = provenv("run", "--", "python", "-c", "", cwd=bench.project)
    assert done.returncode == 0
    assert "has changed since it was installed: `provenv install`" in done.stderr


def test_the_target_may_be_named(made: Environment, bench: Bench) -> None:
    assert (
        provenv("run", "--target", TARGET.name, "--", "python", "-c", "", cwd=bench.project).returncode == 0
    )
    done = provenv("run", "--target", "other", "--", "python", cwd=bench.project)
    assert "provenv install --target other" in done.stderr


def test_path_is_not_repeated_in_a_nested_run(made: Environment) -> None:
    once = process_environment(made, {"PATH": "/bin"})
    assert process_environment(made, once)["PATH"] == once["PATH"]


def test_heavy_modules_stay_out_of_the_way(made: Environment, bench: Bench) -> None:
    script = "import sys; from provenv.cli import main; main(['env']); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=bench.project, capture_output=True, text=True, check=True
    )
    modules = set(done.stdout.split())
    strangers = {
        "pluggy",
        "httpx",
        "rich",
        "packaging",
        "tomli",
        "asyncio",
        "subprocess",
        "importlib.metadata",
    }
    assert "provenv.environments.store" in modules
    assert not modules & strangers


# --- shells


def test_env_prints_lines_that_a_shell_takes(made: Environment, bench: Bench) -> None:
    done = provenv("env", "--shell", "bash", cwd=bench.project)
    assert done.stdout.splitlines() == [
        f". '{made.prefix}/{made.scripts}/activate'",
        "export FAST_MATH='it'\\''s 100%'",
    ]


def test_env_as_json_tells_everything(made: Environment, bench: Bench) -> None:
    told = json.loads(provenv("env", "--json", cwd=bench.project).stdout)
    assert told["target"] == TARGET.name
    assert told["prefix"] == str(made.prefix)
    assert told["python"] == str(made.python)
    assert told["variables"] == {"FAST_MATH": "it's 100%"}
    assert list(told["activation"]) == ["bash"]


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", "export A='it'\\''s'"),
        ("zsh", "export A='it'\\''s'"),
        ("fish", "set -gx A 'it\\'s'"),
        ("powershell", "$env:A = 'it''s'"),
        ("cmd", 'set "A=it\'s"'),
    ],
)
def test_each_shell_is_quoted_its_own_way(tmp_path: Path, shell: str, line: str) -> None:
    environment = Environment(
        tmp_path,
        "t",
        tmp_path,
        "",
        "3.11.0",
        "",
        "bin",
        "bin/python",
        (("A", "it's"),),
        ((shell, ("activate",)),),
    )
    assert activation_lines(environment, shell) == ("activate", line)
    with pytest.raises(InputError, match="no activation lines for 'nu'"):
        activation_lines(environment, "nu")


@posix
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "sh", "dash"])
def test_the_lines_activate_in_the_real_shell(made: Environment, bench: Bench, shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} here")
    kind = shell if shell == "fish" else "bash"
    lines = dict(made.activation) | {"fish": (f"source '{made.prefix}/bin/activate.fish'",)}
    text = "\n".join(activation_lines(replace(made, activation=tuple(lines.items())), kind))
    done = subprocess.run(
        [program, "-c", f'{text}\npython -c "{SHOW}"'], capture_output=True, text=True, check=False
    )
    prefix, _, variables = shown(done)
    assert Path(prefix) == made.prefix
    assert variables["FAST_MATH"] == "it's 100%"


@posix
@pytest.mark.parametrize("shell", ["bash", "zsh", "sh"])
def test_a_shell_starts_inside_whatever_its_own_files_do_to_path(
    made: Environment, bench: Bench, tmp_path: Path, shell: str
) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} here")
    home = tmp_path / "home"
    home.mkdir()
    for name in (".bashrc", ".zshrc"):
        (home / name).write_text(f'export MINE=1\nexport PATH="{Path(sys.executable).parent}:$PATH"\n')
    lines = {**dict(made.activation), "zsh": dict(made.activation)["bash"]}
    store.save(replace(made, activation=tuple(lines.items())))
    variables = {"SHELL": program, "HOME": str(home), "ZDOTDIR": str(home)}
    done = provenv("shell", cwd=bench.project, variables=variables, text=f'python -c "{SHOW}"\nexit 5\n')
    assert done.returncode == 5
    prefix, _, told = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("[")))
    assert Path(prefix) == made.prefix
    assert told["PROVENV_SHELL"] == str(made.prefix)
    assert told.get("MINE") == (None if shell == "sh" else "1")
    again = provenv("shell", cwd=bench.project, variables={"PROVENV_SHELL": str(made.prefix)})
    assert again.returncode == 2
    assert "already inside" in again.stderr


@posix
def test_the_users_shell_is_known_by_its_name() -> None:
    assert users_shell({"SHELL": "/usr/bin/zsh"}) == ("/usr/bin/zsh", "zsh")
    assert users_shell({"SHELL": "/opt/pwsh"}) == ("/opt/pwsh", "powershell")
    assert users_shell({"SHELL": "/bin/dash"}) == ("/bin/dash", None)
    assert users_shell({}) == ("/bin/sh", None)
