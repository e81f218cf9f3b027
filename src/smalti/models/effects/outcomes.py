"""What comes under each arm, learnt so that no row is told by a fit that saw its customer, and doubly robust scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.models.arrays import Floats, Integers
from smalti.models.effects.regression import EVERY, Lesson, costs, grow_all, mean_of, raw_of
from smalti.models.supervised.inputs import Encoded, Input
from smalti.models.supervised.trees import Forest

_CAP = 0.995
_LEAF, _LEAF_SHARE = 20, 400


@dataclass(frozen=True, eq=False)
class Setting:
    """An experiment made ready for learning.

    Attributes:
        inputs: What can be learnt from.
        data: Their values, n each.
        arms: How many arms there are.
        control: The place of the control.
        arm: What was done, shape (n,).
        probability: The chance of it, shape (n,).
        outcome: What came of it, shape (n,).
        tame: The same with a few extreme outcomes capped: what shapes are learnt from.
        customer: The place of each row's customer, from 0 up without gaps; shape (n,).
        seed: Of what little is random.
    """

    inputs: tuple[Input, ...]
    data: Encoded
    arms: int
    control: int
    arm: Integers
    probability: Floats
    outcome: Floats
    tame: Floats
    customer: Integers
    seed: int

    @property
    def treatments(self) -> tuple[int, ...]:
        """The places of all arms but the control."""
        return tuple(place for place in range(self.arms) if place != self.control)


def tamed(outcome: Floats) -> Floats:
    """Cap outcomes at the 99.5th percentile of the sizes of those that are not 0, so that a few do not lead the trees.

    Whether something came (0 or 1) stays as it is.

    >>> tamed(np.array([0.0, 1.0, 1.0])).tolist()
    [0.0, 1.0, 1.0]
    """
    some = np.abs(outcome[outcome != 0])
    if not len(some):
        return outcome
    most = float(np.quantile(some, _CAP))
    return np.clip(outcome, -most, most)


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What comes under each arm.

    Attributes:
        forests: One for each arm: the mean of those of all parts.
        parts: For each part one forest per arm, grown without it.
        held_out: For each row, by the forests grown without its part, the outcome under each arm; shape (n, arms); NaN for
            rows not learnt from.
    """

    forests: tuple[Forest, ...]
    parts: tuple[tuple[Forest, ...], ...]
    held_out: Floats


def learn_outcomes(setting: Setting, rows: Integers, parts: Integers) -> Outcomes:
    """Learn what comes under each arm.

    For each part of the rows a forest per arm is grown on the other parts; the one size is taken that tells the rows left
    out best.

    Args:
        setting: The experiment.
        rows: The places of the rows to learn from.
        parts: The part of each of them, from 0 up without gaps, which never splits a customer; shape (rows,).
    """
    number = int(parts.max()) + 1
    cells = [(part, arm) for part in range(number) for arm in range(setting.arms)]
    arm = setting.arm[rows]
    grown = grow_all(
        setting.inputs,
        setting.data,
        [_lesson(setting, rows[(parts != part) & (arm == place)]) for part, place in cells],
        setting.seed,
    )
    tried = [
        costs(forest, setting.data, _lesson(setting, rows[(parts == part) & (arm == place)]))
        for (part, place), forest in zip(cells, grown, strict=True)
    ]
    size = int(np.argmin(np.sum(tried, axis=0))) * EVERY
    by_part = tuple(
        tuple(forest.first(size) for (part, _), forest in zip(cells, grown, strict=True) if part == wanted)
        for wanted in range(number)
    )
    held_out = np.full((len(setting.arm), setting.arms), np.nan)
    for part, forests in enumerate(by_part):
        here = rows[parts == part]
        for place, forest in enumerate(forests):
            held_out[here, place] = raw_of(forest, setting.data, here)
    together = tuple(mean_of([forests[place] for forests in by_part]) for place in range(setting.arms))
    return Outcomes(together, by_part, held_out)


def _lesson(setting: Setting, rows: Integers) -> Lesson:
    return Lesson(rows, setting.tame[rows], max(_LEAF, len(rows) // _LEAF_SHARE))


def robust_scores(predicted: Floats, arm: Integers, probability: Floats, outcome: Floats) -> Floats:
    """Return doubly robust scores: predicted outcomes, put right by what came where the arm was that one; shape (n, arms).

    Their mean over any customers is unbiased for the mean outcome had all of them been given the arm, where probabilities
    are right and the row had no part in the prediction (Robins, Rotnitzky and Zhao 1994).

    Args:
        predicted: The outcome under each arm, shape (n, arms).
        arm: What was done, shape (n,).
        probability: The chance of it, shape (n,).
        outcome: What came of it, shape (n,).

    >>> robust_scores(np.array([[1.0, 2.0]]), np.array([1]), np.array([0.5]), np.array([3.0])).tolist()
    [[1.0, 4.0]]
    """
    scores = predicted.copy()
    each = np.arange(len(arm))
    scores[each, arm] += (outcome - predicted[each, arm]) / probability
    return scores
