"""How long customers under contract stay: the shifted beta-geometric and its Weibull form.

Each customer leaves on an occasion to renew with a chance of her own, Beta(alpha, beta) over customers (Fader & Hardie
2007). Those who are likely to leave do so early, so the rate of renewal of a cohort rises with tenure although nobody
changes. In the beta-discrete-Weibull (Fader, Hardie, Liu, Davin & Steenburgh 2018) each customer's chance to leave may
also grow (c > 1) or fall (c < 1) with her own tenure; at c = 1 it is the former.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike

from smalti.errors import ModelError, nearest
from smalti.models.arrays import Floats, Integers, numbers
from smalti.models.fitting import Optimum, best_of, standard_errors
from smalti.models.intervals import check_level
from smalti.models.retention.contracts import Contracts
from smalti.models.retention.hazards import geometric_loss, weibull_loss
from smalti.models.stored import restored, stored_form
from smalti.models.survival import log_lasting, steps_ahead

RetentionKind: TypeAlias = Literal["beta_geometric", "beta_weibull"]
"""The shifted beta-geometric, or the beta-discrete-Weibull."""

LEAST_OCCASIONS: dict[RetentionKind, int] = {"beta_geometric": 2, "beta_weibull": 3}
"""On how many occasions customers must have been seen: fewer do not pin the parameters down."""

_NAMES = ("alpha", "beta", "c")
_BEYOND = 2**40


@dataclass(frozen=True)
class RetentionModel:
    """A fitted model of contracts; a plain value that scores any customer.

    Attributes:
        kind: `beta_geometric` or `beta_weibull`.
        alpha: first parameter of the Beta distribution of the chance to leave over customers (gamma in the 2018 paper).
        beta: its second parameter (delta in the 2018 paper).
        c: how the chance to leave of one customer goes with her tenure: 1 not at all, more it grows, less it falls.
        unit: what one period is, such as `month`.
        log_likelihood: of the customers it was fitted on.
        customers: how many those were.
        leavers: how many of those had left.
        occasions: on how many occasions, counted from the beginning of a contract, customers were seen.
        converged: whether the search for the parameters stood still at its end.
        at_bound: names of the parameters that ended on the edge of the allowed range: the base does not pin them down.
        standard_errors: of the logs of the fitted parameters, in their order; None where one of them is at a bound.
        rates: the chance to renew on the first occasion, the second, and so on, where contracts depart from the shape
            that the parameters give (see `departures`); empty where they don't. Beyond them the parameters hold.

    In all methods `tenure` is the number of occasions on which a running customer has renewed: 0 for one whose first
    period is not over. Arrays broadcast; each method raises `ModelError` for a tenure that is not a whole number from 0.
    """

    kind: RetentionKind
    alpha: float
    beta: float
    c: float = 1.0
    unit: str = "period"
    log_likelihood: float = math.nan
    customers: int = 0
    leavers: int = 0
    occasions: int = 0
    converged: bool = True
    at_bound: tuple[str, ...] = ()
    standard_errors: tuple[float, ...] | None = None
    rates: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        known_kind(self.kind)
        if not all(math.isfinite(value) and value > 0 for value in (self.alpha, self.beta, self.c)):
            raise ModelError(f"alpha, beta and c must be positive numbers, got {self.alpha}, {self.beta}, {self.c}")
        if not all(0 < rate <= 1 for rate in self.rates):
            raise ModelError(
                f"rates: expected chances above 0, got {[rate for rate in self.rates if not 0 < rate <= 1]}"
            )
        if self.kind == "beta_geometric" and self.c != 1:
            raise ModelError(f"c: expected 1 in the shifted beta-geometric, got {self.c}")

    def survival(self, periods: ArrayLike) -> Floats:
        """Return the share of new customers who renew on all of the first so many occasions.

        Examples:
            >>> RetentionModel("beta_geometric", 0.668, 3.806).survival([0, 1, 7]).round(3)
            array([1.   , 0.851, 0.489])
        """
        return np.exp(self._log_survival(_whole(periods, "periods")))

    def survival_chance(self, tenure: ArrayLike, ahead: ArrayLike) -> Floats:
        """Return the chance that a running customer renews on all of her next `ahead` occasions.

        Examples:
            >>> RetentionModel("beta_geometric", 0.668, 3.806).survival_chance([0, 5], 2).round(3)
            array([0.747, 0.87 ])
        """
        now, later = _whole(tenure, "tenure"), _whole(ahead, "ahead")
        return np.exp(self._log_survival(now + later) - self._log_survival(now))

    def renewal_chance(self, tenure: ArrayLike) -> Floats:
        """Return the chance that a running customer renews on her next occasion.

        Examples:
            >>> RetentionModel("beta_geometric", 0.668, 3.806).renewal_chance([0, 1, 5]).round(3)
            array([0.851, 0.878, 0.929])
        """
        return self.survival_chance(tenure, 1)

    def expected_periods(self, tenure: ArrayLike, horizon: int) -> Floats:
        """Return on how many of her next `horizon` occasions a running customer is expected to renew.

        Examples:
            >>> RetentionModel("beta_geometric", 0.668, 3.806).expected_periods([0, 5], 12).round(2)
            array([6.53, 8.51])
        """
        return self._ahead(tenure, horizon, 0.0)

    def discounted_periods(
        self, tenure: ArrayLike, rate: float, horizon: float = math.inf, until_renewal: ArrayLike = 0.0
    ) -> Floats:
        """Return the discounted expected residual lifetime (DERL): periods to come, each paid for at its beginning.

        It is the residual value of a running customer per unit of margin per period (Fader & Hardie 2010). The period
        that runs now is paid for and not in it.

        Args:
            tenure: occasions on which she has renewed.
            rate: of discount per period, 0.1 for 10 %.
            horizon: on how many occasions ahead; all there will ever be when not given.
            until_renewal: how long until her next occasion, in periods: 0 just before it, 1 just after the last one.

        Examples:
            >>> model = RetentionModel("beta_geometric", 0.668, 3.806)
            >>> model.discounted_periods([0, 5], rate=0.10).round(2)
            array([5.41, 7.14])
            >>> model.discounted_periods([0, 5], rate=0.10, horizon=5, until_renewal=1).round(2)
            array([2.66, 3.17])
        """
        wait = numbers(until_renewal, "until renewal")
        each = self._ahead(tenure, horizon, rate)
        return np.asarray(each * (1.0 + rate) ** (1.0 - wait))

    def periods_interval(self, tenure: ArrayLike, horizon: int, level: float = 0.8) -> tuple[Integers, Integers]:
        """Return the central predictive interval of the occasions among her next `horizon` on which she renews.

        Its ends are quantiles of the exact distribution at the fitted parameters, and hold the truth at least as often
        as `level` says.

        Examples:
            >>> low, high = RetentionModel("beta_geometric", 0.668, 3.806).periods_interval([0, 5], 12)
            >>> low.tolist(), high.tolist()
            ([0, 1], [12, 12])
        """
        return self._quantile(tenure, horizon, _edge(level, -1)), self._quantile(tenure, horizon, _edge(level, 1))

    def discounted_interval(
        self,
        tenure: ArrayLike,
        rate: float,
        horizon: float = math.inf,
        until_renewal: ArrayLike = 0.0,
        level: float = 0.8,
    ) -> tuple[Floats, Floats]:
        """Return the central predictive interval of what `discounted_periods` expects, for one customer each.

        Examples:
            >>> model = RetentionModel("beta_geometric", 0.668, 3.806)
            >>> low, high = model.discounted_interval([0, 5], rate=0.10)
            >>> low.round(2), high.round(2)
            (array([0., 1.]), array([11., 11.]))
        """
        if not (math.isfinite(rate) and rate >= 0) or (rate == 0 and math.isinf(horizon)):
            raise ModelError(f"rate of discount: expected a share above 0, got {rate}")
        wait = numbers(until_renewal, "until renewal")
        force = math.log1p(rate)
        ends = (self._quantile(tenure, horizon, _edge(level, side)).astype(np.float64) for side in (-1, 1))
        if force == 0:
            low, high = ends
        else:
            low, high = (-np.expm1(-force * end) / -math.expm1(-force) for end in ends)
        discount = np.exp(-force * wait)
        return np.asarray(low * discount), np.asarray(high * discount)

    def log_likelihood_of(self, occasions: ArrayLike, left: ArrayLike) -> Floats:
        """Return the log-likelihood of customers of whom it is known on which occasion they left, 0 where they did not.

        Examples:
            >>> RetentionModel("beta_geometric", 1.0, 1.0).log_likelihood_of([3, 3], [0, 2]).round(4)
            array([-1.3863, -1.7918])
        """
        seen, gone = np.broadcast_arrays(_whole(occasions, "occasions"), _whole(left, "left"))
        before = self._log_survival(np.where(gone > 0, gone - 1, seen))
        step = np.where(gone > 0, self._log_survival(gone) - before, -math.log(2.0))
        return np.asarray(before + np.where(gone > 0, np.log(-np.expm1(np.minimum(step, -1e-300))), 0.0))

    def to_dict(self) -> dict[str, Any]:
        """Return the model as numbers, texts and lists that JSON keeps without loss.

        Examples:
            >>> model = RetentionModel("beta_weibull", 0.7, 3.8, 1.2, unit="month", log_likelihood=-12.5)
            >>> RetentionModel.from_dict(model.to_dict()) == model
            True
        """
        return stored_form(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> RetentionModel:
        """Return the model that `to_dict` gave.

        Raises:
            ModelError: when a name is missing or unknown.
        """
        return restored(cls, stored)

    def _log_survival(self, periods: Floats) -> Floats:
        shape = log_lasting(self.alpha, self.beta, self.c, periods)
        if not self.rates:
            return shape
        known = len(self.rates)
        logs = np.concatenate([[0.0], np.cumsum(np.log(self.rates))])
        beyond = logs[-1] + shape - log_lasting(self.alpha, self.beta, self.c, np.array(float(known)))
        return np.asarray(np.where(periods <= known, np.interp(periods, np.arange(known + 1.0), logs), beyond))

    def _ahead(self, tenure: ArrayLike, horizon: float, rate: float) -> Floats:
        now = _whole(tenure, "tenure")
        distinct, place = np.unique(now.ravel(), return_inverse=True)
        base = self._log_survival(distinct)[:, None]
        each = steps_ahead(lambda steps: self._log_survival(distinct[:, None] + steps) - base, horizon, rate)
        return np.asarray(each[place].reshape(now.shape))

    def _quantile(self, tenure: ArrayLike, horizon: float, chance: float) -> Integers:
        """Return the least number of renewals that is not exceeded with this chance, by halving."""
        now = _whole(tenure, "tenure")
        if not horizon >= 0:
            raise ModelError(f"horizon: expected a whole number of periods that is not negative, got {horizon}")
        distinct, place = np.unique(now.ravel(), return_inverse=True)
        base, enough = self._log_survival(distinct), math.log1p(-chance)
        low = np.zeros(distinct.size, dtype=np.int64)
        high = np.full(distinct.size, int(min(horizon, _BEYOND)), dtype=np.int64)
        while np.any(low < high):
            middle = (low + high) // 2
            reached = self._log_survival(distinct + middle + 1.0) - base <= enough
            low, high = np.where(reached, low, np.minimum(middle + 1, high)), np.where(reached, middle, high)
        return np.asarray(low[place].reshape(now.shape))


def fit_retention(seen: Contracts, kind: RetentionKind = "beta_geometric", unit: str = "period") -> RetentionModel:
    """Fit a model of contracts by maximum likelihood.

    Args:
        seen: the customers, from `contracts` or `cohorts`.
        kind: `beta_geometric` or `beta_weibull`.
        unit: what one period is, remembered in the model.

    Returns:
        The model. The order of the customers makes no difference to it, nor does the length of a period to the search.

    Raises:
        ModelError: when nobody has left, everybody left on the first occasion, or there were too few occasions.

    Examples:
        >>> from smalti.models.retention.contracts import cohorts
        >>> model = fit_retention(cohorts([[1000, 869, 743, 653, 593, 551, 517, 491]]), unit="year")
        >>> round(model.alpha, 3), round(model.beta, 3), round(model.log_likelihood, 2)
        (0.668, 3.806, -1611.16)
    """
    known_kind(kind)
    table, customers = seen.life_table(), seen.customers
    _identifiable(seen, kind)
    scale = max(1.0, float(table.at_risk.sum() / table.lost.sum()))
    objective = geometric_loss(table, customers, scale)
    found = best_of(objective, _starts(scale))
    if kind == "beta_weibull":
        objective = weibull_loss(table, customers, scale)
        plain = [np.array([*found.logs, log]) for log in (0.0, -0.5, 0.5)]
        found = best_of(
            objective, [*plain, *(np.array([*one, log]) for one in _starts(scale) for log in (-0.5, 0.5))], 3
        )
    errors = standard_errors(objective, found, customers)
    return _model(found, seen, kind, unit, scale, errors)


def _model(
    found: Optimum, seen: Contracts, kind: RetentionKind, unit: str, scale: float, errors: tuple[float, ...] | None
) -> RetentionModel:
    values = np.exp(found.logs).tolist()
    return RetentionModel(
        kind=kind,
        alpha=values[0],
        beta=values[1] * scale,
        c=values[2] if kind == "beta_weibull" else 1.0,
        unit=unit,
        log_likelihood=-found.value * seen.customers,
        customers=round(seen.customers),
        leavers=round(seen.leavers),
        occasions=int((seen.life_table().at_risk > 0).sum()),
        converged=found.converged,
        at_bound=tuple(name for name, edge in zip(_NAMES, found.at_bound, strict=False) if edge),
        standard_errors=errors,
    )


def known_kind(kind: str) -> None:
    """Refuse a kind of model that there is not.

    Raises:
        ModelError: naming the nearest that there is.
    """
    kinds = get_args(RetentionKind)
    if kind not in kinds:
        near = nearest(str(kind), list(kinds))
        hint = f"; did you mean {near!r}?" if near else ""
        raise ModelError(f"unknown model of contracts {kind!r}, wanted one of {', '.join(kinds)}{hint}")


def _starts(scale: float) -> list[Floats]:
    """Return starts whose first hazards are about half, once and twice the mean one, more and less alike."""
    return [
        np.log([alpha, alpha * max(scale * more - 1.0, 0.2) / scale])
        for alpha, more in product((0.3, 1.0, 5.0), (0.4, 1.0, 2.0))
    ]


def _identifiable(seen: Contracts, kind: RetentionKind) -> None:
    table = seen.life_table()
    needed, occasions = LEAST_OCCASIONS[kind], int((table.at_risk > 0).sum())
    if table.lost.sum() == 0:
        raise ModelError(f"none of {seen.customers:g} customers has left: a model of contracts needs some who did")
    if occasions < needed:
        raise ModelError(
            f"customers were seen on {occasions} occasions to renew: this model of contracts needs at least {needed}"
        )
    if (table.at_risk - table.lost).sum() == 0:
        raise ModelError(f"none of {seen.customers:g} customers ever renewed: a model of contracts needs some who did")


def _edge(level: float, side: int) -> float:
    check_level(level)
    return (1 + side * level) / 2


def _whole(values: ArrayLike, name: str) -> Floats:
    array = numbers(values, name)
    bad = np.flatnonzero(array != np.floor(array))
    if bad.size:
        where = f"row {bad[0]}: " if array.ndim else ""
        raise ModelError(f"{name}: {where}expected a whole number of periods, got {array.flat[bad[0]]:g}")
    return array
