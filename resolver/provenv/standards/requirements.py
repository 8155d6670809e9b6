"""PEP 508 dependency specifiers as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requirement:
    """One dependency specifier, parsed; its parts are normalised text that the fast paths take.

    `name`: canonical (PEP 503). `extras`: canonical, sorted. `specifier`: PEP 440 clauses joined by commas,
    `""` for any version. `marker`: PEP 508 marker text without the semicolon, or None. `url`: a direct reference.
    """

    name: str
    extras: tuple[str, ...] = ()
    specifier: str = ""
    marker: str | None = None
    url: str | None = None

    def __str__(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        target = f" @ {self.url}" if self.url else self.specifier
        separator = " ; " if self.url else "; "
        return f"{self.name}{extras}{target}" + (f"{separator}{self.marker}" if self.marker else "")
