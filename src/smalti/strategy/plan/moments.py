"""Moments: when one customer is contacted, by the same clocks and quiet hours as all of them, but for one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from smalti.facts import DAY, HOUR, Instant
from smalti.strategy.limits import QuietDefinition
from smalti.strategy.timing import NEVER, is_zone, quiet_stretches, stretches, week_of

_BEYOND = 17 * DAY


@dataclass(frozen=True)
class Quiet:
    """Hours in which customers are left in peace, as a decider keeps them.

    Attributes:
        start: Begin, minutes after midnight; the same as the end where there are none but whole days.
        end: End.
        days: Days that are quiet as a whole.
        channels: On these channels; empty for all.
    """

    start: int
    end: int
    days: tuple[str, ...]
    channels: tuple[str, ...]


@lru_cache(maxsize=1 << 10)
def _week(quiet: tuple[Quiet, ...], channel: str) -> tuple[tuple[int, int], ...]:
    return week_of([_definition(one) for one in quiet], channel)


def _definition(one: Quiet) -> QuietDefinition:
    clock = {} if one.start == one.end else {"from": _clock(one.start), "until": _clock(one.end)}
    return QuietDefinition.model_validate(clock | {"days": one.days, "channels": one.channels})


def _clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02d}"


@lru_cache(maxsize=1 << 12)
def _stretches(zone: str, week: tuple[tuple[int, int], ...], day: int) -> tuple[tuple[int, int], ...]:
    starts, ends = quiet_stretches(zone, week, day * DAY - _BEYOND, day * DAY + DAY + _BEYOND)
    return tuple(zip(starts.tolist(), ends.tolist(), strict=True))


def _awake(instant: Instant, zone: str, week: tuple[tuple[int, int], ...]) -> Instant:
    """Give the first instant, at or after this, that is not quiet."""
    if not week:
        return instant
    for start, end in _stretches(zone, week, instant // DAY):
        if start <= instant < end:
            return end
    return instant


@lru_cache(maxsize=1 << 12)
def _offsets(zone: str, day: int) -> tuple[tuple[int, int], ...]:
    starts, ahead = stretches(zone, day * DAY, day * DAY + 3 * DAY)
    return tuple(zip(starts.tolist(), ahead.tolist(), strict=True))


def _ahead(instant: Instant, zone: str, day: int) -> int:
    """Give what clocks of a zone are ahead of UTC."""
    return [ahead for start, ahead in _offsets(zone, day) if start <= instant][-1]


def _at_hour(instant: Instant, hour: int, zone: str) -> Instant:
    """Give the first instant, at or after this, at which clocks show an hour."""
    day = instant // DAY
    shown = instant + _ahead(instant, zone, day)
    if shown % DAY // HOUR == hour:
        return instant
    target = shown // DAY * DAY + hour * HOUR
    target += DAY if target < shown else 0
    guess = instant + target - shown
    return max(target - _ahead(guess, zone, day), instant)


def contact_at(
    start: Instant, latest: Instant, hour: int, channel: str, quiet: tuple[Quiet, ...], zone: str
) -> Instant | None:
    """Give when one customer is contacted: in her best hour where that is within the span, outside her quiet hours.

    Args:
        start: From when on she may be.
        latest: Until when.
        hour: Her best hour, 0 to 23 by her own clock; -1 for as soon as may be.
        channel: By which channel.
        quiet: When customers are left in peace.
        zone: Her time zone; one that nobody knows is taken as UTC.

    Returns:
        Microseconds UTC; None where all of the time is quiet.

    >>> from smalti.facts import format_instant, parse_instant
    >>> night = (Quiet(1260, 480, (), ()),)
    >>> late = parse_instant("2026-03-28T23:30Z")
    >>> format_instant(contact_at(late, late + DAY, -1, "sms", night, "Europe/London"))
    '2026-03-29T07:00:00Z'
    >>> format_instant(contact_at(late, late + DAY, 19, "sms", night, "Europe/London"))
    '2026-03-29T18:00:00Z'
    """
    zone = zone if is_zone(zone) else "UTC"
    week = _week(quiet, channel)
    if week == ((0, 10_080),):
        return None
    wished = _at_hour(start, hour, zone) if hour >= 0 else start
    found = _awake(wished if wished <= latest else start, zone, week)
    found = found if found <= latest else _awake(start, zone, week)
    return found if found < NEVER else None
