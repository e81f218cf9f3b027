"""Trees of the whole language, as people would write them, typed so that `check` passes.

`tree(kind, scope)` draws a tree of a type. A scope says which names there are, and whether aggregates and fitted constants
may stand there: they may not in a condition on one fact. All values come from small sets, so that ties, equal values and
the edges of windows are met all the time and failures shrink to something a person can read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from smalti.facts import DAY, Column, Instant, Stream, Type, parse_instant
from smalti.rules import (
    AGGREGATES,
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
from smalti.rules.aggregates import result_type

TEXT, INTEGER, NUMBER, MONEY = Type.TEXT, Type.INTEGER, Type.NUMBER, Type.MONEY
BOOLEAN, INSTANT, DURATION = Type.BOOLEAN, Type.INSTANT, Type.DURATION
MEASURES = (INTEGER, NUMBER, MONEY, DURATION)

NOON: Instant = parse_instant("2026-06-30T12:00:00Z")
INSTANTS = [NOON + days * DAY + shift for days in range(-3, 2) for shift in (-1, 0, 1)]
WINDOWS = [days * DAY + shift for days in range(4) for shift in (-1, 0, 1) if days * DAY + shift > 0]
TEXTS = [
    "web",
    "Web",
    "shop",
    "",
    "a b",
    "a  b",
    "it's",
    'say "hi"',
    "100%",
    "a_b",
    "back\\slash",
    "ΟΔΟΣ",
    "İs",
    "two\nlines",
]
PATTERNS = ["%", "_", "w%", "%b", "a_b", "%__%", "100%", "it's", "", "%\\%", "%.%", "_s"]
NUMBERS = [0.0, 0.1, 0.3, 0.1 + 0.2, 1 / 3, 0.5, 1.0, 2.5, 99.99, 77.12345678901234]
VALUES: Mapping[Type, list[object]] = {
    TEXT: TEXTS,
    INTEGER: [-2, -1, 0, 1, 2, 3, 7],
    NUMBER: [*NUMBERS, -0.1, -2.5],
    MONEY: [-250, -1, 0, 1, 50, 99, 100, 150, 1999],
    BOOLEAN: [True, False],
    INSTANT: INSTANTS,
    DURATION: [0, *WINDOWS],
}
"""What a column of a type may hold, besides nothing."""

ORDERS = Stream(
    "orders",
    (
        Column("revenue", MONEY),
        Column("quantity", INTEGER),
        Column("weight", NUMBER),
        Column("channel", TEXT),
        Column("gift", BOOLEAN),
        Column("due", INSTANT),
        Column("wait", DURATION),
    ),
)
VISITS = Stream("visits", (Column("page", TEXT), Column("Seconds on Page", NUMBER)))
PEOPLE = Stream(
    "customers",
    (
        Column("country", TEXT),
        Column("Marital Status", TEXT),
        Column("age", INTEGER),
        Column("rating", NUMBER),
        Column("income", MONEY),
        Column("newsletter", BOOLEAN),
        Column("born", INSTANT),
        Column("trial", DURATION),
    ),
)
STREAMS = {stream.name: stream for stream in (ORDERS, VISITS, PEOPLE)}
ATTRIBUTES = {column.name: column.type for column in PEOPLE.columns}


@dataclass(frozen=True)
class Scope:
    """What a tree may speak of where it stands."""

    names: Mapping[str, Type]
    on_one_fact: bool = False

    def of(self, kind: Type) -> list[str]:
        return [name for name, one in self.names.items() if one is kind]


def amount() -> SearchStrategy[Node]:
    """Numbers no finer than money is, such as may be written beside it."""
    return st.sampled_from([Literal(value, NUMBER) for value in (0.0, 0.1, 0.3, 0.5, 1.0, 2.5, 99.99)])


def literal(kind: Type) -> SearchStrategy[Node]:
    """Values written out; never negative, for minus is a node of its own."""
    values = [value for value in VALUES[kind] if kind is TEXT or value >= 0]  # type: ignore[operator]
    return st.sampled_from([Literal(value, kind) for value in values])  # type: ignore[arg-type]


_SCOPES = {
    stream.name: Scope({"at": INSTANT} | {column.name: column.type for column in stream.columns}, on_one_fact=True)
    for stream in STREAMS.values()
}


def _summaries() -> dict[Type, list[tuple[str, str, str | None]]]:
    found: dict[Type, list[tuple[str, str, str | None]]] = {kind: [] for kind in Type}
    for stream in STREAMS.values():
        for function, kind in AGGREGATES.items():
            if kind.takes is None:
                found[result_type(function, None)].append((function, stream.name, None))
                continue
            for column in (Column("at", INSTANT), *stream.columns):
                if column.type in kind.takes:
                    found[result_type(function, column.type)].append((function, stream.name, column.name))
    return found


SUMMARIES = _summaries()
"""Every aggregate over every column there is, by its type."""


@st.composite
def aggregate(draw: DrawFn, kind: Type, depth: int = 1) -> Aggregate:
    function, stream, column = draw(st.sampled_from(SUMMARIES[kind]))
    last = draw(st.none() | st.sampled_from(WINDOWS))
    where = draw(st.none() | tree(BOOLEAN, _SCOPES[stream], min(depth, 2)))
    return Aggregate(function, stream, column, last, where)


@st.composite
def quantile(draw: DrawFn, kind: Type, scope: Scope, depth: int) -> Quantile:
    p = draw(st.sampled_from([0.0, 0.1, 0.25, 1 / 3, 0.5, 0.8, 1.0]))
    among = draw(st.none() | tree(BOOLEAN, scope, min(depth, 1)))
    return Quantile(draw(tree(kind, scope, min(depth, 1))), p, among)


def leaf(kind: Type, scope: Scope, depth: int = 1) -> SearchStrategy[Node]:
    options: list[SearchStrategy[Node]] = [] if kind is MONEY else [literal(kind)]
    if names := scope.of(kind):
        options.append(st.sampled_from([Name(name) for name in names]))
    if not scope.on_one_fact:
        options.append(aggregate(kind, depth))
    if kind is MONEY and not options:
        return literal(INTEGER).map(lambda amount: Call("money", (amount,)))
    return st.one_of(options)


def partner(kind: Type, scope: Scope, depth: int) -> SearchStrategy[Node]:
    """A tree that can meet one of this type: next to money also a plain number, next to a number a whole one."""
    own = tree(kind, scope, depth)
    if kind is MONEY:
        written = literal(INTEGER) | amount()
        return own | written | written.map(Negate)
    return own | tree(INTEGER, scope, depth) if kind is NUMBER else own


@st.composite
def tree(draw: DrawFn, kind: Type, scope: Scope, depth: int) -> Node:
    """Draw a tree of a type that is at most so deep."""
    if depth <= 0 or draw(st.integers(0, 4)) == 0:
        return draw(leaf(kind, scope, depth))
    makers = [*_ANY_KIND, *_BY_KIND[kind]]
    if not scope.on_one_fact and kind in (*MEASURES, INSTANT):
        makers.append(lambda draw, scope, depth: draw(quantile(kind, scope, depth)))
    make = draw(st.sampled_from(makers))
    if make in _ANY_KIND:
        return make(draw, kind, scope, depth - 1)
    return make(draw, scope, depth - 1)


def _case(draw: DrawFn, kind: Type, scope: Scope, depth: int) -> Node:
    first = (draw(tree(BOOLEAN, scope, depth)), draw(tree(kind, scope, depth)))
    more = draw(st.lists(st.tuples(tree(BOOLEAN, scope, depth), partner(kind, scope, depth)), max_size=1))
    return Case((first, *more), draw(st.none() | partner(kind, scope, depth)))


def _coalesce(draw: DrawFn, kind: Type, scope: Scope, depth: int) -> Node:
    return Call("coalesce", (draw(tree(kind, scope, depth)), draw(partner(kind, scope, depth))))


def _call(function: str, *kinds: Type) -> Callable[[DrawFn, Scope, int], Node]:
    def make(draw: DrawFn, scope: Scope, depth: int) -> Node:
        return Call(function, tuple(draw(tree(kind, scope, depth)) for kind in kinds))

    return make


def _best(function: str, kind: Type) -> Callable[[DrawFn, Scope, int], Node]:
    def make(draw: DrawFn, scope: Scope, depth: int) -> Node:
        return Call(function, (draw(tree(kind, scope, depth)), draw(partner(kind, scope, depth))))

    return make


def _arithmetic(op: str, one: Type, two: Type) -> Callable[[DrawFn, Scope, int], Node]:
    """Sums of trees; products and quotients of leaves only, so that values stay within what an engine holds."""

    def make(draw: DrawFn, scope: Scope, depth: int) -> Node:
        if op in "+-":
            right = partner(two, scope, depth) if one is two else tree(two, scope, depth)
            return Arithmetic(op, draw(tree(one, scope, depth)), draw(right))
        return Arithmetic(op, draw(leaf(one, scope, depth)), draw(leaf(two, scope, depth)))

    return make


def _negate(kind: Type) -> Callable[[DrawFn, Scope, int], Node]:
    return lambda draw, scope, depth: Negate(draw(tree(kind, scope, depth)))


def _compare(draw: DrawFn, scope: Scope, depth: int) -> Node:
    kind = draw(st.sampled_from(list(Type)))
    op = draw(st.sampled_from(["=", "!="] if kind is BOOLEAN else ["=", "!=", "<", "<=", ">", ">="]))
    left, right = draw(tree(kind, scope, depth)), draw(partner(kind, scope, depth))
    return Compare(op, right, left) if draw(st.booleans()) else Compare(op, left, right)


def _between(draw: DrawFn, scope: Scope, depth: int) -> Node:
    kind = draw(st.sampled_from([kind for kind in Type if kind is not BOOLEAN]))
    low, high = draw(partner(kind, scope, depth)), draw(partner(kind, scope, depth))
    return Between(draw(tree(kind, scope, depth)), low, high)


def _in(draw: DrawFn, scope: Scope, depth: int) -> Node:
    kind = draw(st.sampled_from(list(Type)))
    option = literal(INTEGER) | amount() if kind is MONEY else literal(kind)
    if kind in MEASURES:
        option = option | option.map(Negate)
    return In(draw(tree(kind, scope, depth)), tuple(draw(st.lists(option, min_size=1, max_size=3))))


def _like(draw: DrawFn, scope: Scope, depth: int) -> Node:
    return Like(draw(tree(TEXT, scope, depth)), draw(st.sampled_from(PATTERNS)))


def _missing(draw: DrawFn, scope: Scope, depth: int) -> Node:
    return IsMissing(draw(tree(draw(st.sampled_from(list(Type))), scope, depth)))


def _logic(draw: DrawFn, scope: Scope, depth: int) -> Node:
    parts = draw(st.lists(tree(BOOLEAN, scope, depth), min_size=2, max_size=3))
    return Logic(draw(st.sampled_from(["and", "or"])), tuple(parts))


def _not(draw: DrawFn, scope: Scope, depth: int) -> Node:
    return Not(draw(tree(BOOLEAN, scope, depth)))


_ANY_KIND = (_case, _coalesce)
_BY_KIND: Mapping[Type, list[Callable[[DrawFn, Scope, int], Node]]] = {
    TEXT: [_call("lower", TEXT)],
    INTEGER: [
        *(_arithmetic(op, INTEGER, INTEGER) for op in "+-*"),
        *(_best(function, INTEGER) for function in ("least", "greatest")),
        _call("abs", INTEGER),
        _call("floor", NUMBER),
        _call("floor", INTEGER),
        _negate(INTEGER),
    ],
    NUMBER: [
        *(_arithmetic(op, NUMBER, NUMBER) for op in "+-*/"),
        *(_arithmetic(op, INTEGER, NUMBER) for op in "+-*/"),
        *(_arithmetic("/", kind, kind) for kind in (INTEGER, MONEY, DURATION)),
        *(_best(function, NUMBER) for function in ("least", "greatest")),
        _call("abs", NUMBER),
        _call("days_since", INSTANT),
        _negate(NUMBER),
    ],
    MONEY: [
        *(_arithmetic(op, MONEY, MONEY) for op in "+-"),
        *(_arithmetic(op, MONEY, kind) for op in "*/" for kind in (INTEGER, NUMBER)),
        *(_arithmetic("*", kind, MONEY) for kind in (INTEGER, NUMBER)),
        *(_best(function, MONEY) for function in ("least", "greatest")),
        *(_call("money", kind) for kind in (INTEGER, NUMBER, MONEY)),
        _call("abs", MONEY),
        _negate(MONEY),
    ],
    BOOLEAN: [_compare, _compare, _between, _in, _like, _missing, _logic, _logic, _not],
    INSTANT: [
        _arithmetic("+", INSTANT, DURATION),
        _arithmetic("+", DURATION, INSTANT),
        _arithmetic("-", INSTANT, DURATION),
        *(_best(function, INSTANT) for function in ("least", "greatest")),
    ],
    DURATION: [
        *(_arithmetic(op, DURATION, DURATION) for op in "+-"),
        _arithmetic("-", INSTANT, INSTANT),
        _arithmetic("*", DURATION, INTEGER),
        _arithmetic("*", INTEGER, DURATION),
        *(_best(function, DURATION) for function in ("least", "greatest")),
        _call("abs", DURATION),
        _negate(DURATION),
    ],
}
