"""Activating a conda environment: its folders, its variables, and the scripts that its packages bring."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from provenv.environments.store import Environment

# Where another environment would be found first, or its modules would come in.
_CLEARED = ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT")

_SCRIPTS = Path("etc", "conda", "activate.d")
_SUFFIXES = {"bash": ".sh", "zsh": ".sh", "fish": ".fish", "powershell": ".ps1", "cmd": ".bat"}

# PowerShell ends a single-quoted string at any of these, not only at the ASCII one.
_POWERSHELL_QUOTES = "(['\u2018\u2019\u201a\u201b])"


def program_folders(prefix: Path, *, windows: bool) -> tuple[Path, ...]:
    """Where a conda environment keeps its programs, first is looked at first."""
    if not windows:
        return (prefix / "bin",)
    library = prefix / "Library"
    inner = (library / "mingw-w64" / "bin", library / "usr" / "bin", library / "bin")
    return (prefix, *inner, prefix / "Scripts", prefix / "bin")


def package_variables(prefix: Path) -> dict[str, str]:
    """The variables that packages ask for (`etc/conda/env_vars.d/*.json`), then the environment's own."""
    found: dict[str, str] = {}
    for path in sorted((prefix / "etc" / "conda" / "env_vars.d").glob("*.json")):
        found |= _strings(_read(path))
    state = _read(prefix / "conda-meta" / "state")
    return found | _strings(state.get("env_vars"))


def _read(path: Path) -> Mapping[str, object]:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _strings(found: object) -> dict[str, str]:
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def activation(prefix: Path, shell: str, target: str, *, windows: bool) -> tuple[str, ...]:
    """The lines that activate the environment in a shell, the scripts of its packages last, by name."""
    if shell not in _SUFFIXES:
        return ()
    separator = ";" if windows else ":"
    path = separator.join(map(str, program_folders(prefix, windows=windows)))
    variables = {"CONDA_PREFIX": str(prefix), "CONDA_DEFAULT_ENV": target, **package_variables(prefix)}
    lines = [_path_line(shell, path, separator)]
    lines += [_set_line(shell, name, value) for name, value in variables.items()]
    lines += [_source_line(shell, script) for script in _scripts(prefix, _SUFFIXES[shell])]
    return tuple(lines)


def _scripts(prefix: Path, suffix: str) -> list[Path]:
    return sorted((prefix / _SCRIPTS).glob(f"*{suffix}"))


def _path_line(shell: str, path: str, separator: str) -> str:
    if shell == "fish":
        return f"set -gx PATH {' '.join(_quoted(shell, one) for one in path.split(separator))} $PATH"
    if shell == "powershell":
        return f"$env:PATH = {_quoted(shell, path + separator)} + $env:PATH"
    if shell == "cmd":
        return f'set "PATH={_quoted(shell, path)}{separator}%PATH%"'
    return f'export PATH={_quoted(shell, path)}{separator}"$PATH"'


def _set_line(shell: str, name: str, value: str) -> str:
    if shell == "fish":
        return f"set -gx {name} {_quoted(shell, value)}"
    if shell == "powershell":
        return f"$env:{name} = {_quoted(shell, value)}"
    if shell == "cmd":
        return f'set "{name}={_quoted(shell, value)}"'
    return f"export {name}={_quoted(shell, value)}"


def _source_line(shell: str, script: Path) -> str:
    if shell == "fish":
        return f"source {_quoted(shell, str(script))}"
    if shell == "powershell":
        return f"& {_quoted(shell, str(script))}"
    if shell == "cmd":
        # `call` expands percent signs a second time
        return f'call "{_quoted(shell, _quoted(shell, str(script)))}"'
    return f". {_quoted(shell, str(script))}"


def _quoted(shell: str, text: str) -> str:
    """The text as one word of a shell; cmd's quotes stand around the whole assignment."""
    if shell == "cmd":
        return text.replace("%", "%%")
    if shell == "powershell":
        return "'" + re.sub(_POWERSHELL_QUOTES, r"\1\1", text) + "'"
    if shell == "fish":
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return "'" + text.replace("'", "'\\''") + "'"


def activated(environment: Environment, base: Mapping[str, str]) -> dict[str, str]:
    """The variables of a process in a conda environment, its packages' activation scripts run.

    What the user has set for the accelerator stands.
    """
    variables = {name: value for name, value in base.items() if name not in _CLEARED}
    for name, value in environment.variables:
        variables.setdefault(name, value)
    windows = os.name == "nt"
    path = next((name for name in variables if name.upper() == "PATH"), "PATH")
    own = [str(folder) for folder in program_folders(environment.prefix, windows=windows)]
    others = [f for f in variables.get(path, os.defpath).split(os.pathsep) if f not in own]
    variables[path] = os.pathsep.join([*own, *others])
    variables |= {"CONDA_PREFIX": str(environment.prefix), "CONDA_DEFAULT_ENV": environment.target}
    variables |= package_variables(environment.prefix)
    shell = "cmd" if windows else "bash"
    scripts = _scripts(environment.prefix, _SUFFIXES[shell])
    return _after_scripts(shell, scripts, variables) if scripts else variables


def _after_scripts(shell: str, scripts: list[Path], variables: dict[str, str]) -> dict[str, str]:
    """What the variables are after the scripts have run; they may read, add to and take away from them."""
    import subprocess

    lines = [_source_line(shell, script) for script in scripts]
    if shell == "cmd":
        argv = ["cmd", "/d", "/c", " && ".join([*(f"{line} 1>&2" for line in lines), "set"])]
        separator = b"\n"
    else:
        import shutil

        program = shutil.which("bash", path=variables["PATH"]) or "/bin/sh"
        # A script may print, and what it prints is no variable.
        text = "\n".join([*(f"{line} 1>&2" for line in lines), "exec env -0"])
        argv, separator = [program, "-c", text], b"\0"
    done = subprocess.run(argv, env=variables, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)
    found = dict(_pairs(done.stdout, separator))
    for name in ("_", "SHLVL", "PWD", "OLDPWD"):  # the shell's own
        found.pop(name, None)
        if name in variables:
            found[name] = variables[name]
    return found if len(found) > 1 else variables


def _pairs(output: bytes, separator: bytes) -> Iterator[tuple[str, str]]:
    for raw in output.split(separator):
        name, equals, value = os.fsdecode(raw).rstrip("\r").partition("=")
        if equals and name:
            yield name, value
