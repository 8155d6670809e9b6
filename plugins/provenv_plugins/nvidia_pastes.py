"""What pasted texts say of NVIDIA's driver and GPUs, the most telling text first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from provenv.hooks import Device, Paste, Reading
from provenv.hooks.adapters import windows_adapters
from provenv.hooks.pci import pci_devices
from provenv.hooks.reports import EnvironmentReport, environment_report
from provenv.hooks.values import dataclass, replace
from provenv_plugins.nvidia_logs import VERSION, logged, logged_cuda, logged_driver, proc, unsliced
from provenv_plugins.nvidia_names import named_in_prose, named_on_a_line
from provenv_plugins.nvidia_smi_query import Answer, read_answers
from provenv_plugins.nvidia_smi_table import SmiTable, read_table
from provenv_plugins.sightings import Sighting, combined, once, told

VENDOR_ID = "10de"
# How much a text tells of a GPU, the most telling first.
WAYS = (
    "nvidia-smi -q -x",
    "nvidia-smi -q",
    "nvidia-smi --query-gpu",
    "nvidia-smi",
    "nvidia-smi -L",
    "environment report",
    "a program's log",
    "/proc/driver/nvidia",
    "PCI list",
    "display adapters",
)
_FROM_DRIVER = WAYS[:7]


@dataclass(frozen=True, slots=True)
class PastedNvidia:
    """Everything at once. `cuda_told`: what stands where a CUDA version should (`N/A`, `ERR!`)."""

    driver: str | None = None
    cuda: str | None = None
    cuda_told: str | None = None
    devices: tuple[Device, ...] = ()
    how: tuple[str, ...] = ()
    error: str | None = None
    system: str | None = None
    machine: str | None = None
    tegra_release: str | None = None
    jetson: bool = False
    cut: bool = False
    attached: int | None = None
    unbound: bool = False
    """The PCI list shows a GPU with no driver, or another's, and nothing shows that NVIDIA's works."""
    vgpu_host: bool = False
    broken: bool = False
    """The table has `ERR!` in place of a GPU's values."""
    fallen: bool = False
    """The kernel's log says that a GPU has fallen off the bus."""
    no_toolkit: bool = False
    """Docker was asked for GPUs, and knows no way to give them to a container."""
    stub: bool = False
    """The libcuda that programs find is the toolkit's stub."""

    @property
    def unusable(self) -> bool:
        """Nothing can reach the GPUs."""
        return self.unbound or self.stub or self.broken or self.fallen or self.cuda_told == "N/A"


_NO_TOOLKIT = re.compile(
    r"could not select device driver \"\" with capabilities: \[\[gpu\]\]"
    r"|unknown or invalid runtime name: nvidia|unresolvable CDI devices nvidia\.com/gpu"
)
# Each shell's words, some of them translated; PowerShell and cmd leave a tool out of PATH that is there.
_NO_SMI = re.compile(
    r"\bnvidia-smi['\u2019]?\s?[:\uff1a]?\s?"
    r"(?:command not found|not found|\u672a\u627e\u5230\u547d\u4ee4|Kommando nicht gefunden"
    r"|commande introuvable|orden no encontrada|\u30b3\u30de\u30f3\u30c9\u304c\u898b\u3064\u304b\u308a)"
    r"|command not found: nvidia-smi|Command 'nvidia-smi' not found"
)


@lru_cache(maxsize=4)
def read_pastes(pastes: tuple[Paste, ...]) -> PastedNvidia:
    """What the pastes say; they are read once however often they are asked about."""
    tables = [table for paste in pastes if (table := read_table(paste.text)) is not None]
    answers = [answer for paste in pastes for answer in read_answers(paste.text)]
    reports = [report for paste in pastes if (report := environment_report(paste.text)) is not None]
    text = "\n".join(paste.text for paste in pastes)
    devices, how = combined(_sightings(pastes, tables, answers, reports))
    if not devices:
        devices = tuple(named_on_a_line(text)) or tuple(named_in_prose(text))
        how = ("prose",) if devices else ()
    cuda_told = next((table.cuda for table in tables if table.cuda), None)
    cuda = next((a.cuda for a in answers if a.cuda), None) or logged_cuda(text)
    if cuda_told and re.fullmatch(r"\d+\.\d+", cuda_told):
        cuda = cuda or cuda_told
    tegra = re.search(r"^# (R\d+ \(release\), REVISION: .*)$", text, re.MULTILINE)
    return PastedNvidia(
        driver=_driver(tables, answers, reports, pastes, text),
        cuda=cuda,
        cuda_told=cuda_told,
        devices=devices,
        how=how,
        error=_error(text) if not any(table.devices for table in tables) else None,
        system=_system(tables, answers, text),
        machine=_machine(text),
        tegra_release=tegra[0] if tegra else None,
        jetson=is_jetson_text(text),
        cut=any(table.cut for table in tables),
        attached=next((answer.attached for answer in answers if answer.attached), None),
        unbound=not any(way in _FROM_DRIVER for way in how) and _is_unbound(pastes, text),
        vgpu_host="nvidia_vgpu_vfio" in text,
        broken=any(device.broken for table in tables for device in table.devices),
        fallen="has fallen off the bus" in text,
        no_toolkit=_NO_TOOLKIT.search(text) is not None,
        stub="CUDA driver is a stub library" in text or cuda_told == "ERR!",
    )


def _sightings(
    pastes: Sequence[Paste],
    tables: Iterable[SmiTable],
    answers: Iterable[Answer],
    reports: Iterable[EnvironmentReport],
) -> Iterable[Sighting]:
    lists = [(answer.kind, _with_slices(answer)) for answer in answers]
    lists += [("nvidia-smi", tuple(_table_devices(table))) for table in tables]
    lists += [("environment report", tuple(_report_devices(report))) for report in reports]
    lists += [("a program's log", once(device for paste in pastes for device in logged(paste.text)))]
    lists += [("/proc/driver/nvidia", tuple(device for paste in pastes for device in proc(paste.text)))]
    lists += [("PCI list", tuple(_pci(pastes)))]
    lists += [("display adapters", tuple(device for paste in pastes for device in _adapters(paste.text)))]
    for way, devices in lists:
        if devices:
            yield Sighting(way, WAYS.index(way), devices, whole=way in _FROM_DRIVER)


def _with_slices(answer: Answer) -> tuple[Device, ...]:
    devices = []
    for place, device in enumerate(answer.devices):
        slices = [part for part in answer.slices.get(place, []) if part]
        facts = (*device.facts, ("mig_devices", " ".join(slices))) if slices else device.facts
        devices.append(replace(device, facts=facts))
    return tuple(devices)


def _table_devices(table: SmiTable) -> Iterable[Device]:
    for device in table.devices:
        facts = [("mig", "on")] if device.mig else []
        facts += [("state", "ERR!")] if device.broken else []
        yield Device("nvidia", device.name, device.memory_mib, facts=tuple(facts))


def _report_devices(report: EnvironmentReport) -> Iterable[Device]:
    """The report's GPUs where it is not one of AMD's or another vendor's."""
    rocm = report.built_for("rocm", "rocm") or (report.fields.get("rocm available") or "").lower() == "true"
    for gpu in report.gpus:
        other = re.search(
            r"\b(?:AMD|ATI|Radeon|Instinct|Intel|Arc|Apple|Ascend|gfx\d|MTT|MXC\d|MLU\d|Iluvatar|Hygon)",
            gpu.name,
        )
        if not rocm and not other and gpu.name:
            facts = (("mig", "on"), ("mig_devices", " ".join(gpu.parts))) if gpu.parts else ()
            yield unsliced(Device("nvidia", gpu.name, None, gpu.compute_capability, facts=facts))


def _pci(pastes: Sequence[Paste]) -> Iterable[Device]:
    for found in pci_devices(pastes):
        if found.display and (found.vendor_id == VENDOR_ID or found.vendor.startswith("NVIDIA")):
            facts = told({"kernel_driver": found.driver, "pci_id": found.pci_id, "pci_slot": found.bus_slot})
            yield Device("nvidia", found.name, facts=facts)


def _is_unbound(pastes: Sequence[Paste], text: str) -> bool:
    """A GPU on the bus to which no driver of NVIDIA's is bound, or with which no tool of its came."""
    told = "nvidia-smi" in text and _NO_SMI.search(text) is not None
    adapters = (found for paste in pastes for found in windows_adapters(paste.text))
    return any(found.generic and found.vendor_id == VENDOR_ID for found in adapters) or any(
        found.display and (found.driver_told or told) and not found.driver.startswith("nvidia")
        for found in pci_devices(pastes)
        if found.vendor_id == VENDOR_ID or found.vendor.startswith("NVIDIA")
    )


def _adapters(text: str) -> Iterable[Device]:
    for found in windows_adapters(text):
        if found.vendor_id == VENDOR_ID or (not found.vendor_id and found.name.startswith("NVIDIA")):
            name = "" if found.generic else found.name
            yield Device("nvidia", name, found.memory_mib, facts=told({"pci_id": found.pci_id}))


def _driver(
    tables: Iterable[SmiTable],
    answers: Iterable[Answer],
    reports: Iterable[EnvironmentReport],
    pastes: Sequence[Paste],
    text: str,
) -> str | None:
    said = [answer.driver for answer in answers] + [table.driver for table in tables]
    said += [value for report in reports for value in _reported_drivers(report)]
    said += [logged_driver(text), _adapter_driver(pastes), _driver_in_prose(text)]
    return next((found[1] for value in said if value and (found := re.match(VERSION, value))), None)


def _driver_in_prose(text: str) -> str | None:
    """`driver 535.154.05` in a sentence, and not one that says what something else asks for."""
    for found in re.finditer(rf"\bdriver(?: version)?[ :]{{1,3}}{VERSION}", text, re.IGNORECASE):
        before = text[max(0, found.start() - 40) : found.start()].lower()
        if re.fullmatch(r"\d{3}\.\d{2,3}(?:\.\d{2})?", found[1]) and not re.search(
            r"requires?|needs?|minimum|at least|update to|upgrade to|install", before
        ):
            return found[1]
    return None


def _reported_drivers(report: EnvironmentReport) -> Iterable[str]:
    """A report's own line, and what a translator made of its key: `Nvidia-Treiberversion`."""
    for key, value in report.fields.items():
        if "nvidia" in key and re.match(VERSION, value) and not re.search(r"cudnn|smi|[\d=]", key):
            yield value
    if told_of_cuda := report.value("cuda driver version"):
        yield told_of_cuda


def _adapter_driver(pastes: Iterable[Paste]) -> str | None:
    """Windows writes 565.90 as 32.0.15.6590: the last five digits count."""
    for paste in pastes:
        for found in windows_adapters(paste.text):
            digits = re.sub(r"\D", "", found.driver_version)[-5:]
            theirs = found.vendor_id == VENDOR_ID or found.name.startswith("NVIDIA")
            if theirs and not found.generic and len(digits) == 5 and found.driver_version.count(".") == 3:
                return f"{digits[:3]}.{digits[3:]}"
    return None


_ERRORS = (
    r"NVIDIA-SMI has failed because[^\n]*",
    r"Failed to initialize NVML: [^\n]+",
    r"NVIDIA-SMI couldn't find [^\n]+",
    r"Unable to determine the device handle for [^\n]+",
    r"CUDA driver version is insufficient for CUDA runtime version",
    r"No devices were found",
    r"API mismatch: the client has the version [^\n]*",
    r"nvidia-container-cli: [^\n]*",
)


def _error(text: str) -> str | None:
    found = (re.search(pattern, text) for pattern in _ERRORS)
    return next((match[0].strip() for match in found if match), None)


def _system(tables: Iterable[SmiTable], answers: Iterable[Answer], text: str) -> str | None:
    said = [answer.system for answer in answers] + [table.system for table in tables]
    if any(word in text for word in ("NVIDIA UNIX ", "NVRM: ", "nvidia-container-cli: ")) and re.search(
        r"NVIDIA UNIX .*?Kernel Module|^.{0,60}\bNVRM: |\bnvidia-container-cli: ", text, re.MULTILINE
    ):
        said.append("Linux")
    if is_jetson_text(text):
        said.append("Linux")
    if re.search(r"^(?:E: )?DRIVER=nvidia$|^GPU UUID:.*\n(?:.*\n){0,20}?Bus Location:", text, re.MULTILINE):
        said.append("Linux")
    return next(filter(None, said), None)


def _machine(text: str) -> str | None:
    found = re.search(r"NVIDIA UNIX (?!Open)(\S+) +Kernel Module|Kernel Module for (\S+)", text)
    if found:
        arch = found[2] or found[1]
        return "i386" if arch == "x86" else arch
    eabi = re.search(r"^# R\d+ \(release\),.*EABI: (\w+)\b, ", text, re.MULTILINE)
    return eabi[1] if eabi else "aarch64" if is_jetson_text(text) else None


@lru_cache(maxsize=8)
def is_jetson_text(text: str) -> bool:
    """Words that stand on no other machine: a module's release file, kernel or name, nvgpu, JetPack."""
    if not any(word in text for word in ("# R", "-tegra", "(nvgpu)", "Jetson", "GR3D_FREQ")) and (
        "jetpack" not in text.lower()
    ):
        return False
    return bool(
        re.search(
            r"^# R\d+ \(release\), REVISION|\d-tegra\b|\(nvgpu\)|\bJetson\b|\bGR3D_FREQ\b", text, re.MULTILINE
        )
        or re.search(r"\bJetPack\b|\bnvidia-jetpack\b", text, re.IGNORECASE)
    )


def reading(pastes: tuple[Paste, ...]) -> Reading:
    """The answers of the machine that follow from what is said of its GPUs, and the GPUs."""
    pasted = read_pastes(pastes)
    python = {"system": pasted.system, "machine": pasted.machine}
    files = {"/etc/nv_tegra_release": pasted.tegra_release}
    facts = (("driver", pasted.driver), ("cuda_reported", pasted.cuda))
    return Reading(
        {
            "python": {name: value for name, value in python.items() if value},
            "file": {name: value for name, value in files.items() if value},
        },
        pasted.devices,
        tuple((name, value) for name, value in facts if value),
    )
