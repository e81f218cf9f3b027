"""A few customers' possible actions, one after another: what is left to decide when most is decided."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smalti.strategy.optimum.problem import Floats, Integers, Marks
from smalti.strategy.optimum.table import Table, draws


@dataclass(frozen=True, eq=False)
class Cells:
    """Possible actions of customers, row by row; c of them, of m customers who have any.

    Attributes:
        values: What each is worth; shape (c,).
        use: What each uses of each limit; shape (c, K).
        rows: Whose it is, counted among all rows of the table; ascending; shape (c,).
        actions: Which action it is; shape (c,).
        starts: Where each customer's cells begin; shape (m,).
        numbers: Whose it is, counted among customers who have any; shape (c,).
        marks: A number of each cell's customer by which ties are broken; shape (c,); None before ties matter.
    """

    values: Floats
    use: Floats
    rows: Integers
    actions: Integers
    starts: Integers
    numbers: Integers
    marks: Marks | None

    @classmethod
    def of(cls, table: Table, *, spent: NDArray[np.bool_], forced: NDArray[np.bool_]) -> Cells:
        """Take the cells that can be worth choosing.

        Args:
            table: The customers.
            spent: Of which limits there is nothing: what uses them is left out; bool of shape (K,).
            forced: Of which limits a least is wanted: what uses them may be worth nothing or less; shape (K,).
        """
        open_ = np.isfinite(table.values) & (table.closed == 0)
        rows, actions = np.nonzero(open_ if forced.any() else open_ & (table.values > 0))
        values, use = table.values[rows, actions], table.uses(rows, actions)
        keep = ((values > 0) | (use[:, forced] > 0).any(axis=1)) & ~(use[:, spent] > 0).any(axis=1)
        marks = None if table.marks is None else table.marks[rows]
        if table.tilt and marks is not None:
            for action in range(table.values.shape[1]):
                here = actions == action
                values[here] -= table.tilt * draws(marks[here], action)
        counted = np.zeros(len(rows), dtype=np.int64)
        return cls(values, use, rows, actions, counted, counted, marks).pick(keep)

    def __len__(self) -> int:
        return len(self.values)

    def pick(self, keep: NDArray[np.bool_]) -> Cells:
        """Leave cells out; customers are counted anew."""
        rows = self.rows[keep]
        new = np.ones(len(rows), dtype=bool)
        new[1:] = rows[1:] != rows[:-1]
        marks = None if self.marks is None else self.marks[keep]
        starts, numbers = np.flatnonzero(new), np.cumsum(new) - 1
        return Cells(self.values[keep], self.use[keep], rows, self.actions[keep], starts, numbers, marks)

    def priced(self, prices: Floats) -> Floats:
        """Give what each cell is worth less what it uses at these prices; shape (c,)."""
        return self.values - self.use @ prices

    def best(self, prices: Floats) -> tuple[Floats, Integers]:
        """Give what each customer's best is worth at these prices, and its cell; -1 where nothing is better.

        Both of shape (m,).
        """
        left = self.priced(prices)
        top = np.maximum.reduceat(left, self.starts)
        cells = np.flatnonzero(left == top[self.numbers])[::-1]
        found = np.empty(len(self.starts), dtype=np.int64)
        found[self.numbers[cells]] = cells  # of equal ones the first, as it is written last
        found[top <= 0] = -1
        return np.maximum(top, 0.0), found

    def used(self, chosen: Integers) -> Floats:
        """Give what customers' chosen cells use in all; -1 is none; shape (K,)."""
        return np.asarray(self.use[chosen[chosen >= 0]].sum(axis=0))

    def worth(self, chosen: Integers) -> float:
        """Give what customers' chosen cells are worth in all."""
        return float(self.values[chosen[chosen >= 0]].sum())
