"""The plugins that may know an index's login, as all of a run shares them: one that fails is passed over."""

from __future__ import annotations

import re
from collections.abc import Iterable

from provenv.addresses import redact
from provenv.errors import PluginError, ProvenvError
from provenv.hooks.telling import words
from provenv.hooks.types import IndexAuth

REMEDY = "update or remove the plugin that brings it: provenv plugin list"


class LoginSources:
    """The sources in their order; `faults` holds a line for each that failed. Safe from any thread."""

    def __init__(self, sources: Iterable[IndexAuth] = ()) -> None:
        self._sources = tuple(sources)
        self._faults: dict[str, str] = {}
        self._told: set[str] = set()

    def find(self, url: str) -> tuple[str, str] | None:
        """The first login that a source has for an address; None when none of them has one."""
        for source in self._sources:
            try:
                login = source.find(url)
            except Exception as problem:  # a plugin raises what it likes, and the next one is asked
                self._faults.setdefault(source.name, _line(source.name, problem))
            else:
                if login is not None:
                    return login
        return None

    @property
    def faults(self) -> tuple[str, ...]:
        """A line for each source that failed, the first time that it did."""
        return tuple(self._faults.values())

    def untold(self) -> tuple[str, ...]:
        """The faults as warnings, each once a run."""
        new = [name for name in list(self._faults) if name not in self._told]
        self._told.update(new)
        return tuple(f"{self._faults[name]}; it was passed over" for name in new)

    def blame(self, error: ProvenvError) -> None:
        """Lets an error say that a login may be missing because of a source, where it is about one."""
        if self._faults and re.search(r"\b40[13]\b", str(error)):
            error.evidence += tuple(map(cause, self.faults))
            error.hints = (*error.hints, REMEDY)


def cause(fault: str) -> str:
    """A fault as the reason why there is no login."""
    return f"a likely cause: {fault}"


def _line(name: str, problem: Exception) -> str:
    if isinstance(problem, PluginError):  # it names the plugin
        return redact(problem.message)
    return redact(f"the source of logins {name} failed: {words(problem)}")
