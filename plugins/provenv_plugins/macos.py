"""macOS on Apple silicon and on Intel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from provenv.hooks import Envelope, EnvelopeKey, Finding, Platform, Probe, VirtualPackage, hookimpl
from provenv_plugins.activation import activation
from provenv_plugins.numbers import checked, parse_numbers

# What torch's wheels need from 2.12 on, and its MPS from 2.9 on.
DEFAULT_MACOS = "14.0"

# The binary formats that hold code for an architecture, as packaging.tags.mac_platforms orders them.
FORMATS = {
    "arm64": ("arm64", "universal2"),
    "x86_64": ("x86_64", "intel", "fat64", "fat3", "universal2", "universal"),
}


def platform_tags(arch: str, envelope: Envelope) -> tuple[str, ...]:
    """The tags of every macOS up to the promised one, newest first."""
    return tuple(_tags(arch, _version(envelope)))


def _tags(arch: str, version: tuple[int, int]) -> Iterable[str]:
    major, minor = version
    for step in range(major, 10, -1):
        yield from (f"macosx_{step}_0_{form}" for form in FORMATS[arch])
    # A universal2 file may name a macOS older than Apple silicon, for the sake of its Intel half.
    formats = FORMATS[arch] if arch == "x86_64" else ("universal2",)
    for step in range(16 if major > 10 else minor, 3, -1):
        yield from (f"macosx_10_{step}_{form}" for form in formats)


def _version(envelope: Envelope) -> tuple[int, int]:
    numbers = parse_numbers(envelope.one("macos") or DEFAULT_MACOS) or (14,)
    return numbers[0], numbers[1] if len(numbers) > 1 else 0


def marker_environment(arch: str, envelope: Envelope) -> Mapping[str, str]:
    """PEP 508. `platform_release` is Darwin's, which some packages compare (pyobjc)."""
    return {
        "os_name": "posix",
        "sys_platform": "darwin",
        "platform_system": "Darwin",
        "platform_machine": arch,
        "platform_release": f"{_darwin(_version(envelope))}.0.0",
        "platform_version": "",
    }


def _darwin(version: tuple[int, int]) -> int:
    """The Darwin major of a macOS: 10.15 is 19, 11 to 15 are 20 to 24, 26 (the next after 15) is 25."""
    major, minor = version
    if major == 10:
        return minor + 4
    return major + 9 if major < 26 else major - 1


def detect(arch: str, probe: Probe) -> Envelope | None:
    """The running macOS, when the interpreter is of this architecture."""
    if probe.python("system") != "Darwin" or probe.python("machine") != arch:
        return None
    numbers = parse_numbers(probe.python("macos_version") or "")
    return Envelope.of({"macos": ".".join(map(str, numbers[:2]))}) if numbers else Envelope()


def virtual_packages(arch: str, envelope: Envelope) -> tuple[VirtualPackage, ...]:
    """`__unix`, `__osx`, `__archspec`."""
    version = envelope.one("macos") or DEFAULT_MACOS
    return (
        VirtualPackage("__unix"),
        VirtualPackage("__osx", version if "." in version else f"{version}.0", word="macos"),
        VirtualPackage("__archspec", "1", "m1" if arch == "arm64" else arch),
    )


def diagnose(probe: Probe) -> Iterable[Finding]:
    """A Python that runs translated on Apple silicon sees an Intel Mac: old packages and no GPU."""
    if probe.python("system") == "Darwin" and probe.sysctl("sysctl.proc_translated") == "1":
        yield Finding(
            "python-under-rosetta",
            "this Python is an Intel (x86_64) program, translated by Rosetta on Apple silicon: "
            "torch ends at 2.2.2 for it, and MPS is out of its reach",
            "install an arm64 Python (`uv python install cpython-3.12-macos-aarch64-none`) "
            "and make the environment with that",
            "error",
        )


ENVELOPE = (
    EnvelopeKey(
        "macos",
        "VERSION",
        "the oldest macOS that it must run on",
        check=checked(1, 3, "14 or 13.3"),
        examples=("10.9", "12.3", "14", "26.1"),
    ),
)


@hookimpl
def provenv_platforms() -> Iterable[Platform]:
    """macos-arm64 and macos-x86_64."""
    for arch, subdir in (("arm64", "osx-arm64"), ("x86_64", "osx-64")):
        yield Platform(
            name=f"macos-{arch}",
            os="macos",
            arch=arch,
            wheel_platform_tags=partial(platform_tags, arch),
            marker_environment=partial(marker_environment, arch),
            detect=partial(detect, arch),
            conda_subdir=subdir,
            conda_virtual_packages=partial(virtual_packages, arch),
            scripts="bin",
            python="bin/python",
            activation=partial(activation, scripts="bin", separator="/"),
            envelope=ENVELOPE,
            defaults=Envelope.of({"macos": DEFAULT_MACOS}),
            diagnose=diagnose,
        )
