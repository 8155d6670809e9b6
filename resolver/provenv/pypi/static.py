"""Metadata that a source tree states without being built: by a static PKG-INFO or a static `[project]`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from provenv.errors import BuildError
from provenv.standards.names import canonicalize
from provenv.standards.requirements import InvalidRequirement, parse_requirement
from provenv.values import replace

_NEEDED = frozenset(("dependencies", "optional-dependencies", "requires-python"))


def pkg_info_text(tree: Path) -> str | None:
    """The PKG-INFO of an unpacked sdist when it may be believed as it stands (PEP 643), else None."""
    from provenv.pypi.metadata import decode, parse_headers, static_sdist_fields

    try:
        text = decode((tree / "PKG-INFO").read_bytes())
    except OSError:
        return None
    return text if static_sdist_fields(parse_headers(text)) else None


def pyproject_text(tree: Path, label: str) -> str | None:
    """The static `[project]` table of a tree as METADATA text; None when only a build can tell.

    Raises BuildError for a requirement in it that PEP 508 does not allow.
    """
    try:
        return project_text((tree / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    except InvalidRequirement as error:
        raise BuildError(
            f"{label} has an invalid requirement in its pyproject.toml", evidence=[str(error)]
        ) from error


def project_text(pyproject: str, version: str | None = None) -> str | None:
    """A static `[project]` table (PEP 621) as METADATA text; None when only a build can tell.

    `version`: of the sdist that holds it, for tables that leave it to the backend. Raises InvalidRequirement.
    """
    import tomli

    try:
        project = tomli.loads(pyproject).get("project")
    except (ValueError, RecursionError):  # also a number of 5,000 digits, brackets without end
        return None
    if not isinstance(project, Mapping):
        return None
    found = project.get("version", version)
    if not isinstance(found, str) or not isinstance(project.get("name"), str) or not _is_static(project):
        return None
    try:
        return "\n".join([*_headers(project, found), "", ""])
    except _Malformed:
        return None  # The backend says best what is wrong with its input.


class _Malformed(Exception):
    """A value of a type that PEP 621 does not allow there."""


def _is_static(project: Mapping[str, object]) -> bool:
    dynamic = project.get("dynamic", [])
    return isinstance(dynamic, list) and not _NEEDED.intersection(str(field) for field in dynamic)


def _headers(project: Mapping[str, object], version: str) -> Iterator[str]:
    yield "Metadata-Version: 2.2"
    yield f"Name: {project['name']}"
    yield f"Version: {version}"
    requires_python = project.get("requires-python")
    if requires_python is not None:
        yield f"Requires-Python: {_one_line(requires_python)}"
    for text in _array(project.get("dependencies", [])):
        yield f"Requires-Dist: {_one_line(text)}"
    extras = project.get("optional-dependencies", {})
    if not isinstance(extras, Mapping):
        raise _Malformed
    for extra, texts in extras.items():
        name = canonicalize(str(extra))
        yield f"Provides-Extra: {name}"
        for text in _array(texts):
            yield f"Requires-Dist: {_under_extra(_one_line(text), name)}"


def _array(value: object) -> list[object]:
    if not isinstance(value, list):
        raise _Malformed
    return value


def _one_line(value: object) -> str:
    if not isinstance(value, str):
        raise _Malformed
    return " ".join(value.split())


def _under_extra(text: str, extra: str) -> str:
    """A requirement that holds only with an extra. Raises InvalidRequirement (a ValueError)."""
    requirement = parse_requirement(text)
    condition = f'extra == "{extra}"'
    marker = f"({requirement.marker}) and {condition}" if requirement.marker else condition
    return str(replace(requirement, marker=marker))
