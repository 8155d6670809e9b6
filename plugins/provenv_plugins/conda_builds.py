"""Which builds of conda packages an accelerator takes: build strings say for what a package was compiled.

conda-forge writes `cuda129_generic_py313_h1a2b3c4_200`, `cuda129py313h1a2b3c4_1` and `rocm64_…`, the pytorch
channel `py3.10_cuda11.8_cudnn8.7.0_0` and `py310_cu118`.
"""

from __future__ import annotations

from provenv.hooks import Context
from provenv_plugins.cuda_builds import JETSON
from provenv_plugins.cuda_drivers import newest_cuda, numbers
from provenv_plugins.tables import Row, rows

LINUX = ("pytorch", "libtorch", "jaxlib", "tensorflow-base")
"""The packages that have CPU builds and GPU builds of one name; on Windows PyTorch's alone have."""

OLDEST = 9
"""The oldest CUDA that is looked for: the pytorch channel's first builds."""

THOR_BEFORE_13 = (10, 1)
"""Thor's capability as CUDA 12 says it; what is compiled for 10.0 does not run on it."""

# CUDA's releases: the last minor version of each major.
_LAST_MINOR = {9: 2, 10: 2, 11: 8, 12: 9}


def cuda_constraints(context: Context) -> tuple[str, ...]:
    """The CUDA builds of packages that have CPU builds too, of a CUDA that driver and devices take.

    `__cuda` alone only allows such a build, and a newer CPU build would be taken before it.
    """
    newest = numbers(newest_cuda(context.envelope))[0]
    least, below = _bounds(list(context.envelope.all("compute-capability")))
    versions = "|".join(_majors(least, min(below[0] - 1, newest)))
    pattern = f"^.*cu(da)?({versions})[0-9.]*.*$" if versions else "^no CUDA serves all of these GPUs$"
    return tuple(f'{name}[build="{pattern}"]' for name in _packages(context))


def rocm_constraints(context: Context) -> tuple[str, ...]:
    """The ROCm builds, likewise."""
    return tuple(f'{name}[build="^.*(rocm|hip)[0-9].*$"]' for name in _packages(context))


def cpu_constraints(context: Context) -> tuple[str, ...]:
    """Not the GPU builds: conda-forge's ask for `__cuda`, the pytorch channel's ask for nothing at all."""
    return tuple(f'{name}[build="^(?!.*(cu(da)?[0-9]|rocm|hip[0-9])).*$"]' for name in _packages(context))


def _packages(context: Context) -> tuple[str, ...]:
    return LINUX if context.os == "linux" else LINUX[:2]


def _bounds(capabilities: list[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The least CUDA that all capabilities need, and the first that one of them no longer has."""
    least: tuple[int, ...] = (OLDEST, 0)
    below: tuple[int, ...] = (1000, 0)
    for capability in capabilities:
        least, below = max(least, _first(capability)), min(below, _dropped(capability))
    return least, below


def _first(capability: str) -> tuple[int, ...]:
    """The first CUDA whose code runs on a GPU; for one that is newer than the table the newest CUDA there."""
    own = numbers(capability)[:2]
    known = {
        numbers(c): numbers(row.text("cuda")) for row in _rows("first") for c in row.texts("capabilities")
    }
    if own > max(known):
        return max(known.values())
    apart = capability in JETSON or own == THOR_BEFORE_13
    found = [
        cuda for one, cuda in known.items() if one == own or (not apart and one[0] == own[0] and one < own)
    ]
    return min(found, default=(OLDEST, 0))


def _dropped(capability: str) -> tuple[int, ...]:
    """The first CUDA that no longer compiles for a GPU."""
    own = numbers(capability)[:2]
    if own == THOR_BEFORE_13:
        return (13, 0)
    found = [numbers(row.text("cuda")) for row in _rows("dropped") if own < numbers(row.text("below"))]
    return min(found, default=(1000, 0))


def _rows(kind: str) -> tuple[Row, ...]:
    return tuple(rows("cuda_compilers", kind))


def _majors(least: tuple[int, ...], newest: int) -> list[str]:
    """Each CUDA major as a pattern, the first with the minors that count."""
    found = []
    for major in range(max(OLDEST, least[0]), newest + 1):
        minors = range(least[1], _LAST_MINOR.get(major, 9) + 1) if major == least[0] else range(0)
        some = least[1] > 0 and major == least[0]
        found.append(f"{major}[.]?[{''.join(map(str, minors))}]" if some else str(major))
    return found
