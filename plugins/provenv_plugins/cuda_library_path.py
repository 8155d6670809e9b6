"""What LD_LIBRARY_PATH puts before the CUDA libraries that a torch brings with it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from provenv.hooks import Finding, Probe
from provenv_plugins.torch_installed import InstalledTorch

VARIABLE = "LD_LIBRARY_PATH"

# Their sonames end in CUDA's major (cuFFT's and cuRAND's do not).
_LIBRARY = re.compile(r"lib(?:cudart|cublas|cublasLt|cusolver|nvrtc)\.so\.(\d{2})(?:\.\d+)*")


def stale(probe: Probe, torch: InstalledTorch | None) -> Iterable[Finding]:
    """Folders with CUDA libraries of another major than torch's, of two majors, or with the stub driver."""
    folders = [folder for folder in (probe.environment(VARIABLE) or "").split(":") if folder]
    found: dict[str, str] = {}
    for folder in dict.fromkeys(folders):
        names = probe.folder(folder)
        for name in names:
            if match := _LIBRARY.fullmatch(name):
                found.setdefault(match[1], folder)
        if folder.rstrip("/").endswith("/stubs") and any(name.startswith("libcuda.so") for name in names):
            yield Finding(
                "cuda-stub-on-library-path",
                f"{VARIABLE} has {folder}, where a stub stands for the driver's libcuda.so",
                f"export {VARIABLE}={_without(folders, {folder})}",
                "error",
                "a program that loads it is told `CUDA driver is a stub library` and sees no GPU",
            )
    own = torch.runtime.split(".")[0] if torch and torch.built_for == "cuda" else None
    others = {major: folder for major, folder in found.items() if major != own}
    if (own and others) or len(found) > 1:
        words = ", ".join(f"CUDA {major} in {folder}" for major, folder in sorted(found.items()))
        beside = f"; {torch} is built for CUDA {torch.runtime}" if torch and own else ""
        yield Finding(
            "cuda-library-path-stale",
            f"{VARIABLE} leads to {words}{beside}",
            f"export {VARIABLE}={_without(folders, set(others.values()))}",
            "warning",
            "those folders are searched before the libraries that torch brings: a cuDNN or NCCL from there "
            "is loaded in place of its own",
        )


def _without(folders: list[str], unwanted: set[str]) -> str:
    return ":".join(folder for folder in dict.fromkeys(folders) if folder not in unwanted)
