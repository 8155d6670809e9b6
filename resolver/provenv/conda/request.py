"""What goes to the worker and what comes back: values that can be pickled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from provenv.conda.channels import Channel
from provenv.conda.problems import Shelves
from provenv.hooks.types import VirtualPackage
from provenv.resolution import CondaPackage


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the channels, all of it as rattler takes it.

    `specs`: match specs, channels in them by their place. `names`: what of them is asked for without a
    channel. `exclude_newer`: `YYYY-MM-DDTHH:MM:SSZ`; `exclude_newer_package`: name -> its own cut-off, None
    for none.
    """

    channels: tuple[Channel, ...]
    subdir: str
    specs: tuple[str, ...]
    names: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    virtual: tuple[VirtualPackage, ...] = ()
    locked: tuple[CondaPackage, ...] = ()
    exclude_newer: str | None = None
    exclude_newer_package: tuple[tuple[str, str | None], ...] = ()
    priority: Literal["strict", "flexible", "disabled"] = "strict"
    strategy: Literal["highest", "lowest", "lowest-direct"] = "highest"


@dataclass(frozen=True, slots=True)
class Solved:
    """The chosen records, as JSON."""

    records: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unsolvable:
    """The solver's own story, and what the channels have."""

    told: str
    shelves: Shelves


@dataclass(frozen=True, slots=True)
class Unusable:
    """What rattler says of a channel that can't be read."""

    told: str


@dataclass(frozen=True, slots=True)
class BadSpec:
    """What rattler says of a spec; `place`: which of the specs, -1 for a constraint."""

    told: str
    place: int


Answer: TypeAlias = Solved | Unsolvable | Unusable | BadSpec
