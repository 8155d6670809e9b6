"""`tests/bench/profile`: a profile of each workload, cold and warm, in build/profiles/ (which git ignores).

For each there is NAME.pstats, for `python -m pstats`, and NAME.txt with its heaviest functions. Of a cold run
it holds the main thread; what waits there is what the fetching threads do.
"""

from __future__ import annotations

import argparse
import pstats
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.measure import Failed, cost
from bench.places import ROOT
from bench.projects import Workspace
from bench.replica import URL, NoReplica, replica
from bench.tools import provenv

FOLDER = ROOT / "build" / "profiles"
HEAVIEST = 60
_PROFILED = """
import cProfile, sys
kept = sys.argv.pop(1)
profile = cProfile.Profile()
profile.enable()
from provenv.cli import main
code = main(sys.argv[1:])
profile.disable()
profile.dump_stats(kept)
sys.exit(code)
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Profiles, and says where; 0: done, 1: there is no replica here."""
    parser = argparse.ArgumentParser(prog="tests/bench/profile", description=__doc__)
    parser.add_argument("workload", nargs="*", help="W1, W2, W3a, W3b, W4 (default: all)")
    args = parser.parse_args(argv)
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        with replica():
            for workload in args.workload or ("W1", "W2", "W3b", "W3a", "W4"):
                _profile(workload)
    except NoReplica as problem:
        print(f"no replica: {problem}", file=sys.stderr)
        return 1
    return 0


def _profile(workload: str) -> None:
    workspace = Workspace.make(f"profile-{workload}", workload, URL)
    command = workspace.resolve() if workload.startswith("W3") else workspace.lock()
    python = str(Path(provenv()).parent / "python")
    for name in ("cold", "warm"):
        workspace.forget_locks()
        kept = FOLDER / f"{workload}-{name}.pstats"
        try:
            cost([[python, "-c", _PROFILED, str(kept), *command[1:]]], workspace.folder)
        except Failed as failure:
            print(f"{workload}, {name}: {failure}", file=sys.stderr)
            return
        with kept.with_suffix(".txt").open("w") as text:
            stats = pstats.Stats(str(kept), stream=text).strip_dirs()
            for order in ("tottime", "cumtime"):
                stats.sort_stats(order).print_stats(HEAVIEST)
        print(kept.with_suffix(".txt"))
