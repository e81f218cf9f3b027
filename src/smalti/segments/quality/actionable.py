"""Would anybody be treated differently? If you would treat two segments alike, merge them.

Gains are what each option is expected to bring for each customer. A segment's treatment is the one option that brings
most for its members together, with the strategy and the channels that its definition declares. Two segments of one
segmentation with the same treatment are one segment.

Sums over members are drawn anew from a normal distribution with their own covariance: that is the Gaussian multiplier
bootstrap, drawn at once instead of customer by customer, so that a million customers cost no more than a hundred.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from smalti.segments.quality.bars import Bars
from smalti.segments.quality.findings import Finding, Severity, listed, percent, unshown
from smalti.segments.quality.grouping import ELSE, Booleans, Floats, Grouping, Integers
from smalti.segments.quality.intervals import Estimate

DRAWS = 1_000
_CHUNK = 100_000

Declared: TypeAlias = Mapping[str, tuple[str | None, frozenset[str]]]
"""What a segment's definition says of its treatment: its strategy, if any, and its channels."""


@dataclass(frozen=True, eq=False)
class Tally:
    """Sums over the members of k groups, of what o options are expected to bring them.

    The last row, past the options, is the best option of each customer.

    Attributes:
        members: Members of each group, k.
        sums: Their gains, k x (o + 1).
        squares: Their gains' products, k x (o + 1) x (o + 1).
        mix: Share of members for whom each option is the best, k x o.
    """

    members: Floats
    sums: Floats
    squares: Floats
    mix: Floats


@dataclass(frozen=True)
class Alike:
    """Segments that would be treated alike.

    Attributes:
        segments: Two or more.
        option: The option that is best for them together.
        lost: What merging them loses, as a share of what they bring apart.
        distance: Share of members who would have to change options to give two of them the same mix of individual best
            options (total variation), of the two that differ most.
    """

    segments: tuple[str, ...]
    option: str
    lost: Estimate
    distance: float


@dataclass(frozen=True)
class Worth:
    """What the segmentation's plan is worth.

    Attributes:
        best: The option that is best for each segment, in the order of the segments; empty where it has no members.
        alike: Groups of segments that would be treated alike.
        missed: What one option per segment loses against the best option for each customer, as a share of the latter.
    """

    best: tuple[str, ...]
    alike: tuple[Alike, ...]
    missed: Estimate


def tally(groups: Booleans, gains: Floats) -> Tally:
    """Sum the gains over groups of customers; not being eligible brings nothing.

    Args:
        groups: Whether each of n customers is in each group, k x n.
        gains: What each option is expected to bring for each customer, o x n; -inf or NaN where she is not eligible.

    >>> tally(np.array([[True, True, False]]), np.array([[0.0, 0.0, 0.0], [5.0, -np.inf, 7.0]])).sums.tolist()
    [[0.0, 5.0, 5.0]]
    """
    options, customers = gains.shape
    sums = np.zeros((len(groups), options + 1))
    squares = np.zeros((len(groups), options + 1, options + 1))
    mix = np.zeros((len(groups), options))
    for start in range(0, customers, _CHUNK):
        part = np.where(np.isfinite(gains[:, start : start + _CHUNK]), gains[:, start : start + _CHUNK], 0.0)
        best = part.argmax(axis=0)
        rows = np.concatenate([part, part.max(axis=0, keepdims=True)])
        for place, group in enumerate(groups[:, start : start + _CHUNK]):
            own = rows[:, group]
            sums[place] += own.sum(axis=1)
            squares[place] += own @ own.T
            mix[place] += np.bincount(best[group], minlength=options)
    members = np.count_nonzero(groups, axis=1).astype(float)
    return Tally(members, sums, squares, mix / np.maximum(members, 1)[:, None])


def worth(
    grouping: Grouping, gains: Floats, options: Sequence[str], declared: Declared, bars: Bars, seed: int = 0
) -> Worth:
    """Reckon the best option for each segment, who would be treated alike, and what the segments cost.

    Segments with the same declared strategy and channels are treated alike when the same option is best for all of them, or
    when one option for all loses next to nothing: less than `bars.least_gain` of what they bring apart, by the low end of
    the 95 % interval. The two groups that lose least are put together, then the next, until every further step would cost
    more. So two strategies that are as good as each other do not tell segments apart.

    Args:
        grouping: The segmentation of n customers.
        gains: What each option is expected to bring for each customer, o x n, in any unit of money; -inf or NaN where she
            is not eligible. Leaving alone is an option that brings 0.
        options: The o options' names.
        declared: What the segments' definitions say of their treatment; those without are told by their gains alone.
        bars: What chance is put up with.
        seed: Decides the draws of the intervals.
    """
    names = list(grouping.segments)
    groups = grouping.member
    if len(names) == 1 and grouping.outside.any():
        names.append(ELSE)
        groups = np.concatenate([groups, grouping.outside[None, :]])
    sums = tally(groups, gains)
    draws = _draws(sums, seed)
    count = len(options)
    best = sums.sums[:, :count].argmax(axis=1)
    said = [declared.get(name, (None, frozenset())) for name in names]
    together = _treated_alike(sums, draws, best, said, bars)
    alike = [_alike(np.array(places), names, options, sums, draws) for places in together if len(places) > 1]
    told = tuple(options[one] if members else "" for one, members in zip(best, sums.members, strict=True))
    segments = slice(0, len(grouping.segments))
    return Worth(told, tuple(alike), _missed(sums.sums[segments], draws[:, segments]))


def actionable(
    grouping: Grouping, gains: Floats | None, options: Sequence[str], declared: Declared, bars: Bars, seed: int = 0
) -> list[Finding]:
    """Tell which segments would be treated alike, and whether the segmentation changes what is done for anybody."""
    if gains is None or not len(options):
        advice = "Give the project strategies, so that there is something to do differently."
        text = (
            "What each strategy would bring is not known, so whether the segments need different ones cannot be shown."
        )
        return [unshown("actionable", grouping.name, text, advice)]
    if not grouping.sizes.any():
        return [unshown("actionable", grouping.name, "No segment has members.", "Check the rules.")]
    reckoned = worth(grouping, gains, options, declared, bars, seed)
    shared = {name for group in reckoned.alike for name in group.segments}
    own = np.array([name not in shared for name in grouping.segments]) & (grouping.sizes > 0)
    held = grouping.held_by(own)
    lone = len(grouping.segments) == 1 and not grouping.outside.any()
    severity: Severity = "passed" if held >= bars.own_treatment and not lone else "fail"
    filled = int((grouping.sizes > 0).sum())
    treatments = filled - sum(len(set(group.segments) - {ELSE}) - 1 for group in reckoned.alike)
    text = f"{filled} segments get {treatments} different treatments; "
    text += f"{percent(held)} of the members are in a segment that is treated like no other."
    advice = (
        ""
        if severity == "passed"
        else "Merge the segments that would be treated alike, or say what is done differently."
    )
    measure = "share of members in segments treated like no other"
    whole = Finding("actionable", grouping.name, None, severity, measure, held, None, None, text, advice)
    return [whole, *_merges(grouping, reckoned), *_singles(grouping, reckoned, own), _against(grouping, reckoned)]


def _draws(sums: Tally, seed: int) -> Floats:
    """Draw the sums of all groups anew: DRAWS x k x (o + 1)."""
    drawn = np.empty((DRAWS, *sums.sums.shape))
    for place, (members, total) in enumerate(zip(sums.members, sums.sums, strict=True)):
        covariance = sums.squares[place] - np.outer(total, total) / max(members, 1.0)
        values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        noise = np.random.default_rng([seed, place]).standard_normal((DRAWS, len(total)))
        drawn[:, place] = total + noise @ root.T
    return drawn


def _treated_alike(
    sums: Tally, draws: Floats, best: Integers, said: Sequence[tuple[str | None, frozenset[str]]], bars: Bars
) -> list[list[int]]:
    """Put segments together that would be treated alike, by their places."""
    kinds: dict[tuple[object, int], list[int]] = {}
    for place in np.flatnonzero(sums.members > 0).tolist():
        kinds.setdefault((said[place], int(best[place])), []).append(place)
    groups = list(kinds.values())
    declared = [said[places[0]] for places in groups]
    while True:
        losses = [
            (float(_lost(sums.sums[groups[one] + groups[other], :-1])), one, other)
            for one in range(len(groups))
            for other in range(one + 1, len(groups))
            if declared[one] == declared[other]
        ]
        if not losses:
            return groups
        _, one, other = min(losses)
        if np.quantile(_lost(draws[:, groups[one] + groups[other], :-1]), 0.025) >= bars.least_gain:
            return groups
        groups[one] = sorted(groups[one] + groups[other])
        del groups[other], declared[other]


def _alike(places: Integers, names: Sequence[str], options: Sequence[str], sums: Tally, draws: Floats) -> Alike:
    apart = sums.sums[places, :-1]
    lost = _lost(apart)
    low, high = np.quantile(_lost(draws[:, places, :-1]), [0.025, 0.975])
    mixes = sums.mix[places]
    distance = float(np.abs(mixes[:, None] - mixes[None, :]).sum(axis=2).max() / 2)
    option = options[int(apart.sum(axis=0).argmax())]
    estimate = Estimate(float(lost), float(low), float(high))
    return Alike(tuple(names[place] for place in places), option, estimate, distance)


def _lost(sums: Floats) -> Floats:
    """Give what one option for all groups loses, as a share of the best option for each; groups x options last."""
    apart = sums.max(axis=-1).sum(axis=-1)
    lost = apart - sums.sum(axis=-2).max(axis=-1)
    share: Floats = np.divide(lost, apart, out=np.zeros_like(lost), where=np.asarray(apart > 0))
    return share


def _missed(sums: Floats, draws: Floats) -> Estimate:
    def share(one: Floats) -> Floats:
        single, each = one[..., :-1].max(axis=-1).sum(axis=-1), one[..., -1].sum(axis=-1)
        part: Floats = np.divide(each - single, each, out=np.zeros_like(each), where=np.asarray(each > 0))
        return part

    low, high = np.quantile(share(draws), [0.025, 0.975])
    return Estimate(float(share(sums)), float(max(low, 0.0)), float(high))


def _merges(grouping: Grouping, reckoned: Worth) -> list[Finding]:
    measure = "gain lost by merging, as a share of the segments' gains; bootstrap over customers"
    found = []
    for one in reckoned.alike:
        lost = (
            f"{percent(one.lost.value)} of their gain ({percent(max(one.lost.low, 0.0))} to {percent(one.lost.high)})"
        )
        who = listed([name for name in one.segments if name != ELSE], 12) + (f" and {ELSE}" * (ELSE in one.segments))
        text = f"You would treat {who} alike ({one.option}): one treatment for all loses {lost}. "
        text += "Their mixes of individual strategies differ for up to "
        text += f"{percent(one.distance)} of the members."
        ends = (one.lost.value, one.lost.low, one.lost.high)
        advice = "Merge them, or say what you would do differently."
        found.append(Finding("actionable", grouping.name, None, "warning", measure, *ends, text, advice))
    return found


def _singles(grouping: Grouping, reckoned: Worth, own: Booleans) -> list[Finding]:
    found = []
    for name, option, alone in zip(grouping.segments, reckoned.best, own, strict=False):
        if alone:
            text = f"The best for '{name}' as a whole is {option}, and no other segment is treated so."
            measure = "segments treated like it"
            found.append(Finding("actionable", grouping.name, name, "passed", measure, 0.0, None, None, text, ""))
    return found


def _against(grouping: Grouping, reckoned: Worth) -> Finding:
    """Say what the segments' plan loses against a plan for each customer; nothing is asked of it, so nothing fails."""
    missed = reckoned.missed
    text = f"One strategy per segment loses {percent(missed.value)} of what the best strategy for each customer is expected to "
    text += f"bring ({percent(missed.low)} to {percent(missed.high)})."
    measure = "gain lost by one strategy per segment, as a share of the individual plan's; bootstrap over customers"
    ends = (missed.value, missed.low, missed.high)
    advice = "Let the segment shape the message, and choose the strategy customer by customer."
    return Finding("actionable", grouping.name, None, "passed", measure, *ends, text, advice)
