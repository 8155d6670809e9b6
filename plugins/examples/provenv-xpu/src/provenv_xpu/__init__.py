"""Intel GPUs (XPU) for provenv."""

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

# Built together, from one index; the rest of what torch requires is Intel's, on the default index.
FAMILY = ("torch", "torchvision", "torchaudio", "triton-xpu", "pytorch-triton-xpu")


def accepts(os: str, arch: str) -> str | None:
    """Linux and Windows on x86_64."""
    if os in ("linux", "windows") and arch == "x86_64":
        return None
    return f"PyTorch's XPU builds are for Linux and Windows on x86_64, not for {os or '?'} on {arch or '?'}"


def check_family(value: str) -> str | None:
    """None for a family of Intel GPUs, else what is wrong with it."""
    from provenv_xpu.families import families

    known = [family.name for family in families()]
    return None if value in known else f"{value!r} is no family of Intel GPUs; known are {', '.join(known)}"


# The tables are read when somebody asks about an Intel GPU, and not before.
def builds(context: Context) -> Builds:
    """See `builds.choose`."""
    from provenv_xpu.builds import choose

    return choose(context)


def releases(package: str, context: Context) -> Releases:
    """See `builds.releases`."""
    from provenv_xpu.builds import releases as table

    return table(package, context)


def detect(probe: Probe) -> Detection:
    """See `detect.detect`."""
    from provenv_xpu.detect import detect as find

    return find(probe)


def diagnose(probe: Probe) -> Iterable[Finding]:
    """See `detect.diagnose`."""
    from provenv_xpu.detect import diagnose as explain

    return explain(probe)


def features(context: Context) -> tuple[str, ...]:
    """As Intel's provider of wheel variants says it: the platform whose code the promised GPUs run."""
    from provenv_xpu.families import families

    promised = context.envelope.all("intel-gpu")
    found = (family.device_ip for family in families() if family.name in promised and family.device_ip)
    return tuple(f"intel :: device_ip :: {address}" for address in dict.fromkeys(found))


ENVELOPE = (
    EnvelopeKey(
        "intel-gpu",
        "FAMILY",
        "a family of Intel GPUs that it must run on, such as battlemage (may be given several times)",
        multiple=True,
        check=check_family,
    ),
)


@hookimpl
def provenv_accelerators() -> Iterable[Accelerator]:
    """xpu."""
    yield Accelerator(
        name="xpu",
        preference=40,
        accepts=accepts,
        detect=detect,
        builds=builds,
        torch_device="xpu",
        family=FAMILY,
        envelope=ENVELOPE,
        features=features,
        diagnose=diagnose,
        releases=releases,
    )
