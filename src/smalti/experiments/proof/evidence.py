"""What a proof is made from: the log, what was foretold out of fold, the segmentations, the costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from smalti.errors import ModelError
from smalti.experiments.logged import Floats, Integers, Logged


@dataclass(frozen=True, eq=False)
class Grouping:
    """A segmentation of the rows of a log.

    Attributes:
        code: Of each row the place of its segment in `labels`; shape (n,).
        labels: What each segment is called; at least one.

    Raises:
        ModelError: A code is no place in the labels.

    Examples:
        >>> Grouping(np.array([0, 1, 1]), ("new", "old")).size.tolist()
        [1, 2]
    """

    code: Integers
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.labels or ((self.code < 0) | (self.code >= len(self.labels))).any():
            raise ModelError(f"segmentation: expected codes from 0 to {len(self.labels) - 1}, one for each label")

    @property
    def size(self) -> Integers:
        """How many rows each segment has; shape (segments,)."""
        return np.bincount(self.code, minlength=len(self.labels))


@dataclass(frozen=True)
class Budget:
    """What may be spent on all rows of the log together.

    Attributes:
        kind: "contacts", then `amount` is the share of rows that may be given another arm than the control, above 0 and at most
            1; or "money", then it is the sum of all costs.
        amount: How much; above 0.

    Raises:
        ModelError: The amount is out of range.

    Examples:
        >>> str(Budget("contacts", 0.05)), str(Budget("money", 1500.0))
        ('5 % of customers', '1,500 to spend')
    """

    kind: Literal["contacts", "money"]
    amount: float

    def __post_init__(self) -> None:
        most = 1.0 if self.kind == "contacts" else float("inf")
        if self.kind not in ("contacts", "money") or not 0 < self.amount <= most:
            raise ModelError(
                f"budget: expected contacts above 0 and up to 1, or money above 0, got {self.kind} {self.amount:g}"
            )

    def __str__(self) -> str:
        return f"{100 * self.amount:g} % of customers" if self.kind == "contacts" else f"{self.amount:,g} to spend"


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that a proof is made from; n rows, K arms.

    Attributes:
        log: What was done, with which probability, and what came of it (before costs).
        predicted: The outcome foretold under each arm, each row by models that saw no outcome of its fold; they steady the
            estimates, and no policy is learnt from them; shape (n, K).
        expected: The outcome expected of each customer under each arm, out of fold as well: what the individual policy goes
            by. Often `predicted[:, [control]] + effects`; shape (n, K).
        folds: Of each row its fold, 0 to F - 1; all rows of a customer in one; shape (n,).
        segmentations: By name, those to prove against; may be empty.
        cost: What each arm costs, in the unit of the outcome; shape (K,) or (n, K); left out, nothing.
        control: The arm the others are held against, which contacts nobody; None where there is none.

    Raises:
        ModelError: Shapes do not fit, numbers are not finite, nobody was given an arm, there are fewer than two folds, or a
            customer is in two folds.
    """

    log: Logged
    predicted: Floats
    expected: Floats
    folds: Integers
    segmentations: Mapping[str, Grouping] = field(default_factory=dict)
    cost: Floats | None = None
    control: str | None = None

    def __post_init__(self) -> None:
        rows, arms = self.log.rows, len(self.log.arms)
        shapes: dict[str, list[tuple[int, ...]]] = {name: [(rows, arms)] for name in ("predicted", "expected")}
        shapes |= {"folds": [(rows,)], "cost": [(arms,), (rows, arms)]}
        for name, right in shapes.items():
            values = getattr(self, name)
            if values is not None and values.shape not in right:
                raise ModelError(f"{name}: expected the shape {' or '.join(map(str, right))}, got {values.shape}")
            if values is not None and not np.isfinite(values).all():
                raise ModelError(f"{name}: expected finite numbers")
        for place, count in enumerate(np.bincount(self.log.arm, minlength=arms).tolist()):
            if not count:
                raise ModelError(f"arm {self.log.arms[place]}: nobody was given it, and so nothing can be proven of it")
        for name, one in self.segmentations.items():
            if not name:
                raise ModelError("segmentation: expected a name for each, got an empty one")
            if one.code.shape != (rows,):
                raise ModelError(f"segmentation {name}: expected {rows} codes, got {one.code.shape}")
        if self.cost is not None and (self.cost < 0).any():
            raise ModelError("cost: expected 0 or more for every arm")
        self._check_folds()
        if self.control is not None:
            self.log.place_of(self.control)

    def _check_folds(self) -> None:
        if self.folds.min(initial=0) < 0 or len(np.unique(self.folds)) < 2:
            raise ModelError("folds: expected at least two, from 0 up")
        customer = self.log.customer
        if customer is not None:
            fold_of = np.full(int(customer.max()) + 1, -1)
            fold_of[customer] = self.folds
            if (fold_of[customer] != self.folds).any():
                raise ModelError("folds: expected all rows of a customer in one fold")

    @property
    def costs(self) -> Floats:
        """What each arm costs; shape (K,) or (n, K)."""
        return np.zeros(len(self.log.arms)) if self.cost is None else self.cost

    @property
    def mean_costs(self) -> Floats:
        """What each arm costs on average over all rows; shape (K,)."""
        return self.costs if self.costs.ndim == 1 else self.costs.mean(axis=0)
