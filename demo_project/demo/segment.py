"""From a text to its pieces: words by jieba, without stop words but with every negation, and n-grams."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass

import jieba

from demo.corpus import clean

NEGATIONS = frozenset("不没无非未别莫勿否無") | frozenset(
    {"no", "not", "never", "nor", "neither", "without", "cannot"}
)
"""A word that holds one of these signs, or is one of these words, is never a stop word."""

NGRAM_SIZES = (1, 2)
SIGN = re.compile(r"[a-z0-9]+|\S")

jieba.setLogLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Segmenter:
    """Cuts texts into words; `stop_words` are left out, unless they negate."""

    stop_words: frozenset[str] = frozenset()

    def words(self, text: str) -> list[str]:
        """The words of a text; of a text of nothing but stop words, all of them."""
        words = [word for word in jieba.lcut(clean(text)) if word.strip()]
        return [word for word in words if not self._is_stop(word)] or words

    def all_words(self, texts: Iterable[str]) -> list[list[str]]:
        """The words of each text."""
        return [self.words(text) for text in texts]

    def _is_stop(self, word: str) -> bool:
        return word in self.stop_words and not negates(word)


def negates(word: str) -> bool:
    """Whether a word is, or holds, a negation."""
    return word in NEGATIONS or word.endswith("n't") or any(sign in NEGATIONS for sign in word)


def ngrams(text: str) -> list[str]:
    """The n-grams of a text's signs: they know the parts of words that jieba never saw.

    A sign is one character, or a whole word of Latin letters and digits.
    """
    signs = SIGN.findall(clean(text))
    return [" ".join(signs[i : i + size]) for size in NGRAM_SIZES for i in range(len(signs) - size + 1)]
