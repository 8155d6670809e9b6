"""`[tool.provenv]`: what provenv alone can be told, each value checked where it stands."""

from __future__ import annotations

import re

from provenv.errors import ManifestError
from provenv.manifest.document import Document, Table
from provenv.manifest.draft import Draft, Rules
from provenv.manifest.entries import entry
from provenv.manifest.indexes import read_indexes
from provenv.manifest.named_targets import Names, read_envelope, read_targets
from provenv.manifest.values import Exclusion, ManifestRequirement
from provenv.manifest.vocabulary import Vocabulary, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

KEYS = (
    "python",
    "platforms",
    "accelerators",
    "lockfiles",
    "groups",
    "extras",
    "exclude",
    "build",
    "no-binary",
    "only-binary",
    "constraints",
    "overrides",
    "excluded-dependencies",
    "exclude-newer",
    "exclude-newer-package",
    "prerelease",
    "prerelease-package",
    "align",
    "pip-config",
    "preview",
    "targets",
    "indexes",
    "conda",
)
_PRERELEASE: tuple[Literal["allow", "never", "if-needed"], ...] = ("allow", "never", "if-needed")


def read_provenv(document: Document, draft: Draft, vocabulary: Vocabulary | None) -> None:
    """Reads `[tool.provenv]` into a draft that already knows the project's groups and extras.

    Raises:
        ManifestError: an unknown key, a value of the wrong kind, a name that nothing has.
    """
    table = document.top.deep("tool", "provenv")
    if table is None:
        if "provenv" in (document.top.deep("tool") or document.top):
            raise document.top.error("tool.provenv must be a table", "tool", "provenv")
        return
    words = words_of(vocabulary)
    table.allow_only((*KEYS, *words))
    names = Names(draft, vocabulary)
    _read_matrix(table, draft, names)
    draft.envelope = read_envelope(table, words, KEYS)
    draft.targets = read_targets(table, names, words)
    _read_rules(table, draft)
    read_indexes(table, draft)
    if "conda" in table or any(target.packaging == "conda" for target in draft.targets):
        from provenv.manifest.conda_table import read_conda

        read_conda(table, draft)


def _read_matrix(table: Table, draft: Draft, names: Names) -> None:
    draft.python = names.listed(table, "python", names.python)
    draft.platforms = names.listed(table, "platforms", names.platform)
    draft.accelerators = names.listed(table, "accelerators", names.accelerator)
    draft.lockfiles = table.string("lockfiles") or draft.lockfiles
    if "groups" in table:
        draft.groups = names.listed(table, "groups", names.group)
    draft.extras = names.listed(table, "extras", names.extra)
    draft.previews = tuple(sorted(names.listed(table, "preview", names.preview)))
    draft.exclude = tuple(_exclusion(cell, names) for cell in table.tables("exclude"))


def _exclusion(cell: Table, names: Names) -> Exclusion:
    cell.allow_only(("platform", "accelerator", "python"))
    if not cell.data:
        raise cell.error("an exclusion names a platform, an accelerator, a python, or several of them")
    return Exclusion(
        platform=names.one(cell, "platform", names.platform),
        accelerator=names.one(cell, "accelerator", names.accelerator),
        python=names.one(cell, "python", names.python),
    )


def _read_rules(table: Table, draft: Draft) -> None:
    draft.constraints += requirement_list(table, "constraints")
    draft.overrides += requirement_list(table, "overrides")
    draft.excluded_dependencies += sorted(package_names(table, "excluded-dependencies"))
    draft.build.names |= package_names(table, "build")
    _file_rule(table, "no-binary", draft.no_binary)
    _file_rule(table, "only-binary", draft.only_binary)
    if "exclude-newer" in table:
        draft.exclude_newer = moment(table, "exclude-newer")
    read_package_moments(table, "exclude-newer-package", draft)
    if "prerelease" in table:
        draft.prerelease = _prerelease(table, "prerelease")
    packages = table.table("prerelease-package")
    for written in packages.data if packages else ():
        assert packages is not None
        draft.prerelease_package[package_name(packages, written, written)] = _prerelease(packages, written)
    aligned = table.boolean("align")
    draft.align = draft.align if aligned is None else aligned
    if table.boolean("pip-config") is False:
        draft.use_pip_config = False


def _prerelease(table: Table, key: str) -> Literal["allow", "never", "if-needed"]:
    value = table.string(key)
    for known in _PRERELEASE:
        if value == known:
            return known
    raise table.error(f"{table.called(key)} is one of {', '.join(_PRERELEASE)}, not {value!r}", key)


def _file_rule(table: Table, key: str, rules: Rules) -> None:
    names = table.strings(key) or ()
    rules.everything |= ":all:" in names
    rules.names |= {
        package_name(table, name, key, position) for position, name in enumerate(names) if name != ":all:"
    }


def requirement_list(table: Table, key: str) -> list[ManifestRequirement]:
    """An array of requirements, each with its line."""
    texts = table.strings(key) or ()
    return [
        entry(text, table.origin(key, position), folder=table.document.folder)
        for position, text in enumerate(texts)
    ]


def package_names(table: Table, key: str) -> set[str]:
    """An array of package names, canonical."""
    return {package_name(table, name, key, i) for i, name in enumerate(table.strings(key) or ())}


def package_name(table: Table, text: str, *keys: str | int) -> str:
    """A package's canonical name; a requirement in its place is refused."""
    from provenv.standards.names import canonicalize, is_valid_name

    if is_valid_name(text):
        return canonicalize(text)
    bare = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", text)
    hints = [f"write the name alone: {bare.group().rstrip('._-')!r}"] if bare else []
    raise table.error(f"{text!r} is no package name", *keys, hints=hints)


def moment(table: Table, key: str) -> str:
    """A point in time as `YYYY-MM-DDTHH:MM:SSZ`."""
    from provenv.manifest.times import EXPECTED, cutoff

    found = cutoff(table.data[key])
    if found is None:
        raise ManifestError(
            f"{table.called(key)} is no time: {table.data[key]!r}",
            hints=[f"write {EXPECTED}"],
            origin=table.origin(key),
        )
    return found


def read_package_moments(table: Table, key: str, draft: Draft) -> None:
    """`{ torch = "2026-11-01", numpy = false }`: a cutoff per package, false lifts it."""
    packages = table.table(key)
    for written in packages.data if packages else ():
        assert packages is not None
        name = package_name(packages, written, written)
        lifted = packages.data[written] is False
        draft.exclude_newer_package[name] = None if lifted else moment(packages, written)
