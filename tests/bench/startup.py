"""What provenv adds to the start of an interpreter: `--version`, `--help`, `run` and `env`."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from bench.measure import Cost, cost
from bench.places import fresh, home
from bench.tools import provenv, python

AT_MOST = 60
"""Milliseconds over a bare interpreter."""
PROJECT = """\
[project]
name = "bench"
version = "1"

[tool.provenv]
pip-config = false
accelerators = ["cpu"]
"""


def lines(runs: int) -> Iterator[str]:
    """A row for each command, in Markdown."""
    folder = fresh(home() / "work" / "startup")
    (folder / "pyproject.toml").write_text(PROJECT)
    for command in ("lock", "install"):
        cost([[provenv(), command, "--quiet", "--cache-dir", str(folder / "cache")]], folder)
    commands: dict[str, Sequence[str]] = {
        "--version": ["--version"],
        "--help": ["--help"],
        "run -- true": ["run", "--", "/bin/true"],
        "env": ["env"],
    }
    yield f"| start | CPU over a bare interpreter | wall | at most {AT_MOST} ms |"
    yield "|---|---|---|---|"
    for name, arguments in commands.items():
        bare: list[Cost] = []
        ours: list[Cost] = []
        cost([[provenv(), *arguments]], folder)
        for _ in range(max(9, runs)):
            bare.append(cost([[str(python()), "-c", "pass"]], folder))
            ours.append(cost([[provenv(), *arguments]], folder))
        cpu, wall = _added(bare, ours, "cpu"), _added(bare, ours, "wall")
        verdict = "within" if wall <= AT_MOST else "**over**"
        yield f"| `provenv {name}` | {cpu:.0f} ms | {wall:.0f} ms | {verdict} |"


def _added(bare: Sequence[Cost], ours: Sequence[Cost], figure: str) -> float:
    """Milliseconds that the median run takes more."""
    medians = [statistics.median(getattr(one, figure) for one in side) for side in (ours, bare)]
    return (medians[0] - medians[1]) * 1000
