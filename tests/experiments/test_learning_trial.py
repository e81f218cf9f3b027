"""Policies tried against each other, live; and what exploring by beliefs costs and leaves provable."""

from __future__ import annotations

import numpy as np
import pytest

from smalti.errors import ModelError
from smalti.experiments import Logged, difference, value_of
from smalti.experiments.assignment import assign
from smalti.experiments.learning import (
    PolicyTrial,
    RateBelief,
    chances_of_best,
    decide,
    drawn,
    learn,
    policy_trial,
    read_policies,
    touches_of,
    with_floor,
)
from smalti.experiments.policies import everyone
from smalti.facts import TOUCHES

TREATMENTS = ("none", "mail", "letter")
TRIAL = policy_trial("spring", TREATMENTS, floor=0.05)
CUSTOMERS = 6000
IDS = [f"C{number}" for number in range(CUSTOMERS)]
KIND = np.random.default_rng(1).integers(0, 4, CUSTOMERS)
WORTH = np.array([[1.0, 2.0, 1.5], [1.0, 0.8, 1.7], [1.0, 1.9, 1.2], [1.0, 1.1, 1.0]])
WANTED = {
    "generic": np.ones(CUSTOMERS, dtype=np.int64),
    "segment": np.where(KIND < 2, 2, 1),
    "individual": WORTH[KIND].argmax(axis=1),
}
TRUTH = {name: WORTH[KIND, policy].mean() for name, policy in WANTED.items()} | {"hold-out": 1.0}


@pytest.fixture(scope="module")
def decided():
    return decide(TRIAL, IDS, WANTED, "monday")


def came(decided, rng):
    return rng.gamma(1.0, WORTH[KIND[decided.rows], decided.treatment])


def test_customers_belong_to_policies_as_the_experiment_says(decided):
    assert (decided.policy == assign(TRIAL.experiment, IDS).arm[decided.rows]).all()
    assert np.bincount(decided.policy) / len(decided.policy) == pytest.approx([0.1, 0.3, 0.3, 0.3], abs=0.02)


def test_what_a_policy_wants_is_done_except_for_the_floor(decided):
    for place, name in enumerate(TRIAL.policies[1:], 1):
        rows = decided.policy == place
        kept = decided.treatment[rows] == WANTED[name][decided.rows][rows]
        assert kept.mean() == pytest.approx(1 - 2 * 0.05, abs=0.02)
        assert decided.within[rows] == pytest.approx(np.where(kept, 0.9, 0.05))
    assert (decided.treatment[decided.policy == 0] == 0).all()


def test_the_logged_probability_is_that_before_the_policy_was_drawn(decided):
    by_hand = np.zeros((CUSTOMERS, 3))
    by_hand[:, 0] = 0.1
    for policy in WANTED.values():
        by_hand += 0.3 * with_floor(np.eye(3)[policy], 0.05)
    assert decided.probability == pytest.approx(by_hand[decided.rows, decided.treatment])
    assert decided.probability.min() >= 0.9 * 0.05 * (1 - 1e-9)


def test_a_decision_hangs_on_nothing_but_the_customer_and_the_occasion(decided):
    order = np.random.default_rng(2).permutation(CUSTOMERS)[:500]
    some = decide(TRIAL, [IDS[place] for place in order], {name: one[order] for name, one in WANTED.items()}, "monday")
    assert (decided.treatment[order] == some.treatment).all()
    assert (decided.probability[order] == some.probability).all()
    tuesday = decide(TRIAL, IDS, WANTED, "tuesday")
    assert (tuesday.policy == decided.policy).all()
    strayed = [one.within < 0.5 for one in (decided, tuesday)]
    assert (strayed[0] & strayed[1]).mean() == pytest.approx(strayed[0].mean() * strayed[1].mean() / 0.9, abs=0.006)


def test_probabilities_are_wanted_as_well_as_places(decided):
    shares = {name: np.eye(3)[policy] for name, policy in WANTED.items()}
    found = decide(TRIAL, IDS, shares, "monday")
    assert (found.treatment == decided.treatment).all()


@pytest.mark.slow
def test_readouts_hold_the_truth_and_the_log_proves_more_sharply(decided):
    rng = np.random.default_rng(3)
    truth = TRUTH["individual"] - TRUTH["generic"]
    strayed = 0.85 * truth
    held, sharp, errors = [], [], []
    for _ in range(300):
        again = decide(TRIAL, IDS, WANTED, f"{rng.integers(2**62)}") if not held else decided
        outcome = came(again, rng)
        gap = read_policies(again, outcome).gap("individual", "generic").gap
        held.append(gap.low <= strayed <= gap.high)
        on_log = difference(again.log(outcome), WANTED["individual"], WANTED["generic"], "snipw")
        sharp.append(on_log.low <= truth <= on_log.high)
        errors.append((gap.error, on_log.error))
    means = np.mean(errors, axis=0)
    assert np.mean(held) > 0.92
    assert np.mean(sharp) > 0.92
    assert means[1] < 0.8 * means[0]


def test_a_readout_tells_worth_and_gaps(decided):
    outcome = came(decided, np.random.default_rng(4))
    cost = np.array([0.0, 0.1, 0.4])
    found = read_policies(decided, outcome, cost, tuned_for=CUSTOMERS // 2)
    assert [one.name for one in found.tried] == list(TRIAL.policies)
    assert sum(one.decisions for one in found.tried) == CUSTOMERS
    rows = decided.policy == 2
    assert found.tried[2].worth.value == pytest.approx((outcome - cost[decided.treatment])[rows].mean())
    gap = found.gap("segment", "hold-out")
    apart = found.tried[2].worth, found.tried[0].worth
    assert gap.gap.value == pytest.approx(apart[0].value - apart[1].value)
    assert gap.gap.error == pytest.approx(np.hypot(apart[0].error, apart[1].error), rel=0.01)
    assert gap.always.low < gap.gap.low
    assert gap.always.high > gap.gap.high
    by_row = read_policies(decided, outcome, cost[decided.treatment])
    assert by_row.gap("segment", "hold-out").gap == gap.gap
    with pytest.raises(ModelError, match="found 'hold-out' against 'segment', wanted one of generic against hold-out"):
        found.gap("hold-out", "segment")


def test_customers_of_several_occasions_count_once():
    days = [decide(TRIAL, IDS[:500], {name: one[:500] for name, one in WANTED.items()}, day) for day in ("mon", "tue")]
    once = came(days[0], np.random.default_rng(5))
    gap = read_policies(days[0], once).gap("generic", "hold-out").gap
    twice = type(days[0])(
        TRIAL.policies,
        TREATMENTS,
        *(
            np.concatenate([getattr(days[0], name)] * 2)
            for name in ("rows", "policy", "treatment", "within", "probability")
        ),
    )
    again = read_policies(twice, np.tile(once, 2), customer=twice.rows).gap("generic", "hold-out").gap
    assert (again.value, again.error) == pytest.approx((gap.value, gap.error))


def test_touches_tell_what_was_done_and_with_which_probability(decided):
    cost = {"mail": 10, "letter": 90}
    table = touches_of(TRIAL, decided, IDS, 1_700_000_000_000_000, channel="post", cost=cost)
    rows = table.to_pylist()
    assert table.schema == TOUCHES.schema()
    for place in (0, 17, CUSTOMERS - 1):
        treatment = TREATMENTS[decided.treatment[place]]
        told = {
            name: rows[place][name] for name in ("customer_id", "treatment", "arm", "experiment", "channel", "cost")
        }
        assert told == {
            "customer_id": IDS[place],
            "treatment": treatment,
            "arm": TRIAL.policies[decided.policy[place]],
            "experiment": "spring",
            "channel": "post",
            "cost": cost.get(treatment, 0),
        }
    assert table["probability"].to_numpy() == pytest.approx(decided.probability)
    with pytest.raises(
        ModelError, match="cost: found 'leter', wanted one of none, mail, letter; did you mean 'letter'"
    ):
        touches_of(TRIAL, decided, IDS, 0, cost={"leter": 1})


def test_a_policy_without_customers_has_no_gap():
    few = decide(TRIAL, ["C1"], {name: one[:1] for name, one in WANTED.items()})
    found = read_policies(few, np.ones(1))
    assert found.gaps == ()
    assert sum(one.decisions for one in found.tried) == 1


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"generic": WANTED["generic"]}, "wanted: expected what each of .* wants, found nothing of 'segment'"),
        (WANTED | {"segments": WANTED["segment"]}, "wanted: found 'segments', .*; did you mean 'segment'"),
        (WANTED | {"segment": WANTED["segment"] + 9}, "segment: expected places in 3 treatments, got 10 to 11"),
        (WANTED | {"segment": np.ones((5, 3)) / 3}, r"segment: expected shape \(6000,\) or \(6000, 3\), got \(5, 3\)"),
        (WANTED | {"segment": np.ones((CUSTOMERS, 3))}, "segment: expected probabilities of at least 0 that sum to 1"),
    ],
)
def test_mistakes_in_what_is_wanted_are_told(wanted, told):
    with pytest.raises(ModelError, match=told):
        decide(TRIAL, IDS, wanted)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"treatments": ("mail",)}, "treatments: expected two or more different names, got mail"),
        ({"untouched": "nune"}, "untouched: found 'nune', wanted one of none, mail, letter; did you mean 'none'"),
        ({"floor": 0.5}, "floor: expected one from 0 to 0.3333, as there are 3 arms, got 0.5"),
    ],
)
def test_mistakes_in_a_trial_are_told(options, told):
    with pytest.raises(ModelError, match=told):
        PolicyTrial(**{"experiment": TRIAL.experiment, "treatments": TREATMENTS, "floor": 0.02} | options)


@pytest.mark.parametrize(("outcome", "cost"), [(np.ones(3), None), (np.ones(CUSTOMERS), np.ones(2))])
def test_mistakes_in_a_readout_are_told(decided, outcome, cost):
    with pytest.raises(ModelError, match="expected one for each"):
        read_policies(decided, outcome, cost)


RATES = np.array([0.04, 0.05, 0.07, 0.045])
ARMS = ("a", "b", "c", "d")


def learning_by_doing(rng, floor, batches=20, batch=500):
    """Let beliefs decide batch after batch, and give the log of it all."""
    beliefs = tuple(RateBelief(0.05, 20) for _ in ARMS)
    logs = []
    for _ in range(batches):
        chances = np.tile(with_floor(chances_of_best(beliefs), floor), (batch, 1))
        arm = drawn(chances, rng.random(batch))
        outcome = (rng.random(batch) < RATES[arm]).astype(float)
        log = Logged(ARMS, arm, chances[np.arange(batch), arm], outcome)
        beliefs = tuple(
            one.before.updated(log.outcome[arm == place].sum(), (arm == place).sum())
            for place, one in enumerate(learn(beliefs, log))
        )
        logs.append(log)
    columns = (np.concatenate([getattr(one, name) for one in logs]) for name in ("arm", "probability", "outcome"))
    return Logged(ARMS, *columns), beliefs


@pytest.mark.slow
def test_learning_by_doing_loses_less_than_a_fixed_split_and_leaves_every_policy_provable():
    rng = np.random.default_rng(10)
    lost, found_best, held, effective = [], [], [], []
    for _ in range(60):
        log, beliefs = learning_by_doing(rng, floor=0.05)
        lost.append((RATES.max() - RATES[log.arm]).sum())
        found_best.append(max(range(4), key=lambda place: beliefs[place].rate) == 2)
        values = [value_of(log, everyone(log, arm), "ipw") for arm in ARMS]
        held.append([one.low <= rate <= one.high for one, rate in zip(values, RATES, strict=True)])
        effective.append(min(one.ess for one in values))
    fixed = (RATES.max() - RATES).mean() * 20 * 500
    assert np.mean(lost) < 0.45 * fixed
    assert np.mean(found_best) > 0.95
    assert np.mean(held, axis=0).min() > 0.9
    assert min(effective) > 300


def test_without_a_floor_what_was_dropped_can_no_longer_be_proven():
    log, _ = learning_by_doing(np.random.default_rng(11), floor=0.0)
    worst = min(value_of(log, everyone(log, arm), "ipw").ess for arm in ARMS)
    kept, _ = learning_by_doing(np.random.default_rng(11), floor=0.05)
    assert min(value_of(kept, everyone(kept, arm), "ipw").ess for arm in ARMS) > 2 * worst
