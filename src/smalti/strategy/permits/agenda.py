"""The agenda: by what the time of each customer is taken, and from when there is room for a chain of contacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.facts import Instant, Microseconds
from smalti.strategy.candidates import NONE_PENDING, Contact, Pending
from smalti.strategy.limits import FrequencyDefinition, Limits, QuietDefinition
from smalti.strategy.peers import Booleans, Integers
from smalti.strategy.permits.grounds import Grounds
from smalti.strategy.permits.stretches import LONG_AGO, Taken
from smalti.strategy.timing import Clocks


def counted(rule: FrequencyDefinition, contact: Contact) -> bool:
    """Say whether a contact counts for a rule of frequency.

    >>> mail = Contact("spring", 1, "email", "reward", 0, None, 1.0)
    >>> counted(FrequencyDefinition(most=1, within="7 days", channel="sms"), mail)
    False
    """
    return rule.channel in (None, contact.channel) and rule.purpose in (None, contact.purpose)


@dataclass(frozen=True, eq=False)
class Agenda:
    """What the time of each customer is taken by: contacts there have been lately, and those to come.

    Attributes:
        count: How many customers there are.
        at: The as-of instant; contacts of the future are placed from here on.
        zone: The project's time zone.
        clocks: The clocks that customers live by.
        rules: How often one customer may be contacted.
        quiet: When customers are left in peace.
        rows: Whose each contact is, ascending; shape (e,).
        instants: When it was or is due, by customer ascending; shape (e,).
        counts: Whether it counts for each rule; shape (rules, e).
    """

    count: int
    at: Instant
    zone: str
    clocks: Clocks
    rules: tuple[FrequencyDefinition, ...]
    quiet: tuple[QuietDefinition, ...]
    rows: Integers
    instants: Integers
    counts: Booleans
    _kth: dict[tuple[int, int], Integers] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, limits: Limits, clocks: Clocks, zone: str, at: Instant, history: pa.Table, pending: Pending = NONE_PENDING
    ) -> Agenda:
        """Take the contacts that still count at or after an instant.

        Args:
            limits: What says how often, and when not.
            clocks: The clocks that customers live by; n of them.
            zone: The project's time zone.
            at: The as-of instant.
            history: Contacts there have been: ``row``, ``at``, ``channel``, ``purpose``; those after the instant are
                not seen.
            pending: Contacts to come.
        """
        rules = limits.definition.frequency
        rows, instants, counts = _recent(rules, history, at)
        if len(pending.rows):
            kinds = list(dict.fromkeys(pending.contacts))
            places = {kind: place for place, kind in enumerate(kinds)}
            codes = np.array([places[one] for one in pending.contacts], dtype=np.int64)
            rows = np.concatenate([rows, pending.rows])
            instants = np.concatenate([instants, pending.due])
            counts = np.concatenate([counts, of_kinds(rules, kinds)[:, codes]], axis=1)
        order = _order(rows, instants)
        if order is not None:
            rows, instants, counts = rows[order], instants[order], counts[:, order]
        return cls(len(clocks.codes), at, zone, clocks, rules, limits.definition.quiet, rows, instants, counts)

    @classmethod
    def on(cls, grounds: Grounds, limits: Limits) -> Agenda:
        """Take the contacts of grounds."""
        return cls.of(limits, grounds.clocks, grounds.zone, grounds.at, grounds.history, grounds.pending)

    @cached_property
    def ends(self) -> Integers:
        """Where the contacts of each customer end; shape (n + 1,), the first 0."""
        return np.concatenate([[0], np.cumsum(np.bincount(self.rows, minlength=self.count))]).astype(np.int64)

    @cached_property
    def awaiting(self) -> Booleans:
        """Who has a contact to come, after the as-of instant; shape (n,)."""
        waiting = np.zeros(self.count, dtype=np.bool_)
        waiting[self.rows[self.instants > self.at]] = True
        return waiting

    @property
    def windows(self) -> tuple[Microseconds, ...]:
        """How long the stretch of each rule is."""
        return tuple(rule.window for rule in self.rules)

    def latest(self, rule: int, k: int) -> Integers:
        """Give each customer's k-th latest contact that counts for a rule, `LONG_AGO` where there are fewer; shape (n,)."""
        if (rule, k) not in self._kth:
            places = np.flatnonzero(self.counts[rule])
            found = np.bincount(self.rows[places], minlength=self.count)
            enough = np.flatnonzero(found >= k)
            kth = np.full(self.count, LONG_AGO, dtype=np.int64)
            kth[enough] = self.instants[places[np.cumsum(found)[enough] - k]]
            self._kth[rule, k] = kth
        return self._kth[rule, k]

    def taken(self, rows: Integers, room: int = 0) -> Taken:
        """Give the contacts of some customers side by side.

        Args:
            rows: The customers; shape (m,).
            room: How many more columns to leave, for contacts that are placed one after the other.
        """
        counts = self.ends[rows + 1] - self.ends[rows]
        width = int(counts.max(initial=0))
        instants = np.full((len(rows), width + room), LONG_AGO, dtype=np.int64)
        matches = np.zeros((len(self.rules), len(rows), width + room), dtype=np.bool_)
        line = np.repeat(np.arange(len(rows)), counts)
        column = np.arange(len(line)) - np.repeat(np.cumsum(counts) - counts, counts)
        place = np.repeat(self.ends[rows], counts) + column
        instants[line, column] = self.instants[place]
        matches[:, line, column] = self.counts[:, place]
        return Taken(instants, matches, width)


def of_kinds(rules: Sequence[FrequencyDefinition], kinds: Sequence[Contact]) -> Booleans:
    """Say which kinds of contact count for which rules; shape (rules, kinds)."""
    found = [[counted(rule, kind) for kind in kinds] for rule in rules]
    return np.array(found, dtype=np.bool_).reshape(len(rules), len(kinds))


def _recent(
    rules: Sequence[FrequencyDefinition], history: pa.Table, at: Instant
) -> tuple[Integers, Integers, Booleans]:
    """Give the contacts that can still count: their customers, instants, and for which rules."""
    instants = history["at"].to_numpy()
    longest = max((rule.window for rule in rules), default=0)
    kept = np.flatnonzero((instants <= at) & (instants > at - longest))
    taken = history.take(pa.array(kept)) if len(kept) < len(instants) else history
    counts = np.ones((len(rules), len(kept)), dtype=np.bool_)
    for place, rule in enumerate(rules):
        for column, wanted in (("channel", rule.channel), ("purpose", rule.purpose)):
            if wanted is not None:
                same = pc.fill_null(pc.equal(taken[column], pa.scalar(wanted, taken[column].type)), False)
                counts[place] &= same.to_numpy().astype(np.bool_)
    return taken["row"].to_numpy().astype(np.int64), instants[kept].astype(np.int64), counts


def _order(rows: Integers, instants: Integers) -> Integers | None:
    """Give the order by customer and time; None where that is the order they have."""
    later, same = rows[1:] > rows[:-1], rows[1:] == rows[:-1]
    if bool((later | (same & (instants[1:] >= instants[:-1]))).all()):
        return None
    return np.lexsort((instants, rows))
