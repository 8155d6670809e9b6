"""A conda lock in the hands of others: conda-lock, conda's and rattler's parsers, environment.yml, pixi."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support.conda_channel import MINOR
from support.conda_desk import CondaDesk
from support.index_server import TestIndex

CUDA = 'platform = "linux-x86_64"\naccelerator = "cuda"\ncuda = "12.9"'
GPU = {"lab": CUDA}


def urls(text: str) -> set[str]:
    return {
        line.partition("#")[0] for line in text.splitlines() if "://" in line and not line.startswith("#")
    }


@pytest.fixture
def locked(desk: CondaDesk, recorded: Path) -> CondaDesk:
    desk.conda([recorded], "python 3.13.*", "pytorch", "numpy", targets=GPU)
    desk.run("lock")
    return desk


def test_conda_locks_own_model_takes_it_round_unchanged(locked: CondaDesk) -> None:
    from conda_lock.lockfile import parse_conda_lock_file, write_conda_lock_file

    path = locked.locks / "lab.conda-lock.yml"
    again = locked.root / "again.yml"
    write_conda_lock_file(parse_conda_lock_file(path), again, None, include_help_text=False)
    own = "".join(line for line in path.read_text().splitlines(True) if not line.startswith("#"))
    assert again.read_text() == own


def test_conda_lock_renders_the_same_set_as_export(locked: CondaDesk) -> None:
    theirs = rendered(locked)
    own = locked.run("export", "--format", "explicit", "-q").out
    assert urls(theirs) == urls(own) == {p["url"] for p in locked.locked()["package"]}
    assert set(re.findall("#[0-9a-f]{32}$", own, re.M)) == set(re.findall("#[0-9a-f]{32}$", theirs, re.M))


def test_an_explicit_file_is_read_by_rattlers_parser(locked: CondaDesk) -> None:
    from rattler.explicit_environment.environment import ExplicitEnvironmentSpec

    found = ExplicitEnvironmentSpec.from_str(locked.run("export", "--format", "explicit", "-q").out)
    assert str(found.platform) == "linux-64"
    assert {package.url.partition("#")[0] for package in found.packages} == {
        package["url"] for package in locked.locked()["package"]
    }


def test_an_explicit_file_is_read_by_condas_own_parser(locked: CondaDesk) -> None:
    from conda_lock._vendor.conda.models.match_spec import MatchSpec

    lines = locked.run("export", "--format", "explicit", "-q").out.splitlines()
    specs = [MatchSpec(line) for line in lines if not line.startswith(("#", "@"))]
    found = {(s.get("url"), str(s.get("name")), str(s.get("version")), str(s.get("build"))) for s in specs}
    assert found == {(p["url"], p["name"], p["version"], p["build"]) for p in locked.locked()["package"]}


def test_in_an_explicit_file_each_stands_behind_what_it_needs(locked: CondaDesk) -> None:
    lines = locked.run("export", "--format", "explicit", "-q").out.splitlines()
    place = {line.rsplit("/", 1)[-1].rsplit("-", 2)[0]: n for n, line in enumerate(lines) if "://" in line}
    assert place["python"] < place["numpy"] < place["pytorch"]
    assert place["libblas"] < place["libcblas"] < place["numpy"]


def test_an_environment_file_of_a_lock_locks_to_the_same(
    desk: CondaDesk, archives: Path, index: TestIndex
) -> None:
    index.add("above", "1.0")
    desk.conda([archives], f"python {MINOR}.*", "activated", pypi=["above"], index=index)
    desk.run("lock")
    before = desk.locked()["package"]
    text = desk.run("export", "--format", "environment-yml", "-q").out
    document = yaml.safe_load(text)
    assert document["channels"] == [archives.as_uri(), "nodefaults"]
    assert document["dependencies"][-1] == {"pip": ["above==1.0"]}
    (desk.folder / "other").mkdir()
    # conda-forge's python would bring pip along; this channel has none
    (desk.folder / "other" / "environment.yml").write_text(
        text.replace("- pip\n", "").replace("- above", f"- --index-url {index.url}\n  - above")
    )
    desk.run("lock", "-f", "other/environment.yml")
    (again,) = (desk.folder / "other" / "lockfiles").glob("*.conda-lock.yml")
    strip = ("category",)
    found = yaml.safe_load(again.read_text())["package"]
    assert [{k: v for k, v in p.items() if k not in strip} for p in found] == [
        {k: v for k, v in p.items() if k not in strip} for p in before
    ]


def test_a_pixi_lock_is_read_by_rattler(locked: CondaDesk) -> None:
    from rattler import LockFile

    path = locked.root / "pixi.lock"
    locked.run("export", "--format", "pixi", "-o", path)
    document = LockFile.from_path(path)
    (platform,) = document.platforms()
    assert platform.name == "linux-64" and "__cuda=12.9" in platform.virtual_packages
    environment = document.default_environment()
    assert environment
    found = {package.location for package in environment.packages(platform) or []}
    assert found == {p["url"].removeprefix("file://") for p in locked.locked()["package"]}


def test_a_pixi_lock_says_what_is_linked_how_and_the_hashes_of_wheels(
    desk: CondaDesk, archives: Path, index: TestIndex
) -> None:
    from rattler import LockFile

    index.add("above", "1.0")
    desk.conda([archives], f"python {MINOR}.*", "tiny", "base-lib", pypi=["above"], index=index)
    desk.run("lock")
    path = desk.root / "pixi.lock"
    desk.run("export", "--format", "pixi", "-o", path)
    document = LockFile.from_path(path)
    (platform,) = document.platforms()
    environment = document.default_environment()
    assert environment
    records = environment.conda_repodata_records_for_platform(platform) or []
    assert {r.name.normalized: (r.noarch.python, r.subdir) for r in records} == {
        "base-lib": (False, "linux-64"),
        "python": (False, "linux-64"),
        "tiny": (True, "noarch"),
    }
    (wheel,) = environment.pypi_packages_for_platform(platform) or []
    (entry,) = [p for p in desk.locked()["package"] if p["manager"] == "pip"]
    assert wheel.location == f"{entry['url']}#sha256={entry['hash']['sha256']}"


def test_a_form_that_there_is_not(locked: CondaDesk) -> None:
    told = locked.run("export", "--target", "lab", "--format", "explicite", expect=2).err
    assert "did you mean 'explicit'?" in told


@pytest.mark.parametrize("by", ["conda-lock render", "provenv export"])
def test_an_explicit_file_is_installed_by_rattler_to_the_same_set(
    desk: CondaDesk, archives: Path, by: str
) -> None:
    desk.conda([archives], f"python {MINOR}.*", "tiny <2", "activated")
    desk.run("lock")
    desk.run("install")
    text = rendered(desk) if by == "conda-lock render" else desk.run("export", "--format", "explicit").out
    prefix = desk.root / "of rattler"
    asyncio.run(install_explicit(text, prefix, desk.root / "cache of rattler"))
    assert recorded(prefix) == recorded(desk.prefix)
    subprocess.run([prefix / "bin" / "python", "-I", "-c", "import tiny, ssl"], check=True)


def rendered(desk: CondaDesk) -> str:
    command = [sys.executable, "-m", "conda_lock", "render", "-k", "explicit", "-p", "linux-64"]
    template = str(desk.root / "rendered-{platform}.txt")
    lock = str(desk.locks / "lab.conda-lock.yml")
    subprocess.run([*command, "--filename-template", template, lock], check=True, capture_output=True)
    return (desk.root / "rendered-linux-64.txt").read_text()


async def install_explicit(text: str, prefix: Path, cache: Path) -> None:
    """As a tool of rattler's does: what the file says and no more, each archive by its hash."""
    import rattler
    from rattler.explicit_environment.environment import ExplicitEnvironmentSpec

    records = []
    for package in ExplicitEnvironmentSpec.from_str(text).packages:
        url, _, md5 = package.url.partition("#")
        stem = re.sub(r"\.(conda|tar\.bz2)$", "", url.rsplit("/", 1)[-1])
        name, version, build = stem.rsplit("-", 2)
        found = rattler.PackageRecord(
            name=name, version=version, build=rattler.BuildString(build), build_number=0,
            subdir=url.rsplit("/", 2)[-2], md5=bytes.fromhex(md5),
            noarch="python" if build.startswith("pyh") else None,
        )  # fmt: skip
        records.append(rattler.RepoDataRecord(found, url.rsplit("/", 1)[-1], url, url.rsplit("/", 2)[0]))
    await rattler.install(records, target_prefix=prefix, cache_dir=cache, show_progress=False)


def recorded(prefix: Path) -> dict[str, list[str]]:
    """Each installed package with its files."""
    found = (json.loads(path.read_bytes()) for path in (prefix / "conda-meta").glob("*.json"))
    return {f"{one['name']}-{one['version']}-{one['build']}": sorted(one["files"]) for one in found}
