"""How numbers, money, shares and instants are written for a reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import format_compact_currency

from smalti.facts import Currency, format_minor

NOTHING = "–"
"""What is written where there is no value."""
_SPACE = "\N{NO-BREAK SPACE}"
_MILLION = 1_000_000
_ACRONYMS = {"rfm": "RFM", "clv": "CLV", "nps": "NPS", "vip": "VIP", "b2b": "B2B", "sms": "SMS"}


@dataclass(frozen=True)
class Pen:
    """Writes numbers in the currency and time zone of a project.

    Attributes:
        currency: The currency of all money.
        time_zone: IANA name of the zone in which instants are told.
    """

    currency: Currency
    time_zone: str = "UTC"

    @classmethod
    def of(cls, info: Mapping[str, Any]) -> Pen:
        """Take currency and time zone from a run's `run.json`; euro and UTC where it has none.

        >>> Pen.of({"currency": "GBP"})
        Pen(currency=Currency(code='GBP'), time_zone='UTC')
        """
        return cls(Currency(info.get("currency") or "EUR"), info.get("time_zone") or "UTC")

    def money(self, minor: float | None) -> str:
        """Write minor units to the last penny.

        >>> Pen(Currency("GBP")).money(-123456)
        '-£1,234.56'
        """
        return NOTHING if minor is None else format_minor(minor, self.currency)

    def round_money(self, minor: float | None) -> str:
        """Write minor units as a reader wants them at a glance: pennies below 10, whole units, then millions.

        >>> [Pen(Currency("GBP")).round_money(minor) for minor in (999, 123456, 1_234_567_890)]
        ['£9.99', '£1,235', '£12.3M']
        >>> Pen(Currency("XXX")).round_money(1_234_567_890)
        '12.3M'
        """
        if minor is None:
            return NOTHING
        major = minor / self.currency.scale
        if abs(major) >= _MILLION:
            digits = 2 if abs(major) < 10 * _MILLION else 1
            text: str = format_compact_currency(major, self.currency.code, locale="en_GB", fraction_digits=digits)
            return text.replace("¤", "").strip()
        return format_minor(minor, self.currency, whole=minor == 0 or abs(major) >= 10)

    def whole_money(self, minor: float) -> str:
        """Write minor units in whole major ones, then in millions.

        >>> Pen(Currency("GBP")).whole_money(300)
        '£3'
        """
        large = abs(minor) >= _MILLION * self.currency.scale
        return self.round_money(minor) if large else format_minor(minor, self.currency, whole=True)

    def interval(self, low: float | None, high: float | None) -> str:
        """Write an interval of money, or nothing where an end is missing.

        >>> Pen(Currency("GBP")).interval(1000, 2000)
        '£10 to £20'
        """
        return "" if low is None or high is None else f"{self.round_money(low)} to {self.round_money(high)}"

    def instant(self, moment: str | datetime | None) -> str:
        """Write an instant in the project's time zone; midnight as its day alone.

        >>> Pen(Currency("GBP"), "Europe/London").instant("2026-06-30T23:30:00Z")
        '1 July 2026, 00:30'
        """
        local = self.local(moment)
        if local is None:
            return NOTHING if moment is None else str(moment)
        day = f"{local.day} {local:%B %Y}"
        return day if (local.hour, local.minute) == (0, 0) else f"{day}, {local:%H:%M}"

    def day(self, moment: str | datetime | None) -> str:
        """Write the day of an instant in the project's time zone.

        >>> Pen(Currency("GBP"), "Europe/London").day("2026-06-30T23:30:00Z")
        '1 July 2026'
        """
        return self.instant(moment).partition(",")[0]

    def local(self, moment: str | datetime | None) -> datetime | None:
        """Read an ISO text or datetime as a datetime in the project's time zone, None where it is neither."""
        if isinstance(moment, str):
            try:
                moment = datetime.fromisoformat(moment)
            except ValueError:
                return None
        if moment is None:
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(ZoneInfo(self.time_zone))


def count(number: int | None, noun: str = "", plural: str | None = None) -> str:
    """Write a whole number, with its noun if one is given.

    >>> count(1, "customer"), count(12345, "customer"), count(2, "is", "are")
    ('1 customer', '12,345 customers', '2 are')
    """
    if number is None:
        return NOTHING
    if not noun:
        return f"{number:,}"
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def share(part: float | None) -> str:
    """Write a share of one as a percentage, honest at both ends.

    >>> [share(part).replace("\N{NO-BREAK SPACE}", " ") for part in (0, 0.001, 0.034, 0.5, 0.999, 1)]
    ['0 %', '<1 %', '3.4 %', '50 %', '>99 %', '100 %']
    """
    if part is None:
        return NOTHING
    percent = part * 100
    if 0 < percent < 0.5:
        return f"<1{_SPACE}%"
    if 99.5 <= percent < 100:
        return f">99{_SPACE}%"
    return f"{percent:.1f}{_SPACE}%" if 0 < abs(percent) < 9.95 and percent % 1 else f"{percent:.0f}{_SPACE}%"


def ratio(part: float, whole: float) -> float | None:
    """Divide, or None where there is nothing to divide by.

    >>> ratio(1, 4), ratio(1, 0)
    (0.25, None)
    """
    return part / whole if whole else None


def size(number: int | None) -> str:
    """Write a number of bytes.

    >>> size(999), size(12_345_678)
    ('999 bytes', '12.3 MB')
    """
    if number is None:
        return NOTHING
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= scale:
            return f"{number / scale:.1f} {unit}"
    return count(number, "byte")


def span(length: timedelta) -> str:
    """Write a length of time in its largest unit.

    >>> span(timedelta(days=3, hours=2)), span(timedelta(minutes=90)), span(timedelta(seconds=3))
    ('3 days', '1 hour', '0 minutes')
    """
    seconds = int(abs(length.total_seconds()))
    if seconds >= 2 * 365 * 86_400:
        return count(seconds // (365 * 86_400), "year")
    if seconds >= 86_400:
        return count(seconds // 86_400, "day")
    return count(seconds // 3600, "hour") if seconds >= 3600 else count(seconds // 60, "minute")


def named(text: Any, otherwise: str = "(no name)") -> str:
    """Give a name as text, or say that it has none.

    >>> named("Ann"), named("  "), named(None), named(7)
    ('Ann', '(no name)', '(no name)', '7')
    """
    told = "" if text is None else str(text)
    return told if told.strip() else otherwise


def spoken(name: str) -> str:
    """Say a name of the definitions as a title.

    >>> spoken("win_back"), spoken("rfm")
    ('Win back', 'RFM')
    """
    words = " ".join(_ACRONYMS.get(word.lower(), word) for word in name.replace("_", " ").split())
    return words[:1].upper() + words[1:]


def stop(text: str) -> str:
    """End a sentence with a full stop and begin it with a capital.

    >>> stop("gone quiet for 60 days")
    'Gone quiet for 60 days.'
    """
    told = text.strip()
    if not told:
        return ""
    return told[0].upper() + told[1:] + ("" if told[-1] in ".!?…" else ".")
