"""argparse, with its complaints in provenv's own form and near misses named."""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn

from provenv.errors import InputError
from provenv.manifest.spelling import nearest

_NOT_TAKEN = "unrecognized arguments: "


class Once(argparse.Action):
    """Stores a flag's value and refuses a second one, which argparse would silently take instead."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """Called by argparse for each time that the flag stands on the command line."""
        given = getattr(namespace, self.dest)
        if given not in (None, values):
            raise argparse.ArgumentError(self, f"it takes one, and got {given} and {values}")
        setattr(namespace, self.dest, values)


class Parser(argparse.ArgumentParser):
    """Raises InputError where argparse would print its usage and exit."""

    def __init__(self, **said: Any) -> None:  # as argparse's own
        super().__init__(**said)
        self.register("action", "once", Once)
        self.register("action", "yes_or_no", argparse.BooleanOptionalAction)

    def error(self, message: str) -> NoReturn:
        """Tells of a word that nothing takes, or of a wrong one, with the nearest right one."""
        words = message.removeprefix(_NOT_TAKEN).split() if message.startswith(_NOT_TAKEN) else []
        flag = next((word.partition("=")[0] for word in words if word.startswith("-")), None)
        if flag:
            message, near = f"`{self.prog}` has no flag {flag}", self._nearest_flag(flag)
        elif words:
            message, near = f"`{self.prog}` has no use for {' '.join(words)}", None
        else:
            near = _nearest_choice(message)
        hints = [f"did you mean {near}?"] if near else []
        raise InputError(message, hints=[*hints, f"`{self.prog} --help` shows what it takes"])

    def _nearest_flag(self, flag: str) -> str | None:
        known = [one for one in self._option_string_actions if one.startswith("--")]
        return nearest(flag, known) if flag.startswith("--") else None


def _nearest_choice(message: str) -> str | None:
    """`invalid choice: 'lst' (choose from 'list')` -> `list`."""
    told = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
    return nearest(told[1], re.findall(r"[\w-]+", told[2])) if told else None
