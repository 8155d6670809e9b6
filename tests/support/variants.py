"""Wheel variants (PEP 825) for a loopback index: tiny real wheels with a label, and the JSON about them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from support.distributions import ANY, file_stem, make_wheel, metadata_text
from support.index_server import ServedFile, TestIndex

SCHEMA = "https://variants-schema.wheelnext.dev/peps/825/v0.1.1.json"
Variants = Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]
"""Label -> namespace -> feature -> values."""


def add_variant(
    index: TestIndex,
    name: str,
    version: str,
    label: str,
    *,
    requires: Sequence[str] = (),
    tags: str = ANY,
    build: str = "",
    yanked: str | None = None,
    properties: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
) -> ServedFile:
    """Publish one variant wheel; what it installs tells its label, and its variant.json its properties."""
    metadata = metadata_text(name, version, requires=requires)
    stem = file_stem(name, version)
    files = {
        f"{stem.split('-')[0]}.py": f"__version__ = {version!r}\nlabel = {label!r}\n",
        f"{stem}.dist-info/variant.json": json.dumps(document({label: dict(properties or {})})),
    }
    content = make_wheel(name, version, metadata, tags=tags, files=files)
    middle = f"{build}-{tags}" if build else tags
    file = ServedFile(f"{stem}-{middle}-{label}.whl", content, metadata.encode(), yanked=yanked)
    return index.add_file(name, file)


def document(
    variants: Variants, namespaces: Sequence[str] | None = None, **more: object
) -> dict[str, object]:
    """A variants JSON; `namespaces`: the order of priority, None: that of first mention."""
    used = dict.fromkeys(namespace for one in variants.values() for namespace in one)
    order = list(used) or ["x86_64"] if namespaces is None else list(namespaces)
    return {"$schema": SCHEMA, "default-priorities": {"namespace": order}, "variants": dict(variants), **more}


def add_variants(
    index: TestIndex,
    name: str,
    version: str,
    variants: Variants,
    namespaces: Sequence[str] | None = None,
    *,
    requires: Sequence[str] = (),
    **more: object,
) -> ServedFile:
    """Publish a wheel for every label, and the JSON that says what they stand for."""
    for label, properties in variants.items():
        add_variant(index, name, version, label, requires=requires, properties=properties)
    return add_json(index, name, version, document(variants, namespaces, **more))


def add_json(index: TestIndex, name: str, version: str, content: object) -> ServedFile:
    """Publish a variants JSON: a document, or bytes that need not be one."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return index.add_file(name, ServedFile(f"{file_stem(name, version)}-variants.json", body))
