"""Whether segments last: found again by cuts fitted to others, in spite of time, and by definitions that still fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from smalti.segments.quality.bars import Bars
from smalti.segments.quality.drift import HalfLife, half_life_of_memberships, paired_drift
from smalti.segments.quality.findings import Finding, Severity, listed, percent, unshown
from smalti.segments.quality.grouping import Booleans, Grouping, Integers
from smalti.segments.quality.stability import (
    AssignedStability,
    assigned_stability,
    median_interval,
    overlapping_stability,
)


def stable(
    grouping: Grouping, resampled: Mapping[str, Booleans] | None, bars: Bars, refits: Integers | None = None
) -> list[Finding]:
    """Tell whether a segmentation and each of its segments is found again when its cuts are fitted to resampled customers.

    Args:
        grouping: Who is in which segment, of the n customers that were resampled.
        resampled: For each segment that rests on fitted cuts, who is in it by the cuts of each of R resamples, R x n; None
            where too few customers are known to resample.
        bars: What is asked.
        refits: Of a segmentation whose segments themselves are fitted, the segment of each customer by each of R refits,
            R x n, -1 for none; their names say nothing, each segment is sought among them.
    """
    name = grouping.name
    if refits is not None:
        measured = assigned_stability(grouping.labels, refits, segments=len(grouping.segments), match="best")
        places = [place for place in range(len(grouping.segments)) if grouping.sizes[place]]
        advice = "Ask for fewer groups or parts; there is no sharp line between these."
        return [_whole(name, measured, bars, advice), *(_one(grouping, place, measured, bars) for place in places)]
    if resampled is None:
        found = "There are too few customers to draw them again."
        return [unshown("stable", name, found, "Wait until there are more customers.")]
    fitted = [segment for segment in grouping.segments if segment in resampled]
    if not fitted:
        found = "No cut in it is fitted, so the same customers are always put together."
        return [Finding("stable", name, None, "passed", "fitted cuts", 0.0, None, None, found, "")]
    draws = len(resampled[fitted[0]])
    again = np.stack(
        [
            resampled[one] if one in resampled else np.broadcast_to(grouping.member[place], (draws, grouping.customers))
            for place, one in enumerate(grouping.segments)
        ],
        axis=1,
    )
    if grouping.exclusive:
        measured = assigned_stability(grouping.labels, _labels(again), segments=len(grouping.segments))
        whole = [_whole(name, measured, bars)]
    else:
        measured = overlapping_stability(grouping.member, again)
        whole = [_most(grouping, measured, bars)]
    each = [_one(grouping, place, measured, bars) for place in range(len(grouping.segments)) if grouping.sizes[place]]
    return [*whole, *each]


def _labels(again: Booleans) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.where(again.any(axis=1), again.argmax(axis=1), -1).astype(np.int64)


def _whole(
    name: str,
    measured: AssignedStability,
    bars: Bars,
    advice: str = "Use fewer cuts, or fixed ones: who is near one is placed by chance.",
) -> Finding:
    value, (low, high) = float(np.median(measured.agreement)), median_interval(measured.agreement)
    pairs = len(measured.agreement)
    measure = f"median adjusted Rand index of {pairs} pairs of refits"
    found = f"Cuts fitted to two resamples of the customers put them together alike by {value:.2f} of 1 "
    found += f"({low:.2f} to {high:.2f})."
    good = low >= bars.least_agreement
    advice = "" if good else advice
    return Finding("stable", name, None, "passed" if good else "fail", measure, value, low, high, found, advice)


def _most(grouping: Grouping, measured: AssignedStability, bars: Bars) -> Finding:
    medians = np.nan_to_num(np.nanmedian(measured.segments, axis=1))
    share = grouping.held_by(medians >= bars.found_again)
    good = share >= bars.whole
    found = f"Segments that refits find again hold {percent(share)} of the members."
    advice = "" if good else "Use fewer cuts, or fixed ones; customers near a cut are placed by chance."
    measure = "share of members in segments that are found again"
    return Finding(
        "stable", grouping.name, None, "passed" if good else "fail", measure, share, None, None, found, advice
    )


def _one(grouping: Grouping, place: int, measured: AssignedStability, bars: Bars) -> Finding:
    values = measured.segments[place]
    value, (low, high) = float(np.nanmedian(values)), median_interval(values)
    measure = f"median Jaccard index over {len(values)} refits"
    found = f"Of those whom either it or its refit holds, {percent(value)} are in both."
    good = value >= bars.found_again
    advice = "" if good else "Merge it with a neighbour, or give it fixed cuts."
    segment = grouping.segments[place]
    severity: Severity = "passed" if good else "warning"
    return Finding("stable", grouping.name, segment, severity, measure, value, low, high, found, advice)


def durable(grouping: Grouping, seen: Sequence[Grouping], days: Sequence[float], bars: Bars) -> list[Finding]:
    """Tell whether members stay long enough to be treated, and whether the segments' shares have moved.

    A segment lasts when the low end of its half-life does, and does not when the high end does not; between the two, it is not
    shown. So nothing is passed because nothing is known.

    Args:
        grouping: Who is in which segment now.
        seen: The same segments of the same customers, those known at the first instant, at several instants, the last now.
        days: Those instants in days, ascending.
        bars: What is asked.
    """
    name = grouping.name
    if len(seen) < 2 or not seen[0].customers:
        found = "There are no facts from long enough ago to see who stays."
        return [unshown("durable", name, found, "Test it again when there are.")]
    each: list[Finding] = []
    lasts, short = np.zeros((2, len(grouping.segments)), dtype=np.bool_)
    for place, segment in enumerate(grouping.segments):
        member = np.stack([one.member[place] for one in seen])
        if not member[:-1].any():
            continue
        half = half_life_of_memberships(member, list(days))
        lasts[place] = half.low >= bars.least_half_life_days
        short[place] = half.high < bars.least_half_life_days
        each.append(_half_life(name, segment, half, bars))
    share, open_too = grouping.held_by(lasts), grouping.held_by(~short)
    severity: Severity = "passed" if share >= bars.whole else "note" if open_too >= bars.whole else "fail"
    told = f"{percent(share)} of the members are in segments that half of the members are sure to stay in for "
    told += (
        f"{bars.least_half_life_days:g} days or longer, {percent(grouping.held_by(short))} in segments that are not; "
    )
    told += "of the others it is not known."
    advice = {
        "passed": "",
        "note": "Test it again when there are runs that lie closer together, or more members.",
        "fail": "Use longer windows, or treat people at once when they enter.",
    }[severity]
    measure = "share of members in segments that last"
    whole = Finding("durable", name, None, severity, measure, share, None, None, told, advice)
    return [whole, *(_drift(name, seen, days, bars) if grouping.exclusive else []), *each]


def _half_life(segmentation: str, segment: str, half: HalfLife, bars: Bars) -> Finding:
    told = f"Half of the members leave within {half.value:,.0f} days ({half.low:,.0f} to {half.high:,.0f})."
    if not np.isfinite(half.value):
        told = f"None of {half.at_risk:,} stays was seen to end."
    bar = bars.least_half_life_days
    severity: Severity = "passed" if half.low >= bar else "warning" if half.high < bar else "note"
    if severity == "note":
        told += f" Whether it is {bar:g} days or longer is not shown."
    advice = {
        "passed": "",
        "note": "Test it again when there are runs that lie closer together, or more members.",
        "warning": "Use a longer window, or treat people at once when they enter.",
    }[severity]
    low, high, value = (one if np.isfinite(one) else None for one in (half.low, half.high, half.value))
    return Finding("durable", segmentation, segment, severity, "half-life in days", value, low, high, told, advice)


def _drift(name: str, seen: Sequence[Grouping], days: Sequence[float], bars: Bars) -> list[Finding]:
    found = paired_drift(seen[-2].labels, seen[-1].labels)
    moved = found.p_value <= bars.alpha and found.moved >= bars.most_moved
    told = f"Over {days[-1] - days[-2]:,.0f} days, {percent(found.moved)} of the same customers would have to change "
    told += f"segments to undo the change of shares (p = {found.p_value:.2g}, Bhapkar's test)."
    advice = "Look whether the definitions still mean what they meant; plans by size are out of date."
    measure = "share moved between segments, net"
    return [Finding("durable", name, None, "warning", measure, found.moved, None, None, told, advice)] if moved else []


@dataclass(frozen=True)
class Unmet:
    """A value that a rule asks for and no customer has.

    Attributes:
        segment: The segment.
        name: The trait or attribute.
        value: The value that is asked for.
        nearest: The most similar value there is, if any.
    """

    segment: str
    name: str
    value: str
    nearest: str | None


def stale(
    grouping: Grouping, by_old_cuts: Grouping | None, then: Grouping | None, unmet: Sequence[Unmet], bars: Bars
) -> list[Finding]:
    """Tell which definitions have outlived the customers they were made for.

    Args:
        grouping: Who is in which segment now.
        by_old_cuts: The same customers by the cuts that were fitted at the earlier instant; None where nothing is fitted.
        then: Who was in which segment at the earlier instant; None where it is not known.
        unmet: Values that rules ask for and nobody has.
        bars: What is asked.
    """
    found = [
        Finding(
            "stale",
            grouping.name,
            one.segment,
            "warning",
            "customers with the value",
            0.0,
            None,
            None,
            f"No customer has {one.name} '{one.value}'" + (f"; '{one.nearest}' is near." if one.nearest else "."),
            "Correct the value, or take it out of the rule.",
        )
        for one in unmet
    ]
    if by_old_cuts is not None:
        found.append(_moved(grouping, by_old_cuts, bars))
    if then is not None:
        emptied = [
            segment
            for segment, now, before in zip(grouping.segments, grouping.sizes, then.sizes, strict=True)
            if before and not now
        ]
        if emptied:
            told = f"{listed(emptied)} had members at the earlier instant, and none now."
            advice = "Look whether the rule still means what it meant."
            found.append(
                Finding(
                    "stale", grouping.name, None, "warning", "segments emptied", len(emptied), None, None, told, advice
                )
            )
    return found


def _moved(grouping: Grouping, by_old_cuts: Grouping, bars: Bars) -> Finding:
    share = float((grouping.member != by_old_cuts.member).any(axis=0).mean())
    told = f"{percent(share)} of the customers would be elsewhere by the cuts of the earlier instant."
    good = share <= bars.most_moved
    advice = "" if good else "Fit at fixed times and keep the cuts between them, so that people move and not the cuts."
    severity: Severity = "passed" if good else "warning"
    measure = "customers whom refitting alone has moved"
    return Finding("stale", grouping.name, None, severity, measure, share, None, None, told, advice)
