"""`provenv check`: do the locks still say what the manifest asks for?"""

from __future__ import annotations

import sys
from pathlib import Path

from provenv.cli.flags import add_network, add_output, add_project, add_targets, open_from
from provenv.cli.output import GREEN, RED, note, paint, print_json, warn
from provenv.locks.freshness import Freshness, examine
from provenv.locks.known import known_lock, remember_lock
from provenv.project import Project
from provenv.pypi.cache import Cache
from provenv.targets import Target
from provenv.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Says for every target whether its lock is fresh, and of a stale one what has changed. It asks no index and
changes nothing. Exit code 0: all are fresh, 1: one is missing or stale."""

EXAMPLES = """\
examples:
  provenv check                 before a commit, or first in a CI job
  provenv check --json          for a program
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of one target's lock; `warnings`: what keeps it from being portable."""

    target: Target
    path: Path
    freshness: Freshness
    warnings: tuple[str, ...] = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    add_project(parser)
    add_targets(parser)
    add_network(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Checks, and says what has changed."""
    project = open_from(args)
    checked = [check(project, target) for target in project.targets(args.target)]
    problems = [*project.plugins.problems, *project.matrix.problems]
    for problem in problems:
        warn(problem, quiet=args.quiet)
    if args.json:
        print_json(
            {
                "fresh": all(one.freshness.fresh for one in checked),
                "locks": [_to_json(one) for one in checked],
                "notes": problems,
            }
        )
    else:
        for one in checked:
            _report(one, quiet=args.quiet)
        if not all(one.freshness.fresh for one in checked):
            note("hint: `provenv lock` writes what is missing or stale", quiet=args.quiet)
    return int(not all(one.freshness.fresh for one in checked))


def check(project: Project, target: Target) -> Checked:
    """One target's lock against the manifest; a damaged one is stale."""
    path, inputs = project.lock_path(target), project.lock_inputs(target)
    cache = Cache(project.settings.cache_dir)
    known = known_lock(path, cache)
    if known is not None and known.digest == inputs.digest():
        return Checked(target, path, Freshness(True), known.warnings)
    lock, found = examine(path, inputs)
    return Checked(target, path, found, remember_lock(path, lock, cache).warnings if lock else ())


def _report(one: Checked, *, quiet: bool) -> None:
    for text in one.warnings:
        warn(f"{one.target.name}: {text}", quiet=quiet)
    if one.freshness.fresh:
        if not quiet:
            print(f"{one.target.name}: {paint('fresh', GREEN, sys.stdout)}")
        return
    print(f"{one.target.name}: {paint('stale', RED, sys.stdout)}")
    for reason in one.freshness.reasons:
        print(f"  {reason}")


def _to_json(one: Checked) -> dict[str, object]:
    return {
        "target": one.target.name,
        "path": str(one.path),
        "fresh": one.freshness.fresh,
        "reasons": list(one.freshness.reasons),
        "warnings": list(one.warnings),
    }
