"""Running a program for a limited time: its whole family ends with it, on time-out and on ctrl-C too."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from provenv.values import dataclass

if TYPE_CHECKING:
    import subprocess

_KEPT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended: its exit code, None when its time ran out, and the end of both its streams."""

    code: int | None
    output: str

    def last_lines(self, count: int = 20) -> list[str]:
        """The last lines that say something."""
        return [line.rstrip() for line in self.output.splitlines() if line.strip()][-count:]


def run_bounded(
    command: Sequence[str | Path], *, cwd: Path, environ: Mapping[str, str], seconds: float
) -> Finished:
    """Run `command` for at most so many seconds, without a terminal to ask questions on.

    Raises OSError when the program can't be started. Whatever ends the wait, no child stays behind.
    """
    import subprocess
    import tempfile

    # A file, not a pipe: a grandchild that keeps a pipe open would keep us waiting after the program is done.
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=os.name != "nt",
        )
        code: int | None
        try:
            code = process.wait(timeout=max(seconds, 0.0))
        except subprocess.TimeoutExpired:
            code = None
        finally:
            end_family(process)
        output.seek(max(output.seek(0, os.SEEK_END) - _KEPT_BYTES, 0))
        return Finished(code, output.read().decode("utf-8", "replace"))


def end_family(process: subprocess.Popen[bytes]) -> None:
    """End the process and all its children; the group outlives a leader that is already done."""
    import contextlib
    import subprocess

    if os.name == "nt":
        if process.poll() is None:
            subprocess.run(
                ["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False
            )
    else:
        import signal

        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def tool_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's variables for a program that must not see the Python, pip or uv that we run in.

    Kept: proxies, certificates, compilers, and where uv keeps Pythons and its cache.
    """
    kept_uv = {"UV_CACHE_DIR", "UV_PYTHON_INSTALL_DIR", "UV_LINK_MODE", "UV_CONCURRENT_DOWNLOADS"}
    environ = {
        name: value
        for name, value in os.environ.items()
        if name in kept_uv
        or not (name.startswith(("PYTHON", "PIP_", "UV_", "_PYPROJECT_HOOKS")) or name == "VIRTUAL_ENV")
    }
    return environ | dict(extra or {})
