"""PCI devices as pasted texts name them: lspci in all its forms, lshw, inxi, udev's database, sysfs.

For plugins: which vendor's they are is for them to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from provenv.hooks.types import Paste
from provenv.values import dataclass, replace


@dataclass(frozen=True, slots=True)
class PciDevice:
    """One device; what a text does not say is "". Ids are four hexadecimal digits, in lower case."""

    slot: str
    vendor_id: str = ""
    device_id: str = ""
    vendor: str = ""
    name: str = ""
    driver: str = ""
    display: bool = False
    """It is a display controller, or a processing accelerator (PCI classes 03 and 12)."""
    driver_told: bool = False
    """The text would name a kernel driver if one were bound."""
    folder: str = ""
    """The sysfs folder among the pastes that it was found in."""

    @property
    def pci_id(self) -> str:
        """`10de:20b0`, "" where the text has no numbers."""
        return f"{self.vendor_id}:{self.device_id}" if self.vendor_id and self.device_id else ""

    @property
    def bus_slot(self) -> str:
        """`0000:01:00.0`, "" where only a folder of sysfs tells one device from another."""
        slot = self.slot.lower()
        return f"0000:{slot}" if slot.count(":") == 1 else slot if slot.count(":") == 2 else ""


_SLOT = r"(?:[0-9a-fA-F]{4,8}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7]"
_LSPCI = re.compile(rf"^\s*({_SLOT})\s+(.*)$")
_DISPLAY_WORDS = (
    "vga compatible controller",
    "3d controller",
    "display controller",
    "processing accelerators",
)
_IDS = re.compile(r"\[([0-9a-fA-F]{4}):([0-9a-fA-F]{4})\]")
_MODALIAS = re.compile(r"pci:v0000([0-9A-Fa-f]{4})d0000([0-9A-Fa-f]{4})sv\w{8}sd\w{8}bc([0-9A-Fa-f]{2})")
# Where a vendor's name ends in lspci's `Vendor Device`.
_VENDOR = re.compile(
    r"^(.*?(?:Corporation|Corp\.|Inc\.?|Ltd\.?|GmbH|VMware|Group|Semiconductor|Technology|Devices(?= \[))"
    r"(?:,? \[[^\]]*\](?: nee ATI)?)?)"
    r"[, ]\s*(?=\S)"
)


def pci_devices(pastes: Iterable[Paste]) -> tuple[PciDevice, ...]:
    """Every device once, what several texts say of it put together."""
    return _devices(tuple(pastes))


@lru_cache(maxsize=4)
def _devices(texts: tuple[Paste, ...]) -> tuple[PciDevice, ...]:
    found: dict[str, PciDevice] = {}
    for source in (_sysfs(texts), *(_of_text(paste.text) for paste in texts)):
        for device in source:
            key = _key(device.slot)
            found[key] = _joined(found[key], device) if key in found else device
    return tuple(found.values())


def _of_text(text: str) -> Iterable[PciDevice]:
    yield from _lspci(text.splitlines())
    yield from _machine_readable(text)
    yield from _lshw(text)
    yield from _inxi(text)
    yield from _udev(text)
    yield from _ubuntu_drivers(text)
    yield from _hwinfo(text)
    yield from _kernel(text)


def _key(slot: str) -> str:
    """A slot without its domain where that is the first: lspci leaves it out."""
    return re.sub(r"^0+:(?=..:)", "", slot.lower())


def _joined(first: PciDevice, second: PciDevice) -> PciDevice:
    return PciDevice(
        first.slot,
        first.vendor_id or second.vendor_id,
        first.device_id or second.device_id,
        first.vendor or second.vendor,
        first.name or second.name,
        first.driver or second.driver,
        first.display or second.display,
        first.driver_told or second.driver_told,
        first.folder or second.folder,
    )


def _lspci(lines: Sequence[str]) -> Iterable[PciDevice]:
    heads = [
        (number, found)
        for number, line in enumerate(lines)
        if ":" in line and "." in line and (found := _LSPCI.match(line))
    ]
    for place, (number, found) in enumerate(heads):
        end = heads[place + 1][0] if place + 1 < len(heads) else len(lines)
        device = _lspci_line(found[1], found[2])
        if device is not None:
            body = "\n".join(lines[number + 1 : end])
            driver = re.search(r"Kernel driver in use:\s*(\S+)", body)
            told = bool(driver or re.search(r"^\s+(?:Kernel modules:|Flags:|Control:)", body, re.MULTILINE))
            yield _joined(device, PciDevice("", driver=driver[1] if driver else "", driver_told=told))


def _lspci_line(slot: str, text: str) -> PciDevice | None:
    numeric = re.match(r"^(?:Class )?([0-9a-f]{4}): ([0-9a-f]{4}):([0-9a-f]{4})\b", text)
    if numeric:
        return PciDevice(slot, numeric[2], numeric[3], display=numeric[1][:2] in ("03", "12"))
    quoted = re.match(r'^"([^"]*)"\s+"([^"]*)"\s+"([^"]*)"', text)  # lspci -mm
    if quoted:
        return _named(slot, quoted[1], quoted[2], quoted[3])
    kind, colon, rest = text.partition(": ")
    if not colon:
        return None
    ids = _IDS.search(rest)
    rest = re.sub(r"\s*\((?:rev|prog-if)\b.*$", "", _IDS.sub("", rest)).strip()
    vendor = _VENDOR.match(rest)
    name = rest[vendor.end() :].strip() if vendor else rest
    return PciDevice(
        slot,
        ids[1].lower() if ids else "",
        ids[2].lower() if ids else "",
        vendor[1] if vendor else rest,
        name,
        display=kind.lower().startswith(_DISPLAY_WORDS),
    )


def _named(slot: str, kind: str, vendor: str, name: str) -> PciDevice:
    """From `Class [0300]`, `Vendor [10de]`, `Device [1f02]`, with or without their numbers."""
    vendor_id, vendor = _numbered(vendor)
    device_id, name = _numbered(name)
    display = kind.lower().startswith(_DISPLAY_WORDS)
    return PciDevice(slot, vendor_id, device_id, vendor, name, display=display)


def _numbered(text: str) -> tuple[str, str]:
    """`NVIDIA Corporation [10de]` -> its number and the words; a text without one has none."""
    number = re.search(r"\s*\[([0-9a-fA-F]{4})\]$", text)
    return (number[1].lower(), text[: number.start()]) if number else ("", text)


def _machine_readable(text: str) -> Iterable[PciDevice]:
    """lspci -vmm: blocks of `Slot:`, `Class:`, `Vendor:`, `Device:` lines."""
    for block in re.split(r"\n\s*\n", text) if "Slot:" in text else ():
        values = dict(re.findall(r"^\s*(Slot|Class|Vendor|Device|Driver):\s+(.*?)\s*$", block, re.MULTILINE))
        if {"Slot", "Class", "Vendor"} <= values.keys():
            device = _named(values["Slot"], values["Class"], values["Vendor"], values.get("Device", ""))
            yield _joined(device, PciDevice("", driver=values.get("Driver", "")))


def _lshw(text: str) -> Iterable[PciDevice]:
    """lshw's nodes, of which those called `*-display` are display controllers."""
    for node in re.split(r"^(?=\s*\*-)", text, flags=re.MULTILINE) if "*-" in text else ():
        values = dict(
            re.findall(
                r"^\s+(description|product|vendor|bus info|configuration): (.*?)\s*$", node, re.MULTILINE
            )
        )
        slot = re.match(rf"pci@({_SLOT})", values.get("bus info", ""))
        if slot and "product" in values:
            device = _named(
                slot[1], values.get("description", ""), values.get("vendor", ""), values["product"]
            )
            driver = re.search(r"\bdriver=(\S+)", values.get("configuration", ""))
            shown = PciDevice(
                "", driver=driver[1] if driver else "", display=node.lstrip().startswith("*-display")
            )
            yield _joined(device, replace(shown, driver_told="configuration" in values))


# `Device-1: NVIDIA GA104 [GeForce RTX 3070 Ti] vendor: Micro-Star MSI driver: nvidia v: 560.35.03`
_INXI = re.compile(
    r"^\s*Device-(\d{1,2}): (NVIDIA|AMD|Intel|Advanced Micro Devices)\s+(.*?)"
    r"(?:\s+vendor: [^:\n]*?)?\s+driver: (\S+)",
    re.MULTILINE,
)


def _inxi(text: str) -> Iterable[PciDevice]:
    """`inxi -G`: behind or below `Graphics:`; it names no bus where it is not asked to."""
    listed = r"^Graphics:((?:[ \t]*\S.*)?\n?(?:[ \t]+.*\n?)*)"
    for part in re.findall(listed, text, re.MULTILINE) if "Graphics:" in text else ():
        for number, vendor, name, driver in _INXI.findall(part):
            bound = "" if driver == "N/A" else driver
            yield PciDevice(
                f"graphics {number}", vendor=vendor, name=name, driver=bound, display=True, driver_told=True
            )


def _udev(text: str) -> Iterable[PciDevice]:
    """`udevadm info --export-db`: blocks of `E: KEY=value` lines."""
    if "E: PCI_ID=" in text:
        for block in re.split(r"\n\s*\n|^(?=P: )", text, flags=re.MULTILINE):
            values = dict(re.findall(r"^E: (\w+)=(.*?)\s*$", block, re.MULTILINE))
            if device := _uevent(values, ""):
                yield device


def _sysfs(pastes: Iterable[Paste]) -> Iterable[PciDevice]:
    """`.../cardN/device/{uevent,vendor,device}`, and a `uevent` of any PCI device."""
    folders: dict[str, dict[str, str]] = {}
    for paste in pastes:
        folder, _, file = paste.name.rpartition("/")
        if file in ("uevent", "vendor", "device", "class", "product_name"):
            folders.setdefault(folder, {})[file] = paste.text.strip()
    for folder, files in folders.items():
        values = dict(re.findall(r"^(\w+)=(.*?)\s*$", files.get("uevent", ""), re.MULTILINE))
        ids = [re.match(r"^0x([0-9a-f]{4})$", files.get(file, "")) for file in ("vendor", "device")]
        if ids[0] and "PCI_ID" not in values:
            values["PCI_ID"] = f"{ids[0][1]}:{ids[1][1] if ids[1] else ''}"
        values.setdefault("PCI_CLASS", files.get("class", "0x030000")[2:])
        device = _uevent(values, folder)
        if device is not None:
            yield _joined(device, PciDevice("", name=files.get("product_name", "")))


def _uevent(values: Mapping[str, str], folder: str) -> PciDevice | None:
    vendor, colon, number = values.get("PCI_ID", "").lower().partition(":")
    if not colon:
        return None
    return PciDevice(
        values.get("PCI_SLOT_NAME") or folder,
        vendor,
        number,
        values.get("ID_VENDOR_FROM_DATABASE", ""),
        values.get("ID_MODEL_FROM_DATABASE", ""),
        values.get("DRIVER", ""),
        display=values.get("PCI_CLASS", "").zfill(6)[:2] in ("03", "12"),
        driver_told=True,
        folder=folder,
    )


def _ubuntu_drivers(text: str) -> Iterable[PciDevice]:
    """`ubuntu-drivers devices`: a path, a modalias, the vendor and the model."""
    for block in re.split(r"^==\s", text, flags=re.MULTILINE) if "pci:v0000" in text else ():
        alias = _MODALIAS.search(block)
        slot = re.match(rf"\S*/({_SLOT}) ==", block)
        if alias and slot:
            values = dict(re.findall(r"^(vendor|model)\s*:\s*(.*?)\s*$", block, re.MULTILINE))
            yield PciDevice(
                slot[1],
                alias[1].lower(),
                alias[2].lower(),
                values.get("vendor", ""),
                values.get("model", ""),
                display=alias[3] in ("03", "12"),
            )


def _hwinfo(text: str) -> Iterable[PciDevice]:
    """`hwinfo --gfxcard`: a block a device, its class in the first line, its numbers in hexadecimal."""
    blocks = re.split(r"^(?=\d+: PCI )", text, flags=re.MULTILINE) if "SysFS BusID:" in text else ()
    for block in blocks:
        head = re.match(r"\d+: PCI [^\n:]*: (\w{2})\w{2} ", block)
        slot = re.search(rf"^\s+SysFS BusID: ({_SLOT})", block, re.MULTILINE)
        pattern = r"^\s+(Vendor|Device): pci 0x(\w{4})(?: \"([^\"\n]*)\")?"
        told = {key: (number, name) for key, number, name in re.findall(pattern, block, re.MULTILINE)}
        if head and slot and told.keys() >= {"Vendor", "Device"}:
            driver = re.search(r"^\s+Driver: \"([^\"\n]*)\"", block, re.MULTILINE)
            (vendor_id, vendor), (device_id, name) = told["Vendor"], told["Device"]
            yield PciDevice(
                slot[1],
                vendor_id.lower(),
                device_id.lower(),
                vendor,
                name,
                driver[1] if driver else "",
                display=head[1] in ("03", "12"),
                driver_told=True,
            )


def _kernel(text: str) -> Iterable[PciDevice]:
    """The kernel's log: `pci 0000:01:00.0: [10de:2204] type 00 class 0x030000`."""
    pattern = rf"\bpci ({_SLOT}): \[(\w{{4}}):(\w{{4}})\] type \w+ class 0x(03|12)"
    for slot, vendor, device, _ in re.findall(pattern, text) if "] type " in text else ():
        yield PciDevice(slot, vendor.lower(), device.lower(), display=True)
