"""A plan as tables: a row per contact and per customer without any, sums that are sums, reasons that say why."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from plan_worlds import AT, GBP, limits_of, treatment, varied, world

from smalti.facts import DAY, HOUR
from smalti.strategy.candidates import Contact, Pending, UnderWay
from smalti.strategy.match import LEVEL_Z
from smalti.strategy.plan import (
    UNKNOWN,
    Before,
    limits_table,
    make_plan,
    options_table,
    plan_info,
    plan_table,
    prices_of,
    totals_table,
)
from smalti.strategy.treatments import Message, MessageDefinition

COLUMNS = {
    "customer_id": pa.string(), "treatment": pa.string(), "step": pa.int64(), "channel": pa.string(), "message": pa.string(),
    "variant": pa.string(), "due": pa.timestamp("us", tz="UTC"), "day": pa.string(), "probability": pa.float64(),
    "gain": pa.decimal128(18, 2), "gain_low": pa.decimal128(18, 2), "gain_high": pa.decimal128(18, 2),
    "cost": pa.decimal128(18, 2), "basis": pa.string(), "weighed": pa.decimal128(18, 2), "strategy": pa.string(),
    "chosen": pa.string(), "reason": pa.string(), "runner_up": pa.string(), "why_not": pa.string(), "change": pa.string(),
    "change_reason": pa.string(),
}  # fmt: skip


@pytest.fixture(scope="module")
def plan():
    given_world = varied(2, 120, explore=0.1)
    return make_plan(given_world.candidates, given_world.limits)


def test_there_is_a_row_for_every_contact_and_one_for_everybody_without(plan):
    table = plan_table(plan)
    assert dict(zip(table.column_names, table.schema.types, strict=True)) == COLUMNS
    assert set(table["customer_id"].to_pylist()) == set(plan.candidates.customers.to_pylist())
    rows = table.to_pylist()
    assert rows == sorted(
        rows, key=lambda one: (one["customer_id"], one["due"] or 0, one["treatment"] or "", one["step"] or 0)
    )
    none = [one for one in rows if one["treatment"] is None]
    assert len({one["customer_id"] for one in none}) == len(none) == (plan.choice < 0).sum()
    assert all(one["chosen"] == "none" and one["gain"] is None and one["due"] is None for one in none)
    assert all(one["reason"] and one["why_not"] for one in none)
    first = [one for one in rows if one["gain"] is not None]
    assert len(first) == (plan.choice >= 0).sum() and all(one["step"] == 1 for one in first)
    steps = [one for one in rows if (one["step"] or 1) > 1]
    assert steps and all(one["cost"] is None and one["reason"].startswith("2 days after it began") for one in steps)


def test_what_is_published_never_changes_with_how_often_it_is_written(plan):
    assert plan_table(plan).equals(plan_table(plan)) and totals_table(plan).equals(totals_table(plan))


def test_totals_are_sums_and_shared_doubt_does_not_average_out(plan):
    totals = totals_table(plan).to_pylist()
    whole = totals[-1]
    assert (whole["by"], whole["name"]) == ("all", "all")
    for by in ("treatment", "channel", "strategy", "day"):
        ours = [one for one in totals if one["by"] == by]
        assert sum(one["customers"] for one in ours) == whole["customers"] == (plan.choice >= 0).sum()
        assert sum(one["contacts"] for one in ours) == whole["contacts"] == len(plan.contacts.rows)
        assert float(sum(one["gain"] for one in ours)) == pytest.approx(float(whole["gain"]), abs=0.05)
    assert {one["title"] for one in totals if one["by"] == "segment"} <= {"The young", "The rich"}
    gains = plan_table(plan)["gain"].combine_chunks()
    assert float(pc.sum(gains).as_py()) == pytest.approx(float(whole["gain"]), abs=0.7)
    (mail,) = [one for one in totals if (one["by"], one["name"]) == ("treatment", "mail")]
    spread = plan.candidates.gains.doubt[0] * float(mail["gain"] + mail["cost"])
    assert float(mail["gain_high"] - mail["gain"]) > LEVEL_Z * spread * 0.999


def test_a_sum_of_many_sure_headrooms_is_as_doubtful_as_its_rate():
    plan = make_plan(
        world((treatment("mail", channels="email", effect=0.1),), limits_of(), np.full(500, 1000.0)).candidates,
        limits_of(),
    )
    whole = totals_table(plan).to_pylist()[-1]
    width = float(whole["gain_high"] - whole["gain"])
    assert width == pytest.approx(LEVEL_Z * 500 * plan.candidates.gains.doubt[0], rel=0.1)


def test_limits_are_told_in_major_units_with_what_one_more_brings():
    headroom = np.array([5000.0, 9000.0, 7000.0])
    mail, call = (
        treatment("mail", channels="email", cost=2, effect=0.1),
        treatment("call", channels="call", effect=0.02),
    )
    limits = limits_of(budget=4, channels={"call": 1})
    plan = make_plan(world((mail, call), limits, headroom).candidates, limits)
    budget, calls = limits_table(plan).to_pylist()
    assert (budget["limit"], budget["unit"], budget["most"], budget["used"]) == ("budget", "money", 4.0, 4.0)
    assert budget["binds"] and budget["price"] == pytest.approx((500 - 200 - 100) / 200, abs=0.01)
    assert budget["one_more"] == "£1.00 more would bring up to £1.00"
    assert (calls["binds"], calls["price"]) == (False, 0.0) and "nothing" in calls["one_more"]
    info = plan_info(plan)
    assert json.loads(json.dumps(info)) == json.loads(json.dumps(plan_info(plan)))
    assert prices_of(info) == {"budget": pytest.approx(1.0, abs=0.01), "call a day": 0.0}
    assert info["customers"] == 3 and info["gap"] <= 1e-9 and info["limits"][0]["one_more"] == budget["one_more"]


def test_options_are_those_that_the_rules_allow_with_why_not(plan):
    table = options_table(plan)
    assert table.num_rows == (plan.candidates.why != 1).sum()
    rows = table.to_pylist()
    assert rows == sorted(rows, key=lambda one: (one["customer_id"], one["action"]))
    assert all((one["why"] == "possible") == one["possible"] == (one["earliest"] is not None) for one in rows)
    assert all(float(one["gain"]) == pytest.approx(one["expected"] / 100, abs=0.0051) for one in rows)


def test_variants_are_those_of_the_first_segment_that_fits():
    definition = MessageDefinition.model_validate(
        {
            "body": "Hello",
            "variants": [{"segment": "young", "body": "Hi"}, {"segment": "rich", "name": "gold", "body": "Sir"}],
        }
    )
    mail = treatment("mail", channels="email", effect=0.5, message="hello")
    members = {"young": np.array([True, True, False, False]), "rich": np.array([True, False, True, False])}
    plan = make_plan(world((mail,), limits_of(), np.full(4, 1000.0), segments=members).candidates, limits_of())
    assert plan_table(plan, {"hello": Message("hello", definition, ())})["variant"].to_pylist() == [
        "young",
        "young",
        "gold",
        None,
    ]
    assert plan_table(plan)["variant"].null_count == 4


def reasons(given_world, column="reason", **told):
    return plan_table(make_plan(given_world.candidates, given_world.limits, **told))[column].to_pylist()


def test_reasons_say_what_is_known_and_why_nothing_is_done():
    mail = treatment("mail", channels="email", cost=1, effect={"rate": 0.1, "by": "the lead"})
    agreed = {"email": np.array([True, True, True, False])}
    given_world = world((mail,), limits_of(budget=1), np.array([9000.0, 5000.0, 100.0, 9000.0]), agreed=agreed)
    found = reasons(given_world)
    assert found[0].startswith(
        "it works on 10 % of those it is tried on (assumed by the lead): £9.00 expected for £1.00"
    )
    assert found[1] == "mail would bring £4.00, but what it takes of the budget brings more elsewhere"
    assert found[2] == "mail would bring -£0.90, which does not pay for itself, and nothing possible does"
    assert found[3] == "nothing is possible; mail: she has not agreed to be contacted by its channel"
    why_not = reasons(given_world, "why_not")
    assert why_not[0] == "nothing else is there for her"
    assert why_not[3] == "she has not agreed to be contacted by its channel"


def test_what_is_under_way_stands_beside_what_is_new():
    step = Contact("mail", 2, "sms", "retain", 2 * DAY, "more", 1.0)
    mail = treatment("mail", channels="email", effect=0.1)
    going = UnderWay(np.array([1]), (step,), np.array([AT + HOUR]), np.array([12.0]), ("2 days after it began",))
    pending = Pending(going.rows, going.contacts, going.due)
    given_world = world((mail,), limits_of(), np.array([1000.0, 0.0]), underway=going, pending=pending)
    plan = make_plan(given_world.candidates, given_world.limits)
    rows = plan_table(plan).to_pylist()
    assert [one["customer_id"] for one in rows] == ["C0000000", "C0000001"]
    assert (rows[1]["chosen"], rows[1]["step"], rows[1]["message"], str(rows[1]["cost"])) == (
        "under way",
        2,
        "more",
        "0.12",
    )
    assert rows[1]["reason"] == "2 days after it began" and rows[1]["gain"] is None and rows[1]["strategy"] == "retain"
    assert totals_table(plan).to_pylist()[-1]["contacts"] == 2


def test_a_treatment_by_which_nobody_is_contacted_has_its_row():
    plan = make_plan(world((treatment("sign", effect=0.1),), limits_of(), np.array([1000.0])).candidates, limits_of())
    (row,) = plan_table(plan).to_pylist()
    assert (row["treatment"], row["step"], row["channel"], str(row["gain"])) == ("sign", 1, None, "1.00")


def before_of(plan, **told):
    size = len(plan.choice)
    known = {"run": "r1", "at": AT - 7 * DAY, "gain": np.full(size, 500.0), "actions": ("mail", "call"), "prices": {}}
    return Before(**known | {"gone": np.zeros(size, dtype=bool)} | told)


def test_changes_are_told_with_their_reasons():
    mail, call = (
        treatment("mail", channels="email", cost=1, effect=0.1, again="90 days"),
        treatment("call", channels="call", effect=0.05),
    )
    size = 8
    headroom = np.full(size, 5000.0)
    headroom[3] = 500.0
    agreed = {"email": np.arange(size) != 2, "call": np.arange(size) != 3}
    had = pa.table(
        {"row": [6], "at": [AT - DAY], "channel": ["email"], "purpose": ["x"], "treatment": ["mail"], "step": [1]}
    )
    given_world = world(
        (mail, call), limits_of(), headroom, agreed=agreed, history=had,
        before=np.array([0, -1, 0, 0, UNKNOWN, 1, 0, -1]),
    )  # fmt: skip
    plan = make_plan(given_world.candidates, given_world.limits)
    gone = np.arange(size) == 7
    told = make_plan(given_world.candidates, given_world.limits, before=before_of(plan, gone=gone, actions=("mail",)))
    rows = plan_table(told).to_pylist()
    assert [one["change"] for one in rows] == ["same", "new", "changed", "dropped", "new", "changed", "new", "changed"]
    because = [one["change_reason"] for one in rows]
    assert because[0] is None
    assert because[1] == "it is expected to bring more now, or was not possible before"
    assert because[2] == "what was planned is not possible any more: she has not agreed to be contacted by its channel"
    assert because[3] == "what was planned is expected to bring less: -£0.50, £5.00 then"
    assert because[4] == "she was in no plan before"
    assert because[6] == "what was planned has been done since"
    assert because[7] == "what was planned is not there any more"
    counts = plan_info(told)["changes"]
    assert (counts["new"], counts["same"], counts["changed"], counts["dropped"]) == (3, 1, 3, 1)
    assert sum(one["customers"] for one in counts["reasons"]) == 7
    assert plan_table(plan)["change"].null_count == size and plan_info(plan)["changes"] is None


def test_a_dearer_limit_is_a_reason():
    mail = treatment("mail", channels="email", cost=1, effect=0.1)
    limits = limits_of(budget=1)
    given_world = world((mail,), limits, np.array([9000.0, 6000.0]), before=np.array([0, 0]))
    plan = make_plan(given_world.candidates, limits)
    told = make_plan(
        given_world.candidates, limits, before=before_of(plan, gain=np.array([800.0, 500.0]), prices={"budget": 1.0})
    )
    assert plan_table(told)["change_reason"].to_pylist() == [
        None,
        "what was planned takes of a limit that is dearer now",
    ]


def test_money_is_in_the_places_of_its_currency(plan):
    assert plan_table(plan).schema.field("cost").type.scale == GBP.places
