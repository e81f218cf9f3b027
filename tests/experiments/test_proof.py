"""The three-policy proof on cases whose answer is plain."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from known_trials import BUDGET, tried, tried_widely, world
from threadpoolctl import threadpool_limits

from smalti.errors import ModelError
from smalti.experiments import Logged, mean_and_error
from smalti.experiments.proof import LADDER, SHARES, Budget, Evidence, Grouping, Proof, prove


def plain(rows=3000, seed=1, gain=(0.0, 1.0), **settings):
    """Everybody gains the same by each arm; nothing is foretold."""
    rng = np.random.default_rng(seed)
    arm = rng.integers(len(gain), size=rows)
    log = Logged(
        ("none", "mail", "call")[: len(gain)],
        arm,
        np.full(rows, 1 / len(gain)),
        np.array(gain)[arm] + rng.standard_normal(rows),
    )
    known = np.zeros((rows, len(gain)))
    return Evidence(log, known, known, np.arange(rows) % 5, **({"control": "none"} | settings))


def test_an_arm_that_works_for_all_is_recommended_for_all():
    proof = prove(plain())
    assert proof.recommended == "generic"
    assert (proof.generic.arm, proof.generic.rows) == ("mail", 3000)
    assert proof.generic.expected == pytest.approx(1.0, abs=0.15)
    assert [one.policy for one in proof.points[0].standings] == ["nothing", "generic", "individual"]
    assert proof.points[0].lead("individual", "generic").differ == 0
    assert proof.best_segmentation is None
    assert proof.segments == ()


def test_without_predictions_values_are_weighted_means_and_their_errors_those_of_rows():
    evidence = plain()
    log, point = evidence.log, prove(evidence).points[0]
    for policy, place in (("nothing", 0), ("generic", 1)):
        says = np.where(log.arm == place, log.outcome * 2, 0.0)
        assert (point.standing(policy).value, point.standing(policy).error) == pytest.approx(mean_and_error(says))
    lead = point.lead("generic", "nothing")
    says = np.where(log.arm == 1, 2, -2) * log.outcome
    assert (lead.value, lead.error) == pytest.approx(mean_and_error(says))
    assert lead.high - lead.low == pytest.approx(2 * 1.959964 * lead.error)


def test_an_arm_that_costs_more_than_it_brings_is_left_alone():
    proof = prove(plain(cost=np.array([0.0, 1.5])))
    assert proof.recommended == "nothing"
    assert proof.generic.arm == "none"
    assert proof.points[0].standing("generic").contacted == 0


def test_costs_are_taken_off_and_told():
    point = prove(plain(cost=np.array([0.0, 0.25])), [Budget("contacts", 0.2), Budget("money", 150.0)]).points
    for one, contacted in zip(point, (1.0, 0.2, 0.2), strict=True):
        generic = one.standing("generic")
        assert generic.contacted == pytest.approx(contacted)
        assert generic.cost == pytest.approx(0.25 * contacted)
        assert generic.outcome - generic.cost == pytest.approx(generic.value)


def test_a_cost_of_each_row_is_the_same_as_one_for_all_where_it_is_the_same():
    shared = plain(gain=(0.0, 0.5, 1.0), cost=np.array([0.0, 0.1, 0.4]))
    each = replace(shared, cost=np.tile(shared.cost, (3000, 1)))
    budgets = [Budget("money", 300.0), Budget("contacts", 0.3)]
    one, other = prove(shared, budgets), prove(each, budgets)
    for left, right in zip(one.points, other.points, strict=True):
        assert [each.value for each in left.standings] == pytest.approx([each.value for each in right.standings])


def test_segments_that_want_different_arms_are_found():
    proof = prove(world("segment", 6000, 1, strength=0.8).evidence, [BUDGET])
    assert proof.recommended == "segment"
    assert proof.best_segmentation == "true"
    assert proof.chosen_in_folds == (("true", 5), ("idle", 0))
    assert [one.arm for one in proof.segments] == ["red", "blue", "red", "blue"]
    assert sum(one.rows for one in proof.segments) == 6000
    assert proof.points[0].standing("segment: true").value == proof.points[0].standing("segment").value


def test_persons_who_want_different_arms_are_found_and_segments_miss_them():
    proof = prove(world("individual", 6000, 1, strength=0.6).evidence)
    assert proof.recommended == "individual"
    misses = proof.misses
    assert misses.shown
    assert 0 < misses.low <= misses.share <= misses.high < 1
    assert 0 < misses.worth_low < misses.worth < misses.worth_high
    assert misses.worth == proof.points[0].lead("individual", "segment").value


def test_noise_misses_nobody_though_naive_counting_finds_many():
    proof = prove(world("noise", 3000, 1).evidence)
    assert proof.recommended == "nothing"
    assert (proof.misses.shown, proof.misses.share, proof.misses.worth) == (False, 0.0, 0.0)
    assert proof.misses.uncorrected > 0.3
    assert proof.misses.worth_low <= 0 <= proof.misses.worth_high


def test_without_a_control_the_ladder_begins_with_one_for_all():
    proof = prove(replace(world("segment", 6000, 1, strength=0.8).evidence, control=None))
    assert [one.policy for one in proof.points[0].standings][:3] == ["generic", "segment", "individual"]
    assert proof.recommended == "segment"
    assert proof.points[0].standing("generic").contacted == 1


def test_the_whole_budget_of_contacts_is_no_budget():
    proof = prove(world("individual", 2000, 1).evidence, SHARES)
    free, whole = proof.points[0], proof.points[-1]
    assert [str(one.budget) for one in proof.points[1:3]] == ["5 % of customers", "10 % of customers"]
    assert [one.value for one in whole.standings] == pytest.approx([one.value for one in free.standings])
    contacted = [one.standing("individual").contacted for one in proof.points[1:]]
    assert all(low <= high + 1e-9 for low, high in pairwise(contacted))
    assert contacted[:3] == pytest.approx([0.05, 0.1, 0.2])


def test_intervals_together_hold_those_alone():
    for point in prove(world("individual", 2000, 1).evidence, SHARES[:3]).points:
        for one in point.leads:
            assert one.low_together <= one.low <= one.value <= one.high <= one.high_together


def test_the_recommendation_is_the_simplest_that_is_not_beaten():
    for kind, seed in (("generic", 1), ("individual", 3)):
        for point in prove(world(kind, 1500, seed, strength=0.8).evidence, [BUDGET]).points:
            place = LADDER.index(point.recommended)
            beaten = [one.over for one in point.leads if one.low_together > 0 and ":" not in one.policy]
            assert point.recommended not in beaten
            assert all(simpler in beaten for simpler in LADDER[:place])


def test_rows_of_one_customer_are_not_taken_for_many():
    alone = plain(600)
    twice = np.repeat(np.arange(600), 4)
    log = alone.log.where(twice)
    log = Logged(log.arms, log.arm, log.probability, log.outcome, twice)
    many = Evidence(log, alone.predicted[twice], alone.expected[twice], alone.folds[twice], control="none")
    one, other = prove(alone).points[0], prove(many).points[0]
    assert other.standing("generic").value == pytest.approx(one.standing("generic").value)
    assert other.standing("generic").error == pytest.approx(one.standing("generic").error)
    assert prove(many).customers == 600


def test_the_same_input_gives_the_same_proof_on_one_thread_or_two():
    evidence = world("individual", 1500, 1).evidence
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(json.dumps(prove(evidence, [BUDGET], seed=3).stored()))
    assert found[0] == found[1]


def test_a_proof_is_stored_and_given_back_whole():
    proof = prove(world("segment", 1500, 1).evidence, [BUDGET, Budget("money", 10.0)][:1])
    form = json.loads(json.dumps(proof.stored(), allow_nan=False))
    assert Proof.restored(form) == proof
    empty = prove(plain())
    assert np.isnan(empty.misses.slope)
    assert Proof.restored(json.loads(json.dumps(empty.stored()))) == empty
    with pytest.raises(ModelError, match="stored proof"):
        Proof.restored({name: one for name, one in form.items() if name != "points"})
    with pytest.raises(ModelError, match="unheard_of"):
        Proof.restored(form | {"unheard_of": 1})


def test_a_segment_without_rows_or_without_an_arm_is_no_error():
    evidence = plain(400)
    code = np.zeros(400, dtype=np.int64)
    code[np.flatnonzero(evidence.log.arm == 0)[:3]] = 2
    groups = {"odd": Grouping(code, ("most", "nobody", "three of none"))}
    proof = prove(replace(evidence, segmentations=groups), [BUDGET])
    assert [one.rows for one in proof.segments] == [397, 0, 3]
    assert proof.recommended == "generic"


def test_the_reader_is_warned_of_probabilities_that_were_not_those_of_the_draw():
    evidence = plain()
    assert prove(evidence).warnings == ()
    log = evidence.log
    wrong = Logged(log.arms, log.arm, np.where(log.arm == 1, 0.8, 0.2), log.outcome)
    told = prove(replace(evidence, log=wrong)).warnings
    assert len(told) == 2
    assert "probabilities are not those of the draw" in told[0]
    assert "none for everybody: the log knows as much about this policy as" in prove(plain(60)).warnings[0]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"predicted": np.zeros((3, 2))}, "predicted: expected the shape"),
        ({"expected": np.full((3000, 2), np.nan)}, "expected: expected finite"),
        ({"folds": np.zeros(3000, dtype=np.int64)}, "at least two"),
        ({"cost": np.array([0.0, -1.0])}, "cost: expected 0 or more"),
        ({"control": "non"}, "did you mean 'none'"),
        ({"segmentations": {"x": Grouping(np.zeros(2, dtype=np.int64), ("a",))}}, "segmentation x: expected 3000"),
    ],
)
def test_evidence_that_does_not_fit_is_refused_in_words(given, told):
    with pytest.raises(ModelError, match=told):
        replace(plain(), **given)


def test_other_mistakes_are_told_as_well():
    log = plain().log
    split = Logged(log.arms, log.arm, log.probability, log.outcome, np.zeros(3000, dtype=np.int64))
    with pytest.raises(ModelError, match="all rows of a customer in one fold"):
        replace(plain(), log=split)
    with pytest.raises(ModelError, match="contacts can be counted only where an arm is the control"):
        prove(plain(control=None), [BUDGET])
    with pytest.raises(ModelError, match="budget: expected contacts"):
        Budget("contacts", 1.5)
    with pytest.raises(ModelError, match="expected codes from 0 to 0"):
        Grouping(np.array([1]), ("a",))
    point = prove(plain()).points[0]
    with pytest.raises(ModelError, match="wanted one of nothing, generic"):
        point.standing("segment")
    with pytest.raises(ModelError, match="not held against"):
        point.lead("nothing", "generic")


def test_noise_is_not_recommended_and_what_is_there_is_found_more_often_than_not():
    noise = tried("noise", 8, 800)
    assert noise.recommended["nothing"] >= 7
    assert noise.shown <= 1
    real = tried("individual", 3, 4000, strength=0.5)
    assert real.recommended["individual"] >= 2
    assert real.rate("value") > 0.7


FREE = {"budgets": ()}
OPEN = {"control": False, **FREE}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "times", "rows", "settings", "right", "least"),
    [
        ("noise", 1000, 1200, FREE, "nothing", 0.95),
        ("noise", 200, 1200, OPEN, "generic", 0.95),
        ("alike", 200, 1200, OPEN, "generic", 0.95),
        ("generic", 100, 1200, FREE, "generic", 0.8),
        ("segment", 100, 3000, {"strength": 0.5, **FREE}, "segment", 0.8),
        ("individual", 1000, 1500, {"strength": 0.5}, "individual", 0.4),
    ],
)
def test_intervals_hold_and_recommendations_are_right_at_the_stated_rates(kind, times, rows, settings, right, least):
    found = tried_widely(kind, times, rows, **settings)
    assert found.recommended[right] / times >= least
    slack = 3 * (0.05 * 0.95 / times) ** 0.5
    above = sum(found.recommended[one] for one in LADDER[LADDER.index(right) + 1 :])
    assert above / times <= 0.05 + slack * (times < 1000)
    for what in ("value", "lead", "together"):
        assert found.rate(what) >= 0.95 - slack, what
        assert found.worst(what) >= 0.95 - 1.5 * slack, what
    assert found.rate("slope") >= 0.9  # in noise it errs downwards, which shows nothing
    if kind == "individual":
        assert found.rate("share") >= 0.95 - slack
    if kind == "noise":
        assert found.shown / times <= 0.05
        assert np.mean(found.share) < 0.01
