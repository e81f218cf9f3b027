"""Effects learnt from some rows: outcomes first, then what a learner makes of them, then as much of it as is borne out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smalti.models.arrays import Floats, Integers
from smalti.models.effects.data import EffectData
from smalti.models.effects.learners import Learner, Term, terms
from smalti.models.effects.outcomes import Outcomes, Setting, learn_outcomes, robust_scores, tamed
from smalti.models.effects.regression import (
    EVERY,
    Lesson,
    combined,
    costs,
    grow_all,
    mean_of,
    raw_of,
)
from smalti.models.effects.shrinking import Evidence, kept_of, mean_error, slope_of, widened
from smalti.models.supervised.inputs import Unlearnt, encode, find_inputs
from smalti.models.supervised.trees import Forest


@dataclass(frozen=True, eq=False)
class Arm:
    """What was learnt of one arm's effect.

    Attributes:
        place: Of the arm.
        forest: The effect of anyone, shrunk.
        parts: For each part the effect told by forests grown without it, shrunk alike.
        evidence: How it was come by.
    """

    place: int
    forest: Forest
    parts: tuple[Forest, ...]
    evidence: Evidence


@dataclass(frozen=True, eq=False)
class Learnt:
    """What was learnt from some rows.

    Attributes:
        outcomes: What comes under each arm.
        arms: The effect of each arm but the control.
        scores: Doubly robust scores of the rows learnt from, by outcomes held out; shape (n, arms), NaN elsewhere.
    """

    outcomes: Outcomes
    arms: tuple[Arm, ...]
    scores: Floats


def prepare(data: EffectData, seed: int) -> tuple[Setting, tuple[Unlearnt, ...]]:
    """Make an experiment ready for learning; say from which traits nothing can be learnt."""
    inputs, unlearnt = find_inputs(data.columns)
    setting = Setting(
        inputs=inputs,
        data=encode(inputs, data.columns) if inputs else (),
        arms=len(data.arms),
        control=data.control,
        arm=data.arm,
        probability=data.probability,
        outcome=data.outcome,
        tame=data.outcome,
        customer=np.unique(data.customers, return_inverse=True)[1],
        seed=seed,
    )
    return setting, unlearnt


def dealt(customer: Integers, parts: int, seed: int) -> Integers:
    """Deal rows into parts, evenly and at random, never splitting a customer; shape (n,).

    >>> dealt(np.array([0, 0, 7, 9]), 2, seed=1).tolist()
    [0, 0, 1, 0]
    """
    who, places = np.unique(customer, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(who))
    return np.asarray((order % parts)[places], dtype=np.int64)


def learn_effects(setting: Setting, names: Sequence[str], rows: Integers, parts: Integers, learner: Learner) -> Learnt:
    """Learn effects from some rows.

    Args:
        setting: The experiment.
        names: Of the arms.
        rows: The places of the rows to learn from: nothing is looked at of others, but what values their traits have.
        parts: The part of each of these rows, which never splits a customer; shape (rows,).
        learner: How.
    """
    setting = _tame(setting, rows)
    outcomes = learn_outcomes(setting, rows, parts)
    held = outcomes.held_out
    scores, tame = np.full(held.shape, np.nan), np.full(held.shape, np.nan)
    known = (held[rows], setting.arm[rows], setting.probability[rows])
    scores[rows] = robust_scores(*known, setting.outcome[rows])
    tame[rows] = robust_scores(*known, setting.tame[rows])
    raws = _raw_forests(setting, rows, parts, learner, outcomes, tame)
    arms = []
    for treatment, (raw, rounds) in zip(setting.treatments, raws, strict=True):
        effect = tuple((one[rows, treatment] - one[rows, setting.control]) for one in (scores, tame))
        arms.append(_shrunk(setting, (rows, parts), (treatment, names[treatment]), raw, rounds, effect))
    return Learnt(outcomes, tuple(arms), scores)


def _tame(setting: Setting, rows: Integers) -> Setting:
    given = {name: getattr(setting, name) for name in Setting.__dataclass_fields__}
    tame = setting.outcome.copy()
    tame[rows] = tamed(setting.outcome[rows])
    return Setting(**{**given, "tame": tame})


def _raw_forests(
    setting: Setting, rows: Integers, parts: Integers, learner: Learner, outcomes: Outcomes, tame: Floats
) -> list[tuple[tuple[Forest, ...], int]]:
    """Return for each treatment the raw effect by forests grown without each part, and the size found best."""
    if learner == "t":
        return [
            (
                tuple(combined([one[place], one[setting.control]], [1.0, -1.0]) for one in outcomes.parts),
                _size(outcomes),
            )
            for place in setting.treatments
        ]
    number = len(outcomes.parts)
    seen = (outcomes.held_out, tame)
    asked: list[tuple[int, int, Term]] = [
        (place, part, term)
        for place in setting.treatments
        for part in range(number)
        for term in terms(learner, setting, rows[parts != part], place, seen)
    ]
    grown = grow_all(setting.inputs, setting.data, [term.lesson for _, _, term in asked], setting.seed)
    raws = []
    for treatment in setting.treatments:
        forests = [
            [
                (one, term.factor)
                for (place, at, term), one in zip(asked, grown, strict=True)
                if (place, at) == (treatment, part)
            ]
            for part in range(number)
        ]
        raws.append(_best_size(setting, (rows, parts), forests, tame[:, treatment] - tame[:, setting.control]))
    return raws


def _size(outcomes: Outcomes) -> int:
    return max(len(forest.trees) for forests in outcomes.parts for forest in forests)


def _best_size(
    setting: Setting, where: tuple[Integers, Integers], forests: list[list[tuple[Forest, float]]], target: Floats
) -> tuple[tuple[Forest, ...], int]:
    """Take the size, for all parts alike, that tells the scores of the parts left out best."""
    rows, parts = where
    tried = []
    for part, terms_of in enumerate(forests):
        here = rows[parts == part]
        whole = _interleaved(terms_of)
        tried.append(costs(whole, setting.data, Lesson(here, target[here], 1), step=len(terms_of)))
    size = int(np.argmin(np.sum(tried, axis=0))) * EVERY
    return tuple(_interleaved(one, size) for one in forests), size


def _interleaved(forests: list[tuple[Forest, float]], size: int | None = None) -> Forest:
    """Return a sum of forests, the first tree of each before the second of any."""
    scaled = [combined([forest if size is None else forest.first(size)], [factor]) for forest, factor in forests]
    longest = max(len(one.trees) for one in scaled)
    trees = tuple(one.trees[place] for place in range(longest) for one in scaled if place < len(one.trees))
    return Forest(sum(one.start for one in scaled), trees)


def _shrunk(
    setting: Setting,
    where: tuple[Integers, Integers],
    arm: tuple[int, str],
    raw: tuple[Forest, ...],
    rounds: int,
    effect: tuple[Floats, Floats],
) -> Arm:
    """Draw what raw forests say towards the mean effect, by how far held-out scores bear it out."""
    rows, parts = where
    scores, tame = effect
    told, centres = np.empty(len(rows)), []
    for part, forest in enumerate(raw):
        here = raw_of(forest, setting.data, rows[parts == part])
        centres.append(float(here.mean()))
        told[parts == part] = here - centres[-1]
    customer, average = setting.customer[rows], float(scores.mean())
    slope, error = slope_of(told, tame - float(tame.mean()), customer)
    kept = kept_of(slope, error)
    evidence = Evidence(
        arm=arm[1],
        average=average,
        average_error=mean_error(scores - average, customer),
        slope=slope,
        slope_error=widened(error, slope),
        kept=kept,
        rounds=rounds,
        spread=kept * float(told.std()),
    )
    made = tuple(
        combined([forest], [kept], average - kept * centre) for forest, centre in zip(raw, centres, strict=True)
    )
    return Arm(arm[0], mean_of(made), made, evidence)
