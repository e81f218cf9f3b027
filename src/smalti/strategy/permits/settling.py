"""Settling contacts: each at the first instant that is neither in quiet hours nor too soon after others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from smalti.strategy.candidates import Contact
from smalti.strategy.peers import Integers
from smalti.strategy.permits.agenda import Agenda, of_kinds
from smalti.strategy.permits.stretches import NEVER, Chain, Taken, earliest
from smalti.strategy.timing import next_allowed

_BLOCK = 1 << 16


def settle(agenda: Agenda, rows: Integers, kinds: Sequence[Contact], codes: Integers, due: Integers) -> Integers:
    """Move contacts to when they can be, one after the other for each customer, in the order in which they are due.

    Each goes to the first instant, not before it is due, at which the customer is not in her quiet hours and no rule of
    frequency is broken by it, what is on the agenda and her contacts settled before. So steps wait; none is left out
    but where it can never be.

    Args:
        agenda: What the time of customers is taken by already.
        rows: Whose each contact is, in any order; shape (m,).
        kinds: The contacts there are.
        codes: Which of them each is; shape (m,).
        due: From when on each may be, microseconds UTC; shape (m,).

    Returns:
        When each is, microseconds UTC; `NEVER` where it cannot be; shape (m,).
    """
    settled = np.full(len(rows), NEVER, dtype=np.int64)
    order = np.lexsort((codes, due, rows))
    people, begins = np.unique(rows[order], return_index=True)
    begins = np.append(begins, len(rows))
    for first in range(0, len(people), _BLOCK):
        last = min(first + _BLOCK, len(people))
        places = order[begins[first] : begins[last]]
        settled[places] = _block(agenda, rows[places], kinds, codes[places], due[places])
    return settled


def _block(agenda: Agenda, rows: Integers, kinds: Sequence[Contact], codes: Integers, due: Integers) -> Integers:
    """Settle contacts that are in order by customer and time."""
    people, line, found = np.unique(rows, return_inverse=True, return_counts=True)
    turn = np.arange(len(rows)) - np.repeat(np.cumsum(found) - found, found)
    taken = agenda.taken(people, int(found.max()))
    counts = of_kinds(agenda.rules, kinds)
    settled = np.full(len(rows), NEVER, dtype=np.int64)
    for number in range(int(found.max())):
        places = np.flatnonzero(turn == number)
        mine = line[places]
        matches = counts[:, codes[places], None]
        settled[places] = _free(agenda, taken.only(mine), people[mine], kinds, codes[places], due[places])
        column = taken.width + number
        placed = settled[places] < NEVER
        taken.instants[mine[placed], column] = settled[places[placed]]
        taken.counts[:, mine, column] = matches[:, :, 0] & placed
    return settled


def _free(
    agenda: Agenda, taken: Taken, people: Integers, kinds: Sequence[Contact], codes: Integers, due: Integers
) -> Integers:
    """Give the first instant at which one contact of each of these customers can be."""
    chain = Chain(
        np.zeros(1, dtype=np.int64),
        of_kinds(agenda.rules, kinds)[:, codes, None],
        [rule.most for rule in agenda.rules],
        agenda.windows,
    )
    found = due.copy()
    left = np.arange(len(due))
    while len(left):
        before = found[left]
        awake = awakened(agenda, people[left], kinds, codes[left], before)
        found[left] = earliest(awake, taken.only(left), chain.only(left))
        left = left[(found[left] != awake) & (found[left] < NEVER)]
    return found


def awakened(agenda: Agenda, people: Integers, kinds: Sequence[Contact], codes: Integers, due: Integers) -> Integers:
    """Give the first instant, at or after each, that is not in the customer's quiet hours; `NEVER` where there is none."""
    found = due.copy()
    for code, kind in enumerate(kinds):
        places = np.flatnonzero((codes == code) & (due < NEVER))
        if len(places) and agenda.quiet:
            clocks = agenda.clocks.take(people[places])
            found[places] = next_allowed(due[places], clocks, agenda.quiet, kind.channel, agenda.zone)
    return np.minimum(found, NEVER)
