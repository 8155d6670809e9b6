"""Which locks a machine can use, and why not the others."""

from __future__ import annotations

from provenv.fitting import best_first, fit
from provenv.hooks.manager import plugins
from provenv.hooks.types import Envelope
from provenv.host import Host
from provenv.recording import RecordedProbe
from provenv.targets import Target, target_name
from support import machines

PLUGINS = plugins()
GPU_550 = machines.linux(**machines.nvml("550.54.14", "12.4", ("NVIDIA GeForce RTX 4090", "8.9", 24564)))


def host(probe: RecordedProbe) -> Host:
    return Host(PLUGINS, probe)


def target(
    platform: str = "linux-x86_64", accelerator: str = "cpu", python: str = "3.12.0", **words: str
) -> Target:
    defaults = PLUGINS.platforms[platform].defaults
    name = target_name(platform, accelerator, python)
    return Target(name, platform, python, accelerator, Envelope.of(words) if words else defaults)


def test_a_lock_for_another_platform_does_not_fit() -> None:
    found = fit(target("macos-arm64", "mps"), host(machines.linux()))

    assert not found.fits
    assert found.reasons == ("it is for macos-arm64, and this machine is linux-x86_64",)


def test_an_older_glibc_does_not_fit_and_a_newer_one_does() -> None:
    assert fit(target(), host(machines.linux(libc="glibc 2.39"))).fits
    assert fit(target(), host(machines.linux(libc="glibc 2.17"))).reasons == (
        "it needs glibc 2.28 or newer, and this machine has 2.17",
    )


def test_glibc_and_musl_do_not_stand_for_each_other() -> None:
    assert fit(target(), host(machines.linux(libc="musl 1.2"))).reasons == (
        "it needs glibc 2.28 or newer, and this machine has musl 1.2",
    )
    assert fit(target(musl="1.2"), host(machines.linux())).reasons == (
        "it needs musl 1.2 or newer, and this machine has glibc 2.35",
    )


def test_an_older_macos_does_not_fit() -> None:
    assert fit(target("macos-arm64"), host(machines.macos(version="13.6"))).reasons == (
        "it needs macos 14.0 or newer, and this machine has 13.6",
    )


def test_an_accelerator_that_is_not_here_is_said() -> None:
    assert fit(target(accelerator="cuda"), host(machines.linux())).reasons == (
        "no usable cuda device was found here",
    )


def test_an_accelerator_that_does_not_work_is_said_with_what_is_wrong() -> None:
    broken = machines.linux(
        library={"provenv: nvidia-driver": {"error": "Driver/library version mismatch"}},
        folder={"/dev": ["nvidiactl"]},
    )

    (reason,) = fit(target(accelerator="cuda"), host(broken)).reasons

    assert "different versions" in reason


def test_a_lock_s_own_build_must_run_here() -> None:
    cuda = target(accelerator="cuda", driver="580", glibc="2.28")

    assert fit(cuda, host(GPU_550), build="cu126").fits
    assert fit(cuda, host(GPU_550), build="cu132").reasons == (
        "build cu132: it needs NVIDIA driver 580.65.06 or newer; this target promises 550.54.14",
    )


def test_a_lock_s_own_torch_must_run_here() -> None:
    v100 = host(machines.linux(**machines.nvml("580.65.06", "13.0", ("Tesla V100-SXM2-16GB", "7.0", 16384))))
    cuda = target(accelerator="cuda")

    assert fit(cuda, v100, build="cu128", versions={"torch": "2.10.0+cu128"}).fits
    (reason,) = fit(cuda, v100, build="cu128", versions={"torch": "2.11.0+cu128"}).reasons
    assert "torch>=2.8.0,<2.11.0" in reason


def test_the_best_accelerator_comes_first_then_this_python_then_the_newest() -> None:
    targets = [
        target(accelerator=accelerator, python=python)
        for accelerator in ("cpu", "cuda")
        for python in ("3.11.0", "3.12.0", "3.13.0")
    ]

    assert [t.name for t in best_first(targets, host(GPU_550))] == [
        "linux-x86_64-cuda-py312",
        "linux-x86_64-cuda-py313",
        "linux-x86_64-cuda-py311",
        "linux-x86_64-cpu-py312",
        "linux-x86_64-cpu-py313",
        "linux-x86_64-cpu-py311",
    ]
