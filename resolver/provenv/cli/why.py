"""`provenv why PACKAGE`: the requirements that lead to a package."""

from __future__ import annotations

from provenv.cli import reading
from provenv.cli.output import print_json
from provenv.locks.graph import Graph

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

EXAMPLES = """\
examples:
  provenv why sympy
  provenv why numpy --target linux-x86_64-cuda-py312
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    parser.add_argument("package", metavar="PACKAGE", help="a package of the lock")
    reading.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Prints one chain for each of the manifest's requirements that leads there."""
    _, lock, found = reading.open_lock(args)
    name = reading.known_name(args.package, lock, found)
    chains = list(found.chains(name))
    package = found.packages[name]
    if args.json:
        print_json(
            {
                "name": name,
                "version": package.version,
                "target": lock.target.name,
                "requirements": [text for chain in chains for text in found.roots[chain[0]]],
                "chains": [list(chain) for chain in chains],
                "dependents": list(found.dependents[name]),
            }
        )
        return 0
    print(f"{name} {package.version} is in {lock.path.name} because")
    for chain in chains:
        print(f"  {_sentence(chain, found)}")
    return 0


def _sentence(chain: tuple[str, ...], found: Graph) -> str:
    """`the manifest asks for transformers[torch] -> torch 2.13.0 -> sympy 1.13`."""
    asked = f"the manifest asks for {', '.join(found.roots[chain[0]])}"
    steps = [f"{name} {found.packages[name].version}" for name in chain]
    return asked if len(steps) == 1 else f"{asked}: {' needs '.join(steps)}"
