"""Customers invented for the value map: as arrays, of any number, with prospects, ties and busy days among them."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from smalti.facts import Currency
from smalti.models import BuyingModel, GammaGamma
from smalti.strategy import Assumptions, Behaviour, ValueMap, foresee, value_map

GBP = Currency("GBP")
BUYING = BuyingModel("mbg_nbd", r=0.6, alpha=45.0, a=0.8, b=2.5, unit="day")
SPEND = GammaGamma(p=4.0, q=3.5, v=2500.0, observed_mean=4000.0)


def people(seed: int, size: int, *, costs: bool = True, channels: tuple[str, ...] = ("web", "phone")) -> Behaviour:
    """Invent customers; about one in eight has never bought."""
    rng = np.random.default_rng(seed)
    days = rng.choice([0, 1, 1, 1, 2, 3, 8, 40], size)
    bought = days > 0
    first = rng.choice([1.0, 30.0, 400.0, 400.0, 900.5], size) + rng.integers(0, 2, size) * rng.random(size) * 300
    last = np.where(days > 1, first * rng.random(size), first)
    orders = np.where(bought, days + rng.poisson(0.3, size), 0)
    spend = np.where(bought, orders * rng.integers(0, 9000, size), 0)
    share = np.where(last < 365, np.minimum(365 / first, 1.0), 0.0)
    orders_year = np.floor(orders * share)
    spend_year = np.floor(spend * share)
    by_channel = {name: np.floor(orders_year * rng.random(size) / len(channels)) for name in channels}
    return Behaviour(
        purchase_days=days.astype(float),
        days_since_first=np.where(bought, first, np.nan),
        days_since_last=np.where(bought, last, np.nan),
        orders=orders.astype(float),
        spend=spend.astype(float),
        first_spend=np.where(bought, np.floor(spend / np.maximum(orders, 1)), np.nan),
        orders_year=orders_year,
        spend_year=spend_year,
        refunds_year=np.floor(spend_year * rng.choice([0.0, 0.0, 0.5], size)),
        returns_year=rng.choice([0.0, 0.0, 1.0, 4.0], size),
        cost_year=np.floor(spend_year * 0.3) if costs else None,
        costed_year=np.floor(spend_year * rng.choice([1.0, 1.0, 0.5], size)) if costs else None,
        range_year=rng.integers(0, 5, size).astype(float) if costs else None,
        channel_orders=by_channel,
    )


def somebody(**given: Any) -> Behaviour:
    """Make customers from the columns given; all others are 0, or unknown where that is the natural nothing."""
    size = max(len(column) for column in given.values() if isinstance(column, list))
    optional = {"cost_year", "costed_year", "range_year"}
    names = {field.name for field in fields(Behaviour)} - optional - {"channel_orders"}
    columns: dict[str, Any] = {name: np.zeros(size) for name in names}
    columns |= dict.fromkeys(optional) | {"channel_orders": {}}
    given = {
        name: np.array(column, dtype=float) if isinstance(column, list) else column for name, column in given.items()
    }
    if "cost_year" in given:
        given = {"costed_year": given["spend_year"], **given}
    return Behaviour(**(columns | given))


def changed(behaviour: Behaviour, change: Any, names: tuple[str, ...]) -> Behaviour:
    """Give the same customers with some columns changed."""
    found = {name: getattr(behaviour, name) for name in names}
    return replace(behaviour, **{name: None if column is None else change(column) for name, column in found.items()})


def mapped(
    behaviour: Behaviour,
    assumed: Assumptions | None = None,
    buying: BuyingModel | None = BUYING,
    spend: GammaGamma | None = SPEND,
) -> ValueMap:
    """Reckon the value map under these models."""
    assumed = assumed or Assumptions()
    return value_map(behaviour, foresee(behaviour, buying, spend, assumed), assumed, GBP)
