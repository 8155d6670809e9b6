"""The real matrix, 4 platforms x {cpu, cuda, rocm, mps} x 3 Pythons, on the replica of the PyTorch index."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from bench.measure import Cost, cost
from bench.places import fresh, home
from bench.tools import provenv

AT_MOST = 0.05
"""Of the first target's cost, what each further one may cost."""
PROJECT = """\
[project]
name = "bench"
version = "1"
dependencies = ["torch", "torchvision"]

[tool.provenv]
pip-config = false
python = ["3.11", "3.12", "3.13"]
platforms = ["linux-x86_64", "linux-aarch64", "macos-arm64", "windows-x86_64"]
accelerators = ["cpu", "cuda", "rocm", "mps"]
exclude = [{ platform = "windows-x86_64", accelerator = "rocm" }]
"""


def lines(runs: int) -> Iterator[str]:
    """A row cold and one warm, in Markdown."""
    from support.pytorch_replica import FACTS, PytorchReplica

    if not FACTS.exists():
        yield "The recorded PyTorch index is not here: its matrix was not measured."
        return
    folder = fresh(home() / "work" / "matrix")
    (folder / "pyproject.toml").write_text(PROJECT)
    with PytorchReplica() as replica:
        for host in (replica.main, replica.files, replica.default):
            host.max_age = 600
        settings = {"PROVENV_CONFIG": str(replica.config(folder / "config.toml"))}

        def lock(*flags: str, cold: bool) -> Cost:
            if cold:
                fresh(folder / "cache")
            fresh(folder / "lockfiles")
            arguments = ["lock", "--quiet", "--cache-dir", str(folder / "cache"), *flags]
            return cost([[provenv(), *arguments]], folder, settings)

        yield "| matrix | first target | all | targets | each further one | at most |"
        yield "|---|---|---|---|---|---|"
        for cold in (True, False):
            lock(cold=cold)
            count = len(list((folder / "lockfiles").iterdir()))
            pairs = [
                (lock("--target", "linux-x86_64-cuda-py312", cold=cold).cpu, lock(cold=cold).cpu)
                for _ in range(min(runs, 3))
            ]
            first, whole = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
            share = (whole - first) / (count - 1) / first
            verdict = f"{AT_MOST:.0%} {'within' if share <= AT_MOST else '**over**'}"
            name = "cold" if cold else "warm"
            yield f"| {name} | {first:.3f} s | {whole:.3f} s | {count} | {share:.1%} | {verdict} |"
