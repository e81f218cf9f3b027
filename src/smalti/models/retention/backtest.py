"""How well a model of contracts foretells who stays: fitted some periods ago, compared with what came since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from smalti.errors import ModelError
from smalti.models.arrays import Booleans, Floats, Integers
from smalti.models.backtest import BackTest, Band, Measure
from smalti.models.intervals import Z, share_interval
from smalti.models.retention.contracts import Contracts
from smalti.models.retention.model import RetentionKind, RetentionModel, fit_retention
from smalti.models.retention.periods import Period

LEAST_LEAVERS = 20
"""With fewer customers who have left, a fit says more about chance than about customers."""
LEAST_COMPARED = 30
"""With fewer running customers at the cut-off there is nothing to compare forecasts with."""
MOST_HELD = 12
"""Periods held out, at most."""
ONE_RATE, BY_TENURE = "one rate for all", "rate of each tenure"
"""What a model is compared with: the share of all renewals so far, and that of customers of the same tenure."""

_TENURES = (0, 1, 2, 3, 6, 12, 24, 48, 96)
_FEW = 200


@dataclass(frozen=True, eq=False)
class Held:
    """Customers who were running so many periods ago, and what came of them.

    Attributes:
        past: All contracts as they stood then.
        tenure: Occasions on which each had renewed then; one number per row.
        left: On which of the occasions held out she left, from 1; 0 where she is running still.
        weights: How many customers share the row.
        periods: How many occasions are held out.
    """

    past: Contracts
    tenure: Floats
    left: Floats
    weights: Floats
    periods: int

    @classmethod
    def of(cls, seen: Contracts, periods: int) -> Held:
        """Hold out the last periods of all contracts.

        Examples:
            >>> from smalti.models.retention.contracts import contracts
            >>> held = Held.of(contracts([5, 5, 5], [0, 4, 1]), 2)
            >>> held.tenure.tolist(), held.left.tolist()
            ([3.0, 3.0], [0.0, 1.0])
        """
        then = seen.occasions - periods
        rows = (then >= 0) & ((seen.left == 0) | (seen.left > then))
        left = np.where(seen.left > 0, seen.left - then, 0.0)
        return cls(seen.before(periods), then[rows], left[rows], seen.weights[rows], periods)

    @property
    def stayed(self) -> Booleans:
        """Which rows are running still."""
        return np.asarray(self.left == 0)


Curves: TypeAlias = Floats
"""The chance to renew on all of the next 0, 1, .. occasions; a row per row of `Held`."""


def held_periods(seen: Contracts) -> int:
    """Return how many of the last periods can be held out; 0 where there is too little to fit on or to compare with.

    A quarter of the longest tenure, 12 at most, or fewer where too little would be left.

    Examples:
        >>> from smalti.models.retention.contracts import cohorts
        >>> held_periods(cohorts([[1000, 869, 743, 653, 593, 551, 517, 491]])), held_periods(cohorts([[40, 25]]))
        (1, 0)
    """
    for periods in range(min(MOST_HELD, max(1, seen.longest // 4)), 0, -1):
        held = Held.of(seen, periods)
        if _enough(held):
            return periods
    return 0


def _enough(held: Held) -> bool:
    risk = held.past.life_table().at_risk
    fits = held.past.leavers >= LEAST_LEAVERS and int((risk > 0).sum()) >= 3
    return fits and float(held.weights.sum()) >= LEAST_COMPARED


def forecast(model: RetentionModel, held: Held) -> Curves:
    """Return the model's chances for the customers held out."""
    steps = np.arange(held.periods + 1.0)
    return np.asarray(model.survival_chance(held.tenure[:, None], steps[None, :]))


def simple_forecasts(held: Held) -> dict[str, Curves]:
    """Return the chances by `ONE_RATE` and `BY_TENURE`; a tenure that nobody had reached has the one rate.

    The rate of a tenure is (kept + 1/2) / (at risk + 1), so that no outcome is called impossible.
    """
    table = held.past.life_table()
    kept = table.at_risk - table.lost
    rate = (kept.sum() + 0.5) / (table.at_risk.sum() + 1.0)
    steps = np.arange(held.periods + 1.0)
    rates = np.where(table.at_risk > 0, (kept + 0.5) / (table.at_risk + 1.0), rate)
    far = np.concatenate([rates, np.full(_beyond(held, rates.size), rate)])
    logs = np.concatenate([[0.0], np.cumsum(np.log(far))])
    now = held.tenure.astype(np.int64)[:, None]
    by_tenure = np.exp(logs[now + steps.astype(np.int64)[None, :]] - logs[now])
    return {ONE_RATE: np.tile(rate**steps, (held.tenure.size, 1)), BY_TENURE: by_tenure}


def _beyond(held: Held, length: int) -> int:
    """Return how many occasions are asked of beyond the first so many."""
    return max(0, int(held.tenure.max(initial=0)) + held.periods - length)


def log_scores(curves: Curves, held: Held) -> Floats:
    """Return the log of the chance that was given to what came of each row: left on that occasion, or stayed."""
    rows, left = np.arange(held.tenure.size), held.left.astype(np.int64)
    end = np.where(left > 0, left, held.periods)
    stays = curves[rows, end]
    chance = np.where(left > 0, curves[rows, np.maximum(end - 1, 0)] - stays, stays)
    return np.asarray(np.log(np.maximum(chance, 1e-300)))


def backtest_retention(
    seen: Contracts,
    kind: RetentionKind = "beta_geometric",
    *,
    period: Period,
    held: int | None = None,
    cut_off: int = 0,
) -> BackTest:
    """Fit a model to contracts as they stood some periods ago and compare it with what came since.

    Args:
        seen: All contracts as they are now.
        kind: `beta_geometric` or `beta_weibull`.
        period: How long a period is.
        held: How many periods to hold out; `held_periods` when not given.
        cut_off: The instant so many periods ago, microseconds UTC; only told.

    Raises:
        ModelError: There is too little to fit on or to compare with.

    Examples:
        >>> from smalti.models.retention.contracts import cohorts
        >>> high_end = cohorts([[1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]])
        >>> test = backtest_retention(high_end, "beta_weibull", period=Period.parse("1 year"), held=5)
        >>> test.outcome, test.customers, round(test.over_time[-1].predicted, 2), round(test.over_time[-1].observed, 2)
        ('still a customer after 5 years', 491, 0.82, 0.8)
    """
    periods = held_periods(seen) if held is None else held
    if periods < 1 or not _enough(Held.of(seen, periods)):
        raise ModelError(
            f"there is too little to test a model of contracts on: it wants {LEAST_LEAVERS} customers who had left, on 3 "
            f"occasions or more, and {LEAST_COMPARED} who had not, at least one period ago"
        )
    part = Held.of(seen, periods)
    return told(part, forecast(fit_retention(part.past, kind, period.name), part), period, cut_off)


def told(held: Held, model: Curves, period: Period, cut_off: int) -> BackTest:
    """Return the back-test of a model's chances."""
    forecasts = {"model": model, **simple_forecasts(held)}
    measures = [_measures(name, curves, held) for name, curves in forecasts.items()]
    end = model[:, -1]
    customers = float(held.weights.sum())
    few = (
        (f"only {customers:g} customers were compared: chance alone may have made the difference",)
        if customers < _FEW
        else ()
    )
    bands = _tenths(end, held)
    return BackTest(
        outcome=f"still a customer after {period.many(held.periods)}",
        unit="chance",
        horizon_days=held.periods * period.days,
        cut_offs=(cut_off,),
        customers=round(customers),
        measures=tuple(one for same in zip(*measures, strict=True) for one in same),
        calibration=bands,
        lift=tuple(reversed(bands)),
        over_time=_over_time(model, held, period),
        cohorts=_cohorts(end, held, period),
        verdict=_verdict(model, forecasts, held),
        warnings=few,
    )


def _measures(of: str, curves: Curves, held: Held) -> list[Measure]:
    weights, stayed, end = held.weights, held.stayed.astype(np.float64), curves[:, -1]
    total = weights.sum()
    mean, spread = weighted_mean(log_scores(curves, held), weights)
    brier, brier_spread = weighted_mean((end - stayed) ** 2, weights)
    kept = max(float((weights * stayed).sum()), 0.5)
    expected = float((weights * end).sum())
    noise = Z * float(np.sqrt((weights * end * (1 - end)).sum()))
    _, place = np.unique(held.tenure, return_inverse=True)
    groups = np.bincount(place, weights=weights)
    errors = np.abs(np.bincount(place, weights=weights * (end - stayed)))
    by_tenure = float(errors[groups > 0].sum() / total)
    return [
        Measure("log score", of, mean, mean - spread, mean + spread, "higher"),
        Measure("Brier score", of, brier, brier - brier_spread, brier + brier_spread, "lower"),
        Measure("mean absolute error by tenure", of, by_tenure, better="lower"),
        Measure(
            "customers kept, foretold over actual",
            of,
            expected / kept,
            max(expected - noise, 0.0) / kept,
            (expected + noise) / kept,
            "nearer",
        ),
    ]


def weighted_mean(values: Floats, weights: Floats) -> tuple[float, float]:
    """Return the mean and the half-width of its 95 % interval.

    >>> weighted_mean(np.array([0.0, 1.0]), np.array([1.0, 1.0]))[0]
    0.5
    """
    total = float(weights.sum())
    mean = float((weights * values).sum() / total)
    variance = float((weights * (values - mean) ** 2).sum()) / max(total - 1.0, 1.0)
    return mean, Z * float(np.sqrt(variance / total))


def _verdict(model: Curves, forecasts: dict[str, Curves], held: Held) -> str:
    own = log_scores(model, held)
    others = {name: log_scores(curves, held) for name, curves in forecasts.items() if name != "model"}
    best = max(others, key=lambda name: weighted_mean(others[name], held.weights)[0])
    gain, spread = weighted_mean(own - others[best], held.weights)
    bounds = f"{gain:+.4f} in log score per customer, {gain - spread:+.4f} to {gain + spread:+.4f}"
    if gain - spread > 0:
        return f"It foretells better than {best} ({bounds})."
    if gain + spread < 0:
        return f"It foretells worse than {best} ({bounds}): do not lean on it."
    return f"It cannot be told apart from {best} ({bounds})."


def _band(name: str, rows: Booleans | Integers, end: Floats, stayed: Floats, weights: Floats) -> Band:
    weight = weights[rows]
    total = float(weight.sum())
    predicted = float((weight * end[rows]).sum() / total)
    observed = min(1.0, float((weight * stayed[rows]).sum() / total))
    return Band(name, round(total), predicted, observed, *share_interval(observed * total, total))


def _tenths(end: Floats, held: Held) -> tuple[Band, ...]:
    """Split customers into tenths by forecast, the lowest first; equal forecasts stay together."""
    _, place = np.unique(end, return_inverse=True)
    sizes = np.bincount(place, weights=held.weights)
    middle = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
    tenth = np.minimum((middle * 10).astype(np.int64), 9)[place]
    stayed = held.stayed.astype(np.float64)
    found = [(one, np.flatnonzero(tenth == one)) for one in np.unique(tenth).tolist()]
    return tuple(_band(f"tenth {10 - one}", rows, end, stayed, held.weights) for one, rows in found)


def _cohorts(end: Floats, held: Held, period: Period) -> tuple[Band, ...]:
    stayed = held.stayed.astype(np.float64)
    bounds: Sequence[tuple[int, float]] = list(zip(_TENURES, [*_TENURES[1:], np.inf], strict=True))
    found = []
    for low, high in bounds:
        rows = np.flatnonzero((held.tenure >= low) & (held.tenure < high))
        if rows.size:
            last = int(held.tenure[rows].max())
            name = f"tenure {period.many(low)}" if last == low else f"tenure {low} to {period.many(last)}"
            found.append(_band(name, rows, end, stayed, held.weights))
    return tuple(found)


def _over_time(curves: Curves, held: Held, period: Period) -> tuple[Band, ...]:
    every = np.arange(held.tenure.size)
    found = []
    for step in range(1, held.periods + 1):
        there = ((held.left == 0) | (held.left > step)).astype(np.float64)
        found.append(_band(f"after {period.many(step)}", every, curves[:, step], there, held.weights))
    return tuple(found)
