"""The configuration files that pip reads, on every system and at every level, lowest first."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from provenv.config.folders import home
from provenv.reads import exists, is_file, is_folder
from provenv.tuples import NamedTuple


class Machine(NamedTuple):
    """What the places of pip's files depend on: variables, the system (`sys.platform`), the environment."""

    environ: Mapping[str, str]
    system: str = sys.platform
    prefix: Path = Path(sys.prefix)

    @property
    def basename(self) -> str:
        return "pip.ini" if self.system == "win32" else "pip.conf"


def pip_files(machine: Machine) -> list[Path]:
    """The files that are there; a later one wins: global, user, site, PIP_CONFIG_FILE."""
    named = machine.environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    places = list(_global(machine))
    if not (named and exists(named)):
        # pip: who names a file has no user's file beside it
        places += _user(machine)
    places.append(machine.prefix)
    files = [place / machine.basename for place in places]
    if named:
        files.append(Path(named))
    return [file for file in files if is_file(file)]


def _global(machine: Machine) -> Iterator[Path]:
    if machine.system == "win32":
        yield (
            Path(
                machine.environ.get("ProgramData")
                or machine.environ.get("ALLUSERSPROFILE")
                or r"C:\ProgramData"
            )
            / "pip"
        )
    elif machine.system == "darwin":
        # platformdirs' site data folders: those of Homebrew's Python come first
        if str(machine.prefix).startswith("/opt/homebrew"):
            yield Path("/opt/homebrew/share/pip")
        yield Path("/Library/Application Support/pip")
    else:
        folders = machine.environ.get("XDG_CONFIG_DIRS", "").strip() or "/etc/xdg"
        yield from (Path(folder) / "pip" for folder in folders.split(os.pathsep) if folder)
        yield Path("/etc")


def _user(machine: Machine) -> Iterator[Path]:
    """The old place first, since the new one wins."""
    at_home = home(machine.environ)
    if machine.system == "win32":
        yield at_home / "pip"
        yield Path(machine.environ.get("APPDATA") or at_home / "AppData" / "Roaming") / "pip"
        return
    yield at_home / ".pip"
    if machine.system == "darwin":
        support = at_home / "Library" / "Application Support" / "pip"
        yield support if is_folder(support) else at_home / ".config" / "pip"
        return
    yield Path(machine.environ.get("XDG_CONFIG_HOME", "").strip() or at_home / ".config") / "pip"
