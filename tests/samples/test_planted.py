"""What was planted in a shop is there to be found: places, companies, needs, lively and costly customers, a niche."""

import hashlib
import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from smalti.samples import NICHE, PERSONAS, shop
from smalti.samples.addresses import CITIES, VILLAGES
from smalti.samples.needs import _WANTED, GROUPS, QUESTIONS

BEFORE = {
    "orders": "order_id customer_id ordered_at revenue category channel discount cost",
    "order_items": "order_id customer_id ordered_at product category channel quantity price amount discount cost",
    "returns": "order_id customer_id ordered_at product category channel quantity price amount discount cost returned_order_id",
    "customers": "customer_id country birth_date gender signed_up_on source email_consent sms_consent post_consent",
}
"""The columns that a shop had at first."""
DIGESTS = {
    "orders": "0171a95d56477db7",
    "order_items": "f2b274db8b577939",
    "returns": "c78431382d9452a8",
    "customers": "ecba8d0ac5a22138",
}
"""What their contents came to then."""


@pytest.fixture(scope="module")
def invented():
    return shop(6000, seed=5)


@pytest.fixture(scope="module")
def customers(invented):
    truth = invented.truth.to_pandas().set_index("customer_id")
    return invented.customers.to_pandas().set_index("customer_id").join(truth)


def margins(invented):
    lines = pa.concat_tables(
        [t.select(["customer_id", "amount", "cost"]) for t in (invented.order_items, invented.returns)]
    )
    gain = pc.subtract(lines["amount"], lines["cost"]).cast(pa.float64())
    return pd.Series(gain.to_numpy()).groupby(lines["customer_id"].to_pandas()).sum()


def digest(table):
    return hashlib.sha256(repr(table.to_pydict()).encode()).hexdigest()[:16]


def test_what_was_drawn_before_the_rest_was_planted_is_still_drawn():
    small = shop(300, seed=3)
    assert {name: digest(getattr(small, name).select(columns.split())) for name, columns in BEFORE.items()} == DIGESTS


def test_customers_live_in_cities_of_their_countries_and_in_villages(invented, customers):
    assert set(customers.city.dropna()) <= set(CITIES)
    assert 0.03 < customers.city.isna().mean() < 0.09
    assert 0.03 < customers.city.isin(VILLAGES).mean() < 0.12
    british = customers[customers.country == "GB"].city
    assert british.value_counts().index[0] == "London"
    assert set(customers[customers.country == "IE"].city.dropna()) < {
        "Dublin",
        "Cork",
        "Galway",
        "Limerick",
        "Kilkenny",
        *VILLAGES,
    }


def test_the_reference_data_know_the_cities_and_none_of_the_villages(invented):
    from smalti.sources.gazetteer import gazetteer  # noqa: PLC0415 - only here

    book = gazetteer(frozenset(pc.unique(invented.customers["country"]).to_pylist()))
    rows = invented.customers.select(["country", "city"]).group_by(["country", "city"]).aggregate([]).to_pylist()
    known = {row["city"] for row in rows if row["city"] and book.find(row["country"], row["city"])}
    assert known == set(CITIES) - set(VILLAGES)


def test_addresses_reach_nobody(customers):
    emails = customers.email.dropna()
    assert emails.is_unique
    assert emails.str.fullmatch(r"[a-z]+\.\d{6}@example\.(com|org|net)").all()
    reserved = {
        "GB": r"\+44 7700 900\d{3}", "IE": r"\+353 20 91\d \d{4}", "FR": r"\+33 6 39 98 \d{4}", "DE": r"\+49 30 23125 \d{3}",
        "US": r"\+1 \d{3} 555 01\d\d",
    }  # fmt: skip
    for country, phones in customers.groupby("country").phone:
        told = phones.dropna()
        assert len(told) == 0 if country == "NL" else told.str.fullmatch(reserved[country]).all(), country
    assert customers[customers.country == "GB"].postcode.dropna().str.fullmatch(r"ZZ\d\d \dZZ").all()
    agreed = customers.email_consent == True  # noqa: E712 - missing is neither
    assert customers.email[agreed].notna().mean() > 0.94
    assert customers.email[~agreed].notna().mean() < 0.75


def test_a_company_has_several_people_with_roles(customers):
    people = customers[customers.company.notna()]
    sizes = people.groupby("company").size()
    assert 0.03 < len(people) / len(customers) < 0.10
    assert 2 < sizes.mean() < 4 and sizes.max() >= 5
    assert (people.groupby("company").trade.nunique() == 1).all()
    assert set(people.role.dropna()) == {"decision_maker", "buyer", "user", "influencer", "gatekeeper"}
    assert people.role.isna().any()
    assert customers[customers.company.isna()][["trade", "role"]].isna().all(axis=None)
    assert (people.persona == "business").mean() > 0.75


def test_lively_personas_do_more(invented, customers):
    did = invented.events.to_pandas()
    counts = did.groupby(["customer_id", "name"]).size().unstack(fill_value=0).reindex(customers.index, fill_value=0)
    alive = customers.died_at.isna()
    per = counts[alive].groupby(customers.persona[alive]).mean()
    assert per.visit["champion"] > 2 * per.visit["regular"] > 2 * per.visit["phone_caller"]
    assert per.open["bargain_hunter"] > 2 * per.open["gift_buyer"]
    rank = counts.visit[alive].corr(customers.visits_per_month[alive], method="spearman")
    assert rank > 0.6
    never = customers.email_consent != True  # noqa: E712 - missing is neither
    assert counts[never][["open", "click"]].sum().sum() == 0
    assert (counts.click <= counts.open).all()


def test_events_are_told_in_order_and_lie_in_the_last_400_days(invented):
    at = invented.events["at"].cast(pa.int64()).to_numpy()
    assert (np.diff(at) >= 0).all()
    days = (invented.end.timestamp() - at / 1e6) / 86400
    assert 0 < days.min() < 1 and 399 < days.max() <= 400
    assert pc.count_distinct(invented.events["event_id"]).as_py() == invented.events.num_rows
    silent = invented.events.filter(pc.is_null(invented.events["category"]))
    assert set(pc.unique(silent["name"]).to_pylist()) == {"open", "click"}
    ids = invented.events.filter(pc.equal(invented.events["customer_id"], "C000001"))["event_id"].to_pylist()
    assert ids == [f"E000001-{n + 1:04d}" for n in range(len(ids))]


def test_the_needs_groups_can_be_told_from_the_answers(invented, customers):
    answers = invented.answers.to_pandas().set_index("customer_id")
    assert 0.5 < len(answers) / len(customers) < 0.66
    yes = answers[[f"wants_{name}" for name in QUESTIONS]]
    assert 0.01 < yes.isna().mean().mean() < 0.05
    scores = np.array([[name in _WANTED[group] for name in QUESTIONS] for group in GROUPS], dtype=float)
    said = yes.astype(object).where(yes.notna(), 0.5).astype(float).to_numpy() - 0.5
    guessed = np.array(GROUPS)[np.argmax(said @ (scores / scores.sum(axis=1, keepdims=True)).T, axis=1)]
    truth = customers.needs_group[answers.index].to_numpy()
    assert (guessed == truth).mean() > 0.80
    shares = customers.needs_group.value_counts(normalize=True)
    assert set(shares.index) == set(GROUPS) and shares.min() > 0.12
    assert (customers.needs_group[customers.persona == "bargain_hunter"] == "thrifty").mean() > 0.7


def test_nobody_answers_before_the_first_order(invented):
    both = invented.answers.join(invented.truth.select(["customer_id", "first_order_at"]), "customer_id")
    assert pc.all(pc.greater_equal(both["at"], both["first_order_at"])).as_py()
    asked = invented.tickets.join(invented.truth.select(["customer_id", "first_order_at"]), "customer_id")
    assert pc.all(pc.greater_equal(asked["at"], asked["first_order_at"])).as_py()
    for table in (invented.answers, invented.tickets):
        assert pc.max(table["at"]).as_py() < invented.end


def test_complainers_cost_more_than_they_bring_and_hardly_anybody_else(invented, customers):
    tickets = invented.tickets.to_pandas()
    cost = tickets.cost.astype(float).groupby(tickets.customer_id).sum().reindex(customers.index, fill_value=0)
    brought = margins(invented).reindex(customers.index)
    loses = cost > brought.clip(lower=0)
    assert 0.004 < customers.complainer.mean() < 0.025
    assert loses[customers.complainer].all()
    usual = loses & ~customers.complainer
    assert usual.mean() < 0.02
    topics = tickets[tickets.customer_id.isin(customers.index[customers.complainer])].topic
    assert (topics == "complaint").mean() > 0.7
    assert (tickets.topic == "complaint").mean() < 0.2


def test_presents_are_bought_before_christmas(invented):
    orders = invented.orders.to_pandas()
    for row in orders[orders.occasion == "christmas"].ordered_at:
        assert (11, 15) <= (row.month, row.day) <= (12, 24)
    giver = invented.truth.to_pandas().set_index("customer_id").persona == "gift_buyer"
    given = orders.occasion.notna().groupby(orders.customer_id.map(giver)).mean()
    assert given[True] > 0.6
    assert given[False] < 0.15
    per = invented.order_items.to_pandas().groupby("order_id").occasion.agg(lambda one: one.iloc[0])
    assert per.reindex(orders.order_id).fillna("").tolist() == orders.occasion.fillna("").tolist()


def test_there_is_a_niche_only_where_it_is_asked_for(invented):
    assert not pc.any(invented.truth["niche"]).as_py()
    assert NICHE not in PERSONAS


def test_the_niche_is_small_and_brings_a_tenth_of_the_margin():
    invented = shop(20_000, niche=True)
    truth = invented.truth.to_pandas().set_index("customer_id")
    share = truth.niche.mean()
    brought = margins(invented).reindex(truth.index, fill_value=0)
    assert 0.002 < share < 0.004
    assert 0.07 < brought[truth.niche].sum() / brought.sum() < 0.13
    found = invented.customers.to_pandas().set_index("customer_id")
    rule = (found.trade == "cafe") & (found.source == "recommendation")
    assert rule[truth.niche].all()
    assert rule.sum() < 1.5 * truth.niche.sum()
    assert brought[rule].mean() > 20 * brought.mean()
    assert (found.company[truth.niche].map(found.company.value_counts()) == 1).all()


def test_sizes_of_shops_agree_on_whom_they_share():
    few, more = (shop(size, seed=2, niche=True) for size in (40, 1030))
    for one, other in pairwise((few, more)):
        assert one.customers.equals(other.customers.slice(0, 40))
        assert one.truth.equals(other.truth.slice(0, 40))
    assert re.fullmatch(
        r"[A-Z][a-z]+ [A-Z][a-z]+ \d+", next(name for name in more.customers["company"].to_pylist() if name)
    )
