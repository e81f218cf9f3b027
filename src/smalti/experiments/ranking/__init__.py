"""How well a score ranks customers by what a treatment does to them: one definition, whatever the outcome.

Every customer has one number that is unbiased for her effect: the doubly robust score of her arm less that of the control,
less what the arm costs. Summed from the highest score down, tied customers together, these numbers are the uplift curve,
and every measure is an average of them, so that nothing depends on the order of rows, a constant score is worth exactly 0,
and the best order there can be is the order of the numbers themselves.

- `effect`: `effect_numbers`, one number per customer, for one arm or for each customer's best of several
- `curve`: `uplift_curve` to an `UpliftCurve`: gain per customer by share treated, ties collapsed; `within_folds`
  for scores told out of fold
- `measures`: area under it, Qini, AUTOC and their influence functions
- `quality`: `judge_ranking` and `judge_best_arm` to a `RankingQuality`; `qini_difference` of two rankings, paired
- `resampling`: `bootstrap_error`, to hold the influence functions against
"""

from __future__ import annotations

from smalti.experiments.ranking.curve import UpliftCurve, uplift_curve, within_folds
from smalti.experiments.ranking.effect import best_arms, effect_numbers
from smalti.experiments.ranking.quality import (
    Measure,
    Point,
    RankingQuality,
    judge_best_arm,
    judge_ranking,
    qini_difference,
)
from smalti.experiments.ranking.resampling import bootstrap_error

__all__ = [
    "Measure",
    "Point",
    "RankingQuality",
    "UpliftCurve",
    "best_arms",
    "bootstrap_error",
    "effect_numbers",
    "judge_best_arm",
    "judge_ranking",
    "qini_difference",
    "uplift_curve",
    "within_folds",
]
