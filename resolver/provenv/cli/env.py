"""`provenv env`: the lines that activate the environment in a shell."""

from __future__ import annotations

import os

from provenv.cli.inside import add_environment, environment_from
from provenv.cli.output import print_json
from provenv.environments.activation import SHELLS, activation_lines, users_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Prints the lines that activate the environment in a shell, its accelerator's variables among them."""

EXAMPLES = """\
examples:
  eval "$(provenv env)"                                        bash, zsh
  provenv env --shell fish | source                            fish
  provenv env --shell powershell | Out-String | Invoke-Expression
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    add_environment(parser)
    parser.add_argument("--shell", choices=SHELLS, help="for this shell (default: yours)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Prints the lines, or all that is known of the environment."""
    environment = environment_from(args)
    if args.json:
        shells = {
            shell: list(activation_lines(environment, shell))
            for shell, lines in environment.activation
            if lines
        }
        print_json(
            {
                "target": environment.target,
                "prefix": str(environment.prefix),
                "python": str(environment.python),
                "python_version": environment.python_version,
                "lock": str(environment.lock),
                "lock_sha256": environment.lock_sha256,
                "variables": dict(environment.variables),
                "activation": shells,
            }
        )
        return 0
    shell = args.shell or users_shell(os.environ)[1] or "bash"
    print("\n".join(activation_lines(environment, shell)))
    return 0
