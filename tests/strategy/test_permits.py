"""Who may be treated how, and from when: stories, and frequency held to counting it out at every microsecond there is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from permitted import action, days, grounds, history, limits, step, treatment

from smalti.facts import parse_instant
from smalti.strategy.candidates import Contact
from smalti.strategy.permits import BARS, Pending, permits, told

NOW = parse_instant("2026-03-02")  # a Monday


def asked(one, what=None, given=None, **more):
    """The bar of one customer, and between which instants it may begin."""
    found = permits([action(one)], what or limits(), given or grounds(until=days(7), **more))
    return BARS[found.why[0, 0]].name, int(found.earliest[0, 0]), int(found.latest[0, 0])


def test_with_nothing_against_it_it_may_begin_throughout_the_plan():
    assert asked(treatment()) == ("possible", 0, days(7) - 1)


def test_what_is_not_possible_has_no_time():
    assert asked(treatment(), names=()) == ("not eligible", 0, -1)


YES = np.ones(1, dtype=bool)


@pytest.mark.parametrize(
    ("bar", "more"),
    [
        ("not eligible", {"eligible": {}}),
        ("suppressed", {"suppressed": YES}),
        ("held out", {"held_out": {"spring": YES}}),
        ("other arm", {"elsewhere": {"spring": YES}}),
        ("no address", {"address": {"sms": YES}}),
        ("no consent", {"agreed": {}}),
    ],
)
def test_what_is_known_of_her_bars_it(bar, more):
    assert asked(treatment(), **more)[0] == bar


def test_unknown_consent_is_none():
    assert asked(treatment(channels=("call",)), agreed={"email": YES})[0] == "no consent"


def test_what_contacts_nobody_needs_no_consent_and_disturbs_nobody():
    free = treatment(channels=())
    assert asked(free, limits(frequency={"most": 0, "within": "1 day"}), agreed={}, suppressed=YES)[0] == "possible"
    assert asked(free, held_out={"spring": YES})[0] == "held out"


def test_dates_narrow_when_it_may_begin():
    assert asked(treatment(start=days(1), end=days(3))) == ("possible", days(1), days(3) - 1)
    assert asked(treatment(start=days(7)))[0] == "out of its dates"
    assert asked(treatment(end=0))[0] == "out of its dates"


def test_a_day_is_over_when_it_is_over_in_the_projects_zone():
    noon = treatment(on=days(2) + days(0.5))
    assert asked(noon) == ("possible", days(2.5), days(3) - 1)
    assert asked(noon, zone="America/New_York")[2] == days(3) + days(5 / 24) - 1
    assert asked(treatment(on=days(-1)))[0] == "out of its dates"


def test_a_trigger_must_have_happened_and_not_long_ago():
    cart = treatment(trigger={"event": "true"})
    assert asked(cart)[0] == "not triggered"
    assert asked(cart, begins={"spring": YES})[0] == "possible"
    moments = {"spring": (np.array([days(1)]), np.array([days(2)]))}
    assert asked(cart, begins={"spring": YES}, moments=moments) == ("possible", days(1), days(2))
    moments = {"spring": (np.array([days(-2)]), np.array([days(-1)]))}
    assert asked(cart, begins={"spring": YES}, moments=moments)[0] == "not triggered"


def test_what_a_trigger_began_is_begun_again_only_if_that_is_said():
    past = history((0, days(-20), "email", "win_back", "spring", 1))
    once = treatment(trigger={"event": "true"})
    more = treatment(trigger={"event": "true", "again": "21 days"})
    assert asked(once, begins={"spring": YES}, history=past)[0] == "had it already"
    assert asked(more, begins={"spring": YES}, history=past) == ("possible", days(1), days(7) - 1)


def test_what_begins_at_once_may_come_again_unless_it_says_otherwise():
    past = history((0, days(-1), "email", "win_back", "spring", 1))
    assert asked(treatment(), history=past)[0] == "possible"
    assert asked(treatment(again="3 days"), history=past)[1] == days(2)
    assert asked(treatment(again="30 days"), history=past)[0] == "had it already"


def test_what_began_on_its_day_is_not_begun_on_it_again():
    day = treatment(on=days(0))
    past = history((0, days(0) + 5, "email", "win_back", "spring", 1))
    given = grounds(at=days(0.25), until=days(7), history=past)
    assert asked(day, given=given)[0] == "had it already"
    assert asked(day, given=replace(given, history=history((0, -5, "email", None, "spring", 1))))[0] == "possible"


def test_another_of_an_exclusive_set_keeps_it_away():
    what = limits(exclusive=[["spring", "autumn"]], apart="10 days")
    past = history((0, days(-8), "email", "x", "autumn", 1), (0, days(-9), "email", "x", "spring", 1))
    assert asked(treatment(), what, history=past)[1] == days(2)
    assert asked(treatment(), what, history=history((0, days(-1), "sms", None, "autumn", 2)))[0] == "exclusive"
    assert asked(treatment(), what, history=history((0, days(-1), "sms", None, "winter", 2)))[0] == "possible"


def waiting(*contacts: tuple[int, str, str, int, str]) -> Pending:
    """Contacts to come: row, treatment, channel, due, purpose."""
    kinds = tuple(Contact(name, 2, channel, purpose, 0, None, 1.0) for _, name, channel, _, purpose in contacts)
    rows, due = ([one[place] for one in contacts] for place in (0, 3))
    return Pending(np.array(rows, dtype=np.int64), kinds, np.array(due, dtype=np.int64))


def test_what_is_under_way_is_not_begun_again_and_keeps_away_what_excludes_it():
    given = grounds(until=days(7), pending=waiting((0, "autumn", "sms", days(5), "x")))
    assert asked(treatment("autumn"), given=replace(given, eligible={"autumn": YES}))[0] == "under way"
    assert asked(treatment(), limits(exclusive=[["spring", "autumn"]]), given)[0] == "exclusive"
    assert asked(treatment(), limits(), given)[0] == "possible"


def test_a_bundle_needs_all_its_parts():
    bundle = action(treatment(), treatment("autumn", ("sms",)))
    both = grounds(until=days(7), names=("spring", "autumn"))
    one = replace(both, agreed={"email": YES})
    found = [BARS[permits([bundle], limits(), given).why[0, 0]].name for given in (both, one)]
    assert found == ["possible", "no consent"]
    against = limits(exclusive=[["spring", "autumn"]])
    assert BARS[permits([bundle], against, both).why[0, 0]].name == "exclusive"


def test_a_stretch_ends_when_the_contact_is_just_as_old_as_it_is_long():
    weekly = limits(frequency={"most": 1, "within": "7 days"})
    assert asked(treatment(), weekly, history=history((0, days(-6), "sms", None, None)))[1] == days(1)
    assert asked(treatment(), weekly, history=history((0, 0, "sms", None, None)))[0] == "contacted too often"


def test_frequency_by_channel_and_by_purpose_counts_these_alone():
    past = history((0, 0, "sms", "reward", None), (0, 0, None, None, None))
    for rule, bar in (
        ({"channel": "sms"}, "possible"),
        ({"channel": "email"}, "possible"),
        ({"purpose": "win_back"}, "possible"),
        ({}, "contacted too often"),
    ):
        assert asked(treatment(), limits(frequency={"most": 1, "within": "7 days"} | rule), history=past)[0] == bar
    rewarding = treatment(purpose="reward")
    of_purpose = limits(frequency={"most": 1, "within": "7 days", "purpose": "reward"})
    assert asked(rewarding, of_purpose, history=past)[0] == "contacted too often"


def test_steps_count_as_if_all_of_them_happened_but_those_that_do_not_reach_her():
    chain = treatment(steps=(step("1 day"), step("1 day", "call")))
    twice = limits(frequency={"most": 2, "within": "7 days"})
    assert asked(chain, twice)[0] == "contacted too often"
    assert asked(chain, twice, agreed={"email": YES}) == ("possible", 0, days(7) - 1)


def test_steps_that_come_later_need_room_later():
    chain = treatment(steps=(step("3 days"),))
    weekly = limits(frequency={"most": 2, "within": "7 days"})
    past = history((0, days(-5), "email", None, None), (0, days(-6), "email", None, None))
    # at the first contact neither may be left but one; at the second both must be gone, and the first is there
    assert asked(chain, weekly, history=past) == ("possible", days(1), days(7) - 1)
    late = history((0, days(-5), "email", None, None), (0, days(-2), "email", None, None))
    assert asked(chain, weekly, history=late)[1] == days(2)


def test_quiet_hours_are_no_bar_as_long_as_they_leave_some_time():
    night = limits(quiet={"from": "21:00", "until": "8:00"})
    two_hours = grounds(at=NOW, until=NOW + days(2 / 24))
    assert asked(treatment(), night, two_hours)[0] == "quiet throughout"
    abroad = replace(two_hours, zones=["Asia/Tokyo"])
    assert asked(treatment(), night, abroad)[0] == "possible"
    assert (
        asked(treatment(), limits(quiet={"days": ["monday"], "channels": ["email"]}), two_hours)[0]
        == "quiet throughout"
    )
    assert (
        asked(treatment(channels=("sms",)), limits(quiet={"days": ["monday"], "channels": ["email"]}), two_hours)[0]
        == "possible"
    )


def test_the_first_bar_of_the_list_is_told():
    given = grounds(names=(), agreed={}, suppressed=YES, held_out={"spring": YES})
    assert asked(treatment(), given=given)[0] == "not eligible"
    assert asked(treatment(), given=replace(given, eligible={"spring": YES}))[0] == "suppressed"


def test_no_customers_and_no_actions_are_no_trouble():
    assert permits([action(treatment())], limits(), grounds(0)).why.shape == (0, 1)
    assert permits([], limits(), grounds(3)).why.shape == (3, 0)


def test_what_is_after_the_instant_is_not_seen():
    weekly = limits(frequency={"most": 1, "within": "7 days"})
    assert (
        asked(treatment(again="9 days"), weekly, history=history((0, 1, "email", None, "spring", 1)))[0] == "possible"
    )


def test_every_bar_says_something_of_its_own():
    assert len({bar.name for bar in BARS}) == len({bar.sentence for bar in BARS}) == len(BARS)
    assert told(0) == "it is possible"


# Frequency, counted out. Time is a few dozen microseconds, so that every start can be tried.

RULES = st.builds(
    lambda most, within, channel, purpose: {
        "most": most,
        "within": f"{within} microseconds",
        "channel": channel,
        "purpose": purpose,
    },
    st.integers(0, 3),
    st.integers(1, 12),
    st.sampled_from([None, None, "email", "sms"]),
    st.sampled_from([None, None, None, "win_back"]),
)
STEPS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["email", "sms", "call"])), max_size=3).map(
    lambda found: tuple({"after": f"{wait} microseconds" if wait else "0 days", "channel": by} for wait, by in found)
)
PAST = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(-14, 2),
        st.sampled_from([None, "email", "sms"]),
        st.sampled_from([None, "win_back"]),
    ),
    max_size=8,
)
COMING = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.just("other"),
        st.sampled_from(["email", "sms"]),
        st.integers(0, 25),
        st.sampled_from(["win_back", "x"]),
    ),
    max_size=4,
)
UNTIL = 20


def too_many(rules, every) -> bool:
    """Whether some stretch that ends with a contact holds too many; contacts are instant, channel, purpose, and whether new."""
    for rule in rules:
        counting = [one for one in every if rule["channel"] in (None, one[1]) and rule["purpose"] in (None, one[2])]
        window = int(rule["within"].split()[0])
        for end in counting:
            inside = [one for one in counting if end[0] - window < one[0] <= end[0]]
            if len(inside) > rule["most"] and any(one[3] for one in inside):
                return True
    return False


@settings(max_examples=150, deadline=None)
@given(st.lists(RULES, max_size=3), STEPS, PAST, COMING, st.booleans())
def test_frequency_is_as_counted_out_at_every_start(rules, steps, past, coming, without):
    one = treatment(steps=steps)
    given = grounds(3, until=UNTIL, history=history(*past), pending=waiting(*coming))
    if without:
        given = replace(given, agreed={"email": np.ones(3, dtype=bool), "sms": np.array([True, False, True])})
    found = permits([action(one)], limits(frequency=rules), given)
    for row in range(3):
        stands = [(at, channel, purpose, False) for who, at, channel, purpose in past if who == row and at <= 0]
        stands += [(due, channel, purpose, False) for who, _, channel, due, purpose in coming if who == row]
        chain = [
            (0, "email"),
            *(
                (other.delay, other.definition.channel)
                for other in one.steps
                if given.reached(other.definition.channel)[row]
            ),
        ]
        fits = [
            not too_many(rules, [*stands, *((start + delay, channel, "win_back", True) for delay, channel in chain)])
            for start in range(UNTIL)
        ]
        if True not in fits:
            assert BARS[found.why[row, 0]].name == "contacted too often"
            continue
        first = fits.index(True)
        last = next((start for start in range(first, UNTIL) if not fits[start]), UNTIL) - 1
        assert (found.why[row, 0], found.earliest[row, 0], found.latest[row, 0]) == (0, first, last)


@settings(max_examples=25, deadline=None)
@given(st.lists(RULES, max_size=3), STEPS, PAST, COMING, st.randoms(use_true_random=False))
def test_the_order_of_what_is_told_makes_no_difference(rules, steps, past, coming, random):
    one, what = action(treatment(steps=steps)), limits(frequency=rules)
    mixed, later = random.sample(past, len(past)), random.sample(coming, len(coming))
    answers = [
        permits([one], what, grounds(3, until=UNTIL, history=history(*told), pending=waiting(*to_come)))
        for told, to_come in ((past, coming), (mixed, later))
    ]
    for name in ("why", "earliest", "latest"):
        assert np.array_equal(getattr(answers[0], name), getattr(answers[1], name))


@settings(max_examples=25, deadline=None)
@given(st.lists(RULES, min_size=1, max_size=3), STEPS, PAST)
def test_allowing_more_never_takes_anything_away(rules, steps, past):
    one = action(treatment(steps=steps))
    looser = [rule | {"most": rule["most"] + 1} for rule in rules]
    tight, loose = (
        permits([one], limits(frequency=some), grounds(3, until=UNTIL, history=history(*past)))
        for some in (rules, looser)
    )
    may = tight.why == 0
    assert (loose.why[may] == 0).all()
    assert (loose.earliest[may] <= tight.earliest[may]).all()


QUIET_DAY = limits(frequency={"most": 1, "within": "6 hours"}, quiet={"from": "9:00", "until": "12:00"})


def test_of_several_stretches_between_contacts_one_that_is_not_quiet_is_taken():
    hours = 3_600_000_000
    # free from 9 to 10, which is quiet, and again from 22 on
    to_come = waiting((0, "autumn", "sms", 3 * hours, "x"), (0, "autumn", "sms", 16 * hours, "x"))
    given = grounds(at=4 * hours, until=24 * hours, pending=to_come)
    assert asked(treatment(), QUIET_DAY, given) == ("possible", 22 * hours, 24 * hours - 1)
    assert asked(treatment(), QUIET_DAY, replace(given, until=22 * hours))[0] == "quiet throughout"


@settings(max_examples=60, deadline=None)
@given(
    coming=st.lists(st.integers(1, 60), max_size=4),
    most=st.integers(0, 2),
    within=st.integers(1, 14),
    quiet=st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda two: two[0] != two[1]),
    until=st.integers(1, 50),
)
def test_it_is_possible_exactly_if_at_some_hour_she_is_awake_and_it_is_not_too_much(coming, most, within, quiet, until):
    hours = 3_600_000_000
    start, end = quiet
    what = limits(
        frequency={"most": most, "within": f"{within} hours"}, quiet={"from": f"{start}:00", "until": f"{end}:00"}
    )
    given = grounds(until=until * hours, pending=waiting(*((0, "autumn", "sms", one * hours, "x") for one in coming)))

    def fits(hour: int) -> bool:
        asleep = start <= hour % 24 < end if start < end else not end <= hour % 24 < start
        every = [*coming, hour]
        ends = [one for one in every if one >= hour and one - within < hour]
        return not asleep and all(sum(one - within < other <= one for other in every) <= most for one in ends)

    possible = [hour for hour in range(until) if fits(hour)]
    bar, low, high = asked(treatment(), what, given)
    assert (bar == "possible") == bool(possible)
    if possible:
        assert any(low <= hour * hours <= high for hour in possible)
