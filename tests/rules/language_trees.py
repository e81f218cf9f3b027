"""Trees of the whole language, as people would write them, typed so that `check` passes.

`tree(kind, scope, depth)` draws a tree of a type. A scope says which names there are, and what may stand there: aggregates,
fitted constants, memberships and people may not in a condition on one fact; sequences and `its` may nowhere else. All
values come from small sets, so that ties, equal values and the edges of windows are met all the time and failures shrink
to something a person can read. Instants come from a season: a few days around an edge of some zone's calendar.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from smalti.facts import DAY, HOUR, UNITS, Column, Instant, Stream, Type, parse_instant
from smalti.rules import (
    AGGREGATES,
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
)
from smalti.rules.aggregates import result_type
from smalti.rules.functions import CALENDAR

TEXT, INTEGER, NUMBER, MONEY = Type.TEXT, Type.INTEGER, Type.NUMBER, Type.MONEY
BOOLEAN, INSTANT, DURATION = Type.BOOLEAN, Type.INSTANT, Type.DURATION
MEASURES = (INTEGER, NUMBER, MONEY, DURATION)

NOON: Instant = parse_instant("2026-06-30T12:00:00Z")


once = lru_cache(maxsize=1 << 14)
"""Strategies are made once for each scope: making them costs more than drawing from them."""


@once
def maybe(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.none() | strategy


@once
def one_of(*values: Any) -> SearchStrategy[Any]:
    return st.sampled_from(values)


@dataclass(frozen=True)
class Season:
    """A few days in a time zone, in which everything happens.

    Attributes:
        zone: The zone of the calendar.
        marks: Instants that matter in it.
        dates: Instants far away that columns may hold as well, such as birthdays.
    """

    zone: str
    marks: tuple[Instant, ...]
    dates: tuple[Instant, ...] = ()

    @property
    def instants(self) -> list[Instant]:
        """The marks, and the microseconds beside them."""
        return [mark + shift for mark in self.marks for shift in (-1, 0, 1)]


def _season(zone: str, marks: str, dates: str = "") -> Season:
    return Season(zone, *(tuple(parse_instant(one, zone) for one in text.split()) for text in (marks, dates)))


SUMMER = Season(
    "UTC",
    (*(NOON + days * DAY for days in range(-3, 2)), NOON + 12 * HOUR),
    tuple(parse_instant(date) for date in ("1990-06-30T23:59:59Z", "2025-07-01", "2000-02-29")),
)
SEASONS = {
    "summer": SUMMER,
    "clocks_forward": _season(
        "Europe/London",
        "2026-03-28 2026-03-29 2026-03-29T01:00Z 2026-03-30 2026-03-30T12:00 2026-04-01",
        "1990-03-29T00:30Z 2024-02-29 1985-04-01T00:30+01:00",
    ),
    "clocks_back": _season(
        "Europe/London",
        "2026-10-24 2026-10-25 2026-10-25T00:00Z 2026-10-25T01:00Z 2026-10-26 2026-10-25T12:00",
        "1990-10-25 1971-10-25 2027-10-25T23:00Z",
    ),
    "leap_day": _season(
        "America/New_York",
        "2024-02-28 2024-02-29 2024-02-29T12:00 2024-03-01 2024-02-29T00:00Z 2024-03-02",
        "2000-02-29 2000-02-28 1996-02-29T23:59:59 1999-03-01",
    ),
    "no_leap_day": _season(
        "Asia/Tokyo",
        "2027-02-27 2027-02-28 2027-02-28T12:00 2027-03-01 2027-03-01T00:00Z 2027-02-26",
        "2000-02-29 2000-02-28 1996-02-29T23:59:59 1999-03-01",
    ),
    "new_year": _season(
        "Pacific/Auckland",
        "2026-12-28 2026-12-31 2027-01-01 2027-01-01T00:00Z 2027-01-02 2027-01-04",
        "1990-12-31 1990-01-01 2026-12-31T23:59:59",
    ),
    "no_midnight": _season(
        "America/Sao_Paulo",
        "2018-11-03 2018-11-04T03:00Z 2018-11-04T02:00Z 2018-11-04T12:00 2018-11-05 2018-11-01",
        "1990-11-04T12:00 2000-11-03 1999-11-05",
    ),
    "midnight_twice": _season(
        "America/St_Johns",
        "2006-10-28 2006-10-29T00:00-02:30 2006-10-29T00:01-02:30 2006-10-29T00:00-03:30 2006-10-30 2006-10-29T12:00",
        "1990-10-28 1990-10-29T12:00 2000-02-29",
    ),
}
"""Where calendars have their edges."""

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
    " web",
    "web  ",
    "\tweb\u00a0",
    "  ",
    "e\u0301",
    "\U0001f642",
]
SALTS = ["spring", "Spring", "it's a\\b", "\u00fc\U0001f642"]
"""What draws are called."""
PATTERNS = ["%", "_", "w%", "%b", "a_b", "%__%", "100%", "it's", "", "%\\%", "%.%", "_s"]
NUMBERS = [0.0, 0.1, 0.3, 0.1 + 0.2, 1 / 3, 0.5, 1.0, 2.5, 99.99, 77.12345678901234]
VALUES: Mapping[Type, list[object]] = {
    TEXT: TEXTS,
    INTEGER: [-2, -1, 0, 1, 2, 3, 7],
    NUMBER: [*NUMBERS, -0.1, -2.5],
    MONEY: [-250, -1, 0, 1, 50, 99, 100, 150, 1999],
    BOOLEAN: [True, False],
    INSTANT: SUMMER.instants,
    DURATION: [0, *WINDOWS],
}
"""What a column of a type may hold, besides nothing."""
CUSTOMERS = ("ada", "Ada", "o'brien", "new")
STRANGER = "nobody's"
"""A customer with facts who is not among the customers asked about."""


def values_of(column: Column, season: Season = SUMMER) -> list[object]:
    """What a column may hold in a season, besides nothing."""
    if column.name == "company":
        return [*CUSTOMERS, "ada", STRANGER, "zoe"]
    return [*season.instants, *season.dates, *season.dates] if column.type is INSTANT else VALUES[column.type]


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
SAID = Stream(
    "customers",
    (
        Column("company", TEXT),
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
STREAMS = {stream.name: stream for stream in (ORDERS, VISITS, SAID)}
ATTRIBUTES = {column.name: column.type for column in SAID.columns}
SCORES = {"p_alive": NUMBER, "expected_spend": MONEY, "Next Category": TEXT, "expected_at": INSTANT}
ACCOUNT = "company"
"""The attribute that names a person's account."""


@dataclass(frozen=True, eq=False)
class Scope:
    """What a tree may speak of where it stands.

    Attributes:
        names: Traits and attributes; in a condition on one fact its columns.
        on_one_fact: Whether it is a condition on one fact.
        segments: The segments whose membership may be asked.
        scores: Whether scores may be asked for.
        people: Whether people may be asked about.
        bounds: How deep windows may have bounds that have windows.
        its: The columns of the fact just outside a sequence.
        sequences: How deep sequences may stand in each other here.
        season: Where the instants come from.
    """

    names: Mapping[str, Type]
    on_one_fact: bool = False
    segments: tuple[str, ...] = ()
    scores: bool = False
    people: bool = False
    bounds: int = 2
    its: Mapping[str, Type] = field(default_factory=dict)
    sequences: int = 0
    season: Season = SUMMER

    def __post_init__(self) -> None:
        said = tuple(self.names.items()), tuple(self.its.items()), self.on_one_fact, self.segments, self.scores
        object.__setattr__(self, "_said", (*said, self.people, self.bounds, self.sequences, self.season))
        object.__setattr__(self, "_hash", hash(self._said))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scope) and self._said == other._said

    def of(self, kind: Type) -> list[str]:
        return [name for name, one in self.names.items() if one is kind]

    @once
    def on_a_fact_of(self, stream: str) -> Scope:
        """The scope of an aggregate's condition on one fact."""
        return Scope(_COLUMNS[stream], on_one_fact=True, sequences=2, season=self.season)

    @once
    def of_a_bound(self) -> Scope:
        """The scope of a window's bound."""
        return replace(self, bounds=self.bounds - 1)

    @once
    def of_a_person(self) -> Scope:
        """The scope of what is asked of an account's people."""
        return replace(self, people=False)

    @once
    def beside(self, stream: str) -> Scope:
        """The scope of a sequence's condition on the other fact."""
        return replace(self, names=_COLUMNS[stream], its=self.names, sequences=self.sequences - 1)


_COLUMNS = {
    stream.name: {"at": INSTANT} | {column.name: column.type for column in stream.columns}
    for stream in STREAMS.values()
}
EVERYTHING = Scope(ATTRIBUTES, segments=("vip", "Old Flames"), scores=True, people=True)
"""What can be spoken of in the whole language, but for traits."""


@once
def amount() -> SearchStrategy[Node]:
    """Numbers no finer than money is, such as may be written beside it."""
    return st.sampled_from([Literal(value, NUMBER) for value in (0.0, 0.1, 0.3, 0.5, 1.0, 2.5, 99.99)])


@once
def literal(kind: Type, scope: Scope | None = None) -> SearchStrategy[Node]:
    """Values written out; never negative, for minus is a node of its own."""
    if kind is INSTANT and scope is not None:
        return st.sampled_from([Literal(at, INSTANT) for at in scope.season.instants])
    values = [value for value in VALUES[kind] if kind is TEXT or value >= 0]  # type: ignore[operator]
    return st.sampled_from([Literal(value, kind) for value in values])  # type: ignore[arg-type]


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


@once
@st.composite
def window(draw: DrawFn, scope: Scope, depth: int) -> Window | None:
    """Draw a window; its bounds are about the customer, as everything outside conditions on one fact."""
    kinds = ["none"] * 3 + ["last"] * 3 + ["this"] * 2 + ["after", "before", "during"] * (scope.bounds > 0)
    kind = draw(one_of(*kinds))
    bound = tree(INSTANT, scope.of_a_bound(), min(depth, 1))
    match kind:
        case "last":
            return Last(draw(one_of(*WINDOWS)))
        case "this":
            return This(draw(one_of(*UNITS)))
        case "after":
            return After(draw(bound))
        case "before":
            return Before(draw(bound))
        case "during":
            return During(draw(bound), draw(bound))
    return None


@once
@st.composite
def aggregate(draw: DrawFn, kind: Type, scope: Scope, depth: int = 1) -> Aggregate:
    function, stream, column = draw(one_of(*SUMMARIES[kind]))
    within = draw(window(scope, depth))
    told = condition(scope.on_a_fact_of(stream), min(depth, 2))
    where = draw(told if function == "all" else maybe(told))
    nth = draw(one_of(1, 2, 2, 3, 6)) if function == "nth" else None
    return Aggregate(function, stream, column, within, where, nth)


@once
def condition(scope: Scope, depth: int) -> SearchStrategy[Node]:
    """A condition on one fact: most often about its columns, sometimes about what comes before or after it."""
    plain = tree(BOOLEAN, scope, depth)
    if not scope.sequences:
        return plain
    beside = sequence(scope, depth)
    both = [same_property(scope)] * 2 if scope.its else []
    return st.one_of(plain, plain, plain, beside, beside.map(Not), *both)


@once
@st.composite
def sequence(draw: DrawFn, scope: Scope, depth: int) -> Sequence:
    stream = draw(one_of(*sorted(STREAMS)))
    within = draw(maybe(one_of(*WINDOWS)))
    where = draw(maybe(condition(scope.beside(stream), min(depth, 1))))
    return Sequence(draw(one_of("followed_by", "preceded_by")), stream, within, where)


@once
@st.composite
def people(draw: DrawFn, scope: Scope, depth: int) -> People:
    quantifier = draw(one_of("any", "all", "no"))
    return People(quantifier, draw(tree(BOOLEAN, scope.of_a_person(), min(depth, 1))))


@once
@st.composite
def quantile(draw: DrawFn, kind: Type, scope: Scope, depth: int) -> Quantile:
    p = draw(one_of(0.0, 0.1, 0.25, 1 / 3, 0.5, 0.8, 1.0))
    among = draw(maybe(tree(BOOLEAN, scope, min(depth, 1))))
    return Quantile(draw(tree(kind, scope, min(depth, 1))), p, among)


@once
def leaf(kind: Type, scope: Scope, depth: int = 1) -> SearchStrategy[Node]:
    options: list[SearchStrategy[Node]] = [] if kind is MONEY else [literal(kind, scope)]
    if names := scope.of(kind):
        options.append(st.sampled_from([Name(name) for name in names]))
    if columns := [Its(name) for name, one in scope.its.items() if one is kind]:
        options.append(st.sampled_from(columns))
    if not scope.on_one_fact:
        options.append(aggregate(kind, scope, depth))
    if kind is INSTANT:
        options.append(st.sampled_from([Now(), *map(StartOf, UNITS)]))
    if kind is NUMBER and not scope.on_one_fact:
        options.append(st.sampled_from([Call("bucket", (Literal(salt, TEXT),)) for salt in SALTS]))
    if kind is BOOLEAN and scope.segments:
        options.append(st.sampled_from([Member(name) for name in scope.segments]))
    if scope.scores and (scores := [Score(name) for name, one in SCORES.items() if one is kind]):
        options.append(st.sampled_from(scores))
    if kind is MONEY and not options:
        return literal(INTEGER).map(lambda amount: Call("money", (amount,)))
    return st.one_of(options)


@once
def partner(kind: Type, scope: Scope, depth: int) -> SearchStrategy[Node]:
    """A tree that can meet one of this type: next to money also a plain number, next to a number a whole one."""
    own = tree(kind, scope, depth)
    if kind is MONEY:
        written = literal(INTEGER) | amount()
        return own | written | written.map(Negate)
    return own | tree(INTEGER, scope, depth) if kind is NUMBER else own


@once
@st.composite
def tree(draw: DrawFn, kind: Type, scope: Scope, depth: int) -> Node:
    """Draw a tree of a type that is at most so deep."""
    if depth <= 0 or draw(one_of(True, False, False, False, False)):
        return draw(leaf(kind, scope, depth))
    make = draw(_makers(kind, scope))
    if make in _ANY_KIND:
        return make(draw, kind, scope, depth - 1)
    return make(draw, scope, depth - 1)


@once
def _makers(kind: Type, scope: Scope) -> SearchStrategy[Callable[..., Node]]:
    makers: list[Callable[..., Node]] = [*_ANY_KIND, *_BY_KIND[kind]]
    if not scope.on_one_fact and kind in (*MEASURES, INSTANT):
        makers.append(lambda draw, scope, depth: draw(quantile(kind, scope, depth)))
    if kind is BOOLEAN:
        makers += _asked_here(scope)
    return st.sampled_from(makers)


def _asked_here(scope: Scope) -> list[Callable[[DrawFn, Scope, int], Node]]:
    makers: list[Callable[[DrawFn, Scope, int], Node]] = []
    if scope.sequences:
        makers += [lambda draw, scope, depth: draw(sequence(scope, depth))] * 2
    if scope.its:
        makers += [lambda draw, scope, depth: draw(same_property(scope))] * 2
    if scope.people:
        makers.append(lambda draw, scope, depth: draw(people(scope, depth)))
    return makers


@once
@st.composite
def same_property(draw: DrawFn, scope: Scope) -> Node:
    """A comparison of the two facts of a sequence."""
    pairs = [(one, two) for one, kind in scope.names.items() for two, other in scope.its.items() if kind is other]
    one, two = draw(one_of(*(pair for pair in pairs if pair != ("at", "at"))))
    ops = ["=", "!="] if scope.names[one] is BOOLEAN else ["=", "=", "!=", "<="]
    return Compare(draw(one_of(*ops)), Name(one), Its(two))


def _calendar(draw: DrawFn, scope: Scope, depth: int) -> Node:
    return Call(draw(one_of(*sorted(CALENDAR))), (draw(tree(INSTANT, scope, depth)),))


def _between_texts(draw: DrawFn, scope: Scope, depth: int) -> Node:
    function = draw(one_of("contains", "starts_with", "ends_with"))
    part = _TEXT_PARTS if draw(one_of(True, False)) else tree(TEXT, scope, depth)
    return Call(function, (draw(tree(TEXT, scope, depth)), draw(part)))


_TEXT_PARTS = st.sampled_from([Literal(one, TEXT) for one in ("", "w", "b", " ", "%", "_", "\\")])


def _case(draw: DrawFn, kind: Type, scope: Scope, depth: int) -> Node:
    first = (draw(tree(BOOLEAN, scope, depth)), draw(tree(kind, scope, depth)))
    if draw(one_of(False, True)):
        second = draw(tree(BOOLEAN, scope, depth)), draw(partner(kind, scope, depth))
        return Case((first, second), draw(maybe(partner(kind, scope, depth))))
    return Case((first,), draw(maybe(partner(kind, scope, depth))))


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
    kind = draw(one_of(*Type))
    op = draw(one_of("=", "!=") if kind is BOOLEAN else one_of("=", "!=", "<", "<=", ">", ">="))
    left, right = draw(tree(kind, scope, depth)), draw(partner(kind, scope, depth))
    return Compare(op, right, left) if draw(one_of(False, True)) else Compare(op, left, right)


def _between(draw: DrawFn, scope: Scope, depth: int) -> Node:
    kind = draw(one_of(*(kind for kind in Type if kind is not BOOLEAN)))
    low, high = draw(partner(kind, scope, depth)), draw(partner(kind, scope, depth))
    return Between(draw(tree(kind, scope, depth)), low, high)


def _in(draw: DrawFn, scope: Scope, depth: int) -> Node:
    kind = draw(one_of(*Type))
    return In(draw(tree(kind, scope, depth)), tuple(draw(_options(kind, scope))))


@once
def _options(kind: Type, scope: Scope) -> SearchStrategy[list[Node]]:
    option = literal(INTEGER) | amount() if kind is MONEY else literal(kind, scope)
    if kind in MEASURES:
        option = option | option.map(Negate)
    return st.lists(option, min_size=1, max_size=3)


def _like(draw: DrawFn, scope: Scope, depth: int) -> Node:
    return Like(draw(tree(TEXT, scope, depth)), draw(one_of(*PATTERNS)))


def _missing(draw: DrawFn, scope: Scope, depth: int) -> Node:
    return IsMissing(draw(tree(draw(one_of(*Type)), scope, depth)))


def _logic(draw: DrawFn, scope: Scope, depth: int) -> Node:
    parts = [draw(tree(BOOLEAN, scope, depth)) for _ in range(draw(one_of(2, 2, 3)))]
    return Logic(draw(one_of("and", "or")), tuple(parts))


def _not(draw: DrawFn, scope: Scope, depth: int) -> Node:
    return Not(draw(tree(BOOLEAN, scope, depth)))


_ANY_KIND = (_case, _coalesce)
_BY_KIND: Mapping[Type, list[Callable[[DrawFn, Scope, int], Node]]] = {
    TEXT: [_call("lower", TEXT), _call("trim", TEXT)],
    INTEGER: [
        *(_arithmetic(op, INTEGER, INTEGER) for op in "+-*"),
        *(_best(function, INTEGER) for function in ("least", "greatest")),
        _call("abs", INTEGER),
        _call("floor", NUMBER),
        _call("floor", INTEGER),
        _call("length", TEXT),
        _calendar,
        _calendar,
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
    BOOLEAN: [_compare, _compare, _compare, _between, _in, _like, _between_texts, _missing, _logic, _logic, _not],
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
