"""`provenv install`, `run`, `env` and `shell` from outside, and other installers on provenv's locks."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from support.index_server import TestIndex
from support.program import HERE, PYTHON, Desk, files_under

UV = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"


@pytest.fixture
def locked(desk: Desk, index: TestIndex) -> Desk:
    desk.manifest(index, "alpha[fast]")
    desk.run("lock")
    return desk


def shown(desk: Desk, *command: str) -> str:
    """What a command prints in the environment."""
    return desk.run("run", "--", *command).out.strip()


def test_the_lock_that_fits_is_installed_and_the_others_are_told(desk: Desk, index: TestIndex) -> None:
    table = 'platforms = ["linux-x86_64", "macos-arm64"]\naccelerators = ["cpu", "mps"]\n'
    desk.manifest(index, "alpha[fast]", table=table)
    desk.run("lock")
    told = desk.run("install")
    assert told.out == f"{HERE} installed in {desk.folder / '.provenv' / HERE}\n"
    assert "not macos-arm64-mps-py" in told.err
    assert "it is for macos-arm64, and this machine is linux-x86_64" in told.err
    assert desk.installed() == ["alpha-2.0", "beta-1.5", "gamma-1.0"]


def test_installing_again_asks_nothing_and_changes_nothing(locked: Desk, index: TestIndex) -> None:
    locked.run("install")
    asked, before = len(index.log), files_under(locked.site_packages())
    assert locked.run("install", "--json").json["changed"] is False
    assert len(index.log) == asked
    assert files_under(locked.site_packages()) == before


def test_install_removes_what_the_lock_does_not_name(locked: Desk, index: TestIndex) -> None:
    index.add("stray", "1.0")
    locked.run("install")
    python = locked.folder / ".provenv" / HERE / "bin" / "python"
    command = [UV, "pip", "install", "-q", "--python", str(python), "-i", index.url, "stray"]
    subprocess.run(command, env=locked.variables, check=True)
    assert "stray-1.0" in locked.installed()
    locked.run("install")
    assert locked.installed() == ["alpha-2.0", "beta-1.5", "gamma-1.0"]


def test_a_damaged_environment_is_mended(locked: Desk) -> None:
    locked.run("install")
    shutil.rmtree(locked.site_packages() / "alpha-2.0.dist-info")
    (locked.site_packages() / "alpha.py").unlink()
    locked.run("install")
    assert shown(locked, "python", "-c", "import alpha; print(alpha.__version__)") == "2.0"


def test_a_stale_lock_is_installed_with_a_warning(locked: Desk, index: TestIndex) -> None:
    locked.manifest(index, "alpha", "gamma")
    assert "the lock is stale, `provenv lock` brings it up to date" in locked.run("install").err


def test_nothing_to_install_without_a_lock(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "alpha")
    refused = desk.run("install", expect=7).err
    assert "it has no lock yet" in refused
    assert "`provenv lock`" in refused


def test_run_hands_over_arguments_output_and_exit_code(locked: Desk) -> None:
    locked.run("install")
    below = locked.folder / "deep" / "er"
    below.mkdir(parents=True)
    script = "import sys, alpha; print(sys.argv[1:], alpha.__file__); sys.exit(5)"
    done = locked.run("run", "--", "python", "-c", script, "--json", "a b", expect=5, cwd=below)
    assert done.out == f"['--json', 'a b'] {locked.site_packages() / 'alpha.py'}\n"
    assert done.err == ""


def test_run_reads_standard_input(locked: Desk) -> None:
    locked.run("install")
    assert locked.run("run", "python", "-c", "print(input()[::-1])", stdin="olleh\n").out == "hello\n"


def test_run_names_what_it_can_not_start(locked: Desk) -> None:
    locked.run("install")
    assert "no such program in the environment" in locked.run("run", "--", "nosuch", expect=7).err
    assert "`provenv install`" in locked.run("run", "--", "python", expect=7, cwd=locked.root).err
    assert "no command was given" in locked.run("run", expect=2).err


def test_run_warns_of_a_lock_that_has_changed_since(locked: Desk, index: TestIndex) -> None:
    locked.run("install")
    locked.manifest(index, "alpha")
    locked.run("lock")
    assert "has changed since it was installed" in locked.run("run", "python", "-V").err
    assert locked.run("run", "-q", "python", "-V").err == ""


def test_the_lines_of_env_activate_in_bash(locked: Desk) -> None:
    locked.run("install")
    lines = locked.run("env", "--shell", "bash").out
    script = f"{lines}\npython -c 'import sys, gamma; print(sys.prefix)'\ndeactivate\ncommand -v python"
    done = subprocess.run(
        ["bash", "-ec", script], env=locked.variables, capture_output=True, text=True, check=True
    )
    inside, after = done.stdout.splitlines()
    assert inside == str(locked.folder / ".provenv" / HERE)
    assert not after.startswith(str(locked.folder))


@pytest.mark.parametrize(
    ("shell", "word"),
    [("zsh", "activate"), ("fish", "activate.fish"), ("powershell", "activate.ps1"), ("cmd", "activate.bat")],
)
def test_env_speaks_every_shell_and_names_a_file_that_is_there(locked: Desk, shell: str, word: str) -> None:
    locked.run("install")
    line = locked.run("env", "--shell", shell).out.strip()
    named = Path(shlex.split(line)[-1])
    assert named.name == word
    assert named.is_file()


def test_a_shell_starts_with_the_environment_active(locked: Desk) -> None:
    locked.run("install")
    (locked.root / "home" / ".bashrc").write_text("export FROM_BASHRC=yes\n")
    done = locked.run(
        "shell", "-q", stdin="echo $VIRTUAL_ENV $FROM_BASHRC; python -c 'import alpha'; exit 3\n", expect=3
    )
    assert f"{locked.folder / '.provenv' / HERE} yes" in done.out


def test_into_a_folder_of_ones_own(locked: Desk) -> None:
    place = locked.root / "some where"
    locked.run("install", "--into", place)
    assert (place / "lib" / f"python{PYTHON}" / "site-packages" / "alpha.py").is_file()
    assert shown(locked, "python", "-c", "import sys; print(sys.prefix)") == str(place)


def test_a_folder_that_is_no_environment_is_not_overwritten(locked: Desk) -> None:
    place = locked.root / "precious"
    place.mkdir()
    (place / "thesis.tex").write_text("years")
    locked.run("install", "--into", place, expect=2)
    assert (place / "thesis.tex").read_text() == "years"


# --- other installers take the lock as it is


def fresh_venv(folder: Path) -> Path:
    venv.create(folder, with_pip=False, symlinks=True)
    return folder / "bin" / "python"


def distributions(python: Path) -> list[str]:
    folder = python.parent.parent / "lib" / f"python{PYTHON}" / "site-packages"
    return sorted(path.name.removesuffix(".dist-info") for path in folder.glob("*.dist-info"))


@pytest.mark.parametrize("command", ["uv pip sync", "uv pip install -r", "pip install -r"])
def test_other_installers_take_the_lock(locked: Desk, command: str) -> None:
    python = fresh_venv(locked.root / "venv")
    first, *rest = command.split()
    if first == "uv":
        line = [UV, *rest, str(locked.lock()), "--python", str(python), "--preview-features", "pylock"]
    else:
        # this machine's pip (26.x) on the fresh environment
        line = [sys.executable, "-m", "pip", "--python", str(python), *rest, str(locked.lock())]
    done = subprocess.run(
        line,
        env={**locked.variables, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert distributions(python) == ["alpha-2.0", "beta-1.5", "gamma-1.0"]


def test_other_installers_refuse_a_file_whose_hash_is_wrong(locked: Desk, index: TestIndex) -> None:
    index.projects["beta"][1].content += b"tampered"
    python = fresh_venv(locked.root / "venv")
    line = [UV, "pip", "sync", str(locked.lock()), "--python", str(python), "--preview-features", "pylock"]
    done = subprocess.run(line, env=locked.variables, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert distributions(python) == []


def test_a_source_build_is_made_with_what_the_lock_pins(desk: Desk, index: TestIndex) -> None:
    index.add("tool", "1.0")
    index.add("built", "1.0", tags=(), sdist=True, static=False, build_requires=["tool"], requires=["beta"])
    desk.manifest(index, "built")
    refused = desk.run("lock", expect=None)
    assert refused.code in (1, 6), "not allowed unless the manifest names it"
    assert 'build = ["built"]' in refused.err
    desk.manifest(index, "built", table='build = ["built"]\n')
    desk.run("lock")
    index.add("tool", "2.0")
    assert "tool==1.0" in desk.lock().read_text()
    desk.run("install")
    assert desk.installed() == ["beta-1.5", "built-1.0"]


def test_an_environment_elsewhere_is_not_this_machines(desk: Desk, index: TestIndex) -> None:
    table = 'platforms = ["windows-x86_64", "macos-arm64"]\n'
    desk.manifest(index, "alpha", table=table)
    desk.run("lock")
    refused = desk.run("install", expect=7).err
    assert "no lock fits this machine" in refused
    assert "it is for windows-x86_64, and this machine is linux-x86_64" in refused
    name = f"windows-x86_64-cpu-py{PYTHON.replace('.', '')}"
    assert "can't be installed here" in desk.run("install", "--target", name, expect=7).err
    assert not (desk.folder / ".provenv" / name).exists()
