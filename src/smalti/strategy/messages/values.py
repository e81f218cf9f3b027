"""Values as a message tells them: money, numbers and dates as people of a language write them, texts as plain words."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent

from smalti.errors import SmaltiError
from smalti.facts import Currency, Type, from_minor, to_datetime

LANGUAGE = "en_GB"
"""How values are written where nobody says otherwise."""
LONGEST_VALUE = 500
"""Characters that the text of one value may have: nobody's name is longer."""

DateStyle: TypeAlias = Literal["full", "long", "medium", "short", "time"]
"""How a day is written; ``time`` is the day with the time of day."""
Row: TypeAlias = Mapping[str, Any]
"""One customer's own values by name: money in minor units or as a decimal, instants in microseconds or as datetimes."""

_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
_BREAKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85"


class Money(Decimal):
    """An amount in major units of the project's currency; compares with plain numbers as they are written.

    >>> Money("0.10") == 0.1, Money("0.10") > 0.1, Money("3") < 5
    (True, False, True)
    """

    __slots__ = ()
    __hash__ = Decimal.__hash__

    def __eq__(self, other: object) -> bool:
        return super().__eq__(_exact(other))

    def __lt__(self, other: Any) -> bool:
        return super().__lt__(_exact(other))

    def __le__(self, other: Any) -> bool:
        return super().__le__(_exact(other))

    def __gt__(self, other: Any) -> bool:
        return super().__gt__(_exact(other))

    def __ge__(self, other: Any) -> bool:
        return super().__ge__(_exact(other))


def _exact(value: Any) -> Any:
    """Take a number with a point as the decimal it is written as."""
    return Decimal(repr(value)) if isinstance(value, float) else value


@cache
def locale_of(language: str) -> Locale:
    """Give the customs of a language.

    Raises:
        SmaltiError: Nobody writes like that.

    >>> locale_of("de_CH").territory
    'CH'
    """
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        raise SmaltiError(f"unknown language: found '{language}', wanted one such as en_GB") from None


def plain(text: str) -> str:
    r"""Give a text from outside as words on one line, with nothing in it that isn't seen.

    Line ends and tabs become spaces, so that no value can end a line of a header or begin a paragraph. Other control
    characters, marks that turn the direction of writing and whatever else is invisible are left out (Unicode categories Cc,
    Cf, Cs, Co and Cn), but for the joiners that some scripts and emoji need.

    >>> plain("Ann\r\nBcc: everyone@example.org"), plain("a\u202egnp.exe")
    ('Ann Bcc: everyone@example.org', 'agnp.exe')
    """
    kept = []
    for sign in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(sign)
        if kind[0] == "Z" or sign in _BREAKS:
            kept.append(" ")
        elif kind[0] != "C" or sign in _JOINERS:
            kept.append(sign)
    return " ".join("".join(kept).split())


@dataclass(frozen=True)
class Writing:
    """How values are written in messages.

    Attributes:
        currency: The currency of money.
        time_zone: IANA name of the zone in which days are told.
        language: Whose customs, such as en_GB.
    """

    currency: Currency
    time_zone: str = "UTC"
    language: str = LANGUAGE

    def money(self, amount: Decimal, *, whole: bool = False) -> str:
        """Write an amount in major units; `whole` leaves the minor unit out.

        >>> pounds = Writing(Currency("GBP"))
        >>> pounds.money(Decimal("1234.5")), pounds.money(Decimal("1234.5"), whole=True)
        ('£1,234.50', '£1,234')
        """
        locale = locale_of(self.language)
        if not whole:
            return str(format_currency(amount, self.currency.code, locale=locale))
        rounded = amount.quantize(Decimal(1), ROUND_HALF_EVEN)
        bare = re.sub(r"\.0+", "", locale.currency_formats["standard"].pattern)
        return str(format_currency(rounded, self.currency.code, bare, locale=locale, currency_digits=False))

    def number(self, value: float | Decimal, places: int | None = None) -> str:
        """Write a number with so many places; with as many as it has, three at most, where none are given.

        >>> Writing(Currency("GBP")).number(1234.5), Writing(Currency("EUR"), language="de_DE").number(0.5, 2)
        ('1,234.5', '0,50')
        """
        pattern = "#,##0.###" if places is None else "#,##0" + ("." + "0" * places if places else "")
        return str(format_decimal(value, pattern, locale=locale_of(self.language)))

    def percent(self, value: float | Decimal) -> str:
        """Write a share of one as a percentage.

        >>> Writing(Currency("GBP")).percent(0.15)
        '15%'
        """
        return str(format_percent(value, locale=locale_of(self.language)))

    def date(self, moment: datetime, style: DateStyle = "long") -> str:
        """Write the day of an instant in the zone.

        >>> from datetime import UTC
        >>> Writing(Currency("GBP"), "Europe/London").date(datetime(2026, 6, 30, 23, 30, tzinfo=UTC))
        '1 July 2026'
        """
        local, locale = moment.astimezone(ZoneInfo(self.time_zone)), locale_of(self.language)
        if style == "time":
            return str(format_datetime(local, "d MMMM y, HH:mm", locale=locale))
        return str(format_date(local.date(), style, locale=locale))


def value_of(value: Any, kind: Type | None, currency: Currency) -> Any:
    """Give a value in the form that templates compare and write, None where it is missing.

    Money becomes an amount in major units, an instant a moment, text plain words on one line. Blank text is missing, and
    so is what is no number.

    >>> value_of(1250, Type.MONEY, Currency("GBP")), value_of("  ", Type.TEXT, Currency("GBP"))
    (Decimal('12.50'), None)
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, Decimal):
        return (Money(value) if value.is_finite() else None) if kind in (Type.MONEY, None) else value
    if kind is Type.MONEY:
        return Money(from_minor(int(value), currency))
    if kind is Type.INSTANT and not isinstance(value, datetime):
        return to_datetime(int(value))
    if kind is Type.DURATION and not isinstance(value, timedelta):
        return timedelta(microseconds=int(value))
    if isinstance(value, bool | int | float | datetime | timedelta):
        return value
    return plain(str(value)) or None
