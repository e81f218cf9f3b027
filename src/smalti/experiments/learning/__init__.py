"""Learning by doing: from what is believed to what is measured, while every customer is dealt with.

- `rates`, `amounts`: what is believed of a rate, and of a mean amount of money; both learn from counts and sums
- `evidence`: what a log says of each arm in those numbers, right also where probabilities varied; whether it was a surprise
- `exploring`: with which probability to try what, and never too rarely
- `trial`: policies tried against each other, live: generic, segment, individual, and a hold-out
- `touching`: its decisions as facts, each with its probability
- `reading`: what came of it
"""

from smalti.experiments.learning.amounts import AmountBelief
from smalti.experiments.learning.evidence import ArmEvidence, Learnt, evidence_of, learn
from smalti.experiments.learning.exploring import (
    chances_of_best,
    chances_of_best_each,
    drawn,
    softmax,
    top_two,
    with_floor,
)
from smalti.experiments.learning.rates import RateBelief, rate_between
from smalti.experiments.learning.reading import PolicyGap, PolicyReadout, TriedPolicy, read_policies
from smalti.experiments.learning.touching import touches_of
from smalti.experiments.learning.trial import Decided, PolicyTrial, decide, policy_trial

__all__ = [
    "AmountBelief",
    "ArmEvidence",
    "Decided",
    "Learnt",
    "PolicyGap",
    "PolicyReadout",
    "PolicyTrial",
    "RateBelief",
    "TriedPolicy",
    "chances_of_best",
    "chances_of_best_each",
    "decide",
    "drawn",
    "evidence_of",
    "learn",
    "policy_trial",
    "rate_between",
    "read_policies",
    "softmax",
    "top_two",
    "touches_of",
    "with_floor",
]
