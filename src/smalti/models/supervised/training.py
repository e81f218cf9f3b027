"""What a score is learnt from: columns of traits as of earlier instants, and what came after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from smalti.errors import ModelError
from smalti.models.arrays import Booleans, Floats, Integers

Kind: TypeAlias = Literal["number", "category"]
"""What a column holds: numbers, or names of categories."""

Task: TypeAlias = Literal["chance", "amount", "category"]
"""What is foretold: whether something comes, how much of it, or which of several."""

Texts: TypeAlias = NDArray[np.object_]
"""Texts, None where there is none."""


@dataclass(frozen=True, eq=False)
class Column:
    """One trait of many customers.

    Attributes:
        name: Of the trait.
        kind: `number` or `category`.
        values: For numbers, floats with NaN where missing; for categories, texts with None where missing; shape (n,).
        unit: What numbers are counted in, such as `days` or `GBP minor`; empty where they have none.

    Raises:
        ModelError: When a value is of another kind, or infinite.

    >>> len(Column("recency", "number", np.array([3.0, np.nan]), unit="days"))
    2
    """

    name: str
    kind: Kind
    values: NDArray[Any]
    unit: str = ""

    def __post_init__(self) -> None:
        if self.values.ndim != 1:
            raise ModelError(f"{self.name}: expected one value per customer, got an array of shape {self.values.shape}")
        if self.kind == "category":
            _texts(self.values, self.name)
            return
        if self.values.dtype.kind not in "fiub":
            raise ModelError(f"{self.name}: expected numbers, got values of type {self.values.dtype}")
        infinite = np.flatnonzero(np.isinf(self.values))
        if infinite.size:
            raise ModelError(
                f"{self.name}: row {infinite[0]}: expected a finite number or a missing one (NaN), got infinity"
            )

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: Integers | Booleans) -> Column:
        """Return the same trait of some of the customers.

        >>> Column("plan", "category", np.array(["a", None], dtype=object)).take(np.array([1])).values
        array([None], dtype=object)
        """
        return Column(self.name, self.kind, self.values[rows], self.unit)


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Customers as they were at cut-offs, and what came within the horizon after each.

    Attributes:
        task: `chance`, `amount` or `category`.
        outcome: What is foretold in words, such as `a purchase within 90 days`.
        horizon_days: How far ahead, in days of 24 hours.
        columns: The traits as of each row's cut-off; n values each.
        target: What came, shape (n,): 0 or 1 for a chance, a number for an amount, a text for a category (None: nothing
            came, which is a class of its own).
        cut_off: The instant of each row, microseconds UTC, shape (n,).
        customer: The customer of each row, shape (n,); no customer is there twice for one cut-off.
        baselines: Simple forecasts of the same rows by name, in any unit (`recency alone` may be days, it is recalibrated);
            NaN where they say nothing.
        complement: Whether what is foretold is that the target does not come, of a chance only: the fit is that of the
            target, so that the chances of both add to 1.

    Raises:
        ModelError: When lengths, names, kinds or targets do not fit.
    """

    task: Task
    outcome: str
    horizon_days: float
    columns: tuple[Column, ...]
    target: NDArray[Any]
    cut_off: Integers
    customer: Texts
    baselines: Mapping[str, Floats]
    complement: bool = False

    def __post_init__(self) -> None:
        rows = len(self.target)
        if not self.columns:
            raise ModelError(f"{self.outcome}: expected at least one trait to learn from, got none")
        lengths = {column.name: len(column) for column in self.columns}
        lengths |= {"cut_off": len(self.cut_off), "customer": len(self.customer)}
        lengths |= {name: len(values) for name, values in self.baselines.items()}
        for name, length in lengths.items():
            if length != rows:
                raise ModelError(f"{name}: expected {rows:,} values, as many as targets, got {length:,}")
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ModelError(f"{self.outcome}: expected each trait once, got twice: {', '.join(twice)}")
        _check_target(self.task, self.target)
        if self.complement and self.task != "chance":
            raise ModelError(f"{self.outcome}: expected a chance where the complement is foretold, got: {self.task}")

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: Integers | Booleans) -> TrainingSet:
        """Return some of the rows."""
        return TrainingSet(
            task=self.task,
            outcome=self.outcome,
            horizon_days=self.horizon_days,
            columns=tuple(column.take(rows) for column in self.columns),
            target=self.target[rows],
            cut_off=self.cut_off[rows],
            customer=self.customer[rows],
            baselines={name: values[rows] for name, values in self.baselines.items()},
            complement=self.complement,
        )

    def without(self, names: frozenset[str]) -> TrainingSet:
        """Return the same rows without some traits."""
        kept = tuple(column for column in self.columns if column.name not in names)
        rest = {name: getattr(self, name) for name in ("target", "cut_off", "customer", "baselines", "complement")}
        return TrainingSet(self.task, self.outcome, self.horizon_days, kept, **rest)

    def ordered(self) -> TrainingSet:
        """Return the rows by cut-off and customer, so that nothing depends on the order in which they came.

        Raises:
            ModelError: When a customer is there twice for one cut-off.
        """
        names, codes = np.unique(self.customer.astype(str), return_inverse=True)
        order = np.lexsort((codes, self.cut_off))
        same = (np.diff(codes[order]) == 0) & (np.diff(self.cut_off[order]) == 0)
        if same.any():
            twice = names[codes[order][np.flatnonzero(same)[0]]]
            raise ModelError(f"{self.outcome}: expected each customer once per cut-off, got customer {twice} twice")
        return self.take(order)


def _texts(values: NDArray[Any], name: str) -> None:
    if set(map(type, values.tolist())) <= {str, type(None)}:
        return
    wrong = next((value for value in values.tolist() if not (value is None or isinstance(value, str))), None)
    if wrong is not None:
        raise ModelError(f"{name}: expected names of categories (text, or None where missing), got {wrong!r}")


def _check_target(task: Task, target: NDArray[Any]) -> None:
    if task == "category":
        _texts(target, "target")
        return
    if target.dtype.kind not in "fiub" or not np.isfinite(target).all():
        raise ModelError(f"target: expected finite numbers for each row, got {target.dtype} with something else in it")
    if task == "chance" and not np.isin(target, (0, 1)).all():
        raise ModelError("target: expected 0 (did not come) or 1 (came) in each row")
