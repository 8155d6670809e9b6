"""Real manifests of public projects: each is read as its author meant it, or refused with its line.

The facts in the tables were read off the files by eye.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from provenv.errors import ManifestError
from provenv.manifest.read import read_manifest
from provenv.manifest.values import Manifest

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "manifests"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the real manifests are not beside this checkout")

RVC = "RVC-Project+Retrieval-based-Voice-Conversion-WebUI"
WEBUI = "oobabooga+text-generation-webui/requirements/full"


@pytest.fixture(autouse=True)
def at_the_manifests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)


@dataclass(frozen=True)
class Facts:
    """What is in a manifest: how many requirements, the first and the last with their lines, how many are
    marked or at an address, where packages come from (a `=` in front: the default)."""

    count: int
    first: str = ""
    first_line: int = 0
    last: str = ""
    last_line: int = 0
    marked: int = 0
    addressed: int = 0
    indexes: tuple[str, ...] = ()
    warnings: tuple[int | None, ...] = ()


READ = {
    f"{WEBUI}/requirements.txt": Facts(
        47,
        "accelerate==1.13.*",
        1,
        "https://github.com/kingbri1/flash-attention/releases/download/v2.8.3/flash_attn-2.8.3+cu128torch2.9.0"
        'cxx11abiFALSE-cp313-cp313-linux_x86_64.whl; platform_system == "Linux" and '
        'platform_machine == "x86_64" and python_version == "3.13"',
        53,
        marked=10,
        addressed=10,
    ),
    f"{WEBUI}/requirements_amd.txt": Facts(37, "accelerate==1.13.*", 1, marked=3, addressed=4),
    f"{WEBUI}/requirements_cpu_only.txt": Facts(39, "accelerate==1.13.*", 1, marked=5, addressed=6),
    f"{RVC}/requirments_cu118_py312.txt": Facts(
        44,
        "setuptools>=75.0,<81",
        17,
        "websockets>=10.4,<11",
        74,
        indexes=("=https://mirrors.pku.edu.cn/pypi/simple",),
    ),
    f"{RVC}@3548b4f1a5/requirements-ipex.txt": Facts(
        54,
        "torch==2.0.1a0",
        1,
        "torchfcpe",
        55,
        marked=2,
        addressed=1,
        indexes=("https://pytorch-extension.intel.com/release-whl/stable/xpu/us/",),
    ),
    "RVC-Boss+GPT-SoVITS/requirements.txt": Facts(42, "numpy<2.0", 2, "tqdm", 43, marked=3),
    "RVC-Boss+GPT-SoVITS@0d654cd238/requirements.txt": Facts(182, "absl-py==2.1.0", 1, "yarl==1.18.3", 188),
    "hiyouga+LLaMA-Factory/requirements/npu.txt": Facts(5, "torch==2.10.0", 1, "decorator", 5),
    "hiyouga+LLaMA-Factory/requirements/triton_ascend.txt": Facts(
        1, "triton-ascend==3.2.1", 2, indexes=("https://triton-ascend.osinfra.cn/pypi/simple",)
    ),
    "NVIDIA+NeMo/requirements/requirements_multimodal.txt": Facts(15, "addict", 1, "trimesh", 15, marked=1),
    "pypi+warehouse/requirements/main.in": Facts(79, "alembic>=1.18.5", 1, "zxcvbn", 79),
    "pypi+warehouse/requirements/main.txt": Facts(184, "alembic==1.18.5", 7, "setuptools==81.0.0", 2676),
    "pypi+warehouse/requirements/docs-user.in": Facts(
        4, "material-plausible-plugin", 1, "mkdocs-macros-plugin", 4
    ),
    "openstack+requirements/global-requirements.txt": Facts(412, "a2wsgi", 11, "zake", 495, marked=3),
    "openstack+requirements/upper-constraints.txt": Facts(
        575, "voluptuous===0.16.0", 8, "scikit-learn===1.9.0", 582, warnings=(1,)
    ),
    "Vision-CAIR+MiniGPT-4@60243d328e/requirements.txt": Facts(
        67,
        "accelerate==0.16.0",
        3,
        "pytorchvideo==0.1.5",
        71,
        addressed=2,
        indexes=("=https://bytedpypi.byted.org/simple/",),
    ),
    "deepchem+deepchem/docs/requirements.txt": Facts(
        21,
        "pandas",
        1,
        "torchdata<0.8.0",
        24,
        indexes=("https://download.pytorch.org/whl/cpu",),
        warnings=(10,),
    ),
    "Lightning-AI+pytorch-lightning/requirements.txt": Facts(
        13, "torch >=2.1.0, <2.10.0", 4, "lightning-utilities >=0.10.0, <0.16.0", 11
    ),
    "Lightning-AI+pytorch-lightning/requirements/pytorch/test.txt": Facts(
        22, 'coverage ==7.13.5; python_version >= "3.10"', 1, "huggingface-hub", 26, marked=6
    ),
    "Lightning-AI+pytorch-lightning/requirements/docs.txt": Facts(
        20, "sphinx >5.0, <6.0", 1, "lai-sphinx-theme", 23
    ),
    "open-mmlab+mmcv/requirements.txt": Facts(20, "pytest-runner", 1, "tifffile", 9, marked=1),
    "open-mmlab+mmcv/requirements/docs.txt": Facts(
        10, "docutils==0.16.0", 1, "urllib3<2.0.0", 10, addressed=1
    ),
    "ageron+handson-ml3/requirements.txt": Facts(31, "jupyterlab~=4.0.8", 7, "statsmodels~=0.14.0", 91),
    "google-deepmind+alphafold/requirements.txt": Facts(
        13, "absl-py==1.0.0", 1, "tensorflow-cpu==2.16.1", 13
    ),
    "coqui-ai+TTS/requirements.txt": Facts(
        42, 'numpy==1.22.0;python_version<="3.10"', 2, "spacy[ja]>=3", 57, marked=4
    ),
    "wangshub+wechat_jump_game@af378151ac/requirements.txt": Facts(
        11, "backports.functools-lru-cache==1.4", 1, "six==1.11.0", 11
    ),
    "wangshub+wechat_jump_game@909edf408a/requirements.txt": Facts(
        11, "backports.functools-lru-cache==1.4", 1, "six==1.11.0", 11
    ),
    "Stability-AI+generative-models/requirements/pt2.txt": Facts(
        45, "black==23.7.0", 1, "streamlit-keyup==0.2.0", 45, addressed=1
    ),
    "comfyanonymous+ComfyUI/requirements.txt": Facts(35, "comfyui-frontend-package==1.45.15", 1, "glfw", 37),
    "vllm-project+vllm/requirements/cuda.txt": Facts(
        72,
        "regex",
        1,
        "humming-kernels[cu13]==0.1.14",
        36,
        marked=5,
        indexes=("https://flashinfer.ai/whl/",),
    ),
    "vllm-project+vllm/requirements/xpu.txt": Facts(
        71,
        "regex",
        1,
        "vllm_xpu_kernels==0.1.15.4",
        23,
        marked=4,
        indexes=("https://wheels.vllm.ai/xpu/", "https://download.pytorch.org/whl/xpu"),
    ),
    "ggml-org+llama.cpp/requirements/requirements-convert_hf_to_gguf.txt": Facts(
        7,
        "numpy~=1.26.4",
        1,
        'torch>=0.0.0.dev0; platform_machine == "s390x"',
        9,
        marked=2,
        indexes=("https://download.pytorch.org/whl/cpu", "https://download.pytorch.org/whl/nightly"),
    ),
    "m-bain+whisperX/pyproject.toml": Facts(
        15,
        "ctranslate2>=4.5.0",
        12,
        "pytest",
        30,
        marked=2,
        indexes=("https://download.pytorch.org/whl/cu128", "https://download.pytorch.org/whl/cpu"),
        warnings=(52,),
    ),
    "hiyouga+LLaMA-Factory/pyproject.toml": Facts(31, "torch>=2.4.0", 40, "sse-starlette", 75),
    "rapidsai+rmm/python/rmm/pyproject.toml": Facts(8, "cuda-python>=13.0.1,<14.0", 22, "pytest-cov", 43),
    "nerfstudio-project+nerfstudio/pyproject.toml": Facts(
        81, "appdirs>=1.4", 17, "sphinxext-opengraph==0.6.3", 124, marked=6
    ),
    "pyg-team+pytorch_geometric/pyproject.toml": Facts(69, "aiohttp", 34),
    "google-deepmind+alphafold/pyproject.toml": Facts(12, "absl-py==1.0.0", 40, "pytest<8.5.0", 54),
    "deepseek-ai+Janus/pyproject.toml": Facts(29, "torch>=2.0.1", 15, "pre-commit", 49),
    "microsoft+graphrag/pyproject.toml": Facts(
        20,
        "coverage~=7.15",
        28,
        "pytest-xdist[psutil]~=3.8.0",
        47,
        indexes=("=https://packagefeedproxy.microsoft.io/pypi/simple",),
        warnings=(57,),
    ),
    "microsoft+graphrag/packages/graphrag/pyproject.toml": Facts(
        25, "azure-identity~=1.25", 35, "typer~=0.27", 66
    ),
    "microsoft+graphrag/unified-search-app/pyproject.toml": Facts(
        13, "streamlit==1.43.0", 12, "ruff~=0.8", 28
    ),
    "Stability-AI+generative-models/pyproject.toml": Facts(0, warnings=(39,)),
}

REFUSED = {
    f"{RVC}@ee5f017274/requirements.txt": (40, "httpx==0.23."),
    "NVIDIA+NeMo@b01751c7b8/requirements/requirements.txt": (7, "MODELOPT_VERSION"),
    "NVIDIA+NeMo@4924ebf0b2/tools/speech_data_explorer/requirements.txt": (
        1,
        "is an index, not a constraints",
    ),
    "Lightning-AI+pytorch-lightning@c7f62ed3ec/requirements/base.txt": (13, "torch>=1.9.*"),
    "NVIDIA+NeMo/pyproject.toml": (21, "the dependencies are dynamic"),
    "pypi+warehouse/pyproject.toml": (1, "no [project] table"),
    "nerfstudio-project+nerfstudio/pixi.toml": (23, "pixi workspace"),
    "rapidsai+rmm/dependencies.yaml": (138, "rapids-dependency-file-generator"),
}


def read(name: str) -> Manifest:
    return read_manifest(Path(name))


@pytest.mark.parametrize("name", READ)
def test_a_real_manifest_is_read_as_its_author_meant_it(name: str) -> None:
    manifest, facts = read(name), READ[name]
    found = manifest.requirements
    assert len(found) == facts.count
    if facts.first:
        assert (found[0].text, found[0].origin.line) == (facts.first, facts.first_line)
    if facts.last:
        assert (found[-1].text, found[-1].origin.line) == (facts.last, facts.last_line)
    assert sum(r.requirement.marker is not None for r in found) == facts.marked
    assert sum(r.requirement.url is not None for r in found) == facts.addressed
    assert tuple(f"={i.url}" if i.default else i.url for i in manifest.indexes) == facts.indexes
    assert tuple(w.origin.line for w in manifest.warnings if w.origin) == facts.warnings
    for required in found:
        # the line says the requirement: hashes, comments and continuations aside, its text stands on it
        written = _lines_of(Path(required.origin.file))[(required.origin.line or 0) - 1]
        assert required.text in written


@pytest.mark.parametrize("name", REFUSED)
def test_a_real_manifest_is_refused_with_its_line_and_reason(name: str) -> None:
    line, reason = REFUSED[name]
    with pytest.raises(ManifestError) as caught:
        read(name)
    assert caught.value.origin is not None
    assert (caught.value.origin.file, caught.value.origin.line) == (name, line)
    assert reason in caught.value.message
    assert caught.value.hints


def test_no_real_manifest_is_left_out_of_both_tables() -> None:
    listed = {m["file"]: m["kind"] for m in json.loads((FOLDER / "manifests.json").read_text())["manifests"]}
    rest = [name for name in listed if name not in READ and name not in REFUSED]
    assert {listed[name] for name in rest} == {"environment"}


def environments() -> list[dict[str, Any]]:
    """The environment files, with what conda-lock's own parser makes of each."""
    listed = json.loads((FOLDER / "manifests.json").read_text())["manifests"]
    return [one for one in listed if one["kind"] == "environment"]


@pytest.mark.parametrize("one", environments() if FOLDER.is_dir() else [], ids=lambda one: str(one["file"]))
def test_a_real_environment_is_read_as_conda_lock_reads_it_or_better(one: dict[str, Any]) -> None:
    pytest.importorskip("yaml")
    manifest = read(one["file"])
    assert manifest.kind == "environment" and manifest.conda
    lines = _lines_of(Path(one["file"]))
    for spec in manifest.conda.dependencies:
        assert re.sub(r"\s", "", spec.text) in re.sub(r"\s", "", lines[(spec.origin.line or 0) - 1])
    for required in manifest.requirements:
        assert required.text in lines[(required.origin.line or 0) - 1]
    theirs = one["conda_lock"]
    if not theirs["ok"]:
        return  # it stumbles over options and paths in the pip part; these are followed here
    # conda-lock adds a `pip` to whatever has a pip part, and leaves editable projects out
    specs = len(manifest.conda.dependencies)
    assert specs in (theirs["conda"], theirs["conda"] - 1)
    editable = sum(required.editable for required in manifest.requirements)
    assert len(manifest.requirements) - editable == theirs["pip"]
    named = [channel for channel in manifest.conda.channels if "://" not in channel]
    if isinstance(theirs["channels"], list):
        assert named == list(dict.fromkeys(theirs["channels"]))


@pytest.mark.parametrize("name", [name for name in READ if not name.endswith(".toml")])
def test_the_requirements_are_those_that_pip_reads(name: str) -> None:
    req_file = pytest.importorskip("pip._internal.req.req_file")
    parser = req_file.RequirementsFileParser(None, req_file.get_line_parser(None))
    path = os.fspath(FOLDER / name)
    if "909edf408a" in name:
        pytest.skip("pip does not read UTF-16 without a byte order mark")
    lines = [line for line in parser.parse(path, False) if line.requirement is not None]
    expected = [(line.requirement.strip(), line.lineno, line.is_editable) for line in lines]
    found = [(r.text.removeprefix("-e "), r.origin.line, r.editable) for r in read(name).requirements]
    assert found == expected


class TestParticulars:
    def test_hashes(self) -> None:
        found = read("pypi+warehouse/requirements/main.txt").requirements
        assert sum(len(r.hashes) for r in found) == 2089
        assert [h[:15] for h in found[0].hashes] == ["sha256:06d8ba9d", "sha256:15549822"]

    def test_a_package_that_is_to_be_built(self) -> None:
        manifest = read("RVC-Boss+GPT-SoVITS/requirements.txt")
        assert manifest.no_binary.names == manifest.build.names == frozenset({"opencc"})

    def test_a_checkout_and_its_name(self) -> None:
        found = read("open-mmlab+mmcv/requirements/docs.txt").requirements[4]
        assert (found.requirement.name, found.editable) == ("pytorch-sphinx-theme", True)
        assert found.text == (
            "-e git+https://github.com/open-mmlab/pytorch_sphinx_theme.git#egg=pytorch_sphinx_theme"
        )

    def test_wheels_have_the_name_of_their_file(self) -> None:
        found = read(f"{WEBUI}/requirements.txt").requirements
        names = {r.requirement.name for r in found if r.requirement.url}
        assert names == {
            *("gradio", "gradio-client", "llama-cpp-binaries", "ik-llama-cpp-binaries"),
            *("exllamav3", "flash-attn"),
        }

    def test_uvs_tables(self) -> None:
        manifest = read("m-bain+whisperX/pyproject.toml")
        assert [(p.package, p.index, p.origin.line if p.origin else None) for p in manifest.pins] == [
            ("torch", "pytorch-cpu", 57),
            ("torch", "pytorch-cpu", 58),
            ("torch", "pytorch", 59),
            ("torchaudio", "pytorch-cpu", 62),
            ("torchaudio", "pytorch-cpu", 63),
            ("torchaudio", "pytorch", 64),
            ("triton", "pytorch", 67),
        ]
        assert [(o.requirement.name, o.origin.line) for o in manifest.overrides] == [("torchcodec", 49)]
        assert all(index.explicit for index in manifest.indexes)
        assert manifest.exclude_newer is not None

    def test_own_extras_and_cutoffs_per_package(self) -> None:
        manifest = read("pyg-team+pytorch_geometric/pyproject.toml")
        assert {name for name, _ in manifest.exclude_newer_package} == {"torch", "torchvision"}
        names = {r.requirement.name for r in manifest.requirements}
        assert "torch-geometric" not in names
        assert {r.extra for r in manifest.requirements} == {None, *manifest.known_extras}


def _lines_of(path: Path) -> list[str]:
    data = path.read_bytes()
    if data[:2] == b"\xff\xfe":
        return data.decode("utf-16").splitlines()
    return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-8", "ignore").splitlines()
