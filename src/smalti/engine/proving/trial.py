"""A trial, ready to be judged: what was done to whom with which chance, what came of it, and what was known before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from smalti.errors import ModelError
from smalti.experiments import Logged
from smalti.experiments.logged import Booleans, Floats, Integers
from smalti.models.supervised import Column

Kind: TypeAlias = Literal["rate", "money", "number"]
"""What an outcome is: whether something came (0 or 1), money, or any other number."""


@dataclass(frozen=True, eq=False)
class Came:
    """What came of a trial, in one respect.

    Attributes:
        name: Of the outcome.
        kind: Whether it is a rate, money or a number.
        values: Of each row; finite; shape (n,).
    """

    name: str
    kind: Kind
    values: Floats

    @property
    def binary(self) -> bool:
        """Whether it either came or did not."""
        return self.kind == "rate"


@dataclass(frozen=True, eq=False)
class Trial:
    """A trial, one row for each decision.

    Attributes:
        name: What it is called.
        arms: The names of the arms; K of them.
        control: The place of the arm that the others are held against.
        arm: Of each row the place of what was done; shape (n,).
        probability: Of each row the chance that just this was done; shape (n,).
        outcomes: What came of it.
        columns: What was known of customers before.
        folds: Of each row the part of the customers that it is in, from 0 up; all rows of a customer in one; shape (n,).
        customer: Of each row the place of its customer, where some have several; None where every row is one.
        planned: Of each arm the share that was planned; None where nobody said.
        logged: Whether chances were logged as they were, and not taken from the shares of the arms.
        observational: Whether arms were not drawn at random, so that chances are estimates.
        doubted: Whether arms that are said to be drawn at random were not alike beforehand.
        set_aside: Why rows could not be used, and how many.
        taken: What was taken for what, in sentences.
        warnings: What stands against trusting it, in sentences.

    >>> rows = np.array([0, 1, 0, 1])
    >>> trial = Trial("a", ("none", "mail"), 0, rows, np.full(4, 0.5), (Came("bought", "rate", rows * 1.0),), (), rows)
    >>> trial.rows, trial.customers, trial.treatments, trial.log(trial.outcomes[0]).rows
    (4, 4, (1,), 4)
    """

    name: str
    arms: tuple[str, ...]
    control: int
    arm: Integers
    probability: Floats
    outcomes: tuple[Came, ...]
    columns: tuple[Column, ...]
    folds: Integers
    customer: Integers | None = None
    planned: tuple[float, ...] | None = None
    logged: bool = False
    observational: bool = False
    doubted: bool = False
    set_aside: Mapping[str, int] = field(default_factory=dict)
    taken: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.control < len(self.arms):
            raise ModelError(f"control: expected the place of one of {len(self.arms)} arms, got {self.control}")
        lengths: dict[str, NDArray[Any]] = {"probability": self.probability, "folds": self.folds}
        lengths |= {one.name: one.values for one in self.outcomes} | {one.name: one.values for one in self.columns}
        for name, values in lengths.items():
            if len(values) != len(self.arm):
                raise ModelError(f"{name}: expected {len(self.arm)} rows as in arm, got {len(values)}")

    @property
    def rows(self) -> int:
        """How many decisions there are."""
        return len(self.arm)

    @property
    def customers(self) -> int:
        """How many customers they are about."""
        return self.rows if self.customer is None else len(np.unique(self.customer))

    @property
    def treatments(self) -> tuple[int, ...]:
        """The places of all arms but the control."""
        return tuple(place for place in range(len(self.arms)) if place != self.control)

    @property
    def counts(self) -> Integers:
        """How many rows each arm has; shape (K,)."""
        return np.bincount(self.arm, minlength=len(self.arms)).astype(np.int64)

    def log(self, came: Came) -> Logged:
        """Give the log of one outcome."""
        return Logged(self.arms, self.arm, self.probability, came.values, self.customer)

    def where(self, rows: Booleans | Integers) -> Trial:
        """Give the trial of some of the rows.

        Args:
            rows: A mask of shape (n,), or places.
        """
        return replace(
            self,
            arm=self.arm[rows],
            probability=self.probability[rows],
            outcomes=tuple(Came(one.name, one.kind, one.values[rows]) for one in self.outcomes),
            columns=tuple(one.take(rows) for one in self.columns),
            folds=self.folds[rows],
            customer=None if self.customer is None else self.customer[rows],
        )
