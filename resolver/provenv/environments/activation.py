"""Shells: which one the user has, the lines that activate an environment in it, and starting one inside."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from provenv.environments.running import run
from provenv.environments.store import Environment
from provenv.errors import InputError

SHELLS = ("bash", "zsh", "fish", "powershell", "cmd")

_PROGRAMS = {
    "bash": "bash",
    "zsh": "zsh",
    "fish": "fish",
    "pwsh": "powershell",
    "powershell": "powershell",
    "cmd": "cmd",
}

# PowerShell ends a single-quoted string at any of these, not only at the ASCII one.
_POWERSHELL_QUOTES = "(['\u2018\u2019\u201a\u201b])"


def activation_lines(environment: Environment, shell: str) -> tuple[str, ...]:
    """The lines to activate the environment in a shell and to set its accelerator's variables.

    Raises InputError for a shell that the environment's platform has no lines for.
    """
    lines = dict(environment.activation).get(shell)
    if not lines:
        known = [name for name, given in environment.activation if given]
        raise InputError(
            f"there are no activation lines for {shell!r}", evidence=[f"there are for {', '.join(known)}"]
        )
    return (*lines, *(_assignment(shell, name, value) for name, value in environment.variables))


def _assignment(shell: str, name: str, value: str) -> str:
    if shell == "fish":
        quoted = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"set -gx {name} '{quoted}'"
    if shell == "powershell":
        quoted = re.sub(_POWERSHELL_QUOTES, r"\1\1", value)
        return f"$env:{name} = '{quoted}'"
    if shell == "cmd":
        return f'set "{name}={value.replace("%", "%%")}"'
    quoted = value.replace("'", "'\\''")
    return f"export {name}='{quoted}'"


def users_shell(variables: Mapping[str, str]) -> tuple[str, str | None]:
    """The user's shell: its program, and which of `SHELLS` it is (None: another)."""
    if os.name == "nt":
        # cmd sets PROMPT for its children, PowerShell does not.
        program = variables.get("COMSPEC", "cmd.exe") if "PROMPT" in variables else "powershell.exe"
    else:
        program = variables.get("SHELL") or "/bin/sh"
    name = re.split(r"[/\\]", program)[-1].lower().removesuffix(".exe")
    return program, _PROGRAMS.get(name)


def start_shell(environment: Environment) -> int:
    """Start the user's shell inside the environment, after its own start-up files have run.

    Those often put folders before everything else in PATH, so that the variables alone would not do. Raises
    InputError when this shell is already inside.
    """
    if os.environ.get("PROVENV_SHELL") == str(environment.prefix):
        raise InputError(
            f"this shell is already inside {environment.target}", hints=["leave it with `exit` first"]
        )
    program, shell = users_shell(os.environ)
    os.environ["PROVENV_SHELL"] = str(environment.prefix)
    return run(environment, [program, *_arguments(environment, shell)])


def _arguments(environment: Environment, shell: str | None) -> list[str]:
    """The arguments that make a shell run the activation last; its files for that lie in the environment."""
    if shell is None:
        return []
    lines = "\n".join(activation_lines(environment, shell)) + "\n"
    folder = environment.prefix / ".provenv-shell"
    if shell == "bash":
        return ["--rcfile", str(_write(folder / "bashrc", f"[ -f ~/.bashrc ] && . ~/.bashrc\n{lines}")), "-i"]
    if shell == "zsh":
        _write(folder / ".zshenv", _zsh_file(".zshenv", ""))
        _write(folder / ".zshrc", _zsh_file(".zshrc", f'ZDOTDIR="$PROVENV_ZDOTDIR"\n{lines}'))
        os.environ["PROVENV_ZDOTDIR"] = os.environ.get("ZDOTDIR", str(Path.home()))
        os.environ["ZDOTDIR"] = str(folder)
        return ["-i"]
    if shell == "fish":
        return ["--init-command", lines]
    if shell == "powershell":
        return ["-NoLogo", "-NoExit", "-Command", "; ".join(lines.splitlines())]
    return ["/K", " && ".join(lines.splitlines())]


def _zsh_file(name: str, then: str) -> str:
    """zsh looks for its files in ZDOTDIR: these read the user's own first."""
    return f'[[ -f "$PROVENV_ZDOTDIR/{name}" ]] && . "$PROVENV_ZDOTDIR/{name}"\n{then}'


def _write(path: Path, text: str) -> Path:
    from provenv.atomic import write_text

    write_text(path, text, durable=False)
    return path
