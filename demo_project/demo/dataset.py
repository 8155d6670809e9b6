"""From texts to batches of numbers: the vocabulary, the `Dataset`, and a collate function that pads."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from demo.segment import ngrams

PADDING, UNKNOWN = 0, 1
MOST_WORDS, MOST_NGRAMS = 128, 512
"""What is looked at of a long text: its first words, its most frequent n-grams."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The numbers of words, and of n-grams with their weights; 0 is padding, 1 an unknown word."""

    words: dict[str, int]
    trained: int
    """Words of the training texts have numbers below this one; those that only have a vector come after."""
    ngrams: dict[str, int]
    rarity: tuple[float, ...]
    """The inverse document frequency of each n-gram, by its number."""

    @classmethod
    def of(cls, texts: Sequence[str], words: Sequence[Sequence[str]], known: Sequence[str]) -> Vocabulary:
        """The words of the training texts and those that have a vector, and the training texts' n-grams."""
        trained = sorted({word for text in words for word in text})
        others = sorted(set(known).difference(trained))
        seen = Counter(gram for text in texts for gram in set(ngrams(text)))
        grams = sorted(seen)
        rarity = [math.log((1 + len(texts)) / (1 + seen[gram])) + 1 for gram in grams]
        return cls(
            {word: i for i, word in enumerate(trained + others, start=UNKNOWN + 1)},
            UNKNOWN + 1 + len(trained),
            {gram: i for i, gram in enumerate(grams, start=PADDING + 1)},
            (0.0, *rarity),
        )


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text: the numbers of its words, and of its n-grams with tf-idf weights (a vector of length 1)."""

    words: Tensor
    ngrams: Tensor
    weights: Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts side by side: `words`, `ngrams` and `weights` are texts x longest text, `labels` one a text."""

    words: Tensor
    ngrams: Tensor
    weights: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        return Batch(*(getattr(self, name).to(device) for name in ("words", "ngrams", "weights", "labels")))


class TextDataset(Dataset[tuple[Encoded, int]]):
    """Encoded texts with their labels' numbers."""

    def __init__(
        self,
        texts: Sequence[str],
        words: Sequence[Sequence[str]],
        labels: Sequence[int],
        vocabulary: Vocabulary,
    ) -> None:
        self.encoded = [encode(*pair, vocabulary) for pair in zip(texts, words, strict=True)]
        self.labels = list(labels)

    def __len__(self) -> int:
        return len(self.encoded)

    def __getitem__(self, row: int) -> tuple[Encoded, int]:
        return self.encoded[row], self.labels[row]


def encode(text: str, words: Sequence[str], vocabulary: Vocabulary) -> Encoded:
    """A text as numbers; one of no words at all is one unknown word."""
    numbers = [vocabulary.words.get(word, UNKNOWN) for word in words[:MOST_WORDS]] or [UNKNOWN]
    counts = Counter(vocabulary.ngrams[gram] for gram in ngrams(text) if gram in vocabulary.ngrams)
    frequent = counts.most_common(MOST_NGRAMS) or [(PADDING, 1)]
    weights = torch.tensor([(1 + math.log(n)) * vocabulary.rarity[gram] for gram, n in frequent])
    return Encoded(
        torch.tensor(numbers),
        torch.tensor([gram for gram, _ in frequent]),
        weights / weights.norm().clamp(min=1e-6),
    )


def collate(rows: list[tuple[Encoded, int]]) -> Batch:
    """A batch of texts, the shorter ones padded."""
    return Batch(
        torch.nn.utils.rnn.pad_sequence([text.words for text, _ in rows], batch_first=True),
        torch.nn.utils.rnn.pad_sequence([text.ngrams for text, _ in rows], batch_first=True),
        torch.nn.utils.rnn.pad_sequence([text.weights for text, _ in rows], batch_first=True),
        torch.tensor([label for _, label in rows]),
    )


def batches(
    dataset: Dataset[tuple[Encoded, int]], size: int, generator: torch.Generator | None = None
) -> DataLoader[tuple[Encoded, int]]:
    """Batches of a dataset; with a generator, shuffled for training.

    In training a last batch of one text alone is dropped: batch normalisation has nothing to compare it with.
    """
    return DataLoader(
        dataset,
        batch_size=size,
        shuffle=generator is not None,
        drop_last=generator is not None and len(dataset) % size == 1,
        generator=generator,
        collate_fn=collate,
    )
