"""Whether what a plugin gave is what the hooks' types say, down to the last field."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

from provenv.hooks.telling import shown

Hint = Any  # a type annotation as typing gives it; Python has no static type for these


def fault(value: object, hint: Hint, *, strict: bool = False, where: str = "") -> str | None:
    """What is wrong with a value, in words; None when it is of the type.

    `strict`: a list is no tuple. `where`: the way to the value, e.g. `.devices[0].name`.
    """
    kind = _origin(hint)
    if kind in (Union, types.UnionType):
        faults = [fault(value, option, strict=strict, where=where) for option in get_args(hint)]
        return None if None in faults else _wrong(value, hint, where)
    if kind is Literal:
        return None if value in get_args(hint) else _wrong(value, hint, where)
    if kind is Callable:
        return None if callable(value) else _wrong(value, hint, where)
    if kind in (tuple, Iterable):
        return _sequence_fault(value, hint, strict, where)
    if kind is Mapping:
        return _mapping_fault(value, hint, strict, where)
    if kind in (Any, object):
        return None
    if kind is type(None):
        return None if value is None else _wrong(value, hint, where)
    if not isinstance(value, kind) or (kind in (int, float) and isinstance(value, bool)):
        return _wrong(value, hint, where)
    return _fields_fault(value, strict, where) if is_dataclass(kind) else None


def _sequence_fault(value: object, hint: Hint, strict: bool, where: str) -> str | None:
    arguments = get_args(hint)
    if not isinstance(value, tuple if strict else (tuple, list)):
        return _wrong(value, hint, where)
    if _origin(hint) is Iterable or arguments[1:] == (Ellipsis,):
        wanted = [arguments[0]] * len(value)
    elif len(arguments) == len(value):
        wanted = list(arguments)
    else:
        return _wrong(value, hint, where)
    for number, (item, each) in enumerate(zip(value, wanted, strict=True)):
        if found := fault(item, each, strict=strict, where=f"{where}[{number}]"):
            return found
    return None


def _mapping_fault(value: object, hint: Hint, strict: bool, where: str) -> str | None:
    if not isinstance(value, Mapping):
        return _wrong(value, hint, where)
    of_key, of_value = get_args(hint)
    for key, item in value.items():
        found = fault(key, of_key, strict=strict, where=f"{where} key") or fault(
            item, of_value, strict=strict, where=f"{where}[{key!r}]"
        )
        if found:
            return found
    return None


def _fields_fault(value: object, strict: bool, where: str) -> str | None:
    kind: Any = type(value)
    for name, hint in _hints(kind).items():
        if found := fault(getattr(value, name), hint, strict=strict, where=f"{where}.{name}"):
            return found
    return None


@cache
def _hints(kind: type) -> dict[str, Hint]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


@cache
def answer_hint(kind: type, field: str) -> Hint:
    """What the function in a field of a hook's type should answer."""
    return get_args(_hints(kind)[field])[-1]


def _wrong(value: object, hint: Hint, where: str) -> str:
    return f"{f'{where} is ' if where else ''}{shown(value)}, not {spell(hint)}"


def _origin(hint: Hint) -> Any:
    origin: Any = get_origin(hint)
    return hint if origin is None else origin


def spell(hint: Hint) -> str:
    """A type in words: `tuple[Finding, ...]`, `str or None`."""
    kind = _origin(hint)
    if kind in (Union, types.UnionType):
        return " or ".join(map(spell, get_args(hint)))
    if kind is Literal:
        return " or ".join(map(repr, get_args(hint)))
    if hint is type(None):
        return "None"
    if hint is Ellipsis:
        return "..."
    name = getattr(kind, "__name__", str(hint))
    inner = ", ".join(map(spell, get_args(hint))) if kind in (tuple, Iterable, Mapping) else ""
    return f"{name}[{inner}]" if inner else name
