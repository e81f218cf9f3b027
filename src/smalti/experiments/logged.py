"""What was done to each customer, with which probability it was chosen, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from smalti.errors import ModelError, nearest

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Booleans: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Logged:
    """The log of an experiment, or of decisions that were drawn at random: one row per decision.

    Attributes:
        arms: The names of the arms; none twice, at least one.
        arm: Of each decision the place in `arms` of what was done; shape (n,).
        probability: The chance that just this arm would be chosen, as it stood then; above 0, at most 1; shape (n,).
        outcome: What came of it, in money or in any unit; finite; shape (n,).
        customer: Of each decision the place of its customer, from 0 up, where some customers have several; None where every
            row is a customer of her own. Decisions about one customer are not independent, and no interval takes them for it.

    Raises:
        ModelError: Shapes, kinds of numbers, arms, probabilities or outcomes are not as said above.

    Examples:
        >>> log = Logged(("none", "mail"), np.array([0, 1]), np.array([0.5, 0.5]), np.array([0.0, 2.0]))
        >>> log.rows, log.customers, log.place_of("mail")
        (2, 2, 1)
    """

    arms: tuple[str, ...]
    arm: Integers
    probability: Floats
    outcome: Floats
    customer: Integers | None = None

    def __post_init__(self) -> None:
        if not self.arms or len(set(self.arms)) < len(self.arms):
            raise ModelError(f"arms: expected one or more different names, got {', '.join(self.arms) or 'none'}")
        self._take_arrays()
        for name in ("probability", "outcome", "customer"):
            column = getattr(self, name)
            if column is not None and column.shape != self.arm.shape:
                raise ModelError(f"{name}: expected {len(self.arm)} rows as in arm, got {column.shape}")
        _only(self.arm, (self.arm >= 0) & (self.arm < len(self.arms)), "arm", f"a place in {len(self.arms)} arms")
        sure = (self.probability > 0) & (self.probability <= 1)
        _only(self.probability, sure, "probability", "a chance above 0 and at most 1")
        _only(self.outcome, np.isfinite(self.outcome), "outcome", "a finite number")
        if self.customer is not None:
            _only(self.customer, self.customer >= 0, "customer", "a place from 0 up")

    def _take_arrays(self) -> None:
        """Keep plain arrays, of whatever was given: a list, a column of a data frame."""
        for name, wanted in (("arm", "iu"), ("probability", "iufb"), ("outcome", "iufb"), ("customer", "iu")):
            given = getattr(self, name)
            if given is None:
                continue
            column = np.asarray(given)
            if column.ndim != 1 or (len(column) and column.dtype.kind not in wanted):
                kind = "whole numbers" if wanted == "iu" else "numbers"
                raise ModelError(f"{name}: expected one row of {kind}, got {column.dtype} of shape {column.shape}")
            object.__setattr__(self, name, column.astype(np.int64 if wanted == "iu" else np.float64, copy=False))

    @property
    def rows(self) -> int:
        """How many decisions there are."""
        return len(self.arm)

    @property
    def customers(self) -> int:
        """How many customers they are about."""
        return self.rows if self.customer is None else len(np.unique(self.customer))

    def place_of(self, arm: str) -> int:
        """Give the place of an arm by its name.

        Raises:
            ModelError: There is no such arm.
        """
        if arm in self.arms:
            return self.arms.index(arm)
        near = nearest(arm, self.arms)
        hint = f"; did you mean '{near}'?" if near else ""
        raise ModelError(f"arm: found '{arm}', wanted one of {', '.join(self.arms)}{hint}")

    def where(self, rows: Booleans | Integers) -> Logged:
        """Give some of the decisions.

        Args:
            rows: A mask of shape (n,), or places.
        """
        customer = None if self.customer is None else self.customer[rows]
        return Logged(self.arms, self.arm[rows], self.probability[rows], self.outcome[rows], customer)

    def with_outcome(self, outcome: Floats) -> Logged:
        """Give the same decisions with another outcome."""
        return Logged(self.arms, self.arm, self.probability, outcome, self.customer)


def _only(values: NDArray[np.float64] | Integers, right: Booleans, name: str, wanted: str) -> None:
    if not right.all():
        row = int(np.flatnonzero(~right)[0])
        raise ModelError(f"{name}: row {row}: expected {wanted}, got {values[row]}")


def mean_and_error(influence: Floats, customer: Integers | None = None) -> tuple[float, float]:
    """Give the mean of a value per decision, and its standard error, decisions about one customer taken together.

    Args:
        influence: The value of each decision (of an estimator: its influence function plus its estimate); shape (n,).
        customer: As in `Logged`.

    Returns:
        The mean over decisions, and its standard error; NaN where there are fewer than two customers.

    Examples:
        >>> values = np.array([0.0, 0.0, 2.0, 2.0])
        >>> [round(one, 3) for one in (*mean_and_error(values), *mean_and_error(values, np.array([0, 0, 1, 1])))]
        [1.0, 0.577, 1.0, 1.0]
    """
    rows = len(influence)
    if rows == 0:
        return float("nan"), float("nan")
    mean = float(influence.mean())
    apart: Floats = influence - mean
    if customer is not None:
        places = np.unique(customer, return_inverse=True)[1]
        apart = np.bincount(places, apart).astype(np.float64)
    groups = len(apart)
    if groups < 2:
        return mean, float("nan")
    return mean, float(np.sqrt(groups / (groups - 1) * (apart**2).sum()) / rows)
