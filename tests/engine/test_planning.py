"""A small shop planned from its files to its published run: who gets what, by which right, and the same again."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from smalti.engine import Options, plan_project
from smalti.errors import RunError, SmaltiError
from smalti.experiments.assignment import bucket
from smalti.facts import DAY, days_to_anniversary, parse_instant
from smalti.project import Project
from smalti.strategy.plan import standing_of

TABLES = ("plan", "plan_limits", "plan_options", "plan_previews", "plan_standing", "plan_totals")
EARLIER, LATER = "2026-06-20T09:00:00", "2026-06-27T09:00:00"
NOW = parse_instant("2026-07-01")
PLANNED = Project.model_validate(
    {
        "name": "Corner Shop",
        "currency": "GBP",
        "time_zone": "Europe/London",
        "use": [],
        "sources": {
            "orders": {
                "from": "orders.csv",
                "customer": "customer_id",
                "at": "ordered_at",
                "columns": {"order_id": "order_id", "revenue": "amount", "product": "product", "category": "category"},
            },
            "customers": {"from": "customers.csv", "customer": "customer_id"},
            "touches": {"from": "touches.parquet", "customer": "customer_id", "at": "at"},
        },
        "playbook": {
            "greet": {
                "title": "Greet",
                "mechanism": "greeting",
                "eligible": "true",
                "headroom": "money(5)",
                "success": 0.1,
                "because": "everybody is greeted",
            }
        },
        "segments": {"quiet": {"who": "days_since_order > 90", "why": "gone quiet", "strategy": "win_back"}},
        "channels": {
            "email": {"address": "email", "consent": "email_consent"},
            "phone": {"address": "phone", "consent": "sms_consent"},
        },
        "treatments": {
            "come_back": {
                "strategy": "win_back",
                "who": "days_since_order > 60",
                "channels": ["email"],
                "message": "come_back",
                "cost": 0.05,
                "steps": [{"after": "3 days", "channel": "phone", "if": "not opened", "cost": 0.5}],
                "stop": "ordered",
                "again": "90 days",
            },
            "ask": {"strategy": "retain", "channels": ["email", "phone"], "cost": 0.4, "again": "30 days"},
            "birthday": {
                "strategy": "greet",
                "channels": "email",
                "trigger": {"anniversary": "birth_date", "before": "3 days", "within": "2 days"},
            },
            "gone": {"strategy": "greet", "channels": "email", "trigger": {"enters": "quiet", "within": "7 days"}},
            "more": {
                "strategy": "cross_sell",
                "channels": "email",
                "message": "more",
                "cost": 0.1,
                "headroom": "cross_sell_gap / 2",
            },
        },
        "messages": {
            "come_back": {
                "subject": "We miss you",
                "body": "It is {{ days_since_order | round }} days since your last order.",
                "variants": [{"segment": "quiet", "name": "gone", "subject": "Still there?"}],
            },
            "more": {
                "body": "Look what others in {{ city }} like.",
                "variants": [{"segment": "quiet", "body": "Look, {{ gender | default('you') }}."}],
            },
        },
        "limits": {
            "budget": 20,
            "channels": {"email": 30, "phone": 4},
            "frequency": {"most": 1, "within": "2 days"},
            "quiet": {"from": "20:00", "until": "8:00"},
            "explore": 0.05,
            "keep": 0.1,
        },
        "hold_out": 0.1,
        "seed": 3,
    }
)


def write_touches(folder, ids) -> None:
    """A come_back mail four days before the later plan to every tenth customer, opened by none."""
    reached = ids[::10]
    at = pa.array([NOW - 8 * DAY] * len(reached)).cast(pa.timestamp("us", tz="UTC"))
    columns = {"customer_id": reached, "at": at, "treatment": pa.repeat("come_back", len(reached))}
    columns |= {"step": pa.repeat(1, len(reached)), "channel": pa.repeat("email", len(reached))}
    columns |= {"opened_at": pa.nulls(len(reached), pa.timestamp("us", tz="UTC"))}
    pq.write_table(pa.table(columns), folder / "touches.parquet")


@pytest.fixture(scope="module")
def home(export, tmp_path_factory):
    """The shop's files, with touches."""
    folder = tmp_path_factory.mktemp("planned")
    for file in export.orders.parent.glob("*.csv"):
        shutil.copy(file, folder)
    ids = pa.array(sorted(f"C{number:06d}" for number in range(1, 201)))
    write_touches(folder, ids)
    return folder


@pytest.fixture(scope="module")
def planned(make, home, tmp_path_factory):
    """The run of the earlier instant and that of the later."""
    to = tmp_path_factory.mktemp("planned_runs")
    return [make(PLANNED, home, to=to, as_of=as_of, threads=1) for as_of in (EARLIER, LATER)]


@pytest.fixture(scope="module")
def plan(planned):
    return planned[1].plan.to_arrow()


def test_a_project_without_treatments_is_run_as_it_ever_was(run):
    assert not [name for name in run.folder.tables if name.startswith("plan")]
    assert "plan" not in run.info and "plan" not in [one["step"] for one in run.info["timings"]]
    with pytest.raises(RunError, match="no plan: write treatments"):
        run.decide("C000001")
    with pytest.raises(SmaltiError, match="nothing to plan"):
        plan_project(Project())


def test_every_customer_is_in_the_plan_and_has_one_row_if_nothing_comes(planned, plan):
    assert set(TABLES) <= set(planned[1].folder.tables)
    idle = plan.filter(pc.is_null(plan["treatment"]))
    busy = plan.filter(pc.is_valid(plan["treatment"]))
    every = planned[1].customers.to_arrow()["customer_id"]
    assert plan["customer_id"].unique().equals(every.combine_chunks())
    assert len(idle["customer_id"].unique()) == idle.num_rows
    assert not set(idle["customer_id"].to_pylist()) & set(busy["customer_id"].to_pylist())
    assert busy.num_rows > 10, "a plan that plans nothing would show nothing"
    keys = list(zip(*(plan[name].to_pylist() for name in ("customer_id", "due", "treatment", "step")), strict=True))
    assert keys == sorted(keys, key=lambda key: (key[0], str(key[1]), str(key[2]), key[3] or 0))


def test_nobody_is_contacted_without_consent_or_out_of_a_hold_out(planned, plan):
    who = {row["customer_id"]: row for row in planned[1].customers.to_arrow().to_pylist()}
    rights = {"email": ("email", "email_consent"), "phone": ("phone", "sms_consent")}
    contacts = plan.filter(pc.is_valid(plan["channel"])).to_pylist()
    for one in contacts:
        address, consent = rights[one["channel"]]
        assert who[one["customer_id"]][address] is not None and who[one["customer_id"]][consent] is True
        assert 8 <= one["due"].astimezone(_london()).hour < 20
    ids = [one["customer_id"] for one in contacts]
    assert (bucket("hold_out", ids) >= 0.1).all()


def _london():
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - by this test alone

    return ZoneInfo("Europe/London")


def test_what_begins_with_a_moment_begins_for_those_whose_moment_it_is(planned):
    who = {row["customer_id"]: row for row in planned[1].customers.to_arrow().to_pylist()}
    at = planned[1].info["as_of_microseconds"]
    options = planned[1].folder.table("plan_options").to_pylist()
    told: dict[str, int] = {}
    for one in options:
        row, why = who[one["customer_id"]], one["why"]
        if one["action"] not in ("birthday", "gone") or why == "held out":
            continue
        if one["action"] == "gone":
            now = row["days_since_order"] is not None and 90 < row["days_since_order"] <= 97
        else:
            now = row["birth_date"] is not None and _near(row["birth_date"], at)
        assert (why != "not triggered") == now, (one, row)
        told[one["action"]] = told.get(one["action"], 0) + now
    assert min(told.values()) > 0, "a moment that never comes would show nothing"


def _near(born: datetime, at: int) -> bool:
    instant = (born - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return -2 <= days_to_anniversary(instant, at, "Europe/London") - 3 <= 7


def test_limits_hold_and_say_their_price(planned, plan):
    limits = {row["limit"]: row for row in planned[1].folder.table("plan_limits").to_pylist()}
    assert limits["budget"]["used"] <= 20 and limits["budget"]["price"] >= 0
    calls = plan.filter(pc.equal(plan["channel"], "phone"))
    assert max(pc.value_counts(calls["day"]).field("counts").to_pylist(), default=0) <= 4
    told = planned[1].info["plan"]
    assert told["bound"] >= told["value"] and told["removed"] == 0


def test_a_step_follows_where_the_mail_was_not_opened(planned, plan):
    going = plan.filter(pc.equal(plan["chosen"], "under way")).to_pylist()
    assert going, "somebody who was mailed and can be called has not opened it"
    assert {(one["treatment"], one["step"], one["channel"]) for one in going} == {("come_back", 2, "phone")}
    reached = {f"C{number:06d}" for number in range(1, 201, 10)}
    assert {one["customer_id"] for one in going} <= reached
    first = planned[0].plan.to_arrow()
    assert "under way" not in first["chosen"].to_pylist(), "what was touched later is not known before"


def test_the_second_plan_knows_the_first(planned):
    first, second = (run.plan.to_arrow() for run in planned)
    assert set(first["change"].unique().to_pylist()) <= {None, "new"}
    told = set(second["change"].unique().to_pylist())
    assert "same" in told
    assert planned[1].info["plan"]["changes"]


def test_the_same_again_gives_the_same_bytes_whatever_the_threads_and_the_order_of_rows(make, home, planned, tmp_path):
    there = planned[1].path.parent
    before = tmp_path / "runs"
    shutil.copytree(there / planned[0].id, before / planned[0].id)
    for file in home.iterdir():
        shutil.copy(file, tmp_path)
    head, *lines = (home / "customers.csv").read_text().splitlines()
    (tmp_path / "customers.csv").write_text("\n".join([head, *lines[::-1]]) + "\n")
    again = make(PLANNED, tmp_path, to=before, as_of=LATER, threads=2)
    for name in TABLES:
        one, other = ((run.path / f"{name}.parquet").read_bytes() for run in (planned[1], again))
        assert one == other, name


def test_what_smalti_plan_shows_is_what_the_run_writes(home, planned):
    options = Options(home=home, to=planned[1].path.parent, now=NOW, as_of=LATER)
    shown = plan_project(PLANNED, options)
    for name in TABLES:
        assert shown.tables[name].equals(planned[1].folder.table(name)), name
    assert shown.info["plan"]["value"] == planned[1].info["plan"]["value"]
    assert "a treatment for" in repr(shown.made)
    for customer in ("C000001", "C000011", "C000042", "C000150"):
        kept, known = planned[1].decider.standing(customer), standing_of(shown.plan, customer)
        for name in ("segments", "groups", "zone", "hours", "before"):
            assert getattr(kept, name) == getattr(known, name), name
        possible = {name: one for name, one in known.offers.items() if one.why == "possible"}
        assert {name: kept.offers[name] for name in possible} == possible
        assert {name: one.why for name, one in kept.offers.items()} == {
            name: one.why for name, one in known.offers.items() if one.why != "not eligible"
        }
        assert set(kept.touches) <= set(known.touches), "as long as they count"


def test_deciding_for_one_now_says_what_the_plan_says(planned, plan):
    run = planned[1]
    firsts = {row["customer_id"]: row for row in plan.to_pylist() if row["step"] in (None, 1)}
    moved = 0
    for customer, row in firsts.items():
        decision = run.decide(customer)
        if decision.treatment != row["treatment"] or decision.channel != row["channel"]:
            moved += 1
        elif row["treatment"] is not None:
            assert decision.probability == pytest.approx(row["probability"])
    assert moved <= 0.05 * len(firsts), "ties and full days only"


def test_what_is_known_only_now_is_asked_again(planned, plan):
    run = planned[1]
    best = plan.filter(pc.and_(pc.equal(plan["treatment"], "more"), pc.equal(plan["chosen"], "best")))
    customer = best["customer_id"][0].as_py()
    before = run.decide(customer)
    none = run.decide(customer, {"channels": []})
    assert none.treatment is None
    doubled = run.decide(customer, {"cross_sell_gap": 10_000})
    assert doubled.treatment == "more" and doubled.gain > before.gain
    assert "as in the run" not in doubled.reason
    assert run.decide(customer, {"days_since_order": 1}).reason.endswith("; quiet as in the run")
    assert run.decide(customer, {"cross_sell_gap": 0}).treatment != "more"
    with pytest.raises(SmaltiError, match="did you mean 'days_since_order'"):
        run.decide(customer, {"days_since_ordr": 3})
    with pytest.raises(SmaltiError, match=r"unknown channel in the context: found 'emial'.* did you mean 'email'"):
        run.decide(customer, {"channels": ["emial"]})
    with pytest.raises(SmaltiError, match="another type: found days_since_order = 'soon'"):
        run.decide(customer, {"days_since_order": "soon"})
    with pytest.raises(RunError, match="knows no customer"):
        run.decide("nobody")


def test_a_rule_that_is_false_now_bars_its_treatment(planned, plan):
    run = planned[1]
    mine = plan.filter(pc.and_(pc.equal(plan["treatment"], "come_back"), pc.equal(plan["step"], 1)))
    customer = mine["customer_id"][0].as_py()
    assert run.decide(customer, {"days_since_order": 61}).treatment == run.decide(customer).treatment
    assert run.decide(customer, {"days_since_order": 10}).treatment != "come_back"


def test_real_messages_are_shown_for_real_customers(planned, plan):
    rows = planned[1].folder.table("plan_previews").to_pylist()
    assert rows
    for row in rows:
        assert row["message"] in ("come_back", "more") and "{{" not in row["body"]
        assert row["customer_id"] in plan["customer_id"].to_pylist()
        assert row["subject"] in ("We miss you", "Still there?", "")
    assert {row["message"] for row in rows} == {"come_back", "more"}


def test_nobody_is_planned_to_get_a_message_that_lacks_what_it_says(planned, plan):
    run = planned[1]
    who = {row["customer_id"]: row for row in run.customers.to_arrow().to_pylist()}
    of = {row["customer_id"] for row in run.membership.to_arrow().to_pylist() if row["segment"] == "quiet"}
    why: dict[bool, set[str]] = {True: set(), False: set()}
    for one in run.folder.table("plan_options").to_pylist():
        if one["action"] == "more":
            why[who[one["customer_id"]]["city"] is None and one["customer_id"] not in of].add(one["why"])
    assert "message incomplete" in why[True] and "possible" not in why[True]
    assert "possible" in why[False] and "message incomplete" not in why[False]
    told = [note for note in run.info["plan"]["notes"] if "the message more cannot be made for" in note]
    assert len(told) == 1 and "city is not known of them" in told[0]
    best = plan.filter(pc.equal(plan["treatment"], "more"))["customer_id"].to_pylist()
    known = next(one for one in best if one not in of)
    assert run.decide(known).treatment == "more"
    assert run.decide(known, {"city": " "}).treatment != "more"


def test_a_customers_story_tells_her_plan(planned, plan):
    customer = plan.filter(pc.equal(plan["chosen"], "best"))["customer_id"][0].as_py()
    assert planned[1].customer(customer).story.planned
