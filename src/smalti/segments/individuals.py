"""The individual inside the segment: who is unlike the others, and for how many the segment's typical value misleads.

A segment hides people. A customer differs from her segment in a number when it lies outside the middle 95 % of the members
and at least `FAR` robust standard deviations from their median; ordinary people have no such trait. The typical value
misleads about a member when hers is more than `OFF` times as large or as small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smalti.segments.drawing import Booleans, Floats, Integers
from smalti.segments.effects import Compared, Spread
from smalti.segments.quality.intervals import wilson

FAR = 2.0
"""Robust standard deviations from the median at which a value outside the middle 95 % of a segment counts as unlike."""
OFF = 2.0
"""How many times as large or as small as the typical value is misleading."""
_NORMAL = 1.3489795003921634


@dataclass(frozen=True)
class Misled:
    """How many members the typical value of a trait misleads about.

    Attributes:
        trait: The trait.
        median: The typical value: the members' median.
        known: Members of whom the trait is known, among those looked at.
        off: Those of them whose value is more than `OFF` times the median or less than its `OFF`-th part.
        share: Their share.
        low: Low end of its 95 % interval (Wilson).
        high: High end.
    """

    trait: str
    median: float
    known: int
    off: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class OneForAll:
    """What it costs to use a segment's commonest strategy for all its members.

    Attributes:
        strategy: The commonest primary strategy, as a position; -1 where the segment is empty.
        members: Members.
        another: Those of them whose primary strategy is another.
        own: Expected gain if each gets her own primary strategy, minor units.
        alike: Expected gain if each gets the commonest one where it may be chosen for her, and nothing otherwise.
        best: The one strategy that would gain most if used for all in the same way.
        best_alike: Its expected gain.
    """

    strategy: int
    members: int
    another: int
    own: float
    alike: float
    best: int
    best_alike: float

    @property
    def lost(self) -> float:
        """The expected gain lost with the commonest strategy for all, minor units."""
        return self.own - self.alike


def distance(values: Floats, inside: Spread) -> Floats:
    """Give how far values are from a segment's median, in standard deviations as its quartiles imply them.

    Where half of the members are alike, the scale is a tenth of the median at least, or one.

    >>> distance(np.array([10.0, 16.0]), Spread(9, 6.0, 9.0, 10.0, 11.697959, 14.0)).round(2).tolist()
    [0.0, 3.0]
    """
    scale = max((inside.q75 - inside.q25) / _NORMAL, abs(inside.median) / 10) or 1.0
    return (values - inside.median) / scale


def unlike(values: Floats, inside: Spread) -> Floats:
    """Give the distance of those values that are unlike a segment's, and 0 for ordinary and missing ones.

    >>> unlike(np.array([10.0, 16.0, np.nan]), Spread(9, 6.0, 9.0, 10.0, 11.697959, 14.0)).round(2).tolist()
    [0.0, 3.0, 0.0]
    """
    far = distance(values, inside)
    with np.errstate(invalid="ignore"):
        outside = (values < inside.bottom) | (values > inside.top)
        return np.where(outside & (np.abs(far) >= FAR), far, 0.0)


def unlike_members(traits: Sequence[Compared], spreads: Sequence[Spread], inside: Integers) -> Booleans:
    """Say which members differ from their segment in at least one trait.

    Args:
        traits: Numbers.
        spreads: Each one's spread over the members.
        inside: Positions of the members.
    """
    found = np.zeros(len(inside), dtype=bool)
    for trait, spread in zip(traits, spreads, strict=True):
        flags = np.append(unlike(np.asarray(trait.values), spread) != 0, False)
        found |= flags[trait.codes[inside]]
    return found


def misled(trait: Compared, inside: Integers) -> Misled | None:
    """Count the members about whom the median of a trait misleads; None where it is known of nobody.

    >>> from smalti.segments.effects import measured
    >>> found = misled(measured("spend", np.array([10.0, 1.0, 12.0, 30.0, 9.0])), np.arange(5))
    >>> found.median, found.off, found.share
    (10.0, 2, 0.4)
    """
    counts = trait.counts(inside)
    values, known = np.asarray(trait.values, dtype=np.float64), counts.known
    if not known:
        return None
    middle = values[np.searchsorted(counts.ends, np.array([(known - 1) // 2, known // 2]), side="right")]
    median = float(middle.mean())
    ratio = values / median if median else np.where(values == 0, 1.0, np.inf)
    off = int(counts.each[(ratio > OFF) | (ratio < 1 / OFF)].sum())
    found = wilson(off, known)
    return Misled(trait.name, median, known, off, found.value, found.low, found.high)


def one_for_all(gains: Floats, primary: Integers) -> OneForAll:
    """Reckon what one strategy for all members costs.

    Args:
        gains: Expected gain of each of s strategies for each of n members in minor units, 0 where it may not be chosen.
        primary: The position of each member's own.

    >>> gains = np.array([[5.0, 0.0, 2.0], [1.0, 8.0, 0.0]])
    >>> one_for_all(gains, np.array([0, 1, 0]))
    OneForAll(strategy=0, members=3, another=1, own=15.0, alike=7.0, best=1, best_alike=9.0)
    """
    if not len(primary):
        return OneForAll(-1, 0, 0, 0.0, 0.0, -1, 0.0)
    counts = np.bincount(primary, minlength=len(gains))
    commonest = int(np.argmax(counts))
    alike = gains.sum(axis=1)
    best = int(np.argmax(alike))
    return OneForAll(
        commonest,
        len(primary),
        len(primary) - int(counts[commonest]),
        float(gains[primary, np.arange(len(primary))].sum()),
        float(alike[commonest]),
        best,
        float(alike[best]),
    )
