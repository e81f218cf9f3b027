from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.errors import ModelError
from smalti.models.effects import (
    LEARNERS,
    EffectData,
    FittedEffects,
    fit_effects,
    out_of_fold,
    propensities,
    regression,
    robust_scores,
)
from smalti.models.effects.drivers import groups_of
from smalti.models.effects.outcomes import tamed
from smalti.models.effects.shrinking import kept_of, slope_of
from smalti.models.supervised import Column


def world(rows, seed, strength=1.0, arms=2):
    """Arm 1 does something to gold customers only, `strength` times; two traits are noise; chances vary."""
    rng = np.random.default_rng(seed)
    plan = np.array(["gold", "iron", None], dtype=object)[rng.integers(0, 3, rows)]
    age, noise = rng.uniform(20, 80, rows), rng.normal(size=rows)
    columns = (
        Column("plan", "category", plan),
        Column("age", "number", age, "years"),
        Column("noise", "number", noise),
    )
    chances = np.full((rows, arms), 0.5 / (arms - 1))
    chances[:, 0] = 0.5
    old = age > 50
    chances[old] = chances[old][:, ::-1]
    arm = (rng.random(rows)[:, None] > chances.cumsum(axis=1)).sum(axis=1).clip(0, arms - 1)
    effect = np.zeros((rows, arms))
    effect[:, 1] = strength * (plan == "gold")
    outcome = age / 40 + effect[np.arange(rows), arm] + 0.7 * rng.normal(size=rows)
    names = ("none", "mail", "call")[:arms]
    return EffectData(columns, names, arm, chances[np.arange(rows), arm], outcome), effect


@pytest.fixture(scope="module")
def told():
    data, effect = world(2400, 1)
    folds = np.arange(2400) % 2
    return data, effect, folds, out_of_fold(data, folds, seed=3)


@pytest.fixture(scope="module")
def fitted():
    data, _ = world(3000, 2)
    return data, fit_effects(data, folds=3, seed=3)


def test_who_differs_is_found(told):
    _, effect, _, out = told
    gold = effect[:, 1] > 0
    assert out.effects[gold, 1].mean() == pytest.approx(1.0, abs=0.2)
    assert out.effects[~gold, 1].mean() == pytest.approx(0.0, abs=0.2)
    assert out.effects[:, 0].tolist() == [0.0] * len(gold)
    assert all(one.shown for fold in out.evidence for one in fold)


def test_nothing_of_a_rows_own_fold_has_a_part_in_what_is_told_of_it(told):
    data, _, folds, out = told
    rng = np.random.default_rng(9)
    here = folds == 0
    changed = replace(
        data,
        outcome=np.where(here, rng.normal(size=len(data)) * 1e6, data.outcome),
        arm=np.where(here, rng.integers(0, 2, len(data)), data.arm),
        probability=np.where(here, 0.9, data.probability),
    )
    again = out_of_fold(changed, folds, seed=3)
    assert again.predicted[here].tolist() == out.predicted[here].tolist()
    assert again.effects[here].tolist() == out.effects[here].tolist()
    assert again.effects[~here].tolist() != out.effects[~here].tolist()


def test_the_same_input_gives_the_same_bytes_on_one_thread(told, monkeypatch):
    data, _, folds, out = told
    monkeypatch.setattr(regression, "side_by_side", lambda work, starts: [work(start) for start in starts])
    again = out_of_fold(data, folds, seed=3)
    assert again.effects.tobytes() == out.effects.tobytes()
    assert again.predicted.tobytes() == out.predicted.tobytes()


def test_what_is_expected_is_as_far_apart_as_effects_at_the_level_of_predictions(told):
    _, _, _, out = told
    assert out.expected - out.expected[:, [0]] == pytest.approx(out.effects)
    assert out.expected.mean(axis=1) == pytest.approx(out.predicted.mean(axis=1))


@pytest.mark.parametrize("learner", [one for one in LEARNERS if one != "dr"])
def test_every_learner_finds_who_differs(learner):
    data, effect = world(2400, 4)
    out = out_of_fold(data, np.arange(2400) % 2, learner, seed=3)
    gold = effect[:, 1] > 0
    assert out.effects[gold, 1].mean() - out.effects[~gold, 1].mean() == pytest.approx(1.0, abs=0.3)


def test_any_arm_can_be_the_control():
    data, effect = world(2400, 5, arms=3)
    out = out_of_fold(replace(data, control=1), np.arange(2400) % 2, seed=3)
    gold = effect[:, 1] > 0
    assert (out.effects[:, 1] == 0).all()
    for place in (0, 2):
        assert out.effects[gold, place].mean() == pytest.approx(-1.0, abs=0.3)
        assert out.effects[~gold, place].mean() == pytest.approx(0.0, abs=0.3)


@pytest.mark.slow
def test_on_noise_effects_are_nearly_the_same_for_everybody():
    spreads, shown = [], 0
    for seed in range(20):
        data, _ = world(2000, 100 + seed, strength=0.0)
        out = out_of_fold(data, np.arange(2000) % 2, seed=seed)
        spreads.append(np.mean([one.spread for fold in out.evidence for one in fold]))
        shown += sum(one.shown for fold in out.evidence for one in fold)
    # the standard error of the average effect is about .03
    assert np.median(spreads) == 0.0
    assert np.mean(spreads) < 0.02
    assert shown <= 8


def test_fitted_effects_tell_one_customer_what_they_tell_many(fitted):
    data, model = fitted
    many = model.effects(data.columns)[:50]
    for row in range(50):
        one = {column.name: column.values[row] for column in data.columns}
        assert model.effects_one(one).tobytes() == many[row].tobytes()


def test_fitted_effects_are_stored_as_numbers_and_texts(fitted):
    data, model = fitted
    again = FittedEffects.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again.effects(data.columns).tobytes() == model.effects(data.columns).tobytes()
    assert again.predicted(data.columns).tobytes() == model.predicted(data.columns).tobytes()
    assert (again.drivers, again.groups, again.evidence) == (model.drivers, model.groups, model.evidence)
    stored = model.to_dict()
    del stored["evidence"]
    with pytest.raises(ModelError, match="missing \\['evidence'\\]"):
        FittedEffects.from_dict(stored)


def test_drivers_are_found_and_noise_shows_as_nothing(fitted):
    _, model = fitted
    gains = {one.name: one for one in model.drivers}
    assert model.drivers[0].name == "plan"
    assert gains["plan"].shown
    # shuffling a trait that parts two thirds from one third by 1 doubles the variance of effects: 2 x 2/9
    assert gains["plan"].gain == pytest.approx(4 / 9, abs=0.2)
    assert abs(gains["noise"].gain) < 0.02
    assert sum(one.share for one in model.drivers) == pytest.approx(1.0)


def test_mean_effects_by_groups_are_told_with_errors(fitted):
    _, model = fitted
    by_plan = {one.group: one for one in model.groups if one.trait == "plan"}
    assert set(by_plan) == {"gold", "iron", "missing"}
    assert by_plan["gold"].effect == pytest.approx(1.0, abs=4 * by_plan["gold"].error)
    assert by_plan["iron"].effect == pytest.approx(0.0, abs=4 * by_plan["iron"].error)
    assert by_plan["gold"].chance < 1e-6
    assert sum(one.customers for one in by_plan.values()) == 3000
    assert {one.chance > 0.001 for one in model.groups if one.trait == "noise"} == {True}


def test_contributions_sum_to_the_effect_beyond_the_mean(fitted):
    data, model = fitted
    parts = model.contributions(data.columns, 1)
    assert parts.sum(axis=1) + model.effect_forests[1].expected == pytest.approx(model.effects(data.columns)[:, 1])


def test_without_anything_to_learn_from_all_are_told_the_average():
    data, _ = world(600, 6)
    bare = replace(data, columns=())
    out = out_of_fold(bare, np.arange(600) % 2, seed=1)
    assert len(np.unique(out.effects[:, 1])) == 2
    same = replace(data, columns=(Column("same", "number", np.ones(600)),))
    model = fit_effects(same, folds=2, seed=1)
    assert model.effects([Column("same", "number", np.ones(3))])[:, 1].tolist() == [model.evidence[0].average] * 3
    assert "customers were not shown to differ in the effect of mail: all are told the mean" in model.warnings
    assert "same is the same for everybody in what it was learnt from: it plays no part" in model.warnings


def test_rows_of_one_customer_are_not_taken_for_several():
    data, _ = world(1000, 7)
    twice = replace(data.take(np.tile(np.arange(1000), 2)), customer=np.tile(np.arange(1000), 2))
    once, doubled = fit_effects(data, folds=2, seed=1).evidence[0], fit_effects(twice, folds=2, seed=1).evidence[0]
    assert doubled.average_error == pytest.approx(once.average_error, rel=0.1)
    with pytest.raises(ModelError, match="expected each customer in one fold, got customer 0 in two"):
        out_of_fold(twice, np.repeat([0, 1], 1000))


@given(st.lists(st.tuples(st.floats(-10, 10), st.floats(-10, 10), st.floats(0.05, 0.95)), min_size=1, max_size=5))
def test_doubly_robust_scores_are_unbiased_whatever_was_predicted(rows):
    for truth, predicted, chance in rows:
        outcomes, told = np.array([truth, -truth]), np.array([[predicted, predicted / 2]])
        mean = np.zeros(2)
        for arm, probability in enumerate((1 - chance, chance)):
            scores = robust_scores(told, np.array([arm]), np.array([probability]), outcomes[[arm]])
            mean += probability * scores[0]
        assert mean == pytest.approx(outcomes, abs=1e-9)


@given(st.floats(-5, 5), st.floats(0, 5))
def test_shrinking_never_overshoots_and_never_turns_the_sign(slope, error):
    assert 0.0 <= kept_of(slope, error) <= max(slope, 0.0)


def test_a_model_that_says_the_same_of_all_has_no_slope():
    assert slope_of(np.zeros(3), np.array([-1.0, 0.0, 1.0]), np.arange(3)) == (0.0, 0.0)


@settings(max_examples=30)
@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=50))
def test_only_extreme_outcomes_are_capped(outcomes):
    given_, told = np.array(outcomes, dtype=float), tamed(np.array(outcomes, dtype=float))
    assert (np.abs(told) <= np.abs(given_)).all()
    assert (np.sign(told) == np.sign(given_)).all()
    assert (told != given_).sum() <= max(1, 0.02 * len(outcomes)) or len(set(np.abs(outcomes))) < len(outcomes)


def test_groups_of_numbers_are_quarters_and_equal_values_stay_together():
    names, places = groups_of(Column("age", "number", np.array([1.0, 1, 1, 1, 1, 1, 2, 9])))
    assert names == ("1", "2 to 9")
    assert np.bincount(places).tolist() == [6, 2]


def test_seldom_categories_are_one_group():
    values = np.array([f"c{place}" for place in range(12)] * 2 + [None], dtype=object)
    names, places = groups_of(Column("town", "category", values))
    assert len(names) == 10
    assert names[-2:] == ("other", "missing")
    assert len(places) == 25


def test_chances_are_estimated_and_put_effects_right_that_selection_had_turned():
    rng = np.random.default_rng(8)
    rich = rng.random(4000)
    arm = (rng.random(4000) < 0.2 + 0.6 * rich).astype(np.int64)
    outcome = 3 * rich - 0.3 * arm + 0.5 * rng.normal(size=4000)
    column = Column("rich", "number", rich)
    found = propensities([column], ("none", "mail"), arm, seed=1)
    naive = outcome[arm == 1].mean() - outcome[arm == 0].mean()
    model = fit_effects(EffectData((column,), ("none", "mail"), arm, found.chosen, outcome), folds=2, seed=1)
    assert naive > 0.2
    assert model.evidence[0].average == pytest.approx(-0.3, abs=0.1)
    assert found.chances.sum(axis=1) == pytest.approx(np.ones(4000))
    assert found.overlap.good
    assert abs(found.overlap.balance[0].after) < abs(found.overlap.balance[0].before) / 3
    assert found.warning.startswith("not an experiment:")


def test_arms_without_overlap_are_told_aloud():
    rng = np.random.default_rng(9)
    rich = rng.random(3000)
    arm = (rich + 0.02 * rng.normal(size=3000) > 0.5).astype(np.int64)
    found = propensities([Column("rich", "number", rich)], ("none", "mail"), arm, seed=1)
    assert not found.overlap.good
    assert found.overlap.trimmed > 0.5
    assert found.chances.min() == pytest.approx(0.02)
    assert "had next to no chance of some arm" in found.warning
    assert "Arms still differ after weighing, most of all in rich" in found.warning


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"arms": ("mail", "mail")}, "arms: expected two or more different names, got mail, mail"),
        ({"control": 2}, "control: expected a place in 2 arms, got 2"),
        ({"outcome": np.zeros(3)}, "outcome: expected 600 values, as many as arm has, got 3"),
        ({"probability": np.zeros(600)}, "probability: row 0: expected a chance above 0 and at most 1, got 0.0"),
        ({"arm": np.full(600, 2)}, "arm: row 0: expected a place in 2 arms, got 2"),
        ({"outcome": np.full(600, np.nan)}, "outcome: row 0: expected a finite number, got nan"),
        ({"columns": (Column("age", "number", np.zeros(600)),) * 2}, "expected each trait once, got twice: age"),
    ],
)
def test_data_that_does_not_fit_is_refused(wrong, words):
    data, _ = world(600, 10)
    with pytest.raises(ModelError, match=words):
        replace(data, **wrong)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda data: fit_effects(data, "drr"), "learner: found 'drr', wanted one of dr, t, x, r; did you mean 'dr'?"),
        (lambda data: fit_effects(data, folds=1), "folds: expected 2 to 20, got 1"),
        (lambda data: fit_effects(data.take(np.arange(60))), r"arm \w+: found \d+ customers, wanted at least 50"),
        (lambda data: out_of_fold(data, np.zeros(5, int)), r"folds: expected 600 rows as in arm, got \(5,\)"),
        (lambda data: out_of_fold(data, np.zeros(600, int)), "folds: expected at least two, got 1"),
        (lambda data: out_of_fold(data, np.arange(600) // 590), "without fold 0: arm none: found"),
        (lambda data: propensities([], data.arms, data.arm), "expected one or more traits to estimate chances from"),
        (lambda data: propensities(data.columns, data.arms, data.arm * 0), "arm mail: found 0 customers"),
    ],
)
def test_too_little_and_wrong_words_are_told(ask, words):
    data, _ = world(600, 11)
    with pytest.raises(ModelError, match=words):
        ask(data)
