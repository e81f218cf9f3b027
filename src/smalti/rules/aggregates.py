"""What can be asked of a customer's facts in one stream: a table, one row per aggregate.

Counts and sums of nothing are 0; the smallest, largest, mean, first, last and most frequent of nothing are missing.
`first`, `last` and `nth` are by instant and pass over missing values; of facts at one instant the greater value is the later.
`all` asks whether its condition is true of every fact, and is true of none at all.
`most_frequent` takes the smallest of the values that are equally frequent. Sums of plain numbers are taken in fixed point
with nine places, so that the order of the facts never shows in the last bits; sums of money and integers are exact.
"""

from __future__ import annotations

from dataclasses import dataclass

from smalti.facts import Type

NUMERIC = frozenset({Type.INTEGER, Type.NUMBER, Type.MONEY, Type.DURATION})
ORDERED = frozenset({Type.INTEGER, Type.NUMBER, Type.MONEY, Type.DURATION, Type.INSTANT, Type.TEXT})
ANYTHING = frozenset(Type)

NUMBER_PLACES = 9
"""Decimal places kept when plain numbers are summed."""


@dataclass(frozen=True)
class AggregateKind:
    """How one aggregate is written and typed.

    Attributes:
        takes: The types its column may have; None where it takes no column.
        gives: Its type, or None for the type of its column.
        empty: Its value when no fact counts; None is missing.
        words: How a sentence begins that tells it.
    """

    takes: frozenset[Type] | None
    gives: Type | None
    empty: int | bool | None
    words: str


AGGREGATES: dict[str, AggregateKind] = {
    "count": AggregateKind(None, Type.INTEGER, 0, "the number of"),
    "any": AggregateKind(None, Type.BOOLEAN, False, "whether there is any of"),
    "all": AggregateKind(None, Type.BOOLEAN, True, "whether it is true of all"),
    "sum": AggregateKind(NUMERIC, None, 0, "the total"),
    "mean": AggregateKind(NUMERIC, None, None, "the average"),
    "min": AggregateKind(ORDERED, None, None, "the smallest"),
    "max": AggregateKind(ORDERED, None, None, "the largest"),
    "first": AggregateKind(ANYTHING, None, None, "the first"),
    "last": AggregateKind(ANYTHING, None, None, "the latest"),
    "nth": AggregateKind(ANYTHING, None, None, "the n-th"),
    "distinct": AggregateKind(ANYTHING, Type.INTEGER, 0, "the number of different"),
    "most_frequent": AggregateKind(ANYTHING, None, None, "the most frequent"),
}
"""Every aggregate by the name it is written with."""


def result_type(function: str, column: Type | None) -> Type:
    """Give the type of an aggregate over a column of this type.

    >>> result_type("mean", Type.INTEGER), result_type("sum", Type.MONEY), result_type("count", None)
    (<Type.NUMBER: 'number'>, <Type.MONEY: 'money'>, <Type.INTEGER: 'integer'>)
    """
    kind = AGGREGATES[function]
    if function == "mean" and column is Type.INTEGER:
        return Type.NUMBER
    given = kind.gives or column
    if given is None:
        raise ValueError(f"{function} has no type without a column")
    return given
