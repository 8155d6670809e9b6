"""Commands that a message proposes, as they can be pasted: about the manifest that was named."""

from __future__ import annotations

import os

from provenv.patterns import regex

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    import re
    from collections.abc import Mapping
    from types import SimpleNamespace

TAKES_PROJECT = frozenset(
    ("lock", "check", "install", "prove", "up", "manifest", "tree", "outdated", "export", "doctor")
)
"""The commands behind which a manifest may stand at once."""
TAKES_FLAG = frozenset(("run", "shell", "env"))
"""Those that take it by `--project`."""
_PROPOSED = regex(r"`provenv (?P<command>[a-z]+)(?P<rest>[^`]*)`")
_given: list[str] = []
# Of the process, as argv is: all that prints would have to be handed the command line otherwise.


def remember(args: argparse.Namespace | SimpleNamespace | None) -> None:
    """Take note of the manifest that a command line names, for the commands that its answer proposes."""
    _given[:] = _manifest_of(vars(args)) if args is not None else []


def spelled(text: str) -> str:
    """A message with that manifest in the commands that it proposes, unless they name one themselves."""
    return _PROPOSED.sub(_with_manifest, text) if _given else text


def _manifest_of(flags: Mapping[str, object]) -> list[str]:
    for name, flag in (("project", []), ("requirements", ["-r"]), ("file", ["-f"])):
        path = flags.get(name)
        if isinstance(path, os.PathLike):
            import shlex

            return [*flag, shlex.quote(os.fspath(path))]
    return []


def _with_manifest(match: re.Match[str]) -> str:
    command, rest = match["command"], match["rest"]
    words = rest.partition(" -- ")[0].split()
    named = _given[-1] in words or bool({"-r", "-f", "--project"} & set(words))
    if named or command not in TAKES_PROJECT | TAKES_FLAG:
        return match[0]
    given = _given if command in TAKES_PROJECT else ["--project", _given[-1]]
    return f"`provenv {command} {' '.join(given)}{rest}`"
