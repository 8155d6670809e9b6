"""Where this interpreter finds what is installed."""

from __future__ import annotations

import os
import sys


def search_path_state() -> str:
    """A text that changes when something is (un)installed.

    One line per fact on which a scan of what is installed depends: a changed folder has another time.
    """
    lines = [f"{sys.executable}\t{sys.version.split()[0]}"]
    for entry in sys.path:
        try:
            # (un)installing makes or removes a .dist-info folder, which changes its parent's time
            changed = os.stat(entry or ".").st_mtime_ns  # noqa: PTH116  (a third of the price of Path.stat)
        except OSError:
            changed = 0
        lines.append(f"{entry or os.getcwd()}\t{changed}")  # noqa: PTH109  (pathlib's import is most of a start)
    return "\n".join(lines)


def source_of(package: str) -> str | None:
    """The file that would be run if a package (of the first level) were imported; None where there is none.

    As `importlib.util.find_spec`, whose import takes longer.
    """
    found = (finder.find_spec(package, None) for finder in sys.meta_path if hasattr(finder, "find_spec"))
    spec = next(filter(None, found), None)
    return spec.origin if spec is not None else None
