"""The commands that mend things, in the words of the machine's own system."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePath, PurePosixPath, PureWindowsPath

from provenv.hooks.types import Probe

# os-release's ID or ID_LIKE -> the command that installs packages.
_INSTALLERS = {
    "debian": "sudo apt-get install -y",
    "ubuntu": "sudo apt-get install -y",
    "fedora": "sudo dnf install -y",
    "rhel": "sudo dnf install -y",
    "centos": "sudo yum install -y",
    "amzn": "sudo dnf install -y",
    "suse": "sudo zypper install -y",
    "opensuse": "sudo zypper install -y",
    "arch": "sudo pacman -S --needed",
    "alpine": "sudo apk add",
}


def is_windows(probe: Probe) -> bool:
    """Whether the machine's commands are those of PowerShell."""
    return probe.python("system") == "Windows"


def path_of(probe: Probe, text: str) -> PurePath:
    """A path of that machine, which may be of another system than this one."""
    return PureWindowsPath(text) if is_windows(probe) else PurePosixPath(text)


def unset(probe: Probe, names: Sequence[str]) -> str:
    """Takes variables out of the running shell."""
    if is_windows(probe):
        return f"Remove-Item {', '.join(f'Env:{name}' for name in names)}"
    return f"unset {' '.join(names)}"


def assign(probe: Probe, name: str, value: str) -> str:
    """Sets a variable in the running shell."""
    if is_windows(probe):
        return f'$env:{name} = "{value}"'
    return f"export {name}={shlex.quote(value)}"


def install_system_package(probe: Probe, packages: Mapping[str, str]) -> str | None:
    """Installs a package of the Linux distribution: its name by os-release's ID, "" for all others."""
    release = dict(
        re.findall(r'^(ID|ID_LIKE)="?([^"\n]*)', probe.file("/etc/os-release") or "", re.MULTILINE)
    )
    for word in f"{release.get('ID', '')} {release.get('ID_LIKE', '')}".split():
        installer = _INSTALLERS.get(word.partition("-")[0])
        if installer:
            return f"{installer} {packages.get(word, packages[''])}"
    return None
