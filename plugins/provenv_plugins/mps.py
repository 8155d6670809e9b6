"""Apple silicon's GPU through Metal (MPS)."""

from __future__ import annotations

from collections.abc import Iterable

from provenv.hooks import (
    Accelerator,
    Build,
    Builds,
    Context,
    Detection,
    Device,
    Finding,
    Probe,
    Rejected,
    hookimpl,
)
from provenv_plugins.numbers import parse_numbers
from provenv_plugins.pytorch import FAMILY

# The oldest macOS on which each torch offers MPS: (torch before, macOS); the last row has no end.
# Sources: pytorch PR #133141 and issue #139425 (13.0 from 2.5 on), PR #163515 and issues #159275, #164943
# (14.0 from 2.9 on), read 2026-11-24. Below the floor torch still imports and computes on the processor.
FLOORS = (("2.5", (12, 3)), ("2.9", (13, 0)), (None, (14, 0)))


def accepts(os: str, arch: str) -> str | None:
    """Apple silicon alone."""
    if os != "macos":
        return f"MPS is Apple's: macOS on Apple silicon has it, {os} has not"
    if arch != "arm64":
        return (
            "PyTorch's MPS needs Apple silicon (macos-arm64); on an Intel Mac torch ends at 2.2.2, without it"
        )
    return None


def builds(context: Context) -> Builds:
    """The one macOS build, with the newest torch whose MPS runs on the promised macOS."""
    macos = parse_numbers(context.envelope.one("macos") or "14") or (14,)
    words = ".".join(map(str, macos))
    newest = next((limit for limit, floor in reversed(FLOORS) if macos >= floor[: len(macos)]), "")
    if newest == "":
        return Builds(
            (), (Rejected("mps", f"torch's MPS needs macOS 12.3 or newer; this target promises {words}"),)
        )
    constraints = (f"torch<{newest}",) if newest else ()
    needs = "Apple silicon and macOS 14 from torch 2.9 on, 13 from 2.5 on, 12.3 before"
    if newest:
        needs += f"; macOS {words} is served by torch before {newest}"
    return Builds((Build("mps", None, FAMILY, ("", "cpu"), constraints, needs),))


def detect(probe: Probe) -> Detection:
    """Apple silicon under an arm64 interpreter, on a macOS that some torch's MPS serves."""
    if probe.python("system") != "Darwin" or not _is_apple_silicon(probe):
        return Detection(usable=False)
    native = probe.python("machine") == "arm64"
    macos = parse_numbers(probe.python("macos_version") or "")
    recent = macos is None or macos >= FLOORS[0][1]
    return Detection(usable=native and recent, devices=(_device(probe),), how=("sysctl",))


def _is_apple_silicon(probe: Probe) -> bool:
    return probe.python("machine") == "arm64" or probe.sysctl("hw.optional.arm64") == "1"


def _device(probe: Probe) -> Device:
    memory = probe.sysctl("hw.memsize") or ""
    size = int(memory) // 2**20 if memory.isdigit() else None
    return Device("apple", probe.sysctl("machdep.cpu.brand_string") or "Apple silicon", size)


def diagnose(probe: Probe) -> Iterable[Finding]:
    """A macOS that is too old for the newest torch's MPS."""
    if probe.python("system") != "Darwin" or probe.python("machine") != "arm64":
        return
    macos = parse_numbers(probe.python("macos_version") or "")
    if macos is None or macos >= FLOORS[-1][1]:
        return
    limit = next((limit for limit, floor in reversed(FLOORS) if macos >= floor), "")
    if limit:
        message = f"MPS on macOS {'.'.join(map(str, macos))} works with torch before {limit} only"
    else:
        message = f"macOS {'.'.join(map(str, macos))} is too old for MPS in any torch 2 release"
    yield Finding(
        "macos-too-old-for-mps", message, "update to macOS 14 or newer", "warning" if limit else "error"
    )


@hookimpl
def provenv_accelerators() -> Iterable[Accelerator]:
    """mps."""
    yield Accelerator(
        name="mps",
        preference=30,
        accepts=accepts,
        detect=detect,
        builds=builds,
        torch_device="mps",
        family=FAMILY,
        environment=lambda context: {},
        diagnose=diagnose,
    )
