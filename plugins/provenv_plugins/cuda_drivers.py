"""What an NVIDIA driver serves: which CUDA majors, which GPUs."""

from __future__ import annotations

from functools import cache

from provenv.hooks import Envelope
from provenv.hooks.values import dataclass
from provenv_plugins.numbers import parse_numbers
from provenv_plugins.tables import rows

ASSUMED_CUDA = "13.0"
"""What a target that promises no driver is taken to have: the current long-lived branch, 580."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """GPUs that a driver branch, and every later one, no longer drives."""

    capabilities: tuple[str, ...]
    driver: str
    cuda: str
    last: str


@cache
def dropped() -> tuple[Dropped, ...]:
    """Every such branch, oldest first."""
    return tuple(
        Dropped(row.texts("capabilities"), row.text("driver"), row.text("cuda"), row.text("last"))
        for row in rows("nvidia_drivers", "dropped")
    )


@cache
def floor(cuda_major: int, os: str) -> str:
    """The oldest driver that runs a CUDA major: `525.60.13` for 12 on Linux. Raises KeyError for others."""
    return _floors(os)[cuda_major]


def _floors(os: str) -> dict[object, str]:
    return {row.values["cuda"]: row.text(os) for row in rows("nvidia_drivers", "floor")}


def driver_fault(cuda_major: int, os: str, envelope: Envelope) -> str | None:
    """Why the promised driver does not run a CUDA major; None when it does, or when none is promised.

    Within a major every driver for it runs every minor version (minor-version compatibility): torch's wheels
    hold machine code and need no newer driver's compiler.
    """
    driver, cuda = envelope.one("driver"), envelope.one("cuda")
    if cuda_major not in _floors(os):
        return None  # a paste may tell of any CUDA that ever was or will be
    least = floor(cuda_major, os)
    if cuda is not None:
        if numbers(cuda)[0] >= cuda_major:
            return None
        return f"it needs a driver for CUDA {cuda_major} ({least} or newer); this target promises CUDA {cuda}"
    # A branch alone (`525`) means the branch's first driver for this CUDA, which is what its users have.
    if driver is None or numbers(driver) >= numbers(least)[: len(numbers(driver))]:
        return None
    return f"it needs NVIDIA driver {least} or newer; this target promises {driver}"


def dropped_fault(capability: str, envelope: Envelope) -> str | None:
    """Why the promised driver no longer drives a GPU; None when it does."""
    driver, cuda = envelope.one("driver"), envelope.one("cuda")
    for row in dropped():
        too_new = (driver is not None and numbers(driver) >= numbers(row.driver)) or (
            driver is None and cuda is not None and numbers(cuda) >= numbers(row.cuda)
        )
        if too_new and capability in row.capabilities:
            return (
                f"driver {row.driver} and newer no longer drive compute capability {capability}, "
                f"{row.last} is the last that does; this target promises {envelope_words(envelope)}"
            )
    return None


def envelope_words(envelope: Envelope) -> str:
    """`driver 595` or `CUDA 13.1`."""
    driver = envelope.one("driver")
    return f"driver {driver}" if driver else f"CUDA {envelope.one('cuda')}"


def newest_cuda(envelope: Envelope) -> str:
    """The newest CUDA version that the promised driver reports (`nvidia-smi` calls it "CUDA Version")."""
    driver, cuda = envelope.one("driver"), envelope.one("cuda")
    if cuda is not None or driver is None:
        return cuda or ASSUMED_CUDA
    served = [
        row.text("cuda") for row in rows("nvidia_drivers", "branch") if at_least(driver, row.text("driver"))
    ]
    return max(served, key=numbers, default="11.0")


def at_least(driver: str, branch: str) -> bool:
    """Whether a driver is of this branch or a newer one."""
    return numbers(driver) >= numbers(branch)


def numbers(text: str) -> tuple[int, ...]:
    """The parts of a version that an envelope's check has let through."""
    return parse_numbers(text) or (0,)
