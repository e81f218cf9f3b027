"""Before a trial: how many customers it takes, how long, what it costs; or which effect can be seen with those there are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from smalti.engine.proving.asked import among, of_each
from smalti.engine.proving.reading import read_rows
from smalti.engine.proving.readouts import plain
from smalti.engine.proving.reckoned import read_outcome
from smalti.engine.proving.roles import find_outcome
from smalti.errors import SmaltiError
from smalti.experiments.readout import (
    Baseline,
    Design,
    Forecast,
    Inflow,
    Metric,
    Money,
    customers_needed,
    detectable,
    forecast,
    power_of,
)

_ONE_WAY = "wanted one of a file with the outcome, --rate, or --mean with --deviation"


@dataclass(frozen=True)
class Sizes:
    """What is known of a trial before it starts.

    Attributes:
        files: Files of customers of before, to take the outcome from.
        outcome: Its column there, or its name.
        rate: Or the share of customers who do it, 0 to 1.
        mean: Or its mean per customer.
        deviation: With the mean, the standard deviation between customers.
        effect: The effect to be seen, per customer.
        relative: Whether the effect is a share of what the outcome is now.
        customers: How many customers there are.
        arms: The arms, the control first.
        shares: Of arms the share of customers; the others share the rest evenly.
        power: The chance that the effect is seen.
        outcomes: How many outcomes are looked at together.
        every_look: Whether people look before the end.
        per_day: Customers who come in on a day.
        at_once: Customers who are there when it starts.
        within: Days after the treatment in which the outcome is counted.
        cost: Of arms what a contact costs; of None, of every arm but the control.
        worth: What one unit of the outcome is worth; None takes 1 of an amount, and says nothing of what pays of a rate.
        currency: Of all money.
    """

    files: tuple[str | Path, ...] = ()
    outcome: str | None = None
    rate: float | None = None
    mean: float | None = None
    deviation: float | None = None
    effect: float | None = None
    relative: bool = False
    customers: int | None = None
    arms: tuple[str, ...] = ("control", "treated")
    shares: tuple[tuple[str, float], ...] = ()
    power: float = 0.8
    outcomes: int = 1
    every_look: bool = False
    per_day: float = 0.0
    at_once: int = 0
    within: float = 0.0
    cost: tuple[tuple[str | None, float], ...] = ()
    worth: float | None = None
    currency: str | None = None


@dataclass(frozen=True)
class Sized:
    """How large a trial has to be.

    Attributes:
        arms: The arms.
        forecast: Customers, effect, power, days, money.
        taken: Where the outcome was taken from; empty where it was said.
    """

    arms: tuple[str, ...]
    forecast: Forecast
    taken: str = ""

    @property
    def sentences(self) -> tuple[str, ...]:
        """The answer in sentences."""
        return (*([self.taken] if self.taken else []), *self.forecast.words)

    def to_dict(self) -> dict[str, Any]:
        """Give it as dictionaries, lists, texts and numbers, for JSON."""
        sizing, told = self.forecast.sizing, self.forecast
        return {
            "customers": dict(zip(self.arms, sizing.customers, strict=True)),
            "customers_in_all": sizing.total,
            "effect": sizing.effect,
            "relative": sizing.relative,
            "power": sizing.power,
            "baseline": plain(sizing.baseline),
            "days_to_enrol": told.days_to_enrol,
            "days": told.days,
            "cost": told.cost,
            "forgone": told.forgone,
            "pays_from": told.pays_from,
            "sentences": list(self.sentences),
        }


def size_trial(asked: Sizes) -> Sized:
    """Say how large a trial has to be, or what can be seen with the customers there are.

    Args:
        asked: What is known of it. With an effect: how many customers it takes, or, with customers as well, how likely it is
            seen. With customers alone: the smallest effect that can be seen.

    Raises:
        SmaltiError: It is not said what the outcome is now, nor what is asked, or an arm or a number makes no sense.

    >>> size_trial(Sizes(rate=0.10, effect=0.02)).forecast.sizing.customers
    (3839, 3839)
    >>> size_trial(Sizes(rate=0.10, effect=0.2, relative=True)).forecast.sizing.total
    7678
    """
    if asked.effect is None and asked.customers is None:
        raise SmaltiError(
            "found neither --effect nor --customers, wanted the effect to be seen, or how many customers there are"
        )
    metric, baseline, taken = _baseline(asked)
    design = _design(asked)
    effect = asked.effect
    if effect is not None and asked.relative:
        effect = effect * abs(baseline.mean)
    if effect is None:
        sizing = detectable(design, baseline, asked.customers or 0)
    elif asked.customers is None:
        sizing = customers_needed(design, baseline, effect)
    else:
        sizing = power_of(design, baseline, effect, asked.customers)
    inflow = Inflow(asked.per_day, asked.at_once, asked.within) if asked.per_day or asked.at_once else None
    return Sized(design.arms, forecast(sizing, metric, inflow, _money(asked, metric)), taken)


def _design(asked: Sizes) -> Design:
    said = {among(name, asked.arms, "share"): share for name, share in asked.shares}
    open_ones = [name for name in asked.arms if name not in said]
    rest = 1 - sum(said.values())
    if min([*said.values(), 1.0]) <= 0 or (open_ones and rest <= 0) or (not open_ones and abs(rest) > 1e-6):
        raise SmaltiError(f"shares: found {sum(said.values()):g} in all, wanted 1 over {', '.join(asked.arms)}")
    weights = tuple(said.get(name, rest / max(len(open_ones), 1)) for name in asked.arms)
    return Design(
        asked.arms,
        weights if said else None,
        power=asked.power,
        outcomes=asked.outcomes,
        every_look=asked.every_look,
    )


def _money(asked: Sizes, metric: Metric) -> Money | None:
    if not asked.cost:
        return None
    costs = of_each(asked.cost, asked.arms, "cost", without=asked.arms[0])
    unsaid = 0.0 if metric.unit == "share" else 1.0
    worth = unsaid if asked.worth is None else asked.worth
    return Money(tuple(costs.get(name, 0.0) for name in asked.arms), worth, asked.currency or "")


def _baseline(asked: Sizes) -> tuple[Metric, Baseline, str]:
    ways = [bool(asked.files), asked.rate is not None, asked.mean is not None or asked.deviation is not None]
    if sum(ways) != 1:
        found = "none" if not any(ways) else "more than one"
        raise SmaltiError(f"what the outcome is now: found {found}, {_ONE_WAY}")
    name, unit = asked.outcome or "the outcome", asked.currency or ""
    if asked.rate is not None:
        return Metric(name, "outcome", unit="share"), Baseline.of_rate(asked.rate), ""
    if not asked.files:
        if asked.mean is None or asked.deviation is None:
            raise SmaltiError("found one of --mean and --deviation, wanted both")
        return Metric(name, "outcome", unit=unit), Baseline.of_amount(asked.mean, asked.deviation), ""
    return _of_files(asked)


def _of_files(asked: Sizes) -> tuple[Metric, Baseline, str]:
    rows = read_rows(asked.files)
    name = find_outcome(rows.table, asked.outcome)
    kind, read = read_outcome(rows.table[name], name)
    values = np.asarray(read.values, np.float64)[~read.missing & ~read.broken]
    if len(values) < 2:
        raise SmaltiError(f"column '{name}' has fewer than two values that can be read, wanted an outcome of customers")
    taken = f"{name} of {len(values):,} customers in {rows.name}."
    if kind == "rate":
        return Metric(name, "outcome", unit="share"), Baseline.of_rate(float(values.mean())), taken
    baseline = Baseline.of_amount(float(values.mean()), float(values.std(ddof=1)))
    return Metric(name, "outcome", unit=asked.currency or ""), baseline, taken
