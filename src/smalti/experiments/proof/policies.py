"""The policies of one cell: what each expects, and whom it would give what at a budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.experiments.logged import Floats, Integers
from smalti.experiments.proof.allocation import Frontier
from smalti.experiments.proof.evidence import Budget


@dataclass(frozen=True, eq=False)
class Kinds:
    """Customers whom a policy cannot tell apart are of one kind.

    Attributes:
        value: The value after costs that is expected of each kind under each arm; shape (kinds, K).
        cost: What each arm costs for each kind on average; shape (kinds, K).
        rows: How many rows of the cell are of each kind; shape (kinds,).
        code: The kind of each row; None where every row is a kind of her own, or where all are of one kind.
    """

    value: Floats
    cost: Floats
    rows: Floats
    code: Integers | None

    def spread(self, chance: Floats) -> Floats:
        """Give the chance of each arm for each row; shape (rows, K), or (1, K) where all are of one kind."""
        return chance if self.code is None else chance[self.code]


class Allocations:
    """What policies would do at any budget; hulls are found once for each unit that budgets are in."""

    def __init__(self, kinds: Kinds, control: int | None) -> None:
        self._kinds = kinds
        self._control = control
        self._frontiers: dict[str, Frontier] = {}

    def at(self, budget: Budget | None, share: float) -> Floats:
        """Give the chance of each arm for each row of the cell.

        Args:
            budget: The budget of the whole log, or None.
            share: The share of the log's rows that the cell has: the cell gets that share of the budget.

        Raises:
            ModelError: The budget does not suffice even for the cheapest arms.
        """
        kinds = self._kinds
        unit = "money" if budget is None else budget.kind
        if unit not in self._frontiers:
            self._frontiers[unit] = Frontier.of(kinds.value, self._use(unit), kinds.rows)
        amount = None
        if budget is not None:
            amount = budget.amount * (share if unit == "money" else float(kinds.rows.sum()))
        return kinds.spread(self._frontiers[unit].at(amount))

    def _use(self, unit: str) -> Floats:
        if unit == "money":
            return self._kinds.cost
        use = np.ones(self._kinds.value.shape[1])
        use[self._control] = 0.0
        return use
