"""Simulations recover what was planted: triggers over calendars by the known ratio, persons over segments where they differ."""

import json

import numpy as np
import pytest

from smalti.engine.simulating import Simulating, simulate
from smalti.engine.simulating.gating import let_through
from smalti.engine.simulating.judging import mean_of, ratio_of
from smalti.engine.simulating.knowing import know
from smalti.engine.simulating.spending import Spent, as_many, by_calendar, by_trigger
from smalti.errors import SmaltiError
from smalti.samples import campaign

SMALL = {"customers": 1_000, "days": 14, "repetitions": 3, "pilot": 3.0}


@pytest.fixture(scope="module")
def individual():
    return simulate(Simulating(**SMALL))


def test_triggers_beat_the_calendar_by_what_was_planted(individual):
    when = individual.comparison("when")
    assert when.shown
    assert when.low < when.truth < when.high
    assert when.ratio_low < when.ratio_truth < when.ratio_high
    assert when.ratio_truth > 1.8


def test_plans_are_compared_with_exactly_the_same_number_of_contacts(individual):
    assert len({one.contacts for one in individual.plans}) == 1
    assert individual.plan("calendar generic").contacts == 200


def test_as_many_are_spent_where_one_plan_finds_use_for_fewer():
    customers = campaign(400, 25, seed=2)
    rng, everyone = np.random.default_rng(1), np.ones(400, np.bool_)
    gains = {name: rng.random((400, 3)) - less for name, less in (("much", 0.0), ("little", 0.6), ("nothing", 2.0))}
    plans = {
        f"{when} {name}": (spend(customers, gain, 0.1, 360, everyone), gain)
        for name, gain in gains.items()
        for when, spend in (("calendar", by_calendar), ("trigger", by_trigger))
    }
    found = as_many(plans)
    fewest = min(len(one.rows) for one, _ in plans.values() if len(one.rows))
    assert {len(one.rows) for one in found.values()} == {0, fewest}
    assert fewest < len(plans["calendar much"][0].rows)
    for name, one in found.items():
        assert not len(one.rows) or one.day.max() <= plans[name][0].day.max()
        assert set(one.rows.tolist()) <= set(plans[name][0].rows.tolist())


def test_all_contacts_pass_the_last_gate(individual):
    assert individual.refused == 0
    assert individual.to_dict()["refused"] == 0


def test_the_last_gate_refuses_what_must_not_be():
    customers = campaign(200, 28, seed=4)
    rows, seen = np.arange(200), np.maximum(customers.noticed(), 0)
    sms = np.ones(200, np.int64)
    sent = Spent(rows, np.zeros(200, np.int64), seen)
    assert (let_through(customers, sent, sms, sms) == customers.agreed[:, 1]).all()
    triggered = let_through(customers, sent, sms, sms, triggered=True)
    assert (triggered == (customers.agreed[:, 1] & (customers.noticed() >= 0))).all()
    late = Spent(rows, sent.offer, np.minimum(seen + 1, 27))
    assert not let_through(customers, late, sms, sms, triggered=True)[seen < 27].any()
    twice = Spent(np.zeros(2, np.int64), np.array([0, 1]), np.array([1, 20]))
    assert let_through(campaign(1, 28, seed=1), twice, sms[:2] - 1, sms[:2]).sum() <= 1


def test_it_can_be_told_as_json_and_in_sentences(individual):
    told = individual.to_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["form"] == 1
    assert told["asked"]["customers"] == 1_000
    assert len(told["plans"]) == 7
    assert told["sentences"][0].startswith("By trigger in place of by calendar: a contact brings £")


def test_the_same_question_has_the_same_answer():
    asked, steps = Simulating(customers=150, days=7, repetitions=2, pilot=2.0, who="generic"), []
    assert simulate(asked, steps.append) == simulate(asked)
    assert [one.about for one in steps] == ["repetition 1 of 2", "repetition 2 of 2"]


def test_where_nothing_works_nothing_is_shown():
    """Orders come all the same, and what a trial tells of offers is luck: contacts that luck suggests only cost."""
    found = simulate(Simulating(customers=150, days=7, repetitions=2, who="noise", pilot=2.0, cost=0.01))
    assert any(one.contacts for one in found.plans)
    assert not any(one.shown for one in found.comparisons)
    assert all(one.orders == 0 and -0.01 <= one.gain <= 0 for one in found.plans)


@pytest.mark.slow
def test_where_nothing_works_nobody_is_contacted_for_a_loss():
    found = simulate(Simulating(customers=150, repetitions=2, who="noise", pilot=2.0, cost=2.0))
    assert all(one.contacts == 0 for one in found.plans)
    assert not any(one.shown for one in found.comparisons)
    assert "no contact was worth its cost" in found.sentences[0]
    assert any("0 were spent" in one for one in found.notes)


def test_nobody_is_contacted_twice_nor_before_her_moment_is_seen():
    customers = campaign(600, 28, seed=4)
    gain = np.random.default_rng(1).random((600, 3))
    may = customers.agreed[:, 0]
    triggered = by_trigger(customers, gain, 0.1, 150, may)
    planned = by_calendar(customers, gain, 0.1, 150, may)
    for spent in (triggered, planned):
        assert len(np.unique(spent.rows)) == len(spent.rows) <= 150
        assert (gain[spent.rows, spent.offer] > 0.1).all()
        assert may[spent.rows].all()
    assert (customers.noticed()[triggered.rows] == triggered.day).all()
    assert set(planned.day.tolist()) == {6, 13, 20, 27}
    assert len(by_trigger(customers, gain, 9.0, 150, may).rows) == 0


def test_what_was_answered_before_tells_the_way_and_hour():
    asked = Simulating(customers=1_500, pilot=0.5, who="generic")
    customers = campaign(1_500, 28, asked.planted, seed=9)
    known = know(asked, customers, 1)
    both = customers.agreed.all(axis=1)
    assert (known.way == customers.way)[both].mean() > 0.6
    some = customers.agreed.any(axis=1)
    assert customers.agreed[np.arange(1_500), known.way][some].all()
    assert (known.hour == customers.hour).mean() > 0.55


@pytest.mark.slow
@pytest.mark.parametrize("who", ["generic", "segment", "individual"])
def test_persons_beat_segments_and_segments_one_for_all_where_planted_and_only_there(who):
    found = simulate(Simulating(customers=2_000, repetitions=12, who=who))
    segment, person = found.comparison("who: segment"), found.comparison("who: individual")
    assert segment.shown == (who == "segment")
    assert person.shown == (who == "individual")
    for one in (segment, person):
        assert one.low - 0.05 <= one.truth <= one.high + 0.05
    if who == "generic":
        assert abs(segment.truth) < 0.05 > abs(person.truth)
    assert found.comparison("when").shown
    assert found.comparison("how").shown


@pytest.mark.slow
def test_the_ratio_of_trigger_to_calendar_is_the_one_that_can_be_reckoned():
    asked = Simulating(customers=4_000, repetitions=12, who="generic", contacts=0.3)
    need, share = asked.planted.need, asked.planted.moments
    hour = 14 / 24  # the mean of the two hours
    evenly = (np.arange(10_000) + 0.5) / 10_000
    triggered = (2 * need(evenly + hour).mean() + need(np.array([hour])).mean()) / 3
    weeks = np.array([6, 13, 20, 27]) + hour
    planned = np.mean([share * need(day - 28 * evenly).mean() + (1 - share) * asked.floor for day in weeks])
    when = simulate(asked).comparison("when")
    assert when.ratio_truth == pytest.approx(triggered / planned, rel=0.08)
    assert when.ratio_low < triggered / planned < when.ratio_high


def test_intervals_over_repetitions():
    rng = np.random.default_rng(1)
    held = sum(one.low <= 1 <= one.high for one in (mean_of(rng.normal(1, 2, 8).tolist(), 0.9) for _ in range(400)))
    assert 0.85 <= held / 400 <= 0.95
    assert ratio_of([0.0, 0.0], [1.0, 2.0], 0.9) is None


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"repetitions": 1}, "repetitions: found 1, wanted 2 to 1000"),
        ({"contacts": 0}, "contacts: found 0, wanted a share"),
        ({"who": "nobody"}, "who: found 'nobody'"),
        ({"rate": 2}, "rate: found 2, wanted a share"),
        ({"cost": -1}, "cost: found -1"),
        ({"days": 3}, "days: found 3, wanted 7 to 365"),
    ],
)
def test_what_cannot_be_asked_is_refused(given, wanted):
    with pytest.raises(SmaltiError, match=wanted):
        Simulating(**given)
