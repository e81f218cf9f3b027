"""Names and types of a tree: all that is wrong at once, or the same tree made ready for its readings.

Ready means: attributes have become ``last(customers.attribute)``, numbers that meet money have become money in minor units,
calendars know their time zone, people know what links them to their account, and every name left is a trait or a score.
A tree whose shape is wrong, which text cannot have, is told of that alone.
`meaning`, `query`, `step` and `explain` read trees that were made ready here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import singledispatchmethod
from typing import TypeAlias

from smalti.errors import Problem, nearest
from smalti.facts import CUSTOMERS, DAY, Currency, Stream, Type, from_minor, to_minor
from smalti.rules.aggregates import AGGREGATES, result_type
from smalti.rules.functions import CALENDAR, DRAW, FUNCTIONS, TO_MINOR
from smalti.rules.kinds import BOOLEAN, INSTANT, NUMBERS, UNTOLD, Kind, article, currencies_of, result_of
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
    Score,
    Sequence,
    StartOf,
    This,
    Window,
    children,
)
from smalti.rules.shapes import misshapen
from smalti.rules.text import write

_MOST_MINOR = 10**17
_SOME_STREAM = Stream("", ())
"""Stands for the stream beside which a misplaced sequence was meant to stand: of its columns nothing can be said."""
_MEASURES = NUMBERS | {Type.MONEY, Type.DURATION}


@dataclass(frozen=True)
class Vocabulary:
    """What a tree may speak of.

    Attributes:
        streams: Streams by name, with the columns they really have; ``customers`` holds the attributes.
        names: Traits and scores by name, with their types; None for one whose own definition is broken.
        currency: The project's currency: that of all money of which nothing else is said.
        later: Names known but not to be used here, each with the reason.
        segments: The segments whose membership may be asked.
        scores: Fitted scores by name, with their types.
        time_zone: The zone of all calendar units.
        account: The attribute that names the account a person belongs to, or None where there are no accounts.
        currencies: By name the ISO code of the currency of traits and scores whose money is not the project's.
    """

    streams: Mapping[str, Stream]
    names: Mapping[str, Type | None]
    currency: Currency
    later: Mapping[str, str] = field(default_factory=dict)
    segments: Collection[str] = ()
    scores: Mapping[str, Type] = field(default_factory=dict)
    time_zone: str = "UTC"
    account: str | None = None
    currencies: Mapping[str, str] = field(default_factory=dict)

    @property
    def attributes(self) -> Stream:
        """The stream of attributes."""
        return self.streams.get(CUSTOMERS.name, CUSTOMERS)


@dataclass(frozen=True)
class Checked:
    """A tree made ready, with its type; or its problems and, where it could be told, a type all the same.

    Attributes:
        node: The tree, ready if there are no problems.
        type: Its type.
        problems: All that is wrong, in the order in which it is written.
        currency: The ISO code of the currency of money; None of what is not money.
    """

    node: Node
    type: Type | None
    problems: tuple[Problem, ...]
    currency: str | None = None


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
    if wrong := misshapen(node):
        return Checked(node, None, tuple(wrong))
    checker = _Checker(vocabulary)
    ready, kind = checker.read(node)
    if wanted is Type.MONEY:
        ready, kind = checker.as_money(ready, kind, vocabulary.currency.code)
    if wanted is not None and kind.type not in (None, wanted) and (wanted, kind.type) != (Type.NUMBER, Type.INTEGER):
        checker.problem(node, "wrong type", kind.type, article(wanted))
    return Checked(ready, kind.type, tuple(checker.problems), kind.currency)


def names_in(node: Node) -> set[str]:
    """Give the names a tree speaks of outside conditions on one fact; the bounds of windows are outside.

    >>> from smalti.rules.text import parse
    >>> sorted(names_in(parse("a > 1 and count(orders, after c, where channel = 'web') > b")))
    ['a', 'b', 'c']
    """
    if isinstance(node, Aggregate):
        return names_in(node.window) if node.window is not None else set()
    if isinstance(node, Name):
        return {node.name}
    return {name for child in children(node) for name in names_in(child)}


def _one_of(names: Iterable[str], kind: str) -> str:
    known = ", ".join(sorted(names))
    return f"one of {known}" if known else f"a {kind} that the project has"


_Read: TypeAlias = tuple[Node, Kind]
"""A tree made ready, and what it gives."""


class _Checker:
    """One walk over one tree; collects problems instead of stopping at the first."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.problems: list[Problem] = []
        self.stream: Stream | None = None
        self.outer: Stream | None = None
        self.people = False

    def problem(self, node: Node, what: str, found: object, wanted: str, names: Iterable[str] = ()) -> None:
        line, column = node.span or (None, None)
        hint = nearest(str(found), names)
        self.problems.append(Problem(what, str(found), wanted, hint, line=line, column=column))

    def boolean(self, node: Node) -> Node:
        ready, kind = self.read(node)
        if kind.type not in (None, Type.BOOLEAN):
            wanted = "something true or false, such as a comparison"
            self.problem(node, "not a condition", f"{write(node)} ({kind.type})", wanted)
        return ready

    def of_type(self, kind: Type | None, currency: str | None = None) -> Kind:
        """Give the kind of a type; money of which nothing is said is the project's."""
        return Kind(kind, (currency or self.vocabulary.currency.code) if kind is Type.MONEY else None)

    def as_money(self, node: Node, kind: Kind, code: str) -> _Read:
        """Read a number written out as money of a currency; anything else is left as it is."""
        if isinstance(node, Literal) and kind.is_number:
            currency = Currency(code)
            minor = to_minor(node.value, currency)
            if from_minor(minor, currency) != Decimal(str(node.value)):
                wanted = f"at most {currency.places} places after the point"
                self.problem(node, "money finer than the currency has", node.value, wanted)
            elif abs(minor) > _MOST_MINOR:
                self.problem(node, "more money than can be counted", node.value, "less than a thousand million million")
            return Literal(minor, Type.MONEY, span=node.span), Kind(Type.MONEY, code)
        if isinstance(node, Negate) and isinstance(node.part, Literal) and kind.is_number:
            part, money = self.as_money(node.part, kind, code)
            return replace(node, part=part), money
        return node, kind

    def one_currency(self, node: Node, parts: list[_Read], between: str) -> list[_Read]:
        """Hold the money among the parts to one currency, and read numbers written out beside it as that."""
        codes = currencies_of(kind for _, kind in parts)
        if len(codes) > 1:
            self.problem(node, "money of two currencies", between.join(codes), "one currency")
        return [self.as_money(part, kind, codes[0]) for part, kind in parts] if codes else parts

    def alike(self, node: Node, parts: list[_Read], doing: str) -> tuple[list[Node], Kind]:
        """Bring the parts to one kind: numbers written out follow money, integers follow numbers."""
        parts = self.one_currency(node, parts, " and ")
        types = {kind.type for _, kind in parts if kind.type is not None}
        ready = [part for part, _ in parts]
        if len(types) > 1 and not types <= NUMBERS:
            told = " and ".join(sorted(article(one) for one in types))
            self.problem(node, f"{doing} of different types", told, "values of one type")
            return ready, UNTOLD
        codes = currencies_of(kind for _, kind in parts)
        return ready, Kind(Type.NUMBER if len(types) > 1 else next(iter(types), None), codes[0] if codes else None)

    @singledispatchmethod
    def read(self, node: Node) -> _Read:
        raise TypeError(f"not a node of the language: {node!r}")

    @read.register
    def _(self, node: Literal) -> _Read:
        return node, self.of_type(node.type)

    @read.register
    def _(self, node: Name) -> _Read:
        if self.stream is not None:
            return self._column(node, self.stream)
        words = self.vocabulary
        if node.name in words.names:
            return node, self.of_type(words.names[node.name], words.currencies.get(node.name))
        if node.name in words.attributes:
            column = words.attributes[node.name]
            ready = Aggregate("last", CUSTOMERS.name, node.name, span=node.span)
            return ready, self.of_type(column.type, column.currency)
        if node.name in words.later:
            self.problem(node, "not known yet here", node.name, words.later[node.name])
            return node, UNTOLD
        known = [*words.names, *words.attributes.names]
        self.problem(node, "unknown name", node.name, "a trait, attribute or score", known)
        return node, UNTOLD

    def _column(self, node: Name, stream: Stream) -> _Read:
        if node.name == "at":
            return node, INSTANT
        if node.name in stream:
            return node, self.of_type(stream[node.name].type, stream[node.name].currency)
        known = ["at", *stream.names]
        self.problem(node, f"unknown column of {stream.name}", node.name, "one of " + ", ".join(known), known)
        return node, UNTOLD

    @read.register
    def _(self, node: Its) -> _Read:
        if self.outer is None:
            wanted = (
                "inside followed_by(...) or preceded_by(...), where it names a column of the fact one stands beside"
            )
            self.problem(node, "its has nothing to speak of here", write(node), wanted)
        if self.outer is None or self.outer is _SOME_STREAM:
            return node, UNTOLD
        _, kind = self._column(Name(node.column, span=node.span), self.outer)
        return node, kind

    @read.register
    def _(self, node: Now) -> _Read:
        return node, INSTANT

    @read.register
    def _(self, node: StartOf) -> _Read:
        return replace(node, zone=self.vocabulary.time_zone), INSTANT

    @read.register
    def _(self, node: Score) -> _Read:
        scores, later = self.vocabulary.scores, self.vocabulary.later
        if self.stream is None and node.name not in scores and node.name in later:
            self.problem(node, "not known yet here", node.name, later[node.name])
            return node, UNTOLD
        if self.stream is not None or node.name not in scores:
            wanted = "outside a condition on one fact" if self.stream is not None else _one_of(scores, "score")
            self.problem(
                node, "no score here" if self.stream is not None else "unknown score", node.name, wanted, scores
            )
            return node, UNTOLD
        return Name(node.name, span=node.span), self.of_type(
            scores[node.name], self.vocabulary.currencies.get(node.name)
        )

    @read.register
    def _(self, node: Member) -> _Read:
        segments = self.vocabulary.segments
        if self.stream is not None:
            self.problem(node, "membership in a condition on one fact", write(node), "membership outside it")
        elif node.segment in self.vocabulary.later:
            self.problem(node, "not known yet here", node.segment, self.vocabulary.later[node.segment])
        elif node.segment not in segments:
            self.problem(node, "unknown segment", node.segment, _one_of(segments, "segment"), segments)
        return node, BOOLEAN

    @read.register
    def _(self, node: People) -> _Read:
        account = self.vocabulary.account
        if self.stream is not None or self.people:
            where = "a condition on one fact" if self.stream is not None else "a question about people"
            self.problem(node, f"a question about people inside {where}", write(node), "one outside it")
            return node, BOOLEAN
        if account is None or account not in self.vocabulary.attributes:
            wanted = "the attribute that names a person's account, under account: in the project"
            self.problem(
                node, "no accounts are known", account or write(node), wanted, self.vocabulary.attributes.names
            )
        elif self.vocabulary.attributes[account].type is not Type.TEXT:
            found = f"{account} ({self.vocabulary.attributes[account].type})"
            self.problem(node, "an account is named by text", found, "text, as customers' ids are")
        self.people = True
        rule = self.boolean(node.rule)
        self.people = False
        link = Aggregate("last", CUSTOMERS.name, account) if account is not None else None
        return replace(node, rule=rule, link=link), BOOLEAN

    @read.register
    def _(self, node: Aggregate) -> _Read:
        if self.stream is not None:
            self.problem(node, "an aggregate inside the condition of another", write(node), "a condition on one fact")
            around, self.stream = self.stream, None
            self.read(node)
            self.stream = around
            return node, UNTOLD
        stream = self._stream(node, node.stream)
        window = self._window(node.window) if node.window is not None else None
        if stream is None:
            return node, UNTOLD
        if node.function == "all" and node.where is None:
            self.problem(node, "all needs a condition", write(node), f"such as all({stream.name}, where ...)")
        where = self._condition(node.where, stream) if node.where is not None else None
        ready = replace(node, window=window, where=where)
        kind = self._aggregate_kind(ready, stream)
        rounded = node.function == "mean" and kind.type in (Type.MONEY, Type.DURATION)
        return (Call(TO_MINOR, (ready,), span=node.span) if rounded else ready), kind

    def _stream(self, node: Node, name: str) -> Stream | None:
        stream = self.vocabulary.streams.get(name)
        if stream is None:
            known = sorted(self.vocabulary.streams)
            wanted = "one of " + ", ".join(known) if known else "a stream that the project has"
            self.problem(node, "unknown stream", name, wanted, known)
        return stream

    def _condition(self, node: Node, stream: Stream, outer: Stream | None = None) -> Node:
        """Read a condition on one fact of a stream, which may stand beside one of another."""
        around = self.stream, self.outer
        self.stream, self.outer = stream, outer
        ready = self.boolean(node)
        self.stream, self.outer = around
        return ready

    def _window(self, node: Window) -> Window:
        match node:
            case Last(duration):
                if duration <= 0:
                    self.problem(node, "a window that holds nothing", write(node), "a duration above zero")
                return node
            case This():
                return replace(node, zone=self.vocabulary.time_zone)
            case After(Arithmetic("-", Now(), Literal(int(length), Type.DURATION))) if length > 0:
                return Last(length, span=node.span)
            case During(StartOf(unit), Now()):
                return This(unit, self.vocabulary.time_zone, span=node.span)
            case After(instant) | Before(instant):
                return replace(node, instant=self._bound(instant))
            case During(low, high):
                return replace(node, low=self._bound(low), high=self._bound(high))

    def _bound(self, node: Node) -> Node:
        ready, kind = self.read(node)
        if kind.type not in (None, Type.INSTANT):
            wanted = "an instant, such as last(orders.at), today, or instant '2026-01-01'"
            self.problem(node, "not a bound in time", f"{write(node)} ({kind.type})", wanted)
        return ready

    @read.register
    def _(self, node: Sequence) -> _Read:
        if self.stream is None:
            wanted = f"inside a condition, such as any(orders, where {write(node)})"
            self.problem(node, f"{node.order} asks about one fact", write(node), wanted)
        stream = self._stream(node, node.stream)
        if stream is None:
            return node, BOOLEAN
        if node.within is not None and node.within <= 0:
            self.problem(node, "a sequence that can never be", write(node), "a duration above zero")
        outer = self.stream if self.stream is not None else _SOME_STREAM
        where = self._condition(node.where, stream, outer) if node.where is not None else None
        return replace(node, where=where), BOOLEAN

    def _aggregate_kind(self, node: Aggregate, stream: Stream) -> Kind:
        known = AGGREGATES[node.function]
        if node.column is None:
            if known.takes is not None:
                wanted = f"such as {node.function}({stream.name}.at)"
                self.problem(node, f"{node.function} needs a column", write(node), wanted)
                return UNTOLD
            return Kind(result_type(node.function, None))
        _, column = self._column(Name(node.column, span=node.span), stream)
        if column.type is None:
            return UNTOLD
        if known.takes is None:
            wanted = f"{node.function}({stream.name}) or distinct({stream.name}.{node.column})"
            self.problem(node, f"{node.function} takes a stream, not a column", write(node), wanted)
            return UNTOLD
        if column.type not in known.takes:
            wanted = "a column of " + " or ".join(sorted(known.takes))
            self.problem(node, f"{node.function} of {article(column.type)}", write(node), wanted)
            return UNTOLD
        return self.of_type(result_type(node.function, column.type), column.currency)

    @read.register
    def _(self, node: Arithmetic) -> _Read:
        parts = [self.read(node.left), self.read(node.right)]
        if node.op in "+-":
            parts = self.one_currency(node, parts, f" {node.op} ")
        elif node.op == "/":
            self.one_currency(node, [part for part in parts if part[1].is_money], " / ")
        (left, one), (right, two) = parts
        ready, kind = replace(node, left=left, right=right), result_of(node.op, one, two)
        if kind is None:
            verb = {"+": "added to", "-": "subtracted from", "*": "multiplied by", "/": "divided by"}[node.op]
            found = " ".join([article(one.type), node.op, article(two.type)]) if one.type and two.type else node.op
            self.problem(node, "impossible arithmetic", found, f"values that can be {verb} each other")
            return ready, UNTOLD
        if kind.is_money and node.op in "*/":
            return Call(TO_MINOR, (ready,), span=node.span), kind
        match ready:
            case Arithmetic("-", Call("days_since", (then,)), Call("days_since", (later,))):
                # Of days since two instants only the instants matter: their difference stands still.
                apart = Arithmetic("-", later, then, span=node.span)
                return Arithmetic("/", apart, Literal(DAY, Type.DURATION), span=node.span), kind
        return ready, kind

    @read.register
    def _(self, node: Negate) -> _Read:
        part, kind = self.read(node.part)
        if kind.type is not None and kind.type not in _MEASURES:
            self.problem(node, "minus before", write(node.part), "a number, money or a duration")
            kind = UNTOLD
        return replace(node, part=part), kind

    @read.register
    def _(self, node: Compare) -> _Read:
        (left, right), kind = self.alike(node, [self.read(node.left), self.read(node.right)], "a comparison")
        if kind.type is Type.BOOLEAN and node.op not in ("=", "!="):
            self.problem(node, "true and false have no order", write(node), "= or !=")
        return replace(node, left=left, right=right), BOOLEAN

    @read.register
    def _(self, node: Logic) -> _Read:
        return replace(node, parts=tuple(self.boolean(part) for part in node.parts)), BOOLEAN

    @read.register
    def _(self, node: Not) -> _Read:
        return replace(node, part=self.boolean(node.part)), BOOLEAN

    @read.register
    def _(self, node: In) -> _Read:
        options = [self.read(option) for option in node.options]
        (part, *ready), _ = self.alike(node, [self.read(node.part), *options], "a value and options")
        return replace(node, part=part, options=tuple(ready)), BOOLEAN

    @read.register
    def _(self, node: Between) -> _Read:
        read = [self.read(node.part), self.read(node.low), self.read(node.high)]
        (part, low, high), kind = self.alike(node, read, "a value and bounds")
        if kind.type is Type.BOOLEAN:
            self.problem(node, "true and false have no order", write(node), "a comparison with = or !=")
        return replace(node, part=part, low=low, high=high), BOOLEAN

    @read.register
    def _(self, node: Like) -> _Read:
        part, kind = self.read(node.part)
        if kind.type not in (None, Type.TEXT):
            self.problem(node, "like compares text", f"{write(node.part)} ({kind.type})", "text")
        return replace(node, part=part), BOOLEAN

    @read.register
    def _(self, node: IsMissing) -> _Read:
        return replace(node, part=self.read(node.part)[0]), BOOLEAN

    @read.register
    def _(self, node: Case) -> _Read:
        conditions = [self.boolean(condition) for condition, _ in node.branches]
        results = [self.read(value) for _, value in node.branches]
        if node.otherwise is not None:
            results.append(self.read(node.otherwise))
        values, kind = self.alike(node, results, "the branches of a case")
        otherwise = values.pop() if node.otherwise is not None else None
        return replace(node, branches=tuple(zip(conditions, values, strict=True)), otherwise=otherwise), kind

    @read.register
    def _(self, node: Call) -> _Read:
        known = FUNCTIONS[node.function]
        count = len(node.arguments)
        if count < known.least or (known.most is not None and count > known.most):
            wanted = f"{known.least}" if known.most == known.least else f"at least {known.least}"
            self.problem(node, f"{node.function} with the wrong number of values", count, wanted)
        values, kind = self.alike(node, [self.read(argument) for argument in node.arguments], "values")
        if known.takes is not None and kind.type is not None and kind.type not in known.takes:
            wanted = " or ".join(sorted(article(one) for one in known.takes))
            self.problem(node, f"{node.function} of {article(kind.type)}", write(node), wanted)
        if node.function == "money" and values:
            return self._as_own_money(values[0], kind)
        if node.function == DRAW:
            self._draw(node, kind)
        if node.function in CALENDAR:
            values = [*values, Literal(self.vocabulary.time_zone, Type.TEXT)]
        return replace(node, arguments=tuple(values)), self.of_type(known.gives) if known.gives else kind

    def _draw(self, node: Call, kind: Kind) -> None:
        """Hold a draw to a name that is written out, so that what it is cannot change, and to the customer."""
        if kind.type is Type.TEXT and not all(isinstance(one, Literal) and one.value for one in node.arguments):
            self.problem(node, "a draw without a name of its own", write(node), "one written out, such as 'spring'")
        if self.stream is not None:
            self.problem(node, "a draw in a condition on one fact", write(node), "one outside it: customers are drawn")

    def _as_own_money(self, value: Node, kind: Kind) -> _Read:
        if kind.is_money:
            return value, kind
        scale = Literal(self.vocabulary.currency.scale, Type.INTEGER)
        minor = Call(TO_MINOR, (Arithmetic("*", value, scale),), span=value.span)
        return minor, self.of_type(Type.MONEY)

    @read.register
    def _(self, node: Quantile) -> _Read:
        if self.stream is not None:
            self.problem(node, "a fitted constant in a condition on one fact", write(node), "a quantile outside it")
            return node, UNTOLD
        of, kind = self.read(node.of)
        if not 0 <= node.p <= 1:
            self.problem(node, "a share beyond 0 and 1", node.p, "a share such as 0.8")
        if kind.type is not None and kind.type not in _MEASURES | {Type.INSTANT}:
            self.problem(
                node, f"a quantile of {article(kind.type)}", write(node), "numbers, money, durations or instants"
            )
            kind = UNTOLD
        among = self.boolean(node.among) if node.among is not None else None
        return replace(node, of=of, among=among), kind
