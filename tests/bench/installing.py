"""Installing a lock of wheels: `provenv install` beside `uv pip sync` of the very same lock."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator

from bench.measure import Cost, Failed, cost
from bench.projects import Workspace
from bench.replica import URL, replica
from bench.tools import program, provenv, python

AT_MOST = 1.10
ROW = "| a lock of wheels (W1 without torch) | `uv venv`, `uv pip sync`"
TARGET = "linux-x86_64-cpu-py312"


def lines(runs: int) -> Iterator[str]:
    """A row, in Markdown: the files in uv's cache, a new environment each time."""
    with replica():
        workspace = Workspace.make("install", "W1", URL)
        manifest = workspace.folder / "others" / "pyproject.toml"
        # torch is gigabytes, and jieba no wheel
        manifest.write_text(manifest.read_text().replace("'torch', 'jieba', ", ""))
        cost([workspace.lock(TARGET)], workspace.folder)
        folder = workspace.folder / "others"
        lock = str(folder / "lockfiles" / f"pylock.{TARGET}.toml")
        theirs = str(workspace.folder / "venv")
        cache = {"UV_CACHE_DIR": str(workspace.cache("uv")), "UV_PYTHON_DOWNLOADS": "never"}
        install = [provenv(), "install", "--quiet", "--target", TARGET, "--python", str(python())]
        install += [str(folder), "--cache-dir", str(workspace.cache("provenv"))]
        make = [program("uv"), "venv", "-q", "--python", str(python()), theirs]
        sync = [program("uv"), "pip", "sync", "-q", "--python", f"{theirs}/bin/python", lock]

        def ours() -> Cost:
            shutil.rmtree(folder / ".provenv", ignore_errors=True)
            return cost([install], folder, cache)

        def uvs() -> Cost:
            shutil.rmtree(theirs, ignore_errors=True)
            return cost([make, sync], folder, cache)

        yield "| install | against | CPU | wall | at most |"
        yield "|---|---|---|---|---|"
        try:
            ours(), uvs()
            pairs = [(ours(), uvs()) for _ in range(max(5, runs))]
        except Failed as failure:
            yield f"{ROW} | did not run: {failure} | | |"
            return
        cpu, wall = (
            statistics.median(getattr(mine, figure) / getattr(other, figure) for mine, other in pairs)
            for figure in ("cpu", "wall")
        )
        verdict = f"wall {AT_MOST:.2f} {'within' if wall <= AT_MOST else '**over**'}"
        yield f"{ROW} | {cpu:.2f} | {wall:.2f} | {verdict} |"
