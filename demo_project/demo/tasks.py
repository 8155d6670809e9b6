"""The two tasks: the bundled reviews, and files of the user's own."""

from __future__ import annotations

from pathlib import Path

from demo.corpus import (
    Corpus,
    bundled_reviews,
    bundled_stop_words,
    fingerprint,
    has_bundled_corpus,
    split,
    without,
    without_repeats,
)
from demo.errors import DemoError
from demo.experiment import Task
from demo.files import Columns, read_table

LABELLED = 500
"""Few, as in life: what pre-training is worth shows where labels are scarce."""
HELD_OUT = 2_000
SHARE_HELD_OUT = 5
"""Of files without test texts one text in so many is held out."""


def bundled_task() -> Task:
    """500 labelled reviews to learn from, 2,000 to be judged by, and all others without their labels."""
    lines = bundled_reviews()
    reviews, contradictory = without_repeats(lines)
    splits = split(reviews, train=LABELLED, test=HELD_OUT)
    return Task(
        train=splits.train,
        test=splits.test,
        unlabelled=splits.unlabelled,
        stop_words=bundled_stop_words(),
        compare=True,
        facts={
            "lines": len(lines),
            "repeats": len(lines) - len(reviews) - contradictory,
            "contradictory": contradictory,
        },
    )


def own_task(data: Path, test: Path | None, columns: Columns) -> Task:
    """The texts of the user's files; the bundled reviews, where installed, are further unlabelled texts."""
    table = read_table(data, columns)
    facts = {"without_label": table.unlabelled}
    if test is None:
        learnt, judged = _hold_out(table.corpus, data)
    else:
        judged_table = read_table(test, columns)
        learnt, judged = table.corpus, judged_table.corpus
        facts["without_label"] += judged_table.unlabelled
    learnt = learnt.pick([row for row, text in enumerate(learnt.texts) if text.strip()])
    if not len(learnt):
        raise DemoError(f"{data}: every text is empty")
    bundled = has_bundled_corpus()
    reviews = without_repeats(bundled_reviews())[0].texts if bundled else ()
    return Task(
        train=learnt,
        test=judged,
        unlabelled=without(reviews, judged.texts),
        stop_words=bundled_stop_words() if bundled else frozenset(),
        facts=facts,
        warnings=tuple(_warnings(learnt, judged, facts["without_label"])),
    )


def _hold_out(corpus: Corpus, data: Path) -> tuple[Corpus, Corpus]:
    distinct, _ = without_repeats(corpus)
    held_out = len(distinct) // SHARE_HELD_OUT
    if not held_out:
        raise DemoError(
            f"{data} has {len(distinct)} texts: too few to hold some out; give others with --test"
        )
    splits = split(distinct, train=len(distinct) - held_out, test=held_out)
    return splits.train, splits.test


def _warnings(learnt: Corpus, judged: Corpus, unlabelled: int) -> list[str]:
    found = []
    if unlabelled:
        found.append(f"{unlabelled} rows without a label were left out")
    if unknown := sorted(set(judged.labels) - set(learnt.labels)):
        names = ", ".join(unknown[:5]) + (" ..." if len(unknown) > 5 else "")
        found.append(f"labels that only test texts have can't be learnt: {names}")
    seen = {fingerprint(text) for text in learnt.texts}
    if twins := sum(fingerprint(text) in seen for text in judged.texts):
        found.append(f"{twins} of {len(judged)} test texts are also training texts: the scores flatter")
    return found
