"""Are the segments different from each other, in something that did not define them?

Separation is Cliff's delta between a segment and each other segment of its segmentation: how much more often a member
of the one exceeds a member of the other than falls short. It asks about ranks, so that neither units nor a few
extreme customers decide. Only evidence counts: traits that neither segment's rule names, and what came afterwards. A
segment is distinct when it is set apart from *every* other segment, on one trait or another.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from smalti.segments.quality.bars import Bars
from smalti.segments.quality.findings import Finding, Severity, listed, percent, unshown
from smalti.segments.quality.grouping import ELSE, Booleans, Floats, Grouping, Integers
from smalti.segments.quality.intervals import SMALL_GROUP, Estimate, cliffs_delta, delta_interval, wilson

SAMPLED = 2_000
"""At most this many members of each segment are compared, drawn at random. Two groups of this size know delta to within
0.06 (at 99.9 %). Delta compares distributions within groups, so drawing as many from a large group as from a small one is
no bias."""
FEWEST = 10
"""With fewer known values than this in either group, a trait says nothing about the two."""
MOST = 200
"""More segments than this are not compared: there are too many pairs, and nobody plans for so many."""

Standing: TypeAlias = Literal["distinct", "alike", "undecided"]


@dataclass(frozen=True)
class Separation:
    """How far a segment is set apart from the other that is most like it.

    Attributes:
        segment: The segment.
        neighbour: The other segment, or everyone else.
        trait: The evidence that separates them best, None where there is none.
        delta: Cliff's delta on that trait, with its simultaneous interval; positive where the segment has more.
        standing: Distinct where the interval's nearer end exceeds the bar; alike where, on all traits, the interval
        lies within it.
    """

    segment: str
    neighbour: str
    trait: str | None
    delta: Estimate
    standing: Standing


def separations(
    grouping: Grouping, evidence: Mapping[str, Floats], used: Mapping[str, Set[str]], bars: Bars, seed: int = 0
) -> list[Separation]:
    """Compare each segment with every other one, and give the one most like it.

    People in no segment are a group to be told apart from as well. Segments that overlap are compared without those
    who are in both. The intervals hold together, over all traits and segments, at `1 - bars.alpha` (Bonferroni): so
    by chance alone, some segment is called distinct with at most that probability. No correction is needed for the
    number of neighbours, since all must differ.

    Args:
        grouping: The segmentation of n customers.
        evidence: Traits and outcomes by name, n values each, NaN where missing.
        used: For each segment, the traits that its rule rests on; they are no evidence.
        bars: What is asked.
        seed: Decides which members are drawn.
    """
    names, drawn = _drawn(grouping, seed)
    traits = list(evidence)
    if len(names) < 2 or not traits:
        return []
    allowed = np.array([[trait not in used.get(name, ()) for trait in traits] for name in names])
    deltas = np.full((len(traits), len(names), len(names)), np.nan)
    errors, smaller = deltas.copy(), deltas.copy()
    for place, trait in enumerate(traits):
        deltas[place], errors[place], smaller[place] = _compare(grouping, evidence[trait], drawn)
    judged = allowed.T[:, :, None] & allowed.T[:, None, :] & ~np.isnan(deltas)
    level = 1 - bars.alpha / max(1, int(allowed.any(axis=0).sum()) * len(names))
    low, high = delta_interval(deltas, errors, np.maximum(smaller, 1), level)
    nearer = np.where(judged, np.maximum(np.maximum(low, -high), 0.0), -1.0)
    farther = np.where(judged, np.maximum(-low, high), -1.0)
    best_of = np.where(judged, np.abs(deltas), -1.0)
    found = []
    for place, name in enumerate(names[: len(grouping.segments)]):
        if not grouping.sizes[place]:
            continue
        others = [other for other in range(len(names)) if other != place and len(drawn[other])]
        if not others:
            continue
        other = min(others, key=lambda one: (nearer[:, place, one].max(), best_of[:, place, one].max(), one))
        column = (slice(None), place, other)
        if not judged[column].any():
            found.append(Separation(name, names[other], None, Estimate(0.0, -1.0, 1.0), "undecided"))
            continue
        most = int(np.lexsort((-best_of[column], -nearer[column]))[0])
        clear, within = nearer[most, place, other] > bars.least_effect, farther[column].max() <= bars.least_effect
        ends = Estimate(*(float(one[most, place, other]) for one in (deltas, low, high)))
        standing: Standing = "distinct" if clear else "alike" if within else "undecided"
        found.append(Separation(name, names[other], traits[most], ends, standing))
    return found


def distinct(
    grouping: Grouping, evidence: Mapping[str, Floats], used: Mapping[str, Set[str]], bars: Bars, seed: int = 0
) -> list[Finding]:
    """Tell which segments are set apart from all others, and whether the segmentation is."""
    filled = int(np.count_nonzero(grouping.sizes))
    if filled > MOST:
        text = f"{filled:,} segments are too many to compare each with every other ({MOST} at most)"
        advice = "Merge segments, or split fewer."
        return [unshown("distinct", grouping.name, f"{text}: whether they differ is not shown.", advice)]
    apart = separations(grouping, evidence, used, bars, seed)
    if not apart or all(one.trait is None for one in apart):
        reason = "There is nobody to compare with" if evidence else "There is no trait to compare on"
        reason = "Every trait is part of the rules themselves" if apart and evidence else reason
        advice = "Give outcomes, or traits that the rules do not use, so that the difference can be seen."
        return [unshown("distinct", grouping.name, f"{reason}: whether the segments differ cannot be shown.", advice)]
    standing = {one.segment: one.standing for one in apart}
    held = grouping.held_by(np.array([standing.get(name) == "distinct" for name in grouping.segments]))
    open_too = grouping.held_by(
        np.array([standing.get(name) in ("distinct", "undecided") for name in grouping.segments])
    )
    severity: Severity = "passed" if held >= bars.whole else "note" if open_too >= bars.whole else "fail"
    lacking = [one.segment for one in apart if one.standing != "distinct"]
    found = (
        f"Segments with {percent(held)} of the members differ from every other segment in something outside their rules"
    )
    found += f"; not shown to: {listed(lacking)}." if lacking else "."
    advice = {
        "passed": "",
        "note": "Wait for more customers, or merge the small segments.",
        "fail": "Merge the segments that are alike, or cut where customers differ.",
    }[severity]
    measure = "share of members in segments that differ from all others"
    whole = Finding("distinct", grouping.name, None, severity, measure, held, None, None, found, advice)
    return [whole, *(_told(grouping.name, one, bars) for one in apart)]


def overlap(grouping: Grouping, bars: Bars) -> list[Finding]:
    """Tell which segments of an overlapping segmentation share most of their members with others."""
    if grouping.exclusive:
        return []
    several = np.count_nonzero(grouping.member, axis=0) > 1
    found = []
    for name, member, size in zip(grouping.segments, grouping.member, grouping.sizes, strict=True):
        shared = wilson(int((member & several).sum()), int(size))
        if size and shared.low > bars.most_overlap:
            text = f"{percent(shared.value)} of the members of '{name}' are in another segment as well."
            advice = "Say which segment goes first, or narrow the rule."
            measure = "share of members who are also in another segment"
            ends = (shared.value, shared.low, shared.high)
            found.append(Finding("distinct", grouping.name, name, "warning", measure, *ends, text, advice))
    return found


def _told(segmentation: str, one: Separation, bars: Bars) -> Finding:
    level = f"{100 * (1 - bars.alpha):g} % over all comparisons together"
    measure = f"Cliff's delta against the segment most like it; interval {level}"
    low, high, who = one.delta.low, one.delta.high, f"'{one.neighbour}'" if one.neighbour != ELSE else ELSE
    if one.trait is None:
        text = f"'{one.segment}' and {who} cannot be compared outside their rules, or too few members have a value."
        return unshown(
            "distinct", segmentation, text, "Give outcomes, or other traits.", segment=one.segment, measure=measure
        )
    order = f"has {'more' if one.delta.value > 0 else 'less'} of `{one.trait}` than"
    often = percent((1 + abs(one.delta.value)) / 2)
    text = f"'{one.segment}' is most like {who}; a member {order} one of {who} in {often} of pairs"
    clear = one.standing == "distinct"
    text += (
        "."
        if clear
        else ", and nothing sets them further apart."
        if one.standing == "alike"
        else ", and more is not sure."
    )
    advice = "" if clear else f"Merge it with {who}, or say what else tells them apart."
    severity: Severity = "passed" if clear else "warning"
    return Finding("distinct", segmentation, one.segment, severity, measure, one.delta.value, low, high, text, advice)


def _drawn(grouping: Grouping, seed: int) -> tuple[list[str], list[Integers]]:
    """Draw members of each segment, and of everyone else where there are enough of them to be a group."""
    groups: list[Booleans] = list(grouping.member)
    names = list(grouping.segments)
    if int(grouping.outside.sum()) >= FEWEST:
        names.append(ELSE)
        groups.append(grouping.outside)
    drawn = []
    for place, group in enumerate(groups):
        rows = np.flatnonzero(group)
        rng = np.random.default_rng([seed, place])
        drawn.append(rows if len(rows) <= SAMPLED else np.sort(rng.choice(rows, SAMPLED, replace=False)))
    return names, drawn


def _compare(grouping: Grouping, column: Floats, drawn: list[Integers]) -> tuple[Floats, Floats, Floats]:
    """Compare all pairs of groups on one trait: delta, its standard error, and the size of the smaller group."""
    rows = [_ascending(column, one) for one in drawn]
    sizes = np.array([len(one) for one in rows], dtype=float)
    values = [column[one] for one in rows]
    grid = np.unique(np.concatenate(values))
    marks = [np.searchsorted(grid, one) for one in values]
    midway, each = np.zeros((len(rows), len(grid))), []
    for place, mark in enumerate(marks):
        counts = np.bincount(mark, minlength=len(grid))
        each.append(counts)
        midway[place] = (2 * np.cumsum(counts) - counts) / max(1, len(mark))
    means, spreads = np.full((2, len(rows), len(rows)), np.nan)
    for place, mark in enumerate(marks):
        if len(mark) >= FEWEST:
            placed = midway[:, mark] - 1.0
            means[place], spreads[place] = placed.mean(axis=1), placed.var(axis=1, ddof=1) / len(mark)
    smaller = np.minimum(sizes[:, None], sizes[None, :])
    errors = np.sqrt(spreads + spreads.T)
    _raise_small(errors, spreads, sizes, np.stack(each))
    means[smaller < FEWEST] = np.nan
    if not grouping.exclusive:
        _without_shared(grouping, rows, values, means, errors)
    return means, errors, smaller


def _raise_small(errors: Floats, spreads: Floats, sizes: Floats, counts: Integers) -> None:
    """Raise the errors of pairs with a small group, or with one whose values are all equal, to Wilcoxon's, in place.

    It is what `error_by_chance` gives, of many pairs at once. DeLong's error rests on the small group's own spread, which by
    chance may be nearly nothing.
    """
    small = np.flatnonzero((sizes < SMALL_GROUP) | (spreads == 0).any(axis=0) | (spreads == 0).any(axis=1))
    if not len(small):
        return
    each = counts.astype(np.float64)
    cubes = (each**3).sum(axis=1)
    mixed = 3 * ((each[small] ** 2) @ each.T + each[small] @ (each**2).T)
    pairs = cubes[small, None] + cubes + mixed
    total = np.maximum(sizes[small, None] + sizes, 2.0)
    tied = 1 - (pairs - total) / (total**3 - total)
    product = np.maximum(sizes[small, None] * sizes, 1.0)
    least = np.sqrt(np.maximum(tied, 0.0) * (total + 1) / (3 * product))
    errors[small] = np.maximum(errors[small], least)
    errors[:, small] = np.maximum(errors[:, small], least.T)


def _ascending(column: Floats, rows: Integers) -> Integers:
    known = rows[~np.isnan(column[rows])]
    return known[np.argsort(column[known], kind="stable")]


def _without_shared(
    grouping: Grouping, rows: list[Integers], values: list[Floats], means: Floats, errors: Floats
) -> None:
    """Compare pairs of groups that overlap without those who are in both, in place.

    Where one group lies within the other, it is compared with the rest of the other.
    """
    apart = [~grouping.member[:, one] for one in rows]
    for one in range(len(grouping.segments)):
        for other in range(one + 1, len(grouping.segments)):
            if apart[one][other].all() and apart[other][one].all():
                continue
            first, second = values[one][apart[one][other]], values[other][apart[other][one]]
            first = values[one] if len(first) < FEWEST <= len(second) else first
            second = values[other] if len(second) < FEWEST <= len(first) < len(values[one]) else second
            if min(len(first), len(second)) < FEWEST:
                means[one, other] = means[other, one] = np.nan
                continue
            delta, error = cliffs_delta(first, second)
            means[one, other], means[other, one] = delta, -delta
            errors[one, other] = errors[other, one] = error
