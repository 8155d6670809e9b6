"""The whole length with the real default index: real pages, real wheels, and torch where it is at hand."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import httpx
import pytest

from provenv.config.default_index import default_index
from support.program import PYTHON, Desk

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """This machine's own pip configuration, and its caches: this is about the real world."""
    desk = Desk(tmp_path)
    del desk.variables["PIP_CONFIG_FILE"], desk.variables["UV_CACHE_DIR"]
    desk.variables["HOME"] = os.environ["HOME"]
    for name, value in os.environ.items():
        if name.startswith(("PIP_", "SSL_", "REQUESTS_CA")) or name.lower().endswith("_proxy"):
            desk.variables[name] = value
    return desk


def project(desk: Desk, *dependencies: str, table: str = "") -> None:
    (desk.folder / "pyproject.toml").write_text(
        f'[project]\nname = "project"\nversion = "0"\ndependencies = {list(dependencies)!r}\n'
        f'[tool.provenv]\npython = ["{PYTHON}"]\n{table}'
    )


MATRIX = 'platforms = ["linux-x86_64", "macos-arm64", "windows-x86_64"]\naccelerators = ["cpu"]\n'


def test_a_real_project_is_locked_for_machines_elsewhere(desk: Desk) -> None:
    project(desk, "httpx[http2]", "rich", "pandas>=2", "colorama ; sys_platform == 'win32'", table=MATRIX)
    desk.run("lock", "--cache-dir", desk.root / "cache", timeout=300)
    first = {path.name: path.read_bytes() for path in desk.locks.iterdir()}
    assert len(first) == 3
    for name, text in first.items():
        lock = tomllib.loads(text.decode())
        names = {package["name"] for package in lock["packages"]}
        assert {"httpx", "h2", "rich", "pandas", "numpy"} <= names
        assert ("colorama" in names) == ("windows" in name)
        for package in lock["packages"]:
            (wheel,) = package["wheels"]
            assert wheel["size"] > 0
            assert len(wheel["hashes"]["sha256"]) == 64
            assert package["index"] == default_index()
    for path in desk.locks.iterdir():
        path.unlink()
    desk.run("lock", "--cache-dir", desk.root / "cache", timeout=300)
    assert {path.name: path.read_bytes() for path in desk.locks.iterdir()} == first


def test_a_real_project_is_installed_and_runs(desk: Desk) -> None:
    project(desk, "rich", "pyyaml", table='accelerators = ["cpu"]\n')
    desk.run("lock", timeout=300)
    desk.run("install", timeout=300)
    desk.run("run", "python", "-c", "import rich.console, yaml; yaml.safe_load('a: 1')")


def test_a_real_sdist_is_built_with_what_the_lock_pins(desk: Desk) -> None:
    project(desk, "jieba", table='accelerators = ["cpu"]\nbuild = ["jieba"]\n')
    desk.run("lock", timeout=300)
    desk.run("install", timeout=300)
    desk.run("run", "python", "-c", "import jieba")


def test_a_project_that_does_not_exist_is_told(desk: Desk) -> None:
    project(desk, "provenv-no-such-project-0d9f", table='accelerators = ["cpu"]\n')
    refused = desk.run("lock", expect=1, timeout=300).err
    assert "pyproject.toml:4 asks for provenv-no-such-project-0d9f, which is not on" in refused


def test_torch_for_the_processor_installs_with_every_installer(desk: Desk) -> None:
    project(desk, "torch", table='accelerators = ["cpu"]\n')
    done = desk.run("lock", expect=None, timeout=600)
    if done.code == 3 and "download.pytorch.org" in done.err:
        pytest.skip("neither the PyTorch index nor a find-links folder with a cpu build is within reach")
    assert done.code == 0, done.text
    desk.run("install", timeout=600)
    script = "import torch; print(torch.__version__, torch.ones(2).sum().item())"
    assert desk.run("run", "python", "-c", script).out.strip().endswith("2.0")
    lock, python = desk.lock(), desk.root / "other" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", python.parents[1]], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "-r", str(lock)]
    subprocess.run(pip, env=desk.variables, check=True)
    subprocess.run([str(python), "-c", script], check=True)


def test_a_first_lock_through_a_mirror_has_the_addresses_that_the_index_itself_says(desk: Desk) -> None:
    project(desk, "rich", "pyyaml", table='accelerators = ["cpu"]\n')
    desk.run("lock", timeout=300)
    own, wheels = desk.lock().read_bytes(), desk.root / "wheels"
    wheels.mkdir()
    for package in tomllib.loads(own.decode())["packages"]:
        url = package["wheels"][0]["url"]
        (wheels / url.rpartition("/")[2]).write_bytes(httpx.get(url, timeout=180).raise_for_status().content)
    desk.lock().unlink()
    config = desk.root / "mirrored.toml"
    config.write_text(f"[mirrors]\n{default_index()!r} = {str(wheels)!r}\n")
    desk.variables["PROVENV_CONFIG"] = str(config)

    desk.run("lock", "--cache-dir", desk.root / "cache", timeout=300)

    assert desk.lock().read_bytes() == own
