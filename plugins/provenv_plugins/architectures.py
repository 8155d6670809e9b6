"""The words for a processor's architecture, as tools of all kinds write them."""

from __future__ import annotations

Facts = dict[str, str]
"""What is known of a machine: `system`, `machine`, `release`, `libc`, `libc_version`, `macos_version`."""

ARCHITECTURES = {
    "x86_64": "x86_64",
    "amd64": "x86_64",
    "x64": "x86_64",
    "aarch64": "aarch64",
    "arm64": "arm64",
    "riscv64": "riscv64",
    "ppc64le": "ppc64le",
    "ppc64": "ppc64",
    "s390x": "s390x",
    "loongarch64": "loongarch64",
    "armv7l": "armv7l",
    "i386": "i386",
    "i486": "i386",
    "i586": "i386",
    "i686": "i386",
    "x86": "i386",
}
"""A word -> the one that is used here."""

ARCH = "(" + "|".join(ARCHITECTURES) + ")"
"""One of them, as a group of a pattern."""
