"""The short form of the fault harness; `python tests/faults/run.py` is the long one."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

from faults.flips import flip_often
from faults.kills import kill_often

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names a Linux machine's targets and paths")


def test_a_kill_at_any_moment_leaves_nothing_half_made_that_is_taken_for_whole(tmp_path: Path) -> None:
    tally = kill_often(tmp_path, 16, Random(20261125), tell=lambda text: None)
    assert tally.problems == []
    assert tally.kills == 16


def test_a_flipped_bit_in_any_kind_of_cache_file_is_found(tmp_path: Path) -> None:
    tally = flip_often(tmp_path, 60, Random(20261125), tell=lambda text: None)
    assert tally.problems == []
    assert set(tally.kinds) == {
        "plugins", "v1/built-metadata", "v1/files", "v1/flats", "v1/hashes", "v1/metadata", "v1/pages",
        "v1/shapes",
    }  # fmt: skip
