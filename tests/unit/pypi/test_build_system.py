"""What builds a source tree: its [build-system], or what stands for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenv.errors import BuildError
from provenv.pypi.builds import BuildSystem, build_metadata, read_build_system


@pytest.mark.parametrize(
    ("pyproject", "system"),
    [
        (None, BuildSystem(("setuptools>=40.8.0",), "setuptools.build_meta:__legacy__")),
        ("[tool.black]\n", BuildSystem(("setuptools>=40.8.0",), "setuptools.build_meta:__legacy__")),
        (
            '[build-system]\nrequires = ["setuptools", "wheel"]\n',
            BuildSystem(("setuptools", "wheel"), "setuptools.build_meta:__legacy__"),
        ),
        (
            '[build-system]\nrequires = ["setuptools_git", "Setuptools[x]<70"]\n',
            BuildSystem(("setuptools_git", "Setuptools[x]<70"), "setuptools.build_meta:__legacy__"),
        ),
        (
            '[build-system]\nrequires = ["setuptools-git>=1"]\n',
            BuildSystem(("setuptools-git>=1", "setuptools>=40.8.0"), "setuptools.build_meta:__legacy__"),
        ),
        (
            (
                '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
                'backend-path = ["x"]\n'
            ),
            BuildSystem(("hatchling",), "hatchling.build", ("x",)),
        ),
    ],
)
def test_the_build_system_of_a_tree(tmp_path: Path, pyproject: str | None, system: BuildSystem) -> None:
    (tmp_path / "setup.py").write_text("")
    if pyproject is not None:
        (tmp_path / "pyproject.toml").write_text(pyproject)
    assert read_build_system(tmp_path, "pkg") == system


@pytest.mark.parametrize(
    ("pyproject", "reason"),
    [
        ('[build-system]\nbuild-backend = "x"\n', "`requires`"),
        ('[build-system]\nrequires = "numpy"\n', "array of strings"),
        ("[build-system]\nrequires = [1]\n", "strings only"),
        ("[build-system]\nrequires = []\nbuild-backend = 3\n", "must be a string"),
        ('[build-system]\nrequires = []\nbuild-backend = "x"\nbackend-path = ["/abs"]\n', "backend-path"),
        ('[build-system]\nrequires = []\nbuild-backend = "x"\nbackend-path = ["../up"]\n', "backend-path"),
        ("build-system = 3\n", "must be a table"),
        ("[build-system\n", ""),
    ],
)
def test_a_malformed_build_system_is_named(tmp_path: Path, pyproject: str, reason: str) -> None:
    (tmp_path / "pyproject.toml").write_text(pyproject)
    with pytest.raises(BuildError, match=r"pkg-1\.0 has a") as caught:
        build_metadata(tmp_path, python="3.12.0", provision=lambda requires, prefix: (), label="pkg-1.0")
    assert reason in "\n".join(caught.value.evidence)
