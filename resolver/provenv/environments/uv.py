"""Running uv: its own settings and this process's Python kept out of it, its lines passed on as they come."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from provenv.addresses import without_credentials
from provenv.errors import InstallError
from provenv.pypi.processes import end_family, tool_environment
from provenv.values import dataclass

if TYPE_CHECKING:
    import subprocess

_KEPT_LINES = 200

# uv's own variables that say how this machine gets Pythons; they change no answer of a lock.
_PYTHON_VARIABLES = (
    "UV_PYTHON_INSTALL_MIRROR",
    "UV_PYTHON_DOWNLOADS",
    "UV_PYTHON_PREFERENCE",
    "UV_NATIVE_TLS",
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How uv ended: its exit code and the last lines it printed."""

    code: int
    lines: tuple[str, ...]


def version() -> str:
    """The version of uv that is installed beside provenv."""
    import uv

    # The name of its record tells; importlib.metadata would load the e-mail parser to read what is in it.
    records = [path.name for path in Path(uv.__file__).parents[1].glob("uv-*.dist-info")]
    if len(records) == 1:
        return f"uv {records[0].removeprefix('uv-').removesuffix('.dist-info')}"
    from importlib.metadata import version as version_of

    return f"uv {version_of('uv')}"


def run_uv(
    arguments: Sequence[str | Path],
    variables: Mapping[str, str],
    *,
    cwd: Path,
    tell: Callable[[str], None],
    inherited: int | None = None,
) -> Ended:
    """Run uv to its end; `tell` gets each line that it prints.

    `inherited`: an open file that uv keeps open too. When this process is interrupted, uv and all that it
    started end with it. Raises InstallError when there is no uv.
    """
    import subprocess

    try:
        process = subprocess.Popen(
            [_program(), *map(str, arguments)],
            cwd=cwd,
            env=_environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=os.name != "nt",
            pass_fds=() if os.name == "nt" or inherited is None else (inherited,),
        )
    except OSError as error:
        raise _no_uv(str(error)) from error
    kept: list[str] = []
    try:
        for line in _lines(process):
            kept = [*kept[-_KEPT_LINES:], line]
            tell(line)
        code = process.wait()
    except BaseException:
        end_family(process)
        raise
    return Ended(code, tuple(kept))


@cache
def _program() -> str:
    windows = os.name == "nt"
    beside = Path(sys.prefix, "Scripts" if windows else "bin", "uv.exe" if windows else "uv")
    try:
        from uv import find_uv_bin

        # In a virtual environment uv's own search takes this one first too, and loads much for it.
        return str(beside) if sys.prefix != sys.base_prefix and beside.is_file() else find_uv_bin()
    except (ImportError, FileNotFoundError) as error:
        raise _no_uv(str(error)) from error


def _no_uv(reason: str) -> InstallError:
    return InstallError(
        "uv, which makes the environments, can't be started",
        evidence=[reason],
        hints=["reinstall it: python -m pip install --force-reinstall uv"],
    )


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PYTHON_VARIABLES if name in os.environ}
    quiet = {"UV_NO_CONFIG": "1", "UV_NO_PROGRESS": "1", "UV_PREVIEW_FEATURES": "pylock", "NO_COLOR": "1"}
    return tool_environment({**kept, **variables, **quiet})


def _lines(process: subprocess.Popen[bytes]) -> Iterator[str]:
    if process.stdout is None:
        return
    with process.stdout:
        for raw in process.stdout:
            line = without_credentials(raw.decode("utf-8", "replace").rstrip())
            if line:
                yield line
