"""The team's own projects in conda environments: locked by their place, built on top, also editable."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.conda_channel import MINOR, SITE
from support.conda_desk import CondaDesk
from support.distributions import BACKEND, metadata_text
from support.index_server import TestIndex

PYPROJECT = (
    '[project]\nname = "mine"\nversion = "1.0"\ndependencies = ["above"]\n'
    '[build-system]\nrequires = []\nbuild-backend = "tiny_backend"\nbackend-path = ["."]\n'
)


def project(folder: Path, text: str = "WORD = 'first'\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "PKG-INFO").write_text(metadata_text("mine", "1.0", requires=["above"], metadata_version="2.2"))
    # build_editable leaves a .pth, as real backends do
    editable = BACKEND.replace(
        "build_editable = build_wheel",
        "def build_editable(wheel_directory, config_settings=None, metadata_directory=None):\n"
        "    name = build_wheel(wheel_directory)\n"
        "    with zipfile.ZipFile(pathlib.Path(wheel_directory, name), 'a') as archive:\n"
        "        archive.writestr('mine.pth', str(pathlib.Path().absolute()))\n"
        "    return name\n",
    )
    (folder / "tiny_backend.py").write_text(editable)
    (folder / "mine.py").write_text(text)
    return folder


def said(desk: CondaDesk) -> str:
    return desk.run("run", "--", "python", "-c", "import mine, above; print(mine.WORD)").out.strip()


@pytest.fixture
def index_(index: TestIndex) -> TestIndex:
    index.add("above", "1.0")
    return index


def asking(desk: CondaDesk, archives: Path, index: TestIndex, source: str) -> None:
    more = f"[tool.uv.sources]\nmine = {{ {source} }}"
    desk.conda([archives], f"python {MINOR}.*", pypi=["mine"], index=index, more=more)


def test_a_project_is_built_into_the_environment(desk: CondaDesk, archives: Path, index_: TestIndex) -> None:
    folder = project(desk.folder / "libs" / "mine")
    asking(desk, archives, index_, 'path = "libs/mine"')
    desk.run("lock")
    assert desk.versions(manager="pip") == {"above": "1.0"}
    assert str(desk.folder / "libs") not in (desk.locks / "lab.conda-lock.yml").read_text()
    desk.run("install")
    assert said(desk) == "first"
    assert not desk.run("install", "--json").json["changed"]
    (folder / "mine.py").write_text("WORD = 'the second'\n")
    assert desk.run("install", "--json").json["changed"]
    assert said(desk) == "the second"
    assert desk.run("lock", "--json").json["locks"][0]["status"] == "fresh"


def test_an_editable_project_is_used_where_it_lies(
    desk: CondaDesk, archives: Path, index_: TestIndex
) -> None:
    folder = project(desk.folder / "libs" / "mine")
    asking(desk, archives, index_, 'path = "libs/mine", editable = true')
    desk.run("lock")
    desk.run("install")
    (desk.prefix / SITE / "mine.py").unlink()  # the tiny backend packs it beside the .pth
    (folder / "mine.py").write_text("WORD = 'the second'\n")
    desk.run("run", "--", "python", "-c", "import mine; assert mine.WORD == 'the second'")


def test_dash_e_dot_of_an_environment_file(desk: CondaDesk, archives: Path, index_: TestIndex) -> None:
    project(desk.folder)
    (desk.folder / "environment.yml").write_text(
        f"name: team\nchannels: [{archives}]\ndependencies:\n- python={MINOR}\n"
        f"- pip:\n  - --index-url {index_.url}\n  - -e .\n"
    )
    desk.run("lock", "-f", "environment.yml")
    desk.run("install", "-f", "environment.yml")
    assert said(desk) == "first"


def test_a_project_that_is_no_longer_asked_for_goes(
    desk: CondaDesk, archives: Path, index_: TestIndex
) -> None:
    project(desk.folder / "libs" / "mine")
    asking(desk, archives, index_, 'path = "libs/mine"')
    desk.run("lock")
    desk.run("install")
    desk.conda([archives], f"python {MINOR}.*", pypi=["above"], index=index_)
    desk.run("lock")
    desk.run("install")
    assert not (desk.prefix / SITE / "mine.py").exists()
    assert (desk.prefix / SITE / "above.py").exists()


def test_a_moved_team_folder_still_installs(desk: CondaDesk, archives: Path, index_: TestIndex) -> None:
    project(desk.folder / "libs" / "mine")
    asking(desk, archives, index_, 'path = "libs/mine"')
    desk.run("lock")
    moved = desk.root / "moved"
    desk.folder.rename(moved)
    desk.folder = moved
    desk.run("check")
    desk.run("install")
    assert said(desk) == "first"


def test_a_project_that_is_gone_is_one_clear_error(
    desk: CondaDesk, archives: Path, index_: TestIndex
) -> None:
    folder = project(desk.folder / "libs" / "mine")
    asking(desk, archives, index_, 'path = "libs/mine"')
    desk.run("lock")
    folder.rename(desk.folder / "libs" / "elsewhere")
    told = desk.run("install", expect=7).err
    assert "a local project that the lock names is not there" in told
    assert "libs/mine is missing" in desk.run("check", expect=1).out


def test_a_project_that_wants_condas_package_gets_it(
    desk: CondaDesk, archives: Path, index_: TestIndex
) -> None:
    folder = project(desk.folder / "libs" / "mine")
    for name in ("pyproject.toml", "PKG-INFO"):
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace('"above"', '"tiny<2", "above"').replace(
            "Requires-Dist: above", "Requires-Dist: tiny<2\nRequires-Dist: above"))  # fmt: skip
    more = '[tool.uv.sources]\nmine = { path = "libs/mine" }'
    desk.conda([archives], f"python {MINOR}.*", "tiny", pypi=["mine"], index=index_, more=more)
    desk.run("lock")
    assert desk.versions()["tiny"] == "1.0"
    assert desk.versions(manager="pip") == {"above": "1.0"}


def test_conda_lock_reads_a_lock_with_a_project(desk: CondaDesk, archives: Path, index_: TestIndex) -> None:
    from conda_lock.lockfile import parse_conda_lock_file

    project(desk.folder / "libs" / "mine")
    asking(desk, archives, index_, 'path = "libs/mine"')
    desk.run("lock")
    content = parse_conda_lock_file(desk.locks / "lab.conda-lock.yml")
    assert {package.name for package in content.package} == {"python", "above"}
