import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smalti.report import customer_story, tell

INFO = {"currency": "GBP", "time_zone": "Europe/London", "as_of": "2026-06-30T22:59:59Z", "customers": 200}
ANN = {
    "customer_id": "Ann",
    "first_order_at": datetime(2023, 5, 3, 9, tzinfo=UTC),
    "last_order_at": datetime(2026, 6, 14, 23, 30, tzinfo=UTC),
    "orders_total": 12,
    "days_since_order": 15.98,
    "spend_total": Decimal("1203.40"),
    "spend_365d": Decimal("402.00"),
    "typical_gap_days": 31.2,
    "favourite_category": "shoes",
    "country": "France",
    "plan": None,
    "p_alive": 0.82,
    "value_now": Decimal("120.60"),
    "value_to_come": Decimal("98.00"),
    "value_to_come_low": Decimal("40.00"),
    "value_to_come_high": Decimal("150.00"),
    "value_at_risk": Decimal("20.00"),
    "untapped_potential": None,
}
LOYAL = {
    "segmentation": "rfm",
    "segment": "loyal",
    "sentence": "orders so far is at least 5",
    "typical": {
        "orders_total": {"q25": 6, "median": 9, "q75": 12},
        "spend_total": {"q25": Decimal(300), "median": Decimal(400), "q75": Decimal(500)},
        "spend_365d": {"q25": Decimal(90), "median": Decimal(100), "q75": Decimal(110)},
        "days_since_order": {"q25": 10.0, "median": 16.0, "q75": 30.0},
        "typical_gap_days": {"q25": None, "median": None, "q75": None},
        "returns_365d": {"q25": 0, "median": 0, "q75": 0},
    },
}
RETAIN = {
    "strategy": "retain",
    "rank": 1,
    "gain": Decimal("3.20"),
    "gain_low": Decimal("1.10"),
    "gain_high": Decimal("5.80"),
    "basis": "assumed",
    "reason": "much to come, and at risk",
    "why_not": "cross-sell earns less",
}
CROSS = {**RETAIN, "strategy": "cross_sell", "title": "Cross-sell", "rank": 2, "gain": Decimal("2.00"), "why_not": None}


def ann(**changes):
    given = {"segments": [LOYAL], "strategies": [CROSS, RETAIN], "attributes": ["country", "plan"]}
    return customer_story(ANN, info=INFO, **{**given, **changes})


def test_the_story_is_told_whole():
    text = tell(ann(ranks={"value_to_come": 52}, changes=["would change at 60 days, 44 more than now"]))
    assert text.split("\n\n") == [
        "Ann, as of 30 June 2026, 23:59, has been a customer since 3 May 2023 and has ordered 12 times. "
        "The last order was on 15 June 2026, 16 days before. Spent: £1,203.40 in all, £402.00 in the last 12 months. "
        "The usual gap between orders is 31 days. The chance of still being a customer is 82\xa0%. "
        "Favourites: category shoes. Known besides: country France.",
        "RFM: Loyal (orders so far is at least 5). Unlike its typical member, Ann has: spend 365d £402.00 "
        "(typical £100.00, half of them £90.00 to £110.00); orders total 12 (typical 9, half of them 6 to 12).",
        "On the value map: value now £120.60; value to come £98.00 (£40.00 to £150.00), 52nd of 200 customers, "
        "above 74\xa0% of them; value at risk £20.00.",
        "First: Retain. Much to come, and at risk. It is expected to earn £3.20 (£1.10 to £5.80); assumed, not yet "
        "tested. Cross-sell earns less.",
        "Second: Cross-sell. Much to come, and at risk. It is expected to earn £2.00 (£1.10 to £5.80); assumed, not "
        "yet tested.",
        "What would change that: Would change at 60 days, 44 more than now. Cross-sell would come first if Retain were "
        "expected to earn £1.20 less. Their intervals overlap, so which of the two is better is not certain.",
    ]


def test_differences_are_the_largest_and_not_twice_the_same_thing():
    (membership,) = ann().memberships
    assert [part.name for part in membership.differences] == ["spend_365d", "orders_total"]
    assert membership.differences[0].distance == pytest.approx((402 - 100) / (20 / 1.3489795))


def test_members_all_alike_still_give_a_scale():
    row = {"segmentation": "s", "segment": "a", "typical": {"orders_total": {"q25": 2, "median": 2, "q75": 2}}}
    (membership,) = ann(segments=[row]).memberships
    assert membership.differences[0].distance == 10 / 0.2


def test_a_customer_like_the_typical_one_does_not_differ():
    row = {"segmentation": "s", "segment": "a", "typical": {"orders_total": {"q25": 5, "median": 12, "q75": 20}}}
    story = ann(segments=[row])
    assert story.memberships[0].differences == ()
    assert story.memberships[0].ordinary
    assert "S: A. Ann is like its other members.\n" in tell(story)


@pytest.mark.parametrize(
    ("ends", "wanted"),
    [
        ((5, 13), []),
        ((5, 11), ["orders_total"]),
        ((13, 40), ["orders_total"]),
    ],
)
def test_only_what_is_outside_the_middle_of_the_segment_is_told(ends, wanted):
    low, high = ends
    typical = {"q025": low, "q25": 2, "median": 2, "q75": 2, "q975": high}
    (membership,) = ann(
        segments=[{"segmentation": "s", "segment": "a", "typical": {"orders_total": typical}}]
    ).memberships
    assert [part.name for part in membership.differences] == wanted
    assert membership.ordinary == (not wanted)


def test_what_is_outside_but_near_is_ordinary():
    typical = {"q025": 9, "q25": 7, "median": 10, "q75": 13, "q975": 11.5}
    (membership,) = ann(
        segments=[{"segmentation": "s", "segment": "a", "typical": {"orders_total": typical}}]
    ).memberships
    assert membership.differences == ()


def test_the_story_is_json():
    plain = ann(ranks={"value_now": 1}).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["places"][0] == {
        "name": "value_now",
        "title": "Value now",
        "minor": 12060,
        "text": "£120.60",
        "interval": "",
        "rank": 1,
    }
    assert plain["choices"][0]["gain"] == 320


def test_attributes_alone_make_a_story():
    story = customer_story({"customer_id": " ", "age": 41}, info={"currency": "EUR"}, attributes=["age"])
    assert tell(story) == "(no name), as of –, has no orders that we know of. Known besides: age 41."


def test_equal_gains_promise_no_gap():
    tie = {**CROSS, "gain": RETAIN["gain"]}
    assert ann(strategies=[RETAIN, tie]).changes == ()


def test_leaving_alone_promises_no_money():
    alone = {"strategy": "leave_alone", "rank": 1, "gain": Decimal(0), "basis": "modelled", "reason": "nothing pays"}
    assert "First: Leave alone. Nothing pays." in tell(ann(strategies=[alone])).split("\n\n")


def test_yes_and_no_are_no_distances():
    row = {"segmentation": "s", "segment": "a", "typical": {"consent": {"q25": 0, "median": 0, "q75": 1}}}
    story = customer_story({"customer_id": "x", "consent": True}, info=INFO, segments=[row])
    assert story.memberships[0].differences == ()


def test_a_value_of_nothing_has_no_rank():
    story = customer_story({"customer_id": "x", "value_now": Decimal(0)}, info=INFO, ranks={"value_now": 7})
    assert "On the value map: value now £0.00." in tell(story)


def test_a_unit_is_said_once():
    titles = {"purchase_days": "days with an order"}
    row = {"segmentation": "s", "segment": "a", "typical": {"purchase_days": {"q25": 1, "median": 2, "q75": 4}}}
    story = customer_story({"customer_id": "x", "purchase_days": 9}, info=INFO, segments=[row], titles=titles)
    assert "days with an order 9 (typical 2, half of them 1 to 4)" in tell(story)
