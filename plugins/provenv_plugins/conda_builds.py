"""Which builds of conda packages an accelerator takes: build strings say for what a package was compiled.

conda-forge writes `cuda129_generic_py313_h1a2b3c4_200`, `cuda129py313h1a2b3c4_1` and `rocm64_…`, the pytorch
channel `py3.10_cuda11.8_cudnn8.7.0_0` and `py310_cu118`.
"""

from __future__ import annotations

from provenv.hooks import Context
from provenv_plugins.cuda_drivers import newest_cuda, numbers

LINUX = ("pytorch", "libtorch", "jaxlib", "tensorflow-base")
"""The packages that have CPU builds and GPU builds of one name; on Windows PyTorch's alone have."""

OLDEST = 9

# The first CUDA that compiles for a compute capability, and the first that no longer does.
# Source: NVIDIA's CUDA Toolkit release notes and CUDA C++ Programming Guide, "Compute Capabilities", 13.0.
_FIRST = (
    ((12, 1), (12, 9)),
    ((12, 0), (12, 8)),
    ((11, 0), (13, 0)),
    ((10, 3), (12, 9)),
    ((10, 0), (12, 8)),
    ((8, 9), (11, 8)),
    ((8, 6), (11, 1)),
    ((8, 0), (11, 0)),
    ((7, 5), (10, 0)),
)
_DROPPED = (((5, 0), (12, 0)), ((7, 5), (13, 0)))
_LAST_MINOR = {9: 2, 10: 2, 11: 8, 12: 9}


def cuda_constraints(context: Context) -> tuple[str, ...]:
    """The CUDA builds of packages that have CPU builds too, of a CUDA that driver and devices take.

    `__cuda` alone only allows such a build, and a newer CPU build would be taken before it.
    """
    newest = numbers(newest_cuda(context.envelope))[0]
    least, below = _bounds([numbers(text) for text in context.envelope.all("compute-capability")])
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


def _bounds(capabilities: list[tuple[int, ...]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The least CUDA that all capabilities need, and the first that one of them no longer has."""
    least: tuple[int, ...] = (OLDEST, 0)
    below: tuple[int, ...] = (1000, 0)
    for capability in capabilities:
        first = next((cuda for known, cuda in _FIRST if capability >= known), (OLDEST, 0))
        dropped = next((cuda for known, cuda in _DROPPED if capability < known), (1000, 0))
        least, below = max(least, first), min(below, dropped)
    return least, below


def _majors(least: tuple[int, ...], newest: int) -> list[str]:
    """Each CUDA major as a pattern, the first with the minors that count."""
    found = []
    for major in range(max(OLDEST, least[0]), newest + 1):
        minors = range(least[1], _LAST_MINOR.get(major, 9) + 1) if major == least[0] else range(0)
        some = least[1] > 0 and major == least[0]
        found.append(f"{major}[.]?[{''.join(map(str, minors))}]" if some else str(major))
    return found
