"""AMD GPUs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from provenv.hooks import (
    Accelerator,
    Builds,
    Context,
    Detection,
    EnvelopeKey,
    Finding,
    Installation,
    Probe,
    Releases,
    hookimpl,
)
from provenv_plugins.numbers import checked
from provenv_plugins.pytorch import ALIASES, FAMILY, undeclared
from provenv_plugins.pytorch import excludes as pytorch_excludes
from provenv_plugins.pytorch import publishes as pytorch_publishes


def accepts(os: str, arch: str) -> str | None:
    """Linux and Windows on x86_64."""
    if (os, arch) in (("linux", "x86_64"), ("windows", "x86_64")):
        return None
    return f"neither PyTorch nor AMD publishes ROCm builds for {os} on {arch}"


def builds(context: Context) -> Builds:
    """See `rocm_builds.choose_builds`; the tables are read when a ROCm target is first asked about."""
    from provenv_plugins.rocm_builds import choose_builds

    return choose_builds(context)


def releases(package: str, context: Context) -> Releases:
    """See `rocm_builds.releases_for`."""
    if package != "torch":
        return Releases()
    from provenv_plugins.rocm_builds import releases_for

    return releases_for(context)


def excludes(name: str, version: str) -> str | None:
    """What is compiled against CUDA's torch; see `torch_kinds.excludes`."""
    return pytorch_excludes("ROCm", name, version)


AMD_PACKAGES = ("rocm", "rocm-*", "amd-torch*", "amd-torchvision*", "amd-torchaudio*")
"""What AMD's own torch wheels need of the same index: rocm[libraries], rocm-sdk-*, amd-torch-device-*."""


def publishes(url: str) -> tuple[str, ...]:
    """The PyTorch indexes', and what AMD's own have of the same with the ROCm libraries."""
    hosts = ("repo.amd.com", "stable.repo.amd.com", "repo.radeon.com", "rocm.nightlies.amd.com")
    own = any(url.startswith(f"https://{host}/") for host in hosts)
    return (*FAMILY, *AMD_PACKAGES) if own else pytorch_publishes(url)


def detect(probe: Probe) -> Detection:
    """See `rocm_detect.detect`."""
    from provenv_plugins.rocm_detect import detect as find

    return find(probe)


def diagnose(probe: Probe) -> Iterable[Finding]:
    """See `rocm_detect.diagnose`."""
    from provenv_plugins.rocm_detect import diagnose as explain

    return explain(probe)


def inspect(probe: Probe, installation: Installation) -> Iterable[Finding]:
    """See `rocm_installed.inspect`."""
    from provenv_plugins.rocm_installed import inspect as judge

    return judge(probe, installation)


def environment(context: Context) -> Mapping[str, str]:
    """Nothing: HSA_OVERRIDE_GFX_VERSION is never set on anybody's behalf: a wrong one hangs machines."""
    return {}


def conda_constraints(context: Context) -> tuple[str, ...]:
    """See `conda_builds.rocm_constraints`."""
    from provenv_plugins.conda_builds import rocm_constraints

    return rocm_constraints(context)


def features(context: Context) -> tuple[str, ...]:
    """As AMD's provider of wheel variants says it: the GPU first, then the ROCm that is installed there.

    Source: github.com/wheelnext/amd-variant-provider, October 2025.
    """
    rocm = context.envelope.one("rocm")
    return (
        *(f"amd :: gfx_arch :: {gfx}" for gfx in context.envelope.all("gfx")),
        *((f"amd :: rocm_version :: {'.'.join(rocm.split('.')[:2])}",) if rocm else ()),
    )


def check_gfx(value: str) -> str | None:
    """`gfx` and three or four digits, the last two hexadecimal: gfx90a, gfx1100."""
    digits = value.removeprefix("gfx")
    good = value.startswith("gfx") and 3 <= len(digits) <= 4 and digits[:-2].isdigit()
    if good and all(char in "0123456789abcdef" for char in digits[-2:]):
        return None
    return f"{value!r} is no GPU target such as gfx1100 or gfx90a"


ENVELOPE = (
    EnvelopeKey(
        "gfx",
        "TARGET",
        "a GPU target that it must run on (may be given several times)",
        multiple=True,
        check=check_gfx,
        examples=("gfx803", "gfx906", "gfx90a", "gfx1100", "gfx1201"),
    ),
    EnvelopeKey(
        "rocm",
        "VERSION",
        "the ROCm that is installed there, which wheel variants ask for",
        check=checked(2, 3, "6.4 or 7.0.1"),
    ),
)


@hookimpl
def provenv_accelerators() -> Iterable[Accelerator]:
    """rocm."""
    yield Accelerator(
        name="rocm",
        preference=20,
        accepts=accepts,
        detect=detect,
        builds=builds,
        torch_device="cuda",  # torch's ROCm builds go by CUDA's name
        family=FAMILY,
        envelope=ENVELOPE,
        conda_constraints=conda_constraints,
        environment=environment,
        features=features,
        diagnose=diagnose,
        inspect=inspect,
        releases=releases,
        undeclared=undeclared,
        excludes=excludes,
        publishes=publishes,
        aliases=ALIASES,
    )
