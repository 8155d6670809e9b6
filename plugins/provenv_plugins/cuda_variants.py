"""What NVIDIA's provider of wheel variants says of a target (PEP 817 and 825, namespace `nvidia`).

Features, values and their order: github.com/wheelnext/nvidia-variant-provider, January 2026.
"""

from __future__ import annotations

from collections.abc import Iterator

from provenv.hooks import Context
from provenv_plugins.cuda_builds import JETSON
from provenv_plugins.cuda_drivers import newest_cuda, numbers

MAJORS = range(11, 16)
MINORS = range(21)
"""The CUDA versions that the provider knows or foresees."""
LOWER, UPPER = "cuda_version_lower_bound", "cuda_version_upper_bound"


def features(context: Context) -> tuple[str, ...]:
    """The bounds that the driver's CUDA keeps, and the code that the device runs."""
    major, minor = (*numbers(newest_cuda(context.envelope)), 0)[:2]
    if major not in MAJORS:
        return ()
    return (
        *(f"nvidia :: {LOWER} :: {value}" for value in _lower_bounds(major, minor)),
        *(f"nvidia :: {UPPER} :: {value}" for value in _upper_bounds(major, minor)),
        *(
            f"nvidia :: sm_arch :: {code}"
            for capability in context.envelope.all("compute-capability")
            for code in _codes(capability)
        ),
    )


def _lower_bounds(major: int, minor: int) -> Iterator[str]:
    """The versions that are not above the driver's, newest first, each major alone after its minors."""
    for older in range(major, MAJORS.start - 1, -1):
        newest = minor if older == major else MINORS[-1]
        yield from (f"{older}.{each}" for each in range(newest, -1, -1))
        yield str(older)


def _upper_bounds(major: int, minor: int) -> Iterator[str]:
    """The versions above the driver's: a wheel's bound is the first that it does not run with."""
    for newer in range(MAJORS[-1], major, -1):
        yield from (f"{newer}.{each}" for each in reversed(MINORS))
        yield str(newer)
    yield from (f"{major}.{each}" for each in range(MINORS[-1], minor, -1))


def _codes(capability: str) -> Iterator[str]:
    """Code of the same major and no newer minor runs; a Jetson has its own, which nothing else runs."""
    major, minor = capability.split(".")
    if capability in JETSON:
        yield f"{major}{minor}_real"
    else:
        older = (f"{major}.{each}" for each in range(int(minor), -1, -1))
        yield from (f"{code.replace('.', '')}_real" for code in older if code not in JETSON)
    yield f"{major}0_virtual"


def cuda_major(properties: tuple[str, ...]) -> str | None:
    """The CUDA major that a variant is built for: its lower bound's."""
    bounds = [text.rpartition(":: ")[2] for text in properties if f":: {LOWER} ::" in text]
    return bounds[0].partition(".")[0] if bounds else None
