"""What a target or a machine supports, as the wheel-variant drafts (PEP 817, 825) say it, by its plugins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from provenv.errors import PluginError
from provenv.hooks.types import Accelerator, Context, Envelope
from provenv.host import Host
from provenv.standards.variants import InvalidVariants, Property, Variant, grouped, parse_property
from provenv.targets import PROCESSOR, Target, context_of
from provenv.values import replace


def features_of(
    context: Context, accelerator: str, accelerators: Mapping[str, Accelerator]
) -> tuple[tuple[Property, ...], ...]:
    """What each of the target's devices supports, with the processor's: one list a device, best first.

    A wheel must suit every one of them. Raises PluginError for a plugin's fact of another form.
    """
    owners = [accelerators[name] for name in dict.fromkeys((accelerator, PROCESSOR)) if name in accelerators]
    lists = [_lists(owner, context) for owner in owners]
    return tuple(tuple(dict.fromkeys(one for part in parts for one in part)) for parts in product(*lists))


def features_here(host: Host) -> dict[str, tuple[str, ...]]:
    """What every accelerator that is usable on a machine says of it; nothing for an unknown platform."""
    platform = host.plugins.platforms.get(host.platform or "")
    if platform is None:
        return {}
    found = {}
    for name, detection in host.detections.items():
        envelope = host.envelope.merged(detection.envelope).merged(detection.variants)
        context = Context(platform.name, platform.os, platform.arch, host.python or "", envelope)
        with host.watch("accelerator", name):
            if detection.usable:
                lists = _lists(host.plugins.accelerators[name], context)
                found[name] = tuple(dict.fromkeys(str(one) for each in lists for one in each))
    return found


def unsupported_here(target: Target, variants: Mapping[str, Variant], host: Host) -> Iterator[str]:
    """Why a machine can't run variant wheels (by package) that were chosen for a target; nothing: it can.

    A namespace that the target's plugins say nothing of is no machine's to support.
    """
    devices = features_of(context_of(target, host.plugins), target.accelerator, host.plugins.accelerators)
    asked = {one.namespace for device in devices for one in device}
    here = {text for texts in features_here(host).values() for text in texts}
    for name, variant in variants.items():
        for (namespace, feature), values in grouped(variant.properties).items():
            wanted = [str(Property(namespace, feature, value)) for value in values]
            if namespace in asked and here.isdisjoint(wanted):
                yield f"its {name} is a variant for {' or '.join(wanted[:3])}, which this machine is not"


def _lists(accelerator: Accelerator, context: Context) -> list[tuple[Property, ...]]:
    several = [key.name for key in accelerator.envelope if key.multiple and context.envelope.all(key.name)]
    return [
        tuple(_parsed(accelerator, accelerator.features(replace(context, envelope=envelope))))
        for envelope in _devices(context.envelope, several)
    ]


def _devices(envelope: Envelope, several: Iterable[str]) -> Iterator[Envelope]:
    """The envelope once for each device: each value of the words that may be given several times."""
    words = list(several)
    for values in product(*(envelope.all(word) for word in words)):
        yield envelope.merged(Envelope.of(dict(zip(words, values, strict=True))))


def _parsed(accelerator: Accelerator, texts: Iterable[str]) -> Iterator[Property]:
    for text in texts:
        try:
            yield parse_property(text)
        except InvalidVariants as error:
            raise PluginError(f"features of {accelerator.name} answered {error}") from None
