"""The nearest right spelling of a word that is none."""

from __future__ import annotations

import re
from collections.abc import Iterable

from provenv.patterns import regex

_ALIASES = (
    (regex(r"\b(?:amd64|x64|(?<!x86-)64)$"), "x86-64"),
    (regex(r"^(?:osx|darwin|mac)\b"), "macos"),
    (regex(r"^win\b"), "windows"),
)
"""What conda, Docker, Go and others call a system or an architecture."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that looks most like this one, None when none comes close."""
    from difflib import get_close_matches

    by_plain = {_plain(candidate): candidate for candidate in known}
    if sum(plain.startswith(f"{_plain(word)}-") for plain in by_plain) > 1:
        return None  # `linux` alone is no more one of its architectures than the other
    found = get_close_matches(_plain(word), by_plain, n=1, cutoff=0.6)
    if found:
        return by_plain[found[0]]
    longer = [known_word for plain, known_word in by_plain.items() if plain.startswith(_plain(word))]
    return longer[0] if word and len(longer) == 1 else None


def spelling_hints(word: str, known: Iterable[str], what: str) -> tuple[str, ...]:
    """The hint for an unknown word: its nearest right spelling, else all that would be right."""
    words = sorted(known)
    best = nearest(word, words)
    if best is not None:
        return (f"did you mean {best!r}?",)
    return (f"known {what}: {', '.join(words)}",) if words else ()


def _plain(word: str) -> str:
    plain = re.sub("[_/]", "-", word.lower())
    for pattern, name in _ALIASES:
        plain = pattern.sub(name, plain)
    return plain
