"""`exclude-newer`: a date, a time or a span back from now, as one normalised text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from provenv.patterns import regex
from provenv.reads import unsure

_DATE = regex(r"\d{4}-\d{2}-\d{2}")
_FRIENDLY = regex(r"\s*(\d+)\s*([a-z]+)(?:\s+ago)?\s*,?", re.IGNORECASE)
_ISO_SPAN = regex(
    r"P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.IGNORECASE,
)
_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "wk", "week", "weeks"), timedelta(weeks=1)),
}

EXPECTED = '"2026-11-01", "2026-11-01T12:00:00Z" or a span such as "7 days"'


def cutoff(value: object, now: datetime | None = None) -> str | None:
    """The moment as `YYYY-MM-DDTHH:MM:SSZ`, None when the value is no moment.

    A date alone is its whole day: files of that day still exist, as uv reads it. A span of days is counted
    back from the beginning of today, so that a relock on the same day gives the same answer; a shorter one
    from this minute.
    """
    now = now or datetime.now(UTC)
    if isinstance(value, datetime):
        return _written(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, date):
        return _written(datetime(value.year, value.month, value.day, tzinfo=UTC) + timedelta(days=1))
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        if _DATE.fullmatch(text):
            return cutoff(date.fromisoformat(text))
        if _DATE.match(text):
            return cutoff(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None
    span = _span(text)
    if span is None:
        return None
    unsure()  # tomorrow it is another moment
    whole_days = span % timedelta(days=1) == timedelta()
    start = now.replace(second=0, microsecond=0)
    try:
        return _written((start.replace(hour=0, minute=0) if whole_days else start) - span)
    except OverflowError:
        return None


def last_moment(cutoff: str) -> str:
    """A moment of `cutoff` as its author would have written it: a date where it ends with a whole day."""
    moment = datetime.fromisoformat(cutoff)
    if cutoff.endswith("T00:00:00Z"):
        return (moment - timedelta(days=1)).date().isoformat()
    return cutoff


def _span(text: str) -> timedelta | None:
    iso = _ISO_SPAN.fullmatch(text)
    try:
        if iso and any(iso.groups()):
            return timedelta(**{unit: int(count) for unit, count in iso.groupdict().items() if count})
        total, at = timedelta(), 0
        while at < len(text):
            match = _FRIENDLY.match(text, at)
            unit = _UNITS.get(match.group(2).lower()) if match else None
            if match is None or unit is None:
                return None
            total, at = total + int(match.group(1)) * unit, match.end()
    except OverflowError:
        return None
    return total if text else None


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
