"""Environments on machines: what the plugins say of the torch that lies in one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from provenv.hooks.installations import Distribution, Installation
from provenv.hooks.manager import plugins
from provenv.hooks.types import Finding, Probe
from support import machines

SITE = "/env/lib/python3.12/site-packages"
RTX_3090 = ("NVIDIA GeForce RTX 3090", "8.6", 24576)
RTX_5090 = ("NVIDIA GeForce RTX 5090", "12.0", 32607)
A100 = ("NVIDIA A100-SXM4-40GB", "8.0", 40960)


def installation(accelerator: str | None = None, /, **versions: str) -> Installation:
    found = (
        Distribution(name.replace("_", "-"), version, SITE) for name, version in sorted(versions.items())
    )
    return Installation("/env", tuple(found), accelerator)


def judged(probe: Probe, environment: Installation) -> list[Finding]:
    """What all accelerator plugins say of an environment, as the doctor asks them."""
    return [
        finding
        for accelerator in plugins().accelerators.values()
        for finding in accelerator.inspect(probe, environment)
    ]


def codes(probe: Probe, environment: Installation) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in judged(probe, environment)]


def version_py(cuda: str | None, hip: str | None = None) -> Mapping[str, object]:
    text = f"__version__ = 'x'\ndebug = False\ncuda: Optional[str] = {cuda!r}\nhip: Optional[str] = {hip!r}\n"
    return {f"{SITE}/torch/version.py": text}


def test_an_environment_that_belongs_together_and_to_its_machine_is_not_spoken_of() -> None:
    probe = machines.linux(**machines.nvml("550.54.14", "12.4", RTX_3090))
    environment = installation(
        torch="2.6.0+cu124",
        torchvision="0.21.0+cu124",
        torchaudio="2.6.0+cu124",
        triton="3.2.0",
        nvidia_cublas_cu12="12.4.5.8",
        numpy="2.2.0",
    )

    assert codes(probe, environment) == []


def test_a_cpu_build_on_a_gpu_machine_gets_the_command_for_the_same_torch() -> None:
    probe = machines.linux(**machines.nvml("550.54.14", "12.4", RTX_3090))

    (finding,) = judged(probe, installation(torch="2.6.0+cpu", torchvision="0.21.0+cpu"))

    assert (finding.code, finding.severity) == ("cpu-build-on-gpu-machine", "error")
    assert "RTX 3090" in finding.message
    assert finding.remedy.startswith("/env/bin/python -m pip install --force-reinstall torch==2.6.0 ")
    assert "torchvision==0.21.0 --index-url https://download.pytorch.org/whl/cu12" in finding.remedy


def test_a_cpu_build_that_was_chosen_is_no_fault() -> None:
    probe = machines.linux(**machines.nvml("550.54.14", "12.4", RTX_3090))

    assert codes(probe, installation("cpu", torch="2.6.0+cpu")) == []
    assert codes(machines.linux(), installation(torch="2.6.0+cpu")) == []


def test_a_cpu_build_beside_a_gpu_that_no_build_runs_is_no_fault() -> None:
    probe = machines.linux(**machines.nvml("470.256.02", "11.4", ("Tesla K40m", "3.5", 11441)))

    assert codes(probe, installation(torch="2.6.0+cpu")) == []


@pytest.mark.parametrize(
    ("driver", "cuda", "torch", "fault"),
    [
        ("470.161.03", "11.4", "2.4.0+cu118", False),
        ("470.161.03", "11.4", "2.4.0+cu121", True),
        ("535.183.01", "12.2", "2.9.0+cu128", False),
        ("550.54.14", "12.4", "2.9.0+cu130", True),
    ],
)
def test_a_driver_runs_every_build_of_its_cuda_major_and_no_newer_one(
    driver: str, cuda: str, torch: str, fault: bool
) -> None:
    found = judged(machines.linux(**machines.nvml(driver, cuda, A100)), installation(torch=torch))

    assert [finding.code for finding in found] == ["nvidia-driver-too-old-for-build"] * fault
    if fault:
        assert driver in found[0].message
        assert "download.pytorch.org/whl/cu1" in found[0].remedy


def test_a_driver_that_is_too_old_for_what_the_default_index_gave_is_told_by_torch_s_own_words() -> None:
    answers = machines.nvml("470.161.03", "11.4", A100)
    probe = machines.linux(**{**answers, "file": version_py("12.8")})

    (finding,) = judged(probe, installation(torch="2.9.0"))

    assert finding.code == "nvidia-driver-too-old-for-build"
    assert "built for CUDA 12.8" in finding.message


def test_a_gpu_that_the_build_has_no_code_for() -> None:
    probe = machines.linux(**machines.nvml("580.65.06", "13.0", RTX_5090))

    (finding,) = judged(probe, installation(torch="2.7.0+cu126"))

    assert (finding.code, finding.severity) == ("gpu-not-in-build", "error")
    assert "not for 12.0 (NVIDIA GeForce RTX 5090)" in finding.message
    assert "torch==2.7.0 --index-url https://download.pytorch.org/whl/cu128" in finding.remedy


def test_one_of_two_gpus_without_code_is_a_warning() -> None:
    probe = machines.linux(**machines.nvml("580.65.06", "13.0", RTX_3090, RTX_5090))

    assert codes(probe, installation(torch="2.7.0+cu126")) == [("gpu-not-in-build", "warning")]


def test_a_conda_build_is_not_judged_by_pytorch_s_tables() -> None:
    installer = {f"{SITE}/torch-2.7.0.dist-info/INSTALLER": "conda\n"}
    answers = machines.nvml("580.65.06", "13.0", RTX_5090)
    probe = machines.linux(**{**answers, "file": {**version_py("12.6"), **installer}})

    assert codes(probe, installation(torch="2.7.0")) == []


def test_a_cuda_build_where_there_is_no_gpu() -> None:
    probe = machines.linux(file=version_py("12.8"))

    assert codes(probe, installation(torch="2.9.0")) == [("cuda-build-without-gpu", "note")]
    assert codes(probe, installation("cuda", torch="2.9.0")) == [("cuda-build-without-gpu", "error")]


def test_a_lock_s_own_environment_is_mended_by_installing_it_again() -> None:
    probe = machines.linux(**machines.nvml("470.161.03", "11.4", A100))

    found = judged(probe, installation("cuda", torch="2.4.0+cu121", torchvision="0.20.0+cu121"))

    assert {finding.code for finding in found} == {"nvidia-driver-too-old-for-build", "torch-family-mismatch"}
    assert all(finding.remedy.endswith("provenv install") for finding in found)


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        ({"torchvision": "0.16.0"}, [("torch-family-mismatch", "error")]),
        ({"torchaudio": "2.5.1"}, [("torch-family-mismatch", "error")]),
        ({"torchvision": "0.16.0", "torchaudio": "2.5.1"}, [("torch-family-mismatch", "error")]),
        ({"torchvision": "0.21.0+cpu", "torchaudio": "2.6.0"}, []),
        ({"torchvision": "0.21.0+cu118"}, [("torch-family-builds-differ", "error")]),
        ({"torchvision": "0.21.0+7af6987"}, []),
        ({"torchtext": "0.18.0"}, [("torchtext-has-ended", "error")]),
        ({"torchcodec": "0.1.0"}, [("torchcodec-mismatch", "error")]),
        ({"torchcodec": "0.2.1"}, []),
        ({"triton": "3.0.0"}, []),  # a CPU build never asks triton
    ],
)
def test_what_lies_beside_torch_belongs_to_it(beside: dict[str, str], said: list[tuple[str, str]]) -> None:
    assert codes(machines.linux(), installation(torch="2.6.0+cpu", **beside)) == said


def test_the_pair_that_is_wanted_is_named_with_its_command() -> None:
    (finding,) = judged(machines.linux(), installation(torch="2.6.0+cpu", torchvision="0.16.0"))

    assert (
        finding.message == "/env has torchvision 0.16.0 beside torch 2.6.0+cpu; with it go torchvision 0.21.0"
    )
    assert finding.remedy == (
        "/env/bin/python -m pip install --force-reinstall torchvision==0.21.0 "
        "--index-url https://download.pytorch.org/whl/cpu"
    )


def test_windows_gets_a_command_of_windows() -> None:
    environment = Installation(
        r"C:\My Env",
        (Distribution("torch", "2.6.0+cpu", "x"), Distribution("torchvision", "0.16.0", "x")),
    )

    (finding,) = judged(machines.windows(), environment)

    assert finding.remedy.startswith(r'& "C:\My Env\Scripts\python.exe" -m pip install')


def test_another_patch_release_is_a_note_and_a_torch_of_no_table_is_not_judged() -> None:
    assert codes(machines.linux(), installation(torch="2.4.1+cpu", torchvision="0.19.0")) == [
        ("torch-family-patch-differs", "note")
    ]
    assert codes(machines.linux(), installation(torch="9.1.0+cpu", torchvision="0.16.0")) == []
    assert codes(machines.linux(), installation(torch="2.6.0a0+gitabc", torchvision="0.16.0")) == []


def test_another_triton_than_torch_compiles_with() -> None:
    probe = machines.linux(**machines.nvml("550.54.14", "12.4", RTX_3090))

    assert codes(probe, installation(torch="2.6.0+cu124", triton="3.0.0")) == [("triton-mismatch", "warning")]


def test_an_upgrade_that_was_broken_off_leaves_two_torches() -> None:
    both = (Distribution("torch", "2.5.1+cpu", SITE), Distribution("torch", "2.6.0+cpu", SITE))

    assert codes(machines.linux(), Installation("/env", both)) == [("torch-installed-twice", "error")]


def test_libraries_of_two_cuda_majors() -> None:
    probe = machines.linux(**machines.nvml("580.65.06", "13.0", RTX_3090))
    environment = installation(
        torch="2.9.0+cu126", nvidia_cublas_cu12="12.6.4.1", nvidia_cudnn_cu11="9.1.0", cupy_cuda12x="13.0"
    )

    (finding,) = judged(probe, environment)

    assert (finding.code, finding.severity) == ("two-cuda-majors", "warning")
    assert "CUDA 11: nvidia-cudnn-cu11 9.1.0; CUDA 12: torch 2.9.0+cu126, " in finding.message
    assert finding.remedy == "pip uninstall -y nvidia-cudnn-cu11"


def library_path(path: str, **folders: list[str]) -> Probe:
    answers = machines.nvml("580.65.06", "13.0", RTX_3090)
    kept = {f"/{name}/lib64": names for name, names in folders.items()}
    return machines.linux(
        **{
            **answers,
            "environment": {"LD_LIBRARY_PATH": path},
            "folder": {**answers["folder"], **kept, "/cuda/stubs": ["libcuda.so"]},
        }
    )


def test_a_library_path_to_another_cuda_major_is_stale() -> None:
    probe = library_path(
        "/old/lib64:/lib/x:/old/lib64", old=["libcublas.so.11", "libcudart.so.11.0", "libx.so.1"]
    )

    (finding,) = judged(probe, installation(torch="2.9.0+cu128"))

    assert (finding.code, finding.severity) == ("cuda-library-path-stale", "warning")
    assert "CUDA 11 in /old/lib64; torch 2.9.0+cu128 is built for CUDA 12.8" in finding.message
    assert finding.remedy == "export LD_LIBRARY_PATH=/lib/x"


def test_a_library_path_to_torch_s_own_major_is_left_alone() -> None:
    probe = library_path("/new/lib64", new=["libcublas.so.12"])

    assert codes(probe, installation(torch="2.9.0+cu128")) == []


def test_the_stub_of_the_driver_s_library_hides_every_gpu() -> None:
    found = codes(library_path("/cuda/stubs:/x"), installation(torch="2.9.0+cu128"))

    assert found == [("cuda-stub-on-library-path", "error")]


MI300X = (90402, "AMD Instinct MI300X")


def test_an_amd_gpu_and_builds_for_something_else() -> None:
    probe = machines.linux(**machines.kfd(MI300X))

    assert codes(probe, installation(torch="2.9.0+cpu")) == [("cpu-build-on-gpu-machine", "error")]
    (finding,) = [
        finding
        for finding in judged(probe, installation(torch="2.9.0+cu128"))
        if finding.code == "build-for-other-gpus"
    ]
    assert "torch==2.9.0 --index-url https://download.pytorch.org/whl/rocm" in finding.remedy


def test_a_rocm_build_is_for_the_gpus_that_it_is_compiled_for() -> None:
    assert codes(machines.linux(**machines.kfd(MI300X)), installation(torch="2.9.0+rocm6.4")) == []
    old = machines.linux(**machines.kfd((80003, "Vega 10")))
    (finding,) = judged(old, installation(torch="2.9.0+rocm6.4"))
    assert (finding.code, finding.severity) == ("gpu-not-in-build", "error")


def test_an_environment_without_torch_has_nothing_to_be_judged() -> None:
    assert (
        codes(machines.linux(**machines.nvml("470.161.03", "11.4", A100)), installation(numpy="2.2.0")) == []
    )
