"""NVIDIA GPUs in what programs print of those that they opened, and in the driver's own files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from provenv.hooks import Device
from provenv.hooks.values import replace

VERSION = r"(\d{2,3}\.\d+(?:\.\d+)?)(?![\d.])"
"""A driver's version: 96.43.23, 550.54.14, 540.4.0, 565.90. Windows' 32.0.15.6590 is none."""


def unsliced(device: Device) -> Device:
    """libcuda calls a slice `<GPU> MIG <profile>`."""
    found = re.search(r"\s+MIG (\d\S*g\.\d+gb\S*)$", device.name)
    if not found:
        return device
    facts = (("mig", "on"), ("mig_devices", found[1]))
    return replace(device, name=device.name[: found.start()], facts=facts)


_CAPABILITY = r" (?P<capability>\d+\.\d)"
_TOTAL = r", total_memory=(?P<mib>\d+)MB(?!.*gcnArchName='gfx)"
_COMFY = (
    r"\bcuda:(?P<index>\d+) (?P<name>(?:NVIDIA|GeForce|Tesla|Quadro) [^:\n]+?) : \w+"
    r"(?:\n[^\n]*Type:[^\n]*\n[^\n]*VRAM Total:\W*(?P<bytes>\d{1,15})$)?"
)
_BRANDS = "NVIDIA|GeForce|Tesla|Quadro|TITAN"
_LOGS = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"Device (?P<index>\d+): (?!AMD|Radeon|gfx)(?P<name>[^,\n]+), compute capability" + _CAPABILITY,
        r"name='(?P<name>(?!AMD|Radeon|Intel)[^'\n]+)', major=(?P<major>\d+), minor=(?P<minor>\d+)" + _TOTAL,
        r"name: (?P<name>[^,\n]+), pci bus id: (?P<index>\S+), compute capability:" + _CAPABILITY,
        r"\bCUDA:(?P<index>\d+) \((?P<name>[^,()\n]+), (?P<mib>\d+)MiB\)",
        # torch's warnings of a GPU that is too new or too old for it
        rf"^[^\w\n]{{0,40}}(?P<name>(?:{_BRANDS}) [^\n]*?) with CUDA capability sm_(?P<sm>\d+)",
        r"Found GPU(?P<index>\d+) (?P<name>\S[^\n]*?) which is of (?:cuda|compute) capability" + _CAPABILITY,
        # ollama; its older logs say `name` for what the newer ones call `description`
        r"\bcompute=(?P<capability>\d+\.\d)\b[^\n]*?(?:name|description)=\"(?P<name>NVIDIA [^\"\n]+)\"",
        # ComfyUI's log, and the report that it writes
        _COMFY,
        # vulkaninfo
        r"^\s*deviceName\s*=\s*(?P<name>NVIDIA [^\n]+?)\s*$",
        # numba -s
        r"^id (?P<index>\d+)\s+b'(?P<name>[^'\n]+)'[^\n]*\n\s*Compute Capability:" + _CAPABILITY,
        # gpustat
        r"^\[(?P<index>\d+)\] (?P<name>\S[^|\n]*?)\s*\|\s*[\d?]+'C,[^|\n]*\|\s*\d+ / +(?P<mib>\d+) MB",
    )
)

# deviceQuery of CUDA's samples, and clinfo: a device's name, and what stands in the lines below it.
_BLOCKS = (
    (
        re.compile(r"^Device (\d+): \"([^\"\n]+)\"", re.MULTILINE),
        re.compile(r"CUDA Capability Major/Minor version number:\s+(\d+\.\d)"),
        re.compile(r"Total amount of global memory:\s+(\d{1,9}) MBytes"),
        1,
    ),
    (
        re.compile(r"^( +)Device Name +(\S[^\n]*?) *$", re.MULTILINE),
        re.compile(r"Compute Capability \(NV\) +(\d+\.\d)"),
        re.compile(r"Global memory size +(\d{1,18}) "),
        2**20,
    ),
)


def logged(text: str) -> Iterable[tuple[str, Device]]:
    """What programs print of the devices that they opened, with what tells one from another."""
    for pattern in _LOGS:
        found = list(pattern.finditer(text))
        devices = [
            (match.groupdict().get("index") or str(n), _device(match.groupdict()))
            for n, match in enumerate(found)
        ]
        yield from _sized(devices, text)
        if found:
            return
    yield from _blocks(text)
    yield from _labelled(text)


def _labelled(text: str) -> Iterable[tuple[str, Device]]:
    """A Kubernetes node's labels, as NVIDIA's feature discovery sets them."""
    labels = dict(re.findall(r"\bnvidia\.com/gpu\.([a-z.]+)[=:][ \t]*[\"']?([\w.-]+)", text))
    count, memory = (labels.get(name, "") for name in ("count", "memory"))
    if "product" in labels:
        capability = f"{labels.get('compute.major')}.{labels.get('compute.minor')}"
        device = Device(
            "nvidia",
            labels["product"],
            int(memory) if memory.isdigit() and len(memory) < 8 else None,
            capability if re.fullmatch(r"\d{1,2}\.\d", capability) else None,
        )
        for place in range(int(count) if count.isdigit() and len(count) < 3 else 1):
            yield str(place), device


def _sized(devices: Sequence[tuple[str, Device]], text: str) -> Iterable[tuple[str, Device]]:
    """With `Total VRAM 24564 MB`, which says whose it is only where there is one GPU."""
    if not devices:
        return
    total = re.search(r"^Total VRAM (\d{3,7}) MB", text, re.MULTILINE)
    alone = len({index for index, _ in devices}) == 1
    for index, device in devices:
        told = int(total[1]) if total and alone and device.memory_mib is None else device.memory_mib
        yield index, replace(device, memory_mib=told)


def _device(said: Mapping[str, str | None]) -> Device:
    capability = said.get("capability")
    if said.get("major"):
        capability = f"{said['major']}.{said['minor']}"
    elif sm := said.get("sm"):
        capability = f"{sm[:-1]}.{sm[-1]}"
    size = said.get("mib") or ""
    memory = int(size) if size and len(size) < 10 else None
    if whole := said.get("bytes"):
        memory = int(whole) // 2**20
    return unsliced(Device("nvidia", (said["name"] or "").strip(), memory, capability))


def _blocks(text: str) -> Iterable[tuple[str, Device]]:
    for head, capability, memory, unit in _BLOCKS:
        heads = list(head.finditer(text))
        for place, found in enumerate(heads):
            body = text[found.end() : heads[place + 1].start() if place + 1 < len(heads) else len(text)]
            if said := capability.search(body):  # clinfo lists other makers' devices too
                size = memory.search(body)
                mib = int(size[1]) // unit if size else None
                yield str(place), unsliced(Device("nvidia", found[2], mib, said[1]))


_DRIVERS = (
    # dmesg, /proc/driver/nvidia/version: `Kernel Module  550.54.14`, `Open Kernel Module for x86_64  580.65`
    rf"NVIDIA UNIX .*?Kernel Module\s+(?:for \S+\s+)?{VERSION}",
    # modinfo nvidia
    rf"(?s)^filename:[^\n]*/nvidia[\w-]*\.ko.{{0,4000}}?^version:\s+{VERSION}",
    # gpustat: the host, the time, the driver
    rf"^\S+\s+[A-Z][a-z]{{2}} [A-Z][a-z]{{2}} [ \d]\d \d\d:\d\d:\d\d \d{{4}}\s+{VERSION}$",
    rf"^\s+Device Vendor +NVIDIA [^\n]*(?:\n[^\n]*){{1,4}}?\n\s+Driver Version +{VERSION}",  # clinfo
    rf"\bdriver: nvidia v: {VERSION}",  # inxi
    rf"\bnvmlSystemGetDriverVersion\(\)[^\n]*\n\s*b?'{VERSION}'",
    rf"^\s*driverInfo\s*=\s*{VERSION}\s*$",  # vulkaninfo
    rf"\bnvidia\.com/cuda\.driver-version\.full=[\"']?{VERSION}",  # Kubernetes' labels of a node
    rf"\blibcuda\.so\.{VERSION}",
)
_CUDA = (
    r"\b__cuda(?:=|\",\s*\")(\d+\.\d+)",  # conda
    r"CUDA Driver Version / Runtime Version\s+(\d+\.\d+) /",  # deviceQuery
    r"Platform Version +OpenCL \d\.\d CUDA (\d+\.\d+)",  # clinfo
    r"\bcompute=\d+\.\d [^\n]*?\bdriver=(\d+\.\d+)",  # ollama
    r"^CUDA Driver Version\s*:\s*(\d{1,2}\.\d{1,2})$",  # numba -s
)


def logged_driver(text: str) -> str | None:
    """The driver's version by what is no report of nvidia-smi's."""
    return _first(_DRIVERS, text)


def logged_cuda(text: str) -> str | None:
    """The newest CUDA that the driver serves, likewise."""
    return _first(_CUDA, text)


def _first(patterns: Iterable[str], text: str) -> str | None:
    found = (re.search(pattern, text, re.MULTILINE) for pattern in patterns)
    return next((match[1] for match in found if match), None)


def proc(text: str) -> Iterable[Device]:
    """/proc/driver/nvidia/gpus/*/information, and cards/N of the drivers before 270."""
    if re.search(r"^Video BIOS:", text, re.MULTILINE):
        for name in re.findall(r"^Model:\s+(\S.*?)\s*$", text, re.MULTILINE):
            yield Device("nvidia", name)
