"""Does it work, for whom, and is one-to-one better than segments, and segments better than one mail for all?

Arrays and counts in, frozen values out:

- `assignment`: who is in which arm, by a draw that is the same in batch, live and SQL; hold-outs, layers, strata
- `logged`: what was done to each customer, with which probability, and what came of it
- `learning`: from what is believed to what is measured, with exploration; policies tried against each other, live
- `policies`: what a policy would have been worth, from decisions that another one made
- `proof`: one for all, one per segment or one per person: which is worth most, and how sure that is
- `ranking`: how well a score ranks customers by what a treatment does to them, by one definition
- `readout`: what came of an experiment, from counts and sums; and before it starts, how many customers it takes
"""

from smalti.experiments.assignment import (
    Arm,
    Assigned,
    Experiment,
    HoldOut,
    Layer,
    Stratum,
    assign,
    assign_one,
    bucket,
    check_layers,
    exposures,
    fit_strata,
    rule_of,
    trait_of,
)
from smalti.experiments.learning import (
    AmountBelief,
    PolicyTrial,
    RateBelief,
    decide,
    learn,
    policy_trial,
    read_policies,
)
from smalti.experiments.logged import Logged, mean_and_error
from smalti.experiments.policies import PolicyDifference, PolicyValue, difference, doubly_robust_scores, value_of
from smalti.experiments.proof import SHARES, Budget, Evidence, Grouping, Proof, prove
from smalti.experiments.ranking import (
    RankingQuality,
    UpliftCurve,
    judge_best_arm,
    judge_ranking,
    qini_difference,
    uplift_curve,
)
from smalti.experiments.readout import (
    Baseline,
    Design,
    Metric,
    Observed,
    OutlierRule,
    Readout,
    ReadoutPlan,
    Segmented,
    Statistics,
    customers_needed,
    detectable,
    forecast,
    power_of,
    read_out,
    read_statistics,
)

__all__ = [
    "SHARES",
    "AmountBelief",
    "Arm",
    "Assigned",
    "Baseline",
    "Budget",
    "Design",
    "Evidence",
    "Experiment",
    "Grouping",
    "HoldOut",
    "Layer",
    "Logged",
    "Metric",
    "Observed",
    "OutlierRule",
    "PolicyDifference",
    "PolicyTrial",
    "PolicyValue",
    "Proof",
    "RankingQuality",
    "RateBelief",
    "Readout",
    "ReadoutPlan",
    "Segmented",
    "Statistics",
    "Stratum",
    "UpliftCurve",
    "assign",
    "assign_one",
    "bucket",
    "check_layers",
    "customers_needed",
    "decide",
    "detectable",
    "difference",
    "doubly_robust_scores",
    "exposures",
    "fit_strata",
    "forecast",
    "judge_best_arm",
    "judge_ranking",
    "learn",
    "mean_and_error",
    "policy_trial",
    "power_of",
    "prove",
    "qini_difference",
    "read_out",
    "read_policies",
    "read_statistics",
    "rule_of",
    "trait_of",
    "uplift_curve",
    "value_of",
]
