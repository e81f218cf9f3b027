"""From the table of traits to the arrays that the value map is reckoned from."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.foresight.foretold import Watched
from smalti.engine.foresight.modelled import Input, Modelled, told_by_name
from smalti.errors import ModelError
from smalti.facts import DAY, Currency, Type
from smalti.models import BackTest, GammaGamma, fit_gamma_gamma
from smalti.models.buying.kinds import fit_repeat_buying
from smalti.models.buying.protocol import RepeatBuying
from smalti.models.choosing import SIMPLEST_FIRST, TITLES, Choice, choose, spend_backtest
from smalti.models.holdout import Holdout
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
        choice: Why it is this kind of buying model and how that did on a past that it had not seen; None where none was tried.
        spend_backtest: How the forecast of spend did on the same past.
        watched: The instant they were fitted as of, and what they were tried on.
        currency: Of the spend.
    """

    buying: RepeatBuying | None
    spend: GammaGamma | None
    why_no_buying: str | None = None
    why_no_spend: str | None = None
    choice: Choice | None = None
    spend_backtest: BackTest | None = None
    watched: Watched | None = None
    currency: str = ""


def fit_models(
    seen: Behaviour, past: Watched | None = None, *, currency: str = "", seed: int = 0, told: bool = False
) -> Models:
    """Fit a buying model on days of purchase and Gamma-Gamma on spend per day of purchase, all purchases counted.

    The kind of buying model is the simplest that is not beaten in the hold-out, MBG/NBD where there is none. Where there is
    too little to fit on, the reason is kept and the value map falls back to its rule of thumb.

    Args:
        seen: What customers did.
        past: What to try the models on; None tries nothing.
        currency: Of the spend.
        seed: Of the choice's resampling.
        told: Whether the back-test of spend is wanted too.
    """
    bought = seen.bought
    back = int((seen.repeats[bought] > 0).sum())
    models = Models(None, None, watched=past, currency=currency)
    if back < LEAST_REPEAT_CUSTOMERS:
        why = f"{back} customers bought on more than one day, and a fit wants at least {LEAST_REPEAT_CUSTOMERS}"
        models = replace(models, why_no_buying=why)
    else:
        models = _fit_buying(seen, models, seed)
    models = _fit_spend(seen, models)
    if (
        told
        and past is not None
        and past.holdout is not None
        and models.choice is not None
        and models.spend is not None
    ):
        models = replace(models, spend_backtest=_tried_spend(past.holdout, models.choice, seed))
    return models


def _fit_buying(seen: Behaviour, models: Models, seed: int) -> Models:
    bought, choice, past = seen.bought, None, models.watched
    if past is not None and past.holdout is not None and (past.holdout.repeats > 0).sum() >= LEAST_REPEAT_CUSTOMERS:
        with suppress(ModelError):
            choice = choose(past.holdout, seed=seed)
    history = seen.repeats[bought], seen.recency[bought], seen.age[bought]
    try:
        buying = fit_repeat_buying(choice.kind if choice is not None else SIMPLEST_FIRST[0], *history, unit="day")
    except ModelError as error:
        return replace(models, why_no_buying=str(error))
    return replace(models, buying=buying, choice=choice)


def _fit_spend(seen: Behaviour, models: Models) -> Models:
    paid = seen.bought & (np.nan_to_num(seen.spend) > 0)
    days, spend = seen.purchase_days[paid], seen.spend[paid]
    if (days > 1).sum() < LEAST_REPEAT_CUSTOMERS:
        return replace(models, why_no_spend="too few customers spent on more than one day")
    try:
        return replace(models, spend=fit_gamma_gamma(days, spend / days))
    except ModelError as error:
        return replace(models, why_no_spend=str(error))


def _tried_spend(past: Holdout, choice: Choice, seed: int) -> BackTest | None:
    """Fit spend as of the earlier instant and hold it against what was spent since; None where it cannot be fitted."""
    paid = past.mean_spend > 0
    if (past.repeats[paid] > 0).sum() < LEAST_REPEAT_CUSTOMERS or not past.later_spend.any():
        return None
    try:
        spend = fit_gamma_gamma(past.repeats[paid] + 1, past.mean_spend[paid])
        return spend_backtest(past, choice.kind, spend, seed=seed)
    except ModelError:
        return None


def describe(models: Models) -> dict[str, dict[str, object]]:
    """Tell the models for ``run.json``: parameters to score with later, a sentence each, how they did on a past unseen."""
    return told_by_name((_buying(models), _spend(models)))


def _buying(models: Models) -> Modelled:
    if models.buying is None:
        sentence = (
            f"No model of buying could be fitted: {models.why_no_buying}. Instead, next year's purchases are last year's "
            "times a chance of still being a customer that halves with every 180 days of silence."
        )
        return Modelled("buying", "Rule of thumb", "buying", False, sentence, **_fit(models), unit="purchases")
    one, choice = models.buying, models.choice
    title = TITLES.get(one.kind, one.kind)
    sentence = (
        f"{title} on days of purchase of {one.customers:,} customers, {one.repeat_customers:,} of whom came back: "
        f"log-likelihood {one.log_likelihood:,.1f}."
    )
    if one.at_bound:
        sentence += f" The data does not pin down {', '.join(one.at_bound)}: trust it for groups, not for one person."
    notes = (
        (choice.why,) if choice is not None else (f"{title} was not tried on an earlier instant: {_untried(models)}.",)
    )
    return Modelled(
        "buying",
        title,
        "buying",
        True,
        sentence,
        **_fit(models),
        unit="purchases",
        inputs=_inputs("purchase_days", "days_since_first_order", "days_since_order"),
        parameters=one.to_dict(),
        backtest=choice.backtest if choice is not None else None,
        notes=notes,
    )


def _spend(models: Models) -> Modelled:
    unit = f"{models.currency} minor".strip()
    if models.spend is None:
        sentence = f"No model of spend could be fitted: {models.why_no_spend}. Each customer's own average stands in."
        return Modelled("spend", "Own average", "spend", False, sentence, **_fit(models), unit=unit)
    return Modelled(
        "spend",
        "Gamma-Gamma",
        "spend",
        True,
        f"Gamma-Gamma on spend per day of purchase of {models.spend.customers:,} customers.",
        **_fit(models),
        unit=unit,
        currency=models.currency,
        inputs=(*_inputs("purchase_days"), Input("spend_total", "number", unit)),
        parameters=models.spend.to_dict(),
        backtest=models.spend_backtest,
        notes=() if models.spend_backtest is not None else (f"Not tried on an earlier instant: {_untried(models)}.",),
    )


def _fit(models: Models) -> dict[str, Any]:
    past = models.watched
    if past is None:
        return {"fitted_at": 0}
    streams = ("orders",) if past.window is not None else ("customers",)
    return {"fitted_at": past.at, "window": past.window, "streams": streams}


def _inputs(*names: str) -> tuple[Input, ...]:
    return tuple(Input(name, "number", "days") for name in names)


def _untried(models: Models) -> str:
    if models.watched is None:
        return "nothing was kept to try it on"
    return models.watched.why_not or "too few customers had come back by then, or nobody bought since"
