"""Windows' display adapters as WMI prints them (wmic, Get-CimInstance, Get-WmiObject).

For plugins: which vendor's they are is for them to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_LINE = re.compile(r"^\s*([A-Z]\w+)\s*[:=]\s?(.*?)\s*$")
_VIDEO_KEYS = frozenset(
    ("AdapterCompatibility", "AdapterRAM", "VideoProcessor", "DriverVersion", "PNPDeviceID")
)
_SATURATED = 4095
"""MiB. AdapterRAM has 32 bits: a card of 4 GB and more shows one less, or any rest."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """One adapter; what was not printed is "" (or None)."""

    name: str
    vendor: str = ""
    vendor_id: str = ""
    device_id: str = ""
    driver_version: str = ""
    memory_mib: int | None = None

    @property
    def pci_id(self) -> str:
        """`10de:25a0`, "" for one that is on no PCI bus (mirror drivers, remote desktops)."""
        return f"{self.vendor_id}:{self.device_id}" if self.vendor_id else ""


def windows_adapters(text: str) -> tuple[Adapter, ...]:
    """The real adapters in a text, in its order; software ones are left out."""
    return tuple(adapter for block in _blocks(text) if (adapter := _adapter(block)) is not None)


def _blocks(text: str) -> Iterable[dict[str, str]]:
    """One mapping for each instance: a new one starts at an empty line or where a key comes again."""
    block: dict[str, str] = {}
    last = ""
    for line in [*text.splitlines(), ""]:
        found = _LINE.match(line)
        if not line.strip() or (found and found[1] in block):
            if _VIDEO_KEYS & block.keys():
                yield block
            elif found and line.strip():
                block.pop(found[1], None)  # some other list whose keys come again
                continue
            block, last = {}, ""
        if found:
            last = found[1]
            block[last] = found[2]
        elif line.strip() and last in block and line[:1].isspace():
            block[last] += line.strip()  # wrapped at the console's width


def _adapter(block: Mapping[str, str]) -> Adapter | None:
    name = next((block[key].strip() for key in ("Name", "Caption", "Description") if block.get(key)), "")
    pci = re.search(r"VEN_([0-9A-Fa-f]{4})&DEV_([0-9A-Fa-f]{4})", block.get("PNPDeviceID", ""))
    if not name or (pci is None and block.get("PNPDeviceID")):
        return None
    memory = block.get("AdapterRAM", "")
    size = int(memory) // 2**20 if memory.isascii() and memory.isdigit() and len(memory) < 15 else 0
    return Adapter(
        name,
        block.get("AdapterCompatibility", ""),
        pci[1].lower() if pci else "",
        pci[2].lower() if pci else "",
        block.get("DriverVersion", ""),
        size if 0 < size < _SATURATED else None,
    )
