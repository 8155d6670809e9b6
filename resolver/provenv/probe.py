"""The facts of this machine, as the plugins ask for them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from provenv.hooks.installations import Distribution
from provenv.hooks.types import CommandResult, Paste
from provenv.reads import unsure

FILE_LIMIT = 4 * 2**20
"""Bytes of a file that are read at most: what a probe looks for is never larger."""


class LiveProbe:
    """This machine. Every answer is asked for once and then remembered."""

    def __init__(self) -> None:
        self._python: dict[str, str] | None = None
        self._libraries: dict[str, Mapping[str, object] | None] = {}
        self._commands: dict[tuple[str, ...], CommandResult] = {}

    def __getattribute__(self, name: str) -> object:
        unsure()  # what a machine says is asked of it anew in every run
        return super().__getattribute__(name)

    def file(self, path: str) -> str | None:
        try:
            with Path(path).open("rb") as file:
                return file.read(FILE_LIMIT).decode("utf-8", "replace")
        except (OSError, ValueError):
            return None

    def folder(self, path: str) -> tuple[str, ...]:
        try:
            return tuple(sorted(entry.name for entry in Path(path).iterdir()))
        except (OSError, ValueError):
            return ()

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandResult | None:
        import shutil

        program = shutil.which(argv[0])
        if program is None:
            return None
        asked = (program, *argv[1:])
        if asked not in self._commands:
            # in English and without colours, which the plugins' parsers rely on
            environment = {**os.environ, "LC_ALL": "C", "NO_COLOR": "1"}
            self._commands[asked] = _run(asked, seconds, environment)
        return self._commands[asked]

    def environment(self, name: str) -> str | None:
        return os.environ.get(name)

    def registry(self, key: str, value: str) -> str | None:
        if sys.platform == "win32":
            import winreg

            roots = {"HKLM": winreg.HKEY_LOCAL_MACHINE, "HKCU": winreg.HKEY_CURRENT_USER}
            root, _, path = key.partition("\\")
            try:
                with winreg.OpenKey(roots[root], path) as opened:
                    return _registry_text(winreg.QueryValueEx(opened, value)[0])
            except (OSError, KeyError, ValueError):  # ValueError: a name that holds a NUL
                return None
        return None

    def sysctl(self, name: str) -> str | None:
        if sys.platform != "darwin" and "bsd" not in sys.platform:
            return None
        answer = self.command(["sysctl", "-n", name], seconds=5.0)
        return answer.stdout.strip() if answer is not None and answer.exit_code == 0 else None

    def python(self, name: str) -> str | None:
        if self._python is None:
            self._python = python_facts()
        return self._python.get(name)

    def exists(self, path: str) -> bool | None:
        try:
            return Path(path).exists()
        except (OSError, ValueError):
            return None

    def executables(self, name: str) -> tuple[str, ...] | None:
        from provenv.searching import executables_on_path

        return executables_on_path(name, os.environ)

    def disk(self, path: str) -> tuple[int, int] | None:
        import shutil

        try:
            place = Path(path).absolute()
            usage = shutil.disk_usage(next(p for p in (place, *place.parents) if p.exists()))
        except (OSError, ValueError, StopIteration):
            return None
        return usage.total, usage.free

    def distributions(self, prefix: str) -> tuple[Distribution, ...]:
        from provenv.searching import installed_distributions

        return installed_distributions(prefix) if prefix else ()

    def pastes(self) -> tuple[Paste, ...]:
        return ()

    def library(self, script: str, *, seconds: float = 10.0) -> Mapping[str, object] | None:
        if script not in self._libraries:
            answer = _run([sys.executable, "-I", "-S", "-c", script], seconds, dict(os.environ))
            self._libraries[script] = _object(answer.stdout) if answer.exit_code == 0 else None
        return self._libraries[script]


def python_facts() -> dict[str, str]:
    """What the running interpreter says of itself and of the system; what it doesn't know is not there."""
    import platform

    facts = {
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "machine": platform.machine(),
        "system": platform.system(),
        "bits": "64" if sys.maxsize > 2**32 else "32",
        "executable": sys.executable,
        "prefix": sys.prefix,
        "release": platform.release(),
        "macos_version": _macos_version() if sys.platform == "darwin" else "",
    }
    library, version = _libc() if sys.platform == "linux" else ("", "")
    return {
        name: value for name, value in {**facts, "libc": library, "libc_version": version}.items() if value
    }


def _libc() -> tuple[str, str]:
    """(`glibc`, `2.36`) or (`musl`, `1.2`), and a pair of empty texts where neither can be told."""
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (ValueError, OSError):
        name, version = "", ""
    return (name, ".".join(version.split(".")[:2])) if name == "glibc" else _musl()


def _musl() -> tuple[str, str]:
    import re

    for loader in sorted(Path("/lib").glob("ld-musl-*.so.1")):
        # musl's loader prints its version to standard error when it is given nothing to load
        answer = _run([str(loader)], 5.0, dict(os.environ))
        if found := re.search(r"^Version (\d+\.\d+)", answer.stderr, re.MULTILINE):
            return "musl", found[1]
    return "", ""


def _macos_version() -> str:
    import platform

    version = platform.mac_ver()[0]
    if not version.startswith("10.16"):
        return version
    # An interpreter built against an old SDK is told 10.16 by every macOS since 11.
    answer = _run(["/usr/bin/sw_vers", "-productVersion"], 5.0, {**os.environ, "SYSTEM_VERSION_COMPAT": "0"})
    return answer.stdout.strip() or version


def _run(argv: Sequence[str], seconds: float, environment: Mapping[str, str]) -> CommandResult:
    import subprocess

    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        return CommandResult(None, _text(error.stdout), f"no answer within {seconds:g} seconds")
    except (OSError, ValueError) as error:
        return CommandResult(None, "", str(error))
    return CommandResult(done.returncode, _text(done.stdout), _text(done.stderr))


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace").replace("\r\n", "\n")


def _registry_text(value: object) -> str:
    """A registry's value as the probe tells it: a list's texts a line each, bytes in hexadecimal."""
    if isinstance(value, list):
        return "\n".join(map(str, value))
    if isinstance(value, bytes):
        return value.hex()
    return "" if value is None else str(value)


def _object(text: str) -> Mapping[str, object] | None:
    import json

    try:
        answer = json.loads(text)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
