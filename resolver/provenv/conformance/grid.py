"""The targets about which a plugin is asked: platforms x Pythons x envelopes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

from provenv.hooks.types import Context, Envelope, EnvelopeKey, Platform

PYTHONS = ("3.9.0", "3.11.7", "3.12.0", "3.13.0", "3.14.0", "3.16.0")

FEW_PYTHONS = ("3.12.0", "3.16.0")
"""Those with which every promise is tried."""

# Operating systems and architectures that no plugin of provenv's own knows.
STRANGE = (("freebsd", "x86_64"), ("linux", "riscv64"), ("linux", "ppc64le"), ("haiku", ""), ("", ""))

SHELLS = ("bash", "zsh", "fish", "powershell", "cmd")
PREFIXES = ("/home/me/my envs/a'b", "C:\\envs\\a b")

_ANY = ("0", "1", "2.0", "8.0.1", "10.2.RC1", "550.54.14", "a", "abc", "a1", "abc1100", "yes")

# No check of a word may raise for these, whatever it says of them.
STRANGE_VALUES = ("", " ", "-1", "٣.٣", "1..2", "99999999999999999999", "a b", "\x00", "x" * 300)


def samples(key: EnvelopeKey) -> tuple[str, ...]:
    """Good values of a word: its examples, what its help mentions, and what else its check admits."""
    mentioned = re.findall(r"[A-Za-z0-9][\w.+-]*[A-Za-z0-9]|[0-9]", f"{key.help} {key.metavar}")
    tried = dict.fromkeys((*key.examples, *mentioned, *_ANY))
    return tuple(itertools.islice((value for value in tried if admits(key, value)), 6))


def admits(key: EnvelopeKey, value: str) -> bool:
    """Whether a word takes a value; a check that raises takes none."""
    try:
        return key.check(value) is None
    except Exception:
        return False


def envelopes(defaults: Envelope, keys: Iterable[EnvelopeKey]) -> tuple[Envelope, ...]:
    """Nothing promised, the defaults, each good value of each word beside them, all words at once."""
    values = {key: samples(key) for key in keys}
    found = [Envelope(), defaults]
    for key, good in values.items():
        found += [defaults.merged(Envelope.of({key.name: value})) for value in good]
        if key.multiple and len(good) > 1:
            found.append(defaults.merged(Envelope.of({key.name: good})))
    found.append(defaults.merged(Envelope.of({key.name: good[0] for key, good in values.items() if good})))
    return tuple(dict.fromkeys(found))


def contexts(platforms: Iterable[Platform], keys: Iterable[EnvelopeKey]) -> Iterable[Context]:
    """Every platform with every envelope of its own words and these, and with every Python."""
    own = tuple(keys)
    for platform in platforms:
        words = {key.name: key for key in (*platform.envelope, *own)}
        for envelope in envelopes(platform.defaults, words.values()):
            plain = envelope in (Envelope(), platform.defaults)
            for python in PYTHONS if plain else FEW_PYTHONS:
                yield Context(platform.name, platform.os, platform.arch, python, envelope)
