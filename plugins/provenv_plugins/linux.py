"""Linux on x86_64 and aarch64, with glibc or musl."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from provenv.hooks import Envelope, EnvelopeKey, Finding, Platform, Probe, VirtualPackage, hookimpl
from provenv_plugins.activation import activation
from provenv_plugins.numbers import checked, parse_numbers

# What torch's own wheels need from 2.7 on, and what every distribution since August 2018 has (RHEL 8).
DEFAULT_GLIBC = "2.28"

# PEP 513, PEP 571, PEP 599: the tags from before PEP 600, each another word for one glibc.
LEGACY_TAGS = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}

# PEP 599: manylinux came to aarch64 with manylinux2014, to x86_64 with manylinux1.
OLDEST_MINOR = {"x86_64": 5, "aarch64": 17}

MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}


def platform_tags(arch: str, envelope: Envelope) -> tuple[str, ...]:
    """PEP 600 and PEP 656 tags, best first, and last the plain `linux_<arch>`, which says no need."""
    musl = envelope.one("musl")
    family = _musllinux(musl, arch) if musl else _manylinux(envelope.one("glibc") or DEFAULT_GLIBC, arch)
    return (*family, f"linux_{arch}")


def _manylinux(glibc: str, arch: str) -> Iterable[str]:
    major, minor = _pair(glibc)
    for step in range(minor, OLDEST_MINOR[arch] - 1, -1) if major == 2 else ():
        yield f"manylinux_2_{step}_{arch}"
        if legacy := LEGACY_TAGS.get((2, step)):
            yield f"{legacy}_{arch}"


def _musllinux(musl: str, arch: str) -> Iterable[str]:
    major, minor = _pair(musl)
    return (f"musllinux_{major}_{step}_{arch}" for step in range(minor, -1, -1))


def _pair(text: str) -> tuple[int, int]:
    numbers = parse_numbers(text) or (0,)
    return numbers[0], numbers[1] if len(numbers) > 1 else 0


def marker_environment(arch: str, envelope: Envelope) -> Mapping[str, str]:
    """PEP 508. The kernel's release and version differ on every machine, so a lock can't promise them."""
    return {
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": arch,
        "platform_release": "",
        "platform_version": "",
    }


def detect(arch: str, probe: Probe) -> Envelope | None:
    """The machine's C library, when it is Linux on this architecture."""
    machine = MACHINES.get((probe.python("machine") or "").lower())
    if probe.python("system") != "Linux" or machine != arch or probe.python("bits") == "32":
        return None
    library, version = probe.python("libc"), probe.python("libc_version")
    return Envelope.of({library: version}) if library in ("glibc", "musl") and version else Envelope()


def virtual_packages(arch: str, envelope: Envelope) -> tuple[VirtualPackage, ...]:
    """`__unix`, `__linux` (the kernel that came with such a glibc), `__glibc`, `__archspec`."""
    glibc = envelope.one("glibc") or DEFAULT_GLIBC
    # RHEL 8 (glibc 2.28) has kernel 4.18, RHEL 7 (2.17) has 3.10
    kernel = "4.18" if _pair(glibc) >= (2, 28) else "3.10"
    library = () if envelope.one("musl") else (VirtualPackage("__glibc", glibc, word="glibc"),)
    return (
        VirtualPackage("__unix"),
        VirtualPackage("__linux", kernel),
        *library,
        VirtualPackage("__archspec", "1", arch),
    )


def diagnose(probe: Probe) -> Iterable[Finding]:
    """A 32-bit Python on a 64-bit kernel: no torch wheel, and few others, exist for it."""
    if probe.python("system") == "Linux" and probe.python("bits") == "32":
        yield Finding(
            "python-32-bit",
            "this Python is a 32-bit program; torch and most compiled packages have no 32-bit wheels",
            "install a 64-bit Python, e.g. `uv python install`",
            "error",
        )


ENVELOPE = (
    EnvelopeKey(
        "glibc",
        "VERSION",
        "the oldest glibc that it must run on",
        check=checked(2, 2, "2.28"),
        examples=("2.5", "2.17", "2.28", "2.41"),
    ),
    EnvelopeKey(
        "musl",
        "VERSION",
        "the oldest musl that it must run on",
        check=checked(2, 2, "1.2"),
        examples=("1.1", "1.2"),
        replaces=("glibc",),
    ),
)


@hookimpl
def provenv_platforms() -> Iterable[Platform]:
    """linux-x86_64 and linux-aarch64."""
    for arch, subdir in (("x86_64", "linux-64"), ("aarch64", "linux-aarch64")):
        yield Platform(
            name=f"linux-{arch}",
            os="linux",
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
            defaults=Envelope.of({"glibc": DEFAULT_GLIBC}),
            diagnose=diagnose,
        )
