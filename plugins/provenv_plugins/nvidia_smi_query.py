"""nvidia-smi's answers to questions: -q, -q -x, --query-gpu, -L, --version."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Iterable, Mapping, Sequence

from provenv.hooks import Device
from provenv.hooks.values import dataclass, field

_VERSION = r"(\d{2,3}\.\d+(?:\.\d+)?)"
_OTHERS = re.compile(r"^(?:HL-\d|AMD\b|Radeon|Intel\b|Ascend|MTT\b)")  # whose tools answer in the same form
_NAMES = re.compile(
    r"^(?:NVIDIA|Tesla|GeForce|Quadro|TITAN|GRID|RTX|GTX|NVS|Graphics Device|[ABHLTPVM]\d{1,4}\w?)\b"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one question was answered with. `slices`: a GPU's place -> its MIG slices' names or sizes."""

    kind: str
    devices: tuple[Device, ...] = ()
    driver: str | None = None
    cuda: str | None = None
    system: str | None = None
    attached: int | None = None
    slices: dict[int, list[str]] = field(default_factory=dict)


def read_answers(text: str) -> Iterable[Answer]:
    """Every answer in a text, the most telling first."""
    for source in (_xml, _details, _table, _list, _versions):
        answer = source(text)
        if answer is not None:
            yield answer


def _first(pattern: str, text: str) -> str | None:
    found = re.search(pattern, text, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else None


def _mib(text: str | None) -> int | None:
    found = re.match(r"^\s*(\d{1,12})\s*(MiB|GiB|KiB|B)?\s*$", text or "")
    if not found or (found[2] in (None, "MiB") and len(found[1]) > 8):
        return None
    size = int(found[1])
    return {"GiB": size * 1024, "KiB": size // 1024, "B": size // 2**20}.get(found[2] or "MiB", size) or None


def _driver_and_cuda(text: str) -> tuple[str | None, str | None]:
    """By the lines of -q and --version; 610 and later say KMD and CUDA UMD."""
    # three dots are Windows' numbering, of which `windows_adapters` knows
    driver = _first(rf"^\s*(?:KMD|Driver) Version\s*:\s*{_VERSION}(?![\d.])", text)
    cuda = _first(r"^\s*CUDA (?:UMD )?Version\s+:\s*(\d+\.\d+)", text)
    return driver, cuda


def _details(text: str) -> Answer | None:
    """`nvidia-smi -q`: a section for each GPU, indented keys below it."""
    if "npu-smi" in text or not re.search(
        r"NVSMI LOG|^\s*Product Name\s+:|^\s*Attached GPUs\s*:", text, re.MULTILINE
    ):
        return None
    head, sections = _sections(r"^\s*GPU\s+([0-9A-F]{4,8}:[0-9A-F]{2}:[0-9A-F]{2}\.\d)", text)
    if not sections and "Product Name" in text:
        sections = [text]
    devices: list[Device] = []
    slices: dict[int, list[str]] = {}
    for section in sections:
        name = _first(r"^\s*Product Name\s*:[ \t]*(\S.*?)[ \t]*$", section)
        if name is None and "FB Memory Usage" not in section:  # `-q -d MEMORY` leaves the names out
            continue
        # a MIG slice has such a block of its own, and is never larger than the whole
        sizes = re.findall(r"^\s*FB Memory Usage[ \t]*\n\s*Total\s*:\s*(.*?)[ \t]*$", section, re.MULTILINE)
        memory = max(filter(None, map(_mib, sizes)), default=None)
        parts = re.findall(r"^\s*MIG Device\s*$", section, re.MULTILINE)
        slices[len(devices)] = [""] * len(parts)
        devices.append(
            _device(name or "", memory, mig=_current("MIG Mode", section) == "Enabled", text=section)
        )
    attached = _first(r"^\s*Attached GPUs\s*:\s*(\d+)", head)
    model = _current("Driver Model", text)
    return Answer(
        "nvidia-smi -q",
        tuple(devices),
        *_driver_and_cuda(text),
        _system(model, _first(r"^\s*Persistence Mode\s*:\s*(\w+)", text)),
        int(attached) if attached and len(attached) < 6 else None,
        slices,
    )


def _sections(pattern: str, text: str) -> tuple[str, list[str]]:
    """What stands before the first GPU, and what is said of each; one that comes again (a log) is one."""
    head, *parts = re.split(pattern, text, flags=re.MULTILINE | re.IGNORECASE)
    found: dict[str, str] = {}
    for place, (bus, body) in enumerate(zip(parts[::2], parts[1::2], strict=True)):
        found.setdefault(bus or str(place), body)
    return head, list(found.values())


def _current(section: str, text: str) -> str | None:
    return _first(rf"^\s*{section}\s*\n\s*Current\s*:\s*(\S+)", text)


def _system(model: str | None, persistence: str | None) -> str | None:
    """A driver model is Windows', a persistence mode everybody else's."""
    if model in ("WDDM", "TCC", "MCDM"):
        return "Windows"
    return "Linux" if persistence in ("Enabled", "Disabled") else None


def _device(name: str, memory: int | None, *, mig: bool, text: str) -> Device:
    mode = _first(r"Virtualization Mode\s*:\s*(\S+)", text) or _first(r"<virtualization_mode>(\S+?)<", text)
    said = (("mig", "on" if mig else ""), ("virtualization", mode or ""))
    known = tuple((key, value) for key, value in said if value not in ("", "None", "N/A", "Pass-Through"))
    return Device("nvidia", html.unescape(name), memory, facts=known)


def _xml(text: str) -> Answer | None:
    """`nvidia-smi -q -x`, read by its tags so that a cut document still tells what it holds."""
    if "<nvidia_smi_log" not in text and "<product_name>" not in text:
        return None
    head, sections = _sections(r"<gpu\b(?: id=\"([^\"]*)\")?[^>]*>", text)
    if not sections and "<product_name>" in text:
        sections = [text]
    devices: list[Device] = []
    slices: dict[int, list[str]] = {}
    for section in sections:
        name = _first(r"<product_name>\s*([^<]*?)\s*<", section)
        if not name:
            continue
        whole = re.sub(r"<mig_devices>.*?(?:</mig_devices>|$)", "", section, flags=re.DOTALL)
        memory = _mib(_first(r"<fb_memory_usage>\s*<total>\s*([^<]*?)\s*<", whole))
        parts = re.findall(r"<mig_device>.*?<total>\s*(\d+) MiB", section, re.DOTALL)
        slices[len(devices)] = [f"{part} MiB" for part in parts]
        mig = _first(r"<current_mig>\s*(\w+)", section) == "Enabled"
        devices.append(_device(name, memory, mig=mig, text=section))
    attached = _first(r"<attached_gpus>\s*(\d{1,5})\s*<", head)
    return Answer(
        "nvidia-smi -q -x",
        tuple(devices),
        _first(rf"<(?:kmd_version|driver_version)>\s*{_VERSION}", text),
        _first(r"<cuda_(?:umd_)?version>\s*(\d+\.\d+)", text),
        _system(_first(r"<current_dm>\s*(\w+)", text), _first(r"<persistence_mode>\s*(\w+)", text)),
        int(attached) if attached else None,
        slices,
    )


# --query-gpu's names for what is asked here; `[MiB]` and the like are taken off first.
_COLUMNS = {
    "name": "name",
    "gpu_name": "name",
    "driver_version": "driver",
    "kmd_version": "driver",
    "memory.total": "memory",
    "compute_cap": "capability",
    "mig.mode.current": "mig",
    "cuda_version": "cuda",
    "driver_model.current": "model",
    "persistence_mode": "persistence",
    "index": "index",
    "uuid": "uuid",
    "gpu_uuid": "uuid",
    "pci.bus_id": "bus",
    "gpu_bus_id": "bus",
}


def _table(text: str) -> Answer | None:
    """`--query-gpu=... --format=csv`, in any order, with or without its header and units."""
    rows = [[cell.strip() for cell in row] for row in _csv_rows(text.splitlines())]
    head = next(
        (n for n, row in enumerate(rows) if len(_named(row)) >= min(2, len(row)) and _named(row)), None
    )
    if head is None:
        return _headless(rows)
    places = _named(rows[head])
    table = [
        {word: row[place] for word, place in places.items()}
        for row in rows[head + 1 :]
        if len(row) == len(rows[head]) and row != rows[head]
    ]
    if not table or _OTHERS.match(table[0].get("name", "")):
        return None
    devices = [
        _row_device(row["name"], row.get("memory"), row.get("capability"), row.get("mig"))
        for row in _once(table)
        if row.get("name")
    ]
    first = table[0]
    driver, cuda = first.get("driver", ""), first.get("cuda", "")
    return Answer(
        "nvidia-smi --query-gpu",
        tuple(devices),
        driver if re.fullmatch(_VERSION, driver) else None,
        cuda if re.fullmatch(r"\d+\.\d+", cuda) else None,
        _system(first.get("model"), first.get("persistence")),
    )


def _once(table: Sequence[Mapping[str, str]]) -> Iterable[Mapping[str, str]]:
    """The rows, each GPU once: a query that is repeated (`-l 5`) gives them again."""
    seen: set[str] = set()
    for row in table:
        key = row.get("bus") or row.get("uuid") or row.get("index") or ""
        if not key or key not in seen:
            yield row
        seen.add(key)


def _csv_rows(lines: Sequence[str]) -> Iterable[list[str]]:
    for line in lines:
        if "--query-" in line:  # the question names columns, too
            continue
        if cells := _markdown_cells(line):
            yield cells
        elif "," in line or _bare_column(line) in _COLUMNS or _NAMES.match(line.strip()):
            try:
                yield from csv.reader([line.replace("\0", "")], skipinitialspace=True)
            except csv.Error:
                continue


def _markdown_cells(line: str) -> list[str] | None:
    """A row of a Markdown table; nvidia-smi's own rows have no two words of a query in them."""
    text = line.strip()
    if not (text.startswith("|") and text.endswith("|") and text.count("|") > 2) or set(text) <= set("|-: "):
        return None
    return [cell.strip() for cell in text[1:-1].split("|")]


def _bare_column(text: str) -> str:
    bare = text.strip()
    return (re.sub(r"\s*\[[^\]]*\]$", "", bare) if bare.endswith("]") else bare).lower()


def _named(row: Sequence[str]) -> dict[str, int]:
    """The columns that a header row names -> their places."""
    return {
        _COLUMNS[name]: place for place, cell in enumerate(row) if (name := _bare_column(cell)) in _COLUMNS
    }


def _row_device(name: str, memory: str | None, capability: str | None, mig: str | None) -> Device:
    known = capability if capability and re.fullmatch(r"\d{1,2}\.\d", capability) else None
    return Device("nvidia", name, _mib(memory), known, facts=(("mig", "on"),) if mig == "Enabled" else ())


def _headless(rows: Iterable[Sequence[str]]) -> Answer | None:
    """`csv,noheader`: what a cell is, by its form. The largest of several sizes is the total."""
    devices: list[Device] = []
    driver = None
    for row in rows:
        names = [cell for cell in row if _NAMES.match(cell) and len(cell) < 80]
        if len(row) < 2 or len(names) != 1 or not _tells(names[0], row):
            continue
        rest = [cell for cell in row if cell != names[0]]
        sizes = [size for cell in rest if re.fullmatch(r"\d+(?: [KMG]iB)?", cell) and (size := _mib(cell))]
        driver = next((cell for cell in rest if re.fullmatch(r"\d{3}\.\d{2,3}(?:\.\d{2})?", cell)), driver)
        capability = next((cell for cell in rest if re.fullmatch(r"\d{1,2}\.\d", cell)), None)
        if not sizes and driver is None and capability is None:
            continue
        size = max(sizes, default=0)
        devices.append(_row_device(names[0], str(size) if size >= 256 else None, capability, None))
    return Answer("nvidia-smi --query-gpu", tuple(devices), driver) if devices else None


def _tells(name: str, row: Sequence[str]) -> bool:
    """A brand does; a bare `A2` among numbers does where something beside it is a size or a driver."""
    return " " in name or any(re.fullmatch(r"\d+ [KMG]iB|\d{3}\.\d{2,3}(?:\.\d{2})?", cell) for cell in row)


def _list(text: str) -> Answer | None:
    """`nvidia-smi -L`."""
    names: dict[int, str] = {}
    uuids: dict[int, str] = {}
    slices: dict[int, list[str]] = {}
    last = -1
    for line in text.splitlines() if "(UUID:" in text else ():
        if found := re.search(r"\bGPU (\d{1,4}): (\S[^(\n]{0,100}?) \(UUID: ?GPU-([^)\s]*)", line):
            if uuids.setdefault(int(found[1]), found[3]) != found[3]:
                break  # a place that is another GPU's now: the list of another machine
            last = int(found[1]) if int(found[1]) not in names else -1
            names.setdefault(int(found[1]), found[2])
        elif (found := re.search(r"\bMIG (\S+)\s+Device\s+\d+:", line)) and last >= 0:
            slices.setdefault(last, []).append(found[1])
    if not names:
        return None
    order = sorted(names)
    devices = tuple(
        Device("nvidia", names[index], facts=(("mig", "on"),) if slices.get(index) else ()) for index in order
    )
    return Answer(
        "nvidia-smi -L",
        devices,
        slices={place: slices[index] for place, index in enumerate(order) if index in slices},
    )


def _versions(text: str) -> Answer | None:
    """`nvidia-smi --version`, and whatever else says the driver's version on a line of its own."""
    driver, cuda = _driver_and_cuda(text)
    return Answer("nvidia-smi --version", (), driver, cuda) if driver or cuda else None
