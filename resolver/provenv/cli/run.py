"""`provenv run`: a command in the environment."""

from __future__ import annotations

from provenv.cli.inside import add_environment, environment_from
from provenv.cli.plain import REST
from provenv.environments.running import run as run_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Runs a command in the environment that was installed last (or --target's): its programs come first in PATH,
its accelerator's variables are set, PYTHONPATH and PYTHONHOME are not. The exit code is the command's own."""

EXAMPLES = """\
examples:
  provenv run -- python train.py --epochs 3
  provenv run --project demo_project -- python -m demo
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    add_environment(parser)
    parser.add_argument("command", nargs=REST, metavar="-- CMD", help="the command with its arguments")


def run(args: argparse.Namespace) -> int:
    """Becomes the command, where the system lets a process do that."""
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    return run_in(environment_from(args), command)
