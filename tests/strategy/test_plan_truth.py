"""Plans against what is known to be true: chances, bounds, intervals, steadiness, and no care for the order of rows."""

from dataclasses import replace
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_worlds import AT, limits_of, treatment, varied, world

from smalti.strategy.candidates import UNKNOWN
from smalti.strategy.plan import CHANGES, Before, make_plan
from smalti.strategy.plan.changing import CHEAPER, DEARER, LESS, REASONS
from smalti.strategy.plan.tables import totals_of

MAIL = treatment("mail", channels="email", cost=1, effect=0.1)
CALL = treatment("call", "win_back", channels="call", cost=3, effect=0.3)


def made(given_world, **told):
    return make_plan(given_world.candidates, given_world.limits, **told)


def test_choices_happen_with_the_chance_that_is_told_of_them():
    """Over many seeds: how often each customer got each action, against what the plans said of it."""
    size, seeds = 18, 40
    held, eligible = np.arange(size) % 6 == 0, np.arange(size) % 4 != 1
    given_world = world(
        (MAIL, CALL), limits_of(explore=0.4), np.linspace(1500, 90_000, size),
        held_out={"mail": held, "call": held}, eligible={"mail": np.ones(size, dtype=bool), "call": eligible},
    )  # fmt: skip
    counts, told = np.zeros((size, 3)), np.full((size, 3), np.nan)
    for seed in range(seeds):
        plan = made(given_world, seed=seed)
        counts[np.arange(size), plan.choice] += 1
        told[np.arange(size), plan.choice] = plan.probability
        assert not plan.explored[held].any() and (plan.choice[held] == -1).all()
        assert (plan.choice[~eligible] != 1).all()
    happened, said = counts / seeds, np.nan_to_num(told)
    assert np.abs(said.sum(axis=1) - 1) == pytest.approx(np.zeros(size), abs=1e-9)
    noise = np.sqrt(np.maximum(said * (1 - said), 1e-12) / seeds)
    assert (np.abs(happened - said) < 4.5 * noise + 1e-9).all()


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=6),
    st.integers(0, 14),
    st.sampled_from([0.0, 0.5]),
    st.sampled_from([0.0, 700.0]),
    st.integers(0, 3),
)
def test_the_bound_is_one_whatever_was_drawn_or_kept(hundreds, budget, explore, keep, seed):
    headroom = np.array(hundreds, dtype=float) * 300
    size = len(headroom)
    before = np.arange(size) % 3 - 1
    given_world = world(
        (MAIL, CALL), limits_of(budget=budget, explore=explore), {"mail": headroom[:, 0], "call": headroom[:, 1]},
        keep=keep, before=before,
    )  # fmt: skip
    plan = made(given_world, seed=seed)
    gains, best = given_world.candidates.gains.gain, -np.inf
    for choice in product(range(-1, 2), repeat=size):
        fits = all(one == drawn for one, drawn, was in zip(choice, plan.choice, plan.explored, strict=True) if was)
        if fits and sum((100, 300)[one] for one in choice if one >= 0) <= budget * 100:
            best = max(best, sum(gains[row, one] for row, one in enumerate(choice) if one >= 0))
    assert plan.value <= best + 1e-6 and best <= plan.bound + 1e-6
    assert best - plan.value <= (keep * size if keep else 1e-6)


def test_totals_intervals_hold_what_comes_true_four_times_in_five():
    """Effects and headrooms drawn again and again from what is believed of them; the totals of one plan looked at."""
    rng = np.random.default_rng(4)
    size, strength = 300, 60
    effects = {"mail": 0.1, "call": 0.3}
    parts = (
        treatment("mail", channels="email", cost=0.2, effect={"rate": 0.1, "strength": strength}),
        treatment("call", channels="call", cost=3, effect={"rate": 0.3, "strength": strength}),
    )
    heads = {name: rng.gamma(2.0, 2000.0, size) for name in effects}
    doubt = np.full(size, 0.5)
    plan = made(world(parts, limits_of(budget=200), heads, doubt=doubt))
    names = [one.name for one in plan.candidates.actions]
    sums = {(one.by, one.name): one for one in totals_of(plan)}
    held = dict.fromkeys([("treatment", "mail"), ("treatment", "call"), ("all", "all")], 0)
    draws = 800
    for _ in range(draws):
        true = {}
        for place, name in enumerate(names):
            mine = plan.choice == place
            rate = rng.beta(effects[name] * strength, (1 - effects[name]) * strength)
            won = rate * heads[name][mine] * np.maximum(1 + doubt[mine] * rng.standard_normal(mine.sum()), 0)
            true["treatment", name] = won.sum() - plan.candidates.gains.cost[mine, place].sum()
        true["all", "all"] = sum(true.values())
        for key in held:
            held[key] += sums[key].low <= true[key] <= sums[key].high
    for count in held.values():
        assert 0.75 < count / draws < 0.86


def again(given_world, plan, factor, keep, rng):
    """The same customers later: gains off by noise, what was planned known."""
    gains = given_world.candidates.gains
    noise = 1 + factor * rng.standard_normal(gains.gain.shape)
    moved = replace(gains, gain=(gains.gain + gains.cost) * noise - gains.cost)
    candidates = replace(given_world.candidates, gains=moved, before=plan.choice.copy(), keep=keep)
    gain = np.where(plan.choice >= 0, gains.gain[np.arange(len(plan.choice)), plan.choice], np.nan)
    prices = {one.name: one.price for one in plan.uses}
    names = tuple(one.name for one in candidates.actions)
    before = Before("run", AT, gain, names, prices, np.zeros(len(plan.choice), dtype=bool))
    return make_plan(candidates, given_world.limits, before=before)


def test_noise_flips_few_plans_where_another_must_be_worth_more():
    rng = np.random.default_rng(7)
    mail, call = (
        treatment(name, channels=one, cost=1, effect=0.2) for name, one in (("mail", "email"), ("call", "call"))
    )
    common = rng.gamma(4.0, 2500.0, 800)
    heads = {"mail": common, "call": common * (1 + 0.02 * rng.standard_normal(800))}
    given_world = world((mail, call), limits_of(budget=500), heads)
    plan = made(given_world)
    typical = 0.05 * float(np.median(given_world.candidates.gains.gain))
    loose = again(given_world, plan, 0.05, 0.0, np.random.default_rng(1))
    steady = again(given_world, plan, 0.05, 4 * typical, np.random.default_rng(1))
    flipped = [float((one.choice != plan.choice).mean()) for one in (loose, steady)]
    assert flipped[0] > 0.25 and flipped[1] < flipped[0] / 3
    assert steady.value > 0.97 * loose.value


def test_reasons_of_changes_are_true():
    rng = np.random.default_rng(3)
    given_world = varied(8, 80)
    plan = made(given_world)
    later = again(given_world, plan, 0.3, 0.0, rng)
    assert later.change is not None and later.changed_because is not None and later.before is not None
    now = later.candidates.gains.gain
    for row in np.flatnonzero(later.changed_because == LESS).tolist():
        assert now[row, plan.choice[row]] < later.before.gain[row]
    changed = np.isin(later.change, [CHANGES.index("changed"), CHANGES.index("dropped")])
    assert (changed == (plan.choice >= 0) & (later.choice != plan.choice)).all()
    assert changed.any() and (later.changed_because[changed] >= 0).all()


def test_a_richer_budget_is_why_others_get_something_and_a_poorer_one_why_they_do_not():
    headroom = np.arange(1.0, 41.0) * 1000
    rich, poor = (world((MAIL,), limits_of(budget=one), headroom) for one in (30, 10))
    start = made(poor)
    more = again(
        replace(poor, limits=rich.limits, candidates=rich.candidates), start, 0.0, 0.0, np.random.default_rng(0)
    )
    fresh = more.change == CHANGES.index("new")
    assert fresh.sum() == 20 and set(more.changed_because[fresh].tolist()) == {CHEAPER}
    less = again(poor, made(rich), 0.0, 0.0, np.random.default_rng(0))
    dropped = less.change == CHANGES.index("dropped")
    assert dropped.sum() == 20 and set(less.changed_because[dropped].tolist()) == {DEARER}
    assert len(REASONS) == len(set(REASONS))


def shuffled(candidates, order):
    """Put customers in another order: ids stay ascending, all that is known of them moves."""
    place = np.argsort(order)
    gains = candidates.gains
    moved = {name: getattr(gains, name)[order] for name in ("gain", "low", "high", "cost")}
    history = candidates.history.set_column(0, "row", pa.array(place[np.asarray(candidates.history["row"])]))
    history = history.take(pc.sort_indices(history, [("row", "ascending"), ("at", "ascending")]))
    return replace(
        candidates,
        gains=replace(gains, **moved),
        why=candidates.why[order],
        earliest=candidates.earliest[order],
        latest=candidates.latest[order],
        zones=candidates.zones.take(pa.array(order)),
        hours={name: one[order] for name, one in candidates.hours.items()},
        segments={name: one[order] for name, one in candidates.segments.items()},
        groups={name: (codes[order], names) for name, (codes, names) in candidates.groups.items()},
        reached={name: one[order] for name, one in candidates.reached.items()},
        before=np.full(len(order), UNKNOWN),
        history=history,
    )


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([{}, {"budget": [{"amount": 9, "per": "day"}]}]))
def test_the_order_of_customers_does_not_matter(seed, written):
    given_world = varied(seed, 80, **written)
    plan = made(given_world)
    order = np.random.default_rng(seed).permutation(80)
    other = make_plan(shuffled(given_world.candidates, order), given_world.limits)
    assert other.value == pytest.approx(plan.value, rel=1e-9) and other.bound == pytest.approx(plan.bound, rel=1e-6)
    assert (other.choice == plan.choice[order]).all()


def test_more_of_a_limit_never_makes_the_bound_or_the_plan_worse():
    rng = np.random.default_rng(5)
    headroom = rng.gamma(1.0, 5000.0, 40)
    plans = [
        made(world((MAIL, CALL), limits_of(budget=amount, channels={"call": {"in_all": 6}}), headroom))
        for amount in range(0, 60, 6)
    ]
    values, bounds = [one.value for one in plans], [one.bound for one in plans]
    assert (np.diff(values) >= -1e-6).all() and (np.diff(bounds) >= -1e-6).all()


def test_what_is_published_as_cost_is_within_the_budget_to_the_penny():
    thirds = treatment("mail", channels="email", cost=0.333, effect=0.5)
    plan = made(world((thirds,), limits_of(budget=10), np.arange(1.0, 101.0) * 1000))
    (budget,) = plan.uses
    everything = totals_of(plan)[-1]
    assert everything.by == "all" and everything.cost <= budget.used + 1e-9 and budget.used <= 1000
    assert (plan.choice == 0).sum() == 30
