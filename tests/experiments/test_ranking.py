from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.errors import ModelError
from smalti.experiments import Logged, judge_best_arm, judge_ranking, qini_difference, uplift_curve
from smalti.experiments.ranking import best_arms, bootstrap_error, effect_numbers, within_folds
from smalti.experiments.ranking.curve import rank
from smalti.experiments.ranking.measures import autoc_weights, qini_weights

whole = st.integers(-20, 20)
tables = st.lists(st.tuples(st.integers(0, 4), whole), min_size=1, max_size=60)


def arrays(table):
    return np.array([float(row[0]) for row in table]), np.array([float(row[1]) for row in table])


def trial(rows, seed, arms=2):
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet(np.full(arms, 5.0), rows)
    arm = (rng.random(rows)[:, None] > chances.cumsum(axis=1)).sum(axis=1).clip(0, arms - 1)
    likes = rng.normal(size=(rows, arms))
    outcome = likes[np.arange(rows), arm] + rng.normal(size=rows)
    names = ("none", "mail", "call", "visit")[:arms]
    return Logged(names, arm, chances[np.arange(rows), arm], outcome), likes


def qini_by_hand(score, effect):
    """The mean, over all orders of tied customers, of the area between the curve and its chord; exact fractions."""
    rows, found = len(score), []
    for order in permutations(range(rows)):
        if any(score[one] < score[other] for one, other in pairwise(order)):
            continue
        gain, area = Fraction(0), Fraction(0)
        for place in order:
            area += (2 * gain + Fraction(effect[place])) / 2
            gain += Fraction(effect[place])
        found.append((area - gain * rows / 2) / rows**2)
    return sum(found) / len(found)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), whole), min_size=1, max_size=6))
def test_ties_count_as_the_mean_over_all_their_orders(table):
    score, effect = arrays(table)
    wanted = qini_by_hand([row[0] for row in table], [row[1] for row in table])
    assert uplift_curve(score, effect).above_random == pytest.approx(float(wanted), abs=1e-12)
    assert (qini_weights(rank(score)) * effect).mean() == pytest.approx(float(wanted), abs=1e-12)


@given(st.lists(whole, min_size=1, max_size=60), st.floats(-1e6, 1e6))
def test_a_constant_score_is_worth_nothing(effects, score):
    assert uplift_curve(np.full(len(effects), score), np.array(effects, dtype=float)).above_random == 0.0


@given(tables, st.randoms())
def test_the_order_of_rows_does_not_matter(table, random):
    shuffled = list(table)
    random.shuffle(shuffled)
    one, other = (uplift_curve(*arrays(rows)) for rows in (table, shuffled))
    assert one.share.tolist() == other.share.tolist()
    assert one.gain.tolist() == other.gain.tolist()


@given(tables)
def test_only_the_order_of_scores_counts(table):
    score, effect = arrays(table)
    one, other = uplift_curve(score, effect), uplift_curve(np.exp(score) - 7, effect)
    assert one.gain.tolist() == other.gain.tolist()


@given(tables)
def test_the_best_order_is_reached_and_nothing_is_beyond_it(table):
    score, effect = arrays(table)
    best, worst = uplift_curve(effect, effect), uplift_curve(-effect, effect)
    found = uplift_curve(score, effect)
    assert worst.above_random - 1e-12 <= found.above_random <= best.above_random + 1e-12
    assert worst.above_random == pytest.approx(-best.above_random, abs=1e-12)
    assert (found.gain <= best.at(found.share) + 1e-12).all()


@given(tables)
def test_turning_the_score_round_turns_the_sign(table):
    score, effect = arrays(table)
    assert uplift_curve(-score, effect).above_random == pytest.approx(
        -uplift_curve(score, effect).above_random, abs=1e-12
    )


@given(tables, st.integers(-50, 50))
def test_what_is_the_same_for_all_does_not_change_how_well_they_are_ranked(table, more):
    score, effect = arrays(table)
    for weights in (qini_weights(rank(score)), autoc_weights(rank(score))):
        assert weights.sum() == pytest.approx(0, abs=1e-9)
        assert (weights * (effect + more)).mean() == pytest.approx((weights * effect).mean(), abs=1e-9)


def test_autoc_is_the_mean_lift_of_the_top_over_all_shares():
    effect = np.array([4.0, 1.0, -2.0, 3.0])
    score = np.array([4.0, 3.0, 2.0, 1.0])
    tops = [effect[:count].mean() - effect.mean() for count in (1, 2, 3, 4)]
    assert (autoc_weights(rank(score)) * effect).mean() == pytest.approx(np.mean(tops))


def test_ties_in_autoc_count_as_the_mean_over_their_orders():
    effect, score = np.array([4.0, 1.0, -2.0]), np.array([1.0, 1.0, 0.0])
    ways = [(autoc_weights(rank(np.array(order))) * effect).mean() for order in ([3.0, 2, 1], [2.0, 3, 1])]
    assert (autoc_weights(rank(score)) * effect).mean() == pytest.approx(np.mean(ways))


def test_the_curve_ends_at_the_difference_of_weighted_means():
    log, _ = trial(500, 1)
    weights = [1 / log.probability[log.arm == place] for place in (0, 1)]
    means = [np.average(log.outcome[log.arm == place], weights=weights[place]) for place in (0, 1)]
    numbers = effect_numbers(log, 1, 0)
    assert numbers.mean() == pytest.approx(means[1] - means[0])
    assert judge_ranking(log, log.outcome, "mail", "none").points[-1].gain.value == pytest.approx(means[1] - means[0])


def test_a_constant_added_to_every_outcome_changes_nothing():
    log, _ = trial(300, 2)
    shifted = log.with_outcome(log.outcome + 1000)
    assert effect_numbers(shifted, 1, 0) == pytest.approx(effect_numbers(log, 1, 0), abs=1e-8)


def test_costs_come_off_the_gain_and_not_off_the_ranking():
    log, likes = trial(400, 3)
    free, dear = (judge_ranking(log, likes[:, 1], "mail", "none", cost=cost) for cost in (None, np.array([0.0, 0.25])))
    assert free.points[-1].gain.value - dear.points[-1].gain.value == pytest.approx(0.25)
    assert dear.qini.value == pytest.approx(free.qini.value)
    assert [round(one.cost, 9) for one in dear.points[:2]] == [0.0125, 0.025]
    assert {one.cost for one in free.points} == {0.0}


def test_costs_can_differ_from_customer_to_customer():
    log, likes = trial(200, 4)
    costs = np.column_stack([np.zeros(200), np.where(likes[:, 1] > 0, 0.0, 5.0)])
    plain, told = (effect_numbers(log, 1, 0, cost=one) for one in (None, costs))
    assert (plain - told).tolist() == pytest.approx(costs[:, 1].tolist())


def test_each_customers_best_arm_is_judged():
    log, likes = trial(30_000, 5, arms=4)
    told = judge_best_arm(log, likes - likes[:, [0]], "none", predicted=likes)
    best = likes[:, 1:].max(axis=1) - likes[:, 0]
    assert told.curve.gain[-1] == pytest.approx(best.mean(), abs=4 * told.points[-1].gain.error)
    one = judge_ranking(log, likes[:, 1] - likes[:, 0], "mail", "none", predicted=likes)
    assert told.auuc.low > one.auuc.high


def test_cost_decides_which_arm_is_best():
    log, likes = trial(50, 6, arms=3)
    arms, net = best_arms(log, likes, 0, np.array([0.0, 0.0, 100.0]))
    assert set(arms.tolist()) == {1}
    assert net == pytest.approx(likes[:, 1] - likes[:, 0])


def test_predictions_narrow_the_interval_and_leave_the_truth():
    log, likes = trial(4000, 7)
    rough, fine = (judge_ranking(log, likes[:, 1], "mail", "none", predicted=one) for one in (None, likes))
    assert fine.qini.error < 0.8 * rough.qini.error
    assert abs(fine.qini.value - rough.qini.value) < 3 * rough.qini.error


@pytest.mark.parametrize("ties", [False, True])
def test_the_influence_function_gives_the_error_that_resampling_gives(ties):
    log, likes = trial(3000, 8)
    score = likes[:, 1].round(0) if ties else likes[:, 1]
    told = judge_ranking(log, score, "mail", "none")
    assert told.influence.mean() == pytest.approx(told.qini.value)
    resampled = bootstrap_error(score, effect_numbers(log, 1, 0), draws=400, seed=1)
    assert told.qini.error == pytest.approx(resampled, rel=0.15)


def test_rows_of_one_customer_are_taken_together():
    log, likes = trial(1000, 9)
    doubled = Logged(
        log.arms, np.tile(log.arm, 2), np.tile(log.probability, 2), np.tile(log.outcome, 2), np.tile(np.arange(1000), 2)
    )
    once = judge_ranking(log, likes[:, 1], "mail", "none")
    twice = judge_ranking(doubled, np.tile(likes[:, 1], 2), "mail", "none")
    assert twice.customers == 1000
    assert twice.qini.value == pytest.approx(once.qini.value)
    assert twice.qini.error == pytest.approx(once.qini.error)
    resampled = bootstrap_error(
        np.tile(likes[:, 1], 2), effect_numbers(doubled, 1, 0), doubled.customer, draws=300, seed=1
    )
    assert resampled == pytest.approx(twice.qini.error, rel=0.15)


def test_two_rankings_are_compared_pair_by_pair():
    log, likes = trial(4000, 10)
    good, poor = (judge_ranking(log, one, "mail", "none") for one in (likes[:, 1] - likes[:, 0], likes[:, 1]))
    apart = qini_difference(good, poor)
    assert apart.value == pytest.approx(good.qini.value - poor.qini.value)
    assert apart.error < np.hypot(good.qini.error, poor.qini.error)
    assert apart.low > 0


def test_the_coefficient_is_1_for_the_best_order_and_0_where_all_are_alike():
    log, _ = trial(100, 11)
    best = judge_ranking(log, effect_numbers(log, 1, 0), "mail", "none")
    assert best.coefficient.value == pytest.approx(1.0)
    same = Logged(("none", "mail"), np.array([0, 1]), np.array([0.5, 0.5]), np.zeros(2))
    assert judge_ranking(same, np.array([1.0, 2.0]), "mail", "none").coefficient.value == 0.0


def test_levels_learnt_from_other_folds_do_not_rank_customers():
    log, _ = trial(4000, 12)
    folds, numbers = np.arange(4000) % 5, effect_numbers(log, 1, 0)
    level = np.array([numbers[folds != fold].mean() for fold in range(5)])[folds]
    assert judge_ranking(log, level, "mail", "none").qini.value < 0
    assert judge_ranking(log, within_folds(level, folds), "mail", "none").qini.value == 0.0


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say():
    # the effect is 2 u, the score u uniform: Qini 2 (1/12), AUTOC 2 (1/4), AUUC 2 (1/3)
    truth = {"qini": 1 / 6, "autoc": 0.5, "auuc": 2 / 3}
    held = dict.fromkeys(truth, 0)
    for seed in range(1000):
        rng = np.random.default_rng([seed, 17])
        likes, arm = rng.random(600), rng.integers(0, 2, 600)
        log = Logged(("none", "mail"), arm, np.full(600, 0.5), 2 * likes * arm + rng.normal(size=600))
        told = judge_ranking(log, likes, "mail", "none")
        for name, value in truth.items():
            held[name] += getattr(told, name).low <= value <= getattr(told, name).high
    # at 95 % the count of 1,000 lies within 3 standard errors of 950, with some room for 600 customers being few
    assert all(925 <= count <= 975 for count in held.values()), held


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"arm": "mial"}, "found 'mial', wanted one of none, mail; did you mean 'mail'?"),
        ({"arm": "none"}, "arm: expected another than the control, got none for both"),
        ({"score": np.array([1.0])}, r"score: expected 2 rows as in effect, got \(1,\)"),
        ({"score": np.array([1.0, np.nan])}, "score: row 1: expected a number, got a missing one"),
        ({"predicted": np.zeros((2, 3))}, r"predicted: expected 2 rows of 2 arms, got an array of \(2, 3\)"),
        ({"predicted": np.array([[0, 1], [np.inf, 0]])}, "predicted: row 1: expected finite numbers"),
        ({"level": 95.0}, "level: expected a number between 0 and 1, got 95.0"),
    ],
)
def test_mistakes_are_told(wrong, words):
    log = Logged(("none", "mail"), np.array([0, 1]), np.array([0.5, 0.5]), np.array([0.0, 2.0]))
    settings = {"score": np.array([1.0, 2.0]), "arm": "mail", "control": "none", **wrong}
    with pytest.raises(ModelError, match=words):
        judge_ranking(log, **settings)


def test_an_arm_that_nobody_was_given_is_told():
    log = Logged(("none", "mail"), np.array([0, 0]), np.array([0.5, 0.5]), np.array([0.0, 2.0]))
    with pytest.raises(ModelError, match="arm mail: expected somebody who was given it, got nobody"):
        judge_ranking(log, np.array([1.0, 2.0]), "mail", "none")


def test_rankings_of_other_rows_are_not_compared():
    one, other = (judge_ranking(trial(rows, 1)[0], np.arange(float(rows)), "mail", "none") for rows in (40, 50))
    with pytest.raises(ModelError, match="expected both of 40 rows, got 50"):
        qini_difference(one, other)


def test_the_error_of_the_coefficient_is_that_of_drawing_anew():
    found, errors = [], []
    for seed in range(100):
        rng = np.random.default_rng([seed, 3])
        likes, arm = rng.random(400), rng.integers(0, 2, 400)
        log = Logged(("none", "mail"), arm, np.full(400, 0.5), 2 * likes * arm + rng.normal(size=400))
        told = judge_ranking(log, likes, "mail", "none").coefficient
        found.append(told.value)
        errors.append(told.error)
    assert np.mean(errors) == pytest.approx(np.std(found), rel=0.2)


def test_numbers_that_are_missing_and_places_that_are_not_there_are_told():
    with pytest.raises(ModelError, match="effect: row 1: expected a finite number, got nan"):
        uplift_curve(np.zeros(2), np.array([0.0, np.nan]))
    with pytest.raises(ModelError, match=r"folds: expected 2 rows as in score, got \(3,\)"):
        within_folds(np.zeros(2), np.zeros(3))
    with pytest.raises(ModelError, match="draws: expected two or more, got 1"):
        bootstrap_error(np.zeros(2), np.zeros(2), draws=1)
    log, _ = trial(20, 1)
    with pytest.raises(ModelError, match="arm: expected places in 2 arms, got -1"):
        effect_numbers(log, -1, 0)
    with pytest.raises(ModelError, match="arm: expected one place, or 20 as in the log"):
        effect_numbers(log, np.zeros(3, dtype=np.int64), 0)
