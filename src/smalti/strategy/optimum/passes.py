"""Looks at all customers, part by part, on several threads; the same whatever their number."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from smalti.strategy.optimum.problem import NOTHING, Capacities, Floats, Integers
from smalti.strategy.optimum.table import BLOCK, Table

Part = Callable[[], Table]
UNDECIDED = -2
"""Of a customer's choice: it depends on prices that are not known well enough yet."""
_T = TypeVar("_T")
Choices = NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Parts:
    """All customers, in parts that are made when they are looked at.

    Attributes:
        parts: What gives each part.
        sizes: How many customers each has.
        threads: How many parts are looked at together.
    """

    parts: tuple[Part, ...]
    sizes: tuple[int, ...]
    threads: int = 1

    @classmethod
    def of(cls, table: Table, threads: int = 1) -> Parts:
        """Cut a table, one that is at hand, into parts.

        >>> Parts.of(Table.of(np.zeros((5, 2)), [])).sizes
        (5,)
        """
        size = BLOCK * max(1, -(-len(table) // (BLOCK * 32)))
        cuts = [slice(begin, min(begin + size, len(table))) for begin in range(0, max(len(table), 1), size)]
        parts = tuple(partial(table.take, cut) for cut in cuts)
        return cls(parts, tuple(cut.stop - cut.start for cut in cuts), threads)

    def __len__(self) -> int:
        return sum(self.sizes)

    @property
    def begins(self) -> list[int]:
        """The place of the first customer of each part."""
        return [0, *np.cumsum(self.sizes)[:-1].tolist()]

    def each(self, look: Callable[[Table, int], _T]) -> list[_T]:
        """Give what `look` finds in every part, told the place of its first customer; in the order of parts."""
        asked = list(zip(self.parts, self.begins, strict=True))
        with threadpool_limits(1, user_api="blas"):
            if self.threads == 1 or len(asked) == 1:
                return [look(part(), begin) for part, begin in asked]
            with ThreadPoolExecutor(self.threads) as pool:
                return list(pool.map(lambda one: look(one[0](), one[1]), asked))

    def turned(self, turn: Callable[[Table], Table]) -> Parts:
        """Give the same customers with every table turned into another."""
        return replace(self, parts=tuple(partial(_turned, turn, part) for part in self.parts))

    def with_closed(self, closed: Floats) -> Parts:
        """Give the same customers where some actions are closed to all: infinite for those; shape (A,)."""
        return self.turned(lambda table: replace(table, closed=closed))


def _turned(turn: Callable[[Table], Table], part: Part) -> Table:
    return turn(part())


@dataclass(frozen=True, eq=False)
class Screened:
    """What is decided whatever the prices are within a box.

    Attributes:
        choice: The choice of each customer, `UNDECIDED` where it depends on the prices; shape (n,).
        used: What the decided use of each limit; shape (K,).
        rows: The places of the undecided, ascending.
        core: The undecided, with the actions alone that can be best.
    """

    choice: Choices
    used: Floats
    rows: Integers
    core: Table


def screen(parts: Parts, low: Floats, high: Floats, guard: float) -> Screened:
    """Find the customers whose best action is the same at all prices of a box.

    Use is never negative, so a cell is worth most at the low corner and least at the high one. What is worth less at
    most than another is worth at least cannot be chosen.

    Args:
        parts: The customers.
        low: The low corner of the box; shape (K,).
        high: The high corner.
        guard: Differences smaller than this are none.
    """
    found = parts.each(lambda table, begin: _screen_part(table, low, high, guard))
    rows = np.concatenate([one.rows + begin for one, begin in zip(found, parts.begins, strict=True)])
    used = np.array([math.fsum(column) for column in np.array([one.used for one in found]).T])
    return Screened(np.concatenate([one.choice for one in found]), used, rows, join([one.core for one in found]))


def join(tables: Sequence[Table]) -> Table:
    """Put tables one after another."""
    first = tables[0]
    marks = [one.marks for one in tables if one.marks is not None]
    return replace(
        first,
        values=np.concatenate([one.values for one in tables]),
        outer=np.concatenate([one.outer for one in tables]),
        each=tuple(np.concatenate(found) for found in zip(*(one.each for one in tables), strict=True)),
        marks=np.concatenate(marks) if len(marks) == len(tables) else None,
    )


def _screen_part(table: Table, low: Floats, high: Floats, guard: float) -> Screened:
    choice = np.empty(len(table), dtype=np.int16)
    open_cells, rows = [], []
    with np.errstate(invalid="ignore"):
        for begin, block in table.blocks():
            possible = _possible(block, low, high, guard)
            code = choice[begin : begin + len(block)]
            code[:] = NOTHING
            for action in range(len(possible) - 1):
                code[possible[action]] = action
            code[possible.sum(axis=0, dtype=np.int8) > 1] = UNDECIDED
            here = np.flatnonzero(code == UNDECIDED)
            values = block.values[here]
            values[~possible[:-1, here].T] = np.nan
            rows.append(here + begin)
            open_cells.append(values)
    places = np.concatenate(rows) if rows else np.empty(0, dtype=np.int64)
    decided = np.where(choice == UNDECIDED, np.int16(NOTHING), choice)
    core = table.take(places)
    core = replace(core, values=np.concatenate(open_cells) if open_cells else core.values)
    return Screened(choice, table.spent(decided), places, core)


def _possible(block: Table, low: Floats, high: Floats, guard: float) -> NDArray[np.bool_]:
    """Tell which actions, and last whether none, can be best within the box; shape (A + 1, n)."""
    at_most = block.priced(low)
    at_least = at_most if low is high else block.priced(high)
    sure = np.fmax(np.fmax.reduce(at_least, axis=0), 0.0) - guard
    possible = np.empty((len(at_most) + 1, len(block)), dtype=bool)
    np.greater_equal(at_most, sure, out=possible[:-1])
    np.less_equal(sure, 0.0, out=possible[-1])
    return possible


@dataclass(frozen=True, eq=False)
class Weighed:
    """What all customers come to.

    Attributes:
        best: What the best of each at the prices is worth, all together.
        size: The sum of the magnitudes that went into it, for what rounding may do.
        value: What the choice is worth.
        used: What the choice uses; shape (K,).
        regained: For each limit there is nothing of, what its first unit would bring; shape (K,).
    """

    best: float
    size: float
    value: float
    used: Floats
    regained: Floats


def weigh(parts: Parts, prices: Floats, choice: Choices, spent: NDArray[np.bool_]) -> Weighed:
    """Reckon the dual value of prices, and the value and the use of a choice."""
    found = parts.each(lambda table, begin: _weigh_part(table, prices, choice[begin : begin + len(table)], spent))
    return Weighed(
        math.fsum(one.best for one in found),
        math.fsum(one.size for one in found),
        math.fsum(one.value for one in found),
        np.array([math.fsum(column) for column in np.array([one.used for one in found]).T]),
        np.max([one.regained for one in found], axis=0),
    )


def _weigh_part(table: Table, prices: Floats, choice: Choices, spent: NDArray[np.bool_]) -> Weighed:
    best, size, value = [], [], []
    regained = np.zeros(len(prices))
    with np.errstate(invalid="ignore"):
        for begin, block in table.blocks():
            left = block.priced(prices)
            top = np.fmax(np.fmax.reduce(left, axis=0), 0.0)
            own = block.worth(choice[begin : begin + len(block)])
            best.append(float(top.sum()))
            value.append(float(own.sum()))
            size.append(float(top.sum() + np.abs(own).sum()))
            for place in np.flatnonzero(spent):
                regained[place] = max(regained[place], _first_unit(block, prices, top, int(place)))
    return Weighed(math.fsum(best), math.fsum(size), math.fsum(value), table.spent(choice), regained)


def reduced(parts: Parts, prices: Floats, capacities: Capacities) -> Choices:
    """Give everybody the best at the prices, and take from those who gain least for what they use until limits hold.

    There is always such a choice where nothing is wanted at least; it is what is left where none better was found.
    """

    def look(table: Table, begin: int) -> tuple[Choices, Floats, Floats]:
        with np.errstate(invalid="ignore"):
            left = np.where(table.values.T > 0, table.priced(np.maximum(prices, 0.0)), -np.inf)
        best = np.argmax(left, axis=0)
        gain = left[best, np.arange(len(table))]
        choice = np.where(gain > 0, best, NOTHING).astype(np.int16)
        return choice, gain, table.uses(np.arange(len(table)), best) * (choice != NOTHING)[:, None]

    found = parts.each(look)
    choice, gain, use = (np.concatenate(one) for one in zip(*found, strict=True))
    for place in range(len(prices)):
        total = math.fsum(use[:, place])
        if total <= capacities.most[place]:
            continue
        users = np.flatnonzero(use[:, place] > 0)
        users = users[np.argsort(-gain[users] / use[users, place], kind="stable")]
        out = users[np.cumsum(use[users, place]) > capacities.most[place]]
        choice[out] = NOTHING
        use[out] = 0.0
    return choice


def _first_unit(block: Table, prices: Floats, top: Floats, place: int) -> float:
    """Tell what the first unit of a limit there is nothing of would bring, all other prices as they are."""
    free = prices.copy()
    free[place] = 0.0
    left = block.priced(free)
    rows, actions = np.nonzero(np.isfinite(left.T))
    use = block.uses(rows, actions)[:, place]
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(use > 0, (left[actions, rows] - top[rows]) / use, 0.0)
    return float(np.max(rate, initial=0.0))
