"""nvidia-smi's table, in every layout from driver 367 to 610, whole, cut or between other text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from provenv.hooks.values import dataclass, field

_HEADER = re.compile(
    r"(?:NVIDIA-SMI|NVITOP)\s+\d\S*\s+(?:(?:Driver|KMD) Version\s*:\s*(\S+))"
    r"(?:\s+CUDA (?:UMD |Driver )?Version\s*:\s*(\S+))?"
)
# The name's cell, then the bus's: `|   0  Tesla T4  Off  | 00000000:00:04.0 Off |`
_DEVICE = re.compile(
    r"\|\s*(\d{1,3})\s+(\S(?:[^|\n]{0,80}?\S)??)\s+(On|Off|N/A|WDDM|TCC|MCDM|ERR!|\?\?\?|Enabled|Disabled)\s*\|"
    r"\s*([0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-9A-Fa-f]|N/A|ERR!|\?\?\?)"
)
_MEMORY = re.compile(r"\|\s*(?:\d[\d.]*|N/A|ERR!)\s*(?:[MG]iB)?\s*/\s*(\d+)(?:\.\d+)?\s*([MG])iB\s*(?:\||$)")
_MIG_SLICE = re.compile(r"^\W*\|\s*(\d+)\s+(\d+)\s+\d+\s+\d+\s*\|\s*\d+MiB\s*/\s*(\d+)MiB")
_MIG_MODE = re.compile(r"\|\s*(Enabled\*?|Disabled\*?|N/A|ERR!)\s*\|\s*$")


_BETWEEN = 15
"""Lines between two tables that are no report of the first machine."""


@dataclass
class TableDevice:
    """One GPU's rows. `name` may end in `...`, where the table was too narrow for it; "" for `ERR!`."""

    index: int
    name: str
    model: str
    bus: str
    memory_mib: int | None = None
    mig: bool = False
    slices: list[int] = field(default_factory=list)
    broken: bool = False


@dataclass(frozen=True, slots=True)
class SmiTable:
    """A table. `cuda` is as it was printed: `12.4`, `N/A`, `ERR!`; None where the layout has none."""

    driver: str | None
    cuda: str | None
    devices: tuple[TableDevice, ...]
    system: str | None
    cut: bool


def read_table(text: str) -> SmiTable | None:
    """The table (or the header, or the rows) in a text; None when there is nothing of it."""
    text = first_machine(text.replace("\u2502", "|"))  # nvitop draws the same table with other bars
    header = _HEADER.search(text)
    if header is None and re.search(r"\b(?:hl-smi|npu-smi|HL-SMI|mx-smi|cnmon)\b", text):
        return None  # other makers' tools draw the same table
    devices = _devices(text.splitlines())
    if header is None and not devices:
        return None
    driver = header[1] if header and re.match(r"\d", header[1]) else None
    cuda = header[2].rstrip("|") if header and header[2] else None
    return SmiTable(driver, cuda or None, tuple(devices), _system(text, devices), _is_cut(text, devices))


def drivers(text: str) -> tuple[str, ...]:
    """The driver versions in a text's table headers, each once."""
    return tuple(dict.fromkeys(header[1] for header in _HEADER.finditer(text)))


def first_machine(text: str) -> str:
    """Without what follows from the first table of another driver on: that is another machine's.

    The few lines between two tables, a prompt among them, belong to the second.
    """
    headers = list(_HEADER.finditer(text))
    other = next((header for header in headers if header[1] != headers[0][1]), None)
    if other is None:
        return text
    lines = text[: other.start()].splitlines()[:-2]  # the table's first rule, and what stands before the name
    end = next((place for place in range(len(lines), 0, -1) if lines[place - 1].endswith(("|", "+"))), 0)
    return "\n".join(lines[:end] if len(lines) - end <= _BETWEEN else lines)


def _devices(lines: Iterable[str]) -> list[TableDevice]:
    devices: dict[int, TableDevice] = {}
    current: TableDevice | None = None
    for line in lines:
        if "|" not in line:
            continue
        if found := _DEVICE.search(line):
            current = _device(found)
            if current is not None:
                # a second table of the same machine: `watch`, or two runs in one log
                current = devices.setdefault(current.index, current)
        elif re.search(r"\|\s*(?:MIG devices|(?:Compute )?Processes):", line):
            current = None
        elif current is not None:
            _row(current, line)
        elif (found := _MIG_SLICE.match(line)) and int(found[1]) in devices:
            devices[int(found[1])].slices.append(int(found[3]))
    return list(devices.values())


def _device(found: re.Match[str]) -> TableDevice | None:
    name = re.sub(r"\s+\.\.\.$", "...", found[2].strip())
    broken = name in ("ERR!", "???", "Unknown Error")
    if not broken and (not re.search(r"[A-Za-z]{2}|[A-Za-z]\d", name) or re.match(r"HL-\d", name)):
        return None
    return TableDevice(int(found[1]), "" if broken else found[2].strip(), found[3], found[4], broken=broken)


def _row(device: TableDevice, line: str) -> None:
    """The lines below a GPU's first: its memory, then (from 450 on) its MIG mode."""
    if found := _MEMORY.search(line):
        device.memory_mib = device.memory_mib or int(found[1]) * (1024 if found[2] == "G" else 1)
        # one ERR! is a reading that the board has not; a GPU that has fallen off answers nothing
        device.broken |= line.count("ERR!") >= 3
    elif (mode := _MIG_MODE.search(line)) and mode[1].startswith("Enabled"):
        device.mig = True


def _system(text: str, devices: Iterable[TableDevice]) -> str | None:
    """Windows shows each GPU's driver model where Linux shows its persistence mode."""
    if re.search(r"\bTCC/WDDM\b|\bDriver-Model\b|\bWDDM\b", text):
        return "Windows"
    if re.search(r"\bPersistence-M\b", text) or any(device.model in ("On", "Off") for device in devices):
        return "Linux"
    return None


def _is_cut(text: str, devices: list[TableDevice]) -> bool:
    """Nothing below the header, or a GPU without its memory row."""
    if not devices:
        return "No devices were found" not in text and len(text.strip().splitlines()) < 3
    return devices[-1].memory_mib is None and not re.search(r"Not Supported|ERR!|N/A\s*/\s*N/A", text)
