"""The comparisons of docs/benchmarks.md: what is run against what, and which figure counts."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.delay import delayed
from bench.measure import Cost, Failed, cost
from bench.projects import Workspace
from bench.replica import TLS, URL, Replica

FAR_PORT = 8444
ONE = "linux-x86_64-cpu-py312"
"""The target of comparisons with one target."""

Commands = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Comparison:
    """One row. `ours` and `theirs` make a workspace's command lines; `figure`: the one that has an aim.

    `cold`: every run begins with empty caches. `keep_locks`: the locks stay, as where nothing has changed.
    `round_trip`: milliseconds. `runs`: at most so many, for peers that take minutes.
    """

    name: str
    what: str
    against: str
    workload: str
    ours: Callable[[Workspace], Commands]
    theirs: Callable[[Workspace], Commands]
    aim: float | None = None
    most: float | None = None
    figure: str = "cpu"
    cold: bool = False
    keep_locks: bool = False
    round_trip: int = 0
    runs: int = 99


@dataclass(frozen=True)
class Pair:
    """One run of ours and one of theirs, right after each other, with the requests that each made."""

    ours: Cost
    theirs: Cost
    our_requests: int
    their_requests: int


@dataclass(frozen=True)
class Outcome:
    """What came of a comparison; `fault`: why there is nothing, in words."""

    comparison: Comparison
    pairs: tuple[Pair, ...] = ()
    fault: str = ""
    notes: tuple[str, ...] = field(default=())

    def ratio(self, figure: str) -> float:
        """The median of ours over theirs."""
        return statistics.median(getattr(p.ours, figure) / getattr(p.theirs, figure) for p in self.pairs)

    def median(self, whose: str, figure: str) -> float:
        """The median of one side's figure, in seconds or MiB."""
        return statistics.median(getattr(getattr(pair, whose), figure) for pair in self.pairs)

    @property
    def verdict(self) -> str:
        """Whether the aim was reached, in a word; "" where there is none."""
        if not self.pairs or self.comparison.most is None or self.comparison.aim is None:
            return ""
        ratio = self.ratio(self.comparison.figure)
        if ratio <= self.comparison.aim:
            return "aim"
        return "within" if ratio <= self.comparison.most else "over"


def compare(comparison: Comparison, replica: Replica, runs: int) -> Outcome:
    """Runs both sides by turns, after one run of each that is not counted."""
    name = comparison.name
    if not comparison.round_trip:
        return _compare(comparison, Workspace.make(name, comparison.workload, URL), replica, runs)
    _record(comparison, Workspace.make(name, comparison.workload, URL))
    with delayed(FAR_PORT, TLS, comparison.round_trip) as url:
        return _compare(comparison, Workspace.make(name, comparison.workload, url), replica, runs)


def _record(comparison: Comparison, workspace: Workspace) -> None:
    """Lets the replica record what a far comparison will ask for, so that no upstream is waited for."""
    cost(comparison.ours(workspace), workspace.folder)
    cost(comparison.theirs(workspace), workspace.folder)


def _compare(comparison: Comparison, workspace: Workspace, replica: Replica, runs: int) -> Outcome:
    def run(commands: Commands) -> tuple[Cost, int]:
        if comparison.cold:
            workspace.forget_caches()
        if not comparison.keep_locks:
            workspace.forget_locks()
        before = replica.requests()
        return cost(commands, workspace.folder), replica.requests() - before

    pairs = []
    try:
        ours, theirs = comparison.ours(workspace), comparison.theirs(workspace)
        if comparison.keep_locks:
            cost([workspace.lock()], workspace.folder)
            cost([workspace.uv_lock()], workspace.folder)
        if not (comparison.cold and comparison.runs == 1):
            run(ours)
            run(theirs)
        for _ in range(min(runs, comparison.runs)):
            (mine, my_requests), (other, other_requests) = run(ours), run(theirs)
            pairs.append(Pair(mine, other, my_requests, other_requests))
    except Failed as failure:
        return Outcome(comparison, tuple(pairs), str(failure))
    return Outcome(comparison, tuple(pairs))


def _far() -> Iterator[Comparison]:
    for milliseconds in (0, 20):
        yield Comparison(
            f"cold-W2-uv12-{milliseconds}ms",
            f"cold, 12 targets, W2, {milliseconds} ms",
            "12 runs of `uv pip compile`",
            "W2",
            lambda w: [w.lock()],
            Workspace.compile_all,
            *(0.4, 0.6, "wall"),
            cold=True,
            round_trip=milliseconds,
            runs=4,
        )
        yield Comparison(
            f"cold-W2-uvlock-{milliseconds}ms",
            f"cold, 12 targets, W2, {milliseconds} ms",
            "one `uv lock`",
            "W2",
            lambda w: [w.lock()],
            lambda w: [w.uv_lock()],
            *(0.9, 1.2, "wall"),
            cold=True,
            round_trip=milliseconds,
            runs=4,
        )


def _warm() -> Iterator[Comparison]:
    yield Comparison(
        "warm-W2-uv12",
        "warm, 12 targets, W2",
        "12 runs of `uv pip compile`",
        "W2",
        lambda w: [w.lock()],
        Workspace.compile_all,
        *(0.10, 0.15),
    )
    for workload in ("W1", "W2"):
        yield Comparison(
            f"warm-{workload}-uvlock",
            f"warm, 12 targets, {workload}",
            "one `uv lock`",
            workload,
            lambda w: [w.lock()],
            lambda w: [w.uv_lock()],
            *(0.8, 1.0),
        )
    for workload, aim, most in (("W2", 0.7, 1.0), ("W1", 0.9, 1.4), ("W4", None, None)):
        yield Comparison(
            f"warm-{workload}-one",
            f"warm, 1 target, {workload}",
            "one `uv pip compile`",
            workload,
            lambda w: [w.lock(ONE)],
            lambda w: [w.compile()],
            aim,
            most,
        )
    for command, ours in (("check", Workspace.check), ("lock", Workspace.lock)):
        yield Comparison(
            f"fresh-{command}",
            f"nothing changed, `provenv {command}`, W2",
            "`uv lock --check`",
            "W2",
            lambda w, ours=ours: [ours(w)],  # type: ignore[misc]  # a default argument to bind the loop's value
            lambda w: [w.uv_lock("--check")],
            *(1.0, 1.6),
            keep_locks=True,
        )


def _others() -> Iterator[Comparison]:
    for cold in (True, False):
        yield Comparison(
            f"{'cold' if cold else 'warm'}-W2-nab",
            f"{'cold' if cold else 'warm'}, 12 targets, W2",
            "`nab lock`, its matrix",
            "W2",
            lambda w: [w.lock()],
            lambda w: [w.nab()],
            *(0.05, 0.2),
            cold=cold,
            runs=1,
        )
    yield Comparison(
        "warm-W2-pip",
        "warm, 12 targets, W2",
        "one `pip install --dry-run`",
        "W2",
        lambda w: [w.lock()],
        lambda w: [w.pip()],
        runs=1,
    )
    yield Comparison(
        "warm-W1-poetry",
        "warm, 12 targets, W1",
        "one `poetry lock`",
        "W1",
        lambda w: [w.lock()],
        lambda w: [w.poetry()],
        runs=1,
    )
    for workload in ("W3b", "W3a"):
        yield Comparison(
            f"warm-{workload}",
            f"warm, 1 target, {workload}",
            "one `uv pip compile`",
            workload,
            lambda w: [w.resolve()],
            lambda w: [w.compile()],
            *(0.7, 1.0),
            runs=3,
        )
    yield Comparison(
        "memory-W2",
        "peak memory, 12 targets, W2, cold",
        "one `uv lock`",
        "W2",
        lambda w: [w.lock()],
        lambda w: [w.uv_lock()],
        *(0.4, 0.6, "memory"),
        cold=True,
        runs=2,
    )


COMPARISONS = (*_warm(), *_far(), *_others())
