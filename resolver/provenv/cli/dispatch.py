"""Finds the command, parses its flags, runs it, and prints whatever went wrong the one way."""

from __future__ import annotations

import errno
import os
import sys

from provenv import __version__
from provenv.cli.commands import COMMANDS, GROUPS, Command
from provenv.cli.pastable import remember
from provenv.errors import DiskError, InputError, ProvenvError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from types import ModuleType, SimpleNamespace

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

EPILOG = """\
examples:
  provenv up                      lock, install and prove the project in this folder
  provenv lock --upgrade torch    bring torch up to date, and what must follow it
  provenv run -- python train.py  run your program in the environment

`provenv COMMAND --help` shows a command's flags with examples. Exit codes: 0 yes or done, 1 an honest no,
2 a mistake in the input, 3 and up the world (network, index, disk, ...): see docs/exit-codes.md.
"""


def run_command(argv: list[str]) -> int:
    """Runs one command line, and prints what goes wrong."""
    remember(None)
    try:
        return _answered(argv)
    except ProvenvError as error:
        from provenv.cli.output import print_error

        print_error(error, as_json="--json" in _before_separator(argv))
        return error.exit_code
    except BrokenPipeError:
        # the reader of a pipe has gone (`provenv tree | head`): no one is left to tell
        _give_up_stdout()
        return 0


def _answered(argv: list[str]) -> int:
    """Runs it, and writes all of its answer while an error can still be told."""
    try:
        code = _dispatch(argv)
        sys.stdout.flush()
    except OSError as error:
        # Errors of files are told where they arise and name the file; this one is standard output's.
        if error.filename is not None or error.errno not in _FULL:
            raise
        _give_up_stdout()
        raise DiskError(
            "can't write the answer to standard output",
            evidence=[error.strerror or str(error)],
            hints=["free some space there, or send it elsewhere"],
        ) from error
    return code


def _give_up_stdout() -> None:
    """Lets the interpreter's own last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def parser_for(command: Command) -> argparse.ArgumentParser:
    """The parser of one command, with its own module imported and no other."""
    from provenv.cli.output import help_formatter
    from provenv.cli.parser import Parser

    module = _module(command)
    summary = f"{command.help[0].upper()}{command.help[1:]}."
    parser = Parser(
        prog=f"provenv {command.name}",
        description=f"{summary}\n\n{getattr(module, 'DESCRIPTION', '')}".strip(),
        epilog=getattr(module, "EXAMPLES", None),
        formatter_class=help_formatter(),
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    parser.set_defaults(run=module.run)
    return parser


def _dispatch(argv: list[str]) -> int:
    if argv[:1] in (["--version"], ["-V"]):
        print(f"provenv {__version__}")
        return 0
    if not argv or argv[0] in ("-h", "--help", "help"):
        if argv[:1] == ["help"] and len(argv) > 1:
            return _dispatch([argv[1], "--help"])
        print(_help())
        return 0
    command = COMMANDS.get(argv[0])
    if command is None:
        raise _unknown(argv[0])
    args = _parsed(command, argv[1:])
    remember(args)
    code = args.run(args)
    return int(code)


def _module(command: Command) -> ModuleType:
    import importlib

    return importlib.import_module(f"provenv.cli.{command.module}")


def _parsed(command: Command, words: list[str]) -> argparse.Namespace | SimpleNamespace:
    """The flags of a command line, read by argparse where it must be."""
    from provenv.cli.plain import Plain, Unusual

    module = _module(command)
    plain = Plain()
    try:
        module.add_arguments(plain)
        args = plain.read(words)
        args.run = module.run
        return args
    except Unusual:
        return parser_for(command).parse_args(words)


def _unknown(word: str) -> InputError:
    from provenv.manifest.spelling import nearest

    if word.startswith("-"):
        hints = [
            "flags stand behind the command: `provenv COMMAND [FLAGS]`; `provenv --version` stands alone"
        ]
        return InputError(f"`provenv` itself has no flag {word}", hints=hints)
    near = nearest(word, COMMANDS)
    hints = [f"did you mean `provenv {near}`?"] if near else ["`provenv --help` lists the commands"]
    return InputError(f"there is no command {word!r}", hints=hints)


def _help() -> str:
    lines = [
        "usage: provenv COMMAND [...]",
        "",
        "One manifest in; for every target a lock, the environment, and a proof.",
        "",
    ]
    for group, commands in GROUPS.items():
        lines += [f"{group}:", *(f"  {c.name:<12}{c.help}" for c in commands), ""]
    lines += ["  -h, --help    this; `provenv COMMAND --help` for one command", "  -V, --version", "", EPILOG]
    return "\n".join(lines).rstrip()


def _before_separator(argv: list[str]) -> list[str]:
    return argv[: argv.index("--")] if "--" in argv else argv
