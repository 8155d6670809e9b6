"""Reads any manifest: finds out what a path is, and hands it to the reader of its kind."""

from __future__ import annotations

from pathlib import Path

from provenv.manifest.values import Manifest
from provenv.manifest.vocabulary import Vocabulary
from provenv.reads import is_file


def read_manifest(path: Path, vocabulary: Vocabulary | None = None) -> Manifest:
    """Reads a project folder, a pyproject.toml, a requirements file or an environment.yml.

    `vocabulary`: the names that plugins know; with None these names are taken as they are.

    Raises:
        ManifestError: it can't be read as its author meant it; with the file, the line and what mends it.
    """
    project = path / "pyproject.toml"
    if not is_file(project):
        from provenv.manifest.kinds import find_manifest

        found = find_manifest(path)
        if found.kind == "environment":
            from provenv.manifest.environment_yml import read_environment

            return read_environment(found.path)
        if found.kind == "requirements":
            from provenv.manifest.requirements_txt import read_requirements

            return read_requirements(found.path)
        project = found.path
    from provenv.manifest.pyproject import read_pyproject

    return read_pyproject(project, vocabulary)
