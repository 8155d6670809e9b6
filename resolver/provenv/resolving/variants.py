"""Which variant wheel of a version one target takes (PEP 825; what PEP 817 has besides is heeded too)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from provenv.hooks.types import Runtime
from provenv.pypi.artifacts import VariantFiles
from provenv.resolving.rules import END, Order
from provenv.standards.markers import InvalidMarker, MarkerEnvironment
from provenv.standards.variants import (
    ABI_DEPENDENCY,
    NULL,
    InvalidVariants,
    Property,
    Variant,
    grouped,
)
from provenv.standards.variants_json import Provider, VariantsJson
from provenv.values import dataclass, field


@dataclass(frozen=True, slots=True)
class Fitting:
    """A label that suits the target: its rank, what it stands for, and as much of that as is supported."""

    rank: tuple[Order, str]
    whole: Variant
    supported: Variant


@dataclass(frozen=True, slots=True)
class Choice:
    """The variants of one version on one index: `fitting` by label, `unfit`: label -> why not, in words.

    `missed`: those of the unfit that are for another device of the target's kind. `problem`: why the index's
    own words on them can't be used, "" where they can.
    """

    fitting: Mapping[str, Fitting] = field(default_factory=dict)
    unfit: Mapping[str, str] = field(default_factory=dict)
    missed: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class VariantRules:
    """By which one target chooses.

    `devices`: what each device of the target supports, best first; a wheel must suit them all. `own`: the
    namespaces of its accelerator alone. `read`: what is said of the labels of wheels; InvalidVariants where
    that can't be used. `runtimes`, `own_major`: as `Request` has them; a wheel for another major than the
    build's is not taken.
    """

    devices: tuple[tuple[Property, ...], ...]
    own: frozenset[str]
    environment: MarkerEnvironment
    read: Callable[[VariantFiles], VariantsJson]
    runtimes: Mapping[str, Runtime] = field(default_factory=dict)
    own_major: tuple[str, str] | None = None

    def choose(self, files: VariantFiles) -> Choice:
        """The labels of these wheels that the target can use."""
        labels = sorted({wheel.variant for wheel in files.wheels})
        try:
            told = self.read(files)
        except InvalidVariants as error:
            # The null variant needs no word of anybody: it has no properties, whatever else is said.
            null = {NULL: _null()} if NULL in labels else {}
            unfit = {label: str(error) for label in labels if label != NULL}
            return Choice(null, unfit, problem=str(error) if unfit else "")
        allowed = [self._allowed(told, device) for device in self.devices]
        devices = [_Support(told, properties) for properties in allowed]
        together = _Support(told, [one for properties in allowed for one in properties])
        found = {label: self._look_at(label, told, devices, together) for label in labels}
        return Choice(
            {label: one for label, one in found.items() if isinstance(one, Fitting)},
            {label: one for label, one in found.items() if isinstance(one, str)},
            tuple(
                label for label, one in found.items() if isinstance(one, str) and self._is_near(label, told)
            ),
        )

    def _is_near(self, label: str, told: VariantsJson) -> bool:
        """Whether a label is for a device of the kind that the target has."""
        return any(one.namespace in self.own for one in told.variants.get(label, ()))

    def carried(self, variant: Variant) -> Mapping[str, str]:
        """The runtimes (by name) that a variant is built for, each with the major."""
        texts = tuple(map(str, variant.properties))
        found = ((name, runtime.of_variant(texts)) for name, runtime in self.runtimes.items() if texts)
        return {name: major for name, major in found if major in self.runtimes[name].majors and major}

    def _look_at(
        self, label: str, told: VariantsJson, devices: Sequence[_Support], together: _Support
    ) -> Fitting | str:
        """A label that every one of the devices supports, or why there is one that does not."""
        properties = told.variants.get(label)
        if properties is None:
            return _null() if label == NULL else "the variants.json does not list it"
        for (namespace, feature), values in grouped(properties).items():
            if namespace == ABI_DEPENDENCY:
                return f"it needs {namespace} :: {feature} :: {values[0]}, which is not looked into"
            for device in devices:
                if device.values(namespace, feature).isdisjoint(values):
                    few = f"{', '.join(values[:3])}{' ...' if len(values) > 3 else ''}"
                    return f"it needs {namespace} :: {feature} :: {few}"
        whole = Variant(label, properties)
        for name, major in self.carried(whole).items():
            if self.own_major is not None and self.own_major[0] == name and self.own_major[1] != major:
                return f"it is built for {name} {major}, and the build is of {name} {self.own_major[1]}"
        supported = tuple(p for p in properties if p.value in together.values(p.namespace, p.feature))
        return Fitting((together.order(supported), label), whole, Variant(label, supported))

    def _allowed(self, told: VariantsJson, device: Iterable[Property]) -> list[Property]:
        """What a device supports by the providers that the JSON admits, fixed values in their place."""
        found: list[Property] = []
        taken = {ns: provider for ns, provider in told.providers.items() if provider.static is not None}
        for one in device:
            provider = told.providers.get(one.namespace, Provider())
            if one.namespace not in taken and not provider.optional and self._enabled(provider):
                found.append(one)
        for namespace, provider in taken.items():
            if not provider.optional and self._enabled(provider):
                listed = (provider.static or {}).items()
                found += [
                    Property(namespace, feature, value) for feature, values in listed for value in values
                ]
        return found

    def _enabled(self, provider: Provider) -> bool:
        try:
            return provider.enable_if is None or self.environment.evaluate(provider.enable_if)
        except InvalidMarker:
            return False


class _Support:
    """Supported properties with the order of namespaces, features and values that a JSON gives them."""

    def __init__(self, told: VariantsJson, properties: Iterable[Property]) -> None:
        self._told = told
        self._values = grouped(properties)

    def values(self, namespace: str, feature: str) -> frozenset[str]:
        return frozenset(self._values.get((namespace, feature), ()))

    def order(self, properties: Iterable[Property]) -> Order:
        """PEP 825's sort key: the best value of each feature, the most important features first."""
        keys = []
        for (namespace, feature), values in grouped(properties).items():
            listed = (*self._told.values.get((namespace, feature), ()), *self._values[namespace, feature])
            features = (*self._told.features.get(namespace, ()), *self._features(namespace))
            best = min(listed.index(value) for value in values)
            keys.append((self._told.namespaces.index(namespace), features.index(feature), best))
        return (*sorted(keys), END)

    def _features(self, namespace: str) -> Iterable[str]:
        return (feature for owner, feature in self._values if owner == namespace)


def _null() -> Fitting:
    return Fitting(((END,), NULL), Variant(NULL), Variant(NULL))
