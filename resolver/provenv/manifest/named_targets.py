"""The names of the matrix (Pythons, platforms, accelerators), the envelope's words, and the named targets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from provenv.hooks.types import Envelope, EnvelopeKey
from provenv.manifest.document import Table
from provenv.manifest.draft import Draft
from provenv.manifest.previews import PREVIEWS
from provenv.manifest.spelling import spelling_hints
from provenv.manifest.values import NamedTarget
from provenv.manifest.vocabulary import Vocabulary
from provenv.patterns import regex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

_PYTHON = regex(r"3\.\d+(\.\d+)?")
# PEP 751: the name in `pylock.NAME.toml` holds no dot; the rest keeps it a plain file name on every system.
_TARGET_NAME = regex(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TARGET_KEYS = ("platform", "python", "accelerator", "build", "packaging", "groups", "extras")

Check = Callable[[Table, str, tuple[str | int, ...]], str]


class Names:
    """Checks one name each; what they are checked against comes from the plugins and the project itself."""

    def __init__(self, draft: Draft, vocabulary: Vocabulary | None) -> None:
        self._draft = draft
        self._vocabulary = vocabulary

    def listed(self, table: Table, key: str, check: Check) -> tuple[str, ...]:
        """An array of names, each checked, none twice."""
        found: list[str] = []
        for position, text in enumerate(table.strings(key) or ()):
            name = check(table, text, (key, position))
            if name in found:
                raise table.error(f"{text!r} stands twice in {table.called(key)}", key, position)
            found.append(name)
        return tuple(found)

    def one(self, table: Table, key: str, check: Check) -> str | None:
        """A name that may be absent."""
        text = table.string(key)
        return None if text is None else check(table, text, (key,))

    def python(self, table: Table, text: str, keys: tuple[str | int, ...]) -> str:
        if not _PYTHON.fullmatch(text):
            raise table.error(
                f"{text!r} is no Python version", *keys, hints=['write a version such as "3.12" or "3.12.4"']
            )
        return text

    def platform(self, table: Table, text: str, keys: tuple[str | int, ...]) -> str:
        known = self._vocabulary.platforms if self._vocabulary else None
        return _known(table, text, keys, known, "platform")

    def accelerator(self, table: Table, text: str, keys: tuple[str | int, ...]) -> str:
        known = self._vocabulary.accelerators if self._vocabulary else None
        return _known(table, text, keys, known, "accelerator")

    def group(self, table: Table, text: str, keys: tuple[str | int, ...]) -> str:
        return _known(table, _canonical(text), keys, self._draft.known_groups, "group", text)

    def extra(self, table: Table, text: str, keys: tuple[str | int, ...]) -> str:
        return _known(table, _canonical(text), keys, self._draft.known_extras, "extra", text)

    def preview(self, table: Table, text: str, keys: tuple[str | int, ...]) -> str:
        return _known(table, text, keys, PREVIEWS, "preview")


def _canonical(text: str) -> str:
    from provenv.standards.names import canonicalize

    return canonicalize(text)


def _known(
    table: Table,
    name: str,
    keys: tuple[str | int, ...],
    known: Iterable[str] | None,
    what: str,
    written: str | None = None,
) -> str:
    if known is None or name in known:
        return name
    message = f"there is no {what} {written or name!r}"
    if what in ("group", "extra") and not list(known):
        where = "[dependency-groups]" if what == "group" else "[project.optional-dependencies]"
        raise table.error(message, *keys, hints=[f"define it in {where}"])
    raise table.error(message, *keys, hints=spelling_hints(name, known, f"{what}s"))


def read_envelope(
    table: Table, words: Mapping[str, EnvelopeKey | None], others: Iterable[str] = ()
) -> Envelope:
    """The envelope's words among a table's keys (`others` are no such words), their values checked."""
    values = {key: _word(table, key, words[key]) for key in table.data if key in words and key not in others}
    return Envelope.of(values)


def _word(table: Table, key: str, known: EnvelopeKey | None) -> tuple[str, ...]:
    value = table.data[key]
    items = value if isinstance(value, list) else [value]
    texts: list[str] = []
    for position, item in enumerate(items):
        place = (key, position) if isinstance(value, list) else (key,)
        if isinstance(item, bool) or not isinstance(item, (str, int)) or item == "":
            # a TOML float has lost its zeros: 12.10 would read as 12.1
            raise table.error(
                f"{table.called(key)} must be a string", *place, hints=[f'put it in quotes: {key} = "{item}"']
            )
        texts.append(str(item))
        wrong = known.check(str(item)) if known else None
        if wrong:
            raise table.error(f"{table.called(key)}: {wrong}", *place)
    if known and not known.multiple and len(texts) > 1:
        raise table.error(f"{table.called(key)} takes one value", key)
    if not texts:
        raise table.error(f"{table.called(key)} is empty", key)
    return tuple(texts)


def read_targets(
    table: Table, names: Names, words: Mapping[str, EnvelopeKey | None]
) -> tuple[NamedTarget, ...]:
    """`[tool.provenv.targets.NAME]`, in the order of the file."""
    return tuple(_target(name, one, names, words) for name, one in table.subtables("targets").items())


def _plain_name(name: str) -> str:
    """The nearest name of a target: `über uns` -> `uber-uns`."""
    from unicodedata import combining, normalize

    letters = "".join(letter for letter in normalize("NFKD", name) if not combining(letter))
    return re.sub(r"[^A-Za-z0-9_-]+", "-", letters).strip("-")


def _target(name: str, table: Table, names: Names, words: Mapping[str, EnvelopeKey | None]) -> NamedTarget:
    if not _TARGET_NAME.fullmatch(name):
        raise table.error(
            f"{name!r} can't name a target",
            evidence=[
                f"its lock would be pylock.{name}.toml, where a name holds letters, digits, - and _ alone"
            ],
            hints=[f"call it {_plain_name(name) or 'train'!r}"],
        )
    table.allow_only((*_TARGET_KEYS, *words))
    return NamedTarget(
        name=name,
        platform=names.one(table, "platform", names.platform),
        python=names.one(table, "python", names.python),
        accelerator=names.one(table, "accelerator", names.accelerator),
        envelope=read_envelope(table, words),
        build=table.string("build"),
        packaging=_packaging(table),
        groups=names.listed(table, "groups", names.group) if "groups" in table else None,
        extras=names.listed(table, "extras", names.extra) if "extras" in table else None,
        origin=table.origin(),
    )


def _packaging(table: Table) -> Literal["pip", "conda"]:
    value = table.string("packaging") or "pip"
    if value == "pip":
        return "pip"
    if value == "conda":
        return "conda"
    raise table.error(
        f"packaging is pip or conda, not {value!r}",
        "packaging",
        hints=spelling_hints(value, ("pip", "conda"), "kinds of packaging"),
    )
