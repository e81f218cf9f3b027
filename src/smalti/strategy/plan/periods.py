"""Budgets of calendar periods of which a plan touches several: each period pays for what comes in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from smalti.strategy.candidates import Candidates
from smalti.strategy.limits import Limits
from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.plan.coupling import Spell, costs_in, paid_from, spells_of, under_way_in
from smalti.strategy.plan.timetable import NOT_DUE, Wish

_NEAR = 1e-9


@dataclass(frozen=True, eq=False)
class _Purse:
    """One budget with several periods.

    Attributes:
        columns: What one choice of each action takes; shape (A,).
        fixed: By treatment, what doing it at all takes.
        spells: Its periods.
        left: What is left of each; shape (periods,).
    """

    columns: Floats
    fixed: Mapping[str, float]
    spells: tuple[Spell, ...]
    left: Floats


class Periods:
    """What is left of each period while contacts get their instants.

    Periods of all budgets cut the plan into pieces. A treatment's cost of doing it at all is paid in the piece in which it
    begins first; it cannot begin before that piece any more.

    Args:
        candidates: What the plan is made from.
        limits: What it must respect.
        continued: When each contact under way is due, `NOT_DUE` of those that do not come.
    """

    def __init__(self, candidates: Candidates, limits: Limits, continued: Integers) -> None:
        until = candidates.at + limits.definition.window
        spent = (*candidates.spent, *[0.0] * len(limits.definition.budget))
        self._parts = [frozenset(part.name for part in one.treatments) for one in candidates.actions]
        self._purses: list[_Purse] = []
        for place, budget in enumerate(limits.definition.budget):
            amount = candidates.budgets[place]
            spells = spells_of(budget, amount, spent[place], candidates.at, until, candidates.zone)
            if len(spells) > 1:
                paid = paid_from(budget, candidates.actions)
                fixed = {name: cost for name, cost in candidates.gains.fixed.items() if name in paid and cost > 0}
                left = np.array([one.left for one in spells])
                mine = under_way_in(budget, candidates) & (continued != NOT_DUE)
                line = _spell_at(spells, continued[mine])
                left -= np.bincount(line, candidates.underway.cost[mine], minlength=len(spells))
                self._purses.append(_Purse(costs_in(budget, candidates), fixed, spells, left))
        starts = sorted({one.start for purse in self._purses for one in purse.spells} | {candidates.at})
        self.starts = np.array(starts, dtype=np.int64)
        self.ends = np.array([*starts[1:], until], dtype=np.int64)
        self._began: dict[str, int] = {}

    @property
    def several(self) -> bool:
        """Whether there is any budget of which the plan touches several periods."""
        return bool(self._purses)

    @property
    def free(self) -> Booleans:
        """Which actions take nothing of any of them; shape (A,)."""
        dear = {name for purse in self._purses for name in purse.fixed}
        costs = [any(purse.columns[place] > 0 for purse in self._purses) for place in range(len(self._parts))]
        return np.array(
            [not (cost or one & dear) for one, cost in zip(self._parts, costs, strict=True)], dtype=np.bool_
        )

    def piece_of(self, instants: Integers) -> Integers:
        """Give the piece of the plan in which instants lie; shape as given."""
        return np.maximum(np.searchsorted(self.starts, instants, side="right") - 1, 0)

    def admitted(self, piece: int, choice: Integers) -> Booleans:
        """Say which of these the money of a piece reaches for, the first first.

        What is too dear for what is left is passed over: something cheaper behind it may still fit.

        Args:
            piece: The piece.
            choice: The places of their actions; shape (m,).
        """
        left = self._left(piece)
        takes = np.array([purse.columns for purse in self._purses])
        began = {name for name, when in self._began.items() if when <= piece}
        later = np.array([any(self._began.get(name, piece) > piece for name in one) for one in self._parts])
        got = np.zeros(len(choice), dtype=np.bool_)
        done = 0
        while True:
            opening = self._opening(began)
            fits = (takes + opening <= left[:, None] + _NEAR).all(axis=0) & ~later
            rest = done + np.flatnonzero(fits[choice[done:]])
            if not len(rest):
                return got
            opens: Booleans = np.any(opening > 0, axis=0)[choice[rest]]
            if opens[0]:
                count, used = 1, (takes + opening)[:, choice[rest[0]]]
                began |= self._parts[int(choice[rest[0]])]
            else:
                rest = rest[: int(np.argmax(opens))] if opens.any() else rest
                sums = np.cumsum(takes[:, choice[rest]], axis=1)
                over = (sums > left[:, None] + _NEAR).any(axis=0)
                count = int(np.argmax(over)) if over.any() else len(rest)
                used = sums[:, count - 1]
            got[rest[:count]] = True
            left = left - used
            done = int(rest[count - 1]) + 1

    def pay(self, piece: int, choice: Integers) -> None:
        """Take what placed contacts cost off the periods in which the piece lies."""
        counts = np.bincount(choice, minlength=len(self._parts))
        begun = {name for place in np.flatnonzero(counts).tolist() for name in self._parts[place]} - self._began.keys()
        for purse in self._purses:
            line = _spell_at(purse.spells, self.starts[piece : piece + 1])
            purse.left[line] -= counts @ purse.columns + sum(purse.fixed.get(name, 0.0) for name in begun)
        self._began |= dict.fromkeys(begun, piece)

    def narrowed(self, piece: int, wish: Wish) -> Wish:
        """Let first contacts come within a piece alone."""
        low = np.maximum(wish.low, self.starts[piece])
        return Wish(wish.rows, wish.choice, wish.worth, low, np.minimum(wish.high, self.ends[piece] - 1))

    def _left(self, piece: int) -> Floats:
        at = self.starts[piece : piece + 1]
        return np.array([purse.left[_spell_at(purse.spells, at)[0]] for purse in self._purses])

    def _opening(self, began: set[str]) -> Floats:
        """Give what each action takes beside for what has not begun yet; shape (budgets, A)."""
        return np.array(
            [
                [
                    sum(cost for name, cost in purse.fixed.items() if name in one and name not in began)
                    for one in self._parts
                ]
                for purse in self._purses
            ],
            dtype=np.float64,
        ).reshape(len(self._purses), len(self._parts))


def _spell_at(spells: tuple[Spell, ...], instants: Integers) -> Integers:
    """Give the period in which instants lie; what comes after the plan's end counts in its last."""
    starts = np.array([one.start for one in spells], dtype=np.int64)
    return np.maximum(np.searchsorted(starts, instants, side="right") - 1, 0)
