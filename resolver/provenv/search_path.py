"""Where this interpreter finds what is installed, as a text that changes when something is (un)installed."""

from __future__ import annotations

import os
import sys


def search_path_state() -> str:
    """One line per fact on which a scan of what is installed depends: a changed folder has another time."""
    lines = [f"{sys.executable}\t{sys.version.split()[0]}"]
    for entry in sys.path:
        try:
            # (un)installing makes or removes a .dist-info folder, which changes its parent's time
            changed = os.stat(entry or ".").st_mtime_ns  # noqa: PTH116  (a third of the price of Path.stat)
        except OSError:
            changed = 0
        lines.append(f"{entry or os.getcwd()}\t{changed}")  # noqa: PTH109  (pathlib's import is most of a start)
    return "\n".join(lines)
