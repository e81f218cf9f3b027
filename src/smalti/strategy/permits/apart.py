"""Treatments that exclude each other, and contacts of theirs that come too near to each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from smalti.facts import parse_duration
from smalti.strategy.limits import Limits
from smalti.strategy.peers import Booleans, Integers
from smalti.strategy.permits.stretches import LONG_AGO


def excluding(limits: Limits, own: set[str]) -> tuple[str, ...]:
    """Give the treatments that exclude some of these, by the exclusive sets, in their order.

    >>> from smalti.strategy.limits import LimitsDefinition
    >>> excluding(Limits(LimitsDefinition(exclusive=(("spring", "autumn"), ("gift", "spring")))), {"spring"})
    ('autumn', 'gift')
    """
    return tuple(
        dict.fromkeys(
            other
            for names in limits.definition.exclusive
            for name in names
            if name in own
            for other in names
            if other != name
        )
    )


def too_near(rows: Integers, due: Integers, treatments: Sequence[str], codes: Integers, limits: Limits) -> Booleans:
    """Say which contacts come too soon after one of a treatment that excludes theirs; without these, none does; shape (m,).

    Args:
        rows: Whose each contact is; shape (m,).
        due: When each is; of contacts at one instant, the one given later is the later; shape (m,).
        treatments: The treatments there are.
        codes: Which of them each contact is of; shape (m,).
        limits: What says which exclude each other, and how long.
    """
    apart = parse_duration(limits.definition.apart)
    found = np.zeros(len(rows), dtype=np.bool_)
    for names in limits.definition.exclusive:
        inside = np.array([one in names for one in treatments], dtype=np.bool_)
        order = np.flatnonzero(inside[codes])
        order = order[np.lexsort((order, due[order], rows[order]))]
        for code in np.flatnonzero(inside).tolist():
            mine = codes[order] == code
            before = np.maximum.accumulate(np.where(mine, -1, np.arange(len(order))))
            same = mine & (before >= 0) & (rows[order[before]] == rows[order])
            near = np.where(same, due[order[before]], LONG_AGO)
            found[order] |= mine & (near + apart > due[order])
    return found
