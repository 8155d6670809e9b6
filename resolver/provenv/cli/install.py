"""`provenv install`: the lock that fits this machine, made into an environment."""

from __future__ import annotations

import sys
from pathlib import Path

from provenv.cli.flags import add_network, add_output, add_project, add_targets, open_from
from provenv.cli.output import GREEN, note, paint, print_json, warn
from provenv.cli.progress import progress
from provenv.installing import InstallOutcome, install_project
from provenv.project import Project

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Takes the lock that fits this machine (and says why not the others), makes the environment with uv, checks
every file's hash, and removes what the lock does not name. A second time it costs nothing; a half-made
environment is made anew."""

EXAMPLES = """\
examples:
  provenv install                                 into .provenv/TARGET below the project
  provenv install --target linux-x86_64-cpu-py312
  provenv install --into /opt/envs/train          somewhere else
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    add_project(parser)
    add_targets(parser, several=False)
    parser.add_argument("--into", type=Path, metavar="DIR", help="make the environment there")
    parser.add_argument("--python", metavar="PATH", help="make it from this interpreter")
    add_network(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Installs, and says what was done."""
    project = open_from(args)
    with progress(quiet=args.quiet or args.json) as shown:
        outcome = install_project(
            project,
            target=args.target,
            into=args.into,
            python=args.python,
            on_target=lambda target: shown.doing(f"installing {target.name}"),
            progress=note if args.verbose else shown.event,
            on_note=shown.note,
        )
    _warn(project, outcome, quiet=args.quiet)
    if args.json:
        print_json({**to_json(outcome), "notes": [*project.plugins.problems, *shown.notes]})
    else:
        report(outcome, quiet=args.quiet, verbose=bool(args.verbose))
    return 0


def report(outcome: InstallOutcome, *, quiet: bool, verbose: bool) -> None:
    """Which target, and where; why not the others."""
    if not quiet and (verbose or outcome.changed):
        for name, reason in outcome.others:
            note(f"not {name}: {reason}")
    if not quiet:
        done = paint("installed" if outcome.changed else "up to date", GREEN, sys.stdout)
        print(f"{outcome.target.name} {done} in {outcome.environment.prefix}")


def to_json(outcome: InstallOutcome) -> dict[str, object]:
    """The outcome, for `--json`."""
    environment = outcome.environment
    return {
        "target": outcome.target.name,
        "prefix": str(environment.prefix),
        "python": str(environment.python),
        "python_version": environment.python_version,
        "lock": str(environment.lock),
        "lock_sha256": environment.lock_sha256,
        "changed": outcome.changed,
        "others": [{"target": name, "reason": reason} for name, reason in outcome.others],
    }


def _warn(project: Project, outcome: InstallOutcome, *, quiet: bool) -> None:
    from provenv.locks.freshness import freshness

    if outcome.warning:
        warn(f"{outcome.target.name} will not run well here: {outcome.warning}", quiet=quiet)
    stale = freshness(outcome.lock, project.lock_inputs(outcome.target))
    if not stale.fresh:
        warn(
            f"the lock is stale, `provenv lock` brings it up to date: {'; '.join(stale.reasons)}", quiet=quiet
        )
