"""Pasted evidence of a machine: what plugins are given of it, and what they make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from provenv.hooks.types import Device, Finding, Paste
from provenv.values import dataclass, field


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader understood of some pastes; what they do not say is not there.

    `answers` are what the machine would have answered a probe: kind (`python`, `file`, `sysctl`, `registry`,
    `environment`, `distributions` ...) -> question -> answer, in the words of `Probe`, each answer as a
    recording holds it. Beside the interpreter's facts `python` has `torch`, `torch_cuda`, `torch_rocm`: the
    installed torch and what it was built for ("" for a torch that is known not to be there), and
    `torch_cuda_available` (`True`, `False`). `facts`: `driver`, `cuda_reported`, as a Detection has them.
    """

    answers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    devices: tuple[Device, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing was understood."""
        return not (any(self.answers.values()) or self.devices or self.facts or self.findings)


@dataclass(frozen=True, slots=True)
class PasteReader:
    """Somebody who understands the output of some tools.

    `preference`: where two readers answer the same question, the lower one's answer stands: 10 for the
    documents that are about the machine itself, 50 for those that tell of it beside a device.
    """

    name: str
    preference: int
    read: Callable[[Sequence[Paste]], Reading]
    understands: tuple[str, ...] = ()
    """What to paste for it, in words: said where nothing in a text is understood."""
