"""Before starting: how many customers are needed, or which effect can be seen with those there are, or how likely it is seen.

The solving is tea-tasting's. Several arms and outcomes share the chance of a false alarm evenly (Bonferroni), which is the
least that Holm's correction grants; people who look every day pay with the reach of the interval that is valid at every look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr

from smalti.errors import ModelError, nearest
from smalti.experiments.readout.metric import Metric
from smalti.experiments.readout.sequential import reach
from smalti.experiments.readout.statistics import Statistics
from smalti.experiments.readout.values import aggregates

_ROUNDS = 200
_CLOSE = 1e-5


@dataclass(frozen=True)
class Baseline:
    """What an outcome is without the treatment, from customers of before or as somebody assumes it.

    Attributes:
        mean: Its mean per customer (of a ratio: the ratio).
        variance: Its variance between customers, what a covariate explains taken off.
        yes_or_no: Whether it is a share, whose variance follows from its mean.
    """

    mean: float
    variance: float
    yes_or_no: bool = False

    def __post_init__(self) -> None:
        if not np.isfinite(self.mean) or not 0 < self.variance < np.inf:
            raise ModelError(
                f"baseline: expected a finite mean and a variance above 0, got {self.mean} and {self.variance}: "
                "if all customers are alike there is nothing to measure"
            )

    @classmethod
    def of_rate(cls, rate: float) -> Baseline:
        """Take it from a share, such as 0.02 of customers who buy.

        >>> Baseline.of_rate(0.5).variance
        0.25
        """
        if not 0 < rate < 1:
            raise ModelError(f"rate: expected a share between 0 and 1, got {rate}")
        return cls(rate, rate * (1 - rate), True)

    @classmethod
    def of_amount(cls, mean: float, deviation: float, correlation: float = 0.0) -> Baseline:
        """Take it from a mean and a standard deviation, and the correlation with the same number from before (CUPED).

        >>> round(Baseline.of_amount(20.0, 50.0, correlation=0.6).variance)
        1600
        """
        if not -1 < correlation < 1:
            raise ModelError(f"correlation: expected a number between -1 and 1, got {correlation}")
        return cls(mean, deviation**2 * (1 - correlation**2))

    @classmethod
    def of(cls, before: Statistics, metric: Metric, yes_or_no: bool = False) -> Baseline:
        """Take it from the statistics of customers of before, with the metric's denominator and covariate if it has any.

        >>> Baseline.of(Statistics.of_counts(20, 100), Metric("visit", "outcome")).mean
        0.2
        """
        told = aggregates(before, metric)
        variance = float(told.ratio_var(metric.numerator, metric.denominator))
        if metric.covariate is not None:
            own = float(told.ratio_var(metric.covariate, metric.covariate_denominator))
            both = told.ratio_cov(metric.numerator, metric.denominator, metric.covariate, metric.covariate_denominator)
            variance -= float(both) ** 2 / own if own else 0.0
        plain = yes_or_no and metric.denominator is None and metric.covariate is None
        return cls(float(told.mean(metric.numerator) / told.mean(metric.denominator)), variance, plain)

    def variance_with(self, effect: float) -> float:
        """Give the variance of an arm that has this effect.

        Raises:
            ModelError: No share can become so large or so small.
        """
        if not self.yes_or_no:
            return self.variance
        share = self.mean + effect
        if not 0 <= share <= 1:
            raise ModelError(f"effect: expected one that leaves a share between 0 and 1, got {self.mean} + {effect}")
        return share * (1 - share)


@dataclass(frozen=True)
class Design:
    """How the customers of an experiment are split, and what is to be told from it.

    Attributes:
        arms: The names of the arms, control among them.
        weights: The weight of each, in any unit; equal where None.
        control: The arm that the others are held against; the first where None.
        level: One less the chance of any false alarm.
        power: The chance that an effect of the size asked for is seen.
        outcomes: How many outcomes are looked at together.
        every_look: Whether people look before the end, with the interval that is valid at every look.
        better: Whether an effect is to be an increase or a decrease.

    Raises:
        ModelError: The arms, weights, level or power are not as said above.
    """

    arms: tuple[str, ...] = ("control", "treated")
    weights: tuple[float, ...] | None = None
    control: str | None = None
    level: float = 0.95
    power: float = 0.8
    outcomes: int = 1
    every_look: bool = False
    better: Literal["higher", "lower"] = "higher"

    def __post_init__(self) -> None:
        if len(self.arms) < 2 or len(set(self.arms)) < len(self.arms):
            raise ModelError(f"arms: expected two or more different names, got {', '.join(self.arms) or 'none'}")
        if self.weights is not None and (
            len(self.weights) != len(self.arms) or not all(0 < one < np.inf for one in self.weights)
        ):
            raise ModelError(f"weights: expected one above 0 for each of {', '.join(self.arms)}, got {self.weights}")
        if self.control is not None and self.control not in self.arms:
            near = nearest(self.control, self.arms)
            hint = f"; did you mean '{near}'?" if near else ""
            raise ModelError(f"control: found '{self.control}', wanted one of {', '.join(self.arms)}{hint}")
        for name, chance in (("level", self.level), ("power", self.power)):
            if not 0 < chance < 1:
                raise ModelError(f"{name}: expected a chance between 0 and 1, got {chance}")
        if self.power <= 1 - self.level or self.outcomes < 1:
            raise ModelError(
                f"power: expected more than the chance of a false alarm, and 1 or more outcomes, got {self.power}"
            )

    @property
    def control_place(self) -> int:
        """The place of control among the arms."""
        return 0 if self.control is None else self.arms.index(self.control)

    @property
    def shares(self) -> tuple[float, ...]:
        """The share of the customers that each arm gets."""
        weights = self.weights or (1.0,) * len(self.arms)
        return tuple(one / sum(weights) for one in weights)

    @property
    def chance_each(self) -> float:
        """The chance of a false alarm that each comparison may take, as of a single look."""
        alone = (1 - self.level) / ((len(self.arms) - 1) * self.outcomes)
        return alone if not self.every_look else float(2 * ndtr(-reach(1.0, 1, 1 - alone)))


@dataclass(frozen=True)
class Sizing:
    """Customers, effect and power that go together.

    Attributes:
        design: The design.
        baseline: The outcome without the treatment.
        effect: The effect per customer.
        power: The chance that it is seen in the arm where that is hardest.
        customers: How many customers each arm needs.
    """

    design: Design
    baseline: Baseline
    effect: float
    power: float
    customers: tuple[int, ...]

    @property
    def total(self) -> int:
        """How many customers all arms need together."""
        return sum(self.customers)

    @property
    def relative(self) -> float | None:
        """The effect as a share of the baseline; None where that is not above 0."""
        return self.effect / self.baseline.mean if self.baseline.mean > 0 else None


def customers_needed(design: Design, baseline: Baseline, effect: float) -> Sizing:
    """Give how many customers it takes to see an effect.

    Args:
        design: The arms and what is to be told.
        baseline: The outcome without the treatment.
        effect: The effect per customer that is to be seen, not 0.

    Raises:
        ModelError: The effect is 0, or no share can become so large.

    Examples:
        >>> customers_needed(Design(), Baseline.of_rate(0.10), 0.02).customers
        (3839, 3839)
        >>> customers_needed(Design(every_look=True), Baseline.of_rate(0.10), 0.02).customers
        (7350, 7350)
    """
    if effect == 0 or not np.isfinite(effect):
        raise ModelError(
            f"effect: expected one that is not 0, got {effect:g}: no number of customers shows that there is none"
        )
    whole = max(
        _solved(design, baseline, place, "n_obs", effect=effect)
        / (design.shares[place] + design.shares[design.control_place])
        for place in _others(design)
    )
    return Sizing(design, baseline, effect, design.power, tuple(int(np.ceil(whole * share)) for share in design.shares))


def detectable(design: Design, baseline: Baseline, customers: int) -> Sizing:
    """Give the smallest effect that can be seen with the customers there are.

    Args:
        design: The arms and what is to be told.
        baseline: The outcome without the treatment.
        customers: How many customers there are, all arms together.

    Raises:
        ModelError: There are too few to see even the largest effect that a share can have.

    Examples:
        >>> round(detectable(Design(), Baseline.of_rate(0.10), 7678).effect, 4)
        0.02
    """
    _enough(design, customers)
    sign = 1.0 if design.better == "higher" else -1.0

    def seen(effect: float) -> float:
        found = [
            _solved(design, baseline, place, "effect_size", effect=effect, customers=customers)
            for place in _others(design)
        ]
        return sign * max(abs(one) for one in found)

    effect = _settled(seen, 0.0)
    return Sizing(design, baseline, effect, design.power, _split(design, customers))


def power_of(design: Design, baseline: Baseline, effect: float, customers: int) -> Sizing:
    """Give the chance that an effect is seen with the customers there are.

    Args:
        design: The arms and what is to be told; its own power is not asked.
        baseline: The outcome without the treatment.
        effect: The effect per customer.
        customers: How many customers there are, all arms together.

    Raises:
        ModelError: There are too few customers to say anything, or no share can become so large.

    Examples:
        >>> round(power_of(Design(), Baseline.of_rate(0.10), 0.02, 7678).power, 3)
        0.8
    """
    _enough(design, customers)
    if not np.isfinite(effect):
        raise ModelError(f"effect: expected a finite number, got {effect:g}")
    if effect == 0:
        return Sizing(design, baseline, effect, design.chance_each, _split(design, customers))
    found = [_solved(design, baseline, place, "power", effect=effect, customers=customers) for place in _others(design)]
    return Sizing(design, baseline, effect, min(found), _split(design, customers))


def _others(design: Design) -> list[int]:
    return [place for place in range(len(design.arms)) if place != design.control_place]


def _split(design: Design, customers: int) -> tuple[int, ...]:
    return tuple(int(np.floor(customers * share)) for share in design.shares)


def _enough(design: Design, customers: int) -> None:
    if min(_split(design, customers)) < 2:
        raise ModelError(f"customers: expected two or more in each of {len(design.arms)} arms, got {customers} in all")


def _settled(step: Callable[[float], float], start: float) -> float:
    value = start
    for _ in range(_ROUNDS):
        after = step(value)
        if abs(after - value) <= _CLOSE * abs(after):
            return after
        value = after
    raise ModelError("customers: there are too few to see any effect that a share can have")


def _solved(
    design: Design,
    baseline: Baseline,
    place: int,
    asked: Literal["n_obs", "effect_size", "power"],
    *,
    effect: float,
    customers: float = 0.0,
) -> float:
    from tea_tasting.aggr import Aggregates  # noqa: PLC0415
    from tea_tasting.metrics import RatioOfMeans  # noqa: PLC0415

    control, own = design.shares[design.control_place], design.shares[place]
    variance = (baseline.variance / control + baseline.variance_with(effect) / own) / (1 / control + 1 / own)
    pair = max(round(customers * (control + own)), 2)
    test = RatioOfMeans(
        "outcome",
        alternative="two-sided",
        confidence_level=design.level,
        equal_var=False,
        use_t=False,
        alpha=design.chance_each,
        ratio=own / control,
        power=design.power,
        effect_size=None if asked == "effect_size" else effect,
        n_obs=pair,
    )
    known = Aggregates(pair, {"outcome": baseline.mean}, {"outcome": variance})
    return float(getattr(test.solve_power_from_aggregates(known, asked)[0], asked))
