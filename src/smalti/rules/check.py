"""Names and types of a tree: all that is wrong at once, or the same tree made ready for its readings.

Ready means: attributes have become ``last(customers.attribute)``, numbers that meet money have become money in minor units,
and every name left is a trait or a score. `meaning`, `query` and `explain` read trees that were made ready here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import singledispatchmethod

from smalti.errors import Problem, nearest
from smalti.facts import CUSTOMERS, Column, Currency, Stream, Type, from_minor, to_minor
from smalti.rules.aggregates import AGGREGATES, result_type
from smalti.rules.functions import FUNCTIONS, TO_MINOR
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
    children,
)
from smalti.rules.text import write

_MOST_MINOR = 10**17
_NUMBERS = frozenset({Type.INTEGER, Type.NUMBER})


@dataclass(frozen=True)
class Vocabulary:
    """What a tree may speak of.

    Attributes:
        streams: Streams by name, with the columns they really have; ``customers`` holds the attributes.
        names: Traits and scores by name, with their types; None for one whose own definition is broken.
        currency: The currency in which a number that meets money is meant.
        later: Names known but not to be used here, each with the reason.
    """

    streams: Mapping[str, Stream]
    names: Mapping[str, Type | None]
    currency: Currency
    later: Mapping[str, str] = field(default_factory=dict)

    @property
    def attributes(self) -> Stream:
        """The stream of attributes."""
        return self.streams.get(CUSTOMERS.name, CUSTOMERS)


@dataclass(frozen=True)
class Checked:
    """A tree made ready, with its type; or its problems and, where it could be told, a type all the same."""

    node: Node
    type: Type | None
    problems: tuple[Problem, ...]


def check(node: Node, vocabulary: Vocabulary, *, wanted: Type | None = None) -> Checked:
    """Check a tree and make it ready.

    Args:
        node: The tree as it was written.
        vocabulary: What it may speak of.
        wanted: The type it must have, or None for any.

    >>> from smalti.rules.text import parse
    >>> words = Vocabulary({}, {"spend": Type.MONEY}, Currency("GBP"))
    >>> check(parse("spend > 5"), words).node
    Compare(op='>', left=Name(name='spend'), right=Literal(value=500, type=<Type.MONEY: 'money'>))
    >>> print(check(parse("spent > 5"), words).problems[0])
    1:1: unknown name: found 'spent', wanted a trait, attribute or score; did you mean 'spend'?
    """
    checker = _Checker(vocabulary)
    ready, kind = checker.read(node)
    if wanted is not None:
        if wanted is Type.MONEY and kind in _NUMBERS:
            ready, kind = checker.as_money(ready, kind)
        if kind is not None and kind is not wanted and not (wanted is Type.NUMBER and kind is Type.INTEGER):
            checker.problem(node, "wrong type", kind, f"{_article(wanted)}")
    return Checked(ready, kind, tuple(checker.problems))


def names_in(node: Node) -> set[str]:
    """Give the names a tree speaks of outside the conditions of its aggregates.

    >>> from smalti.rules.text import parse
    >>> sorted(names_in(parse("a > 1 and count(orders, where channel = 'web') > b")))
    ['a', 'b']
    """
    if isinstance(node, Aggregate):
        return set()
    if isinstance(node, Name):
        return {node.name}
    return {name for child in children(node) for name in names_in(child)}


def _article(kind: Type) -> str:
    return {"integer": "a whole number", "instant": "an instant", "money": "money", "text": "text"}.get(
        kind, f"a {kind}"
    )


class _Checker:
    """One walk over one tree; collects problems instead of stopping at the first."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.problems: list[Problem] = []
        self.stream: Stream | None = None

    def problem(self, node: Node, what: str, found: object, wanted: str, names: Iterable[str] = ()) -> None:
        line, column = node.span or (None, None)
        hint = nearest(str(found), names)
        self.problems.append(Problem(what, str(found), wanted, hint, line=line, column=column))

    def boolean(self, node: Node) -> Node:
        ready, kind = self.read(node)
        if kind not in (None, Type.BOOLEAN):
            wanted = "something true or false, such as a comparison"
            self.problem(node, "not a condition", f"{write(node)} ({kind})", wanted)
        return ready

    def as_money(self, node: Node, kind: Type | None) -> tuple[Node, Type | None]:
        """Read a number written out as money; anything else is left as it is."""
        if isinstance(node, Literal) and kind in _NUMBERS:
            currency = self.vocabulary.currency
            minor = to_minor(node.value, currency)
            if from_minor(minor, currency) != Decimal(str(node.value)):
                wanted = f"at most {currency.places} places after the point"
                self.problem(node, "money finer than the currency has", node.value, wanted)
            elif abs(minor) > _MOST_MINOR:
                self.problem(node, "more money than can be counted", node.value, "less than a thousand million million")
            return Literal(minor, Type.MONEY, span=node.span), Type.MONEY
        if isinstance(node, Negate) and isinstance(node.part, Literal) and kind in _NUMBERS:
            part, money = self.as_money(node.part, kind)
            return replace(node, part=part), money
        return node, kind

    def alike(self, node: Node, parts: list[tuple[Node, Type | None]], doing: str) -> tuple[list[Node], Type | None]:
        """Bring the parts to one type: numbers written out follow money, integers follow numbers."""
        if any(kind is Type.MONEY for _, kind in parts):
            parts = [self.as_money(part, kind) for part, kind in parts]
        kinds = {kind for _, kind in parts if kind is not None}
        if len(kinds) > 1 and not kinds <= _NUMBERS:
            told = " and ".join(sorted(_article(kind) for kind in kinds))
            self.problem(node, f"{doing} of different types", told, "values of one type")
            return [part for part, _ in parts], None
        kind = Type.NUMBER if len(kinds) > 1 else next(iter(kinds), None)
        return [part for part, _ in parts], kind

    @singledispatchmethod
    def read(self, node: Node) -> tuple[Node, Type | None]:
        raise TypeError(f"not a node of the language: {node!r}")

    @read.register
    def _(self, node: Literal) -> tuple[Node, Type | None]:
        return node, node.type

    @read.register
    def _(self, node: Name) -> tuple[Node, Type | None]:
        if self.stream is not None:
            return self._column(node, self.stream)
        words = self.vocabulary
        if node.name in words.names:
            return node, words.names[node.name]
        if node.name in words.attributes:
            return Aggregate("last", CUSTOMERS.name, node.name, span=node.span), words.attributes[node.name].type
        if node.name in words.later:
            self.problem(node, "not known yet here", node.name, words.later[node.name])
            return node, None
        known = [*words.names, *words.attributes.names]
        self.problem(node, "unknown name", node.name, "a trait, attribute or score", known)
        return node, None

    def _column(self, node: Name, stream: Stream) -> tuple[Node, Type | None]:
        if node.name == "at":
            return node, Type.INSTANT
        if node.name in stream:
            return node, stream[node.name].type
        known = ["at", *stream.names]
        self.problem(node, f"unknown column of {stream.name}", node.name, "one of " + ", ".join(known), known)
        return node, None

    @read.register
    def _(self, node: Aggregate) -> tuple[Node, Type | None]:
        if self.stream is not None:
            self.problem(node, "an aggregate inside the condition of another", write(node), "a condition on one fact")
            return node, None
        stream = self.vocabulary.streams.get(node.stream)
        if stream is None:
            known = sorted(self.vocabulary.streams)
            wanted = "one of " + ", ".join(known) if known else "a stream that the project has"
            self.problem(node, "unknown stream", node.stream, wanted, known)
            return node, None
        if node.last is not None and node.last <= 0:
            self.problem(node, "a window that holds nothing", write(node), "a duration above zero")
        self.stream = stream
        where = self.boolean(node.where) if node.where is not None else None
        self.stream = None
        ready = replace(node, where=where)
        kind = self._aggregate_type(ready, stream)
        rounded = node.function == "mean" and kind in (Type.MONEY, Type.DURATION)
        return (Call(TO_MINOR, (ready,), span=node.span) if rounded else ready), kind

    def _aggregate_type(self, node: Aggregate, stream: Stream) -> Type | None:
        kind = AGGREGATES[node.function]
        if node.column is None:
            if kind.takes is not None:
                wanted = f"such as {node.function}({stream.name}.at)"
                self.problem(node, f"{node.function} needs a column", write(node), wanted)
                return None
            return result_type(node.function, None)
        column: Column | None = Column("at", Type.INSTANT) if node.column == "at" else None
        if column is None and node.column in stream:
            column = stream[node.column]
        if column is None:
            known = ["at", *stream.names]
            self.problem(node, f"unknown column of {stream.name}", node.column, "one of " + ", ".join(known), known)
            return None
        if kind.takes is None:
            wanted = f"{node.function}({stream.name}) or distinct({stream.name}.{node.column})"
            self.problem(node, f"{node.function} takes a stream, not a column", write(node), wanted)
            return None
        if column.type not in kind.takes:
            wanted = "a column of " + " or ".join(sorted(kind.takes))
            self.problem(node, f"{node.function} of {_article(column.type)}", write(node), wanted)
            return None
        return result_type(node.function, column.type)

    @read.register
    def _(self, node: Arithmetic) -> tuple[Node, Type | None]:
        (left, one), (right, two) = self.read(node.left), self.read(node.right)
        if node.op in "+-" and Type.MONEY in (one, two):
            (left, one), (right, two) = self.as_money(left, one), self.as_money(right, two)
        ready = replace(node, left=left, right=right)
        if one is None or two is None:
            return ready, None
        kind = _ARITHMETIC[node.op](one, two)
        if kind is None:
            verb = {"+": "added to", "-": "subtracted from", "*": "multiplied by", "/": "divided by"}[node.op]
            found = f"{_article(one)} {node.op} {_article(two)}"
            self.problem(node, "impossible arithmetic", found, f"values that can be {verb} each other")
        if kind is Type.MONEY and node.op in "*/":
            return Call(TO_MINOR, (ready,), span=node.span), kind
        return ready, kind

    @read.register
    def _(self, node: Negate) -> tuple[Node, Type | None]:
        part, kind = self.read(node.part)
        if kind not in (None, Type.INTEGER, Type.NUMBER, Type.MONEY, Type.DURATION):
            self.problem(node, "minus before", write(node.part), "a number, money or a duration")
            kind = None
        return replace(node, part=part), kind

    @read.register
    def _(self, node: Compare) -> tuple[Node, Type | None]:
        (left, right), kind = self.alike(node, [self.read(node.left), self.read(node.right)], "a comparison")
        if kind is Type.BOOLEAN and node.op not in ("=", "!="):
            self.problem(node, "true and false have no order", write(node), "= or !=")
        return replace(node, left=left, right=right), Type.BOOLEAN

    @read.register
    def _(self, node: Logic) -> tuple[Node, Type | None]:
        return replace(node, parts=tuple(self.boolean(part) for part in node.parts)), Type.BOOLEAN

    @read.register
    def _(self, node: Not) -> tuple[Node, Type | None]:
        return replace(node, part=self.boolean(node.part)), Type.BOOLEAN

    @read.register
    def _(self, node: In) -> tuple[Node, Type | None]:
        options = [self.read(option) for option in node.options]
        (part, *ready), _ = self.alike(node, [self.read(node.part), *options], "a value and options")
        return replace(node, part=part, options=tuple(ready)), Type.BOOLEAN

    @read.register
    def _(self, node: Between) -> tuple[Node, Type | None]:
        read = [self.read(node.part), self.read(node.low), self.read(node.high)]
        (part, low, high), kind = self.alike(node, read, "a value and bounds")
        if kind is Type.BOOLEAN:
            self.problem(node, "true and false have no order", write(node), "a comparison with = or !=")
        return replace(node, part=part, low=low, high=high), Type.BOOLEAN

    @read.register
    def _(self, node: Like) -> tuple[Node, Type | None]:
        part, kind = self.read(node.part)
        if kind not in (None, Type.TEXT):
            self.problem(node, "like compares text", f"{write(node.part)} ({kind})", "text")
        return replace(node, part=part), Type.BOOLEAN

    @read.register
    def _(self, node: IsMissing) -> tuple[Node, Type | None]:
        return replace(node, part=self.read(node.part)[0]), Type.BOOLEAN

    @read.register
    def _(self, node: Case) -> tuple[Node, Type | None]:
        conditions = [self.boolean(condition) for condition, _ in node.branches]
        results = [self.read(value) for _, value in node.branches]
        if node.otherwise is not None:
            results.append(self.read(node.otherwise))
        values, kind = self.alike(node, results, "the branches of a case")
        otherwise = values.pop() if node.otherwise is not None else None
        return replace(node, branches=tuple(zip(conditions, values, strict=True)), otherwise=otherwise), kind

    @read.register
    def _(self, node: Call) -> tuple[Node, Type | None]:
        known = FUNCTIONS[node.function]
        count = len(node.arguments)
        if count < known.least or (known.most is not None and count > known.most):
            wanted = f"{known.least}" if known.most == known.least else f"at least {known.least}"
            self.problem(node, f"{node.function} with the wrong number of values", count, wanted)
        values, kind = self.alike(node, [self.read(argument) for argument in node.arguments], "values")
        if known.takes is not None and kind is not None and kind not in known.takes:
            wanted = " or ".join(sorted(_article(one) for one in known.takes))
            self.problem(node, f"{node.function} of {_article(kind)}", write(node), wanted)
        if node.function == "money":
            return self._in_minor_units(values[0], kind), Type.MONEY
        return replace(node, arguments=tuple(values)), known.gives or kind

    def _in_minor_units(self, value: Node, kind: Type | None) -> Node:
        if kind is Type.MONEY:
            return value
        scale = Literal(self.vocabulary.currency.scale, Type.INTEGER)
        return Call(TO_MINOR, (Arithmetic("*", value, scale),), span=value.span)

    @read.register
    def _(self, node: Quantile) -> tuple[Node, Type | None]:
        if self.stream is not None:
            self.problem(node, "a fitted constant in a condition on one fact", write(node), "a quantile outside it")
            return node, None
        of, kind = self.read(node.of)
        if not 0 <= node.p <= 1:
            self.problem(node, "a share beyond 0 and 1", node.p, "a share such as 0.8")
        if kind not in (None, Type.INTEGER, Type.NUMBER, Type.MONEY, Type.DURATION, Type.INSTANT):
            self.problem(node, f"a quantile of {_article(kind)}", write(node), "numbers, money, durations or instants")
            kind = None
        among = self.boolean(node.among) if node.among is not None else None
        return replace(node, of=of, among=among), kind


def _sum_type(one: Type, two: Type) -> Type | None:
    if {one, two} <= _NUMBERS:
        return Type.NUMBER if Type.NUMBER in (one, two) else Type.INTEGER
    if {one, two} == {Type.INSTANT, Type.DURATION}:
        return Type.INSTANT
    return one if one is two and one in (Type.MONEY, Type.DURATION) else None


def _difference_type(one: Type, two: Type) -> Type | None:
    if one is two is Type.INSTANT:
        return Type.DURATION
    if one is Type.DURATION and two is Type.INSTANT:
        return None
    return _sum_type(one, two)


def _product_type(one: Type, two: Type) -> Type | None:
    if {one, two} <= _NUMBERS:
        return Type.NUMBER if Type.NUMBER in (one, two) else Type.INTEGER
    if Type.MONEY in (one, two) and {one, two} <= _NUMBERS | {Type.MONEY}:
        return Type.MONEY if one is not two else None
    if Type.DURATION in (one, two) and {one, two} <= {Type.INTEGER, Type.DURATION}:
        return Type.DURATION if one is not two else None
    return None


def _quotient_type(one: Type, two: Type) -> Type | None:
    if {one, two} <= _NUMBERS or (one is two and one in (Type.MONEY, Type.DURATION)):
        return Type.NUMBER
    return Type.MONEY if one is Type.MONEY and two in _NUMBERS else None


_ARITHMETIC = {"+": _sum_type, "-": _difference_type, "*": _product_type, "/": _quotient_type}
