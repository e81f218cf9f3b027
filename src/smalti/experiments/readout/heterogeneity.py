"""The effect of an arm in each segment, and whether segments differ in it by more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from smalti.experiments.readout.comparing import AverageEffect


@dataclass(frozen=True)
class Heterogeneity:
    """Whether an effect differs among segments.

    Attributes:
        segments: How many segments are held against each other.
        q: Cochran's Q: the sum of squared distances of the segments' effects from their common one, in standard errors.
        p: The chance of such distances if all segments had the same effect.
        common: The effect that all would have.
        part: The part of the distances that is more than chance makes (Higgins' I-squared), from 0 to 1.
    """

    segments: int
    q: float
    p: float
    common: float
    part: float


@dataclass(frozen=True)
class SegmentReadout:
    """One metric, one arm, all segments of one segmentation.

    Attributes:
        segmentation: Its name.
        metric: The metric's name.
        arm: The arm held against control.
        labels: The segments of whom something can be said.
        effects: The effect in each; p-values corrected for all segments, arms, metrics and segmentations together.
        left_out: The segments with too few customers in an arm to say anything of chance, or in whom all are alike.
        differs: Whether the effect differs among segments; None with fewer than two.
    """

    segmentation: str
    metric: str
    arm: str
    labels: tuple[str, ...]
    effects: tuple[AverageEffect, ...]
    left_out: tuple[str, ...]
    differs: Heterogeneity | None


def heterogeneity(effects: Sequence[AverageEffect]) -> Heterogeneity | None:
    """Hold the effects of disjoint segments against each other; None where fewer than two have a standard error.

    Examples:
        >>> from smalti.experiments.readout import Metric, Statistics, compare
        >>> control = Statistics.of_counts(100, 1000)
        >>> found = [compare(control, Statistics.of_counts(yes, 1000), Metric("visit", "outcome")) for yes in (105, 190)]
        >>> round(heterogeneity(found).q, 1), heterogeneity(found).p < 0.001
        (16.9, True)

    Sources: Cochran, The combination of estimates from different experiments (1954); Higgins and Thompson (2002).
    """
    known = [one for one in effects if one.error > 0]
    if len(known) < 2:
        return None
    value = np.array([one.effect for one in known])
    weight = np.array([one.error for one in known]) ** -2.0
    common = float((weight * value).sum() / weight.sum())
    q = float((weight * (value - common) ** 2).sum())
    degrees = len(known) - 1
    return Heterogeneity(len(known), q, float(chdtrc(degrees, q)), common, max(0.0, 1 - degrees / q) if q else 0.0)
