"""The back-test of a score: its forecasts and simple ones of the same customers, against what came."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import rankdata

from smalti.models.arrays import Floats, Integers
from smalti.models.backtest import Band, Better, Measure
from smalti.models.supervised import accuracy
from smalti.models.supervised.accuracy import Estimate, mean_of, ratio_of, resampled
from smalti.models.supervised.bands import calibration_bands, lift_bands
from smalti.models.supervised.losses import anyone, losses
from smalti.models.supervised.training import Task

ALIKE = "the same forecast for everybody"
"""The simplest forecast of all."""


@dataclass(frozen=True, eq=False)
class Trial:
    """Forecasts of customers and what came, each customer once.

    Attributes:
        task: What was foretold.
        target: 0 or 1, an amount, or the number of a class; shape (n,).
        model: The model's forecasts, shape (n, 1) or (n, classes).
        simple: Simple forecasts by name, the same for everybody among them.
        nothing: For a category, the number of the class that is nothing; None where there is none.
        seed: Of resamples.
    """

    task: Task
    target: Floats | Integers
    model: Floats
    simple: Mapping[str, Floats]
    nothing: int | None
    seed: int

    def turned(self) -> Trial:
        """Return the same trial of a chance told of what does not come."""
        simple = {name: 1.0 - told for name, told in self.simple.items()}
        target = 1.0 - np.asarray(self.target, dtype=np.float64)
        return replace(self, target=target, model=1.0 - self.model, simple=simple)

    @property
    def forecasts(self) -> dict[str, Floats]:
        """All forecasts by whose they are, the model's first."""
        return {"model": self.model, **self.simple}

    def losses(self, of: str = "model") -> Floats:
        """Return what the forecasts of one cost, customer by customer."""
        return losses(self.task, self.forecasts[of], self.target)

    def explained(self, of: str = "model") -> Estimate:
        """Return the share that one explains of what there is to foretell."""
        return accuracy.share_explained(self.losses(of), self.hindsight())

    def hindsight(self) -> Floats:
        """Return what the one forecast would cost that turned out to fit everybody best: what there is to foretell."""
        best = anyone(self.task, self.target, self.model.shape[1])
        return losses(self.task, np.repeat(best, len(self.target), axis=0), self.target)

    def best_simple(self) -> str:
        """Return the simple forecast that cost least."""
        return min(self.simple, key=lambda one: (float(self.losses(one).mean()), one != ALIKE))

    def gain(self) -> Estimate:
        """Return how much more of what there is to foretell the model explains than the best simple forecast, paired."""
        gained = self.losses(self.best_simple()) - self.losses()
        whole = float(self.hindsight().mean())
        if self.task != "amount":
            return Estimate(*(part / whole for part in mean_of(gained)))
        told = resampled(lambda weights: float(weights @ gained) / len(gained), len(gained), self.seed)
        return Estimate(*(part / whole for part in told))

    def verdict(self) -> tuple[bool, str]:
        """Say whether the model is better than the best simple forecast, and by how much."""
        best, gain = self.best_simple(), self.gain()
        mine, theirs = self.explained().value, self.explained(best).value
        paired = f"{_points(gain.value)} ({_points(gain.low)} to {_points(gain.high)} with 95 % confidence)"
        told = f"it explains {mine:.1%} of what there is to foretell, that {theirs:.1%}; the difference is {paired}"
        told = f"{told}, on {len(self.target):,} customers"
        if gain.low > 0:
            return True, f"Better than the best simple forecast, {best}: {told}."
        advice = "do not steer by it" if best == ALIKE else "use that one, it is simpler"
        return False, f"Not shown to be better than {best}: {told}; {advice}."

    def measures(self) -> tuple[Measure, ...]:
        """Return all measures, each the model's first."""
        takers: dict[Task, Callable[[str, Floats], Iterator[Measure]]] = {
            "chance": self._of_chances,
            "amount": self._of_amounts,
            "category": self._of_classes,
        }
        taken = [one for of, forecast in self.forecasts.items() for one in takers[self.task](of, forecast)]
        names = list(dict.fromkeys(one.name for one in taken))
        return tuple(sorted(taken, key=lambda one: names.index(one.name)))

    def calibration(self) -> tuple[Band, ...]:
        """Return the calibration curve; for a category that of the most likely class."""
        forecast, came = self._in_one()
        return calibration_bands(forecast, came, chance=self.task != "amount", seed=self.seed)

    def lift(self) -> tuple[Band, ...]:
        """Return tenths of customers, the highest forecasts first."""
        forecast, came = self._in_one()
        return lift_bands(forecast, came, chance=self.task != "amount", seed=self.seed)

    def _in_one(self) -> tuple[Floats, Floats]:
        return in_one(self.task, self.model, self.target)

    def _of_chances(self, of: str, forecast: Floats) -> Iterator[Measure]:
        told, came = forecast[:, 0], np.asarray(self.target, dtype=np.float64)
        if of != ALIKE:
            yield _measure("area under the ROC curve", of, accuracy.area(came, told))
            yield _measure("average precision", of, accuracy.average_precision(came, told, self.seed))
            yield _measure("share explained", of, self.explained(of))
        yield _measure("log loss", of, mean_of(self.losses(of)), "lower")
        yield _measure("Brier score", of, mean_of((told - came) ** 2), "lower")
        slope = accuracy.calibration_slope(came, told)
        if np.isfinite(slope.value):
            yield _measure("calibration slope", of, slope, "nearer")
        yield _measure("calibration intercept, as odds", of, accuracy.calibration_odds(came, told), "nearer")
        yield _measure("predicted / observed", of, ratio_of(told, came), "nearer")

    def _of_amounts(self, of: str, forecast: Floats) -> Iterator[Measure]:
        told, came = forecast[:, 0], np.asarray(self.target, dtype=np.float64)
        if of != ALIKE:
            ranks, places = rankdata(told), rankdata(came)
            alike = resampled(lambda w: _correlation(ranks, places, w), len(came), self.seed)
            yield _measure("rank correlation", of, alike)
            top = _top_tenth(told)
            share = resampled(lambda w: float((w * top) @ came) / max(float(w @ came), 1e-300), len(came), self.seed)
            yield _measure("share of the total in the highest tenth", of, share)
            yield _measure("share explained", of, self.explained(of))
        missed = np.abs(told - came)
        yield _measure("mean absolute error", of, mean_of(missed), "lower")
        yield _measure("predicted / observed", of, ratio_of(told, came), "nearer")

    def _of_classes(self, of: str, forecast: Floats) -> Iterator[Measure]:
        truth = self.target.astype(np.int64)
        if of != ALIKE:
            yield _measure("share explained", of, self.explained(of))
        yield _measure("log loss", of, mean_of(self.losses(of)), "lower")
        yield _measure(
            "Brier score", of, mean_of(((forecast - np.eye(forecast.shape[1])[truth]) ** 2).sum(axis=1)), "lower"
        )
        yield _measure("share right", of, mean_of((forecast.argmax(axis=1) == truth).astype(np.float64)))
        if self.nothing is not None and (truth != self.nothing).sum() > 1 and forecast.shape[1] > 2:
            some = forecast.copy()
            some[:, self.nothing] = -1.0
            hit = (some.argmax(axis=1) == truth)[truth != self.nothing]
            yield _measure("share right where something came", of, mean_of(hit.astype(np.float64)))


def in_one(task: Task, forecast: Floats, target: Floats | Integers) -> tuple[Floats, Floats]:
    """Return forecasts and outcomes as one number each: for a category the chance of the likeliest class, and if it came."""
    if task != "category":
        return forecast[:, 0], np.asarray(target, dtype=np.float64)
    best = forecast.argmax(axis=1)
    return forecast.max(axis=1), (best == target).astype(np.float64)


def _measure(name: str, of: str, told: Estimate, better: Better = "higher") -> Measure:
    return Measure(name, of, told.value, told.low, told.high, better)


def _points(share: float) -> str:
    return f"{100 * share:+.1f} points"


def _top_tenth(forecast: Floats) -> Floats:
    """Return 1 for the tenth of customers forecast highest, and for ties at its edge their part of a place."""
    wanted = len(forecast) / 10
    edge = np.sort(forecast)[::-1][max(0, int(np.ceil(wanted)) - 1)]
    above, at = forecast > edge, forecast == edge
    return np.asarray(above + at * (wanted - above.sum()) / at.sum())


def _correlation(x: Floats, y: Floats, weights: Floats) -> float:
    """Return the weighted correlation; 0 where either does not vary."""
    total = weights.sum()
    x, y = x - float(weights @ x) / total, y - float(weights @ y) / total
    spread = float(np.sqrt((weights @ (x * x)) * (weights @ (y * y))))
    return float(weights @ (x * y)) / spread if spread > 0 else 0.0
