"""One conda solve: what a target asks of its channels, put to rattler in a process of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import TracebackType
from typing import Literal

from provenv.conda.channel_problems import channel_error
from provenv.conda.channels import Channel, channels_of, for_subdir, named
from provenv.conda.problems import CondaConflict, no_conda_solution
from provenv.conda.records import package_of
from provenv.conda.request import Answer, BadSpec, Request, Solved, Unsolvable
from provenv.conda.turns import Turns
from provenv.conda.worker import Worker
from provenv.errors import IndexAnswerError, InputError, ManifestError, NetworkError, ProvenvError
from provenv.hooks.types import VirtualPackage
from provenv.logins import LoginSources
from provenv.manifest.conda_table import spec_name
from provenv.manifest.values import CondaSpec
from provenv.resolution import CondaPackage
from provenv.settings import NetworkSettings
from provenv.values import dataclass

_SUBDIR = re.compile(r"/(noarch|(linux|osx|win|freebsd|emscripten|wasi|zos)-[a-z0-9]+)$")


@dataclass(frozen=True, slots=True)
class Limit:
    """A constraint that nobody's manifest wrote: a match spec that holds where its package is chosen.

    `why` says who set it, in words for an explanation.
    """

    spec: str
    why: str


@dataclass(frozen=True, slots=True)
class Question:
    """What one target asks of its channels.

    `virtual`: what its machines promise. `locked`: packages of an old lock, kept wherever they still fit.
    `exclude_newer`: `YYYY-MM-DDTHH:MM:SSZ`; what was built then or later does not exist.
    `exclude_newer_package`: conda name -> its own cut-off, None for none.
    """

    subdir: str
    specs: tuple[CondaSpec, ...]
    limits: tuple[Limit, ...] = ()
    virtual: tuple[VirtualPackage, ...] = ()
    locked: tuple[CondaPackage, ...] = ()
    exclude_newer: str | None = None
    exclude_newer_package: tuple[tuple[str, str | None], ...] = ()
    priority: Literal["strict", "flexible", "disabled"] = "strict"
    strategy: Literal["highest", "lowest", "lowest-direct"] = "highest"


class CondaSolver:
    """Answers questions from one list of channels; their repodata is fetched once for all of them.

    `logins`: plugins that may know one once a channel has refused. It must be closed.
    """

    def __init__(
        self, channels: Sequence[Channel], settings: NetworkSettings, logins: LoginSources | None = None
    ) -> None:
        self._own = tuple(channel.url for channel in channels)
        self._turns = Turns(channels, settings, logins)
        self._settings = settings
        self._worker = Worker(settings)

    def __enter__(self) -> CondaSolver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process."""
        self._worker.close()

    def start(self) -> None:
        """Starts the process, which is ready by the time that the first question comes."""
        self._worker.start()

    def channels(self, subdir: str) -> tuple[Channel, ...]:
        """The channels that count for a platform, each where it was last found."""
        return for_subdir(self._turns.at(self._own), subdir)

    def solve(self, question: Question) -> tuple[CondaPackage, ...]:
        """The chosen packages, sorted by name.

        Raises CondaConflict when there is no solution; InputError, NetworkError or IndexAnswerError for a
        channel that can't be used; ManifestError for a spec that is none.
        """
        while True:
            channels = self._with_named(question)
            answer = self._worker.ask(_request(question, channels))
            if isinstance(answer, Solved):
                found = [package_of(record, channels) for record in answer.records]
                return tuple(sorted(found, key=lambda package: package.name))
            error = _error(answer, question, channels)
            if not self._elsewhere(answer, error):
                self._turns.logins.blame(error)
                raise error

    def _with_named(self, question: Question) -> tuple[Channel, ...]:
        """The manifest's channels, then those that only a spec names (`nvidia::cuda-nvcc`)."""
        own = self.channels(question.subdir)
        prefixes = [channel_of(spec) for spec in question.specs]
        others = [prefix for prefix in prefixes if prefix and named(own, prefix) is None]
        return (*own, *self._turns.take(channels_of(others, self._settings)))

    def _elsewhere(self, answer: Answer, error: ProvenvError) -> bool:
        """Whether there is another place or a login to try for the channel that could not be used."""
        if not isinstance(error, (NetworkError, IndexAnswerError, InputError)) or isinstance(answer, BadSpec):
            return False
        return self._turns.pass_on("" if isinstance(answer, (Solved, Unsolvable)) else answer.told)


def _request(question: Question, channels: tuple[Channel, ...]) -> Request:
    plain = {spec_name(spec.text) for spec in question.specs if not channel_of(spec)}
    return Request(
        channels=channels,
        subdir=question.subdir,
        specs=tuple(_placed(spec, channels) for spec in question.specs),
        names=tuple(sorted(plain)),
        constraints=tuple(limit.spec for limit in question.limits),
        virtual=question.virtual,
        locked=question.locked,
        exclude_newer=question.exclude_newer,
        exclude_newer_package=question.exclude_newer_package,
        priority=question.priority,
        strategy=question.strategy,
    )


def _error(answer: Answer, question: Question, channels: tuple[Channel, ...]) -> ProvenvError:
    """The error for what is no solution."""
    assert not isinstance(answer, Solved)
    if isinstance(answer, Unsolvable):
        return no_conda_solution(answer.told, question, answer.shelves)
    if not isinstance(answer, BadSpec):
        return channel_error(answer.told, channels)
    if answer.place < 0:
        return InputError("a plugin's constraint is no conda requirement", evidence=answer.told.splitlines())
    spec = question.specs[answer.place]
    return ManifestError(
        f"{spec.text!r} is not a conda requirement",
        evidence=answer.told.splitlines(),
        hints=['write a name and what it may be: "numpy >=2", "python 3.13.*", "libblas * *mkl"'],
        origin=spec.origin,
    )


def channel_of(spec: CondaSpec) -> str:
    """The channel that a spec names, `conda-forge` of `conda-forge/noarch::numpy`; "" for none."""
    return _SUBDIR.sub("", spec.text.rpartition("::")[0])


def _placed(spec: CondaSpec, channels: Sequence[Channel]) -> str:
    """A spec as rattler has it, its channel by the address that this machine uses."""
    prefix = channel_of(spec)
    known = named(channels, prefix) if prefix else None
    if known is None:
        return spec.text
    written, _, rest = spec.text.rpartition("::")
    subdir = _SUBDIR.search(written)
    return f"{known.place}{subdir[0] if subdir else ''}::{rest}"


__all__ = ["CondaConflict", "CondaSolver", "Limit", "Question"]
