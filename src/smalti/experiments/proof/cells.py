"""Which outcomes may teach what: rows by fold, and each fold in parts.

A fold's policies are learnt from the other folds. Only how far to believe individual expectations is learnt within the fold
itself, for each part from the other parts: expectations of *other* folds come from models that saw this one, and a slope
measured there would know the answer (between two folds it would be the very number that is to be judged).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from smalti.experiments.logged import Floats, Integers

PARTS = 4


@dataclass(frozen=True, eq=False)
class Cells:
    """The rows of a log by cell: cell = fold * PARTS + part; a customer is in one cell only.

    Attributes:
        cell: Of each row its cell; shape (n,).
        folds: How many folds there are.
        order: The rows by cell, and within a cell by customer; shape (n,).
        begin: Where in `order` each cell begins, and the end; shape (cells + 1,).
        customer: As in `Logged`.
    """

    cell: Integers
    folds: int
    order: Integers
    begin: Integers
    customer: Integers | None

    @classmethod
    def of(cls, folds: Integers, customer: Integers | None, seed: int) -> Cells:
        """Draw the parts of each fold, customers whole, as even as can be."""
        rng = np.random.default_rng(seed)
        there, folds = np.unique(folds, return_inverse=True)  # a fold without rows is none
        count = len(there)
        who = np.arange(len(folds)) if customer is None else np.unique(customer, return_inverse=True)[1]
        part = rng.permutation(int(who.max()) + 1) % PARTS
        cell = folds * PARTS + part[who]
        order = np.argsort(cell, kind="stable") if customer is None else np.lexsort((who, cell))
        begin = np.searchsorted(cell[order], np.arange(count * PARTS + 1))
        return cls(cell, count, order, begin, customer)

    @property
    def count(self) -> int:
        """How many cells there are."""
        return self.folds * PARTS

    def rows(self, cell: int) -> Integers:
        """Give the rows of a cell, by customer."""
        return self.order[self.begin[cell] : self.begin[cell + 1]]

    def rows_of_fold(self, fold: int) -> Integers:
        """Give the rows of a fold, cell after cell."""
        return self.order[self.begin[fold * PARTS] : self.begin[(fold + 1) * PARTS]]

    def outside(self, fold: int) -> Integers:
        """Give the cells of all other folds."""
        every = np.arange(self.count)
        others: Integers = every[every // PARTS != fold]
        return others

    def filled(self) -> Iterator[int]:
        """Give each cell that has rows."""
        return (cell for cell in range(self.count) if self.begin[cell] < self.begin[cell + 1])

    def by_customer(self, rows: Integers, values: Floats) -> Floats:
        """Sum values of rows by customer.

        Args:
            rows: Rows of one cell, as `rows` gives them.
            values: Shape (rows, columns).

        Returns:
            Shape (customers, columns).
        """
        if self.customer is None or not len(rows):
            return values
        who = self.customer[rows]
        first = np.flatnonzero(np.concatenate([[True], who[1:] != who[:-1]]))
        summed: Floats = np.add.reduceat(values, first, axis=0)
        return summed
