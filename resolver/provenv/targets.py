"""Manifest x plugins -> Targets: the matrix, one immutable value a cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from provenv.hooks.types import Envelope


@dataclass(frozen=True, slots=True)
class Target:
    """One cell of the matrix. `python` is a full version (`3.12` in a manifest means 3.12.0)."""

    name: str
    platform: str
    python: str
    accelerator: str
    envelope: Envelope
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    build: str | None = None
    """The build that the manifest pins (`cu126`), None: the accelerator's order decides."""
    packaging: Literal["pip", "conda"] = "pip"
