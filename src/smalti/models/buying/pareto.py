"""Repeat buying when customers may leave at any time, not only after a purchase: the Pareto/NBD."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, exprel

from smalti.errors import ModelError
from smalti.models.arrays import Floats, Integers
from smalti.models.buying.asked import Asked
from smalti.models.buying.expectation import WHOLE, Steps
from smalti.models.buying.histories import Histories, group_histories
from smalti.models.buying.model import identifiable
from smalti.models.buying.pareto_counts import ParetoCounts
from smalti.models.buying.pareto_likelihood import (
    ParetoLoss,
    ParetoParameters,
    gone_log_odds,
    pareto_log_likelihood,
)
from smalti.models.fitting import best_of, search, standard_errors
from smalti.models.intervals import check_level
from smalti.models.stored import restored, stored_form

NAMES = ("r", "alpha", "s", "beta")

_BINS_ABOVE = ((500, 12), (50_000, 40))
"""Bases of more rows are first searched gathered into so many bins of recency and of age."""


@dataclass(frozen=True)
class ParetoModel:
    """A fitted Pareto/NBD (Schmittlein, Morrison & Colombo 1987); a plain value that scores any customer.

    Attributes:
        r: shape of the Gamma distribution of purchase rates over customers.
        alpha: its rate parameter, in `unit`.
        s: shape of the Gamma distribution of the rates of leaving over customers.
        beta: its rate parameter, in `unit`.
        unit: name of the unit of time in which recency, age and horizons are counted.
        log_likelihood: of the customers it was fitted on.
        customers: how many those were.
        repeat_customers: how many of those came back at least once.
        groups: how many distinct histories those had.
        converged: whether the search for the parameters stood still at its end.
        at_bound: names of the parameters that ended on the edge of the allowed range: the base does not pin them down.
        standard_errors: of the logarithms of r, alpha, s, beta; None when one is at a bound or nothing was fitted.
        kind: `pareto_nbd`.

    In all methods `repeats` (x) counts purchases after the first, `recency` (t_x) is the time from the first to the
    last purchase and `age` (T) from the first purchase to the as-of instant, both in `unit`. Arrays broadcast; each
    method raises `ModelError` for histories that cannot be.
    """

    r: float
    alpha: float
    s: float
    beta: float
    unit: str = "week"
    log_likelihood: float = math.nan
    customers: int = 0
    repeat_customers: int = 0
    groups: int = 0
    converged: bool = True
    at_bound: tuple[str, ...] = ()
    standard_errors: tuple[float, ...] | None = None
    kind: Literal["pareto_nbd"] = "pareto_nbd"

    def __post_init__(self) -> None:
        if self.kind != "pareto_nbd":
            raise ModelError(f"a Pareto/NBD is of kind 'pareto_nbd', got {self.kind!r}")
        if not all(math.isfinite(value) and value > 0 for value in (self.r, self.alpha, self.s, self.beta)):
            raise ModelError(
                f"r, alpha, s, beta must be positive numbers, got {self.r}, {self.alpha}, {self.s}, {self.beta}"
            )

    @property
    def parameters(self) -> ParetoParameters:
        """The four parameters."""
        return ParetoParameters(self.r, self.alpha, self.s, self.beta)

    def p_alive(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return the chance that each customer is still active.

        Examples:
            >>> ParetoModel(0.5533, 10.5776, 0.6062, 11.6679).p_alive([0, 2], [0, 30.43], [38.86, 38.86]).round(3)
            array([0.295, 0.869])
        """
        asked = Asked.of(repeats, recency, age)
        return self._active(asked).reshape(asked.shape)

    def rate_if_active(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return each customer's expected purchases per unit of time while she is active, (r + x) / (alpha + T).

        Examples:
            >>> ParetoModel(0.5, 6.0, 0.9, 1.6).rate_if_active([0, 4], [0, 30], [30, 30]).round(4)
            array([0.0139, 0.125 ])
        """
        asked = Asked.of(repeats, recency, age)
        return np.asarray((self.r + asked.repeats) / (self.alpha + asked.age)).reshape(asked.shape)

    def expected_purchases(
        self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, horizon: ArrayLike, steps: Steps = WHOLE
    ) -> Floats:
        """Return the expected number of purchases in the next `horizon`, E[Y(t) | x, t_x, T].

        Written so that nothing happens at s = 1, where the textbook form divides nothing by nothing.

        Args:
            repeats: x of each customer.
            recency: t_x of each customer.
            age: T of each customer.
            horizon: t, one for all or one each.
            steps: how to cut the horizon and weigh its parts; as a whole when not given.

        Examples:
            >>> cdnow = ParetoModel(0.5533, 10.5776, 0.6062, 11.6679)
            >>> cdnow.expected_purchases([26], [30.857], [31], 52).round(2)
            array([25.46])
        """
        asked = Asked.of(repeats, recency, age, horizon)
        left = self.beta + asked.age

        def active_time(spans: Floats) -> Floats:
            log = np.log1p(spans / left)
            return np.asarray(left * log * exprel((1.0 - self.s) * log))

        rate = (self.r + asked.repeats) / (self.alpha + asked.age)
        return np.asarray(self._active(asked) * rate * steps.weigh(active_time, asked.horizon)).reshape(asked.shape)

    def expected_new(self, horizon: ArrayLike, steps: Steps = WHOLE) -> Floats:
        """Return the expected number of repeat purchases of a new customer in the `horizon` after her first purchase.

        Examples:
            >>> ParetoModel(0.5533, 10.5776, 0.6062, 11.6679).expected_new([0, 52]).round(3)
            array([0.   , 1.474])
        """
        return self.expected_purchases(0, 0, 0, horizon, steps)

    def purchase_chance(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, horizon: ArrayLike) -> Floats:
        """Return the chance of at least one purchase in the next `horizon`.

        Examples:
            >>> ParetoModel(0.5533, 10.5776, 0.6062, 11.6679).purchase_chance([0, 2], [0, 30], [39, 39], 13).round(3)
            array([0.033, 0.362])
        """
        asked = Asked.of(repeats, recency, age, horizon)
        return self._counts(asked).any().reshape(asked.shape)

    def purchases_interval(
        self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, horizon: ArrayLike, level: float = 0.8
    ) -> tuple[Integers, Integers]:
        """Return the central predictive interval of the number of purchases in the next `horizon`.

        The two ends are the (1 - level) / 2 and (1 + level) / 2 quantiles of the predictive distribution at the fitted
        parameters, whose chances are integrated to about 1e-10 (see `pareto_counts`). Purchases are whole numbers, so
        it holds the truth at least as often as `level` says.

        Args:
            repeats: x of each customer.
            recency: t_x of each customer.
            age: T of each customer.
            horizon: t, one for all or one each.
            level: the least share of customers whose purchases lie within, both ends included.

        Returns:
            The lower and the upper ends.

        Examples:
            >>> low, high = ParetoModel(0.5533, 10.5776, 0.6062, 11.6679).purchases_interval([0, 9], [0, 37], 39, 52)
            >>> low.tolist(), high.tolist()
            ([0, 1], [0, 15])
        """
        check_level(level)
        asked = Asked.of(repeats, recency, age, horizon)
        counts = self._counts(asked)
        low, high = counts.quantile((1 - level) / 2), counts.quantile((1 + level) / 2)
        return low.reshape(asked.shape), high.reshape(asked.shape)

    def log_likelihood_of(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return the log-likelihood of each customer's history."""
        asked = Asked.of(repeats, recency, age)
        return pareto_log_likelihood(self.parameters, *asked.history).reshape(asked.shape)

    def to_dict(self) -> dict[str, Any]:
        """Return the model as numbers, texts and lists that JSON keeps without loss.

        Examples:
            >>> model = ParetoModel(0.5533, 10.5776, 0.6062, 11.6679, log_likelihood=-9594.98)
            >>> ParetoModel.from_dict(model.to_dict()) == model
            True
        """
        return stored_form(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> ParetoModel:
        """Return the model that `to_dict` gave.

        Raises:
            ModelError: when a name is missing or unknown.
        """
        return restored(cls, stored)

    def _active(self, asked: Asked) -> Floats:
        return np.asarray(expit(-gone_log_odds(self.parameters, *asked.history)))

    def _counts(self, asked: Asked) -> ParetoCounts:
        return ParetoCounts.of(self.parameters, self._active(asked), asked.repeats, asked.age, asked.horizon)


def fit_pareto(
    repeats: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    unit: str = "week",
) -> ParetoModel:
    """Fit a Pareto/NBD by maximum likelihood on grouped histories.

    Args:
        repeats: purchases after the first (x) of each customer.
        recency: time from first to last purchase (t_x), 0 without a repeat.
        age: time from first purchase to the as-of instant (T).
        weights: how many customers each row stands for; 1 each when not given.
        unit: name of the unit of time, remembered in the model.

    Returns:
        The model. The order of the rows makes no difference to it.

    Raises:
        ModelError: when a row cannot be a history, or fewer than two customers came back, or no time has passed.

    Examples:
        >>> model = fit_pareto([0, 0, 0, 1, 2, 5], [0, 0, 0, 4, 9, 20], [20, 25, 30, 22, 21, 22])
        >>> model.customers, model.repeat_customers, model.converged
        (6, 3, True)
    """
    histories = group_histories(repeats, recency, age, weights)
    identifiable(histories)
    scale = float((histories.weights * histories.age).sum() / histories.customers)
    normal = histories.in_units_of(scale)
    losses = [
        *(ParetoLoss(normal.binned(bins)) for rows, bins in _BINS_ABOVE if len(normal) > rows),
        ParetoLoss(normal),
    ]
    found = best_of(losses[0], _starts(normal))
    for loss in losses[1:]:
        found = search(loss, np.array(found.logs))
    r, alpha, s, beta = np.exp(found.logs).tolist()
    purchases = float((histories.weights * histories.repeats).sum())
    return ParetoModel(
        r=r,
        alpha=alpha * scale,
        s=s,
        beta=beta * scale,
        unit=unit,
        log_likelihood=-found.value * histories.customers - purchases * math.log(scale),
        customers=round(histories.customers),
        repeat_customers=round(histories.repeat_customers),
        groups=len(histories),
        converged=found.converged,
        at_bound=tuple(name for name, edge in zip(NAMES, found.at_bound, strict=True) if edge),
        standard_errors=standard_errors(losses[-1], found, histories.customers),
    )


def _starts(histories: Histories) -> list[Floats]:
    rate = float((histories.weights * (histories.repeats + 0.5)).sum() / histories.customers)
    shapes, paces, leaving = (0.3, 1.0, 3.0), (1.0, 4.0), ((0.3, 0.3), (0.3, 2.0), (1.0, 1.0), (3.0, 2.0))
    return [np.log([r, r / (rate * pace), s, s / leave]) for r, pace, (s, leave) in product(shapes, paces, leaving)]
