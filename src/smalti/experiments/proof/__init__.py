"""One mail for all, one per segment, or one per person: which is worth most, and how sure is that?

- `evidence`: what a proof is made from: `Evidence`, `Grouping` (a segmentation of the rows), `Budget`
- `proving`: `prove`, the proof; `SHARES`, budgets from 5 to 100 % of customers contacted
- `values`: what it says: `Proof`, its `Point` for each budget with `Standing` and `Lead`, `Misses`, `Chosen`
- `allocation`: `allocate`, who gets what under a budget, the same for every policy
- `cells`: which outcomes may teach what: folds, and parts of folds
- `learning`: what one arm for all and one per segment bring; `calibration`: how far to believe individual expectations;
  `teaching`: both, laid out for every row
- `policies`, `judging`: what each policy would do in a cell, and what that was worth there
- `moments`, `widening`: means, their covariance, and what chance shared between folds adds to it
- `missing`: how often the segment misses the person
"""

from smalti.experiments.proof.allocation import Frontier, allocate
from smalti.experiments.proof.evidence import Budget, Evidence, Grouping
from smalti.experiments.proof.proving import SHARES, prove
from smalti.experiments.proof.values import (
    GENERIC,
    INDIVIDUAL,
    LADDER,
    NOTHING,
    SEGMENT,
    Chosen,
    Lead,
    Misses,
    Point,
    Proof,
    Standing,
)

__all__ = [
    "GENERIC",
    "INDIVIDUAL",
    "LADDER",
    "NOTHING",
    "SEGMENT",
    "SHARES",
    "Budget",
    "Chosen",
    "Evidence",
    "Frontier",
    "Grouping",
    "Lead",
    "Misses",
    "Point",
    "Proof",
    "Standing",
    "allocate",
    "prove",
]
