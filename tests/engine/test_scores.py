"""Scores of a project in a run: learnt from the past alone, foretold of everybody, read back, refused where they do not fit."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from math import isfinite

import numpy as np
import pytest

from smalti.engine import Options, Run, plan_changes, run_project, run_timeline
from smalti.engine.foresight.inputs import columns_of, of_row
from smalti.engine.quality import assess_project
from smalti.errors import ModelError, RunError
from smalti.facts import DAY, Currency, Type
from smalti.project import Project, parse_timeline
from smalti.samples import shop, write_shop
from smalti.store import Store

from .conftest import NOW, PROJECT

FEW = ["orders_total", "days_since_order", "spend_365d", "favourite_category"]
LEARNT = {"within": "90 days", "traits": FEW, "cut_offs": 2}
SCORES = {
    "will_buy": {"predict": "purchase", **LEARNT, "title": "will buy soon"},
    "spend_ahead": {"predict": "spend", **LEARNT},
    "next_category": {"predict": "next_category", **LEARNT},
    "like_hot": {"like": "hot"},
    "renews": {"predict": "renewal", "started": "first_order_at", "ended": "gone_at", "period": "1 month"},
    "far": {"predict": "purchase", "within": "3000 days"},
    "learnt": {"like": "hot"},
    "nobody": {"predict": "purchase", "customers": "orders_total > 1000", **LEARNT},
}
SEGMENTS = {
    "hot": {"who": "will_buy > 0.5 and score(spend_ahead) > 50", "kind": "predictive"},
    "alike": "like_hot > 0.5 and not member(hot)",
}


def project(**changes) -> Project:
    """The shop with scores, few traits and one framework."""
    given = {name: getattr(PROJECT, name) for name in PROJECT.model_fields_set}
    gone = {"gone_at": "case when days_since_order > 200 then last_order_at end"}
    return Project.model_validate(
        given | {"traits": gone, "use": ["lifecycle"], "scores": SCORES, "segments": SEGMENTS} | changes
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Three hundred customers, with dirt in their orders."""
    folder = tmp_path_factory.mktemp("shop")
    write_shop(shop(300, seed=3), folder, with_dirt=True)
    return folder


@pytest.fixture(scope="module")
def make(home, tmp_path_factory):
    def made(one: Project | None = None, **options) -> Run:
        given = {"home": home, "to": tmp_path_factory.mktemp("runs"), "now": NOW, "threads": 1} | options
        return run_project(one or project(), Options(**given))

    return made


@pytest.fixture(scope="module")
def run(make) -> Run:
    return make()


def prints(run: Run) -> dict[str, str]:
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in sorted(run.path.glob("*.parquet"))}


def test_every_score_is_a_column_in_published_form(run):
    table = run.customers.to_arrow()
    columns = {name: str(table.schema.field(name).type) for name in table.column_names}
    assert columns["will_buy"] == columns["next_category_chance"] == columns["renews_periods"] == "double"
    assert columns["spend_ahead"] == "decimal128(18, 2)"
    assert columns["next_category"] == "string"
    chances = np.asarray(table["will_buy"])
    assert ((chances > 0) & (chances < 1)).all()
    assert table.column_names.index("will_buy") > table.column_names.index("p_alive")
    assert [one["step"] for one in run.info["timings"]].index("scores") == 5


def test_rules_may_speak_of_scores_by_name_or_as_scores(run):
    rows = {row["customer_id"]: row for row in run.customers.to_arrow().to_pylist()}
    members = {row["customer_id"] for row in run.membership.to_arrow().to_pylist() if row["segment"] == "hot"}
    hot = {one for one, row in rows.items() if row["will_buy"] > 0.5 and row["spend_ahead"] > 50}
    alike = {row["customer_id"] for row in run.membership.to_arrow().to_pylist() if row["segment"] == "alike"}
    assert members == hot
    assert 0 < len(hot) < len(rows)
    assert alike == {one for one, row in rows.items() if row["like_hot"] > 0.5} - hot


def test_the_run_tells_of_each_score_what_it_is_and_how_it_did(run):
    told = run.info["models"]["will_buy"]
    assert (told["title"], told["what"], told["fitted"], told["unit"]) == ("will buy soon", "score", True, "chance")
    assert told["fitted_at"] == run.info["as_of"]
    assert {one["name"] for one in told["inputs"]} <= set(FEW)
    assert told["inputs"][-1]["unit"] in ("GBP minor", "")
    assert told["backtest"]["horizon_days"] == 90
    assert {one["of"] for one in told["backtest"]["measures"]} >= {"model", "recency alone", "buying model alone"}
    assert {run.info["models"][name]["what"] for name in ("like_hot", "renews")} == {"look_alike", "renewal"}


def test_a_score_without_enough_history_is_missing_for_everybody_and_says_why(run):
    assert run.customers.to_arrow()["far"].null_count == len(run.customers)
    told = run.info["models"]["far"]
    assert not told["fitted"]
    assert "3000 days ago" in told["sentence"]
    assert "which takes facts of 3,090 days, and there are facts of " in told["sentence"]
    assert any(note.startswith("score far: missing for everybody") for note in run.info["notes"])
    with pytest.raises(RunError, match="no fitted score 'far': Far is missing"):
        run.scorer("far")


def test_a_score_of_nobody_is_missing_and_no_crash(run):
    told = run.info["models"]["nobody"]
    assert "at none of the earlier instants there was a customer of whom to foretell" in told["sentence"]


def test_a_score_read_back_gives_what_was_published(run):
    rows = run.customers.to_arrow().to_pylist()
    for name in ("will_buy", "spend_ahead", "next_category", "like_hot", "learnt", "renews"):
        scorer = run.scorer(name)
        for row in rows[:60]:
            told = scorer.score_one(row)
            assert told == {column: row[column] for column in told}


def test_drivers_are_those_of_the_fitted_score(run):
    table = run.folder.table("score_drivers", where=[("score", "=", "will_buy")]).to_pylist()
    rows = {row["customer_id"]: row for row in run.customers.to_arrow().to_pylist()}
    told: dict[str, list] = {}
    for row in table:
        told.setdefault(row["customer_id"], []).append((row["trait"], row["contribution"]))
        assert row["rank"] == len(told[row["customer_id"]]) <= 3
    scorer = run.scorer("will_buy")
    assert len(told) == len(rows)
    for customer in list(told)[:5]:
        assert scorer.drivers(rows[customer]) == told[customer]
    with pytest.raises(ModelError, match="nothing is told of drivers"):
        run.scorer("like_hot").drivers(rows[customer])


def test_what_a_model_was_foretold_from_is_kept_in_bins(run):
    table = run.folder.table("model_inputs", where=[("model", "=", "will_buy")]).to_pylist()
    names = {one["name"] for one in run.info["models"]["will_buy"]["inputs"]}
    assert {row["input"] for row in table} == names
    for name in names:
        assert sum(row["n"] for row in table if row["input"] == name) == len(run.customers)


def test_a_score_refuses_what_it_was_not_fitted_on(run):
    scorer, info = run.scorer("will_buy"), run.info
    scorer.refuse(info)
    with pytest.raises(ModelError, match="spend_365d is in EUR and was in GBP"):
        scorer.refuse(info | {"currency": "EUR"})
    with pytest.raises(ModelError, match="orders_total is number and was integer"):
        scorer.refuse(info | {"types": info["types"] | {"orders_total": "number"}})
    with pytest.raises(
        ModelError, match=r"wants the trait orders_total, which is not there; is it now returns_total\?"
    ):
        scorer.refuse(info | {"types": {n: t for n, t in info["types"].items() if n != "orders_total"}})
    with pytest.raises(ModelError, match="fitted on orders, of which there are no facts"):
        scorer.refuse(info | {"streams": {}} | {"streams": {"customers": {}}})
    with pytest.raises(ModelError, match=r"orders\.revenue is money in EUR and was money"):
        orders = info["streams"]["orders"] | {"revenue": "money in EUR"}
        scorer.refuse(info | {"streams": info["streams"] | {"orders": orders}})
    row = run.customers.to_arrow().to_pylist()[0]
    with pytest.raises(ModelError, match=r"score will_buy: .*spend_365d"):
        scorer.score_one({name: value for name, value in row.items() if name != "spend_365d"})
    with pytest.raises(ModelError, match="wanted what a run publishes of money"):
        scorer.score_one(row | {"spend_365d": 12.5})
    for wrong in ("2024-01-01", datetime(2024, 1, 1)):
        with pytest.raises(
            ModelError, match=r"score renews: first_order_at: found .*, wanted an instant with its time zone"
        ):
            run.scorer("renews").score_one(row | {"first_order_at": wrong})
    with pytest.raises(ModelError, match="wanted what a run publishes of instant"):
        of_row({"since": datetime(2024, 1, 1)}, [("since", Type.INSTANT, "GBP")], 0)


def test_an_unknown_score_is_answered_with_the_nearest_name(run):
    with pytest.raises(RunError, match="has no score 'will_by'; did you mean 'will_buy'"):
        run.scorer("will_by")


def test_the_customers_page_knows_scores(run):
    hot = next(row for row in run.membership.to_arrow().to_pylist() if row["segment"] == "hot")
    assert "will buy soon" in str(run.customer(hot["customer_id"]))


def test_traits_are_read_alike_from_tables_and_rows(run):
    kinds = {name: Type(kind) for name, kind in run.info["types"].items()}
    wanted = ("first_order_at", "spend_365d", "orders_total", "favourite_category", "typical_gap_days")
    row = run.customers.to_arrow().to_pylist()[3]
    read = of_row(row, [(name, kinds[name], "GBP") for name in wanted], run.info["as_of_microseconds"])
    assert read["spend_365d"] == float(row["spend_365d"] * 100)
    assert isfinite(read["first_order_at"])
    assert read["first_order_at"] == pytest.approx(row["days_since_first_order"], rel=1e-12)
    assert Currency("GBP").places == 2
    assert isinstance(row["spend_365d"], Decimal)


def test_an_empty_table_gives_empty_columns(run):
    table = run.customers.to_arrow().slice(0, 0)
    made = columns_of(table, {"orders_total": Type.INTEGER, "favourite_category": Type.TEXT}, DAY, "GBP")
    assert [len(one.values) for one in made] == [0, 0]


TIMELINE = """
start: 2026-06-01
currency: GBP
scores: {soon: {predict: purchase, within: 90 days}, next: {predict: next_category, within: 90 days}}
segments: {hot: "soon > 0.5 and next = 'shoes'"}
steps:
  - {fact: orders, customer: ada, revenue: 5}
  - expect: {ada: {hot: unknown}}
  - {score: soon, customer: ada, value: 0.7}
  - {score: next, customer: ada, value: shoes}
  - expect: {ada: {hot: in}}
  - {score: soon, customer: ada, value: 0.2}
  - expect: {ada: {hot: out}}
"""


def test_all_readings_of_the_language_take_scores_of_the_project():
    with Store(threads=1) as store:
        outcome = run_timeline(parse_timeline(TIMELINE, "a.yml"), store)
    assert outcome.right, str(outcome)
    assert outcome.checked == 3


@pytest.mark.slow
def test_the_same_run_twice_gives_the_same_bytes_whatever_the_threads(make, run):
    assert prints(make(threads=2)) == prints(run)


@pytest.mark.slow
def test_as_of_the_past_a_run_is_that_of_files_that_end_there(make, home, tmp_path):
    as_of = "2025-12-31T11:22:33Z"
    lines = (home / "orders.csv").read_text().splitlines(keepends=True)
    at = lines[0].split(",").index("ordered_at")
    known = [line for line in lines[1:] if line.split(",")[at] <= as_of]
    assert 0 < len(known) < len(lines) - 1
    (tmp_path / "orders.csv").write_text(lines[0] + "".join(known))
    (tmp_path / "customers.csv").write_bytes((home / "customers.csv").read_bytes())
    then, cut = (prints(make(as_of=as_of, home=one)) for one in (home, tmp_path))
    del then["set_aside.parquet"], cut["set_aside.parquet"]
    assert then == cut


@pytest.mark.slow
def test_the_gate_and_a_plan_know_scores_as_of_their_instants(make, home, tmp_path):
    new = project(
        segments=SEGMENTS | {"hot": "will_buy > 0.7"},
        scores={"will_buy": SCORES["will_buy"], "like_hot": SCORES["like_hot"]},
    )
    old = project(
        segments=SEGMENTS | {"hot": "will_buy > 0.5"},
        scores={"will_buy": SCORES["will_buy"], "like_hot": SCORES["like_hot"]},
    )
    runs = {"to": tmp_path / "runs", "home": home, "now": NOW}
    made = run_project(new, Options(**runs))
    found = assess_project(new, Options(**runs))
    assert found.since is not None
    assert {one.segmentation for one in found.verdicts} >= {"segments"}
    changed = plan_changes(
        new.model_copy(update={"sources": tuple((n, _at(one, home)) for n, one in new.sources)}),
        against=old.model_copy(update={"sources": tuple((n, _at(one, home)) for n, one in old.sources)}),
        as_of=made.info["as_of"],
        to=tmp_path / "runs",
    )
    rows = made.customers.to_arrow().to_pylist()
    hot = next(one for one in changed.segments if one.segment == "hot")
    assert hot.after == sum(row["will_buy"] > 0.7 for row in rows)
    assert hot.before == sum(row["will_buy"] > 0.5 for row in rows)


def _at(source, home):
    return source.changed(files=tuple(str(home / one) for one in source.files))
