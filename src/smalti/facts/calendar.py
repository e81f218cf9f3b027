"""Days, weeks, months, quarters and years of instants, on the clocks of a time zone.

An instant has no date before somebody says where. Here a time zone is a table of offsets from UTC, found once
from the zone's own rules for 1900 to 2100; every function below is defined by that table alone, so that a query that
writes the table out gives the same answer in any engine. Outside those years the first and the last offset hold on.

Two readings of a clock are kept apart. The *naive* one (`local_day`, `PARTS`) is what a clock on the wall shows at the
instant: it may show a date, be put back across midnight, and show the date before again. The *partition* (`today`,
`start_of`, `next_start`) lets every unit begin once: a day begins at the earliest instant from which on the clock never
again shows a date before it. A midnight that is skipped begins its day at the moment of the jump; a day that is
skipped whole has no length and is never today. Weeks are those of ISO 8601, beginning on Monday; quarters begin with
January, April, July and October. Dates are of the Gregorian calendar, before its introduction too, as a count of
days since 1970-01-01.

>>> from smalti.facts.instants import format_instant, parse_instant
>>> noon = parse_instant("2026-06-30T12:00:00Z")
>>> format_instant(start_of("month", noon, "Europe/London")), format_instant(next_start("month", noon, "UTC"))
('2026-05-31T23:00:00Z', '2026-07-01')
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from smalti.errors import SmaltiError, nearest
from smalti.facts.instants import DAY, HOUR, MICROSECOND, SECOND, Instant, Microseconds, to_datetime

UNITS = ("day", "week", "month", "quarter", "year")
"""The units of the calendar, the shortest first."""

_ALWAYS: Instant = -(2**63)
_NEVER: Instant = 2**80
_FIRST = datetime(1900, 1, 1, tzinfo=UTC)
_LAST = datetime(2100, 1, 1, tzinfo=UTC)
_PROBE = timedelta(days=2)  # no zone has ever kept an offset for less than the 95 hours of Freetown in 1939


class _Clock(NamedTuple):
    """The offsets of a zone as stretches of time, made for searching.

    Attributes:
        ends: When each stretch ends, ascending; the last one never does.
        offsets: What the clocks are ahead of UTC in each stretch.
        ahead: The earliest reading of the clocks in all stretches after this one; ascending.
    """

    ends: tuple[Instant, ...]
    offsets: tuple[Microseconds, ...]
    ahead: tuple[int, ...]


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest(name, sorted(available_timezones()))
        hint = f"; did you mean '{near}'?" if near else ""
        raise SmaltiError(f"unknown time zone: found '{name}', wanted one such as Europe/London{hint}") from None


def _change(low: Instant, high: Instant, offset_at: Callable[[Instant], timedelta | None]) -> Instant:
    """Give the first microsecond in (low, high] whose offset isn't that of `low`; there is one such change."""
    before = offset_at(low)
    while high - low > MICROSECOND:
        middle = (low + high) // 2
        low, high = (middle, high) if offset_at(middle) == before else (low, middle)
    return high


@cache
def offsets(zone: str) -> tuple[tuple[Instant, ...], tuple[Microseconds, ...]]:
    """Give the zone's offsets from UTC: from when each holds, and what it is.

    Both are of one length, the starts ascending, neighbouring offsets unequal. An offset holds from its start to the
    microsecond before the next. The first start is the least int64, that is always: what held at the beginning of 1900
    is taken to have held before, and what holds at the beginning of 2100 to hold for ever.

    Raises:
        SmaltiError: There is no such time zone.

    >>> offsets("Asia/Kathmandu")
    ((-9223372036854775808, -1577943676000000, 504901800000000), (20476000000, 19800000000, 20700000000))
    """
    rules = _zone(zone)

    def offset_of(moment: datetime) -> timedelta | None:
        return moment.astimezone(rules).utcoffset()

    moments = [_FIRST + number * _PROBE for number in range((_LAST - _FIRST) // _PROBE)] + [_LAST]
    held = [offset_of(moment) for moment in moments]
    starts, found = [_ALWAYS], [held[0]]
    for number in (number for number in range(1, len(held)) if held[number] != held[number - 1]):
        low, high = _instant(moments[number - 1]), _instant(moments[number])
        starts.append(_change(low, high, lambda instant: offset_of(to_datetime(instant))))
        found.append(held[number])
    return tuple(starts), tuple((offset or timedelta()) // timedelta(microseconds=MICROSECOND) for offset in found)


def _instant(moment: datetime) -> Instant:
    return int(moment.timestamp()) * SECOND


@cache
def _clock(zone: str) -> _Clock:
    starts, found = offsets(zone)
    ahead = [_NEVER]
    for start, offset in zip(reversed(starts[1:]), reversed(found[1:]), strict=True):
        ahead.append(min(start + offset, ahead[-1]))
    return _Clock((*starts[1:], _NEVER), found, tuple(reversed(ahead)))


def _reading(instant: Instant, zone: str) -> int:
    """Give what the clocks show, as microseconds since they showed 1970-01-01 00:00."""
    clock = _clock(zone)
    return instant + clock.offsets[bisect_right(clock.ends, instant)]


def local_day(instant: Instant, zone: str) -> int:
    """Give the date that the clocks show at the instant, as days since 1970-01-01.

    >>> local_day(0, "Europe/London"), local_day(0, "America/New_York")
    (0, -1)
    """
    return _reading(instant, zone) // DAY


def days_from_civil(year: int, month: int, day_of_month: int) -> int:
    """Give a date as days since 1970-01-01; any year, also 0 and below.

    Years are taken from March on, so that a leap day is the last of its year, in cycles of 400 years or 146,097 days
    (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013).

    >>> days_from_civil(1970, 1, 1), days_from_civil(2000, 2, 29), days_from_civil(1, 1, 1)
    (0, 11016, -719162)
    """
    if month < 3:
        year -= 1
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day_of_month - 1
    return 365 * year + year // 4 - year // 100 + year // 400 + day_of_year - 719_468


@lru_cache(maxsize=1 << 15)
def civil(day: int) -> tuple[int, int, int]:
    """Give the year, month and day of month of a count of days since 1970-01-01; the inverse of `days_from_civil`.

    >>> civil(11016), civil(-719163)
    ((2000, 2, 29), (0, 12, 31))
    """
    cycle, rest = divmod(day + 719_468, 146_097)
    year = (rest - rest // 1_460 + rest // 36_524 - rest // 146_096) // 365
    rest -= 365 * year + year // 4 - year // 100
    month = (5 * rest + 2) // 153
    day_of_month = rest - (153 * month + 2) // 5 + 1
    return 400 * cycle + year + (month > 9), (month + 2) % 12 + 1, day_of_month


@lru_cache(maxsize=1 << 14)
def today(instant: Instant, zone: str) -> int:
    """Give the day that the instant lies in, as days since 1970-01-01: the earliest date shown from then on.

    It never goes back as time goes on. `local_day` is the same but for the minutes or hours that the clocks
    show a date before they are put back across midnight.

    >>> from smalti.facts.instants import parse_instant
    >>> twice = parse_instant("2006-10-29T00:00:30-02:30")
    >>> civil(local_day(twice, "America/St_Johns")), civil(today(twice, "America/St_Johns"))
    ((2006, 10, 29), (2006, 10, 28))
    """
    clock = _clock(zone)
    stretch = bisect_right(clock.ends, instant)
    return min(instant + clock.offsets[stretch], clock.ahead[stretch]) // DAY


def _begin(day: int, zone: str) -> Instant:
    """Give the instant after the last one at which the clocks show a date before `day`."""
    clock, midnight = _clock(zone), day * DAY
    stretch = bisect_left(clock.ahead, midnight)
    return min(midnight - clock.offsets[stretch], clock.ends[stretch])


def _days_of(unit: str, day: int) -> tuple[int, int]:
    """Give the first day of the unit that holds `day`, and the first day of the next."""
    if unit == "day":
        return day, day + 1
    if unit == "week":
        monday = day - (day + 3) % 7
        return monday, monday + 7
    year, month, _ = civil(day)
    if unit == "year":
        return days_from_civil(year, 1, 1), days_from_civil(year + 1, 1, 1)
    months = {"month": 1, "quarter": 3}.get(unit)
    if months is None:
        near = nearest(unit, UNITS)
        hint = f"; did you mean '{near}'?" if near else ""
        raise SmaltiError(f"unknown unit of the calendar: found '{unit}', wanted one of {', '.join(UNITS)}{hint}")
    first = month - (month - 1) % months
    years, last = divmod(first + months - 1, 12)
    return days_from_civil(year, first, 1), days_from_civil(year + years, last + 1, 1)


@lru_cache(maxsize=1 << 12)
def _span(unit: str, day: int, zone: str) -> tuple[Instant, Instant]:
    first, following = _days_of(unit, day)
    return _begin(first, zone), _begin(following, zone)


@lru_cache(maxsize=1 << 14)
def start_of(unit: str, instant: Instant, zone: str) -> Instant:
    """Give the latest instant at or before this one at which a unit of the calendar begins.

    It never goes back as time goes on, and is its own start.

    Raises:
        SmaltiError: There is no such unit or time zone.

    >>> from smalti.facts.instants import format_instant, parse_instant
    >>> noon = parse_instant("2018-11-04T12:00", "America/Sao_Paulo")
    >>> format_instant(start_of("day", noon, "America/Sao_Paulo"))  # midnight was skipped: the day began at 01:00
    '2018-11-04T03:00:00Z'
    """
    return _span(unit, today(instant, zone), zone)[0]


@lru_cache(maxsize=1 << 14)
def next_start(unit: str, instant: Instant, zone: str) -> Instant:
    """Give the earliest instant after this one at which a unit of the calendar begins.

    Raises:
        SmaltiError: There is no such unit or time zone.

    >>> from smalti.facts.instants import format_instant, parse_instant
    >>> format_instant(next_start("week", parse_instant("2026-06-30"), "UTC"))
    '2026-07-06'
    """
    return _span(unit, today(instant, zone), zone)[1]


def _year(instant: Instant, zone: str) -> int:
    return civil(local_day(instant, zone))[0]


def _month(instant: Instant, zone: str) -> int:
    return civil(local_day(instant, zone))[1]


def _day_of_month(instant: Instant, zone: str) -> int:
    return civil(local_day(instant, zone))[2]


def _weekday(instant: Instant, zone: str) -> int:
    return (local_day(instant, zone) + 3) % 7 + 1


def _hour(instant: Instant, zone: str) -> int:
    return _reading(instant, zone) % DAY // HOUR


PARTS: dict[str, Callable[[Instant, str], int]] = {
    "year": _year,
    "month": _month,
    "day_of_month": _day_of_month,
    "weekday": _weekday,
    "hour": _hour,
}
"""Parts of an instant as the clocks of a zone show them: year, month 1 to 12, day_of_month 1 to 31, weekday 1 (Monday)
to 7, hour 0 to 23."""


def calendar_days_since(then: Instant, now: Instant, zone: str) -> int:
    """Give the days from the date shown at `then` to the day `now` lies in: 0 on that date, negative before.

    It never falls as `now` goes on.

    >>> from smalti.facts.instants import parse_instant
    >>> calendar_days_since(parse_instant("2026-06-29T23:59Z"), parse_instant("2026-06-30T00:00Z"), "UTC")
    1
    """
    return today(now, zone) - local_day(then, zone)


def _anniversary(year: int, month: int, day_of_month: int) -> int:
    """Give the date in `year`; 29 February is the day before 1 March, whichever that is."""
    if (month, day_of_month) == (2, 29):
        return days_from_civil(year, 3, 1) - 1
    return days_from_civil(year, month, day_of_month)


def years_since(then: Instant, now: Instant, zone: str) -> int:
    """Give the completed years from the date shown at `then` to the day `now` lies in, as ages are counted.

    It is the greatest whole number n, so that the date n years after that of `then` has come: 0 on the date itself, -1
    up to a year before it. A 29 February is kept on the 28th in years without one. It never falls as `now` goes on.

    >>> from smalti.facts.instants import parse_instant
    >>> born = parse_instant("2000-02-29")
    >>> [years_since(born, parse_instant(now), "UTC") for now in ("2026-02-27", "2026-02-28", "1999-03-01")]
    [25, 26, -1]
    """
    year, month, day_of_month = civil(local_day(then, zone))
    day = today(now, zone)
    this_year = civil(day)[0]
    return this_year - year - (_anniversary(this_year, month, day_of_month) > day)


def days_to_anniversary(then: Instant, now: Instant, zone: str) -> int:
    """Give the days from the day `now` lies in to the next anniversary of the date shown at `then`: 0 to 365.

    0 on the day itself. Only month and day of the month count, so `then` may lie ahead. A 29 February is kept on the
    28th in years without one.

    >>> from smalti.facts.instants import parse_instant
    >>> born = parse_instant("2000-02-29")
    >>> [days_to_anniversary(born, parse_instant(now), "UTC") for now in ("2026-02-27", "2026-02-28", "2027-03-01")]
    [1, 0, 365]
    """
    _, month, day_of_month = civil(local_day(then, zone))
    day = today(now, zone)
    year = civil(day)[0]
    this_year = _anniversary(year, month, day_of_month)
    return (this_year if this_year >= day else _anniversary(year + 1, month, day_of_month)) - day


COUNTS: dict[str, Callable[[Instant, Instant, str], int]] = {
    "calendar_days_since": calendar_days_since,
    "years_since": years_since,
    "days_to_anniversary": days_to_anniversary,
}
"""Counts from an instant to now on the calendar of a zone: ``(then, now, zone)``."""
