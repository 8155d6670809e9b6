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
    Releases,
    hookimpl,
)
from provenv_plugins.macos import ENVELOPE as MACOS
from provenv_plugins.numbers import parse_numbers
from provenv_plugins.pytorch import ALIASES, FAMILY, publishes, undeclared
from provenv_plugins.tables import rows


def floors() -> list[tuple[str, tuple[int, ...]]]:
    """(torch before, the oldest macOS for it), the newest torch first; it has no end ("")."""
    found = [(row.text("before"), parse_numbers(row.text("macos")) or ()) for row in rows("mps", "floor")]
    return list(reversed(found))


def torch_limit(macos: tuple[int, ...]) -> str | None:
    """The torch for which this macOS is too old ("": none yet); None when it is so for every torch 2."""
    return next((limit for limit, floor in floors() if macos >= floor[: len(macos)]), None)


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
    newest = torch_limit(macos)
    if newest is None:
        return Builds(
            (), (Rejected("mps", f"torch's MPS needs macOS 12.3 or newer; this target promises {words}"),)
        )
    constraints = (f"torch<{newest}",) if newest else ()
    needs = "Apple silicon and macOS 14 from torch 2.9 on, 13 from 2.5 on, 12.3 before"
    if newest:
        needs += f"; macOS {words} is served by torch before {newest}"
    return Builds((Build("mps", None, FAMILY, ("", "cpu"), constraints, needs),))


def releases(package: str, context: Context) -> Releases:
    """The macOS wheels again, as far as their MPS runs on the promised macOS."""
    if package != "torch":
        return Releases()
    from provenv_plugins.cpu_builds import macos_runs
    from provenv_plugins.torch_builds import Flavour, numbers
    from provenv_plugins.torch_builds import releases as every_release
    from provenv_plugins.torch_rows import torch_releases

    macos = parse_numbers(context.envelope.one("macos") or "14") or (14,)
    limit = torch_limit(macos)
    installs = macos_runs(context)

    def runs(flavour: Flavour, torch: str) -> str | None:
        if limit is None or (limit and numbers(torch) >= numbers(limit)):
            needed = next(
                floor
                for before, floor in reversed(floors())
                if not before or numbers(torch) < numbers(before)
            )
            words, promised = ".".join(map(str, needed)), ".".join(map(str, macos))
            return f"its MPS needs macOS {words} or newer; this target promises {promised}"
        return installs(flavour, torch) if installs else None

    flavour = Flavour("mps", None, tuple(release.torch for release in every_release()), ())
    return torch_releases(context, [flavour], lambda flavour: None, runs)


def detect(probe: Probe) -> Detection:
    """Apple silicon under an arm64 interpreter, on a macOS that some torch's MPS serves."""
    if probe.python("system") != "Darwin" or not _is_apple_silicon(probe):
        return Detection(usable=False)
    native = probe.python("machine") == "arm64"
    macos = parse_numbers(probe.python("macos_version") or "")
    recent = macos is None or torch_limit(macos) is not None
    if probe.pastes():
        from provenv_plugins.apple_pastes import read_pastes

        devices, how = read_pastes(probe.pastes())
        return Detection(native and recent, tuple(d for d in devices if d.vendor == "apple"), how=how)
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
    limit = torch_limit(macos) if macos else ""
    if macos is None or limit == "":
        return
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
        envelope=MACOS,  # that is what a target promises for MPS too
        diagnose=diagnose,
        releases=releases,
        undeclared=undeclared,
        publishes=publishes,
        aliases=ALIASES,
    )
