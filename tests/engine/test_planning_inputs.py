"""What a plan is made from, piece by piece: touches, money spent, clocks, moments, the plan before."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.engine.planning import entering
from smalti.engine.planning.apart import kept_apart
from smalti.engine.planning.before import latest_plan, plans_before
from smalti.engine.planning.entering import moments_of
from smalti.engine.planning.people import groups_of, zones_of
from smalti.engine.planning.touched import HISTORY, costs_of, history_of, said_costs, spent_of
from smalti.experiments.assignment import bucket
from smalti.facts import DAY, HOUR, TOUCHES, Currency, Stream, parse_instant, to_datetime
from smalti.project import Project
from smalti.store import RunWriter, Store
from smalti.strategy.limits import BudgetDefinition, LimitsDefinition
from smalti.strategy.plan import UNKNOWN, Action
from smalti.strategy.treatments import Treatment, TreatmentDefinition

GBP = Currency("GBP")
AT = parse_instant("2026-06-30T12:00:00Z")
IDS = pa.array(["a", "b", "c"])


def treatment(name: str, **settings) -> Treatment:
    """A treatment without rules."""
    definition = TreatmentDefinition.model_validate({"strategy": "win_back", "channels": ["email"]} | settings)
    nothing = dict.fromkeys(("who", "headroom", "stop", "begins", "start", "end", "on"))
    return Treatment(name=name, definition=definition, steps=(), purpose=definition.purpose or "win_back", **nothing)


def history(*rows: tuple) -> pa.Table:
    """Touches: row, days before the instant, treatment, cost."""
    return pa.Table.from_pylist(
        [
            {"row": row, "at": AT - int(days * DAY), "treatment": name, "strategy": None, "cost": cost}
            for row, days, name, cost in rows
        ],
        HISTORY,
    )


def facts(stream: Stream, *treatments: Treatment) -> SimpleNamespace:
    """As much of the facts as reading touches wants."""
    loaded = SimpleNamespace(streams={stream.name: stream})
    return SimpleNamespace(loaded=loaded, prepared=SimpleNamespace(treatments=treatments))


def touches(**columns) -> Store:
    """A store with touches of a, b and a stranger."""
    store = Store()
    there = {"customer_id": ["b", "a", "z", "a"], "at": [AT - DAY, AT - 2 * DAY, AT, AT + 1]}
    store.put("touches", pa.table(there | columns))
    return store


def test_touches_are_read_by_customer_and_time_and_nothing_later_is_seen():
    named = ("treatment", "channel", "opened_at")
    stream = Stream("touches", tuple(TOUCHES[name] for name in named))
    columns = {
        "treatment": ["mail", "mail", "mail", "mail"],
        "channel": ["email", "post", None, "sms"],
        "opened_at": [AT + 5, AT - DAY, None, None],
    }
    with touches(**columns) as store:
        found = history_of(store, facts(stream, treatment("mail")), IDS, AT, None)
    assert found.schema.equals(HISTORY)
    assert found["row"].to_pylist() == [0, 1]
    assert found["channel"].to_pylist() == ["post", "email"]
    assert found["opened_at"].to_pylist() == [AT - DAY, None], "what is opened later is not known yet"
    assert found["purpose"].to_pylist() == ["win_back", "win_back"], "the purpose of its treatment"


def test_what_a_control_would_have_got_is_no_contact():
    stream = Stream("touches", tuple(TOUCHES[name] for name in ("experiment", "arm", "channel")))
    columns = {
        "experiment": ["spring"] * 4,
        "arm": ["none", "mail", "none", "none"],
        "channel": [None, "email", None, None],
    }
    trial = SimpleNamespace(name="spring", definition=SimpleNamespace(control="none"))
    weighing = SimpleNamespace(found=(SimpleNamespace(trial=trial),))
    with touches(**columns) as store:
        found = history_of(store, facts(stream), IDS, AT, weighing)
        every = history_of(store, facts(stream), IDS, AT, None)
    assert found["row"].to_pylist() == [0]
    assert every.num_rows == 2


def test_a_project_without_touches_has_no_history():
    with Store() as store:
        assert history_of(store, facts(Stream("orders", ())), IDS, AT, None).num_rows == 0


def test_a_touch_costs_what_was_logged_else_what_its_treatment_says():
    said = said_costs([treatment("mail", cost=0.5)], GBP, 2000.0)
    assert costs_of(history((0, 1, "mail", 70), (0, 1, "mail", None), (1, 1, "other", None)), said).tolist() == [
        70,
        50,
        0,
    ]


def test_a_budget_has_spent_what_its_calendar_period_has_cost():
    past = history((0, 0.1, "mail", 10), (1, 1, "call", 200), (2, 40, "mail", 5000))
    costs = costs_of(past, {})
    served = {"mail": "win_back", "call": "retain"}
    budgets = [
        BudgetDefinition.model_validate(one)
        for one in (
            {"amount": 1},
            {"amount": 1, "per": "day"},
            {"amount": 1, "per": "month"},
            {"amount": 1, "per": "year", "treatments": "mail"},
            {"amount": 1, "per": "year", "strategies": ["retain"]},
        )
    ]
    assert spent_of(budgets, past, costs, served, AT, "Europe/London") == (0.0, 10.0, 210.0, 5010.0, 200.0)


def reckoned(**columns) -> SimpleNamespace:
    """As much of what is reckoned as clocks and groups want."""
    return SimpleNamespace(traits=pa.table({"customer_id": IDS} | columns), segments=(), answers=None)


def test_who_has_no_clock_lives_by_the_projects_and_a_reader_is_told():
    limits = LimitsDefinition.model_validate({"quiet": {"from": "21:00", "until": "8:00", "zone": "clock"}})
    zones, notes = zones_of(reckoned(clock=["America/New_York", "Atlantis", None]), limits, "Europe/London")
    assert zones.to_pylist() == ["America/New_York", "Europe/London", "Europe/London"]
    assert "Atlantis" in notes[0] and "1 customers is not known" in notes[1]
    assert zones_of(reckoned(), LimitsDefinition(), "UTC")[0].to_pylist() == ["UTC"] * 3


def test_groups_of_a_text_are_its_values_in_order_whatever_the_rows():
    code, names = groups_of(reckoned(country=["GB", None, "DE"]), ["country"])["country"]
    assert names == ("DE", "GB") and code.tolist() == [1, -1, 0]


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 400), st.sampled_from(["Europe/London", "America/New_York", "Asia/Kolkata", "America/Santiago"]))
def test_an_anniversary_begins_with_its_day_where_the_project_is(days, zone):
    one = treatment("birthday", trigger={"anniversary": "birth_date", "within": "1 day"})
    start, end = moments_of([one], {"birthday": np.array([float(days)])}, 1, AT, zone)["birthday"]
    clock = ZoneInfo(zone)
    today = to_datetime(AT).astimezone(clock).date()
    assert to_datetime(int(start[0])).astimezone(clock).date() == today + timedelta(days=days)
    assert to_datetime(int(start[0]) - 1).astimezone(clock).date() == today + timedelta(days=days - 1)
    assert end[0] == start[0] + DAY - 1


def test_an_anniversary_that_has_begun_is_open_from_now_on():
    one = treatment("birthday", trigger={"anniversary": "birth_date", "within": "1 day"})
    start, end = moments_of([one], {"birthday": np.array([0.0])}, 1, AT, "UTC")["birthday"]
    assert start[0] == AT and end[0] == AT + 12 * HOUR - 1


def test_what_has_just_happened_may_begin_at_once_and_for_as_long_as_is_said():
    one = treatment("cart", trigger={"event": "true", "within": "2 days"})
    start, end = moments_of([one], {}, 2, AT, "UTC")["cart"]
    assert start.tolist() == [AT, AT] and end.tolist() == [AT + 2 * DAY - 1] * 2
    assert moments_of([treatment("mail")], {}, 2, AT, "UTC") == {}


@pytest.fixture
def then(monkeypatch):
    """Say by instant, days before now, of whom of a, b and c something was true; give the instants that were looked at."""

    def told(answers: dict[float, list[int]]) -> list[float]:
        looked: list[float] = []

        def before(_store, _facts, treatments, _customers, at):
            days = (AT - at) / DAY
            looked.append(days)
            truth = np.array(answers.get(days, [1, 1, 1]), dtype=bool)
            return {one.name: truth for one in treatments}, None

        monkeypatch.setattr(entering, "_before", before)
        return looked

    return told


def moments(home, *treatments: Treatment, is_true: tuple[int, ...] = (1, 1, 1)) -> dict[str, list[bool]]:
    """Whose moment has come, by treatment."""
    prepared = SimpleNamespace(treatments=treatments, segments=(), score_types={})
    facts = SimpleNamespace(prepared=prepared, project=Project(name="shop"))
    begins = {one.name: np.array(is_true, dtype=bool) for one in treatments}
    found, _ = entering.entered(None, facts, begins, IDS, AT, home)
    return {name: one.tolist() for name, one in found.items()}


def test_what_was_true_and_false_and_is_true_again_has_just_become_true(then, tmp_path):
    cart = treatment("cart", trigger={"event": "true", "within": "8 days"})
    looked = then({8.0: [1, 1, 0], 4.0: [1, 0, 1]})
    assert moments(tmp_path, cart) == {"cart": [False, True, True]}
    assert looked == [8.0, 6.0, 4.0, 2.0]


def test_nothing_more_is_looked_at_once_nobody_is_left(then, tmp_path):
    cart = treatment("cart", trigger={"event": "true", "within": "8 days"})
    looked = then({8.0: [0, 0, 1]})
    assert moments(tmp_path, cart, is_true=(1, 1, 0)) == {"cart": [True, True, False]}
    assert looked == [8.0]


def test_a_segment_is_entered_by_whom_an_earlier_run_did_not_see_in_it(then, tmp_path):
    gone = treatment("gone", trigger={"enters": "quiet", "within": "8 days"})
    looked = then({8.0: [1, 1, 0]})
    said = Project(name="shop").model_dump(mode="json")
    nothing = pa.table({"customer_id": ["a"]})

    def seen(name: str, days: float, members: list[str], definitions: dict) -> None:
        table = pa.table({"customer_id": members, "segment": ["quiet"] * len(members)})
        with RunWriter(tmp_path, name) as writer:
            for one, what in {"membership": table, "customers": nothing, "segments": nothing}.items():
                writer.write_table(one, what)
            at = AT - int(days * DAY)
            told = {"project": "shop", "as_of_microseconds": at, "made_at": name, "definitions": definitions}
            writer.publish(told)

    seen("r1", 9, ["z"], said)
    seen("r2", 3, ["z"], said | {"segments": [["quiet", {"who": "another rule"}]]})
    seen("r3", -1, ["z"], said)
    assert moments(tmp_path, gone) == {"gone": [False, False, True]}, "too early, another rule, later than now"
    assert looked == [8.0, 6.0, 4.0, 2.0]
    looked.clear()
    seen("r4", 2, ["a", "z"], said)
    assert moments(tmp_path, gone) == {"gone": [False, True, True]}
    assert looked == [8.0], "a run says it for less"


def test_who_is_held_out_is_drawn_by_the_hash_that_experiments_use():
    project = Project.model_validate({"hold_out": {"share": 0.3}})
    ids = pa.array([f"c{number}" for number in range(200)])
    found = kept_apart(project, None, [treatment("mail")], ids, AT)
    assert found.held_out["mail"].tolist() == (bucket("hold_out", ids) < 0.3).tolist()
    later = Project.model_validate({"hold_out": {"share": 0.3, "from": "2027-01-01"}})
    assert kept_apart(later, None, [treatment("mail")], ids, AT).held_out == {}
    one = Project.model_validate({"hold_out": {"share": 0, "treatments": {"mail": 0.5}}})
    of_one = kept_apart(one, None, [treatment("mail"), treatment("call")], ids, AT).held_out
    assert of_one["mail"].tolist() == (bucket("hold_out of mail", ids) < 0.5).tolist() and not of_one["call"].any()


def test_who_was_drawn_into_another_arm_is_kept_from_what_the_experiment_tries_until_it_is_over():
    trial = SimpleNamespace(name="spring", arms=("none", "mail"), strategies={"retain": "mail"})
    drawn = SimpleNamespace(customers=pa.array(["a", "c"]), arm=np.array([0, 1]))
    tried = SimpleNamespace(trial=trial, over=False, drawn=drawn, exposed=None)
    treatments = [treatment("mail"), treatment("call", strategy="retain"), treatment("other")]
    found = kept_apart(Project(), SimpleNamespace(found=(tried,)), treatments, IDS, AT)
    assert {name: one.tolist() for name, one in found.elsewhere.items()} == {
        "mail": [True, False, False],
        "call": [True, False, False],
    }
    tried.over = True
    assert not kept_apart(Project(), SimpleNamespace(found=(tried,)), treatments, IDS, AT).elsewhere


def plan_of(*rows: tuple) -> pa.Table:
    """A published plan: customer, treatment, step, channel, how chosen, gain."""
    names = ("customer_id", "treatment", "step", "channel", "chosen", "gain")
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])


@pytest.fixture
def runs(tmp_path):
    """Publish plans as of instants; give the folder of runs."""

    def written(name: str, at: int, table: pa.Table, project: str = "shop"):
        with RunWriter(tmp_path, name) as writer:
            writer.write_table("plan", table)
            told = {
                "limits": [
                    {"name": "budget", "price": 1.5, "minor": 1.5},
                    {"name": "calls", "price": 0.8, "minor": 80.0},
                ],
                "actions": [{"name": "mail"}, {"name": "call"}],
            }
            writer.publish({"project": project, "as_of_microseconds": at, "plan": told})
        return tmp_path

    return written


def test_the_plan_before_is_the_latest_as_of_an_earlier_instant_of_the_same_project(runs):
    empty = plan_of(("a", None, None, None, "none", None))

    def found(at: int = AT) -> list[str]:
        return [one.id for one in plans_before(home, "shop", at)]

    home = runs("r1", AT - DAY, empty)
    assert found() == ["r1"]
    runs("r2", AT - 2 * DAY, empty)
    runs("r3", AT, empty)
    runs("r4", AT - HOUR, empty, project="another")
    runs("r5", AT + DAY, empty)
    assert found() == ["r1", "r2"], "as of an earlier instant, whenever it was made"
    runs("r6", AT - DAY, empty)
    assert found() == ["r6", "r1", "r2"], "of one instant the latest made"
    assert found(AT - 3 * DAY) == []
    (home / "r6" / "run.json").write_text(json.dumps({"broken": 1}))
    (home / "r2" / "run.json").write_text("{")
    assert found() == ["r1"], "a damaged run is in nobody's way"


def test_a_plan_that_cannot_be_read_gives_way_to_the_one_before_it(runs):
    mail = Action("mail", (treatment("mail"),), ("email",), ())
    table = plan_of(("a", "mail", 1, "email", "best", 2.5))
    home = runs("r1", AT - 2 * DAY, table)
    runs("r2", AT - DAY, table)
    (home / "r2" / "plan.parquet").write_bytes(b"nothing")
    places, before = latest_plan(plans_before(home, "shop", AT), [mail], IDS, GBP)
    assert before is not None and before.run == "r1"
    assert places.tolist() == [0, UNKNOWN, UNKNOWN]
    (home / "r1" / "plan.parquet").write_bytes(b"nothing")
    nothing, none = latest_plan(plans_before(home, "shop", AT), [mail], IDS, GBP)
    assert none is None and set(nothing.tolist()) == {UNKNOWN}


def test_what_was_planned_before_is_found_among_the_actions_of_now(runs):
    mail, call = treatment("mail"), treatment("call", channels=["phone"])
    actions = [
        Action("mail", (mail,), ("email",), ()),
        Action("call", (call,), ("phone",), ()),
        Action("mail + call", (mail, call), ("email", "phone"), ()),
    ]
    table = plan_of(
        ("a", "mail", 1, "email", "best", 2.5),
        ("a", "mail", 2, "phone", "best", None),
        ("b", "mail", 1, "email", "kept", 1.0),
        ("b", "call", 1, "phone", "kept", None),
        ("c", "gone", 1, "email", "explored", 4.0),
        ("d", None, None, None, "none", None),
        ("e", "call", 2, "phone", "under way", None),
        ("f", "call", 1, "phone", "best", 3.0),
    )
    earlier = plans_before(runs("r1", AT - DAY, table), "shop", AT)
    ids = pa.array(["a", "b", "c", "d", "e", "f", "new"])
    places, before = latest_plan(earlier, actions, ids, GBP)
    assert before is not None
    assert places.tolist() == [0, 2, -1, -1, -1, 1, UNKNOWN]
    assert before.gone.tolist() == [False, False, True, False, False, False, False]
    assert before.gain[[0, 1, 2, 5]].tolist() == [250.0, 100.0, 400.0, 300.0] and np.isnan(before.gain[[3, 4, 6]]).all()
    assert dict(before.prices) == {"budget": 1.5, "calls": 80.0}, "money is paid for money, contacts in minor units"
    assert before.actions == ("mail", "call")
