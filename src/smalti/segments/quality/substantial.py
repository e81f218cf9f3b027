"""Is a segment large enough: in number, in money, and for a test of what is done with it?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.segments.quality.bars import Bars
from smalti.segments.quality.findings import Finding, Severity, listed, percent, unshown
from smalti.segments.quality.grouping import Booleans, Floats, Grouping
from smalti.segments.quality.intervals import Estimate, money_share, reach_of, value_per_head, wilson

_SIGNIFICANT = 0.95


@dataclass(frozen=True)
class Power:
    """What a test with a hold-out can show in a segment.

    Attributes:
        least: Smallest effect that it shows with the power asked for, as a share of the mean outcome; infinite where the mean
            is 0 or there is nobody to hold out.
        needed: Members that it takes to show the effect asked for; None where no number does.
    """

    least: float
    needed: int | None


def power_of(outcome: Floats, bars: Bars) -> Power:
    """Reckon what a test could show, from the outcome's mean and spread among the members.

    Two means are compared at 5 % two-sided with normal theory: the least effect is
    (z(.975) + z(power)) x sd x sqrt(1 / held out + 1 / treated), and a rate's spread is that of its zeros and ones.

    Args:
        outcome: The outcome of each member, in any unit, or 0 and 1.
        bars: Share held out, power and effect asked for.

    >>> power_of(np.array([0.0, 1.0] * 5000), Bars())
    Power(least=0.09339084359602312, needed=8722)
    """
    members = len(outcome)
    mean = float(outcome.mean()) if members else 0.0
    if members < 2 or mean == 0:
        return Power(float("inf"), None)
    reach = reach_of(_SIGNIFICANT) + reach_of(2 * bars.power - 1)
    variation = reach * float(outcome.std(ddof=1)) / abs(mean)
    parts = 1 / bars.holdout + 1 / (1 - bars.holdout)
    held_out = int(members * bars.holdout)
    least = variation * (1 / held_out + 1 / (members - held_out)) ** 0.5 if held_out else float("inf")
    return Power(least, int(np.ceil((variation / bars.detectable) ** 2 * parts)))


@dataclass(frozen=True)
class Substance:
    """How much of everything a segment is.

    Attributes:
        segment: The segment.
        members: How many customers.
        share: Share of all customers.
        money: Share of all money, None where none was given.
        per_head: What a member is worth, as a multiple of the average customer; None where no money was given.
        standing: Large; or a niche: small and valuable; or small.
    """

    segment: str
    members: int
    share: Estimate
    money: Estimate | None
    per_head: Estimate | None
    standing: str


def substances(grouping: Grouping, money: Floats | None, bars: Bars) -> list[Substance]:
    """Measure each segment that has members.

    A segment is large when it has the members and the share asked for. A smaller one is a niche when its members' worth, by the
    low end of its interval, clears `bars.niche_value`; then it is not thrown away for its size.

    Args:
        grouping: The segmentation of n customers.
        money: What each customer is worth, n values; what is negative counts as nothing.
        bars: What is asked.
    """
    worth = None if money is None else np.maximum(np.nan_to_num(money), 0.0)
    found = []
    for name, member, size in zip(grouping.segments, grouping.member, grouping.sizes, strict=True):
        if not size:
            continue
        held, each = (None, None) if worth is None else _worth(member, worth)
        share = wilson(int(size), grouping.customers)
        large = size >= bars.least_members and share.value >= bars.least_share
        niche = each is not None and each.low >= bars.niche_value
        standing = "large" if large else "niche" if niche else "small"
        found.append(Substance(name, int(size), share, held, each, standing))
    return found


def substantial(grouping: Grouping, money: Floats | None, outcome: Floats | None, bars: Bars) -> list[Finding]:
    """Tell which segments are large enough, or valuable enough in spite of their size, and what could be tested in them.

    Args:
        grouping: The segmentation of n customers.
        money: What each customer is worth, n values, or None.
        outcome: What a test would be judged by, n values, or None.
        bars: What is asked.
    """
    measured = substances(grouping, money, bars)
    if not measured:
        return [unshown("substantial", grouping.name, "No segment has members.", "Check the rules.")]
    standing = {one.segment: one.standing for one in measured}
    held = grouping.held_by(np.array([standing.get(name) in ("large", "niche") for name in grouping.segments]))
    small = [one.segment for one in measured if one.standing == "small"]
    fair = held >= bars.whole and 2 * len(small) <= len(measured)
    severity: Severity = "passed" if fair else "fail"
    text = f"Segments with {percent(held)} of the members are large or valuable enough"
    text += f"; too small: {listed(small)}." if small else "."
    advice = "" if fair else "Merge the small segments with the ones most like them."
    measure = "share of members in segments that are large or valuable enough"
    found = [Finding("substantial", grouping.name, None, severity, measure, held, None, None, text, advice)]
    for one in measured:
        found.append(_told(grouping.name, one, bars))
        if one.standing == "niche":
            found.append(_kept(grouping.name, one))
    if outcome is not None:
        found.extend(_testable(grouping, outcome, bars))
    return found


def _worth(member: Booleans, worth: Floats) -> tuple[Estimate, Estimate]:
    return money_share(member, worth), value_per_head(member, worth)


def _told(segmentation: str, one: Substance, bars: Bars) -> Finding:
    text = f"'{one.segment}' has {one.members:,} members, {percent(one.share.value)} of all"
    if one.money is not None:
        text += f", and {percent(one.money.value)} of the money"
        text += f" ({percent(one.money.low)} to {percent(one.money.high)})"
    severity: Severity = "warning" if one.standing == "small" else "passed"
    wanted = f"the {bars.least_members:,} members or the {percent(bars.least_share)} of all that are asked for"
    advice = f"Merge it with the segment most like it: fewer than {wanted}." if one.standing == "small" else ""
    ends = (one.share.value, one.share.low, one.share.high)
    return Finding(
        "substantial", segmentation, one.segment, severity, "share of all customers", *ends, f"{text}.", advice
    )


def _kept(segmentation: str, one: Substance) -> Finding:
    each = one.per_head or Estimate(0.0, 0.0, 0.0)
    text = f"'{one.segment}' has only {one.members:,} members, each worth {each.value:.1f} times the average customer"
    text += f" ({each.low:.1f} to {each.high:.1f})."
    advice = "Keep it in spite of its size, and treat its members one by one."
    measure = "money per member, as a multiple of the average customer's"
    ends = (each.value, each.low, each.high)
    return Finding("niche", segmentation, one.segment, "note", measure, *ends, text, advice)


def _testable(grouping: Grouping, outcome: Floats, bars: Bars) -> list[Finding]:
    """Say of each segment whether a test within it could show the effect asked for."""
    found = []
    known = ~np.isnan(outcome)
    for name, member, size in zip(grouping.segments, grouping.member, grouping.sizes, strict=True):
        if not size:
            continue
        power = power_of(outcome[member & known], bars)
        enough = power.least <= bars.detectable
        severity: Severity = "passed" if enough else "note"
        shown = f"an effect of {percent(power.least)} of the mean" if np.isfinite(power.least) else "no effect"
        text = f"A test in '{name}' with {percent(bars.holdout)} held out could show {shown}"
        text += (
            "."
            if enough or power.needed is None
            else f"; for {percent(bars.detectable)} it takes {power.needed:,} members."
        )
        advice = "" if enough else "Test across several segments, hold out more, or test longer."
        measure = f"smallest effect shown with {percent(bars.power)} power at 5 % two-sided, as a share of the mean"
        value = power.least if np.isfinite(power.least) else None
        found.append(Finding("substantial", grouping.name, name, severity, measure, value, None, None, text, advice))
    return found
