"""The optimum: held to every choice there is where they are few, and to its laws where they are many."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linprog

from smalti.errors import PlanError
from smalti.strategy.optimum import NOTHING, Limit, contradiction, solve, solve_blocks
from smalti.strategy.optimum.passes import Parts, reduced
from smalti.strategy.optimum.problem import Capacities
from smalti.strategy.optimum.table import Table

NUMBERS = st.integers(-3, 12).map(float) | st.floats(-3, 12, allow_nan=False, width=16) | st.just(np.nan)
USES = st.integers(0, 4).map(float) | st.floats(0, 4, allow_nan=False, width=16)


@st.composite
def problems(draw, least=False):
    customers, actions = draw(st.integers(1, 5)), draw(st.integers(1, 3))

    def array(of, *shape):
        count = int(np.prod(shape))
        return np.array(draw(st.lists(of, min_size=count, max_size=count))).reshape(shape)

    limits = []
    for place in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["columns", "rows", "each"]))
        parts = {"each": array(USES, customers, actions)} if kind == "each" else {"columns": array(USES, actions)}
        parts |= {"rows": array(USES, customers)} if kind == "rows" else {}
        most = draw(st.none() | st.integers(0, 12).map(float) | st.floats(0, 12, width=16))
        wanted = draw(st.none() | st.integers(1, 6).map(float)) if least else None
        limits.append(Limit(f"limit {place}", most=most, least=wanted, **parts))
    return array(NUMBERS, customers, actions), limits


def used_by(limit, choice, shape):
    each = limit.each
    if each is None:
        columns = np.ones(shape[1]) if limit.columns is None else limit.columns
        rows = np.ones(shape[0]) if limit.rows is None else limit.rows
        each = np.outer(rows, columns)
    return sum(each[row, action] for row, action in enumerate(choice) if action != NOTHING)


def keeps(limits, choice, shape):
    for limit in limits:
        used = used_by(limit, choice, shape)
        if limit.most is not None and used > limit.most + 1e-9 * max(1.0, limit.most):
            return False
        if limit.least is not None and used < limit.least - 1e-9 * max(1.0, limit.least):
            return False
    return True


def worth_of(values, choice, fixed=()):
    worth = sum(values[row, action] for row, action in enumerate(choice) if action != NOTHING)
    return worth - sum(cost for places, cost in fixed if set(places) & set(choice))


def every_choice(values):
    allowed = [[NOTHING, *np.flatnonzero(~np.isnan(row)).tolist()] for row in values]
    return itertools.product(*allowed)


def best_of_all(values, limits, fixed=()):
    found = [worth_of(values, one, fixed) for one in every_choice(values) if keeps(limits, one, values.shape)]
    return max(found) if found else None


@settings(max_examples=60, deadline=None)
@given(problems())
def test_best_of_every_choice(problem):
    values, limits = problem
    found = solve(values, limits, threads=1)
    choice = found.choice.tolist()
    best = best_of_all(values, limits)
    assert keeps(limits, choice, values.shape)
    assert all(action == NOTHING or values[row, action] > 0 for row, action in enumerate(choice))
    assert found.value == pytest.approx(worth_of(values, choice), abs=1e-9)
    assert found.value == pytest.approx(best, abs=1e-6)
    assert found.bound >= best - 1e-12 * abs(best)
    assert found.bound >= found.value
    assert all(price >= 0 for price in found.prices.values())
    assert found.used == pytest.approx({one.name: used_by(one, choice, values.shape) for one in limits}, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(problems(least=True))
def test_least_is_kept_or_refused(problem):
    values, limits = problem
    best = best_of_all(values, limits)
    if best is None:
        with pytest.raises(PlanError, match="no plan keeps the limits"):
            solve(values, limits, threads=1)
        return
    found = solve(values, limits, threads=1)
    assert keeps(limits, found.choice.tolist(), values.shape)
    assert found.value <= best + 1e-9 <= found.bound + 2e-9 + 1e-9 * abs(best)


@settings(max_examples=30, deadline=None)
@given(problems(), st.lists(st.floats(0, 8, width=16), min_size=3, max_size=3), st.booleans())
def test_set_up_costs_are_charged_once(problem, costs, shared):
    values, limits = problem
    actions = values.shape[1]
    fixed = {(place,): costs[place] for place in range(actions)}
    if shared:
        fixed = {tuple(range(actions)): costs[0], (0,): costs[1]} if actions > 1 else {(0,): costs[0]}
    charged = [(places, cost) for places, cost in fixed.items() if cost > 0]
    found = solve(values, limits, fixed=fixed, threads=1)
    best = best_of_all(values, limits, charged)
    assert found.value == pytest.approx(worth_of(values, found.choice.tolist(), charged), abs=1e-9)
    assert found.value == pytest.approx(best, abs=1e-6)
    assert found.bound >= best - 1e-9
    assert set(found.opened) == {one for places, _ in charged for one in places} & set(found.choice.tolist())


@settings(max_examples=40, deadline=None)
@given(problems(least=True))
def test_smallest_contradiction(problem):
    values, limits = problem
    names = contradiction(values, limits)
    among = [limit for limit in limits if limit.name in names]
    if names:
        assert best_of_all(values, among) is None
        for one in among:
            assert contradiction(values, [other for other in among if other is not one]) == ()
    else:
        assert solve_or_none(values, limits) is not None or best_of_all(values, limits) is None


def solve_or_none(values, limits):
    try:
        return solve(values, limits, threads=1)
    except PlanError:
        return None


def shop(customers=3000, actions=6, seed=0, ties=False):
    rng = np.random.default_rng(seed)
    worth = rng.lognormal(2, 1, (customers, 1))
    values = worth * rng.uniform(0, 0.4, (customers, actions)) - rng.uniform(0.2, 2, actions)
    if ties:
        values = np.round(values / 3)
    values[rng.random((customers, actions)) < 0.2] = np.nan
    cost = rng.uniform(0.2, 3, actions)
    return values, [
        Limit("budget", columns=cost, most=0.3 * customers),
        Limit("calls", columns=(np.arange(actions) % 3 == 0) * 1.0, most=customers // 20),
        Limit("discounts", rows=worth[:, 0], columns=(np.arange(actions) > 3) * 0.1, most=0.05 * worth.sum()),
        Limit("care", each=rng.uniform(0, 1, (customers, actions)), most=0.2 * customers),
    ]


def with_most(limits, place, most):
    changed = list(limits)
    one = limits[place]
    changed[place] = Limit(one.name, one.columns, one.rows, one.each, most, one.least)
    return changed


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_within_limits_and_near_the_bound(seed, ties):
    values, limits = shop(seed=seed, ties=ties)
    found = solve(values, limits)
    assert keeps(limits, found.choice.tolist(), values.shape)
    assert found.value <= found.bound
    assert found.gap < 5e-4
    assert found.value == pytest.approx(worth_of(values, found.choice.tolist()), rel=1e-12)


def relaxed_optimum(values, limits):
    rows, actions = np.nonzero(values > 0)
    once = sparse.csr_array((np.ones(len(rows)), (rows, np.arange(len(rows)))))
    dense = []
    for one in limits:
        counted = np.ones(len(values)) if one.rows is None else one.rows
        dense.append((np.outer(counted, one.columns) if one.each is None else one.each)[rows, actions])
    matrix = sparse.vstack([once, sparse.csr_array(np.array(dense))])
    room = np.concatenate([np.ones(once.shape[0]), [one.most for one in limits]])
    found = linprog(-values[rows, actions], A_ub=matrix, b_ub=room, method="highs")
    return -found.fun


@pytest.mark.parametrize("seed", range(3))
def test_bound_is_the_linear_programs_optimum(seed):
    values, limits = shop(1200, seed=seed)
    assert solve(values, limits).bound == pytest.approx(relaxed_optimum(values, limits), rel=1e-8)


def test_more_of_a_limit_never_brings_less():
    values, limits = shop(10_000)
    for place in range(len(limits)):
        found = [solve(values, with_most(limits, place, limits[place].most * share)) for share in (0, 0.4, 1, 2)]
        for less, more in itertools.pairwise(found):
            assert more.bound >= less.bound * (1 - 1e-9)
            assert more.value >= less.value - (more.bound - more.value) - 1e-9


@settings(max_examples=40, deadline=None)
@given(problems(), st.integers(0, 2), st.integers(1, 3) | st.floats(0.125, 3, width=16))
def test_more_of_a_limit_never_brings_less_where_every_choice_can_be_tried(problem, place, more):
    values, limits = problem
    limited = [one for one, limit in enumerate(limits) if limit.most is not None]
    if not limited:
        return
    place = limited[place % len(limited)]
    wider = with_most(limits, place, limits[place].most + more)
    assert solve(values, wider, threads=1).value >= solve(values, limits, threads=1).value - 1e-9


def test_prices_are_what_one_more_brings():
    values, limits = shop(10_000)
    found = solve(values, limits)
    for place, limit in enumerate(limits):
        step = 2e-3 * limit.most
        more = (solve(values, with_most(limits, place, limit.most + step)).bound - found.bound) / step
        less = (found.bound - solve(values, with_most(limits, place, limit.most - step)).bound) / step
        tolerance = 1e-4 * max(more, 1.0)
        assert more - tolerance <= found.prices[limit.name] <= less + tolerance
        if found.used[limit.name] < 0.99 * limit.most:
            assert found.prices[limit.name] == 0


def test_price_at_a_kink_is_that_of_one_more():
    values = np.arange(10.0, 0.0, -1.0)[:, None]
    found = solve(values, [Limit("calls", columns=np.ones(1), most=4)])
    assert found.prices["calls"] == pytest.approx(6.0)
    nothing = solve(values, [Limit("calls", columns=np.ones(1), most=0)])
    assert nothing.prices["calls"] == pytest.approx(10.0)
    assert nothing.value == nothing.bound == 0
    assert (nothing.choice == NOTHING).all()


def test_price_of_a_least_is_what_one_less_brings():
    values = -np.arange(1.0, 11.0)[:, None]
    found = solve(values, [Limit("calls", columns=np.ones(1), least=4)])
    assert found.choice.tolist() == [0] * 4 + [NOTHING] * 6
    assert found.value == -10
    assert found.prices["calls"] == pytest.approx(4.0)


@pytest.mark.parametrize("ties", [False, True])
def test_order_of_customers_decides_nothing(ties):
    values, limits = shop(1500, seed=5, ties=ties)
    ids = np.random.default_rng(1).permutation(10**6)[:1500]
    order = np.random.default_rng(2).permutation(1500)
    moved = [
        Limit(
            one.name,
            one.columns,
            None if one.rows is None else one.rows[order],
            None if one.each is None else one.each[order],
            one.most,
        )
        for one in limits
    ]
    here, there = solve(values, limits, ids=ids), solve(values[order], moved, ids=ids[order])
    np.testing.assert_array_equal(here.choice[order], there.choice)
    assert here.prices == pytest.approx(there.prices, rel=1e-6, abs=1e-9)
    without, other = solve(values, limits), solve(values[order], moved)
    assert without.value == pytest.approx(other.value, rel=1e-9)


def test_same_whatever_the_threads_and_the_blocks():
    values, limits = shop(30_000, seed=3)
    one, two = solve(values, limits, threads=1), solve(values, limits, threads=2)
    np.testing.assert_array_equal(one.choice, two.choice)
    assert (one.value, one.bound, one.prices, one.used) == (two.value, two.bound, two.prices, two.used)

    def block(begin):
        cut = slice(begin, begin + 7000)
        return lambda: (values[cut], {"discounts": limits[2].rows[cut], "care": limits[3].each[cut]})

    bare = [*limits[:2], Limit("discounts", columns=limits[2].columns, most=limits[2].most)]
    bare.append(Limit("care", columns=np.ones(values.shape[1]), most=limits[3].most))
    found = solve_blocks([block(begin) for begin in range(0, 30_000, 7000)], bare)
    assert found.bound == pytest.approx(one.bound, rel=1e-9)
    assert found.value == pytest.approx(one.value, rel=1e-6)
    assert found.choice.dtype == np.int16
    assert keeps(limits, found.choice.tolist(), values.shape)


@pytest.mark.parametrize("value", [7.0, 0.0, -2.0])
def test_ties_everywhere(value):
    values = np.full((6000, 4), value)
    limits = [
        Limit("calls", columns=np.ones(4), most=1500.5),
        Limit("budget", columns=np.array([1.0, 2.0, 3.0, 4.0]), most=2000),
    ]
    found = solve(values, limits)
    assert found.value == pytest.approx(1500 * max(value, 0.0))
    assert found.bound == pytest.approx(1500.5 * max(value, 0.0), rel=5e-4)


def kinds_of_customers(customers, kinds=20, actions=8, seed=0):
    """Customers of few kinds, how many there are of each, and limits by action."""
    rng = np.random.default_rng(seed)
    values, kind = rng.integers(-2, 10, (kinds, actions)) * 1.0, rng.integers(0, kinds, customers)
    places = np.arange(actions)
    limits = [
        Limit("calls", columns=np.ones(actions), most=customers / 4 + 0.5),
        Limit("budget", columns=1.0 + places % 4, most=customers / 3),
        Limit("letters", columns=(places % 3 == 0) * 1.0, most=customers / 20),
        Limit("gifts", columns=(places > actions // 2) * 1.0, most=customers / 10),
    ]
    return values, kind, limits


@pytest.mark.parametrize("customers", [4000, 30_000])
def test_many_equal_customers_are_as_many_times_one(customers):
    values, kind, limits = kinds_of_customers(customers)
    found = solve(values[kind], limits)
    shares = np.zeros((20 + len(limits), values.size))
    shares[np.repeat(np.arange(20), 8), np.arange(values.size)] = 1
    shares[20:] = [np.tile(one.columns, 20) for one in limits]
    room = np.concatenate([np.bincount(kind, minlength=20), [one.most for one in limits]])
    best = -linprog(-values.ravel(), A_ub=shares, b_ub=room, method="highs").fun
    assert found.bound == pytest.approx(best, rel=1e-6)
    assert best - found.value <= len(limits) * values.max()
    assert keeps(limits, found.choice.tolist(), (customers, 8))
    assert found.rounds < 10
    order = np.random.default_rng(1).permutation(customers)
    ids = np.arange(customers) * 7
    here, there = solve(values[kind], limits, ids=ids), solve(values[kind][order], limits, ids=ids[order])
    np.testing.assert_array_equal(here.choice[order], there.choice)


def test_equal_values_with_uses_of_their_own():
    rng = np.random.default_rng(6)
    use = rng.uniform(0, 1, (5000, 3))
    limits = [Limit("care", each=use, most=300.0), Limit("calls", columns=np.ones(3), most=4000)]
    found = solve(np.full((5000, 3), 2.0), limits)
    cheapest = np.sort(use.min(axis=1))
    assert found.value == pytest.approx(2.0 * np.searchsorted(np.cumsum(cheapest), 300.0), abs=2.0)
    assert found.bound - found.value <= 4.0


def test_whoever_uses_too_much_for_what_she_gains_is_left_out():
    values, limits = shop(10_000)
    best = solve(values, limits).value
    parts, capacities = Parts.of(Table.of(values, limits)), Capacities.of(limits)
    for prices in (np.zeros(4), np.full(4, 0.3)):
        choice = reduced(parts, prices, capacities).tolist()
        assert keeps(limits, choice, values.shape)
        assert all(action == NOTHING or values[row, action] > 0 for row, action in enumerate(choice))
        assert worth_of(values, choice) > 0.3 * best


def test_no_whole_number_names_the_limits():
    pairs = Limit("pairs", columns=np.array([2.0]), least=3, most=3)
    others = Limit("calls", columns=np.ones(1), most=4)
    with pytest.raises(PlanError, match=r"no whole number .* 'pairs' \(at least 3 and at most 3\)$"):
        solve(np.ones((5, 1)), [pairs, others])


def test_nothing_binds_where_there_is_enough():
    rng = np.random.default_rng(7)
    values = np.column_stack([np.full(5000, np.nan), rng.normal(0.5, 1, (5000, 2))])
    best = np.maximum(np.nanmax(values, axis=1), 0).sum()
    for limits in ([], [Limit("calls", columns=np.ones(3), most=5000)]):
        found = solve(values, limits)
        assert found.value == pytest.approx(best, rel=1e-12)
        assert found.gap < 1e-12
        assert set(found.prices.values()) <= {0.0}


def test_gain_in_proportion_to_cost():
    size = np.random.default_rng(4).lognormal(1, 1, 5000)
    values = size[:, None] * np.array([0.5, 0.5])
    found = solve(values, [Limit("discounts", rows=size, columns=np.ones(2), most=0.3 * size.sum())])
    assert found.prices["discounts"] == pytest.approx(0.5, rel=1e-3)
    assert found.gap < 5e-4


def test_nobody_and_nothing():
    assert solve(np.empty((0, 3)), []).value == 0
    assert solve(np.full((4, 2), np.nan), [Limit("calls", columns=np.ones(2), most=1)]).choice.tolist() == [NOTHING] * 4
    assert solve(np.full((4, 2), -np.inf), []).bound == 0
    assert solve(np.array([[1.0]]), []).choice.tolist() == [0]
    with pytest.raises(PlanError, match="nobody"):
        solve(np.empty((0, 1)), [Limit("calls", columns=np.ones(1), least=1)])


def test_large_least_and_equal_numbers():
    values, limits = shop(2000, seed=8)
    limits[1] = Limit("calls", columns=limits[1].columns, least=300, most=300)
    limits.append(Limit("mails", columns=(np.arange(6) == 1) * 1.0, least=100))
    found = solve(values, limits)
    assert found.used["calls"] == 300
    assert found.used["mails"] >= 100
    assert keeps(limits, found.choice.tolist(), values.shape)
    assert found.gap < 2e-3


def test_contradiction_names_the_limits_and_the_amount():
    values, limits = shop(1000)
    limits.append(Limit("reach", columns=np.ones(6), least=900))
    with pytest.raises(PlanError) as refused:
        solve(values, limits)
    assert "'reach' wants at least 900" in str(refused.value)
    assert "'budget' (at most 300)" in str(refused.value)
    assert contradiction(values, limits) == ("budget", "reach")
    few = Limit("vip", rows=np.r_[np.ones(5), np.zeros(995)], columns=np.ones(6), least=9)
    with pytest.raises(
        PlanError, match="'vip' wants at least 9, and no more than 5 is possible, whatever else is done"
    ):
        solve(values, [few])


def test_what_was_planned_stays_unless_another_is_worth_more():
    values = np.array([[5.0, 5.5], [5.0, 7.0], [-1.0, np.nan], [3.0, 1.0]])
    found = solve(values, [], keep=(np.array([0, 0, 0, NOTHING]), 1.0))
    assert found.choice.tolist() == [0, 1, NOTHING, 0]
    assert found.value == 15
    assert found.bound == pytest.approx(15.5)


@pytest.mark.slow
def test_set_up_costs_of_many_groups():
    values, limits = shop(2000, actions=6, seed=9)
    costs = np.array([5.0, 400.0, 30.0, 800.0, 60.0, 2000.0])
    found = solve(values, limits, fixed=costs)
    free = solve(values, limits)
    assert found.value >= free.value - costs[sorted(set(free.choice.tolist()) - {NOTHING})].sum()
    assert found.value <= found.bound <= free.bound


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Limit("calls", most=1.0), "says nothing of what is used"),
        (Limit("calls", columns=np.ones(3), most=1.0), "wanted \\(2,\\)"),
        (Limit("calls", columns=-np.ones(2), most=1.0), "negative"),
        (Limit("calls", rows=np.array([1.0, np.nan]), most=1.0), "missing"),
        (Limit("calls", columns=np.ones(2), most=-1.0), "wanted numbers from 0"),
        (Limit("calls", columns=np.ones(2), least=3.0, most=1.0), "wants at least 3, and at most 1"),
    ],
)
def test_wrong_limits_are_refused_in_words(limit, words):
    with pytest.raises(PlanError, match=words):
        solve(np.ones((2, 2)), [limit])


def test_same_name_twice_is_refused():
    with pytest.raises(PlanError, match="'calls' is there 2 times"):
        solve(np.ones((2, 2)), [Limit("calls", columns=np.ones(2)), Limit("calls", columns=np.ones(2))])
    with pytest.raises(PlanError, match="customers by actions"):
        solve(np.ones(3), [])


def test_as_much_as_there_is_wanted():
    values, _ = shop(2000, seed=2)
    possible = int((~np.isnan(values[:, 0])).sum())
    limit = Limit("mails", columns=np.eye(6)[0], least=float(possible))
    assert solve(values, [limit]).used["mails"] == possible
