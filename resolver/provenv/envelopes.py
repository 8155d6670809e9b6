"""How envelopes are put together, and how what a user wrote in one is checked against the plugins' words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from provenv.errors import ManifestError, Origin
from provenv.hooks.types import Accelerator, Envelope, EnvelopeKey, Platform


def known_words(*owners: Platform | Accelerator) -> dict[str, EnvelopeKey]:
    """The words that these plugins' values understand."""
    return {key.name: key for owner in owners for key in owner.envelope}


def select(envelope: Envelope, keys: Mapping[str, EnvelopeKey]) -> Envelope:
    """The words that are among `keys`, the others dropped."""
    return Envelope(tuple((word, values) for word, values in envelope.items if word in keys))


def override(base: Envelope, above: Envelope, keys: Mapping[str, EnvelopeKey]) -> Envelope:
    """`base` with the words of `above` in place of its own and those that they replace (`musl`: `glibc`)."""
    replaced = {word for name, _ in above.items if name in keys for word in keys[name].replaces}
    kept = Envelope(tuple(item for item in base.items if item[0] not in replaced))
    return kept.merged(above)


def lowest(default: Envelope, found: Envelope, keys: Mapping[str, EnvelopeKey]) -> Envelope:
    """What a target promises by `default`, or a machine's own (`found`) where it is less or another."""
    less = tuple(
        (word, values)
        for word, values in found.items
        if word in keys and (default.one(word) is None or _is_less(values[0], default.one(word) or ""))
    )
    return override(default, Envelope(less), keys)


def check_words(
    envelope: Envelope, keys: Mapping[str, EnvelopeKey], origin: Origin | None, *, whose: str
) -> None:
    """Raises ManifestError for a word that is not among `keys`, and for a value that its plugin refuses."""
    for word, values in envelope.items:
        key = keys.get(word)
        if key is None:
            raise _unknown_word(word, keys, origin, whose)
        faults = [fault for value in values if (fault := key.check(value))]
        if len(values) > 1 and not key.multiple:
            faults.append(f"{word} takes one value, and {len(values)} were given")
        if faults:
            raise ManifestError(
                f"bad value for {word} in {whose}",
                evidence=faults,
                hints=[f"{word} = {key.metavar}: {key.help}"],
                origin=origin,
            )


def _unknown_word(word: str, keys: Iterable[str], origin: Origin | None, whose: str) -> ManifestError:
    known = sorted(keys)
    return ManifestError(
        f"unknown word {word!r} in {whose}",
        evidence=[f"what can be promised there: {', '.join(known) or 'nothing'}"],
        hints=nearest(word, known),
        origin=origin,
    )


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The hint that names the nearest right spelling, if any is near."""
    from difflib import get_close_matches

    found = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return [f"did you mean {found[0]!r}?"] if found else []


def _is_less(one: str, other: str) -> bool:
    return version_tuple(one) < version_tuple(other)


def version_tuple(text: str) -> tuple[int, ...]:
    """`550.54.14` -> (550, 54, 14), trailing zeros dropped; what is no number ends it."""
    numbers: list[int] = []
    for part in text.split("."):
        if not (part.isascii() and part.isdigit()):
            break
        numbers.append(int(part))
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
