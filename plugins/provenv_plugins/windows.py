"""Windows on x86_64 and arm64."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from provenv.hooks import Envelope, Finding, Platform, Probe, VirtualPackage, hookimpl
from provenv_plugins.activation import activation

# architecture -> wheel tag, the name that Windows gives it, conda's folder
ARCHITECTURES = {
    "x86_64": ("win_amd64", "AMD64", "win-64"),
    "arm64": ("win_arm64", "ARM64", "win-arm64"),
}


def platform_tags(arch: str, envelope: Envelope) -> tuple[str, ...]:
    """The one tag of a 64-bit Windows."""
    return (ARCHITECTURES[arch][0],)


def marker_environment(arch: str, envelope: Envelope) -> Mapping[str, str]:
    """PEP 508. Release and build differ between machines, so a lock can't promise them."""
    return {
        "os_name": "nt",
        "sys_platform": "win32",
        "platform_system": "Windows",
        "platform_machine": ARCHITECTURES[arch][1],
        "platform_release": "",
        "platform_version": "",
    }


def detect(arch: str, probe: Probe) -> Envelope | None:
    """Nothing to promise beyond being Windows on this architecture."""
    machine = (probe.python("machine") or "").upper()
    here = probe.python("system") == "Windows" and machine == ARCHITECTURES[arch][1]
    return Envelope() if here else None


def virtual_packages(arch: str, envelope: Envelope) -> tuple[VirtualPackage, ...]:
    """`__win` (Windows 10 and 11 both are 10.0), `__archspec`."""
    return (VirtualPackage("__win", "10.0"), VirtualPackage("__archspec", "1", arch))


LONG_PATHS = (r"HKLM\SYSTEM\CurrentControlSet\Control\FileSystem", "LongPathsEnabled")


def diagnose(probe: Probe) -> Iterable[Finding]:
    """A Python of another kind than the machine, or none at all; paths that end after 260 characters."""
    if probe.python("system") != "Windows":
        return
    yield from _other_kind(probe)
    if probe.registry(*LONG_PATHS) == "0":
        yield Finding(
            "windows-long-paths-off",
            "Windows cuts paths off at 260 characters (LongPathsEnabled is 0)",
            f"New-ItemProperty -Path '{LONG_PATHS[0].replace('HKLM', 'HKLM:', 1)}' -Name LongPathsEnabled "
            "-Value 1 -PropertyType DWORD -Force   (PowerShell as administrator, then a new terminal)",
            "warning",
            "torch's headers and model caches lie deeper: installing ends in `No such file or directory`",
        )
    first = next(iter(probe.executables("python") or ()), "")
    if "\\windowsapps\\" in first.lower():
        yield Finding(
            "python-store-alias",
            f"the first `python` on PATH is the Microsoft Store's alias ({first})",
            "Settings > Apps > Advanced app settings > App execution aliases: switch python.exe off",
            "warning",
            "where no Python of the Store is installed it opens the Store instead of running a script",
        )


def _other_kind(probe: Probe) -> Iterable[Finding]:
    processor = (probe.environment("PROCESSOR_IDENTIFIER") or "").upper()
    machine = (probe.python("machine") or "").upper()
    if probe.python("bits") == "32":
        yield Finding(
            "python-32-bit",
            "this Python is a 32-bit program; torch and most compiled packages have no 32-bit wheels",
            "install a 64-bit Python, e.g. `uv python install`",
            "error",
        )
    elif machine == "AMD64" and processor.startswith("ARM"):
        yield Finding(
            "python-emulated-on-arm",
            "this Python is an x86_64 program, emulated on an Arm processor, and several times slower for it",
            "install an arm64 Python from python.org or with `uv python install`",
        )


@hookimpl
def provenv_platforms() -> Iterable[Platform]:
    """windows-x86_64 and windows-arm64."""
    for arch, (_, _, subdir) in ARCHITECTURES.items():
        yield Platform(
            name=f"windows-{arch}",
            os="windows",
            arch=arch,
            wheel_platform_tags=partial(platform_tags, arch),
            marker_environment=partial(marker_environment, arch),
            detect=partial(detect, arch),
            conda_subdir=subdir,
            conda_virtual_packages=partial(virtual_packages, arch),
            scripts="Scripts",
            python="Scripts/python.exe",
            activation=partial(activation, scripts="Scripts", separator="\\"),
            diagnose=diagnose,
        )
