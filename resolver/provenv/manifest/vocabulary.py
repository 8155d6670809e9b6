"""The names that plugins add to a manifest: platforms, accelerators and the words of the envelope."""

from __future__ import annotations

from provenv.hooks.types import EnvelopeKey
from provenv.tuples import NamedTuple

TYPE_CHECKING = False
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


def words_of(vocabulary: Vocabulary | None) -> dict[str, EnvelopeKey | None]:
    """The envelope words that may be used, each with its plugin's check; without a vocabulary unchecked."""
    if vocabulary is not None:
        return {key.name: key for key in vocabulary.envelope_words}
    from provenv.hooks.manager import plugins

    return dict.fromkeys(key.name for key in plugins().envelope_keys)
