"""The chapter on what is to come: every kind of back-test told, hostile names harmless, nothing told where nothing is known."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from foresight_worlds import AS_OF, DAY, bought, drifts, foreseeing, models, spent, told

from smalti.facts import Currency
from smalti.models import BackTest, Band, Measure
from smalti.report import ahead, page, short_verdict, summary, tell_models
from smalti.report.backtests import tell_backtest
from smalti.report.foresight import foresight
from smalti.report.matter import Matter
from smalti.report.writing import Pen

PEN = Pen(Currency("GBP"))


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture(scope="module")
def run(small_run):
    return foreseeing(*small_run)


@pytest.fixture(scope="module")
def chapter(run):
    html = page(*run)
    return html.partition('id="foresight"')[2].partition('id="segments"')[0]


def test_the_chapter_is_there_and_a_run_without_models_has_none(run, chapter):
    info, tables = run
    assert "What is to come" in chapter
    assert 'id="foresight"' not in page({**info, "models": {}}, tables)
    assert "#foresight" not in page({**info, "models": {}}, tables)


def test_verdicts_warnings_and_drift_come_first(chapter):
    place = [
        chapter.index(text) for text in ("puts 83 in the right order", "days_since_order alone", "0.84 times", "<svg")
    ]
    assert chapter.index("Will buy") < place[0] < place[1] < place[2]
    assert "has drifted" in chapter
    assert "1 of its 9 inputs has drifted since the run as of 31 March 2026." in chapter


def test_a_page_with_twenty_tested_models_stays_small(small_run):
    info, tables = foreseeing(*small_run)
    many = {f"score_{n}": told(f"score {n}", "score", bought(n)) for n in range(20)}
    assert len(page({**info, "models": many}, tables).encode()) < 1_000_000


def test_names_of_customers_do_no_harm(small_run, hostile):
    info, tables = foreseeing(*small_run)
    poison = hostile[1]
    test = BackTest(
        poison, "chance", 90.0, (AS_OF,), 9, verdict=poison, warnings=(poison,), cohorts=(Band(poison, 9, 0.1, 0.1),)
    )
    hurt = {
        poison: told(
            poison,
            poison,
            test,
            sentence=poison,
            notes=[poison],
            drift=[{"kind": "input", "alarm": True, "sentence": poison}],
        )
    }
    html = page({**info, "models": hurt}, tables)
    assert "<img" not in html


def test_points_lie_where_the_numbers_are():
    bands = (Band("a", 10, 0.5, 0.6, 0.5, 0.7), Band("b", 10, 0.9, 0.3, 0.2, 0.4))
    test = tell_backtest(BackTest("an order", "chance", 90, (AS_OF,), 20, calibration=bands), PEN)
    first, second = test.curve.points
    assert (first.x, first.y, first.low, first.high, first.held) == pytest.approx((50, 60, 50, 70, True), abs=0.01)
    assert (second.x, second.y, second.held) == pytest.approx((90, 30, False), abs=0.01)
    assert [tick.at for tick in test.curve.ticks] == pytest.approx([0, 25, 50, 75, 100], abs=0.01)
    assert test.curve.summary.startswith("Forecasts held in 1 of 2 groups")
    assert plain(first.tip) == "A, 10 customers; foretold 50 %; came 60 %, 50 % to 70 %"


def test_money_is_drawn_on_a_scale_that_shows_the_small_too():
    curve = tell_backtest(spent(), PEN).curve
    places = [point.x for point in curve.points]
    assert places == sorted(places, reverse=True)
    assert max(places) <= 100
    assert sum(place > 20 for place in places) >= 6
    assert all(0 <= end <= 100 for point in curve.points for end in (point.low, point.high))


def test_lift_says_what_the_first_tenth_is_worth():
    bands = tuple(Band(f"tenth {n}", 100, 0.5 if n == 1 else 0.1, 0.55 if n == 1 else 0.05) for n in range(1, 11))
    test = tell_backtest(BackTest("an order", "chance", 90, (AS_OF,), 1000, lift=bands), PEN)
    assert (
        plain(test.lift_summary)
        == "The tenth with the highest forecasts had 5.5 times the average: 55 % of all that came."
    )
    assert (test.lift[0].times, test.lift[0].bar) == ("5.5 ×", 1.0)


def test_the_best_forecaster_of_each_measure_is_marked():
    test = tell_backtest(bought(), PEN)
    assert test.forecasters == ("model", "recency alone", "buying model alone")
    ranking, squares, large = test.measures
    assert [score.best for score in ranking.scores] == [True, False, False]
    assert [score.best for score in squares.scores] == [True, False, False]
    assert large.scores[1] is None
    worse = BackTest(
        "x",
        "chance",
        1,
        (),
        1,
        (Measure("error", "model", 2.0, better="lower"), Measure("error", "guess", 1.0, better="lower")),
    )
    assert [score.best for score in tell_backtest(worse, PEN).measures[0].scores] == [False, True]


def test_nothing_came_and_nothing_was_foretold():
    nothing = tuple(Band(f"tenth {n}", 0, 0.0, 0.0) for n in range(1, 11))
    test = tell_backtest(BackTest("an order", "chance", 90, (), 0, lift=nothing, calibration=nothing[:1]), PEN)
    assert test.lift_summary == ""
    assert test.lift[0].times == "–"
    assert test.curve.summary == ""


def test_what_is_expected_of_all_is_counted_from_the_table(run):
    info, tables = run
    found = foresight(Matter(info, tables))
    assert found.figures[1].about.startswith("in the year ahead; ")
    buckets = {part.title: part for part in found.steps}
    counted = [int(step.text.replace(",", "")) for step in buckets["Next order"].steps]
    assert sum(counted) == tables["customers"].num_rows
    assert counted[-1] == tables["customers"]["next_order"].null_count
    assert [figure.title for figure in found.figures] == [
        "Still customers",
        "Orders to come",
        "Value to come",
        "Of one customer",
    ]


def test_the_edges_of_the_calendar():
    at = [AS_OF + days * DAY for days in (-1, 0, 30, 30.00001, 365, 366)]
    table = pa.table(
        {
            "customer_id": list("abcdef"),
            "next_order": pa.array([int(one) for one in at]).cast(pa.timestamp("us", "UTC")),
        }
    )
    found = foresight(Matter({"models": models(), "as_of_microseconds": AS_OF}, {"customers": table}))
    assert [step.text for step in found.steps[0].steps] == ["3", "1", "0", "1", "1", "0"]


def test_next_products_are_counted_by_the_first_rank():
    rows = [
        ("a", "category", 1, "hats"),
        ("a", "category", 2, "bags"),
        ("b", "category", 1, "bags"),
        ("c", "category", 1, "bags"),
    ]
    table = pa.table(
        {name: [row[place] for row in rows] for place, name in enumerate(("customer_id", "level", "rank", "item"))}
    )
    found = foresight(
        Matter({"models": models()}, {"customers": pa.table({"customer_id": list("abc")}), "next_products": table})
    )
    (part,) = found.steps
    assert [(step.title, step.text) for step in part.steps] == [("bags", "2"), ("hats", "1")]


def test_models_told_for_a_terminal():
    by_name = {one.name: one for one in tell_models({"models": models(), "currency": "GBP"})}
    assert by_name["will_buy"].drifted == "what came differs, 1 input"
    assert by_name["buying"].drifted == ""
    assert not by_name["spend"].fitted
    assert by_name["buying"].ground == (
        "Fitted as of 30 June 2026 to what happened from 26 June 2023 to 30 June 2026, in orders, of 5,000 customers."
    )


def test_a_stored_back_test_of_another_version_is_left_out():
    strange = {"x": told("x", "score", None) | {"backtest": {"from": "the future"}}}
    assert tell_models({"models": strange})[0].tested is None


def test_more_drift_than_fits_is_counted():
    many = [drifts()[1] | {"input": f"t{n}"} for n in range(20)]
    one = tell_models({"models": {"x": told("x", "score", drift=many)}})[0]
    assert len(one.changes) == 7
    assert one.changes[-1].text.startswith("14 further changes")


ROW = {
    "customer_id": "C42",
    "next_order": datetime(2026, 8, 14, 9, tzinfo=UTC),
    "gone_by": datetime(2026, 12, 3, tzinfo=UTC),
    "expected_orders": 2.42,
    "will_buy": 0.72,
    "spend_ahead": Decimal("12.50"),
    "next_category": "shoes",
    "next_category_chance": 0.41,
    "orders_365d": 6,
    "days_since_order": 40.0,
}
INFO = {
    "currency": "GBP",
    "horizon": "the year ahead",
    "models": {
        "buying": {"what": "buying", "fitted": True},
        "will_buy": {"title": "will buy", "what": "score", "unit": "chance"},
        "spend_ahead": {"title": "spend ahead", "what": "score", "unit": "GBP minor"},
        "next_category": {"title": "next category", "what": "score", "unit": "category"},
        "lost": {"title": "lost", "what": "score", "unit": "chance"},
    },
}


def test_one_customer_in_sentences():
    drivers = [
        {"score": "will_buy", "rank": 2, "trait": "days_since_order", "contribution": -0.3},
        {"score": "will_buy", "rank": 1, "trait": "orders_365d", "contribution": 0.9},
        {"score": "spend_ahead", "rank": 1, "trait": "days_since_order", "contribution": -90.0},
    ]
    items = [
        {"level": "category", "rank": 2, "item": "hats", "chance": 0.1, "why": ""},
        {"level": "category", "rank": 1, "item": "shoes", "chance": 0.4, "why": "bought before"},
    ]
    found = ahead(
        ROW, info=INFO, drivers=drivers, products=items, titles={"orders_365d": "orders in the last 12 months"}
    )
    assert [plain(one) for one in found] == [
        "The next order is expected about 14 August 2026.",
        "Without an order by 3 December 2026 the chance of still being a customer is below 10 %.",
        "In the year ahead about 2.4 days with an order are expected.",
        "Will buy: 72 %, raised most by orders in the last 12 months (6), lowered by days since order (40 days).",
        "Spend ahead: £12.50, lowered most by days since order (40 days).",
        "Next category: shoes (chance 41 %).",
        "Most likely to be bought next, by category: shoes (40 %, bought before), hats (10 %).",
    ]


def test_of_whom_nothing_is_known_nothing_is_told():
    assert ahead({"customer_id": "C1", "will_buy": None, "next_order": None}, info=INFO) == ()


def test_every_number_of_the_picture_is_inside_it(chapter):
    for x, y in re.findall(r'<circle cx="([-\d.]+)" cy="([-\d.]+)"', chapter):
        assert 0 <= float(x) <= 200
        assert 0 <= float(y) <= 200


def now_of(model, values):
    table = pa.table({"customer_id": [str(n) for n in range(len(values))], "x": values})
    (one,) = tell_models({"models": {"x": model}, "currency": "GBP"}, {"customers": table})
    return one


def test_an_amount_is_money_only_where_the_model_counts_money():
    rows = (Band("483 to 1,780", 50, 1300.0, 1250.0, 1000.0, 1500.0), Band("0 to 0.5", 50, 0.4, 0.3, 0.1, 0.6))
    test = BackTest("count(orders) within 90 days", "money", 90.0, (AS_OF,), 100, calibration=rows)
    orders = now_of(told("orders ahead", "score", test, unit="number"), [1200.0, 100.0])
    assert (orders.tested.groups[0].name, orders.tested.groups[0].foretold) == ("483 to 1,780", "1,300")
    assert orders.now == "Today 1,300 in all, of 2 customers."
    money = now_of(told("spend ahead", "score", test, unit="GBP minor"), [1200.0, 100.0])
    assert [row.name for row in money.tested.groups] == ["£4.83 to £18", "£0 to £0"]
    assert money.tested.curve.points[0].tip.startswith("£4.83 to £18, 50 customers; foretold £13")
    euros = now_of(told("spend ahead", "score", test, unit="EUR minor"), [1200.0, 100.0])
    assert euros.tested.groups[0].foretold == "€13"


def test_a_likeness_is_told_as_resemblance():
    tenths = tuple(Band(f"tenth {n}", 100, 0.096, 0.4 if n == 1 else 0.0625) for n in range(1, 11))
    test = BackTest("hidden members found again", "chance", 0.0, (AS_OF,), 96, lift=tenths)
    one = now_of(told("like best", "look_alike", test, unit="likeness, 0 to 1"), [0.9, 0.2])
    assert "expected" not in one.now
    assert "chance above" not in one.now
    assert plain(one.now).endswith("42 % were found among the tenth most alike; by chance it would be 10 %.")
    assert one.tested.resembles
    html = page(
        {"models": {"x": told("like best", "look_alike", test)}}, {"customers": pa.table({"customer_id": ["a"]})}
    )
    assert "Are members found again?" in html
    assert "foretold 9.6" not in plain(html)


def test_what_is_expected_is_said():
    test = BackTest("a purchase within 90 days", "chance", 90.0, (AS_OF,), 9)
    buys = now_of(told("will buy", "score", test, unit="chance"), [0.9])
    assert "expected to have this: a purchase within 90 days; 1 of them" in buys.now
    rows = (Band("after 1 month", 9, 0.9, 0.8, 0.5, 0.95),)
    test = BackTest("still a customer after 6 months", "chance", 180.0, (AS_OF,), 9, over_time=rows)
    renews = now_of(told("renews", "renewal", test, unit="chance"), [0.9, 0.8])
    assert "are expected to renew at the next renewal; 2 of them" in renews.now
    assert renews.tested.over_time_title[0] == "Looking one period ahead, and more"
    assert buys.tested.over_time_title[0] == "From one instant to the next"


def test_what_stands_against_a_model_is_said_first_and_shortly():
    leak = replace(bought(), warnings=("last_seen may know the future: alone it explains 99 %",))
    assert short_verdict(now_of(told("x", "score", leak), [0.5])) == "! may know the future: last_seen"
    same = "It cannot be told apart from rate of each tenure (+0.0001 in log score per customer, -0.1 to +0.1)."
    for verdict, wanted in (
        (same, "! no better than rate of each tenure"),
        ("It foretells worse than one rate for all (-0.2 in log score): do not.", "! worse than one rate for all"),
        (
            "Hidden members are not found more often than at random: times 1.",
            "! hidden members are not found more often than at",
        ),
        ("", "not judged"),
    ):
        assert short_verdict(now_of(told("x", "score", replace(bought(), verdict=verdict)), [0.5])).startswith(wanted)


def test_a_run_says_that_value_to_come_rests_on_a_model_that_did_worse(run):
    info, tables = run
    worse = replace(
        spent(), verdict="Worse than a naive forecast (rule of thumb): its error per customer is 3.0% larger."
    )
    doubted = {**info, "models": {"buying": told("MBG/NBD", "buying", worse), "spend": told("s", "spend", worse)}}
    notes = [note for note in summary(doubted, tables).notes if "did worse than" in note]
    assert notes == [
        "Value to come rests on a model (buying) that did worse than a naive forecast (rule of thumb) in its back-test; "
        "see smalti models buying."
    ]
    assert page(doubted, tables).partition('id="foresight"')[0].count("rests on a model (buying)") == 1
    assert "rests on a model" not in page(info, tables)


def test_who_is_probably_gone_and_who_never_ordered():
    gone = ahead(ROW, info={**INFO, "as_of": "2026-12-31T00:00:00Z"})
    assert "The chance of still being a customer is already below 10 %." in map(plain, gone)
    assert not any("Without an order by" in one for one in gone)
    never = ahead({"customer_id": "C1", "expected_orders": 0.0}, info={"models": {"buying": {"fitted": False}}})
    assert never == ()


def test_errors_that_are_shares_are_no_money():
    share, money = (
        Measure(name, "model", 0.31, None, None, "lower") for name in ("error by cohort", "mean absolute error")
    )
    test = BackTest("spend within 90 days", "money", 90, (0,), 10, measures=(share, money))
    written = str(tell_backtest(test, Pen(Currency("GBP"))))
    assert "0.310" in written
    assert "£0.00" in written
