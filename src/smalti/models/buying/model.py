"""Repeat buying: how likely a customer is still active, and how often she will buy.

Two models of purchases without a contract: MBG/NBD (the default: it lets a customer drop out after her very first
purchase) and BG/NBD (under which everyone who bought once is active for ever).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike

from smalti.errors import ModelError, nearest
from smalti.models.arrays import Floats, Integers
from smalti.models.buying.asked import Asked
from smalti.models.buying.counts import Counts
from smalti.models.buying.expectation import WHOLE, Steps, purchases_if_active
from smalti.models.buying.histories import Histories, checked, group_histories
from smalti.models.buying.likelihood import Kind, Parameters, log_likelihood, mean_loss, still_active
from smalti.models.fitting import best_of, search, standard_errors
from smalti.models.intervals import check_level
from smalti.models.stored import restored, stored_form

LEAST_REPEAT_CUSTOMERS = 2
"""A base with fewer customers who came back says nothing about how customers differ."""

_MANY_ROWS = 1_500
_BINS = (32, 8)


@dataclass(frozen=True)
class BuyingModel:
    """A fitted buying model; a plain value that scores any customer.

    Attributes:
        kind: `mbg_nbd` or `bg_nbd`.
        r: shape of the Gamma distribution of purchase rates over customers.
        alpha: its rate parameter, in `unit`.
        a: first parameter of the Beta distribution of drop-out chances over customers.
        b: its second parameter.
        unit: name of the unit of time in which recency, age and horizons are counted.
        log_likelihood: of the customers it was fitted on.
        customers: how many those were.
        repeat_customers: how many of those came back at least once.
        groups: how many distinct histories those had.
        converged: whether the search for the parameters stood still at its end.
        at_bound: names of the parameters that ended on the edge of the allowed range: the base does not pin them down.
        standard_errors: of the logarithms of r, alpha, a and b, in this order, by the observed information; None where
            the base does not pin the parameters down.

    In all methods `repeats` (x) counts purchases after the first, `recency` (t_x) is the time from the first to the
    last purchase and `age` (T) from the first purchase to the as-of instant, both in `unit`. Arrays broadcast; each
    method raises `ModelError` for histories that cannot be.
    """

    kind: Kind
    r: float
    alpha: float
    a: float
    b: float
    unit: str = "week"
    log_likelihood: float = math.nan
    customers: int = 0
    repeat_customers: int = 0
    groups: int = 0
    converged: bool = True
    at_bound: tuple[str, ...] = ()
    standard_errors: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        _known_kind(self.kind)
        if not all(math.isfinite(value) and value > 0 for value in (self.r, self.alpha, self.a, self.b)):
            raise ModelError(f"r, alpha, a, b must be positive numbers, got {self.r}, {self.alpha}, {self.a}, {self.b}")

    @property
    def parameters(self) -> Parameters:
        """The kind and the four parameters."""
        return Parameters(self.kind, self.r, self.alpha, self.a, self.b)

    def p_alive(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return the chance that each customer is still active.

        Examples:
            >>> BuyingModel("mbg_nbd", 0.525, 6.183, 0.891, 1.614).p_alive([0, 2], [0, 30.43], [38.86, 38.86]).round(3)
            array([0.39 , 0.706])
        """
        return still_active(self.parameters, *checked(repeats, recency, age))

    def rate_if_active(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return each customer's expected purchases per unit of time while she is active, (r + x) / (alpha + T).

        Examples:
            >>> BuyingModel("mbg_nbd", 0.5, 6.0, 0.9, 1.6).rate_if_active([0, 4], [0, 30], [30, 30]).round(4)
            array([0.0139, 0.125 ])
        """
        x, _, big_t = checked(repeats, recency, age)
        return np.asarray((self.r + x) / (self.alpha + big_t))

    def expected_purchases(
        self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, horizon: ArrayLike, steps: Steps = WHOLE
    ) -> Floats:
        """Return the expected number of purchases in the next `horizon`, E[X(t) | x, t_x, T].

        Args:
            repeats: x of each customer.
            recency: t_x of each customer.
            age: T of each customer.
            horizon: t, one for all or one each.
            steps: how to cut the horizon and weigh its parts; as a whole when not given.

        Examples:
            >>> cdnow = BuyingModel("bg_nbd", 0.242593, 4.413605, 0.792992, 2.425976)
            >>> cdnow.expected_purchases([2], [30.43], [38.86], 39).round(3)
            array([1.226])
        """
        history, spans, shape = self._asked(repeats, recency, age, horizon)
        active = still_active(self.parameters, *history)
        relative = spans / (self.alpha + history[2])
        expected = active * purchases_if_active(self.parameters, history[0], relative, steps)
        return np.asarray(np.maximum(expected, 0.0)).reshape(shape)

    def expected_new(self, horizon: ArrayLike, steps: Steps = WHOLE) -> Floats:
        """Return the expected number of repeat purchases of a new customer in the `horizon` after her first purchase.

        Examples:
            >>> BuyingModel("bg_nbd", 0.242593, 4.413605, 0.792992, 2.425976).expected_new([0, 52]).round(3)
            array([0.   , 1.444])
        """
        return self.expected_purchases(0, 0, 0, horizon, steps)

    def purchase_chance(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, horizon: ArrayLike) -> Floats:
        """Return the chance of at least one purchase in the next `horizon`.

        Examples:
            >>> model = BuyingModel("mbg_nbd", 0.525, 6.183, 0.891, 1.614)
            >>> model.purchase_chance([0, 2], [0, 30], [39, 39], 13).round(3)
            array([0.048, 0.33 ])
        """
        history, spans, shape = self._asked(repeats, recency, age, horizon)
        return Counts.of(self.parameters, history, spans).any().reshape(shape)

    def purchases_interval(
        self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, horizon: ArrayLike, level: float = 0.8
    ) -> tuple[Integers, Integers]:
        """Return the central predictive interval of the number of purchases in the next `horizon`.

        The two ends are the (1 - level) / 2 and (1 + level) / 2 quantiles of the exact predictive distribution at the
        fitted parameters (see `counts`): no purchase at all for customers gone, a negative binomial thinned by drop-out
        for the rest. Purchases are whole numbers, so it holds the truth at least as often as `level` says.

        Args:
            repeats: x of each customer.
            recency: t_x of each customer.
            age: T of each customer.
            horizon: t, one for all or one each.
            level: the least share of customers whose purchases lie within, both ends included.

        Returns:
            The lower and the upper ends.

        Examples:
            >>> model = BuyingModel("mbg_nbd", 0.525, 6.183, 0.891, 1.614)
            >>> low, high = model.purchases_interval([0, 9], [0, 37], 39, 52)
            >>> low.tolist(), high.tolist()
            ([0, 0], [1, 14])
        """
        check_level(level)
        history, spans, shape = self._asked(repeats, recency, age, horizon)
        counts = Counts.of(self.parameters, history, spans)
        low, high = counts.quantile((1 - level) / 2), counts.quantile((1 + level) / 2)
        return low.reshape(shape), high.reshape(shape)

    def log_likelihood_of(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return the log-likelihood of each customer's history."""
        return log_likelihood(self.parameters, *checked(repeats, recency, age))

    def to_dict(self) -> dict[str, Any]:
        """Return the model as numbers, texts and lists that JSON keeps without loss.

        Examples:
            >>> model = BuyingModel("mbg_nbd", 0.5, 6.0, 0.9, 1.6, log_likelihood=-12.5)
            >>> BuyingModel.from_dict(model.to_dict()) == model
            True
        """
        return stored_form(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> BuyingModel:
        """Return the model that `to_dict` gave.

        Raises:
            ModelError: when a name is missing or unknown.
        """
        return restored(cls, stored)

    def _asked(
        self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, horizon: ArrayLike
    ) -> tuple[tuple[Floats, Floats, Floats], Floats, tuple[int, ...]]:
        asked = Asked.of(repeats, recency, age, horizon)
        return asked.history, asked.horizon, asked.shape


def fit_buying(
    repeats: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    *,
    kind: Kind = "mbg_nbd",
    weights: ArrayLike | None = None,
    unit: str = "week",
) -> BuyingModel:
    """Fit a buying model by maximum likelihood on grouped histories.

    Args:
        repeats: purchases after the first (x) of each customer.
        recency: time from first to last purchase (t_x), 0 without a repeat.
        age: time from first purchase to the as-of instant (T).
        kind: `mbg_nbd` (Batislam et al. 2007; Hoppe & Wagner 2007) or `bg_nbd` (Fader, Hardie & Lee 2005).
        weights: how many customers each row stands for; 1 each when not given.
        unit: name of the unit of time, remembered in the model.

    Returns:
        The model. The order of the rows makes no difference to it.

    Raises:
        ModelError: when a row cannot be a history, or fewer than two customers came back, or no time has passed.

    Examples:
        >>> model = fit_buying([0, 0, 0, 1, 2, 5], [0, 0, 0, 4, 9, 20], [20, 25, 30, 22, 21, 22])
        >>> model.customers, model.repeat_customers, model.converged
        (6, 3, True)
    """
    _known_kind(kind)
    histories = group_histories(repeats, recency, age, weights)
    identifiable(histories)
    scale = float((histories.weights * histories.age).sum() / histories.customers)
    normal = histories.in_units_of(scale)
    grains = [normal]
    for bins in _BINS:
        if len(grains[0]) > _MANY_ROWS:
            grains.insert(0, grains[0].binned(bins))
    whole = mean_loss(kind, grains[0])
    found = best_of(whole, _starts(normal))
    for grain in grains[1:]:
        whole = mean_loss(kind, grain)
        found = search(whole, np.array(found.logs))
    r, alpha, a, b = np.exp(found.logs).tolist()
    parameters = Parameters(kind, r, alpha * scale, a, b)
    purchases = float((histories.weights * histories.repeats).sum())
    names = ("r", "alpha", "a", "b")
    return BuyingModel(
        **asdict(parameters),
        unit=unit,
        log_likelihood=-found.value * histories.customers - purchases * math.log(scale),
        customers=round(histories.customers),
        repeat_customers=round(histories.repeat_customers),
        groups=len(histories),
        converged=found.converged,
        at_bound=tuple(name for name, edge in zip(names, found.at_bound, strict=True) if edge),
        standard_errors=standard_errors(whole, found, histories.customers),
    )


def _starts(histories: Histories) -> list[Floats]:
    rate = float((histories.weights * (histories.repeats + 0.5)).sum() / histories.customers)
    shapes, paces, drops = (0.3, 1.0, 3.0), (1.0, 4.0), ((0.8, 2.5), (0.2, 2.0), (1.0, 1.0), (2.0, 8.0))
    return [np.log([r, r / (rate * pace), a, b]) for r, pace, (a, b) in product(shapes, paces, drops)]


def identifiable(histories: Histories) -> None:
    """Refuse a base from which no buying model can be told.

    Raises:
        ModelError: when fewer than two customers came back, or no time has passed between purchases.
    """
    back = histories.repeat_customers
    if back < LEAST_REPEAT_CUSTOMERS:
        total, wanted = histories.customers, LEAST_REPEAT_CUSTOMERS
        raise ModelError(
            f"{back:g} of {total:g} customers bought more than once: a buying model needs at least {wanted} who did"
        )
    if not histories.recency.max() > 0:
        raise ModelError("no time passes between purchases: a buying model needs purchases on different dates")


def _known_kind(kind: str) -> None:
    kinds = get_args(Kind)
    if kind not in kinds:
        near = nearest(str(kind), list(kinds))
        hint = f"; did you mean {near!r}?" if near else ""
        raise ModelError(f"unknown buying model {kind!r}, wanted one of {', '.join(kinds)}{hint}")
