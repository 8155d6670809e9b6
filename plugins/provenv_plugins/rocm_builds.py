"""Which ROCm builds of torch run on a target's GPUs."""

from __future__ import annotations

from collections.abc import Iterable

from provenv.hooks import Build, Builds, Context, Rejected, ReleaseRow, Releases
from provenv.hooks.values import replace
from provenv_plugins.numbers import parse_numbers
from provenv_plugins.pytorch import FAMILY, index_of
from provenv_plugins.rocm import AMD_PACKAGES
from provenv_plugins.tables import Row, rows
from provenv_plugins.torch_builds import Flavour, Runs, choose, compiled, numbers
from provenv_plugins.torch_pairs import companions
from provenv_plugins.torch_rows import minors, torch_releases

# Targets that share an instruction set closely enough for AMD's override to work for most people.
# Source: ROCm/legacy-rocm-build issue #1797; others are dangerous or fail (pytorch PR #179653, MIOpen #3954).
OVERRIDES = dict.fromkeys(("gfx1031", "gfx1032", "gfx1034", "gfx1035", "gfx1036"), "10.3.0")


def choose_builds(context: Context) -> Builds:
    """PyTorch's builds for the target's GPUs, newest torch first, then AMD's index for their family.

    Without a declared gfx target one that the newest build runs is assumed; of several, one build runs all.
    """
    targets = context.envelope.all("gfx")
    chosen = choose(context, _flavours(context), lambda flavour: None, _runs(targets))
    families = _families(context, targets)
    if families:
        return replace(chosen, offered=(*chosen.offered, *families))
    return (
        chosen if chosen.offered or chosen.rejected else Builds((), (Rejected("rocm", _no_family(targets)),))
    )


def releases_for(context: Context) -> Releases:
    """The table of torch's ROCm builds for a target, AMD's own last: no table says which torch these have."""
    targets = context.envelope.all("gfx")

    def unsure(flavour: Flavour, torch: str) -> str | None:
        return None if targets else f"it needs a GPU among {', '.join(compiled_for(flavour.name, torch))}"

    more = [_family_row(build) for build in _families(context, targets)]
    return torch_releases(
        context, _flavours(context), lambda flavour: None, _runs(targets), unsure=unsure, more=more
    )


def _family_row(build: Build) -> ReleaseRow:
    """AMD's own build in the table: where nothing says which torch it has, None."""
    row = next(row for row in rows("rocm_builds", "family") if row.text("name") == build.name)
    torch, (oldest, newest) = row.text("torch"), row.texts("python")
    beside = tuple(pair for pair in companions(torch) if pair[0] in ("torchvision", "torchaudio"))
    return ReleaseRow(build.name, torch or None, beside, minors(oldest, newest), True, build.needs)


def _runs(targets: tuple[str, ...]) -> Runs:
    def runs(flavour: Flavour, torch: str) -> str | None:
        return next(filter(None, (_fault(flavour.name, torch, gfx) for gfx in targets)), None)

    return runs


def _no_family(targets: tuple[str, ...]) -> str:
    if not targets:
        return (
            "PyTorch has no ROCm build for Windows; AMD's are per GPU family, and this target promises no gfx"
        )
    return f"PyTorch has no ROCm build for Windows, and AMD's have none for {', '.join(targets)}"


def _flavours(context: Context) -> Iterable[Flavour]:
    for row in rows("rocm_builds", "build"):
        if row.text("platform") == context.platform:
            name = row.text("name")
            # From 7.14 on the ROCm libraries are packages of the same index, not parts of torch's wheel.
            packages = FAMILY + AMD_PACKAGES if numbers(name) >= (7, 14) else FAMILY
            # triton-rocm and the libraries have no label
            yield Flavour(
                name,
                index_of(name),
                row.texts("torch"),
                (name, ""),
                packages=packages,
                note=_needs(context),
                glibc=row.text("glibc"),
            )


def _needs(context: Context) -> str:
    words = "an amdgpu driver no more than about two ROCm releases older, /dev/kfd and /dev/dri"
    if not context.envelope.all("gfx"):
        words += "; a GPU that its newest torch is compiled for (the target promises no gfx)"
    return words


def _fault(build: str, torch: str, gfx: str) -> str | None:
    targets = compiled_for(build, torch)
    if gfx not in targets:
        words = f"torch {torch} is not compiled for {gfx} (it is for {', '.join(targets)})"
        if gfx in OVERRIDES and "gfx1030" in targets:
            words += (
                f"; at your own risk it can be told to run with HSA_OVERRIDE_GFX_VERSION={OVERRIDES[gfx]}"
            )
        return words
    if any(row.text("gfx") == gfx and build in row.texts("builds") for row in rows("rocm_builds", "gap")):
        return f"it lists {gfx}, but its rocBLAS has no library for it: the first matrix product fails"
    return None


def compiled_for(build: str, torch: str) -> tuple[str, ...]:
    """The gfx targets that a build's torch holds code for."""
    return compiled("rocm_builds", build, "linux-x86_64", torch)


def _families(context: Context, targets: tuple[str, ...]) -> tuple[Build, ...]:
    """AMD's own indexes that hold every declared target, the newest known torch first.

    With none declared it can't be told. One index holds every target, each as an extra of torch.
    """
    python = (parse_numbers(context.python) or ())[:2]
    found = []
    for row in rows("rocm_builds", "family"):
        oldest, newest = (parse_numbers(text) or () for text in row.texts("python"))
        fits = context.platform in row.texts("platforms") and (not python or oldest <= python <= newest)
        if fits and targets and set(targets) <= set(row.texts("gfx")) and not context.envelope.one("musl"):
            found.append((numbers(row.text("torch")), _family(row, targets)))
    return tuple(build for _, build in sorted(found, key=lambda pair: pair[0], reverse=True))


def _family(row: Row, targets: tuple[str, ...]) -> Build:
    split = row.texts("extras")
    needs = "AMD's own builds" + ("" if split else ", for this family of GPUs alone")
    needs += '; their rocm is a source distribution: [tool.provenv] build = ["rocm"]'
    extras = tuple((package, f"device-{gfx}") for package in split for gfx in targets)
    newest = ("torch", row.text("torch")) if row.text("torch") else None
    packages = FAMILY + AMD_PACKAGES
    return Build(row.text("name"), row.text("index"), packages, needs=needs, extras=extras, newest=newest)
