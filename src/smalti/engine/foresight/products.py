"""Who buys what next: purchases of products and categories as of an instant, forecasts for everybody, and what is told of them.

Categories are always foretold where the data tell of them, since the value map counts what a customer is expected to spend
on those she has not bought. Products are foretold where the run is to tell of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.foresight.behaviour import Models
from smalti.engine.foresight.bought import MOST_LEARNT, Bought, Level, bought
from smalti.engine.foresight.modelled import IN_TABLE, Input, Modelled
from smalti.engine.foresight.scores import MODELS
from smalti.engine.given import Facts
from smalti.errors import ModelError
from smalti.facts import DAY, ORDER_ITEMS, ORDERS, Instant, Stream, local_day
from smalti.models.arrays import Floats, Integers
from smalti.models.products import REASONS, NextItems, ProductModel, fit_next, joined
from smalti.store import Store
from smalti.strategy import Assumptions, Behaviour, Outlook

RANKS = 3
"""Items told of each customer and level."""
NAMES: dict[Level, str] = {"category": "categories", "product": "products"}
"""What the models are called in a run."""
NEXT_PRODUCTS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("level", pa.string()),
        ("rank", pa.int8()),
        ("item", pa.string()),
        ("chance", pa.float64()),
        ("expected_margin", pa.int64()),
        ("why", pa.string()),
    ]
)
"""The table of what is bought next, money in minor units until it is published."""
_GROUP = "country"


@dataclass(frozen=True, eq=False)
class Foretold:
    """The forecast at one level.

    Attributes:
        level: `category` or `product`.
        streams: The stream that tells of it.
        model: The model, or None.
        why_not: Why there is none.
        found: What is foretold for each customer, in the order of the customers.
        window: Days of the first and the last line.
        notes: What a reader should know, in sentences.
    """

    level: Level
    streams: tuple[str, ...]
    model: ProductModel | None = None
    why_not: str = ""
    found: NextItems | None = None
    window: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class NextBought:
    """What is bought next as of an instant.

    Attributes:
        at: The instant.
        currency: Of the money.
        levels: The forecasts.
    """

    at: Instant = 0
    currency: str = ""
    levels: tuple[Foretold, ...] = ()

    @property
    def new_spend(self) -> tuple[Floats, int] | None:
        """What each is expected to spend on categories she has not bought, and within how many days; None if unknown."""
        for one in self.levels:
            if one.level == "category" and one.found is not None and one.model is not None:
                return one.found.new_spend, one.model.horizon
        return None

    def table(self, customers: pa.ChunkedArray, margin: float) -> pa.Table:
        """Give the table of what is bought next, as `NEXT_PRODUCTS`, by customer, level and rank.

        Args:
            customers: The customers, in ascending order.
            margin: The share of what is sold that is earned.
        """
        levels = sorted((one for one in self.levels if one.found is not None), key=lambda one: one.level)
        parts = [_rows(one, customers, margin) for one in levels]
        if not parts:
            return NEXT_PRODUCTS.empty_table()
        order = np.argsort(np.concatenate([whose for whose, _ in parts]), kind="stable")
        return pa.concat_tables([rows for _, rows in parts]).take(pa.array(order)).combine_chunks()

    def modelled(self) -> tuple[Modelled, ...]:
        """Tell the models."""
        return tuple(_modelled(one, self.at, self.currency) for one in self.levels)

    def kept(self) -> dict[str, Mapping[str, Any]]:
        """Give the fitted values that a run keeps, by the name of the model."""
        return {NAMES[one.level]: one.model.to_dict() for one in self.levels if one.model is not None}


def next_bought(
    store: Store,
    facts: Facts,
    at: Instant,
    customers: pa.ChunkedArray,
    *,
    told: bool = True,
    said: pa.Table | None = None,
) -> NextBought:
    """Foretell what everybody buys next.

    Args:
        store: Where the streams are.
        facts: The facts and the project.
        at: The as-of instant; no fact after it is seen.
        customers: All customers, in ascending order.
        told: Whether products are wanted too, not categories alone.
        said: What is known of the customers; where it has a country, newcomers are offered what sells most there.
    """
    groups = said[_GROUP].to_pylist() if said is not None and _GROUP in said.column_names else None
    levels: list[Level] = ["category", "product"] if told else ["category"]
    found = []
    for level in levels:
        stream = stream_of(level, facts.loaded.streams)
        if stream is not None:
            found.append(_foretold(store, facts, level, stream, (at, customers, groups)))
    return NextBought(at, facts.project.currency, tuple(found))


def kept_of(fitted: Mapping[str, Mapping[str, Any]]) -> pa.Table:
    """Give the rows of the table of fitted values, as `MODELS`: of each model and each of its parts the numbers as text.

    >>> kept_of({"categories": {"items": ["mug", "tea"]}}).to_pylist()
    [{'model': 'categories', 'part': 'items', 'json': '["mug", "tea"]'}]
    """
    rows = [(name, part, json.dumps(value)) for name, parts in fitted.items() for part, value in parts.items()]
    columns = [list(one) for one in zip(*rows, strict=True)] or [[], [], []]
    return pa.table([pa.array(one, pa.string()) for one in columns], schema=MODELS)


def in_horizon(
    bought: NextBought, known: tuple[Behaviour, Models], ahead: Outlook, assumed: Assumptions
) -> Floats | None:
    """Give what each is expected to spend on categories she has not bought, in the project's horizon and discounted.

    What is foretold for a short time is taken to go on as her purchases do: times her discounted purchases expected in the
    horizon over those expected in the short time.

    Args:
        bought: What is bought next.
        known: What customers did, and the models of it.
        ahead: What is foreseen for them.
        assumed: The horizon.

    Returns:
        Minor units, one for each customer; None where categories are not foretold.
    """
    if bought.new_spend is None:
        return None
    spend, days = bought.new_spend
    seen, models = known
    if models.buying is None:
        soon = ahead.purchases * days / assumed.horizon_days
    else:
        soon = np.asarray(models.buying.expected_purchases(seen.repeats, seen.recency, seen.age, float(days)))
    longer = np.divide(ahead.discounted, soon, out=np.zeros(len(spend)), where=seen.bought & (soon > 1e-9))
    return np.asarray(spend * np.clip(longer, 0.0, max(assumed.horizon_days / days, 1.0)))


def stream_of(level: Level, streams: Mapping[str, Stream]) -> str | None:
    """Give the stream that tells of products or categories: lines of orders first.

    >>> stream_of("category", {"orders": ORDERS}), stream_of("product", {"orders": ORDERS})
    ('orders', None)
    """
    known = (ORDER_ITEMS.name, ORDERS.name)
    return next((one for one in known if one in streams and {level, "revenue"} <= set(streams[one].names)), None)


def _foretold(
    store: Store,
    facts: Facts,
    level: Level,
    stream: str,
    whom: tuple[Instant, pa.ChunkedArray, Sequence[str | None] | None],
) -> Foretold:
    at, customers, groups = whom
    streams = facts.loaded.streams
    lines = bought(store, level, stream, at, customers, dated="day" in streams.get(ORDERS.name, ORDERS))
    bare = Foretold(level, (stream,), notes=lines.notes)
    if lines.why_not or lines.window is None:
        return replace(bare, why_not=lines.why_not or f"no {level} was sold")
    today = max(local_day(at, facts.project.time_zone), lines.window[1])
    try:
        found = _learnt(lines, replace(bare, window=lines.window), today, groups, facts.project.seed)
    except ModelError as error:
        found = replace(bare, window=lines.window, why_not=str(error))
    lines.close()
    return found


def _learnt(lines: Bought, bare: Foretold, today: int, groups: Sequence[str | None] | None, seed: int) -> Foretold:
    """Learn from some customers, and foretell everybody."""
    who, known = lines.some(MOST_LEARNT, seed)
    said = None if groups is None else [groups[place] for place in who.tolist()]
    model = fit_next(known, today, level=bare.level, groups=said, seed=seed)
    notes = bare.notes
    if len(who) < lines.buyers:
        drawn = f"learnt, chosen and tested on {len(who):,} of {lines.buyers:,} customers with purchases"
        notes += (f"{drawn}, drawn by a hash of their ids; everybody is foretold",)
    places, news = _places(model, groups, lines.customers), bare.level == "category"
    parts = [
        model.next_items(part, today, most=RANKS, groups=places[those], news=news) for those, part in lines.parts()
    ]
    return replace(bare, model=model, found=joined(parts), notes=notes)


def _places(model: ProductModel, groups: Sequence[str | None] | None, customers: int) -> Integers:
    number = {name: place for place, name in enumerate(model.groups)}
    if not number or groups is None:
        return np.full(customers, -1, dtype=np.int64)
    return np.array([-1 if one is None else number.get(one, -1) for one in groups], dtype=np.int64)


def _rows(one: Foretold, customers: pa.ChunkedArray, margin: float) -> tuple[Integers, pa.Table]:
    """Give the rows of one level by customer and rank, and the place of each row's customer."""
    if one.found is None or one.model is None:
        return np.zeros(0, dtype=np.int64), NEXT_PRODUCTS.empty_table()
    found, model = one.found, one.model
    count, ranks = found.item.shape
    there = found.item.ravel() >= 0
    items = pa.array(model.items, pa.string())
    earned = np.floor(found.chance * found.spend * margin + 0.5).ravel()
    chance, whose = found.chance.ravel(), np.repeat(np.arange(count), ranks)
    table = pa.table(
        {
            "customer_id": pc.take(customers.combine_chunks(), pa.array(whose)),
            "level": pa.repeat(pa.scalar(one.level, pa.string()), count * ranks),
            "rank": pa.array(np.tile(np.arange(1, ranks + 1), count).astype(np.int8)),
            "item": pc.take(items, pa.array(np.maximum(found.item.ravel(), 0))),
            "chance": pa.array(chance, mask=np.isnan(chance)),
            "expected_margin": pa.array(np.nan_to_num(earned).astype(np.int64), mask=np.isnan(earned)),
            "why": pc.take(pa.array(REASONS), pa.array(found.why.ravel())),
        },
        schema=NEXT_PRODUCTS,
    )
    return whose[there], table.filter(pa.array(there))


def _modelled(one: Foretold, at: Instant, currency: str) -> Modelled:
    title = f"next {one.level}"
    name, window = NAMES[one.level], None
    if one.window is not None:
        window = (one.window[0] * DAY, min((one.window[1] + 1) * DAY - 1, at))
    if one.model is None:
        sentence = f"What {one.level} is bought next is not foretold: {one.why_not.rstrip('.')}."
        return Modelled(
            name, title, "products", False, sentence, at, window, "chance", currency, one.streams, notes=one.notes
        )
    model = one.model
    verdict = model.backtest.verdict if model.backtest is not None else ""
    sentence = (
        f"Chances of buying each of {len(model.items):,} {NAMES[one.level]} within {model.horizon} days, from what "
        f"{model.customers:,} customers bought. {verdict}"
    )
    warnings = model.backtest.warnings if model.backtest is not None else ()
    return Modelled(
        name,
        title,
        "products",
        True,
        sentence,
        at,
        window,
        "chance",
        currency,
        one.streams,
        inputs=(Input(one.level, "category"), Input("revenue", "number", f"{currency} minor")),
        parameters=IN_TABLE,
        backtest=model.backtest,
        notes=(*one.notes, *warnings),
    )
