"""Whether torch.compile finds the compiler that it needs for what it generates."""

from __future__ import annotations

from collections.abc import Iterable

from provenv.doctor.commands import install_system_package
from provenv.hooks.types import Finding, Probe

# torch/_inductor/cpp_builder.py: $CXX, else g++ (Linux), clang++ (macOS), cl (Windows).
COMPILERS = {"Linux": ("g++", "clang++"), "Darwin": ("clang++",), "Windows": ("cl",)}
PACKAGES = {"": "gcc-c++", "debian": "g++", "ubuntu": "g++", "alpine": "g++", "arch": "gcc"}


def diagnose(probe: Probe) -> Iterable[Finding]:
    """No C++ compiler: a note, since training without torch.compile needs none."""
    system = probe.python("system") or ""
    found = [probe.executables(name) for name in COMPILERS.get(system, ())]
    if not found or None in found or any(found) or probe.environment("CXX"):
        return
    yield Finding(
        "cxx-compiler-missing",
        f"there is no C++ compiler on PATH ({', '.join(COMPILERS[system])})",
        _remedy(probe, system),
        "note",
        "torch.compile stops without one (`InvalidCxxCompiler`); eager training, the default, needs none",
    )


def _remedy(probe: Probe, system: str) -> str:
    if system == "Windows":
        return (
            "winget install Microsoft.VisualStudio.2022.BuildTools --override "
            '"--add Microsoft.VisualStudio.Workload.VCTools --passive"'
        )
    if system == "Darwin":
        return "xcode-select --install"
    return install_system_package(probe, PACKAGES) or "install g++ with the system's package manager"
