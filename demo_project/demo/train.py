"""The fine-tune: a committee of classifiers, each with a fold of the texts held back as its judge."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.data import Subset

from demo.dataset import PADDING, UNKNOWN, TextDataset, Vocabulary, batches
from demo.model import TextClassifier
from demo.vectors import WordVectors


@dataclass(frozen=True, slots=True)
class FineTuneSettings:
    """How the classifiers are trained; a class counts as much as another, however rare it is."""

    members: int = 8
    batch: int = 32
    texts_seen: int = 15_000
    """A member passes over its texts until it has seen about this many: small sets need more passes."""
    most_epochs: int = 60
    fewest_epochs: int = 4
    patience: int = 3
    """Passes without a lower loss on the held-back fold after which a member stops."""
    learning_rate: float = 1e-3
    vectors_learning_rate: float = 1e-3
    ngrams_learning_rate: float = 0.02

    def epochs(self, texts: int) -> int:
        """How many passes at most."""
        return min(self.most_epochs, max(self.fewest_epochs, self.texts_seen // max(texts, 1)))


def seed_everything(seed: int) -> None:
    """Make torch repeat itself: on the CPU to the last bit, on other devices as far as they can."""
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True, warn_only=True)


def starting_vectors(
    vocabulary: Vocabulary, vectors: WordVectors | None, dimensions: int, seed: int
) -> Tensor:
    """The table that a fine-tune starts from: a word's pre-trained vector, else a random one of length 1.

    Without any vectors, all are random: the same model, but from nothing. Rows: padding, unknown, words.
    """
    size = len(vocabulary.words) + 2
    table = torch.randn(size, dimensions, generator=torch.Generator().manual_seed(seed))
    table = nn.functional.normalize(table, dim=1)
    if vectors is not None and vectors.words:
        found = [
            (vocabulary.words[word], row)
            for row, word in enumerate(vectors.words)
            if word in vocabulary.words
        ]
        table[[number for number, _ in found]] = vectors.matrix[[row for _, row in found]]
        table[UNKNOWN] = vectors.matrix.mean(0)
    table[PADDING] = 0
    return table


def fine_tune(
    dataset: TextDataset,
    start: Tensor,
    vocabulary: Vocabulary,
    classes: int,
    settings: FineTuneSettings,
    *,
    device: torch.device,
    seed: int,
    progress: Callable[[str], None] = lambda line: None,
) -> list[TextClassifier]:
    """The committee; `classes` includes those that have no training text."""
    weights = class_weights(dataset.labels, classes).to(device)
    members = []
    held_back_folds = folds(dataset.labels, settings.members, seed)
    for member, held_back in enumerate(held_back_folds):
        torch.manual_seed(seed * 1000 + member)
        model = TextClassifier(start, vocabulary.trained, len(vocabulary.ngrams) + 1, classes).to(device)
        epochs, loss = _train(model, dataset, held_back, weights, settings, device, seed * 1000 + member)
        number = f"{member + 1} of {len(held_back_folds)}"
        progress(f"fine-tune: member {number}, {epochs} passes, held-back loss {loss:.3f}")
        members.append(model)
    return members


def predict(members: Sequence[TextClassifier], dataset: TextDataset, device: torch.device) -> Tensor:
    """The mean of the members' probabilities, on the CPU: texts x classes."""
    return torch.stack([_logits(member, dataset, device).softmax(1) for member in members]).mean(0)


def class_weights(labels: Sequence[int], classes: int) -> Tensor:
    """The weight of each class in the loss: as if all that occur were equally frequent."""
    counts = torch.bincount(torch.tensor(labels), minlength=classes).float()
    return torch.where(counts > 0, len(labels) / (counts.clamp(min=1) * (counts > 0).sum()), 0.0)


def folds(labels: Sequence[int], count: int, seed: int) -> list[list[int]]:
    """The rows of each fold, every class spread evenly over the folds.

    Of very few texts none can be spared: then there is one fold, of nothing.
    """
    if len(labels) < 4 * count:
        return [[]]
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed)).tolist()
    dealt = sorted(order, key=lambda row: labels[row])
    return [dealt[fold::count] for fold in range(count)]


def _train(
    model: TextClassifier,
    dataset: TextDataset,
    held_back: Sequence[int],
    weights: Tensor,
    settings: FineTuneSettings,
    device: torch.device,
    seed: int,
) -> tuple[int, float]:
    """Train until the held-back fold's loss rises; the model is left as it was at its best."""
    kept_out = set(held_back)
    rows = [row for row in range(len(dataset)) if row not in kept_out]
    epochs = settings.epochs(len(rows))
    loader = batches(Subset(dataset, rows), settings.batch, torch.Generator().manual_seed(seed))
    judge = Subset(dataset, held_back)
    truth = torch.tensor([dataset.labels[row] for row in held_back])
    optimizer = torch.optim.Adam(_parameter_groups(model, settings))
    loss_of = nn.CrossEntropyLoss(weight=weights)
    best, best_epoch, best_state = math.inf, 0, copy.deepcopy(model.state_dict())
    for epoch in range(1, epochs + 1):
        model.train()
        for batch in loader:
            batch = batch.to(device)
            loss = loss_of(model(batch), batch.labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if not held_back:
            continue
        current = nn.functional.cross_entropy(
            _logits(model, judge, device), truth, weight=weights.cpu()
        ).item()
        if current < best:
            best, best_epoch, best_state = current, epoch, copy.deepcopy(model.state_dict())
        elif epoch - best_epoch >= settings.patience:
            break
    if not held_back:
        return epochs, math.nan
    model.load_state_dict(best_state)
    return best_epoch, best


def _parameter_groups(model: TextClassifier, settings: FineTuneSettings) -> list[dict[str, object]]:
    """Each part at its own pace: pre-trained vectors are only nudged, n-grams start from zero."""
    return [
        {"params": model.dense.parameters(), "lr": settings.learning_rate},
        {"params": [model.tuned], "lr": settings.vectors_learning_rate},
        {"params": model.ngrams.parameters(), "lr": settings.ngrams_learning_rate},
    ]


def _logits(model: TextClassifier, dataset: TextDataset | Subset, device: torch.device) -> Tensor:
    model.eval()
    with torch.no_grad():
        return torch.cat([model(batch.to(device)).cpu() for batch in batches(dataset, 256)])
