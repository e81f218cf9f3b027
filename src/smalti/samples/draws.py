"""Random draws in blocks of customers, so that one customer's fate never depends on how many there are.

Every block of `BLOCK` customers is always drawn whole, from generators seeded by (seed, block, aspect), and cut to size
afterwards. Equal arguments give equal numbers with the same release of numpy.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from smalti.samples.columns import Floats, Ints

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCK = 1024


class Aspect(IntEnum):
    """What is drawn; each has its own generator, so that a change to one leaves the others alone."""

    TRAITS = 0
    PURCHASES = 1
    BASKETS = 2
    RETURNS = 3
    PEOPLE = 4
    DIRT = 5
    STREAM = 6
    CHANNELS = 7
    ADDRESSES = 8
    COMPANIES = 9
    LIVELINESS = 10
    EVENTS = 11
    ANSWERS = 12
    TICKETS = 13
    OCCASIONS = 14


def generator(seed: int, block: int, aspect: Aspect) -> np.random.Generator:
    """Give the generator of one aspect of one block.

    >>> bool(generator(7, 0, Aspect.PEOPLE).random() == generator(7, 0, Aspect.PEOPLE).random())
    True
    """
    return np.random.default_rng([seed, block, int(aspect)])


def pick(rng: np.random.Generator, weights: Floats | Sequence[float], size: int) -> Ints:
    """Draw places 0, 1, ... of a list of weights.

    >>> pick(np.random.default_rng(1), [0, 1, 0], 3).tolist()
    [1, 1, 1]
    """
    bounds = np.cumsum(np.asarray(weights, dtype=np.float64))
    places = np.searchsorted(bounds, rng.random(size) * bounds[-1], side="right")
    drawn: Ints = np.minimum(places, len(bounds) - 1).astype(np.int64)
    return drawn


def pick_each(rng: np.random.Generator, weights: Floats) -> Ints:
    """Draw one place per row of a table of weights.

    >>> pick_each(np.random.default_rng(1), np.array([[0.0, 1.0], [1.0, 0.0]])).tolist()
    [1, 0]
    """
    bounds = np.cumsum(weights, axis=1)
    below = bounds <= (rng.random(len(weights)) * bounds[:, -1])[:, None]
    drawn: Ints = np.minimum(below.sum(axis=1), weights.shape[1] - 1).astype(np.int64)
    return drawn


def beta(rng: np.random.Generator, mean: Floats, weight: Floats | float) -> Floats:
    """Draw from beta distributions of these means, where weight is a + b; a mean of 0 or 1 is given back as it is."""
    inside = np.clip(mean, 1e-9, 1 - 1e-9)
    return np.where(inside == mean, rng.beta(inside * weight, (1 - inside) * weight), mean)
