"""Clocks: what the clock on each customer's wall shows, for many customers and many zones at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pyarrow as pa

from smalti.errors import SmaltiError, nearest
from smalti.facts import DAY, HOUR, SECOND, Instant, to_datetime
from smalti.strategy.peers import Integers

_PROBE = 2 * DAY
_FIRST, _LAST = -2_208_988_800 * SECOND, 4_102_444_800 * SECOND  # 1900 and 2100, as in the calendar of the language
_NOT_A_PLACE = frozenset({"localtime", "Factory"})


@cache
def is_zone(name: str) -> bool:
    """Say whether there is such a time zone; the zone of the machine is none.

    >>> is_zone("Europe/London"), is_zone("Europe/Londn"), is_zone("localtime")
    (True, False, False)
    """
    return name in available_timezones() - _NOT_A_PLACE


@dataclass(frozen=True, eq=False)
class Clocks:
    """The time zones of customers, each name once.

    Attributes:
        codes: Of each customer, the place of her zone among the names; shape (n,).
        names: The zones that there are.
    """

    codes: Integers
    names: tuple[str, ...]

    @classmethod
    def of(cls, zones: Sequence[str | None] | pa.Array | None, zone: str, count: int | None = None) -> Clocks:
        """Take zones as they were told; who has none, or one that nobody knows, lives by the project's.

        Args:
            zones: Of each customer, the name of her zone or None; None where nobody's is known.
            zone: The project's zone.
            count: How many customers there are; needed where `zones` is None.

        Raises:
            SmaltiError: The project's zone is none.

        >>> Clocks.of(["Asia/Tokyo", None, "Mars/Olympus"], "Europe/London").told()
        ['Asia/Tokyo', 'Europe/London', 'Europe/London']
        """
        if not is_zone(zone):
            near = nearest(zone, sorted(available_timezones()))
            hint = f"; did you mean '{near}'?" if near else ""
            raise SmaltiError(f"unknown time zone: found '{zone}', wanted one such as Europe/London{hint}")
        if zones is None:
            return cls(np.zeros(count or 0, dtype=np.int64), (zone,))
        coded = pa.array(zones, pa.string()).dictionary_encode()
        if isinstance(coded, pa.ChunkedArray):
            coded = coded.unify_dictionaries().combine_chunks()
        told = [name if is_zone(name) else zone for name in coded.dictionary.to_pylist()]
        names = tuple(sorted({*told, zone}))
        places = np.array([names.index(name) for name in [*told, zone]], dtype=np.int64)
        return cls(places[coded.indices.fill_null(len(told)).to_numpy(zero_copy_only=False)], names)

    def told(self) -> list[str]:
        """Give the zone of each customer."""
        return [self.names[code] for code in self.codes.tolist()]

    def take(self, rows: Integers) -> Clocks:
        """Give the zones of these rows, in their order."""
        return Clocks(self.codes[rows], self.names)

    def groups(self) -> Iterator[tuple[str, Integers]]:
        """Give each zone that somebody lives in with the rows of who does, ascending."""
        if len(self.names) == 1 and len(self.codes):
            yield self.names[0], np.arange(len(self.codes))
            return
        order = np.argsort(self.codes, kind="stable")
        ends = np.searchsorted(self.codes[order], np.arange(len(self.names) + 1))
        for place, name in enumerate(self.names):
            if ends[place] < ends[place + 1]:
                yield name, order[ends[place] : ends[place + 1]]


@lru_cache(maxsize=1 << 12)
def stretches(zone: str, since: Instant, until: Instant) -> tuple[Integers, Integers]:
    """Give a zone's offsets from UTC in a span of time: from when each holds, and what it is.

    The same as `facts.offsets` tells for always, found for the span alone, which takes a thousandth of the time.

    Returns:
        The starts, ascending, the first `since`; and the offsets in microseconds; of one length.

    >>> from smalti.facts import HOUR, format_instant, parse_instant
    >>> starts, ahead = stretches("Europe/London", parse_instant("2026-03-20"), parse_instant("2026-04-20"))
    >>> [format_instant(int(one)) for one in starts], (ahead // HOUR).tolist()
    (['2026-03-20', '2026-03-29T01:00:00Z'], [0, 1])
    """
    rules = ZoneInfo(zone)

    def offset_at(instant: Instant) -> int:
        moment = to_datetime(min(max(instant, _FIRST), _LAST)).astimezone(rules)
        ahead = moment.utcoffset()
        assert ahead is not None  # noqa: S101 - of an aware moment there is always one
        return ahead.days * DAY + ahead.seconds * SECOND

    probes = [*range(since, until, _PROBE), max(until, since)]
    held = [offset_at(probe) for probe in probes]
    starts, found = [since], [held[0]]
    for number in range(1, len(probes)):
        if held[number] == held[number - 1]:
            continue
        low, high = probes[number - 1], probes[number]
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset_at(middle) == held[number - 1] else (low, middle)
        starts.append(high)
        found.append(held[number])
    return np.array(starts, dtype=np.int64), np.array(found, dtype=np.int64)


def span(instants: Integers, beyond: int = 0) -> tuple[Instant, Instant]:
    """Give whole days around all instants, and so much more after them, so that spans are looked up once."""
    least, most = int(instants.min()), int(instants.max())
    return (least // DAY) * DAY, (most // DAY + 1) * DAY + beyond


def readings(instants: Integers, clocks: Clocks) -> Integers:
    """Give what each customer's clock shows, as microseconds since clocks showed 1970-01-01 00:00; shape (n,).

    >>> from smalti.facts import parse_instant
    >>> noon = np.array([parse_instant("2026-06-30T12:00Z")] * 2)
    >>> shown = readings(noon, Clocks.of(["Asia/Tokyo", "Europe/London"], "UTC"))
    >>> (shown % DAY // HOUR).tolist()
    [21, 13]
    """
    shown = np.empty(len(instants), dtype=np.int64)
    for zone, rows in clocks.groups():
        starts, ahead = stretches(zone, *span(instants[rows]))
        shown[rows] = instants[rows] + ahead[np.searchsorted(starts, instants[rows], side="right") - 1]
    return shown


def local_hours(instants: Integers, clocks: Clocks) -> Integers:
    """Give the hour that each customer's clock shows, 0 to 23; shape (n,)."""
    return readings(instants, clocks) % DAY // HOUR
