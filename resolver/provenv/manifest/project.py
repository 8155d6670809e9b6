"""`[project]` and `[dependency-groups]`: what a project requires (PEP 621, PEP 735)."""

from __future__ import annotations

import re

from provenv.manifest.document import Document, Table
from provenv.manifest.draft import Draft
from provenv.manifest.dynamic import Dynamic, read_dynamic
from provenv.manifest.entries import entry
from provenv.manifest.groups import read_groups
from provenv.manifest.values import ManifestRequirement
from provenv.reads import is_file, read_bytes
from provenv.values import replace


def read_project(document: Document, draft: Draft) -> None:
    """Reads the standard tables into the draft.

    Raises:
        ManifestError: something in them is wrong, or can't be known without running the project's build.
    """
    project = document.top.table("project")
    extras: dict[str, tuple[ManifestRequirement, ...]] = {}
    if project is not None:
        draft.name = project.string("name")
        draft.requires_python = _requires_python(project)
        dynamic = read_dynamic(document, project, draft)
        draft.requirements += _dependencies(project, dynamic)
        if "dependencies" not in project and not dynamic.dependencies:
            _warn_of_setup(project, draft)
        extras = _extras(project, dynamic)
    groups = read_groups(document.top.table("dependency-groups"))
    draft.known_extras += extras
    draft.known_groups += groups
    own = _OwnExtras(draft, extras)
    draft.requirements[:] = own.expanded(draft.requirements)
    for name, members in extras.items():
        draft.requirements += own.expanded(members, frozenset({name}))
    for members in groups.values():
        draft.requirements += own.expanded(members)


def _requires_python(project: Table) -> str | None:
    from provenv.standards.specifiers import InvalidSpecifier, parse_specifiers

    text = project.string("requires-python")
    if text is None:
        return None
    try:
        parse_specifiers(text)
    except InvalidSpecifier as error:
        raise project.error(
            f"requires-python {text!r} is no version specifier: {error}",
            "requires-python",
            hints=[f'write it as `requires-python = ">={_first_version(text)}"`'],
        ) from None
    return text


def _warn_of_setup(project: Table, draft: Draft) -> None:
    """Tells of dependencies that stand in setuptools' old files: without `dynamic`, these do not count."""
    for name in ("setup.py", "setup.cfg"):
        path = project.document.folder / name
        if is_file(path) and b"install_requires" in read_bytes(path):
            draft.warn(
                f"[project] lists no dependencies, and those in {name} do not count beside it",
                project.origin(),
            )


def _first_version(text: str) -> str:
    found = re.search(r"\d+(\.\d+)*", text)
    return found.group() if found else "3.11"


def _dependencies(project: Table, dynamic: Dynamic) -> tuple[ManifestRequirement, ...]:
    texts = project.strings("dependencies")
    if texts is None:
        return dynamic.dependencies
    return tuple(
        entry(text, project.origin("dependencies", i), folder=project.document.folder)
        for i, text in enumerate(texts)
    )


def _extras(project: Table, dynamic: Dynamic) -> dict[str, tuple[ManifestRequirement, ...]]:
    from provenv.standards.names import canonicalize

    table = project.table("optional-dependencies")
    if table is None:
        return dict(dynamic.extras)
    found: dict[str, tuple[ManifestRequirement, ...]] = {}
    for written in table.data:
        name = canonicalize(written)
        if name in found:
            raise table.error(f"the extra {written!r} is here twice (as {name!r})", written)
        texts = table.strings(written) or ()
        found[name] = tuple(
            entry(text, table.origin(written, i), extra=name, folder=project.document.folder)
            for i, text in enumerate(texts)
        )
    return found


class _OwnExtras:
    """Puts the requirements of the project's own extras where `project[extra]` is required.

    The project itself is not in its lock, so `all = ["project[train,docs]"]` means what these extras hold.
    """

    def __init__(self, draft: Draft, extras: dict[str, tuple[ManifestRequirement, ...]]) -> None:
        from provenv.standards.names import canonicalize

        self._draft = draft
        self._extras = extras
        self._name = canonicalize(draft.name) if draft.name else None

    def expanded(
        self,
        requirements: tuple[ManifestRequirement, ...] | list[ManifestRequirement],
        within: frozenset[str] = frozenset(),
    ) -> list[ManifestRequirement]:
        """The requirements, with every one of the project itself replaced by what it stands for.

        `within`: the extras that are being read.
        """
        found: list[ManifestRequirement] = []
        for required in requirements:
            if self._name is None or required.requirement.name != self._name:
                found.append(required)
                continue
            for extra in required.requirement.extras:
                if extra in within:
                    continue
                if extra not in self._extras:
                    self._draft.warn(f"the project has no extra {extra!r}", required.origin)
                    continue
                inner = self.expanded(self._extras[extra], within | {extra})
                found += [_as_asked_by(required, member) for member in inner]
        return found


def _as_asked_by(outer: ManifestRequirement, inner: ManifestRequirement) -> ManifestRequirement:
    """A member of an extra, as the requirement `project[extra]; marker` asks for it."""
    marker = both_markers(outer.requirement.marker, inner.requirement.marker)
    requirement = replace(inner.requirement, marker=marker)
    return replace(inner, requirement=requirement, group=outer.group, extra=outer.extra)


def both_markers(first: str | None, second: str | None) -> str | None:
    """The marker that holds where both hold."""
    if first is None or second is None:
        return first or second
    return f"({first}) and ({second})"
