"""The table of torch's CPU builds for a target: which releases have wheels for its platform."""

from __future__ import annotations

from provenv.hooks import Context, Releases
from provenv_plugins.numbers import parse_numbers
from provenv_plugins.pytorch import index_of
from provenv_plugins.torch_builds import Flavour, Runs, numbers, releases
from provenv_plugins.torch_rows import torch_releases

# Apple: wheels on the default index. Windows on Arm: file names on the CPU index, recorded in public locks.
LAST_ON_INTEL_MACS = "2.2.2"
MACOS_14_FROM = "2.12"
WINDOWS_ARM_FROM = "2.7"
WINDOWS_ARM_PYTHON = "3.11"


def releases_for(context: Context) -> Releases:
    """Every release of torch, as its wheels' tags have it."""
    index = None if context.os == "macos" else index_of("cpu")
    flavour = Flavour("cpu", index, tuple(release.torch for release in releases()), ())
    runs = macos_runs(context) or _runs(context)
    return torch_releases(context, [flavour], lambda flavour: None, _on_level(runs, context))


def _on_level(runs: Runs, context: Context) -> Runs:
    """What holds for any processor, and for one of the promised level."""
    level = context.envelope.one("cpu-level")

    def also(flavour: Flavour, torch: str) -> str | None:
        if level == "x86-64-v1" and numbers(torch) >= (2, 1):
            return "torch from 2.1 on ends with an illegal instruction on a processor without SSE4.1"
        if level == "armv8.0" and numbers(torch) < (2, 11):
            return "torch before 2.11 may end with an illegal instruction on an ARMv8.0"
        return runs(flavour, torch)

    return also


def macos_runs(context: Context) -> Runs | None:
    """Why a release has no wheel for a target on macOS; None for another system."""
    if context.os != "macos":
        return None
    macos = parse_numbers(context.envelope.one("macos") or "14") or (14,)

    def runs(flavour: Flavour, torch: str) -> str | None:
        if context.arch == "x86_64":
            ended = numbers(torch) > numbers(LAST_ON_INTEL_MACS)
            return f"torch ended on Intel Macs with {LAST_ON_INTEL_MACS}" if ended else None
        if numbers(torch) >= numbers(MACOS_14_FROM) and macos < (14,):
            words = ".".join(map(str, macos))
            return f"torch {torch} has wheels for macOS 14 and newer; this target promises {words}"
        return None

    return runs


def _runs(context: Context) -> Runs:
    def runs(flavour: Flavour, torch: str) -> str | None:
        if (context.os, context.arch) != ("windows", "arm64"):
            return None
        if numbers(torch) < numbers(WINDOWS_ARM_FROM):
            return f"torch has wheels for Windows on Arm from {WINDOWS_ARM_FROM} on"
        if context.python and numbers(context.python) < numbers(WINDOWS_ARM_PYTHON):
            minor = ".".join(context.python.split(".")[:2])
            return (
                f"torch's wheels for Windows on Arm are for Python {WINDOWS_ARM_PYTHON} and newer; "
                f"this target has {minor}"
            )
        return None

    return runs
