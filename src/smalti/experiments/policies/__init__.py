"""What a policy would have been worth, from logged decisions whose probabilities are known.

- `policy`: a policy as an array: the arm it would choose, or how likely each; one for everybody, one per position
- `scores`: what every arm would have brought, for every decision: doubly robust scores
- `estimators`: seven estimators as influence functions; the choice of a threshold
- `intervals`: the interval of a mean that few large numbers carry
- `overlap`: how much a log knows about a policy that did not make it
- `value`: the value of a policy, and the difference of two on the same decisions
"""

from smalti.experiments.policies.estimators import ESTIMATORS, Estimator, Evidence, chosen_threshold, influence_of
from smalti.experiments.policies.intervals import Interval, interval_of
from smalti.experiments.policies.overlap import Overlap, overlap_of
from smalti.experiments.policies.policy import Policy, as_logged, at_position, everyone
from smalti.experiments.policies.scores import doubly_robust_scores
from smalti.experiments.policies.value import PolicyDifference, PolicyValue, difference, value_of

__all__ = [
    "ESTIMATORS",
    "Estimator",
    "Evidence",
    "Interval",
    "Overlap",
    "Policy",
    "PolicyDifference",
    "PolicyValue",
    "as_logged",
    "at_position",
    "chosen_threshold",
    "difference",
    "doubly_robust_scores",
    "everyone",
    "influence_of",
    "interval_of",
    "overlap_of",
    "value_of",
]
