"""`provenv lock`: a lock for every target of the manifest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from provenv.cli.flags import add_network, add_output, add_project, add_targets, open_from
from provenv.cli.output import GREEN, note, paint, print_json, table, warn
from provenv.cli.progress import progress
from provenv.errors import InputError
from provenv.locking import Locked, Upgrade, lock_targets
from provenv.project import Project
from provenv.standards.names import canonicalize, is_valid_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Every target gets one exact, standard file, pylock.<target>.toml (PEP 751), that pip and uv install too. A
lock that still fits is left alone; a stale one changes as little as it must."""

EXAMPLES = """\
examples:
  provenv lock                        all targets of the project in this folder
  provenv lock -r requirements.in     a requirements file as the manifest
  provenv lock --target linux-x86_64-cuda-py312
  provenv lock --upgrade              everything as new as it can be
  provenv lock --upgrade torch        torch alone, and what must follow it
  provenv lock --for gpu-box.json     for a machine that is elsewhere (see `provenv detect --record`)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    add_project(parser)
    add_targets(parser)
    parser.add_argument(
        "--for",
        dest="machine",
        action="append",
        metavar="PATH",
        help="what the manifest leaves open is this machine's: a recording or a paste of it",
    )
    add_upgrade(parser)
    parser.add_argument(
        "--resolution",
        choices=("highest", "lowest", "lowest-direct"),
        default="highest",
        help="which versions to prefer (default: highest)",
    )
    parser.add_argument(
        "--align",
        action="yes_or_no",
        help="where a version is to be chosen, prefer one that an earlier target of the matrix has "
        "(default: as the manifest says)",
    )
    add_network(parser)
    add_output(parser)


def add_upgrade(parser: argparse.ArgumentParser) -> None:
    """`--upgrade [PACKAGE]`, which may be given several times."""
    parser.add_argument(
        "-U",
        "--upgrade",
        action="append",
        nargs="?",
        const="",
        metavar="PACKAGE",
        help="do not keep the old lock's versions: of this package, or of all",
    )


def upgrade_of(args: argparse.Namespace) -> Upgrade:
    """What `--upgrade` asks for. Raises InputError where it has taken the project for a package."""
    given: Sequence[str] = args.upgrade or ()
    for name in given:
        if name and _is_manifest(Path(name)):
            raise InputError(
                f"--upgrade takes a package's name, and {name} is a project",
                hints=[
                    f"name the project first to upgrade everything: `provenv lock {name} --upgrade`",
                    f"or the package too: `provenv lock --upgrade PACKAGE {name}`",
                ],
            )
        if name and not is_valid_name(name):
            raise InputError(
                f"--upgrade takes a package's name, and {name!r} is none",
                hints=["the name alone, without a version; a version belongs into the manifest"],
            )
    return Upgrade("" in given, frozenset(canonicalize(name) for name in given if name))


def _is_manifest(path: Path) -> bool:
    return (path / "pyproject.toml").is_file() or (path.suffix in (".toml", ".txt", ".in") and path.is_file())


def run(args: argparse.Namespace) -> int:
    """Locks, and says what was done."""
    upgrade = upgrade_of(args)
    project = open_from(args, machine=args.machine)
    report_left_out(project, args)
    targets = project.targets(args.target)
    with progress(quiet=args.quiet or args.json) as shown:
        locked = lock_targets(
            project,
            targets,
            upgrade=upgrade,
            strategy=args.resolution,
            align=args.align,
            on_target=shown.target,
            on_event=shown.event,
            on_note=shown.note,
        )
    if args.json:
        passed_over = list(project.matrix.passed_over)
        locks = [to_json(one) for one in locked]
        notes = [*project.plugins.problems, *project.matrix.problems, *shown.notes]
        print_json(
            {"locks": locks, "left_out": left_out(project), "passed_over": passed_over, "notes": notes}
        )
    else:
        report(locked, args)
    return 0


def report(locked: Sequence[Locked], args: argparse.Namespace) -> None:
    """A row a target, what changed, what to know, and with -v what was passed over."""
    rows = [(one.target.name, one.build or "-", str(one.packages), _status(one)) for one in locked]
    if rows and not args.quiet:
        print(table(("target", "build", "packages", "lock"), rows))
    for one in locked:
        if one.status == "written":
            for change in one.changes if args.verbose or len(one.changes) <= 10 else ():
                note(f"  {one.target.name}: {change.strip()}", quiet=args.quiet)
        for text in one.notes:
            warn(f"{one.target.name}: {text}", quiet=args.quiet)
        for text in one.passed_over if args.verbose else ():
            note(f"{one.target.name}: passed over {text}")


def report_left_out(project: Project, args: argparse.Namespace) -> None:
    """Warnings of the manifest and of plugins, what `auto` passed over; with -v the cells nothing accepts."""
    for problem in (*project.plugins.problems, *project.matrix.problems):
        warn(problem, quiet=args.quiet)
    for warning in project.manifest.warnings:
        place = f"{warning.origin}: " if warning.origin else ""
        warn(f"{place}{warning.message}", quiet=args.quiet)
    for line in project.matrix.passed_over:
        note(line, quiet=args.quiet)
    for cell in project.matrix.left_out if args.verbose else ():
        note(f"left out {cell.name}: {cell.reason}")


def left_out(project: Project) -> list[dict[str, str]]:
    """The cells that nothing accepts, for `--json`."""
    return [{"name": cell.name, "reason": cell.reason} for cell in project.matrix.left_out]


def to_json(one: Locked) -> dict[str, object]:
    """One target's outcome, for `--json`."""
    return {
        "target": one.target.name,
        "path": str(one.path),
        "status": one.status,
        "build": one.build,
        "packages": one.packages,
        "changes": [change.strip() for change in one.changes],
        "notes": list(one.notes),
        "passed_over": list(one.passed_over),
    }


def _status(one: Locked) -> str:
    import sys

    words = {"fresh": "fresh", "unchanged": "unchanged", "written": f"written to {one.path.name}"}
    return paint(words[one.status], GREEN, sys.stdout)
