"""How outcomes of trials are written: shares as percent, differences of shares as points, each as finely as it is known."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isfinite, log10

from smalti.facts import Currency, format_minor
from smalti.report.writing import NOTHING

_SPACE = "\N{NO-BREAK SPACE}"
_MINUS = "-"


@dataclass(frozen=True)
class Unit:
    """What an outcome is counted in.

    Attributes:
        kind: ``rate`` (0 or 1 for each customer), ``money`` or ``number``.
        currency: Of money; None writes plain numbers.
    """

    kind: str
    currency: Currency | None = None

    def value(self, value: float | None, error: float | None = None) -> str:
        r"""Write a value, to as many digits as its error leaves.

        >>> Unit("rate").value(0.18276, 0.0026), Unit("money", Currency("GBP")).value(1.4226, 0.12)
        ('18.3\xa0%', '£1.42')
        """
        if value is None or not isfinite(value):
            return NOTHING
        return self._with_sign(self._digits(value, error))

    def change(self, value: float | None, error: float | None = None) -> str:
        """Write a difference, with its sign.

        >>> Unit("rate").change(0.0766, 0.0034), Unit("number").change(-0.8, 0.2)
        ('+7.7 points', '-0.8')
        """
        if value is None or not isfinite(value):
            return NOTHING
        digits = self._digits(value, error)
        sign = "" if digits.startswith(_MINUS) or not float(digits.replace(",", "")) else "+"
        return f"{sign}{digits} points" if self.kind == "rate" else f"{sign}{self._with_sign(digits)}"

    def between(self, low: float | None, high: float | None) -> str:
        """Write an interval of values or differences.

        >>> Unit("rate").between(0.0699, 0.0832), Unit("money").between(None, 1.0)
        ('7.0 to 8.3', '')
        """
        if low is None or high is None or not (isfinite(low) and isfinite(high)):
            return ""
        half = (high - low) / 2 * self._scale
        places = self._least(_places(half), half)
        low_text, high_text = (f"{_clean(one * self._scale, places):,.{places}f}" for one in (low, high))
        if self.kind == "money":
            low_text, high_text = self._with_sign(low_text), self._with_sign(high_text)
        return f"{low_text} to {high_text}"

    def _least(self, places: int, half: float) -> int:
        """Write money with its pennies, unless it is known to whole units only."""
        return max(places, 2) if self.kind == "money" and half < 10 else places

    @property
    def each(self) -> str:
        """What is put behind a difference to say that it is one of each customer: nothing behind points."""
        return "" if self.kind == "rate" else " per customer"

    @property
    def _scale(self) -> float:
        return 100.0 if self.kind == "rate" else 1.0

    def _digits(self, value: float, error: float | None) -> str:
        scaled = value * self._scale
        known = error is not None and isfinite(error) and error > 0
        half = 2 * error * self._scale if known and error is not None else abs(scaled) / 20
        places = self._least(_places(half), half)
        return f"{_clean(scaled, places):,.{places}f}"

    def _with_sign(self, digits: str) -> str:
        if self.kind == "rate":
            return f"{digits}{_SPACE}%"
        if self.kind != "money" or self.currency is None:
            return digits
        before, after = format_minor(0, self.currency, whole=True).split("0")
        sign, rest = (_MINUS, digits[1:]) if digits.startswith(_MINUS) else ("", digits)
        return f"{sign}{before}{rest}{after}"


def _clean(value: float, places: int) -> float:
    """Round, and never to a negative nought."""
    return round(value, places) + 0.0


def _places(half: float) -> int:
    """Give the digits after the point that half the length of an interval leaves worth writing: one that counts, or two.

    >>> [_places(half) for half in (0.68, 0.18, 12.0, 0.0)]
    [1, 2, 0, 2]
    """
    if not isfinite(half) or half <= 0:
        return 2
    size = floor(log10(half))
    first = int(half / 10**size)
    return int(min(max((1 if first == 1 else 0) - size, 0), 6))
