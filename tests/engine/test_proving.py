"""Trials proven: noise yields nothing, what works is found, chances that vary are weighed, costs and worths are counted."""

import numpy as np
import pytest

from smalti.engine.proving import Asked, Came, Trial, prove_trial
from smalti.engine.proving.learning import learn
from smalti.engine.proving.readouts import average_effects, differing, everyone, is_even
from smalti.engine.proving.segmenting import segmentations
from smalti.errors import ModelError, SmaltiError
from smalti.experiments.proof import Budget
from smalti.models.supervised import Column

FEW = (Budget("contacts", 0.2), Budget("contacts", 1.0))


def drawn(rows=3_000, effect=0.0, seed=2, folds=3, known=True):
    """Two arms by even chances; `effect` is added to the chance of buying of those who are new."""
    rng = np.random.default_rng(seed)
    arm, new = rng.integers(0, 2, rows), rng.integers(0, 2, rows)
    bought = (rng.random(rows) < 0.2 + effect * arm * new).astype(np.float64)
    columns = (
        Column("new", "number", new.astype(np.float64)),
        Column("age", "number", rng.uniform(18, 80, rows)),
    )
    return Trial(
        name="drawn",
        arms=("none", "mail"),
        control=0,
        arm=arm,
        probability=np.full(rows, 0.5),
        outcomes=(Came("bought", "rate", bought),),
        columns=columns if known else (),
        folds=rng.integers(0, folds, rows),
        planned=(0.5, 0.5),
    )


def test_noise_yields_nothing():
    found = prove_trial(drawn(), Asked(budgets=FEW))
    assert found.proof().recommended == "nothing"
    assert not found.proof().misses.shown
    (outcome,) = found.outcomes
    assert [one["answer"] for one in outcome["effects"]] == ["cannot tell yet"]
    assert outcome["drivers"] == []
    assert not any(one["differ"] for one in outcome["differing"])
    assert found.sentences == ("Leave it at none for all: nothing is shown to be better.",)


def test_what_works_for_some_is_found_and_so_is_for_whom():
    found = prove_trial(drawn(effect=0.35), Asked(budgets=FEW, cost=((None, 0.1),), worth=((None, 1.0),)))
    (outcome,) = found.outcomes
    assert outcome["unit"] == "money"
    assert found.proof().recommended == "segment"
    assert found.proof().best_segmentation == "new"
    assert [one["segment"] for one in outcome["proof"]["segments"] if one["arm"] == "mail"] == ["new: yes"]
    surest = outcome["differing"][0]
    assert (surest["segmentation"], surest["differ"]) == ("new", True)
    assert outcome["rankings"][0]["shown"]
    shown = [one["name"] for one in outcome["drivers"] if one["shown"]]
    assert shown[:1] == ["new"]


def test_nothing_known_leaves_one_for_all():
    found = prove_trial(drawn(effect=0.5, known=False), Asked(budgets=FEW))
    (outcome,) = found.outcomes
    assert found.proof().recommended == "generic"
    assert not outcome["told_apart"]
    assert outcome["rankings"] == outcome["differing"] == []
    assert "cannot be told apart" in outcome["notes"][0]


def test_too_few_to_learn_from_are_still_read_out():
    found = prove_trial(drawn(60), Asked(budgets=FEW))
    (outcome,) = found.outcomes
    assert "One-to-one could not be tried" in outcome["notes"][0]
    assert len(outcome["effects"]) == 1


def test_means_of_the_other_folds_never_see_their_own():
    trial = drawn(400, known=False)
    told = learn(trial, trial.outcomes[0].values, "dr", 0).predicted
    for fold in range(3):
        here = trial.folds == fold
        for place in range(2):
            others = ~here & (trial.arm == place)
            assert np.allclose(told[here, place], trial.outcomes[0].values[others].mean())


def test_chances_that_vary_are_weighed():
    rng = np.random.default_rng(7)
    rows, effect = 20_000, 0.3
    likes = rng.random(rows)
    chance = 0.2 + 0.6 * likes
    arm = (rng.random(rows) < chance).astype(np.int64)
    values = likes + effect * arm + rng.normal(0, 0.5, rows)
    probability = np.where(arm == 1, chance, 1 - chance)
    outcome = Came("spend", "money", values)
    trial = Trial(
        "logged", ("none", "mail"), 0, arm, probability, (outcome,), (), rng.integers(0, 3, rows), logged=True
    )
    assert not is_even(trial)
    predicted = learn(trial, values, "dr", 0).predicted
    (told,) = average_effects(trial, "spend", trial.log(outcome), predicted, 0.95)
    plain = values[arm == 1].mean() - values[arm == 0].mean()
    assert told.low < effect < told.high
    assert plain > told.high
    worth = everyone(trial, trial.log(outcome), predicted, 0.95)
    assert [one.arm for one in worth] == ["none", "mail"]
    assert all(one.low < truth < one.high for one, truth in zip(worth, (0.5, 0.8), strict=True))
    assert all(one.ess < rows for one in worth)


def test_false_alarms_among_segments_stay_rare():
    alarms = 0
    for seed in range(30):
        trial = drawn(2_000, seed=seed)
        came = trial.outcomes[0]
        found = differing(trial, came.name, trial.log(came), segmentations(trial.columns), 0.95)
        alarms += any(one.differ for one in found)
    assert alarms <= 5


def test_large_amounts_are_capped_alike_and_said():
    trial = drawn(300)
    values = trial.outcomes[0].values * 20
    values[0] = 5_000
    spend = Trial(
        "capped", trial.arms, 0, trial.arm, trial.probability, (Came("spend", "money", values),), (), trial.folds
    )
    (outcome,) = prove_trial(spend, Asked(budgets=FEW, cap=((None, 100.0),))).outcomes
    assert "capped at 100: 1 customer was above it" in outcome["notes"][0]
    assert max(one["value"] for one in outcome["effects"]) < 10


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (Asked(cost=(("male", 1.0),)), "cost: found 'male', .* did you mean 'mail'"),
        (Asked(worth=(("sold", 1.0),)), "worth: found 'sold', wanted one of bought"),
    ],
)
def test_names_that_are_not_there(asked, wanted):
    with pytest.raises(SmaltiError, match=wanted):
        prove_trial(drawn(200), asked)


def test_a_trial_has_one_value_for_each_row():
    with pytest.raises(ModelError, match="folds: expected 2 rows as in arm, got 1"):
        Trial("a", ("x", "y"), 0, np.array([0, 1]), np.full(2, 0.5), (), (), np.array([0]))
    with pytest.raises(ModelError, match="control"):
        Trial("a", ("x", "y"), 2, np.array([0, 1]), np.full(2, 0.5), (), (), np.array([0, 1]))
