"""Scheduling: days and hours for what was chosen; whom no day can carry is offered the next best that fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smalti.strategy.candidates import Candidates
from smalti.strategy.limits import Limits
from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.plan.coupling import Coupling
from smalti.strategy.plan.ongoing import affordable
from smalti.strategy.plan.periods import Periods
from smalti.strategy.plan.timetable import NOT_DUE, Timetable, Wish

_ROUNDS = 3
"""So many times is somebody offered something else."""


@dataclass(frozen=True, eq=False)
class Scheduled:
    """Choices with their instants.

    Attributes:
        choice: The place of each customer's action, -1 for none; shape (n,).
        due: When each contact of it is due, -1 of those that do not come; shape (n, contacts of the longest action).
        begins: From when the action of each customer may begin, where nobody is contacted for it: that is when; shape (n,).
        continued: When each contact under way is due, -1 of those that no day can carry.
        moved: Who got something else than was wanted, or nothing; shape (n,).
    """

    choice: Integers
    due: Integers
    begins: Integers
    continued: Integers
    moved: Booleans


def schedule(
    candidates: Candidates,
    limits: Limits,
    couplings: Sequence[Coupling],
    wanted: Integers,
    drawn: Booleans,
    values: Floats,
    priced: Floats,
) -> Scheduled:
    """Give the contacts of a plan their days and hours.

    What is under way comes first, then the most valuable. Whoever was drawn by lot and finds no day gets nothing; others are
    offered what is next best at the prices of the limits, as long as it fits into what the limits have left.

    Args:
        candidates: What the plan is made from.
        limits: The limits as they are written.
        couplings: The limits that couple customers.
        wanted: The place of each customer's action, -1 for none; shape (n,).
        drawn: Whose was drawn by lot; shape (n,).
        values: What each action is worth; shape (n, A).
        priced: The same less what it pays for limits; shape (n, A).
    """
    table = Timetable(candidates, limits)
    continued = table.continued()
    continued[~affordable(candidates, limits, continued)] = NOT_DUE
    periods = Periods(candidates, limits, continued)
    choice = wanted.copy()
    due = np.full((len(choice), table.longest), NOT_DUE, dtype=np.int64)
    begins = np.full(len(choice), NOT_DUE, dtype=np.int64)
    waiting = np.flatnonzero(choice >= 0)
    tried: dict[int, set[int]] = {}
    for turn in range(_ROUNDS + 1):
        wish = _wish(candidates, waiting, choice[waiting], values)
        found = _by_period(table, periods, wish) if periods.several else _at_once(table, wish)
        due[waiting], begins[waiting] = found.due, found.begins
        failed = waiting[found.begins == NOT_DUE]
        for row in failed.tolist():
            tried.setdefault(row, set()).add(int(choice[row]))
        choice[failed] = -1
        if turn == _ROUNDS or not len(failed):
            break
        waiting = _reoffered(candidates, couplings, wanted, choice, failed[~drawn[failed]], tried, values, priced)
    return Scheduled(choice, due, begins, continued, choice != wanted)


@dataclass(frozen=True, eq=False)
class _Placed:
    """When the contacts of some customers come; all `NOT_DUE` of who has no place."""

    due: Integers
    begins: Integers

    def put(self, places: Integers, found: _Placed) -> Integers:
        """Take over the instants of some customers; give the places of those who have any."""
        got: Integers = np.flatnonzero(found.begins != NOT_DUE)
        mine: Integers = places[got]
        self.due[mine], self.begins[mine] = found.due[got], found.begins[got]
        return mine


def _at_once(table: Timetable, wish: Wish) -> _Placed:
    """Place contacts whenever they may come."""
    due = table.place(wish)
    placed = (table.silent[wish.choice] | (due != NOT_DUE).any(axis=1)) & (wish.low <= wish.high)
    due[~placed] = NOT_DUE
    return _Placed(due, np.where(placed, wish.low, NOT_DUE))


def _by_period(table: Timetable, periods: Periods, wish: Wish) -> _Placed:
    """Place contacts in calendar periods that can pay for them, the most valuable first.

    Each goes to the period in which it would come if money were no matter, else to a later one, else to an earlier one.
    """
    found = _Placed(
        np.full((len(wish.rows), table.longest), NOT_DUE, dtype=np.int64),
        np.full(len(wish.rows), NOT_DUE, dtype=np.int64),
    )
    free = np.flatnonzero(periods.free[wish.choice])
    found.put(free, _at_once(table, wish.only(free)))
    bound = np.flatnonzero(~periods.free[wish.choice])
    bound = bound[np.lexsort((bound, -wish.worth[bound]))]
    natural = np.zeros(len(wish.rows), dtype=np.int64)
    natural[bound] = periods.piece_of(_first(table, wish.only(bound)))
    for early in (False, True):
        for piece in range(len(periods.starts)):
            mine = bound[(natural[bound] > piece) == early]
            mine = mine[(wish.low[mine] < periods.ends[piece]) & (wish.high[mine] >= periods.starts[piece])]
            mine = np.sort(mine[periods.admitted(piece, wish.choice[mine])])
            got = found.put(mine, _at_once(table, periods.narrowed(piece, wish.only(mine))))
            periods.pay(piece, wish.choice[got])
            bound = bound[found.begins[bound] == NOT_DUE]
    return found


def _first(table: Timetable, wish: Wish) -> Integers:
    """Give when contacts would come if nothing but the days were in the way; where they may begin if there is no day."""
    held = table.held()
    due = _at_once(table, wish).due
    table.release(held)
    first = due[:, 0] if due.shape[1] else np.full(len(wish.rows), NOT_DUE)
    return np.where(first != NOT_DUE, first, wish.low)


def _wish(candidates: Candidates, rows: Integers, choice: Integers, values: Floats) -> Wish:
    low, high = candidates.earliest[rows, choice], candidates.latest[rows, choice]
    return Wish(rows, choice, values[rows, choice], low.astype(np.int64), high.astype(np.int64))


def _once(candidates: Candidates, wanted: Integers) -> dict[str, float]:
    """Give what doing the treatments at all costs that somebody is to get, by treatment."""
    used = np.unique(wanted[wanted >= 0]).tolist()
    names = {part.name for place in used for part in candidates.actions[place].treatments}
    return {name: cost for name, cost in candidates.gains.fixed.items() if name in names and cost > 0}


def _reoffered(
    candidates: Candidates,
    couplings: Sequence[Coupling],
    wanted: Integers,
    choice: Integers,
    rows: Integers,
    tried: dict[int, set[int]],
    values: Floats,
    priced: Floats,
) -> Integers:
    """Choose for these customers what is next best and fits, the most valuable first; give who got anything."""
    offers = priced[rows].copy()
    offers[values[rows] <= 0] = -np.inf
    for place, row in enumerate(rows.tolist()):
        offers[place, list(tried[row])] = -np.inf
    caps = [one for one in couplings if one.sign > 0]
    once = _once(candidates, wanted)
    left = np.array(
        [
            one.amount - one.taken - one.used(choice) - sum(once.get(name, 0.0) for name in one.treatments)
            for one in caps
        ]
    )
    takes = np.array([one.columns for one in caps]).reshape(len(caps), len(candidates.actions))
    counts = np.array([np.ones(len(rows)) if one.rows is None else one.rows[rows] for one in caps]).reshape(
        len(caps), len(rows)
    )
    got = []
    best = offers.max(axis=1, initial=-np.inf)
    for place in np.lexsort((np.arange(len(rows)), -best)).tolist():
        for action in np.argsort(-offers[place], kind="stable").tolist():
            if not offers[place, action] > 0:
                break
            use = takes[:, action] * counts[:, place]
            if (use <= left + 1e-9).all():
                left -= use
                choice[rows[place]] = action
                got.append(rows[place])
                break
    return np.sort(np.array(got, dtype=np.int64))
