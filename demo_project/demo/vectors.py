"""Word vectors: skip-gram with negative sampling (Mikolov et al., 2013), a few tensor operations a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class SkipGramSettings:
    """How vectors are pre-trained: a pair is set against `negatives` words, by `pool` words a batch."""

    dimensions: int = 100
    window: int = 10
    negatives: int = 5
    pool: int = 64
    epochs: int = 2
    batch: int = 8192
    least_batches: int = 100
    """Of a small corpus the batches are smaller, so that a pass has about this many."""
    learning_rate: float = 0.15
    least_count: int = 3
    subsample: float = 1e-3
    """Words that are more frequent than this share of all are dropped now and then (word2vec's rule)."""


@dataclass(frozen=True, slots=True)
class WordVectors:
    """A vector of length 1 for each word. `matrix`: words x dimensions, on the CPU."""

    words: tuple[str, ...]
    matrix: Tensor


def pretrain(
    documents: Sequence[Sequence[str]],
    settings: SkipGramSettings,
    *,
    device: torch.device,
    generator: torch.Generator,
    progress: Callable[[str], None] = lambda line: None,
) -> WordVectors:
    """Vectors in which words that occur in like surroundings lie close together.

    `generator` is a CPU generator: every random choice is made there, so that a seed means the same anywhere.
    """
    counts = Counter(word for document in documents for word in document)
    words = sorted((w for w, n in counts.items() if n >= settings.least_count), key=lambda w: (-counts[w], w))
    frequencies = torch.tensor([counts[word] for word in words], dtype=torch.float)
    if not words:
        return WordVectors((), torch.zeros(0, settings.dimensions))
    tokens, owners = _flatten(documents, {word: i for i, word in enumerate(words)})
    model = SkipGram(len(words), settings.dimensions, generator).to(device)
    # Rare words get few updates and frequent ones many; Adagrad gives each its own pace.
    optimizer = torch.optim.Adagrad(model.parameters(), lr=settings.learning_rate)
    noise = frequencies.pow(0.75).cumsum(0)
    for epoch in range(settings.epochs):
        centers, contexts = _pairs(tokens, owners, frequencies, settings, generator)
        total = torch.zeros((), device=device)
        batch = max(1, min(settings.batch, len(centers) // settings.least_batches))
        for rows in torch.randperm(len(centers), generator=generator).split(batch):
            drawn = torch.rand(settings.pool, generator=generator) * noise[-1]
            pool = torch.searchsorted(noise, drawn).clamp_(max=len(words) - 1)
            pairs = (centers[rows].to(device), contexts[rows].to(device))
            loss = model(*pairs, pool.to(device), settings.negatives / settings.pool)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach()
        mean = total.item() / max(len(centers), 1)
        progress(f"vectors: pass {epoch + 1} of {settings.epochs}, {len(centers):,} pairs, loss {mean:.3f}")
    return WordVectors(tuple(words), functional.normalize(model.centers.detach().cpu(), dim=1))


class SkipGram(nn.Module):
    """Two tables of vectors: a word as the center of a window, and as the context of another word."""

    def __init__(self, words: int, dimensions: int, generator: torch.Generator) -> None:
        super().__init__()
        self.centers = nn.Parameter((torch.rand(words, dimensions, generator=generator) - 0.5) / dimensions)
        self.contexts = nn.Parameter(torch.zeros(words, dimensions))

    def forward(self, centers: Tensor, contexts: Tensor, pool: Tensor, weight: float) -> Tensor:
        """The summed loss of pairs of words (two vectors of word numbers of one length).

        Every pair is set against the same pool of random words, each counted with `weight`: one matrix
        product instead of a gather of pairs x negatives vectors.
        """
        center = functional.embedding(centers, self.centers)
        context = functional.embedding(contexts, self.contexts)
        random = functional.embedding(pool, self.contexts)
        near = functional.logsigmoid((center * context).sum(1)).sum()
        far = functional.logsigmoid(-center @ random.T).sum()
        return -(near + weight * far)


def _flatten(documents: Sequence[Sequence[str]], numbers: dict[str, int]) -> tuple[Tensor, Tensor]:
    """All known words one after the other as numbers, and the number of the document each is from."""
    found = [
        (numbers[word], owner)
        for owner, document in enumerate(documents)
        for word in document
        if word in numbers
    ]
    table = torch.tensor(found, dtype=torch.long).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _pairs(
    tokens: Tensor,
    owners: Tensor,
    frequencies: Tensor,
    settings: SkipGramSettings,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """The (center, context) pairs of one pass: frequent words thinned out, a random window for each."""
    ratio = settings.subsample * len(tokens) / frequencies
    kept = torch.rand(len(tokens), generator=generator) < (ratio.sqrt() + ratio)[tokens]
    tokens, owners = tokens[kept], owners[kept]
    windows = torch.randint(1, settings.window + 1, (len(tokens),), generator=generator)
    found = [
        pair for gap in range(1, settings.window + 1) for pair in _pairs_at(tokens, owners, windows, gap)
    ]
    return torch.cat([center for center, _ in found]), torch.cat([context for _, context in found])


def _pairs_at(tokens: Tensor, owners: Tensor, windows: Tensor, gap: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The pairs of words that stand `gap` words apart in one document, in both directions."""
    together = owners[gap:] == owners[:-gap]
    left, right = tokens[:-gap], tokens[gap:]
    yield left[together & (windows[:-gap] >= gap)], right[together & (windows[:-gap] >= gap)]
    yield right[together & (windows[gap:] >= gap)], left[together & (windows[gap:] >= gap)]
