"""Environments hold what their locks say, and half-made ones never look whole."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from provenv.environments import store
from provenv.environments.failures import failure
from provenv.environments.state import site_packages
from provenv.environments.sync import SHELLS, Outfit, install
from provenv.errors import BuildError, DiskError, IndexAnswerError, InputError, InstallError, NetworkError
from provenv.pypi.artifacts import Artifact
from provenv.resolution import Direct, Package
from support.distributions import make_wheel, metadata_text
from support.index_server import Fault, ServedFile
from support.locking import TARGET, package, sdist, wheel

from .conftest import HERE, Bench, platform

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX signals, permissions and paths")


def says(bench: Bench, module: str) -> str:
    """What a program in the environment gets when it imports a module and prints its version."""
    environment = store.load(bench.prefix)
    assert environment
    return subprocess.run(
        [environment.python, "-c", f"import {module}; print({module}.__version__)"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip


def test_an_environment_holds_what_the_lock_says(bench: Bench) -> None:
    done = bench.install(
        package(wheel(bench.index, "alpha"), "beta"), package(wheel(bench.index, "beta", "2.0+cpu"))
    )
    assert done.changed
    assert bench.installed() == ["alpha-1.0", "beta-2.0+cpu"]
    assert says(bench, "beta") == "2.0+cpu"
    assert done.environment == store.load(bench.prefix)
    assert done.environment.target == TARGET.name
    assert done.environment.python_version.startswith(HERE.removesuffix("0"))
    assert done.environment.lock_sha256 == hashlib.sha256(done.environment.lock.read_bytes()).hexdigest()


def test_an_empty_lock_makes_an_empty_environment(bench: Bench) -> None:
    assert bench.install().changed
    assert bench.installed() == []


def test_a_second_install_starts_no_process(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    alpha = package(wheel(bench.index, "alpha"))
    bench.install(alpha)
    monkeypatch.setattr("subprocess.Popen", None)
    done = bench.install(alpha)
    assert not done.changed
    assert bench.lines == []


def test_only_locked_files_are_asked_for(bench: Bench) -> None:
    bench.install(package(wheel(bench.index, "alpha")))
    assert set(bench.index.requested()) == {"/files/alpha-1.0-py3-none-any.whl"}


def test_what_the_lock_no_longer_names_is_removed(bench: Bench) -> None:
    alpha, beta = package(wheel(bench.index, "alpha")), package(wheel(bench.index, "beta"))
    bench.install(alpha, beta)
    assert bench.install(replace(alpha)).changed
    assert bench.installed() == ["alpha-1.0"]


def test_a_changed_version_replaces_the_old_one(bench: Bench) -> None:
    bench.install(package(wheel(bench.index, "alpha")))
    bench.install(package(wheel(bench.index, "alpha", "2.0")))
    assert says(bench, "alpha") == "2.0"


def test_what_somebody_else_added_is_removed(bench: Bench) -> None:
    alpha = package(wheel(bench.index, "alpha"))
    bench.install(alpha)
    stray = site_packages(bench.prefix, HERE) / "stray-1.0.dist-info"
    stray.mkdir()
    (stray / "METADATA").write_text("Metadata-Version: 2.1\nName: stray\nVersion: 1.0\n")
    (stray / "RECORD").write_text("stray-1.0.dist-info/METADATA,,\nstray-1.0.dist-info/RECORD,,\n")
    assert bench.install(alpha).changed
    assert bench.installed() == ["alpha-1.0"]


def test_what_somebody_else_removed_comes_back(bench: Bench) -> None:
    alpha = package(wheel(bench.index, "alpha"))
    bench.install(alpha)
    (site_packages(bench.prefix, HERE) / "alpha.py").unlink()
    assert bench.install(alpha).changed
    assert says(bench, "alpha") == "1.0"


def test_running_programs_in_it_does_not_make_it_look_changed(bench: Bench) -> None:
    alpha = package(wheel(bench.index, "alpha"))
    bench.install(alpha)
    says(bench, "alpha")
    assert not bench.install(alpha).changed


def test_a_moved_environment_is_made_anew(bench: Bench) -> None:
    alpha = package(wheel(bench.index, "alpha"))
    bench.install(alpha)
    elsewhere = bench.prefix.with_name("moved")
    bench.prefix.rename(elsewhere)
    assert store.load(elsewhere) is None
    assert bench.install(alpha).changed


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": 1}', '{"format": 2}'])
def test_a_damaged_note_is_no_note(bench: Bench, damage: str) -> None:
    alpha = package(wheel(bench.index, "alpha"))
    bench.install(alpha)
    (bench.prefix / store.NOTE).write_text(damage)
    assert store.load(bench.prefix) is None
    assert bench.install(alpha).changed


def test_new_variables_of_the_plugin_reach_the_note_without_an_installation(bench: Bench) -> None:
    alpha = package(wheel(bench.index, "alpha"))
    bench.install(alpha)
    bench.variables["FAST_MATH"] = "1"
    done = bench.install(alpha)
    assert not done.changed
    assert dict(done.environment.variables) == {"FAST_MATH": "1"}
    assert store.load(bench.prefix) == done.environment
    assert [shell for shell, _ in done.environment.activation] == list(SHELLS)


# --- folders


def test_an_environment_may_lie_anywhere(bench: Bench, tmp_path: Path) -> None:
    elsewhere = tmp_path / "weit weg" / "umgebung ü"
    bench.install(package(wheel(bench.index, "alpha")), into=elsewhere)
    assert bench.installed(elsewhere) == ["alpha-1.0"]


def test_a_folder_of_somebody_else_is_never_overwritten(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("years of work")
    with pytest.raises(InputError, match="is not empty, and no environment of provenv's"):
        bench.install(package(wheel(bench.index, "alpha")), into=tmp_path / "thesis")
    assert (tmp_path / "thesis" / "chapter1.tex").read_text() == "years of work"


def test_a_virtual_environment_of_somebody_else_is_never_overwritten(bench: Bench, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "mine"], check=True)
    with pytest.raises(InputError, match="no environment of provenv's"):
        bench.install(into=tmp_path / "mine")


def test_a_missing_lock_says_how_to_make_it(bench: Bench) -> None:
    bench.lock().unlink()
    with pytest.raises(InputError, match="there is no lock") as caught:
        install(bench.project / "no.toml", bench.prefix, bench.settings, Outfit(platform(), {}))
    assert caught.value.hints == ("make it with `provenv lock`",)


# --- interruptions


def test_a_failed_installation_leaves_no_whole_environment_and_is_repaired(bench: Bench) -> None:
    alpha, beta = package(wheel(bench.index, "alpha")), package(wheel(bench.index, "beta"))
    bench.install(alpha)
    bench.index.fail("/files/beta-1.0-py3-none-any.whl", Fault(status=404, times=1))
    with pytest.raises(IndexAnswerError):
        bench.install(alpha, beta)
    assert store.load(bench.prefix) is None
    with pytest.raises(InstallError, match="no environment to use"):
        store.environment_of(bench.project, TARGET.name)
    assert bench.install(alpha, beta).changed
    assert bench.installed() == ["alpha-1.0", "beta-1.0"]


INTERRUPTED = """
    import sys
    from pathlib import Path
    from provenv.environments.sync import Outfit, install
    from provenv.settings import NetworkSettings
    sys.path.insert(0, sys.argv[1])
    from unit.environments.conftest import platform
    lock, prefix, cache, index = sys.argv[2:]
    settings = NetworkSettings(default_index=index, cache_dir=Path(cache), retries=0, timeout=30.0)
    try:
        install(Path(lock), Path(prefix), settings, Outfit(platform(), {}), progress=print)
    except KeyboardInterrupt:
        sys.exit(130)
"""


def start_installing(bench: Bench, into: Path, *packages: Package) -> subprocess.Popen[bytes]:
    """Another process that installs; it is waited for until it asks for the file that never comes."""
    lock = bench.lock(*packages)
    tests = Path(__file__).resolve().parents[2]
    arguments = [tests, lock, into, bench.settings.cache_dir, bench.index.url]
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(INTERRUPTED), *map(str, arguments)])
    end = time.monotonic() + 30
    while not any("slow" in path for path in bench.index.requested()):
        assert time.monotonic() < end, "the file was never asked for"
        assert process.poll() is None
        time.sleep(0.02)
    return process


def slow_package(bench: Bench, delay: float) -> Package:
    slow = package(wheel(bench.index, "slow"))
    bench.index.fail("/files/slow-1.0-py3-none-any.whl", Fault(drip=delay / 900, times=1))
    return slow


@posix
@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("place", ["home", "elsewhere"])
def test_an_interrupted_installation_is_not_whole_and_is_repaired(
    bench: Bench, tmp_path: Path, way: signal.Signals, place: str
) -> None:
    prefix = bench.prefix if place == "home" else tmp_path / "elsewhere"
    alpha, slow = package(wheel(bench.index, "alpha")), slow_package(bench, 3)
    process = start_installing(bench, prefix, alpha, slow)
    process.send_signal(way)
    assert process.wait(timeout=20) == (130 if way == signal.SIGINT else -signal.SIGKILL)
    assert store.load(prefix) is None
    assert bench.install(alpha, slow, into=prefix).changed
    assert bench.installed(prefix) == ["alpha-1.0", "slow-1.0"]


def test_two_processes_do_not_install_into_one_place_at_once(bench: Bench) -> None:
    alpha, slow = package(wheel(bench.index, "alpha")), slow_package(bench, 1)
    process = start_installing(bench, bench.prefix, alpha, slow)
    done = bench.install(alpha, slow)
    assert process.wait(timeout=20) == 0
    assert bench.lines == [f"waiting for another process that changes {bench.prefix}"]
    assert not done.changed


# --- what can't be had


def test_a_file_with_another_hash_is_refused(bench: Bench) -> None:
    locked = wheel(bench.index, "alpha")
    with pytest.raises(IndexAnswerError, match="a file is not the one that was locked") as caught:
        bench.install(package(locked._replace(hashes={"sha256": "0" * 64}, size=None)))
    assert "Hash mismatch for `alpha==1.0`" in "\n".join(caught.value.evidence)
    assert locked.hashes["sha256"] in "\n".join(caught.value.evidence)
    assert bench.installed() == []


def test_a_file_of_another_size_is_refused(bench: Bench) -> None:
    with pytest.raises(IndexAnswerError, match="a file is not the one that was locked"):
        bench.install(package(wheel(bench.index, "alpha")._replace(size=3)))


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (Fault(status=404), IndexAnswerError, "404 Not Found"),
        (Fault(status=500), IndexAnswerError, "500 Internal Server Error"),
        (Fault(status=401), IndexAnswerError, "401 Unauthorized"),
        (Fault(cut=100), NetworkError, "end of file before message length reached"),
        (Fault(reset=True), NetworkError, "connection closed"),
    ],
)
def test_a_file_that_does_not_come_is_told(
    bench: Bench, fault: Fault, error: type[Exception], words: str
) -> None:
    alpha = package(wheel(bench.index, "alpha"))
    bench.index.fail("/files/alpha-1.0-py3-none-any.whl", fault)
    with pytest.raises(error) as caught:
        bench.install(alpha)
    assert words in str(caught.value)
    assert "`alpha==1.0`" in str(caught.value)
    assert store.load(bench.prefix) is None


def test_a_host_that_is_not_there_is_a_network_error(bench: Bench) -> None:
    away = wheel(bench.index, "alpha")._replace(url="http://127.0.0.1:9/alpha-1.0-py3-none-any.whl")
    with pytest.raises(NetworkError, match="could not be fetched") as caught:
        bench.install(package(away))
    assert any("provenv config" in hint for hint in caught.value.hints)


def test_offline_asks_for_nothing(bench: Bench) -> None:
    bench.settings = replace(bench.settings, offline=True)
    with pytest.raises(NetworkError, match="switched off"):
        bench.install(package(wheel(bench.index, "alpha")))
    assert bench.index.requested() == []


def test_a_local_file_that_is_gone_is_told(bench: Bench, tmp_path: Path) -> None:
    local = wheel(tmp_path / "wheels", "local")
    (tmp_path / "wheels" / local.filename).unlink()
    with pytest.raises(InstallError, match="a local file that the lock names is not there"):
        bench.install(package(local))


def test_a_python_that_does_not_exist_is_told_with_how_to_get_it(bench: Bench) -> None:
    bench.python = "3.99.0"
    bench.settings = replace(bench.settings, offline=True)
    with pytest.raises(InstallError, match=r"for Python 3\.99, and no Python 3\.99\.0 or newer") as caught:
        bench.install(package(wheel(bench.index, "alpha")))
    assert "uv python install 3.99" in caught.value.hints[0]


def test_a_named_python_of_another_version_is_refused(bench: Bench) -> None:
    bench.python = f"3.{sys.version_info.minor + 1}.0"
    with pytest.raises(InstallError, match=r"is Python 3\.\d+\.\d+, and .* is for Python"):
        bench.install(python=sys.executable)


def test_the_python_that_an_environment_is_of_may_be_named_again(bench: Bench) -> None:
    alpha = package(wheel(bench.index, "alpha"))
    assert bench.install(alpha, python=sys.executable).changed
    assert not bench.install(alpha, python=sys.executable).changed


@pytest.mark.skipif(os.name == "nt", reason="an environment's interpreter is no link there")
def test_the_very_interpreter_of_an_environment_is_known_without_a_process(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    alpha = package(wheel(bench.index, "alpha"))
    python: str = sys._base_executable  # type: ignore[attr-defined]  # what a virtual environment is of, if copied
    bench.install(alpha, python=python)
    monkeypatch.setattr("subprocess.Popen", None)
    assert not bench.install(alpha, python=python).changed


def test_a_virtual_environment_may_be_named_for_the_python_that_it_is_of(
    bench: Bench, tmp_path: Path
) -> None:
    """One of copies, as on Windows: its program is no link that leads to the interpreter."""
    venv.create(tmp_path / "copied", symlinks=False)
    python = tmp_path / "copied" / ("Scripts" if os.name == "nt" else "bin") / "python"
    alpha = package(wheel(bench.index, "alpha"))
    assert bench.install(alpha, python=str(python)).changed
    assert not bench.install(alpha, python=str(python)).changed


@posix
def test_a_path_to_a_python_is_taken_from_where_the_user_stands(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tools").mkdir()
    venv.create(tmp_path / "tools" / "own")
    alpha = package(wheel(bench.index, "alpha"))
    monkeypatch.chdir(tmp_path / "tools")
    for python in ("./own/bin/python", "own/bin/python", "../tools/own/bin/python", "./own"):
        bench.install(alpha, python=python)
    with pytest.raises(
        InstallError, match=re.escape(f"--python {tmp_path}/tools/nowhere/python is no Python")
    ):
        bench.install(alpha, python="nowhere/python")


def test_an_environment_of_another_python_is_made_anew_of_the_named_one(bench: Bench) -> None:
    alpha = package(wheel(bench.index, "alpha"))
    bench.install(alpha)
    description = bench.prefix / "pyvenv.cfg"
    own = description.read_text()
    description.write_text(re.sub("(?m)^home = .*$", "home = /elsewhere/bin", own))
    assert not bench.install(alpha).changed
    assert bench.install(alpha, python=sys.executable).changed
    assert description.read_text() == own


def test_a_named_python_that_is_not_there_is_told_though_the_environment_is_up_to_date(bench: Bench) -> None:
    alpha = package(wheel(bench.index, "alpha"))
    bench.install(alpha)
    with pytest.raises(InstallError):
        bench.install(alpha, python="/nowhere/python")


def test_a_lock_for_another_machine_is_told(bench: Bench) -> None:
    with pytest.raises(InstallError, match="the lock is not for this machine"):
        bench.install(package(wheel(bench.index, "alpha", tags="cp39-cp39-plan9_mips")))


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(DiskError, match="permission denied"):
        bench.install(into=tmp_path / "closed" / "env")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("No space left on device (os error 28)", DiskError),
        ("There is not enough space on the disk. (os error 112)", DiskError),
        ("Read-only file system (os error 30)", DiskError),
        ("invalid peer certificate: UnknownIssuer", NetworkError),
        ("something nobody has seen yet", InstallError),
    ],
)
def test_what_a_test_cannot_bring_about_is_known_by_its_words(words: str, error: type[Exception]) -> None:
    lines = [
        "Prepared 1 package in 1ms",
        "error: Failed to install: a",
        f"  cause: {words}",
        "",
        "hint: --flag",
    ]
    told = failure("installing x", lines)
    assert type(told) is error
    assert told.message.startswith("installing x failed")
    assert told.evidence[:2] == ("Failed to install: a", words)


# --- other sources


def test_files_come_from_where_they_are_rewritten_to(bench: Bench) -> None:
    away = wheel(bench.index, "alpha")._replace(url="https://files.example/alpha-1.0-py3-none-any.whl")
    lock = bench.lock(package(away)).read_text()

    def mirror(artifact: Artifact) -> str:
        return bench.index.file_url(artifact.filename)

    assert bench.install(package(away), rewrite=mirror).changed
    assert bench.installed() == ["alpha-1.0"]
    assert bench.lock(package(away)).read_text() == lock
    assert not bench.install(package(away), rewrite=mirror).changed


def test_a_mirror_may_be_a_folder(bench: Bench, tmp_path: Path) -> None:
    local = wheel(tmp_path / "spiegel ü", "alpha", "1.0+cpu")
    away = local._replace(url="https://files.example/alpha-1.0%2Bcpu-py3-none-any.whl")
    bench.install(
        package(away), rewrite=lambda artifact: (tmp_path / "spiegel ü" / artifact.filename).as_uri()
    )
    assert bench.installed() == ["alpha-1.0+cpu"]


def test_a_mirror_with_a_login_is_used_and_not_remembered(bench: Bench) -> None:
    away = wheel(bench.index, "alpha")._replace(url="https://files.example/alpha-1.0-py3-none-any.whl")
    bench.index.login = ("bob", "hunter2")
    bench.install(
        package(away),
        rewrite=lambda a: bench.index.file_url(a.filename).replace("http://", "http://bob:hunter2@"),
    )
    assert bench.installed() == ["alpha-1.0"]
    files = [path for path in bench.project.rglob("*") if path.is_file() and not path.is_symlink()]
    assert [path for path in files if b"hunter2" in path.read_bytes()] == []
    assert "hunter2" not in "\n".join(bench.lines)


def test_an_sdist_is_built_with_its_locked_build_requirements(bench: Bench) -> None:
    for version in ("1.0", "2.0"):
        bench.index.add("helper", version)
    bench.install(package(sdist(bench.index, "gamma", build_requires=["helper"]), builds=["helper==1.0"]))
    assert bench.installed() == ["gamma-1.0"]
    assert bench.index.paths("/files/helper-1.0-py3-none-any.whl") == 1
    assert bench.index.paths("/files/helper-2.0-py3-none-any.whl") == 0


def test_sdists_with_contradicting_build_requirements_are_each_built_with_their_own(bench: Bench) -> None:
    for version in ("1.0", "2.0"):
        bench.index.add("helper", version)
    bench.install(
        package(sdist(bench.index, "gamma", build_requires=["helper"]), builds=["helper==1.0"]),
        package(sdist(bench.index, "delta", build_requires=["helper"]), builds=["helper==2.0"]),
        package(wheel(bench.index, "alpha")),
    )
    assert bench.installed() == ["alpha-1.0", "delta-1.0", "gamma-1.0"]
    for version in ("1.0", "2.0"):
        assert bench.index.paths(f"/files/helper-{version}-py3-none-any.whl") == 1


def test_an_sdist_that_does_not_build_is_told(bench: Bench) -> None:
    broken = sdist(
        bench.index, "gamma", files={"tiny_backend.py": "raise SystemExit('the compiler is missing')"}
    )
    with pytest.raises(BuildError, match="could not be built from source") as caught:
        bench.install(package(broken))
    assert "the compiler is missing" in "\n".join(caught.value.evidence)


def local_project(folder: Path, text: str) -> Package:
    from support.distributions import BACKEND

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (folder / "tiny_backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "tiny_backend"\nbackend-path = ["."]\n'
    )
    (folder / "mine.py").write_text(text)
    return Package("mine", "1.0", None, (), direct=Direct(folder.as_uri(), folder=True))


def test_a_local_project_is_installed_again_when_its_code_has_changed(bench: Bench) -> None:
    folder = bench.project / "libs" / "mine"
    mine = local_project(folder, "__version__ = 'first'\n")
    bench.install(mine)
    assert says(bench, "mine") == "first"
    assert not bench.install(mine).changed
    local_project(folder, "__version__ = 'the second'\n")
    assert bench.install(mine).changed
    assert says(bench, "mine") == "the second"


def test_a_wheel_with_a_script_can_be_run(bench: Bench) -> None:
    name = "tool-1.0-py3-none-any.whl"
    content = make_wheel(
        "tool", "1.0", metadata_text("tool", "1.0"),
        files={"tool.py": "def main():\n    print('works')\n",
               "tool-1.0.dist-info/entry_points.txt": "[console_scripts]\ntool = tool:main\n"},
    )  # fmt: skip
    bench.index.add_file("tool", ServedFile(name, content))
    artifact = Artifact(
        name, bench.index.file_url(name), "wheel", "1.0", "py3-none-any",
        hashes={"sha256": hashlib.sha256(content).hexdigest()},
    )  # fmt: skip
    done = bench.install(package(artifact))
    program = done.environment.scripts_folder / ("tool.exe" if os.name == "nt" else "tool")
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == "works\n"
