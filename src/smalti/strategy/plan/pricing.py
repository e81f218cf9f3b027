"""Prices: what each action is worth to each customer once what it takes of the limits is paid for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from smalti.strategy.candidates import Candidates
from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.plan.coupling import Coupling
from smalti.strategy.plan.made import LimitUse


def weighed_gains(candidates: Candidates) -> Floats:
    """Give gain times lever of what is possible, -inf of what is not; shape (n, A)."""
    values = candidates.gains.gain * candidates.gains.weight
    values[candidates.why != 0] = -np.inf
    return values


def with_bonus(values: Floats, before: Integers, keep: float) -> Floats:
    """Give what was planned before its bonus, in place, where it is worth anything by itself."""
    if keep > 0:
        rows = np.flatnonzero(before >= 0)
        places = before[rows]
        values[rows, places] += np.where(values[rows, places] > 0, keep, 0.0)
    return values


def paid(couplings: Sequence[Coupling], prices: Mapping[str, float], count: int, actions: int) -> tuple[Floats, Floats]:
    """Give what each action pays for what it takes of the limits, in two parts that add up.

    Returns:
        What everybody pays, shape (A,); and what members of segments and groups pay beside it, shape (n, A), or (1, A) where
        no such limit has a price.
    """
    everybody = np.zeros(actions)
    some: Floats | None = None
    for one in couplings:
        price = one.sign * prices.get(one.name, 0.0)
        if price == 0:
            continue
        if one.rows is None:
            everybody = everybody + price * one.columns
        else:
            some = np.zeros((count, actions)) if some is None else some
            some[one.rows] += price * one.columns
    return everybody, np.zeros((1, actions)) if some is None else some


def members(use: LimitUse, candidates: Candidates) -> Booleans:
    """Say whose choices a limit counts; shape (n,)."""
    if use.segment is not None:
        return candidates.segments[use.segment]
    if use.group is not None:
        codes, names = candidates.groups[use.group[0]]
        return np.equal(codes, names.index(use.group[1]))
    return np.ones(len(candidates.customers), dtype=np.bool_)


def best_two(priced: Floats) -> tuple[Integers, Integers]:
    """Give the places of the best action of each row and of the next, -1 where there is none; the first of equal ones.

    >>> best_two(np.array([[1.0, 3.0, 3.0], [-np.inf, 2.0, -np.inf]]))
    (array([1, 1]), array([ 2, -1]))
    """
    if priced.shape[1] == 0:
        none = np.full(len(priced), -1, dtype=np.int64)
        return none, none.copy()
    everyone = np.arange(len(priced))
    first = np.argmax(priced, axis=1)
    left = priced.copy()
    left[everyone, first] = -np.inf
    second = np.argmax(left, axis=1)
    return (
        np.where(np.isfinite(priced[everyone, first]), first, -1),
        np.where(np.isfinite(left[everyone, second]), second, -1),
    )


def at(matrix: Floats, places: Integers, missing: float = 0.0) -> Floats:
    """Give each row's value at its place; `missing` at -1.

    >>> at(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, -1]))
    array([2., 0.])
    """
    if matrix.shape[1] == 0:
        return np.full(len(places), missing)
    found: Floats = matrix[np.arange(len(places)), np.maximum(places, 0)]
    return np.where(places >= 0, found, missing)
