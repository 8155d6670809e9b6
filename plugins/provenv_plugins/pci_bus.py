"""What Linux' own folder of the PCI bus tells of a machine, with or without a driver."""

from __future__ import annotations

from provenv.hooks import Probe

DEVICES = "/sys/bus/pci/devices"


def has_display(probe: Probe, vendor: str) -> bool:
    """Whether a display controller or accelerator (PCI classes 03, 12) of a vendor (`10de`) is on the bus."""
    return any(
        (probe.file(f"{DEVICES}/{name}/vendor") or "").strip() == f"0x{vendor}"
        and (probe.file(f"{DEVICES}/{name}/class") or "").startswith(("0x03", "0x12"))
        for name in probe.folder(DEVICES)
    )
