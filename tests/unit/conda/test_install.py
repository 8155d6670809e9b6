"""Conda environments: made from real archives, entered, repaired, with PyPI packages on top."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

from support.conda_channel import MINOR, PYTHON, served
from support.conda_desk import CondaDesk
from support.index_server import TestIndex

SITE = Path("lib", f"python{MINOR}", "site-packages")


def everything(desk: CondaDesk, channel: Path) -> None:
    desk.conda([channel], f"python {MINOR}.*", "tiny <2", "activated")
    desk.run("lock")


def records(desk: CondaDesk) -> list[str]:
    return sorted(path.stem for path in (desk.prefix / "conda-meta").glob("*.json"))


def test_an_environment_runs_its_own_python(desk: CondaDesk, archives: Path) -> None:
    everything(desk, archives)
    assert desk.run("install", "--json").json["changed"]
    assert not desk.run("install", "--json").json["changed"]
    facts = "[sys.prefix, platform.python_version(), dict(os.environ)]"
    code = f"import json, os, platform, sys, tiny; print(json.dumps({facts}))"
    prefix, version, variables = desk.run("run", "--", "python", "-c", code).json
    assert (prefix, version) == (str(desk.prefix), PYTHON)
    assert variables["CONDA_PREFIX"] == str(desk.prefix)
    assert variables["FROM_SCRIPT"] == f"{desk.prefix}/seen"
    assert variables["FROM_JSON"] == "it's here"
    assert "VIRTUAL_ENV" not in variables
    assert variables["PATH"].split(":")[0] == str(desk.prefix / "bin")


def test_a_relocatable_text_names_the_new_prefix(desk: CondaDesk, archives: Path) -> None:
    desk.conda([archives], "base-lib 1.0")
    desk.run("lock")
    desk.run("install")
    assert (desk.prefix / "lib" / "base.txt").read_text() == f"{desk.prefix}/lib\n"


def test_the_activation_lines_do_what_run_does(desk: CondaDesk, archives: Path) -> None:
    everything(desk, archives)
    desk.run("install")
    lines = desk.run("env", "--shell", "bash").out
    script = f'{lines}\necho "$FROM_JSON|$FROM_SCRIPT|$(command -v python)"'
    told = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1] == f"it's here|{desk.prefix}/seen|{desk.prefix}/bin/python"
    fish = desk.run("env", "--shell", "fish").out
    assert f"source '{desk.prefix}/etc/conda/activate.d/activated.fish'" in fish


def test_a_changed_lock_takes_away_what_it_no_longer_names(desk: CondaDesk, archives: Path) -> None:
    everything(desk, archives)
    desk.run("install")
    desk.conda([archives], f"python {MINOR}.*", "base-lib <2")
    desk.run("lock", "--upgrade")
    desk.run("install")
    assert records(desk) == ["base-lib-1.0-0", f"python-{PYTHON}-0_cpython"]
    assert not (desk.prefix / SITE / "tiny.py").exists()
    assert not (desk.prefix / "etc" / "conda" / "activate.d").exists()


def test_a_stray_distribution_goes(desk: CondaDesk, archives: Path) -> None:
    everything(desk, archives)
    desk.run("install")
    stray = desk.prefix / SITE / "stray-1.0.dist-info"
    stray.mkdir()
    (stray / "METADATA").write_text("Metadata-Version: 2.1\nName: stray\nVersion: 1.0\n")
    (stray / "RECORD").write_text("stray-1.0.dist-info/METADATA,,\nstray-1.0.dist-info/RECORD,,\n")
    assert desk.run("install", "--json").json["changed"]
    assert not stray.exists()


def test_what_was_deleted_by_hand_comes_back(desk: CondaDesk, archives: Path) -> None:
    everything(desk, archives)
    desk.run("install")
    (desk.prefix / SITE / "tiny.py").unlink()
    desk.run("install")
    desk.run("run", "--", "python", "-c", "import tiny")


def test_an_interrupted_install_is_repaired_by_the_next(desk: CondaDesk, archives: Path) -> None:
    everything(desk, archives)
    process = desk.start("install")
    until = time.monotonic() + 60
    while not (desk.prefix / "lib").exists() and time.monotonic() < until:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for pipe in (process.stdout, process.stderr):
        assert pipe is not None
        pipe.close()
    assert not (desk.prefix / ".provenv.json").exists()
    desk.run("install")
    desk.run("run", "--", "python", "-c", "import tiny, json, ssl")


def test_several_processes_share_one_package_cache(desk: CondaDesk, archives: Path) -> None:
    everything(desk, archives)
    running = [desk.start("install", "--into", str(desk.root / f"env{n}")) for n in range(3)]
    for process in running:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
    assert all((desk.root / f"env{n}" / SITE / "tiny.py").exists() for n in range(3))


def test_a_lock_that_conda_lock_wrote_is_installed(desk: CondaDesk, archives: Path) -> None:
    from conda_lock.lockfile import parse_conda_lock_file, write_conda_lock_file

    everything(desk, archives)
    path = desk.locks / "lab.conda-lock.yml"
    content = parse_conda_lock_file(path)
    content.metadata.custom_metadata = None
    for package in content.package:
        package.build = None
    write_conda_lock_file(content, path, None)
    desk.run("install")
    desk.run("run", "--", "python", "-c", "import tiny")
    assert "stale" in desk.run("check", expect=1).out


def test_pypi_packages_come_on_top_and_nothing_twice(
    desk: CondaDesk, archives: Path, index: TestIndex
) -> None:
    index.add("above", "1.0", requires=["tiny>=1", "beside"])
    index.add("beside", "1.0")
    index.add("tiny", "3.0")
    desk.conda([archives], f"python {MINOR}.*", "tiny", pypi=["above", "tiny"], index=index)
    desk.run("lock")
    assert desk.versions(manager="pip") == {"above": "1.0", "beside": "1.0"}
    assert desk.versions()["tiny"] == "2.0"
    desk.run("install")
    found = sorted(path.name for path in (desk.prefix / SITE).glob("*.dist-info"))
    assert found == ["above-1.0.dist-info", "beside-1.0.dist-info", "tiny-2.0.dist-info"]
    desk.run("run", "--", "python", "-c", "import above, beside, tiny")
    assert not desk.run("install", "--json").json["changed"]


def test_an_sdist_on_top_is_built_with_its_locked_build_requirements(
    desk: CondaDesk, archives: Path, index: TestIndex
) -> None:
    index.add("helper", "1.0")
    index.add("gamma", "1.0", tags=(), sdist=True, static=False, build_requires=["helper"])
    desk.conda([archives], f"python {MINOR}.*", pypi=["gamma"], index=index, table='build = ["gamma"]')
    desk.run("lock")
    index.add("helper", "2.0")
    desk.run("install", variables={"UV_CACHE_DIR": str(desk.root / "an-empty-one")})
    assert desk.run("run", "--", "python", "-c", "import gamma; print(gamma.__version__)").out == "1.0\n"
    assert index.paths("/files/helper-2.0-py3-none-any.whl") == 0
    assert index.paths("/files/helper-1.0-py3-none-any.whl") > 0


def test_python_comes_with_the_first_pypi_package(desk: CondaDesk, archives: Path, index: TestIndex) -> None:
    index.add("above", "1.0")
    desk.conda([archives], "base-lib", pypi=["above"], index=index)
    desk.run("lock")
    assert desk.versions()["python"] == PYTHON


def test_what_pypi_asks_for_chooses_the_conda_version(
    desk: CondaDesk, archives: Path, index: TestIndex
) -> None:
    desk.conda([archives], f"python {MINOR}.*", "tiny", pypi=["tiny<2"], index=index)
    desk.run("lock")
    assert desk.versions()["tiny"] == "1.0"
    index.add("above", "1.0", requires=["tiny<2"])
    desk.conda([archives], f"python {MINOR}.*", "tiny", pypi=["above"], index=index)
    desk.run("lock", "--upgrade")
    assert desk.versions()["tiny"] == "1.0"


def test_a_clash_names_both_sides(desk: CondaDesk, archives: Path, index: TestIndex) -> None:
    index.add("above", "1.0", requires=["tiny>=9"])
    desk.conda([archives], f"python {MINOR}.*", "tiny", pypi=["above"], index=index)
    told = desk.run("lock", expect=1).err
    assert "its PyPI packages don't go with its conda packages" in told
    assert "conda has chosen tiny 2.0" in told
    assert "which depends on tiny>=9, which is 2.0 at the conda package tiny" in told
    assert "move tiny to one side" in told


def test_the_manifests_map_says_what_a_conda_package_is(
    desk: CondaDesk, index: TestIndex, archives: Path
) -> None:
    index.add("above", "1.0", requires=["base-distribution"])
    index.add("base-distribution", "1.0")
    path = desk.conda([archives], f"python {MINOR}.*", "base-lib", pypi=["above"], index=index)
    desk.run("lock")
    assert "base-distribution" in desk.versions(manager="pip")
    text = path.read_text().replace(
        "[tool.provenv.conda]", '[tool.provenv.conda]\nmap = { "base-lib" = "base-distribution" }'
    )
    path.write_text(text)
    desk.run("lock")
    assert desk.versions(manager="pip") == {"above": "1.0"}


def test_categories_follow_groups(desk: CondaDesk, index: TestIndex, archives: Path) -> None:
    index.add("above", "1.0", requires=["beside"])
    index.add("beside", "1.0")
    index.add("plain", "1.0")
    desk.conda(
        [archives],
        f"python {MINOR}.*",
        pypi=["plain"],
        index=index,
        more='[dependency-groups]\ntrain = ["above"]',
        table='groups = ["train"]',
    )
    desk.run("lock")
    found = {p["name"]: (p["category"], p["optional"]) for p in desk.locked()["package"]}
    assert found["above"] == found["beside"] == ("train", True)
    assert found["plain"] == found["python"] == ("main", False)


def test_packages_come_over_http(desk: CondaDesk, archives: Path) -> None:
    with served(archives.parent) as (url, asked):
        desk.conda([f"{url}/{archives.name}"], "base-lib")
        desk.run("lock")
        desk.run("install")
        assert any(path.endswith("base-lib-2.0-0.tar.bz2") for path in asked)
        shutil.rmtree(desk.prefix)
    desk.run("install", "--offline")
    assert (desk.prefix / "lib" / "base.txt").exists()


def test_a_python_of_ones_own_is_refused(desk: CondaDesk, archives: Path) -> None:
    everything(desk, archives)
    assert "its Python is one of its packages" in desk.run("install", "--python", "python3", expect=2).err


def test_a_build_for_a_device_that_is_not_here_is_not_chosen(desk: CondaDesk, archives: Path) -> None:
    targets = {"gpu": 'accelerator = "cuda"\ncuda = "12.9"', "lab": ""}
    desk.conda([archives], "base-lib", targets=targets)
    desk.run("lock")
    told = desk.run("install", "--json").json
    assert told["target"] == "lab"
    assert told["others"][0]["target"] == "gpu"


def test_trees_and_reasons_know_both_halves(desk: CondaDesk, archives: Path, index: TestIndex) -> None:
    index.add("above", "1.0", requires=["tiny"])
    desk.conda([archives], f"python {MINOR}.*", "tiny", "activated", pypi=["above"], index=index)
    desk.run("lock")
    tree = desk.run("tree").out
    assert "above 1.0\n└── tiny 2.0" in tree
    assert "activated 1.0\n└── base-lib 2.0" in tree
    assert "activated 1.0 needs base-lib" in desk.run("why", "base-lib").out


def test_outdated_asks_the_channels(desk: CondaDesk, archives: Path) -> None:
    desk.conda([archives], "base-lib <2")
    desk.run("lock")
    desk.conda([archives], "base-lib")
    assert desk.run("outdated", "--json").json["packages"] == [
        {"name": "base-lib", "locked": "1.0", "upgrade": "2.0", "latest": None}
    ]


def test_variables_of_an_environment_file_are_the_environments(desk: CondaDesk, archives: Path) -> None:
    (desk.folder / "environment.yml").write_text(
        f"channels: [{archives}]\ndependencies: [python={MINOR}]\nvariables:\n  TEAM_MODE: fast\n"
    )
    desk.run("lock", "-f", "environment.yml")
    desk.run("install", "-f", "environment.yml")
    code = "import os; print(os.environ['TEAM_MODE'])"
    assert desk.run("run", "--", "python", "-c", code).out == "fast\n"


def test_a_check_runs_in_the_activated_environment(desk: CondaDesk, archives: Path) -> None:
    everything(desk, archives)
    desk.run("install")
    proof = desk.run("prove", "--json", expect=1).json
    assert proof["versions"] == {"tiny": "1.0"}
    assert proof["python"] == PYTHON
    assert proof["verdict"] == "failed" and "torch is not in this environment" in proof["reasons"][0]
