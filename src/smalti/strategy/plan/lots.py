"""Lots: a share of customers gets what is drawn among all that she may get, so that what treatments do can be measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from smalti.facts import Instant, draw_of
from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.plan.coupling import Coupling

LARGEST_PART = 0.5
"""Draws take at most this part of what is left of any limit."""


def salt_of(seed: int, at: Instant) -> str:
    """Name the draws of a plan.

    >>> salt_of(0, 5)
    'plan 0 5'
    """
    return f"plan {seed} {at}"


def drawn_action(salt: str, customer: str, possible: int) -> int:
    """Draw one of the actions a customer may get, or none, all equally likely.

    Args:
        salt: What names the draws.
        customer: Her id.
        possible: How many actions she may get.

    Returns:
        Its place among those she may get; -1 for none.

    >>> [drawn_action("plan 0 0", "C1", count) for count in (0, 1, 7)]
    [-1, -1, 1]
    """
    return int(draw_of(f"{salt} which", customer) * (possible + 1)) - 1


@dataclass(frozen=True, eq=False)
class Lots:
    """What was drawn.

    Attributes:
        share: The share of customers whose treatment was drawn: what was asked, or less where limits left no room.
        drawn: Whose it was; shape (n,).
        choice: What was drawn, -1 for none, and -1 for all others; shape (n,).
    """

    share: float
    drawn: Booleans
    choice: Integers


def lots_of(customers: pa.Array, may: Booleans, share: float, salt: str, couplings: Sequence[Coupling]) -> Lots:
    """Draw for a share of those who may get anything.

    Those with the lowest draws come first, up to the share, or to the last before any limit would be taken by more than
    `LARGEST_PART`: whether a customer is among them hangs on her own draw and one number for all.

    Args:
        customers: The ids, ascending; n of them.
        may: Which actions can be drawn for each; shape (n, A).
        share: The share.
        salt: What names the draws.
        couplings: The limits.
    """
    count = len(customers)
    nobody = Lots(share, np.zeros(count, dtype=np.bool_), np.full(count, -1, dtype=np.int64))
    counts = may.sum(axis=1)
    rows = np.flatnonzero(counts > 0)
    if share <= 0 or not len(rows):
        return nobody
    ids = customers.take(pa.array(rows)).to_pylist()
    draws = np.array([draw_of(salt, one) for one in ids], dtype=np.float64)
    among = np.flatnonzero(draws < share)
    among = among[np.argsort(draws[among], kind="stable")]
    places = np.array([drawn_action(salt, ids[one], int(counts[rows[one]])) for one in among.tolist()], dtype=np.int64)
    got = _nth(may[rows[among]], places)
    first = _first_too_many(rows[among], got, couplings)
    kept = among[:first]
    drawn, choice = nobody.drawn, nobody.choice
    drawn[rows[kept]] = True
    choice[rows[kept]] = got[:first]
    return Lots(float(draws[among[first]]) if first < len(among) else share, drawn, choice)


def _nth(may: Booleans, places: Integers) -> Integers:
    """Give the place of the n-th possible action of each row; -1 stays none."""
    order = np.cumsum(may, axis=1) - 1
    hit = may & (order == places[:, None])
    return np.where(places < 0, -1, np.argmax(hit, axis=1)).astype(np.int64)


def _first_too_many(rows: Integers, choice: Integers, couplings: Sequence[Coupling]) -> int:
    """Give the place of the first draw that would take too much of a limit; their number where none does."""
    first = len(rows)
    for one in couplings:
        if one.sign > 0:
            takes = np.where(choice >= 0, np.append(one.columns, 0.0)[choice], 0.0)
            takes = takes if one.rows is None else takes * one.rows[rows]
            over = np.cumsum(takes) > max(one.amount - one.taken, 0.0) * LARGEST_PART + 1e-9
            first = min(first, int(np.argmax(over))) if over.any() else first
    return first


def chances(best: Integers, choice: Integers, may: Booleans, share: float, drawn: Booleans) -> Floats:
    """Give the chance with which each customer was given just what she was given.

    Whoever is not drawn gets what is best for her at the prices of the limits; whoever is, one of all she may get or none.
    Of the few whom a tie, a limit's last unit or a full day gave something else than that, what they were given stands for it.

    Args:
        best: What is best at the prices; -1 for none; shape (n,).
        choice: What was given; shape (n,).
        may: Which actions can be drawn for each; shape (n, A).
        share: The share of customers whose treatment is drawn.
        drawn: Whose was; shape (n,).
    """
    many = may.sum(axis=1)
    sure = np.where(drawn, choice == best, True)
    everyone = np.arange(len(choice))
    drawable = (choice < 0) | (may[everyone, choice] if may.shape[1] else False)
    return np.where(many == 0, 1.0, (1.0 - share) * sure + np.where(drawable, share / (many + 1.0), 0.0))
