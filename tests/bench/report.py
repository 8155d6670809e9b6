"""The table of docs/benchmarks.md, and what it was measured on."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.comparisons import Outcome
from bench.tools import PEERS, python, version_of

WORDS = {"aim": "reached", "within": "within", "over": "**over**", "": ""}


def machine() -> Iterator[str]:
    """The machine, the load on it, and the versions, a line each."""
    model = "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    yield f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"
    yield f"load average at the start {os.getloadavg()[0]:.1f}; {datetime.date.today():%Y-%m-%d}"
    yield f"Python {python().resolve().name.removeprefix('python')} for the tools that are written in it"
    yield ", ".join(version_of(name) for name in ("provenv", *PEERS))


def table(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """A row for each comparison, in Markdown."""
    yield "| | against | CPU | wall | memory | requests | aim / at most | |"
    yield "|---|---|---|---|---|---|---|---|"
    for outcome in outcomes:
        yield f"| {' | '.join(_cells(outcome))} |"


def _cells(outcome: Outcome) -> Iterator[str]:
    comparison = outcome.comparison
    yield comparison.what
    yield comparison.against
    if not outcome.pairs:
        yield from ("", "", "", "", "", f"did not run: {outcome.fault[:120]}".replace("\n", " "))
        return
    for figure, unit, places in (("cpu", "s", 3), ("wall", "s", 2), ("memory", "MiB", 0)):
        ours, theirs = (outcome.median(whose, figure) for whose in ("ours", "theirs"))
        yield f"{outcome.ratio(figure):.2f} ({ours:.{places}f} / {theirs:.{places}f} {unit})"
    last = outcome.pairs[-1]
    yield f"{last.our_requests} / {last.their_requests}"
    if comparison.aim is None or comparison.most is None:
        yield from ("", "")
        return
    yield f"{comparison.figure} {comparison.aim:g} / {comparison.most:g}"
    yield WORDS[outcome.verdict]
