"""The wheel variants of a page (PEP 825), apart from its other files: who doesn't ask never sees one."""

from __future__ import annotations

from collections.abc import Iterable

from provenv.pypi.artifacts import Artifact, VariantFiles
from provenv.pypi.listing import Listed
from provenv.pypi.records import Named, Placing, artifact_of
from provenv.standards.filenames import (
    VARIANTS_SUFFIX,
    InvalidFilename,
    parse_variants_json,
    parse_wheel,
    split_variant,
)
from provenv.standards.versions import sort_key


def variant_files(
    name: str,
    files: Iterable[Listed],
    index: str,
    kept_at: dict[tuple[str, str], str],
    placing: Placing,
) -> list[VariantFiles]:
    """The variant wheels and variant JSONs of the project `name` (canonical), by version, newest first.

    A JSON of a version that has no variant wheel tells of nothing. `kept_at`, `placing`: as for `Files`.
    """
    grouped: dict[tuple[object, ...], list[Artifact]] = {}
    for file in files:
        read = _read(name, file)
        if read is None:
            continue
        bare, named = read
        url, source = placing(bare)
        if source is not None:
            kept_at[index, url] = source
        label = split_variant(bare.filename)[1]
        grouped.setdefault(sort_key(named.version), []).append(artifact_of(bare, named, url, index, label))
    found = []
    for key, artifacts in sorted(grouped.items(), reverse=True, key=lambda group: group[0]):
        wheels = tuple(one for one in artifacts if one.kind == "wheel")
        documents = tuple(one for one in artifacts if one.kind == "variants")
        if wheels:
            found.append(VariantFiles(artifacts[0].version, key, wheels, documents))
    return found


def _read(name: str, file: Listed) -> tuple[Listed, Named] | None:
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
