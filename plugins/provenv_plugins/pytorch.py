"""What the accelerators share of PyTorch: where its wheels are published, which packages are of one build."""

from __future__ import annotations

INDEX = "https://download.pytorch.org/whl/"

# The index's pages lead to either host, and both have every file; every triton lies at the root, whichever
# build's page lists it, and a flat mirror has it beside the rest (recorded addresses of 2026-11-24).
ALIASES = (
    ("https://download-r2.pytorch.org/", "https://download.pytorch.org/"),
    (f"{INDEX}*/triton", f"{INDEX}triton"),
    (f"{INDEX}*/pytorch_triton", f"{INDEX}pytorch_triton"),
)

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


# What the build indexes hold beside, built against one torch and one CUDA, too. On the same pages lie old
# copies of other projects' packages (numpy 2.1.2, requests 2.28.1), which nobody means.
EXTENSIONS = ("torchao", "torchcodec", "torchtext", "torchdata", "xformers", "fbgemm-gpu*", "torch-tensorrt")


def publishes(url: str) -> tuple[str, ...]:
    """What to take from a build's index, or the page of all files, where a manifest names it."""
    own = url.startswith(("https://download.pytorch.org/whl", "https://download-r2.pytorch.org/whl"))
    return (*FAMILY, *EXTENSIONS) if own else ()


def undeclared(name: str, version: str) -> tuple[str, ...]:
    """See `torch_pairs.undeclared`."""
    from provenv_plugins.torch_pairs import undeclared as needs

    return needs(name, version)


def excludes(own: str, name: str, version: str) -> str | None:
    """See `torch_kinds.excludes`."""
    from provenv_plugins.torch_kinds import excludes as why

    return why(own, name, version)


def index_of(build: str) -> str:
    """The canonical address of a build's simple index."""
    return f"{INDEX}{build}"
