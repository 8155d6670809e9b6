"""What the commands that answer from a lock have in common: which lock, and its graph."""

from __future__ import annotations

from collections.abc import Sequence

from provenv.cli.flags import add_network, add_output, add_project, add_targets, open_from
from provenv.errors import InputError
from provenv.locks.graph import Graph, graph
from provenv.locks.reader import Lock, read
from provenv.project import Project
from provenv.standards.markers import marker_environment
from provenv.standards.names import canonicalize
from provenv.targets import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


_SHOWN = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Project, target, network and output flags."""
    add_project(parser)
    add_targets(parser, several=False)
    add_network(parser)
    add_output(parser)


def open_lock(args: argparse.Namespace) -> tuple[Project, Lock, Graph]:
    """The lock of `--target`, or of the first target that has one. Raises InputError where there is none."""
    project = open_from(args)
    targets = project.targets([args.target] if args.target else None)
    found = next((target for target in targets if project.lock_path(target).exists()), None)
    if found is None:
        raise InputError(
            "there is no lock to answer from",
            evidence=[f"looked for {_some(project, targets)} in {project.manifest.lockfiles}"],
            hints=["run `provenv lock` first"],
        )
    lock = read(project.lock_path(found))
    told = project.platform(found).marker_environment(found.envelope)
    return project, lock, graph(lock, marker_environment(found.python, told))


def _some(project: Project, targets: Sequence[Target]) -> str:
    """The first names of locks, and how many there are besides."""
    names = [project.lock_path(target).name for target in targets]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def known_name(text: str, lock: Lock, found: Graph) -> str:
    """The canonical name of a package of the lock. Raises InputError with the nearest one."""
    import difflib

    name = canonicalize(text)
    if name in found.packages:
        return name
    near = difflib.get_close_matches(name, found.packages, n=1)
    hints = [f"did you mean {near[0]}?"] if near else ["`provenv tree` shows what is in it"]
    raise InputError(f"{text} is not in the lock {lock.path.name}", hints=hints)
