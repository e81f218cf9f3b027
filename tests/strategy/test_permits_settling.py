"""Contacts that wait: each at the first microsecond at which it can be, tried out at every one there is."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from permitted import days, grounds, history, limits, plan, treatment

from smalti.facts import HOUR, parse_instant
from smalti.strategy.candidates import Contact
from smalti.strategy.permits import Agenda, audit_slowly, settle
from smalti.strategy.permits.law import quiet_then

NOW = parse_instant("2026-03-28")
KINDS = tuple(Contact("spring", 2, channel, "win_back", 0, None, 1.0) for channel in ("email", "sms"))


def settled(due, codes, what, given, rows=None):
    rows = np.zeros(len(due), dtype=np.int64) if rows is None else np.array(rows, dtype=np.int64)
    return settle(Agenda.on(given, what), rows, KINDS, np.array(codes, dtype=np.int64), np.array(due, dtype=np.int64))


def test_what_can_be_is_left_where_it_is():
    assert settled([NOW, NOW + 5], [0, 1], limits(), grounds(at=NOW)).tolist() == [NOW, NOW + 5]


def test_a_contact_at_night_waits_for_the_morning_of_her_own_clock():
    night = limits(quiet={"from": "21:00", "until": "8:00"})
    given = grounds(2, at=NOW, until=NOW + days(7), zones=["Europe/London", "America/New_York"])
    late = parse_instant("2026-03-28T23:00Z")
    found = settled([late, late], [0, 0], night, given, rows=[0, 1])
    assert found.tolist() == [parse_instant("2026-03-29T07:00Z"), late]


def test_the_second_of_two_waits_until_there_is_room_and_then_for_the_morning():
    what = limits(quiet={"from": "21:00", "until": "8:00"}, frequency={"most": 1, "within": "11 hours"})
    found = settled([NOW + 10 * HOUR, NOW + 11 * HOUR], [1, 0], what, grounds(at=NOW, until=NOW + days(7)))
    assert found.tolist() == [NOW + 10 * HOUR, NOW + 32 * HOUR]


def test_what_can_never_be_never_is():
    never = settled([NOW], [0], limits(frequency={"most": 0, "within": "1 day"}), grounds(at=NOW))
    assert never[0] > NOW + days(100_000)
    silent = limits(quiet=[{"from": "0:00", "until": "12:00"}, {"from": "12:00", "until": "0:00"}])
    assert settled([NOW], [0], silent, grounds(at=NOW))[0] == never[0]


def test_nothing_to_settle_is_no_trouble():
    assert len(settled([], [], limits(frequency={"most": 1, "within": "1 day"}), grounds(at=NOW))) == 0


RULES = st.lists(
    st.builds(
        lambda most, within, channel: {"most": most, "within": f"{within} microseconds", "channel": channel},
        st.integers(1, 2),
        st.integers(1, 12),
        st.sampled_from([None, "email"]),
    ),
    max_size=2,
)
PAST = st.lists(st.tuples(st.integers(0, 1), st.integers(-12, 0), st.sampled_from(["email", "sms"])), max_size=5)
DUE = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 20)), max_size=5)


@settings(max_examples=60, deadline=None)
@given(RULES, PAST, DUE)
def test_each_is_at_the_first_instant_that_is_not_too_much(rules, past, due):
    what, given = limits(frequency=rules), grounds(2, until=1000, history=history(*past))
    found = settled([one[2] for one in due], [one[1] for one in due], what, given, [one[0] for one in due])
    stands: list[tuple[int, str, int]] = []
    for place in sorted(range(len(due)), key=lambda place: (due[place][0], due[place][2], due[place][1])):
        row, code, low = due[place]
        tried = low
        while True:
            table = [
                (who, "spring", 2, channel, "win_back", when)
                for who, channel, when in [*stands, (row, KINDS[code].channel, tried)]
            ]
            if not any(
                one.reason == "contacted too often" for one in audit_slowly(plan(*table), (treatment(),), what, given)
            ):
                break
            tried += 1
        assert found[place] == tried
        stands.append((row, KINDS[code].channel, tried))


ZONES = ("Europe/London", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", None)
QUIET = st.lists(
    st.sampled_from(
        [
            {"from": "21:00", "until": "8:00"},
            {"from": "1:00", "until": "3:30"},
            {"from": "23:30", "until": "0:15", "channels": ["sms"]},
            {"days": ["sunday"]},
            {"from": "12:00", "until": "13:00", "days": ["saturday", "monday"], "channels": ["email"]},
        ]
    ),
    max_size=3,
)
# around the changes of the clocks, in both halves of the year
STARTS = (
    "2026-03-07",
    "2026-03-28",
    "2026-04-04",
    "2026-10-03",
    "2026-10-24",
    "2026-10-31",
    "2027-02-05",
    "2027-03-13",
)


@settings(max_examples=60, deadline=None)
@given(QUIET, st.sampled_from(ZONES), st.sampled_from(STARTS), st.integers(0, 5 * 24 * 60), st.integers(0, 1))
def test_each_is_at_the_first_minute_that_is_not_quiet(quiet, zone, start, minutes, code):
    what, minute = limits(quiet=quiet), 60_000_000
    at = parse_instant(start)
    given = grounds(at=at, until=at + days(9), zones=[zone], zone="Europe/Berlin")
    low = at + minutes * minute
    found = settled([low], [code], what, given)[0]
    hushed = [
        quiet_then(low + later * minute, KINDS[code].channel, what.definition.quiet, zone, "Europe/Berlin")
        for later in range((found - low) // minute + 1)
    ]
    assert hushed == [True] * (len(hushed) - 1) + [False]
