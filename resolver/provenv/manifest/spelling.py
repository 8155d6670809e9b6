"""The nearest right spelling of a word that is none."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that looks most like this one, None when none comes close."""
    from difflib import get_close_matches

    by_plain = {_plain(candidate): candidate for candidate in known}
    found = get_close_matches(_plain(word), by_plain, n=1, cutoff=0.6)
    return by_plain[found[0]] if found else None


def spelling_hints(word: str, known: Iterable[str], what: str) -> tuple[str, ...]:
    """The hint for an unknown word: its nearest right spelling, else all that would be right."""
    words = sorted(known)
    best = nearest(word, words)
    if best is not None:
        return (f"did you mean {best!r}?",)
    return (f"known {what}: {', '.join(words)}",) if words else ()


def _plain(word: str) -> str:
    return word.lower().replace("_", "-")
