"""What pasted texts say of AMD's GPUs and driver, the most telling text first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from provenv.hooks import Device, Paste, Reading
from provenv.hooks.adapters import windows_adapters
from provenv.hooks.pci import PciDevice, pci_devices
from provenv.hooks.reports import EnvironmentReport, environment_report
from provenv.hooks.values import dataclass, replace
from provenv_plugins.amd_kfd import kfd_devices
from provenv_plugins.amd_tools import (
    amd_smi_devices,
    amd_smi_driver,
    clinfo_devices,
    first,
    rocm_smi_cards,
    rocminfo_agents,
)
from provenv_plugins.rocm_detect import gfx_of_name
from provenv_plugins.sightings import Sighting, combined, once, told

VENDOR_ID = "1002"

# How much a text tells of a GPU, the most telling first.
WAYS = (
    "rocminfo",
    "rocm-smi",
    "amd-smi",
    "KFD topology",
    "clinfo",
    "environment report",
    "a program's log",
    "PCI list",
    "display adapters",
)
_FROM_DRIVER = WAYS[:7]

# Chengdu Haiguang's DCUs speak AMD's language; their targets are in none of AMD's lists.
_HYGON = re.compile(r"^(?:K100|Z100L?|BW\d+)(?:_|\b)|Hygon|\bDCU\b", re.IGNORECASE)
_HYGON_TARGETS = ("gfx926", "gfx928", "gfx936", "gfx938")


@dataclass(frozen=True, slots=True)
class PastedAmd:
    """Everything at once. `rocm`: the installed ROCm's version; `system`: whose texts these are."""

    devices: tuple[Device, ...] = ()
    how: tuple[str, ...] = ()
    driver: str | None = None
    rocm: str | None = None
    system: str | None = None
    forbidden: bool = False
    """The user may not open the device nodes."""
    unloaded: bool = False
    """No driver of AMD's is bound to the GPUs."""

    @property
    def unusable(self) -> bool:
        """Nothing can reach the GPUs."""
        return self.forbidden or self.unloaded


_FORBIDDEN = re.compile(
    r"Unable to open /dev/kfd\b[^\n]*: Permission denied"
    r"|[Uu]ser is not (?:a )?member of \"?(?:render|video)\"? group"
)


@lru_cache(maxsize=4)
def read_pastes(pastes: tuple[Paste, ...]) -> PastedAmd:
    """What the pastes say; they are read once however often they are asked about."""
    devices, how = combined(_sightings(pastes))
    if not devices:
        devices = once(pair for paste in pastes for pair in _prose(paste.text))
        how = ("prose",) if devices else ()
    text = "\n".join(paste.text for paste in pastes)
    return PastedAmd(
        tuple(_settled(device) for device in devices),
        how,
        _driver(text),
        first(r"\bROCm(?: Version)?\W{1,6}(?:\w+\W+)?(\d\.\d+\.\d+)\b", text),
        _system(pastes, text),
        _FORBIDDEN.search(text) is not None,
        "ROCk module is NOT loaded" in text or (bool(devices) and _is_unbound(pastes, how)),
    )


def _is_unbound(pastes: Sequence[Paste], how: Sequence[str]) -> bool:
    """A list of devices that would name the driver of one, and names none."""
    found = [device for device in pci_devices(pastes) if device.display and _is_amds(device)]
    seen = any(way in _FROM_DRIVER for way in how)
    return not seen and bool(found) and all(device.driver_told and not device.driver for device in found)


def _sightings(pastes: tuple[Paste, ...]) -> Iterable[Sighting]:
    texts = [paste.text for paste in pastes]
    reports = [report for text in texts if (report := environment_report(text)) is not None]
    lists = [
        ("rocminfo", tuple(device for text in texts for device in rocminfo_agents(text))),
        ("rocm-smi", tuple(rocm_smi_cards(texts))),
        ("amd-smi", tuple(device for text in texts for device in amd_smi_devices(text))),
        ("amd-smi", tuple(device for text in texts for device in _monitored(text))),
        ("KFD topology", tuple(kfd_devices(pastes))),
        *(("clinfo", tuple(clinfo_devices(text))) for text in texts),
        *(("environment report", tuple(_report_devices(report))) for report in reports),
        *(("a program's log", once(_logged(text))) for text in texts),
        ("PCI list", tuple(_pci(pastes))),
        ("display adapters", tuple(device for text in texts for device in _adapters(text))),
    ]
    for way, devices in lists:
        if devices:
            yield Sighting(way, WAYS.index(way), devices, whole=way in _FROM_DRIVER)


def _monitored(text: str) -> Iterable[Device]:
    """`amd-smi monitor`: a row a GPU that ends in its used and whole memory."""
    if "VRAM_USAGE" in text or "VRAM_TOTAL" in text:
        row = r"^\s*\d{1,3}\s+\d+ W\s[^\n]*?[\d.]+/(\d{1,4})\.\d GB\s*$"
        for size in re.findall(row, text, re.MULTILINE):
            yield Device("amd", "", int(size) * 1024)


def _settled(device: Device) -> Device:
    """With the maker and the target that its name tells, and KFD's memory for want of another."""
    facts = dict(device.facts)
    memory = facts.pop("kfd_memory_mib", None)
    target = device.gfx
    hygon = _HYGON.search(device.name) or target in _HYGON_TARGETS
    return replace(
        device,
        vendor="hygon" if hygon else "amd",
        gfx=target or (None if hygon else gfx_of_name(device.name)),
        memory_mib=device.memory_mib or (int(memory) if memory else None),
        facts=tuple(sorted(facts.items())),
    )


def _report_devices(report: EnvironmentReport) -> Iterable[Device]:
    """The report's GPUs where its torch is a ROCm build, or their names are AMD's."""
    rocm = report.built_for("rocm", "rocm") or (report.fields.get("rocm available") or "").lower() == "true"
    for gpu in report.gpus:
        if not rocm and not re.search(r"\b(?:AMD|Radeon|Instinct)\b", gpu.name):
            continue
        name = gpu.name.replace("NoGCNArchNameOnOldPyTorch", "").strip()
        target = re.search(r"\s*\((gfx[0-9a-f]{3,4})(?::([^)]*))?\)\s*$", name)
        # a ROCm device's "compute capability" is its target's major and minor, no CUDA capability
        facts = told(
            {"gfx_features": target[2] if target else None, "reported_capability": gpu.compute_capability}
        )
        yield Device(
            "amd", name[: target.start()] if target else name, gfx=target[1] if target else None, facts=facts
        )


_TOTAL = r"(?:, total_memory=(?P<mib>\d{1,9})MB)?"
_VULKAN = r"(?: \([^()]*(?:driver|RADV|radv)[^|\n]*)? \|"
_LOGS = tuple(
    re.compile(pattern)
    for pattern in (
        r"Device (?P<index>\d+): (?P<name>[^,\n]+), (?P<gfx>gfx[0-9a-f]{3,4})\b",
        r"Device (?P<index>\d+): (?P<name>(?:AMD|Radeon)[^,\n]+), compute capability",
        r"name='(?P<name>[^'\n]+)', major=\d+, minor=\d+, gcnArchName='(?P<gfx>gfx[0-9a-f]+)[^']*'" + _TOTAL,
        r"\bcuda:(?P<index>\d+) (?P<name>AMD [^:\n]+?) : \w",  # ComfyUI
        r"\bcompute=(?P<gfx>gfx[0-9a-f]{3,4})\b[^\n]*?(?:name|description)=\"?(?P<name>AMD [^\"\n]+|)",
        r"\bdeviceName\s*=\s*(?P<name>(?:AMD|Radeon)[^\n]*)",  # vulkaninfo
        r"Device (?P<index>\d+) name: ?(?P<name>(?:AMD|Radeon)?[^\n]*)",
        r"device name \[(?P<index>\d+)\]: (?P<name>(?:AMD|Radeon)[^\n`]*)",
        r"ggml_vulkan: (?P<index>\d+) = (?P<name>(?:AMD|Radeon)[^|\n]*?)" + _VULKAN,
    )
)


def _logged(text: str) -> Iterable[tuple[str, Device]]:
    """What programs print of the devices that they opened, with what tells one from another."""
    if not any(word in text for word in ("AMD", "Radeon", "ROCm", "HIP", "gfx")):
        return
    for pattern in _LOGS:
        found = list(pattern.finditer(text))
        for place, match in enumerate(found):
            said = match.groupdict()
            name = re.sub(r"\s*\(RADV .*\)$", "", said["name"].strip())
            memory = int(said["mib"]) if said.get("mib") else None
            yield said.get("index") or str(place), Device("amd", name, memory, gfx=said.get("gfx"))
        if found:
            return


def _pci(pastes: Sequence[Paste]) -> Iterable[Device]:
    memories = _sysfs_memories(pastes)
    for found in pci_devices(pastes):
        if found.display and _is_amds(found):
            facts = told({"kernel_driver": found.driver, "pci_id": found.pci_id, "pci_slot": found.bus_slot})
            yield Device("amd", found.name, memories.get(found.folder), facts=facts)


def _is_amds(found: PciDevice) -> bool:
    return found.vendor_id == VENDOR_ID or bool(
        re.search(r"\bAMD\b|Advanced Micro Devices|\bATI\b", found.vendor)
    )


def _sysfs_memories(pastes: Iterable[Paste]) -> dict[str, int]:
    """A device's folder -> its VRAM in MiB."""
    found = {}
    for paste in pastes:
        folder, _, file = paste.name.rpartition("/")
        number = paste.text.strip()
        if file == "mem_info_vram_total" and number.isascii() and number.isdigit() and len(number) < 18:
            found[folder] = int(number) // 2**20
    return found


def _adapters(text: str) -> Iterable[Device]:
    for found in windows_adapters(text):
        if found.vendor_id == VENDOR_ID or (
            not found.vendor_id and re.search(r"\bAMD\b|\bRadeon\b", found.name)
        ):
            name = "" if found.generic else found.name
            yield Device("amd", name, found.memory_mib, facts=told({"pci_id": found.pci_id}))


def _prose(text: str) -> Iterable[tuple[str, Device]]:
    """A GPU that a sentence names: `GPU: RX 9070 XT`."""
    pattern = (
        r"\b(?:AMD )?(?:Radeon(?:\(TM\))? )?((?:AI )?PRO [WRV]\d{3,4}\w?|RX \d{3,4}(?: ?(?:XTX|XT|GRE))?"
        r"|Instinct MI\d{2,3}\w?|MI\d{2,3}[AX]?|\d{3,4}M|\d{4}S)\b(?! ?\w*GB)"
    )
    if not any(word in text for word in ("AMD", "Radeon", "GPU", "graphics card")):
        return
    for found in re.finditer(pattern, text):
        before = text[max(0, found.start() - 30) : found.start()]
        told_of = re.search(r"\bGPUs?\W+(?:\w+ )?$|\bgraphics card\W+(?:is |: )?$", before)
        named = told_of or re.match(r"AMD|Radeon", found[0])
        full = found[0] if "Radeon" in found[0] or "MI" in found[0] else f"Radeon {found[1]}"
        if named and gfx_of_name(full):
            yield found[1].lower(), Device("amd", found[0])


def _driver(text: str) -> str | None:
    """The amdgpu driver's version, by rocm-smi, a report, or the module's own file."""
    told_by_smi = r'(?i)(?:^\s*|[{,]\s*)"?(?:ROCM )?Driver version"?\s*:\s*"?(\d+\.\d+\.\d+[\w.-]*)"?'
    module = r"^ROCk module version (\d+\.\d+\.\d+[\w.-]*) is loaded"  # rocminfo
    version = r"\bamdgpu version: (\d+\.\d+\.\d+[\w.-]*)"  # amd-smi version
    return amd_smi_driver(text) or first(version, text) or first(told_by_smi, text) or first(module, text)


def _system(pastes: Iterable[Paste], text: str) -> str | None:
    """rocminfo, rocm-smi, amd-smi's tables and KFD are Linux' alone."""
    signs = (
        r"^\s*(?:ROCk module|HSA System Attributes|HSA Agents|Marketing Name:)|\brocminfo\b",
        r"^\|\s*Platform:\s+Linux\b|^=+ ROCm System Management Interface|^\s*OS_KERNEL_VERSION:",
    )
    if any(re.search(sign, text, re.MULTILINE) for sign in signs):
        return "Linux"
    nodes = re.compile(r"(?:^|/)topology/nodes/\d+/")
    return "Linux" if any(nodes.search(paste.name) for paste in pastes) else None


def reading(pastes: tuple[Paste, ...]) -> Reading:
    """The GPUs, their driver, and the system that follows from them."""
    pasted = read_pastes(pastes)
    answers = {"python": {"system": pasted.system}} if pasted.system else {}
    return Reading(answers, pasted.devices, told({"driver": pasted.driver}))
