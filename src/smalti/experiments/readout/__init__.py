"""What came of an experiment, from counts and sums: no connection, no table, no clock.

- `statistics`: what is needed of each arm; those of two groups add up to those of both
- `metric`: what is measured: a mean per customer or a ratio, with a covariate from before (CUPED), and what is worth having
- `outliers`: amounts capped by a rule fixed beforehand, on all arms together
- `values`: the metric in each arm, with its standard error
- `comparing`: the average effect of an arm against control
- `sequential`: intervals for people who look every day
- `sample_ratio`: whether the arms have the sizes that were asked for
- `multiplicity`: several arms, outcomes and segments looked at together
- `heterogeneity`: the effect in each segment, and whether segments differ
- `observed`: what each customer got and what came of it, one row per customer
- `reading`: a whole readout: every arm, every metric, every segment, under terms fixed beforehand
- `verdict`: what an effect comes to, in plain words
- `power`: customers, effect and power that go together, before starting
- `duration`: how long that takes, what it costs, and what is forgone meanwhile

An experiment is read in one call, from one row per customer or from counts:

>>> import numpy as np
>>> visit = np.repeat([0.0, 1.0, 0.0, 1.0], [450, 50, 400, 100])
>>> seen = Observed(("none", "mail"), np.repeat([0, 1], 500), {"visit": visit})
>>> plan = ReadoutPlan((Metric("visit", "visit", unit="share"),), control="none")
>>> print(read_out(plan, seen).verdicts[0].words)
mail works: visit 20.0 % instead of 10.0 % under none, +10.0 points (95 % interval +5.61 to +14.4 points).
"""

from smalti.experiments.readout.comparing import AverageEffect, Terms, compare, compare_within
from smalti.experiments.readout.duration import Forecast, Inflow, Money, forecast
from smalti.experiments.readout.heterogeneity import Heterogeneity, SegmentReadout, heterogeneity
from smalti.experiments.readout.metric import Metric
from smalti.experiments.readout.multiplicity import adjusted, corrected
from smalti.experiments.readout.observed import Observed, Segmented, of_customers
from smalti.experiments.readout.outliers import Capped, OutlierRule, cap
from smalti.experiments.readout.power import Baseline, Design, Sizing, customers_needed, detectable, power_of
from smalti.experiments.readout.reading import Readout, ReadoutPlan, read_out, read_statistics
from smalti.experiments.readout.sample_ratio import SampleRatio, sample_ratio
from smalti.experiments.readout.sequential import AlwaysValid, always_p, always_valid, reach, reaches
from smalti.experiments.readout.statistics import Statistics, statistics_by, total
from smalti.experiments.readout.telling import effect_in_words, value_in_words
from smalti.experiments.readout.verdict import Verdict, judge

__all__ = [
    "AlwaysValid",
    "AverageEffect",
    "Baseline",
    "Capped",
    "Design",
    "Forecast",
    "Heterogeneity",
    "Inflow",
    "Metric",
    "Money",
    "Observed",
    "OutlierRule",
    "Readout",
    "ReadoutPlan",
    "SampleRatio",
    "SegmentReadout",
    "Segmented",
    "Sizing",
    "Statistics",
    "Terms",
    "Verdict",
    "adjusted",
    "always_p",
    "always_valid",
    "cap",
    "compare",
    "compare_within",
    "corrected",
    "customers_needed",
    "detectable",
    "effect_in_words",
    "forecast",
    "heterogeneity",
    "judge",
    "of_customers",
    "power_of",
    "reach",
    "reaches",
    "read_out",
    "read_statistics",
    "sample_ratio",
    "statistics_by",
    "total",
    "value_in_words",
]
