"""`provenv tree`: a lock as a tree, from the manifest down or (`--invert`) from a package up."""

from __future__ import annotations

from provenv.cli import reading
from provenv.cli.output import print_json
from provenv.locks.graph import draw

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

EXAMPLES = """\
examples:
  provenv tree
  provenv tree --invert numpy     who needs numpy
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    reading.add_arguments(parser)
    parser.add_argument(
        "--invert", nargs="?", const="", metavar="PACKAGE", help="show who needs this package, or any"
    )


def run(args: argparse.Namespace) -> int:
    """Prints the tree."""
    _, lock, found = reading.open_lock(args)
    labels = {name: f"{name} {package.version}" for name, package in found.packages.items()}
    if args.json:
        print_json(
            {
                "target": lock.target.name,
                "roots": list(found.roots),
                "packages": [
                    {
                        "name": p.name,
                        "version": p.version,
                        "requires": list(p.requires),
                        "dependents": list(found.dependents[p.name]),
                    }
                    for p in lock.packages
                ],
            }
        )
        return 0
    if args.invert is None:
        below = {name: package.requires for name, package in found.packages.items()}
        lines = draw(list(found.roots), below, labels)
    elif args.invert:
        lines = draw([reading.known_name(args.invert, lock, found)], found.dependents, labels)
    else:
        leaves = [name for name, package in found.packages.items() if not package.requires]
        lines = draw(leaves, found.dependents, labels)
    for line in lines:
        print(line)
    return 0
