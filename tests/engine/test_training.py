"""What scores are learnt from: traits as of the cut-offs, outcomes of the horizon right after, nothing else."""

from __future__ import annotations

from dataclasses import replace
from hashlib import md5

import numpy as np
import pyarrow as pa
import pytest

from smalti.engine import Options
from smalti.engine.clock import Clock
from smalti.engine.foresight import training
from smalti.engine.foresight.modelled import Modelled, told_by_name
from smalti.engine.foresight.next_category import next_categories
from smalti.engine.foresight.scores import at_ceiling
from smalti.engine.foresight.training import BUYING, RECENCY, Pasts, cut_offs, since, training_set
from smalti.engine.reckoning import read_facts
from smalti.engine.redefined import redefinitions
from smalti.facts import DAY, STANDARD_STREAMS
from smalti.models.supervised import FittedScore, fit_score
from smalti.project import Project
from smalti.rules import Not, parse, write
from smalti.store import Store

from .conftest import NOW, PROJECT

H = 60 * DAY
SCORES = {
    "buys": {"predict": "purchase", "within": "60 days", "traits": ["orders_total", "spend_365d", "days_since_order"]},
    "spends": {"predict": "spend", "within": "60 days", "traits": ["orders_total"]},
    "each": {"predict": "mean(orders.revenue)", "within": "60 days", "traits": ["orders_total"]},
    "twice": {
        "predict": "count(orders, where channel = 'web') >= 2",
        "within": "60 days",
        "traits": ["orders_total"],
        "customers": "orders_total >= 2",
    },
}


@pytest.fixture(scope="module")
def known(export):
    """The shop's facts in a store, with scores."""
    given = {name: getattr(PROJECT, name) for name in PROJECT.model_fields_set}
    project = Project.model_validate(given | {"scores": SCORES, "use": []})
    with Store(threads=1) as store:
        options = Options(home=export.orders.parent, now=NOW, threads=1)
        facts = read_facts(store, project, options, None, Clock())
        scores = {one.name: one for one in facts.prepared.scores}
        yield store, facts, scores, Pasts(store, facts, [*scores.values()])


def asked(store: Store, query: str) -> dict[str, float]:
    return {row["customer_id"]: row["n"] for row in store.read(query).to_pylist()}


def test_traits_are_those_of_the_cut_off_and_outcomes_those_of_the_horizon_after_it(known):
    store, facts, scores, pasts = known
    cuts, days = cut_offs(store, facts, scores["buys"], facts.at)
    assert cuts == [facts.at - k * H for k in (1, 2, 3, 4)]
    assert days > 300
    learnt = training_set(pasts, scores["buys"], cuts)
    rows, (orders, *_) = learnt.training, learnt.training.columns
    assert not learnt.drawn
    assert set(rows.cut_off.tolist()) == set(cuts)
    for cut in cuts:
        mine = rows.cut_off == cut
        before = asked(store, f'SELECT customer_id, count(*) AS n FROM orders WHERE "at" <= {cut} GROUP BY 1')
        after = asked(
            store, f'SELECT customer_id, count(*) AS n FROM orders WHERE "at" > {cut} AND "at" <= {cut + H} GROUP BY 1'
        )
        assert dict(zip(rows.customer[mine], orders.values[mine], strict=True)) == before
        assert rows.target[mine].tolist() == [float(one in after) for one in rows.customer[mine]]
    assert rows.baselines.keys() == {RECENCY, BUYING}
    recency = next(one.values for one in rows.columns if one.name == "days_since_order")
    assert np.allclose(rows.baselines[RECENCY], recency)
    assert ((rows.baselines[BUYING] > 0) & (rows.baselines[BUYING] < 1)).all()


def test_amounts_and_conditions_are_of_the_horizon_too(known):
    store, facts, scores, pasts = known
    cut = facts.at - H
    spends = training_set(pasts, scores["spends"], [cut]).training
    came = asked(store, f'SELECT customer_id, sum(revenue) AS n FROM orders WHERE "at" > {cut} GROUP BY 1')
    assert spends.target.tolist() == [float(came.get(one, 0)) for one in spends.customer]
    assert (spends.task, spends.outcome, spends.horizon_days) == ("amount", "spend within 60 days", 60)
    twice = training_set(pasts, scores["twice"], [cut]).training
    web = asked(
        store, f"SELECT customer_id, count(*) AS n FROM orders WHERE \"at\" > {cut} AND channel = 'web' GROUP BY 1"
    )
    assert twice.target.tolist() == [float(web.get(one, 0) >= 2) for one in twice.customer]
    assert (twice.columns[0].values >= 2).all()
    assert twice.baselines.keys() == {RECENCY}


def test_an_amount_that_is_unknown_is_not_nothing(known):
    store, facts, scores, pasts = known
    cut = facts.at - H
    rows = training_set(pasts, scores["each"], [cut]).training
    came = asked(
        store,
        f'SELECT customer_id, avg(revenue) AS n FROM orders WHERE "at" > {cut} AND "at" <= {cut + H} AND customer_id IN '
        f'(SELECT customer_id FROM orders WHERE "at" <= {cut}) GROUP BY 1',
    )
    assert set(rows.customer) == set(came)
    assert rows.target.tolist() == pytest.approx([came[one] for one in rows.customer], abs=0.5)
    assert len(rows.columns[0]) == len(rows.baselines[RECENCY]) == len(came)


def test_churn_is_the_complement_of_purchase_to_the_last_bit(known):
    _, facts, scores, pasts = known
    churn = scores["buys"].definition.model_copy(update={"predict": "churn"})
    leaves = replace(scores["buys"], definition=churn, outcome=Not(scores["buys"].outcome))
    cuts = [facts.at - k * H for k in (1, 2, 3)]
    bought, left = (training_set(pasts, one, cuts).training for one in (scores["buys"], leaves))
    ids = np.array([f"{row}" for row in range(len(bought))], dtype=object)
    bought, left = replace(bought, customer=ids), replace(left, customer=ids)
    assert left.complement
    assert left.outcome == "no purchase within 60 days"
    assert left.target.tolist() == bought.target.tolist()
    one, other = fit_score("buys", bought, seed=7), fit_score("leaves", left, seed=7)
    chances, complements = one.score(bought.columns).values, other.score(bought.columns).values
    assert (chances + complements == 1.0).all()
    assert len(np.unique(chances)) > 3
    again = FittedScore.from_dict(other.to_dict())
    assert again.score(bought.columns).values.tolist() == complements.tolist()
    row = {column.name: column.values[0] for column in bought.columns}
    assert other.score_one(row).values[0] == complements[0]
    assert np.array_equal(other.contributions(bought.columns), -one.contributions(bought.columns))
    foretold = [(sum(b.predicted * b.customers for b in fit.backtest.calibration), fit) for fit in (one, other)]
    assert sum(total for total, _ in foretold) == pytest.approx(one.backtest.customers)
    auc = [fit.backtest.measure("area under the ROC curve").value for fit in (one, other)]
    assert auc[0] == pytest.approx(auc[1])


DAY_1 = [("a", 1, "tea", 300), ("a", 1, "ale", 200), ("a", 1, "ale", 50), ("a", 2, "zinc", 9999)]
TIED = [("b", 3, "ale", 100), ("b", 3, "tea", 60), ("b", 3, "tea", 40), ("c", 4, "tea", 5), ("c", 4, "ale", 5)]
OUT = [("d", 0, "tea", 5), ("d", 11, "tea", 5), ("e", 2, None, 900), ("e", 3, "ale", None)]


def test_the_next_category_is_that_of_most_spend_on_the_next_day_of_purchase():
    rows = [*DAY_1, *TIED, *OUT]
    table = pa.table(
        {
            "customer_id": [who for who, *_ in rows],
            "at": [day * DAY for _, day, *_ in rows],
            "category": [category for *_, category, _ in rows],
            "revenue": pa.array([paid for *_, paid in rows], pa.int64()),
        }
    )
    streams = {"order_items": STANDARD_STREAMS["order_items"]}
    with Store(threads=1) as store:
        store.put("order_items", table)
        store.put("whom", pa.table({"customer_id": ["f", "e", "d", "c", "b", "a"]}))
        found = next_categories(store, streams, "order_items", "UTC", "whom", 0, 10 * DAY)
    assert found.tolist() == ["tea", "tea", "ale", None, "ale", None]


def test_many_customers_at_the_highest_amount_are_told(known):
    _, _, scores, _ = known
    spends = scores["spends"]
    assert "of 6 customers the same is foretold" in at_ceiling(spends, pa.array([9] * 6 + [1, 2, None]))[0]
    assert at_ceiling(spends, pa.array([9] * 4 + [1])) == at_ceiling(scores["buys"], pa.array([9] * 6 + [1])) == ()
    assert at_ceiling(spends, pa.array([9] * 9)) == ()


def test_too_many_customers_are_drawn_by_a_hash_of_their_ids(known, monkeypatch):
    _, facts, scores, pasts = known
    cuts = [facts.at - H, facts.at - 2 * H]
    whole = training_set(pasts, scores["buys"], cuts).training
    monkeypatch.setattr(training, "MOST", 40)
    learnt = training_set(pasts, scores["buys"], cuts)
    assert learnt.drawn
    for cut in cuts:
        everyone = whole.customer[whole.cut_off == cut]
        first = sorted(
            everyone, key=lambda one: md5(f"{facts.project.seed}{one}".encode(), usedforsecurity=False).hexdigest()
        )[:40]
        drawn = learnt.training.take(learnt.training.cut_off == cut)
        assert drawn.customer.tolist() == sorted(first)
        place = {one: row for row, one in enumerate(everyone)}
        rows = [place[one] for one in drawn.customer]
        assert drawn.target.tolist() == whole.target[whole.cut_off == cut][rows].tolist()
        assert np.array_equal(drawn.baselines[BUYING], whole.baselines[BUYING][whole.cut_off == cut][rows])


def test_fewer_cut_offs_are_used_where_history_is_short(known):
    store, facts, scores, _ = known
    first = store.read('SELECT min("at") AS n FROM orders')["n"][0].as_py()
    cuts, days = cut_offs(store, facts, scores["buys"], first + 130 * DAY)
    assert (len(cuts), round(days)) == (1, 130)
    assert cut_offs(store, facts, scores["buys"], first + 119 * DAY)[0] == []


def test_an_outcome_sees_what_comes_after_and_nothing_before():
    tree = parse("count(orders) + count(orders, last 30 days) + count(orders, last 90 days) > 1")
    assert write(since(tree, 0, H)) == (
        "count(orders, after instant '1970-01-01') + count(orders, last 30 days) "
        "+ count(orders, after instant '1970-01-01') > 1"
    )


def test_what_is_told_of_a_model_has_one_form():
    one = Modelled("a", "a", "score", True, "Good.", fitted_at=DAY, window=(0, DAY), notes=("few",))
    told = told_by_name([one])["a"]
    assert told["window"] == {"from": "1970-01-01", "to": "1970-01-02"}
    assert (told["version"], told["notes"], told["backtest"]) == (1, ["few"], None)


def test_a_changed_score_is_told_part_by_part():
    old = Project(scores={"soon": {"predict": "purchase", "within": "90 days"}})
    new = Project(scores={"soon": {"predict": "purchase", "within": "60 days", "title": "soon"}})
    found = {one.part: (one.name, one.before, one.after, one.matters) for one in redefinitions(old, new)}
    assert found["within"] == ("soon", "90 days", "60 days", True)
    assert found["title"][3] is False
