"""What is installed in an environment of a machine: what plugins are given to judge it by."""

from __future__ import annotations

from provenv.values import dataclass


@dataclass(frozen=True, slots=True)
class Distribution:
    """An installed distribution: its canonical name, its version, and the folder it lies in.

    `folder` is "" where only a paste tells of it.
    """

    name: str
    version: str
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Installation:
    """One environment with what is installed in it, in order of name.

    `prefix`: its folder; "" for the one that pasted evidence tells of. `accelerator`: what its lock was
    chosen for; None where nothing says so, as in an environment that somebody made by hand.
    """

    prefix: str
    distributions: tuple[Distribution, ...]
    accelerator: str | None = None

    def find(self, name: str) -> Distribution | None:
        """The distribution of this canonical name; None when there is none."""
        return next((one for one in self.distributions if one.name == name), None)
