"""An answer is given again only where the long way would give the same one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provenv import reads
from provenv.cli import again, main
from provenv.cli.dispatch import run_command
from provenv.config.default_index import default_index
from provenv.errors import InputError
from provenv.hooks.entry_points import EntryPoint
from provenv.hooks.loading import load
from provenv.hooks.manager import plugins
from provenv.pastes.sources import probe_from
from provenv.probe import LiveProbe

TARGETS = 'accelerators = ["cpu"]\nplatforms = ["linux-x86_64", "macos-arm64"]\npython = ["3.12"]\n'
PROJECT = '[project]\nname = "x"\nversion = "1"\n'
PLAIN = f"{PROJECT}[tool.provenv]\n{TARGETS}"
DYNAMIC = (
    f'{PROJECT}dynamic = ["dependencies"]\n[tool.setuptools.dynamic]\ndependencies = {{file = ["all.txt"]}}\n'
    f"[tool.provenv]\n{TARGETS}"
)
LIB = '[project]\nname = "lib"\nversion = "1"\n'
LOCAL = (
    f'{PROJECT}dependencies = ["lib"]\n[tool.uv.sources]\nlib = {{path = "lib"}}\n[tool.provenv]\n{TARGETS}'
)

KINDS: dict[str, dict[str, str]] = {
    "a pyproject.toml": {"pyproject.toml": PLAIN},
    "groups and extras": {
        "pyproject.toml": f"{PROJECT}[project.optional-dependencies]\na = []\n[dependency-groups]\nb = []\n"
        f'[tool.provenv]\ngroups = ["b"]\nextras = ["a"]\n{TARGETS}'
    },
    "dynamic dependencies": {
        "pyproject.toml": DYNAMIC,
        "all.txt": "-r more.txt\n-c limits/limits.txt\n",
        "more.txt": "# nothing\n",
        "limits/limits.txt": "numpy<2\n-c others.txt\n",
        "limits/others.txt": "torch<3\n",
    },
    "a local project": {"pyproject.toml": LOCAL, "lib/pyproject.toml": LIB},
    "a local project with a requirements file": {
        "pyproject.toml": LOCAL,
        "lib/pyproject.toml": f'{LIB}[tool.setuptools.dynamic]\ndependencies = {{file = ["needs.txt"]}}\n',
        "lib/needs.txt": "# nothing\n",
    },
    "an index that is a folder": {
        "pyproject.toml": f'{PLAIN}[[tool.provenv.indexes]]\nname = "here"\nurl = "wheels"\nflat = true\n',
        "wheels/readme.txt": "none yet",
    },
    "settings of the user": {
        "pyproject.toml": PLAIN,
        "home/.config/provenv/config.toml": 'retries = 7\n[mirrors]\n"https://index.example/a" = "mirror"\n',
    },
    "settings of pip": {
        "pyproject.toml": PLAIN,
        "home/.config/pip/pip.conf": "[global]\ntimeout = 9\nconstraint = ~/limits.txt\n",
        "home/limits.txt": "numpy<2\n",
    },
    "locks in a folder behind a link": {
        "pyproject.toml": f'{PROJECT}[tool.provenv]\nlockfiles = "link/locks"\n{TARGETS}',
        "link": "-> elsewhere",
        "elsewhere/readme.txt": "here",
    },
}


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder to work in, a home of its own, and nothing remembered from other tests."""
    for name in [one for one in os.environ if one.startswith(("PIP_", "PROVENV_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "etc"))
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path)
    yield
    reads.take_journal()


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("-> "):
            path.symlink_to(text[3:])
        else:
            path.write_text(text)


class Line:
    """One command line, run as the program would run it, and the long way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str):
        self.words = [*words, "--cache-dir", "cache"]
        self._capsys = capsys
        monkeypatch.setattr(sys, "argv", ["provenv", *self.words])
        monkeypatch.setattr(sys, "orig_argv", ["python", "provenv", *self.words])

    def repeated(self) -> tuple[int, str, str, bool]:
        """Exit code, both outputs, and whether the long way was gone."""
        went = []

        def run() -> int:
            # a process that has just begun remembers neither plugins nor the default index
            plugins.cache_clear()
            default_index.cache_clear()
            went.append(True)
            return run_command(self.words)

        self._capsys.readouterr()
        code = again.repeated(run)
        return code, *self._capsys.readouterr(), bool(went)

    def at_length(self) -> tuple[int, str, str]:
        """What the long way says, and nothing kept of it."""
        self._capsys.readouterr()
        code = run_command(self.words)
        return code, *self._capsys.readouterr()

    def journal(self) -> reads.Journal:
        """What the answer rests on."""
        reads.keep_journal()
        plugins.cache_clear()
        default_index.cache_clear()
        assert run_command(self.words) == 0
        journal = reads.take_journal()
        assert journal is not None
        return journal


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Line]:
    return lambda *words: Line(monkeypatch, capsys, *words)


@pytest.mark.parametrize("command", [["check"], ["lock"], ["check", "--json"], ["lock", "-q"]])
def test_where_nothing_has_changed_the_same_is_said_again(
    line: Callable[..., Line], command: list[str]
) -> None:
    write(KINDS["a pyproject.toml"])
    main(["lock", "--cache-dir", "cache"])
    one = line(*command)
    first, second = one.repeated(), one.repeated()
    assert first == (0, first[1], "", True)
    assert second == (0, first[1], "", False)
    assert one.at_length() == (0, first[1], "")


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_changes_the_answer_is_the_long_ways(line: Callable[..., Line], kind: str) -> None:
    write(KINDS[kind])
    assert main(["lock", "--cache-dir", "cache"]) == 0
    one = line("check")
    assert one.repeated()[0] == 0
    assert not one.repeated()[3], "it was not kept"
    wrong, seen = [], 0
    places = sorted({path for _, path in one.journal() if is_users(path)})
    for place in places:
        for change, undo in changes(Path(place)):
            try:
                if change():
                    seen += 1
                    *said, _ = one.repeated()
                    if tuple(said) != one.at_length():
                        wrong.append((place, change.__name__, said))
            finally:
                undo()
        assert one.repeated()[0] == 0, "undone"
    assert wrong == []
    assert seen > 20


def is_users(path: str) -> bool:
    return Path(path).absolute().is_relative_to(Path.cwd()) and Path(path).absolute() != Path.cwd()


def changes(path: Path) -> Iterator[tuple[Callable[[], bool], Callable[[], None]]]:
    """Every way to change what is at a path, and back again. A change says whether it could be made."""
    aside = Path("aside")
    was_there = os.path.lexists(path)

    def move() -> None:
        if was_there:
            path.rename(aside)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)

    def undo() -> None:
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.is_dir() and (aside.exists() or not was_there):
            path.rmdir()
        if os.path.lexists(aside):
            aside.rename(path)

    def gone() -> bool:
        if was_there:
            path.rename(aside)
        return was_there

    def other_file() -> bool:
        move()
        path.write_text("[global]\nretries = x\n")
        return True

    def empty_file() -> bool:
        move()
        path.write_text("")
        return True

    def folder() -> bool:
        move()
        path.mkdir()
        return True

    def dead_link() -> bool:
        move()
        path.symlink_to("nowhere")
        return True

    yield gone, undo
    yield other_file, undo
    yield empty_file, undo
    yield folder, undo
    yield dead_link, undo
    if not path.is_file():
        return
    content, times = path.read_bytes(), (path.stat().st_atime_ns, path.stat().st_mtime_ns)

    def link_to_the_same() -> bool:
        move()
        path.symlink_to(aside.absolute())
        return True

    def touched() -> bool:
        path.touch()
        return True

    yield link_to_the_same, undo
    yield touched, undo
    for at in {0, len(content) // 3, len(content) // 2, len(content) - 2}:

        def of_the_same_size_and_time(at: int = at) -> bool:
            changed = bytearray(content)
            changed[at] ^= 1
            path.write_bytes(changed)
            os.utime(path, ns=times)
            return True

        def as_before() -> None:
            path.write_bytes(content)

        yield of_the_same_size_and_time, as_before


VARIABLES = {
    "PIP_TIMEOUT": "soon",
    "PIP_CONSTRAINT": "absent.txt",
    "PIP_CONFIG_FILE": "pip.conf",
    "PROVENV_CONFIG": "absent.toml",
    "XDG_CONFIG_HOME": "other",
    "XDG_CACHE_HOME": "/nonexistent",
    "HOME": "other",
    "FORCE_COLOR": "1",
    "WORD": "three",
}


@pytest.mark.parametrize("name", VARIABLES)
def test_another_environment_is_asked_the_long_way(
    line: Callable[..., Line], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write(KINDS["dynamic dependencies"])
    Path("pip.conf").write_text("[global]\nretries = many\n")
    Path("other/provenv").mkdir(parents=True)
    Path("other/provenv/config.toml").write_text("retries = false\n")
    Path("more.txt").write_text("--extra-index-url https://index.example/${WORD}/simple\n")
    monkeypatch.setenv("WORD", "two")
    main(["lock", "--cache-dir", "cache"])
    one = line("check")
    one.repeated()
    assert not one.repeated()[3]
    monkeypatch.setenv(
        name, str(Path(VARIABLES[name]).absolute()) if name == "XDG_CONFIG_HOME" else VARIABLES[name]
    )
    *said, at_length = one.repeated()
    assert at_length
    assert tuple(said) == one.at_length()


def test_what_a_shell_counts_changes_nothing(
    line: Callable[..., Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(KINDS["a pyproject.toml"])
    main(["lock", "--cache-dir", "cache"])
    one = line("check")
    one.repeated()
    for name in ("_", "OLDPWD", "SHLVL"):
        monkeypatch.setenv(name, "77")
    assert not one.repeated()[3]


def test_a_file_that_names_what_a_shell_counts_is_asked_the_long_way(line: Callable[..., Line]) -> None:
    write({**KINDS["dynamic dependencies"], "more.txt": "--extra-index-url https://index.example/${SHLVL}\n"})
    assert never_kept(line)


UNSURE: dict[str, dict[str, str]] = {
    "hardware": {"pyproject.toml": PROJECT},
    "the time": {"pyproject.toml": f'{PROJECT}[tool.provenv]\nexclude-newer = "7 days"\n{TARGETS}'},
    "members of a workspace": {
        "pyproject.toml": LOCAL.replace('path = "lib"', "workspace = true").replace(
            "[tool.provenv]", '[tool.uv.workspace]\nmembers = ["*"]\n[tool.provenv]'
        ),
        "lib/pyproject.toml": LIB,
    },
    "another's home": {"pyproject.toml": LOCAL.replace('"lib"}', '"~root/lib"}').replace('["lib"]', "[]")},
}


@pytest.mark.parametrize("what", UNSURE)
def test_an_answer_that_rests_on_more_than_files_is_not_kept(line: Callable[..., Line], what: str) -> None:
    write(UNSURE[what])
    if what == "another's home":
        Path("pyproject.toml").write_text(
            f'{PROJECT}[tool.provenv]\n{TARGETS}[[tool.provenv.indexes]]\nname = "a"\nurl = "w"\n'
            '[dependency-groups]\nx = ["lib @ ~root/lib"]\n'
        )
    assert never_kept(line)


def never_kept(line: Callable[..., Line]) -> bool:
    """Whether the second of two equal runs, which both say yes, goes the long way too."""
    code = main(["lock", "--cache-dir", "cache"])
    one = line("check")
    return [code, one.repeated()[0], one.repeated()[3]] == [0, 0, True]


def test_what_a_strangers_plugin_has_makes_an_answer_unsure() -> None:
    reads.keep_journal()
    load([EntryPoint("a", "json", "", "a-stranger")], [])
    assert reads.take_journal() is None


def test_what_a_machine_says_makes_an_answer_unsure() -> None:
    reads.keep_journal()
    LiveProbe().file("absent")
    assert reads.take_journal() is None


def test_a_machine_that_is_named_makes_an_answer_unsure() -> None:
    reads.keep_journal()
    with pytest.raises(InputError):
        probe_from(["absent"], plugins())
    assert reads.take_journal() is None


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe has no name in a folder there")
def test_what_comes_through_a_pipe_makes_an_answer_unsure() -> None:
    os.mkfifo("pipe")
    writer = subprocess.Popen(["/bin/sh", "-c", "echo x > pipe"])
    reads.keep_journal()
    assert reads.read_bytes("pipe") == b"x\n"
    assert reads.take_journal() is None
    writer.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe has no name in a folder there")
def test_a_file_that_is_a_pipe_now_is_not_read_again(tmp_path: Path) -> None:
    Path("file").write_bytes(b"x\n")
    reads.keep_journal()
    reads.read_bytes("file")
    journal = reads.take_journal()
    assert journal is not None
    assert reads.holds(journal)
    Path("file").unlink()
    os.mkfifo("file")
    assert not reads.holds(journal)


def test_a_file_that_changes_while_the_answer_is_made_makes_it_unsure() -> None:
    reads.keep_journal()
    for text in ("one", "two"):
        Path("file").write_text(text)
        reads.read_bytes("file")
    assert reads.take_journal() is None


def test_a_no_is_never_kept(line: Callable[..., Line]) -> None:
    write(KINDS["a pyproject.toml"])
    one = line("check")
    assert [one.repeated()[::3], one.repeated()[::3]] == [(1, True), (1, True)]
    assert not Path("cache/answers").exists()


def test_a_yes_is_said_again_with_its_warnings(line: Callable[..., Line]) -> None:
    write({**KINDS["a pyproject.toml"], "pyproject.toml": f"{PLAIN}[tool.uv]\npip = {{}}\n"})
    main(["lock", "--cache-dir", "cache"])
    one = line("lock")
    first, second = one.repeated(), one.repeated()
    assert "warning: pyproject.toml:" in first[2]
    assert second == (*first[:3], False)


def test_a_lock_that_had_to_be_made_is_never_kept(line: Callable[..., Line]) -> None:
    write(KINDS["a pyproject.toml"])
    one = line("lock", "-q")
    assert one.repeated()[0] == 0
    assert not Path("cache/answers").exists()


def test_a_damaged_record_is_none(line: Callable[..., Line]) -> None:
    write(KINDS["a pyproject.toml"])
    main(["lock", "--cache-dir", "cache"])
    one = line("check")
    first = one.repeated()
    (kept,) = Path("cache/answers").iterdir()
    whole = kept.read_bytes()
    for damaged in (whole[:-1], whole[:30], b"", whole + b"x", *flipped(whole)):
        kept.write_bytes(damaged)
        assert one.repeated() == first


def flipped(whole: bytes) -> Iterator[bytes]:
    for at in range(0, len(whole), max(1, len(whole) // 50)):
        changed = bytearray(whole)
        changed[at] ^= 4
        yield bytes(changed)


def test_nothing_but_what_is_in_the_journal_is_looked_at(
    line: Callable[..., Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call of the operating system about a file of the user's is one that is made again."""
    for kind in KINDS:
        folder = Path(kind.replace(" ", "-")).absolute()
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setenv("HOME", str(folder / "home"))
        write(KINDS[kind])
        main(["lock", "--cache-dir", "cache"])
        one = line("check")
        one.at_length()
        with monkeypatch.context() as patch:
            looked = watched(patch)
            journal = one.journal()
        known = {_plain(path) for _, path in journal}
        known |= {
            str(parent) for path in known for parent in Path(path).parents
        }  # a link is found on the way
        known |= {os.path.realpath(path) for path in known}
        strange = {
            path for path in looked if path.startswith(str(folder)) and not path.startswith(f"{folder}/cache")
        }
        assert sorted(strange - known) == []
        assert str(folder / "pyproject.toml") in looked


def _plain(path: object) -> str:
    return os.path.normpath(Path(str(path)).absolute())


def watched(patch: pytest.MonkeyPatch) -> set[str]:
    """The paths that the system is asked about from now on."""
    looked: set[str] = set()

    def noting(function: Callable[..., object]) -> Callable[..., object]:
        def call(path: object = ".", *args: object, **kwargs: object) -> object:
            if isinstance(path, (str, os.PathLike)):
                looked.add(_plain(path))
            return function(path, *args, **kwargs)

        return call

    import builtins
    import io

    for name in ("stat", "lstat", "readlink", "listdir", "scandir", "open", "access"):
        patch.setattr(os, name, noting(getattr(os, name)))
    opening = noting(open)
    patch.setattr(builtins, "open", opening)
    patch.setattr(io, "open", opening)
    return looked


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_answer_that_can_not_be_written_is_told_as_ever(tmp_path: Path) -> None:
    write(KINDS["a pyproject.toml"])
    main(["lock", "--cache-dir", "cache"])
    command = [sys.executable, "-P", "-m", "provenv", "check", "--cache-dir", "cache"]
    ended = []
    for _ in range(2):
        subprocess.run(command, check=True, capture_output=True)
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        ended.append((done.returncode, "can't write the answer to standard output" in done.stderr))
    assert ended == [(5, True)] * 2


def test_the_program_says_it_again_without_opening_the_project() -> None:
    write(KINDS["a pyproject.toml"])
    main(["lock", "--cache-dir", "cache"])
    program = (
        "import sys\nfrom provenv.cli import main\ncode = main()\n"
        "print(code, {'re', 'pathlib', 'typing', 'provenv.cli.dispatch'} & set(sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-P", "-c", program, "check", "--cache-dir", "cache"]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(2))
    assert second.stdout == first.stdout == "linux-x86_64-cpu-py312: fresh\nmacos-arm64-cpu-py312: fresh\n"
    assert second.stderr == "0 set()\n"
