"""Who buys what next: purchases of products and categories as of an instant, forecasts for everybody, and what is told of them.

Categories are always foretold where the data tell of them, since the value map counts what a customer is expected to spend
on those she has not bought. Products are foretold where the run is to tell of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.behaviour import Models
from smalti.engine.given import Facts
from smalti.engine.modelled import IN_TABLE, Input, Modelled
from smalti.engine.scores import MODELS
from smalti.engine.services import services_among
from smalti.errors import ModelError
from smalti.facts import DAY, FOREVER_AGO, ORDER_ITEMS, ORDERS, Instant, Stream, local_day
from smalti.models.arrays import Floats, Integers
from smalti.models.products import REASONS, NextItems, ProductModel, Purchases, fit_next
from smalti.store import Store, quoted
from smalti.strategy import Assumptions, Behaviour, Outlook

Level: TypeAlias = Literal["category", "product"]
MOST_CATEGORIES = 500
"""A column with more different values tells no categories."""
MOST_PRODUCTS = 20_000
"""Products that are foretold, at most: those that most customers bought."""
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
_SOLD = "paid"


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
        parts = [_rows(one, customers, margin) for one in self.levels if one.found is not None]
        if not parts:
            return NEXT_PRODUCTS.empty_table()
        whole = pa.concat_tables(parts)
        order = [("customer_id", "ascending"), ("level", "ascending"), ("rank", "ascending")]
        return whole.take(pc.sort_indices(whole, sort_keys=order)).combine_chunks()

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
    zone, streams = facts.project.time_zone, facts.loaded.streams
    lines = store.read(_query(level, stream, at, dated="day" in streams.get(ORDERS.name, ORDERS)))
    purchases, notes = _purchases(lines, customers, level)
    bare = Foretold(level, (stream,), notes=notes)
    if not len(purchases):
        return replace(bare, why_not=f"no {level} was sold")
    if level == "category" and len(purchases.items) > MOST_CATEGORIES:
        return replace(bare, why_not=f"{len(purchases.items):,} different values are no categories")
    bare = replace(bare, window=(int(purchases.day.min()), int(purchases.day.max())))
    today = max(local_day(at, zone), int(purchases.day.max()))
    try:
        model = fit_next(purchases, today, level=level, groups=groups, seed=facts.project.seed)
    except ModelError as error:
        return replace(bare, why_not=str(error))
    places = _places(model, groups, len(customers))
    return replace(bare, model=model, found=model.next_items(purchases, today, most=RANKS, groups=places))


def _query(level: str, stream: str, at: Instant, *, dated: bool) -> str:
    """Write the query of what each customer paid for each item on each day, days of the project's time zone where known."""
    seen = f'"at" <= {at} AND "at" > {FOREVER_AGO}'
    sold = f"{quoted(level)} IS NOT NULL AND revenue > 0 AND {seen}"
    utc = f'CAST(FLOOR("at" / {DAY}) AS BIGINT)'
    lines = f'SELECT customer_id, {quoted(level)} AS item, "at", revenue FROM {quoted(stream)} WHERE {sold}'
    if not dated:
        days = f'SELECT customer_id, item, {utc} AS "day", revenue FROM ({lines}) AS i'
    elif stream == ORDERS.name:
        days = f'SELECT customer_id, {quoted(level)} AS item, coalesce("day", {utc}) AS "day", revenue FROM orders WHERE {sold}'
    else:
        of_orders = f'SELECT customer_id, "at", min("day") AS "day" FROM orders WHERE {seen} GROUP BY customer_id, "at"'
        days = (
            f'SELECT i.customer_id, i.item, coalesce(o."day", CAST(FLOOR(i."at" / {DAY}) AS BIGINT)) AS "day", i.revenue '
            f'FROM ({lines}) AS i LEFT JOIN ({of_orders}) AS o ON i.customer_id = o.customer_id AND i."at" = o."at"'
        )
    return (
        f'SELECT customer_id, item, "day", CAST(sum(revenue) AS BIGINT) AS {_SOLD} FROM ({days}) AS d '
        'GROUP BY customer_id, item, "day" ORDER BY customer_id, item, "day"'
    )


def _purchases(lines: pa.Table, customers: pa.ChunkedArray, level: Level) -> tuple[Purchases, tuple[str, ...]]:
    names = sorted(pc.unique(lines["item"]).to_pylist())
    place = pc.index_in(lines["item"], value_set=pa.array(names, pa.string())).to_numpy().astype(np.int64)
    who = pc.index_in(lines["customer_id"], value_set=customers.combine_chunks()).fill_null(-1).to_numpy()
    day = lines["day"].to_numpy().astype(np.int64)
    paid = lines[_SOLD].to_numpy().astype(np.float64)
    whole = Purchases(who.astype(np.int64), place, day, paid, len(customers), tuple(names)).in_order()
    whole = whole.where(whole.customer >= 0)
    return (whole, ()) if level == "category" else _goods(whole)


def _goods(whole: Purchases) -> tuple[Purchases, tuple[str, ...]]:
    """Leave out services, and the least bought of very many products."""
    notes = []
    services = services_among(whole.items)
    if services:
        listed = ", ".join(services[:8]) + (f" and {len(services) - 8} more" if len(services) > 8 else "")
        notes.append(f"not foretold as products, since they look like services: {listed}")
    kept = np.setdiff1d(np.array(whole.items, dtype=object), np.array(services, dtype=object))
    if len(kept) > MOST_PRODUCTS:
        notes.append(f"of {len(kept):,} products the {MOST_PRODUCTS:,} that are bought most are foretold")
        bought = np.bincount(whole.item, minlength=len(whole.items))
        most = set(np.array(whole.items, dtype=object)[np.argsort(-bought, kind="stable")].tolist()[:MOST_PRODUCTS])
        kept = np.array([one for one in kept if one in most], dtype=object)
    return whole.with_items(tuple(kept.tolist())), tuple(notes)


def _places(model: ProductModel, groups: Sequence[str | None] | None, customers: int) -> Integers:
    number = {name: place for place, name in enumerate(model.groups)}
    if not number or groups is None:
        return np.full(customers, -1, dtype=np.int64)
    return np.array([-1 if one is None else number.get(one, -1) for one in groups], dtype=np.int64)


def _rows(one: Foretold, customers: pa.ChunkedArray, margin: float) -> pa.Table:
    if one.found is None or one.model is None:
        return NEXT_PRODUCTS.empty_table()
    found, model = one.found, one.model
    count, ranks = found.item.shape
    there = found.item.ravel() >= 0
    items = pa.array(model.items, pa.string())
    earned = np.floor(found.chance * found.spend * margin + 0.5).ravel()
    chance = found.chance.ravel()
    table = pa.table(
        {
            "customer_id": pc.take(customers.combine_chunks(), pa.array(np.repeat(np.arange(count), ranks))),
            "level": pa.repeat(pa.scalar(one.level, pa.string()), count * ranks),
            "rank": pa.array(np.tile(np.arange(1, ranks + 1), count).astype(np.int8)),
            "item": pc.take(items, pa.array(np.maximum(found.item.ravel(), 0))),
            "chance": pa.array(chance, mask=np.isnan(chance)),
            "expected_margin": pa.array(np.nan_to_num(earned).astype(np.int64), mask=np.isnan(earned)),
            "why": pc.take(pa.array(REASONS), pa.array(found.why.ravel())),
        },
        schema=NEXT_PRODUCTS,
    )
    return table.filter(pa.array(there))


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
