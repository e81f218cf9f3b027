"""Effects from odd experiments: nothing is claimed of what cannot be known, and mistakes are told in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from smalti.errors import ModelError
from smalti.models.effects import EffectData, fit, fit_effects, out_of_fold, propensities
from smalti.models.supervised import Column


def made(rows=600, seed=1, arms=2, **given):
    rng = np.random.default_rng(seed)
    age, arm = rng.uniform(20, 80, rows), rng.integers(0, arms, rows)
    outcome = rng.normal(size=rows) + arm * (age > 50)
    names = ("none", "mail", "call")[:arms]
    data = EffectData((Column("age", "number", age),), names, arm, np.full(rows, 1 / arms), outcome)
    return replace(data, **given)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(fit, "_ENOUGH", 300)


def test_of_many_rows_some_are_drawn_and_nothing_of_the_own_fold_has_a_part_in_it(few):
    data, folds = made(1000), np.arange(1000) % 2
    setting, _ = fit.prepare(data, 3)
    others = np.flatnonzero(folds == 1)
    drawn = fit._drawn(others, setting, 3)
    assert 280 <= len(drawn) <= 320  # shares are dealt evenly, to a row each
    assert set(drawn.tolist()) < set(others.tolist())
    out = out_of_fold(data, folds, seed=3)
    rng, here = np.random.default_rng(9), folds == 0
    changed = replace(
        data,
        outcome=np.where(here, 1e6 * rng.normal(size=1000), data.outcome),
        arm=np.where(here, 1 - data.arm, data.arm),
        probability=np.where(here, 0.9, data.probability),
    )
    again = out_of_fold(changed, folds, seed=3)
    assert again.predicted[here].tobytes() == out.predicted[here].tobytes()
    assert again.effects[here].tobytes() == out.effects[here].tobytes()
    undrawn = np.setdiff1d(others, drawn)
    other = data.outcome.copy()
    other[undrawn] += 1e6
    assert (
        out_of_fold(replace(data, outcome=other), folds, seed=3).effects[here].tobytes() == out.effects[here].tobytes()
    )


def test_the_same_rows_are_drawn_each_time_and_others_by_another_seed(few):
    setting, _ = fit.prepare(made(1000), 3)
    every = np.arange(1000)
    one, two, other = (fit._drawn(every, setting, seed).tolist() for seed in (3, 3, 4))
    assert one == two
    assert one != other


def test_customers_are_drawn_whole_and_rare_arms_keep_all_rows(few):
    customer = np.arange(1000) // 4
    setting, _ = fit.prepare(made(1000, customer=customer), 3)
    drawn = fit._drawn(np.arange(1000), setting, 3)
    assert set(np.bincount(customer[drawn], minlength=250).tolist()) == {0, 4}
    rare = np.where(np.arange(1000) % 15 == 0, 1, 0)
    setting, _ = fit.prepare(made(1000, arm=rare), 3)
    assert len(fit._drawn(np.arange(1000), setting, 3)) == 1000
    assert len(fit._drawn(np.arange(300), setting, 3)) == 300


def test_an_outcome_that_never_changes_has_no_effects():
    data = made(outcome=np.full(600, 2.0))
    out = out_of_fold(data, np.arange(600) % 2, seed=1)
    assert (out.effects == 0).all()
    assert (out.predicted == 2).all()
    fitted = fit_effects(data, folds=2, seed=1)
    assert not fitted.evidence[0].shown
    assert {one.chance for one in fitted.groups} == {1.0}
    assert not any(one.shown for one in fitted.drivers)


def test_groups_of_a_few_customers_are_not_told():
    town = np.array(["here"] * 570 + ["there"] * 29 + ["nowhere"], dtype=object)
    fitted = fit_effects(made(columns=(Column("town", "category", town),)), folds=2, seed=1)
    assert [one.group for one in fitted.groups] == ["here"]
    # 40 rows of 8 customers are 8 customers
    town = np.array(["here"] * 560 + ["there"] * 40, dtype=object)
    given = {"columns": (Column("town", "category", town),), "customer": np.arange(600) // 5}
    assert [one.group for one in fit_effects(made(**given), folds=2, seed=1).groups] == ["here"]


def test_chances_of_1_for_arms_that_differ_are_told_to_be_wrong():
    told = fit_effects(made(probability=np.ones(600)), folds=2, seed=1).warnings
    assert sum("the probabilities are not those of the draw" in one for one in told) == 2
    right = fit_effects(made(), folds=2, seed=1).warnings
    assert not any("the probabilities are not" in one for one in right)


def test_traits_that_are_missing_or_never_seen_are_told_the_rest():
    age = np.random.default_rng(1).uniform(20, 80, 600)
    town = np.array(["here", "there", None], dtype=object)[np.arange(600) % 3]
    columns = (Column("age", "number", age), Column("town", "category", town))
    columns += (Column("nothing", "number", np.full(600, np.nan)),)
    fitted = fit_effects(made(columns=columns), folds=2, seed=1)
    odd = (
        Column("age", "number", np.array([np.nan, 1e300])),
        Column("town", "category", np.array(["mars", None], object)),
    )
    assert np.isfinite(fitted.effects(odd)).all()
    assert np.isfinite(fitted.effects_one({"age": None, "town": "mars"})).all()


def test_chances_are_not_estimated_from_what_does_not_fit():
    data = made()
    with pytest.raises(ModelError, match="age: expected 10 values, as many as arm has, got 600"):
        propensities(data.columns, data.arms, data.arm[:10])
    with pytest.raises(ModelError, match="arm: expected places in 2 arms, got -1 to 0"):
        propensities(data.columns, data.arms, data.arm - 1)
