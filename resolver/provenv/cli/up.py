"""`provenv up`: lock if needed, install, prove."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from provenv.cli import install as install_command
from provenv.cli import lock as lock_command
from provenv.cli import prove as prove_command
from provenv.cli.flags import add_network, add_output, add_project, add_targets, open_from
from provenv.cli.output import GREEN, note, paint, print_json
from provenv.cli.progress import progress
from provenv.errors import InputError
from provenv.installing import InstallOutcome, install_project
from provenv.locking import Locked, lock_targets
from provenv.proving import prove_project, standing_proof

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Everything from the manifest to the proof, as far as it is needed: a lock that fits is left alone, an
environment that is up to date costs nothing. With --locked a missing or stale lock is an error that shows
what changed."""

EXAMPLES = """\
examples:
  provenv up demo_project     lock, install and prove the demo here
  provenv up --locked         in CI: take the repository's locks as they are
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    add_project(parser)
    add_targets(parser, several=False)
    parser.add_argument("--locked", action="store_true", help="a missing or stale lock is an error")
    parser.add_argument("--again", action="store_true", help="prove anew what was proven here; --locked does")
    parser.add_argument("--into", type=Path, metavar="DIR", help="make the environment there")
    lock_command.add_upgrade(parser)
    add_network(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Locks, installs and proves; the exit code is the proof's."""
    if args.locked and args.upgrade:
        raise InputError(
            "--locked takes the locks as they are, and --upgrade writes new ones", hints=["give one of them"]
        )
    project = open_from(args)
    quiet = args.quiet or args.json
    if not quiet:
        lock_command.report_left_out(project, args)
    with progress(quiet=quiet) as shown:
        locked = lock_targets(
            project,
            project.targets([args.target] if args.target else None),
            upgrade=lock_command.upgrade_of(args),
            frozen=args.locked,
            on_target=shown.target,
            on_event=shown.event,
            on_note=shown.note,
        )
    notes = [*project.plugins.problems, *project.matrix.problems, *shown.notes]
    if not args.json:
        lock_command.report(locked, args)
    with progress(quiet=quiet) as shown:
        installed = install_project(
            project,
            target=args.target,
            into=args.into,
            on_target=lambda target: shown.doing(f"installing {target.name}"),
            progress=note if args.verbose else shown.event,
            on_note=shown.note,
        )
    notes += shown.notes
    if not args.json:
        install_command.report(installed, quiet=args.quiet, verbose=bool(args.verbose))
    if not (args.again or args.locked):
        standing = standing_proof(project, installed.environment, installed.target)
        if standing is not None:
            return _already(args, locked, installed, standing, notes)
    note(f"proving {installed.target.name}", quiet=quiet)
    proof = prove_project(
        project, installed.environment, installed.target, tell=prove_command.teller(quiet=quiet)
    )
    if args.json:
        print_json(to_json(locked, installed, proof.to_json(), notes))
        return int(not proof.proven)
    prove_command.report(project, proof, quiet=args.quiet)
    return 0


def to_json(
    locked: Sequence[Locked],
    installed: InstallOutcome,
    proof: Mapping[str, object],
    notes: Sequence[str],
) -> dict[str, object]:
    """The three steps' outcomes, for `--json`; `notes`: what was warned of meanwhile."""
    return {
        "locks": [lock_command.to_json(one) for one in locked],
        "environment": install_command.to_json(installed),
        "proof": proof,
        "notes": list(notes),
    }


def _already(
    args: argparse.Namespace,
    locked: Sequence[Locked],
    installed: InstallOutcome,
    proof: Mapping[str, object],
    notes: Sequence[str],
) -> int:
    if args.json:
        print_json(to_json(locked, installed, proof, notes))
    elif not args.quiet:
        done = paint("proven", GREEN, sys.stdout)
        print(f"{installed.target.name} was {done} here on {proof['when']}; `provenv prove` does it again")
    return 0
