"""How a model did on a past that it had not seen, as a value that a run keeps and a page tells.

A back-test stands at one or more earlier instants (cut-offs), fits or scores with what was known by then, and compares
with what came within the horizon after them. It holds numbers alone; who makes them is in the models' own modules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, TypeAlias

from smalti.models.stored import same_names

Better: TypeAlias = Literal["higher", "lower", "nearer"]
"""Whether more of a measure is better, less, or what is nearest to 1."""


@dataclass(frozen=True)
class Measure:
    """One number about one forecaster.

    Attributes:
        name: What is measured, such as `area under the ROC curve` or `mean absolute error`.
        of: Whose forecast: `model`, or the name of a baseline such as `recency alone`.
        value: The number.
        low: Lower end of its 95 % interval; None where none is known.
        high: Upper end.
        better: Which way is better.
    """

    name: str
    of: str
    value: float
    low: float | None = None
    high: float | None = None
    better: Better = "higher"


@dataclass(frozen=True)
class Band:
    """Customers with like forecasts, and what came: a point of the calibration curve, or a tenth of the lift.

    Attributes:
        name: What the customers have in common, such as `tenth 1` or `0.2 to 0.3`.
        customers: How many they are.
        predicted: The mean forecast.
        observed: The mean of what came.
        low: Lower end of the 95 % interval of `observed`.
        high: Upper end.
    """

    name: str
    customers: int
    predicted: float
    observed: float
    low: float | None = None
    high: float | None = None

    @property
    def held(self) -> bool:
        """Whether the forecast lies within the interval of what came.

        >>> Band("tenth 1", 100, 0.31, 0.28, 0.20, 0.37).held
        True
        """
        return self.low is not None and self.high is not None and self.low <= self.predicted <= self.high


@dataclass(frozen=True)
class BackTest:
    """A back-test.

    Attributes:
        outcome: What was foretold, in a few words, such as `a purchase within 90 days`.
        unit: What predicted and observed are counted in: `chance`, `money` (minor units), `purchases`.
        horizon_days: How far ahead.
        cut_offs: The instants it stood at, microseconds UTC, rising.
        customers: How many forecasts were compared.
        measures: The model's and the baselines', each measure's model first.
        calibration: Forecasts in bands against what came.
        lift: Tenths of customers by forecast, the highest first.
        over_time: One band for each cut-off.
        cohorts: One band for each cohort of customers, such as those of one first month or one frequency.
        chances: Chances of anything at all in bands against the share that came, where the outcome is an amount.
        verdict: One sentence: whether the model is better than the best baseline, by how much.
        warnings: What a reader should know before believing it, in sentences.
    """

    outcome: str
    unit: str
    horizon_days: float
    cut_offs: tuple[int, ...]
    customers: int
    measures: tuple[Measure, ...] = ()
    calibration: tuple[Band, ...] = ()
    lift: tuple[Band, ...] = ()
    over_time: tuple[Band, ...] = ()
    cohorts: tuple[Band, ...] = ()
    chances: tuple[Band, ...] = ()
    verdict: str = ""
    warnings: tuple[str, ...] = ()

    def measure(self, name: str, of: str = "model") -> Measure | None:
        """Return a measure of a forecaster, or None where it was not taken."""
        return next((one for one in self.measures if one.name == name and one.of == of), None)

    def to_dict(self) -> dict[str, Any]:
        """Return the back-test as numbers, texts and lists that JSON keeps without loss.

        >>> one = BackTest("a purchase", "chance", 90, (0,), 2, calibration=(Band("all", 2, 0.5, 0.5),))
        >>> BackTest.from_dict(one.to_dict()) == one
        True
        """
        told = asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> BackTest:
        """Return the back-test that `to_dict` gave.

        Raises:
            ModelError: When a name is missing or unknown.
        """
        same_names(cls.__name__, stored, [field.name for field in fields(cls)])
        bands = {
            name: tuple(Band(**one) for one in stored[name])
            for name in ("calibration", "lift", "over_time", "cohorts", "chances")
        }
        measures = tuple(Measure(**one) for one in stored["measures"])
        rest = {"cut_offs": tuple(stored["cut_offs"]), "warnings": tuple(stored["warnings"])}
        return cls(**{**stored, **bands, **rest, "measures": measures})
