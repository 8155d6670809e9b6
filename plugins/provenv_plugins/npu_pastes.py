"""Accelerators that are no GPUs in pasted texts: Intel's Gaudi (hl-smi), Huawei's Ascend (npu-smi)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from provenv.hooks import Device
from provenv_plugins.sightings import once, told


def npu_devices(texts: Sequence[str]) -> tuple[Device, ...]:
    """The cards, once each."""
    gaudi = once(pair for text in texts for pair in (*_gaudi(text), *_gaudi_table(text)))
    ascend = once(pair for text in texts for pair in (*_ascend(text), *_ascend_list(text)))
    ascend = ascend or once(pair for text in texts for pair in _ascend_details(text))
    return (*gaudi, *ascend)


def npu_driver(texts: Iterable[str]) -> str | None:
    """The driver's version: hl-smi's own line, npu-smi's head."""
    for text in texts:
        for pattern in (
            r"HL-SMI Version:[^\n]*\n[^\n]*Driver Version:\s*(\S+)",
            r"^habanalabs: loading driver, version: (\S+)",
            r"npu-smi\s+\S+\s+Version:\s*(\S+)",
            r"^\d+, HL-\d+, .*?\b(\d+\.\d+\.\d+-[0-9a-f]{7})\b",
        ):
            if found := re.search(pattern, text, re.MULTILINE):
                return found[1]
    return None


def _gaudi(text: str) -> Iterable[tuple[str, Device]]:
    """hl-smi draws nvidia-smi's table; the cells of its memory row may touch the bar."""
    if "HL-" not in text:
        return
    row = re.compile(r"^\|\s*(\d{1,3})\s+(HL-\S+)\s+\S+\s*\|\s*([0-9a-fA-F:.]+)\s+\S+\s*\|", re.MULTILINE)
    found = list(row.finditer(text))
    for place, head in enumerate(found):
        body = text[head.end() : found[place + 1].start() if place + 1 < len(found) else len(text)]
        memory = re.search(r"/\s*(\d{1,9})\s*MiB", body)
        yield head[1], Device("intel-habana", head[2], int(memory[1]) if memory else None)


def _gaudi_table(text: str) -> Iterable[tuple[str, Device]]:
    """`hl-smi -Q index,name,memory.total -f csv`."""
    rows = re.findall(r"^(\d{1,3}), (HL-\S+?)(,.*)?$", text, re.MULTILINE) if ", HL-" in text else ()
    for index, name, rest in rows:
        memory = re.search(r", (\d{1,9}) MiB", rest)
        yield index, Device("intel-habana", name, int(memory[1]) if memory else None)


def _ascend_list(text: str) -> Iterable[tuple[str, Device]]:
    """`npu-smi info -m`: NPU, chip, logic id, chip name; a card's controller (`Mcu`) is no chip."""
    if "Chip Logic ID" in text:
        row = r"^\s*(\d{1,3})\s+(\d{1,3})\s+.*?\b(Ascend \S+(?: \S+)?|\d{3}\w+)\s*$"
        for npu, chip, name in re.findall(row, text, re.MULTILINE):
            yield f"{npu}:{chip}", Device("huawei", name)


def _ascend_details(text: str) -> Iterable[tuple[str, Device]]:
    """`npu-smi info -t board -i 0`, `-l`: the numbers of the cards, and no word of what they are."""
    if "npu-smi" in text:
        for number in re.findall(r"^\s*NPU ID\s*:\s*(\d{1,3})\s*$", text, re.MULTILINE):
            yield number, Device("huawei", "")


def _ascend(text: str) -> Iterable[tuple[str, Device]]:
    """`npu-smi info`: two rows for each chip, the name in the first, the memory as the second's last pair."""
    if "npu-smi" not in text and "HBM-Usage" not in text:
        return
    row = re.compile(
        r"^\|\s*(\d{1,3})\s+(\d{3}\w*|Ascend\s?\w+|Atlas[\w ]*?)\s*\|\s*(\w+)\s*\|", re.MULTILINE
    )
    found = list(row.finditer(text))
    for place, head in enumerate(found):
        body = text[head.end() : found[place + 1].start() if place + 1 < len(found) else len(text)]
        chip = re.search(
            r"^\|\s*(\d+)(?:\s+\d+)?\s*\|\s*([0-9A-Fa-f:.]+|NA)\s*\|(.*)\|\s*$", body, re.MULTILINE
        )
        pairs = re.findall(r"(\d+)\s*/\s*(\d{1,9})", chip[3]) if chip else []
        # without HBM (310P) the only pair is the memory's; with it the last one is the HBM's
        memory = int(pairs[-1][1]) if pairs else 0
        key = f"{head[1]}:{chip[1] if chip else place}"
        yield (
            key,
            Device(
                "huawei",
                head[2],
                memory or None,
                facts=told({"health": head[3] if head[3] != "OK" else None}),
            ),
        )
