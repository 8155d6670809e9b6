"""The whole experiment: words, vectors, the fine-tune, and the same model from nothing beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch

from demo.corpus import Corpus
from demo.dataset import TextDataset, Vocabulary
from demo.errors import DemoError
from demo.metrics import Scores, score
from demo.segment import Segmenter
from demo.train import FineTuneSettings, fine_tune, predict, seed_everything, starting_vectors
from demo.vectors import SkipGramSettings, WordVectors, pretrain


@dataclass(frozen=True, slots=True)
class Task:
    """What is learnt from what. `compare`: also train the same model from random vectors."""

    train: Corpus
    test: Corpus
    unlabelled: tuple[str, ...] = ()
    stop_words: frozenset[str] = frozenset()
    compare: bool = False
    facts: dict[str, int] = field(default_factory=dict)
    """How many texts were left out and why, for the report."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The scores on the test texts, and the seconds that each step took."""

    scores: Scores
    random_init: Scores | None
    seconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of a task cut into words."""

    train: list[list[str]]
    test: list[list[str]]
    unlabelled: list[list[str]]


def run(
    task: Task,
    *,
    device: torch.device,
    seed: int,
    progress: Callable[[str], None],
    pretraining: SkipGramSettings = SkipGramSettings(),  # noqa: B008 (frozen)
    tuning: FineTuneSettings = FineTuneSettings(),  # noqa: B008 (frozen)
) -> Result:
    """Run a task. Raises DemoError where the training texts have fewer than two labels."""
    if len(set(task.train.labels)) < 2:
        raise DemoError(
            f"the training texts have one label only, {task.train.labels[0]!r}: there is nothing to learn"
        )
    clock = Clock()
    seed_everything(seed)
    segmenter = Segmenter(task.stop_words)
    words = Words(
        segmenter.all_words(task.train.texts),
        segmenter.all_words(task.test.texts),
        segmenter.all_words(task.unlabelled),
    )
    counts = f"{len(task.train)} labelled, {len(task.unlabelled)} unlabelled, {len(task.test)} test texts"
    progress(f"words: {counts}")
    clock.lap("segment")
    vectors = pretrain(
        words.train + words.unlabelled,
        pretraining,
        device=device,
        generator=torch.Generator().manual_seed(seed),
        progress=progress,
    )
    clock.lap("pretrain")
    scores = _learn(task, words, vectors, pretraining.dimensions, tuning, device, seed, progress)
    clock.lap("finetune")
    scratch = None
    if task.compare:
        progress("the same model from random vectors")
        scratch = _learn(task, words, None, pretraining.dimensions, tuning, device, seed, progress)
        clock.lap("random_init")
    return Result(scores, scratch, clock.seconds)


def label_order(labels: Sequence[str]) -> list[str]:
    """Each label once: whole numbers by value, others by text."""
    every = set(labels)
    try:
        return sorted(every, key=lambda label: (int(label), label))
    except ValueError:
        return sorted(every)


class Clock:
    """Seconds of wall time between laps."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """Say that the step of this name ends here."""
        now = time.perf_counter()
        self.seconds[name] = round(now - self._last, 3)
        self._last = now


def _learn(
    task: Task,
    words: Words,
    vectors: WordVectors | None,
    dimensions: int,
    settings: FineTuneSettings,
    device: torch.device,
    seed: int,
    progress: Callable[[str], None],
) -> Scores:
    labels = label_order(task.train.labels + task.test.labels)
    numbers = {label: i for i, label in enumerate(labels)}
    vocabulary = Vocabulary.of(task.train.texts, words.train, vectors.words if vectors else ())
    train = TextDataset(
        task.train.texts, words.train, [numbers[name] for name in task.train.labels], vocabulary
    )
    test = TextDataset(task.test.texts, words.test, [numbers[name] for name in task.test.labels], vocabulary)
    start = starting_vectors(vocabulary, vectors, dimensions, seed)
    members = fine_tune(
        train, start, vocabulary, len(labels), settings, device=device, seed=seed, progress=progress
    )
    probabilities = predict(members, test, device)
    if not bool(torch.isfinite(probabilities).all()):
        raise FloatingPointError(f"the classifiers' probabilities on {device} are not numbers")
    # A label that no training text has can't be learnt, and must not be drawn by chance.
    known = torch.tensor([label in set(task.train.labels) for label in labels])
    predicted = probabilities.masked_fill(~known, -1).argmax(1).tolist()
    return score(test.labels, predicted, labels)
