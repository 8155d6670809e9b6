"""A plugin's errors and values in one line, whatever they are."""

from __future__ import annotations

from reprlib import Repr

_LONGEST = 60


class Told(Exception):
    """What provenv itself has to say of a plugin: its text stands without the name of an error before it."""


def words(error: BaseException) -> str:
    """An error in one line."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # an error whose own text can't be had
        text = ""
    if isinstance(error, Told):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def shown(value: object) -> str:
    """A value as Python writes it, cut short, also one that is huge, holds itself or can't be written."""
    try:
        text = _REPR.repr(value)
    except Exception:  # a number of more digits than Python writes
        text = f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _brief() -> Repr:
    brief = Repr()
    brief.maxstring = brief.maxother = brief.maxlong = 2 * _LONGEST
    brief.maxtuple = brief.maxlist = brief.maxdict = brief.maxset = brief.maxfrozenset = _LONGEST // 3
    return brief


_REPR = _brief()
