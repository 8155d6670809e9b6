"""Bad input of conda targets: one clear error each, with the hardware named where that is the cause."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.conda_channel import archive, served, write_channel
from support.conda_desk import CondaDesk


def test_a_folder_that_is_no_channel(desk: CondaDesk, tmp_path: Path) -> None:
    desk.conda([tmp_path / "nothing"], "thing")
    told = desk.run("lock", expect=2).err
    assert "there is no conda channel nothing" in told


def test_an_address_that_is_no_channel(desk: CondaDesk, archives: Path) -> None:
    with served(archives.parent) as (url, _):
        desk.conda([f"{url}/conda-fogre"], "thing")
        told = desk.run("lock", expect=2).err
    assert "there is no conda channel conda-fogre" in told
    assert "did you mean 'conda-forge'?" in told


def test_a_channel_that_can_not_be_reached(desk: CondaDesk) -> None:
    desk.config("retries = 0\n")
    desk.conda(["http://127.0.0.1:9/team"], "thing")
    assert "the channel team can't be reached" in desk.run("lock", expect=3).err


def test_a_subdir_that_a_channel_has_not(desk: CondaDesk, archives: Path) -> None:
    desk.conda([archives], "base-lib", targets={"lab": 'platform = "windows-arm64"'})
    told = desk.run("lock", expect=1).err
    assert "lab (windows-arm64, cpu)" in told
    assert "team has nothing for win-arm64" in told


def test_repodata_that_was_cut_short(desk: CondaDesk, tmp_path: Path) -> None:
    channel = write_channel(tmp_path / "team", archive("thing"))
    index = channel / "linux-64" / "repodata.json"
    index.write_text(index.read_text()[:-40])
    desk.conda([channel], "thing")
    assert "the channel team has broken repodata" in desk.run("lock", expect=4).err


def test_a_record_without_the_hash_that_the_format_needs(desk: CondaDesk, tmp_path: Path) -> None:
    channel = write_channel(tmp_path / "team", archive("thing"))
    index = channel / "linux-64" / "repodata.json"
    document = json.loads(index.read_text())
    for record in document["packages.conda"].values():
        del record["md5"]
    index.write_text(json.dumps(document))
    desk.conda([channel], "thing")
    assert "has no md5" in desk.run("lock", expect=4).err


def test_a_misspelt_package(desk: CondaDesk, recorded: Path) -> None:
    desk.conda([recorded], "numpi")
    assert "did you mean 'numpy'?" in desk.run("lock", expect=1).err


def test_a_version_that_there_is_not(desk: CondaDesk, archives: Path) -> None:
    desk.conda([archives], "base-lib >=3")
    assert "there is base-lib 1.0, 2.0" in desk.run("lock", expect=1).err


def test_no_build_for_the_targets_python(desk: CondaDesk, recorded: Path) -> None:
    desk.conda([recorded], "python 3.12.*", "pytorch")
    told = desk.run("lock", expect=1).err
    assert "python >=3.13,<3.14.0a0, for which no candidates were found" in told
    assert "another Python" in told


def test_target_and_packages_that_ask_for_two_pythons(desk: CondaDesk, recorded: Path) -> None:
    desk.conda([recorded], "python 3.13.*", targets={"lab": 'python = "3.12"'})
    assert "the target is for Python 3.12: python 3.12.*" in desk.run("lock", expect=1).err


def test_a_cuda_that_no_build_serves(desk: CondaDesk, recorded: Path) -> None:
    desk.conda([recorded], "python 3.13.*", "pytorch", targets={"lab": 'accelerator = "cuda"\ncuda = "11.8"'})
    told = desk.run("lock", expect=1).err
    assert "lab (linux-x86_64, cuda, cuda 11.8" in told
    assert "a cuda (cuda 11.8, glibc 2.28) target takes these builds alone" in told
    assert "raise what the target promises" in told


def test_a_gpu_build_on_a_cpu_target(desk: CondaDesk, archives: Path) -> None:
    desk.conda([archives], "flavoured 1.0.*")
    told = desk.run("lock", expect=1).err
    assert "this target promises no __cuda (it promises __archspec 1 x86_64, __glibc 2.28" in told


def test_a_glibc_that_is_too_old(desk: CondaDesk, recorded: Path) -> None:
    desk.conda([recorded], "python 3.13.*", targets={"lab": 'glibc = "2.12"'})
    told = desk.run("lock", expect=1).err
    assert "__glibc >=2.17" in told and "this target promises __glibc 2.12" in told


@pytest.mark.parametrize("spec", ["thing >=>=2", "thing ==", "thing[version='"])
def test_a_spec_that_only_the_solver_can_refuse(desk: CondaDesk, archives: Path, spec: str) -> None:
    desk.conda([archives], spec)
    told = desk.run("lock", expect=2).err
    assert f"{spec!r} is not a conda requirement" in told and "pyproject.toml:12" in told


@pytest.mark.parametrize("over_http", [False, True])
def test_an_archive_that_is_not_the_locked_one(desk: CondaDesk, tmp_path: Path, over_http: bool) -> None:
    channel = write_channel(tmp_path / "team", archive("thing", files={"share/a": "one"}))
    with served(tmp_path) as (url, _):
        desk.conda([f"{url}/team" if over_http else channel], "thing")
        desk.run("lock")
        other = archive("thing", files={"share/a": "two"})
        (channel / "linux-64" / other.filename).write_bytes(other.content)
        told = desk.run("install", expect=4).err
    assert "thing-1.0-0.conda is not the file that was locked" in told
    assert not (desk.prefix / ".provenv.json").exists()


def test_a_corrupt_archive(desk: CondaDesk, tmp_path: Path) -> None:
    channel = write_channel(tmp_path / "team", archive("thing", files={"share/a": "one" * 1000}))
    desk.conda([channel], "thing")
    desk.run("lock")
    path = channel / "linux-64" / "thing-1.0-0.conda"
    path.write_bytes(path.read_bytes()[:200])
    assert "thing-1.0-0.conda" in desk.run("install", expect=4).err


def test_an_archive_that_is_gone(desk: CondaDesk, tmp_path: Path) -> None:
    channel = write_channel(tmp_path / "team", archive("thing"))
    with served(tmp_path) as (url, _):
        desk.conda([f"{url}/team"], "thing")
        desk.run("lock")
        (channel / "linux-64" / "thing-1.0-0.conda").unlink()
        told = desk.run("install", expect=4).err
    assert "thing-1.0-0.conda is not in its channel any more" in told


def test_a_damaged_lock_is_stale_with_its_line(desk: CondaDesk, archives: Path) -> None:
    desk.conda([archives], "base-lib")
    desk.run("lock")
    path = desk.locks / "lab.conda-lock.yml"
    path.write_text(path.read_text().replace("metadata:", "<<<<<<< ours\nmetadata: [", 1))
    assert "conflict markers of a merge (line" in desk.run("check", expect=1).out
    desk.run("lock")
    desk.run("check")


def test_without_the_extra_one_error_names_the_command(
    desk: CondaDesk, archives: Path, tmp_path: Path
) -> None:
    desk.conda([archives], "base-lib")
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "sitecustomize.py").write_text(
        "import importlib.util as u\nfound = u.find_spec\n"
        "u.find_spec = lambda n, *a: None if n in ('rattler', 'conda_lock') else found(n, *a)\n"
    )
    told = desk.run("lock", "-q", expect=2, variables={"PYTHONPATH": str(blocked)}).err
    assert told.splitlines() == [
        "error: conda targets need provenv's conda extra",
        "  py-rattler and conda-lock are not installed",
        "hint: install it: pip install 'provenv[conda]'",
    ]
