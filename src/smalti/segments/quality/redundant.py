"""Do two segments say the same? Asked of all segments of all segmentations at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smalti.segments.quality.bars import Bars
from smalti.segments.quality.findings import Finding, Severity, percent
from smalti.segments.quality.grouping import Grouping, Integers
from smalti.segments.quality.intervals import Estimate, wilson

_CHUNK = 100_000


@dataclass(frozen=True)
class Twins:
    """Two segments with nearly the same members.

    Attributes:
        segmentation: The segmentation of the one that came later.
        segment: Its name.
        like_segmentation: The segmentation of the one that came before.
        like: Its name.
        jaccard: Members of both as a share of the members of either.
    """

    segmentation: str
    segment: str
    like_segmentation: str
    like: str
    jaccard: Estimate


def shared_members(groupings: Sequence[Grouping]) -> Integers:
    """Count the members that each two segments share; with K segments in all, K x K, sizes on the diagonal.

    >>> shared_members([Grouping.from_labels("a", ["x", "y"], np.array([0, 0, 1]))]).tolist()
    [[2, 0], [0, 1]]
    """
    edges = np.concatenate([[0], np.cumsum([len(one.segments) for one in groupings])]).astype(np.int64)
    shared = np.zeros((edges[-1], edges[-1]), dtype=np.int64)
    for place, first in enumerate(groupings):
        for after, second in enumerate(groupings[place:], place):
            block = _crossed(first, second) if first.disjoint and second.disjoint else _multiplied(first, second)
            shared[edges[place] : edges[place + 1], edges[after] : edges[after + 1]] = block
            shared[edges[after] : edges[after + 1], edges[place] : edges[place + 1]] = block.T
    return shared


def _crossed(first: Grouping, second: Grouping) -> Integers:
    """Count by labels, which is much faster, where nobody is in two segments of either."""
    width = len(second.segments) + 1
    cells = np.bincount((first.labels + 1) * width + second.labels + 1, minlength=(len(first.segments) + 1) * width)
    return cells.reshape(-1, width)[1:, 1:].astype(np.int64)


def _multiplied(first: Grouping, second: Grouping) -> Integers:
    block = np.zeros((len(first.segments), len(second.segments)), dtype=np.int64)
    for start in range(0, first.customers, _CHUNK):
        part = slice(start, start + _CHUNK)
        product = first.member[:, part].astype(np.float32) @ second.member[:, part].astype(np.float32).T
        block += product.astype(np.int64)
    return block


def twins(groupings: Sequence[Grouping], bars: Bars) -> list[Twins]:
    """Find segments that each hold nearly all of the other's members, whichever segmentations they belong to."""
    shared = shared_members(groupings)
    sizes = np.diag(shared)
    with np.errstate(invalid="ignore", divide="ignore"):
        both_ways = shared / np.maximum(sizes[:, None], sizes[None, :])
    homes = [(one.name, name) for one in groupings for name in one.segments]
    found = []
    for like, place in np.argwhere(np.triu(both_ways >= bars.same, 1)):
        jaccard = wilson(int(shared[like, place]), int(sizes[like] + sizes[place] - shared[like, place]))
        (later, segment), (earlier, other) = homes[place], homes[like]
        found.append(Twins(later, segment, earlier, other, jaccard))
    return found


def redundant(groupings: Sequence[Grouping], bars: Bars) -> list[Finding]:
    """Tell which segments say the same as another.

    Within one segmentation that is a fail: one of the two is nothing. Between two segmentations it is a warning, told
    of the one that came later.
    """
    found = []
    for one in twins(groupings, bars):
        own = one.segmentation == one.like_segmentation
        where = f"'{one.like}'" if own else f"'{one.like}' in '{one.like_segmentation}'"
        share = "all" if one.jaccard.value == 1 else percent(one.jaccard.value)
        text = f"'{one.segment}' says the same as {where}: of those in either, {share} are in both."
        measure = "Jaccard index of the members of the two"
        ends = (one.jaccard.value, one.jaccard.low, one.jaccard.high)
        severity: Severity = "fail" if own else "warning"
        advice = "Keep one of the two."
        found.append(Finding("distinct", one.segmentation, one.segment, severity, measure, *ends, text, advice))
    return found
