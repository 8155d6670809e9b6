"""Huawei Ascend NPUs for provenv."""

from __future__ import annotations

from collections.abc import Iterable

from provenv.hooks import (
    Accelerator,
    Builds,
    Context,
    Detection,
    EnvelopeKey,
    Finding,
    Probe,
    Releases,
    hookimpl,
)

PROVENV_API = 1

# These come from PyTorch's CPU index; torch-npu, which makes them run on an NPU, from the default index.
FAMILY = ("torch", "torchvision", "torchaudio")


def accepts(os: str, arch: str) -> str | None:
    """Linux on x86_64 and aarch64."""
    if os == "linux" and arch in ("x86_64", "aarch64"):
        return None
    return f"torch-npu is published for Linux on x86_64 and aarch64, not for {os or '?'} on {arch or '?'}"


def check_cann(value: str) -> str | None:
    """None for a version of CANN, else what is wrong with it."""
    from provenv_npu.cann import cann_key

    return None if cann_key(value) else f"{value!r} is no CANN version such as 9.1.0 or 8.3.RC1"


# The tables are read when somebody asks about an NPU, and not before.
def builds(context: Context) -> Builds:
    """See `builds.choose`."""
    from provenv_npu.builds import choose

    return choose(context)


def undeclared(name: str, version: str) -> tuple[str, ...]:
    """torch runs on an NPU with torch-npu beside it, which its own metadata do not know of."""
    return ("torch-npu",) if name == "torch" else ()


def releases(package: str, context: Context) -> Releases:
    """See `builds.releases`."""
    from provenv_npu.builds import releases as table

    return table(package, context)


def detect(probe: Probe) -> Detection:
    """See `detect.detect`."""
    from provenv_npu.detect import detect as find

    return find(probe)


def diagnose(probe: Probe) -> Iterable[Finding]:
    """See `detect.diagnose`."""
    from provenv_npu.detect import diagnose as explain

    return explain(probe)


def features(context: Context) -> tuple[str, ...]:
    """As Ascend's provider of wheel variants says it (mryanzhicong/huawei-ascend-variant-provider, 2026)."""
    cann = context.envelope.one("cann")
    return (f"ascend :: cann_version :: {cann.lower().replace('-', '.')}",) if cann else ()


ENVELOPE = (
    EnvelopeKey("cann", "VERSION", "the CANN toolkit of that machine, such as 9.1.0", check=check_cann),
)


@hookimpl
def provenv_accelerators() -> Iterable[Accelerator]:
    """npu."""
    yield Accelerator(
        name="npu",
        preference=45,
        accepts=accepts,
        detect=detect,
        builds=builds,
        torch_device="npu",
        family=FAMILY,
        envelope=ENVELOPE,
        features=features,
        diagnose=diagnose,
        releases=releases,
        undeclared=undeclared,
    )
