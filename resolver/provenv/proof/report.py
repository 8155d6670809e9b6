"""A proof as a value: what ran, where, with which lock, how well, and the verdict with its reasons."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from provenv.errors import InputError

FORMAT = 1


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One acceptance check. `metrics` are its own figures; `failures` say why it failed, none that it passed.

    `skipped`: why it could not run in this environment. `seconds`: wall time.
    """

    name: str
    seconds: float
    metrics: Mapping[str, object]
    failures: tuple[str, ...] = ()
    skipped: str | None = None

    @property
    def outcome(self) -> Literal["passed", "failed", "skipped"]:
        """In a word."""
        if self.skipped is not None:
            return "skipped"
        return "failed" if self.failures else "passed"

    def to_json(self) -> dict[str, object]:
        """As it stands in a proof's file."""
        return {
            "name": self.name,
            "outcome": self.outcome,
            "seconds": round(self.seconds, 2),
            "metrics": {str(name): _plain(value) for name, value in self.metrics.items()},
            "failures": list(self.failures),
            "skipped": self.skipped,
        }


@dataclass(frozen=True, slots=True)
class Proof:
    """The report of an acceptance run, bound to the lock's bytes and to the machine.

    `device`: what the checks were told to train on. `host`: platform, processor, devices. `versions`: every
    distribution in the environment. `when`: RFC 3339, UTC.
    """

    target: str
    lock: str
    lock_sha256: str
    device: str
    host: Mapping[str, object]
    python: str
    versions: Mapping[str, str]
    checks: tuple[CheckResult, ...]
    when: str
    seconds: float

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not proven: the failures of all checks, or that nothing could be checked."""
        failures = tuple(f"{check.name}: {text}" for check in self.checks for text in check.failures)
        if failures:
            return failures
        if all(check.skipped for check in self.checks):
            return tuple(f"{check.name} could not run: {check.skipped}" for check in self.checks)
        return ()

    @property
    def limits(self) -> tuple[str, ...]:
        """What the verdict does not rest on: the checks that were skipped, each with its reason."""
        return tuple(f"{check.name}: {check.skipped}" for check in self.checks if check.skipped is not None)

    @property
    def proven(self) -> bool:
        """Whether at least one check ran, and none failed."""
        return bool(self.checks) and not self.reasons

    @property
    def verdict(self) -> Literal["proven", "failed"]:
        """In a word."""
        return "proven" if self.proven else "failed"

    def to_json(self) -> dict[str, object]:
        """The proof's file."""
        return {
            "format": FORMAT,
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            "limits": list(self.limits),
            "target": self.target,
            "lock": self.lock,
            "lock_sha256": self.lock_sha256,
            "device": self.device,
            "host": dict(self.host),
            "python": self.python,
            "when": self.when,
            "seconds": round(self.seconds, 2),
            "checks": [check.to_json() for check in self.checks],
            "versions": dict(sorted(self.versions.items())),
        }


def _plain(value: object) -> object:
    """A figure of a plugin's check as JSON can say it: no NaN, no infinity, no other types."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return str(value)


def write_proof(proof: Proof, path: Path) -> None:
    """Writes a proof, whole or not at all. Raises DiskError."""
    from provenv.atomic import write_text

    write_text(path, json.dumps(proof.to_json(), indent=2, ensure_ascii=False) + "\n")


def read_proof(path: Path) -> dict[str, object]:
    """A proof's document. Raises InputError when the file is none."""
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise InputError(f"there is no proof {path}", hints=["make it with `provenv prove`"]) from error
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} is no proof: {error}", hints=["make it anew with `provenv prove`"]
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputError(f"{path} is no proof of this provenv", hints=["make it anew with `provenv prove`"])
    return document
