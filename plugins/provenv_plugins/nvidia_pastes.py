"""What pasted texts say of NVIDIA's driver and GPUs, the most telling text first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from provenv.hooks import Device, Paste, Reading
from provenv.hooks.adapters import windows_adapters
from provenv.hooks.pci import pci_devices
from provenv.hooks.reports import EnvironmentReport, environment_report
from provenv_plugins.nvidia_names import named_in_prose
from provenv_plugins.nvidia_smi_query import Answer, read_answers
from provenv_plugins.nvidia_smi_table import SmiTable, read_table
from provenv_plugins.sightings import Sighting, combined, once, told

VENDOR_ID = "10de"
_VERSION = r"(\d{2,4}\.\d+(?:\.\d+)?)"

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
    stub: bool = False
    """The libcuda that programs find is the toolkit's stub."""

    @property
    def unusable(self) -> bool:
        """Nothing can reach the GPUs."""
        return self.unbound or self.stub or self.broken or self.cuda_told == "N/A"


@lru_cache(maxsize=4)
def read_pastes(pastes: tuple[Paste, ...]) -> PastedNvidia:
    """What the pastes say; they are read once however often they are asked about."""
    tables = [table for paste in pastes if (table := read_table(paste.text)) is not None]
    answers = [answer for paste in pastes for answer in read_answers(paste.text)]
    reports = [report for paste in pastes if (report := environment_report(paste.text)) is not None]
    text = "\n".join(paste.text for paste in pastes)
    devices, how = combined(_sightings(pastes, tables, answers, reports))
    if not devices:
        devices = tuple(named_in_prose(text))
        how = ("prose",) if devices else ()
    cuda_told = next((table.cuda for table in tables if table.cuda), None)
    cuda = next((a.cuda for a in answers if a.cuda), None) or _virtual_package(text)
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
        unbound=not any(way in _FROM_DRIVER for way in how) and _is_unbound(pastes),
        vgpu_host="nvidia_vgpu_vfio" in text,
        broken=any(device.broken for table in tables for device in table.devices),
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
    lists += [("a program's log", once(device for paste in pastes for device in _logged(paste.text)))]
    lists += [("/proc/driver/nvidia", tuple(device for paste in pastes for device in _proc(paste.text)))]
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
        other = re.search(r"\b(?:AMD|ATI|Radeon|Instinct|Intel|Arc|Apple|Ascend|gfx\d)", gpu.name)
        if not rocm and not other and gpu.name:
            facts = (("mig", "on"), ("mig_devices", " ".join(gpu.parts))) if gpu.parts else ()
            yield _unsliced(Device("nvidia", gpu.name, None, gpu.compute_capability, facts=facts))


def _unsliced(device: Device) -> Device:
    """libcuda calls a slice `<GPU> MIG <profile>`."""
    found = re.search(r"\s+MIG (\d\S*g\.\d+gb\S*)$", device.name)
    if not found:
        return device
    facts = (("mig", "on"), ("mig_devices", found[1]))
    return replace(device, name=device.name[: found.start()], facts=facts)


_CAPABILITY = r" (?P<capability>\d+\.\d)"
_TOTAL = r", total_memory=(?P<mib>\d+)MB(?!.*gcnArchName='gfx)"
_LOGS = tuple(
    re.compile(pattern)
    for pattern in (
        r"Device (?P<index>\d+): (?!AMD|Radeon|gfx)(?P<name>[^,\n]+), compute capability" + _CAPABILITY,
        r"name='(?P<name>(?!AMD|Radeon|Intel)[^'\n]+)', major=(?P<major>\d+), minor=(?P<minor>\d+)" + _TOTAL,
        r"name: (?P<name>[^,\n]+), pci bus id: (?P<index>\S+), compute capability:" + _CAPABILITY,
        r"\bCUDA:(?P<index>\d+) \((?P<name>[^,()\n]+), (?P<mib>\d+)MiB\)",
    )
)


def _logged(text: str) -> Iterable[tuple[str, Device]]:
    """What programs print of the devices that they opened, with what tells one from another."""
    for pattern in _LOGS:
        found = list(pattern.finditer(text))
        for place, match in enumerate(found):
            said = match.groupdict()
            pair = f"{said['major']}.{said['minor']}" if said.get("major") else None
            memory = int(said["mib"]) if said.get("mib") and len(said["mib"]) < 10 else None
            capability = said.get("capability") or pair
            device = _unsliced(Device("nvidia", said["name"].strip(), memory, capability))
            yield said.get("index") or str(place), device
        if found:
            return


def _proc(text: str) -> Iterable[Device]:
    """/proc/driver/nvidia/gpus/*/information, and cards/N of the drivers before 270."""
    if re.search(r"^Video BIOS:", text, re.MULTILINE):
        for name in re.findall(r"^Model:\s+(\S.*?)\s*$", text, re.MULTILINE):
            yield Device("nvidia", name)


def _pci(pastes: Sequence[Paste]) -> Iterable[Device]:
    for found in pci_devices(pastes):
        if found.display and (found.vendor_id == VENDOR_ID or found.vendor.startswith("NVIDIA")):
            facts = told({"kernel_driver": found.driver, "pci_id": found.pci_id, "pci_slot": found.bus_slot})
            yield Device("nvidia", found.name, facts=facts)


def _is_unbound(pastes: Sequence[Paste]) -> bool:
    return any(
        found.display and found.driver_told and not found.driver.startswith("nvidia")
        for found in pci_devices(pastes)
        if found.vendor_id == VENDOR_ID or found.vendor.startswith("NVIDIA")
    )


def _adapters(text: str) -> Iterable[Device]:
    for found in windows_adapters(text):
        if found.vendor_id == VENDOR_ID or (not found.vendor_id and found.name.startswith("NVIDIA")):
            yield Device("nvidia", found.name, found.memory_mib, facts=told({"pci_id": found.pci_id}))


def _driver(
    tables: Iterable[SmiTable],
    answers: Iterable[Answer],
    reports: Iterable[EnvironmentReport],
    pastes: Sequence[Paste],
    text: str,
) -> str | None:
    said = [answer.driver for answer in answers] + [table.driver for table in tables]
    said += [report.value("nvidia driver version", "cuda driver version") for report in reports]
    said += [_kernel_module(text), _module_file(text), _adapter_driver(pastes)]
    return next((found[1] for value in said if value and (found := re.match(_VERSION, value))), None)


def _kernel_module(text: str) -> str | None:
    """/proc/driver/nvidia/version: `Kernel Module  550.54.14`, `Open Kernel Module for x86_64  580.65.06`."""
    found = re.search(rf"NVIDIA UNIX .*?Kernel Module\s+(?:for \S+\s+)?{_VERSION}", text)
    return found[1] if found else None


def _module_file(text: str) -> str | None:
    """modinfo nvidia."""
    found = re.search(
        rf"^filename:.*/nvidia[\w-]*\.ko.*?^version:\s+{_VERSION}", text, re.MULTILINE | re.DOTALL
    )
    return found[1] if found else None


def _adapter_driver(pastes: Iterable[Paste]) -> str | None:
    """Windows writes 565.90 as 32.0.15.6590: the last five digits count."""
    for paste in pastes:
        for found in windows_adapters(paste.text):
            digits = re.sub(r"\D", "", found.driver_version)[-5:]
            theirs = found.vendor_id == VENDOR_ID or found.name.startswith("NVIDIA")
            if theirs and len(digits) == 5 and found.driver_version.count(".") == 3:
                return f"{digits[:3]}.{digits[3:]}"
    return None


def _virtual_package(text: str) -> str | None:
    """conda's `__cuda`."""
    found = re.search(r"\b__cuda=(\d+\.\d+)", text)
    return found[1] if found else None


_ERRORS = (
    r"NVIDIA-SMI has failed because[^\n]*",
    r"Failed to initialize NVML: [^\n]+",
    r"NVIDIA-SMI couldn't find [^\n]+",
    r"Unable to determine the device handle for [^\n]+",
    r"CUDA driver version is insufficient for CUDA runtime version",
    r"No devices were found",
)


def _error(text: str) -> str | None:
    found = (re.search(pattern, text) for pattern in _ERRORS)
    return next((match[0].strip() for match in found if match), None)


def _system(tables: Iterable[SmiTable], answers: Iterable[Answer], text: str) -> str | None:
    said = [answer.system for answer in answers] + [table.system for table in tables]
    if _kernel_module(text) or is_jetson_text(text):
        said.append("Linux")
    if re.search(r"^(?:E: )?DRIVER=nvidia$|^GPU UUID:.*\n(?:.*\n)*?Bus Location:", text, re.MULTILINE):
        said.append("Linux")
    return next(filter(None, said), None)


def _machine(text: str) -> str | None:
    found = re.search(r"NVIDIA UNIX (?!Open)(\S+) +Kernel Module|Kernel Module for (\S+)", text)
    if found:
        arch = found[2] or found[1]
        return "i386" if arch == "x86" else arch
    eabi = re.search(r"^# R\d+ \(release\),.*EABI: (\w+)\b, ", text, re.MULTILINE)
    return eabi[1] if eabi else "aarch64" if is_jetson_text(text) else None


def is_jetson_text(text: str) -> bool:
    """Words that stand on no other machine: a module's release file, kernel or name, nvgpu, JetPack."""
    return bool(
        re.search(r"^# R\d+ \(release\), REVISION|\d-tegra\b|\(nvgpu\)|\bJetson\b", text, re.MULTILINE)
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
