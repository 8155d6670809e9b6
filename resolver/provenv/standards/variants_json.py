"""The JSON of wheel variants (PEP 817, 825): which label stands for which properties, and whose they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from provenv.patterns import regex
from provenv.standards.variants import ABI_DEPENDENCY, NAME, NULL, VALUE, InvalidVariants, Property
from provenv.values import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_SCHEMA = regex(r".*/v(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?\.json")
_KNOWN_MAJORS = (0, 1)  # PEP 825: drafts are 0, what becomes of the last one is 1.0.0


@dataclass(frozen=True, slots=True)
class Provider:
    """What PEP 817 says of a namespace's provider. `static`: the values that it supports, fixed at build
    time (feature -> values, best first), None: a machine is asked."""

    enable_if: str | None = None
    optional: bool = False
    static: Mapping[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class VariantsJson:
    """`*-variants.json`: `namespaces` in order of priority, `variants`: label -> properties, sorted.

    `features` (namespace -> names) and `values` ((namespace, feature) -> values) come before a provider's own
    order (PEP 817). A namespace that is not in `providers` has a provider of defaults.
    """

    namespaces: tuple[str, ...]
    variants: Mapping[str, tuple[Property, ...]]
    features: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    providers: Mapping[str, Provider] = field(default_factory=dict)


def parse_variants(content: bytes) -> VariantsJson:
    """A `*-variants.json` (or a wheel's `variant.json`), whole or not at all. Raises InvalidVariants.

    Keys that nobody knows yet are passed over, as both drafts ask for.
    """
    import json

    try:
        document = json.loads(content, object_pairs_hook=_once)
    except InvalidVariants:
        raise
    except (ValueError, RecursionError) as problem:
        raise InvalidVariants(f"it is not JSON: {problem}") from None
    top = _table(document, "it")
    _check_schema(top.get("$schema"))
    priorities = _table(top.get("default-priorities"), "`default-priorities`")
    namespaces = _names(priorities.get("namespace"), "`default-priorities.namespace`", NAME)
    if not namespaces:
        _fail("`default-priorities.namespace` is empty")
    variants = {
        _matching(label, VALUE, "label"): _properties(label, _table(namespaced, f"variant {label!r}"))
        for label, namespaced in _table(top.get("variants"), "`variants`").items()
    }
    _check_variants(variants, namespaces)
    values = _optional(priorities, "property")
    return VariantsJson(
        namespaces,
        variants,
        {
            ns: _names(names, f"the features of {ns}", NAME)
            for ns, names in _optional(priorities, "feature").items()
        },
        {
            (ns, feature): _names(listed, f"the values of {ns} :: {feature}", VALUE)
            for ns, features in values.items()
            for feature, listed in _table(features, f"the order of {ns}").items()
        },
        _providers(_optional(top, "providers"), _optional(top, "static-properties")),
    )


def combined(documents: Sequence[VariantsJson]) -> VariantsJson:
    """Several of one version as one, by PEP 825's rules of consistency. Raises InvalidVariants."""
    namespaces = max((one.namespaces for one in documents), key=len)
    variants: dict[str, tuple[Property, ...]] = {}
    for one in documents:
        if namespaces[: len(one.namespaces)] != one.namespaces:
            _fail(f"the wheels order their namespaces differently: {namespaces}, {one.namespaces}")
        for label, properties in one.variants.items():
            if variants.setdefault(label, properties) != properties:
                _fail(f"the wheels of {label!r} have different properties")
    first = documents[0]
    if any(
        (one.features, one.values, one.providers) != (first.features, first.values, first.providers)
        for one in documents
    ):
        _fail("the wheels name different providers or orders")
    return VariantsJson(namespaces, variants, first.features, first.values, first.providers)


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    """An object whose keys stand once: of two that are alike readers take one or the other."""
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            _fail(f"the key {key[:100]!r} stands twice")
        found[key] = value
    return found


def _check_schema(schema: object) -> None:
    if not isinstance(schema, str):
        _fail("it has no `$schema`")
    version = _SCHEMA.fullmatch(schema)
    if version is None:
        _fail(f"its `$schema` {schema[:100]!r} says no version")
    if int(version[1]) not in _KNOWN_MAJORS:
        _fail(f"its `$schema` is of version {version[1]}, and this provenv knows 0 and 1")


def _properties(label: str, namespaces: Mapping[str, object]) -> tuple[Property, ...]:
    found = []
    for namespace, features in namespaces.items():
        _matching(namespace, NAME, "namespace")
        for feature, values in _table(features, f"{label} {namespace}").items():
            _matching(feature, NAME, "feature")
            listed = _names(values, f"{label} {namespace} :: {feature}", VALUE)
            if not listed:
                _fail(f"{label} {namespace} :: {feature} has no value")
            found += [Property(namespace, feature, value) for value in listed]
    return tuple(sorted(found))


def _check_variants(variants: Mapping[str, tuple[Property, ...]], namespaces: Sequence[str]) -> None:
    if variants.get(NULL):
        _fail(f"the variant {NULL!r} has properties, and it stands for the one that has none")
    used = {p.namespace for properties in variants.values() for p in properties} - {ABI_DEPENDENCY}
    if stray := sorted(used - set(namespaces)):
        _fail(f"{stray[0]!r} is missing from `default-priorities.namespace`")


def _providers(given: Mapping[str, object], static: Mapping[str, object]) -> dict[str, Provider]:
    return {
        namespace: _provider(namespace, _table(given.get(namespace, {}), f"provider {namespace!r}"), static)
        for namespace in sorted({*given, *static})
    }


def _provider(namespace: str, given: Mapping[str, object], static: Mapping[str, object]) -> Provider:
    _matching(namespace, NAME, "namespace")
    condition = given.get("enable-if")
    if condition is not None and not isinstance(condition, str):
        _fail(f"`enable-if` of {namespace} is no text")
    flags = [given.get(key, default) for key, default in (("install-time", True), ("optional", False))]
    for key, value in zip(("install-time", "optional"), flags, strict=True):
        if not isinstance(value, bool):
            _fail(f"`{key}` of {namespace} is neither true nor false")
    values = None
    if flags[0] is False:
        features = _table(static.get(namespace, {}), f"`static-properties` of {namespace}")
        values = {name: _names(listed, f"{namespace} :: {name}", VALUE) for name, listed in features.items()}
    return Provider(condition, flags[1] is True, values)


def _optional(table: Mapping[str, object], key: str) -> Mapping[str, object]:
    return _table(table.get(key, {}), f"`{key}`")


def _table(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        _fail(f"{what} is no object")
    return value


def _names(value: object, what: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        _fail(f"{what} is no list of texts")
    if len(set(value)) != len(value):
        _fail(f"{what} has an entry twice")
    return tuple(_matching(item, pattern, "entry") for item in value)


def _matching(text: str, pattern: re.Pattern[str], what: str) -> str:
    if not pattern.fullmatch(text):
        _fail(f"the {what} {text[:100]!r} has a character that the drafts do not allow")
    return text


def _fail(reason: str) -> NoReturn:
    raise InvalidVariants(reason)
