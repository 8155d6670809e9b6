"""Finds Intel GPUs: by their PCI ids, and by what Intel's own tools list."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from provenv.hooks import Detection, Device, Envelope, Finding, Probe
from provenv_xpu.families import VENDOR, Family, family_called, family_of, plain_name

DRM = "/sys/class/drm"
# The class of display adapters; each card has a key of four digits below it.
ADAPTERS = r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"
_MOST_ADAPTERS = 16

# Its first line is the name under which an answer is recorded. zeInit answers 0 (ZE_RESULT_SUCCESS) where a
# driver and a device are there. Source: the Level Zero specification, ze_api.h.
LEVEL_ZERO = """\
# provenv-xpu: level-zero
import ctypes, json, sys
names = ["ze_loader.dll"] if sys.platform == "win32" else ["libze_loader.so.1"]
for name in names:
    try:
        library = ctypes.CDLL(name)
    except OSError:
        continue
    count = ctypes.c_uint32(0)
    code = library.zeInit(1)
    if code == 0:
        library.zeDriverGet(ctypes.byref(count), None)
    print(json.dumps({"code": code, "drivers": count.value}))
    break
"""

# `[level_zero:gpu][level_zero:0] Intel(R) Level-Zero, Intel(R) Arc(TM) A750 Graphics 12.55.8 [1.3.29735]`
# before 2024.2 `[ext_oneapi_level_zero:gpu:0] Intel(R) Level-Zero, Intel(R) Arc(TM) A770 Graphics 1.3 [...]`
# Source: intel/llvm issues #12880, #14647.
_SYCL = re.compile(
    r"^\[(?:ext_oneapi_)?level_zero:gpu.*?\]\s*[^,\n]*,\s*(?P<name>Intel.*?)\s+[\d.]+\s*\[(?P<driver>[\d.+-]+)\]",
    re.MULTILINE,
)


# What SYCL programs print: `| 0| [level_zero:gpu:0]| NAME| 1.5| 512| 1024| 32| 16704M| DRIVER|`
# Source: ggml-org/llama.cpp issues #8551, #9241.
_SYCL_ROW = re.compile(
    r"\|\s*\d+\|\s*\[level_zero:gpu:\d+\]\|\s*(?P<name>Intel[^|]*?)\s*\|"
    r"(?:[^|]*\|){4}\s*(?P<size>\d{1,7})M\|\s*(?P<driver>[\w.]+)",
)


# `xpu-smi discovery`: `| 0 | Device Name: Intel(R) Arc(TM) A770 Graphics |`, the number in one row alone.
_TABLE = re.compile(r"^\|[ \d]*\|\s*Device Name:\s*(?P<name>Intel[^|]*?)\s*\|", re.MULTILINE)
# `_XpuDeviceProperties(name='...', ..., device_id=0xE211, ..., driver_version='1.15', total_memory=24480MB`
# Source: torch/utils/collect_env.py and torch/csrc/xpu/Module.cpp.
_PROPERTIES = re.compile(
    r"_XpuDeviceProperties\(name='[^']*'[^\n]*?device_id=0x(?P<id>[0-9A-Fa-f]{3,4})\b"
    r"[^\n]*?driver_version='(?P<driver>[^']+)'(?:[^\n]*?total_memory=(?P<size>\d{1,8})MB)?"
)


@dataclass(frozen=True, slots=True)
class Gpu:
    """One Intel GPU. `family` None: not known. `pci_id`: `8086:56a0`, None where only a tool names it."""

    name: str
    family: Family | None
    pci_id: str | None = None
    driver: str | None = None
    memory_mib: int | None = None

    @property
    def listed(self) -> bool:
        """Whether PyTorch lists it; what no table has is not."""
        return self.family is not None and bool(self.family.torch)

    def device(self) -> Device:
        """As provenv tells of it."""
        facts = (("pci_id", self.pci_id), ("family", self.family.name if self.family else None))
        known = tuple((key, value) for key, value in facts if value is not None)
        return Device("intel", self.name, self.memory_mib, facts=known)


def detect(probe: Probe) -> Detection:
    """Every Intel GPU; usable where Level Zero answers and PyTorch lists one of them."""
    if not _may_have_one(probe):
        return Detection(usable=False)
    gpus, how = _gpus(probe)
    driver = next((gpu.driver for gpu in gpus if gpu.driver), None)
    listed = [gpu for gpu in gpus if gpu.listed]
    families = tuple(sorted({gpu.family.name for gpu in listed if gpu.family}))
    return Detection(
        usable=bool(listed) and _level_zero(probe),
        devices=tuple(gpu.device() for gpu in gpus),
        envelope=Envelope.of({"intel-gpu": families}) if families else Envelope(),
        how=tuple(how),
        facts=(("intel-driver", driver),) if driver else (),
    )


def _may_have_one(probe: Probe) -> bool:
    """Linux or Windows, or a paste that does not say what it was pasted from."""
    system = probe.python("system")
    return system in ("Linux", "Windows") or (system is None and bool(probe.pastes()))


def _gpus(probe: Probe) -> tuple[list[Gpu], list[str]]:
    """The GPUs, and by which ways they were found: PCI ids first, since integrated ones share their names."""
    ways = (
        ("sysfs", _sysfs),
        ("registry", _registry),
        ("sycl-ls", _sycl_ls),
        ("xpu-smi", _xpu_smi),
        ("torch", _torch),
    )
    for how, find in ways:
        found = list(find(probe))
        if found:
            return found, [how]
    return [], []


def _sysfs(probe: Probe) -> Iterator[Gpu]:
    for card in probe.folder(DRM):
        if re.fullmatch(r"card[0-9]+", card):
            folder = f"{DRM}/{card}/device"
            vendor, device = (_hex(probe.file(f"{folder}/{name}")) for name in ("vendor", "device"))
            if vendor == VENDOR and device:
                yield _by_id(device)


def _hex(text: str | None) -> str:
    """`0x56A0\\n` -> `56a0`; "" for what is none."""
    found = re.fullmatch(r"0x([0-9a-f]{4})", (text or "").strip().lower())
    return found[1] if found else ""


def _by_id(device: str, name: str = "", driver: str | None = None, memory: int | None = None) -> Gpu:
    family = family_of(device)
    known = f"Intel {family.ids[device]}" if family else f"Intel GPU {VENDOR}:{device}"
    return Gpu(name or known, family, f"{VENDOR}:{device}", driver, memory)


def _registry(probe: Probe) -> Iterator[Gpu]:
    if probe.python("system") != "Windows":
        return
    for number in range(_MOST_ADAPTERS):
        key = rf"{ADAPTERS}\{number:04d}"
        matching = (probe.registry(key, "MatchingDeviceId") or "").lower()
        found = re.search(rf"ven_{VENDOR}&dev_([0-9a-f]{{4}})", matching)
        if found:
            size = probe.registry(key, "HardwareInformation.qwMemorySize") or ""
            memory = int(size) // 2**20 if size.isascii() and size.isdigit() and len(size) < 16 else None
            name = plain_name(probe.registry(key, "DriverDesc") or "")
            driver = probe.registry(key, "DriverVersion")
            yield _by_id(found[1], f"Intel {name}" if name else "", driver, memory)


def _sycl_ls(probe: Probe) -> Iterator[Gpu]:
    """What sycl-ls lists, or a paste of it, or of the table that SYCL programs print."""
    for text in (_output(probe, "sycl-ls"), *(paste.text for paste in probe.pastes())):
        for found in _SYCL.finditer(text):
            yield _by_name(found["name"], found["driver"])
        for row in _SYCL_ROW.finditer(text):
            yield _by_name(row["name"], row["driver"], int(row["size"]) * 10**6 // 2**20)


def _by_name(name: str, driver: str | None = None, memory: int | None = None) -> Gpu:
    return Gpu(f"Intel {plain_name(name)}", family_called(name), driver=driver, memory_mib=memory)


def _xpu_smi(probe: Probe) -> Iterator[Gpu]:
    """`xpu-smi discovery -j`, or a paste of it, or of the table that it prints for people."""
    texts = [paste.text for paste in probe.pastes()]
    for text in (_output(probe, "xpu-smi", "discovery", "-j"), *texts):
        for entry in _listed(text):
            device = _hex(str(entry.get("pci_device_id", "")))
            name = entry.get("device_name")
            if device:
                yield _by_id(device)
            elif isinstance(name, str) and name.startswith("Intel"):
                yield _by_name(name)
    for text in texts:
        for row in _TABLE.finditer(text):
            yield _by_name(row["name"])


def _torch(probe: Probe) -> Iterator[Gpu]:
    """What torch's own report says of the devices that it has, in a paste."""
    for paste in probe.pastes():
        for found in _PROPERTIES.finditer(paste.text):
            memory = int(found["size"]) if found["size"] else None
            yield _by_id(found["id"].lower().zfill(4), "", found["driver"], memory)


def _listed(text: str) -> list[dict[str, object]]:
    """The objects in `device_list`; none for what is no such document."""
    try:
        document = json.loads(text)
    except ValueError:
        return []
    found = document.get("device_list") if isinstance(document, dict) else None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _output(probe: Probe, *argv: str) -> str:
    answer = probe.command(argv)
    return answer.stdout if answer is not None and answer.exit_code == 0 else ""


def _level_zero(probe: Probe) -> bool:
    """Whether a driver answers through Level Zero, by itself or as sycl-ls and xpu-smi tell."""
    answer = probe.library(LEVEL_ZERO)
    if answer is not None:
        drivers = answer.get("drivers")
        return answer.get("code") == 0 and isinstance(drivers, int) and drivers > 0
    return any(_sycl_ls(probe)) or any(_xpu_smi(probe)) or any(_torch(probe))


def diagnose(probe: Probe) -> Iterable[Finding]:
    """An Intel GPU that can't be used, and why."""
    gpus = _gpus(probe)[0] if _may_have_one(probe) else []
    if not gpus:
        return
    if not any(gpu.listed for gpu in gpus):
        names = ", ".join(sorted({gpu.name for gpu in gpus}))
        message = f"PyTorch does not list {names} among the GPUs that its XPU builds run on"
        yield Finding("xpu-not-listed", message, "use the accelerator cpu", "note")
        return
    if probe.pastes():
        return  # a paste of a card says nothing of nodes and drivers
    if probe.python("system") == "Linux" and not _render_node(probe):
        message = "an Intel GPU is there, but no device node /dev/dri/renderD*"
        remedy = "in a container: docker run --device /dev/dri ...; else load the driver: modprobe xe"
        yield Finding("xpu-device-node-missing", message, remedy, "error")
    elif not _level_zero(probe):
        message = "an Intel GPU is there, but no driver answers through Level Zero"
        remedy = "install Intel's graphics driver"
        if probe.python("system") == "Linux":
            remedy = "apt install libze1 libze-intel-gpu1 (Ubuntu), or your distribution's compute runtime"
        yield Finding("xpu-level-zero-missing", message, remedy, "error")


def _render_node(probe: Probe) -> bool:
    """WSL2 has one device node for every GPU, and no DRM."""
    names = probe.folder("/dev/dri")
    return any(name.startswith("renderD") for name in names) or "dxg" in probe.folder("/dev")
