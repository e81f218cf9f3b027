"""From the table of traits to the arrays that the value map is reckoned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.errors import ModelError
from smalti.facts import DAY, Currency, Type
from smalti.models import BuyingModel, GammaGamma, fit_buying, fit_gamma_gamma
from smalti.rules import Aggregate, Compare, Last, Literal, Name, column_of
from smalti.strategy import Assumptions, Behaviour
from smalti.strategy.peers import Floats

LEAST_REPEAT_CUSTOMERS = 20
"""With fewer customers who came back, a fitted model says more about chance than about customers."""


def channel_orders(assumed: Assumptions) -> dict[str, Aggregate]:
    """Give the aggregates that count the trailing year's orders in each channel whose cost is assumed."""
    return {
        channel: Aggregate(
            "count", "orders", window=Last(365 * DAY), where=Compare("=", Name("channel"), Literal(channel, Type.TEXT))
        )
        for channel, _ in assumed.channel_costs
    }


def behaviour(table: pa.Table, types: Mapping[str, Type], assumed: Assumptions, currency: Currency) -> Behaviour:
    """Read the traits that the value map stands on; one that the project does not have is unknown for everyone."""

    def read(name: str, *, money: bool = False) -> Floats:
        if name not in table.column_names:
            return np.full(table.num_rows, np.nan)
        scale = currency.scale if money and types.get(name) is not Type.MONEY else 1
        return to_floats(table[name]) * scale

    def known(*names: str, money: bool = False) -> Floats | None:
        return next((read(name, money=money) for name in names if name in table.column_names), None)

    spend, orders = read("spend_total", money=True), read("orders_total")
    mean = np.divide(spend, orders, out=np.zeros(len(spend)), where=orders > 0)
    first = known("first_order_value", money=True)
    counted = {channel: column_of(one) for channel, one in channel_orders(assumed).items()}
    return Behaviour(
        purchase_days=read("purchase_days"),
        days_since_first=read("days_since_first_order"),
        days_since_last=read("days_since_order"),
        orders=orders,
        spend=spend,
        first_spend=mean if first is None else first,
        orders_year=read("orders_365d"),
        spend_year=read("spend_365d", money=True),
        refunds_year=read("refunds_365d", money=True),
        returns_year=read("returns_365d"),
        cost_year=known("cost_365d", money=True),
        costed_year=known("costed_spend_365d", money=True),
        range_year=known("categories_365d", "products_365d"),
        channel_orders={channel: read(column) for channel, column in counted.items() if column in table.column_names},
    )


def to_floats(column: pa.ChunkedArray) -> Floats:
    """Give a numeric, boolean or instant column as floats, missing as NaN."""
    return np.asarray(pc.cast(column, pa.float64()).fill_null(np.nan).to_numpy(), dtype=np.float64)


@dataclass(frozen=True)
class Models:
    """What was fitted, and what could not be and why.

    Attributes:
        buying: Who is still a customer and how often she buys, or None.
        spend: How much she spends on a day of purchase, or None.
        why_no_buying: Why there is no buying model.
        why_no_spend: Why there is no model of spend.
    """

    buying: BuyingModel | None
    spend: GammaGamma | None
    why_no_buying: str | None = None
    why_no_spend: str | None = None


def fit_models(seen: Behaviour) -> Models:
    """Fit MBG/NBD on days of purchase and Gamma-Gamma on spend per day of purchase, all purchases counted.

    Where there is too little to fit on, the reason is kept and the value map falls back to its rule of thumb.
    """
    bought = seen.bought
    back = int((seen.repeats[bought] > 0).sum())
    buying, why_no_buying = None, None
    if back < LEAST_REPEAT_CUSTOMERS:
        why_no_buying = (
            f"{back} customers bought on more than one day, and a fit wants at least {LEAST_REPEAT_CUSTOMERS}"
        )
    else:
        try:
            buying = fit_buying(seen.repeats[bought], seen.recency[bought], seen.age[bought], unit="day")
        except ModelError as error:
            why_no_buying = str(error)
    paid = bought & (np.nan_to_num(seen.spend) > 0)
    days, spend = seen.purchase_days[paid], seen.spend[paid]
    if (days > 1).sum() < LEAST_REPEAT_CUSTOMERS:
        return Models(buying, None, why_no_buying, "too few customers spent on more than one day")
    try:
        return Models(buying, fit_gamma_gamma(days, spend / days), why_no_buying)
    except ModelError as error:
        return Models(buying, None, why_no_buying, str(error))


def describe(models: Models) -> dict[str, dict[str, object]]:
    """Tell the models for ``run.json``: parameters to score with later, and a sentence each."""
    told: dict[str, dict[str, object]] = {}
    if models.buying is None:
        sentence = (
            f"No model of buying could be fitted: {models.why_no_buying}. Instead, next year's purchases are last year's "
            "times a chance of still being a customer that halves with every 180 days of silence."
        )
        told["buying"] = {"title": "Rule of thumb", "fitted": False, "sentence": sentence}
    else:
        one = models.buying
        sentence = (
            f"MBG/NBD on days of purchase of {one.customers:,} customers, {one.repeat_customers:,} of whom came back: "
            f"log-likelihood {one.log_likelihood:,.1f}."
        )
        if one.at_bound:
            sentence += (
                f" The data does not pin down {', '.join(one.at_bound)}: trust it for groups, not for one person."
            )
        told["buying"] = {"title": "MBG/NBD", "fitted": True, "parameters": one.to_dict(), "sentence": sentence}
    if models.spend is None:
        sentence = f"No model of spend could be fitted: {models.why_no_spend}. Each customer's own average stands in."
        told["spend"] = {"title": "Own average", "fitted": False, "sentence": sentence}
    else:
        sentence = f"Gamma-Gamma on spend per day of purchase of {models.spend.customers:,} customers."
        told["spend"] = {
            "title": "Gamma-Gamma",
            "fitted": True,
            "parameters": models.spend.to_dict(),
            "sentence": sentence,
        }
    return told
