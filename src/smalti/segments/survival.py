"""How long members stay: survival by Kaplan and Meier, and the half-life of membership."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from smalti.facts import Microseconds
from smalti.segments.spells import LEFT, Spells

Floats: TypeAlias = npt.NDArray[np.float64]
_Z = 1.959963984540054
"""The normal quantile of a 95 % interval."""

HALF_LIVES = pa.schema(
    [("segmentation", pa.string()), ("segment", pa.string()), ("spells", pa.int64()), ("left", pa.int64())]
    + [(name, pa.duration("us")) for name in ("half_life", "low", "high", "watched")]
    + [("staying", pa.float64())]
)
"""A row per segment, ordered by segmentation and segment."""


@dataclass(frozen=True, eq=False)
class Survival:
    """The share of members who are still in after a time, at each time at which somebody left.

    Attributes:
        times: Microseconds since a member was first seen, ascending.
        at_risk: Members watched for so long who had not left before.
        left: How many of them left then.
        staying: Share still in after it.
        low: Lower end of its 95 % interval.
        high: Upper end of its 95 % interval; NaN where all have left.
    """

    times: npt.NDArray[np.int64]
    at_risk: npt.NDArray[np.int64]
    left: npt.NDArray[np.int64]
    staying: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class HalfLife:
    """The time after which half of the members have left.

    Attributes:
        time: Microseconds; None where more than half are still in after the longest time watched.
        low: Lower end of its 95 % interval, None where it lies beyond what was watched.
        high: Upper end of its 95 % interval, None where it lies beyond what was watched.
        spells: Spells that were watched for longer than one run.
        left: How many of them ended by a move of the customer.
        watched: The longest time a spell was watched, microseconds.
        staying: Share still in after the last time at which somebody left; 1 if nobody did.
    """

    time: Microseconds | None
    low: Microseconds | None
    high: Microseconds | None
    spells: int
    left: int
    watched: Microseconds
    staying: float


def survival(times: npt.NDArray[np.int64], left: npt.NDArray[np.bool_]) -> Survival:
    """Estimate how many stay how long, where some were still in when last seen.

    Kaplan and Meier, Nonparametric estimation from incomplete observations (1958). The intervals are those of
    log(-log) of the share, with Greenwood's variance. Members last seen at the very time at which others left count as
    at risk then.

    Args:
        times: Microseconds from first seen to left, or to last seen.
        left: Whether the member left, or was still in when last seen.

    >>> found = survival(np.array([1, 2, 2, 3]), np.array([True, True, False, False]))
    >>> found.times.tolist(), found.at_risk.tolist(), found.staying.tolist()
    ([1, 2], [4, 3], [0.75, 0.5])
    """
    at, place = np.unique(times, return_inverse=True)
    events = np.bincount(place[left], minlength=len(at))
    at_risk = len(times) - np.cumsum(np.bincount(place, minlength=len(at))) + np.bincount(place, minlength=len(at))
    some = events > 0
    n, d = at_risk[some].astype(np.float64), events[some].astype(np.float64)
    staying: Floats = np.cumprod(1 - d / n, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(d / (n * (n - d)))) / np.abs(np.log(staying))
        low: Floats = staying ** np.exp(_Z * spread)
        high: Floats = staying ** np.exp(-_Z * spread)
    none = staying == 0
    low[none], high[none] = 0.0, np.nan
    return Survival(at[some], at_risk[some], events[some], staying, low, high)


def half_life(spells: Spells, *, entrants_only: bool = False) -> HalfLife:
    """Give the time after which half of the members have left.

    A spell is watched from the first run that saw her in. One that lasts, that ended because the customer vanished, or
    because the definition changed, is known to have lasted until she was last seen in. One that ended by a move counts
    to the first run that saw her out, so that no half-life is finer than the time between runs, and none is too short.
    For members who were in from the start the clock starts late: theirs is the time they stay from then on. Interval
    after Brookmeyer and Crowley (1982).

    Args:
        spells: The spells of one segment; those of several are taken together.
        entrants_only: Watch only those who were seen to enter.
    """
    chosen = spells.entered_is_known if entrants_only else np.ones(len(spells), np.bool_)
    left = (spells.left_by == LEFT) & chosen
    ends = np.where(left, spells.left, spells.last_seen)
    lasted = spells.instants[ends] - spells.instants[spells.entered] if len(spells) else np.zeros(0, np.int64)
    watched = chosen & (lasted > 0)
    found = survival(lasted[watched], left[watched])

    def first(share: Floats) -> Microseconds | None:
        places = np.flatnonzero(share <= 0.5 + 1e-12)
        return int(found.times[places[0]]) if len(places) else None

    return HalfLife(
        first(found.staying),
        first(found.low),
        first(found.high),
        int(watched.sum()),
        int(left.sum()),
        int(lasted[watched].max()) if watched.any() else 0,
        float(found.staying[-1]) if len(found.staying) else 1.0,
    )


def half_lives(spells: Spells, *, entrants_only: bool = False) -> pa.Table:
    """Give the half-life of membership of each segment, with the columns of `HALF_LIVES`."""
    rows = []
    for segmentation, segment in sorted(spells.keys):
        found = half_life(spells.of(segmentation, segment), entrants_only=entrants_only)
        named = {"segmentation": segmentation, "segment": segment, "half_life": found.time}
        rows.append(vars(found) | named)
    return pa.table({field.name: pa.array([row[field.name] for row in rows], field.type) for field in HALF_LIVES})
