"""The calendar in integers: what `smalti.facts.calendar` says of one instant, said of a column of them.

No engine's calendar has a say: a zone's offsets are written out as a search among constants, and dates come from days by
integer arithmetic. Each value that is needed more than once becomes a column of its own, or queries would grow without end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import ibis

from smalti.facts import DAY, HOUR, Instant, civil, days_from_civil, offsets, today

Bind: TypeAlias = Callable[[Any], Any]
"""Makes an expression a column of the table, so that it can be used often at no cost."""

_MARCH_0000 = 719_468
_CYCLE, _CENTURY, _FOUR_YEARS, _YEAR = 146_097, 36_524, 1_460, 365


@dataclass(frozen=True)
class _Date:
    """Columns of the parts of dates."""

    year: Any
    month: Any
    day_of_month: Any


def on_calendar(function: str, instant: Any, zone: str, now: Instant, bind: Bind) -> Any:
    """Give what a calendar function says of a column of instants.

    Args:
        function: A member of `functions.CALENDAR`.
        instant: The column.
        zone: The name of the time zone.
        now: The as-of instant.
        bind: Makes columns.
    """
    local = bind(_on_the_clock(bind(instant), zone))
    if function == "hour":
        return _floor(_remainder(local, DAY), HOUR)
    day = bind(_days(local))
    if function == "weekday":
        return _remainder(day + 3, 7) + 1
    if function == "calendar_days_since":
        return _whole(today(now, zone)) - day
    date = _civil(day, bind)
    if function in _DATES:
        return _DATES[function](date, today(now, zone), bind)
    return getattr(date, function)


def _on_the_clock(instant: Any, zone: str) -> Any:
    starts, ahead = offsets(zone)

    def search(low: int, high: int) -> Any:
        if high - low == 1:
            return _whole(ahead[low])
        middle = (low + high) // 2
        return ibis.ifelse(instant < _whole(starts[middle]), search(low, middle), search(middle, high))

    return instant + search(0, len(starts))


def _whole(value: int) -> Any:
    return ibis.literal(value, type="int64")


def _remainder(value: Any, divisor: int) -> Any:
    """Give what is left over, never negative, whichever sign the engine gives the remainder of a negative number."""
    return (value % _whole(divisor) + _whole(divisor)) % _whole(divisor)


def _floor(value: Any, divisor: int) -> Any:
    """Divide and round down; exact for values below 2**53, which reals hold whole."""
    return (value.cast("float64") / float(divisor)).floor().cast("int64")


def _days(local: Any) -> Any:
    """Divide microseconds into days, rounding down, exactly for all of int64: the quotient is whole up to a last bit."""
    return ((local - _remainder(local, DAY)).cast("float64") / float(DAY) + 0.5).floor().cast("int64")


def _civil(day: Any, bind: Bind) -> _Date:
    """Give dates from days since 1970-01-01, as `smalti.facts.civil` does."""
    since = bind(day + _MARCH_0000)
    cycle = bind(_floor(since, _CYCLE))
    rest = bind(since - cycle * _CYCLE)
    leaps = _floor(rest, _FOUR_YEARS) - _floor(rest, _CENTURY) + _floor(rest, _CYCLE - 1)
    year = bind(_floor(rest - leaps, _YEAR))
    in_year = bind(rest - year * _YEAR - _floor(year, 4) + _floor(year, 100))
    from_march = bind(_floor(in_year * 5 + 2, 153))
    next_year = ibis.ifelse(from_march > 9, _whole(1), _whole(0))
    return _Date(
        bind(cycle * 400 + year + next_year),
        bind((from_march + 2) % 12 + 1),
        bind(in_year - _floor(from_march * 153 + 2, 5) + 1),
    )


def _kept_on(date: _Date, year: int) -> Any:
    """Give the day of the month on which a date is kept in a year: 29 February on the 28th in years without one."""
    if days_from_civil(year, 3, 1) - days_from_civil(year, 2, 28) == 2:
        return date.day_of_month
    leap_day = (date.month == 2) & (date.day_of_month == 29)
    return ibis.ifelse(leap_day, _whole(28), date.day_of_month)


def _years_since(date: _Date, day: int, bind: Bind) -> Any:
    year, month, day_of_month = civil(day)
    kept_on = bind(_kept_on(date, year))
    to_come = (date.month > month) | ((date.month == month) & (kept_on > day_of_month))
    return _whole(year) - date.year - ibis.ifelse(to_come, _whole(1), _whole(0))


def _anniversary(date: _Date, year: int) -> Any:
    """Give the anniversary in a year as days since 1970-01-01."""
    months = [(date.month == month, _whole(days_from_civil(year, month, 1) - 1)) for month in range(1, 13)]
    return ibis.cases(*months) + _kept_on(date, year)


def _days_to_anniversary(date: _Date, day: int, bind: Bind) -> Any:
    year = civil(day)[0]
    this_year = bind(_anniversary(date, year))
    return ibis.ifelse(this_year >= day, this_year, _anniversary(date, year + 1)) - _whole(day)


_DATES = {"years_since": _years_since, "days_to_anniversary": _days_to_anniversary}
