"""The fault harness, by one command:

    python tests/faults/run.py                       1,000 kills and 3,000 flipped bits (half an hour or more)
    python tests/faults/run.py --kills 50 --flips 0  some of it

Exit code 1 when anything was not as it should be. Another `--seed` draws other moments and other bits.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from faults.flips import flip_often
from faults.kills import kill_often


def main() -> int:
    """Runs what is asked for, and says what came of it."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=1000, metavar="N")
    parser.add_argument("--flips", type=int, default=3000, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    asked = parser.parse_args()
    problems = 0
    for name, work, count in (("flips", flip_often, asked.flips), ("kills", kill_often, asked.kills)):
        if count:
            with tempfile.TemporaryDirectory(prefix="provenv-faults-") as folder:
                tally = work(Path(folder), count, Random(asked.seed), _tell)
            _tell(f"{name}: {tally}")
            problems += len(tally.problems)
    return 1 if problems else 0


def _tell(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
