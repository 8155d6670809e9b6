"""The names that plugins add to a manifest: platforms, accelerators and the words of the envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from provenv.hooks.types import EnvelopeKey

if TYPE_CHECKING:
    from provenv.hooks.manager import Plugins


class Vocabulary(NamedTuple):
    """What the installed plugins know, for checking a manifest's names against."""

    platforms: tuple[str, ...]
    accelerators: tuple[str, ...]
    envelope_words: tuple[EnvelopeKey, ...]


def vocabulary_of(found: Plugins) -> Vocabulary:
    """What these plugins know; `auto` is the accelerator that is usable here."""
    return Vocabulary(tuple(found.platforms), (*found.accelerators, "auto"), found.envelope_keys)


# The words that every target may say, so that a manifest can be read where no plugin is asked.
STANDARD_WORDS = ("driver", "cuda", "compute-capability", "gfx", "glibc", "macos")


def words_of(vocabulary: Vocabulary | None) -> dict[str, EnvelopeKey | None]:
    """The envelope words that may be used, each with the plugin's own check where one is known."""
    words: dict[str, EnvelopeKey | None] = dict.fromkeys(STANDARD_WORDS)
    if vocabulary is not None:
        words.update((key.name, key) for key in vocabulary.envelope_words)
    return words
