"""How names, values and instants are said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from smalti.facts import (
    DAY,
    HOUR,
    MINUTE,
    Currency,
    Instant,
    Microseconds,
    Type,
    format_duration,
    format_minor,
    to_datetime,
)
from smalti.rules.nodes import Quantile

_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Words:
    """How names and values are said.

    Attributes:
        currency: The currency in which money is written.
        titles: What a trait, attribute, score or segment is called; its own name without underscores otherwise.
        types: Types by name, by which values are written.
        fitted: Constants of quantiles, told where they are known.
        time_zone: The zone on whose clocks instants are told.
    """

    currency: Currency
    titles: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, Type] = field(default_factory=dict)
    fitted: Mapping[Quantile, Any] = field(default_factory=dict)
    time_zone: str = "UTC"

    def title(self, name: str) -> str:
        """Say a name.

        >>> Words(Currency("GBP"), {"vip": "Our best"}).title("vip"), Words(Currency("GBP")).title("left_a_cart")
        ('Our best', 'left a cart')
        """
        return self.titles.get(name, name.replace("_", " "))

    def value(self, value: Any, kind: Type | None = None) -> str:
        """Say a value of a type; of an instant the day.

        >>> Words(Currency("GBP")).value(123456, Type.MONEY), Words(Currency("GBP")).value(41.25)
        ('£1,234.56', '41.2')
        """
        if value is None:
            return "missing"
        if isinstance(value, bool):
            return "true" if value else "false"
        if kind is Type.MONEY:
            return format_minor(value, self.currency)
        if kind is Type.INSTANT:
            return self.moment(int(value))[:10]
        if kind is Type.DURATION:
            return format_duration(int(value))
        if isinstance(value, float):
            return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3g}"
        return f"{value:,}" if isinstance(value, int) else f"'{value}'"

    def moment(self, instant: Instant) -> str:
        """Say an instant on the clocks of the zone, as exactly as it needs.

        >>> words = Words(Currency("GBP"), time_zone="Europe/London")
        >>> words.moment(1782860400000000), words.moment(1782902400000001)
        ('2026-07-01', '2026-07-01 11:40:00.000001')
        """
        local = self._clocks(instant).replace(tzinfo=None)
        if local.time() == time():
            return local.date().isoformat()
        return local.isoformat(" ", "minutes" if local.second == local.microsecond == 0 else "auto")

    def date_and_time(self, instant: Instant) -> str:
        """Say to the minute when something will happen, and by which clocks.

        >>> Words(Currency("GBP"), time_zone="Europe/London").date_and_time(1782902400000001)
        '1 July 2026 at 11:40 (Europe/London)'
        """
        local = self._clocks(instant)
        zone = " UTC" if self.time_zone == "UTC" else f" ({self.time_zone})"
        return f"{local.day} {_MONTHS[local.month - 1]} {local.year} at {local:%H:%M}{zone}"

    def ahead(self, duration: Microseconds) -> str:
        """Say how far off something is, roughly.

        >>> words = Words(Currency("GBP"))
        >>> [words.ahead(length) for length in (1, 90_000_000, 5 * HOUR, 10 * DAY + 9 * HOUR)]
        ['in less than a minute', 'in 2 minutes', 'in 5.0 hours', 'in 10.4 days']
        """
        if duration < MINUTE:
            return "in less than a minute"
        if duration < HOUR:
            minutes = round(timedelta(microseconds=duration) / timedelta(minutes=1))
            return f"in {minutes} minute" + ("" if minutes == 1 else "s")
        return f"in {duration / HOUR:,.1f} hours" if duration < 2 * DAY else f"in {duration / DAY:,.1f} days"

    def _clocks(self, instant: Instant) -> datetime:
        """Give what the clocks of the zone show; at the ends of all dates, those of UTC."""
        try:
            return to_datetime(instant).astimezone(ZoneInfo(self.time_zone))
        except OverflowError:
            return to_datetime(instant)
