"""Timelines read from files: every mistake has its place, what was found, what was wanted, the nearest name."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from smalti.errors import DefinitionError, SmaltiError
from smalti.facts import DAY, HOUR, Currency, Type, parse_instant
from smalti.project import (
    Change,
    Changes,
    Delivery,
    Expectation,
    Scoring,
    Waiting,
    load_timeline,
    parse_timeline,
    timeline_files,
)
from smalti.project.handwriting import Amounts, length_of
from smalti.project.steps import KINDS
from smalti.project.timelines import SETTINGS

PAGE = (Path(__file__).parents[2] / "docs" / "timelines.md").read_text(encoding="utf-8")
HEAD = """
streams:
  customers: {plan: text, born: instant}
traits:
  spend: sum(orders.revenue)
  gap: nth(orders.at, 2) - first(orders.at)
segments:
  active: count(orders, last 30 days) >= 1
start: 2026-01-01
"""


def read(text: str, head: str = HEAD):
    return parse_timeline(textwrap.dedent(head + text), "a.yml")


def problems(text: str, head: str = HEAD) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        read(text, head)
    return [str(problem) for problem in caught.value.problems]


def steps(lines: str):
    return read("steps:\n" + textwrap.indent(textwrap.dedent(lines), "  ")).steps


def wrong_steps(lines: str) -> list[str]:
    return problems("steps:\n" + textwrap.indent(textwrap.dedent(lines), "  "))


def test_steps_are_values_with_their_instants_and_lines():
    noon = parse_instant("2026-01-02")
    first, wait, late, twice, score, *_ = steps(
        """
        - {fact: orders, customer: ada, revenue: 12.50}
        - wait: 1 day
        - {fact: customers, customer: ada, plan: gold, at: 2025-12-31}
        - {fact: orders, customer: 7, again: true}
        - {score: p_alive, customer: ada, value: 0.5}
        """
    )
    assert first == Delivery(noon - DAY, 12, "ada", "orders", {"at": noon - DAY, "revenue": 1250, "day": 20454})
    assert wait == Waiting(noon, 13)
    assert late == Delivery(noon, 14, "ada", "customers", {"at": parse_instant("2025-12-31"), "plan": "gold"})
    assert (twice.customer, twice.again) == ("7", True)
    assert score == Scoring(noon, 16, "ada", "p_alive", 0.5)


def test_expectations_and_changes_are_values():
    found = steps(
        """
        - expect:
            ada: {spend: 12.50, gap: missing}
            bob: {active: out}
        - changed:
            - {customer: bob, left: active, at: 2026-01-01}
        - changed: nothing
        """
    )
    now = parse_instant("2026-01-01")
    assert found[:3] == (
        Expectation(now, 13, "ada", "spend", (1250,), "¤12.50".replace("¤", "")),
        Expectation(now, 13, "ada", "gap", (None,), "missing"),
        Expectation(now, 14, "bob", "active", (False, None), "out"),
    )
    assert found[3:] == (Changes(now, 15, (Change(now, "bob", "active", False),)), Changes(now, 17, ()))


def test_a_timeline_knows_its_definitions_and_its_customers():
    timeline = read("steps: [{fact: orders, customer: bob}, {expect: {ada: {orders_total: 0}}}]")
    assert timeline.customers == ("ada", "bob")
    assert [one.name for one in timeline.traits] == ["orders_total", "spend", "gap"]
    assert [one.name for one in timeline.segments] == ["active"]
    assert timeline.watched == {"spend", "gap", "active", "orders_total"}
    assert timeline.streams["customers"].names == ("plan", "born")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("stps: []", "a.yml:10:1: unknown setting: found 'stps', wanted one of name, about"),
        ("stps: []", "did you mean 'steps'?"),
        ("steps: 5", "a.yml:10:8: no steps: found '5', wanted a list of what happens"),
        ("name: x", "no steps: found 'nothing'"),
        ("steps: [5]", "wrong value: found '5', wanted one of fact, score, wait"),
        ("steps: [{fct: orders, customer: a}]", "unknown step: found 'fct', wanted one of fact"),
        ("steps: [{fct: orders, customer: a}]", "did you mean 'fact'?"),
        ("steps: [{wait: 1 day, expect: {}}]", "unknown step: found 'wait and expect'"),
        ("steps: [{wait: 1 day, wiat: 5}]", "a step of its own: found 'wiat', wanted - wiat: ..."),
        ("steps: [{wait: 1 dya}]", "a.yml:10:16: unknown unit of time: found 'dya'"),
        (
            "steps: [{until: 2025-01-01}]",
            "time does not go back: found '2025-01-01', wanted an instant from 2026-01-01 on",
        ),
        ("steps: [{wait: 1 day less 2 days}]", "time does not go back"),
        ("steps: [{until: soon}]", "not an instant: found 'soon'"),
        ("steps: [{fact: ordres, customer: a}]", "unknown stream: found 'ordres'"),
        ("steps: [{fact: ordres, customer: a}]", "did you mean 'orders'?"),
        ("steps: [{fact: orders}]", "'customer' is missing: wanted whose it is"),
        ("steps: [{fact: orders, customer: a, revnue: 5}]", "a.yml:10:37: unknown column of orders: found 'revnue'"),
        ("steps: [{fact: orders, customer: a, revenue: much}]", "not an amount of money: found 'much'"),
        ("steps: [{fact: orders, customer: a, revenue: 1.005}]", "money finer than XXX has: found '1.005'"),
        (
            "steps: [{fact: orders, customer: a, revenue: true}]",
            "not money: found 'true', wanted an amount such as 12.34",
        ),
        ("steps: [{fact: orders, customer: a, channel: 5}]", "not text: found '5', wanted text; put it in quotes"),
        ("steps: [{fact: orders, customer: a, day: 1.5}]", "not an integer: found '1.5', wanted a whole number"),
        ("steps: [{fact: orders, customer: a, channel: }]", "not text: found 'nothing'"),
        ("steps: [{fact: orders, customer: a, again: 2}]", "wrong value: found '2', wanted true or false"),
        ("steps: [{fact: orders, customer: a, at: then}]", "not an instant: found 'then'"),
        ("steps: [{fact: customers, customer: a, born: 5}]", "not an instant: found '5', wanted an instant such as"),
        ("steps: [{score: alive, customer: a, value: 1}]", "unknown score: found 'alive', wanted one of"),
        ("steps: [{score: p_alive, customer: a, vale: 1}]", "unknown setting: found 'vale'"),
        ("steps: [{expect: {a: {spnd: 5}}}]", "unknown trait or segment: found 'spnd'"),
        ("steps: [{expect: {a: {spnd: 5}}}]", "did you mean 'spend'?"),
        ("steps: [{expect: {a: {active: 1}}}]", "wrong value: found '1', wanted in or out; or true, false or unknown"),
        ("steps: [{expect: {a: 5}}]", "wrong value: found '5', wanted traits and segments"),
        ("steps: [{expect: 5}]", "wrong value: found '5', wanted customers"),
        ("steps: [{expect: {a: {gap: 5}}}]", "not a duration: found '5'"),
        ("steps: [{changed: [5]}]", "wrong value: found '5', wanted customer, left or entered, and at"),
        ("steps: [{changed: some}]", "wrong value: found 'some', wanted nothing, or a list"),
        ("steps: [{changed: [{customer: a, left: active}]}]", "'at' is missing"),
        ("steps: [{changed: [{customer: a, at: 2026-01-01}]}]", "one of entered and left is wanted"),
        ("steps: [{changed: [{customer: a, left: actve, at: 2026-01-01}]}]", "unknown segment: found 'actve'"),
        ("steps: [{changed: [{customer: a, lfet: active, at: 2026-01-01}]}]", "unknown setting: found 'lfet'"),
        ("fitted: {quantile(spend): 5}\nsteps: []", "unexpected word"),
        ("fitted: {spend: 5}\nsteps: []", "not a quantile: found 'spend', wanted such as quantile(spend_365d, 0.8)"),
        ("fitted: {'quantile(spent, 0.8)': 5}\nsteps: []", "a.yml:10:10: unknown name: found 'spent'"),
        ("name: 5\nsteps: []", "name: wrong value: found '5', wanted text"),
        ("time_zone: Europe/Londno\nsteps: []", "did you mean 'Europe/London'?"),
        ("account: compny\nsteps: []", "unknown attribute: found 'compny', wanted one of plan, born"),
        ("project: .\nsteps: []", "the project says that already: found 'traits'"),
    ],
)
def test_a_mistake_is_told_with_its_place(text, told):
    assert any(told in line for line in problems(text)), problems(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("steps: []", "'start' is missing"),
        ("start: soon\nsteps: []", "a.yml:1:8: not an instant: found 'soon'"),
        ("start: 2026-01-01\nstreams: {visits: {page: txt}}\nsteps: []", "unknown type: found 'txt'"),
        ("start: 2026-01-01\nstreams: {visits: {at: instant}}\nsteps: []", "every stream has this column: found 'at'"),
        ("start: 2026-01-01\nstreams: {_visits: {}}\nsteps: []", "names with _ in front are the engine's own"),
        ("start: 2026-01-01\nstreams: 5\nsteps: []", "a.yml:2:10: wrong value: found '5', wanted streams by name"),
        (
            "start: 2026-01-01\ntraits: {x: sum(orders.revenu)}\nsteps: []",
            "a.yml:2:13: trait x: unknown column of orders",
        ),
        (
            "start: 2026-01-01\ntraits: {x: 5}\nsteps: [{expect: {a: {x: 5}}}]",
            "a.yml:2:13: traits.x: wrong value: found '5'",
        ),
        (
            'start: 2026-01-01\ntraits: {x: "quantile(orders_total, 0.5)"}\nsteps: []',
            "a constant that is not fitted: found 'quantile(orders_total, 0.5)', wanted its value under fitted:",
        ),
        ("- a", "a.yml:1: not a timeline: found 'a list', wanted settings such as start: and steps:"),
        ("", "not a timeline: found 'nothing'"),
        ("a: [b", "not YAML"),
        ("a: b\0", "not YAML"),
        ("a: " + "[" * 3000 + "]" * 3000, "nested too deep"),
        ("start: 2026-01-01\nstart: 2026-01-02\nsteps: []", "a.yml:2:1: written twice: found 'start'"),
    ],
)
def test_a_mistake_at_the_head_is_told_with_its_place(text, told):
    assert any(told in line for line in problems(text, "")), problems(text, "")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file():
    found = problems("steps:\n- {fact: order, customer: a}\n- {wait: 5}\n- {expect: {a: {spnd: 5}}}\ncolour: red", HEAD)
    assert [line.split(": ")[0] for line in found] == ["a.yml:11:10", "a.yml:12:10", "a.yml:13:17", "a.yml:14:1"]


def test_a_broken_definition_hides_no_other_mistake_and_brings_none():
    found = problems("traits: {x: 5, y: x + 1}\nstart: 2026-01-01\nsteps: [{expect: {a: {x: 5}}}, {wait: 1}]", "")
    assert len(found) == 2, found
    assert "traits.x: wrong value" in found[0]
    assert "not a duration" in found[1]


def test_a_real_project_is_tested_by_its_name(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "smalti.yml").write_text(
        "currency: GBP\ntime_zone: Europe/London\nsources: {orders: {from: o.csv}}\n"
        "traits: {spend: sum(orders.revenue)}\nsegments: {good: spend >= 100, best: spend >= 1000}\n"
    )
    file = tmp_path / "good.yml"
    file.write_text("project: shop\nname: Good\nstart: 2026-07-01\nsteps: [{expect: {ada: {good: out}}}]\n")
    timeline = load_timeline(file)
    assert (timeline.name, timeline.currency, timeline.time_zone) == ("Good", Currency("GBP"), "Europe/London")
    assert timeline.start == parse_instant("2026-06-30T23:00Z")
    assert [one.name for one in timeline.segments] == ["good"]
    assert [one.name for one in timeline.traits] == ["spend"]
    (tmp_path / "shop" / "smalti.yml").write_text("nam: x")
    with pytest.raises(DefinitionError, match=r"smalti.yml:1:1: unknown setting: found 'nam'"):
        load_timeline(file)
    file.write_text("project: shp\nstart: 2026-07-01\nsteps: []\n")
    with pytest.raises(DefinitionError, match=r"good.yml:1:10: there is no folder"):
        load_timeline(file)


def test_files_are_found_in_folders(tmp_path):
    for name in ("b.yml", "a.yaml", "c.txt", "smalti.yml", "deep/d.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    found = timeline_files([tmp_path / "b.yml", tmp_path])
    assert [one.relative_to(tmp_path).as_posix() for one in found] == ["b.yml", "a.yaml", "deep/d.yml"]
    with pytest.raises(SmaltiError, match="there is no file or folder"):
        timeline_files([tmp_path / "e"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(SmaltiError, match=r"there is no timeline in .*; a timeline is a file that ends in .yml"):
        timeline_files([tmp_path / "empty"])
    with pytest.raises(SmaltiError, match="there is no file"):
        load_timeline(tmp_path / "e.yml")
    (tmp_path / "b.yml").write_bytes(b"\xff")
    with pytest.raises(SmaltiError, match="cannot be read as UTF-8 text"):
        load_timeline(tmp_path / "b.yml")


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        (5, Type.NUMBER, 5.0),
        ("12.30", Type.MONEY, 1230),
        ("missing", Type.TEXT, None),
        ("'missing'", Type.TEXT, "missing"),
        ("unknown", Type.BOOLEAN, None),
        ("unknown", Type.TEXT, "unknown"),
        ("1 day and 12 hours", Type.DURATION, DAY + 12 * HOUR),
        ("2026-07-01", Type.INSTANT, parse_instant("2026-06-30T23:00Z")),
    ],
)
def test_a_value_is_read_by_its_type(written, kind, value):
    assert Amounts(Currency("GBP"), "Europe/London").read(written, kind) == value


@pytest.mark.parametrize(
    ("text", "length"), [("30 days less 1 microsecond", 30 * DAY - 1), ("1 hour and 1 hour less 1 hour", HOUR)]
)
def test_lengths_are_put_together(text, length):
    assert length_of(text) == length


def rows(first: str, second: str) -> list[str]:
    body = PAGE.split(f"| {first} | {second} |\n")[1].split("\n\n")[0]
    return [line.split("|")[1].strip().strip("`") for line in body.splitlines()[1:]]


def test_the_page_lists_the_settings_and_the_steps_there_are():
    assert sorted(rows("setting", "what it is")) == sorted(SETTINGS)
    assert rows("step", "what it does") == list(KINDS)


def test_the_example_of_the_page_is_a_timeline():
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert parse_timeline(example, "timelines.md").name in PAGE


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("- {wait: 9999999 days}", "too long: found '9999999 days'"),
        ("- {wait: 3652000 days}", "beyond the calendar"),
        ("- {fact: orders, customer: ada, revenue: 1e40}", "more than can be held"),
        ("- {fact: customers, customer: ada, born: 0001-01-01T00:00:00+14:00}", "beyond the calendar"),
        ("- {score: p_alive, customer: ada, value: .nan}", "more than can be held"),
        ("- {score: p_alive, customer: ada, value: .inf}", "more than can be held"),
        ("- {fact: orders, customer: }", "not a customer's id: found 'nothing'"),
        ("- {fact: orders, customer: [a]}", "not a customer's id: found 'a list'"),
        ("- {fact: orders, customer: true}", "not a customer's id"),
    ],
)
def test_what_cannot_be_held_is_told_and_not_a_traceback(line, told):
    assert any(told in problem for problem in wrong_steps(line)), wrong_steps(line)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ("{n: integer, N: integer}", "another column has this name but for its case: found 'N'"),
        ("{_number: integer}", "names with _ in front are the engine's own: found '_number'"),
        ("{Customer_ID: text}", "another column has this name but for its case"),
    ],
)
def test_columns_that_engines_take_for_one_are_told(columns, told):
    head = HEAD.replace("{plan: text, born: instant}", columns)
    assert any(told in problem for problem in problems("steps: []", head)), problems("steps: []", head)
