"""What conda and pip say of the machine that they install for."""

from __future__ import annotations

import re

from provenv_plugins.architectures import ARCH, Facts

# A virtual package's version: `__glibc=2.35=0`, in JSON `["__glibc", "2.35", "0"]`.
_IS = r"(?:=|\",\s*\")"


def conda(text: str) -> Facts:
    """`conda info`: its platform, its virtual packages, what it calls itself in requests."""
    if not re.search(r"^\s*(?:conda|mamba|micromamba|libmamba) version\s*:", text, re.M) and (
        '"conda_version"' not in text and '"mamba version"' not in text
    ):
        return {}
    facts: Facts = {}
    subdir = re.search(r'\bplatform"?\s*:\s*"?(\S+?-\w+)"?', text) or re.search(
        r"https?://\S+/((?:linux|osx|win)-(?:64|aarch64|arm64|ppc64le|32))\b", text
    )
    if subdir and "-" in subdir[1]:
        system, _, arch = subdir[1].partition("-")
        facts["system"] = {"linux": "Linux", "osx": "Darwin", "win": "Windows"}.get(system, "")
        facts["machine"] = {"64": "x86_64", "32": "i386"}.get(arch, arch)
    for package, system in (("__linux", "Linux"), ("__osx", "Darwin"), ("__win", "Windows")):
        if re.search(rf"\b{package}(?:=|\")", text):
            facts["system"] = system
    if found := re.search(rf"\b__linux{_IS}(\d[\d.]*)", text):
        facts["release"] = found[1]
    if found := re.search(r"\bDarwin/(\d[\d.]*)", text):
        facts["release"] = found[1]
    if found := re.search(rf"\b__glibc{_IS}(\d+\.\d+)", text):
        facts["libc"], facts["libc_version"] = "glibc", found[1]
    # an interpreter of an old SDK is told 10.16 by every macOS since 11
    if (found := re.search(rf"\b__osx{_IS}(\d+[\d.]*)", text)) and found[1] != "10.16":
        facts["macos_version"] = found[1]
    return facts


def pip_debug(text: str) -> Facts:
    """`pip debug --verbose`: the first of the compatible tags is the machine's own."""
    found = re.search(r"^sys\.platform: (\w+)", text, re.M)
    if not found:
        return {}
    system = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}.get(found[1], "")
    facts = {"system": system}
    if tag := re.search(rf"-(?:manylinux_2_(\d+)|musllinux_1_(\d+)|linux)_{ARCH}\s*$", text, re.M):
        facts["machine"] = tag[3]
        if tag[1]:
            facts["libc"], facts["libc_version"] = "glibc", f"2.{tag[1]}"
        elif tag[2]:
            facts["libc"], facts["libc_version"] = "musl", f"1.{tag[2]}"
    elif tag := re.search(rf"-macosx_(\d+)_(\d+)_{ARCH}\s*$", text, re.M):
        facts["machine"], facts["macos_version"] = tag[3], f"{tag[1]}.{tag[2]}"
    elif tag := re.search(rf"-win_{ARCH}\s*$", text, re.M):
        facts["machine"] = tag[1]
    return facts
