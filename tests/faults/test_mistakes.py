"""What users get wrong, by the whole program: each is told, and what mends it is named."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.index_server import TestIndex
from support.program import HERE, Desk, little_world, program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names a Linux machine's targets and paths")


@pytest.fixture
def index() -> Iterator[TestIndex]:
    with little_world() as served:
        yield served


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_copied_project_does_not_use_the_environment_of_the_first(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "beta")
    desk.run("up", expect=None)
    copy = desk.root / "copy"
    shutil.copytree(desk.folder, copy, symlinks=True)

    told = desk.run("run", "--", "python", "-V", cwd=copy, expect=7)

    assert told.err.splitlines() == [
        f"error: there is no environment to use in {copy}",
        f"  {copy}/.provenv/{HERE} is not whole, or was moved",
        "hint: make it with `provenv install`",
    ]
    assert desk.run("run", "--", "python", "-c", "import sys; print(sys.prefix)").out == (
        f"{desk.folder}/.provenv/{HERE}\n"
    )


def test_a_version_edited_in_a_lock_is_seen_and_written_anew(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "beta")
    desk.run("lock")
    written = desk.lock().read_text()
    version = next(line for line in written.splitlines() if line.startswith("version = "))
    desk.lock().write_text(written.replace(version, 'version = "77.0"'))

    checked = desk.run("check", expect=1)
    assert "it says beta 77.0, and its file is beta-" in checked.text
    assert "hint: write it anew with `provenv lock`" in desk.run("install", expect=2).err
    desk.run("lock")
    assert desk.lock().read_text() == written


def test_conflict_markers_in_a_manifest_are_called_that(desk: Desk, index: TestIndex) -> None:
    path = desk.manifest(index, "beta")
    path.write_text(path.read_text().replace("[tool.provenv]", "<<<<<<< HEAD\n[tool.provenv]"))

    assert desk.run("lock", expect=2).err.splitlines() == [
        "error: pyproject.toml:5: a merge has left its conflict markers here",
        "hint: keep what you want of both sides and delete the lines of <, = and >",
    ]


def test_in_a_subfolder_the_project_above_is_named(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "beta")
    deep = desk.folder / "src" / "train"
    deep.mkdir(parents=True)

    told = desk.run("lock", cwd=deep, expect=2)

    assert "hint: a folder above has one: give `../..` as the project" in told.err
    desk.run("lock", "../..", cwd=deep)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("install", "--target", "one", "--target", "two"), "it takes one, and got one and two"),
        (
            ("up", "--locked", "--upgrade"),
            "--locked takes the locks as they are, and --upgrade writes new ones",
        ),
        (("lock", "-q", "-v"), "not allowed with argument"),
    ],
)
def test_flags_that_contradict_each_other_are_refused(
    desk: Desk, index: TestIndex, flags: tuple[str, ...], told: str
) -> None:
    desk.manifest(index, "beta")
    answer = desk.run(*flags, expect=2)
    assert told in answer.err
    assert "hint: " in answer.err


def test_a_python_that_was_named_and_is_none_is_told_of_as_such(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "beta")
    desk.run("lock")
    missing = desk.root / "no-python"
    told = desk.run("install", "--python", missing, expect=7).err
    assert f"error: --python {missing} is no Python that can be used" in told
    assert "or leave it out: provenv looks for one" in told


def test_a_python_of_a_version_that_no_tool_makes_environments_of_is_told_of_as_such(
    desk: Desk, index: TestIndex
) -> None:
    desk.manifest(index, "beta")
    desk.run("lock")
    assert (
        "error: --python 2.7 is no Python that can be used"
        in desk.run("install", "--python", "2.7", expect=7).err
    )


def test_of_many_locks_that_are_not_there_the_first_are_named(desk: Desk, index: TestIndex) -> None:
    desk.manifest(
        index, table='python = ["3.11", "3.12", "3.13"]\nplatforms = ["linux-x86_64", "macos-arm64"]\n'
    )
    told = desk.run("tree", expect=2).err.splitlines()
    assert told[1].startswith("  looked for pylock.linux-x86_64-cpu-py311.toml, ")
    assert told[1].endswith(f" and 3 more in {desk.locks}")


def test_a_proxy_of_the_environment_that_refuses_is_named(desk: Desk) -> None:
    desk.config("retries = 0\n")
    desk.manifest("http://index.example/simple", "beta")
    told = desk.run("lock", expect=3, variables={"HTTP_PROXY": "http://127.0.0.1:9"}).err
    assert "error: the proxy http://127.0.0.1:9 can't be reached" in told


def test_a_form_that_no_plugin_brings_names_the_lock_that_other_tools_read(
    desk: Desk, index: TestIndex
) -> None:
    desk.manifest(index, "beta")
    desk.run("lock")
    told = desk.run("export", "--format", "requirements", expect=2).err
    assert f"hint: its lock is a standard file, which pip and uv install as it is: {desk.lock()}" in told


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("linux-amd64", "did you mean 'linux-x86_64'?"),
        ("linux/amd64", "did you mean 'linux-x86_64'?"),
        ("linux-64", "did you mean 'linux-x86_64'?"),
        ("linux/arm64", "did you mean 'linux-aarch64'?"),
        ("osx-arm64", "did you mean 'macos-arm64'?"),
        ("darwin-aarch64", "did you mean 'macos-arm64'?"),
        ("win-amd64", "did you mean 'windows-x86_64'?"),
        ("windows", "known platforms: "),
    ],
)
def test_other_tools_names_of_a_platform_lead_to_ours(
    desk: Desk, index: TestIndex, written: str, hint: str
) -> None:
    desk.manifest(index, "beta", table=f'platforms = ["{written}"]')
    assert f"hint: {hint}" in desk.run("manifest", expect=2).err


def test_a_target_s_name_with_an_umlaut_is_offered_without(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "beta", table='[tool.provenv.targets."über uns"]\naccelerator = "cpu"')
    assert "hint: call it 'uber-uns'" in desk.run("lock", expect=2).err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh", "powershell"])
def test_every_shell_has_a_completion_script(desk: Desk, shell: str) -> None:
    assert "outdated" in desk.run("completion", shell).out


def test_a_lock_in_place_of_a_manifest_is_told_how_to_install_it(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "beta")
    desk.run("lock")
    lock = desk.lock().relative_to(desk.folder)
    told = desk.run("install", lock, expect=2).err
    assert f"install it as it is: `uv pip sync {lock}`" in told


def test_from_python_a_path_may_be_a_string(desk: Desk, index: TestIndex) -> None:
    from provenv import Manifest, open_project

    path = desk.manifest(index, "beta")
    assert Manifest.read(str(desk.folder)) == Manifest.read(desk.folder)
    assert open_project(str(path)).manifest == Manifest.read(path)


def test_a_check_that_says_stale_names_the_command_that_mends_it(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "beta")
    named = desk.run("check", desk.folder, cwd=desk.root, expect=1)
    assert named.err == f"hint: `provenv lock {desk.folder}` writes what is missing or stale\n"
    assert desk.run("check", "-q", expect=1).err == ""


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("XDG_CACHE_HOME", "hint: `--cache-dir DIR` keeps the cache elsewhere, UV_CACHE_DIR that of uv"),
        ("UV_CACHE_DIR", "hint: UV_CACHE_DIR moves it to another folder"),
    ],
)
def test_a_cache_that_can_t_be_written_is_told_with_what_moves_it(
    desk: Desk, index: TestIndex, variable: str, told: str
) -> None:
    desk.manifest(index, "beta")
    desk.run("lock")
    assert told in desk.run("install", expect=5, variables={variable: "/proc/nowhere"}).err


def test_a_closed_standard_output_is_no_traceback(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "beta")
    desk.run("lock")
    done = subprocess.run(
        ["sh", "-c", f"{shlex.quote(program())} check >&-"],
        cwd=desk.folder,
        env=desk.variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
