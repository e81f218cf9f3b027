"""When customers buy: the pulse of day, week and year, as a clock that runs fast in busy hours and slowly at night.

A customer's purchases are a Poisson process in *shopping time*, whose unit is an average day. A clock turns shopping
time into instants, so that December, Saturdays and lunch breaks are busier and nobody's order of events changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.samples.columns import Floats, Ints

_HOUR = 3600
_NIGHT = 0.004

_HOURS = {
    "consumer": (7, (1, 2, 4, 6, 7, 9, 8, 6, 6, 6, 6, 6, 8, 9, 6, 2)),
    "daytime": (9, (7, 9, 9, 5, 5, 8, 8, 6, 3)),
    "office": (8, (4, 9, 9, 8, 4, 5, 8, 8, 7, 3)),
}
_WEEK = {
    "consumer": (1.00, 0.95, 0.90, 0.95, 1.05, 1.20, 0.95),
    "daytime": (1.25, 1.15, 1.10, 1.10, 1.10, 0.85, 0.01),
    "office": (1.15, 1.25, 1.25, 1.20, 1.05, 0.02, 0.01),
}
_YEAR = {
    "everyday": ("consumer", 0.9, ((328, 357, 1.9), (1, 12, 1.2), (205, 235, 0.8))),
    "gifts": ("consumer", 0.3, ((319, 356, 6.5), (32, 44, 1.2), (62, 75, 1.2))),
    "offers": ("consumer", 0.5, ((325, 335, 6.0), (360, 366, 5.0), (1, 14, 4.0), (176, 195, 4.0))),
    "daytime": ("daytime", 0.9, ((319, 352, 1.6), (205, 235, 0.8))),
    "office": ("office", 1.0, ((213, 240, 0.6), (244, 275, 1.3), (355, 366, 0.1))),
}


@dataclass(frozen=True)
class Clock:
    """Shopping time against time, for one season's curve.

    Attributes:
        seconds: Hour marks, seconds since 1970-01-01 UTC, ascending.
        days: Shopping time gone by at each mark, in average days.
    """

    seconds: Floats
    days: Floats

    @property
    def length(self) -> float:
        """Shopping time from start to end, in average days."""
        return float(self.days[-1])

    def instants(self, days: Floats) -> Ints:
        """Turn shopping time into whole seconds since 1970-01-01 UTC; never decreasing, and before the end."""
        seconds = np.interp(days, self.days, self.seconds)
        whole: Ints = np.minimum(np.floor(seconds), self.seconds[-1] - 1).astype(np.int64)
        return whole

    def days_at(self, seconds: Floats) -> Floats:
        """Turn seconds since 1970-01-01 UTC into shopping time."""
        return np.interp(seconds, self.seconds, self.days)


def clock(season: str, start: int, end: int) -> Clock:
    """Make the clock of a season between two instants.

    Args:
        season: One of the names of `smalti.samples.personas.SEASONS`.
        start: Seconds since 1970-01-01 UTC.
        end: Likewise, later.

    >>> year = clock("gifts", 1_672_531_200, 1_704_067_200)
    >>> round(year.length / 365)
    1
    >>> november = float(year.days_at(np.array([1_698_796_800.0]))[0])
    >>> (year.length - november) / year.length > 0.4
    True
    """
    marks = np.append(np.arange(start, end, _HOUR, dtype=np.int64), end)
    pace = _pace(season, marks[:-1])
    days = np.concatenate([np.zeros(1), np.cumsum(pace * np.diff(marks) / 86400)])
    return Clock(marks.astype(np.float64), days)


def _pace(season: str, seconds: Ints) -> Floats:
    """How many average days of shopping a day is worth at these instants."""
    week, base, bumps = _YEAR[season]
    day, second = np.divmod(seconds, 86400)
    days = day.astype("datetime64[D]")
    of_year = (days - days.astype("datetime64[Y]")).astype(np.int64)
    weekday = (day + 3) % 7
    pace: Floats = (
        _year(base, bumps)[of_year] * _mean_one(np.array(_WEEK[week]))[weekday] * _hours(week)[second // _HOUR]
    )
    return pace


def _year(base: float, bumps: tuple[tuple[int, int, float], ...]) -> Floats:
    year = np.full(366, base)
    for first, last, level in bumps:
        year[first - 1 : last] = level
    return _mean_one(year)


def _hours(week: str) -> Floats:
    opens, busy = _HOURS[week]
    weights = np.zeros(24)
    weights[opens : opens + len(busy)] = busy
    return _mean_one(weights / weights.sum() + _NIGHT / 24)


def _mean_one(weights: Floats) -> Floats:
    scaled: Floats = weights / weights.mean()
    return scaled
