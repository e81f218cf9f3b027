"""The chapter on the plan: told from a run's tables and from `run.json`, whatever is missing of them."""

from __future__ import annotations

import re
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned_shop import AT, SCHEMA, contact, idle, limits, plan_info, planning, previews, total, totals

from smalti.report import page, summary, tell_plan
from smalti.report.plan.chapter import nearness


@pytest.fixture(scope="module")
def world(small_run):
    return planning(*small_run)


@pytest.fixture(scope="module")
def told(world):
    return tell_plan(*world)


def chapter(html):
    return html.split('<section id="plan"')[1].split('<section id="')[0]


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\N{NO-BREAK SPACE}", " ").split())


def test_the_verdict_says_for_how_many_how_much_and_how_near(world, told):
    _, tables = world
    whole = tables["plan_totals"].to_pylist()[0]
    customers = len({row["customer_id"] for row in tables["plan"].to_pylist() if row["treatment"]})
    assert whole["customers"] == customers
    assert told.verdict.replace("\N{NO-BREAK SPACE}", " ") == (
        f"{customers} of 1,000 customers get a treatment, worth £{whole['gain']:,.0f} "
        f"(£{whole['gain_low']:,.0f} to £{whole['gain_high']:,.0f}), within 0.03 % of the best possible."
    )
    assert told.period == "from 1 July 2026 to 8 July 2026"


@given(st.floats(0, 1))
def test_a_gap_is_never_told_smaller_than_it_is(gap):
    text = nearness(gap)
    if text == "which is the best possible":
        assert gap < 1e-9
    else:
        percent = float(re.search(r"within ([\d.]+)", text)[1])
        assert percent >= 100 * gap * (1 - 1e-6)
        assert percent <= max(100 * gap * 1.11, 0.0100001)


def test_treatments_are_told_with_money_basis_and_lever(told, world):
    titles = [one.part.title for one in told.treatments]
    gains = {row["name"]: row["gain"] for row in world[1]["plan_totals"].to_pylist() if row["by"] == "treatment"}
    assert [one.part.name for one in told.treatments] == sorted(gains, key=gains.get, reverse=True)
    assert "Thank you card" in titles
    card = told.treatments[titles.index("Thank you card")]
    assert (card.basis, card.basis_by, card.lever) == ("measured", "this project", "weighed 1.5 times when choosing")
    mail = told.treatments[titles.index("Second order mail")]
    assert (mail.channels, mail.strategy, mail.lever) == ("email or SMS", "Develop", "")
    assert told.idle == ("A gift",)


def test_limits_are_told_with_what_one_more_brings(told):
    assert [one.one_more for one in told.binding] == [
        "£1 more of the budget would bring £1.84.",
        "One more call a day would bring £6.20.",
        "One customer fewer would save £0.41.",
    ]
    assert [one.used.replace("\N{NO-BREAK SPACE}", " ") for one in told.bounds] == [
        "£500 of £500 (>99 %)",
        "40 contacts of 40 (100 %)",
        "25 customers of at least 25",
        "321 contacts of 5,000 (6.4 %)",
        "57 customers of at least 12",
    ]
    assert [one.one_more for one in told.roomy] == [
        "There is room for 4,679 more: it costs the plan nothing.",
        "It is met anyhow.",
    ]
    assert all(one.price == "" for one in told.roomy)


def test_days_without_contacts_are_drawn_too(small_run):
    info, tables = planning(*small_run)
    rows = [
        {"by": "day", "name": day, "contacts": n}
        for day, n in (("2026-07-01", 4), ("2026-07-04", 8), ("2026-10-01", 3))
    ]
    told = tell_plan(info, {**tables, "plan_totals": pa.Table.from_pylist(rows)})
    assert [day.bar for day in told.days.days[:4]] == [0.5, 0.0, 0.0, 1.0]
    assert told.days.busiest == "Saturday 4 July 2026 is the busiest day, with 8 contacts."
    assert told.days.later == "3 contacts are due later still."
    assert len(told.days.days) == 35


def test_changes_are_counted_by_customer_and_reason(told, world):
    rows = world[1]["plan"].to_pylist()
    by_kind = {}
    for row in rows:
        if row["change"]:
            by_kind.setdefault(row["change"], set()).add(row["customer_id"])
    assert {one.kind: one.customers for one in told.changed.shifts} == {
        kind: f"{len(ids):,} customer{'s' if len(ids) != 1 else ''}" for kind, ids in by_kind.items()
    }
    assert told.changed.reasons[0][0] == "Became possible."


def test_changes_that_the_run_counted_are_told_as_it_did(world):
    info, tables = world
    counted = {"new": 1, "same": 7, "changed": 2, "dropped": 0, "against_at": 1782172800000000}
    reasons = [{"change": "changed", "reason": "the budget's price rose", "customers": 2}]
    info = {**info, "plan": info["plan"] | {"changes": counted | {"reasons": reasons}}}
    told = tell_plan(info, tables)
    assert told.changed.summary == (
        "Since the plan as of 23 June 2026, 01:00 something changed for 3 customers; for 7 customers nothing did."
    )
    assert told.changed.reasons == (("The budget's price rose.", "2 customers"),)


def test_a_first_plan_has_no_changes(world):
    info, tables = world
    table = tables["plan"]
    place = table.column_names.index("change")
    first = table.set_column(place, "change", pa.nulls(table.num_rows, pa.string()))
    assert tell_plan(info, {**tables, "plan": first}).changed is None


def test_every_variant_of_a_message_is_shown_once_before_any_twice(told):
    shown = {one.title: one for one in told.messages}
    mail = shown["Second order mail"]
    assert [(one.channel, one.variant) for one in mail.previews] == [
        ("Email", ""),
        ("Email", "for Champions"),
        ("SMS", ""),
    ]
    assert mail.previews[1].cut
    assert len(mail.previews[1].body) == 700
    spring = shown["Hello spring"]
    assert [one.customer for one in spring.previews] == ["C0000004", "C0000005"]


def test_who_gets_nothing_adds_up(told, world):
    idle = [row for row in world[1]["plan"].to_pylist() if not row["treatment"]]
    assert told.spared.customers.startswith(f"{len(idle):,} customers (")
    assert sum(part for _, _, part in told.spared.reasons) == pytest.approx(1.0)


def test_the_customers_with_the_largest_gain_come_first(told, world):
    rows = [row for row in world[1]["plan"].to_pylist() if row["gain"]]
    best = sorted(rows, key=lambda row: -row["gain"])[:6]
    assert [one.customer for one in told.people] == [row["customer_id"] for row in best]
    assert told.people[0].instead.startswith("Not ")


def test_levers_exploration_and_notes_are_told_apart_from_sums(told):
    ground = " ".join(told.ground).replace("\N{NO-BREAK SPACE}", " ")
    assert "When choosing, gains are weighed: Thank you card 1.5 times. The sums told are not." in ground
    assert "What 5 % of the customers get is drawn by lot" in ground
    assert told.notes == ("Without touches it cannot be known whether a message was opened.",)


def test_nobody_gets_a_treatment(small_run):
    info, tables = small_run
    info = {**info, "plan": {"customers": 0, "contacts": 0, "gap": 0.0, "value": 0, "bound": 0, "cost": 0}}
    told = tell_plan(info, tables)
    assert told.verdict == "Nobody gets a treatment: nothing that may be done is expected to earn more than it costs."
    assert "Nobody gets a treatment" in words(chapter(page(info, tables)))


def test_nobody_gets_a_treatment_since_limits_leave_no_room(small_run):
    info, tables = small_run
    budget = {"limit": "budget", "unit": "money", "most": 0.0, "used": 0.0, "price": 64.66, "binds": True}
    plan = {"customers": 0, "contacts": 0, "gap": 0.0, "value": 0, "bound": 0, "cost": 0, "limits": [budget]}
    told = tell_plan({**info, "plan": plan}, tables)
    assert told.verdict == (
        "Nobody gets a treatment: limits leave no room for what is expected to earn more than it costs."
    )


@pytest.mark.parametrize(
    ("drawn", "sentence"),
    [
        (0, ""),
        (1, "What 1 customer gets was drawn by lot among all that each may get, at a chance of 5 %,"),
        (14, "What 14 customers get was drawn by lot among all that each may get, at a chance of 5 %,"),
    ],
)
def test_who_was_drawn_is_counted_apart_from_the_chance_of_it(world, drawn, sentence):
    info, tables = world
    told = tell_plan({**info, "plan": {**info["plan"], "explore": 0.05, "explored": drawn}}, tables)
    ground = " ".join(told.ground).replace("\N{NO-BREAK SPACE}", " ")
    assert sentence in ground and ("drawn by lot" in ground) == bool(drawn)


def test_what_is_under_way_costs_beside_the_sums(world):
    info, tables = world
    row = {"customer_id": "C0000001", "treatment": "spring_mail", "chosen": "under way", "cost": Decimal("0.50")}
    rows = [{name: row.get(name) for name in tables["plan"].column_names}] * 3
    plan = pa.concat_tables([tables["plan"], pa.Table.from_pylist(rows, schema=tables["plan"].schema)])
    told = tell_plan({**info, "plan": {**info["plan"], "under_way": 3}}, {**tables, "plan": plan})
    assert (
        "3 contacts of treatments that began earlier came first, and took of the limits. "
        "Sums of cost leave out the £1.50 that these are expected to cost."
    ) in told.ground


@pytest.mark.parametrize("missing", ["plan", "plan_totals", "plan_limits", "plan_previews", "playbook", "customers"])
def test_any_table_may_be_absent(world, missing):
    info, tables = world
    html = page(info, {name: table for name, table in tables.items() if name != missing})
    assert 'id="plan"' in html


def test_a_run_without_a_plan_has_no_chapter_and_no_style_of_it(small_run):
    html = page(*small_run)
    assert 'id="plan"' not in html
    assert ".plan-verdict" not in html
    assert "Expected gain of acting on the plan" in html


def test_the_first_screen_tells_what_the_plan_is_worth(world):
    first = words(page(*world).split("</header>")[0])
    assert "What the plan is expected to bring £1,200" in first
    assert "If every customer's first strategy were tried once, without any limit:" in first


def test_same_plan_same_text(world):
    assert page(*world) == page(*world)


def test_hostile_names_stay_names(world, hostile):
    info, tables = world
    ids = tables["customers"]["customer_id"].to_pylist()
    shown = previews(ids).to_pylist()
    for place, row in enumerate(shown):
        row |= {name: hostile[place % len(hostile)] for name in ("customer_id", "subject", "offer", "body", "variant")}
    held = limits().to_pylist()
    for place, row in enumerate(held):
        row |= {"about": hostile[place], "one_more": hostile[place]}
    rows = tables["plan_totals"].to_pylist()
    for place, row in enumerate(rows):
        row["title"] = hostile[place % len(hostile)]
    more = {"plan_previews": shown, "plan_limits": held, "plan_totals": rows}
    html = page(info, {**tables, **{name: pa.Table.from_pylist(one) for name, one in more.items()}})
    assert "<script>document" not in html
    assert "<img" not in html
    assert html.count("<script>") == 1
    assert "{{ 7 * 7 }}" in html


def test_treatments_of_a_bundle_are_not_idle(small_run):
    info, tables = small_run
    both = (
        "spring_mail + come_back_call",
        "Spring mail and a call",
        ("spring_mail", "come_back_call"),
        ("email", "call"),
    )
    due = AT.replace(day=30)
    rows = [
        contact("C0000001", ("", "", (name,), (channel,), "assumed", "retain"), 2.0, due, None)
        for name, channel in zip(*both[2:], strict=True)
    ]
    table = pa.Table.from_pylist(rows)
    action = {
        "name": both[0],
        "title": both[1],
        "treatments": list(both[2]),
        "channels": list(both[3]),
        "basis": "assumed",
    }
    plan = plan_info(table) | {"actions": [action]}
    told = tell_plan({**info, "plan": plan}, {**tables, "plan": table, "plan_totals": totals(table)})
    assert sorted(one.part.name for one in told.treatments) == ["come_back_call", "spring_mail"]
    assert told.idle == ()


def test_a_bundle_that_the_totals_know_as_one(small_run):
    info, tables = small_run
    row = total("treatment", "spring_mail + call", "Spring mail + Call", []) | {"customers": 3, "gain": Decimal(9)}
    action = {
        "name": "spring_mail + call",
        "treatments": ["spring_mail", "call"],
        "channels": ["email", "phone"],
        "basis": "assumed",
    }
    told = tell_plan(
        {**info, "plan": {"customers": 3, "actions": [action]}}, {**tables, "plan_totals": pa.Table.from_pylist([row])}
    )
    (one,) = told.treatments
    assert (one.part.title, one.channels, one.basis, told.idle) == (
        "Spring mail + Call",
        "email or phone",
        "assumed",
        (),
    )


def test_the_summary_of_a_run_tells_the_plan(world, small_run):
    info, tables = world
    told = summary(info, {name: tables[name] for name in ("playbook", "plan_totals", "plan_limits")})
    assert told.plan[0].startswith("387 of 1,000 customers get a treatment, worth £1,200")
    assert told.plan[1] == "Budget: £1 more of the budget would bring £1.84."
    assert summary(*small_run).plan == ()


def test_money_is_exact_and_losses_are_told_as_such(small_run):
    info, tables = small_run
    row = total("all", "all", "All", []) | {
        "gain": Decimal("-3.50"),
        "gain_low": Decimal("-9"),
        "gain_high": Decimal("1"),
    }
    plan = {"customers": 1, "gap": None}
    told = tell_plan({**info, "plan": plan}, {**tables, "plan_totals": pa.Table.from_pylist([row])})
    assert told.verdict == "1 of 1,000 customers gets a treatment, worth -£3.50 (-£9.00 to £1.00)."


def test_reasons_that_differ_in_money_alone_are_counted_as_one(small_run):
    info, tables = small_run
    texts = [f"call would bring £{n}.20, which does not pay for itself, and nothing possible does" for n in range(5)]
    texts += [
        f"spring_mail by email would bring £1,{n}00.20, but what it takes of budget brings more elsewhere"
        for n in range(4)
    ]
    texts += [f"nothing is possible; {name}: she has not agreed" for name in ("call", "mail by sms", "mail")]
    rows = [idle(f"C{place}", text) for place, text in enumerate(texts)]
    told = tell_plan({**info, "plan": {"customers": 0}}, {**tables, "plan": pa.Table.from_pylist(rows, SCHEMA)})
    assert [one[:2] for one in told.spared.reasons] == [
        ("Nothing that is possible pays for itself.", "5 customers"),
        ("What it takes of budget brings more elsewhere.", "4 customers"),
        ("Nothing is possible: she has not agreed.", "3 customers"),
    ]
