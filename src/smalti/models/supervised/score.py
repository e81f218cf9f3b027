"""A fitted score: a frozen value that forecasts any customer whose traits it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from smalti.errors import ModelError
from smalti.models.arrays import Floats, Integers
from smalti.models.backtest import BackTest
from smalti.models.stored import same_names
from smalti.models.supervised.calibration import Calibration
from smalti.models.supervised.inputs import Encoded, Input, Unlearnt, encode, encode_one
from smalti.models.supervised.shapley import contributions
from smalti.models.supervised.training import Column, Task, Texts
from smalti.models.supervised.trees import Forest

VERSION = 1
"""Of the form in which a fitted score is stored, and of what its numbers mean."""

_PART = 65_536

OTHER = "other"
"""The class of all categories that came too seldom to be foretold each for itself."""

Drivers = list[tuple[str, float]]
"""Traits and what each adds to a customer's raw score (negative: takes away), the strongest first."""


@dataclass(frozen=True, eq=False)
class Scored:
    """Forecasts of many customers.

    Attributes:
        task: `chance`, `amount` or `category`.
        values: The chances (strictly between 0 and 1) or amounts (in the unit of the target), shape (n,); for a category
            the chance of the most likely class.
        labels: For a category the most likely class of each customer, None where that is nothing; otherwise None.
        chances: For a category the chance of each class, shape (n, classes), rows sum to 1; otherwise None.
        classes: For a category the classes in the order of `chances`, None being nothing; otherwise empty.
        warnings: Sentences about traits that are not as they were when the score was fitted.
    """

    task: Task
    values: Floats
    labels: Texts | None = None
    chances: Floats | None = None
    classes: tuple[str | None, ...] = ()
    warnings: tuple[str, ...] = ()

    def if_any(self) -> tuple[Texts, Floats]:
        """Return the most likely class other than nothing, and its chance.

        >>> one = Scored("category", np.array([0.7]), np.array([None]), np.array([[0.7, 0.1, 0.2]]), (None, "a", "b"))
        >>> one.if_any()
        (array(['b'], dtype=object), array([0.2]))
        """
        if self.chances is None:
            raise ModelError(f"only a score of categories has classes, this one foretells: {self.task}")
        kept = [place for place, name in enumerate(self.classes) if name is not None]
        best = self.chances[:, kept].argmax(axis=1)
        names = np.array([self.classes[place] for place in kept], dtype=object)
        return names[best], np.asarray(self.chances[:, kept][np.arange(len(best)), best])


@dataclass(frozen=True, eq=False)
class FittedScore:
    """A score as it was fitted: made by `fit_score`, kept as numbers and texts, scored without what made it.

    Attributes:
        name: Of the score.
        task: `chance`, `amount` or `category`.
        outcome: What it foretells, in words.
        horizon_days: How far ahead, in days of 24 hours.
        method: How it is reckoned, in one sentence.
        inputs: The traits it wants.
        classes: For a category its classes, None being nothing.
        forests: Its trees: one forest, or one for each class.
        calibration: From the trees' raw score to the forecast.
        unlearnt: Traits that were given but all missing or all the same, so that nothing could be learnt from them.
        importance: Traits and their shares of all that traits add or take away, rising to 1, the greatest first.
        backtest: How it did on a past it had not seen.
        better: Whether it was shown to be better than the best simple forecast.
        warnings: What to know before believing it, in sentences.
        version: Of this form.
        complement: Whether it foretells that what the trees foretell does not come: 1 less their chance.
    """

    name: str
    task: Task
    outcome: str
    horizon_days: float
    method: str
    inputs: tuple[Input, ...]
    classes: tuple[str | None, ...]
    forests: tuple[Forest, ...]
    calibration: Calibration
    unlearnt: tuple[Unlearnt, ...]
    importance: tuple[tuple[str, float], ...]
    backtest: BackTest
    better: bool
    warnings: tuple[str, ...] = ()
    version: int = VERSION
    complement: bool = False

    def raw(self, columns: Sequence[Column]) -> Floats:
        """Return the trees' sums before calibration, shape (n, forests).

        Raises:
            ModelError: As `score` does.
        """
        data = encode(self.inputs, columns)
        return np.column_stack([forest.raw(data) for forest in self.forests])

    def score(self, columns: Sequence[Column]) -> Scored:
        """Forecast customers.

        Args:
            columns: The traits it was fitted on, in any order, n values each; others are left aside.

        Raises:
            ModelError: When a trait is missing, or of another kind or unit than it was fitted on.
        """
        return self._told(self.calibration.apply(self.raw(columns)), self._unlike(columns))

    def score_one(self, values: Mapping[str, float | str | None]) -> Scored:
        """Forecast one customer: the same numbers as `score` gives, bit for bit.

        Args:
            values: Her traits by name; None where missing, or NaN for a number.

        Raises:
            ModelError: When a trait is not given, or of another kind.
        """
        row = encode_one(self.inputs, values)
        raw = np.array([[forest.raw_one(row) for forest in self.forests]])
        return self._told(self.calibration.apply(raw), ())

    def contributions(self, columns: Sequence[Column]) -> Floats:
        """Return what each trait adds to the raw score of each customer, shape (n, inputs): exact Shapley values.

        They sum to the raw score minus the expected raw score. The raw score is the log-odds of a chance, the logarithm
        of an amount; for a category it is that of the most likely class.

        Raises:
            ModelError: As `score` does.
        """
        return self._contributions(encode(self.inputs, columns))

    def strongest(self, columns: Sequence[Column], top: int = 3) -> tuple[Integers, Floats]:
        """Return for each customer the traits that move her score most, as places in `inputs`, and their contributions.

        Returns:
            Two arrays of shape (n, top), the strongest first; less where there are fewer inputs. A contribution of 0 means
            that the trait adds nothing.

        Raises:
            ModelError: As `score` does.
        """
        data = encode(self.inputs, columns)
        wanted = min(top, len(self.inputs))
        places, sizes = np.empty((len(data[0]), wanted), dtype=np.int64), np.empty((len(data[0]), wanted))
        for begin in range(0, len(places), _PART):
            told = self._contributions(tuple(column[begin : begin + _PART] for column in data))
            order = np.argsort(-np.abs(told), axis=1, kind="stable")[:, :wanted]
            places[begin : begin + _PART] = order
            sizes[begin : begin + _PART] = np.take_along_axis(told, order, axis=1)
        return places, sizes

    def drivers(self, columns: Sequence[Column], top: int = 3) -> list[Drivers]:
        """Return for each customer the traits that move her score most, each with its signed contribution.

        Traits that add nothing are left out, so that a list may be shorter than `top`. For very many customers `strongest`
        is quicker.

        Raises:
            ModelError: As `score` does.
        """
        names = [one.name for one in self.inputs]
        places, sizes = self.strongest(columns, top)
        return [
            [(names[place], size) for place, size in zip(row, told, strict=True) if size != 0.0]
            for row, told in zip(places.tolist(), sizes.tolist(), strict=True)
        ]

    def _contributions(self, data: Encoded) -> Floats:
        if self.task != "category":
            told = contributions(self.forests[0], data, len(self.inputs))
            return -told if self.complement else told
        raw = np.column_stack([forest.raw(data) for forest in self.forests])
        best = self.calibration.apply(raw).argmax(axis=1)
        told = np.zeros((len(best), len(self.inputs)))
        for place in np.unique(best):
            rows = np.flatnonzero(best == place)
            part = tuple(column[rows] for column in data)
            told[rows] = contributions(self.forests[place], part, len(self.inputs))
        return told

    def to_dict(self) -> dict[str, Any]:
        """Return the score as numbers, texts and lists that JSON keeps without loss."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        parts: dict[str, Any] = {
            name: [one.to_dict() for one in told[name]] for name in ("inputs", "unlearnt", "forests")
        }
        parts |= {name: told[name].to_dict() for name in ("calibration", "backtest")}
        lists = {name: list(told[name]) for name in ("classes", "warnings")}
        return {**told, **parts, **lists, "importance": [list(one) for one in self.importance]}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> FittedScore:
        """Return the score that `to_dict` gave.

        Raises:
            ModelError: When a name is missing or unknown, or the form is of another version.
        """
        same_names(cls.__name__, stored, [field.name for field in fields(cls)])
        if stored["version"] != VERSION:
            raise ModelError(
                f"score {stored['name']}: stored in form {stored['version']}, expected {VERSION}; fit it again"
            )
        parts: dict[str, Any] = {"inputs": tuple(Input.from_dict(one) for one in stored["inputs"])}
        parts["unlearnt"] = tuple(Unlearnt.from_dict(one) for one in stored["unlearnt"])
        parts["forests"] = tuple(Forest.from_dict(one) for one in stored["forests"])
        parts["calibration"] = Calibration.from_dict(stored["calibration"])
        parts["backtest"] = BackTest.from_dict(stored["backtest"])
        parts |= {name: tuple(stored[name]) for name in ("classes", "warnings")}
        parts["importance"] = tuple((name, share) for name, share in stored["importance"])
        return cls(**{**stored, **parts})

    def _told(self, forecast: Floats, warnings: tuple[str, ...]) -> Scored:
        if self.task != "category":
            values = 1.0 - forecast[:, 0] if self.complement else forecast[:, 0]
            return Scored(self.task, values, warnings=warnings)
        best = forecast.argmax(axis=1)
        labels = np.array([*self.classes, ""], dtype=object)[best]
        return Scored(self.task, forecast[np.arange(len(best)), best], labels, forecast, self.classes, warnings)

    def _unlike(self, columns: Sequence[Column]) -> tuple[str, ...]:
        """Say which traits were empty or constant when the score was fitted and are not now."""
        given = {column.name: column for column in columns}
        told = []
        for one in self.unlearnt:
            column = given.get(one.name)
            if column is not None and one.differs(column):
                told.append(
                    f"{one.name} was {one.state} when {self.name} was fitted and no longer is: it plays no part"
                )
        return tuple(told)
