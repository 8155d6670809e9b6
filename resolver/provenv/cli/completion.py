"""`provenv completion SHELL`: a completion script."""

from __future__ import annotations

import argparse
from pathlib import Path

DESCRIPTION = "The script completes commands and flags; where to put it is in the examples."

EXAMPLES = """\
examples:
  provenv completion bash > ~/.local/share/bash-completion/completions/provenv
  provenv completion zsh  > "${fpath[1]}/_provenv"
  provenv completion fish > ~/.config/fish/completions/provenv.fish
  provenv completion tcsh > ~/.provenv.tcsh
  provenv completion powershell >> $PROFILE
"""

SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    parser.add_argument("shell", choices=SHELLS, help="the shell to complete in")


def run(args: argparse.Namespace) -> int:
    """Prints the script, made by shtab from the very parsers that the commands use."""
    import shtab

    print(shtab.complete(whole_parser(), args.shell))
    return 0


def whole_parser() -> argparse.ArgumentParser:
    """One parser with every command below it; completions and the manual are made from it."""
    from provenv.cli.commands import COMMANDS
    from provenv.cli.dispatch import parser_for

    parser = argparse.ArgumentParser(prog="provenv", description="an environment resolver with plugins")
    parser.add_argument("-V", "--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(dest="command")
    for command in COMMANDS.values():
        own = parser_for(command)
        _complete_paths(own)
        # argparse has no way to hang a finished parser below another but as a parent without its own -h
        commands.add_parser(command.name, help=command.help, parents=[own], add_help=False)
    return parser


def _complete_paths(parser: argparse.ArgumentParser) -> None:
    """Tells shtab which words are files and which are folders."""
    import shtab

    for action in parser._actions:
        if action.type is Path:
            is_folder = action.metavar in ("DIR", "PROJECT")
            action.complete = shtab.DIRECTORY if is_folder else shtab.FILE  # type: ignore[attr-defined]  # shtab's own attribute
