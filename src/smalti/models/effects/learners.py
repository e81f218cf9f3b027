"""How effects are learnt: the doubly robust learner and its alternatives, each as regressions whose forests are summed.

- `dr`: doubly robust scores of arm and control, subtracted, regressed on the traits (Kennedy 2023)
- `t`: outcomes under the arm less outcomes under the control (Kuenzel et al. 2019)
- `x`: what came less what the other arm's model says, regressed within each arm, weighed by the arms' shares (the same)
- `r`: what came less its mean, over the arm less its chance, regressed with weights (Nie and Wager 2021)

Where chances vary from row to row, `x` and `r` count each row by the share of its arm over its chance: among rows so counted
the arms are as in a draw at these shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from smalti.models.arrays import Floats, Integers
from smalti.models.effects.outcomes import Setting
from smalti.models.effects.regression import Lesson

Learner: TypeAlias = Literal["dr", "t", "x", "r"]
"""How effects are learnt."""

LEARNERS: tuple[Learner, ...] = ("dr", "t", "x", "r")

_LEAF, _LEAF_SHARE = 50, 100
_LEAVES, _MOST = 4, 200_000


@dataclass(frozen=True, eq=False)
class Term:
    """One regression of a learner.

    Attributes:
        lesson: What to learn.
        factor: What its forest is multiplied by in the sum.
    """

    lesson: Lesson
    factor: float


def terms(
    learner: Learner, setting: Setting, rows: Integers, treatment: int, seen: tuple[Floats, Floats]
) -> tuple[Term, ...]:
    """Return the regressions that a learner asks for; none for `t`, which subtracts what is there already.

    Args:
        learner: Which.
        setting: The experiment.
        rows: The places of the rows to learn from.
        treatment: The place of the arm.
        seen: For all rows, outcomes under each arm held out, and their doubly robust scores; both of shape (n, arms).
    """
    predicted, scores = seen
    control = setting.control
    if learner == "dr":
        return (Term(_lesson(rows, scores[rows, treatment] - scores[rows, control]), 1.0),)
    shares = np.bincount(setting.arm[rows], minlength=setting.arms) / len(rows)
    given, kept = rows[setting.arm[rows] == treatment], rows[setting.arm[rows] == control]
    share = float(shares[treatment] / (shares[treatment] + shares[control]))
    if learner == "x":
        more = setting.tame[given] - predicted[given, control]
        less = predicted[kept, treatment] - setting.tame[kept]
        counted = [_counted(setting, one, shares) for one in (given, kept)]
        return (
            Term(_lesson(given, more, counted[0]), 1.0 - share),
            Term(_lesson(kept, less, counted[1]), share),
        )
    if learner == "r":
        both = np.sort(np.concatenate([given, kept]))
        apart = (setting.arm[both] == treatment) - share
        mean = share * predicted[both, treatment] + (1.0 - share) * predicted[both, control]
        weight = _counted(setting, both, shares) * apart**2
        return (Term(_lesson(both, (setting.tame[both] - mean) / apart, weight), 1.0),)
    return ()


def _lesson(rows: Integers, target: Floats, weight: Floats | None = None) -> Lesson:
    """Ask for small trees, since effects are told by noisy scores; of very many rows as many as `_MOST`, evenly drawn."""
    if len(rows) > _MOST:
        some = np.linspace(0, len(rows) - 1, _MOST).astype(np.int64)
        rows, target, weight = rows[some], target[some], None if weight is None else weight[some]
    return Lesson(rows, target, max(_LEAF, len(rows) // _LEAF_SHARE), weight, _LEAVES)


def _counted(setting: Setting, rows: Integers, shares: Floats) -> Floats:
    return np.asarray(shares[setting.arm[rows]] / setting.probability[rows])
