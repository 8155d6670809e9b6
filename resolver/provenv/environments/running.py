"""Running a program, or the user's shell, in an environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from provenv.environments.store import Environment
from provenv.errors import InputError, InstallError

# Where Python looks for its own library and for further modules: another environment's must not reach this
# one.
_CLEARED = ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__")


def process_environment(environment: Environment, base: Mapping[str, str]) -> dict[str, str]:
    """The variables of a process in the environment; what the user has set for the accelerator stands."""
    if environment.packaging == "conda":
        from provenv.environments.conda_activation import activated

        return activated(environment, base)
    variables = {name: value for name, value in base.items() if name not in _CLEARED}
    for name, value in environment.variables:
        variables.setdefault(name, value)
    path = _path_name(variables)
    scripts = str(environment.scripts_folder)
    others = [f for f in variables.get(path, os.defpath).split(os.pathsep) if f != scripts]
    variables[path] = os.pathsep.join([scripts, *others])
    variables["VIRTUAL_ENV"] = str(environment.prefix)
    variables["VIRTUAL_ENV_PROMPT"] = environment.target
    return variables


def _path_name(variables: Mapping[str, str]) -> str:
    """`Path` on Windows as it is spelled there, since a second spelling would be a second variable."""
    return next((name for name in variables if name.upper() == "PATH"), "PATH")


def run(environment: Environment, argv: Sequence[str]) -> int:
    """Run a program in the environment and return its exit code.

    On POSIX this process becomes the program, so that signals and the terminal are the program's own and this
    never returns. Raises InstallError when there is no such program or it can't be started.
    """
    if not argv:
        raise InputError("no command was given", hints=["e.g. `provenv run -- python train.py`"])
    variables = process_environment(environment, os.environ)
    program = _find(argv[0], variables)
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "nt":
        return _spawn(program, argv, variables)
    return _become(program, argv, variables)


def _find(name: str, variables: Mapping[str, str]) -> str:
    found = _which(name, variables[_path_name(variables)])
    if found:
        return found
    where = "" if os.path.dirname(name) else " in the environment nor in PATH"  # noqa: PTH120  # as below
    hint = "programs come from packages: is its package in the manifest, locked and installed?"
    if os.path.isfile(name):  # noqa: PTH113  # pathlib's answers cost more than the rest of this start
        where, hint = (
            " that can be started",
            f"a script needs its interpreter: `provenv run -- python {name}`",
        )
    raise InstallError(f"can't run {name}: there is no such program{where}", hints=[hint])


def _which(name: str, path: str) -> str | None:
    if os.name == "nt":
        import shutil

        return shutil.which(name, path=path)
    # shutil brings the archive formats with it, which cost more time than this whole command.
    folders = [""] if "/" in name else path.split(os.pathsep)
    places = (os.path.join(folder, name) for folder in folders)  # noqa: PTH118  # as above
    return next((p for p in places if os.path.isfile(p) and os.access(p, os.X_OK)), None)  # noqa: PTH113  # as above


def _become(program: str, argv: Sequence[str], variables: Mapping[str, str]) -> NoReturn:
    try:
        os.execve(program, list(argv), dict(variables))
    except OSError as error:
        raise _not_started(argv[0], error) from error


def _spawn(program: str, argv: Sequence[str], variables: Mapping[str, str]) -> int:
    import signal
    import subprocess

    # Windows sends ctrl-C to every process of the console: the program decides, and this one waits for it.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = subprocess.Popen([program, *argv[1:]], env=dict(variables))
        return process.wait()
    except OSError as error:
        raise _not_started(argv[0], error) from error
    finally:
        signal.signal(signal.SIGINT, before)


def _not_started(name: str, error: OSError) -> InstallError:
    return InstallError(f"can't run {name}: {error.strerror or error}")
