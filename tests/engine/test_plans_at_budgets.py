"""Plans at budgets: what is known is used, what comes of a fold never reaches its own plan, nothing is shown of noise."""

from dataclasses import replace

import numpy as np
import pytest

from smalti.engine.proving import Asked, Came, Trial, prove_trial
from smalti.engine.proving.expecting import believed, expected, shrunk
from smalti.engine.proving.learning import Learnt
from smalti.engine.proving.plans import Choosing, Setting, alike, first, plan_curve, stored, widened_errors
from smalti.engine.proving.segmenting import segmentations
from smalti.engine.proving.standing import standing
from smalti.errors import SmaltiError
from smalti.experiments.proof import Budget
from smalti.experiments.proof.cells import Cells
from smalti.models.supervised import Column

BUDGETS = (Budget("contacts", 0.1), Budget("contacts", 0.3), Budget("contacts", 1.0))


def drawn(rows=4_000, seed=1, likes=0.0, worth=0.0, new=0.0, folds=3):
    """A trial of money: a mail brings those who like it, are worth much or are new so much more."""
    rng = np.random.default_rng(seed)
    arm, isnew, like = rng.integers(0, 3, rows), rng.integers(0, 2, rows), rng.normal(size=rows)
    history, recency = rng.gamma(1.5, 60.0, rows), rng.integers(1, 13, rows).astype(np.float64)
    effect = (arm == 1) * (likes * like + worth * (history - 90) / 70 + new * isnew) + (arm == 2) * new * (1 - isnew)
    outcome = 5 + 0.01 * history + effect + rng.normal(0, 2.0, rows)
    columns = tuple(
        Column(name, "number", one.astype(np.float64))
        for name, one in (("new", isnew), ("like", like), ("history", history), ("recency", recency))
    )
    came = Came("spend", "money", outcome)
    given = (arm, np.full(rows, 1 / 3), (came,), columns, rng.integers(0, folds, rows))
    return Trial("drawn", ("none", "mail", "letter"), 0, *given), like


def told(trial, like=None):
    """What a fit might have told: outcomes at their mean, and effects by a trait."""
    level = np.full((trial.rows, 3), trial.outcomes[0].values.mean())
    effects = np.zeros((trial.rows, 3))
    if like is not None:
        effects[:, 1] = like
    return Learnt(level, level + effects, effects)


def setting(trial, learnt, cost=None):
    cuts = tuple(cut for cut in segmentations(trial.columns) if cut.name in ("new", "history"))
    return Setting(trial, trial.log(trial.outcomes[0]), learnt, cuts, cost)


def curve_of(trial, learnt, cost=None, **more):
    return plan_curve(setting(trial, learnt, cost), BUDGETS, **more)


def lead(curve, place, over):
    return next(one for one in curve.points[place].leads if one.over == over)


def test_what_is_learnt_for_each_person_is_used_where_it_proves_true():
    trial, like = drawn(likes=2.0)
    curve = curve_of(trial, told(trial, like))
    for rival in ("response", "value", "rfm", "lot"):
        assert lead(curve, 0, rival).low_together > 0
        assert lead(curve, 1, rival).low_together > 0


def test_what_rankings_know_the_plan_knows_too():
    trial, like = drawn(worth=1.5)
    noise = told(trial, np.random.default_rng(5).permutation(like))
    curve = curve_of(trial, noise)
    assert lead(curve, 1, "lot").low_together > 0
    assert lead(curve, 1, "value").high_together > 0
    assert abs(lead(curve, 1, "value").value) < 0.1


def test_what_works_in_a_segment_is_given_to_it():
    trial, _ = drawn(new=1.5)
    curve = curve_of(trial, told(trial))
    assert all(lead(curve, place, "lot").low_together > 0 for place in (1, 2))
    assert curve.points[-1].values[0].contacted > 0.95


def test_the_plan_stops_where_contacts_no_longer_pay_and_rankings_do_not():
    trial, _ = drawn(new=1.0)
    trial = replace(
        trial, arm=np.where(trial.arm == 2, 0, trial.arm), probability=np.where(trial.arm == 1, 1 / 3, 2 / 3)
    )
    curve = curve_of(trial, told(trial), np.array([0.0, 0.5, 50.0]))
    last = {one.policy: one for one in curve.points[-1].values}
    assert last["plan"].contacted < 0.7
    assert last["lot"].contacted == pytest.approx(1.0)
    assert last["plan"].value > last["lot"].value


def test_a_budget_in_money_is_kept():
    trial, like = drawn(600, likes=1.0)
    curve = plan_curve(setting(trial, told(trial, like), np.array([0.0, 0.2, 0.4])), (Budget("money", 30.0),))
    for one in curve.points[0].values:
        assert one.cost * trial.rows <= 30.0 + 1e-6
    assert plan_curve(setting(trial, told(trial, like)), (Budget("money", 100.0),)) is None


def test_what_came_of_a_fold_reaches_its_own_expectations_only_from_other_parts_of_it():
    trial, like = drawn(likes=1.0, new=0.5)
    stand, folds = standing(trial.columns), trial.folds
    spend = trial.outcomes[0].values
    changed = Came("spend", "money", np.where(folds == 0, spend[::-1] * 3 - 7, spend))
    moved = replace(trial, outcomes=(changed,))
    for learnt, same in ((told(trial), True), (told(trial, like), False)):
        made = setting(trial, learnt)
        before = expected(trial, made.log, learnt, made.cuts, stand).effects
        after = expected(moved, moved.log(changed), learnt, made.cuts, stand).effects
        assert np.allclose(before[folds == 0], after[folds == 0]) == same
        assert not np.allclose(before[folds != 0], after[folds != 0])
        assert not before[:, 0].any()


def test_no_part_of_a_fold_tells_its_own_expectations():
    trial, like = drawn(likes=1.0)
    learnt, stand = told(trial, like), standing(trial.columns)
    made = setting(trial, learnt)
    before = expected(trial, made.log, learnt, made.cuts, stand).effects
    here = Cells.of(trial.folds, None, 0).rows(0)
    values = trial.outcomes[0].values.copy()
    values[here] = values[here][::-1] * 5
    changed = Came("spend", "money", values)
    after = expected(replace(trial, outcomes=(changed,)), trial.log(changed), learnt, made.cuts, stand).effects
    assert np.allclose(before[here], after[here])
    assert not np.allclose(before, after)


def fitted(trial):
    """What straight lines for each arm tell out of fold: with all the luck that folds share which teach each other."""
    values, known = trial.outcomes[0].values, [one.values for one in trial.columns]
    design = np.column_stack([np.ones(trial.rows), *known])
    predicted = np.zeros((trial.rows, 3))
    for fold in range(int(trial.folds.max()) + 1):
        here = trial.folds == fold
        for place in range(3):
            seen = ~here & (trial.arm == place)
            predicted[here, place] = design[here] @ np.linalg.lstsq(design[seen], values[seen], rcond=None)[0]
    return Learnt(predicted, predicted, predicted - predicted[:, [0]])


def test_what_is_told_twice_is_kept_without_the_luck_of_the_part_itself():
    """Her response and her own effect tell different things here: the second is judged after the first, in other parts."""
    trial, like = drawn(2_000, likes=1.5)
    level = np.random.default_rng(8).normal(size=trial.rows) + like
    learnt, stand = told(trial, like), standing(trial.columns)
    learnt = replace(learnt, predicted=learnt.predicted + level[:, None])
    made, cells = setting(trial, learnt), Cells.of(trial.folds, None, 0)
    before = expected(trial, made.log, learnt, made.cuts, stand)
    here = cells.rows(0)
    values = trial.outcomes[0].values.copy()
    values[here] = values[here][::-1] * 5
    changed = Came("spend", "money", values)
    moved = replace(trial, outcomes=(changed,))
    after = expected(moved, moved.log(changed), learnt, made.cuts, stand)
    assert np.allclose(before.effects[here], after.effects[here])
    assert not np.allclose(before.effects, after.effects)
    assert sorted(np.concatenate(before.parts).tolist()) == list(range(trial.rows))


def test_what_came_of_a_part_never_reaches_its_own_plan():
    """Parts of a fold do not compete for one budget: else the luck of one would give it more of it."""
    trial, like = drawn(2_000, likes=1.5)
    learnt, stand = told(trial, like), standing(trial.columns)
    here = Cells.of(trial.folds, None, 0).rows(0)
    values = trial.outcomes[0].values.copy()
    values[here] = values[here][::-1] * 5
    changed = Came("spend", "money", values)
    moved = replace(trial, outcomes=(changed,))
    plans = []
    for one in (trial, moved):
        made = setting(one, learnt)
        known = expected(one, made.log, learnt, made.cuts, stand)
        plans.append(Choosing(made, known, stand, 0).at(BUDGETS[1])["plan"])
    assert (plans[0][here] == plans[1][here]).all()
    assert (plans[0] != plans[1]).any()
    assert plans[0][:, 1:].sum() <= 0.3 * trial.rows + 1e-9


def test_errors_are_widened_for_what_is_learnt_and_never_more_than_doubled():
    covariance = np.array([[2.0, 1.0, 1.0, 1.0], [1.0, 3.0, 1.0, 1.0], [1.0, 1.0, 4.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
    names = ("plan", "response", "value", "lot")
    settled, leads = widened_errors(names, covariance, 0.0)
    assert np.allclose(settled**2, [3.0, 5.0, 4.0, 1.0])
    assert np.allclose(leads**2, [0.0, 6.0, 5.0, 2.0])
    unsettled, same = widened_errors(names, covariance, 1.0)
    assert np.allclose(unsettled**2, [4.0, 6.0, 5.0, 2.0])
    assert np.allclose(leads, same)


def test_noise_is_left_to_the_lot():
    better = worse = 0
    for seed in range(2):
        trial, _ = drawn(1_500, seed)
        curve = curve_of(trial, fitted(trial))
        better += any(one.low_together > 0 for point in curve.points for one in point.leads)
        worse += any(one.high_together < 0 for point in curve.points for one in point.leads)
    assert better <= 1
    assert worse <= 1


@pytest.mark.slow
@pytest.mark.parametrize("mean", [0.0, 0.5])
def test_intervals_hold_where_customers_do_not_differ(mean):
    """Nothing works, or a mail works for all alike: no way of choosing is truly better than another."""
    held, shown = [], []
    for seed in range(60):
        trial, _ = drawn(1_500, seed)
        values = trial.outcomes[0].values + mean * (trial.arm == 1)
        trial = replace(trial, outcomes=(Came("spend", "money", values),))
        curve = curve_of(trial, fitted(trial))
        leads = [one for point in curve.points[:2] for one in point.leads if one.error > 0]
        held += [one.low <= 0 <= one.high for one in leads]
        shown.append(any(one.low_together > 0 for one in leads))
    assert np.mean(held) > 0.93
    assert np.mean(shown) < 0.06


def test_the_same_seed_gives_the_same_curve():
    trial, like = drawn(1_000, likes=1.0)
    assert curve_of(trial, told(trial, like), seed=3) == curve_of(trial, told(trial, like), seed=3)


def test_it_is_part_of_what_is_proven():
    trial, _ = drawn(450, new=1.0, folds=2)
    (outcome,) = prove_trial(trial, Asked(budgets=BUDGETS, folds=2)).outcomes
    plans = outcome["plans"]
    assert [one["budget"]["amount"] for one in plans["points"]] == [0.1, 0.3, 1.0]
    assert plans["columns"] == {"value": "history", "recency": "recency"}
    assert [one["policy"] for one in plans["points"][0]["values"]] == ["plan", "response", "value", "rfm", "lot"]


def test_there_is_no_plan_where_nothing_is_known_of_customers():
    trial, _ = drawn(300)
    bare = replace(trial, columns=())
    assert curve_of(bare, told(bare)) is None


def test_how_customers_stand_is_found_by_name_or_said():
    trial, _ = drawn(300)
    assert dict(standing(trial.columns).columns) == {"value": "history", "recency": "recency"}
    said = standing(trial.columns, (("frequency", "like"), ("value", "recency")))
    assert dict(said.columns) == {"value": "recency", "recency": "recency", "frequency": "like"}
    with pytest.raises(SmaltiError, match=r"rank value: found 'histry', wanted one of .* did you mean 'history'"):
        standing(trial.columns, (("value", "histry"),))
    with pytest.raises(SmaltiError, match=r"rank: found 'worth', wanted one of value, recency, frequency"):
        standing(trial.columns, (("worth", "history"),))
    assert standing((Column("plan", "category", np.array(["a"] * 300, dtype=object)),)).rfm is None


def test_missing_values_rank_last():
    values = np.array([np.nan, 3.0, 1.0, 2.0, 5.0, 4.0])
    found = standing([Column("history", "number", values)])
    assert found.value.argmin() == 0


def test_the_first_share_a_margin_and_equals_share_a_lot():
    assert first(np.array([1.0, 1.0, 1.0, 1.0]), 1.0).tolist() == [0.25] * 4
    assert first(np.array([1.0, 2.0]), 5.0).tolist() == [1.0, 1.0]
    chance = np.eye(3)
    assert alike(np.array([[1.0, 2.0], [3.0, 2.0], [4.0, 2.0]]), chance) is chance


def test_slopes_are_believed_as_far_as_they_are_shown():
    assert believed(float("nan"), float("nan")) == 0.0
    assert 0 < believed(0.5, 0.1) < 0.5
    assert shrunk(np.array([4.0, 0.0]), np.eye(2))[0] < 4.0


def test_a_curve_is_stored_as_plain_values():
    trial, _ = drawn(600)
    form = stored(curve_of(trial, told(trial)))
    assert set(form) == {"points", "columns", "gap", "level"}
    assert form["points"][0]["budget"] == {"kind": "contacts", "amount": 0.1}
