"""`[project] dynamic`: dependencies in a named file are followed, those that only a build knows refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from provenv.errors import ManifestError
from provenv.manifest.document import Document, Table, shown_path
from provenv.manifest.draft import Draft
from provenv.manifest.values import ManifestRequirement
from provenv.tuples import NamedTuple
from provenv.values import replace

Requirements = tuple[ManifestRequirement, ...]


class Dynamic(NamedTuple):
    """What the files named for a build backend hold."""

    dependencies: Requirements = ()
    extras: Mapping[str, Requirements] = {}


def read_dynamic(document: Document, project: Table, draft: Draft) -> Dynamic:
    """Reads the dynamic dependencies.

    Raises:
        ManifestError: they can only be known by running the project's build.
    """
    fields = project.strings("dynamic") or ()
    for name in ("dependencies", "optional-dependencies", "requires-python"):
        if name in fields and name in project:
            raise project.error(
                f"{name!r} is both listed as dynamic and given", "dynamic", fields.index(name)
            )
    if "requires-python" in fields:
        draft.warn(
            "requires-python is dynamic and therefore not known: any Python is taken",
            project.origin("dynamic", fields.index("requires-python")),
        )
    dependencies: Requirements = ()
    extras: dict[str, Requirements] = {}
    if "dependencies" in fields:
        files = _setuptools_files(document, "dependencies") or _hatch_files(document)
        if files is None:
            raise _refusal(document, project, fields.index("dependencies"))
        dependencies = _read(files)
    if "optional-dependencies" in fields:
        extras = _setuptools_extras(document)
        if not extras:
            draft.warn(
                "the extras are dynamic, known only to the project's build, and therefore left out",
                project.origin("dynamic", fields.index("optional-dependencies")),
            )
    return Dynamic(dependencies, extras)


class _Files(NamedTuple):
    """Files that a table names, and where each stands in it."""

    table: Table
    key: str
    names: tuple[str, ...]


def _setuptools_files(document: Document, *keys: str) -> _Files | None:
    table = document.top.deep("tool", "setuptools", "dynamic", *keys)
    return _files(table, "file") if table is not None and "file" in table else None


def _setuptools_extras(document: Document) -> dict[str, Requirements]:
    from provenv.standards.names import canonicalize

    table = document.top.deep("tool", "setuptools", "dynamic", "optional-dependencies")
    found: dict[str, Requirements] = {}
    for written in table.data if table else ():
        files = _setuptools_files(document, "optional-dependencies", written)
        if files is not None:
            name = canonicalize(written)
            found[name] = tuple(replace(member, extra=name) for member in _read(files))
    return found


def _hatch_files(document: Document) -> _Files | None:
    table = document.top.deep("tool", "hatch", "metadata", "hooks", "requirements_txt")
    if table is None:
        return None
    return _files(table, "files" if "files" in table else "filename")


def _files(table: Table, key: str) -> _Files:
    value = table.data.get(key)
    names = (value,) if isinstance(value, str) else table.strings(key) or ()
    return _Files(table, key, names)


def _read(files: _Files) -> Requirements:
    from provenv.manifest.requirements_txt import read_requirement_lines

    folder = files.table.document.folder
    found: list[ManifestRequirement] = []
    for name in files.names:
        found += read_requirement_lines(folder / name, files.table.origin(files.key))
    return tuple(found)


def _refusal(document: Document, project: Table, position: int) -> ManifestError:
    poetry = document.top.deep("tool", "poetry", "dependencies")
    backend = document.top.deep("build-system")
    named = backend.string("build-backend") if backend else None
    if poetry is not None:
        reason = f"they stand in [tool.poetry.dependencies] ({poetry.origin()}), in poetry's own form"
    elif (document.folder / "setup.py").exists():
        reason = "setup.py computes them when the project is built"
    else:
        reason = f"only the project's build backend{f' ({named})' if named else ''} knows them"
    return project.error(
        "the dependencies are dynamic: they are not in this file",
        "dynamic",
        position,
        evidence=[reason],
        hints=[
            "list them in [project] dependencies and take 'dependencies' out of `dynamic`",
            *requirement_files_hint(document.folder),
        ],
    )


def requirement_files_hint(folder: Path) -> list[str]:
    """The requirements files near a manifest that can't serve, as something to try."""
    patterns: tuple[Callable[[], list[Path]], ...] = (
        lambda: sorted(folder.glob("requirements*.in")) + sorted(folder.glob("requirements*.txt")),
        lambda: sorted(folder.glob("requirements/*.in")) + sorted(folder.glob("requirements/*.txt")),
    )
    found = next((paths for paths in (find() for find in patterns) if paths), [])
    return [f"or lock a requirements file: `provenv lock -r {shown_path(found[0])}`"] if found else []
