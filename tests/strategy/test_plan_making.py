"""Plans: within all limits, as good as they say, the same for the same seed, and never a contact that must not be."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_worlds import AT, ZONE, limits_of, treatment, varied, world

from smalti.errors import PlanError
from smalti.facts import DAY, HOUR, parse_instant
from smalti.strategy.candidates import Contact, Pending, UnderWay
from smalti.strategy.permits import HISTORY, Money, audit_slowly
from smalti.strategy.plan import CHOSEN, make_plan
from smalti.strategy.plan.contacting import gate_table

MAIL = treatment("mail", channels="email", cost=1, effect=0.1)
CALL = treatment("call", "win_back", channels="call", cost=3, effect=0.3)


def made(given_world, **told):
    return make_plan(given_world.candidates, given_world.limits, **told)


def broken(given_world, plan):
    candidates = given_world.candidates
    treatments = {part.name: part for action in candidates.actions for part in action.treatments}
    money = Money(candidates.budgets, candidates.spent, candidates.gains.fixed)
    table = gate_table(candidates, plan.contacts)
    return audit_slowly(table, tuple(treatments.values()), given_world.limits, given_world.grounds, money)


LIMITS = [
    {},
    {"explore": 0.3},
    {"budget": [30, {"amount": 8, "per": "day"}], "channels": {"email": 3, "sms": 2, "call": 1, "letter": 2}},
    {"bundles": [["mail", "call"]], "period": "3 days"},
    {
        "numbers": [{"segment": "young", "most": 10}, {"treatment": "gift", "least": 5}],
        "fairness": {"by": "region", "least": 0.2},
    },
]


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(LIMITS))
def test_no_contact_is_one_that_must_not_be(seed, written):
    given_world = varied(seed, 60, **written)
    plan = made(given_world)
    assert broken(given_world, plan) == ()
    assert plan.value <= plan.bound
    used = {one.name: one for one in plan.uses}
    for one in used.values():
        assert one.price >= 0
        assert one.most is None or one.used <= one.most + 1e-6
        assert one.least is None or one.used >= one.least or plan.moved or plan.explore
    assert plan.removed == 0


@settings(max_examples=2, deadline=None)
@given(st.integers(0, 10_000))
def test_the_last_gate_finds_nothing_to_take_back(seed):
    given_world = varied(seed, 80, explore=0.2)
    assert made(given_world, gate=given_world.grounds).removed == 0


def test_what_the_last_gate_finds_is_taken_back_whole():
    given_world = world((MAIL,), limits_of(), np.full(4, 5000.0))
    told = world((MAIL,), limits_of(), np.full(4, 5000.0), agreed={"email": np.array([True, False, True, True])})
    plan = made(given_world, gate=told.grounds)
    assert plan.choice.tolist() == [0, -1, 0, 0]
    assert plan.removed == 1 and any("last gate" in note for note in plan.notes)


def test_the_same_seed_makes_the_same_plan_whatever_the_threads():
    given_world = varied(3, 80, explore=0.2)
    one, other = made(given_world, seed=5, threads=1), made(given_world, seed=5, threads=2)
    assert (one.choice == other.choice).all() and (one.contacts.due == other.contacts.due).all()
    assert one.value == other.value and one.bound == other.bound
    assert (made(given_world, seed=6).explored != one.explored).any()


def test_nobody_is_contacted_for_a_loss():
    plan = made(world((MAIL, CALL), limits_of(), np.array([0.0, 5.0, 1000.0, 999.0, 10_000.0])))
    assert plan.choice.tolist() == [-1, -1, -1, -1, 1]


@pytest.mark.parametrize("size", [0, 1])
def test_plans_of_nobody_and_of_one(size):
    plan = made(world((MAIL,), limits_of(budget=5), np.full(size, 5000.0)), gate=None)
    assert len(plan.choice) == size and plan.gap == pytest.approx(0, abs=1e-12)


def test_a_plan_without_treatments():
    plan = make_plan(world((MAIL,), limits_of(), np.ones(3)).candidates, limits_of())
    assert plan.choice.tolist() == [-1, -1, -1]


def test_a_budget_of_nothing_buys_nothing():
    plan = made(world((MAIL,), limits_of(budget=0), np.array([5000.0, 9000.0])))
    assert plan.choice.tolist() == [-1, -1]
    assert plan.bound == pytest.approx(0, abs=1e-6)


def best_by_trying(gains, cost, budget, most):
    """Look at every assignment."""
    size, actions = gains.shape
    best = 0.0
    for code in range((actions + 1) ** size):
        choice = [(code // (actions + 1) ** row) % (actions + 1) - 1 for row in range(size)]
        paid = sum(cost[one] for one in choice if one >= 0)
        if paid <= budget and choice.count(1) <= most:
            best = max(best, sum(gains[row, one] for row, one in enumerate(choice) if one >= 0))
    return best


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=5), st.integers(0, 12), st.integers(0, 3))
def test_small_plans_are_the_best_there_are(hundreds, budget, most):
    headroom = np.array(hundreds, dtype=float) * 100
    given_world = world((MAIL, CALL), limits_of(budget=budget, channels={"call": {"in_all": most}}), headroom)
    plan = made(given_world)
    best = best_by_trying(given_world.candidates.gains.gain, (100, 300), budget * 100, most)
    assert plan.value == pytest.approx(best) and plan.bound >= best - 1e-6


def test_what_a_plan_must_have_is_had_and_what_cannot_be_is_told():
    headroom = np.array([5000.0, 4000.0, 100.0, 0.0])
    plan = made(
        world(
            (MAIL,),
            limits_of(numbers=[{"treatment": "mail", "least": 3}]),
            headroom,
        )
    )
    assert (plan.choice == 0).sum() == 3
    with pytest.raises(PlanError, match="at least 3"):
        made(world((MAIL,), limits_of(numbers=[{"treatment": "mail", "least": 3}], budget=2), headroom))


def test_days_that_are_full_send_others_to_their_next_best():
    on_monday = treatment("monday", channels="call", effect=0.9, on="2026-03-30")
    mail = treatment("mail", channels="email", effect=0.2)
    given_world = world((on_monday, mail), limits_of(channels={"call": 2}), np.arange(1.0, 7.0) * 1000)
    plan = made(given_world)
    assert [given_world.candidates.actions[one].name for one in plan.choice] == ["mail"] * 4 + ["monday"] * 2
    assert plan.moved == 0  # that one day carries two calls was known beforehand
    (narrow,) = [one for one in plan.uses if one.name == "call on day 4"]
    assert narrow.price == pytest.approx(0.7 * 4000 * 1, rel=0.01)


def test_whom_no_day_can_carry_is_offered_something_else():
    call = treatment("call", channels="call", effect=0.9, trigger={"enters": "young"})
    mail = treatment("mail", channels="email", effect=0.2)
    size = 6
    early = np.full(size, AT + HOUR)
    moments = {"call": (np.full(size, AT), np.where(np.arange(size) < 5, early, AT + 6 * DAY))}
    given_world = world(
        (call, mail), limits_of(channels={"call": 2}), np.arange(1.0, size + 1) * 1000,
        begins={"call": np.ones(size, dtype=bool)}, moments=moments,
    )  # fmt: skip
    plan = made(given_world)
    assert plan.choice.tolist() == [1, 1, 1, 0, 0, 0] and plan.moved == 3
    assert plan.full.tolist() == [True] * 3 + [False] * 3
    assert broken(given_world, plan) == ()


def test_a_budget_a_month_is_spent_evenly_and_by_period():
    mail = treatment("mail", channels="email", cost=10, effect=0.9)
    limits = limits_of(budget={"amount": 310, "per": "month"})
    plan = made(world((mail,), limits, np.arange(1.0, 41.0) * 10_000, spent=(5000.0,)))
    left = (310 - 50) * 100
    days = (parse_instant("2026-04-01", ZONE) - AT) / DAY
    assert plan.uses[0].most == pytest.approx(left + 31_000 * (7 - days) / 30)
    due = plan.contacts.due
    april = parse_instant("2026-04-01", ZONE)
    assert (due < april).sum() * 1000 <= left + 1e-6
    assert (due >= april).sum() * 1000 <= 31_000 * (7 - days) / 30 + 1e-6
    assert len(due) == 26 + 2


def test_what_is_planned_is_kept_unless_another_is_worth_enough_more():
    headroom = {"mail": np.array([5000.0, 5000.0]), "call": np.array([2000.0, 9000.0])}
    mail, call = treatment("mail", channels="email", effect=0.1), treatment("call", channels="call", effect=0.3)
    told = {"before": np.array([0, 0])}
    plan = made(world((mail, call), limits_of(keep=1.5), headroom, keep=150.0, **told))
    assert plan.choice.tolist() == [0, 1]
    assert [CHOSEN[one] for one in plan.chosen] == ["kept", "best"]
    assert made(world((mail, call), limits_of(), headroom, **told)).choice.tolist() == [1, 1]
    loss = {"mail": np.array([0.0, 0.0]), "call": np.array([0.0, 0.0])}
    dear = tuple(treatment(one.name, channels=one.channels[0], cost=1) for one in (mail, call))
    assert made(world(dear, limits_of(keep=9), loss, keep=900.0, **told)).choice.tolist() == [-1, -1]


def test_levers_choose_and_are_told_apart_from_gains():
    mail, call = (
        treatment("mail", channels="email", effect=0.1, priority=4),
        treatment("call", channels="call", effect=0.3),
    )
    plan = made(world((mail, call), limits_of(), np.full(2, 1000.0)))
    assert plan.choice.tolist() == [0, 0] and plan.value == pytest.approx(2 * 4 * 100)
    assert plan.candidates.gains.gain[0, 0] == pytest.approx(100)


def test_a_treatment_that_costs_something_to_do_at_all_is_done_only_if_it_pays():
    mail, show = (
        treatment("mail", channels="email", effect=0.1),
        treatment("show", channels="letter", effect=0.2, fixed=5),
    )
    few, many = (made(world((mail, show), limits_of(), np.full(size, 1000.0))) for size in (4, 6))
    assert few.choice.tolist() == [0] * 4 and few.fixed == {}
    assert many.choice.tolist() == [1] * 6 and many.fixed == {"show": 500.0}
    assert many.value == pytest.approx(6 * 200 - 500) and many.bound >= many.value
    poor = made(world((mail, show), limits_of(budget=4.99), np.full(6, 1000.0)))
    assert poor.choice.tolist() == [0] * 6


def test_the_cost_of_doing_it_at_all_is_paid_from_the_budget():
    show = treatment("show", channels="letter", cost=1, effect=0.9, fixed=5)
    plan = made(world((show,), limits_of(budget=8), np.full(6, 10_000.0)))
    assert (plan.choice == 0).sum() == 3
    (budget,) = plan.uses
    assert budget.used == pytest.approx(800)


def test_what_is_under_way_comes_first_and_takes_its_part():
    step = Contact("mail", 2, "call", "retain", 2 * DAY, None, 1.0)
    rows = np.array([0, 1])
    due = np.full(2, AT + HOUR)
    going = UnderWay(rows, (step, step), due, np.array([50.0, 50.0]), ("the second step",) * 2)
    call = treatment("call", channels="call", effect=0.9)
    given_world = world(
        (MAIL, call), limits_of(channels={"call": {"in_all": 3}}, budget=100), np.arange(1.0, 5.0) * 10_000,
        underway=going, pending=Pending(rows, (step, step), due),
    )  # fmt: skip
    plan = made(given_world)
    assert (plan.choice == 1).sum() == 1
    assert sorted(plan.contacts.rows[plan.contacts.action < 0].tolist()) == [0, 1]
    assert {one.name: one.used for one in plan.uses}["call in all"] == 3
    assert {one.name: one.used for one in plan.uses}["budget"] >= 100


def test_steps_follow_after_their_wait_outside_quiet_hours_and_where_they_reach_her():
    mail = treatment("mail", channels="email", effect=0.2, steps=[{"after": "36 hours", "channel": "sms"}])
    given_world = world(
        (mail,), limits_of(quiet={"from": "20:00", "until": "9:00"}), np.full(3, 5000.0),
        agreed={"email": np.ones(3, dtype=bool), "sms": np.array([True, False, True])},
        zones=pa.array([ZONE, ZONE, "Asia/Tokyo"]),
    )  # fmt: skip
    plan = made(given_world)
    assert plan.contacts.rows.tolist() == [0, 0, 1, 2, 2]
    waits = plan.contacts.due[[1, 4]] - plan.contacts.due[[0, 3]]
    assert (waits >= 36 * HOUR).all() and (waits < 36 * HOUR + DAY).all()
    assert broken(given_world, plan) == ()


def test_lots_fall_as_often_as_they_say():
    size = 3000
    mail, call = treatment("mail", channels="email", effect=0.1), treatment("call", channels="call", effect=0.3)
    may = np.arange(size) % 2 == 0
    given_world = world(
        (mail, call),
        limits_of(explore=0.3),
        np.full(size, 1000.0),
        eligible={"mail": np.ones(size, dtype=bool), "call": may},
    )
    plan = made(given_world)
    assert plan.explore == 0.3 and abs(plan.explored.mean() - 0.3) < 0.03
    for best, group in ((1, may), (0, ~may)):
        count = 3 if best else 2
        for action in range(-1, count - 1):
            rows = group & (plan.choice == action)
            chance = (0.7 if action == best else 0.0) + 0.3 / count
            assert plan.probability[rows] == pytest.approx(chance)
            assert abs(rows.sum() / group.sum() - chance) < 0.04
    assert {CHOSEN[code] for code in plan.chosen[plan.explored & (plan.choice >= 0)]} == {"explored"}


def test_lots_leave_the_limits_room_for_the_best():
    mail = treatment("mail", channels="email", cost=1, effect=0.1)
    plan = made(world((mail,), limits_of(explore=0.5, budget=20), np.arange(200.0) * 100))
    assert plan.explore < 0.5 and (plan.choice[plan.explored] == 0).sum() <= 10
    assert any("draw" in note for note in plan.notes)
    assert plan.uses[0].used <= 2000 and plan.value <= plan.bound


def test_an_expensive_show_is_not_put_on_by_lot():
    show = treatment("show", channels="letter", effect=0.2, fixed=500)
    plan = made(world((show,), limits_of(explore=0.9), np.full(30, 1000.0)))
    assert (plan.choice == -1).all() and (plan.probability == 1).all()


def test_history_counts_in_frequency_and_in_what_a_day_carries():
    touched = pa.table(
        {"row": [0], "at": [AT - HOUR], "channel": ["email"], "purpose": ["news"], "treatment": ["old"], "step": [1]},
        schema=HISTORY,
    )
    limits = limits_of(frequency={"most": 1, "within": "2 days"}, channels={"email": 2}, period="1 day")
    given_world = world((MAIL,), limits, np.array([90_000.0, 5000.0, 6000.0, 7000.0, 8000.0]), history=touched)
    plan = made(given_world)
    assert plan.choice[0] == -1
    assert (plan.choice == 0).sum() == 3  # one more today, two tomorrow morning
    assert broken(given_world, plan) == ()


def test_lots_give_way_where_limits_could_not_be_kept_with_them():
    mail = treatment("mail", channels="email", effect=0.1)
    wanted = {"treatment": "mail", "least": 20}
    limits, narrower = (
        limits_of(explore=0.9, numbers=[{"segment": "young", "most": most}, wanted]) for most in (20, 18)
    )
    members = {"young": np.arange(60) < 59}
    plan = made(world((mail,), limits, np.full(60, 1000.0), segments=members))
    assert plan.explore < 0.9
    assert (plan.choice == 0).sum() >= 20
    with pytest.raises(PlanError, match="at least 20"):
        made(world((mail,), narrower, np.full(60, 1000.0), segments=members))
