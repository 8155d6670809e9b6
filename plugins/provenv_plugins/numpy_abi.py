"""NumPy 2 beside a torch that was built against NumPy 1: neither reads the other's arrays."""

from __future__ import annotations

from provenv.hooks import Runtime
from provenv_plugins.numbers import parse_numbers

NUMPY_2_FROM = (2, 3)
"""The first torch that is built against NumPy 2: 2.2.2 (March 2024) is older than NumPy 2.0.

Beside NumPy 2 an older one warns when imported, and `from_numpy` fails with "Numpy is not available"."""


def carried(name: str, version: str) -> str | None:
    """The major of NumPy's C interface that a version of numpy has, or that a torch needs it to have."""
    if name not in ("numpy", "torch"):
        return None
    numbers = parse_numbers(version.partition("+")[0]) or ()
    if name == "numpy":
        return ("1" if numbers < (2,) else "2") if numbers else None
    return "1" if numbers and numbers < NUMPY_2_FROM else None


NUMPY_ABI = Runtime("NumPy ABI", ("2", "1"), carried)
