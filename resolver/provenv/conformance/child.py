"""The process in which a plugin is asked; its orders come on standard input."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from provenv.conformance.events import Events
from provenv.conformance.subjects import Subjects, load
from provenv.hooks.entry_points import EntryPoint


def main() -> None:
    """Loads the plugin, asks all of it, and tells what came of that."""
    # the descriptor is this module's own; what a plugin writes to standard output goes nowhere
    events = Events(os.dup(1))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    orders = json.load(sys.stdin)
    sys.dont_write_bytecode = True
    with tempfile.TemporaryDirectory(prefix="provenv-check-") as scratch:
        loaded = load(EntryPoint(**orders["entry"]), events, Path(scratch))
        if loaded is not None:
            Subjects(loaded, events, frozenset(orders["skipped"])).check()
    events.done()


if __name__ == "__main__":
    main()
