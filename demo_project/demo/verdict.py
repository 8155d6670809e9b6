"""Whether a run on the bundled reviews is sound: as accurate as ten others, and better than from nothing."""

from __future__ import annotations

import statistics
import tomllib
from dataclasses import dataclass
from pathlib import Path

from demo.experiment import Result

SIGMAS = 4
"""A sound run falls below so many standard deviations by chance once in some thirty thousand times."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """What ten sound runs reached on the same test texts."""

    accuracies: tuple[float, ...]

    @property
    def accuracy(self) -> float:
        """The least accuracy of a sound run."""
        return statistics.mean(self.accuracies) - SIGMAS * statistics.stdev(self.accuracies)


def bundled_threshold() -> Threshold:
    """The threshold of the bundled task, from `thresholds.toml`."""
    text = Path(__file__).with_name("thresholds.toml").read_text(encoding="utf-8")
    return Threshold(tuple(float(run["accuracy"]) for run in tomllib.loads(text)["run"]))


def failures(result: Result, threshold: Threshold) -> list[str]:
    """Why a run is not a sound one; empty for one that is."""
    found = []
    accuracy = result.scores.accuracy
    if accuracy < threshold.accuracy:
        found.append(f"accuracy {accuracy:.4f} is below the {threshold.accuracy:.4f} of sound runs")
    scratch = result.random_init
    if scratch and accuracy <= scratch.accuracy:
        found.append(
            f"random vectors do as well as pre-trained ones: {scratch.accuracy:.4f} against {accuracy:.4f}"
        )
    return found
