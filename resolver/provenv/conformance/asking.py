"""Asks a plugin's functions one question after another, and sees whether each answers as it should."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from provenv.conformance.events import Check, Events
from provenv.conformance.sandbox import Sandbox
from provenv.hooks.answers import answer_hint, fault
from provenv.hooks.limits import whole
from provenv.hooks.types import Context, Envelope

IMPURE = ("run",)
"""An acceptance check measures, and says another time when it is run again."""

FAULTS_OF_A_FUNCTION = 3
"""So many faults of one function are told, and then it is not asked again: the others are alike."""


class Asker:
    """Asks the functions of one value: an accelerator, a platform ...

    `subject`: it in words. `skipped`: the keys of functions that are not to be called, for they hang.
    """

    def __init__(
        self, value: object, subject: str, events: Events, sandbox: Sandbox, skipped: frozenset[str]
    ) -> None:
        self.value = value
        self.subject = subject
        self.events = events
        self._sandbox = sandbox
        self._skipped = skipped
        self._faults: dict[str, int] = {}

    def ask(self, field: str, *arguments: object) -> Iterator[Any]:
        """The answer to one question, if there is a sound one."""
        key = f"{self.subject}: {field}"
        if key in self._skipped or self._faults.get(key, 0) >= FAULTS_OF_A_FUNCTION:
            return
        said = f"{key}({', '.join(map(spell, arguments))})"
        self.events.calling(key, said)
        self.events.ran("totals")
        given, before = _copy(arguments), repr(arguments)
        try:
            first, second = self._call(key, field, given), self._call(key, field, _copy(arguments))
        except (Exception, SystemExit) as error:
            words = " ".join(str(error).split())
            self.fault("totals", key, f"{said} raised {type(error).__name__}: {words}")
            return
        wrong = fault(first, self._hint(field), strict=True)
        if wrong:
            self.fault("totals", key, f"{said} answered {wrong}")
            return
        if field not in IMPURE:
            self._compare(key, said, first, second, changed=repr(given) != before)
        yield first

    def _hint(self, field: str) -> Any:
        kind: Any = type(self.value)
        return answer_hint(kind, field)

    def _call(self, key: str, field: str, arguments: tuple[object, ...]) -> object:
        function: Callable[..., object] = getattr(self.value, field)
        with self._sandbox.watching(key):
            return whole(function(*arguments))

    def _compare(self, key: str, said: str, first: object, second: object, *, changed: bool) -> None:
        self.events.ran("purity")
        if _differs(first, second):
            self.fault("purity", key, f"{said} answered {first!r:.80}, and then {second!r:.80}")
        if changed:
            self.fault("purity", key, f"{said} changed what it was given")

    def fault(self, check: Check, key: str, text: str) -> None:
        """Tell of a fault; after some of them the function `key` is left alone."""
        self._faults[key] = self._faults.get(key, 0) + 1
        self.events.fault(check, text)

    def expect(self, check: Check, field: str, good: object, text: str) -> None:
        """A condition on an answer of `field`: a fault in these words where it does not hold."""
        self.events.ran(check)
        if not good:
            key = f"{self.subject}: {field}"
            self.fault(check, key, f"{key}: {text}")


def _copy(arguments: tuple[object, ...]) -> tuple[object, ...]:
    """Arguments of its own for each call; frozen values and machines as they are."""
    return tuple(copy.deepcopy(one) if isinstance(one, (dict, list)) else one for one in arguments)


def _differs(one: object, other: object) -> bool:
    return one != other or repr(one) != repr(other)


def spell(argument: object) -> str:
    """An argument in words, short."""
    if isinstance(argument, Context):
        promised = f", {argument.envelope}" if argument.envelope.items else ""
        return f"{argument.platform}, Python {argument.python}{promised}"
    if isinstance(argument, Envelope):
        return str(argument) or "nothing promised"
    text = str(argument) if type(argument).__module__.startswith("provenv.") else repr(argument)
    return text if len(text) <= 60 else f"{text[:57]}..."
