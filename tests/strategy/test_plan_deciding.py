"""One customer now: what the plan says of her, from stored prices, and what is known only now."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_worlds import AT, limits_of, treatment, varied, world

from smalti.facts import DAY, HOUR, format_instant, parse_instant
from smalti.strategy.limits import QuietDefinition
from smalti.strategy.plan import Context, Decider, Offer, make_plan, standing_of
from smalti.strategy.plan.moments import Quiet, contact_at
from smalti.strategy.timing import next_allowed

MAIL = treatment("mail", channels="email", cost=0.05, effect=0.1, message="hello")
CALL = treatment("call", "win_back", channels="call", cost=3, effect=0.3)


def decided(given_world, row=0, context=None, **told):
    plan = make_plan(given_world.candidates, given_world.limits, **told)
    customer = given_world.candidates.customers[row].as_py()
    return Decider.of(plan).decide(standing_of(plan, customer), context)


def settled(plan, row):
    """Say whether neither a tie, nor a limit's last unit, nor a full day has decided for a customer."""
    known = plan.priced[row][np.isfinite(plan.priced[row])]
    near = np.sort(np.append(known, 0.0))[::-1]
    tie = len(near) > 1 and near[0] - near[1] < 1e-6
    return not tie and not plan.full[row] and (plan.explored[row] or plan.best[row] == plan.choice[row])


WRITTEN = [
    {},
    {"explore": 0.4},
    {"numbers": [{"segment": "young", "most": 5}, {"treatment": "gift", "least": 5}], "explore": 0.1},
    {"fairness": {"by": "region", "least": 0.5}, "budget": 15},
]


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(WRITTEN))
def test_one_customer_gets_what_the_plan_gives_her(seed, written):
    given_world = varied(seed, 60, **written)
    plan = make_plan(given_world.candidates, given_world.limits, seed=seed)
    decider = Decider.of_info(json.loads(json.dumps(Decider.of(plan).to_info())))
    assert decider == Decider.of(plan)
    agreed = 0
    for row, customer in enumerate(given_world.candidates.customers.to_pylist()):
        found = decider.decide(standing_of(plan, customer))
        if not settled(plan, row):
            continue
        place = int(plan.choice[row])
        agreed += 1
        assert found.action == (None if place < 0 else given_world.candidates.actions[place].name)
        assert found.probability == pytest.approx(plan.probability[row])
        if place >= 0:
            assert found.gain == pytest.approx(given_world.candidates.gains.gain[row, place])
            assert found.priced == pytest.approx(plan.priced[row, place])
            assert (found.chosen == "explored") == bool(plan.explored[row])
    assert agreed > 30


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000))
def test_contacts_are_due_when_the_plan_has_them_where_days_carry_any_number(seed):
    given_world = varied(seed, 40, channels={}, quiet={"from": "21:00", "until": "8:00"})
    hours = {channel: 9 + hour % 10 for channel, hour in given_world.candidates.hours.items()}
    plan = make_plan(replace(given_world.candidates, hours=hours), given_world.limits)
    decider = Decider.of(plan)
    first = plan.contacts.first
    for row, due in zip(plan.contacts.rows[first].tolist(), plan.contacts.due[first].tolist(), strict=True):
        found = decider.decide(standing_of(plan, given_world.candidates.customers[row].as_py()))
        if settled(plan, row):
            assert abs(found.due - due) < HOUR


def test_what_is_kept_is_told():
    headroom = {"mail": np.array([5000.0, 5000.0]), "call": np.array([3000.0, 9000.0])}
    given_world = world((MAIL, CALL), limits_of(keep=1.5), headroom, keep=150.0, before=np.array([0, 0]))
    assert [decided(given_world, row).chosen for row in (0, 1)] == ["kept", "best"]


def test_a_larger_cart_changes_gains_in_proportion():
    given_world = world((MAIL, CALL), limits_of(), {"mail": np.array([1000.0]), "call": np.array([1200.0])})
    before = decided(given_world)
    assert before.action == "mail" and before.gain == pytest.approx(95)
    after = decided(given_world, context=Context(headroom={"call": 2.0}))
    assert after.action == "call" and after.gain == pytest.approx(0.3 * 2400 - 300)
    assert after.low < after.gain < after.high
    offered = decided(given_world, context=Context(offers={"mail": Offer(-5.0, -5.0, -5.0)}))
    assert offered.action == "call"


def test_channels_at_hand_bars_and_instants_are_heeded():
    given_world = world((MAIL, CALL), limits_of(), np.array([2000.0]))
    assert decided(given_world).action == "call"
    asked = Context(channels=frozenset({"email"}))
    found = decided(given_world, context=asked)
    assert (found.action, found.treatment, found.channel, found.message) == ("mail", "mail", "email", "hello")
    barred = decided(given_world, context=Context(barred={"call": "held out"}))
    assert (barred.action, barred.runner_up) == ("mail", "call")
    assert "held out" in barred.why_not
    late = decided(given_world, context=Context(now=AT + 8 * DAY))
    assert late.action is None and late.due is None and late.chosen == "none"


def test_what_reached_her_since_counts():
    limits = limits_of(frequency=[{"most": 1, "within": "7 days"}, {"most": 0, "within": "1 day", "channel": "call"}])
    given_world = world((MAIL,), limits, np.array([2000.0]))
    assert decided(given_world).action == "mail"
    found = decided(given_world, context=Context(contacted=((AT - DAY, "sms", "news"),)))
    assert found.action is None and "more often" in found.why_not
    assert decided(given_world, context=Context(contacted=((AT - 7 * DAY, "sms", "news"),))).action == "mail"


def test_quiet_hours_by_her_own_clock():
    given_world = world((MAIL,), limits_of(quiet={"from": "21:00", "until": "8:00"}), np.array([2000.0]))
    night = Context(now=parse_instant("2026-03-28T23:30:00Z"))
    assert format_instant(decided(given_world, context=night).due) == "2026-03-29T07:00:00Z"


def test_prices_of_limits_are_paid():
    given_world = world((MAIL, CALL), limits_of(channels={"call": {"in_all": 1}}), np.array([2000.0, 9000.0]))
    found = decided(given_world)
    assert found.action == "mail" and found.runner_up == "call"
    assert "less once limits are paid for" in found.why_not


def test_a_stranger_is_nobody():
    plan = make_plan(world((MAIL,), limits_of(), np.array([2000.0])).candidates, limits_of())
    with pytest.raises(KeyError):
        standing_of(plan, "nobody")
    with pytest.raises(KeyError):
        Decider.of_info({"form": 99})


def test_it_takes_well_under_a_millisecond():
    given_world = varied(1, 50, explore=0.1)
    plan = make_plan(given_world.candidates, given_world.limits)
    decider = Decider.of(plan)
    standings = [standing_of(plan, one) for one in given_world.candidates.customers.to_pylist()]
    context = Context(contacted=((AT - HOUR, "email", "news"),))
    took = []
    for _ in range(5):
        for one in standings:
            begin = time.process_time_ns()
            decider.decide(one, context)
            took.append(time.process_time_ns() - begin)
    assert np.median(took) < 1e6


ZONES = st.sampled_from(["Europe/London", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Cairo"])


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 400 * 24 * 60), ZONES, st.integers(0, 1439), st.integers(0, 1439), st.booleans())
def test_one_customers_quiet_hours_are_those_of_all(minute, zone, start, end, sunday):
    instant = parse_instant("2026-01-01") + minute * 60_000_000
    if start == end:
        end = (start + 60) % 1440
    clock = {"from": f"{start // 60}:{start % 60:02d}", "until": f"{end // 60}:{end % 60:02d}"}
    days = ("sunday",) if sunday else ()
    definition = QuietDefinition.model_validate(clock | {"days": days})
    (wanted,) = next_allowed(np.array([instant]), [zone], [definition], "sms", "UTC").tolist()
    assert contact_at(instant, instant, -1, "sms", (Quiet(start, end, days, ()),), zone) == wanted


def test_a_best_hour_is_waited_for_within_the_span():
    noon = parse_instant("2026-03-28T12:00:00Z")
    assert format_instant(contact_at(noon, noon + DAY, 9, "sms", (), "Europe/London")) == "2026-03-29T08:00:00Z"
    assert contact_at(noon, noon + HOUR, 9, "sms", (), "Europe/London") == noon
    always = (
        Quiet(0, 0, ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday"), ()),
        Quiet(0, 1, (), ()),
    )
    found = contact_at(noon, noon + DAY, -1, "sms", always, "Europe/London")
    assert format_instant(found) == "2026-03-29T00:01:00Z"
