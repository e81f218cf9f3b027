"""How few segments would do? Segments are merged, the least different first, until too much of the outcome is lost.

The order of merging is chosen on one half of the customers and what is left explained is measured on the other half,
both ways and over several halvings, so that noise does not look like structure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from smalti.segments.quality.bars import Bars
from smalti.segments.quality.findings import Finding, Severity, percent, unshown
from smalti.segments.quality.grouping import Floats, Grouping, Integers

SPLITS = 10
_FEWEST = 20


@dataclass(frozen=True)
class Fewer:
    """How few segments keep most of what is explained.

    Attributes:
        curve: Share of what all k segments explain that is kept by 1, 2 ... k segments.
        needed: The fewest that keep the share asked for.
        least: The fewest over the halvings, each taken by itself.
        most: The most over them.
        groups: Which segments go together when there are `needed` of them, by their positions.
        explained: Share of the outcome's ranks that all k explain, on customers who had no part in choosing.
    """

    curve: tuple[float, ...]
    needed: int
    least: int
    most: int
    groups: tuple[tuple[int, ...], ...]
    explained: float


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sufficient statistics of an outcome over k groups: counts, sums, and the whole sum of squares."""

    counts: Floats
    sums: Floats
    squares: float


def merging_order(counts: Floats, sums: Floats) -> list[tuple[int, int]]:
    """Merge groups one by one, each time the two whose merging loses least between-group sum of squares (Ward 1963).

    Args:
        counts: Members of each of k groups, k values.
        sums: Sum of the outcome over each group.

    Returns:
        k - 1 pairs of positions; the second is merged into the first, which is the smaller.

    >>> merging_order(np.array([2.0, 2.0, 2.0]), np.array([2.0, 20.0, 2.2]))
    [(0, 2), (0, 1)]
    """
    counts, sums = counts.astype(float).copy(), sums.astype(float).copy()
    left, order = np.arange(len(counts)), []
    while len(left) > 1:
        first, second = _nearest(left, counts[left], sums[left] / np.maximum(counts[left], 1))
        counts[first], sums[first] = counts[first] + counts[second], sums[first] + sums[second]
        left = left[left != second]
        order.append((first, second))
    return order


def _nearest(left: Integers, size: Floats, mean: Floats) -> tuple[int, int]:
    """Give the two groups whose merging loses least, the first of equals.

    Of three groups in the order of their means, the outer two never lose less than one of them with the middle one, so that
    only neighbours need to be looked at. An empty group loses nothing with any other.
    """
    if not size.all():
        same = (size == 0) | (mean == mean[0]) | (size[0] == 0)
        return int(left[0]), int(left[1 + int(np.argmax(same[1:]))])
    ranked = np.lexsort((left, mean))
    size, gap = size[ranked], np.diff(mean[ranked])
    loss = size[:-1] * size[1:] / np.maximum(size[:-1] + size[1:], 1) * gap**2
    least = np.flatnonzero(loss == loss.min())
    return min(
        (int(min(pair)), int(max(pair))) for pair in zip(left[ranked[least]], left[ranked[least + 1]], strict=True)
    )


def fewer(labels: Integers, outcome: Floats, segments: int, bars: Bars, seed: int = 0) -> Fewer:
    """Find how few segments keep what all of them explain of an outcome's ranks.

    What is explained is the sum of squares between groups less what as many random groups would explain, so that more groups
    are no better by their number alone.

    Args:
        labels: The segment of each of n customers, from 0; whoever is in none must not be given.
        outcome: n values, none missing.
        segments: How many segments there are.
        bars: The share to keep.
        seed: Decides the halvings.
    """
    ranks = rankdata(outcome)
    ranks = (ranks - ranks.mean()) / max(1.0, float(ranks.std()))
    everybody = _sums(labels, ranks, segments)
    curves = np.zeros((SPLITS, segments))
    for split in range(SPLITS):
        half = np.random.default_rng([seed, split]).integers(0, 2, len(labels), dtype=np.int8) == 1
        one = _sums(labels[half], ranks[half], segments)
        other = _Sums(everybody.counts - one.counts, everybody.sums - one.sums, everybody.squares - one.squares)
        for chosen, measured in ((one, other), (other, one)):
            curves[split] += _curve(measured, merging_order(chosen.counts, chosen.sums)) / 2
    mean = curves.mean(axis=0)
    needed = _needed(mean, bars.keep_explained)
    by_split = [_needed(curve, bars.keep_explained) for curve in curves]
    groups = _merged(merging_order(everybody.counts, everybody.sums), segments, needed)
    kept = mean / mean[-1] if mean[-1] > 0 else np.zeros(segments)
    return Fewer(
        tuple(float(one) for one in kept), needed, min(by_split), max(by_split), groups, float(max(mean[-1], 0.0))
    )


def oversegmented(grouping: Grouping, outcome: Floats | None, bars: Bars, seed: int = 0) -> list[Finding]:
    """Tell whether fewer segments would do, and which go together.

    Args:
        grouping: The segmentation; it must be exclusive to be measured.
        outcome: The outcome that it should explain, n values, NaN where not known.
        bars: The share to keep.
        seed: Decides the halvings.
    """
    if outcome is None or not grouping.exclusive:
        text = "Segments overlap" if outcome is not None else "There is no outcome"
        text += ", so how few of them would do cannot be shown."
        return [unshown("over_segmented", grouping.name, text, "Look at which segments say the same.")]
    counted = np.flatnonzero(~grouping.outside & ~np.isnan(outcome))
    filled = [place for place, size in enumerate(grouping.sizes) if size]
    if len(filled) < 2 or len(counted) < _FEWEST * len(filled):
        text = f"With {len(counted):,} customers in {len(filled)} segments, how few would do cannot be shown."
        return [unshown("over_segmented", grouping.name, text, "Wait for more customers.")]
    places = np.searchsorted(filled, grouping.labels[counted])
    found = fewer(places, outcome[counted], len(filled), bars, seed)
    names = [grouping.segments[place] for place in filled]
    keep = percent(bars.keep_explained)
    severity: Severity = "warning" if found.needed < len(filled) else "passed"
    text = f"{found.needed} of {len(filled)} segments keep {keep} of what all of them explain"
    text += f" ({found.least} to {found.most} over {SPLITS} random halvings of the customers)."
    together = [" + ".join(names[place] for place in group) for group in found.groups if len(group) > 1]
    advice = f"Merge {'; '.join(together)}, unless they are treated differently." if severity == "warning" else ""
    if not found.explained:
        text = f"The {len(filled)} segments explain nothing of the outcome, so one would do as well."
        advice = "Choose criteria that go with what customers do later."
    measure = f"fewest segments that keep {keep} of the explained outcome; lowest and highest over halvings"
    ends = (float(found.needed), float(found.least), float(found.most))
    return [Finding("over_segmented", grouping.name, None, severity, measure, *ends, text, advice)]


def _sums(labels: Integers, values: Floats, segments: int) -> _Sums:
    counts = np.bincount(labels, minlength=segments).astype(float)
    sums = np.bincount(labels, weights=values, minlength=segments).astype(float)
    return _Sums(counts, sums, float(values @ values))


def _curve(measured: _Sums, order: Sequence[tuple[int, int]]) -> Floats:
    """Give the share explained by 1, 2 ... k groups, less what chance explains."""
    counts, sums = measured.counts.copy(), measured.sums.copy()
    n = float(counts.sum())
    total = measured.squares - float(sums.sum()) ** 2 / n
    levels = np.zeros(len(counts))
    for groups in range(len(counts), 0, -1):
        filled = counts > 0
        between = float((sums[filled] ** 2 / counts[filled]).sum()) - float(sums.sum()) ** 2 / n
        number = int(filled.sum())
        chance = (number - 1) * (total - between) / max(1.0, n - number)
        levels[groups - 1] = (between - chance) / total if total > 0 else 0.0
        if groups > 1:
            first, second = order[len(counts) - groups]
            counts[first], sums[first] = counts[first] + counts[second], sums[first] + sums[second]
            counts[second] = sums[second] = 0.0
    return levels


def _needed(curve: Floats, keep: float) -> int:
    """Give the fewest segments that keep the share; 1 where nothing is explained."""
    return 1 if curve[-1] <= 0 else int(np.flatnonzero(curve >= keep * curve[-1])[0]) + 1


def _merged(order: Sequence[tuple[int, int]], segments: int, needed: int) -> tuple[tuple[int, ...], ...]:
    groups = {place: [place] for place in range(segments)}
    for first, second in order[: segments - needed]:
        groups[first] += groups.pop(second)
    return tuple(tuple(sorted(group)) for group in groups.values())
