"""`provenv shell`: the user's shell in the environment."""

from __future__ import annotations

from provenv.cli.inside import add_environment, environment_from
from provenv.cli.output import note
from provenv.environments.activation import start_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Starts your shell with the environment active, after its own start-up files have run. `exit` leaves it."""

EXAMPLES = """\
examples:
  provenv shell
  provenv shell --target linux-x86_64-cpu-py312
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    add_environment(parser)


def run(args: argparse.Namespace) -> int:
    """Becomes the shell, where the system lets a process do that."""
    environment = environment_from(args)
    note(f"{environment.target} is active; `exit` leaves it", quiet=args.quiet)
    return start_shell(environment)
