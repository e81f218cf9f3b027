"""The law of sequences in worked examples: A then B, A and then no B, and what is unknown while it may still come."""

from __future__ import annotations

import pytest
from language_worlds import told

THEN_B = "any(visits, where followed_by(orders, within 10 microseconds))"
THEN_NO_B = "any(visits, where not followed_by(orders, within 10 microseconds))"


def facts(visits=(), orders=()):
    return {
        "visits": [one if isinstance(one, dict) else {"at": one} for one in visits],
        "orders": [one if isinstance(one, dict) else {"at": one} for one in orders],
    }


@pytest.mark.parametrize(("order", "followed"), [(99, False), (100, False), (101, True), (110, True), (111, False)])
def test_one_follows_another_strictly_later_and_at_most_so_much(order, followed):
    assert told(THEN_B, 1000, facts([100], [order])) is followed
    assert told(THEN_NO_B, 1000, facts([100], [order])) is not followed


@pytest.mark.parametrize(("order", "preceded"), [(89, False), (90, True), (99, True), (100, False), (101, False)])
def test_one_precedes_another_strictly_earlier_and_at_most_so_much(order, preceded):
    asked = "any(visits, where preceded_by(orders, within 10 microseconds))"
    assert told(asked, 1000, facts([100], [order])) is preceded
    assert told(asked.replace("preceded_by", "not preceded_by"), 1000, facts([100], [order])) is not preceded


@pytest.mark.parametrize(
    ("at", "then", "then_none", "known"),
    [
        (99, False, False, 0),  # nothing has happened
        (100, False, False, 0),  # an order may still come
        (109, False, False, 0),
        (110, False, True, 1),  # the last microsecond in which it could have come has come
        (1000, False, True, 1),
    ],
)
def test_until_the_time_is_over_it_is_unknown_whether_one_follows(at, then, then_none, known):
    told_so_far = facts([100])
    assert told(THEN_B, at, told_so_far) is then
    assert told(THEN_NO_B, at, told_so_far) is then_none
    pending = "count(visits, where followed_by(orders, within 10 microseconds) is not missing)"
    assert told(pending, at, told_so_far) == known


@pytest.mark.parametrize(
    ("at", "then", "then_none"), [(109, False, False), (110, True, False), (111, True, False), (1000, True, False)]
)
def test_an_order_in_the_last_microsecond_still_follows(at, then, then_none):
    assert told(THEN_B, at, facts([100], [110])) is then
    assert told(THEN_NO_B, at, facts([100], [110])) is then_none


def test_without_a_limit_nothing_is_pending():
    asked, otherwise = "any(visits, where followed_by(orders))", "any(visits, where not followed_by(orders))"
    assert [told(asked, at, facts([100], [500])) for at in (100, 499, 500)] == [False, False, True]
    assert [told(otherwise, at, facts([100], [500])) for at in (99, 100, 499, 500)] == [False, True, True, False]


def test_what_precedes_is_never_unknown():
    asked = "count(visits, where preceded_by(orders, within 10 microseconds) is missing)"
    assert [told(asked, at, facts([100], [])) for at in (100, 105, 1000)] == [0, 0, 0]
    assert told("any(visits, where not preceded_by(orders))", 100, facts([100], [])) is True


def test_a_fact_of_the_future_neither_follows_nor_is_followed():
    told_ahead = facts([100, 200], [105, 205])
    asked = "count(visits, where followed_by(orders, within 10 microseconds))"
    assert [told(asked, at, told_ahead) for at in (104, 105, 200, 204, 205)] == [0, 1, 1, 1, 2]


def test_each_fact_is_asked_and_one_may_serve_several():
    asked = "count(visits, where followed_by(orders, within 10 microseconds))"
    assert told(asked, 1000, facts([95, 100, 100, 104, 105], [105])) == 4


def test_the_same_stream_may_stand_on_both_sides_and_a_fact_never_follows_itself_or_its_equal():
    again = "count(orders, where followed_by(orders, within 10 microseconds))"
    assert told(again, 1000, facts(orders=[100])) == 0
    assert told(again, 1000, facts(orders=[100, 100])) == 0
    assert told(again, 1000, facts(orders=[100, 100, 110, 121])) == 2
    first_only = "count(orders, where not preceded_by(orders))"
    assert told(first_only, 1000, facts(orders=[110, 100, 100])) == 2


def test_its_speaks_of_the_fact_that_is_followed():
    bought = "count(visits, where followed_by(orders, within 10 microseconds, where channel = its.page))"
    looked = [{"at": 100, "page": "web"}, {"at": 101, "page": "shop"}, {"at": 102, "page": None}]
    assert told(bought, 1000, facts(looked, [{"at": 105, "channel": "web"}])) == 1
    assert told(bought, 1000, facts(looked, [{"at": 105, "channel": "shop"}, {"at": 105, "channel": "web"}])) == 2
    assert told(bought, 1000, facts(looked, [{"at": 105, "channel": None}])) == 0
    assert told(bought.replace("channel = its.page", "at - its.at = 4 microseconds"), 1000, facts(looked, [105])) == 1


def test_where_the_condition_on_the_other_is_unknown_it_does_not_follow():
    unsure = "any(visits, where not followed_by(orders, within 10 microseconds, where quantity > 1))"
    assert told(unsure, 109, facts([100], [{"at": 105, "quantity": None}])) is False
    assert told(unsure, 110, facts([100], [{"at": 105, "quantity": None}])) is True
    assert told(unsure, 110, facts([100], [{"at": 105, "quantity": 2}])) is False


def test_a_funnel_of_three_steps_and_its_speaks_of_the_step_just_before():
    funnel = """count(visits, where page = 'home' and followed_by(visits, within 10 microseconds, where page = 'cart'
        and followed_by(orders, within 10 microseconds, where at - its.at <= 3 microseconds)))"""
    home, cart = {"at": 100, "page": "home"}, {"at": 110, "page": "cart"}
    assert [told(funnel, 1000, facts([home, cart], [order])) for order in (110, 111, 113, 114)] == [0, 1, 1, 0]
    assert [told(funnel, at, facts([home, cart], [113])) for at in (112, 113)] == [0, 1]


def test_an_inner_sequence_that_is_pending_does_not_count_yet():
    # A then B that is not followed by a return (here: a visit) within 5: B counts from its own deadline on.
    kept = """any(visits, where page = 'a' and followed_by(orders, within 10 microseconds,
        where not followed_by(visits, within 5 microseconds)))"""
    history = facts([{"at": 100, "page": "a"}], [108])
    assert [told(kept, at, history) for at in (108, 110, 112, 113)] == [False, False, False, True]
    unless = kept.replace("and followed_by(orders", "and not followed_by(orders")
    # At 110 nothing that counts has followed in time; at 113 it turns out that something had.
    assert [told(unless, at, history) for at in (109, 110, 112, 113)] == [False, True, True, False]


def test_a_window_chooses_the_first_of_the_two_facts_only():
    asked = "any(visits, last 20 microseconds, where followed_by(orders, within 10 microseconds))"
    assert [told(asked, at, facts([100], [105])) for at in (104, 105, 119, 120)] == [False, True, True, False]
    before = "any(orders, last 5 microseconds, where preceded_by(visits))"
    assert [told(before, at, facts([10], [100])) for at in (99, 100, 104, 105)] == [False, True, True, False]


def test_in_all_a_pending_sequence_is_not_true_yet():
    asked = "all(visits, where followed_by(orders, within 10 microseconds))"
    assert [told(asked, at, facts([100], [105])) for at in (99, 100, 105)] == [True, False, True]


def test_sequences_mix_with_other_conditions_in_three_values():
    either = "any(visits, where followed_by(orders, within 10 microseconds) or page = 'x')"
    assert told(either, 100, facts([{"at": 100, "page": "x"}])) is True
    neither = "any(visits, where not (followed_by(orders, within 10 microseconds) and page = 'x'))"
    assert told(neither, 100, facts([{"at": 100, "page": "y"}])) is True
    assert told(neither, 100, facts([{"at": 100, "page": "x"}])) is False
    assert told(neither, 110, facts([{"at": 100, "page": "x"}])) is True
