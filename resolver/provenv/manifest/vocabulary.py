"""The names that plugins add to a manifest: platforms, accelerators and the words of the envelope."""

from __future__ import annotations

from dataclasses import dataclass

from provenv.hooks.types import EnvelopeKey


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the installed plugins know, for checking a manifest's names against."""

    platforms: tuple[str, ...]
    accelerators: tuple[str, ...]
    envelope_words: tuple[EnvelopeKey, ...]


# The words that every target may say, so that a manifest can be read where no plugin is asked.
STANDARD_WORDS = ("driver", "cuda", "compute-capability", "gfx", "glibc", "macos")


def words_of(vocabulary: Vocabulary | None) -> dict[str, EnvelopeKey | None]:
    """The envelope words that may be used, each with the plugin's own check where one is known."""
    words: dict[str, EnvelopeKey | None] = dict.fromkeys(STANDARD_WORDS)
    if vocabulary is not None:
        words.update((key.name, key) for key in vocabulary.envelope_words)
    return words
