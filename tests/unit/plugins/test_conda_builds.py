"""The builds of conda packages that each accelerator takes, by what its target promises."""

from __future__ import annotations

import re

import pytest

from provenv.hooks import Context
from provenv.hooks.manager import plugins
from provenv.hooks.types import Envelope

ACCELERATORS = plugins().accelerators
BUILDS = (
    "cpu_mkl_py313_h1_100",
    "cpu_generic_py313_h1_0",
    "cuda118_py313_h1_300",
    "cuda126_py313_h1_300",
    "cuda128_mkl_py313_h1_300",
    "cuda129_generic_py313_h1_200",
    "cuda130_generic_py313_h1_200",
    "py3.10_cuda11.8_cudnn8.7.0_0",
    "py3.10_cpu_0",
    "rocm64_py313_h1_0",
)


def taken(
    accelerator: str, package: str = "pytorch", os: str = "linux", **words: tuple[str, ...]
) -> list[str]:
    """Which of the builds the accelerator's constraint lets through."""
    context = Context(f"{os}-x86_64", os, "x86_64", "3.13.0", Envelope.of(words))
    constraints = ACCELERATORS[accelerator].conda_constraints(context)
    found = next(text for text in constraints if text.startswith(f"{package}["))
    pattern = re.fullmatch(r'[\w-]+\[build="(.*)"\]', found)
    assert pattern
    return [build for build in BUILDS if re.fullmatch(pattern[1].removeprefix("^").removesuffix("$"), build)]


def test_a_processor_takes_no_gpus_builds() -> None:
    assert taken("cpu") == ["cpu_mkl_py313_h1_100", "cpu_generic_py313_h1_0", "py3.10_cpu_0"]


def test_rocm_takes_rocms() -> None:
    assert taken("rocm") == ["rocm64_py313_h1_0"]


@pytest.mark.parametrize(
    ("words", "builds"),
    [
        ({"cuda": ("13.0",)}, {"118", "126", "128", "129", "130", "11.8"}),
        ({"cuda": ("12.9",)}, {"118", "126", "128", "129", "11.8"}),
        ({"cuda": ("12.2",)}, {"118", "126", "128", "129", "11.8"}),
        ({"driver": ("470",)}, {"118", "11.8"}),
        ({"cuda": ("13.0",), "compute-capability": ("7.0",)}, {"118", "126", "128", "129", "11.8"}),
        ({"cuda": ("13.0",), "compute-capability": ("12.0",)}, {"128", "129", "130"}),
        ({"cuda": ("13.0",), "compute-capability": ("7.0", "12.0")}, {"128", "129"}),
        ({"cuda": ("13.0",), "compute-capability": ("10.3",)}, {"128", "129", "130"}),
        ({"cuda": ("13.0",), "compute-capability": ("12.1",)}, {"128", "129", "130"}),
        ({"cuda": ("12.9",), "compute-capability": ("8.9",)}, {"118", "126", "128", "129", "11.8"}),
        ({"cuda": ("13.0",), "compute-capability": ("9.0",)}, {"118", "126", "128", "129", "130", "11.8"}),
        ({"cuda": ("13.0",), "compute-capability": ("11.0",)}, {"130"}),
        ({"cuda": ("13.0",), "compute-capability": ("10.1",)}, {"128", "129"}),
        ({"cuda": ("13.0",), "compute-capability": ("3.7", "9.0")}, {"118", "11.8"}),
        ({"cuda": ("13.0",), "compute-capability": ("3.7", "12.0")}, set()),
        ({"cuda": ("12.9",), "compute-capability": ("3.7",)}, {"118", "11.8"}),
        ({"cuda": ("12.9",), "compute-capability": ("11.0",)}, set()),
    ],
)
def test_cuda_takes_what_driver_and_gpus_run(words: dict[str, tuple[str, ...]], builds: set[str]) -> None:
    found = {match[1] for build in taken("cuda", **words) if (match := re.search(r"cuda([0-9.]+)", build))}
    assert found == builds


def test_every_package_with_builds_of_both_kinds_is_held_to_it() -> None:
    for package in ("pytorch", "libtorch", "jaxlib", "tensorflow-base"):
        assert "rocm64_py313_h1_0" not in taken("cpu", package)
    assert "cuda129_generic_py313_h1_200" in taken("cuda", "libtorch", os="windows", cuda=("12.9",))
