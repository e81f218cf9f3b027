"""What was fitted is assigned live as it is in batch: to one customer, fact by fact, by rules alone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from smalti.engine.segmenting import segmented
from smalti.facts import DAY, Column, Currency, Stream, Type, parse_instant
from smalti.project import segment_of
from smalti.rules import Step, Vocabulary, check, parse
from smalti.segments import SegmentationDefinition, SegmentDefinition
from smalti.store import Store
from smalti.traits import Trait, compute

NOW = parse_instant("2026-06-30")
ORDERS = Stream("orders", (Column("revenue", Type.MONEY), Column("channel", Type.TEXT)))
TRAITS = {
    "spend": ("sum(orders.revenue)", Type.MONEY),
    "orders_90d": ("count(orders, last 90 days)", Type.INTEGER),
    "channel": ("last(orders.channel)", Type.TEXT),
    "largest": ("max(orders.revenue, last 180 days)", Type.MONEY),
}
WRITTEN = {
    "recent": ("count(orders, last 60 days) > 0", "stage"),
    "quiet": ("not member(recent)", "stage"),
    "big": ("spend > quantile(spend, 0.6)", "size"),
    "rest": ("not member(big)", "size"),
}
FITTED = {
    "crossed": {"cross": ["stage", "size"], "at_least": 30},
    "niches": {"split": "quiet", "by": ["channel", "largest"], "outcome": "spend", "at_least": 20, "depth": 2},
    "alike": {"group": ["spend", "orders_90d", "largest"], "into": 3},
}


def facts(customers: int) -> dict[str, list[tuple[int, dict]]]:
    rng = np.random.default_rng(1)
    found = {}
    for number in range(customers):
        count = int(rng.integers(1, 8))
        at = np.sort(NOW - rng.integers(0, 400 * DAY, count))
        channel = str(rng.choice(["web", "shop"]))
        worth = 3 if channel == "shop" else 1
        revenue = rng.integers(500, 9_000, count) * worth
        found[f"c{number:03d}"] = [
            (int(when), {"revenue": int(amount), "channel": channel}) for when, amount in zip(at, revenue, strict=True)
        ]
    return found


def test_live_and_batch_put_everybody_in_the_same_fitted_segments():
    everyone = facts(300)
    words = Vocabulary(
        {"orders": ORDERS},
        {name: kind for name, (_, kind) in TRAITS.items()},
        Currency("GBP"),
        segments=tuple(WRITTEN),
    )
    bare = Vocabulary({"orders": ORDERS}, {}, Currency("GBP"))
    traits = [Trait(name, kind, check(parse(text), bare).node, name) for name, (text, kind) in TRAITS.items()]
    segments = [
        segment_of(words, name, SegmentDefinition(who=rule, segmentation=one)) for name, (rule, one) in WRITTEN.items()
    ]

    class Ready:
        """As much of a project made ready as is asked for."""

    prepared = Ready()
    prepared.types, prepared.titles, prepared.words, prepared.segments = dict(words.names), {}, words, tuple(segments)
    prepared.frameworks, prepared.traits = (), tuple(traits)
    prepared.segmentations = {"stage": SegmentationDefinition(), "size": SegmentationDefinition()} | {
        name: SegmentationDefinition.model_validate(one) for name, one in FITTED.items()
    }
    with Store(threads=1) as store:
        rows = [{"customer_id": who, "at": at} | values for who, mine in everyone.items() for at, values in mine]
        store.put("orders", pa.Table.from_pylist(rows))
        rules = {one.name: one.node for one in segments}
        computed = compute(store, {"orders": ORDERS}, traits, rules.values(), NOW, "people", segments=rules)
        found = segmented(store, computed, prepared, NOW, seed=3)
    fitted = [one for one in found.segments if one.definition.segmentation in FITTED]
    assert {one.definition.segmentation for one in fitted} == set(FITTED)
    step = Step(
        {trait.name: trait.node for trait in traits},
        {one.name: one.node for one in found.segments},
        {"orders": ORDERS},
        found.computed.fitted,
    )
    members = {row.pop("customer_id"): row for row in found.answers.to_pylist()}
    for who, mine in everyone.items():
        state = step.empty()
        for position, (at, values) in enumerate(mine):
            step.on_fact(state, "orders", at, values, now=at, position=position)
        step.on_time(state, NOW)
        answers = step.answers(state)
        assert {name: answers[name] is True for name in members[who]} == members[who]
