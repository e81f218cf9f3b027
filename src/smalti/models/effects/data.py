"""What effects are learnt from: who the customers were, what was done to each by chance, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.errors import ModelError
from smalti.models.arrays import Booleans, Floats, Integers
from smalti.models.supervised import Column

LEAST_IN_ARM = 50
"""Effects are learnt only where every arm was given to so many customers at least."""


@dataclass(frozen=True, eq=False)
class EffectData:
    """An experiment to learn effects from: one row per decision.

    Attributes:
        columns: The customers' traits as they stood before the decision; n values each. None at all gives average effects.
        arms: The names of the arms; none twice, at least two.
        arm: The place in `arms` of what was done; shape (n,).
        probability: The chance that just this arm would be chosen, as it stood then; above 0, at most 1; shape (n,).
        outcome: What came of it: 0 or 1, money, anything finite; shape (n,).
        customer: The place of each row's customer, from 0 up, where some have several rows; None where every row is a
            customer of her own.
        control: The place of the arm that the others are held against.

    Raises:
        ModelError: When lengths, arms, probabilities or outcomes are not as said above.

    Examples:
        >>> age = Column("age", "number", np.array([20.0, 60.0]))
        >>> data = EffectData((age,), ("none", "mail"), np.array([0, 1]), np.array([0.5, 0.5]), np.array([0.0, 1.0]))
        >>> len(data), data.treatments
        (2, (1,))
    """

    columns: tuple[Column, ...]
    arms: tuple[str, ...]
    arm: Integers
    probability: Floats
    outcome: Floats
    customer: Integers | None = None
    control: int = 0

    def __post_init__(self) -> None:
        if len(self.arms) < 2 or len(set(self.arms)) < len(self.arms):
            raise ModelError(f"arms: expected two or more different names, got {', '.join(self.arms) or 'none'}")
        if not 0 <= self.control < len(self.arms):
            raise ModelError(f"control: expected a place in {len(self.arms)} arms, got {self.control}")
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ModelError(f"columns: expected each trait once, got twice: {', '.join(twice)}")
        lengths = {column.name: len(column) for column in self.columns}
        lengths |= {"probability": len(self.probability), "outcome": len(self.outcome)}
        lengths |= {} if self.customer is None else {"customer": len(self.customer)}
        for name, length in lengths.items():
            if length != len(self.arm):
                raise ModelError(f"{name}: expected {len(self.arm):,} values, as many as arm has, got {length:,}")
        _only(self.arm, (self.arm >= 0) & (self.arm < len(self.arms)), "arm", f"a place in {len(self.arms)} arms")
        sure = (self.probability > 0) & (self.probability <= 1)
        _only(self.probability, sure, "probability", "a chance above 0 and at most 1")
        _only(self.outcome, np.isfinite(self.outcome), "outcome", "a finite number")

    def __len__(self) -> int:
        return len(self.arm)

    @property
    def treatments(self) -> tuple[int, ...]:
        """The places of all arms but the control."""
        return tuple(place for place in range(len(self.arms)) if place != self.control)

    @property
    def customers(self) -> Integers:
        """The place of each row's customer; shape (n,)."""
        return np.arange(len(self), dtype=np.int64) if self.customer is None else self.customer

    def take(self, rows: Booleans | Integers) -> EffectData:
        """Give some of the rows."""
        columns = tuple(column.take(rows) for column in self.columns)
        customer = None if self.customer is None else self.customer[rows]
        given = (self.arm[rows], self.probability[rows], self.outcome[rows])
        return EffectData(columns, self.arms, *given, customer=customer, control=self.control)

    def sufficient(self, rows: Booleans | None = None) -> None:
        """Check that there is enough to learn from.

        Args:
            rows: A mask of the rows that are to be learnt from, shape (n,); None for all.

        Raises:
            ModelError: When an arm was given to fewer than `LEAST_IN_ARM` customers.
        """
        for place, name in enumerate(self.arms):
            given = self.arm == place if rows is None else (self.arm == place) & rows
            found = int(given.sum()) if self.customer is None else len(np.unique(self.customer[given]))
            if found < LEAST_IN_ARM:
                raise ModelError(
                    f"arm {name}: found {found:,} customers, wanted at least {LEAST_IN_ARM} to learn effects from"
                )


def _only(values: Floats | Integers, right: Booleans, name: str, wanted: str) -> None:
    if not right.all():
        row = int(np.flatnonzero(~right)[0])
        raise ModelError(f"{name}: row {row}: expected {wanted}, got {values[row]}")
