"""What stands between a user and AMD's GPUs: no driver, no permission, and partitions that share a card."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from provenv.hooks import Finding, Probe
from provenv_plugins import windows_displays
from provenv_plugins.pci_bus import has_display
from provenv_plugins.windows_displays import displays

VENDOR_ID = "1002"
NODE = "/dev/kfd"


def may_not_open(probe: Probe) -> bool:
    """Whether the device node is there and closed to the user; a recording without the answer says no."""
    answer = probe.command(["test", "-r", NODE, "-a", "-w", NODE], seconds=5.0)
    return answer is not None and answer.exit_code == 1


def without_driver(probe: Probe) -> Iterable[Finding]:
    """A GPU on the bus, and no amdgpu in the kernel. Which GPU it is, and whether ROCm has it, stays open."""
    if probe.exists("/sys/module/amdgpu") is False and has_display(probe, VENDOR_ID):
        yield driver_missing("a GPU of AMD's is in this machine, and", "warning")


def on_windows(probe: Probe) -> Iterable[Finding]:
    """A GPU that Windows drives by itself, or not at all."""
    found = displays(probe, VENDOR_ID)
    remedy = "install AMD Software: Adrenalin Edition from amd.com/support, then restart"
    if missing := windows_displays.without_driver(found):
        yield Finding("amd-driver-missing", missing, remedy, "warning")
    yield from windows_displays.stopped(found, remedy)


def driver_missing(where: str, severity: str = "error") -> Finding:
    """`where`: the beginning of the sentence."""
    return Finding(
        "amd-driver-missing",
        f"{where} the amdgpu driver is not loaded",
        f"sudo modprobe amdgpu; in a container: `--device={NODE} --device=/dev/dri`",
        "error" if severity == "error" else "warning",
    )


def no_permission() -> Finding:
    """Of a user who is in none of the groups to which the device nodes belong."""
    return Finding(
        "amd-no-permission",
        f"the user may not open {NODE}: it belongs to the group render (or video)",
        "sudo usermod -a -G render,video $LOGNAME, then log in again",
        "error",
    )


def partitioned(nodes: Iterable[str]) -> Iterable[Finding]:
    """KFD nodes that are parts of one GPU have its `unique_id` in common. `nodes`: their `properties`."""
    ids = [found[1] for text in nodes for found in re.finditer(r"^unique_id ([1-9]\d{0,19})\s*$", text, re.M)]
    cards = Counter(ids)
    split = sum(number > 1 for number in cards.values())
    if split:
        yield Finding(
            "amd-partitioned",
            f"{split} of {len(cards)} GPUs {'is' if split == 1 else 'are'} split into compute partitions, "
            f"{len(ids)} devices in all; a process sees each as a GPU with its part of the memory",
            severity="note",
        )
