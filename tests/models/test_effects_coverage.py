"""Intervals of effects hold as often as they say: drawn 1,000 times, with one-question trees in place of boosting."""

from __future__ import annotations

from functools import partial
from unittest.mock import patch

import numpy as np
import pytest

from smalti.models.effects import EffectData, fit_effects, learning, regression
from smalti.models.effects.shrinking import slope_of
from smalti.models.supervised import Column
from smalti.models.supervised.trees import Forest, Question, Tree

TIMES, ROWS = 1000, 600
PLANS = np.array(["gold", "iron", "tin"], dtype=object)
GAIN = np.array([0.0, 0.5, 1.5])


def stump(inputs, data, lesson, seed):
    """Grow a forest of one tree that asks of the dose alone."""
    high = data[0][lesson.rows] > 0
    start = float(lesson.target.mean())
    leaves = tuple(float(lesson.target[half].mean()) - start if half.any() else 0.0 for half in (~high, high))
    counts = (int((~high).sum()), int(high.sum()))
    return Forest(start, (Tree((Question(0, 0.0, None, False, -1, -2),), leaves, counts),))


def experiment(seed, strength):
    """The mail brings each plan something else, the dose says half of it; arms are drawn at chances that vary."""
    rng = np.random.default_rng([seed, 5])
    place = rng.integers(0, 3, ROWS)
    dose = np.where(place == 2, 1.0, -1.0) * np.where(rng.random(ROWS) < 0.8, 1, -1)
    effect = strength * GAIN[place]
    chance = np.where(dose > 0, 0.35, 0.6)
    arm = (rng.random(ROWS) < chance).astype(np.int64)
    outcome = 0.5 * dose + effect * arm + rng.normal(size=ROWS)
    columns = (Column("dose", "number", dose), Column("plan", "category", PLANS[place]))
    given = (arm, np.where(arm == 1, chance, 1 - chance), outcome)
    return EffectData(columns, ("none", "mail"), *given), effect


def held(times, strength):
    """How often each interval at 95 % held, and how often customers were shown to differ, in so many draws."""
    found, told = {}, []
    for seed in range(times):
        data, effect = experiment(seed, strength)
        seen = []
        with patch.object(learning, "slope_of", partial(watched, seen)):
            fitted = fit_effects(data, folds=5, seed=seed)
        one, raw, truth = fitted.evidence[0], seen[0], strength * GAIN
        note(found, "average", one.average, truth.mean(), one.average_error)
        for each in fitted.groups:
            if each.trait == "plan":
                note(found, "groups", each.effect, truth[PLANS.tolist().index(each.group)], each.error)
        found.setdefault("chance", []).append(
            all(each.chance >= 0.05 for each in fitted.groups if each.trait == "plan")
        )
        if one.slope_error > 0:
            note(found, "slope", one.slope, raw @ (effect - effect.mean()) / (raw @ raw), one.slope_error)
        told.append(one.shown)
    return {name: float(np.mean(one)) for name, one in found.items()}, float(np.mean(told)), found


def note(found, name, value, truth, error):
    found.setdefault(name, []).append(abs(value - truth) <= 1.96 * error)


def watched(seen, raw, scores, customer):
    seen.append(raw)
    return slope_of(raw, scores, customer)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(regression, "_grow", stump)


@pytest.mark.slow
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_averages_groups_and_slopes_lie_in_their_intervals(quick, strength):
    rates, shown, found = held(TIMES, strength)
    slack = 3 * (0.05 * 0.95 / TIMES) ** 0.5
    assert rates["average"] >= 0.95 - slack
    assert rates["groups"] >= 0.95 - slack
    if strength:
        assert rates["slope"] >= 0.95 - 3 * (0.05 * 0.95 / len(found["slope"])) ** 0.5
        assert shown >= 0.95
        assert rates["chance"] <= 0.05
    else:
        assert shown <= 0.05 + slack
        assert rates["chance"] >= 0.95 - slack


def test_intervals_hold_in_a_few_draws(quick):
    rates, shown, _ = held(30, 1.0)
    assert min(rates["average"], rates["groups"]) >= 0.8
    assert shown >= 0.9
