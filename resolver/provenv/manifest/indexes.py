"""`[[tool.provenv.indexes]]`: where packages come from, and which come from there alone."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

from provenv.manifest.document import Table
from provenv.manifest.draft import Draft
from provenv.manifest.values import Index
from provenv.patterns import regex
from provenv.reads import real_path
from provenv.values import replace

_SCHEME = regex(r"[A-Za-z][A-Za-z0-9+.-]+:")
_PATTERN = regex(r"[A-Za-z0-9*]([A-Za-z0-9._*-]*[A-Za-z0-9*])?")
_NAME = regex(r"[A-Za-z0-9][A-Za-z0-9 ._-]*")


def read_indexes(table: Table, draft: Draft) -> None:
    """Reads the indexes in front of those that the draft has by other means.

    Raises:
        ManifestError: a name twice, two defaults, an address that is none.
    """
    found: list[Index] = []
    for one in table.tables("indexes"):
        one.allow_only(("name", "url", "packages", "default", "explicit", "flat"))
        index = Index(
            name=_name(one),
            url=index_url(one),
            packages=tuple(_pattern(one, text, i) for i, text in enumerate(one.strings("packages") or ())),
            default=one.boolean("default") or False,
            explicit=one.boolean("explicit") or False,
            flat=one.boolean("flat") or False,
            origin=one.origin(),
        )
        refuse_twice(one, index, found)
        found.append(index)
    taken = {index.name for index in found}
    others = [index for index in draft.indexes if index.name not in taken]
    if any(index.default for index in found):
        # the other default is asked only for what is pinned to it
        others = [replace(i, default=False, explicit=True) if i.default else i for i in others]
    draft.indexes[:] = [*found, *others]
    patterns = [pattern for index in found for pattern in index.packages]
    draft.pins[:] = [p for p in draft.pins if not any(fnmatchcase(p.package, one) for one in patterns)]


def refuse_twice(table: Table, index: Index, before: list[Index]) -> None:
    """Refuses a name that an earlier index has, and a second default."""
    for other in before:
        if other.name == index.name:
            raise table.error(f"an index {index.name!r} is already given ({other.origin})", "name")
        if other.default and index.default:
            raise table.error(
                f"two indexes call themselves the default: {other.name!r} and {index.name!r}", "default"
            )


def index_url(table: Table) -> str:
    """The `url` of an index; a path is a folder, relative to the manifest."""
    text = table.required_string("url")
    if any(character.isspace() for character in text):
        raise table.error(f"{text!r} is no address: it holds a space", "url")
    if not _SCHEME.match(text) or _is_drive(text):
        return real_path(table.document.folder / text).as_uri()
    scheme, _, rest = text.partition(":")
    if scheme.lower() not in ("http", "https", "file") or not rest.strip("/"):
        raise table.error(
            f"{text!r} is no address of an index", "url", hints=["it starts with https:// or is a folder"]
        )
    return text


def _is_drive(text: str) -> bool:
    letter, colon_slash = text[:1], text[1:3]
    return colon_slash in (":\\", ":/") and letter.isascii() and letter.isalpha() and Path(text).drive != ""


def _name(table: Table) -> str:
    name = table.required_string("name")
    if not _NAME.fullmatch(name):
        raise table.error(
            f"{name!r} can't name an index", "name", hints=["letters, digits, - _ and . will do"]
        )
    return name


def _pattern(table: Table, text: str, position: int) -> str:
    if not _PATTERN.fullmatch(text):
        raise table.error(
            f"{text!r} is no pattern of package names", "packages", position, hints=['e.g. "corp-*"']
        )
    return re.sub(r"[-_.]+", "-", text).lower()
