"""How long a third party's code is waited for, so that a plugin that hangs does not hang provenv."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from provenv.hooks.telling import Told, words
from provenv.typed import Generic, TypeVar

Answer = TypeVar("Answer")

VARIABLE = "PROVENV_PLUGIN_SECONDS"
"""An environment variable: the seconds to wait in place of every limit below."""

LOADING = 15.0
"""Seconds for a module's import, and for one hook to yield all it has."""
ANSWERING = 10.0
"""Seconds for a function that looks at nothing but its arguments."""
LOOKING = 30.0
"""Seconds for one that looks at a machine: three commands that use up what a probe gives them (10 s each)."""

ASKING = 300.0
"""Seconds for one that may ask a person for a password."""

MOST = 10_000
"""Values that are read of one iterator: one without an end would fill the memory before its time is up."""


class Hang(Told):
    """A plugin did not answer in time."""


class Stray(Told):
    """A plugin raised what is no error: KeyboardInterrupt, which from its own thread is no user's Ctrl-C."""


class Patience:
    """How long one plugin is waited for; one that ran out of time once is not waited for again."""

    def __init__(self) -> None:
        self._hung: Hang | None = None
        self.story: str | None = None
        """How its hang was told first, for whoever is refused an answer because of it."""

    def call(
        self,
        function: Callable[..., Answer],
        *args: object,
        seconds: float,
        errands: Errands | None = None,
    ) -> Answer:
        """The function's answer, or what it raises. Raises Hang when there is none after `seconds`.

        `errands`: what it may do meanwhile for as long as that takes; its seconds begin anew after each.
        The function goes on in a thread that dies with the process: Python can't end it. One that hangs in
        compiled code without releasing the interpreter lock can't be left alone this way.
        """
        if self._hung is not None:
            raise self._hung
        from provenv.hooks.printing import PluginThread, divert

        limit = _limit(seconds)
        work = _Work(function, args)
        divert()
        worker = PluginThread(target=work.run, name="provenv plugin", daemon=True)
        worker.start()
        worker.join(limit)
        while worker.is_alive() and errands is not None and errands.busy():
            worker.join(limit)
        if worker.is_alive():
            self._hung = Hang(f"no answer within {limit:g} s; it is not asked again")
            raise self._hung
        return work.answer()


class Errands:
    """What a function does through provenv, such as running a program that trains: nobody knows how long."""

    def __init__(self) -> None:
        from threading import Lock

        self._lock = Lock()
        self._under_way = 0
        self._ended = False

    def timeless(self, function: Callable[..., Answer]) -> Callable[..., Answer]:
        """The same function, its calls counted as errands."""

        def call(*args: object) -> Answer:
            with self._lock:
                self._under_way += 1
            try:
                return function(*args)
            finally:
                with self._lock:
                    self._under_way -= 1
                    self._ended = True

        return call

    def busy(self) -> bool:
        """Whether one is under way, or has ended since this was asked last."""
        with self._lock:
            ended, self._ended = self._ended, False
            return ended or self._under_way > 0


class _Work(Generic[Answer]):
    """One call in a thread of its own, with what came of it."""

    def __init__(self, function: Callable[..., Answer], args: tuple[object, ...]) -> None:
        self._function = function
        self._args = args
        self._answers: list[Answer] = []
        self._raised: BaseException | None = None

    def run(self) -> None:
        try:
            self._answers.append(self._function(*self._args))
        except BaseException as error:  # what it is, the caller decides
            self._raised = error

    def answer(self) -> Answer:
        if isinstance(self._raised, (Exception, SystemExit)):
            raise self._raised
        if self._raised is not None:
            raise Stray(words(self._raised)) from self._raised
        return self._answers[0]


def _limit(seconds: float) -> float:
    """A limit as the user wants it. A word that is no number is as good as none."""
    try:
        wanted = float(os.environ.get(VARIABLE, ""))
    except ValueError:
        return seconds
    return wanted if wanted > 0 else seconds


def whole(answer: object) -> object:
    """An answer read to its end where it is an iterator: what a generator does, it does while it is read.

    Raises OverflowError for one that has more than MOST values.
    """
    return tuple(bounded(answer)) if isinstance(answer, Iterator) else answer


def bounded(values: Iterable[object]) -> Iterator[object]:
    """The values of an iterable. Raises OverflowError after the first MOST."""
    remaining = iter(values)
    yield from islice(remaining, MOST)
    for _ in remaining:
        raise OverflowError(f"it yields more than {MOST:,} values")


def at_once(function: Callable[..., object]) -> Callable[..., object]:
    """The same function, its iterator (if it answers one) run to the end within the call."""

    def call(*args: object) -> object:
        return whole(function(*args))

    return call
