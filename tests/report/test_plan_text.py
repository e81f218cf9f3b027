"""The plan and the simulation for a terminal and for a pull request: bounded, and in Markdown nobody is named."""

from __future__ import annotations

import pyarrow as pa
import pytest
from planned_shop import planning

from smalti.report import plan_glance, plan_markdown, plan_text, simulation_text, tell_plan


@pytest.fixture(scope="module")
def world(small_run):
    return planning(*small_run)


def test_the_terminal_names_some_customers_and_markdown_nobody(world):
    told = tell_plan(*world)
    text, markdown = plan_text(told), plan_markdown(told)
    assert "C0000047  Spring mail" in text
    assert "C0000" not in markdown
    assert markdown.startswith(
        "## The plan, from 1 July 2026 to 8 July 2026\n\n**387 of 1,000 customers get a treatment"
    )


def test_the_terminal_tells_treatments_limits_channels_and_changes(world):
    text = plan_text(tell_plan(*world)).replace("\N{NO-BREAK SPACE}", " ")
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "Second order mail email or SMS 218 £22 £698 £349 to £1,048 modelled" in lines
    assert "Budget £500 of £500 (>99 %) £1 more of the budget would bring £1.84." in lines
    assert "SMS 218 252 £3.40 £104" in lines
    assert "Who gets nothing, and why" in lines
    assert "What changed" in lines
    assert lines[-1] == "note: Without touches it cannot be known whether a message was opened."


def test_markdown_takes_no_sign_of_a_name_for_its_own(world):
    info, tables = world
    rows = tables["plan_totals"].to_pylist()
    for row in rows:
        row["title"] = "a|b <img src=x> `c` _d_ @e"
    markdown = plan_markdown(tell_plan(info, {**tables, "plan_totals": pa.Table.from_pylist(rows)}))
    assert "<img" not in markdown
    assert "a\\|b &lt;img src=x&gt;" in markdown


def test_length_is_bounded(world):
    info, tables = world
    row = tables["plan_totals"].to_pylist()[1]
    many = [
        row | {"by": by, "name": f"{by} {n}", "title": "x" * 500}
        for by in ("treatment", "channel", "segment")
        for n in range(300)
    ]
    limit = tables["plan_limits"].to_pylist()[0]
    held = [limit | {"limit": f"l{n}", "about": "y" * 900} for n in range(300)]
    told = tell_plan(
        info, {**tables, "plan_totals": pa.Table.from_pylist(many), "plan_limits": pa.Table.from_pylist(held)}
    )
    assert len(plan_markdown(told)) < 12_000
    assert len(plan_text(told).splitlines()) < 90


def test_a_plan_that_does_nothing(small_run):
    info, tables = small_run
    text = plan_text(tell_plan({**info, "plan": {"customers": 0, "gap": 0.0}}, tables))
    assert text.splitlines()[2].startswith("Nobody gets a treatment")


FOUND = {
    "asked": {"customers": 3000, "days": 28, "contacts": 0.2, "repetitions": 20, "currency": "GBP"},
    "plans": [
        {"key": "trigger own", "title": "by trigger", "contacts": 600,
            "orders": 31.4, "gain": 0.7964, "low": 0.74, "high": 0.86, "truth": 0.8}
    ],
    "comparisons": [
        {
            "key": "when", "title": "trigger against calendar", "difference": 0.52, "low": 0.46, "high": 0.58, "truth": 0.53,
            "ratio": 2.41, "ratio_low": 2.2, "ratio_high": 2.7, "ratio_truth": 2.5, "shown": True, "words": "so it is",
        },
        {"key": "who", "title": "segment against generic", "difference": 0.0,
            "low": -0.02, "high": 0.02, "truth": 0.0, "ratio": None, "shown": False},
    ],
    "sentences": ["a trigger brings 2.4 times as many orders"],
    "notes": ["the truth is invented"],
}  # fmt: skip


def test_a_simulation_is_told():
    lines = [" ".join(line.split()) for line in simulation_text(FOUND).splitlines()]
    assert lines[0] == "What to expect: 3,000 invented customers over 28 days, 600 contacts, 20 times over"
    assert lines[2] == "A trigger brings 2.4 times as many orders."
    assert "by trigger 600 31 £0.80 £0.74 to £0.86 £0.80" in lines
    assert "trigger against calendar +£0.52 £0.46 to £0.58 +£0.53 2.41 (2.20 to 2.70), truth 2.50 yes" in lines
    assert any(line.startswith("segment against generic") and line.endswith("– no") for line in lines)
    assert lines[-1] == "note: the truth is invented"


def test_an_empty_simulation_does_not_fall_over():
    assert simulation_text({}).startswith("What to expect: 0 invented customers")


@pytest.mark.parametrize(
    "more", ["US$1.00 more would bring US$2.03", "£1 more would bring £2", "One more would bring £2"]
)
def test_a_sign_of_money_keeps_its_capitals(world, more):
    info, tables = world
    plan = {**info["plan"], "limits": [{"limit": "budget", "most": 1.0, "used": 1.0, "binds": True, "one_more": more}]}
    told = tell_plan({**info, "plan": plan}, {**tables, "plan_limits": pa.table({})})
    assert plan_glance(told)[1] == f"Budget: {more.replace('One', 'one')}."
