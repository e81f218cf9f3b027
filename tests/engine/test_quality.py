"""The gate on whole projects: what is good passes, what is not does not, and the evidence is what it claims to be."""

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from smalti.engine import Options, assess_project
from smalti.engine.clock import Clock
from smalti.engine.evidence import DAY, look
from smalti.engine.quality import assess
from smalti.engine.reckoning import read_facts, reckon_as_of
from smalti.engine.resampling import members_by_old_cuts, members_resampled
from smalti.errors import DefinitionError
from smalti.project import Project
from smalti.store import Store

START = datetime(2024, 1, 1)
YEARS = 730


def _world(folder, *, customers=1500, seed=0, rates=None, spend=None, colours=None):
    """Orders of two years, each customer with a rate a year and a usual spend of her own; colours are an attribute."""
    draw = np.random.default_rng(seed)
    rates = np.full(customers, 4.0) if rates is None else rates
    spend = np.full(customers, 30.0) if spend is None else spend
    counts = draw.poisson(rates * YEARS / 365)
    who = np.repeat(np.arange(customers), counts)
    at = draw.uniform(0, YEARS * 86400, len(who))
    amount = np.round(draw.lognormal(0, 0.5, len(who)) * spend[who], 2)
    ids = np.array([f"c{number:05d}" for number in range(customers)])
    when = [START + timedelta(seconds=int(one)) for one in at]
    pq.write_table(pa.table({"customer_id": ids[who], "ordered_at": when, "amount": amount}), folder / "orders.parquet")
    colours = draw.choice(["red", "green", "blue"], customers) if colours is None else colours
    pq.write_table(pa.table({"customer_id": ids, "colour": list(colours)}), folder / "customers.parquet")
    return {
        "orders": {
            "from": "orders.parquet",
            "customer": "customer_id",
            "at": "ordered_at",
            "columns": {"revenue": "amount"},
        },
        "customers": {"from": "customers.parquet", "customer": "customer_id"},
    }


COLOURS = {name: {"who": f"colour = '{name}'", "segmentation": "colours"} for name in ("red", "green", "blue")}


def _assess(folder, sources, **settings):
    settings["quality"] = {"lasting": ["colour"]} | settings.get("quality", {})
    project = Project(name="Shop", currency="EUR", sources=sources, **settings)
    return assess_project(project, Options(home=folder))


def _states(quality, name):
    verdict = next(one for one in quality.verdicts if one.segmentation == name)
    return {test: state for state in ("shown", "failed", "not_shown") for test in getattr(verdict, state)}


@pytest.fixture(scope="module")
def different(tmp_path_factory):
    """Customers who differ: some buy ten times a year, some once; their colour says nothing."""
    folder = tmp_path_factory.mktemp("different")
    draw = np.random.default_rng(1)
    rates = draw.choice([0.7, 4.0, 14.0], 1500)
    return folder, _world(folder, rates=rates, seed=1)


def test_what_tells_customers_apart_is_shown_to_and_what_does_not_is_not(different):
    folder, sources = different
    found = _assess(folder, sources, segments=COLOURS, use=["rfm", "value_tiers"])
    for name in ("rfm", "value_tiers"):
        states = _states(found, name)
        assert states["relevant"] == states["stable"] == "shown", name
    assert _states(found, "colours")["relevant"] == "failed"
    assert not next(one for one in found.verdicts if one.segmentation == "colours").passed


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_on_pure_noise_nothing_passes(tmp_path, seed):
    sources = _world(tmp_path, seed=seed)
    found = _assess(tmp_path, sources, segments=COLOURS)
    assert found.verdicts
    assert not any(one.passed for one in found.verdicts)


@pytest.mark.slow
def test_a_segment_told_twice_is_found(different):
    folder, sources = different
    twice = {"often": "orders_365d >= 8", "again": {"who": "orders_365d > 7", "segmentation": "other"}}
    found = _assess(folder, sources, segments=twice, use=[])
    assert any(one.test == "distinct" and one.segment == "again" and "often" in one.found for one in found.findings)


@pytest.mark.slow
def test_a_small_group_with_much_of_the_money_is_found(tmp_path):
    customers = 6000
    draw = np.random.default_rng(3)
    spend, colours = np.full(customers, 30.0), draw.choice(["red", "green", "blue"], customers)
    rich = draw.choice(customers, 18, replace=False)
    spend[rich], colours[rich] = 30.0 * 0.1 / 0.9 * customers / 18, "gold"
    sources = _world(tmp_path, customers=customers, spend=spend, colours=colours, seed=3)
    found = _assess(tmp_path, sources, use=["lifecycle"])
    niches = [one for one in found.findings if one.test == "niche" and one.severity == "warning"]
    assert any("colour = 'gold'" in one.advice for one in niches)


def test_values_nobody_has_are_told_with_the_nearest(different):
    folder, sources = different
    found = _assess(folder, sources, segments={"typed": "colour in ('red', 'gren')"}, use=[])
    stale = [one for one in found.findings if one.test == "stale" and one.segment == "typed"]
    assert [("gren" in one.found, "green" in one.found) for one in stale] == [(True, True)]


@pytest.mark.slow
def test_channels_decide_who_is_reached(different):
    folder, sources = different
    without = _assess(folder, sources, segments=COLOURS, use=[])
    assert _states(without, "colours")["reachable"] == "not_shown"
    given = {"post": {"address": "colour", "consent": "colour = 'red'"}}
    found = _assess(folder, sources, segments=COLOURS, use=[], channels=given)
    reached = {one.segment: one.value for one in found.findings if one.test == "reachable" and one.segment}
    assert reached == {"red": 1.0, "green": 0.0, "blue": 0.0}


@pytest.mark.slow
def test_the_outcome_is_what_happened_after_the_earlier_instant_and_no_more(different):
    folder, sources = different
    project = Project(name="Shop", currency="EUR", sources=sources, use=["rfm"], quality={"horizon_days": 200})
    with Store() as store:
        facts = read_facts(store, project, Options(home=folder), None, Clock())
        since = facts.at - 200 * DAY
        orders = store.read(
            f'SELECT customer_id, sum(revenue) FILTER (WHERE "at" > {since}) AS later FROM orders GROUP BY 1 ORDER BY 1'
        )
        with look(store, facts) as looked:
            past = looked.past[0]
            ids = past.reckoned.traits["customer_id"].to_pylist()
            wanted = dict(zip(orders["customer_id"].to_pylist(), orders["later"].to_pylist(), strict=True))
            assert past.reckoned.at == since
            assert past.outcome.tolist() == [float(wanted.get(one) or 0) for one in ids]
            assert looked.outcome == "sum(orders.revenue) - sum(returns.refund)"


def test_an_outcome_of_ones_own(different):
    folder, sources = different
    found = _assess(folder, sources, use=["rfm"], quality={"outcome": "count(orders)"})
    assert found.outcome == "count(orders)"
    with pytest.raises(DefinitionError, match="outcome that cannot be compared"):
        _assess(folder, sources, use=["rfm"], quality={"outcome": "last(orders.at)"})
    for leaking in ("sum(orders.revenue, after instant '2020-01-01')", "value_to_come", "count(orders, this year)"):
        with pytest.raises(DefinitionError, match="outcome"):
            _assess(folder, sources, use=["rfm"], quality={"outcome": leaking})
    with pytest.raises(DefinitionError, match="unknown column"):
        _assess(folder, sources, use=["rfm"], quality={"outcome": "sum(orders.revenu)"})


NESTED = {
    "often": "case when orders_365d >= quantile(orders_365d, 0.7) then 1 else 0 end",
    "deep": "spend_total * (1 + often)",
    "much": "case when deep >= quantile(deep, 0.6, where often = 1) then true else false end",
}
RESTING = {"both": "much and often = 1", "other": "not member(both)", "plain": "orders_365d > 3"}


@pytest.fixture(scope="module")
def fitted(different):
    folder, sources = different
    project = Project(name="Shop", currency="EUR", sources=sources, traits=NESTED, segments=RESTING)
    with Store() as store:
        facts = read_facts(store, project, Options(home=folder), None, Clock())
        earlier = reckon_as_of(store, facts, facts.at - 300 * DAY, label="_earlier", keep_facts=True)
        yield store, facts, earlier, reckon_as_of(store, facts, facts.at)


def test_cuts_fitted_to_everybody_once_are_the_cuts(fitted):
    store, facts, _, now = fitted
    rows = np.arange(now.traits.num_rows)
    again = members_resampled(store, now, facts.prepared.traits, rows, np.ones((2, len(rows))))
    assert "plain" not in again
    assert {"both", "other", "champions", "platinum"} <= again.keys()
    for name, member in again.items():
        assert (member == np.asarray(now.answers[name])).all(), name


@pytest.mark.slow
def test_cuts_fitted_to_some_are_the_cuts_of_a_project_of_those(fitted, different, tmp_path):
    store, facts, _, now = fitted
    rows = np.arange(now.traits.num_rows)
    weights = np.zeros((1, len(rows)))
    weights[0, ::3] = 1
    again = members_resampled(store, now, facts.prepared.traits, rows, weights)
    folder, _ = different
    for name in ("orders", "customers"):
        table = pq.read_table(folder / f"{name}.parquet")
        kept = pa.array(now.traits["customer_id"].to_pylist()[::3])
        pq.write_table(table.filter(pc.is_in(table["customer_id"], kept)), tmp_path / f"{name}.parquet")
    with Store() as other:
        some = read_facts(other, facts.project, Options(home=tmp_path), None, Clock())
        alone = reckon_as_of(other, some, facts.at)
    for name in ("both", "champions", "platinum"):
        assert (again[name][0][::3] == np.asarray(alone.answers[name])).all(), name


def test_old_cuts_are_those_of_then(fitted):
    store, facts, earlier, now = fitted
    same = members_by_old_cuts(store, now, facts.prepared.traits, now.computed.fitted)
    assert all((same[name][0] == np.asarray(now.answers[name])).all() for name in same)
    old = members_by_old_cuts(store, now, facts.prepared.traits, earlier.computed.fitted)
    assert any((old[name][0] != np.asarray(now.answers[name])).any() for name in old)


@pytest.mark.slow
def test_a_sample_says_so_and_is_the_same_again(different):
    folder, sources = different
    settings = {"use": ["value_tiers"], "quality": {"customers": 1000}}
    first, second = _assess(folder, sources, **settings), _assess(folder, sources, **settings)
    assert (first.customers, first.looked_at) == (1500, 1000)
    assert first == second


@pytest.mark.slow
def test_without_a_past_nothing_is_shown_of_what_comes_later(tmp_path):
    sources = _world(tmp_path, customers=200)
    project = Project(name="Shop", currency="EUR", sources=sources, use=["rfm"])
    found = assess_project(project, Options(home=tmp_path, as_of="2024-01-15"))
    assert found.since is None
    assert _states(found, "rfm")["relevant"] == "not_shown"
    assert not found.passed


@pytest.mark.slow
def test_gate_and_facts_are_left_as_they_were(different):
    folder, sources = different
    project = Project(name="Shop", currency="EUR", sources=sources, use=["rfm"])
    with Store() as store:
        facts = read_facts(store, project, Options(home=folder), None, Clock())
        before = store.read("SELECT * FROM orders ORDER BY ALL")
        assess(store, facts)
        assert store.read("SELECT * FROM orders ORDER BY ALL").equals(before)


@pytest.mark.slow
def test_an_outcome_with_a_longer_window_sees_nothing_before_the_earlier_instant(different):
    folder, sources = different

    def outcome(text):
        settings = {"horizon_days": 60, "outcome": text}
        project = Project(name="Shop", currency="EUR", sources=sources, use=["rfm"], quality=settings)
        with Store() as store:
            facts = read_facts(store, project, Options(home=folder), None, Clock())
            with look(store, facts) as looked:
                return looked.past[0].outcome.tolist()

    assert outcome("count(orders, last 700 days)") == outcome("count(orders)") == outcome("orders_365d")
    assert outcome("count(orders, last 7 days)") != outcome("count(orders)")


def test_attributes_without_a_date_may_know_the_future(different):
    folder, sources = different
    found = _assess(folder, sources, segments=COLOURS, use=[], quality={"lasting": []})
    assert _states(found, "colours")["relevant"] == "not_shown"
    assert any("'colour'" in one.found for one in found.findings if one.test == "relevant")


def test_a_rule_is_not_told_apart_by_what_it_is_made_of(different):
    folder, sources = different
    tiers = {"more": "sum(orders.revenue, last 365 days) >= 50", "less": "not member(more)"}
    found = _assess(folder, sources, segments=tiers, use=[])
    told = [one for one in found.findings if one.test == "distinct"]
    assert not any(name in one.found for one in told for name in ("value_now", "spend_365d", "spend_total"))


@pytest.mark.slow
def test_a_segmentation_whose_fit_gives_nothing_is_not_passed(different):
    folder, sources = different
    niches = {"niches": {"split": "few", "by": ["colour"], "outcome": "spend_365d", "at_least": 5000}}
    found = _assess(folder, sources, segments={"few": "orders_365d > 0"}, use=[], segmentations=niches)
    verdict = next(one for one in found.verdicts if one.segmentation == "niches")
    assert not verdict.passed
    assert "relevant" in verdict.not_shown
    assert not found.passed


def test_too_little_is_told_and_does_not_pass(tmp_path):
    sources = _world(tmp_path, customers=60)
    found = _assess(tmp_path, sources, use=["rfm"])
    assert _states(found, "rfm")["enough_data"] == "failed"
