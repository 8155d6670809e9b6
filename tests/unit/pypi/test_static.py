"""Metadata that a source tree states without a build."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenv.errors import BuildError
from provenv.pypi.metadata import parse_metadata
from provenv.pypi.static import pkg_info_text, pyproject_text
from support.distributions import metadata_text


def pyproject(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_static_project_table_is_metadata(tmp_path: Path) -> None:
    tree = pyproject(
        tmp_path,
        """
        [project]
        name = "My.Pkg"
        version = "1.0"
        requires-python = ">=3.9"
        dynamic = ["readme", "description"]
        dependencies = [
            "numpy >= 2 ; python_version < '3.14'",
            "foo @ https://host.example/foo-1.0.zip",
        ]
        [project.optional-dependencies]
        Fast_Math = ["numba", "bar @ https://host.example/b;c.zip ; os_name == 'nt' or os_name == 'posix'"]
        none = []
        """,
    )
    text = pyproject_text(tree, "pkg")
    assert text is not None
    metadata = parse_metadata(text, "pkg")
    assert (metadata.name, metadata.version, metadata.requires_python) == ("my-pkg", "1.0", ">=3.9")
    assert metadata.extras == ("fast-math", "none")
    numpy, foo, numba, bar = metadata.requires
    assert (numpy.name, numpy.specifier, numpy.marker) == ("numpy", ">=2", 'python_version < "3.14"')
    assert (foo.url, foo.marker) == ("https://host.example/foo-1.0.zip", None)
    assert (numba.name, numba.marker) == ("numba", 'extra == "fast-math"')
    assert bar.url == "https://host.example/b;c.zip"
    assert bar.marker == '(os_name == "nt" or os_name == "posix") and extra == "fast-math"'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[project\n",
        "[tool.poetry]\nname = 'pkg'\nversion = '1'\n",
        "project = 3\n",
        "[project]\nname = 'pkg'\n",
        "[project]\nname = 'pkg'\ndynamic = ['version']\n",
        "[project]\nname = 'pkg'\nversion = '1'\ndynamic = ['dependencies']\n",
        "[project]\nname = 'pkg'\nversion = '1'\ndynamic = ['optional-dependencies']\n",
        "[project]\nname = 'pkg'\nversion = '1'\ndynamic = ['requires-python']\n",
        "[project]\nname = 'pkg'\nversion = '1'\ndynamic = 'version'\n",
        "[project]\nname = 'pkg'\nversion = '1'\ndependencies = 'numpy'\n",
        "[project]\nname = 'pkg'\nversion = '1'\ndependencies = [1]\n",
        "[project]\nname = 'pkg'\nversion = '1'\noptional-dependencies = ['numpy']\n",
    ],
)
def test_a_table_that_leaves_something_to_the_backend_is_not_static(tmp_path: Path, text: str) -> None:
    assert pyproject_text(pyproject(tmp_path, text), "pkg") is None


def test_a_tree_without_a_pyproject_is_not_static(tmp_path: Path) -> None:
    assert pyproject_text(tmp_path, "pkg") is None


def test_an_invalid_requirement_of_an_extra_names_its_source(tmp_path: Path) -> None:
    tree = pyproject(tmp_path, "[project]\nname='pkg'\nversion='1'\noptional-dependencies.x = ['!!']\n")
    with pytest.raises(BuildError, match="file:///pkg has an invalid requirement"):
        pyproject_text(tree, "file:///pkg")


def test_a_static_pkg_info_is_believed(tmp_path: Path) -> None:
    text = metadata_text("pkg", "1.0", requires=["numpy"], metadata_version="2.2")
    (tmp_path / "PKG-INFO").write_text(text)
    assert pkg_info_text(tmp_path) == text


@pytest.mark.parametrize(
    ("version", "more"), [("2.1", []), ("1.2", []), ("2.2", ["Dynamic: Requires-Dist"]), ("x", [])]
)
def test_another_pkg_info_is_not(tmp_path: Path, version: str, more: list[str]) -> None:
    (tmp_path / "PKG-INFO").write_text(metadata_text("pkg", "1.0", metadata_version=version, more=more))
    assert pkg_info_text(tmp_path) is None


def test_a_tree_without_a_pkg_info_has_none(tmp_path: Path) -> None:
    assert pkg_info_text(tmp_path) is None
