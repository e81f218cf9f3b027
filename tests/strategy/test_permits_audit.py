"""The last gate: every bar is found, the fast reading is the slow one, and without what is found nothing is left to find."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from permitted import CHANNELS, days, grounds, history, limits, plan, step, treatment

from smalti.facts import HOUR, MINUTE, parse_instant
from smalti.strategy.permits import BARS, Grounds, Money, audit, audit_slowly

NOW = parse_instant("2026-03-02")
YES = np.ones(1, dtype=bool)
FIRST = (0, "spring", 1, "email", "win_back", NOW + days(1))


def names(found) -> list[str]:
    return [one.reason for one in found]


def broken(*contacts, what=None, treatments=(), money=None, **more) -> list[str]:
    """The bars that both readings find."""
    given = grounds(at=NOW, until=NOW + days(7), **more)
    known = treatments or (treatment(steps=(step("3 days", "sms"),)),)
    told = (plan(*contacts), known, what or limits(), given, money)
    assert audit(*told) == audit_slowly(*told)
    return names(audit(*told))


def test_a_plan_that_is_right_passes():
    assert broken(FIRST, (0, "spring", 2, "sms", "win_back", NOW + days(4))) == []
    assert broken() == []


@pytest.mark.parametrize(
    ("bar", "more"),
    [
        ("not eligible", {"eligible": {}}),
        ("suppressed", {"suppressed": YES}),
        ("held out", {"held_out": {"spring": YES}}),
        ("other arm", {"elsewhere": {"spring": YES}}),
        ("no address", {"address": {}}),
        ("no consent", {"agreed": {"sms": YES}}),
    ],
)
def test_what_is_known_of_her_is_asked_of_every_contact(bar, more):
    assert broken(FIRST, **more) == [bar]
    later = (0, "spring", 2, "email", "win_back", NOW + days(1))
    assert broken(later, **more) == ([] if bar == "not eligible" else [bar])


@pytest.mark.parametrize(
    ("due", "told"),
    [
        (NOW - 1, {}),
        (NOW + days(7), {}),
        (NOW, {"start": NOW + 1}),
        (NOW + days(2), {"end": NOW + days(2)}),
        (NOW, {"on": NOW + 1}),
        (NOW + days(1), {"on": NOW + 1}),
    ],
)
def test_it_begins_within_its_dates_and_the_plan(due, told):
    assert broken((*FIRST[:5], due), treatments=(treatment(**told),)) == ["out of its dates"]


def test_it_begins_after_its_trigger_and_in_time():
    cart = (treatment(trigger={"event": "true"}),)
    moment = {"spring": (np.array([NOW]), np.array([NOW + days(1) - 1]))}
    assert broken(FIRST, treatments=cart) == ["not triggered"]
    assert broken(FIRST, treatments=cart, begins={"spring": YES}) == []
    assert broken(FIRST, treatments=cart, begins={"spring": YES}, moments=moment) == ["not triggered"]


def test_it_does_not_begin_again_too_soon():
    past = history((0, NOW - days(5), "email", None, "spring", 1))
    assert broken(FIRST, treatments=(treatment(again="7 days"),), history=past) == ["had it already"]
    assert broken(FIRST, treatments=(treatment(again="6 days"),), history=past) == []


def test_two_treatments_are_a_bundle_or_too_many():
    other = (0, "autumn", 1, "sms", "win_back", NOW + days(2))
    known = (treatment(), treatment("autumn", ("sms",)))
    both = {"treatments": known, "names": ("spring", "autumn")}
    assert broken(FIRST, other, **both) == ["more than one treatment"]
    assert broken(FIRST, other, what=limits(bundles=[["autumn", "spring"]]), **both) == []
    assert broken(FIRST, FIRST, what=limits(bundles=[["autumn", "spring"]]), **both) == ["more than one treatment"]


def test_what_excludes_it_was_long_enough_ago():
    what = limits(exclusive=[["spring", "autumn"]], apart="10 days")
    assert broken(FIRST, what=what, history=history((0, NOW - days(8), "sms", None, "autumn", 2))) == ["exclusive"]
    assert broken(FIRST, what=what, history=history((0, NOW - days(9), "sms", None, "autumn", 2))) == []
    under_way = (0, "autumn", 2, "sms", "x", NOW)
    known = (treatment(), treatment("autumn", ("sms",), steps=(step("1 day"),)))
    assert broken(under_way, FIRST, what=what, treatments=known) == ["exclusive"]


def test_frequency_counts_what_there_has_been_and_the_plan_itself():
    weekly = limits(frequency={"most": 2, "within": "7 days"})
    later = [(0, "spring", number, "sms", "win_back", NOW + days(number)) for number in (2, 3)]
    assert broken(FIRST, *later, what=weekly) == ["contacted too often"]
    past = history((0, NOW - days(6) + 1, "email", None, None), (0, NOW - days(6), "email", None, None))
    assert broken(FIRST, what=weekly, history=past) == []
    assert (
        broken(FIRST, (*FIRST[:2], 2, "sms", None, FIRST[5]), what=weekly, history=past) == ["contacted too often"] * 2
    )


@pytest.mark.parametrize(
    ("zone", "due", "quiet"),
    [
        ("Europe/London", "2026-03-29T06:59Z", True),  # 07:59 in summer time, which began at 01:00
        ("Europe/London", "2026-03-29T07:00Z", False),
        ("Europe/London", "2026-03-28T07:59Z", True),
        ("America/New_York", "2026-03-08T00:59Z", False),
        ("America/New_York", "2026-03-08T02:00Z", True),
        ("Australia/Lord_Howe", "2026-04-04T21:29Z", True),  # the clock goes back by half an hour
        ("Australia/Lord_Howe", "2026-04-04T21:30Z", False),
        ("Nowhere/Atall", "2026-03-28T07:59Z", True),
        (None, "2026-03-28T08:00Z", False),
    ],
)
def test_quiet_hours_are_those_of_her_own_clock(zone, due, quiet):
    night = limits(quiet={"from": "21:00", "until": "8:00"})
    at = parse_instant("2026-03-01")
    given = grounds(at=at, until=at + days(60), zones=pa.array([zone], pa.string()))
    for told in (given, replace(given, zones=[zone])):
        for gate in (audit, audit_slowly):
            found = gate(plan((*FIRST[:5], parse_instant(due))), (treatment(),), night, told)
            assert names(found) == (["quiet throughout"] if quiet else [])


def test_channels_carry_so_many_a_day_with_those_of_today():
    what = limits(channels={"email": {"per_day": 2, "in_all": 3}})
    given = grounds(
        5, at=NOW, until=NOW + days(7), history=history((4, NOW - MINUTE, "email"), (4, NOW, "email"), (4, NOW, "sms"))
    )
    due = [NOW + 1, NOW + days(1) - 1, NOW + days(1), NOW + days(1), NOW + days(8)]
    table = plan(*((row, "spring", 1, "email", "x", one) for row, one in enumerate(due)))
    for gate in (audit, audit_slowly):
        found = [one for one in gate(table, (treatment(),), what, given) if one.reason == "channel full"]
        assert [one.contact for one in found] == [1, 3]


def test_no_more_begin_than_the_treatment_is_for():
    table = plan(*((row, "spring", 1 + row % 2, "email", "x", NOW + 1) for row in range(5)))
    given = grounds(5, at=NOW, until=NOW + days(7))
    for gate in (audit, audit_slowly):
        assert [one.contact for one in gate(table, (treatment(most=2),), limits(), given)] == [4]


def test_budgets_of_a_plan_and_of_periods_reach():
    what = limits(budget=[5, {"amount": 3, "per": "month"}, {"amount": 1, "treatments": "autumn"}])
    money = Money((500.0, 300.0, 100.0), (0.0, 200.0, 0.0), {"spring": 50.0})
    at = parse_instant("2026-03-30")
    given = grounds(6, at=at, until=at + days(7))
    due = [at, at + days(1), at + days(2), at + days(2), at + days(2), at + days(2)]
    table = plan(*((row, "spring", 1, "email", "x", one, 50.0 + 50.0 * (row > 1)) for row, one in enumerate(due)))
    for gate in (audit, audit_slowly):
        found = gate(table, (treatment(),), what, given, money)
        assert [(one.contact, one.reason) for one in found] == [(1, "no money"), (5, "no money")]
        assert gate(table, (treatment(),), what, given) == ()


def test_a_treatment_that_there_is_not_is_an_error():
    for gate in (audit, audit_slowly):
        with pytest.raises(KeyError):
            gate(plan((0, "winter", 1, "email", "x", NOW)), (treatment(),), limits(), grounds(at=NOW))


def test_every_violation_says_what_it_breaks():
    found = audit(plan(FIRST), (treatment(),), limits(), grounds(at=NOW, until=NOW + days(7), agreed={}))
    assert [(one.contact, one.row, one.reason, BARS[one.why].name) for one in found] == [
        (0, 0, "no consent", "no consent")
    ]


# Plans by lot: most are wrong somewhere, and both readings must find the same.

ZONES = (
    None,
    "localtime",
    "right/Asia/Tokyo",
    "europe/paris",
    "",
    "Europe/London",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Nowhere/Atall",
)
AT = parse_instant("2026-03-28T12:00Z")
NAMES = ("spring", "autumn", "gift")
COUNT = 4


def masks(share: float, over=NAMES):
    one = st.lists(st.floats(0, 1).map(lambda drawn: drawn < share), min_size=COUNT, max_size=COUNT).map(np.array)
    return st.dictionaries(st.sampled_from(over), one)


@st.composite
def treatments(draw):
    found = []
    for name in NAMES:
        told = {"channels": draw(st.sampled_from([("email",), ("sms", "email"), ("call",)]))}
        told["steps"] = tuple(
            step(wait, by)
            for wait, by in draw(
                st.lists(st.tuples(st.sampled_from(["6 hours", "2 days"]), st.sampled_from(CHANNELS)), max_size=2)
            )
        )
        told |= draw(
            st.sampled_from(
                [
                    {},
                    {"again": "3 days"},
                    {"trigger": {"event": "true"}},
                    {"trigger": {"event": "true", "again": "2 days"}},
                    {"start": AT + days(1)},
                    {"end": AT + days(2)},
                    {"on": AT + days(1)},
                    {"most": 1},
                    {"purpose": "reward"},
                ]
            )
        )
        found.append(treatment(name, **told))
    return tuple(found)


@st.composite
def some_limits(draw):
    frequency = [
        {"most": draw(st.integers(0, 2)), "within": draw(st.sampled_from(["1 day", "36 hours", "7 days"]))}
        | draw(st.sampled_from([{}, {"channel": "email"}, {"purpose": "reward"}]))
        for _ in range(draw(st.integers(0, 2)))
    ]
    return limits(
        frequency=frequency,
        quiet=draw(
            st.sampled_from(
                [
                    [],
                    [{"from": "21:00", "until": "8:00"}],
                    [{"from": "1:00", "until": "3:00"}, {"days": ["sunday"], "channels": ["call", "sms"]}],
                    [{"from": "22:30", "until": "0:00", "channels": ["email"]}],
                ]
            )
        ),
        channels=draw(
            st.sampled_from(
                [{}, {"email": {"per_day": 1}}, {"sms": {"in_all": 1}}, {"email": {"per_day": 2, "in_all": 2}}]
            )
        ),
        exclusive=draw(
            st.sampled_from([[], [["spring", "autumn"]], [["spring", "autumn", "gift"], ["gift", "spring"]]])
        ),
        apart=draw(st.sampled_from(["12 hours", "3 days"])),
        bundles=draw(st.sampled_from([[], [["spring", "gift"]]])),
        budget=[{"amount": 3}, {"amount": 2, "per": "month"}, {"amount": 1, "per": "week", "treatments": ["gift"]}],
    )


INSTANTS = st.integers(-10 * 24 * 12, 10 * 24 * 12).map(lambda fives: AT + fives * 5 * MINUTE)
PAST = st.lists(
    st.tuples(
        st.integers(0, COUNT - 1),
        INSTANTS.map(lambda instant: instant - days(8)),
        st.sampled_from([*CHANNELS, None]),
        st.sampled_from(["win_back", "reward", None]),
        st.sampled_from([*NAMES, None]),
        st.sampled_from([1, 2, 3, None, None, 0, -3, 99]),
    ),
    max_size=8,
)
CONTACTS = st.lists(
    st.tuples(
        st.integers(0, COUNT - 1),
        st.sampled_from(NAMES),
        st.sampled_from([1, 1, 2, 3]),
        st.sampled_from([*CHANNELS, None]),
        st.sampled_from(["win_back", "reward"]),
        INSTANTS.map(lambda instant: instant + days(4)),
        st.sampled_from([None, 0.0, 60.0, 150.0]),
    ),
    max_size=10,
)


@st.composite
def some_grounds(draw) -> Grounds:
    given = grounds(COUNT, at=AT, until=AT + days(7), names=NAMES, history=history(*draw(PAST)))
    changed = {
        "eligible": {**given.eligible, **draw(masks(0.8))},
        "agreed": {**given.agreed, **draw(masks(0.8, CHANNELS))},
        "begins": draw(masks(0.8)),
        "held_out": draw(masks(0.1)),
        "elsewhere": draw(masks(0.1)),
        "suppressed": draw(st.none() | masks(0.1, ("x",)).map(lambda found: found.get("x"))),
        "zones": draw(st.none() | st.lists(st.sampled_from(ZONES), min_size=COUNT, max_size=COUNT)),
        "zone": draw(st.sampled_from(["UTC", "Europe/London", "Pacific/Auckland"])),
    }
    if draw(st.booleans()):
        since = np.array([AT + draw(st.integers(-24, 48)) * HOUR for _ in range(COUNT)])
        changed["moments"] = {"spring": (since, since + days(1))}
    return replace(given, **changed)


MONEY = st.builds(
    Money,
    st.just((300.0, 200.0, 100.0)),
    st.tuples(st.just(0.0), st.sampled_from([0.0, 90.0]), st.sampled_from([0.0, 90.0])),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from([10.0, 70.0]), max_size=2),
)


@settings(max_examples=50, deadline=None)
@given(CONTACTS, treatments(), some_limits(), some_grounds(), st.none() | MONEY)
def test_the_fast_reading_is_the_slow_one(contacts, known, what, given, money):
    told = (plan(*contacts), known, what, given, money)
    assert audit(*told) == audit_slowly(*told)


@settings(max_examples=25, deadline=None)
@given(CONTACTS, treatments(), some_limits(), some_grounds(), MONEY)
def test_without_what_is_found_nothing_is_left_to_find(contacts, known, what, given, money):
    # a fixed cost is paid with the first that begins: taken from one, it falls to another
    money = replace(money, fixed={})
    found = {one.contact for one in audit(plan(*contacts), known, what, given, money)}
    left = [one for place, one in enumerate(contacts) if place not in found]
    assert audit(plan(*left), known, what, given, money) == ()
