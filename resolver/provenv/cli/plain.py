"""Command lines with nothing unusual in them, read by what `add_arguments` declares, without argparse.

Argparse and what it draws in (gettext, locale, shutil) are a third of a short command's start. A line that
has more than declared flags, their values and one word besides is `Unusual`, and argparse reads it: help,
mistakes, `--flag=value`, joined short flags. Both go by one declaration.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

REST = "..."
"""argparse's REMAINDER: every word from the first that is no flag on."""


class Unusual(Exception):
    """Argparse is to read this line."""


class Plain:
    """Stands in for a parser: a command declares its flags, then a line is read by them."""

    def __init__(self) -> None:
        self._flags: dict[str, _Flag] = {}
        self._word: _Flag | None = None
        self._group: Plain | None = None

    def add_argument(self, *names: str, **said: object) -> None:
        """As argparse's. What is not known here of a flag is unusual where the flag is used."""
        flag = _Flag(names, said, self._group)
        if names[0].startswith("-"):
            self._flags.update(dict.fromkeys(names, flag))
        elif self._word is None and flag.nargs in (None, "?", REST):
            self._word = flag
        else:
            raise Unusual

    def add_argument_group(self, title: str, **said: object) -> Plain:
        """As argparse's, where it is for help alone."""
        return self

    def add_mutually_exclusive_group(self) -> Plain:
        """As argparse's: of its flags one may be used."""
        group = Plain()
        group._flags, group._group = self._flags, group
        return group

    def __getattr__(self, name: str) -> object:
        raise Unusual

    def read(self, words: Sequence[str]) -> SimpleNamespace:
        """The values of a line. Raises Unusual."""
        word, rest = self._word, list(words)
        used: dict[object, _Flag] = {}
        values = {flag.dest: flag.default for flag in (*self._flags.values(), *([word] if word else []))}
        while rest:
            text = rest.pop(0)
            flag = self._flags.get(text) or word
            if flag is None or used.setdefault(flag.group, flag) is not flag:
                raise Unusual
            if flag is not word:
                values[flag.dest] = flag.value(values[flag.dest], rest)
            elif flag.nargs == REST and (text == "--" or not text.startswith("-")):
                values[flag.dest] = [text, *rest]
                break
            elif flag.nargs != REST and values[flag.dest] is flag.default:
                values[flag.dest] = flag.typed(text)
            else:
                raise Unusual
        if word is not None and word.nargs is None and word.group not in used:
            raise Unusual
        return SimpleNamespace(**values)


class _Flag:
    """One flag, or the word that stands for itself. `group`: of it one flag may be used."""

    def __init__(self, names: tuple[str, ...], said: dict[str, object], group: object) -> None:
        long = next((name for name in names if name.startswith("--")), names[0])
        self.dest = str(said.get("dest") or long.lstrip("-").replace("-", "_"))
        self.action = said.get("action", "store")
        self.nargs = said.get("nargs")
        nothing: object = False if self.action == "store_true" else [] if self.nargs == REST else None
        self.default = said.get("default", nothing)
        self.group = group or self
        self._type, self._choices = said.get("type"), said.get("choices")
        if said.get("required"):
            raise Unusual

    def value(self, before: object, rest: list[str]) -> object:
        """The value after one more use; a word that it takes is taken away from `rest`. Raises Unusual."""
        if self.nargs is not None:
            raise Unusual
        if self.action == "store_true":
            return True
        if self.action == "count" and isinstance(before, int):
            return before + 1
        if self.action not in ("store", "append", "once") or not rest:
            raise Unusual
        taken = self.typed(rest.pop(0))
        if self.action == "once" and before not in (None, taken):
            raise Unusual
        return [*before, taken] if isinstance(before, list) else [taken] if self.action == "append" else taken

    def typed(self, text: str) -> object:
        """A word as the value that it means. Raises Unusual."""
        is_choice = not isinstance(self._choices, tuple) or text in self._choices
        if text.startswith("-") or self._type not in (None, Path) or not is_choice:
            raise Unusual
        return Path(text) if self._type else text
