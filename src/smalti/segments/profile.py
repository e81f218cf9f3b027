"""What sets the members of a segment apart from everyone else, trait by trait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Contrast:
    """How one trait differs inside and outside a segment.

    Attributes:
        trait: The trait's name.
        inside: Median of the members who have it.
        outside: Median of the others who have it.
        effect: Difference of mean ranks inside and outside, from -1 to 1: Cliff's delta (1993). It asks how often a member
            exceeds an outsider, so that neither units nor a few extreme customers decide it.
    """

    trait: str
    inside: float
    outside: float
    effect: float


def profile(
    member: npt.NDArray[np.bool_],
    values: Mapping[str, npt.NDArray[np.float64]],
    ranks: Mapping[str, npt.NDArray[np.float64]],
) -> Sequence[Contrast]:
    """Compare members with everyone else on each trait, the largest effect first.

    Args:
        member: Whether each customer is in the segment.
        values: The traits, missing as NaN, one value per customer.
        ranks: Average ranks of the values among those known, as `rank` gives them.

    >>> spend = np.array([1.0, 2.0, 3.0, 4.0])
    >>> profile(np.array([False, False, True, True]), {"spend": spend}, {"spend": rank(spend)})
    [Contrast(trait='spend', inside=3.5, outside=1.5, effect=1.0)]
    """
    found = []
    for name, column in values.items():
        known = ~np.isnan(column)
        inside, outside = member & known, ~member & known
        if not inside.any() or not outside.any():
            continue
        n, m = int(inside.sum()), int(outside.sum())
        exceeds = (ranks[name][inside].sum() - n * (n + 1) / 2) / (n * m)
        medians = float(np.median(column[inside])), float(np.median(column[outside]))
        found.append(Contrast(name, *medians, float(2 * exceeds - 1)))
    return sorted(found, key=lambda contrast: (-abs(contrast.effect), contrast.trait))


def rank(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give average ranks from 1 among the known values; NaN stays NaN.

    >>> rank(np.array([5.0, np.nan, 5.0, 1.0]))
    array([2.5, nan, 2.5, 1. ])
    """
    known = ~np.isnan(values)
    _, inverse, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    result = np.full(len(values), np.nan)
    result[known] = (ends - (counts - 1) / 2)[inverse]
    return result
