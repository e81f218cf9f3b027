"""Do the segments of then tell what came later? Against random segmentations of the same sizes, out of time.

Segments are as of an instant T0, the outcome is what happened after it. What counts is the share of the outcome's
*ranks* that the segments explain: money has tails so heavy that in its own unit one customer can decide for a whole
segment, while every customer has one rank. The share in the outcome's own unit, and with its largest hundredth cut to
size, are told beside it.

A p-value alone does not pass: with a million customers anything is significant. The low end of the interval of the
explained share has to clear a floor as well. For segments that overlap, each one's members are compared with
everybody else (Holm 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from smalti.segments.quality.bars import Bars
from smalti.segments.quality.findings import Finding, Severity, listed, percent, unshown
from smalti.segments.quality.grouping import Floats, Grouping, Integers, sample
from smalti.segments.quality.intervals import Estimate, chance_of, cliffs_delta, delta_interval, holm, reach_of

PERMUTED = 20_000
"""Permutations are made of at most this many customers, drawn at random. The p-value stays exact; only power is lost, and
with this many a share of 0.3 % explained is still found practically always."""
DRAWS = 1_000
WINSORISED = 0.99
_FEWEST = 10


@dataclass(frozen=True)
class Relevance:
    """How much of a later outcome a segmentation explains.

    Attributes:
        ranks: Share of the outcome's ranks that is explained: epsilon squared, with its interval.
        winsorised: The same of the outcome with its largest hundredth cut to the 99 % quantile.
        raw: The same of the outcome as it is.
        p_value: Share of random segmentations of the same sizes that explain the ranks as well or better.
        permuted: Number of customers that were permuted.
        permutations: Number of random segmentations.
    """

    ranks: Estimate
    winsorised: Estimate
    raw: Estimate
    p_value: float
    permuted: int
    permutations: int


@dataclass(frozen=True)
class Contrasted:
    """How the later outcome of a segment's members differs from everybody else's.

    Attributes:
        segment: The segment.
        delta: Cliff's delta of members against others, with its 95 % interval.
        ratio: Mean outcome of members, as a multiple of the others', with its 95 % interval.
        p_value: Of no difference in ranks, corrected for the number of segments (Holm).
    """

    segment: str
    delta: Estimate
    ratio: Estimate
    p_value: float


def explained(labels: Integers, outcome: Floats) -> float:
    """Give eta squared: the share of the outcome's sum of squares that lies between groups; 0 where nothing varies.

    Args:
        labels: The group of each of n customers, from -1 on; -1 is a group as well.
        outcome: n values, none missing.

    >>> explained(np.array([0, 0, 1, 1]), np.array([1.0, 1.0, 3.0, 3.0]))
    1.0
    """
    centred = outcome - outcome.mean()
    total = float(centred @ centred)
    counts = np.bincount(labels + 1)
    sums = np.bincount(labels + 1, weights=centred)
    between = float((sums**2 / np.maximum(counts, 1)).sum())
    return min(1.0, between / total) if total > 1e-12 * max(1.0, float(np.square(outcome).sum())) else 0.0


def unbiased(eta: Floats | float, groups: int, customers: int) -> Floats | float:
    """Give epsilon squared (Kelley 1935): eta squared less what as many random groups would explain.

    >>> unbiased(0.5, 2, 11)
    0.4444444444444444
    """
    return 1 - (1 - eta) * (customers - 1) / max(1, customers - groups)


def permutation_p(labels: Integers, outcome: Floats, permutations: int, seed: Sequence[int]) -> float:
    """Give the p-value of eta squared among random segmentations of the same sizes, exact: (1 + as good) / (1 + tried).

    Args:
        labels: The group of each of n customers, from -1 on.
        outcome: n values, none missing.
        permutations: How many random ones to try.
        seed: Decides them.
    """
    null = null_explained(np.bincount(labels + 1), outcome, permutations, seed)
    return float((1 + np.count_nonzero(null >= explained(labels, outcome) * (1 - 1e-12))) / (1 + permutations))


def null_explained(sizes: Integers, outcome: Floats, permutations: int, seed: Sequence[int]) -> Floats:
    """Give eta squared of random segmentations with groups of these sizes.

    Args:
        sizes: Members of each group; they sum to the number of customers.
        outcome: n values, none missing.
        permutations: How many.
        seed: Decides them.
    """
    sizes = sizes[sizes > 0]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    centred = outcome - outcome.mean()
    total = float(centred @ centred)
    rng, found = np.random.default_rng(seed), np.zeros(permutations)
    if total <= 1e-12 * max(1.0, float(np.square(outcome).sum())):
        return found
    for place in range(permutations):
        rng.shuffle(centred)
        found[place] = (np.add.reduceat(centred, starts) ** 2 / sizes).sum() / total
    return found


def explained_interval(labels: Integers, outcome: Floats, seed: Sequence[int]) -> Estimate:
    """Estimate the share explained, epsilon squared, with a 95 % bootstrap interval.

    Each draw takes group sizes from the multinomial distribution, and each group's sums of values and of squares from
    the normal distribution with their own covariance: what resampling customers tends to, at no cost per customer. A
    resample explains by chance once more what the sample already did; so the draws are shifted by that much (the bias
    that epsilon squared corrects).

    Args:
        labels: The group of each of n customers, from -1 on.
        outcome: n values, none missing.
        seed: Decides the draws.
    """
    counts = np.bincount(labels + 1)
    present = counts > 0
    n, groups = len(outcome), int(present.sum())
    eta = explained(labels, outcome)
    value = float(unbiased(eta, groups, n))
    if groups < 2 or n <= groups or eta in (0.0, 1.0):
        return Estimate(max(value, 0.0), 0.0 if eta < 1 else 1.0, max(value, 0.0))
    centred = (outcome - outcome.mean()) / outcome.std()
    moments = [np.bincount(labels + 1, weights=centred**power)[present] / counts[present] for power in (1, 2, 3, 4)]
    first, second = moments[0], moments[1]
    spread = np.maximum(second - first**2, 0.0)
    slope = np.divide(moments[2] - first * second, spread, out=np.zeros(groups), where=spread > 0)
    rest = np.maximum(moments[3] - second**2 - slope**2 * spread, 0.0)
    rng = np.random.default_rng(seed)
    sizes = rng.multinomial(n, counts[present] / n, size=DRAWS).astype(float)
    noise = rng.standard_normal((2, DRAWS, groups)) * np.sqrt(sizes)
    sums = sizes * first + noise[0] * np.sqrt(spread)
    squares = sizes * second + noise[0] * np.sqrt(spread) * slope + noise[1] * np.sqrt(rest)
    middle = sums.sum(axis=1) ** 2 / n
    between = np.divide(sums**2, sizes, out=np.zeros_like(sums), where=sizes > 0).sum(axis=1) - middle
    drawn = np.clip(between / (squares.sum(axis=1) - middle), 0.0, 1.0)
    shifted = np.asarray(unbiased(drawn, groups, n)) - (eta - value)
    low, high = np.quantile(shifted, [0.025, 0.975])
    return Estimate(max(value, 0.0), max(float(low), 0.0), float(np.clip(high, 0.0, 1.0)))


def relevance(labels: Integers, outcome: Floats, bars: Bars, seed: int = 0) -> Relevance:
    """Measure how much of a later outcome exclusive segments explain.

    Args:
        labels: The segment of each of n customers as of T0; those in none, -1, are a group as well.
        outcome: What came after T0, n values, none missing.
        bars: How many permutations.
        seed: Decides permutations and draws.
    """
    ranks = rankdata(outcome)
    cut = np.minimum(outcome, np.quantile(outcome, WINSORISED))
    estimates = [
        explained_interval(labels, values, [seed, place]) for place, values in enumerate((ranks, cut, outcome))
    ]
    rows = sample(len(outcome), PERMUTED, [seed, 3])
    p_value = permutation_p(labels[rows], rankdata(outcome[rows]), bars.permutations, [seed, 4])
    return Relevance(estimates[0], estimates[1], estimates[2], p_value, len(rows), bars.permutations)


def contrasts(grouping: Grouping, outcome: Floats, seed: int = 0) -> list[Contrasted]:
    """Compare the later outcome of each segment's members with everybody else's.

    Members and others are drawn, at most `PERMUTED` of each, and ranked against each other.

    Args:
        grouping: The segmentation as of T0.
        outcome: What came after T0, n values, none missing.
        seed: Decides who is drawn.
    """
    found = []
    for place, (name, member) in enumerate(zip(grouping.segments, grouping.member, strict=True)):
        groups = [np.flatnonzero(member), np.flatnonzero(~member)]
        if min(len(rows) for rows in groups) < _FEWEST:
            continue
        inside, others = (
            outcome[rows[sample(len(rows), PERMUTED, [seed, place, side])]] for side, rows in enumerate(groups)
        )
        delta, error = cliffs_delta(inside, others)
        smaller = np.array(float(min(len(inside), len(others))))
        low, high = delta_interval(np.array(delta), np.array(error), smaller, 0.95)
        values, places = np.unique(np.concatenate([inside, others]), return_inverse=True)
        first, second = (
            np.bincount(one, minlength=len(values)) for one in (places[: len(inside)], places[len(inside) :])
        )
        p_value = chance_of(delta, first, second)
        found.append((name, Estimate(delta, float(low), float(high)), _ratio(inside, others), p_value))
    corrected = holm([one[3] for one in found])
    return [Contrasted(*one[:3], float(p_value)) for one, p_value in zip(found, corrected, strict=True)]


def relevant(grouping: Grouping, outcome: Floats | None, bars: Bars, seed: int = 0) -> list[Finding]:
    """Tell whether the segments of then tell what came later.

    Args:
        grouping: The segmentation as of T0.
        outcome: What the same customers did after T0, n values, NaN where not known; None where there is no time after T0.
        bars: What is asked.
        seed: Decides permutations and draws.
    """
    advice = "Wait until there is time after an earlier run, or give a history that is long enough."
    if outcome is None:
        return [unshown("relevant", grouping.name, "There is no outcome after the segments were made.", advice)]
    known = np.flatnonzero(~np.isnan(outcome))
    if len(known) < 2 * _FEWEST:
        return [unshown("relevant", grouping.name, f"Only {len(known)} customers have a later outcome.", advice)]
    grouping, outcome = (
        (grouping, outcome) if len(known) == grouping.customers else (grouping.of(known), outcome[known])
    )
    if float(np.ptp(outcome)) == 0:
        text = "The later outcome is the same for everybody, so nothing can tell it."
        return [
            _verdict(grouping, "fail", Estimate(0.0, 0.0, 0.0), text, "Choose an outcome in which customers differ.")
        ]
    overlapping = not grouping.exclusive and bool((np.count_nonzero(grouping.member, axis=0) > 1).any())
    return _overlapping(grouping, outcome, bars, seed) if overlapping else _exclusive(grouping, outcome, bars, seed)


def _exclusive(grouping: Grouping, outcome: Floats, bars: Bars, seed: int) -> list[Finding]:
    one = relevance(grouping.labels, outcome, bars, seed)
    chance, strong = one.p_value <= bars.alpha, one.ranks.low > bars.least_explained
    severity: Severity = "passed" if chance and strong else "fail"
    text = f"The segments explain {percent(one.ranks.value)} of the order of customers in the later outcome "
    text += f"({percent(one.ranks.low)} to {percent(one.ranks.high)}), {percent(one.raw.value)} of its amounts, and "
    text += (
        f"{percent(one.winsorised.value)} with the largest hundredth cut; random segments of the same sizes do as well "
    )
    text += f"with probability {one.p_value:.2g} ({one.permutations:,} tried"
    text += f" on {one.permuted:,} customers drawn at random)." if one.permuted < grouping.customers else ")."
    advice = (
        ""
        if severity == "passed"
        else (
            "Too weak to act on: choose criteria that go with what customers do later."
            if chance
            else "No better than chance: choose other criteria."
        )
    )
    return [_verdict(grouping, severity, one.ranks, text, advice)]


def _overlapping(grouping: Grouping, outcome: Floats, bars: Bars, seed: int) -> list[Finding]:
    compared = {one.segment: one for one in contrasts(grouping, outcome, seed)}
    passing = {name for name, one in compared.items() if _differs(one, bars)}
    held = grouping.held_by(np.array([name in passing for name in grouping.segments]))
    open_too = grouping.held_by(np.array([name in passing or name not in compared for name in grouping.segments]))
    severity: Severity = "passed" if held >= bars.whole else "note" if open_too >= bars.whole else "fail"
    lacking = [name for name in compared if name not in passing]
    small = [name for name in grouping.segments if name not in compared]
    text = f"Segments with {percent(held)} of the memberships differ from everybody else in the later outcome"
    text += f"; not {listed(lacking)}" if lacking else ""
    text += f"; {listed(small)} cannot be compared, with fewer than {_FEWEST} members or others." if small else "."
    if not compared:
        text = (
            f"No segment can be compared: each has fewer than {_FEWEST} members, or leaves fewer than {_FEWEST} others."
        )
    measure = "share of memberships in segments whose later outcome differs"
    advice = {
        "passed": "",
        "note": "Wait for more customers, or merge the small segments.",
        "fail": "Choose criteria that go with what customers do later.",
    }[severity]
    whole = Finding("relevant", grouping.name, None, severity, measure, held, None, None, text, advice)
    return [whole, *(_told(grouping.name, one, one.segment in passing) for one in compared.values())]


def _differs(one: Contrasted, bars: Bars) -> bool:
    return one.p_value <= bars.alpha and max(one.delta.low, -one.delta.high) > bars.least_effect


def _told(segmentation: str, one: Contrasted, differs: bool) -> Finding:
    more = one.delta.value > 0
    text = f"A member of '{one.segment}' came to {'more' if more else 'less'} later than another customer in "
    text += f"{percent((1 + abs(one.delta.value)) / 2)} of pairs; on average {one.ratio.value:.2f} times as much "
    text += f"({one.ratio.low:.2f} to {one.ratio.high:.2f}); p {one.p_value:.2g}, corrected for the number of segments."
    measure = "Cliff's delta of the later outcome, members against everybody else"
    ends = (one.delta.value, one.delta.low, one.delta.high)
    severity: Severity = "passed" if differs else "warning"
    advice = "" if differs else "Choose criteria that go with what customers do later."
    return Finding("relevant", segmentation, one.segment, severity, measure, *ends, text, advice)


def _verdict(grouping: Grouping, severity: Severity, share: Estimate, text: str, advice: str) -> Finding:
    measure = "share of the later outcome's ranks explained (epsilon squared)"
    return Finding("relevant", grouping.name, None, severity, measure, share.value, share.low, share.high, text, advice)


def _ratio(inside: Floats, others: Floats) -> Estimate:
    """Estimate the ratio of two means with a 95 % interval on its logarithm; without a positive mean on either side, none."""
    means = inside.mean(), others.mean()
    if min(means) <= 0:
        return Estimate(float(means[0] / means[1]) if means[1] else float("nan"), float("nan"), float("nan"))
    parts = [one.var(ddof=1) / len(one) / mean**2 for one, mean in zip((inside, others), means, strict=True)]
    ratio, reach = float(means[0] / means[1]), reach_of(0.95) * float(np.sqrt(sum(parts)))
    return Estimate(ratio, ratio * float(np.exp(-reach)), ratio * float(np.exp(reach)))
