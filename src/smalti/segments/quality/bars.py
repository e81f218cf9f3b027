"""The bars that a segmentation has to clear, each with its reason; a project may set its own."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from smalti.segments.quality.findings import Test

Share = Annotated[float, Field(gt=0, lt=1)]


class Bars(BaseModel):
    """What the quality gate asks of a segmentation.

    >>> Bars().alpha, Bars(least_share=0.02).least_share
    (0.01, 0.02)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    alpha: Share = Field(
        0.01,
        description="Chance with which a segmentation made at random passes `distinct`, and with which it passes "
        "`relevant`; it needs both. 1 % rather than 5 % since many segmentations are tried until one looks good.",
    )
    permutations: int = Field(
        1999,
        ge=99,
        description="Random segmentations of the same sizes that a segmentation must beat; with 1,999 the smallest "
        "p-value is 0.0005, well below alpha.",
    )
    whole: Share = Field(
        0.8,
        description="A segmentation passes a test of its segments when those that pass hold this share of its members: "
        "one odd corner is told, but does not spoil the whole.",
    )
    least_effect: Share = Field(
        0.147,
        description="Cliff's delta that the interval's end nearest to zero must exceed for two segments to be distinct: "
        "where a small effect begins (Romano et al. 2006). Below it, 43 of 100 pairs are the wrong way round.",
    )
    most_overlap: Share = Field(
        0.5, description="Share of members who are also in other segments, above which it is told: half is not its own."
    )
    same: Share = Field(
        0.9,
        description="Two segments say the same when each holds this share of the other's members: whoever is told of "
        "one has been told of the other.",
    )
    least_share: Share = Field(
        0.01,
        description="Smallest share of all customers that is worth a treatment of its own: below 1 %, even a gain of a "
        "tenth moves the whole by less than a thousandth, unless its members are worth more than others (niche_value).",
    )
    least_members: int = Field(
        100,
        ge=2,
        description="Fewest members: with fewer, a rate of one half is not known to within 10 points either way.",
    )
    niche_value: float = Field(
        3.0,
        gt=1,
        description="A segment below these two sizes is kept when its members are each worth this many times the average "
        "customer, by the low end of the interval: what a segment costs to run does not depend on its size.",
    )
    niche_share: Share = Field(0.02, description="A niche that nobody has a segment for holds at most this share.")
    niche_lift: float = Field(
        5.0,
        gt=1,
        description="And at least this many times its share of the money, by the low end of the interval, on customers "
        "who had no part in finding it.",
    )
    holdout: Share = Field(0.1, description="Share of a segment that a test would leave untouched.")
    detectable: Share = Field(
        0.1, description="Effect that a test in one segment should be able to show, as a share of the mean outcome."
    )
    power: Share = Field(
        0.8, gt=0.5, description="Chance with which that test should show such an effect, at 5 % two-sided."
    )
    least_gain: Share = Field(
        0.02,
        description="Share of two segments' gains that one treatment for both must lose, by the low end of the interval, for "
        "them to be treated apart: what two per cent would bring does not pay for writing and keeping a second one.",
    )
    least_reach: Share = Field(
        0.2,
        description="Smallest share of members who can be reached by one channel or another: below one in five, what is "
        "done for the segment is done for somebody else.",
    )
    own_treatment: Share = Field(
        0.5,
        description="Share of members in segments whose treatment differs from all other segments': where most would be "
        "treated like another segment, there are too many segments.",
    )
    least_explained: Share = Field(
        0.01,
        description="Share of the later outcome's ranks that the low end of the interval must exceed: where a small "
        "effect begins (Cohen 1988, eta squared 0.01). With many customers anything is significant, so that significance "
        "is not enough.",
    )
    keep_explained: Share = Field(
        0.95, description="Share of the explained outcome that fewer segments must keep to be called enough."
    )
    most_outside: Share = Field(
        0.05, description="Share of customers in no segment of an exclusive segmentation, above which it is told."
    )
    least_agreement: Share = Field(
        0.8,
        description="Adjusted Rand index that the low end of the interval must reach when cuts are fitted to two resamples: "
        "from 0.8 on, partitions are commonly called the same (Steinley 2004 calls 0.9 excellent, 0.8 good).",
    )
    found_again: Share = Field(
        0.75,
        description="Median Jaccard index from which a segment counts as found again (Hennig 2007).",
    )
    most_moved: Share = Field(
        0.2, description="Share of customers moved by refitting the cuts alone above which it is told."
    )
    least_half_life_days: float = Field(
        28.0,
        gt=0,
        description="Days after which half of the members have left: a segment shorter-lived than four weeks is gone before "
        "what was meant for it arrives.",
    )
    required: tuple[Test, ...] = Field(
        ("distinct", "substantial", "actionable", "stable", "relevant"),
        description="Tests that must be shown to be passed.",
    )
    when_shown: tuple[Test, ...] = Field(
        ("reachable", "durable"),
        description="Tests that must be passed where the data allow to make them: consent and earlier runs are not "
        "always there.",
    )
