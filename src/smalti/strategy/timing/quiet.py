"""Quiet hours: when customers are left in peace, by the clock where they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from smalti.facts import DAY, MINUTE, WEEK, Instant
from smalti.strategy.limits import WEEKDAYS, QuietDefinition
from smalti.strategy.peers import Booleans, Integers
from smalti.strategy.timing.clocks import Clocks, span, stretches

NEVER: Instant = 2**63 - 1
"""The instant that never comes: of who is left in peace always."""

_MONDAY = 3 * DAY  # clocks first showed 1970 on a Thursday
_BEYOND = 17 * DAY  # a week, another whose only hour the clocks skipped, and some
_Week: TypeAlias = tuple[tuple[int, int], ...]


def week_of(quiet: Iterable[QuietDefinition], channel: str | None) -> _Week:
    """Give the quiet stretches of a week on a channel, in minutes since Monday 00:00, ascending and apart.

    A night that begins on Sunday goes on on Monday.

    >>> week_of([QuietDefinition(start="21:00", end="8:00", days=("sunday",))], "email")[-2:]
    ((7020, 7680), (8460, 10080))
    >>> week_of([QuietDefinition(days=("sunday",), channels=("call",))], "email")
    ()
    """
    taken = []
    for one in quiet:
        if one.channels and channel not in one.channels:
            continue
        start, end = one.minutes
        nights = (
            [(start + day * 1440, end + (day + (end < start)) * 1440) for day in range(-1, 7)] if start != end else []
        )
        days = [(WEEKDAYS.index(day) * 1440, WEEKDAYS.index(day) * 1440 + 1440) for day in one.days]
        taken += [(max(low, 0), min(high, 10_080)) for low, high in nights + days if high > 0]
    merged: list[tuple[int, int]] = []
    for low, high in sorted(taken):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


@lru_cache(maxsize=1 << 12)
def quiet_stretches(zone: str, week: _Week, since: Instant, until: Instant) -> tuple[Integers, Integers]:
    """Give the stretches of time in which the clocks of a zone show quiet hours.

    An hour that clocks skip is no stretch; one that they show twice is two, or one twice as long.

    Args:
        zone: The time zone.
        week: What `week_of` gives.
        since: Begin of the span.
        until: End of it.

    Returns:
        Begins and ends, ascending and apart: quiet is what is at or after a begin and before its end.
    """
    if not week:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    starts, ahead = stretches(zone, since, until)
    ends = np.append(starts[1:], until)
    base = np.array(week, dtype=np.int64) * MINUTE
    found = []
    for start, end, offset in zip(starts.tolist(), ends.tolist(), ahead.tolist(), strict=True):
        first, last = (start + offset + _MONDAY) // WEEK, (end + offset + _MONDAY) // WEEK
        weeks = np.arange(first, last + 1) * WEEK - _MONDAY - offset
        clipped = np.clip((weeks[:, None, None] + base).reshape(-1, 2), start, end)
        found.append(clipped[clipped[:, 0] < clipped[:, 1]])
    pieces = np.concatenate(found)
    begins = np.append(True, pieces[1:, 0] > pieces[:-1, 1]) if len(pieces) else np.empty(0, dtype=bool)
    return pieces[begins, 0], pieces[np.append(begins[1:], True), 1] if len(pieces) else pieces[:, 1]


def next_allowed(
    instants: Integers,
    zones: Clocks | Sequence[str | None] | pa.Array | None,
    quiet: Sequence[QuietDefinition],
    channel: str | None,
    zone: str,
) -> Integers:
    """Give the first instant, at or after each, at which a customer may be contacted.

    Args:
        instants: Microseconds UTC; shape (n,).
        zones: The customers' zones; who has none, or an unknown one, lives by the project's.
        quiet: When customers are left in peace.
        channel: By which channel; None for one that no definition names.
        zone: The project's zone.

    Returns:
        Microseconds UTC, never before those given; `NEVER` where all of a week is quiet; shape (n,).

    >>> from smalti.facts import format_instant, parse_instant
    >>> night = [QuietDefinition(start="21:00", end="8:00")]
    >>> late = np.array([parse_instant("2026-03-28T23:30Z")] * 2)
    >>> found = next_allowed(late, ["Europe/London", "America/New_York"], night, "sms", "UTC")
    >>> [format_instant(one) for one in found.tolist()]  # in London that night has one hour less
    ['2026-03-29T07:00:00Z', '2026-03-28T23:30:00Z']
    """
    clocks = zones if isinstance(zones, Clocks) else Clocks.of(zones, zone, len(instants))
    return _moved(instants, clocks, week_of(quiet, channel), later=True)


def last_allowed(
    instants: Integers,
    zones: Clocks | Sequence[str | None] | pa.Array | None,
    quiet: Sequence[QuietDefinition],
    channel: str | None,
    zone: str,
) -> Integers:
    """Give the last instant, at or before each, at which a customer may be contacted; as `next_allowed`.

    Returns:
        Microseconds UTC, never after those given; ``-NEVER`` where all of a week is quiet; shape (n,).
    """
    clocks = zones if isinstance(zones, Clocks) else Clocks.of(zones, zone, len(instants))
    return _moved(instants, clocks, week_of(quiet, channel), later=False)


def is_quiet(
    instants: Integers,
    zones: Clocks | Sequence[str | None] | pa.Array | None,
    quiet: Sequence[QuietDefinition],
    channel: str | None,
    zone: str,
) -> Booleans:
    """Say whose clock shows a quiet hour at her instant; as `next_allowed`; shape (n,)."""
    quiet_now: Booleans = next_allowed(instants, zones, quiet, channel, zone) != instants
    return quiet_now


def _moved(instants: Integers, clocks: Clocks, week: _Week, *, later: bool) -> Integers:
    """Move each instant that is quiet to the next that is not, or to the last."""
    moved = np.array(instants, dtype=np.int64)
    finite = np.abs(moved) < NEVER
    if not week or not finite.any():
        return moved
    if week == ((0, 10_080),):
        return np.where(finite, NEVER if later else -NEVER, moved)
    for zone, everybody in clocks.groups():
        rows = everybody[finite[everybody]]
        if len(rows):
            asked = moved[rows]
            since, until = span(asked, _BEYOND)
            starts, ends = quiet_stretches(zone, week, since - _BEYOND, until)
            place = np.searchsorted(starts, asked, side="right") - 1
            inside = (place >= 0) & (asked < ends[place])
            moved[rows] = np.where(inside, ends[place] if later else starts[place] - 1, asked)
    return moved
