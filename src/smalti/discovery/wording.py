"""Groups in the words of the language: what an answer counts, which side of a cut a customer is on, who answered at all."""

from __future__ import annotations

import math
from collections.abc import Sequence

from smalti.discovery.measures import Measure
from smalti.facts import Type
from smalti.rules import write_name

__all__ = ["answered", "points_term", "side"]


def points_term(measure: Measure, each: int, absent: int) -> str:
    """Write what a customer's value counts; nothing where it counts nothing either way.

    Args:
        measure: The trait.
        each: What one step of it counts; of a boolean, what true counts.
        absent: What a missing value counts.

    >>> points_term(Measure("cheap", Type.BOOLEAN, 0.6, 1.0, 1.0, 1.0), 310, 186)
    'case when cheap then 310 when cheap is missing then 186 else 0 end'
    >>> points_term(Measure("age", Type.NUMBER, 37.0, 28.0, 2.0, 1.0), -40, -720)
    '-40 * coalesce(floor(age / 2), 18)'
    """
    if not each:
        return ""
    name = write_name(measure.name)
    if measure.boolean:
        return f"case when {name} then {each} when {name} is missing then {absent} else 0 end"
    return f"{each} * coalesce(floor({name} / {_amount(measure, measure.step)}), {math.floor(measure.mean / measure.step)})"


def _amount(measure: Measure, value: float) -> str:
    number = repr(int(value)) if value == int(value) else repr(float(value))
    return f"money({number})" if measure.type is Type.MONEY else number


def side(measure: Measure, low: float, high: float) -> str:
    """Write that a value is at least `low` and less than `high`; of a boolean, that it is true or false.

    Who has no value is on the side of the mean, if there were such when the measure was fitted; else on neither side.

    Args:
        measure: The trait.
        low: The lower end, or minus infinity.
        high: The upper end, or infinity. Of a boolean one of them is 0.5, the other infinite.

    >>> tasty = Measure("tasty", Type.BOOLEAN, 0.6, 1.0, 1.0, answered=1.0)
    >>> side(tasty, 0.5, math.inf), side(tasty, -math.inf, 0.5)
    ('tasty', 'not tasty')
    >>> side(Measure("tasty", Type.BOOLEAN, 0.6, 1.0, 1.0, answered=0.9), -math.inf, 0.5)
    'not coalesce(tasty, true)'
    >>> side(Measure("spend", Type.MONEY, 80.0, 100.0, 5.0, answered=0.9), 20.0, 50.0)
    'coalesce(spend, money(80)) >= money(20) and coalesce(spend, money(80)) < money(50)'
    """
    value = write_name(measure.name)
    if measure.boolean:
        if measure.answered < 1:
            value = f"coalesce({value}, {'true' if stand_in(measure) >= 0.5 else 'false'})"
        return value if low == 0.5 else f"not {value}"
    if measure.answered < 1:
        value = f"coalesce({value}, {_amount(measure, stand_in(measure))})"
    ends = [f"{value} >= {_amount(measure, low)}"] if low > -math.inf else []
    ends += [f"{value} < {_amount(measure, high)}"] if high < math.inf else []
    return " and ".join(ends)


def stand_in(measure: Measure) -> float:
    """Give what a cut takes for a missing value: the mean in whole steps, of a boolean the commoner answer.

    >>> stand_in(Measure("age", Type.NUMBER, 37.3, 28.0, 2.0, 1.0)), stand_in(Measure("new", Type.BOOLEAN, 0.5, 1.0, 1.0, 1.0))
    (36.0, 1.0)
    """
    if measure.boolean:
        return float(measure.mean >= 0.5)
    return grid(math.floor(measure.mean / measure.step), measure.step)


def grid(steps: int, step: float) -> float:
    """Give a number of steps as the number that people write: 3 steps of 0.1 are 0.3.

    >>> grid(3, 0.1)
    0.3
    """
    return float(f"{steps * step:.12g}")


def answered(measures: Sequence[Measure]) -> str:
    """Write that at least one of the measures is known.

    >>> answered([Measure(name, Type.BOOLEAN, 0.5, 1.0, 1.0, 0.9) for name in ("tasty", "cheap")])
    'coalesce(tasty, cheap) is not missing'
    """
    alike: dict[Type, list[str]] = {}
    for one in measures:
        kind = Type.NUMBER if one.type is Type.INTEGER else one.type
        alike.setdefault(kind, []).append(write_name(one.name))
    parts = [f"coalesce({', '.join(names)})" if len(names) > 1 else names[0] for names in alike.values()]
    known = " or ".join(f"{part} is not missing" for part in parts)
    return f"({known})" if len(parts) > 1 else known
