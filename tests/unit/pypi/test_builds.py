"""Isolated builds for metadata: real backends in real environments, and every way in which they fail."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from provenv.errors import BuildError, DiskError, ProvenvError
from provenv.manifest.values import Index
from provenv.pypi.archives import unpack
from provenv.pypi.artifacts import Metadata
from provenv.pypi.build_environment import Provision, minor_of, network_variables, uv_provision
from provenv.pypi.builds import build_metadata
from provenv.pypi.cache import Cache
from provenv.settings import NetworkSettings
from support.distributions import make_archive, make_sdist
from support.index_server import TestIndex

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}.0"


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where builds put what they need, so that a test can see that nothing stays."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def nothing_needed(requirements: Sequence[str], prefix: Path) -> tuple[str, ...]:
    raise AssertionError(f"asked to provide {requirements}")


def project(folder: Path, backend: str, **tables: object) -> Path:
    """A source tree whose backend is `backend.py` in it; `tables`: further keys of [build-system]."""
    folder.mkdir()
    keys = {"requires": [], "build-backend": "backend", "backend-path": ["."], **tables}
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    (folder / "pyproject.toml").write_text("\n".join(["[build-system]", *lines]), encoding="utf-8")
    (folder / "backend.py").write_text(textwrap.dedent(backend), encoding="utf-8")
    return folder


PREPARE = """
import os, pathlib
def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = pathlib.Path(metadata_directory, "pkg-1.0.dist-info")
    folder.mkdir()
    lines = ["Metadata-Version: 2.1", "Name: pkg", "Version: 1.0", *MORE]
    (folder / "METADATA").write_text("\\n".join(lines) + "\\n", encoding="utf-8")
    return folder.name
"""


def build(source: Path, provision: Provision = nothing_needed, **options: object) -> Metadata:
    return build_metadata(source, python=PYTHON, provision=provision, label="pkg-1.0", **options)  # type: ignore[arg-type] # options are those of build_metadata


def test_an_sdist_with_a_backend_of_its_own_needs_no_index(
    tmp_path: Path, own_temporary_folder: Path
) -> None:
    sdist = tmp_path / "pkg-1.0.tar.gz"
    sdist.write_bytes(
        make_sdist("Pkg", "1.0", requires=["numpy>=2"], extras={"fast": ["numba"]}, requires_python=">=3.9")
    )
    metadata = build(sdist)
    assert (metadata.name, metadata.version, metadata.requires_python) == ("pkg", "1.0", ">=3.9")
    assert [str(r) for r in metadata.requires] == ["numpy>=2", 'numba; extra == "fast"']
    assert metadata.extras == ("fast",)
    assert metadata.build_requires == ()
    assert list(own_temporary_folder.iterdir()) == []


def test_without_the_metadata_hook_a_wheel_is_built_and_read(tmp_path: Path) -> None:
    tree = project(
        tmp_path / "pkg",
        """
        import pathlib, zipfile
        def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
            with zipfile.ZipFile(pathlib.Path(wheel_directory, "pkg-1.0-py3-none-any.whl"), "w") as wheel:
                wheel.writestr("pkg-1.0.dist-info/METADATA",
                               "Metadata-Version: 2.1\\nName: pkg\\nVersion: 1.0\\nRequires-Dist: tqdm\\n")
                wheel.writestr("pkg-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\n")
                wheel.writestr("pkg-1.0.dist-info/RECORD", "")
            return "pkg-1.0-py3-none-any.whl"
        """,
    )
    assert [r.name for r in build(tree).requires] == ["tqdm"]


def test_a_backend_in_a_subdirectory_is_found_there(tmp_path: Path) -> None:
    project(tmp_path / "python", "MORE = []\n" + PREPARE)
    assert build(tmp_path, subdirectory="python").name == "pkg"
    with pytest.raises(BuildError, match="no folder 'ruby'"):
        build(tmp_path, subdirectory="ruby")
    with pytest.raises(BuildError, match=r"no folder '\.\./'"):
        build(tmp_path / "python", subdirectory="../")


def test_build_requirements_are_provided_in_two_steps_and_pinned(tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def provision(requirements: Sequence[str], prefix: Path) -> tuple[str, ...]:
        asked.append(list(requirements))
        assert (prefix / "pyvenv.cfg").is_file()
        return tuple(f"{name}==1.0" for name in reversed(requirements))

    tree = project(
        tmp_path / "pkg",
        "MORE = []\n"
        "def get_requires_for_build_wheel(config_settings=None): return ['beta', 'alpha', 'gamma']\n"
        + PREPARE,
        requires=["gamma"],
    )
    assert build(tree, provision).build_requires == ("alpha==1.0", "beta==1.0", "gamma==1.0")
    assert asked == [["gamma"], ["gamma", "beta", "alpha"]]


def test_build_requirements_come_from_this_machines_index_as_wheels(tmp_path: Path) -> None:
    with TestIndex() as index:
        index.add(
            "helper", "1.0", requires=["deep>=2"], files={"helper.py": "MORE = ['Requires-Dist: numpy']"}
        )
        index.add("helper", "0.9")
        index.add("deep", "2.1")
        index.add("late", "3.0")
        settings = NetworkSettings(default_index=index.url)
        tree = project(
            tmp_path / "pkg",
            "from helper import MORE\n"
            "def get_requires_for_build_wheel(config_settings=None): return ['late']\n" + PREPARE,
            requires=["helper<2"],
        )
        metadata = build(tree, uv_provision(settings))
    assert metadata.build_requires == ("deep==2.1", "helper==1.0", "late==3.0")
    assert [r.name for r in metadata.requires] == ["numpy"]


def test_a_build_requirement_without_a_wheel_is_not_built(tmp_path: Path) -> None:
    with TestIndex() as index:
        index.add("helper", "1.0", tags=(), sdist=True)
        tree = project(tmp_path / "pkg", "MORE = []\n" + PREPARE, requires=["helper"])
        with pytest.raises(BuildError, match="build requirements helper could not be installed") as caught:
            build(tree, uv_provision(NetworkSettings(default_index=index.url)))
    assert any("helper" in line for line in caught.value.evidence)


def test_build_requirements_can_come_from_a_folder_that_stands_for_the_index(tmp_path: Path) -> None:
    with TestIndex() as index:
        index.add("helper", "1.0", files={"helper.py": "MORE = []"})
        wheels = index.write(tmp_path / "wheels")
    canonical = "https://index.example/simple"
    settings = NetworkSettings(canonical, mirrors=((canonical, (str(wheels),)),))
    tree = project(tmp_path / "pkg", "from helper import MORE\n" + PREPARE, requires=["helper"])
    assert build(tree, uv_provision(settings)).build_requires == ("helper==1.0",)


def test_credentials_reach_uv_by_its_environment() -> None:
    settings = NetworkSettings(
        "https://user:secret@index.example/simple",
        proxy="http://proxy.example:3128",
        cert=Path("/certs/ca.pem"),
        trusted_hosts=("index.example",),
    )
    variables = network_variables(settings)
    assert variables["UV_DEFAULT_INDEX"] == "https://user:secret@index.example/simple"
    assert {variables[name] for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")} == {
        "http://proxy.example:3128"
    }
    assert variables["SSL_CERT_FILE"] == str(Path("/certs/ca.pem"))
    assert variables["UV_INSECURE_HOST"] == "index.example"


def test_a_build_sees_neither_this_process_modules_nor_its_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "leak").mkdir()
    (tmp_path / "leak" / "leaked.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "leak"))
    monkeypatch.setenv("PYTHONSTARTUP", "x")
    monkeypatch.setenv("PIP_INDEX_URL", "https://user:secret@index.example/simple")
    monkeypatch.setenv("UV_INDEX_URL", "https://user:secret@index.example/simple")
    monkeypatch.setenv("CFLAGS", "-O1")
    tree = project(
        tmp_path / "pkg",
        """
        import importlib.util, os, sys
        found = [name for name in ("leaked", "provenv", "pytest") if importlib.util.find_spec(name)]
        unwanted = ("PIP_", "UV_", "PYTHONPATH", "PYTHONSTARTUP")
        seen = sorted(name for name in os.environ if name.startswith(unwanted))
        inside = os.environ["VIRTUAL_ENV"] == sys.prefix != sys.base_prefix
        MORE = [f"Summary: {found} {seen} {inside} {os.environ['CFLAGS']}"]
        MORE += [f"Requires-Dist: {'clean' if not found and not seen and inside else 'dirty'}"]
        """
        + textwrap.indent(PREPARE, " " * 8),
    )
    assert [r.name for r in build(tree).requires] == ["clean"]


def test_the_users_folder_may_be_read_only_for_hooks_that_write_nothing(tmp_path: Path) -> None:
    tree = project(tmp_path / "pkg", "MORE = []\n" + PREPARE)
    before = sorted(path.name for path in tree.iterdir())
    build(tree)
    assert sorted(path.name for path in tree.iterdir()) == before


# --- failures


def test_a_failing_build_shows_the_end_of_its_output(tmp_path: Path, own_temporary_folder: Path) -> None:
    tree = project(
        tmp_path / "pkg",
        """
        def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
            for number in range(500):
                print("line", number)
            raise SystemExit("error: no BLAS found")
        """,
    )
    with pytest.raises(BuildError, match=r"pkg-1\.0 could not be built for its metadata") as caught:
        build(tree)
    assert caught.value.evidence[0] == "backend failed in prepare_metadata_for_build_wheel:"
    assert caught.value.evidence[-1] == "error: no BLAS found"
    assert caught.value.evidence[-2] == "line 499"
    assert len(caught.value.evidence) == 21
    assert caught.value.hints
    assert list(own_temporary_folder.iterdir()) == []


def test_a_build_that_hangs_is_ended_with_its_children(tmp_path: Path, own_temporary_folder: Path) -> None:
    note = tmp_path / "child"
    tree = project(
        tmp_path / "pkg",
        f"""
        import pathlib, subprocess, sys, time
        def get_requires_for_build_wheel(config_settings=None):
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            pathlib.Path({str(note)!r}).write_text(str(child.pid))
            print("waiting for ever", flush=True)
            time.sleep(600)
        """,
    )
    start = time.monotonic()
    with pytest.raises(BuildError, match="could not be built") as caught:
        build(tree, seconds=5.0)
    assert time.monotonic() - start < 60
    assert caught.value.evidence == (
        "backend ran out of time in get_requires_for_build_wheel:",
        "waiting for ever",
    )
    assert not is_running(int(note.read_text()))
    assert list(own_temporary_folder.iterdir()) == []


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_ctrl_c_ends_the_build_and_removes_its_folders(tmp_path: Path, own_temporary_folder: Path) -> None:
    note = tmp_path / "started"
    tree = project(
        tmp_path / "pkg",
        f"""
        import os, pathlib, time
        def get_requires_for_build_wheel(config_settings=None):
            pathlib.Path({str(note)!r}).write_text(str(os.getpid()))
            time.sleep(600)
        """,
    )
    program = f"""
import pathlib
from provenv.pypi.builds import build_metadata
build_metadata(pathlib.Path({str(tree)!r}), python={PYTHON!r}, provision=lambda r, p: (), label="pkg")
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "TMPDIR": str(own_temporary_folder)},
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 60
    while not (note.exists() and note.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert b"KeyboardInterrupt" in errors
    assert not is_running(int(note.read_text()))
    assert list(own_temporary_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("backend", "evidence"),
    [
        pytest.param("import nowhere_to_be_found", "No module named 'nowhere_to_be_found'", id="import"),
        pytest.param("x = 1", "no attribute 'build_wheel'", id="hooks"),
        pytest.param("def get_requires_for_build_wheel(c=None): return 'numpy'", "not a list", id="requires"),
        pytest.param(
            "def prepare_metadata_for_build_wheel(d, c=None): return 'pkg.dist-info'",
            "no METADATA",
            id="nothing",
        ),
        pytest.param(
            "def prepare_metadata_for_build_wheel(d, c=None): return '../../x'", "no METADATA", id="path"
        ),
        pytest.param(
            "import os\ndef prepare_metadata_for_build_wheel(d, c=None): os._exit(0)",
            "without an answer",
            id="exit",
        ),
        pytest.param(
            "def prepare_metadata_for_build_wheel(d, c=None): 1/0", "ZeroDivisionError", id="raises"
        ),
    ],
)
def test_a_backend_that_breaks_pep_517_is_told_apart(tmp_path: Path, backend: str, evidence: str) -> None:
    with pytest.raises(BuildError, match="could not be built for its metadata") as caught:
        build(project(tmp_path / "pkg", backend))
    assert evidence in "\n".join(caught.value.evidence)


@pytest.mark.parametrize("evil", ["--index-url=https://evil.example", "-e .", "a\n-r /etc/passwd", "!"])
def test_a_build_requirement_can_not_be_an_option(tmp_path: Path, evil: str) -> None:
    asks = f"def get_requires_for_build_wheel(c=None): return [{evil!r}]\n"
    for tree in (
        project(tmp_path / "static", "", requires=[evil]),
        project(tmp_path / "hook", asks),
    ):
        with pytest.raises(ProvenvError, match=r"pkg-1\.0") as caught:
            build(tree)
        assert "is not valid" in "\n".join(caught.value.evidence)


def test_metadata_that_make_no_sense_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProvenvError, match=r"pkg-1\.0"):
        build(project(tmp_path / "pkg", "MORE = ['Requires-Dist: !!!']\n" + PREPARE))


def test_a_folder_that_is_no_project_can_not_be_built(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="not a Python project"):
        build(tmp_path)


def test_a_temporary_folder_that_can_not_be_written_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = project(tmp_path / "pkg", "MORE = []\n" + PREPARE)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    with pytest.raises(DiskError):
        build(tree)


# --- remembered


def test_what_an_archive_said_is_remembered_by_its_hash_python_and_variant(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    tree = project(tmp_path / "pkg", "MORE = ['Requires-Dist: numpy']\n" + PREPARE, requires=["helper"])
    fetched: list[Path] = []

    def fetch() -> Path:
        fetched.append(tree)
        return tree

    def ask(identity: str | None, python: str = PYTHON, variant: str = "") -> Metadata:
        return build_metadata(
            fetch,
            python=python,
            provision=lambda requirements, prefix: ("helper==1.0",),
            label="pkg",
            identity=identity,
            variant=variant,
            records=cache,
        )

    first = ask("abc")
    assert first.build_requires == ("helper==1.0",)
    assert (ask("abc"), len(fetched)) == (first, 1)
    assert (ask("abc", variant="2024"), len(fetched)) == (first, 2)
    assert (ask("def"), len(fetched)) == (first, 3)
    assert (ask("abc", python="3.99.0"), len(fetched)) == (first, 4)
    assert (ask(None), len(fetched)) == (first, 5)
    assert (ask("abc"), len(fetched)) == (first, 5)


def test_what_another_python_built_is_remembered_only_while_the_wanted_one_is_missing(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    built: list[Path] = []

    def ask(python: str) -> Metadata:
        def fetch() -> Path:
            built.append(tmp_path)
            return project(tmp_path / f"{len(built)}", "MORE = []\n" + PREPARE)

        return build_metadata(
            fetch, python=python, provision=nothing_needed, label="pkg", identity="abc", records=cache
        )

    ask("3.99.0")
    ask("3.99.0")
    assert len(built) == 1
    # The record of a Python that was missing then, found by a machine that has it now.
    wanted, missing = (f"abc::{sys.platform}:{minor}:" for minor in (minor_of(PYTHON), "3.99"))
    text, pins, _ = cache.get("built-metadata", missing)
    cache.put("built-metadata", wanted, (text, pins, "3.98"))
    ask(PYTHON)
    assert len(built) == 2
    ask(PYTHON)
    assert len(built) == 2


def test_where_no_index_may_be_asked_uv_asks_none(tmp_path: Path) -> None:
    with TestIndex() as index:
        index.add("helper", "2.0", files={"helper.py": "MORE = []"})
        asked = Index("asked", index.url)
        tree = project(tmp_path / "pkg", "from helper import MORE\n" + PREPARE, requires=["helper"])
        settings = NetworkSettings(index.url, extra_indexes=(asked,), no_index=True)
        with pytest.raises(BuildError, match="could not be installed"):
            build(tree, uv_provision(settings))
        assert index.log == []
        page = Index("links", index.flat_url, flat=True)
        found = build(tree, uv_provision(replace(settings, find_links=(page,))))
    assert found.build_requires == ("helper==2.0",)


# --- real backends, from the default index


def uv_from_default_index() -> Provision:
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    return uv_provision(NetworkSettings(PYPI_SIMPLE_ENDPOINT))


SETUP_PY = (
    "from setuptools import setup\nsetup(name='Pkg', version='1.0', install_requires=['numpy>=2', 'tqdm'])\n"
)
DYNAMIC = '[project]\nname = "pkg"\ndynamic = ["version"]\ndependencies = ["numpy>=2", "tqdm"]\n'
BACKENDS = {
    "setup.py": {"setup.py": SETUP_PY},
    "setup.cfg": {
        "setup.cfg": "[metadata]\nname = pkg\nversion = 1.0\n"
        "[options]\ninstall_requires =\n  numpy>=2\n  tqdm\n",
        "pyproject.toml": '[build-system]\nrequires = ["setuptools>=61"]\n'
        'build-backend = "setuptools.build_meta"\n',
    },
    "hatchling": {
        "pyproject.toml": DYNAMIC
        + '[tool.hatch.version]\npath = "pkg/__init__.py"\n'
        + '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n',
        "pkg/__init__.py": "__version__ = '1.0'\n",
    },
    "flit_core": {
        "pyproject.toml": DYNAMIC.replace('"version"', '"version", "description"')
        + '[build-system]\nrequires = ["flit_core>=3.4"]\nbuild-backend = "flit_core.buildapi"\n',
        "pkg/__init__.py": '"""A package."""\n__version__ = "1.0"\n',
    },
}


@pytest.mark.e2e
@pytest.mark.parametrize("kind", list(BACKENDS))
def test_real_backends_say_what_their_projects_need(tmp_path: Path, kind: str) -> None:
    sdist = tmp_path / "pkg-1.0.tar.gz"
    sdist.write_bytes(make_archive("pkg-1.0", BACKENDS[kind]))
    metadata = build(sdist, uv_from_default_index())
    assert (metadata.name, metadata.version) == ("pkg", "1.0")
    assert [str(r) for r in metadata.requires] == ["numpy>=2", "tqdm"]
    names = {pin.partition("==")[0] for pin in metadata.build_requires}
    expected = {
        "setup.py": "setuptools",
        "setup.cfg": "setuptools",
        "hatchling": "hatchling",
        "flit_core": "flit-core",
    }
    assert expected[kind] in names
    assert all("==" in pin for pin in metadata.build_requires)


@pytest.mark.e2e
def test_the_pins_build_the_same_metadata_again(tmp_path: Path) -> None:
    sdist = tmp_path / "pkg-1.0.tar.gz"
    sdist.write_bytes(make_archive("pkg-1.0", BACKENDS["hatchling"]))
    provision = uv_from_default_index()
    first = build(sdist, provision)
    tree = unpack(sdist, tmp_path / "tree")
    pyproject = (tree / "pyproject.toml").read_text()
    (tree / "pyproject.toml").write_text(
        pyproject.replace('["hatchling"]', json.dumps(list(first.build_requires)))
    )
    assert build(tree, provision) == first
