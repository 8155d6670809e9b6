"""Wheel variants (PEP 817, 825): a label and its properties."""

from __future__ import annotations

from collections.abc import Iterable

from provenv.patterns import regex
from provenv.tuples import NamedTuple

NULL = "null"
"""The label of the variant without properties, which fits everywhere."""
ABI_DEPENDENCY = "abi_dependency"
"""PEP 817's namespace for the version of a package that a wheel was built against; nobody provides it."""

NAME = regex(r"[a-z0-9_]+")
VALUE = regex(r"[a-z0-9_.]+")  # of a feature's value and of a label


class InvalidVariants(ValueError):
    """A text that tells of no variants, and why."""


class Property(NamedTuple):
    """`nvidia :: sm_arch :: 90_real`."""

    namespace: str
    feature: str
    value: str

    def __str__(self) -> str:
        return " :: ".join(self)


class Variant(NamedTuple):
    """What a wheel is built for: its label, "" for a plain wheel, and its properties, sorted."""

    label: str = ""
    properties: tuple[Property, ...] = ()

    def sets(self) -> dict[str, frozenset[str]]:
        """The markers of PEP 825 that are sets."""
        return {
            "variant_namespaces": frozenset(p.namespace for p in self.properties),
            "variant_features": frozenset(f"{p.namespace} :: {p.feature}" for p in self.properties),
            "variant_properties": frozenset(map(str, self.properties)),
        }


PLAIN = Variant()


def parse_property(text: str) -> Property:
    """`namespace :: feature :: value`, whatever the blanks around the colons. Raises InvalidVariants."""
    parts = [part.strip() for part in text.split("::")]
    if len(parts) != 3:
        raise InvalidVariants(f"{text!r} is no `namespace :: feature :: value`")
    namespace, feature, value = parts
    if not (NAME.fullmatch(namespace) and NAME.fullmatch(feature) and VALUE.fullmatch(value)):
        raise InvalidVariants(f"{text!r} has another character than a-z, 0-9, `_` and, in the value, `.`")
    return Property(namespace, feature, value)


def grouped(properties: Iterable[Property]) -> dict[tuple[str, str], tuple[str, ...]]:
    """(namespace, feature) -> its values, each in the order of first mention."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for one in properties:
        found.setdefault((one.namespace, one.feature), {})[one.value] = None
    return {key: tuple(values) for key, values in found.items()}
