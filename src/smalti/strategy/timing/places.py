"""Places: which of those who wait get one of the days that they can take, when a day has only so many.

Whoever waits is of a class: the set of days that suit her. Sets of customers who can all be given a place form a matroid (a
transversal matroid: J. Edmonds and D. R. Fulkerson, 1965), so taking the most valuable first, whenever all who were taken
can still be given some place, ends with as many as can be placed at all, and with the most valuable of them.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, identity, kron
from scipy.sparse.csgraph import maximum_flow

from smalti.strategy.peers import Booleans, Floats, Integers


def accepted(classes: Integers, suits: Booleans, room: Integers) -> Booleans:
    """Choose who gets a place, the most valuable first.

    Args:
        classes: Of everyone who waits, her class; the most valuable first; shape (n,).
        suits: Which days suit a class; shape (K, D).
        room: How many places each day has; shape (D,).

    Returns:
        Who gets one; shape (n,). Nobody who doesn't could be added without taking someone off who comes before her.

    >>> suits = np.array([[True, False], [True, True]])
    >>> accepted(np.array([1, 0, 0]), suits, np.array([1, 1]))
    array([ True,  True, False])
    """
    taken = np.zeros(len(classes), dtype=bool)
    counts = np.zeros(len(suits), dtype=np.int64)
    waiting = np.arange(len(classes))
    while len(waiting):
        asked = classes[waiting]
        fits, beyond = 0, len(waiting) + 1
        while beyond - fits > 1:
            middle = beyond - 1 if fits == 0 and beyond > len(waiting) else (fits + beyond) // 2
            tried = counts + np.bincount(asked[:middle], minlength=len(counts))
            fits, beyond = (middle, beyond) if _placed(tried, suits, room).sum() == tried.sum() else (fits, middle)
        taken[waiting[:fits]] = True
        counts += np.bincount(asked[:fits], minlength=len(counts))
        free = _can_grow(_placed(counts, suits, room), suits, room)
        waiting = waiting[fits:][free[asked[fits:]]]
    return taken


def fill(counts: Integers, weights: Floats, suits: Booleans, room: Integers) -> Integers:
    """Give each class its days so that all are placed, and the heavier ones on earlier days.

    Args:
        counts: How many of each class there are; shape (K,); all of them can be placed.
        weights: What a day's delay of one of them weighs; above 0; shape (K,).
        suits: Which days suit a class; shape (K, D).
        room: How many places each day has; shape (D,).

    Returns:
        How many of each class go on each day; shape (K, D).

    Raises:
        ValueError: They can't all be placed.

    >>> fill(np.array([2, 1]), np.array([1.0, 2.0]), np.ones((2, 2), bool), np.array([1, 5])).tolist()
    [[0, 2], [1, 0]]
    """
    kinds, days = suits.shape
    if not counts.any():
        return np.zeros((kinds, days), dtype=np.int64)
    cost = np.outer(weights, np.arange(days)).ravel()
    per_day = LinearConstraint(kron(np.ones((1, kinds)), identity(days)), ub=np.minimum(room, counts.sum()))
    per_class = LinearConstraint(kron(identity(kinds), np.ones((1, days))), lb=counts, ub=counts)
    most = np.where(suits, counts[:, None], 0).ravel()
    solved = milp(cost, bounds=Bounds(np.zeros(cost.size), most), constraints=(per_day, per_class))
    if solved.x is None:
        raise ValueError(f"they can't all be placed: {solved.message}")
    return np.asarray(np.rint(solved.x), dtype=np.int64).reshape(kinds, days)


def _placed(counts: Integers, suits: Booleans, room: Integers) -> Integers:
    """Place as many as can be placed: a largest flow from classes to days; shape (K, D)."""
    kinds, days = suits.shape
    total = kinds + days + 2
    rows, columns = np.nonzero(suits)
    most = int(counts.sum())
    source = np.concatenate([np.zeros(kinds, np.int64), rows + 1, np.arange(days) + kinds + 1])
    sink = np.concatenate([np.arange(kinds) + 1, columns + kinds + 1, np.full(days, total - 1)])
    carries = np.concatenate([counts, counts[rows], np.minimum(room, most)]).astype(np.int32)
    flow = maximum_flow(csr_array((carries, (source, sink)), shape=(total, total)), 0, total - 1).flow
    return np.asarray(flow[1 : kinds + 1, kinds + 1 : total - 1].toarray(), dtype=np.int64)


def _can_grow(placed: Integers, suits: Booleans, room: Integers) -> Booleans:
    """Say of which classes one more can be placed, moving others if need be; shape (K,)."""
    open_days = placed.sum(axis=0) < room
    while True:
        grows: Booleans = (suits & open_days).any(axis=1)
        wider = open_days | (placed[grows] > 0).any(axis=0)
        if (wider == open_days).all():
            return grows
        open_days = wider
