"""`provenv prove`: train in the environment, and write the proof."""

from __future__ import annotations

import sys
from collections.abc import Callable

from provenv.cli.flags import add_network, add_output, add_project, add_targets, open_from
from provenv.cli.output import GREEN, RED, YELLOW, note, paint, print_json, warn
from provenv.environments.store import environment_of, outdated
from provenv.errors import ProofFailed
from provenv.project import Project
from provenv.proof.report import CheckResult, Proof
from provenv.proving import proof_path, prove_project

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Runs the acceptance checks in the installed environment on its own device: a numerical check-up, and the
bundled fine-tune of a text classifier, which must be as accurate as a sound run. Exit code 1: not proven."""

EXAMPLES = """\
examples:
  provenv prove                    the environment that was installed last
  provenv prove --target linux-x86_64-cuda-py312
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    add_project(parser)
    add_targets(parser, several=False)
    add_network(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Proves, and says so."""
    project = open_from(args)
    environment = environment_of(project.folder, args.target)
    (target,) = project.targets([environment.target])
    if outdated(environment):
        warn(
            f"{environment.lock.name} has changed since it was installed, and what is installed is proven; "
            "`provenv install` makes it anew",
            quiet=args.quiet,
        )
    note(f"proving {target.name}", quiet=args.quiet or args.json)
    proof = prove_project(project, environment, target, tell=teller(quiet=args.quiet or args.json))
    if args.json:
        print_json(proof.to_json())
        return int(not proof.proven)
    report(project, proof, quiet=args.quiet)
    return 0


def teller(*, quiet: bool) -> Callable[[str], None]:
    """Prints a check's own lines, set off from ours."""
    return lambda line: note(f"  | {line}", quiet=quiet)


def report(project: Project, proof: Proof, *, quiet: bool) -> None:
    """The checks and the verdict. Raises ProofFailed when it is not proven."""
    (target,) = project.targets([proof.target])
    path = proof_path(project, target)
    for check in proof.checks:
        note(f"{check.name}: {_outcome(check)}", quiet=quiet)
    if not proof.proven:
        raise ProofFailed(
            f"{proof.target} is not proven on {proof.device}",
            evidence=[line for reason in proof.reasons for line in reason.splitlines()],
            hints=[f"the whole report is in {path}"],
        )
    if not quiet:
        skipped = [check.name for check in proof.checks if check.skipped]
        limits = f" (without {', '.join(skipped)})" if skipped else ""
        print(f"{proof.target} {paint('proven', GREEN, sys.stdout)}{limits} on {proof.device}: {path}")


def _outcome(check: CheckResult) -> str:
    if check.skipped:
        return f"{paint('skipped', YELLOW, sys.stderr)}, {check.skipped}"
    colour = GREEN if check.outcome == "passed" else RED
    return f"{paint(check.outcome, colour, sys.stderr)} in {check.seconds:.1f} s{_figures(check)}"


def _figures(check: CheckResult) -> str:
    """The figures of a check that are single numbers."""
    shown = {k: v for k, v in check.metrics.items() if isinstance(v, float)}
    return "".join(f", {name.replace('_', ' ')} {value:.3f}" for name, value in shown.items())
