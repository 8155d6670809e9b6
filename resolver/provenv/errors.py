"""Every error that provenv raises on purpose: what could not be done, the evidence, what mends it.

A `ProvenvError` is the user's or the world's doing and is printed without a traceback; any other exception
that reaches the command line is a bug and keeps its traceback. The exit codes are listed in
`docs/exit-codes.md`.
"""

from __future__ import annotations

from collections.abc import Sequence

from provenv.values import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a user wrote something: a file (as the user would name it) and a line, counted from 1."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


_LONGEST_LINE = 2000
"""Characters of a line that somebody can be expected to read; an index can send names of a megabyte."""


def readable(line: str) -> str:
    """A line that is safe to print: what an index wrote into it moves no cursor and fills no screen."""
    if len(line) > _LONGEST_LINE:
        cut = _LONGEST_LINE // 4
        line = f"{line[:cut]}… ({len(line):,} characters) …{line[-cut:]}"
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() or c in "\t\n" else ascii(c)[1:-1] for c in line)


class ProvenvError(Exception):
    """The base of all; catch it to catch everything provenv raises on purpose.

    `message` says what could not be done, `evidence` (lines) why, `hints` the one or two commands or edits
    that mend it, `origin` the place in a user's file.
    """

    kind = "error"
    exit_code = 3
    index: str | None = None
    """The canonical address of the package index that was being asked, where one was."""

    def __init__(
        self,
        message: str,
        *,
        evidence: Sequence[str] = (),
        hints: Sequence[str] = (),
        origin: Origin | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.evidence = tuple(evidence)
        self.hints = tuple(hints)
        self.origin = origin

    def __str__(self) -> str:
        place = f"{self.origin}: " if self.origin else ""
        lines = [f"{place}{self.message}", *(f"  {line}" for line in self.evidence)]
        lines += [f"hint: {hint}" for hint in self.hints]
        return "\n".join(map(readable, lines))

    def to_json(self) -> dict[str, object]:
        """The object behind `"error"` in every `--json` answer."""
        return {
            "kind": self.kind,
            "message": self.message,
            "evidence": list(self.evidence),
            "hints": list(self.hints),
            "file": self.origin.file if self.origin else None,
            "line": self.origin.line if self.origin else None,
        }


class NoSolution(ProvenvError):
    """No choice of versions satisfies what was asked for on this target."""

    kind = "no-solution"
    exit_code = 1

    def to_json(self) -> dict[str, object]:
        return {**super().to_json(), "conflict": list(self.evidence)}


class Stale(ProvenvError):
    """A lock is missing or no longer says what the manifest asks for."""

    kind = "stale"
    exit_code = 1


class ProofFailed(ProvenvError):
    """The environment did not train a model well enough, or at all."""

    kind = "proof-failed"
    exit_code = 1


class InputError(ProvenvError):
    """A mistake in what the user gave: a flag, a name, a file."""

    kind = "input"
    exit_code = 2


class ManifestError(InputError):
    """A manifest, requirements file or settings file that can't be read as anything valid."""

    kind = "manifest"


class NetworkError(ProvenvError):
    """A host could not be reached, or broke off, also after retries."""

    kind = "network"
    exit_code = 3


class IndexAnswerError(ProvenvError):
    """An index answered, but with something that can't be used: a 5xx, a broken page, a wrong hash."""

    kind = "index"
    exit_code = 4


class DiskError(ProvenvError):
    """The disk is full, a path can't be read or written."""

    kind = "disk"
    exit_code = 5


class BuildError(ProvenvError):
    """A source distribution could not be built, or its metadata not be had."""

    kind = "build"
    exit_code = 6


class InstallError(ProvenvError):
    """An environment could not be made, or a program in it not be started."""

    kind = "install"
    exit_code = 7


class PluginError(ProvenvError):
    """A plugin raised, answered nonsense, or clashes with another."""

    kind = "plugin"
    exit_code = 8
