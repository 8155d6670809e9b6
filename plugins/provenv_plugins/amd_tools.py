"""AMD's own tools in pasted texts: rocminfo, rocm-smi, amd-smi."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from provenv.hooks import Device
from provenv_plugins.sightings import told

VENDOR_ID = "1002"

_AGENT = re.compile(
    r"(?<!Marketing )(?<!Vendor )\bName:[ \t]+(?!amdgcn-)(\S[^\n]*?)(?=[ \t]{2,}|[ \t]*$)", re.MULTILINE
)
_AGENT_LINES = re.compile(r"Marketing Name:|Device Type:|Uuid:")


def first(pattern: str, text: str) -> str | None:
    """The first group of a pattern's first match, `^` and `$` being a line's."""
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else None


def rocminfo_agents(text: str) -> Iterable[Device]:
    """rocminfo: whole, one agent of it, grepped, or squashed onto one line."""
    heads = list(_AGENT.finditer(text)) if "gfx" in text else []
    for place, head in enumerate(heads):
        target = re.match(r"gfx[0-9a-f]{3,4}\b", head[1])
        body = text[head.end() : heads[place + 1].start() if place + 1 < len(heads) else len(text)]
        if target is None or not _AGENT_LINES.search(body):
            continue
        name = first(r"Marketing Name:[ \t]*(\S[^\n]*?)?(?=[ \t]{2,}|[ \t]*$)", body) or ""
        pool = first(r"Segment:\s+GLOBAL[^\n]*\n\s*Size:\s+(\d{1,15})\(0x\w+\)\s*KB", body)
        chip = first(r"Chip ID:\s+\d+\(0x(\w{4})\)", body)
        yield Device(
            "amd",
            name,
            int(pool) // 1024 if pool else None,
            gfx=target[0],
            facts=told({"pci_id": f"{VENDOR_ID}:{chip.lower()}" if chip else None}),
        )


def rocm_smi_cards(texts: Iterable[str]) -> Iterable[Device]:
    """rocm-smi's JSON of any version, its lines, its CSV, its table; several of one machine together."""
    cards: dict[int, dict[str, str]] = {}
    for text in texts:
        for index, values in (*_json_cards(text), *_line_cards(text), *_csv_cards(text), *_row_cards(text)):
            kept = cards.setdefault(index, {})
            for key, value in values.items():
                if value and value != "N/A":
                    kept.setdefault(key, value)
    for _, values in sorted(cards.items()):
        yield _card(values)


def _json_cards(text: str) -> Iterable[tuple[int, dict[str, str]]]:
    if not re.search(r'"card\d+"\s*:\s*\{', text):
        return
    try:
        document, _ = json.JSONDecoder().raw_decode(text[text.find("{") :])
    except (ValueError, RecursionError):
        # a cut document: its lines still tell
        parts = re.split(r'"card(\d{1,3})"\s*:\s*\{', text)
        for index, body in zip(parts[1::2], parts[2::2], strict=True):
            yield int(index), {k.lower(): v for k, v in re.findall(r'"([^"\n]+)":\s*"([^"\n]*)"', body)}
        return
    for key, values in document.items() if isinstance(document, dict) else ():
        found = re.fullmatch(r"card(\d{1,3})", str(key))
        if found and isinstance(values, dict):
            yield int(found[1]), {str(name).lower(): str(value) for name, value in values.items()}


def _line_cards(text: str) -> Iterable[tuple[int, dict[str, str]]]:
    pattern = r"^GPU\[(\d{1,3})\]\s*:\s*([^:\n]+?)\s*:\s*(.*?)\s*$"
    for index, key, value in re.findall(pattern, text, re.MULTILINE):
        if not key.startswith("("):  # `(Topology) Numa Node`: of GPUs that a process need not see
            yield int(index), {key.lower(): value}


def _csv_cards(text: str) -> Iterable[tuple[int, dict[str, str]]]:
    """`--csv`: `device,GPU use (%),...`, then `card0,...`."""
    keys: list[str] = []
    for line in text.splitlines() if "device," in text else ():
        cells = [cell.strip() for cell in line.split(",")]
        found = re.fullmatch(r"card(\d{1,3})", cells[0])
        if cells[0] == "device" and len(cells) > 1:
            keys = [cell.lower() for cell in cells]
        elif found and keys and len(cells) == len(keys):
            yield int(found[1]), dict(zip(keys, cells, strict=True))


def _row_cards(text: str) -> Iterable[tuple[int, dict[str, str]]]:
    """The concise table: a device's number, its node, its PCI id and GUID; a partition has no clocks."""
    for index, number in re.findall(r"^(\d{1,3}) +\d+ +(0x[0-9a-f]{4}), +\d+ +(?!N/A)\S", text, re.MULTILINE):
        yield int(index), {"device id": number}


def _card(values: Mapping[str, str]) -> Device:
    names = [values.get(key, "") for key in ("card series", "device name", "card model")]
    name = next((name for name in names if name and not re.fullmatch(r"0x[0-9a-fA-F]+", name)), "")
    number = values.get("vram total memory (b)", "")
    memory = int(number) // 2**20 if number.isascii() and number.isdigit() and len(number) < 18 else None
    device = first(r"^0x([0-9a-fA-F]{4})$", values.get("gpu id") or values.get("device id") or "")
    target = first(r"^(gfx[0-9a-f]{3,4})\b", values.get("gfx version", ""))
    pci_id = f"{VENDOR_ID}:{device.lower()}" if device else None
    return Device("amd", name, memory or None, gfx=target, facts=told({"pci_id": pci_id}))


def amd_smi_devices(text: str) -> Iterable[Device]:
    """`amd-smi static` and `list`, plain or as JSON: a block for each GPU; or its table."""
    yield from _table(text)
    for block in re.split(r"^GPU: \d+$|\"gpu\":\s*\d+", text, flags=re.MULTILINE)[1:]:
        name = first(r'(?i)"?market_name"?:\s*"?([^"\n]+?)"?,?\s*$', block)
        target = first(r'(?i)"?target_graphics_version"?:\s*"?(gfx[0-9a-f]+)', block)
        size = first(r'(?is)\bvram"?:.*?"?size"?:\s*(?:\{\s*"value":\s*)?(\d{3,9})\b', block)
        if name or target or re.search(r"^\s*\"?(?:KFD_ID|kfd_id)\b", block, re.MULTILINE):
            slot = first(r'(?i)^\s*"?bdf"?:\s*"?([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.\d)', block)
            facts = told({"pci_slot": None if name or target else slot})
            yield Device("amd", name or "", int(size) if size else None, gfx=target, facts=facts)


def _table(text: str) -> Iterable[Device]:
    """The table of amd-smi 26: two rows for each GPU, whose name may have lost its beginning."""
    if not re.search(r"^\|\s*AMD-SMI\s", text, re.MULTILINE):
        return
    row = re.compile(r"^\|\s*[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.\d\s+(\S[^|\n]*?)\s*\|", re.MULTILINE)
    found = list(row.finditer(text))
    for place, head in enumerate(found):
        body = text[head.end() : found[place + 1].start() if place + 1 < len(found) else len(text)]
        memory = first(r"\b\d+/(\d{1,9}) MB\s*\|", body)
        yield Device("amd", head[1], int(memory) if memory else None)


def amd_smi_driver(text: str) -> str | None:
    """The amdgpu driver's version by amd-smi: in its table's head, or below `DRIVER:`."""
    return first(r"^\|\s*amdgpu Version:\s*(\d[\w.-]*)", text) or first(
        r'(?i)"?\bname"?:\s*"?amdgpu"?,?\s*"?version"?:\s*"?(\d[\w.-]*)', text
    )


def clinfo_devices(text: str) -> Iterable[Device]:
    """clinfo: the board's name is AMD's own field, the device's name its target."""
    for block in re.split(r"^(?=\s*Device (?:Type:|Name ))", text, flags=re.MULTILINE)[1:]:
        name = first(r"^\s*(?:Board name:|Device Board Name \(AMD\))\s+(\S.*?)\s*$", block)
        target = first(r"^\s*(?:Device )?Name:?\s+(gfx[0-9a-f]{3,4})\b", block)
        size = first(r"^\s*Global memory size:?\s+(\d{1,18})\b", block)
        if target:
            yield Device("amd", name or "", int(size) // 2**20 if size else None, gfx=target)
