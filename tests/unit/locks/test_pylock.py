"""Locks as files: the standard holds, installers take them, and the same resolution gives the same bytes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import tomli
from packaging.pylock import Pylock

from provenv.hooks.types import Build, Envelope
from provenv.locks import pylock, reader
from provenv.pypi.artifacts import Artifact
from provenv.resolution import Direct, Package, Resolution
from support.index_server import TestIndex
from support.locking import MARKERS, TARGET, inputs, package, resolution, sdist, wheel

SHA = "0" * 64
PLAIN = Artifact(
    filename="alpha-1.0-py3-none-any.whl",
    url="https://files.example/alpha-1.0-py3-none-any.whl",
    kind="wheel",
    version="1.0",
    tags="py3-none-any",
    size=10,
    hashes={"sha256": SHA, "md5": "1" * 32},
    index="https://index.example/simple",
)


def render(*packages: Package, folder: Path = Path("/project/locks"), **changes: object) -> str:
    return pylock.render(replace(resolution(*packages), **changes), inputs("alpha"), folder, MARKERS)  # type: ignore[arg-type]  # passed on as they are


def entry(text: str, number: int = 0) -> dict[str, object]:
    packages: list[dict[str, object]] = tomli.loads(text)["packages"]
    return packages[number]


def test_a_lock_reads_like_this() -> None:
    beta = PLAIN._replace(
        filename="beta-2.0+cu128-py3-none-any.whl",
        url="https://files.example/beta-2.0%2Bcu128-py3-none-any.whl",
        version="2.0+cu128",
        hashes={"sha256": SHA},
        index="https://wheels.example/cu128",
    )
    build = Build(name="cu128", index="https://wheels.example/cu128", packages=("beta",))
    target = replace(TARGET, envelope=Envelope.of({"driver": "550", "compute-capability": ["8.0", "9.0"]}))
    text = render(
        package(beta), replace(package(PLAIN, "beta"), requires_python=">=3.8"), target=target, build=build
    )
    assert (
        text
        == f"""\
# Written by `provenv lock`: don't edit it, change the manifest and lock again.
lock-version = "1.0"
environments = ["sys_platform == 'linux' and platform_machine == 'x86_64'"]
requires-python = "==3.11.*"
created-by = "provenv"

[tool.provenv]
format = 1
packages = 2

[tool.provenv.target]
name = "linux-x86_64-cpu-py311"
platform = "linux-x86_64"
python = "3.11.0"
accelerator = "cpu"

[tool.provenv.envelope]
compute-capability = ["8.0", "9.0"]
driver = "550"

[tool.provenv.build]
name = "cu128"
index = "https://wheels.example/cu128"

[tool.provenv.inputs]
digest = "{inputs("alpha").digest()}"
requirements = [
    "alpha",
]

[[packages]]
name = "alpha"
version = "1.0"
requires-python = ">=3.8"
dependencies = [
    {{ name = "beta" }},
]
index = "https://index.example/simple"

[[packages.wheels]]
url = "https://files.example/alpha-1.0-py3-none-any.whl"
size = 10
hashes = {{ sha256 = "{SHA}" }}

[[packages]]
name = "beta"
version = "2.0+cu128"
index = "https://wheels.example/cu128"

[[packages.wheels]]
name = "beta-2.0+cu128-py3-none-any.whl"
url = "https://files.example/beta-2.0%2Bcu128-py3-none-any.whl"
size = 10
hashes = {{ sha256 = "{SHA}" }}
"""
    )


def test_the_order_of_packages_makes_no_difference() -> None:
    names = [f"p{number}" for number in range(20)]
    packages = [
        package(
            PLAIN._replace(
                filename=f"{n}-1.0-py3-none-any.whl", url=f"https://f.example/{n}-1.0-py3-none-any.whl"
            )
        )
        for n in names
    ]
    shuffled = random.Random(1).sample(packages, len(packages))
    given = Resolution(TARGET, None, tuple(shuffled))
    assert pylock.render(given, inputs(), Path("/x"), MARKERS) == pylock.render(
        resolution(*packages), inputs(), Path("/x"), MARKERS
    )


def test_a_lock_without_packages_is_a_valid_lock(tmp_path: Path) -> None:
    text = render()
    Pylock.from_dict(tomli.loads(text))
    assert reader.parse(text.encode(), tmp_path / "pylock.x.toml").packages == ()


@pytest.mark.parametrize(
    ("python", "expected"),
    [("3.12.0", "==3.12.*"), ("3.12.4", ">=3.12.4,==3.12.*"), ("3.13", "==3.13.*")],
)
def test_a_lock_serves_its_minor_version_from_its_patch_on(python: str, expected: str) -> None:
    assert pylock.requires_python(python) == expected


@pytest.mark.parametrize("written", [">=3.6.*", ">=2.7,!=3.0*", ">=3.8,", "nonsense"])
def test_a_requires_python_that_installers_cannot_read_is_left_out(written: str) -> None:
    text = render(replace(package(PLAIN), requires_python=written))
    Pylock.from_dict(tomli.loads(text))
    assert "requires-python" not in entry(text)


@pytest.mark.parametrize("written", [">=3.8", ">=3.8, <4", "!=3.0.*,>=2.7", "~=3.9", "==3.*", ">=3.11.0rc1"])
def test_a_valid_requires_python_is_kept_as_it_is(written: str) -> None:
    assert entry(render(replace(package(PLAIN), requires_python=written)))["requires-python"] == written


def test_no_secret_reaches_a_lock() -> None:
    secret = PLAIN._replace(
        url="https://bob:hunter2@files.example/alpha-1.0-py3-none-any.whl",
        index="https://token@index.example/simple",
    )
    build = Build(name="b", index="https://u:hunter2@wheels.example", packages=())
    git = Package(
        "g", "1", None, (), direct=Direct("https://x:hunter2@git.example/g", vcs="git", commit="a" * 40)
    )
    text = render(package(secret), git, build=build)
    assert "hunter2" not in text
    assert "token" not in text
    assert entry(text)["index"] == "https://index.example/simple"


def test_a_file_without_a_hash_is_never_locked() -> None:
    with pytest.raises(ValueError, match="has no hash"):
        render(package(PLAIN._replace(hashes={})))


def test_strings_of_every_kind_survive(tmp_path: Path) -> None:
    odd = 'a "quoted" \\ back\tslash \x7f ü'
    given = replace(inputs(odd), rules=(("exclude-newer of torch", "2026"),))
    text = pylock.render(resolution(), given, tmp_path)
    read = reader.parse(text.encode(), tmp_path / "pylock.x.toml")
    assert read.inputs == given


def test_files_of_the_project_have_relative_paths_and_others_absolute_ones(tmp_path: Path) -> None:
    folder = tmp_path / "project" / "lockfiles"
    near = package(wheel(tmp_path / "project" / "wheels", "near"))
    far = package(wheel(tmp_path / "elsewhere", "far"))
    far_path, near_path = (entry(render(far, near, folder=folder), n)["wheels"][0]["path"] for n in (0, 1))  # type: ignore[index]  # a document
    assert near_path == "../wheels/near-1.0-py3-none-any.whl"
    assert far_path == (tmp_path / "elsewhere" / "far-1.0-py3-none-any.whl").as_posix()


@pytest.mark.parametrize(
    ("direct", "expected"),
    [
        (
            Direct("https://git.example/p", vcs="git", revision="v1", commit="a" * 40, subdirectory="py"),
            {
                "vcs": {
                    "type": "git",
                    "url": "https://git.example/p",
                    "requested-revision": "v1",
                    "commit-id": "a" * 40,
                    "subdirectory": "py",
                }
            },
        ),
        (
            Direct("ssh://git@git.example/p", vcs="git", commit="a" * 40),
            {"vcs": {"type": "git", "url": "ssh://git@git.example/p", "commit-id": "a" * 40}},
        ),
        (
            Direct("file:///project/lib", folder=True, editable=True),
            {"directory": {"path": "../lib", "editable": True}},
        ),
    ],
)
def test_source_trees_are_locked_as_the_standard_has_them(
    direct: Direct, expected: dict[str, object]
) -> None:
    text = render(Package("p", "1.0", None, (), direct=direct))
    Pylock.from_dict(tomli.loads(text))
    assert entry(text) == {"name": "p", **expected, "tool": {"provenv": {"version": "1.0"}}}


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    place = tmp_path / "locks" / "pylock.x.toml"
    archive = PLAIN._replace(
        filename="zip-1.0.tar.gz",
        url="https://f.example/zip-1.0.tar.gz",
        kind="sdist",
        tags="",
    )
    packages = [
        Package("alpha", "1.0", PLAIN._replace(hashes={"sha256": SHA}), ("beta", "zip"), extras=("x", "y")),
        Package(
            "beta",
            "2.0rc1",
            PLAIN._replace(
                filename="beta-2.0rc1-3x-py3-none-any.whl",
                url="https://f.example/beta-2.0rc1-3x-py3-none-any.whl",
                version="2.0rc1",
                build_number=(3, "x"),
                hashes={"sha256": SHA},
            ),
            (),
            prerelease=True,
        ),
        package(archive._replace(hashes={"sha256": SHA}), builds=("hatchling==1.0", "packaging==26.0")),
        Package(
            "folder", "1.0", None, ("alpha",), direct=Direct((tmp_path / "folder").as_uri(), folder=True)
        ),
        Package(
            "vcs",
            "1.0",
            None,
            (),
            direct=Direct("https://g.example/v", vcs="git", revision="main", commit="b" * 40),
        ),
        Package(
            "web",
            "1.0",
            PLAIN._replace(
                filename="web-1.0-py3-none-any.whl",
                url="https://f.example/web-1.0-py3-none-any.whl",
                index="",
                hashes={"sha256": SHA},
            ),
            (),
            direct=Direct("https://f.example/web-1.0-py3-none-any.whl"),
        ),
    ]
    target = replace(TARGET, groups=("train",), extras=("gpu",), build="cu128")
    given = resolution(*packages, target=target, build=Build("cu128", None, ()))
    told = replace(
        inputs("alpha<2", target=target), indexes=("https://i.example (default)",), rules=(("build", "zip"),)
    )
    pylock.write(pylock.render(given, told, place.parent, MARKERS), place)
    lock = reader.read(place)
    assert lock.packages == given.packages
    assert lock.target == target
    assert (lock.build, lock.build_index) == ("cu128", None)
    assert lock.inputs == told
    assert lock.digest == told.digest()


def test_a_second_write_touches_nothing(tmp_path: Path) -> None:
    place = pylock.lock_path(tmp_path, "x")
    assert pylock.write(render(package(PLAIN)), place)
    before = place.stat().st_mtime_ns
    assert not pylock.write(render(package(PLAIN)), place)
    assert place.stat().st_mtime_ns == before


def uv(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    import uv as uv_package

    return subprocess.run(
        [uv_package.find_uv_bin(), "--no-config", *arguments], capture_output=True, text=True, check=False
    )


def pip(python: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "--isolated", *arguments],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A lock with files of every kind, in a folder with a name that needs quoting."""
    folder = tmp_path / "Prüf stand" / "lockfiles"
    with TestIndex() as index:
        direct = wheel(index, "direct")
        packages = [
            package(wheel(index, "alpha", requires=["beta"]), "beta"),
            package(wheel(index, "beta", "2.0+cpu")),
            package(sdist(index, "gamma")),
            package(wheel(tmp_path / "Prüf stand" / "wheels", "local", "1.0+cpu")),
            package(wheel(tmp_path / "far away", "far")),
            package(direct, direct=Direct(direct.url)),
        ]
        text = pylock.render(resolution(*packages), inputs("alpha"), folder, _here())
        place = pylock.lock_path(folder, "x")
        pylock.write(text, place)
        Pylock.from_dict(tomli.loads(text))
        yield place


def _here() -> dict[str, str]:
    from packaging.markers import default_environment

    return {name: str(value) for name, value in default_environment().items()}


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the lock is for Python 3.11")
@pytest.mark.parametrize("way", ["uv pip sync", "uv pip install", "pip install"])
def test_other_installers_take_the_lock(locked: Path, tmp_path: Path, way: str) -> None:
    python = tmp_path / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    assert uv("venv", "-q", "--python", sys.executable, tmp_path / "venv").returncode == 0
    if way == "uv pip sync":
        done = uv("pip", "sync", "--python", python, locked)
    elif way == "uv pip install":
        done = uv("pip", "install", "--python", python, "-r", locked)
    else:
        done = pip(python, "install", "-r", locked)
    assert done.returncode == 0, done.stderr
    versions = uv("pip", "list", "--python", python, "--format", "freeze").stdout.split()
    assert versions == [
        "alpha==1.0",
        "beta==2.0+cpu",
        "direct==1.0",
        "far==1.0",
        "gamma==1.0",
        "local==1.0+cpu",
    ]


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the lock is for Python 3.11")
@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_other_installers_refuse_the_lock_of_another_platform(tmp_path: Path, installer: str) -> None:
    python = tmp_path / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    assert uv("venv", "-q", "--python", sys.executable, tmp_path / "venv").returncode == 0
    place = pylock.lock_path(tmp_path, "x")
    pylock.write(
        pylock.render(resolution(package(PLAIN)), inputs(), tmp_path, {"sys_platform": "plan9"}), place
    )
    done = (
        uv("pip", "sync", "--python", python, place)
        if installer == "uv"
        else pip(python, "install", "-r", place)
    )
    assert done.returncode != 0
    assert (
        "not supported by the lockfile" in done.stderr
        or "does not satisfy any of the environments" in done.stderr
    )
