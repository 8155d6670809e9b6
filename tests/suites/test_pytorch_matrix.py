"""The matrix and many a machine against a replica of the PyTorch index: what a specialist would choose."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import tomli

from provenv.errors import NoSolution
from provenv.hooks.types import Envelope
from provenv.locking import Upgrade, lock_project, resolver_of
from provenv.locks.reader import read
from provenv.manifest.adhoc import adhoc_manifest
from provenv.manifest.values import FileRule, Index
from provenv.project import NetworkFlags, Project, open_project
from provenv.resolution import Resolution
from provenv.resolving.resolve import Options
from support.index_server import TestIndex
from support.pytorch_replica import FACTS, JETSON, MAIN, Entry, PytorchReplica, recorded

pytestmark = pytest.mark.skipif(not FACTS.exists(), reason="the recorded PyTorch index is not here")

MANIFEST = """\
[project]
name = "demo"
version = "1"
dependencies = ["torch", "torchvision"]

[tool.provenv]
python = ["3.11", "3.12", "3.13"]
platforms = ["linux-x86_64", "linux-aarch64", "windows-x86_64", "macos-arm64"]
accelerators = ["cpu", "cuda", "rocm", "mps"]
exclude = [{ platform = "windows-x86_64", accelerator = "rocm" }]
"""

# (platform, accelerator) -> by Python 3.11, 3.12, 3.13: build, torch, torchvision. What is newest there is so
# because the record has few files of torch 2.14 and none of 2.15; see also the derivation below.
CELLS = {
    # 2.14.0 is recorded for cp311 and cp312, its torchvision 0.29.0 for cp312 alone.
    ("linux-x86_64", "cpu"): [
        ("cpu", "2.13.0+cpu", "0.28.0+cpu"),
        ("cpu", "2.14.0+cpu", "0.29.0+cpu"),
        ("cpu", "2.13.0+cpu", "0.28.0+cpu"),
    ],
    # No hardware is promised, so a current driver (580) and GPU: the newest torch, and of builds with the
    # same the newest CUDA. cu132 is recorded with 2.12.0 at most, and cu130 with 2.14.1 for cp312 alone.
    ("linux-x86_64", "cuda"): [
        ("cu130", "2.13.0+cu130", "0.28.0+cu130"),
        ("cu130", "2.14.1+cu130", "0.29.1+cu130"),
        ("cu130", "2.13.0+cu130", "0.28.0+cu130"),
    ],
    # rocm7.14 has no recorded file. rocm7.2 has torch 2.13.0 without a torchvision, and the pair of 2.14.0
    # for cp312 alone; rocm7.1's 2.13.0 is older than that, and not there for the others.
    ("linux-x86_64", "rocm"): [
        ("rocm7.2", "2.12.1+rocm7.2", "0.27.1+rocm7.2"),
        ("rocm7.2", "2.14.0+rocm7.2", "0.29.0+rocm7.2"),
        ("rocm7.2", "2.12.1+rocm7.2", "0.27.1+rocm7.2"),
    ],
    # The CPU index: the default one's aarch64 wheel is a CUDA build since 2.11.
    ("linux-aarch64", "cpu"): [
        ("cpu", "2.13.0+cpu", "0.28.0+cpu"),
        ("cpu", "2.14.0+cpu", "0.29.0+cpu"),
        ("cpu", "2.13.0+cpu", "0.28.0+cpu"),
    ],
    ("linux-aarch64", "cuda"): [("cu130", "2.13.0+cu130", "0.28.0+cu130")] * 3,
    # The default index's own wheels, which are CPU builds there.
    ("windows-x86_64", "cpu"): [("cpu", "2.13.0", "0.28.0")] * 3,
    # For cp312 cu132 has a 2.14.1 without a torchvision; for cp313 a whole pair, of 2.12.0.
    ("windows-x86_64", "cuda"): [
        ("cu130", "2.13.0+cu130", "0.28.0+cu130"),
        ("cu130", "2.14.1+cu130", "0.29.1+cu130"),
        ("cu130", "2.13.0+cu130", "0.28.0+cu130"),
    ],
    ("macos-arm64", "cpu"): [("cpu", "2.13.0", "0.28.0")] * 3,
    ("macos-arm64", "mps"): [("mps", "2.13.0", "0.28.0")] * 3,
}
PYTHONS = ("311", "312", "313")


@pytest.fixture(scope="module")
def replica() -> Iterator[PytorchReplica]:
    with PytorchReplica() as found:
        yield found


@pytest.fixture(autouse=True)
def machine(replica: PytorchReplica, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose only settings are the replica's mirrors; the path of its settings."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    config = replica.config(tmp_path / "config.toml")
    monkeypatch.setenv("PROVENV_CONFIG", str(config))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return config


def project_of(folder: Path, text: str, cache: str = "cache") -> Project:
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text(text)
    return open_project(folder, network=NetworkFlags(False, folder.parent / cache))


def resolve(
    folder: Path,
    *requirements: str,
    platform: str = "linux-x86_64",
    accelerator: str = "cuda",
    python: str = "3.12",
    indexes: tuple[Index, ...] = (),
    build: str | None = None,
    built: frozenset[str] = frozenset(),
    **words: str | tuple[str, ...],
) -> Resolution:
    """One target's resolution, from loopback."""
    manifest = replace(
        adhoc_manifest(requirements or ("torch", "torchvision"), [], []),
        platforms=(platform,),
        accelerators=(accelerator,),
        python=(python,),
        envelope=Envelope.of({name.replace("_", "-"): value for name, value in words.items()}),
        use_pip_config=False,
        indexes=indexes,
        build=FileRule(names=built),
    )
    project = open_project(manifest, network=NetworkFlags(False, folder / "cache"))
    (target,) = project.targets()
    with resolver_of(project) as resolver:
        return resolver.resolve(replace(target, build=build), Options({}))


def versions(found: Resolution) -> Mapping[str, str]:
    return {package.name: package.version for package in found.packages}


PAIRING = FACTS.parent / "compat" / "torch_pairing.toml"
ENDINGS = {
    "linux-x86_64": r"[\w.]*linux[\w.]*_x86_64",
    "linux-aarch64": r"[\w.]*linux[\w.]*_aarch64",
    "windows-x86_64": "win_amd64",
    "macos-arm64": r"macosx\w*_arm64",
}


def public(version: str) -> str:
    return version.partition("+")[0]


def recorded_versions(build: str, name: str, platform: str, python: str) -> dict[str, str]:
    """Public version -> whole version of what the record has for a platform and a Python."""
    wanted = re.compile(rf"-(cp{python}-(cp{python}|none)|py3-none)-{ENDINGS[platform]}\.whl$")
    files = recorded()[build].get(name, ())
    return {public(file.version): file.version for file in files if wanted.search(file.filename)}


def newest_pair(platform: str, accelerator: str, python: str) -> tuple[str, str, str]:
    """A cell derived from the record and the table of pairs alone: the newest torch with its torchvision."""
    pairs = {p["torch"]: p["torchvision"] for p in tomli.loads(PAIRING.read_text(encoding="utf-8"))["pair"]}
    prefix = {"cuda": "cu", "rocm": "rocm"}.get(accelerator, "cpu")
    found = []
    for build in (name for name in recorded() if name.startswith(prefix)):
        torch, vision = (
            recorded_versions(build, name, platform, python) for name in ("torch", "torchvision")
        )
        for version in torch.keys() & pairs.keys():
            if pairs[version] in vision:
                rank = [int(n) for n in version.split(".")], [int(n) for n in re.findall(r"\d+", build)]
                found.append((rank, (build, torch[version], vision[pairs[version]])))
    return max(found)[1]


@pytest.mark.skipif(not PAIRING.exists(), reason="the facts about pairs are not here")
@pytest.mark.parametrize(("platform", "accelerator"), CELLS)
@pytest.mark.parametrize("python", PYTHONS)
def test_a_cell_is_the_newest_torch_whose_torchvision_is_recorded_too(
    platform: str, accelerator: str, python: str
) -> None:
    build, torch, vision = newest_pair(platform, accelerator, python)

    if platform == "macos-arm64" or (platform, accelerator) == ("windows-x86_64", "cpu"):
        torch, vision = public(torch), public(vision)  # the default index's own wheels have no label
    build = "mps" if accelerator == "mps" else build
    assert CELLS[platform, accelerator][PYTHONS.index(python)] == (build, torch, vision)


def test_the_matrix_is_locked_in_one_run_with_the_build_that_fits_each_cell(tmp_path: Path) -> None:
    project = project_of(tmp_path / "demo", MANIFEST)

    done = lock_project(project)

    expected = {
        f"{platform}-{accelerator}-py{python}": cell
        for (platform, accelerator), cells in CELLS.items()
        for python, cell in zip(PYTHONS, cells, strict=True)
    }
    found = {}
    for locked in done:
        lock = read(locked.path)
        held = {package.name: package for package in lock.packages}
        found[locked.target.name] = (locked.build, held["torch"].version, held["torchvision"].version)
        for package in lock.packages:
            assert package.artifact is not None
            assert len(package.artifact.hashes["sha256"]) == 64
            assert package.artifact.size
            own = package.name.startswith(("torch", "triton")) and locked.target.platform != "macos-arm64"
            own = own and not (locked.target.platform == "windows-x86_64" and locked.build == "cpu")
            assert package.artifact.index.startswith(MAIN) is own, package
    assert found == expected
    left_out = {cell.name: cell.reason for cell in project.matrix.left_out}
    assert "NVIDIA ended CUDA for macOS" in left_out["macos-arm64-cuda-py312"]
    assert "for linux on aarch64" in left_out["linux-aarch64-rocm-py312"]
    assert "MPS is Apple's" in left_out["linux-x86_64-mps-py312"]


def test_a_second_run_asks_nothing_and_a_fresh_one_writes_the_same_bytes(
    replica: PytorchReplica, tmp_path: Path
) -> None:
    first = lock_project(project_of(tmp_path / "demo", MANIFEST))
    texts = {locked.path.name: locked.path.read_bytes() for locked in first}
    asked = len(replica.main.log)

    again = lock_project(project_of(tmp_path / "demo", MANIFEST))

    assert {locked.status for locked in again} == {"fresh"}
    assert len(replica.main.log) == asked
    fresh = lock_project(project_of(tmp_path / "other", MANIFEST, cache="other-cache"))
    assert {locked.path.name: locked.path.read_bytes() for locked in fresh} == texts


def test_a_relock_stays_with_its_build_until_its_family_is_upgraded(tmp_path: Path) -> None:
    head, _, _ = MANIFEST.partition("[tool.provenv]")
    table = (
        f'{head}[tool.provenv]\npython = ["3.12"]\nplatforms = ["linux-x86_64"]\naccelerators = ["cuda"]\n'
    )
    old = project_of(tmp_path / "demo", f'{table}driver = "550"\n')
    (before,) = lock_project(old)
    newer = f'{table}driver = "580"\n'

    (kept,) = lock_project(project_of(tmp_path / "demo", newer))
    (other,) = lock_project(project_of(tmp_path / "demo", newer), upgrade=Upgrade(names=frozenset({"sympy"})))
    (moved,) = lock_project(
        project_of(tmp_path / "demo", newer),
        upgrade=Upgrade(names=frozenset({"torch", "torchvision", "triton"})),
    )

    assert [locked.build for locked in (before, kept, other, moved)] == ["cu126", "cu126", "cu126", "cu130"]


def test_windows_and_rocm_is_a_matter_of_the_family_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoSolution, match="PyTorch has no ROCm build for Windows") as caught:
        resolve(tmp_path, platform="windows-x86_64", accelerator="rocm")

    assert "this target promises no gfx" in str(caught.value)


# What each machine promises, and the build and torch that a lock of it takes from the record for Python 3.12.
MACHINES = {
    "1080 Ti on 580": ({"driver": "580", "compute_capability": "6.1"}, "cu126", "2.13.0+cu126"),
    "V100 on 535": ({"driver": "535", "compute_capability": "7.0"}, "cu126", "2.13.0+cu126"),
    "A100 on 470": ({"driver": "470", "compute_capability": "8.0"}, "cu118", "2.7.1+cu118"),
    "A100 on 550": ({"driver": "550", "compute_capability": "8.0"}, "cu126", "2.13.0+cu126"),
    "5090 on 570": ({"driver": "570", "compute_capability": "12.0"}, "cu129", "2.13.0+cu129"),
    "5090 on 580": ({"driver": "580", "compute_capability": "12.0"}, "cu130", "2.14.1+cu130"),
    "1080 Ti and 3090": ({"driver": "580", "compute_capability": ("6.1", "8.6")}, "cu126", "2.13.0+cu126"),
    "GH200": (
        {"platform": "linux-aarch64", "driver": "580", "compute_capability": "9.0"},
        "cu130",
        "2.13.0+cu130",
    ),
    "Windows and an RTX 4070 on 560": (
        {"platform": "windows-x86_64", "driver": "560.94", "compute_capability": "8.9"},
        "cu126",
        "2.13.0+cu126",
    ),
    "WSL2 on 576": ({"driver": "576.57", "compute_capability": "8.6"}, "cu126", "2.13.0+cu126"),
    "MI300X": ({"accelerator": "rocm", "gfx": "gfx942"}, "rocm7.2", "2.14.0+rocm7.2"),
    "MI50": ({"accelerator": "rocm", "gfx": "gfx906"}, "rocm6.3", "2.9.1+rocm6.3"),
    "M1 on macOS 13": (
        {"platform": "macos-arm64", "accelerator": "mps", "macos": "13.6"},
        "mps",
        "2.8.0",
    ),
    "Intel Mac": ({"platform": "macos-x86_64", "accelerator": "cpu"}, "cpu", "2.2.2"),
    "Raspberry Pi": ({"platform": "linux-aarch64", "accelerator": "cpu"}, "cpu", "2.14.0+cpu"),
    "CentOS 7": ({"driver": "535", "compute_capability": "8.6", "glibc": "2.17"}, "cu124", "2.6.0+cu124"),
}


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_gets_its_build_from_the_index(name: str, tmp_path: Path) -> None:
    words, build, torch = MACHINES[name]

    found = resolve(tmp_path, **words)

    assert found.build is not None
    assert (found.build.name, versions(found)["torch"]) == (build, torch)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"driver": "595", "compute_capability": "6.1"}, "580 is the last that does"),
        ({"compute_capability": ("6.1", "12.0")}, "not for 12.0"),
        ({"accelerator": "cpu", "musl": "1.2"}, "PyTorch publishes no wheel for musl"),
        ({"platform": "linux-aarch64", "cuda": "12.6", "compute_capability": "8.7"}, "a Jetson module runs"),
    ],
    ids=["1080 Ti on 595", "1080 Ti and 5090", "Alpine", "Jetson, Python 3.12"],
)
def test_a_machine_without_a_build_is_told_why(words: dict[str, str], told: str, tmp_path: Path) -> None:
    with pytest.raises(NoSolution) as caught:
        resolve(tmp_path, **words)

    assert told in str(caught.value)


# --- what the recorded index teaches (shared/data/pytorch-index.md, by its numbers)


def test_one_file_name_is_two_files_on_two_indexes_1(tmp_path: Path) -> None:
    """torchvision for aarch64 had no local version, and every build's index has its own file of the name."""
    words = {"platform": "linux-aarch64", "python": "3.13"}
    found = [
        resolve(tmp_path, "torchvision==0.24.1", accelerator="cpu", **words),
        resolve(tmp_path, "torchvision==0.24.1", build="cu130", **words),
    ]

    files = [next(p.artifact for p in r.packages if p.name == "torchvision") for r in found]
    assert {file.filename for file in files if file} == {
        "torchvision-0.24.1-cp313-cp313-manylinux_2_28_aarch64.whl"
    }
    assert [file.hashes["sha256"][:8] for file in files if file] == ["59ddbe57", "7bf2cb61"]
    assert [versions(r)["torch"] for r in found] == ["2.9.1+cpu", "2.9.1+cu130"]


def test_a_file_without_a_hash_is_hashed_once_and_remembered_3(
    replica: PytorchReplica, tmp_path: Path
) -> None:
    def torch() -> str:
        found = resolve(tmp_path, "torch", accelerator="rocm", gfx="gfx906", python="3.11")
        return next(p.artifact.hashes["sha256"] for p in found.packages if p.name == "torch" and p.artifact)

    def downloads() -> int:
        hosts = (replica.main, replica.files)
        return sum(
            "/torch-2.9.1+rocm6.3-cp311" in r.path and r.path.endswith(".whl") for h in hosts for r in h.log
        )

    entry = next(e for e in recorded()["rocm6.3"]["torch"] if "2.9.1+rocm6.3-cp311" in e.filename)
    assert entry.sha256 is None
    first, once = torch(), downloads()
    assert first == hashlib.sha256(entry.wheel()).hexdigest()
    assert once >= 1
    assert torch() == first
    assert downloads() == once


def test_triton_follows_the_build_under_its_own_name_6(tmp_path: Path) -> None:
    old = resolve(tmp_path, "torch", accelerator="rocm", gfx="gfx906")
    new = resolve(tmp_path, "torch", accelerator="rocm", gfx="gfx942")

    assert "pytorch-triton-rocm" in versions(old)
    assert "triton-rocm" in versions(new)
    triton = next(p.artifact for p in new.packages if p.name == "triton-rocm")
    assert triton is not None
    assert triton.index == f"{MAIN}/whl/rocm7.2"


def test_torchaudio_2_11_goes_with_its_torch_although_it_declares_none_7(tmp_path: Path) -> None:
    new = resolve(tmp_path, "torch", "torchaudio")
    old = resolve(tmp_path, "torch<2.11", "torchaudio")

    assert (versions(new)["torch"], versions(new)["torchaudio"]) == ("2.14.1+cu130", "2.11.0+cu130")
    assert (versions(old)["torch"], versions(old)["torchaudio"]) == ("2.10.0+cu130", "2.10.0+cu130")


def test_metadata_that_one_host_refuses_are_read_out_of_the_wheel_8(tmp_path: Path) -> None:
    with PytorchReplica() as refusing:
        refusing.main.metadata_refused = refusing.files.metadata_refused = True
        os.environ["PROVENV_CONFIG"] = str(refusing.config(tmp_path / "refusing.toml"))
        found = resolve(tmp_path, "torch", accelerator="cpu")

    assert versions(found)["torch"] == "2.14.0+cpu"
    assert "sympy" in versions(found)


def test_windows_on_arm_takes_the_locals_that_there_are_9(tmp_path: Path) -> None:
    found = resolve(tmp_path, platform="windows-arm64", accelerator="cpu")

    assert versions(found)["torch"] == "2.9.1+cpu"
    assert versions(found)["torchvision"] == "0.24.1+d801a34"


def test_old_copies_of_other_projects_are_never_taken_from_a_builds_page_10(
    replica: PytorchReplica, tmp_path: Path
) -> None:
    assert {e.version for e in recorded()["cu126"]["numpy"]} == {"2.1.2"}
    extra = Index("extra", f"{MAIN}/whl/cu126")

    replica.default.add("requests", "2.32.0")

    found = resolve(tmp_path, "torch", "numpy", "requests", driver="550", indexes=(extra,))

    assert versions(found)["numpy"] == "2.3.0"
    assert versions(found)["requests"] == "2.32.0"
    assert versions(found)["torch"] == "2.13.0+cu126"


def test_an_index_of_a_build_that_the_manifest_names_is_tried_first(tmp_path: Path) -> None:
    named = resolve(tmp_path, "torch", indexes=(Index("extra", f"{MAIN}/whl/cu126/"),))
    pinned = resolve(
        tmp_path, "torch", indexes=(Index("own", f"{MAIN}/whl/cu128", packages=("torch", "triton")),)
    )

    assert named.build is not None
    assert (named.build.name, versions(named)["torch"]) == ("cu126", "2.13.0+cu126")
    assert pinned.build is not None
    assert (pinned.build.name, versions(pinned)["torch"]) == ("cu128", "2.11.0+cu128")


def test_a_jetson_s_torch_looks_plain_and_is_its_own_index_s_11(tmp_path: Path) -> None:
    words = {"platform": "linux-aarch64", "python": "3.10", "cuda": "12.6", "compute_capability": "8.7"}

    found = resolve(tmp_path, **words)

    torch = next(p.artifact for p in found.packages if p.name == "torch")
    assert found.build is not None
    assert torch is not None
    assert (found.build.name, torch.version) == ("jp6-cu126", "2.9.1")
    assert torch.index.rstrip("/") == JETSON.rstrip("/")
    assert versions(found)["torchvision"] == "0.24.1"


AMD = "https://repo.amd.com/rocm/whl-multi-arch"


@pytest.fixture
def amd(machine: Path) -> Iterator[TestIndex]:
    """AMD's index, with what is recorded of it for gfx1030, and a machine that is led to it."""
    with TestIndex() as index:
        version, tags = "2.12.0+rocm7.14.0", ["cp312-cp312-win_amd64"]
        device = {"device-gfx1030": [f"amd-torch-device-gfx1030=={version}"]}
        index.add("torch", version, tags=tags, requires=["rocm[libraries]==7.14.0"], extras=device)
        index.add(
            "amd-torch-device-gfx1030",
            version,
            tags=tags,
            requires=["rocm-sdk-device-gfx1030==7.14.0", "torch"],
        )
        index.add("rocm-sdk-device-gfx1030", "7.14.0", requires=["rocm-sdk-libraries==7.14.0"])
        index.add("rocm-sdk-libraries", "7.14.0")
        libraries = {"libraries": ["rocm-sdk-libraries==7.14.0"]}
        index.add("rocm", "7.14.0", tags=(), sdist=True, extras=libraries)
        family = AMD.replace("whl-multi-arch", "whl/gfx103X-all")
        mirrors = f'"{AMD}" = "{index.url}"\n"{family}" = "{index.base}/none"\n'
        machine.write_text(machine.read_text() + mirrors)
        yield index


def test_amd_s_torch_comes_with_the_part_for_the_device(amd: TestIndex, tmp_path: Path) -> None:
    found = resolve(
        tmp_path,
        "torch",
        platform="windows-x86_64",
        accelerator="rocm",
        built=frozenset({"rocm"}),
        gfx="gfx1030",
    )

    assert found.build is not None
    assert found.build.name == "amd-multi-arch"
    assert versions(found) == {
        "amd-torch-device-gfx1030": "2.12.0+rocm7.14.0",
        "rocm": "7.14.0",
        "rocm-sdk-device-gfx1030": "7.14.0",
        "rocm-sdk-libraries": "7.14.0",
        "torch": "2.12.0+rocm7.14.0",
    }


def test_amd_s_torch_is_told_to_need_a_build_from_source(amd: TestIndex, tmp_path: Path) -> None:
    with pytest.raises(NoSolution) as caught:
        resolve(tmp_path, "torch", platform="windows-x86_64", accelerator="rocm", gfx="gfx1030")

    text = str(caught.value)
    assert "allow a build from source" in text


def test_a_build_of_another_accelerator_is_told_as_one(tmp_path: Path) -> None:
    with pytest.raises(NoSolution) as caught:
        resolve(tmp_path, "torch==2.7.1+cu118", accelerator="cpu")

    assert caught.value.hints == ("torch==2.7.1+cu118 is a build for cuda: lock it for that accelerator",)


def test_wheel_variants_on_a_page_are_passed_over(replica: PytorchReplica, tmp_path: Path) -> None:
    entries = recorded()["cpu"]["torch"]
    names = (
        "torch-2.14.0-cp312-cp312-manylinux_2_28_x86_64-cu130.whl",
        "torch-2.99.0+cpu-cp312-cp312-manylinux_2_28_x86_64-00000000.whl",
        "torch-2.14.0-variants.json",
    )
    more = "".join(f'<a href="/whl/cpu/{name}">{name}</a>' for name in names)
    try:
        replica.add_page("cpu", "torch", entries, more)
        found = resolve(tmp_path, "torch", accelerator="cpu")
    finally:
        replica.add_page("cpu", "torch", entries)

    assert versions(found)["torch"] == "2.14.0+cpu"


# --- runtimes: one CUDA major in one lock


def test_another_build_is_tried_where_a_package_carries_the_other_cuda_major(
    replica: PytorchReplica, tmp_path: Path
) -> None:
    replica.default.add("cupy-cuda12x", "14.2.0")

    found = resolve(tmp_path, "torch", "cupy-cuda12x", driver="580")

    assert found.build is not None
    assert (found.build.name, versions(found)["torch"]) == ("cu126", "2.13.0+cu126")
    assert not [name for name in versions(found) if name.endswith("-cu13")]
    assert any("CUDA" in text or "no solution" in text for text in found.passed_over)


def test_a_version_of_the_right_major_is_taken(replica: PytorchReplica, tmp_path: Path) -> None:
    for version in ("1.26.0", "1.27.0"):
        replica.default.add("onnxruntime-gpu", version)

    assert (
        versions(resolve(tmp_path, "torch", "onnxruntime-gpu", driver="580"))["onnxruntime-gpu"] == "1.27.0"
    )
    assert (
        versions(resolve(tmp_path, "torch", "onnxruntime-gpu", driver="550"))["onnxruntime-gpu"] == "1.26.0"
    )


def test_a_package_is_not_held_back_for_a_build_where_another_build_has_its_newest(
    replica: PytorchReplica, tmp_path: Path
) -> None:
    replica.default.add("held", "1.0")
    replica.default.add("held", "2.0", requires=["nvidia-cudnn-cu12"])

    free = resolve(tmp_path, "torch", "held", driver="580")
    bound = resolve(tmp_path, "torch==2.14.1", "held", driver="580")

    assert free.build is not None
    assert (free.build.name, versions(free)["held"]) == ("cu126", "2.0")
    assert "with CUDA 13 there is only held 1.0 instead of 2.0" in "\n".join(free.notes)
    assert bound.build is not None
    assert (bound.build.name, versions(bound)["held"]) == ("cu130", "1.0")


@pytest.mark.parametrize("accelerator", ["cpu", "cuda"])
def test_two_majors_are_an_error_with_the_chain(
    replica: PytorchReplica, accelerator: str, tmp_path: Path
) -> None:
    replica.default.add("needs-twelve", "1.0", requires=["nvidia-cublas-cu12"])
    replica.default.add("needs-thirteen", "1.0", requires=["nvidia-cudnn-cu13"])

    with pytest.raises(NoSolution) as caught:
        resolve(tmp_path, "needs-twelve", "needs-thirteen", accelerator=accelerator)

    text = str(caught.value)
    assert "needs-twelve, which depends on nvidia-cublas-cu12" in text
    assert "CUDA 12" in text
    assert "CUDA 13" in text or "nvidia-cudnn-cu13" in text


# --- an Intel Mac's torch ended before NumPy 2 and Python 3.13


def test_an_old_torch_takes_the_numpy_that_it_was_built_against(tmp_path: Path) -> None:
    intel = {"platform": "macos-x86_64", "accelerator": "cpu"}

    assert versions(resolve(tmp_path, "torch", "numpy", **intel))["numpy"] == "1.26.4"
    assert versions(resolve(tmp_path, "numpy", **intel))["numpy"] == "2.3.0"
    assert versions(resolve(tmp_path, "torch", "numpy"))["numpy"] == "2.3.0"


def test_numpy_2_beside_an_old_torch_is_told_with_the_chain(tmp_path: Path) -> None:
    with pytest.raises(NoSolution) as caught:
        resolve(tmp_path, "torch", "numpy>=2", platform="macos-x86_64", accelerator="cpu")

    text = str(caught.value)
    assert "numpy>=2, which depends on NumPy ABI 2" in text
    assert "torch 2.2.2 depends on NumPy ABI 1" in text


def test_an_intel_mac_with_python_3_13_is_told_where_torch_ends(tmp_path: Path) -> None:
    with pytest.raises(NoSolution) as caught:
        resolve(tmp_path, "torch", platform="macos-x86_64", accelerator="cpu", python="3.13")

    assert "which ends at 2.2.2: Python 3.12 or older, NumPy 1" in str(caught.value)


# --- mirrors change where bytes come from and nothing else


def test_a_lock_made_through_a_mirror_has_the_same_bytes(tmp_path: Path) -> None:
    text = MANIFEST.replace('["3.11", "3.12", "3.13"]', '["3.12"]').replace('"cpu", "cuda", ', '"cuda", ')
    locks = []
    for name in ("one", "two"):
        with PytorchReplica(foreign=False) as mirror:
            os.environ["PROVENV_CONFIG"] = str(mirror.config(tmp_path / f"{name}.toml"))
            done = lock_project(project_of(tmp_path / name, text, cache=f"cache-{name}"))
        locks.append({locked.path.name: locked.path.read_bytes() for locked in done})

    assert locks[0] == locks[1]
    assert all(b"127.0.0.1" not in lock for lock in locks[0].values())


def test_a_flat_page_may_stand_in_for_a_builds_index(replica: PytorchReplica, tmp_path: Path) -> None:
    config = replica.config(tmp_path / "flat.toml", cu118=replica.flat("cu118"))
    os.environ["PROVENV_CONFIG"] = str(config)

    found = resolve(tmp_path, "torch", driver="470", compute_capability="8.0")

    torch = next(p.artifact for p in found.packages if p.name == "torch")
    assert torch is not None
    assert (torch.index, torch.version) == (f"{MAIN}/whl/cu118", "2.7.1+cu118")
    assert torch.url == f"{MAIN}/whl/cu118/torch-2.7.1%2Bcu118-cp312-cp312-manylinux_2_28_x86_64.whl"


def test_a_build_whose_index_is_down_is_passed_over_and_the_reason_is_told(
    tmp_path: Path, replica: PytorchReplica
) -> None:
    config = replica.config(tmp_path / "down.toml", cu130="http://127.0.0.1:9/whl/cu130")
    os.environ["PROVENV_CONFIG"] = str(config)

    found = resolve(tmp_path, "torch==2.13.0", driver="580", python="3.11")

    assert found.build is not None
    assert (found.build.name, found.build.index) == ("cu130", None)
    assert any("127.0.0.1 refused" in text for text in found.passed_over)


def test_where_no_index_can_be_reached_that_is_the_error(tmp_path: Path) -> None:
    from provenv.errors import NetworkError

    dead = dict.fromkeys(("rocm7.2", "rocm7.14", "rocm7.1"), "http://127.0.0.1:9/simple")
    lines = "\n".join(f'"{MAIN}/whl/{build}" = "{url}"' for build, url in dead.items())
    (tmp_path / "dead.toml").write_text(f"retries = 0\n[mirrors]\n{lines}\n")
    os.environ["PROVENV_CONFIG"] = str(tmp_path / "dead.toml")

    with pytest.raises(NetworkError, match=r"127\.0\.0\.1 refused") as caught:
        resolve(tmp_path, "torch", accelerator="rocm", gfx="gfx1151")

    text = str(caught.value)
    assert (
        "no build for target linux-x86_64-rocm-py312 can be had without it (tried rocm7.14, rocm7.2" in text
    )
    assert f'[mirrors] "{MAIN}/whl/rocm7.14"' in text


def test_the_record_s_entries_are_read_as_they_are() -> None:
    entry = next(e for e in recorded()["cpu"]["torch"] if e.filename.startswith("torch-2.10.0-1-"))
    assert isinstance(entry, Entry)
    assert entry.tags.count("-") == 2
