"""The command that installs or updates NVIDIA's driver, in the words of the machine's own system.

Source: NVIDIA's Driver Installation Guide (one chapter a distribution; its repository has `nvidia-open` and
`cuda-drivers`), Ubuntu's page on NVIDIA drivers, the Arch wiki's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from provenv.hooks import Device, Probe
from provenv.hooks.reports import environment_report
from provenv_plugins.cuda_drivers import numbers
from provenv_plugins.cuda_facts import is_jetson, is_wsl

BRANCH = "580"
OPEN_FROM = (7, 5)
"""The open kernel modules drive Turing and newer; Blackwell has no others."""

# os-release's ID or ID_LIKE -> the command; {package} is one of NVIDIA's repository.
_COMMANDS = {
    "ubuntu": f"sudo ubuntu-drivers install nvidia:{BRANCH}",
    "debian": "sudo apt-get install -y {package}",
    "fedora": "sudo dnf install -y {package}",
    "rhel": "sudo dnf install -y {package}",
    "centos": "sudo dnf install -y {package}",
    "amzn": "sudo dnf install -y {package}",
    "suse": "sudo zypper install -y {package}",
    "opensuse": "sudo zypper install -y {package}",
    "arch": "sudo pacman -S --needed nvidia-open nvidia-utils",
}
_OWN = ("ubuntu", "arch")  # their own repositories have the driver


def driver_remedy(probe: Probe, devices: Iterable[Device] = ()) -> str:
    """The command, or words where the system has none. `devices`: the GPUs that are known."""
    if is_wsl(probe):
        return "install the newest NVIDIA driver in Windows (never one inside WSL), then `wsl --shutdown`"
    if probe.python("system") == "Windows":
        return "install the newest driver from nvidia.com/drivers, then restart"
    if is_jetson(probe):
        return "update JetPack; a Jetson's driver is part of it"
    distribution = next((word for word in _distributions(probe) if word in _COMMANDS), None)
    if distribution is None:
        return f"install driver {BRANCH} (Ubuntu: `{_COMMANDS['ubuntu']}`), then `sudo reboot`"
    command = _COMMANDS[distribution].format(package=_package(devices))
    repository = "" if distribution in _OWN else " (from NVIDIA's repository)"
    return f"{command} && sudo reboot{repository}"


def _package(devices: Iterable[Device]) -> str:
    known = [numbers(device.compute_capability) for device in devices if device.compute_capability]
    return "cuda-drivers" if known and min(known) < OPEN_FROM else "nvidia-open"


def _distributions(probe: Probe) -> Iterable[str]:
    """The words for the system, its own first: of os-release, or of the system that a report names."""
    release = dict(
        re.findall(r'^(ID|ID_LIKE)="?([^"\n]*)', probe.file("/etc/os-release") or "", re.MULTILINE)
    )
    yield from (
        word.partition("-")[0] for word in f"{release.get('ID', '')} {release.get('ID_LIKE', '')}".split()
    )
    for paste in probe.pastes():
        report = environment_report(paste.text)
        name = (report.value("os") or "").lower() if report else ""
        yield from (word for word in _COMMANDS if re.match(rf"{word}\b", name))
        yield from ("rhel" for word in ("rocky", "red hat", "alma", "oracle") if name.startswith(word))
