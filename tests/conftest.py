"""Makes `tests/support/` importable (`from support.index_server import TestIndex`) and hypothesis steady.

A run of the tests judges the change, not luck: hypothesis draws the same examples each time. A longer run by
command (`PROVENV_EXAMPLES=30000`) draws new ones.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import settings

TESTS = str(Path(__file__).resolve().parent)
if TESTS not in sys.path:
    sys.path.insert(0, TESTS)

settings.register_profile("steady", derandomize=True, database=None)
if "PROVENV_EXAMPLES" not in os.environ:
    settings.load_profile("steady")
