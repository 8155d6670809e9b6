"""The lines that activate a virtual environment, with its path quoted for each shell."""

from __future__ import annotations

# PowerShell ends a single-quoted string at any of these, not only at the ASCII one.
_POWERSHELL_QUOTES = "'\u2018\u2019\u201a\u201b"


def activation(shell: str, prefix: str, *, scripts: str, separator: str) -> tuple[str, ...]:
    """The lines for bash, zsh, fish, powershell or cmd; none for a shell that is not known.

    `scripts` is the environment's folder of programs, `separator` the operating system's path separator.
    """
    folder = separator.join((prefix.rstrip("/\\") if separator == "\\" else prefix.rstrip("/"), scripts))
    if shell in ("bash", "zsh"):
        return (f". {_quote_posix(_forward(folder, separator) + '/activate')}",)
    if shell == "fish":
        return (f"source {_quote_fish(_forward(folder, separator) + '/activate.fish')}",)
    if shell == "powershell":
        return (f"& {_quote_powershell(folder + separator + 'activate.ps1')}",)
    if shell == "cmd":
        return (f"call {_quote_cmd(folder + separator + 'activate.bat')}",)
    return ()


def _forward(path: str, separator: str) -> str:
    # bash and fish on Windows (Git, MSYS2) take C:/… and would eat backslashes only outside quotes
    return path.replace("\\", "/") if separator == "\\" else path


def _quote_posix(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _quote_fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _quote_powershell(text: str) -> str:
    return "'" + "".join(char * 2 if char in _POWERSHELL_QUOTES else char for char in text) + "'"


def _quote_cmd(text: str) -> str:
    # A path of Windows holds no double quote. `call` expands percent signs a second time, hence four for one.
    return '"' + text.replace("%", "%%%%") + '"'
