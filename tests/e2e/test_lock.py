"""`provenv lock` and `provenv check` from outside, against an index on loopback."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from support.index_server import TestIndex
from support.program import HERE, PYTHON, Desk, files_under

MATRIX = """\
platforms = ["linux-x86_64", "macos-arm64", "windows-x86_64"]
accelerators = ["cpu", "mps"]
"""
SHORT = PYTHON.replace(".", "")


def versions(lock: Path) -> dict[str, str]:
    """By name; a folder has none (PEP 751)."""
    return {package["name"]: package.get("version", "") for package in read(lock)["packages"]}


def read(lock: Path) -> dict[str, Any]:
    return tomllib.loads(lock.read_text())


def test_every_target_of_the_matrix_is_locked_from_linux(desk: Desk, index: TestIndex) -> None:
    index.add(
        "native", "1.0", tags=[f"cp{SHORT}-cp{SHORT}-{tag}" for tag in ("win_amd64", "macosx_11_0_arm64")]
    )
    marker = "sys_platform != 'linux'"
    desk.manifest(index, "alpha", f"native ; {marker}", table=MATRIX)
    desk.run("lock")
    files = {
        target: [wheel["url"].rpartition("/")[2] for p in read(lock)["packages"] for wheel in p["wheels"]]
        for target, lock in sorted((p.name.split(".")[1], p) for p in desk.locks.iterdir())
    }
    common = ["alpha-2.0-py3-none-any.whl", "beta-1.5-py3-none-any.whl"]
    mac = [*common, f"native-1.0-cp{SHORT}-cp{SHORT}-macosx_11_0_arm64.whl"]
    assert files == {
        HERE: common,
        f"macos-arm64-cpu-py{SHORT}": mac,
        f"macos-arm64-mps-py{SHORT}": mac,
        f"windows-x86_64-cpu-py{SHORT}": [*common, f"native-1.0-cp{SHORT}-cp{SHORT}-win_amd64.whl"],
    }


def test_a_lock_is_made_anew_byte_for_byte(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "alpha[fast]", table=MATRIX)
    desk.run("lock")
    first = files_under(desk.locks)
    assert len(first) == 4
    for leftover in (desk.locks, desk.cache):
        shutil.rmtree(leftover)
        desk.run("lock")
        assert files_under(desk.locks) == first


def test_a_fresh_lock_asks_no_index(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "alpha")
    desk.run("lock")
    asked = len(index.log)
    assert [one["status"] for one in desk.run("lock", "--json").json["locks"]] == ["fresh"]
    desk.run("check")
    assert len(index.log) == asked


def test_a_relock_changes_only_what_it_must(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "alpha")
    desk.run("lock")
    index.add("alpha", "3.0", requires=["beta>=1"])
    index.add("beta", "1.6")
    desk.manifest(index, "alpha", "gamma")
    said = desk.run("lock", "--json").json["locks"][0]
    assert said["changes"] == ["+ gamma 1.0"]
    assert versions(desk.lock()) == {"alpha": "2.0", "beta": "1.5", "gamma": "1.0"}


def test_upgrade_moves_the_named_package_or_all(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "alpha", "gamma")
    desk.run("lock")
    for name in ("alpha", "beta", "gamma"):
        index.add(name, "9.0", requires=["beta>=1"] if name == "alpha" else [])
    desk.run("lock", "--upgrade", "alpha")
    assert versions(desk.lock()) == {"alpha": "9.0", "beta": "1.5", "gamma": "1.0"}
    desk.run("lock", "--upgrade", "Beta", "--upgrade", "alpha")
    assert versions(desk.lock()) == {"alpha": "9.0", "beta": "9.0", "gamma": "1.0"}
    desk.run("lock", desk.folder, "--upgrade", cwd=desk.root)
    assert versions(desk.lock()) == {"alpha": "9.0", "beta": "9.0", "gamma": "9.0"}


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ("project", "project is a project", "`provenv lock project --upgrade`"),
        ("alpha>=2", "'alpha>=2' is none", "without a version"),
        ("./alpha", "'./alpha' is none", "the name alone"),
    ],
)
def test_upgrade_tells_a_package_from_the_project(
    desk: Desk, index: TestIndex, given: str, message: str, hint: str
) -> None:
    desk.manifest(index, "alpha")
    refused = desk.run("lock", "--upgrade", given, expect=2, cwd=desk.root)
    assert message in refused.err
    assert hint in refused.err


def test_upgrade_of_what_is_in_no_lock_names_the_nearest_package(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "alpha")
    desk.run("lock")
    before = files_under(desk.locks)
    refused = desk.run("lock", "--upgrade", "betta", expect=2)
    assert "there is no betta to upgrade" in refused.err
    assert "did you mean beta?" in refused.err
    assert files_under(desk.locks) == before


def test_check_says_what_changed(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "alpha")
    missing = desk.run("check", expect=1)
    assert missing.out == f"{HERE}: stale\n  there is no lock yet\n"
    desk.run("lock")
    assert desk.run("check").out == f"{HERE}: fresh\n"
    desk.manifest(index, "alpha>=2", "gamma", table='constraints = ["beta<1.5"]\n')
    stale = desk.run("check", "--json", expect=1).json
    assert stale["fresh"] is False
    told = "\n".join(stale["locks"][0]["reasons"])
    for change in ("+ alpha>=2 (pyproject.toml:4)", "- alpha", "+ gamma (pyproject.toml:4)", "beta<1.5"):
        assert change in told


def test_cells_that_no_plugin_accepts_are_told_with_v(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "alpha", table=MATRIX)
    assert "left out" not in desk.run("lock").text
    told = desk.run("lock", "-v").err
    assert f"left out linux-x86_64-mps-py{SHORT}: MPS is Apple's" in told
    assert f"left out windows-x86_64-mps-py{SHORT}: " in told
    left_out = desk.run("lock", "--json").json["left_out"]
    assert [cell["name"] for cell in left_out] == [
        f"{p}-mps-py{SHORT}" for p in ("linux-x86_64", "windows-x86_64")
    ]


def test_a_named_target_that_nothing_accepts_is_an_error_with_its_line(desk: Desk, index: TestIndex) -> None:
    table = '[tool.provenv.targets.train]\nplatform = "linux-x86_64"\naccelerator = "mps"\n'
    line = (
        desk.manifest(index, "alpha", table=table)
        .read_text()
        .splitlines()
        .index("[tool.provenv.targets.train]")
    )
    refused = desk.run("lock", expect=2).err
    assert refused.startswith(f"error: pyproject.toml:{line + 1}: no plugin accepts target train\n")
    assert "MPS is Apple's" in refused
    assert not desk.locks.exists()


def test_a_conflict_prints_the_chain_and_leaves_the_old_lock(desk: Desk, index: TestIndex) -> None:
    index.add("old", "1.0", requires=["beta<1.2"])
    desk.manifest(index, "alpha")
    desk.run("lock")
    before = files_under(desk.locks)
    desk.manifest(index, "alpha", "old", "beta>1.2")
    refused = desk.run("lock", expect=1).err
    assert f"error: no solution for target {HERE}" in refused
    for link in (
        "pyproject.toml:4 asks for old, which depends on beta<1.2",
        "pyproject.toml:4 asks for beta>1.2",
    ):
        assert link in refused
    assert "hint: loosen" in refused
    assert files_under(desk.locks) == before


@pytest.fixture
def torch_mirror(desk: Desk) -> Any:
    """The PyTorch CPU index, served from here."""
    with TestIndex() as pytorch:
        pytorch.add("torch", "2.9.0+cpu", tags=[f"cp{SHORT}-cp{SHORT}-manylinux_2_28_x86_64"])
        desk.config(f'[mirrors]\n"https://download.pytorch.org/whl/cpu" = "{pytorch.url}"\n')
        yield pytorch


def test_torch_comes_from_its_accelerators_index(
    desk: Desk, index: TestIndex, torch_mirror: TestIndex
) -> None:
    index.add("torch", "9.9")
    desk.manifest(index, "torch")
    desk.run("lock")
    (package,) = read(desk.lock())["packages"]
    assert (package["version"], package["index"]) == ("2.9.0+cpu", "https://download.pytorch.org/whl/cpu")
    assert torch_mirror.base not in desk.lock().read_text(), "a mirror is never written to a lock"


def test_a_manifests_pin_beats_the_accelerators_index(
    desk: Desk, index: TestIndex, torch_mirror: TestIndex
) -> None:
    with TestIndex() as corp:
        corp.add("torch", "2.9.0+corp", tags=[f"cp{SHORT}-cp{SHORT}-manylinux_2_28_x86_64"])
        pin = f'[[tool.provenv.indexes]]\nname = "corp"\nurl = "{corp.url}"\npackages = ["torch"]\n'
        desk.manifest(index, "torch", table=pin)
        desk.run("lock")
        (package,) = read(desk.lock())["packages"]
        assert (package["version"], package["index"]) == ("2.9.0+corp", corp.url)
    assert torch_mirror.log == []


def test_requirements_in_with_every_option(desk: Desk, index: TestIndex, tmp_path: Path) -> None:
    with TestIndex() as extra, TestIndex() as flat:
        extra.add("delta", "1.0")
        flat.add("epsilon", "1.0")
        index.add("zeta", "1.0a1")
        index.add("zeta", "0.9")
        index.add("eta", "1.0", tags=(), sdist=True, requires=["beta"])
        index.add("eta", "2.0")
        index.add("theta", "1.0", sdist=True)
        index.add("theta", "2.0", tags=(), sdist=True)
        (hashed,) = index.add("iota", "1.0")
        local = desk.folder / "local"
        local.mkdir()
        (local / "pyproject.toml").write_text(
            '[build-system]\nrequires = []\nbuild-backend = "none"\n'
            '[project]\nname = "kappa"\nversion = "3.0"\ndependencies = ["beta"]\n'
        )
        flat.write(tmp_path / "links")
        (desk.folder / "more.txt").write_text(
            'gamma ; sys_platform == "linux"\nnever ; sys_platform == "win32"\n'
        )
        (desk.folder / "limits.txt").write_text("beta<1.5\n")
        lines = [
            f"--index-url {index.url}",
            "--extra-index-url ${EXTRA}",
            f"--find-links {tmp_path / 'links'}",
            "-r more.txt",
            "-c limits.txt",
            "-e ./local",
            "--pre",
            "--no-binary eta",
            "--only-binary theta",
            "alpha[fast]  # a comment",
            "delta",
            "epsilon \\",
            "   >= 1",
            "zeta",
            "eta<2",
            "theta",
            f"iota==1.0 --hash=sha256:{hashed.hashes['sha256']}",
            f"mu @ {index.file_url('mu-1.0-py3-none-any.whl')}",
        ]
        index.add("mu", "1.0")
        (desk.folder / "requirements.in").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode() + b"\r\n")
        desk.run("lock", "-r", "requirements.in", variables={"EXTRA": extra.url})
        assert versions(desk.lock()) == {
            "alpha": "2.0",
            "beta": "1.0",
            "delta": "1.0",
            "epsilon": "1.0",
            "eta": "1.0",
            "gamma": "1.0",
            "iota": "1.0",
            "kappa": "",
            "mu": "1.0",
            "theta": "1.0",
            "zeta": "1.0a1",
        }
        portable = desk.run("check", "-r", "requirements.in", variables={"EXTRA": extra.url})
        assert "epsilon" in portable.err, "a file of this machine's folders makes no portable lock"


def test_a_requirements_file_whose_hash_no_file_has(desk: Desk, index: TestIndex) -> None:
    (desk.folder / "requirements.in").write_text(
        f"--index-url {index.url}\nalpha==2.0 --hash=sha256:{'0' * 64}\n"
    )
    refused = desk.run("lock", "-r", "requirements.in", expect=1).err
    assert "requirements.in:2 asks for alpha==2.0, which has no file with a hash" in refused
