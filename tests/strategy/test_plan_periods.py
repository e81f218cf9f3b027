"""Calendar periods, what is under way, costs of doing a treatment at all: each paid where and when it comes."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_worlds import AT, ZONE, limits_of, treatment, varied, world

from smalti.facts import DAY, HOUR, next_start, parse_instant, start_of
from smalti.strategy.candidates import Contact, Pending, UnderWay
from smalti.strategy.permits import Money, audit_slowly
from smalti.strategy.plan import make_plan
from smalti.strategy.plan.contacting import gate_table
from smalti.strategy.plan.coupling import spells_of

MAIL = treatment("mail", channels="email", cost=1, effect=0.5)


def made(given_world, **told):
    return make_plan(given_world.candidates, given_world.limits, gate=given_world.grounds, **told)


def broken(given_world, plan):
    candidates = plan.candidates
    treatments = {part.name: part for action in candidates.actions for part in action.treatments}
    money = Money(candidates.budgets, candidates.spent, candidates.gains.fixed)
    return audit_slowly(
        gate_table(candidates, plan.contacts),
        tuple(treatments.values()),
        given_world.limits,
        given_world.grounds,
        money,
    )


def spent_in(plan, start, end):
    """Sum what first contacts within a stretch cost at worst, what is under way with it."""
    table = gate_table(plan.candidates, plan.contacts)
    due = np.asarray(table["due"])
    return float(np.asarray(table["cost"])[(due >= start) & (due < end)].sum())


def going(rows, due, cost, channel="email", treatment_name="mail"):
    step = Contact(treatment_name, 2, channel, "retain", 2 * DAY, None, 1.0)
    kinds = (step,) * len(rows)
    rows, due = np.array(rows), np.array(due)
    return {
        "underway": UnderWay(rows, kinds, due, np.array(cost, dtype=float), ("a step",) * len(rows)),
        "pending": Pending(rows, kinds, due),
    }


def test_a_month_that_is_all_but_over_does_not_draw_everybody_into_its_last_hour():
    """As of 27 March, a budget per day whose first day has ten hours left: the same as a month that ends tonight."""
    limits = limits_of(
        budget={"amount": 200, "per": "day"}, quiet={"from": "10:00", "until": "9:30"}, channels={"email": 40}
    )
    given_world = world((MAIL,), limits, np.full(190, 5000.0), hours={"email": np.full(190, 9)})
    plan = made(given_world)
    assert (plan.choice == 0).sum() == 190 and plan.removed == 0
    assert plan.gap == pytest.approx(0, abs=1e-9)


def test_the_money_of_a_period_in_which_nothing_can_come_is_not_counted():
    limits = limits_of(budget={"amount": 100, "per": "day"}, period="1 day", quiet={"from": "9:00", "until": "7:00"})
    given_world = world((MAIL,), limits, np.arange(1.0, 301.0) * 1000)
    plan = made(given_world)
    tomorrow = parse_instant("2026-03-28", ZONE)
    left = spells_of(limits.definition.budget[0], 10_000.0, 0.0, AT, AT + DAY, ZONE)[1].left
    assert spent_in(plan, tomorrow, tomorrow + DAY) <= left
    assert (plan.choice == 0).sum() == left // 100 and plan.moved == 0
    assert plan.choice[-int(left // 100) :].tolist() == [0] * int(left // 100)
    assert plan.gap < 0.02


PERIODS = [
    {"budget": {"amount": 20, "per": "month"}},
    {"budget": [{"amount": 12, "per": "day"}, {"amount": 40, "per": "week"}]},
    {"budget": [{"amount": 15, "per": "week", "treatments": "call"}, 50], "explore": 0.2},
]


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(PERIODS))
def test_every_period_pays_for_its_own_and_the_last_gate_has_nothing_to_take_back(seed, written):
    rng = np.random.default_rng(seed)
    given_world = varied(seed, 60, **written)
    rows = np.sort(rng.choice(60, 6, replace=False))
    due = AT + rng.integers(0, 6 * DAY, 6)
    agreed = given_world.grounds.agreed["letter"] & given_world.grounds.address["letter"]
    rows = rows[agreed[rows] & ~given_world.grounds.suppressed[rows]]
    told = going(rows, due[: len(rows)], rng.integers(50, 500, len(rows)), "letter", "gift")
    given_world = varied(seed, 60, more=told, **written | {"frequency": [], "quiet": []})
    plan = made(given_world)
    assert plan.removed == 0 and broken(given_world, plan) == ()
    assert plan.value <= plan.bound + 1e-6
    for place, budget in enumerate(given_world.limits.definition.budget):
        if budget.per != "plan" and not budget.treatments:
            start = start_of(budget.per, AT, ZONE)
            while start < plan.until:
                end = next_start(budget.per, start, ZONE)
                assert spent_in(plan, start, end) <= given_world.candidates.budgets[place] + 1e-6
                start = end


def test_what_budgets_do_not_reach_for_of_what_is_under_way_is_left_out_and_told():
    told = going([0, 1, 2], [AT + HOUR, AT + 3 * HOUR, AT + 2 * HOUR], [60, 60, 60])
    given_world = world((MAIL,), limits_of(budget=1.3), np.full(5, 5000.0), **told)
    plan = made(given_world)
    assert plan.contacts.rows[plan.contacts.action < 0].tolist() == [0, 2]
    assert plan.removed == 0 and plan.uses[0].used == pytest.approx(120)
    assert any("more than limits allow" in note for note in plan.notes)
    full = world((MAIL,), limits_of(channels={"email": {"in_all": 2}}), np.full(5, 5000.0), **told)
    assert made(full).removed == 0


def test_what_is_under_way_keeps_its_distance_when_full_days_delay_it():
    limits = limits_of(frequency={"most": 1, "within": "2 days"}, channels={"email": 1}, period="10 days")
    told = going([0, 1, 1], [AT + HOUR, AT + HOUR, AT + HOUR + 2 * DAY], [0, 0, 0])
    given_world = world((MAIL,), limits, np.array([0.0, 90_000.0]), **told)
    plan = made(given_world)
    due = plan.contacts.due[plan.contacts.rows == 1]
    assert (plan.contacts.action < 0).sum() == 3 and (np.diff(due) >= 2 * DAY).all()
    assert broken(given_world, plan) == () and plan.removed == 0


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000))
def test_many_delayed_contacts_and_new_ones_never_come_too_often(seed):
    rng = np.random.default_rng(seed)
    size = 30
    rows = np.sort(rng.integers(0, size, 25))
    due = AT + rng.integers(1, 30, 25) * HOUR
    order = np.lexsort((due, rows))
    first = np.append(True, rows[order][1:] != rows[order][:-1])
    keep = order[first]
    limits = limits_of(frequency={"most": 1, "within": "1 day"}, channels={"email": 6})
    two = treatment("mail", channels="email", cost=1, effect=0.5, steps=[{"after": "2 days", "channel": "email"}])
    given_world = world((two,), limits, rng.gamma(1, 3000.0, size), **going(rows[keep], due[keep], np.zeros(len(keep))))
    plan = made(given_world)
    assert plan.removed == 0 and broken(given_world, plan) == ()


def by_trying(gains, costs, fixed, budget):
    """Look at every assignment, what is done at all paid once from the budget and from the value."""
    best = 0.0
    size, actions = gains.shape
    for choice in product(range(-1, actions), repeat=size):
        once = sum(fixed[one] for one in set(choice) if one >= 0)
        if once + sum(costs[one] for one in choice if one >= 0) <= budget:
            best = max(best, sum(gains[row, one] for row, one in enumerate(choice) if one >= 0) - once)
    return best


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=5),
    st.integers(0, 20),
    st.integers(0, 9),
    st.integers(0, 9),
)
def test_small_plans_with_costs_of_doing_it_at_all_are_the_best_there_are(hundreds, budget, one, other):
    headroom = np.array(hundreds, dtype=float) * 100
    mail = treatment("mail", channels="email", cost=1, effect=0.5, fixed=one)
    call = treatment("call", "win_back", channels="call", cost=3, effect=0.6, fixed=other)
    heads = {"mail": headroom[:, 0], "call": headroom[:, 1]}
    given_world = world((mail, call), limits_of(budget=budget), heads)
    plan = made(given_world)
    gains = given_world.candidates.gains.gain
    best = by_trying(gains, (100, 300), (one * 100, other * 100), budget * 100)
    assert plan.value == pytest.approx(best, abs=1e-6)
    assert best - 1e-6 <= plan.bound
    assert plan.removed == 0 and plan.uses[0].used <= budget * 100 + 1e-6


def test_costs_of_doing_it_at_all_leave_the_bound_tight():
    rng = np.random.default_rng(1)
    shows = [
        treatment(f"show_{place}", channels="letter", cost=1, effect=0.3, fixed=40 - 9 * place) for place in range(3)
    ]
    heads = {one.name: rng.gamma(1.0, 3000.0, 400) for one in shows}
    plan = made(world((MAIL, *shows), limits_of(budget=150), {"mail": rng.gamma(1.0, 2000.0, 400)} | heads))
    assert plan.gap < 0.003 and plan.removed == 0
    assert plan.uses[0].used <= 15_000


def test_costs_of_doing_it_at_all_are_paid_in_the_period_in_which_it_begins():
    show = treatment("show", channels="letter", cost=1, effect=0.5, fixed=30)
    limits = limits_of(budget={"amount": 50, "per": "day"}, period="3 days")
    plan = made(world((show,), limits, np.full(300, 5000.0)))
    assert plan.removed == 0
    start, sums = start_of("day", AT, ZONE), []
    while start < plan.until:
        sums.append(spent_in(plan, start, next_start("day", start, ZONE)))
        start = next_start("day", start, ZONE)
    assert all(one <= 5000 for one in sums) and sum(sums) + 3000 <= plan.uses[0].most + 1e-6
    opening = next(place for place, one in enumerate(sums) if one)
    assert sums[opening] + 3000 <= 5000


def test_the_days_of_one_week_draw_on_the_same_money():
    limits = limits_of(budget=[{"amount": 100, "per": "day"}, {"amount": 300, "per": "week"}])
    plan = made(world((MAIL,), limits, np.arange(1.0, 151.0) * 1000, spent=(0.0, 29_500.0)))
    monday = parse_instant("2026-03-30", ZONE)
    assert spent_in(plan, AT, monday) == pytest.approx(500)
    assert plan.removed == 0 and (plan.choice == 0).sum() > 100
