"""What can be tried out before it is settled: off unless a manifest's `preview` or `--preview` names it."""

from __future__ import annotations

WHEEL_VARIANTS = "wheel-variants"
"""Wheels for one kind of hardware, as the drafts PEP 817 and 825 have them."""

PREVIEWS = (WHEEL_VARIANTS,)
