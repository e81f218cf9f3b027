"""Scores as they are written: what is wrong with them is told all at once, each with its place and the nearest right name."""

from __future__ import annotations

import json

import jsonschema
import pytest

from smalti.engine import check_read
from smalti.errors import DefinitionError
from smalti.facts import CUSTOMERS, STANDARD_STREAMS, Column, Stream, Type
from smalti.project import (
    Project,
    ScoreDefinition,
    load_project,
    parse_project,
    parse_timeline,
    prepare,
    project_schema,
    read_project,
    restored,
)
from smalti.rules import Aggregate, walk

ATTRIBUTES = Stream(
    CUSTOMERS.name,
    (Column("country", Type.TEXT), Column("signed_up", Type.INSTANT), Column("ended", Type.INSTANT)),
)
STREAMS = STANDARD_STREAMS | {CUSTOMERS.name: ATTRIBUTES}
HEAD = """\
name: Shop
currency: GBP
use: []
sources: {orders: {from: orders.csv}, customers: {from: customers.csv}}
"""


def prepared(text: str, streams=STREAMS):
    project, origin = parse_project(HEAD + text, "smalti.yml")
    return prepare(project, streams, origin)


def problems(text: str, streams=STREAMS) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        prepared(text, streams)
    return [str(one) for one in caught.value.problems]


ONE = "scores:\n  one: {%s}\n"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("predict: purchase", "'within' is missing"),
        ("predict: purchase, within: 0 days", "6:36: scores.one.within: a score about no time at all: found '0 days'"),
        ("predict: purchase, within: 90", "not a duration: found '90', wanted a whole number and a unit"),
        ("predict: purchase, within: 3 dayz", "unknown unit of time: found 'dayz'"),
        ("within: 3 days", "a score has one of predict:, like: and effect:, and this one has none of them"),
        ("predict: spend, like: x, within: 3 days", "like: and effect:, and this one has predict: and like:"),
        ("like: x, within: 3 days", "'within' has no meaning for like:"),
        ("predict: spend, within: 3 days, period: 1 month", "'period' is for predict: renewal alone"),
        ("predict: renewal, started: signed_up", "'ended' is missing: renewal needs started:, ended: and period:"),
        ("predict: renewal, started: a, ended: b, period: 1 moon", "not a period: found '1 moon'"),
        (
            "predict: renewal, started: a, ended: b, period: 1 month, within: 2 days",
            "'within' has no meaning for renewal",
        ),
        ("predict: purchase, within: 3 months", "wanted a number of days or weeks; did you mean '90 days'?"),
        ("predict: renewal, started: a", "'ended' is missing"),
        ("predict: renewal, started: a", "'period' is missing"),
        ("predict: '', within: 3 days", "wrong value: found nothing"),
        ("predict: spend, within: 3 days, cut_offs: 0", "greater than or equal to 1"),
        ("predict: spend, wihtin: 3 days", "unknown setting: found 'wihtin'"),
    ],
)
def test_settings_that_do_not_go_together_are_told_with_their_place(written, told):
    with pytest.raises(DefinitionError) as caught:
        parse_project(HEAD + ONE % written, "smalti.yml")
    found = [str(one) for one in caught.value.problems]
    assert any(told in one for one in found), found
    assert all(one.startswith("smalti.yml:6:") for one in found)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            "predict: purchas, within: 9 days",
            "6:18: score one: unknown outcome: found 'purchas', wanted one of purchase",
        ),
        ("predict: 'count(orders) >=', within: 9 days", "score one: the text ends too soon"),
        ("predict: count(event), within: 9 days", "6:18: score one: unknown stream: found 'event'"),
        ("predict: count(orders) + 'a', within: 9 days", "6:"),
        ("predict: last(orders.channel), within: 9 days", "an outcome that cannot be compared"),
        ("predict: 'count(orders, this month)', within: 9 days", "an outcome that may see what was before"),
        (
            "predict: country = 'France', within: 9 days",
            "does not lie ahead: found 'attributes without a date'",
        ),
        ("predict: 'count(orders) >= 0', within: 9 days", "a rule that is always true: found 'count(orders) >= 0'"),
        ("predict: days_since_order > 5, within: 9 days", "an outcome that names a trait, which is of the instant"),
        (
            "predict: 'count(orders, last 3 days) > 1', within: 9 days",
            "found 'count(orders, last 3 days)', wanted no window: an outcome sees the 9 days after the instant",
        ),
        ("predict: purchase, within: 9 days, customers: count(orders) < 0", "a rule that is never true"),
        ("predict: 1 > 2, within: 9 days", "an outcome that does not lie ahead: found 'nothing that happens'"),
        ("predict: p_alive > 0.5, within: 9 days", "score one: not known yet here: found 'p_alive'"),
        ("predict: spend, within: 9 days, traits: [spend_totl]", "6:50: score one: unknown trait: found 'spend_totl'"),
        ("predict: spend, within: 9 days, traits: [p_alive]", "not known yet here: found 'p_alive'"),
        ("predict: spend, within: 9 days, customers: spend_totl > 2", "unknown name: found 'spend_totl'"),
        ("predict: spend, within: 9 days, customers: spend_total", "wanted"),
        ("like: champions", "6:15: score one: unknown segment: found 'champions'"),
        ("predict: renewal, started: country, ended: ended, period: 1 month", "not an instant: found 'country (text)'"),
        ("predict: renewal, started: sined_up, ended: ended, period: 1 month", "did you mean 'signed_up'?"),
    ],
)
def test_what_a_score_speaks_of_must_be_there(written, told):
    found = problems(ONE % written)
    assert any(told in one for one in found), found
    assert all("score one" in one for one in found)


def test_all_that_is_wrong_with_scores_is_told_at_once():
    found = problems(
        "scores:\n  one: {predict: purchas, within: 9 days}\n  two: {like: nobody}\n  three: {predict: spend, within: 9 days,"
        " traits: [x]}\n"
    )
    assert [one.split(":")[1] for one in found] == ["6", "7", "8"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("spend_total", "a standard trait has this name"),
        ("p_alive", "a column of the value map has this name"),
        ("customer_id", "a column of every run has this name"),
        ("country", "an attribute has this name"),
        ("mine", "a trait has this name"),
        ("best", "a segment has this name"),
        ("BEST", "a segment has this name"),
        ("_x", "names with _ in front"),
        ("buying", "a model of every run has this name"),
        ("Products", "a model of every run has this name"),
    ],
)
def test_a_score_cannot_have_a_name_that_is_taken(name, told):
    more = "traits: {mine: count(orders)}\nsegments: {best: spend_total > 5}\n"
    found = problems(more + f"scores:\n  {name}: {{predict: purchase, within: 9 days}}\n")
    assert any(told in one and one.startswith("smalti.yml:8:3: ") for one in found), found


def test_the_chance_of_a_text_is_a_name_too():
    found = problems("traits: {next_chance: count(orders)}\nscores: {next: {predict: next_category, within: 9 days}}\n")
    assert "a trait has this name: found 'next_chance'" in found[0]
    other = "  next_chance: {predict: purchase, within: 9 days}\n"
    found = problems("scores:\n  next: {predict: next_category, within: 9 days}\n" + other)
    assert found == [
        "smalti.yml:7:3: score next_chance: score next has a column of this name: found 'next_chance', wanted another"
    ]


def test_traits_cannot_speak_of_scores_and_scores_not_of_scores():
    found = problems(
        "traits: {mine: soon > 0.5}\nscores:\n  soon: {predict: purchase, within: 9 days}\n"
        "  other: {predict: spend, within: 9 days, customers: soon > 0.5}\n"
    )
    assert len(found) == 2
    assert all("scores are learnt from the traits, so use it in segments and strategies" in one for one in found)


def test_look_alikes_cannot_wait_for_one_another():
    found = problems(
        "segments: {a: two > 0.5, b: member(a) and one > 0.1}\nscores: {one: {like: a}, two: {like: b}, three: {like: b}}\n"
    )
    circles = [one for one in found if "scores that need each other in a circle" in one]
    assert len(circles) == 2
    assert "score one" in circles[0]
    assert "score two" in circles[1]


def test_a_broken_score_is_told_once_however_many_rules_speak_of_it():
    found = problems(
        "scores: {one: {predict: purchas, within: 9 days}}\nsegments: {a: one > 0.5, b: score(one) > 0.1, c: not member(a)}\n"
    )
    assert len(found) == 1


def test_segments_and_strategies_speak_of_scores_by_name_or_as_scores():
    made = prepared(
        "scores: {soon: {predict: purchase, within: 9 days}, much: {predict: spend, within: 9 days}}\n"
        "segments: {a: soon > 0.5 and score(much) > 10}\n"
        "playbook: {retain: {eligible: score(soon) > 0.2, headroom: much}}\n"
    )
    assert made.types["soon"] is Type.NUMBER
    assert made.types["much"] is Type.MONEY
    assert made.titles["soon"] == "soon"


def test_scores_are_learnt_from_what_was_known_then():
    made = prepared(
        "traits: {abroad: country != 'UK', level: 'quantile(spend_total, 0.5) < spend_total'}\n"
        "scores: {one: {predict: purchase, within: 9 days}, two: {predict: purchase, within: 9 days, traits: [country]}}\n"
        "quality: {lasting: [signed_up]}\n"
    )
    one, two = made.scores
    assert {"country", "ended", "abroad"} <= set(one.undated)
    assert "signed_up" in one.inputs
    assert not {"country", "abroad", "level", "last_order_at"} & set(one.inputs)
    assert {"days_since_order", "orders_total", "favourite_channel"} <= set(one.inputs)
    assert two.inputs == ("country",)


def test_for_whom_a_score_is_follows_from_what_it_speaks_of():
    one, two = prepared(
        "scores:\n  one: {predict: 'sum(returns.refund) + count(orders) * 2.0 > 1 or any(returns)', within: 9 days}\n"
        "  two: {predict: churn, within: 9 days, customers: country = 'UK'}\n".replace("sum(returns.refund) + ", "")
    ).scores
    assert {part.stream for part in walk(one.customers) if isinstance(part, Aggregate)} == {"orders", "returns"}
    assert {part.stream for part in walk(two.customers) if isinstance(part, Aggregate)} <= {CUSTOMERS.name}
    assert one.task == two.task == "chance"


def test_a_score_that_needs_orders_says_so_where_there_are_none():
    answers = {"answers": Stream("answers", (Column("liked", Type.BOOLEAN),)), CUSTOMERS.name: ATTRIBUTES}
    found = problems(ONE % "predict: churn, within: 9 days", answers)
    assert "churn needs orders, which the data does not give" in found[0]
    bare = {"orders": Stream("orders", (Column("revenue", Type.MONEY),))}
    found = problems(ONE % "predict: next_category, within: 9 days", bare)
    assert "next_category needs the category of orders or of their lines" in found[0]


def test_a_project_with_scores_comes_back_from_what_a_run_keeps():
    shop = Project(
        scores={
            "soon": {"predict": "purchase", "within": "90 days", "traits": ["a", "b"], "cut_offs": 2},
            "like_best": {"like": "best", "title": "like our best"},
            "renews": {"predict": "renewal", "started": "a", "ended": "b", "period": "1 month"},
        }
    )
    assert restored(json.loads(json.dumps(shop.model_dump(mode="json")))) == shop
    assert hash(shop) == hash(shop.model_copy())


def test_the_schema_describes_scores_and_takes_them():
    schema = project_schema()
    fields = schema["$defs"]["ScoreDefinition"]["properties"]
    assert set(fields) == set(ScoreDefinition.model_fields)
    assert all(one["description"] for one in fields.values())
    given = {"scores": {"soon": {"predict": "purchase", "within": "90 days"}}}
    jsonschema.validate(given, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"scores": {"soon": {"predikt": "purchase"}}}, schema)


def test_scores_left_empty_are_none(tmp_path):
    (tmp_path / "smalti.yml").write_text(HEAD + "scores:\n")
    assert load_project(tmp_path)[0].scores == ()


TIMELINE = """
start: 2026-06-01
currency: GBP
scores: {soon: {predict: purchase, within: 90 days}, next: {predict: next_category, within: 90 days}}
segments: {hot: soon > 0.5 and next = 'shoes'}
steps:
  - {fact: orders, customer: ada, revenue: 5}
  - {score: soon, customer: ada, value: 0.7}
  - {score: next, customer: ada, value: shoes}
  - expect: {ada: {hot: in}}
"""


def test_a_timeline_may_give_customers_scores_of_the_project():
    shown = parse_timeline(TIMELINE, "a.yml")
    assert {"soon", "next", "next_chance"} <= set(shown.scores)
    with pytest.raises(DefinitionError, match=r"unknown score: found 'son', .*did you mean 'soon'"):
        parse_timeline(TIMELINE.replace("{score: soon", "{score: son"), "a.yml")


def test_customers_chosen_by_what_carries_no_date_are_told():
    text = "segments: {french: country = 'FR'}\nscores:\n"
    text += "  one: {predict: purchase, within: 9 days, customers: member(french)}\n"
    text += "  two: {predict: count(orders) > 0 and ended is missing, within: 9 days}\n"
    text += "  three: {predict: purchase, within: 9 days, customers: count(orders) > 1}\n"
    assert [one.hindsight for one in prepared(text).scores] == [("country",), ("ended",), ()]
    assert [one.hindsight for one in prepared(text + "quality: {lasting: [country, ended]}\n").scores] == [(), (), ()]


def test_neither_traits_nor_customers_can_ask_for_a_score_by_its_function():
    text = "traits: {mine: score(soon) > 0.5}\nscores:\n  soon: {predict: purchase, within: 9 days}\n"
    found = problems(text + "  other: {predict: spend, within: 9 days, customers: score(soon) > 0.2}\n")
    assert len(found) == 2
    assert all(
        "not known yet here: found 'soon', wanted a trait; scores are learnt from the traits" in one for one in found
    )


def test_all_that_is_wrong_with_a_score_is_told_at_once_beside_a_wrong_horizon(tmp_path):
    (tmp_path / "smalti.yml").write_text(
        "name: Shop\ncurrency: GBP\nuse: []\ntraits: {mine: score(one) > 0.5}\nscores:\n"
        "  one: {predict: purchas, within: 3 months}\n"
        "  p_alive: {predict: churn, traits: [nope]}\n"
        "  renews: {predict: renewal, started: foo, ended: bar, period: 1 month}\n"
        "  like_best: {like: nobody}\n"
    )
    with pytest.raises(DefinitionError) as caught:
        check_read(read_project(tmp_path), tmp_path)
    told = "\n".join(str(one) for one in caught.value.problems)
    wanted = [
        "found 'one'",
        "months differ",
        "'purchas'",
        "'within' is missing",
        "'p_alive'",
        "'nope'",
        "'foo'",
        "'bar'",
    ]
    assert [one for one in [*wanted, "'nobody'"] if one not in told] == []
