"""Effects per customer: what an arm does to her beyond what the control would, learnt from an experiment.

Arrays in, frozen values out. Chances with which arms were given are known, or estimated and then doubted aloud:

- `data`: `EffectData`: traits before the decision, the arm, its chance, what came of it
- `fit`: `out_of_fold`: outcomes and effects of the experiment's own customers, by fits that never saw their fold;
  `fit_effects` to a `FittedEffects`, which tells effects of anyone
- `fitted`: `FittedEffects`: effects of many customers or of one, what each trait adds, how it is stored
- `learners`: doubly robust (the default), T-, X- and R-learner, each as regressions
- `learning`, `outcomes`: what comes under each arm, held out; doubly robust scores; forests of effects
- `shrinking`: how much of the differences between customers is kept; `Evidence`
- `drivers`: what effects depend on, told by customers left out; mean effects by groups
- `overlap`: `propensities` where nobody logged chances, and why to doubt what is learnt from them
- `regression`: boosted trees for means, several at once
"""

from __future__ import annotations

from smalti.models.effects.data import EffectData
from smalti.models.effects.drivers import Driver, GroupEffect
from smalti.models.effects.fit import OutOfFold, fit_effects, out_of_fold
from smalti.models.effects.fitted import FittedEffects
from smalti.models.effects.learners import LEARNERS, Learner
from smalti.models.effects.outcomes import robust_scores
from smalti.models.effects.overlap import Balance, Overlap, Propensities, propensities
from smalti.models.effects.shrinking import Evidence

__all__ = [
    "LEARNERS",
    "Balance",
    "Driver",
    "EffectData",
    "Evidence",
    "FittedEffects",
    "GroupEffect",
    "Learner",
    "OutOfFold",
    "Overlap",
    "Propensities",
    "fit_effects",
    "out_of_fold",
    "propensities",
    "robust_scores",
]
