"""Packages compiled against torch beside a torch of a build: its CUDA and its ABI hold."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from provenv.errors import NoSolution
from provenv.hooks.types import Envelope
from provenv.locking import resolver_of
from provenv.manifest.adhoc import adhoc_manifest
from provenv.manifest.values import Index
from provenv.project import NetworkFlags, open_project
from provenv.resolution import Resolution
from provenv.resolving.resolve import Options
from support.distributions import make_wheel, metadata_text
from support.index_server import ServedFile
from support.pytorch_replica import FACTS, MAIN, Entry, PytorchReplica

pytestmark = pytest.mark.skipif(not FACTS.exists(), reason="the recorded PyTorch index is not here")

LINUX = "cp38-abi3-manylinux_2_28_x86_64"
FLASH = "flash_attn-2.8.3+{label}-cp312-cp312-linux_x86_64.whl"


@pytest.fixture(scope="module")
def replica() -> Iterator[PytorchReplica]:
    with PytorchReplica() as found:
        add = found.default.add
        add("vllm", "0.32.0", tags=[LINUX], requires=["torch==2.13.0"])
        add("vllm", "0.19.1", tags=[LINUX], requires=["torch==2.10.0"])
        add("xformers", "0.0.35", tags=[LINUX], requires=["torch>=2.10", "numpy"])
        add("xformers", "0.0.32.post2", tags=[LINUX], requires=["torch==2.8.0", "numpy"])
        for version in ("0.17.0", "0.9.1"):
            add("torchcodec", version)
        for version in ("1.8.0", "1.3.0"):
            add("fbgemm-gpu", version, requires=["numpy"])
        for version in ("0.14.0", "0.12.0"):
            add("torchao", version)
        for label in ("cu12torch2.8cxx11abiTRUE", "cu13torch2.9cxx11abiTRUE", "cu12torch2.7cxx11abiFALSE"):
            # the name of a release's file has a label that its metadata do not have
            text = metadata_text("flash-attn", "2.8.3", requires=["torch"])
            wheel = make_wheel("flash-attn", "2.8.3", text, tags="cp312-cp312-linux_x86_64")
            path = f"/releases/{FLASH.format(label=label)}"
            found.default.pages[path] = ("application/octet-stream", wheel)
        of_build = Entry(
            "xformers-0.0.34-cp39-abi3-manylinux_2_28_x86_64.whl", f"{MAIN}/x", "0.0.34", None, ()
        )
        served = ServedFile(of_build.filename, of_build.wheel(), of_build.metadata())
        found.default.add_file("own-xformers", served)
        page = f'<!DOCTYPE html><a href="{found.default.file_url(served.filename)}">{served.filename}</a>'
        found.main.pages["/whl/cu130/xformers/"] = ("text/html", page.encode())
        add("vllm", "0.18.0", tags=[LINUX], requires=["torch==2.9.1"])
        add("vllm", "0.17.0", tags=[LINUX], requires=["torch==2.9.1"])
        add("vllm", "0.18.0+rocm700", tags=[LINUX], requires=["torch==2.9.1"])
        add("xformers", "0.0.33", tags=[LINUX], requires=["torch==2.9.1"])
        add("serving", "1.0", requires=["vllm==0.17.0"])
        add("torch-tensorrt", "1.0", requires=["torch"])
        yield found


@pytest.fixture(autouse=True)
def machine(replica: PytorchReplica, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PROVENV_CONFIG", str(replica.config(tmp_path / "config.toml")))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


def resolve(
    folder: Path,
    *requirements: str,
    driver: str = "580",
    indexes: tuple[Index, ...] = (),
    accelerator: str = "cuda",
) -> Resolution:
    manifest = replace(
        adhoc_manifest(requirements, [], []),
        platforms=("linux-x86_64",),
        accelerators=(accelerator,),
        python=("3.12",),
        envelope=Envelope.of({"driver": driver} if accelerator == "cuda" else {}),
        use_pip_config=False,
        indexes=indexes,
    )
    project = open_project(manifest, network=NetworkFlags(False, folder / "cache"))
    (target,) = project.targets()
    with resolver_of(project) as resolver:
        return resolver.resolve(target, Options({}))


def chosen(found: Resolution, name: str) -> tuple[str, str]:
    """The package's version and torch's."""
    versions = {package.name: package.version for package in found.packages}
    return versions[name], versions["torch"]


def test_vllm_is_taken_of_the_cuda_that_the_driver_serves(tmp_path: Path) -> None:
    """From 0.20 on the general index's wheel is built for CUDA 13, which driver 550 does not serve."""
    new, old = resolve(tmp_path, "vllm"), resolve(tmp_path, "vllm", driver="550")

    assert chosen(new, "vllm") == ("0.32.0", "2.13.0+cu130")
    version, torch = chosen(old, "vllm")
    assert (version, torch.partition("+")[0]) == ("0.19.1", "2.10.0")
    assert old.build is not None
    assert old.build.runtime == "12"


def test_vllm_for_cuda_13_on_a_driver_for_12_is_told_with_the_chain(tmp_path: Path) -> None:
    with pytest.raises(NoSolution) as caught:
        resolve(tmp_path, "vllm==0.32.0", driver="550")

    text = str(caught.value)
    assert "vllm==0.32.0" in text
    assert "CUDA 13" in text
    assert "the build cu126 is of CUDA 12" in text


def test_xformers_takes_the_torch_of_its_own_cuda(tmp_path: Path) -> None:
    """0.0.35 is for torch 2.10 and newer, and its wheel on the general index for CUDA 12."""
    version, torch = chosen(resolve(tmp_path, "torch", "xformers"), "xformers")

    assert (version, torch) == ("0.0.35", "2.13.0+cu126")


def test_xformers_of_a_builds_own_index_is_that_builds(tmp_path: Path) -> None:
    own = Index("own", f"{MAIN}/whl/cu130", packages=("xformers",))

    found = resolve(tmp_path, "torch", "xformers", indexes=(own,))

    assert chosen(found, "xformers") == ("0.0.34", "2.14.1+cu130")


@pytest.mark.parametrize(
    ("requirements", "name", "version", "torch"),
    [
        (("torch", "torchcodec"), "torchcodec", "0.17.0", "2.14.1"),
        (("torch==2.9.1", "torchcodec"), "torchcodec", "0.9.1", "2.9.1"),
        (("fbgemm-gpu",), "fbgemm-gpu", "1.8.0", "2.13.0"),
        (("torch<2.9", "fbgemm-gpu"), "fbgemm-gpu", "1.3.0", "2.8.0"),
        (("torchao==0.12.0", "torch"), "torchao", "0.12.0", "2.8.0"),
    ],
)
def test_what_no_metadata_say_of_torch_is_known(
    requirements: tuple[str, ...], name: str, version: str, torch: str, tmp_path: Path
) -> None:
    found, beside = chosen(resolve(tmp_path, *requirements), name)

    assert (found, beside.partition("+")[0]) == (version, torch)


def test_a_torchcodec_of_another_torch_is_told_with_the_chain(tmp_path: Path) -> None:
    with pytest.raises(NoSolution) as caught:
        resolve(tmp_path, "torch==2.13.0", "torchcodec<0.10")

    text = str(caught.value)
    assert "torchcodec" in text
    assert "torchcodec<0.10, which depends on torch==2.9.*" in text
    assert "torch==2.13.0" in text


def test_a_released_wheel_of_flash_attn_brings_the_torch_of_its_name(
    replica: PytorchReplica, tmp_path: Path
) -> None:
    def url(label: str) -> str:
        return f"flash-attn @ {replica.default.base}/releases/{FLASH.format(label=label)}"

    twelve = resolve(tmp_path, "torch", url("cu12torch2.8cxx11abiTRUE"))
    thirteen = resolve(tmp_path, "torch", url("cu13torch2.9cxx11abiTRUE"))

    assert chosen(twelve, "flash-attn")[1].startswith("2.8.0+cu12")
    assert chosen(thirteen, "flash-attn") == ("2.8.3", "2.9.1+cu130")
    with pytest.raises(NoSolution, match=r"and torch==2\.13\.0 can't be had together"):
        resolve(tmp_path, "torch==2.13.0", url("cu12torch2.8cxx11abiTRUE"))


REFUSED = "which is compiled for {}, and this target's torch is {}'s;"


@pytest.mark.parametrize("name", ["vllm==0.17.0", "xformers==0.0.33"])
def test_an_extension_for_cuda_is_refused_beside_rocms_torch_of_the_same_version(
    name: str, tmp_path: Path
) -> None:
    with pytest.raises(NoSolution) as caught:
        resolve(tmp_path, "torch==2.9.1", name, accelerator="rocm")

    assert caught.value.evidence[0] == f"the command line asks for {name}, {REFUSED.format('CUDA', 'ROCm')}"


def test_an_extension_for_cuda_that_another_package_needs_is_refused_with_the_chain(tmp_path: Path) -> None:
    with pytest.raises(NoSolution) as caught:
        resolve(tmp_path, "serving", accelerator="rocm")

    chain = (
        f"the command line asks for serving, which depends on vllm==0.17.0, {REFUSED.format('CUDA', 'ROCm')}"
    )
    assert caught.value.evidence[0] == chain
    assert caught.value.hints == (
        "name an index or an address with vllm for this accelerator (`--index NAME=URL`), or leave it out",
    )


def test_an_extension_with_rocms_label_is_rocms(tmp_path: Path) -> None:
    assert chosen(resolve(tmp_path, "vllm", accelerator="rocm"), "vllm") == (
        "0.18.0+rocm700",
        "2.9.1+rocm6.4",
    )

    with pytest.raises(NoSolution) as caught:
        resolve(tmp_path, "vllm==0.18.0+rocm700")

    text = f"the command line asks for vllm==0.18.0+rocm700, {REFUSED.format('ROCm', 'CUDA')}"
    assert caught.value.evidence[0] == text


def test_a_wheel_at_an_address_says_by_its_name_for_what_it_is_compiled(
    replica: PytorchReplica, tmp_path: Path
) -> None:
    url = f"{replica.default.base}/releases/{FLASH.format(label='cu12torch2.8cxx11abiTRUE')}"

    with pytest.raises(NoSolution, match="is compiled for CUDA, and this target's torch is ROCm's"):
        resolve(tmp_path, "torch", f"flash-attn @ {url}", accelerator="rocm")


def test_an_extension_of_rocms_own_index_and_one_that_holds_no_machine_code_go_with_rocm(
    replica: PytorchReplica, tmp_path: Path
) -> None:
    served = replica.default.projects["xformers"][-1]
    page = f'<!DOCTYPE html><a href="{replica.default.file_url(served.filename)}">{served.filename}</a>'
    replica.main.pages["/whl/rocm6.4/xformers/"] = ("text/html", page.encode())
    own = Index("own", f"{MAIN}/whl/rocm6.4", packages=("xformers",))

    found = resolve(
        tmp_path, "torch==2.9.1", "xformers", "torch-tensorrt", indexes=(own,), accelerator="rocm"
    )

    versions = {package.name: package.version for package in found.packages}
    assert (versions["xformers"], versions["torch-tensorrt"]) == ("0.0.33", "1.0")
