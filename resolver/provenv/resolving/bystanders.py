"""Accelerators that a target is not for: one whose plugin fails has said nothing, which is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from provenv.errors import PluginError
from provenv.hooks.types import Accelerator, Runtime
from provenv.values import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ParamSpec, TypeVar

    Arguments = ParamSpec("Arguments")
    Answer = TypeVar("Answer")


class Bystanders:
    """Asks all accelerators on a target's behalf. `faults`: a line for each plugin that failed meanwhile."""

    def __init__(self, accelerators: Mapping[str, Accelerator]) -> None:
        self._accelerators = accelerators
        self._faults: dict[str, str] = {}
        self._runtimes: dict[str, dict[str, Runtime]] = {}

    @property
    def faults(self) -> tuple[str, ...]:
        """As warnings."""
        return tuple(f"{fault}; it was passed over" for fault in self._faults.values())

    def runtimes(self, own: str) -> dict[str, Runtime]:
        """Every runtime by its name, asked the same thing once; `own`: the accelerator whose plugin has to
        answer."""
        known = self._runtimes.get(own)
        if known is None:
            known = self._runtimes[own] = {
                accelerator.runtime.name: self._remembering(
                    accelerator.runtime if name == own else self._forgiving(name, accelerator.runtime)
                )
                for name, accelerator in self._accelerators.items()
                if accelerator.runtime is not None
            }
        return known

    def _remembering(self, runtime: Runtime) -> Runtime:
        return replace(runtime, carried=cache(runtime.carried), of_variant=cache(runtime.of_variant))

    def publishes(self, url: str) -> tuple[str, ...]:
        """What is taken from an index of this address, as the first accelerator that knows it says."""
        known = (self._or(name, one.publishes, ())(url) for name, one in self._accelerators.items())
        return next(filter(None, known), ())

    def _forgiving(self, name: str, runtime: Runtime) -> Runtime:
        return replace(
            runtime,
            carried=self._or(name, runtime.carried, None),
            of_variant=self._or(name, runtime.of_variant, None),
        )

    def _or(
        self, name: str, function: Callable[Arguments, Answer], silent: Answer
    ) -> Callable[Arguments, Answer]:
        def ask(*args: Arguments.args, **named: Arguments.kwargs) -> Answer:
            try:
                return function(*args, **named)
            except PluginError as error:
                self._faults.setdefault(name, error.message)
                return silent

        return ask
