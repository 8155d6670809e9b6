"""kill -9 at random moments of lock, relock and install: nothing half-made is ever taken for a whole one.

After each kill the locks are the old ones or the new ones, an environment that says it is whole is whole, and
the next run ends as if nothing had happened.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from faults.world import (
    NAMES,
    Picture,
    broken_files,
    busy_world,
    leftovers,
    locks_of,
    write_manifest,
)
from support.index_server import TestIndex
from support.program import Desk

LONGEST = 120.0
"""Seconds after which a run counts as hanging."""


@dataclass(frozen=True)
class Job:
    """A command to be killed, from a picture of the desk before it; `after` are the locks when it ran whole.

    `seconds`: how long it takes when nobody kills it.
    """

    name: str
    arguments: tuple[str, ...]
    before: Picture
    locks: dict[str, bytes]
    after: dict[str, bytes]
    installed: list[str]
    seconds: float


@dataclass
class Tally:
    """What came of the kills. `hits`: by job, how many came before the command had ended by itself."""

    kills: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    left: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        hits = ", ".join(f"{name} {count}" for name, count in sorted(self.hits.items()))
        return (
            f"{self.kills} kills ({hits} while it ran), {self.left} temporary files left, "
            f"{len(self.problems)} problems"
        )


def kill_often(folder: Path, count: int, random: Random, tell: Callable[[str], None] = print) -> Tally:
    """`count` kills, spread over all jobs; `folder` is empty and on a disk with some hundred MB."""
    tally = Tally()
    with busy_world() as index:
        jobs = list(_jobs(folder, index))
        for job in jobs:
            tell(f"{job.name}: {job.seconds:.2f} s when left alone")
        for number in range(count):
            job = jobs[number % len(jobs)]
            for problem in _kill_once(job, random, tally):
                tally.problems.append(f"kill {number}, {job.name}: {problem}")
                tell(tally.problems[-1])
            tally.kills += 1
            if number % 50 == 49:
                tell(str(tally))
    return tally


def _jobs(folder: Path, index: TestIndex) -> Iterator[Job]:
    """lock from nothing, relock after a change, install from nothing, install what a relock changed."""

    def job(name: str, desk: Desk, *arguments: str) -> Job:
        before = Picture.taken(desk, folder / f"{name} before")
        locks = locks_of(desk)
        lasted = []
        for _ in range(3):
            before.restore()
            began = time.monotonic()
            desk.run(*arguments)
            lasted.append(time.monotonic() - began)
        return Job(
            name, arguments, before, locks, locks_of(desk), desk.installed(), statistics.median(lasted)
        )

    desk = Desk(folder / "first lock")
    write_manifest(desk, index, NAMES[0])
    yield job("lock", desk, "lock")

    desk = Desk(folder / "second lock")
    write_manifest(desk, index, f"{NAMES[0]}<2", f"{NAMES[5]}<2")
    desk.run("lock")
    write_manifest(desk, index, *NAMES[:3])
    yield job("relock", desk, "lock", "--upgrade")

    desk = Desk(folder / "first install")
    write_manifest(desk, index, NAMES[0])
    desk.run("lock")
    yield job("install", desk, "install")

    desk = Desk(folder / "second install")
    write_manifest(desk, index, f"{NAMES[0]}<2")
    desk.run("lock")
    desk.run("install")
    write_manifest(desk, index, NAMES[4])
    desk.run("lock")
    yield job("update", desk, "install")


def _kill_once(job: Job, random: Random, tally: Tally) -> Iterator[str]:
    """One kill and the run after it; what is wrong then."""
    job.before.restore()
    desk = job.before.desk
    running = desk.start(*job.arguments)
    time.sleep(random.uniform(0, 1.1 * job.seconds))
    tally.hits[job.name] += running.poll() is None
    # As often the whole family as the program alone, whose children then go on without it.
    with suppress(ProcessLookupError):
        (os.killpg if random.random() < 0.5 else os.kill)(running.pid, signal.SIGKILL)
    with _its_pipes_closed(running):
        if locks_of(desk) not in (job.locks, job.after):
            yield "a lock is neither the old one nor the new one"
        yield from broken_files(desk)
        tally.left += len(leftovers(desk.folder))
        yield from _run_again(job, desk)


def _run_again(job: Job, desk: Desk) -> Iterator[str]:
    try:
        answer = desk.run(*job.arguments, expect=None, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        yield "the next run hangs"
        return
    if answer.code:
        yield f"the next run ends with {answer.code}: {answer.text}"
    if locks_of(desk) != job.after:
        yield "the next run's locks are not those of a run that nobody killed"
    if desk.installed() != job.installed:
        yield f"the next run's environment holds {desk.installed()}"
    yield from broken_files(desk)


@contextmanager
def _its_pipes_closed(running: subprocess.Popen[str]) -> Iterator[None]:
    """Children that went on may hold the pipes open: nobody waits for these."""
    try:
        yield
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        for pipe in (running.stdout, running.stderr):
            if pipe:
                pipe.close()
