"""What the accelerators share of PyTorch: where its wheels are published, which packages are of one build."""

from __future__ import annotations

INDEX = "https://download.pytorch.org/whl/"

# Built together, from one index: a torchvision of another build than its torch can't be imported.
# triton is torch's own compiler and pinned by it; ROCm's and Intel's carry other names.
# Source: Requires-Dist of torch 2.0 to 2.15; the names as the PyTorch index lists them (2026-11-24).
FAMILY = (
    "torch",
    "torchvision",
    "torchaudio",
    "triton",
    "pytorch-triton",
    "pytorch-triton-*",
    "triton-rocm",
    "triton-xpu",
)


def index_of(build: str) -> str:
    """The canonical address of a build's simple index."""
    return f"{INDEX}{build}"
