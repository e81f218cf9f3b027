"""Spreading: a day and an hour for every contact that waits, within the capacity of every day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from smalti.facts import DAY, HOUR, MINUTE, next_start, start_of
from smalti.strategy.limits import QuietDefinition
from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.timing.clocks import Clocks, readings, span, stretches
from smalti.strategy.timing.places import accepted, fill
from smalti.strategy.timing.quiet import NEVER, last_allowed, next_allowed

NO_PLACE = -1
"""Due of who can't be given a place."""
ANY_HOUR = -1
"""The preferred hour of who is to be contacted as soon as may be."""


@dataclass(frozen=True, eq=False)
class Queue:
    """Contacts that wait for a day and an hour.

    Attributes:
        earliest: From when each may come, microseconds UTC; shape (n,).
        latest: Until when, itself included; shape (n,).
        channel: The place of its channel among `channels`, -1 for none; shape (n,).
        channels: The channels.
        hours: The hour of day at which each is best, 0 to 23 by the customer's clock, `ANY_HOUR` for as soon as may be.
        worth: What each is worth: the most valuable come first, those in earlier rows among equals; shape (n,).
        clocks: The customers' time zones.
    """

    earliest: Integers
    latest: Integers
    channel: Integers
    channels: tuple[str, ...]
    hours: Integers
    worth: Floats
    clocks: Clocks


@dataclass(frozen=True, eq=False)
class _Days:
    """Days of the project's zone that may be taken: when each begins, and when the last ends."""

    edges: Integers

    @classmethod
    def of(cls, earliest: int, latest: int, zone: str) -> _Days:
        edges = [start_of("day", earliest, zone)]
        while edges[-1] <= latest:
            edges.append(next_start("day", edges[-1], zone))
        return cls(np.array(edges, dtype=np.int64))

    def place(self, instants: Integers) -> Integers:
        return np.searchsorted(self.edges, instants, side="right") - 1


def spread(
    queue: Queue,
    capacity: Mapping[str, int],
    *,
    quiet: Sequence[QuietDefinition] = (),
    zone: str = "UTC",
    taken: Mapping[str, Sequence[int]] | None = None,
) -> Integers:
    """Give every contact the instant at which it is due.

    On a channel with a capacity the most valuable contacts are taken first, and as many get a place as can get one at all;
    of those who can take the same days, the more valuable go first. On a channel without, a contact goes on the first day on
    which its hour can be kept, else on the first day there is. On its day it goes at its hour, or as near to it as
    quiet hours and its own span allow. No contact is due in a quiet hour or out of its span, and no day gets more than
    its capacity.

    Args:
        queue: What waits.
        capacity: By channel, how many contacts one day of the project's zone carries; left out, any number.
        quiet: When customers are left in peace.
        zone: The project's time zone, whose days are counted.
        taken: By channel, the instants of contacts that have their place already: they count.

    Returns:
        Instants, microseconds UTC, `NO_PLACE` where there is none; shape (n,).

    >>> from smalti.facts import format_instant, parse_instant
    >>> day = np.array([parse_instant("2026-06-30T07:00Z")] * 3)
    >>> waiting = Queue(day, day + 2 * DAY, np.zeros(3, int), ("call",), np.array([10, 10, -1]), np.array([5.0, 9, 7]),
    ...     Clocks.of(None, "Europe/London", 3))
    >>> [format_instant(due) for due in spread(waiting, {"call": 1}, zone="Europe/London").tolist()]
    ['2026-07-02T07:00:00Z', '2026-06-30T09:00:00Z', '2026-06-30T23:00:00Z']
    """
    due = np.full(len(queue.earliest), NO_PLACE, dtype=np.int64)
    for place in np.unique(queue.channel).tolist():
        name = queue.channels[place] if place >= 0 else None
        rows = np.flatnonzero(queue.channel == place)
        due[rows] = _spread_one(_picked(queue, rows), name, capacity, (quiet, zone), (taken or {}).get(name or "", ()))
    return due


def _picked(queue: Queue, rows: Integers) -> Queue:
    """Give the contacts of these rows."""
    return Queue(
        queue.earliest[rows],
        queue.latest[rows],
        queue.channel[rows],
        queue.channels,
        queue.hours[rows],
        queue.worth[rows],
        queue.clocks.take(rows),
    )


def _spread_one(
    queue: Queue,
    channel: str | None,
    capacity: Mapping[str, int],
    rules: tuple[Sequence[QuietDefinition], str],
    taken: Sequence[int],
) -> Integers:
    """Spread the contacts of one channel."""
    quiet, zone = rules
    due = np.full(len(queue.earliest), NO_PLACE, dtype=np.int64)
    first = next_allowed(queue.earliest, queue.clocks, quiet, channel, zone)
    last = last_allowed(queue.latest, queue.clocks, quiet, channel, zone)
    rows = np.flatnonzero((first <= last) & (first < NEVER))
    if not len(rows):
        return due
    days = _Days.of(int(first[rows].min()), int(last[rows].max()), zone)
    some = _picked(queue, rows)
    most = capacity.get(channel) if channel is not None else None
    if most is None:
        chosen = np.minimum(_day_of_hour(some, days, first[rows]), days.place(last[rows]))
    else:
        used = np.bincount(_within(days, np.asarray(taken, dtype=np.int64)), minlength=len(days.edges) - 1)
        room = np.maximum(most - used, 0)
        spans = days.place(first[rows]), days.place(last[rows])
        chosen = _allotted(some, spans, _open_days(days, some.clocks, quiet, channel, zone), room)
    got = np.flatnonzero(chosen >= 0)
    due[rows[got]] = _hour_on(_picked(some, got), days, chosen[got], (quiet, channel, zone))
    if most is None and (strayed := np.flatnonzero(days.place(due[rows]) != chosen)).size:
        soonest = days.place(first[rows[strayed]])  # on the day of her hour nothing was free
        due[rows[strayed]] = _hour_on(_picked(some, strayed), days, soonest, (quiet, channel, zone))
    return due


def _within(days: _Days, instants: Integers) -> Integers:
    """Give the days of those instants that are on one of them."""
    places = days.place(instants)
    return places[(places >= 0) & (places < len(days.edges) - 1)]


def _open_days(
    days: _Days, clocks: Clocks, quiet: Sequence[QuietDefinition], channel: str | None, zone: str
) -> Booleans:
    """Say on which days some instant is not quiet, by zone; shape (zones, D)."""
    starts, ends = days.edges[:-1], days.edges[1:]
    return np.stack(
        [
            next_allowed(starts, Clocks(np.full(len(starts), code), clocks.names), quiet, channel, zone) < ends
            for code in range(len(clocks.names))
        ]
    )


def _allotted(queue: Queue, spans: tuple[Integers, Integers], opened: Booleans, room: Integers) -> Integers:
    """Give each contact the place of its day, -1 for none."""
    count = len(room)
    first, last = spans
    keys = (queue.clocks.codes * count + first) * count + last
    kinds, kind = np.unique(keys, return_inverse=True)
    zones, lows, highs = kinds // count**2, kinds // count % count, kinds % count
    here = np.arange(count)
    suits, same = np.unique(
        opened[zones] & (here >= lows[:, None]) & (here <= highs[:, None]), axis=0, return_inverse=True
    )
    order = np.lexsort((np.arange(len(kind)), -queue.worth))
    classes = same.ravel()[kind.ravel()][order]
    taken = accepted(classes, suits, room)
    counts = np.bincount(classes[taken], minlength=len(suits))
    ranks = np.bincount(classes[taken], np.flatnonzero(taken), minlength=len(suits)) / np.maximum(counts, 1)
    filled = fill(counts, 2 - ranks / len(classes), suits, room)
    chosen = np.full(len(order), -1, dtype=np.int64)
    for one in np.flatnonzero(counts).tolist():
        chosen[order[taken & (classes == one)]] = np.repeat(here, filled[one])
    return chosen


def _day_of_hour(queue: Queue, days: _Days, first: Integers) -> Integers:
    """Give the day of the first instant at or after `first` on which a clock shows the preferred hour, or of `first` itself."""
    shown = readings(first, queue.clocks)
    wait = np.where(queue.hours < 0, 0, np.maximum(queue.hours * HOUR - shown % DAY, 0))
    wait = np.where(
        (queue.hours >= 0) & (shown % DAY >= (queue.hours + 1) * HOUR), queue.hours * HOUR - shown % DAY + DAY, wait
    )
    wished = first + wait
    return np.where(wished <= queue.latest, days.place(wished), days.place(first))


def _at_hour(day_start: Integers, hours: Integers, clocks: Clocks) -> Integers:
    """Give the first instant of days at which the clocks show an hour, or would if they did not skip it; shape (n,)."""
    found = day_start.copy()
    for zone, rows in clocks.groups():
        starts, ahead = stretches(zone, *span(day_start[rows], 2 * DAY))
        shown = day_start[rows] + ahead[np.searchsorted(starts, day_start[rows], side="right") - 1]
        wanted = shown // DAY * DAY + hours[rows] * HOUR
        wanted += np.where(wanted < shown, DAY, 0)
        guess = wanted - (shown - day_start[rows])
        found[rows] = wanted - ahead[np.searchsorted(starts, guess, side="right") - 1]
    return found


def _hour_on(
    queue: Queue, days: _Days, chosen: Integers, rules: tuple[Sequence[QuietDefinition], str | None, str]
) -> Integers:
    """Give the instant of each contact on its day: at its hour, or as near as may be."""
    quiet, channel, zone = rules
    low = np.maximum(queue.earliest, days.edges[chosen])
    high = np.minimum(queue.latest, days.edges[chosen + 1] - 1)
    wished = np.where(queue.hours < 0, low, _at_hour(days.edges[chosen], queue.hours, queue.clocks))
    asked = np.clip(wished, low, high)
    after = next_allowed(asked, queue.clocks, quiet, channel, zone)
    before = last_allowed(asked, queue.clocks, quiet, channel, zone)
    minute = before // MINUTE * MINUTE
    whole = (minute >= low) & (next_allowed(minute, queue.clocks, quiet, channel, zone) == minute)
    before = np.where(whole & (before != asked), minute, before)
    late = (after > high) | ((before >= low) & (wished - before < after - wished))
    return np.where(late, before, after)
