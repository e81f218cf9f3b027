"""Worlds: a few customers with histories, definitions, an instant; stories: the same, told fact by fact.

`by_meaning` gives a world's answers as the law has them, customer by customer; `differences` says where another reading
disagrees. `by_meaning_at` gives a story's answers at an instant, from the facts delivered by then. Nothing here knows another
reading than the law.
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import zip_longest
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from language_trees import (
    ACCOUNT,
    ATTRIBUTES,
    CUSTOMERS,
    NOON,
    SCORES,
    SEASONS,
    STRANGER,
    STREAMS,
    SUMMER,
    VALUES,
    Scope,
    Season,
    maybe,
    one_of,
    tree,
    values_of,
)

from smalti.facts import DAY, Currency, Instant, Stream, Type, next_start, parse_instant, start_of
from smalti.rules import (
    Aggregate,
    Call,
    Customer,
    Last,
    Node,
    Quantile,
    StartOf,
    This,
    Vocabulary,
    check,
    children,
    meaning,
    nodes,
    parse,
    quantile_of,
    walk,
)
from smalti.rules.functions import CALENDAR

Fact = Mapping[str, Any]
Histories = Mapping[str, Mapping[str, Sequence[Fact]]]
Definitions = Mapping[str, tuple[Node, Type]]
POUNDS = Currency("GBP")


class Ready(NamedTuple):
    """The definitions of a world made ready by `check`.

    Attributes:
        traits: By level; a level may speak of the traits, scores and segments of those before it.
        segments: By level, as many as of traits; a level may speak of its own level's traits too.
        wanted: What is asked; it may speak of everything.
        types: Of traits, segments, scores and what is wanted.
    """

    traits: list[dict[str, Node]]
    segments: list[dict[str, Node]]
    wanted: dict[str, Node]
    types: dict[str, Type]

    def all_traits(self) -> dict[str, Node]:
        return {name: node for level in self.traits for name, node in level.items()}

    def all_segments(self) -> dict[str, Node]:
        return {name: node for level in self.segments for name, node in level.items()}

    def trees(self) -> list[Node]:
        """Give all trees, each after those it speaks of."""
        levels = zip(self.traits, self.segments, strict=True)
        return [node for pair in levels for level in pair for node in level.values()] + list(self.wanted.values())


@dataclass(frozen=True)
class World:
    """Histories by customer and stream, definitions as written, and the instant asked about.

    Attributes:
        histories: The facts. All but the `STRANGER` are customers.
        traits: By level.
        wanted: What is asked.
        at: The instant asked about.
        segments: Rules by level: after the traits of the same level, before those of the next.
        scores: By customer and name, the same names for each.
        zone: Of the calendar.
    """

    histories: Histories
    traits: tuple[Definitions, ...]
    wanted: Definitions
    at: Instant
    segments: tuple[Mapping[str, Node], ...] = ()
    scores: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    zone: str = "UTC"

    @property
    def customers(self) -> list[str]:
        return [name for name in self.histories if name != STRANGER]

    def ready(self) -> Ready:
        """Give all definitions made ready by `check`, with their types."""
        return self._made_ready

    @cached_property
    def _made_ready(self) -> Ready:
        types: dict[str, Type] = {}
        traits: list[dict[str, Node]] = []
        segments: list[dict[str, Node]] = []
        for level, rules in zip_longest(self.traits, self.segments, fillvalue={}):
            known = [name for before in segments for name in before]
            traits.append({name: self._ready(node, kind, types, known) for name, (node, kind) in level.items()})
            types = types | {name: kind for name, (_, kind) in level.items()}
            segments.append({name: self._ready(node, Type.BOOLEAN, types, known) for name, node in rules.items()})
        known = [name for level in segments for name in level]
        wanted = {name: self._ready(node, kind, types, known) for name, (node, kind) in self.wanted.items()}
        given = {name: kind for name, (_, kind) in self.wanted.items()}
        return Ready(traits, segments, wanted, SCORES | dict.fromkeys(known, Type.BOOLEAN) | types | given)

    def _ready(self, node: Node, kind: Type, names: Mapping[str, Type], segments: Collection[str]) -> Node:
        words = Vocabulary(
            STREAMS, SCORES | names, POUNDS, segments=segments, scores=SCORES, time_zone=self.zone, account=ACCOUNT
        )
        checked = check(node, words, wanted=kind)
        assert not checked.problems, [str(problem) for problem in checked.problems]
        assert checked.type is kind, (checked.type, kind)
        return checked.node

    def people(self, fitted: Mapping[Quantile, Any]) -> dict[str, Customer]:
        """Give the customers by name; all of them may belong to an account, also to their own."""
        ready = self.ready()
        traits, segments = ready.all_traits(), ready.all_segments()
        everyone: list[Customer] = []
        for name in self.customers:
            scores = dict.fromkeys(SCORES) | self.scores.get(name, {})
            everyone.append(Customer(self.histories[name], traits, scores, fitted, segments, name, everyone))
        return {one.customer_id: one for one in everyone}


def _pool(stream: Stream, season: Season, size: int = 400) -> list[Fact]:
    """Make facts to choose from: drawing whole facts is what makes a world cheap to draw and small to read."""
    chance = random.Random(stream.name)  # noqa: S311
    choices = {column.name: [None, None, *values_of(column, season)] for column in stream.columns}
    return [
        {"at": chance.choice(season.instants), **{name: chance.choice(values) for name, values in choices.items()}}
        for _ in range(size)
    ]


POOLS = {title: {name: _pool(stream, season) for name, stream in STREAMS.items()} for title, season in SEASONS.items()}
seasons = st.just("summer") | st.sampled_from(list(SEASONS))
"""Most often the summer, in which nothing happens to the calendar but that months and quarters end."""


@lru_cache
@st.composite
def history(draw: DrawFn, season: str = "summer") -> dict[str, list[Fact]]:
    """Draw the facts of one customer: tied, repeated, out of order, with holes, some of them later than any question."""
    found = {name: draw(_facts_from(season, name)) for name in STREAMS}
    for facts in found.values():
        if facts and draw(one_of(False, True)):
            facts.append(facts[0])
    return found


@lru_cache
def _facts_from(season: str, stream: str) -> SearchStrategy[list[Fact]]:
    return st.lists(st.sampled_from(POOLS[season][stream]), max_size=5)


@lru_cache
@st.composite
def scores(draw: DrawFn) -> dict[str, Any]:
    return {name: draw(maybe(one_of(*VALUES[kind]))) for name, kind in SCORES.items()}


class Drawn(NamedTuple):
    """Definitions as written: traits and segments by level, and what is asked."""

    traits: tuple[Definitions, ...]
    segments: tuple[Mapping[str, Node], ...]
    wanted: Definitions

    def trees(self) -> list[Node]:
        typed = [node for level in (*self.traits, self.wanted) for node, _ in level.values()]
        return typed + [node for level in self.segments for node in level.values()]


@st.composite
def definitions(draw: DrawFn, season: Season, trees: int, depth: int) -> Drawn:
    """Draw definitions that build on each other; rules are asked most."""
    kinds = one_of(*Type)
    scope = Scope(ATTRIBUTES, scores=True, people=True, season=season)
    traits, segments = [], []
    for level in range(draw(one_of(0, 1, 2))):
        drawn = {f"trait_{level}{letter}": draw(kinds) for letter in "ab"}
        traits.append({name: (draw(tree(kind, scope, 2)), kind) for name, kind in drawn.items()})
        scope = replace(scope, names={**scope.names, **drawn})
        rules = [f"segment_{level}", f"Old Flames {level}"][: draw(one_of(0, 1, 2))]
        segments.append({name: draw(tree(Type.BOOLEAN, scope, 2)) for name in rules})
        scope = replace(scope, segments=(*scope.segments, *rules))
    kinds = one_of(*Type, Type.BOOLEAN, Type.BOOLEAN, Type.BOOLEAN)
    asked = {f"wanted_{number}": draw(kinds) for number in range(trees)}
    wanted = {name: (draw(tree(kind, scope, depth)), kind) for name, kind in asked.items()}
    return Drawn(tuple(traits), tuple(segments), wanted)


@st.composite
def world(draw: DrawFn, trees: int = 6, depth: int = 3) -> World:
    """Draw a world; its instant is most often an edge: when a fact comes, or leaves a window, or a microsecond beside."""
    title = draw(seasons)
    season = SEASONS[title]
    known = [name for name in CUSTOMERS if name != "new"]
    histories = {name: draw(history(title)) for name in known} | {"new": {}}
    histories[STRANGER] = draw(history(title))
    scored = {name: draw(scores()) for name in CUSTOMERS}
    traits, segments, wanted = drawn = draw(definitions(season, trees, depth))
    edge = draw(an_edge(edges(histories, drawn.trees(), season)))
    at = edge + draw(one_of(0, 0, -1, 1))
    return World(histories, traits, wanted, at, segments, scored, season.zone)


def edges(histories: Histories, trees: Collection[Node], season: Season = SUMMER) -> list[list[Instant]]:
    """Give the instants at which an answer may change, by kind.

    When a fact becomes visible; leaves a window; is too late to be followed; when a unit of the calendar begins that a tree
    speaks of; the instants that facts hold, and the season's first.
    """
    parts = [part for node in trees for part in walk(node)]
    spans = {part.duration for part in parts if isinstance(part, Last)}
    limits = {part.within for part in parts if isinstance(part, nodes.Sequence) and part.within}
    units = {part.unit for part in parts if isinstance(part, This | StartOf)}
    units |= {"day" for part in parts if isinstance(part, Call) and part.function in CALENDAR}
    facts = [one for streams in histories.values() for told in streams.values() for one in told]
    comes = {one["at"] for one in facts}
    held = {one[name] for one in facts for name in ("due", "born") if one.get(name) in season.instants}
    starts = {begin(unit, at, season.zone) for unit in units for at in comes for begin in (start_of, next_start)}
    leaves, late = ({at + span for at in comes for span in some} for some in (spans, limits))
    first = NOON if season is SUMMER else season.marks[0]
    return [sorted(kind) for kind in (comes, leaves, late, starts, held | {first}) if kind]


@st.composite
def an_edge(draw: DrawFn, kinds: list[list[Instant]]) -> Instant:
    return draw(st.sampled_from(draw(st.sampled_from(kinds))))


def _below_first(node: Node) -> Iterator[Node]:
    for child in children(node):
        yield from _below_first(child)
    yield node


def fitted_in(world: World) -> dict[Quantile, Any]:
    """Fit every quantile of a world over its customers, inner ones first."""
    fitted: dict[Quantile, Any] = {}
    everyone = world.people(fitted).values()
    for node in world.ready().trees():
        for part in _below_first(node):
            if isinstance(part, Quantile) and part not in fitted:
                among = [one for one in everyone if part.among is None or meaning(part.among, one, world.at) is True]
                fitted[part] = quantile_of([meaning(part.of, one, world.at) for one in among], part.p)
    return fitted


Answers = dict[str, dict[str, Any]]
"""By customer, the values of all traits and of what is wanted, and whether she is in each segment."""


def by_meaning(world: World, fitted: Mapping[Quantile, Any]) -> Answers:
    """Give a world's answers as the law has them."""
    ready = world.ready()
    asked = ready.all_traits() | {name: nodes.Member(name) for name in ready.all_segments()} | ready.wanted
    return {
        name: {column: meaning(node, customer, world.at) for column, node in asked.items()}
        for name, customer in world.people(fitted).items()
    }


def differences(law: Mapping[str, Mapping[str, Any]], told: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say where two readings disagree: exactly, but for plain numbers, which may differ by 1e-9 of their size."""
    return [
        f"{customer} {name}: the law says {value!r}, the other reading {told[customer][name]!r}"
        for customer, values in law.items()
        for name, value in values.items()
        if not _same(value, told[customer][name])
    ]


def _same(one: Any, two: Any) -> bool:
    if one is None or two is None:
        return one is two
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    if isinstance(one, float) or isinstance(two, float):
        return math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-12)
    return bool(one == two)


def out_of_reach(world: World, fitted: Mapping[Quantile, Any]) -> bool:
    """Whether some value on the way is larger than an engine's integers and reals hold exactly."""
    everyone = world.people(fitted).values()
    return any(
        isinstance(value := meaning(part, customer, world.at), int | float) and abs(value) >= 2**62
        for node in world.ready().trees()
        for part in _outside_conditions(node)
        for customer in everyone
    )


def _outside_conditions(node: Node) -> Iterator[Node]:
    """Give the parts that have a value for a customer: not windows, nor what is in conditions on one fact."""
    if isinstance(node, Aggregate):
        yield node
        for bound in children(node.window) if node.window is not None else ():
            yield from _outside_conditions(bound)
        return
    yield node
    for child in children(node):
        yield from _outside_conditions(child)


@dataclass(frozen=True)
class Delivery:
    """A fact that arrives: late, early, again.

    Attributes:
        now: When it arrives; the fact's own instant may be earlier or later.
        customer: Whose it is.
        stream: The stream's name.
        fact: ``at`` and the columns.
        position: Its place in the log. One that was seen before is the very same fact, delivered again; a new one is greater
            than all before it.
    """

    now: Instant
    customer: str
    stream: str
    fact: Fact
    position: int


@dataclass(frozen=True)
class Story:
    """Facts in the order in which they arrive, definitions as written, and the instants to ask at.

    Attributes:
        deliveries: In the order of arrival; what arrives at an instant is known at that instant.
        definitions: A world with these definitions, scores and zone; its facts and instant don't count.
        instants: When to ask, ascending; on and beside the edges.
    """

    deliveries: tuple[Delivery, ...]
    definitions: World
    instants: tuple[Instant, ...]

    @property
    def customers(self) -> list[str]:
        return self.definitions.customers

    def world(self, at: Instant) -> World:
        """Give the world as of an instant: what was delivered by then, each fact once."""
        histories: dict[str, dict[str, list[Fact]]] = {name: {} for name in self.customers}
        seen: set[int] = set()
        for one in self.deliveries:
            if one.now <= at and one.position not in seen:
                seen.add(one.position)
                histories[one.customer].setdefault(one.stream, []).append(one.fact)
        return replace(self.definitions, histories=histories, at=at)

    def fitted(self) -> dict[Quantile, Any]:
        """Give constants for the quantiles: those of the last arrival, as if fitted before the story began."""
        return fitted_in(self.world(self.deliveries[-1].now if self.deliveries else NOON))


def by_meaning_at(story: Story, at: Instant, fitted: Mapping[Quantile, Any]) -> Answers:
    """Give a story's answers at an instant, as the law has them, from the facts delivered by then."""
    return by_meaning(story.world(at), fitted)


_LATENESS = [0, 0, 0, 0, 1, -1, DAY, DAY - 1, -DAY, 3 * DAY, 1, 2 * DAY + 1]
"""From a fact's instant to its arrival: mostly at once, sometimes late, sometimes told of ahead."""


@lru_cache
def _fact_from(season: str, stream: str) -> SearchStrategy[Fact]:
    return st.sampled_from(POOLS[season][stream])


@st.composite
def deliveries(draw: DrawFn, title: str, customers: Sequence[str], size: int = 12) -> tuple[Delivery, ...]:
    """Draw arrivals: at once, late, out of order, told ahead, tied, the same again."""
    streams = [*STREAMS, "orders", "orders"]
    told = []
    for _ in range(draw(st.integers(0, size))):
        stream, customer = draw(one_of(*streams)), draw(one_of(*customers))
        fact = draw(_fact_from(title, stream))
        told.append((fact["at"] + draw(one_of(*_LATENESS)), customer, stream, fact))
    found = [Delivery(*one, position) for position, one in enumerate(sorted(told, key=lambda one: one[0]), start=1)]
    again = draw(st.lists(st.sampled_from(found), max_size=2)) if found else []
    found += [replace(one, now=one.now + draw(one_of(0, 1, DAY))) for one in again]
    return tuple(sorted(found, key=lambda one: (one.now, one.position)))


@st.composite
def story(draw: DrawFn, trees: int = 4, depth: int = 3, questions: int = 12) -> Story:
    """Draw a story; the instants to ask at are edges and the microseconds beside them, before, between, after arrivals."""
    title = draw(seasons)
    season, customers = SEASONS[title], ["ada", "Ada"][: draw(st.integers(1, 2))]
    arrived = draw(deliveries(title, customers))
    traits, segments, wanted = drawn = draw(definitions(season, trees, depth))
    scored = {name: draw(scores()) for name in customers}
    empty = World({name: {} for name in customers}, traits, wanted, 0, segments, scored, season.zone)
    all_told = replace(Story(arrived, empty, ()).world(2**62), at=0)
    marks = edges(all_told.histories, drawn.trees(), season) + [[one.now for one in arrived]] * bool(arrived)
    asked = draw(st.lists(an_edge(marks), min_size=1, max_size=questions))
    shifts = [draw(one_of(-1, 0, 0, 1)) for _ in asked]
    instants = sorted({at + shift for at, shift in zip(asked, shifts, strict=True)})
    return Story(arrived, empty, tuple(instants))


def told(
    text: str,
    at: Instant | str,
    facts: Mapping[str, Sequence[Fact]] | None = None,
    *,
    others: Histories | None = None,
    traits: Mapping[str, str] | None = None,
    segments: Mapping[str, str] | None = None,
    scores: Mapping[str, Any] | None = None,
    zone: str = "UTC",
) -> Any:
    """Give what a text means for ada, whose facts these are, as of an instant; instants may be ISO 8601 in the zone."""
    instant = parse_instant(at, zone) if isinstance(at, str) else at
    known = Ready([], [], {}, SCORES | {})
    definitions: list[Definitions] = []
    for name, definition in (traits or {}).items():
        kind = _kind_of(definition, known.types, zone)
        definitions.append({name: (parse(definition), kind)})
        known.types[name] = kind
    rules = {name: parse(rule) for name, rule in (segments or {}).items()}
    levels = [{}] * max(len(definitions) - 1, 0) + [rules]
    histories = {"ada": _in_zone(facts or {}, zone)} | {
        name: _in_zone(one, zone) for name, one in (others or {}).items()
    }
    asked = {"asked": (parse(text), _kind_of(text, known.types, zone, rules))}
    world = World(histories, tuple(definitions), asked, instant, tuple(levels), {"ada": scores or {}}, zone)
    return by_meaning(world, fitted_in(world))["ada"]["asked"]


def _kind_of(text: str, names: Mapping[str, Type], zone: str, segments: Collection[str] = ()) -> Type:
    words = Vocabulary(STREAMS, names, POUNDS, segments=segments, scores=SCORES, time_zone=zone, account=ACCOUNT)
    checked = check(parse(text), words)
    assert checked.type is not None, [str(problem) for problem in checked.problems]
    return checked.type


def _in_zone(facts: Mapping[str, Sequence[Fact]], zone: str) -> dict[str, list[Fact]]:
    instants = ("at", "due", "born")
    return {
        stream: [
            {
                name: parse_instant(value, zone) if name in instants and isinstance(value, str) else value
                for name, value in one.items()
            }
            for one in rows
        ]
        for stream, rows in facts.items()
    }
