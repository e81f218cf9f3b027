"""Instants and durations: whole microseconds, UTC, nothing else.

An instant is an int: microseconds since 1970-01-01T00:00:00Z. A duration is a count of microseconds, so that
``30 days`` is exactly 30 x 24 hours whatever the clocks did; calendar units need a time zone and live elsewhere.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from smalti.errors import SmaltiError, nearest

Instant: TypeAlias = int
"""Microseconds since 1970-01-01T00:00:00Z."""
Microseconds: TypeAlias = int
"""A length of time in microseconds."""

MICROSECOND: Microseconds = 1
SECOND: Microseconds = 1_000_000
MINUTE: Microseconds = 60 * SECOND
HOUR: Microseconds = 60 * MINUTE
DAY: Microseconds = 24 * HOUR
WEEK: Microseconds = 7 * DAY
YEAR: Microseconds = 365 * DAY + 6 * HOUR
"""The Julian year of 365.25 days; for rates per year, not for calendars."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FOREVER_AGO: Instant = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
"""The instant of an attribute that carries none: it has held for as long as we can say."""

LAST_INSTANT: Instant = (datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
"""The last microsecond that has a date: of the year 9999."""
LONGEST: Microseconds = 10_000 * YEAR
"""The longest duration that can be written: longer than all of time there is."""

_UNITS = {"microsecond": MICROSECOND, "second": SECOND, "minute": MINUTE, "hour": HOUR, "day": DAY, "week": WEEK}
_DURATION = re.compile(r"\s*(\d+)\s*([A-Za-z]+)\s*")


def parse_instant(text: str, time_zone: str = "UTC") -> Instant:
    """Read an ISO 8601 date or date and time; one without an offset is read in `time_zone`.

    A date alone means its first microsecond.

    Raises:
        SmaltiError: The text is not an ISO 8601 date, or lies beyond the years 1 to 9999 in UTC.

    >>> parse_instant("1970-01-02")
    86400000000
    >>> parse_instant("2026-07-01T00:00:00", "Europe/London") == parse_instant("2026-06-30T23:00:00Z")
    True
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise SmaltiError(
            f"not an instant: found '{text}', wanted a date such as 2026-06-30 or 2026-06-30T12:00:00Z"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(time_zone))
    return dated((moment - _EPOCH) // timedelta(microseconds=1), text)


def dated(instant: Instant, text: str) -> Instant:
    """Give an instant back if it has a date.

    Raises:
        SmaltiError: It lies beyond the years 1 to 9999; the message tells the text it came from.

    >>> dated(0, "1970-01-01")
    0
    """
    if not FOREVER_AGO <= instant <= LAST_INSTANT:
        raise SmaltiError(f"beyond the calendar: found '{text}', wanted an instant of the years 1 to 9999 in UTC")
    return instant


def to_datetime(instant: Instant) -> datetime:
    """Give the instant as an aware datetime in UTC.

    >>> to_datetime(0)
    datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    return _EPOCH + timedelta(microseconds=instant)


def format_instant(instant: Instant) -> str:
    """Write the instant in ISO 8601, UTC, without parts that are zero.

    >>> format_instant(86_400_000_000), format_instant(1)
    ('1970-01-02', '1970-01-01T00:00:00.000001Z')
    """
    moment = to_datetime(instant)
    if instant % DAY == 0:
        return moment.date().isoformat()
    return moment.replace(tzinfo=None).isoformat() + "Z"


def parse_duration(text: str) -> Microseconds:
    """Read a duration such as ``30 days`` or ``1 hour``.

    Raises:
        SmaltiError: The text is not a whole number and a unit we know, or longer than `LONGEST`.

    >>> parse_duration("30 days") == 30 * 24 * 3600 * 1_000_000
    True
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise SmaltiError(f"not a duration: found '{text}', wanted a whole number and a unit, such as 30 days")
    number, word = match.groups()
    unit = word.lower().removesuffix("s")
    if unit not in _UNITS:
        near = nearest(word, [f"{name}s" for name in _UNITS])
        hint = f"; did you mean '{near}'?" if near else ""
        raise SmaltiError(
            f"unknown unit of time: found '{word}', wanted one of {', '.join(f'{n}s' for n in _UNITS)}{hint}"
        )
    if len(number) > 20 or int(number) * _UNITS[unit] > LONGEST:
        raise SmaltiError(f"too long: found '{text.strip()}', wanted at most 10,000 years, which are 3,652,500 days")
    return int(number) * _UNITS[unit]


def format_duration(duration: Microseconds) -> str:
    """Write a duration in the largest unit that divides it, weeks left to days.

    >>> format_duration(30 * DAY), format_duration(HOUR), format_duration(90 * SECOND)
    ('30 days', '1 hour', '90 seconds')
    """
    for name in ("day", "hour", "minute", "second"):
        if duration % _UNITS[name] == 0:
            break
    else:
        name = "microsecond"
    count = duration // _UNITS[name]
    return f"{count} {name}" + ("" if count == 1 else "s")
