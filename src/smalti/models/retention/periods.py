"""Periods of contracts: which occasions to renew have been, and on which of them a customer left.

Periods are counted on the calendar: a month after 31 January is the last of February, and two months after it 31 March.
Dates are days since 1970-01-01 as the clocks of the customer's or the company's time zone show them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smalti.errors import ModelError, nearest
from smalti.facts import DAY, offsets
from smalti.models.arrays import Integers

_WRITTEN = re.compile(r"\s*(\d+)\s*([A-Za-z]+?)s?\s*")
_UNITS = {"day": ("day", 1), "week": ("day", 7), "month": ("month", 1), "quarter": ("month", 3), "year": ("month", 12)}
_MEAN_MONTH = 365.2425 / 12
_MOST = 10_000


@dataclass(frozen=True)
class Period:
    """How long until a contract is renewed each time.

    Attributes:
        count: How many units.
        unit: `day` or `month`; weeks are days, quarters and years are months.
        name: As people say it, such as `month` or `2 weeks`.
    """

    count: int
    unit: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read a whole number of days, weeks, months, quarters or years.

        Raises:
            ModelError: The text is not such a period.

        Examples:
            >>> Period.parse("1 year"), Period.parse("2 weeks").name
            (Period(count=12, unit='month', name='year'), '2 weeks')
        """
        written = _WRITTEN.fullmatch(text)
        unit = written[2].lower() if written else ""
        if written is None or unit not in _UNITS or not 1 <= int(written[1]) <= _MOST:
            near = nearest(unit, _UNITS) if unit else None
            hint = f"; did you mean '{near}'?" if near and unit not in _UNITS else ""
            raise ModelError(f"not a period: found '{text}', wanted one such as 1 month, 2 weeks or 1 year{hint}")
        count = int(written[1])
        base, times = _UNITS[unit]
        return cls(count * times, base, unit if count == 1 else f"{count} {unit}s")

    @property
    def days(self) -> float:
        """How many days it is long, on the mean.

        >>> round(Period.parse("1 month").days, 2)
        30.44
        """
        return self.count * (1.0 if self.unit == "day" else _MEAN_MONTH)

    def many(self, count: int) -> str:
        """Say how long so many of them are.

        >>> Period.parse("1 month").many(3), Period.parse("2 weeks").many(3), Period.parse("1 year").many(1)
        ('3 months', '3 periods of 2 weeks', '1 year')
        """
        if self.name[0].isdigit():
            return f"{count} {'period' if count == 1 else 'periods'} of {self.name}"
        return f"{count} {self.name}{'' if count == 1 else 's'}"

    def passed(self, start: Integers, until: Integers) -> Integers:
        """Return how many whole periods lie between dates; negative where `until` is before `start`.

        Examples:
            >>> days = np.array(["2026-01-31", "2026-01-31", "2026-01-31"], dtype="datetime64[D]").astype(np.int64)
            >>> ends = np.array(["2026-02-27", "2026-02-28", "2026-03-30"], dtype="datetime64[D]").astype(np.int64)
            >>> Period.parse("1 month").passed(days, ends).tolist()
            [0, 1, 1]
        """
        if self.unit == "day":
            return np.asarray((until - start) // self.count)
        (from_month, from_day, _), (to_month, to_day, length) = _civil(start), _civil(until)
        short = np.minimum(from_day, length) > to_day
        return np.asarray((to_month - from_month - short) // self.count)

    def left_on(self, start: Integers, end: Integers) -> Integers:
        """Return the occasion on which a customer left: the first on or after the date her contract ended, from 1.

        Examples:
            >>> days = np.array(["2026-01-15"] * 3, dtype="datetime64[D]").astype(np.int64)
            >>> ends = np.array(["2026-01-20", "2026-02-15", "2026-02-16"], dtype="datetime64[D]").astype(np.int64)
            >>> Period.parse("1 month").left_on(days, ends).tolist()
            [1, 1, 2]
        """
        return np.asarray(np.maximum(self.passed(start, end - 1), 0) + 1)


def _civil(days: Integers) -> tuple[Integers, Integers, Integers]:
    """Return months since 1970-01, the day of the month from 1, and how many days that month has."""
    dates: NDArray[Any] = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    following = (months + 1).astype("datetime64[D]").astype(np.int64)
    return months.astype(np.int64), days - first + 1, following - first


def local_days(instants: Integers, zone: str) -> Integers:
    """Return the dates that the clocks of a zone show at instants, as days since 1970-01-01.

    Raises:
        SmaltiError: There is no such time zone.

    Examples:
        >>> local_days(np.array([0]), "UTC").tolist(), local_days(np.array([0]), "America/New_York").tolist()
        ([0], [-1])
    """
    starts, ahead = (np.array(part, dtype=np.int64) for part in offsets(zone))
    shift = ahead[np.searchsorted(starts, instants, side="right") - 1]
    return np.asarray((instants + shift) // DAY)
