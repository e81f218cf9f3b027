"""Laws of the value of a policy: what must hold for every log, every policy and every estimator."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.errors import ModelError
from smalti.experiments import Logged, doubly_robust_scores
from smalti.experiments.policies import (
    ESTIMATORS,
    Evidence,
    as_logged,
    at_position,
    chosen_threshold,
    difference,
    everyone,
    influence_of,
    interval_of,
    value_of,
)

ARMS = ("none", "mail", "letter")


def invented(seed=0, rows=200, several=False):
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet(np.full(3, 5.0), rows)
    arm = (rng.random(rows)[:, None] > np.cumsum(chances, axis=1)[:, :-1]).sum(axis=1)
    outcome = rng.normal(arm, 1.0)
    customer = rng.integers(0, max(rows // 3, 2), rows) if several else None
    return Logged(ARMS, arm, chances[np.arange(rows), arm], outcome, customer)


LOGS = st.builds(invented, st.integers(0, 10**6), st.integers(20, 60), st.booleans())


def guesses(log, seed=1):
    return np.random.default_rng(seed).normal(0.5, 1.0, (log.rows, 3))


def policies(log, seed=2):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 3, log.rows), rng.dirichlet(np.ones(3), log.rows)


def every(log, policy, **others):
    return {one: value_of(log, policy, one, guesses(log), **others) for one in ESTIMATORS}


@settings(max_examples=25, deadline=None)
@given(LOGS)
def test_the_doubly_robust_value_is_the_mean_of_the_scores_under_the_policy(log):
    scores = doubly_robust_scores(log, guesses(log))
    for policy in policies(log):
        under = scores[np.arange(log.rows), policy] if policy.ndim == 1 else (policy * scores).sum(axis=1)
        assert value_of(log, policy, "dr", guesses(log)).value == pytest.approx(under.mean(), abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(LOGS)
def test_a_sure_probability_is_a_place(log):
    places, _ = policies(log)
    by_place, by_chance = every(log, places), every(log, np.eye(3)[places])
    for one in ESTIMATORS:
        assert by_place[one].value == pytest.approx(by_chance[one].value, abs=1e-12)
        assert by_place[one].low == pytest.approx(by_chance[one].low, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(LOGS, st.floats(-50, 50))
def test_what_is_self_normalised_moves_with_its_outcome(log, shift):
    _, policy = policies(log)
    moved = log.with_outcome(log.outcome + shift)
    assert value_of(moved, policy, "snipw").value == pytest.approx(
        value_of(log, policy, "snipw").value + shift, abs=1e-8
    )
    for one in ("dm", "dr", "sndr", "switch", "dros"):
        here = value_of(log, policy, one, guesses(log), threshold=2.0 if one in ("switch", "dros") else None)
        there = value_of(moved, policy, one, guesses(log) + shift, threshold=here.threshold)
        assert there.value == pytest.approx(here.value + shift, abs=1e-8), one


@settings(max_examples=25, deadline=None)
@given(LOGS)
def test_thresholds_lead_from_the_direct_estimate_to_the_doubly_robust_one(log):
    _, policy = policies(log)
    ends = {one: value_of(log, policy, one, guesses(log)).value for one in ("dm", "dr")}
    for one in ("switch", "dros"):
        assert value_of(log, policy, one, guesses(log), threshold=1e-12).value == pytest.approx(ends["dm"], abs=1e-5)
        assert value_of(log, policy, one, guesses(log), threshold=1e14).value == pytest.approx(ends["dr"], abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(LOGS)
def test_a_difference_is_that_of_the_values_and_turns_around(log):
    first, second = policies(log)
    cost = np.array([0.0, 0.1, 0.7])
    for one in ESTIMATORS:
        values = [value_of(log, policy, one, guesses(log), cost).value for policy in (first, second)]
        there = difference(log, first, second, one, guesses(log), cost)
        back = difference(log, second, first, one, guesses(log), cost)
        assert there.value == pytest.approx(values[0] - values[1], abs=1e-9)
        assert (back.value, back.low, back.high) == pytest.approx((-there.value, -there.high, -there.low), abs=1e-9)
        assert back.alike == pytest.approx(there.alike)


def test_a_policy_is_worth_no_more_than_itself():
    log = invented()
    policy = policies(log)[1]
    for one in ESTIMATORS:
        found = difference(log, policy, policy, one, guesses(log))
        assert (found.value, found.error, found.low, found.high, found.alike) == (0, 0, 0, 0, 1)
        assert not found.better
        assert not found.worse


@settings(max_examples=25, deadline=None)
@given(LOGS, st.floats(0.01, 9.0))
def test_a_cost_of_everything_is_taken_off_everything(log, cost):
    places, _ = policies(log)
    by_row = np.random.default_rng(3).random((log.rows, 3))
    for one in ESTIMATORS:
        free = value_of(log, places, one, guesses(log))
        costly = value_of(log, places, one, guesses(log), np.full(3, cost))
        assert (costly.value, costly.cost) == pytest.approx((free.value - cost, cost))
        assert costly.error == pytest.approx(free.error, abs=1e-12)
        varied = value_of(log, places, one, guesses(log), by_row)
        assert varied.cost == pytest.approx(by_row[np.arange(log.rows), places].mean())


def test_the_policy_that_made_the_log_is_worth_the_mean_outcome():
    log = invented(rows=300)
    shares = np.array([0.2, 0.3, 0.5])
    arm = np.repeat(np.arange(3), [60, 90, 150])
    log = Logged(ARMS, arm, shares[arm], log.outcome)
    for one in ("ipw", "snipw", "dr", "sndr"):
        predicted = np.broadcast_to(np.array([1.0, 2.0, 3.0]), (300, 3))
        found = value_of(log, as_logged(log, shares), one, predicted)
        assert found.value == pytest.approx(log.outcome.mean())
        assert found.ess == pytest.approx(300)


def test_rows_in_another_order_say_the_same():
    log = invented(several=True)
    order = np.random.default_rng(4).permutation(log.rows)
    for policy in policies(log):
        for one in ESTIMATORS:
            here = value_of(log, policy, one, guesses(log))
            there = value_of(log.where(order), policy[order], one, guesses(log)[order])
            assert (here.value, here.low, here.high) == pytest.approx((there.value, there.low, there.high), abs=1e-12)


def test_a_customer_told_twice_knows_no_more_than_once():
    log = invented()
    twice = np.repeat(np.arange(log.rows), 2)
    copied = Logged(ARMS, log.arm[twice], log.probability[twice], log.outcome[twice], twice)
    policy = policies(log)[1]
    for one in ESTIMATORS:
        once = value_of(log, policy, one, guesses(log))
        again = value_of(copied, policy[twice], one, guesses(log)[twice])
        assert (again.value, again.error, again.low) == pytest.approx((once.value, once.error, once.low))


def test_positions_pick_what_a_policy_does_at_each():
    by_row = np.random.default_rng(5).dirichlet(np.ones(3), (4, 2)).transpose(0, 2, 1)
    position = np.array([1, 0, 0, 1])
    taken = at_position(by_row, position)
    assert np.array_equal(taken, by_row[np.arange(4), :, position])
    assert np.array_equal(at_position(by_row[0], position), by_row[0].T[position])
    with pytest.raises(ModelError, match=r"position: expected a place in 2 positions, got 0 to 2"):
        at_position(by_row, np.array([0, 1, 2, 0]))


@pytest.mark.parametrize("estimator", ["dm", "switch", "dros"])
def test_an_interval_that_leans_on_predictions_holds_that_of_the_doubly_robust(estimator):
    log = invented(rows=400)
    policy = policies(log)[1]
    wrong = np.full((400, 3), 9.0)
    sure = value_of(log, policy, "dr", wrong)
    found = value_of(log, policy, estimator, wrong, threshold=None if estimator == "dm" else 1e-3)
    assert found.low <= sure.low
    assert found.high >= sure.high
    assert any("predictions are wrong by more than chance" in told for told in found.warnings)


def test_the_log_chooses_to_tame_only_what_needs_it():
    log = invented(rows=2000)
    evidence = Evidence.of(log, policies(log)[1], np.tile([0.0, 1.0, 2.0], (2000, 1)))
    right = chosen_threshold(evidence, "switch")
    biased = Evidence.of(log, policies(log)[1], np.full((2000, 3), -30.0))
    assert right < np.inf
    assert chosen_threshold(biased, "switch") > right
    tamed = influence_of(evidence, "switch", right)
    assert tamed.std() < influence_of(evidence, "dr").std()


def test_an_arm_that_the_log_never_shows_is_told():
    log = invented()
    log = Logged((*ARMS, "call"), log.arm, log.probability, log.outcome)
    some = as_logged(log, np.array([0.0, 0.75, 0.0, 0.25]))
    found = value_of(log, some, "ipw")
    assert found.overlap.unseen == (("call", 0.25),)
    assert "the policy wants 'call' in 25.0 % of decisions, and the log never shows it" in found.warnings
    called, predicted = everyone(log, "call"), np.ones((log.rows, 4))
    for estimator in ESTIMATORS:
        if estimator != "dm":
            with pytest.raises(
                ModelError, match="policy: the log never shows what it would do, so that nothing is known"
            ):
                value_of(log, called, estimator, predicted)
            with pytest.raises(ModelError, match="other: the log never shows what it would do"):
                difference(log, everyone(log, "mail"), called, estimator, predicted)
    trusting = value_of(log, called, "dm", predicted)
    assert (trusting.value, trusting.ess) == (1.0, 0.0)
    assert any("never shows it" in one for one in trusting.warnings)


def test_where_all_came_out_alike_the_interval_is_said_to_know_nothing():
    log = Logged(ARMS, np.tile([0, 1, 2], 100), np.full(300, 1 / 3), np.zeros(300))
    told = value_of(log, everyone(log, "mail"), "ipw")
    assert (told.low, told.high) == (0.0, 0.0)
    assert told.warnings == (
        "everything that speaks for the policy came out alike: the interval knows nothing of chance",
    )
    assert not value_of(log.with_outcome(np.arange(300.0)), everyone(log, "mail"), "ipw").warnings


def test_a_weight_that_is_one_but_for_rounding_is_no_warning():
    log = Logged(("none", "mail"), np.tile([0, 1], 150), np.tile([0.3, 0.7], 150), np.arange(300.0))
    nearly = np.tile([0.1 + 0.2, 1 - (0.1 + 0.2)], (300, 1))
    assert not value_of(log, nearly, "ipw").warnings


def test_lists_and_columns_are_taken_and_nonsense_is_told():
    plain = Logged(ARMS, [0, 1], [1, 0.5], [True, False], [3, 3])
    assert [getattr(plain, name).dtype.kind for name in ("arm", "probability", "outcome", "customer")] == list("iffi")
    for wrong in ({"arm": [0.0, 1.0]}, {"arm": [[0], [1]]}, {"outcome": ["a", "b"]}, {"customer": [0.5, 1.0]}):
        given = {"arm": [0, 1], "probability": [1.0, 1.0], "outcome": [0.0, 0.0], "customer": [0, 1]} | wrong
        with pytest.raises(ModelError, match=f"{next(iter(wrong))}: expected one row of"):
            Logged(ARMS, **given)


def test_probabilities_that_are_not_those_of_the_draw_are_told():
    log = invented(rows=3000)
    wrong = Logged(ARMS, log.arm, np.minimum(log.probability * 1.5, 1.0), log.outcome)
    policy = as_logged(log, np.full(3, 1 / 3))
    assert not value_of(log, policy, "ipw").warnings
    assert "should be 1" in value_of(wrong, policy, "ipw").warnings[0]


def test_a_log_of_little_overlap_says_how_little_it_knows():
    rng = np.random.default_rng(6)
    arm = (rng.random(1000) < 0.02).astype(np.int64)
    log = Logged(("none", "mail"), arm, np.where(arm == 1, 0.02, 0.98), rng.random(1000))
    found = value_of(log, everyone(log, "mail"), "ipw")
    assert found.ess == pytest.approx(arm.sum())
    assert found.largest_weight == pytest.approx(50)
    assert f"as much about this policy as {arm.sum()} decisions" in found.warnings[0]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"estimator": "snips"}, r"estimator: found 'snips', wanted one of ipw, .*; did you mean 'snipw'\?"),
        (
            {"estimator": "dr"},
            "predicted: 'dr' needs the predicted outcome under each arm; without it take ipw or snipw",
        ),
        ({"estimator": "ipw", "threshold": 2.0}, "threshold: only switch and dros have one, got 2.0 for 'ipw'"),
        ({"estimator": "switch", "threshold": 0.0, "predicted": 1}, "threshold: expected a number above 0, got 0.0"),
        ({"estimator": "ipw", "level": 95}, "level: expected a share between 0 and 1, such as 0.95, got 95"),
        (
            {"estimator": "ipw", "cost": np.zeros(2)},
            r"cost: expected one for each of 3 arms, or \(200, 3\), got shape \(2,\)",
        ),
        ({"estimator": "ipw", "cost": np.full(3, np.nan)}, "cost: expected finite numbers"),
        ({"estimator": "dr", "predicted": np.zeros((200, 2))}, r"\(200, 3\), got \(200, 2\)"),
        ({"estimator": "dr", "predicted": np.full((200, 3), np.inf)}, "predicted: row 0: expected finite numbers"),
        (
            {"estimator": "ipw", "policy": np.zeros((200, 3))},
            "policy: row 0: expected probabilities of at least 0 that sum",
        ),
        ({"estimator": "ipw", "policy": np.zeros(200)}, r"policy: expected a place .* got float64 of shape \(200,\)"),
    ],
)
def test_mistakes_are_told(given, told):
    log = invented()
    options = {"policy": policies(log)[0], **given}
    if isinstance(options.get("predicted"), int):
        options["predicted"] = guesses(log)
    with pytest.raises(ModelError, match=told):
        value_of(log, **options)


def test_an_empty_log_says_so():
    log = invented()
    with pytest.raises(ModelError, match="log: expected decisions, got none"):
        value_of(log.where(np.zeros(log.rows, dtype=bool)), np.zeros(0, dtype=np.int64), "ipw")


def test_it_reads_as_a_sentence():
    log = Logged(("none", "mail"), np.tile([0, 1], 500), np.full(1000, 0.5), np.tile([1.0, 3.0], 500))
    assert str(value_of(log, everyone(log, "mail"), "snipw")) == (
        "3 per decision (95 % interval 3 to 3), by snipw from 1,000 decisions, worth 500 of equal weight"
    )
    found = difference(log, everyone(log, "mail"), everyone(log, "none"), "snipw")
    assert (found.total, found.better, found.total_interval) == (2000.0, True, (2000.0, 2000.0))


def test_without_skewness_the_interval_is_the_normal_one():
    values = np.tile([-1.0, 1.0], 50)
    found = interval_of(values)
    assert (found.low, found.high) == pytest.approx((-1.959964 * found.error, 1.959964 * found.error), rel=1e-6)
    rare = np.repeat([0.0, 1.0], [90, 10])
    assert interval_of(-rare).low == pytest.approx(-interval_of(rare).high)
    assert np.isnan(interval_of(np.ones(1)).low)
