"""The optimum for all customers at once: the best choice, the bound and the prices together."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import numpy as np

from smalti.errors import PlanError
from smalti.strategy.optimum.contradicting import contradictory, refusal
from smalti.strategy.optimum.narrowing import Narrowed, Question, domain_of, narrow
from smalti.strategy.optimum.opening import Solved, open_best, opened, set_ups
from smalti.strategy.optimum.passes import UNDECIDED, Parts, reduced, weigh
from smalti.strategy.optimum.problem import (
    NOTHING,
    Capacities,
    Floats,
    Integers,
    Limit,
    Marks,
    Solution,
    check_problem,
)
from smalti.strategy.optimum.table import Table, mixed
from smalti.strategy.optimum.whole import round_whole

Fixed: TypeAlias = Floats | Mapping[tuple[int, ...], float]
"""What it costs to do actions at all: by action, shape (A,), or by the places of actions that share a cost."""
Block: TypeAlias = Callable[[], tuple[Floats, Mapping[str, Floats]]]
"""What gives some customers' values, shape (n, A), and by the name of a limit its rows, shape (n,), or each, (n, A)."""


def solve(
    values: Floats,
    limits: Sequence[Limit],
    *,
    fixed: Fixed | None = None,
    keep: tuple[Integers, float] | None = None,
    ids: Marks | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> Solution:
    """Give every customer the action, or none, that is best for all together within the limits.

    The bound is the dual value of the prices, reckoned over all customers, so it holds however the prices were found.
    The prices are those of the linear program, in which a customer may be shared between actions.

    Args:
        values: What each action is worth to each customer; NaN or minus infinite where it may not be; shape (n, A).
            What is worth nothing or less is chosen only where a `least` forces it.
        limits: What all customers together must keep to.
        fixed: What it costs to do actions at all: by action, or by the places of the actions that share a cost.
        keep: The places of the actions that were planned before, negative for none, shape (n,), and what another
            must be worth more to replace one of them. Value and bound are told without that.
        ids: A number of each customer, by which ties between equal ones are broken, as whole numbers of any kind;
            shape (n,). Without them ties go by what is in the rows, and between equal rows by their order.
        seed: Of the sample from which the search begins; it does not change what is found but for ties.
        threads: How many threads look at customers; two where there are two cores. It does not change what is found.

    Raises:
        PlanError: The limits contradict each other: which, and by how much. Or a shape or a number is not as wanted.

    >>> values = np.array([[5.0, 3.0], [4.0, np.nan], [-1.0, 2.0]])
    >>> found = solve(values, [Limit("calls", columns=np.array([1.0, 0.0]), most=1)])
    >>> found.choice, found.value, found.prices
    (array([1, 0, 1]), 9.0, {'calls': 2.0})

    The first customer gets her second-best action, as the one call is worth more to the second. Another call would
    bring 2: that is what the first could gain by it.
    """
    values = np.asarray(values, dtype=float)
    check_problem(values, limits)
    marks = None if ids is None else mixed(np.asarray(ids).astype(np.int64).view(np.uint64))
    parts = Parts.of(Table.of(values, limits, marks), threads or min(2, os.cpu_count() or 1))
    kept = parts
    if keep is not None:
        kept = Parts.of(Table.of(_with_bonus(values, *keep), limits, marks), parts.threads)
    return _solve(parts, kept, limits, fixed, seed)


def solve_blocks(
    blocks: Sequence[Block],
    limits: Sequence[Limit],
    *,
    fixed: Fixed | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> Solution:
    """Solve for more customers than memory holds: they are made, or read, block by block, a few times over.

    Args:
        blocks: What gives the customers of each block, the same each time it is asked.
        limits: What all customers together must keep to; rows and each are given by the blocks.
        fixed: As `solve` has it.
        seed: As `solve` has it.
        threads: How many blocks are looked at together.

    Returns:
        The solution; its choice has two bytes per customer, in the order of blocks.

    Raises:
        PlanError: As `solve` has it.

    >>> block = lambda: (np.array([[2.0], [1.0]]), {"budget": np.array([4.0, 1.0])})
    >>> budget = Limit("budget", columns=np.ones(1), most=5.0)
    >>> solve_blocks([block, block], [budget]).choice
    array([ 0, -1, -1,  0], dtype=int16)
    """
    threads = threads or min(2, os.cpu_count() or 1)
    parts = Parts(tuple(partial(_block, block, limits) for block in blocks), (1,) * len(blocks), threads)
    sizes = parts.each(lambda table, _: len(table))
    found = _solve(replace(parts, sizes=tuple(sizes)), None, limits, fixed, seed)
    return replace(found, choice=found.choice.astype(np.int16))


def contradiction(values: Floats, limits: Sequence[Limit]) -> tuple[str, ...]:
    """Give the names of a smallest set of limits that cannot be kept together; none where all can.

    Left out any one of them, the others can be kept, customers shared between actions where that helps.

    >>> wanted = Limit("vip calls", columns=np.array([1.0]), least=3.0)
    >>> contradiction(np.ones((5, 1)), [wanted, Limit("calls", columns=np.array([1.0]), most=2.0)])
    ('vip calls', 'calls')
    """
    check_problem(values, limits)
    found = contradictory(Parts.of(Table.of(values, limits)), Capacities.of(limits))
    return tuple(limits[place].name for place in found.tolist())


def _block(block: Block, limits: Sequence[Limit]) -> Table:
    values, given = block()
    whole = [_filled(limit, given.get(limit.name)) for limit in limits]
    check_problem(values, whole)
    return Table.of(values, whole)


def _filled(limit: Limit, given: Floats | None) -> Limit:
    if given is None:
        return limit
    return replace(limit, rows=given) if given.ndim == 1 else replace(limit, each=given)


def _with_bonus(values: Floats, places: Integers, bonus: float) -> Floats:
    """Add to what was planned before what another must be worth more; a loss stays a loss."""
    rows = np.flatnonzero(places >= 0)
    raised = values.copy()
    own = raised[rows, places[rows]]
    raised[rows, places[rows]] = np.where(own > 0, own + bonus, own)
    return raised


def _solve(parts: Parts, kept: Parts | None, limits: Sequence[Limit], fixed: Fixed | None, seed: int) -> Solution:
    capacities, names = Capacities.of(limits), [limit.name for limit in limits]
    kept = kept or parts
    if not len(parts):
        raise_if_wanted(capacities, names)
        return Solution(np.empty(0, dtype=np.int64), 0.0, 0.0, dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0))
    places = contradictory(kept, capacities, seed)
    if len(places):
        raise refusal(kept, capacities, names, places, seed)
    groups = set_ups(fixed)
    actions = parts.each(lambda table, _: table.values.shape[1])[0]

    def solved(some: Parts) -> Solved | None:
        closed = some.each(lambda table, _: table.closed)[0]
        true = parts.with_closed(closed)
        return solve_parts(some, true, capacities, seed)

    found = open_best(kept, groups, actions, solved) if groups else None
    if not groups:
        alone = solved(kept)
        found = None if alone is None else (alone, alone.value, alone.bound)
    if found is None:
        raise _no_whole(kept, capacities, names, seed)
    best, value, bound = found
    return Solution(
        best.choice.astype(np.int64),
        float(value),
        float(max(bound, value)),
        dict(zip(names, best.told.tolist(), strict=True)),
        dict(zip(names, best.used.tolist(), strict=True)),
        best.looks,
        opened(best.choice, groups),
    )


def _no_whole(parts: Parts, capacities: Capacities, names: Sequence[str], seed: int) -> PlanError:
    """Name the limits that only shared customers can keep together: without any one of them whole ones were found."""
    left = np.isfinite(capacities.least) | np.isfinite(capacities.most)
    for place in np.flatnonzero(left):
        fewer = left.copy()
        fewer[place] = False
        if solve_parts(parts, parts, capacities.only(fewer), seed) is None:
            left = fewer
    told = ", ".join(f"'{names[place]}' ({capacities.told(place)})" for place in np.flatnonzero(left).tolist())
    return PlanError(f"no plan keeps the limits: no whole number of customers was found that keeps {told}")


def raise_if_wanted(capacities: Capacities, names: Sequence[str]) -> None:
    """Refuse a least where there is nobody."""
    for place in np.flatnonzero(np.isfinite(capacities.least)).tolist():
        raise PlanError(
            f"no plan keeps the limits: '{names[place]}' wants at least {capacities.least[place]:g}, and there is nobody"
        )


def solve_parts(kept: Parts, true: Parts, capacities: Capacities, seed: int) -> Solved | None:
    """Solve without set-up costs; None where no whole customers were found that have the least that is wanted.

    Args:
        kept: The customers, with what keeps a plan as it was.
        true: The customers as their values are.
        capacities: What there is of each limit.
        seed: Of the sample.
    """
    question = Question(kept, capacities, domain_of(capacities, kept), seed)
    found = narrow(question)
    choice = _whole(question, found) if found.relaxed.feasible else None
    if choice is None and not question.forced.any():
        choice = reduced(kept, found.relaxed.prices, capacities), np.inf
    if choice is None:
        return None
    chosen, proven = choice
    prices = found.relaxed.prices
    weighed = weigh(true, prices, chosen, capacities.none)
    rounding = 16 * np.finfo(float).eps * (weighed.size + abs(capacities.worth(np.abs(prices) * (prices > 0))))
    bound = min(weighed.best + capacities.worth(prices) + rounding, proven)
    told = np.abs(np.where(capacities.none, weighed.regained, prices))
    return Solved(chosen, weighed.value, max(bound, weighed.value), prices, told, weighed.used, found.looks + 1)


def _whole(question: Question, found: Narrowed) -> tuple[np.ndarray, float] | None:
    """Choose for the undecided too; the choice of everybody, and what no choice can exceed where that was found."""
    relaxed, cells = found.relaxed, found.cells
    everybody = len(found.rows) == len(found.choice)
    enough = 1e-7 * found.scale * len(question.parts)
    whole = round_whole(
        cells, relaxed.shares, relaxed.prices, found.capacities, enough if not everybody else enough * 1e-3, everybody
    )
    if whole is None:
        return None
    choice = np.where(found.choice == UNDECIDED, np.int16(NOTHING), found.choice)
    chosen = whole.chosen[whole.chosen >= 0]
    choice[found.rows[cells.rows[chosen]]] = cells.actions[chosen]
    return choice, whole.bound
