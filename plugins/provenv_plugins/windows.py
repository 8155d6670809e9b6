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


def diagnose(probe: Probe) -> Iterable[Finding]:
    """An x86_64 Python, emulated on an Arm machine: it works, slowly."""
    if probe.python("system") != "Windows":
        return
    processor = (probe.environment("PROCESSOR_IDENTIFIER") or "").upper()
    machine = (probe.python("machine") or "").upper()
    if machine == "AMD64" and processor.startswith("ARM"):
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
