"""The wheel variants of a page (PEP 825), apart from its other files: who doesn't ask never sees one."""

from __future__ import annotations

from collections.abc import Iterable

from provenv.pypi.listing import Listed
from provenv.pypi.records import Named
from provenv.standards.filenames import (
    VARIANTS_SUFFIX,
    InvalidFilename,
    parse_variants_json,
    parse_wheel,
    split_variant,
)
from provenv.standards.versions import sort_key

Found = tuple[Listed, Named]


def variant_files(name: str, files: Iterable[Listed]) -> list[tuple[tuple[object, ...], list[Found]]]:
    """The variant wheels and variant JSONs of the project `name` (canonical): a version's key and its files.

    Newest version first. A JSON of a version that has no variant wheel tells of nothing.
    """
    grouped: dict[tuple[object, ...], list[Found]] = {}
    for file in files:
        found = _read(name, file)
        if found is not None:
            grouped.setdefault(sort_key(found[1].version), []).append(found)
    ordered = sorted(grouped.items(), reverse=True, key=lambda group: group[0])
    return [(key, found) for key, found in ordered if any(named.kind == "wheel" for _, named in found)]


def _read(name: str, file: Listed) -> Found | None:
    try:
        if file.filename.endswith(VARIANTS_SUFFIX):
            document = parse_variants_json(file.filename)
            # PEP 825: of that file the other attributes of a page mean nothing.
            bare = file._replace(requires_python=None, yanked=None, metadata=None)
            return (bare, Named("variants", document.version)) if document.name == name else None
        plain, label = split_variant(file.filename)
        wheel = parse_wheel(plain) if label else None
    except InvalidFilename:
        return None
    if wheel is None or wheel.name != name:
        return None
    return file, Named("wheel", wheel.version, wheel.tags, wheel.build)
