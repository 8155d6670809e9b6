"""exclude-newer in all the forms that it is written in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from provenv.manifest.times import cutoff

NOW = datetime(2026, 11, 24, 15, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-01", "2026-11-02T00:00:00Z"),
        ("2026-11-01T10:00:00Z", "2026-11-01T10:00:00Z"),
        ("2026-11-01T10:00:00+09:00", "2026-11-01T01:00:00Z"),
        ("2026-11-01 10:00:00", "2026-11-01T10:00:00Z"),
        ("1 week", "2026-11-17T00:00:00Z"),
        ("7 days", "2026-11-17T00:00:00Z"),
        ("7days", "2026-11-17T00:00:00Z"),
        ("P7D", "2026-11-17T00:00:00Z"),
        ("P1W", "2026-11-17T00:00:00Z"),
        ("24 hours", "2026-11-23T00:00:00Z"),
        ("PT12H", "2026-11-24T03:30:00Z"),
        ("1 day 2 hours", "2026-11-23T13:30:00Z"),
        ("2 weeks ago", "2026-11-10T00:00:00Z"),
    ],
)
def test_moments_and_spans(written: str, expected: str) -> None:
    assert cutoff(written, NOW) == expected


@pytest.mark.parametrize(
    "written", ["", "soon", "1 month", "P1Y", "P", "7", "2026-13-01", "9" * 30 + " days", 7, True, None, []]
)
def test_what_is_no_moment_is_none(written: object) -> None:
    assert cutoff(written, NOW) is None
