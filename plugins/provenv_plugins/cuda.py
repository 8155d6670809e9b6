"""NVIDIA GPUs."""

from __future__ import annotations

from collections.abc import Iterable

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
    Runtime,
    VirtualPackage,
    hookimpl,
)
from provenv_plugins.numbers import checked
from provenv_plugins.pytorch import ALIASES, FAMILY, undeclared
from provenv_plugins.pytorch import excludes as pytorch_excludes
from provenv_plugins.pytorch import publishes as pytorch_publishes


def accepts(os: str, arch: str) -> str | None:
    """Linux on x86_64 and aarch64, Windows on x86_64."""
    if os == "macos":
        return "NVIDIA ended CUDA for macOS with 10.2, and PyTorch has no CUDA build for it"
    if (os, arch) not in (("linux", "x86_64"), ("linux", "aarch64"), ("windows", "x86_64")):
        return f"PyTorch has no CUDA build for {os} on {arch}"
    return None


def builds(context: Context) -> Builds:
    """See `cuda_builds.choose_builds`; the tables are read when a CUDA target is first asked about."""
    from provenv_plugins.cuda_builds import choose_builds

    return choose_builds(context)


def releases(package: str, context: Context) -> Releases:
    """See `cuda_builds.releases_for`."""
    if package != "torch":
        return Releases()
    from provenv_plugins.cuda_builds import releases_for

    return releases_for(context)


def publishes(url: str) -> tuple[str, ...]:
    """The PyTorch indexes', and what Jetson's own index has of the same."""
    jetson = url.startswith("https://pypi.jetson-ai-lab.io/")
    return (*FAMILY, "torchcodec", "onnxruntime-gpu") if jetson else pytorch_publishes(url)


def excludes(name: str, version: str) -> str | None:
    """What is compiled against ROCm's or Intel's torch; see `torch_kinds.excludes`."""
    return pytorch_excludes("CUDA", name, version)


def carried(name: str, version: str) -> str | None:
    """See `cuda_carriers.carried`."""
    from provenv_plugins.cuda_carriers import carried as major

    return major(name, version)


def detect(probe: Probe) -> Detection:
    """See `cuda_detect.detect`."""
    from provenv_plugins.cuda_detect import detect as find

    return find(probe)


def diagnose(probe: Probe) -> Iterable[Finding]:
    """See `cuda_detect.diagnose`."""
    from provenv_plugins.cuda_detect import diagnose as explain

    return explain(probe)


def inspect(probe: Probe, installation: Installation) -> Iterable[Finding]:
    """See `cuda_installed.inspect`."""
    from provenv_plugins.cuda_installed import inspect as judge

    return judge(probe, installation)


def virtual_packages(context: Context) -> tuple[VirtualPackage, ...]:
    """`__cuda`: the newest CUDA that the promised driver serves."""
    from provenv_plugins.cuda_drivers import newest_cuda

    return (VirtualPackage("__cuda", newest_cuda(context.envelope), word="cuda"),)


def conda_constraints(context: Context) -> tuple[str, ...]:
    """See `conda_builds.cuda_constraints`."""
    from provenv_plugins.conda_builds import cuda_constraints

    return cuda_constraints(context)


def features(context: Context) -> tuple[str, ...]:
    """See `cuda_variants.features`."""
    from provenv_plugins.cuda_variants import features as facts

    return facts(context)


def of_variant(properties: tuple[str, ...]) -> str | None:
    """See `cuda_variants.cuda_major`."""
    from provenv_plugins.cuda_variants import cuda_major

    return cuda_major(properties)


ENVELOPE = (
    EnvelopeKey(
        "driver",
        "VERSION",
        "the oldest NVIDIA driver that it must run on",
        check=checked(1, 4, "550 or 550.54.14"),
        examples=("470", "525.60.13", "550", "580.65", "999"),
    ),
    EnvelopeKey(
        "cuda",
        "VERSION",
        "the newest CUDA that the driver serves, where only that is known",
        check=checked(1, 3, "12.9"),
        examples=("11.8", "12.4", "13.0"),
        replaces=("driver",),
    ),
    EnvelopeKey(
        "compute-capability",
        "X.Y",
        "a compute capability that it must run on (may be given several times)",
        multiple=True,
        check=checked(2, 2, "8.6"),
        examples=("3.5", "6.1", "8.9", "12.0"),
    ),
)


# conda-forge's cupy, faiss and onnxruntime have builds for CUDA under the same name.
TWINS = (
    ("cupy", ("cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x")),
    ("faiss", ("faiss-gpu",)),
    ("onnxruntime", ("onnxruntime-gpu",)),
)


@hookimpl
def provenv_accelerators() -> Iterable[Accelerator]:
    """cuda."""
    yield Accelerator(
        name="cuda",
        preference=10,
        accepts=accepts,
        detect=detect,
        builds=builds,
        torch_device="cuda",
        family=FAMILY,
        envelope=ENVELOPE,
        conda_virtual_packages=virtual_packages,
        conda_constraints=conda_constraints,
        features=features,
        diagnose=diagnose,
        inspect=inspect,
        releases=releases,
        undeclared=undeclared,
        excludes=excludes,
        publishes=publishes,
        aliases=ALIASES,
        twins=TWINS,
        runtime=Runtime("CUDA", ("13", "12", "11"), carried, of_variant),
    )
