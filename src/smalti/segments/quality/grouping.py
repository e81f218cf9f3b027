"""A segmentation as arrays: who is in which segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Booleans: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

ELSE = "everyone else"
"""What the customers who are in no segment are called."""


@dataclass(frozen=True, eq=False)
class Grouping:
    """A segmentation over n customers.

    Attributes:
        name: The segmentation's name.
        segments: The names of its k segments.
        member: Whether each customer is in each segment, k x n.
        exclusive: Whether nobody is meant to be in two.
    """

    name: str
    segments: tuple[str, ...]
    member: Booleans
    exclusive: bool = True

    @classmethod
    def from_labels(cls, name: str, segments: Sequence[str], labels: Integers) -> Grouping:
        """Take the position of each customer's segment, -1 for none.

        >>> Grouping.from_labels("tiers", ["high", "low"], np.array([1, 0, -1])).member.tolist()
        [[False, True, False], [True, False, False]]
        """
        return cls(name, tuple(segments), labels[None, :] == np.arange(len(segments))[:, None])

    @property
    def customers(self) -> int:
        """How many customers there are, in segments or not."""
        return int(self.member.shape[1])

    @cached_property
    def sizes(self) -> Integers:
        """How many members each segment has."""
        return np.asarray(np.count_nonzero(self.member, axis=1), dtype=np.int64)

    @cached_property
    def disjoint(self) -> bool:
        """Whether nobody is in two segments, whatever was meant."""
        return int(self.sizes.sum()) == self.customers - int(self.outside.sum())

    @cached_property
    def outside(self) -> Booleans:
        """Who is in no segment."""
        return np.asarray(~self.member.any(axis=0), dtype=bool)

    @cached_property
    def labels(self) -> Integers:
        """The position of each customer's first segment; whoever is in none gets -1.

        >>> Grouping("tiers", ("a", "b"), np.array([[False, True, False], [True, True, False]])).labels.tolist()
        [1, 0, -1]
        """
        labels = np.full(self.customers, -1, dtype=np.int64)
        for place in reversed(range(len(self.segments))):
            labels[self.member[place]] = place
        return labels

    def held_by(self, chosen: Booleans) -> float:
        """Give the share of all memberships that is in the chosen segments; 0 where nobody is in any.

        >>> Grouping.from_labels("tiers", ["high", "low"], np.array([1, 0, 1, 1])).held_by(np.array([False, True]))
        0.75
        """
        total = int(self.sizes.sum())
        return float(self.sizes[chosen].sum() / total) if total else 0.0

    def of(self, customers: Integers) -> Grouping:
        """Give the same segmentation of some of its customers, by their positions."""
        return Grouping(self.name, self.segments, self.member[:, customers], self.exclusive)


def sample(customers: int, most: int, seed: Sequence[int]) -> Integers:
    """Draw customers without replacement, in ascending order; all of them where there are no more than `most`.

    >>> sample(3, 5, [0]).tolist(), len(sample(100, 5, [0]))
    ([0, 1, 2], 5)
    """
    if customers <= most:
        return np.arange(customers)
    return np.sort(np.random.default_rng(seed).choice(customers, most, replace=False, shuffle=False))
