"""How often within any stretch of time: from when on, and how long, a chain of contacts leaves every stretch in its limit.

A rule allows at most m contacts that count in any stretch (t - W, t], W long. A set of contacts breaks it exactly when m + 1
of them lie less than W from each other. Moving a chain changes such distances only where one of its contacts comes to lie
just W after, or just less than W before, another; so only these instants need to be looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smalti.facts import Instant, Microseconds
from smalti.strategy.peers import Booleans, Integers

LONG_AGO: Instant = -(2**61)
"""When no contact was."""
NEVER: Instant = 2**61
"""The instant that never comes; small enough for any duration to be added."""


@dataclass(frozen=True, eq=False)
class Taken:
    """Contacts that stand, of several customers side by side.

    Attributes:
        instants: When they are, `LONG_AGO` where there is none; shape (m, e).
        counts: For which rules they count; shape (rules, m, e).
        width: How many columns are in use; the rest is room for more.
    """

    instants: Integers
    counts: Booleans
    width: int

    def only(self, places: npt.NDArray[np.intp]) -> Taken:
        """Give some of the customers."""
        return Taken(self.instants[places], self.counts[:, places], self.width)


@dataclass(frozen=True, eq=False)
class Chain:
    """Contacts that come together, one chain for each of several customers.

    Attributes:
        delays: How long after its start each comes; shape (j,).
        counts: For which rules each counts; shape (rules, m, j).
        most: What each rule allows.
        windows: In how long a stretch.
    """

    delays: Integers
    counts: Booleans
    most: Sequence[int]
    windows: Sequence[Microseconds]

    def only(self, places: npt.NDArray[np.intp]) -> Chain:
        """Give the chains of some of the customers."""
        return Chain(self.delays, self.counts[:, places], self.most, self.windows)


def broken(start: Integers, taken: Taken, chain: Chain) -> Booleans:
    """Say of whom some rule is broken by a chain that starts at this instant; shape (m,).

    Only stretches that hold a contact of the chain are looked at: others are as they are.
    """
    own = start[:, None] + chain.delays
    every = np.concatenate([taken.instants, own], axis=1)
    width = taken.instants.shape[1]
    found = np.zeros(len(start), dtype=np.bool_)
    ends = [place for place in range(every.shape[1]) if bool((every[:, place] >= start).any())]
    for rule, (most, window) in enumerate(zip(chain.most, chain.windows, strict=True)):
        counts = np.concatenate([taken.counts[rule], chain.counts[rule]], axis=1)
        for place in ends:
            end = every[:, place, None]
            inside = counts & (every <= end) & (every > end - window)
            found |= counts[:, place] & inside[:, width:].any(axis=1) & (inside.sum(axis=1) > most)
    return found


def earliest(low: Integers, taken: Taken, chain: Chain) -> Integers:
    """Give the first start, at or after each `low`, that breaks no rule; `NEVER` where there is none; shape (m,).

    One contact in any 7, and one that stands at 3:

    >>> yes = np.ones((1, 1, 1), dtype=bool)
    >>> stands = Taken(np.array([[3]]), yes, 1)
    >>> alone = Chain(np.array([0]), yes, most=[1], windows=[7])
    >>> earliest(np.array([0]), stands, alone), lasting(np.array([-10]), stands, alone)
    (array([10]), array([-4]))
    """
    start = low.copy()
    left = np.flatnonzero(start < NEVER)
    while len(left):
        left = left[broken(start[left], taken.only(left), chain.only(left))]
        if len(left):
            start[left] = _next(start[left], taken.only(left), chain.only(left), after=True)
            left = left[start[left] < NEVER]
    return start


def lasting(start: Integers, taken: Taken, chain: Chain) -> Integers:
    """Give the last start up to which, from a start that breaks no rule on, none is broken; `NEVER` for ever; shape (m,)."""
    end = start.copy()
    left = np.flatnonzero(end < NEVER)
    while len(left):
        end[left] = _next(end[left], taken.only(left), chain.only(left), after=False)
        left = left[end[left] < NEVER]
        if len(left):
            stop = broken(end[left], taken.only(left), chain.only(left))
            end[left[stop]] -= 1
            left = left[~stop]
    return end


def _next(start: Integers, taken: Taken, chain: Chain, *, after: bool) -> Integers:
    """Give the next start at which a contact of the chain leaves one behind it, or comes near one ahead of it."""
    found = np.full(len(start), NEVER, dtype=np.int64)
    for rule, window in enumerate(chain.windows):
        for place, delay in enumerate(chain.delays.tolist()):
            own = chain.counts[rule, :, place, None] & taken.counts[rule]
            turn = taken.instants + (window - delay if after else 1 - window - delay)
            found = np.minimum(found, np.where(own & (turn > start[:, None]), turn, NEVER).min(axis=1, initial=NEVER))
    return found
