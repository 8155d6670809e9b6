"""What Macs and Windows print of themselves, in whatever language."""

from __future__ import annotations

import re

from provenv_plugins.architectures import Facts

# system_profiler's word for a GPU, in English and in its translations.
_CHIPSET = (
    r"Chipset Model|Chipsatz-?[Mm]odell|Jeu de puces|Mod\u00e8le d[ue] (?:chipset|jeu de puces)"
    r"|Modelo del? (?:chipset|conjunto de chips)|Modello (?:di )?chipset"
    r"|\u82af\u7247\u7ec4\u578b\u53f7|\u6676\u7247\u7d44\u578b\u865f"
    r"|\u30c1\u30c3\u30d7\u30bb\u30c3\u30c8\u306e?\u30e2\u30c7\u30eb"
)
CHIPSET = re.compile(
    rf"^[ \t]*(?:{_CHIPSET})\s?[:\uff1a]\s*(?P<name>\S.*?)[ \t]*$"
    r"|\"sppci_model\"\s*:\s*\"(?P<json>[^\"\n]+)\"",
    re.M,
)
"""The beginning of a GPU's block in system_profiler's text, or in its JSON."""


def macos(text: str) -> Facts:
    """sw_vers, sysctl, system_profiler (also as JSON), a line that names the release."""
    facts: Facts = {}
    product = re.search(r"^\s*ProductVersion:\s*(\d+[\d.]*)", text, re.M)
    named = r"^\s*(?:System Version: |\"os_version\"\s*:\s*\")?macOS (?:[A-Z][a-z]+ )?(\d+(?:\.\d+)*)\b"
    if found := product or re.search(named, text, re.M):
        facts.update({"system": "Darwin", "macos_version": found[1]})
    brand = re.search(r"machdep\.cpu\.brand_string(?::\s*|\s*\n)(.*)$", text, re.M)
    if brand or re.search(r"^`?machdep\.cpu\.|^hw\.optional\.", text, re.M):
        facts["system"] = "Darwin"
        if brand:
            facts["machine"] = "arm64" if brand[1].startswith("Apple") else "x86_64"
    if found := re.search(r"^hw\.optional\.x86_64: 1$", text, re.M):
        facts.setdefault("machine", "x86_64")
    if chip := re.search(r"^\s*Chip: (.*)$", text, re.M) or CHIPSET.search(text):
        facts["system"] = "Darwin"
        if any((word or "").startswith("Apple") for word in chip.groups()):
            facts.setdefault("machine", "arm64")
    return facts


def windows(text: str) -> Facts:
    """WMI, the registry, systeminfo, a console's prompt."""
    signs = (
        r"\b(?:AdapterCompatibility|AdapterRAM|PNPDeviceID)\b",
        r"\bWin32_(?:VideoController|ComputerSystem|OperatingSystem|Processor)\b",
        r"HKEY_LOCAL_MACHINE|\bHKLM[\\:]",
        r"^[^:\uff1a\n]{1,40}[:\uff1a]\s+Microsoft Windows\s",  # systeminfo in any language
        r"^\s*Operating System: Windows ",  # dxdiag
        r"^Microsoft Windows \[Version ",
        r"^\s*(?:PS )?[A-Z]:\\[^\n>]*>",
    )
    if not any(re.search(sign, text, re.M) for sign in signs):
        return {}
    arch = re.search(r'PROCESSOR_ARCHITECTURE"?\s*[:=]?\s*(?:REG_SZ\s+)?"?(AMD64|ARM64|x86)\b', text)
    kind = re.search(r"^[^:\uff1a\n]{1,40}[:\uff1a]\s+(x64|ARM64)-based", text, re.M)
    told = arch or kind
    machine = told[1].lower() if told else "x64" if _is_64_bit_pc(text) else ""
    return {"system": "Windows", "machine": machine}


def _is_64_bit_pc(text: str) -> bool:
    """dxdiag: a 64-bit Windows on a processor of Intel's or AMD's."""
    return bool(
        re.search(r"^\s*Operating System: Windows .*64-bit", text, re.M)
        and re.search(r"^\s*Processor: .*\b(?:Intel|AMD)\b", text, re.M)
    )
