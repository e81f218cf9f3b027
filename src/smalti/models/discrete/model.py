"""Repeat buying at regular opportunities: BG/BB (Fader, Hardie & Shang 2010).

Where purchases can be made only at set times (a yearly appeal, an event, a weekly delivery), or are counted as yes or no
per period, a customer buys at each opportunity with a chance p of her own, Beta(alpha, beta) over customers, and before
each is gone for good with a chance theta, Beta(gamma, delta). All that matters of her past are x, the opportunities
taken, t_x, the last one taken, and n, how many there were; customers who share them are counted once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from smalti.errors import ModelError
from smalti.models.arrays import Floats, Integers, numbers
from smalti.models.buying.histories import Histories, grouped
from smalti.models.discrete.likelihood import Four, Ways, mean_loss
from smalti.models.fitting import best_of, standard_errors
from smalti.models.intervals import check_level
from smalti.models.stored import restored, stored_form
from smalti.models.survival import log_lasting, steps_ahead

LEAST_BUYERS = 2
"""A base with fewer customers who took an opportunity says nothing about how customers differ."""
LONGEST_COUNTED = 2_000
"""The most opportunities ahead of which the whole distribution of purchases is worked out."""

_NAMES = ("alpha", "beta", "gamma", "delta")


@dataclass(frozen=True)
class DiscreteModel:
    """A fitted BG/BB model; a plain value that scores any customer.

    Attributes:
        alpha: first parameter of the Beta distribution of the chance to buy at an opportunity.
        beta: its second parameter.
        gamma: first parameter of the Beta distribution of the chance to be gone before the next opportunity.
        delta: its second parameter.
        unit: what one opportunity is, such as `year` or `appeal`.
        log_likelihood: of the customers it was fitted on.
        customers: how many those were.
        groups: how many distinct histories those had.
        converged: whether the search for the parameters stood still at its end.
        at_bound: names of the parameters that ended on the edge of the allowed range: the base does not pin them down.
        standard_errors: of the logs of the four parameters, in their order; None where one of them is at a bound.

    In all methods `repeats` (x) counts the opportunities taken after the purchase that made her a customer, `recency`
    (t_x) is the number of the last one taken, 0 without any, and `opportunities` (n) how many there have been. Arrays
    broadcast; each method raises `ModelError` for histories that cannot be.
    """

    alpha: float
    beta: float
    gamma: float
    delta: float
    unit: str = "opportunity"
    log_likelihood: float = math.nan
    customers: int = 0
    groups: int = 0
    converged: bool = True
    at_bound: tuple[str, ...] = ()
    standard_errors: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) and value > 0 for value in self.parameters):
            found = ", ".join(str(value) for value in self.parameters)
            raise ModelError(f"alpha, beta, gamma, delta must be positive numbers, got {found}")

    @property
    def parameters(self) -> Four:
        """Alpha, beta, gamma and delta."""
        return self.alpha, self.beta, self.gamma, self.delta

    def p_alive(self, repeats: ArrayLike, recency: ArrayLike, opportunities: ArrayLike, ahead: int = 1) -> Floats:
        """Return the chance that each customer is a customer still at the opportunity `ahead` of now.

        Args:
            repeats: x of each customer.
            recency: t_x of each customer.
            opportunities: n of each customer.
            ahead: 1 for the next opportunity, as the paper has it; 0 for the latest one.

        Examples:
            >>> donors = DiscreteModel(1.204, 0.750, 0.657, 2.783)
            >>> donors.p_alive([6, 1, 0], [6, 1, 0], 6).round(3)
            array([0.93 , 0.069, 0.108])
        """
        if ahead < 0:
            raise ModelError(f"ahead: expected 0 or more opportunities, got {ahead}")
        asked = self._asked(repeats, recency, opportunities)
        return asked.each(asked.active * np.exp(self._log_staying(asked.n, np.array([float(ahead)])))[:, 0])

    def expected_purchases(
        self, repeats: ArrayLike, recency: ArrayLike, opportunities: ArrayLike, horizon: int
    ) -> Floats:
        """Return the expected number of purchases at the next `horizon` opportunities.

        Args:
            repeats: x of each customer.
            recency: t_x of each customer.
            opportunities: n of each customer.
            horizon: n*, one for all.

        Examples:
            >>> donors = DiscreteModel(1.204, 0.750, 0.657, 2.783)
            >>> donors.expected_purchases([6, 1, 0], [6, 1, 0], 6, horizon=5).round(2)
            array([3.75, 0.09, 0.07])
        """
        return self._ahead(self._asked(repeats, recency, opportunities), horizon, 0.0)

    def expected_new(self, horizon: int) -> float:
        """Return the expected number of repeat purchases of a new customer at her first `horizon` opportunities.

        Examples:
            >>> round(DiscreteModel(1.204, 0.750, 0.657, 2.783).expected_new(10), 2)
            3.18
        """
        return float(self._ahead(self._asked(0, 0, 0), horizon, 0.0))

    def discounted_purchases(
        self,
        repeats: ArrayLike,
        recency: ArrayLike,
        opportunities: ArrayLike,
        rate: float,
        horizon: float = math.inf,
    ) -> Floats:
        """Return the discounted expected residual purchases (DERT), without end or within a horizon.

        A purchase at the next opportunity counts 1 / (1 + rate), one at the opportunity after it 1 / (1 + rate) ** 2.

        Args:
            repeats: x of each customer.
            recency: t_x of each customer.
            opportunities: n of each customer.
            rate: of discount per opportunity, 0.1 for 10 %.
            horizon: how many opportunities ahead; all there will ever be when not given.

        Examples:
            >>> donors = DiscreteModel(1.204, 0.750, 0.657, 2.783)
            >>> donors.discounted_purchases([6, 1, 0], [6, 1, 0], 6, rate=0.10).round(2)
            array([5.91, 0.13, 0.11])
        """
        return self._ahead(self._asked(repeats, recency, opportunities), horizon, rate)

    def purchase_chance(self, repeats: ArrayLike, recency: ArrayLike, opportunities: ArrayLike, horizon: int) -> Floats:
        """Return the chance of at least one purchase at the next `horizon` opportunities.

        Examples:
            >>> DiscreteModel(1.204, 0.750, 0.657, 2.783).purchase_chance([6, 1, 0], [6, 1, 0], 6, horizon=5).round(3)
            array([0.923, 0.047, 0.048])
        """
        asked = self._asked(repeats, recency, opportunities)
        more = self._more_than(asked, horizon)
        return asked.each(more[:, 0] if horizon else np.zeros(asked.n.size))

    def purchases_interval(
        self,
        repeats: ArrayLike,
        recency: ArrayLike,
        opportunities: ArrayLike,
        horizon: int,
        level: float = 0.8,
    ) -> tuple[Integers, Integers]:
        """Return the central predictive interval of the number of purchases at the next `horizon` opportunities.

        Its ends are quantiles of the exact distribution at the fitted parameters. Purchases are whole numbers, so it
        holds the truth at least as often as `level` says.

        Args:
            repeats: x of each customer.
            recency: t_x of each customer.
            opportunities: n of each customer.
            horizon: n*, one for all.
            level: the least share of customers whose purchases lie within, both ends included.

        Examples:
            >>> low, high = DiscreteModel(1.204, 0.750, 0.657, 2.783).purchases_interval([6, 0], [6, 0], 6, horizon=5)
            >>> low.tolist(), high.tolist()
            ([1, 0], [5, 0])
        """
        check_level(level)
        asked = self._asked(repeats, recency, opportunities)
        more = self._more_than(asked, horizon)
        low, high = ((more > above).sum(axis=1) for above in ((1 + level) / 2, (1 - level) / 2))
        return low[asked.place].reshape(asked.shape), high[asked.place].reshape(asked.shape)

    def log_likelihood_of(self, repeats: ArrayLike, recency: ArrayLike, opportunities: ArrayLike) -> Floats:
        """Return the log-likelihood of each customer's history."""
        asked = self._asked(repeats, recency, opportunities)
        return asked.each(asked.log_likelihood)

    def to_dict(self) -> dict[str, Any]:
        """Return the model as numbers, texts and lists that JSON keeps without loss.

        Examples:
            >>> model = DiscreteModel(1.2, 0.75, 0.66, 2.78, unit="year", log_likelihood=-12.5)
            >>> DiscreteModel.from_dict(model.to_dict()) == model
            True
        """
        return stored_form(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> DiscreteModel:
        """Return the model that `to_dict` gave.

        Raises:
            ModelError: when a name is missing or unknown.
        """
        return restored(cls, stored)

    def _asked(self, repeats: ArrayLike, recency: ArrayLike, opportunities: ArrayLike) -> _Asked:
        columns = checked_opportunities(repeats, recency, opportunities)
        x, t_x, n = (column.ravel().astype(np.int64) for column in columns)
        step = int(n.max(initial=0)) + 1
        keys, place = np.unique((n * step + t_x) * step + x, return_inverse=True)
        rows = tuple(part.astype(np.float64) for part in (keys % step, keys // step % step, keys // (step * step)))
        total, still = Ways.of(*rows).logs(self.parameters)
        return _Asked(rows[0], rows[2], total, np.exp(still - total), place, columns[0].shape)

    def _log_staying(self, n: Floats, steps: Floats) -> Floats:
        """Return the log of the chance to stay for more steps, given she is a customer at the latest; a row per n."""
        lasting = log_lasting(self.gamma, self.delta, 1.0, n[:, None] + steps)
        return lasting - log_lasting(self.gamma, self.delta, 1.0, n)[:, None]

    def _ahead(self, asked: _Asked, horizon: float, rate: float) -> Floats:
        distinct, place = np.unique(asked.n, return_inverse=True)
        stays = steps_ahead(lambda steps: self._log_staying(distinct, steps), horizon, rate)[place]
        takes = (self.alpha + asked.x) / (self.alpha + self.beta + asked.n)
        return asked.each(asked.active * takes * stays)

    def _more_than(self, asked: _Asked, horizon: int) -> Floats:
        """Return the chance of more than 0, 1, ... purchases at the next opportunities, a row per distinct history."""
        if not 0 <= horizon <= LONGEST_COUNTED:
            raise ModelError(f"horizon: expected 0 to {LONGEST_COUNTED} opportunities, got {horizon}")
        a, steps = self.alpha + asked.x[:, None], np.arange(horizon + 1.0)
        lasts = asked.active[:, None] * np.exp(self._log_staying(asked.n, steps))
        # She makes purchase i + 1 at step j when she lasts to j and has taken i of the j - 1 opportunities before it.
        taken, more = np.zeros((asked.n.size, horizon + 1)), np.zeros((asked.n.size, horizon))
        taken[:, 0] = 1.0
        for j in range(1, horizon + 1):
            bought = taken[:, :j] * (a + steps[:j]) / (self.alpha + self.beta + asked.n[:, None] + j - 1)
            more[:, :j] += lasts[:, j : j + 1] * bought
            taken[:, :j] -= bought
            taken[:, 1 : j + 1] += bought
        return more


@dataclass(frozen=True, eq=False)
class _Asked:
    """The distinct histories that were asked of, and where each of them belongs.

    Attributes:
        x: opportunities taken.
        n: opportunities there were.
        log_likelihood: of the history.
        active: the chance to be a customer still at the latest opportunity.
        place: for each customer her row.
        shape: of the answer.
    """

    x: Floats
    n: Floats
    log_likelihood: Floats
    active: Floats
    place: Integers
    shape: tuple[int, ...]

    def each(self, values: Floats) -> Floats:
        return np.asarray(values[self.place].reshape(self.shape))


def checked_opportunities(
    repeats: ArrayLike, recency: ArrayLike, opportunities: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Return the three statistics broadcast to one shape, or say which row cannot be a history of opportunities.

    Raises:
        ModelError: for what is not a whole number from 0; more opportunities taken than there were up to the last one
            taken; a last one taken after the latest; a last one without any; arrays of different lengths.
    """
    columns = numbers(repeats, "repeats"), numbers(recency, "recency"), numbers(opportunities, "opportunities")
    try:
        x, t_x, n = np.broadcast_arrays(*columns)
    except ValueError as error:
        shapes = ", ".join(str(column.shape) for column in columns)
        raise ModelError(f"repeats, recency and opportunities must have one length, got the shapes {shapes}") from error
    whole = (x == np.floor(x)) & (t_x == np.floor(t_x)) & (n == np.floor(n))
    reasons = (
        (~whole, "has part of an opportunity"),
        (t_x > n, "took one after the latest opportunity"),
        (x > t_x, "took more opportunities than there were up to the last one taken"),
        ((x == 0) & (t_x > 0), "took none, so its recency must be 0"),
    )
    for bad, why in reasons:
        rows = np.flatnonzero(bad)
        if rows.size:
            row = rows[0]
            found = f"repeats {x.flat[row]:g}, recency {t_x.flat[row]:g}, opportunities {n.flat[row]:g}"
            raise ModelError(f"row {row} {why}: {found} ({rows.size} such rows)")
    return x, t_x, n


def fit_discrete(
    repeats: ArrayLike,
    recency: ArrayLike,
    opportunities: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    unit: str = "opportunity",
) -> DiscreteModel:
    """Fit BG/BB by maximum likelihood on grouped histories.

    Args:
        repeats: opportunities taken (x) by each customer after the purchase that made her one.
        recency: the number of the last one taken (t_x), 0 without any.
        opportunities: how many there have been for her (n).
        weights: how many customers each row stands for; 1 each when not given.
        unit: what one opportunity is, remembered in the model.

    Returns:
        The model. The order of the rows makes no difference to it.

    Raises:
        ModelError: when a row cannot be a history, fewer than two customers took an opportunity, or there was but one.

    Examples:
        >>> model = fit_discrete([0, 0, 1, 2, 3, 3], [0, 0, 1, 4, 3, 4], 4, weights=[5, 4, 3, 2, 2, 4])
        >>> model.customers, model.groups, model.converged
        (20, 5, True)
    """
    histories = _grouped(repeats, recency, opportunities, weights)
    _identifiable(histories)
    objective = mean_loss(histories)
    found = best_of(objective, _starts(histories))
    alpha, beta, gamma, delta = np.exp(found.logs).tolist()
    return DiscreteModel(
        alpha=alpha,
        beta=beta,
        gamma=gamma,
        delta=delta,
        unit=unit,
        log_likelihood=-found.value * histories.customers,
        customers=round(histories.customers),
        groups=len(histories),
        converged=found.converged,
        at_bound=tuple(name for name, edge in zip(_NAMES, found.at_bound, strict=True) if edge),
        standard_errors=standard_errors(objective, found, histories.customers),
    )


def _grouped(repeats: ArrayLike, recency: ArrayLike, opportunities: ArrayLike, weights: ArrayLike | None) -> Histories:
    columns = checked_opportunities(repeats, recency, opportunities)
    x, t_x, n = (np.atleast_1d(column).ravel() for column in columns)
    w = np.ones(x.size) if weights is None else np.atleast_1d(numbers(weights, "weights")).ravel()
    if w.size != x.size:
        raise ModelError(f"weights: expected one for each of {x.size} rows, got {w.size}")
    kept = w > 0
    return grouped(Histories(x[kept], t_x[kept], n[kept], w[kept]))


def _identifiable(histories: Histories) -> None:
    buyers = histories.repeat_customers
    if buyers < LEAST_BUYERS:
        total, wanted = histories.customers, LEAST_BUYERS
        raise ModelError(
            f"{buyers:g} of {total:g} customers took an opportunity: BG/BB needs at least {wanted} who did"
        )
    if histories.age.max() < 2:
        raise ModelError("nobody had more than one opportunity: BG/BB needs at least 2 to tell the gone from the idle")


def _starts(histories: Histories) -> list[Floats]:
    taken = (histories.weights * histories.repeats).sum() + 0.5
    chance = float(taken / ((histories.weights * histories.age).sum() + 1.0))
    alike, leaving = (1.0, 5.0), ((0.5, 3.0), (1.0, 20.0), (1.0, 2.0))
    buying = [(min(2 * chance, 0.9) * one, (1 - min(2 * chance, 0.9)) * one) for one in alike]
    buying.append((chance, 1 - chance))
    return [np.log([*buys, *leaves]) for buys, leaves in product(buying, leaving)]
