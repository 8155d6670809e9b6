"""For which kind of device a package beside torch is compiled: its libraries look for that kind of torch."""

from __future__ import annotations

import re
from functools import cache

from provenv_plugins.tables import rows

# `+cu126`, `+cu12torch2.8cxx11abitrue`, `+pt27cu126`; `+rocm700`, `+pt28rocm64`; `+xpu`
_LABELS = (
    ("CUDA", re.compile(r"(?:pt\d+)?cu(?:da)?\d")),
    ("ROCm", re.compile(r"(?:pt\d+)?(?:rocm|hip)[\d.]")),
    ("XPU", re.compile(r"(?:pt\d+)?xpu(?![a-z])")),
)


def excludes(own: str, name: str, version: str) -> str | None:
    """Why a version of a package can't stand beside a torch for `own` (CUDA, ROCm); None where it can."""
    _, _, label = version.lower().partition("+")
    if label:
        kind = next((kind for kind, pattern in _LABELS if pattern.match(label)), own)
    else:
        kind = "CUDA" if own != "CUDA" and name in _published_for_cuda() else own
    return None if kind == own else f"is compiled for {kind}, and this target's torch is {own}'s"


@cache
def _published_for_cuda() -> frozenset[str]:
    """What the default index has for CUDA alone and is compiled against torch."""
    return frozenset(row.text("name") for row in rows("cuda_carriers", "extension"))
