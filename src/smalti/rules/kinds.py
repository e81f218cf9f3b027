"""Kinds: what a tree gives, as `check` reckons with it - its type and, of money, its currency.

>>> result_of("-", Kind(Type.INSTANT), Kind(Type.INSTANT))
Kind(type=<Type.DURATION: 'duration'>, currency=None)
>>> result_of("/", Kind(Type.MONEY, "EUR"), Kind(Type.INTEGER))
Kind(type=<Type.MONEY: 'money'>, currency='EUR')
>>> result_of("*", Kind(Type.MONEY, "EUR"), Kind(Type.MONEY, "EUR")) is None
True
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from smalti.facts import Type

NUMBERS = frozenset({Type.INTEGER, Type.NUMBER})


@dataclass(frozen=True)
class Kind:
    """What a tree gives.

    Attributes:
        type: Its type, or None where a mistake keeps it from being told.
        currency: The ISO code of its currency if it is money, else None.
    """

    type: Type | None = None
    currency: str | None = None

    @property
    def is_money(self) -> bool:
        """Whether it is money."""
        return self.type is Type.MONEY

    @property
    def is_number(self) -> bool:
        """Whether it is a plain number, whole or not."""
        return self.type in NUMBERS


UNTOLD = Kind()
"""The kind of what is wrong already."""
BOOLEAN, INSTANT, TEXT, INTEGER = Kind(Type.BOOLEAN), Kind(Type.INSTANT), Kind(Type.TEXT), Kind(Type.INTEGER)


def article(kind: Type) -> str:
    """Name a type in a sentence.

    >>> article(Type.INTEGER), article(Type.DURATION), article(Type.MONEY)
    ('a whole number', 'a duration', 'money')
    """
    return {"integer": "a whole number", "instant": "an instant", "money": "money", "text": "text"}.get(
        kind, f"a {kind}"
    )


def currencies_of(kinds: Iterable[Kind]) -> list[str]:
    """Give the currencies of those that are money, each once, in the order in which they come."""
    return list(dict.fromkeys(kind.currency for kind in kinds if kind.is_money and kind.currency is not None))


def result_of(op: str, one: Kind, two: Kind) -> Kind | None:
    """Give the kind of ``one op two``, or None where that means nothing; two currencies are not looked at here."""
    if one.type is None or two.type is None:
        return UNTOLD
    kind = _RESULTS[op](one.type, two.type)
    if kind is None:
        return None
    return Kind(kind, (one.currency or two.currency) if kind is Type.MONEY else None)


def _wider(one: Type, two: Type) -> Type | None:
    if {one, two} <= NUMBERS:
        return Type.NUMBER if Type.NUMBER in (one, two) else Type.INTEGER
    return None


def _sum(one: Type, two: Type) -> Type | None:
    if {one, two} == {Type.INSTANT, Type.DURATION}:
        return Type.INSTANT
    return one if one is two and one in (Type.MONEY, Type.DURATION) else _wider(one, two)


def _difference(one: Type, two: Type) -> Type | None:
    if one is two is Type.INSTANT:
        return Type.DURATION
    return None if (one, two) == (Type.DURATION, Type.INSTANT) else _sum(one, two)


def _product(one: Type, two: Type) -> Type | None:
    if one is two:
        return _wider(one, two)
    if Type.MONEY in (one, two) and {one, two} <= NUMBERS | {Type.MONEY}:
        return Type.MONEY
    return Type.DURATION if {one, two} == {Type.INTEGER, Type.DURATION} else _wider(one, two)


def _quotient(one: Type, two: Type) -> Type | None:
    if {one, two} <= NUMBERS or (one is two and one in (Type.MONEY, Type.DURATION)):
        return Type.NUMBER
    return Type.MONEY if one is Type.MONEY and two in NUMBERS else None


_RESULTS = {"+": _sum, "-": _difference, "*": _product, "/": _quotient}
