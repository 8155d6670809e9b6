"""Which CUDA builds of torch run on a target's driver and GPUs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from provenv.hooks import Builds, Context, Releases
from provenv_plugins.cuda_drivers import driver_fault, dropped_fault, floor, numbers
from provenv_plugins.pytorch import index_of
from provenv_plugins.tables import Row, rows
from provenv_plugins.torch_builds import Flavour, Runs, choose, compiled, releases
from provenv_plugins.torch_rows import torch_releases

# GPUs inside Jetson modules. torch's own check (DEVICE_REQUIREMENT in torch/cuda/__init__.py, 2.11 to 2.15)
# takes no desktop or server code for them; from CUDA 13.2 on it does for these two (pytorch PR #186285).
JETSON = frozenset({"5.3", "6.2", "7.2", "8.7"})
JETSON_FROM_CUDA_13_2 = frozenset({"7.2", "8.7"})


def choose_builds(context: Context) -> Builds:
    """The builds for a target's driver and compute capabilities, the newest usable torch first.

    Without a declared driver a current one (580 or newer, CUDA 13) is assumed, without declared compute
    capabilities a GPU that the newest builds run; each build says so in `needs`. Of several capabilities one
    build must run all.
    """
    return choose(context, flavours(context), _refuses(context), _runs(context))


def releases_for(context: Context) -> Releases:
    """The table of torch's CUDA builds for a target; where it promises no hardware, no row is sure."""
    promised = any(context.envelope.one(word) for word in ("driver", "cuda", "compute-capability"))

    def unsure(flavour: Flavour, torch: str) -> str | None:
        if promised:
            return None
        codes = ", ".join(compiled_for(flavour.name, context.platform, torch))
        driver = floor(cuda_of(flavour.name)[0], context.os)
        return f"it needs NVIDIA driver {driver} or newer and a GPU of compute capability {codes} (or alike)"

    # torch's wheels for Windows require no triton
    without = () if context.os == "linux" else ("triton",)
    return torch_releases(
        context, flavours(context), _refuses(context), _runs(context), unsure=unsure, without=without
    )


def _refuses(context: Context) -> Callable[[Flavour], str | None]:
    """Why the promised driver serves no version of a build."""
    capabilities = context.envelope.all("compute-capability")

    def refuses(flavour: Flavour) -> str | None:
        faults = [driver_fault(cuda_of(flavour.name)[0], context.os, context.envelope)]
        faults += [dropped_fault(capability, context.envelope) for capability in capabilities]
        return next(filter(None, reversed(faults)), None)

    return refuses


def _runs(context: Context) -> Runs:
    """Why one of the promised GPUs does not run a version of a build."""
    capabilities = context.envelope.all("compute-capability")

    def runs(flavour: Flavour, torch: str) -> str | None:
        codes = compiled_for(flavour.name, context.platform, torch)
        missing = [c for c in capabilities if not covers(codes, c, cuda_of(flavour.name))]
        return _arch_fault(torch, codes, missing[0]) if missing else None

    return runs


def is_newer_than_builds(context: Context) -> bool:
    """Whether a promised GPU is newer than all that the platform's builds are compiled for."""
    newest = [compiled_for(one.name, context.platform, one.torch[-1]) for one in flavours(context)]
    codes = [numbers(code) for found in newest for code in found]
    return any(numbers(c) > max(codes, default=(0,)) for c in context.envelope.all("compute-capability"))


def flavours(context: Context) -> Iterable[Flavour]:
    """The platform's CUDA builds: the default index's, the PyTorch index's, and Jetson's own for a Jetson."""
    yield from _default_flavours(context)
    capabilities = set(context.envelope.all("compute-capability"))
    for row in rows("cuda_builds", "build"):
        only = set(row.texts("only"))
        if row.text("platform") == context.platform and (not only or only & capabilities):
            yield _flavour(row, context)


def _flavour(row: Row, context: Context) -> Flavour:
    name, index, pythons = row.text("name"), row.text("index"), row.texts("python")
    return Flavour(
        name,
        index or index_of(name),
        row.texts("torch"),
        # Jetson's files have no label; aarch64 torchvision and torchaudio had none up to 0.24 and 2.9, and
        # triton never has one.
        ("",) if index else (name, ""),
        unadvertised=frozenset(row.texts("unadvertised")),
        python=(pythons[0], pythons[1]) if pythons else None,
        note=_needs(name, context),
        runtime=str(cuda_of(name)[0]),
        glibc=row.text("glibc"),
    )


def _default_flavours(context: Context) -> Iterable[Flavour]:
    """The default index's Linux wheels, by the CUDA that each release was built with."""
    by_build: dict[str, list[str]] = {}
    for release in releases():
        build = dict(release.default_builds).get(context.platform, "")
        if build.startswith("cu"):
            by_build.setdefault(build, []).append(release.torch)
    for name, torch in by_build.items():
        note = f"{_needs(name, context)}; these are the default index's own wheels"
        major = str(cuda_of(name)[0])
        yield Flavour(name, None, tuple(torch), ("", name), labelled=False, note=note, runtime=major)


def _needs(name: str, context: Context) -> str:
    major = cuda_of(name)[0]
    words = f"NVIDIA driver {floor(major, context.os)} or newer"
    if not (context.envelope.one("driver") or context.envelope.one("cuda")):
        words += " (the target promises none, so a current one, 580 or newer, is assumed)"
    if not context.envelope.all("compute-capability"):
        words += "; a GPU that its newest torch is compiled for (the target promises no compute capability)"
    return words


@cache
def cuda_of(name: str) -> tuple[int, int]:
    """The CUDA version in a build's name: `cu126` and `jp6-cu126` are 12.6."""
    digits = name.rpartition("cu")[2]
    return int(digits[:-1]), int(digits[-1])


def compiled_for(name: str, platform: str, torch: str) -> tuple[str, ...]:
    """The compute capabilities that a build's torch holds machine code for, oldest first."""
    return compiled("cuda_builds", name, platform, torch)


def covers(codes: Iterable[str], capability: str, cuda: tuple[int, int]) -> bool:
    """Whether machine code for one of these compute capabilities runs on a GPU of another.

    Code for X.y runs on X.z where z >= y and on no other major (CUDA's binary compatibility). A Jetson's GPU
    is apart, as torch sees it: its code is for itself, and before CUDA 13.2 nothing else is for it.
    """
    major, minor = numbers(capability)[:2]
    apart = capability in JETSON and not (cuda >= (13, 2) and capability in JETSON_FROM_CUDA_13_2)
    for code in codes:
        if code == capability:
            return True
        code_major, code_minor = numbers(code)[:2]
        if not apart and code not in JETSON and code_major == major and code_minor <= minor:
            return True
    return False


def _arch_fault(torch: str, codes: tuple[str, ...], capability: str) -> str:
    words = f"torch {torch} is compiled for compute capability {', '.join(codes)}, not for {capability}"
    if capability in JETSON:
        words += " (a Jetson module runs server and desktop builds from CUDA 13.2 on alone, with JetPack 7.2)"
    return words
