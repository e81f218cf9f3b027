"""The told reading: a rule as an English sentence, and an answer as a reason.

>>> from smalti.facts import Currency
>>> from smalti.rules.text import parse
>>> words = Words(Currency("GBP"), {"spend_365d": "spend in the last year"})
>>> sentence(parse("spend_365d >= 500 and count(orders, last 30 days) = 0"), words)
'spend in the last year is at least 500 and the number of orders in the last 30 days is 0'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

from smalti.facts import DAY, Currency, Type, format_duration, format_instant, format_minor
from smalti.rules.aggregates import AGGREGATES
from smalti.rules.functions import TO_MINOR
from smalti.rules.nodes import (
    Aggregate,
    Arithmetic,
    Between,
    Call,
    Case,
    Compare,
    In,
    IsMissing,
    Like,
    Literal,
    Logic,
    Name,
    Negate,
    Node,
    Not,
    Quantile,
)


@dataclass(frozen=True)
class Words:
    """How names and values are said.

    Attributes:
        currency: The currency in which money is written.
        titles: What a trait, attribute or score is called in a sentence; its own name without underscores otherwise.
        types: Types by name, by which values are written.
        fitted: Constants of quantiles, told where they are known.
    """

    currency: Currency
    titles: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, Type] = field(default_factory=dict)
    fitted: Mapping[Quantile, Any] = field(default_factory=dict)

    def title(self, name: str) -> str:
        """Say a name."""
        return self.titles.get(name, name.replace("_", " "))

    def value(self, value: Any, kind: Type | None = None) -> str:
        """Say a value of a type.

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
            return format_instant(int(value) // DAY * DAY)
        if kind is Type.DURATION:
            return format_duration(int(value))
        if isinstance(value, float):
            return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3g}"
        return f"{value:,}" if isinstance(value, int) else f"'{value}'"


@dataclass(frozen=True)
class Reason:
    """One part of a rule, and how it stands for one customer.

    Attributes:
        sentence: The part in words.
        answer: Whether it holds; None is unknown.
        found: The customer's own value in words, where the part compares one.
        change: What would change the answer, where that can be told.
    """

    sentence: str
    answer: bool | None
    found: str | None
    change: str | None


def sentence(node: Node, words: Words) -> str:
    """Tell a rule or trait as part of an English sentence, without a full stop."""
    return _say(node, words)


def reasons(
    node: Node, words: Words, value: Callable[[Node], Any], *, aging: frozenset[str] = frozenset()
) -> list[Reason]:
    """Tell which parts of a rule hold for one customer, by how much, and what would change that.

    Args:
        node: The rule, made ready by `check`.
        words: How names and values are said.
        value: Gives the customer's value of a tree.
        aging: Names of traits that grow by one each day by themselves.
    """
    parts = node.parts if isinstance(node, Logic) else (node,)
    return [_reason(part, words, value, aging) for part in parts]


def _reason(node: Node, words: Words, value: Callable[[Node], Any], aging: frozenset[str]) -> Reason:
    answer = value(node)
    if not isinstance(node, Compare) or not isinstance(node.left, Name):
        return Reason(_say(node, words), answer, None, None)
    kind = words.types.get(node.left.name)
    left, right = value(node.left), value(node.right)
    found = f"{words.title(node.left.name)} is {words.value(left, kind)}"
    change = None
    measured = isinstance(left, int | float) and isinstance(right, int | float) and not isinstance(left, bool)
    if measured and node.op not in ("=", "!="):
        change = _change(node, left, right, words, aging)
    return Reason(_say(node, words), answer, found, change)


def _change(node: Compare, left: float, right: float, words: Words, aging: frozenset[str]) -> str | None:
    name = node.left.name if isinstance(node.left, Name) else ""
    kind = words.types.get(name)
    if name in aging and left <= right:
        return f"changes by itself in {right - left:,.1f} days if nothing happens"
    away = words.value(abs(right - left), Type.DURATION if kind is Type.INSTANT else kind)
    holds = _compared(node.op, left, right)
    until = _COMPARISONS[node.op if holds else _OPPOSITES[node.op]].removeprefix("is ")
    near = f", {away} away" if left != right else ""
    return f"stays so while it is {until} {words.value(right, kind)}{near}"


def _compared(op: str, left: float, right: float) -> bool:
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[op]


_OPPOSITES = {"<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_COMPARISONS = {"=": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least"}
_OPERATIONS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}


@singledispatch
def _say(node: Node, words: Words) -> str:
    raise TypeError(f"not a node of the language: {node!r} in {words!r}")


@_say.register
def _(node: Literal, words: Words) -> str:
    return words.value(node.value, node.type)


@_say.register
def _(node: Name, words: Words) -> str:
    return words.title(node.name)


@_say.register
def _(node: Aggregate, words: Words) -> str:
    stream = node.stream.replace("_", " ")
    if node.stream == "customers" and node.column is not None:
        return words.title(node.column)
    subject = stream if node.column is None else f"{node.column.replace('_', ' ')} of {stream}"
    window = f" in the last {format_duration(node.last)}" if node.last is not None else ""
    where = f" where {_say(node.where, words)}" if node.where is not None else ""
    return f"{AGGREGATES[node.function].words} {subject}{window}{where}"


@_say.register
def _(node: Arithmetic, words: Words) -> str:
    return f"{_inside(node.left, words)} {_OPERATIONS[node.op]} {_inside(node.right, words)}"


@_say.register
def _(node: Negate, words: Words) -> str:
    return f"minus {_inside(node.part, words)}"


@_say.register
def _(node: Compare, words: Words) -> str:
    return f"{_say(node.left, words)} {_COMPARISONS[node.op]} {_say(node.right, words)}"


@_say.register
def _(node: Logic, words: Words) -> str:
    return f" {node.op} ".join(_inside(part, words) for part in node.parts)


@_say.register
def _(node: Not, words: Words) -> str:
    match node.part:
        case In(part=part, options=options):
            return f"{_say(part, words)} is none of {_listed(options, words)}"
        case IsMissing(part=part):
            return f"{_say(part, words)} is known"
        case part:
            return f"it is not so that {_say(part, words)}"


@_say.register
def _(node: In, words: Words) -> str:
    return f"{_say(node.part, words)} is one of {_listed(node.options, words)}"


@_say.register
def _(node: Between, words: Words) -> str:
    return f"{_say(node.part, words)} is between {_say(node.low, words)} and {_say(node.high, words)}"


@_say.register
def _(node: Like, words: Words) -> str:
    return f"{_say(node.part, words)} looks like '{node.pattern}'"


@_say.register
def _(node: IsMissing, words: Words) -> str:
    return f"{_say(node.part, words)} is missing"


@_say.register
def _(node: Case, words: Words) -> str:
    told = [f"{_say(value, words)} if {_say(condition, words)}" for condition, value in node.branches]
    if node.otherwise is not None:
        told.append(f"{_say(node.otherwise, words)} otherwise")
    return ", ".join(told)


@_say.register
def _(node: Call, words: Words) -> str:
    said = [_say(argument, words) for argument in node.arguments]
    if node.function == TO_MINOR:
        return said[0]
    if node.function == "days_since":
        return f"days since {said[0]}"
    return f"{node.function} of {' and '.join(said)}"


@_say.register
def _(node: Quantile, words: Words) -> str:
    value = words.fitted.get(node)
    told = f"the {_ordinal(node.p * 100)} percentile of {_say(node.of, words)}"
    if value is None:
        return told
    kind = words.types.get(node.of.name) if isinstance(node.of, Name) else None
    return f"{words.value(value, kind)} ({told})"


def _ordinal(number: float) -> str:
    text = f"{number:g}"
    teens = text.endswith(("11", "12", "13"))
    return text + ("th" if teens else {"1": "st", "2": "nd", "3": "rd"}.get(text[-1], "th"))


def _inside(node: Node, words: Words) -> str:
    text = _say(node, words)
    return f"({text})" if isinstance(node, Logic | Arithmetic | Case) else text


def _listed(options: tuple[Node, ...], words: Words) -> str:
    return ", ".join(_say(option, words) for option in options)
