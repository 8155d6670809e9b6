"""How good a classifier is: accuracy, recall, precision, F1 (per class and macro), confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClassScores:
    """The scores of one class: one that never occurs has recall 0, one never predicted has precision 0."""

    label: str
    support: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of a classifier. `confusion[i][j]`: texts of class i that were taken for class j.

    The macro scores are plain means over the classes that occur in the test texts or were predicted.
    """

    labels: tuple[str, ...]
    accuracy: float
    macro_precision: float
    macro_recall: float
    macro_f1: float
    classes: tuple[ClassScores, ...]
    confusion: tuple[tuple[int, ...], ...]


def score(truth: Sequence[int], predicted: Sequence[int], labels: Sequence[str]) -> Scores:
    """The scores of predictions, both given as numbers of labels. Raises ValueError when they don't match."""
    if len(truth) != len(predicted) or not truth:
        raise ValueError(f"{len(truth)} true and {len(predicted)} predicted labels can't be compared")
    confusion = [[0] * len(labels) for _ in labels]
    for true, guess in zip(truth, predicted, strict=True):
        confusion[true][guess] += 1
    classes = tuple(_class_scores(confusion, i, label) for i, label in enumerate(labels))
    met = [c for i, c in enumerate(classes) if c.support or any(row[i] for row in confusion)]
    return Scores(
        labels=tuple(labels),
        accuracy=sum(confusion[i][i] for i in range(len(labels))) / len(truth),
        macro_precision=sum(c.precision for c in met) / len(met),
        macro_recall=sum(c.recall for c in met) / len(met),
        macro_f1=sum(c.f1 for c in met) / len(met),
        classes=classes,
        confusion=tuple(tuple(row) for row in confusion),
    )


def _class_scores(confusion: Sequence[Sequence[int]], i: int, label: str) -> ClassScores:
    hits, support, taken = confusion[i][i], sum(confusion[i]), sum(row[i] for row in confusion)
    return ClassScores(
        label=label,
        support=support,
        precision=hits / taken if taken else 0.0,
        recall=hits / support if support else 0.0,
        # 2PR / (P + R), written so that it also holds where P or R is 0/0.
        f1=2 * hits / (support + taken) if support + taken else 0.0,
    )
