"""What couples customers: budgets of calendar periods, what days carry, numbers, fairness."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_worlds import AT, ZONE, limits_of, treatment, world

from smalti.facts import DAY, next_start, parse_instant
from smalti.strategy.limits import BudgetDefinition
from smalti.strategy.plan.coupling import couplings_of, days_of, spells_of

MAIL = treatment(
    "mail",
    channels="email",
    cost=1,
    steps=[{"after": "3 days", "channel": "sms"}, {"after": "8 days", "channel": "sms"}],
)
CALL = treatment("call", "win_back", channels="call", cost=3, most=7)


def found(limits, size=4, **told):
    given_world = world((MAIL, CALL), limits, np.full(size, 1000.0), **told)
    return {one.name: one for one in couplings_of(given_world.candidates, limits)}


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["day", "week", "month", "quarter", "year"]),
    st.integers(0, 500),
    st.integers(1, 40),
    st.floats(0, 100),
)
def test_a_plan_never_gets_more_of_a_period_than_is_left_and_all_of_it_in_the_end(unit, since, days, spent):
    at = AT + since * DAY
    budget = BudgetDefinition(amount=1, per=unit)
    spells = spells_of(budget, 100.0, spent, at, at + days * DAY, ZONE)
    assert spells[0].start == at and spells[-1].end == at + days * DAY
    assert all(one.end == other.start for one, other in pairwise(spells))
    assert spells[0].left <= 100.0 - spent + 1e-9 and all(0 <= one.left <= 100.0 for one in spells)
    to_its_end = spells_of(budget, 100.0, spent, at, next_start(unit, at, ZONE), ZONE)
    assert to_its_end[0].left == pytest.approx(100.0 - spent)


def test_budgets_are_of_their_treatments_and_strategies_and_count_every_contact():
    limits = limits_of(
        budget=[50, {"amount": 5, "treatments": "mail"}, {"amount": 6, "strategies": "win_back", "per": "week"}, 70]
    )
    ours = found(limits, spent=(0.0, 0.0, 100.0, 0.0))
    assert list(ours)[:4] == ["budget", "budget of mail", "budget of win_back a week", "budget (2)"]
    assert ours["budget"].columns.tolist() == [300.0, 300.0]
    assert ours["budget of mail"].columns.tolist() == [300.0, 0.0]
    assert ours["budget of win_back a week"].columns.tolist() == [0.0, 300.0]
    assert ours["budget"].treatments == ("mail", "call")


def test_channels_carry_what_their_days_do_less_what_there_was_today_and_steps_after_the_plan_are_not_counted():
    limits = limits_of(channels={"sms": 10, "email": {"in_all": 4}}, quiet={"days": ["sunday"], "channels": ["sms"]})
    ours = found(limits)
    assert ours["sms a day"].columns.tolist() == [1.0, 0.0]
    assert ours["sms a day"].amount == 70  # eight days are touched, one of them a Sunday
    assert ours["email in all"].amount == 4
    assert len(days_of(AT, AT + 7 * DAY, ZONE)) == 8


def test_days_on_which_alone_something_may_begin_are_limits_of_their_own():
    may = {"call": (np.full(4, AT), np.full(4, AT + DAY))}
    trigger = treatment("call", channels="call", trigger={"enters": "young"})
    limits = limits_of(channels={"call": 3})
    given_world = world((trigger,), limits, np.ones(4), begins={"call": np.ones(4, dtype=bool)}, moments=may)
    ours = {one.name: one.amount for one in couplings_of(given_world.candidates, limits)}
    assert ours == {"call a day": 24.0, "call on days 1 to 2": 6.0}


def test_numbers_count_by_treatment_strategy_channel_and_segment():
    limits = limits_of(
        numbers=[
            {"segment": "young", "most": 2},
            {"strategy": "win_back", "least": 1, "most": 3},
            {"channel": "email", "least": 1},
        ]
    )
    members = np.array([True, False, True, False])
    ours = found(limits, segments={"young": members})
    assert list(ours) == [
        "at most 7 get call",
        "at most 2 in young",
        "at least 1 for win_back",
        "at most 3 for win_back",
        "at least 1 by email",
    ]
    assert ours["at most 2 in young"].rows.tolist() == members.tolist()
    assert ours["at most 2 in young"].used(np.array([0, 1, -1, 1])) == 1
    assert ours["at least 1 by email"].columns.tolist() == [1.0, 0.0]
    assert [one.sign for one in ours.values()] == [1, 1, -1, 1, -1]


def test_fairness_is_a_share_of_those_who_may_be_treated_in_each_group():
    limits = limits_of(fairness={"by": "region", "least": "50 %", "treatments": "mail"})
    groups = {"region": (np.array([0, 0, 1, -1, 0, 0]), ("east", "west"))}
    eligible = {"mail": np.array([True, True, False, True, True, False]), "call": np.ones(6, dtype=bool)}
    ours = found(limits, 6, groups=groups, eligible=eligible)
    del ours["at most 7 get call"]
    assert {name: one.amount for name, one in ours.items()} == {"region east": 2.0}
    assert ours["region east"].group == ("region", "east")


def test_days_begin_when_the_clock_says_so():
    assert days_of(parse_instant("2026-03-28T10:00", ZONE), parse_instant("2026-03-30T00:00", ZONE), ZONE) == (
        parse_instant("2026-03-28", ZONE),
        parse_instant("2026-03-29", ZONE),
    )
