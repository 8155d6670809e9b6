"""Windows' display adapters as WMI prints them (wmic, Get-CimInstance, Get-WmiObject).

For plugins: which vendor's they are is for them to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from provenv.values import dataclass

_LINE = re.compile(r"^\s*([A-Z]\w+)\s*[:=]\s?(.*?)\s*$")
_MEMBER = re.compile(r"^\s*\"([A-Z]\w+)\"\s*:\s*\"?(.*?)\"?,?\s*$")  # ConvertTo-Json
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
    def generic(self) -> bool:
        """Windows drives it by itself, or not at all: its maker's driver is not installed."""
        words = r"(?i)microsoft basic|standard vga|(?:3d )?video controller"
        return re.match(words, self.name) is not None

    @property
    def pci_id(self) -> str:
        """`10de:25a0`, "" for one that is on no PCI bus (mirror drivers, remote desktops)."""
        return f"{self.vendor_id}:{self.device_id}" if self.vendor_id else ""


@lru_cache(maxsize=8)
def windows_adapters(text: str) -> tuple[Adapter, ...]:
    """The real adapters in a text, in its order; software ones are left out."""
    lines = text.splitlines()
    blocks = (
        *(_blocks(lines) if any(key in text for key in _VIDEO_KEYS) else ()),
        *(_table(lines) if "Name" in text or "Caption" in text else ()),
        *(_columns(lines) if any(key in text for key in _VIDEO_KEYS) else ()),
        *(_csv(lines) if "Node" in text else ()),
        *(_dxdiag(text) if "Card name: " in text else ()),
        *(_names(lines) if "win32_videocontroller" in text.lower() else ()),
    )
    return tuple(adapter for block in blocks if (adapter := _adapter(block)) is not None)


def _table(lines: Sequence[str]) -> Iterable[dict[str, str]]:
    """`Format-Table`: a head, a line of dashes below it that gives the columns' places, the rows."""
    for number, line in enumerate(lines[1:], 1):
        if (
            not line.startswith("-")
            or not re.fullmatch(r"-+(?: +-+)+ *", line)
            or not re.search(r"\b(?:Name|Caption)\b", lines[number - 1])
        ):
            continue
        starts = [found.start() for found in re.finditer(r"-+", line)]
        spans = list(zip(starts, [*starts[1:], 10_000], strict=True))
        keys = [lines[number - 1][start:end].strip() for start, end in spans]
        for row in lines[number + 1 :]:
            if not row.strip():
                break
            yield dict(zip(keys, (row[start:end].strip() for start, end in spans), strict=True))


def _columns(lines: Sequence[str]) -> Iterable[dict[str, str]]:
    """`wmic ... get caption,driverversion`: a head whose words stand over their columns, then the rows."""
    for number, line in enumerate(lines):
        keys = line.split()
        if len(keys) < 2 or not set(keys) & _VIDEO_KEYS or not {"Name", "Caption"} & set(keys):
            continue
        starts = [found.start() for found in re.finditer(r"\S+", line)]
        for row in lines[number + 1 :]:
            if set(row) <= set("- "):  # `Format-Table`'s, which is read otherwise
                break
            cells = [row[a:b] for a, b in zip(starts, [*starts[1:], None], strict=True)]
            if not row.strip() or any(cell and not cell[-1:].isspace() for cell in cells[:-1]):
                break
            yield dict(zip(keys, map(str.strip, cells), strict=True))


def _csv(lines: Sequence[str]) -> Iterable[dict[str, str]]:
    """`wmic ... /format:csv`: its columns in the order of the alphabet."""
    keys: list[str] = []
    for line in lines:
        cells = [cell.strip() for cell in line.split(",")]
        if "Node" in cells and "Name" in cells:
            keys = cells
        elif keys and len(cells) == len(keys):
            yield dict(zip(keys, cells, strict=True))


def _names(lines: Sequence[str]) -> Iterable[dict[str, str]]:
    """`(Get-CimInstance Win32_VideoController).Name`, `wmic path win32_VideoController get name`: no more."""
    for number, line in enumerate(lines):
        if re.search(
            r"(?i)win32_videocontroller\)?(?:\)?\.Name|\s+get\s+(?:name|caption)|.*-Expand\w*\s+Name)\s*$",
            line,
        ):
            for row in lines[number + 1 :]:
                if re.match(r"^\s*(?:PS )?[A-Z]:\\[^>]*>", row):
                    break
                if row.strip() and row.strip() not in ("Name", "Caption"):
                    yield {"Name": row.strip()}


def _dxdiag(text: str) -> Iterable[dict[str, str]]:
    """dxdiag's `Display Devices`."""
    for block in re.split(r"^(?=\s*Card name: )", text, flags=re.MULTILINE)[1:]:
        values: dict[str, str] = dict(re.findall(r"^\s*([A-Z][A-Za-z ]+?): (.*?)\s*$", block, re.MULTILINE))
        told = values.get("Dedicated Memory") or values.get("Display Memory") or ""
        memory = re.match(r"(\d{1,7}) MB", told)
        yield {
            "Name": values.get("Card name", ""),
            "PNPDeviceID": values.get("Device Key", ""),
            "DriverVersion": values.get("Driver Version", ""),
            "MiB": memory[1] if memory else "",
        }


def _blocks(lines: Sequence[str]) -> Iterable[dict[str, str]]:
    """One mapping for each instance: a new one starts at an empty line or where a key comes again."""
    block: dict[str, str] = {}
    last = ""
    for line in [*lines, ""]:
        found = _LINE.match(line) or _MEMBER.match(line)
        if not line.strip(" \t{}[],") or (found and found[1] in block):
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
    told = block.get("MiB", "")
    memory = block.get("AdapterRAM", "")
    size = int(memory) // 2**20 if memory.isascii() and memory.isdigit() and len(memory) < 15 else 0
    return Adapter(
        name,
        block.get("AdapterCompatibility", ""),
        pci[1].lower() if pci else "",
        pci[2].lower() if pci else "",
        block.get("DriverVersion", ""),
        int(told) if told else size if 0 < size < _SATURATED else None,
    )
