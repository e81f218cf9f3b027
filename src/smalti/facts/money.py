"""Money: whole minor units (pence, cents) of one currency, never a float.

Between rooms money is an int64 count of minor units; in published tables it is a decimal with the currency's own number
of places. Currencies, their places and their writing come from CLDR through Babel.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import cache, cached_property

from babel.core import get_global
from babel.numbers import format_currency, get_currency_precision

from smalti.errors import SmaltiError, nearest


@dataclass(frozen=True)
class Currency:
    """A currency by its ISO 4217 code.

    Raises:
        SmaltiError: No such currency.

    >>> Currency("GBP").places, Currency("JPY").places
    (2, 0)
    """

    code: str

    def __post_init__(self) -> None:
        known = get_global("all_currencies")
        if self.code not in known:
            near = self.code.upper() if self.code.upper() in known else nearest(self.code, known)
            hint = f"; did you mean '{near}'?" if near else ""
            raise SmaltiError(f"unknown currency: found '{self.code}', wanted an ISO 4217 code such as EUR{hint}")

    @cached_property
    def places(self) -> int:
        """Digits after the point: 2 for pounds and pence, 0 for yen."""
        return get_currency_precision(self.code)

    @property
    def scale(self) -> int:
        """Minor units in one major unit."""
        return int(10**self.places)


def to_minor(amount: str | Decimal | int | float, currency: Currency) -> int:
    """Turn an amount in major units into whole minor units, halves to even.

    A float is taken as its shortest decimal writing, so 0.1 is ten pence and no more.

    Raises:
        SmaltiError: The amount is not a finite number.

    >>> to_minor("12.34", Currency("GBP")), to_minor(0.1, Currency("GBP")), to_minor(7, Currency("JPY"))
    (1234, 10, 7)
    """
    try:
        value = Decimal(str(amount))
        return int((value * currency.scale).to_integral_value(ROUND_HALF_EVEN))
    except (InvalidOperation, ValueError, OverflowError):
        raise SmaltiError(f"not an amount of money: found '{amount}', wanted a number such as 12.34") from None


def from_minor(minor: int, currency: Currency) -> Decimal:
    """Give minor units as an exact decimal in major units.

    >>> from_minor(1234, Currency("GBP"))
    Decimal('12.34')
    """
    return Decimal(minor).scaleb(-currency.places)


def format_minor(minor: float, currency: Currency, *, whole: bool = False) -> str:
    """Write money for a reader, with its sign and symbol; `whole` leaves the minor unit out.

    ``XXX``, which ISO 4217 keeps for no currency, has no symbol.

    >>> format_minor(123456, Currency("GBP")), format_minor(-50, Currency("EUR"))
    ('£1,234.56', '-€0.50')
    >>> format_minor(123456, Currency("GBP"), whole=True)
    '£1,235'
    """
    prefix, suffix = _affixes(currency)
    places = 0 if whole else currency.places
    units = round(Decimal(round(minor)).scaleb(-currency.places)) if whole else round(minor)
    major, rest = divmod(abs(units), 10**places)
    cents = f".{rest:0{places}d}" if places else ""
    return f"{'-' if units < 0 else ''}{prefix}{major:,}{cents}{suffix}"


@cache
def _affixes(currency: Currency) -> tuple[str, str]:
    """Give what CLDR writes before and after an amount in English."""
    prefix, suffix = format_currency(1, currency.code, "¤0", locale="en_GB", currency_digits=False).split("1")
    return prefix.replace("¤", ""), suffix
