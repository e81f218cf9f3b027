"""How often the segment misses the person, so far as it is not noise."""

from __future__ import annotations

import math

import numpy as np

from smalti.experiments.logged import Floats
from smalti.experiments.proof.moments import two_sided
from smalti.experiments.proof.teaching import Taught
from smalti.experiments.proof.values import GENERIC, INDIVIDUAL, SEGMENT, Misses, Point

WIDENING = 2.0**0.5
"""A slope over all folds counts what is chance in two folds twice, as `widening` explains."""


def missed(taught: Taught, point: Point, level: float) -> Misses:
    """Count the rows whose own best arm differs from their segment's, as far as expectations are shown to be true.

    Effects within a segment differ by `slope` where expectations differ by 1. So a row's own effects are its segment's plus
    slope x its deviation, and the share whose best arm is then another one rises with the slope: the interval of the slope
    gives the interval of the share. Where the slope is not shown to be above 0, nothing is shown, and the share is 0.
    """
    slope, reach = taught.slope_in(np.arange(len(taught.scores))), two_sided(level)
    error = slope.error * WIDENING
    known = bool(np.isfinite(error))
    shown = known and slope.value > reach * error
    ends = [max(slope.value + sign * reach * error, 0.0) if known else 0.0 for sign in (-1, 1)]
    low, high = (_share(taught, one) for one in ends)
    over = SEGMENT if any(one.policy == SEGMENT for one in point.standings) else GENERIC
    lead = point.lead(INDIVIDUAL, over)
    return Misses(
        shown=shown,
        share=_share(taught, slope.value) if shown else 0.0,
        low=low if shown else 0.0,
        high=high,
        uncorrected=_share(taught, None),
        slope=slope.value if known else math.nan,
        slope_error=error if known else math.nan,
        worth=lead.value if shown else 0.0,
        worth_error=lead.error,
        worth_low=lead.low if shown else min(lead.low, 0.0),
        worth_high=lead.high if shown else max(lead.high, 0.0),
    )


def _share(taught: Taught, slope: float | None) -> float:
    cost = taught.evidence.costs
    of_segment = (taught.base - cost).argmax(axis=1)
    own: Floats = taught.evidence.expected if slope is None else taught.base + slope * taught.apart
    return float(((own - cost).argmax(axis=1) != of_segment).mean())
