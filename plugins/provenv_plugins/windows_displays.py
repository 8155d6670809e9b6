"""What Windows' Plug and Play knows of the GPUs on the PCI bus, with or without their maker's driver.

Asked of WMI, which tells of present devices alone: the registry's `Enum` keeps those that were once there,
too, and is not for applications (Microsoft's page on the Enum registry tree). Where PowerShell does not
answer, the devices that Windows' own display driver has taken are read from that driver's key.

Sources: Microsoft's pages on Win32_PnPEntity, on Device Manager's error messages, on PCI's compatible ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from provenv.hooks import Finding, Probe
from provenv.hooks.values import dataclass

_SCRIPT = (
    "[Console]::OutputEncoding = [Text.Encoding]::UTF8; "
    "Get-CimInstance Win32_PnPEntity -Filter 'PNPDeviceID LIKE ''PCI%''' | ForEach-Object { "
    "'{0}|{1}|{2}|{3}|{4}' -f $_.PNPDeviceID.Split('\\')[1],$_.Service,$_.ConfigManagerErrorCode,"
    "($_.CompatibleID -join ' '),$_.Name }"
)
COMMAND = ("powershell", "-NoProfile", "-NonInteractive", "-Command", _SCRIPT)
"""A line a device: its hardware id, service (driver), problem code, compatible ids and name."""

BASIC = r"HKLM\SYSTEM\CurrentControlSet\Services\BasicDisplay\Enum"
_MOST = 16

# The service of Windows' own driver, "Microsoft Basic Display Adapter", and of the one before Windows 8.
_GENERIC = frozenset(("", "basicdisplay", "vga", "vgasave"))

# Device Manager's codes, in Microsoft's words shortened. Others are told by their number.
_DISABLED = "22"
_PROBLEMS = {
    "10": "it can't start",
    "12": "it finds no free resources",
    "14": "the computer has to be restarted first",
    "22": "it is disabled",
    "31": "its driver can't be loaded",
    "43": "its driver reported a fault, and Windows stopped it",
    "45": "it is not connected",
    "52": "its driver's signature can't be verified",
}
_NO_DRIVER = ("1", "28")


@dataclass(frozen=True, slots=True)
class Display:
    """A display controller or accelerator. `pci_id`: `10de:2684`. `problem`: "" for none."""

    pci_id: str
    name: str
    has_driver: bool
    problem: str = ""


def displays(probe: Probe, vendor: str) -> tuple[Display, ...]:
    """Those of one PCI vendor (`10de`), by WMI, else those that Windows' own driver has taken."""
    if probe.python("system") != "Windows":
        return ()
    answer = probe.command(COMMAND, seconds=15.0)
    told = _by_wmi(answer.stdout) if answer is not None and answer.exit_code == 0 else ()
    found = tuple(told) or tuple(_by_basic_driver(probe))
    return tuple(one for one in found if one.pci_id.startswith(f"{vendor}:"))


def _by_wmi(text: str) -> Iterable[Display]:
    for line in text.splitlines():
        parts = line.strip().split("|", 4)
        # 03xx are display controllers; 1200, processing accelerators, are AMD's Instincts
        if len(parts) == 5 and re.search(r"(?i)\bCC_(?:03|12)", parts[3]):
            hardware, service, code, _, name = parts
            driver = service.lower() not in _GENERIC and code not in _NO_DRIVER
            if pci_id := _pci_id(hardware):
                yield Display(pci_id, name.strip(), driver, code if code not in ("", "0") else "")


def _by_basic_driver(probe: Probe) -> Iterable[Display]:
    """The service's own list of the devices that it drives since the last start."""
    for number in range(_MOST):
        told = probe.registry(BASIC, str(number))
        if told is None:
            return
        if pci_id := _pci_id(told):
            yield Display(pci_id, "", has_driver=False)


def _pci_id(text: str) -> str | None:
    found = re.search(r"VEN_([0-9A-F]{4})&DEV_([0-9A-F]{4})", text.upper())
    return f"{found[1]}:{found[2]}".lower() if found else None


def without_driver(found: Iterable[Display]) -> str | None:
    """What is said of the first GPU that has no driver of its maker's; None when all of them have one."""
    for one in found:
        if not one.has_driver:
            instead = f"; Windows shows it as {one.name!r}" if one.name else ""
            return f"there is a GPU {one.pci_id} in this machine without a driver of its maker's{instead}"
    return None


def stopped(found: Iterable[Display], remedy: str) -> Iterable[Finding]:
    """GPUs whose driver is there and does not run them. `remedy`: what installs the driver anew."""
    for one in found:
        if one.has_driver and one.problem:
            why = _PROBLEMS.get(one.problem, "Device Manager says more")
            yield Finding(
                "gpu-stopped-by-windows",
                f"Windows does not run {one.name or one.pci_id}: code {one.problem}, {why}",
                "enable it in Device Manager (devmgmt.msc)" if one.problem == _DISABLED else remedy,
                "error",
            )
