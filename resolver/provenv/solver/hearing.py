"""A provider that puts down what it is asked and told, so that a later solve can follow an earlier one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from provenv.solver.provider import Comparable, P, Provider, Unavailable
from provenv.typed import cast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

Heard: TypeAlias = list[tuple[str, tuple[object, ...], object]]
"""What a provider was asked and told: the method, what it was called with, the answer."""


class Hearing(Provider[P]):
    """A provider whose answers are put down in `heard`, and given from there where they are there already.

    `at`: how many of them the solver has been given.
    """

    def __init__(
        self,
        provider: Provider[P],
        heard: Heard,
        answers: Mapping[tuple[P, int], Mapping[P, int] | Unavailable] | None = None,
    ) -> None:
        """`answers`: what `dependencies` said already."""
        known = answers or {}

        def dependencies(package: P, version: int) -> Mapping[P, int] | Unavailable:
            needs = known.get((package, version))
            return provider.dependencies(package, version) if needs is None else needs

        self.heard = heard
        self.at = 0
        self._methods: dict[str, Callable[..., object]] = {
            "count": provider.count,
            "dependencies": dependencies,
            "similar": provider.similar,
            # As a tuple, since the order of the reasons counts: facts are given to the engine in it.
            "unusable": lambda package: tuple(provider.unusable(package).items()),
            "same_version_as": provider.same_version_as,
            "choose": provider.choose,
            "priority": provider.priority,
            "prefetch": provider.prefetch,
        }

    def follow(self, earlier: Heard) -> int:
        """Ask what an earlier solve went on to ask, until an answer differs; how many are the same."""
        methods, heard = self._methods, self.heard
        for entry in earlier[len(heard) :]:
            method, about, before = entry
            answer = methods[method](*about)
            if answer != before:
                heard.append((method, about, answer))
                return len(heard) - 1
            heard.append(entry)
        return len(earlier)

    def close(self) -> None:
        """Let go of the provider: no state that is kept shall keep it."""
        self._methods.clear()

    def _hear(self, method: str, *about: object) -> object:
        at = self.at
        self.at = at + 1
        if at < len(self.heard):
            return self.heard[at][2]
        answer = self._methods[method](*about)
        self.heard.append((method, about, answer))
        return answer

    def count(self, package: P) -> int:
        return cast("int", self._hear("count", package))

    def dependencies(self, package: P, version: int) -> Mapping[P, int] | Unavailable:
        return cast("Mapping[P, int] | Unavailable", self._hear("dependencies", package, version))

    def similar(self, package: P, version: int) -> int:
        return cast("int", self._hear("similar", package, version))

    def unusable(self, package: P) -> Mapping[str, int]:
        return dict(cast("tuple[tuple[str, int], ...]", self._hear("unusable", package)))

    def same_version_as(self, package: P) -> P | None:
        return cast("P | None", self._hear("same_version_as", package))

    def choose(self, package: P, allowed: int) -> int | None:
        return cast("int | None", self._hear("choose", package, allowed))

    def priority(self, package: P, allowed: int, conflicts: int, depth: int) -> Comparable:
        return cast("Comparable", self._hear("priority", package, allowed, conflicts, depth))

    def prefetch(self, required: Mapping[P, int]) -> None:
        self._hear("prefetch", required)
