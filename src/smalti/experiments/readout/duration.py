"""Before starting, in words that decide: how long an experiment takes, what it costs, and what is forgone meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf, isfinite

from smalti.errors import ModelError
from smalti.experiments.readout.metric import Metric
from smalti.experiments.readout.power import Sizing
from smalti.experiments.readout.telling import effect_in_words, significant, value_in_words


@dataclass(frozen=True)
class Inflow:
    """How customers come into an experiment.

    Attributes:
        per_day: How many become eligible on a day.
        at_once: How many are eligible when it starts.
        within: The days after a customer's treatment in which her outcome is counted.
    """

    per_day: float = 0.0
    at_once: int = 0
    within: float = 0.0

    def __post_init__(self) -> None:
        given = (self.per_day, self.at_once, self.within)
        if not all(0 <= one < inf for one in given) or not (self.per_day or self.at_once):
            raise ModelError(
                f"inflow: expected customers per day or at once, above 0, got {self.per_day} and {self.at_once}"
            )


@dataclass(frozen=True)
class Money:
    """What an experiment costs and what its outcome is worth.

    Attributes:
        costs: What treating one customer costs, of each arm in the order of the design.
        worth: What one unit of the outcome is worth: 1 where the outcome is money, the margin of an order where it is an order.
        currency: Its currency.

    Raises:
        ModelError: A number is not finite.
    """

    costs: tuple[float, ...]
    worth: float = 1.0
    currency: str = ""

    def __post_init__(self) -> None:
        if not all(isfinite(one) for one in (*self.costs, self.worth)):
            raise ModelError(f"money: expected finite costs and worth, got {self.costs} and {self.worth}")


@dataclass(frozen=True)
class Forecast:
    """What is known of an experiment before it starts.

    Attributes:
        sizing: Customers, effect and power.
        days_to_enrol: Days until enough customers have come in; None where they never do.
        days: Days until the last outcome is in.
        cost: What treating the customers of all arms costs.
        forgone: What customers in control miss while it runs, if the effect is real: the effect's worth less the cost of the
            cheapest other arm, 0 where that is less than nothing.
        pays_from: The effect per customer from which the dearest arm earns its cost; None where the outcome has no worth.
        words: All this as sentences.
    """

    sizing: Sizing
    days_to_enrol: int | None
    days: int | None
    cost: float | None
    forgone: float | None
    pays_from: float | None
    words: tuple[str, ...]


def forecast(sizing: Sizing, metric: Metric, inflow: Inflow | None = None, money: Money | None = None) -> Forecast:
    """Tell how long it takes and what it costs.

    Args:
        sizing: What `customers_needed`, `detectable` or `power_of` gave.
        metric: What is measured, for its name and unit.
        inflow: How customers come in, if that is known.
        money: What it costs and brings, if that is known.

    Raises:
        ModelError: There is not one cost for each arm.

    Examples:
        >>> from smalti.experiments.readout import Baseline, Design, customers_needed
        >>> sizing = customers_needed(Design(("none", "mail")), Baseline.of_rate(0.10), 0.02)
        >>> order = Metric("orders", "orders", unit="share")
        >>> for line in forecast(sizing, order, Inflow(200, within=30), Money((0.0, 0.5), 40.0, "GBP")).words:
        ...     print(line)
        To see an effect of +2.00 points on orders of 10.0 % (+20 %) with a chance of 80 %, it takes 3,839 customers in none \
and 3,839 in mail: 7,678 in all.
        Where there is no effect, the chance of seeing one is 5 %.
        They come in within 39 days; the last outcome is in after 69 days.
        Treating them costs 1,920 GBP. If the effect is real, those in none miss 1,152 GBP.
        mail earns its cost from an effect of +1.25 points on.
    """
    enrol, days = _days(sizing, inflow)
    cost, forgone, pays_from = _money(sizing, money)
    words = [_size(sizing, metric), _false_alarm(sizing)]
    if inflow is not None:
        words.append(_time(enrol, days, sizing, inflow))
    if money is not None:
        words += _price(sizing, metric, money, (cost or 0.0, forgone or 0.0, pays_from))
    return Forecast(sizing, enrol, days, cost, forgone, pays_from, tuple(words))


def _days(sizing: Sizing, inflow: Inflow | None) -> tuple[int | None, int | None]:
    if inflow is None:
        return None, None
    waiting = max(sizing.total - inflow.at_once, 0)
    if waiting and not inflow.per_day:
        return None, None
    enrol = ceil(waiting / inflow.per_day) if waiting else 0
    return enrol, ceil(enrol + inflow.within)


def _money(sizing: Sizing, money: Money | None) -> tuple[float | None, float | None, float | None]:
    if money is None:
        return None, None, None
    if len(money.costs) != len(sizing.customers):
        raise ModelError(f"costs: expected one for each of {', '.join(sizing.design.arms)}, got {len(money.costs)}")
    control = sizing.design.control_place
    others = [one for place, one in enumerate(money.costs) if place != control]
    missed = abs(sizing.effect) * money.worth - (min(others) - money.costs[control])
    cost = sum(count * one for count, one in zip(sizing.customers, money.costs, strict=True))
    pays_from = (max(others) - money.costs[control]) / money.worth if money.worth > 0 else None
    return cost, max(missed, 0.0) * sizing.customers[control], pays_from


def _size(sizing: Sizing, metric: Metric) -> str:
    parts = [f"{count:,} {'customers ' * (not place)}in {name}" for place, (name, count) in enumerate(_arms(sizing))]
    relative = "" if sizing.relative is None else f" ({100 * sizing.relative:+.3g} %)"
    before = value_in_words(sizing.baseline.mean, metric)
    what = f"{effect_in_words(sizing.effect, metric)} on {metric.name} of {before}{relative}"
    whole = f"{', '.join(parts[:-1])} and {parts[-1]}: {sizing.total:,} in all"
    return f"To see an effect of {what} with a chance of {100 * sizing.power:.3g} %, it takes {whole}."


def _arms(sizing: Sizing) -> list[tuple[str, int]]:
    return list(zip(sizing.design.arms, sizing.customers, strict=True))


def _false_alarm(sizing: Sizing) -> str:
    design = sizing.design
    chance = f"{100 * (1 - design.level):.3g} %"
    looks = ", however often somebody looks" if design.every_look else ""
    several = (len(design.arms) - 1) * design.outcomes
    if several == 1:
        return f"Where there is no effect, the chance of seeing one is {chance}{looks}."
    return f"Where there is no effect, the chance of seeing any in {several} comparisons is at most {chance}{looks}."


def _time(enrol: int | None, days: int | None, sizing: Sizing, inflow: Inflow) -> str:
    if enrol is None or days is None:
        return f"There are only {inflow.at_once:,} customers and no more come in: {sizing.total:,} will never be there."
    start = f"They come in within {enrol:,} days" if enrol else "They are there at once"
    return f"{start}; the last outcome is in after {days:,} days." if inflow.within else f"{start}."


def _price(sizing: Sizing, metric: Metric, money: Money, told: tuple[float, float, float | None]) -> list[str]:
    cost, forgone, pays_from = told
    unit = f" {money.currency}".rstrip()
    control = sizing.design.arms[sizing.design.control_place]
    line = f"Treating them costs {significant(cost)}{unit}."
    if forgone:
        line += f" If the effect is real, those in {control} miss {significant(forgone)}{unit}."
    if not pays_from:
        return [line]
    dear = max(_others(sizing, money))[1]
    return [line, f"{dear} earns its cost from an effect of {effect_in_words(pays_from, metric)} on."]


def _others(sizing: Sizing, money: Money) -> list[tuple[float, str]]:
    design = sizing.design
    return [
        (one, name)
        for one, name in zip(money.costs, design.arms, strict=True)
        if name != design.arms[design.control_place]
    ]
