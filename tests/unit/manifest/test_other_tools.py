"""Other tools' files and tables: named, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenv.errors import ManifestError, Origin
from provenv.manifest.read import read_manifest

from .conftest import Read, Refuse, Write

PROJECT = "[project]\nname='x'\n"


@pytest.mark.parametrize(
    ("tables", "named"),
    [
        ("[tool.poetry.dependencies]\na='1'\n[tool.poetry.group.x]\ny='1'", ["dependencies", "group"]),
        ("[[tool.poetry.source]]\nname='x'\nurl='https://x.example'", ["source"]),
        ("[tool.pdm.dev-dependencies]\nt=['a']\n[[tool.pdm.source]]\nx=1", ["dev-dependencies", "source"]),
        (
            "[tool.pixi.workspace]\nx=1\n[tool.pixi.pypi-dependencies]\nx='*'",
            ["pypi-dependencies", "workspace"],
        ),
        ("[tool.hatch.envs.test]\ndependencies=['pytest']", ["dependencies"]),
        ("[tool.conda-lock]\nchannels=['x']", ["channels"]),
        ("[tool.poetry]\npackage-mode=false\n[tool.ruff]\nline-length=1\n[tool.pdm.build]\nx=1", []),
    ],
)
def test_tables_that_change_what_is_installed_are_named(project: Read, tables: str, named: list[str]) -> None:
    manifest = project(f"{PROJECT}{tables}\n")
    keys = [w.message.split(" is not followed")[0].rsplit(".", 1)[1] for w in manifest.warnings]
    assert keys == named
    assert all(w.origin and w.origin.line and w.origin.line > 2 for w in manifest.warnings)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[tool.poetry]\nname='x'\n[tool.poetry.dependencies]\nnumpy='^1'\n", 3, "described in poetry"),
        ("[tool.pixi.dependencies]\nx='*'\n", 1, "described in pixi"),
        ("[build-system]\n[tool.flit.metadata]\nrequires=['x']\n", 2, "flit's old form"),
        ("[tool.ruff]\nline-length=1\n", 1, "no [project] table"),
        ("", None, "no [project] table"),
    ],
)
def test_a_pyproject_that_asks_for_nothing_in_the_standard_form_is_refused(
    refused: Refuse, text: str, line: int | None, message: str
) -> None:
    error = refused(text)
    assert error.origin == Origin("pyproject.toml", line)
    assert message in error.message


def test_groups_or_provenvs_own_table_make_a_manifest_of_it(project: Read) -> None:
    assert [r.text for r in project("[dependency-groups]\na=['b']\n").requirements] == ["b"]
    assert project("[tool.provenv]\n").requirements == ()


@pytest.mark.parametrize(
    ("name", "text", "line", "message"),
    [
        (
            "dependencies.yaml",
            "files: {}\nchannels: []\ndependencies: {}\n",
            3,
            "rapids-dependency-file-generator",
        ),
        ("other.yaml", "a: b\n", 1, "YAML file of no kind"),
        ("pixi.toml", "[workspace]\nname='x'\n[feature.a.dependencies]\n", 3, "pixi workspace"),
        ("pylock.train.toml", "lock-version='1.0'\n", 1, "is a lock"),
        ("uv.lock", "", 1, "another tool's lock"),
        ("poetry.lock", "", 1, "another tool's lock"),
        ("train.conda-lock.yml", "", 1, "another tool's lock"),
        ("Pipfile", "[[source]]\n[packages]\nx='*'\n", 2, "a Pipfile"),
        ("setup.py", "from setuptools import setup\nsetup(install_requires=['x'])\n", 2, "a program"),
        ("setup.cfg", "[options]\ninstall_requires =\n  x\n", 2, "setuptools' old form"),
        ("a-1-py3-none-any.whl", "PK", 1, "a package's archive"),
        ("notebook.ipynb", "{}", 1, "a notebook"),
    ],
)
def test_files_that_are_no_manifest_are_named_with_a_telling_line(
    write: Write, name: str, text: str, line: int, message: str
) -> None:
    with pytest.raises(ManifestError) as caught:
        read_manifest(write(name, text))
    assert caught.value.origin == Origin(name, line)
    assert message in caught.value.message
    assert caught.value.hints


def test_a_folder_without_a_manifest_is_told_what_it_has(write: Write, folder: Path) -> None:
    write("setup.py", "")
    write("requirements/base.in", "")
    with pytest.raises(ManifestError) as caught:
        read_manifest(Path())
    assert caught.value.message == "there is no pyproject.toml in this folder"
    assert "setup.py" in caught.value.evidence[0]
    assert caught.value.hints == ("lock a requirements file: `provenv lock -r requirements/base.in`",)


def test_a_misspelled_path_gets_its_right_spelling(write: Write) -> None:
    write("requirements.txt", "")
    with pytest.raises(ManifestError) as caught:
        read_manifest(Path("requirments.txt"))
    assert caught.value.hints == ("did you mean requirements.txt?",)
