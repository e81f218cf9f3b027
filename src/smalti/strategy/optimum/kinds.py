"""Customers who are alike in all that counts, taken together: one kind, and how many of it there are."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smalti.strategy.optimum.cells import Cells
from smalti.strategy.optimum.problem import NOTHING, Floats, Integers
from smalti.strategy.optimum.table import Table

_KEPT = 8
"""So many of a kind who get the same stay undecided, for what is exchanged when customers are made whole."""


@dataclass(frozen=True, eq=False)
class Kinds:
    """Customers by kind.

    Attributes:
        members: The places of all customers, kind after kind, within one in the order of the table; shape (n,).
        starts: Where each kind begins among them; ascending; shape (kinds,).
        counts: How many there are of each; shape (kinds,).
    """

    members: Integers
    starts: Integers
    counts: Integers

    @classmethod
    def of(cls, table: Table) -> Kinds:
        """Find who is alike; kinds come in the order of their first members.

        >>> Kinds.of(Table.of(np.array([[1.0], [2.0], [1.0]]), [])).counts
        array([2, 1])
        """
        _, first, number, counts = np.unique(
            table.contents(), return_index=True, return_inverse=True, return_counts=True
        )
        order = np.argsort(first, kind="stable")
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        members = np.argsort(rank[number], kind="stable")
        return cls(members, np.concatenate([[0], np.cumsum(counts[order])[:-1]]).astype(np.int64), counts[order])

    @property
    def firsts(self) -> Integers:
        """The place of one customer of each kind."""
        return self.members[self.starts]


@dataclass(frozen=True, eq=False)
class Unfolded:
    """Shares of kinds as those of customers: most get one action wholly, few are left to be decided.

    Attributes:
        choice: What each customer gets, `NOTHING` for the undecided too; shape (n,).
        rows: The places of the undecided.
        shares: What they get of each of their kind's cells, one after another.
    """

    choice: NDArray[np.int16]
    rows: Integers
    shares: Floats


def unfold(kinds: Kinds, cells: Cells, shares: Floats) -> Unfolded:
    """Lay what a kind gets along its customers: whole customers first, so that only ends are shared.

    Args:
        kinds: Who is of which kind.
        cells: What each kind may choose; their rows are kinds.
        shares: How many customers of the kind get each cell; shape (c,).
    """
    choice = np.full(len(kinds.members), NOTHING, dtype=np.int16)
    rows, parts = [np.empty(0, dtype=np.int64)], [np.empty(0)]
    edges = np.append(cells.starts, len(cells)).tolist()
    for begin, end in itertools.pairwise(edges):
        kind = cells.rows[begin]
        count = int(kinds.counts[kind])
        members = kinds.members[kinds.starts[kind] :][:count]
        cuts = np.minimum(np.concatenate([[0.0], np.cumsum(shares[begin:end])]), count)
        cuts = np.where(np.abs(cuts - np.rint(cuts)) < 1e-6, np.rint(cuts), cuts)
        open_ = np.ones(count, dtype=bool)
        lows, highs = np.ceil(cuts).astype(int), np.append(np.floor(cuts[1:]).astype(int), count)
        for place, (low, high) in enumerate(zip(lows.tolist(), highs.tolist(), strict=True)):
            settled = slice(low + _KEPT, max(high, low + _KEPT))
            open_[settled] = False
            if place < end - begin:
                choice[members[settled]] = cells.actions[begin + place]
        left = np.flatnonzero(open_)
        overlap = np.minimum(cuts[1:], left[:, None] + 1.0) - np.maximum(cuts[:-1], left[:, None])
        rows.append(members[left])
        parts.append(np.maximum(overlap, 0.0).ravel())
    return Unfolded(choice, np.concatenate(rows), np.concatenate(parts))
