"""Invented campaigns: what the facts tell is what is true, and triggers in the language see it."""

import numpy as np
import pytest

from smalti.errors import SmaltiError
from smalti.facts import STANDARD_STREAMS, Column, Currency, Stream, Type
from smalti.rules import Vocabulary, check, parse
from smalti.rules.meaning import Customer, meaning
from smalti.samples import CAMPAIGN_KINDS, TRIGGERS, Planted, campaign
from smalti.samples.campaigns import BEGIN, CONSENTS, HOURS, OFFERS, WAYS, instant_of

SECOND = 1_000_000


def ready(text):
    streams = dict(STANDARD_STREAMS) | {"events": Stream("events", (Column("name", Type.TEXT),))}
    streams["customers"] = Stream("customers", (Column("birth", Type.INSTANT),))
    found = check(parse(text), Vocabulary(streams, {}, Currency("GBP")), wanted=Type.BOOLEAN)
    assert not found.problems
    return found.node


def facts_of(campaign):
    """All facts of each customer, as the law reads them."""
    people = {
        name: {"events": [], "orders": [], "customers": []} for name in campaign.customers["customer_id"].to_pylist()
    }
    for table, stream in ((campaign.events, "events"), (campaign.orders, "orders")):
        at = table["at"].cast("int64").to_pylist()
        names = table["name"].to_pylist() if stream == "events" else [None] * len(at)
        for who, when, name in zip(table["customer_id"].to_pylist(), at, names, strict=True):
            people[who][stream].append({"at": when, "name": name})
    births = campaign.customers["birth"].cast("int64").to_pylist()
    for who, birth in zip(people, births, strict=True):
        people[who]["customers"].append({"at": 0, "birth": birth})
    return [Customer(one) for one in people.values()]


def test_triggers_in_the_language_see_every_moment_on_its_day_and_no_other():
    invented = campaign(60, 21, seed=3)
    rules = [ready(text) for text in TRIGGERS.values()]
    people, noticed = facts_of(invented), invented.noticed()
    for day in range(invented.days):
        at = (BEGIN + day * 86_400) * SECOND
        fired = [any(meaning(rule, one, at) is True for rule in rules) for one in people]
        assert fired == (noticed == day).tolist()
    assert set(invented.kind[noticed >= 0].tolist()) == {0, 1, 2}


def test_a_contact_brings_most_right_after_the_moment():
    invented = campaign(4_000, 28, Planted(who="generic", tastes=False, moments=1.0), seed=5)
    rows = np.flatnonzero(invented.noticed() >= 0)
    zero = np.zeros(len(rows), np.int64)
    by_delay = []
    for later in (0, 3, 20):
        at = instant_of(invented.noticed()[rows] + later, zero)
        by_delay.append(invented.chance(rows, zero, at, zero, zero).mean())
    before = invented.chance(rows, zero, np.full(len(rows), BEGIN - 1), zero, zero)
    assert by_delay[0] > 2 * by_delay[1] > 2 * by_delay[2]
    assert np.allclose(before, 0.2 * 0.25)


@pytest.mark.parametrize("kind", CAMPAIGN_KINDS)
def test_who_gains_by_which_offer_is_as_planted(kind):
    invented = campaign(6_000, 28, Planted(who=kind, moments=0.0), seed=5)
    fit, region = invented.fit, np.array(invented.customers["region"].to_pylist())
    best = fit.mean(axis=0).max()
    by_region = np.mean([fit[region == one].mean(axis=0).max() for one in np.unique(region)])
    by_person = fit.max(axis=1).mean()
    assert (by_region > 1.2 * best) == (kind == "segment")
    assert (by_person > 1.2 * by_region) == (kind == "individual")


def test_noise_brings_nothing():
    invented = campaign(50, 7, Planted(who="noise"))
    rows = np.arange(50)
    zero = np.zeros(50, np.int64)
    assert not invented.chance(rows, zero, instant_of(zero, zero), zero, zero).any()


def test_answers_of_the_past_tell_tastes():
    invented = campaign(4_000, 7)
    table = invented.touches
    rows = np.repeat(np.arange(4_000), 6)
    by = np.array(table["channel"].to_pylist()) == "sms"
    late = table["at"].cast("int64").to_numpy() // SECOND // 3600 % 24 == HOURS[1]
    opened = table["opened"].to_numpy(zero_copy_only=False)
    right = (by == (invented.way[rows] == 1)) & (late == (invented.hour[rows] == 1))
    wrong = (by != (invented.way[rows] == 1)) & (late != (invented.hour[rows] == 1))
    assert opened[right].mean() > 2 * opened[wrong].mean()
    assert (table["at"].cast("int64").to_numpy() < BEGIN * SECOND).all()


def test_customers_say_in_which_ways_they_agree_to_be_contacted():
    invented = campaign(4_000, 7)
    for place, (name, share) in enumerate(zip(WAYS, CONSENTS, strict=True)):
        told = invented.customers[f"{name}_consent"].to_numpy()
        assert (told == invented.agreed[:, place]).all()
        assert abs(told.mean() - share) < 0.03


def test_the_same_seed_invents_the_same_and_another_others():
    one, same, other = campaign(80, seed=1), campaign(80, seed=1), campaign(80, seed=2)
    assert one.customers.equals(same.customers)
    assert one.touches.equals(same.touches)
    assert (one.moment == same.moment).all()
    assert not one.customers.equals(other.customers)
    assert one.fit.shape == (80, len(OFFERS))


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda: Planted(who="persons"), "who: found 'persons', wanted one of noise, generic, segment, individual"),
        (lambda: Planted(who="segmnt"), "did you mean 'segment'"),
        (lambda: Planted(moments=1.5), "moments: found 1.5, wanted a share"),
        (lambda: Planted(base=-0.1), "base: found -0.1, wanted a share"),
        (lambda: Planted(fresh=0), "fresh: found 0, wanted a number of days"),
        (lambda: campaign(0), "one customer or more"),
    ],
)
def test_what_cannot_be_planted_is_refused(make, wanted):
    with pytest.raises(SmaltiError, match=wanted):
        make()
