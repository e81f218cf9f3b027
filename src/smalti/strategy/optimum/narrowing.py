"""From all customers to the few whose choice is in doubt: prices known ever better decide ever more of them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from smalti.strategy.optimum.cells import Cells
from smalti.strategy.optimum.kinds import Kinds, unfold
from smalti.strategy.optimum.linear import Relaxed, relax
from smalti.strategy.optimum.passes import UNDECIDED, Choices, Parts, Screened, join, screen
from smalti.strategy.optimum.problem import Capacities, Floats, Integers, Marks
from smalti.strategy.optimum.smooth import Box, soften
from smalti.strategy.optimum.table import Table, draws, mixed

FEW = 400
"""Customers whose choice is left to the linear program."""
MANY = 3000
"""Customers whose choice is left to it where prices cannot be told apart any better."""
SAMPLE = 16_000
"""Customers by whom prices are estimated, at least, where there are more."""
_LOOKS = 30
_TILT = 1e-8
_EASE = 1e-8
_STRONG_TILT = 1e-4


@dataclass(frozen=True, eq=False)
class Level:
    """Customers undecided within a box.

    Attributes:
        parts: Who they are.
        rows: Their places among all; None where it is all of them.
        used: What all others use of each limit; shape (K,).
        box: Where prices lie.
        choice: Within the level above, what is decided; None at the top.
        cooling: What softness is multiplied by, smaller after it decided too little.
        known: The best prices known.
        stuck: How many levels above, one after another, decided only few.
        kinds: How many different customers there are, at most.
    """

    parts: Parts
    rows: Integers | None
    used: Floats
    box: Box
    known: Floats
    choice: Choices | None = None
    cooling: float = 1.0
    stuck: int = 0
    kinds: int | None = None

    @property
    def small(self) -> bool:
        """Whether it is left to the linear program: the more of it, the less else helps."""
        few = MANY * 2 ** max(self.stuck - 1, 0) if self.stuck else FEW
        return min(len(self.parts), self.kinds or len(self.parts)) <= few


@dataclass(frozen=True, eq=False)
class Narrowed:
    """What is decided, and what the linear program says of the rest.

    Attributes:
        choice: Of everybody; `UNDECIDED` where the linear program decides; shape (n,).
        rows: The places of the undecided, in the order of the cells' rows.
        cells: What they may choose.
        relaxed: The linear program's answer.
        capacities: What is left for them.
        looks: How many times all customers were looked at.
        scale: What a customer's best is usually worth.
    """

    choice: Choices
    rows: Integers
    cells: Cells
    relaxed: Relaxed
    capacities: Capacities
    looks: int
    scale: float


@dataclass(frozen=True, eq=False)
class Question:
    """A problem, ready to be narrowed.

    Attributes:
        parts: All customers.
        capacities: What there is of each limit.
        domain: All prices there can be.
        seed: Of the sample.
    """

    parts: Parts
    capacities: Capacities
    domain: Box
    seed: int = 0

    @property
    def spent(self) -> NDArray[np.bool_]:
        """Of which limits there is nothing; shape (K,)."""
        return self.capacities.none

    @property
    def forced(self) -> NDArray[np.bool_]:
        """Of which limits a least is wanted; shape (K,)."""
        return np.isfinite(self.capacities.least)

    def left(self, used: Floats) -> Capacities:
        """Give what is left of each limit; of those there is nothing of enough, as nothing left uses them."""
        left = self.capacities.without(used)
        return Capacities(np.where(self.spent, np.inf, left.most), left.least)

    def stake(self, cells: Cells) -> float:
        """Give what a cell is usually worth for the least it brings, at the highest price for that; for values of 0."""
        dearest = np.where(np.isfinite(self.domain.low), -self.domain.low, 0.0)
        return float(np.mean(cells.use @ np.maximum(dearest, 0.0))) or 1.0

    def cells(self, table: Table) -> Cells:
        """Give what customers may choose."""
        return Cells.of(table, spent=self.spent, forced=self.forced)


def domain_of(capacities: Capacities, parts: Parts, top: float = 1.0) -> Box:
    """Give all prices there can be: those of limits there is nothing of are so high that nobody pays them.

    Args:
        capacities: What there is of each limit.
        parts: All customers.
        top: What a cell can be worth at least, where that is more than the largest value.
    """
    low = np.where(np.isfinite(capacities.least), -np.inf, 0.0)
    high = np.where(np.isfinite(capacities.most), np.inf, 0.0)
    if capacities.none.any():
        forbidding = np.max(parts.each(lambda table, _: _forbidding(table, capacities.none, top)), axis=0)
        low, high = np.where(capacities.none, forbidding, low), np.where(capacities.none, forbidding, high)
    return Box(low, high)


def _forbidding(table: Table, spent: NDArray[np.bool_], floor: float) -> Floats:
    """Give a price of each limit at which nothing that uses it is worth choosing."""
    prices = np.zeros(len(spent))
    top = max(float(np.max(np.where(np.isfinite(table.values), table.values, 0.0), initial=0.0)), floor)
    outer = dict(zip(table.outer_places, table.outer.T, strict=True))
    each = dict(zip(table.each_places, table.each, strict=True))
    for place in np.flatnonzero(spent).tolist():
        least = _least_positive(each[place] if place in each else table.columns[place])
        prices[place] = 2.0 * top / (least * (_least_positive(outer[place]) if place in outer else 1.0))
    return prices


def _least_positive(numbers: NDArray[np.float64]) -> float:
    found = numbers[numbers > 0]
    return float(found.min()) if len(found) else 1.0


def sample(parts: Parts, size: int, seed: int) -> Table:
    """Draw customers evenly from all; all of them where there are no more."""
    count = len(parts)
    if count <= size:
        return join(parts.each(lambda table, _: table))
    first = parts.parts[0]()
    if first.marks is not None:
        return _by_marks(parts, size / count, seed)
    drawn = ((np.arange(size) + np.random.default_rng(seed).random(size)) * (count / size)).astype(np.int64)
    drawn = np.minimum(drawn, count - 1)

    def mine(table: Table, begin: int) -> Table:
        first, last = np.searchsorted(drawn, [begin, begin + len(table)])
        return table.take(drawn[first:last] - begin)

    return join(parts.each(mine))


def _by_marks(parts: Parts, share: float, seed: int) -> Table:
    """Draw customers by their marks, so that the order they came in decides nothing."""
    salt = mixed(np.array([seed], dtype=np.uint64))
    drawn = join(parts.each(lambda table, _: table.take(np.flatnonzero(draws(_marks(table) ^ salt, 0) < share))))
    return drawn.take(np.argsort(_marks(drawn), kind="stable"))


def _marks(table: Table) -> Marks:
    return table.marked() if table.marks is None else table.marks


def narrow(question: Question) -> Narrowed:
    """Decide everybody but a few, and these by the linear program: together its optimum for all.

    Prices are estimated from a sample, with how far they may be off. Whoever chooses the same at all prices that near is
    decided, the others are the next, smaller problem. When few are left their linear program is solved exactly, its prices
    held within the box. Where they want out, the box was too small: it is made larger, and the level above is
    looked at again. Where they don't, the prices are optimal for all, as the bound is convex.
    """
    levels = [
        Level(question.parts, None, np.zeros(len(question.capacities.most)), question.domain, _no_prices(question))
    ]
    looks, tilt, worth = 1, 0.0, 0.0
    for look in range(_LOOKS):
        level = levels[-1]
        if level.small or look == _LOOKS - 1:
            last = _last(question, level)
            relaxed = last.relaxed
            wider = _wider(relaxed, level.box, question.domain, levels)
            if wider is None or look == _LOOKS - 1:
                return last.told(_together(levels), looks, worth)
            while not levels[-1].box.holds(wider):
                levels.pop()
            box, known = wider, relaxed.prices
        else:
            box, known, size = _estimated(question, level)
            worth = worth or size
        level = levels[-1]
        found = screen(level.parts, box.low, box.high, (2.0 * _TILT if level.rows is None else 1e-12) * worth)
        looks += len(levels) == 1
        below = _below(level, found, box, known, max(tilt, _TILT) * worth)
        if below.stuck and not below.small:
            tilt = _STRONG_TILT
            below = _below(level, found, box, known, tilt * worth)
        levels.append(below)
    raise AssertionError("the last look returns")


def _no_prices(question: Question) -> Floats:
    return question.domain.clip(np.zeros(len(question.capacities.most)))


def _below(level: Level, found: Screened, box: Box, known: Floats, tilt: float) -> Level:
    rows = found.rows if level.rows is None else level.rows[found.rows]
    core = found.core
    stuck = level.stuck + 1 if len(core) > 0.6 * len(level.parts) else 0
    kinds = len(np.unique(core.contents())) if stuck and len(core) > MANY else None
    core = replace(core, tilt=tilt, marks=core.marked() if core.marks is None else core.marks)
    cooling = level.cooling * 0.1 if stuck else 1.0
    below = Level(Parts.of(core, level.parts.threads), rows, level.used + found.used, box, known, found.choice)
    return replace(below, cooling=cooling, stuck=stuck, kinds=kinds)


@dataclass(frozen=True, eq=False)
class _Last:
    """What the linear program says of a level, equal customers taken together where they are many."""

    table: Table
    rows: Integers
    cells: Cells
    relaxed: Relaxed
    left: Capacities
    kinds: Kinds | None
    question: Question

    def told(self, choice: Choices, looks: int, worth: float) -> Narrowed:
        """Give what is decided with it, and what is left."""
        scale = worth or _scale(self.cells) or 1.0
        if self.kinds is None:
            return Narrowed(choice, self.rows, self.cells, self.relaxed, self.left, looks, scale)
        found = unfold(self.kinds, self.cells, self.relaxed.shares)
        choice[self.rows] = found.choice
        choice[self.rows[found.rows]] = UNDECIDED
        left = self.left.without(self.table.spent(found.choice))
        cells = self.question.cells(self.table.take(found.rows))
        relaxed = replace(self.relaxed, shares=found.shares)
        return Narrowed(choice, self.rows[found.rows], cells, relaxed, left, looks, scale)


def _last(question: Question, level: Level) -> _Last:
    table, rows = _in_order(join(level.parts.each(lambda table, _: table)), level)
    left = question.left(level.used)
    if len(table) <= MANY:
        cells = question.cells(table)
        return _Last(table, rows, cells, relax(cells, left, level.box, _EASE), left, None, question)
    table = replace(table, tilt=0.0)
    kinds = Kinds.of(table)
    cells = question.cells(table.take(kinds.firsts))
    counts = kinds.counts[cells.rows[cells.starts]]
    return _Last(table, rows, cells, relax(cells, left, level.box, _EASE, counts), left, kinds, question)


def _estimated(question: Question, level: Level) -> tuple[Box, Floats, float]:
    """Estimate prices from a sample of a level: give the box they lie in, themselves, and what a customer is worth."""
    few = SAMPLE if level.rows is None else SAMPLE // 4
    drawn = sample(level.parts, max(few, len(level.parts) // 64), question.seed)
    cells = question.cells(drawn)
    if not len(cells):
        return level.box, level.known, 1.0
    weight = len(level.parts) / len(drawn)
    size = _scale(cells) or question.stake(cells)
    bounded = np.where(np.isfinite(level.box.high - level.box.low), level.box.high - level.box.low, 0.0)
    wide = float(np.mean(cells.use @ bounded)) if level.rows is not None else size
    wide = wide or size * 1e-9
    steps = [0.5, 0.1, 0.02] if level.rows is None else [0.1, 0.02]
    warmths = [wide * step * level.cooling for step in steps]
    left = question.left(level.used)
    found = soften(cells, weight, left, level.box, level.known, warmths)
    return level.box.around(found.prices, found.radius), found.prices, size


def _scale(cells: Cells) -> float:
    """Tell what a customer's best is usually worth."""
    return float(np.mean(np.maximum.reduceat(np.abs(cells.values), cells.starts))) if len(cells) else 0.0


def _in_order(table: Table, level: Level) -> tuple[Table, Integers]:
    """Order the few by their marks, so that the order they came in decides nothing."""
    marks = _marks(table)
    order = np.argsort(marks, kind="stable")
    rows = np.arange(len(table)) if level.rows is None else level.rows
    return replace(table, marks=marks).take(order), rows[order]


def _wider(relaxed: Relaxed, box: Box, domain: Box, levels: Sequence[Level]) -> Box | None:
    """Give a larger box where prices want out of theirs, None where they don't."""
    out_up = (relaxed.beyond > 0) & (box.high < domain.high)
    out_down = (relaxed.beyond < 0) & (box.low > domain.low)
    if not (out_up | out_down).any():
        return None
    above = levels[-2].box
    spread = np.where(np.isfinite(above.high - above.low), above.high - above.low, 10.0 * np.abs(relaxed.prices))
    floor = 1e-9 * np.max(np.abs(relaxed.prices), initial=1e-9)
    step = np.maximum(6.0 * (box.high - box.low), np.maximum(1e-3 * spread, floor))
    low = np.where(out_down, relaxed.prices - step, box.low)
    high = np.where(out_up, relaxed.prices + step, box.high)
    return Box(domain.clip(low), domain.clip(high))


def _together(levels: Sequence[Level]) -> Choices:
    """Put together what was decided on all levels."""
    if len(levels) == 1:
        return np.full(len(levels[0].parts), UNDECIDED, dtype=np.int16)
    choice = np.empty(len(levels[0].parts), dtype=np.int16)
    for above, below in itertools.pairwise(levels):
        if below.choice is not None:
            choice[slice(None) if above.rows is None else above.rows] = below.choice
    return choice
