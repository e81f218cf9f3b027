"""Customers with invented histories, put into the segments of a framework by every reading of the language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from smalti.facts import DAY, HOUR, ORDER_ITEMS, ORDERS, RETURNS, Column, Instant, Stream, Type
from smalti.project import Project, prepare
from smalti.rules import Customer, Member, Node, Quantile, children, meaning, names_in, quantile_of, walk
from smalti.rules.step import Step
from smalti.segments import Segment, members_of
from smalti.store import Store
from smalti.traits import Computed, Trait, compute

EVENTS = Stream("events", (Column("name", Type.TEXT),))
TOUCHES = Stream("touches", (Column("opened_at", Type.INSTANT), Column("outcome", Type.TEXT)))
TICKETS = Stream("tickets", (Column("cost", Type.MONEY),))
STREAMS = {one.name: one for one in (ORDERS, ORDER_ITEMS, RETURNS, EVENTS, TOUCHES, TICKETS)}
NOW = 20_000 * DAY
SETTINGS: dict[str, Mapping[str, Any]] = {
    "rfm": {"bands": 3},
    "product_affinity": {"categories": ["shoes", "men's hats"], "min_orders": 1},
    "channel_preference": {"channels": ["web", "shop"], "min_orders": 2},
    "price_sensitivity": {"min_orders": 1},
    "discount_dependence": {"min_orders": 1},
    "engagement": {"visits": ["visit"], "opens": ["open"], "features": ["visit", "save"], "window_days": 30},
    "negative": {"min_returns": 1, "min_tickets": 1},
}
"""Settings by which small worlds reach more segments."""
_AGES = (-HOUR, 0, HOUR, DAY, 20 * DAY, 30 * DAY, 90 * DAY, 365 * DAY - 1, 365 * DAY, 500 * DAY, 730 * DAY, 1500 * DAY)
_VALUES: dict[str, tuple[Any, ...]] = {
    "order_id": ("o1", None),
    "revenue": (0, 1, 1000, 1000, 25_000),
    "cost": (None, 400),
    "discount": (None, 0, 100),
    "channel": ("web", "shop", "phone", None),
    "category": ("shoes", "men's hats", "coats", None),
    "product": ("p1", None),
    "quantity": (1.0,),
    "refund": (0, 500, 20_000, None),
    "name": ("visit", "open", "save", None),
    "opened_at": (None, NOW - DAY, NOW, NOW + 1),
    "outcome": ("opened", "sent", None),
}


@dataclass(frozen=True)
class World:
    """Facts by customer and stream, and each customer's value now."""

    facts: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]
    values: Mapping[str, int | None]


@st.composite
def worlds(draw: Any) -> World:
    """Draw a few customers with a few facts each; ties, missing values and facts yet to come among them."""
    facts: dict[str, dict[str, list[dict[str, Any]]]] = {}
    values = {}
    for number in range(draw(st.integers(1, 7))):
        held = facts.setdefault(f"c{number}", {name: [] for name in STREAMS})
        values[f"c{number}"] = draw(st.sampled_from([None, -500, 0, 30_000]))
        kinds = draw(st.lists(st.sampled_from(sorted(STREAMS)), min_size=1, max_size=3, unique=True))
        for name in kinds:
            for _ in range(draw(st.integers(1, 5))):
                held[name].append(_fact(draw, STREAMS[name]))
    return World(facts, values)


def _fact(draw: Any, stream: Stream) -> dict[str, Any]:
    at = NOW - draw(st.sampled_from(_AGES))
    costs = {"cost": (0, 400, 40_000, None)} if stream is TICKETS else {}
    drawn = {
        name: draw(st.sampled_from((_VALUES | costs)[name]))
        for name in stream.names
        if name not in ("day", "opened_at")
    }
    known = {"day": at // DAY} if "day" in stream else {}
    known |= {"opened_at": draw(st.sampled_from(_VALUES["opened_at"]))} if "opened_at" in stream else {}
    return {"at": at} | drawn | known


@dataclass(frozen=True)
class Ready:
    """The traits and segments of a framework, with the traits it stands on, each after those it names."""

    traits: list[Trait]
    segments: list[Segment]

    @property
    def nodes(self) -> dict[str, Node]:
        return {one.name: one.node for one in self.traits}

    @property
    def rules(self) -> dict[str, Node]:
        return {one.name: one.node for one in self.segments}


def ready(name: str, settings: Mapping[str, Any] | None = None, streams: Mapping[str, Stream] = STREAMS) -> Ready:
    """Make one framework ready as a project does, with no more traits than it needs."""
    project = Project(currency="GBP", sources={"orders": {"from": "o.csv"}}, use={name: settings})
    done = prepare(project, streams)
    wanted: set[str] = set()
    edge = set().union(*(names_in(one.node) for one in done.segments))
    trees = {one.name: one.node for one in done.traits}
    brought = set(done.frameworks[0].traits)
    edge |= brought
    while edge:
        wanted |= edge
        edge = {other for one in edge & trees.keys() for other in names_in(trees[one])} - wanted
    assert all(part.segment in {one.name for one in done.segments} for part in _members(done.segments))
    return Ready([one for one in done.traits if one.name in wanted], list(done.segments))


def _members(segments: Sequence[Segment]) -> list[Member]:
    return [part for one in segments for part in walk(one.node) if isinstance(part, Member)]


def by_law(asked: Ready, world: World, at: Instant = NOW) -> tuple[dict[str, list[str]], dict[Quantile, Any]]:
    """Give the segments of each customer there is as the law has it, and the constants fitted on the way."""
    fitted: dict[Quantile, Any] = {}
    everyone = [
        Customer(facts, asked.nodes, {"value_now": world.values[name]}, fitted, asked.rules, name)
        for name, facts in world.facts.items()
        if any(fact["at"] <= at for held in facts.values() for fact in held)
    ]
    for node in (*asked.nodes.values(), *asked.rules.values()):
        for part in _inner_first(node):
            if isinstance(part, Quantile) and part not in fitted:
                counted = [one for one in everyone if part.among is None or meaning(part.among, one, at) is True]
                fitted[part] = quantile_of([meaning(part.of, one, at) for one in counted], part.p)
    return {
        her.customer_id: [name for name, rule in asked.rules.items() if meaning(rule, her, at) is True]
        for her in everyone
    }, fitted


def _inner_first(node: Node) -> list[Node]:
    return [part for child in children(node) for part in _inner_first(child)] + [node]


def by_query(asked: Ready, world: World, store: Store, streams: Mapping[str, Stream] = STREAMS) -> dict[str, list[str]]:
    """Give the same by the batch queries, which fit their own constants."""
    for stream in streams.values():
        rows = [
            {"customer_id": name, **fact} for name, held in world.facts.items() for fact in held.get(stream.name, ())
        ]
        store.put(stream.name, pa.Table.from_pylist(rows, stream.schema()))
    there = sorted(by_law(Ready([], []), world)[0])
    store.put(
        "_valued",
        pa.table({"customer_id": there, "value_now": pa.array([world.values[one] for one in there], pa.int64())}),
    )
    known = Computed("_valued", {"value_now": Type.MONEY}, {})
    nodes = list(asked.rules.values())
    computed = compute(store, streams, asked.traits, nodes, NOW, "_people", segments=asked.rules, known=known)
    rows = members_of(store, computed, asked.segments, NOW).to_pylist()
    found = {row.pop("customer_id"): [name for name, member in row.items() if member is True] for row in rows}
    for table in (*streams, "_valued", "_people"):
        store.drop(table)
    return found


def by_step(
    asked: Ready,
    world: World,
    fitted: Mapping[Quantile, Any],
    at: Instant = NOW,
    streams: Mapping[str, Stream] = STREAMS,
) -> dict[str, list[str]]:
    """Give the same by the live step, told fact by fact and woken when it asks to be."""
    step, found = Step(asked.nodes, asked.rules, streams, fitted), {}
    for name, held in world.facts.items():
        state = step.empty()
        facts = sorted(
            ((fact["at"], stream, fact) for stream, told in held.items() for fact in told if fact["at"] <= at),
            key=lambda one: one[0],
        )
        if not facts:
            continue
        for position, (instant, stream, fact) in enumerate(facts):
            if stream in step.columns:
                step.on_fact(state, stream, instant, fact, instant, position)
        step.on_time(state, at)
        if "value_now" in step.scores:
            step.set_score(state, "value_now", world.values[name], at)
        answers = step.answers(state)
        found[name] = [rule for rule in asked.rules if answers[rule] is True]
    return found
