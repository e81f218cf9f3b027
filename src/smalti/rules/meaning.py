"""The law: what a rule or trait means, told slowly and obviously.

For one customer and one instant, over a plain list of facts. Nothing here is clever, so that it can be believed; the batch
query and every later reading must agree with it on every history and at every instant.

Values are Python's own: text, int (also money in minor units, instants and durations in microseconds), float, bool, and
None for missing or unknown.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from functools import singledispatch
from typing import Any, TypeAlias

from smalti.facts import COUNTS, DAY, PARTS, Instant, draw_of, start_of
from smalti.rules.aggregates import NUMBER_PLACES
from smalti.rules.functions import DRAW, TO_MINOR
from smalti.rules.nodes import (
    After,
    Aggregate,
    Arithmetic,
    Before,
    Between,
    Call,
    Case,
    Compare,
    During,
    In,
    IsMissing,
    Its,
    Last,
    Like,
    Literal,
    Logic,
    Member,
    Name,
    Negate,
    Node,
    Not,
    Now,
    People,
    Quantile,
    Sequence,
    StartOf,
    This,
    Window,
)

Value: TypeAlias = Any
Fact: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True)
class Customer:
    """All that is known of one customer.

    Attributes:
        facts: Facts by stream, in any order; each has ``at`` and its columns, one that is absent being missing.
        traits: The definitions of the traits a tree may name, made ready by `check`.
        scores: Scores by name.
        fitted: The constants of quantiles.
        segments: The rules of the segments a tree may ask membership of, made ready by `check`.
        customer_id: Who she is; of an account, what its people name it by.
        people: All who may belong to the account at some instant.
    """

    facts: Mapping[str, Collection[Fact]]
    traits: Mapping[str, Node] = field(default_factory=dict)
    scores: Mapping[str, Value] = field(default_factory=dict)
    fitted: Mapping[Quantile, Value] = field(default_factory=dict)
    segments: Mapping[str, Node] = field(default_factory=dict)
    customer_id: str = ""
    people: Collection[Customer] = ()


def meaning(node: Node, customer: Customer, at: Instant) -> Value:
    """Give the value of a tree, made ready by `check`, for one customer as of an instant.

    >>> from smalti.facts import Type
    >>> bought = Compare(">=", Aggregate("count", "orders", window=Last(10)), Literal(1, Type.INTEGER))
    >>> her = Customer({"orders": [{"at": 100}]})
    >>> [meaning(bought, her, at) for at in (99, 100, 109, 110)]
    [False, True, True, False]
    """
    return _value(node, _Here(customer, at))


def quantile_of(values: Collection[Value], p: float) -> Value:
    """Give the smallest of the values that at least the share `p` of them do not exceed; missing if there are none.

    Type 1 of Hyndman and Fan (1996), Sample quantiles in statistical packages.

    >>> quantile_of([30, 10, 20, 40], 0.5), quantile_of([30, 10, 20, 40], 0.51), quantile_of([], 0.5)
    (20, 30, None)
    """
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    return known[max(math.ceil(p * len(known)), 1) - 1]


@dataclass(frozen=True)
class _Here:
    """The customer and the instant asked about; in a condition on a fact that fact, and the one it stands beside."""

    customer: Customer
    at: Instant
    fact: Fact | None = None
    beside: Fact | None = None


@singledispatch
def _value(node: Node, here: _Here) -> Value:
    raise TypeError(f"not a node of the language: {node!r}")


@_value.register
def _(node: Literal, here: _Here) -> Value:
    return node.value


@_value.register
def _(node: Name, here: _Here) -> Value:
    if here.fact is not None:
        return here.fact.get(node.name)
    if node.name in here.customer.traits:
        return _value(here.customer.traits[node.name], here)
    return here.customer.scores[node.name]


@_value.register
def _(node: Its, here: _Here) -> Value:
    return None if here.beside is None else here.beside.get(node.column)


@_value.register
def _(node: Now, here: _Here) -> Instant:
    return here.at


@_value.register
def _(node: StartOf, here: _Here) -> Instant:
    return start_of(node.unit, here.at, str(node.zone))


@_value.register
def _(node: Aggregate, here: _Here) -> Value:
    facts = [fact for fact in here.customer.facts.get(node.stream, ()) if fact["at"] <= here.at]
    if node.window is not None:
        facts = [fact for fact in facts if _in_window(node.window, fact["at"], here) is True]
    if node.function == "all":
        return all(_value(node.where, replace(here, fact=fact)) is True for fact in facts if node.where is not None)
    if node.where is not None:
        facts = [fact for fact in facts if _value(node.where, replace(here, fact=fact)) is True]
    if node.column is None:
        return len(facts) if node.function == "count" else bool(facts)
    known = [(fact["at"], fact[node.column]) for fact in facts if fact.get(node.column) is not None]
    if node.function == "nth":
        return sorted(known)[node.nth - 1][1] if node.nth is not None and node.nth <= len(known) else None
    return _SUMMARIES[node.function](known)


def _in_window(window: Window, at: Instant, here: _Here) -> bool | None:
    match window:
        case Last(duration):
            return here.at - duration < at
        case This(unit, zone):
            return start_of(unit, here.at, str(zone)) <= at
        case After(instant):
            return _compare("<", _value(instant, here), at)
        case Before(instant):
            return _compare("<", at, _value(instant, here))
        case During(low, high):
            return _all([_compare("<=", _value(low, here), at), _compare("<=", at, _value(high, here))])


@_value.register
def _(node: Sequence, here: _Here) -> bool | None:
    others = [other for other in here.customer.facts.get(node.stream, ()) if other["at"] <= here.at]
    if any(_beside(node, other, here) for other in others):
        return True
    if node.order == "followed_by" and node.within is not None and here.at < _fact(here)["at"] + node.within:
        return None
    return False


def _beside(node: Sequence, other: Fact, here: _Here) -> bool:
    """Whether this other fact is one that a sequence asks for."""
    fact = _fact(here)
    apart = other["at"] - fact["at"] if node.order == "followed_by" else fact["at"] - other["at"]
    if apart <= 0 or (node.within is not None and apart > node.within):
        return False
    return node.where is None or _value(node.where, replace(here, fact=other, beside=fact)) is True


def _fact(here: _Here) -> Fact:
    if here.fact is None:
        raise TypeError("a sequence outside a condition on one fact")
    return here.fact


@_value.register
def _(node: Member, here: _Here) -> bool:
    return _value(here.customer.segments[node.segment], here) is True


@_value.register
def _(node: People, here: _Here) -> bool | None:
    account = here.customer.customer_id
    people = [
        one for one in here.customer.people if node.link is not None and meaning(node.link, one, here.at) == account
    ]
    answers = [meaning(node.rule, one, here.at) for one in people]
    if node.quantifier == "all":
        return _all(answers)
    found = _any(answers)
    return found if node.quantifier == "any" or found is None else not found


_ALL_DIGITS = 400
"""More digits than the largest real number has before the point and a fixed one behind it, so that sums are exact."""


def _total(values: Collection[Value]) -> Value:
    if not any(isinstance(value, float) for value in values):
        return sum(values)
    grain = Decimal(1).scaleb(-NUMBER_PLACES)
    with localcontext(prec=_ALL_DIGITS):
        return float(sum(Decimal(value).quantize(grain, "ROUND_HALF_UP") for value in values))


def _most_frequent(values: Collection[Value]) -> Value:
    counts = Counter(values)
    return min(value for value, count in counts.items() if count == max(counts.values())) if counts else None


_SUMMARIES: dict[str, Any] = {
    "sum": lambda known: _total([value for _, value in known]),
    "mean": lambda known: _total([value for _, value in known]) / len(known) if known else None,
    "min": lambda known: min((value for _, value in known), default=None),
    "max": lambda known: max((value for _, value in known), default=None),
    "first": lambda known: min(known)[1] if known else None,
    "last": lambda known: max(known)[1] if known else None,
    "distinct": lambda known: len({value for _, value in known}),
    "most_frequent": lambda known: _most_frequent([value for _, value in known]),
}


@_value.register
def _(node: Arithmetic, here: _Here) -> Value:
    left, right = _value(node.left, here), _value(node.right, here)
    if left is None or right is None:
        return None
    if node.op == "/":
        return None if right == 0 else left / right
    return {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right}[node.op]()


@_value.register
def _(node: Negate, here: _Here) -> Value:
    part = _value(node.part, here)
    return None if part is None else -part


@_value.register
def _(node: Compare, here: _Here) -> bool | None:
    return _compare(node.op, _value(node.left, here), _value(node.right, here))


def _compare(op: str, left: Value, right: Value) -> bool | None:
    if left is None or right is None:
        return None
    answers = {"=": left == right, "!=": left != right}
    if op in answers:
        return bool(answers[op])
    return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[op])


def _all(answers: list[bool | None]) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True


def _any(answers: list[bool | None]) -> bool | None:
    if True in answers:
        return True
    return None if None in answers else False


@_value.register
def _(node: Logic, here: _Here) -> bool | None:
    answers = [_value(part, here) for part in node.parts]
    return _all(answers) if node.op == "and" else _any(answers)


@_value.register
def _(node: Not, here: _Here) -> bool | None:
    answer = _value(node.part, here)
    return None if answer is None else not answer


@_value.register
def _(node: In, here: _Here) -> bool | None:
    part = _value(node.part, here)
    return _any([_compare("=", part, _value(option, here)) for option in node.options])


@_value.register
def _(node: Between, here: _Here) -> bool | None:
    part, low, high = (_value(one, here) for one in (node.part, node.low, node.high))
    return _all([_compare("<=", low, part), _compare("<=", part, high)])


@_value.register
def _(node: Like, here: _Here) -> bool | None:
    part = _value(node.part, here)
    if part is None:
        return None
    pattern = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in node.pattern)
    return re.fullmatch(pattern, part, re.DOTALL) is not None


@_value.register
def _(node: IsMissing, here: _Here) -> bool:
    return _value(node.part, here) is None


@_value.register
def _(node: Case, here: _Here) -> Value:
    for condition, value in node.branches:
        if _value(condition, here) is True:
            return _value(value, here)
    return None if node.otherwise is None else _value(node.otherwise, here)


@_value.register
def _(node: Call, here: _Here) -> Value:
    values = [_value(argument, here) for argument in node.arguments]
    if node.function == "coalesce":
        return next((value for value in values if value is not None), None)
    if any(value is None for value in values):
        return None
    if node.function == "days_since":
        return (here.at - values[0]) / DAY
    if node.function == DRAW:
        return draw_of(values[0], here.customer.customer_id)
    if node.function in COUNTS:
        then, zone = values
        return COUNTS[node.function](then, here.at, zone)
    return _FUNCTIONS[node.function](*values)


_FUNCTIONS: dict[str, Any] = {
    "least": min,
    "greatest": max,
    "abs": abs,
    "lower": lambda text: "".join(letter.lower()[0] for letter in text),
    "trim": lambda text: text.strip(" "),
    "length": len,
    "contains": lambda text, part: part in text,
    "starts_with": lambda text, part: text.startswith(part),
    "ends_with": lambda text, part: text.endswith(part),
    **PARTS,
    "floor": math.floor,
    TO_MINOR: lambda value: math.floor(value + 0.5),
}


@_value.register
def _(node: Quantile, here: _Here) -> Value:
    return here.customer.fitted[node]
