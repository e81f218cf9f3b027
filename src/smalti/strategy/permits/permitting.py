"""Permits: whether an action is possible for a customer, from when and until when its first contact may be, and why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smalti.facts import Instant, next_start, parse_duration
from smalti.strategy.candidates import Action, Codes, Contact
from smalti.strategy.limits import Limits
from smalti.strategy.peers import Booleans, Integers
from smalti.strategy.permits import bars
from smalti.strategy.permits.agenda import Agenda, of_kinds
from smalti.strategy.permits.apart import excluding
from smalti.strategy.permits.beginnings import Begun, begun, last_touch
from smalti.strategy.permits.grounds import Grounds
from smalti.strategy.permits.settling import awakened
from smalti.strategy.permits.stretches import LONG_AGO, NEVER, Chain, earliest, lasting
from smalti.strategy.treatments import Treatment

_BLOCK = 1 << 16


@dataclass(frozen=True, eq=False)
class Permits:
    """What may be done to whom.

    Attributes:
        why: What stands against each action, as places in `BARS`; 0 where it is possible; shape (n, A), int8.
        earliest: From when its first contact is possible, microseconds UTC; shape (n, A). Where it is not possible, the
            as-of instant.
        latest: Until when, that instant too; where it is not possible, the microsecond before the as-of instant.
            Between the two there may be quiet hours.
    """

    why: Codes
    earliest: Integers
    latest: Integers

    def counts(self) -> dict[str, Integers]:
        """Give by bar how many customers each action is kept from by it; of those that keep anybody from any.

        >>> codes = np.array([[0, 3], [1, 3]], dtype=np.int8)
        >>> {bar: found.tolist() for bar, found in Permits(codes, codes, codes).counts().items()}
        {'possible': [1, 0], 'not eligible': [1, 0], 'held out': [0, 2]}
        """
        found = [np.count_nonzero(self.why == code, axis=0) for code in range(len(bars.BARS))]
        return {bar.name: one for bar, one in zip(bars.BARS, found, strict=True) if one.any()}


def permits(actions: Sequence[Action], limits: Limits, grounds: Grounds) -> Permits:
    """Say which actions are possible for which customers.

    An action needs its first contacts: she must have an address on their channels and have agreed to be contacted by
    them. Of the steps that follow, those by a channel on which she may not be contacted are left out for her, and no
    bar. Frequency counts all the others, at their worst, that is as if all of them happened, with the contacts there
    have been and those to come; the first stretch of time in which the whole chain fits is given.

    Args:
        actions: The columns of the plan.
        limits: What it must respect.
        grounds: What is known of the customers.

    >>> from smalti.strategy.permits import BARS
    >>> mail = Action("mail", (), ("email",), (Contact("mail", 1, "email", "reward", 0, None, 1.0),))
    >>> everybody = np.ones(2, dtype=bool)
    >>> known = Grounds(2, 0, 10, "UTC", {}, address={"email": everybody}, agreed={"email": np.array([True, False])})
    >>> [BARS[code].name for code in permits([mail], Limits(), known).why[:, 0]]
    ['possible', 'no consent']
    """
    agenda = Agenda.on(grounds, limits)
    known = {one.name: one for action in actions for one in action.treatments}
    told = {name: begun(one, grounds.history, grounds.count, grounds.at) for name, one in known.items()}
    shape = (grounds.count, len(actions))
    found = Permits(np.zeros(shape, dtype=np.int8), np.empty(shape, dtype=np.int64), np.empty(shape, dtype=np.int64))
    for place, action in enumerate(actions):
        asking = _Asking(action, limits, grounds, agenda)
        for treatment in action.treatments:
            asking.hers(treatment)
        for treatment in action.treatments:
            asking.dates(treatment, told[treatment.name])
        asking.exclusive()
        asking.reached()
        asking.often()
        asking.quiet()
        found.why[:, place], found.earliest[:, place], found.latest[:, place] = asking.answer()
    return found


class _Asking:
    """One action asked about: the bars found so far, and between which instants it may begin."""

    def __init__(self, action: Action, limits: Limits, grounds: Grounds, agenda: Agenda) -> None:
        self.action, self.limits, self.grounds, self.agenda = action, limits, grounds, agenda
        self.why = np.zeros(grounds.count, dtype=np.int8)
        self.low = np.full(grounds.count, grounds.at, dtype=np.int64)
        self.high = np.full(grounds.count, grounds.until - 1, dtype=np.int64)
        self.top = self.high.copy()  # until when at all; `high` is until when without a break

    def bar(self, code: int, mask: Booleans) -> None:
        """Bar those who are not barred yet."""
        self.why[mask & (self.why == 0)] = code

    def window(self, code: int, low: Integers | Instant | None = None, high: Integers | Instant | None = None) -> None:
        """Narrow between which instants it may begin; bar those for whom nothing is left."""
        if low is not None:
            np.maximum(self.low, low, out=self.low)
        if high is not None:
            np.minimum(self.high, high, out=self.high)
        self.bar(code, self.low > self.high)

    def hers(self, treatment: Treatment) -> None:
        """Ask whether a treatment is for her at all."""
        name, grounds = treatment.name, self.grounds
        self.bar(bars.NOT_ELIGIBLE, ~grounds.eligible.get(name, grounds.nobody))
        if grounds.suppressed is not None and self.action.contacts:
            self.bar(bars.SUPPRESSED, grounds.suppressed)
        self.bar(bars.HELD_OUT, grounds.held_out.get(name, grounds.nobody))
        self.bar(bars.OTHER_ARM, grounds.elsewhere.get(name, grounds.nobody))

    def dates(self, treatment: Treatment, past: Begun) -> None:
        """Ask when it may begin, by its dates, its trigger, and what she has had of it."""
        name, grounds = treatment.name, self.grounds
        self.window(bars.OUT_OF_DATES, *dates_of(treatment, grounds.zone))
        if treatment.definition.trigger is not None:
            self.bar(bars.NOT_TRIGGERED, ~grounds.begins.get(name, grounds.nobody))
            if name in grounds.moments:
                self.window(bars.NOT_TRIGGERED, *grounds.moments[name])
        pending = [place for place, one in enumerate(grounds.pending.contacts) if one.treatment == name]
        self.bar(bars.UNDER_WAY, _among(grounds.pending.rows[pending], grounds.count))
        self.window(bars.HAD_ALREADY, once_more(treatment, past.began))

    def exclusive(self) -> None:
        """Ask what she has had, or is to have, that excludes it."""
        own = {one.name for one in self.action.treatments}
        others = excluding(self.limits, own)
        if not others:
            return
        grounds = self.grounds
        apart = parse_duration(self.limits.definition.apart)
        pending = [place for place, one in enumerate(grounds.pending.contacts) if one.treatment in others]
        self.bar(bars.EXCLUSIVE, _among(grounds.pending.rows[pending], grounds.count))
        if own & set(others):
            self.bar(bars.EXCLUSIVE, ~grounds.nobody)
        self.window(bars.EXCLUSIVE, last_touch(others, grounds.history, grounds.count, grounds.at) + apart)

    def reached(self) -> None:
        """Ask whether the channels of the first contacts reach her."""
        grounds = self.grounds
        for channel in dict.fromkeys(one.channel for one in self.action.contacts if one.step == 1):
            self.bar(bars.NO_ADDRESS, ~grounds.address.get(channel, grounds.nobody))
        for channel in dict.fromkeys(one.channel for one in self.action.contacts if one.step == 1):
            self.bar(bars.NO_CONSENT, ~grounds.agreed.get(channel, grounds.nobody))

    def often(self) -> None:
        """Ask from when, and how long, the chain of contacts is not too much."""
        if self.action.contacts and self.agenda.rules:
            self.top[:] = self.high
            self._fit(np.flatnonzero(self.why == 0))
            self.window(bars.TOO_OFTEN)

    def _fit(self, open_: Integers) -> None:
        """Move the beginning to the first stretch of time in which the chain of contacts is not too much."""
        contacts = self.action.contacts
        code = kept_contacts(self.action, self.grounds)[open_] @ (1 << np.arange(len(contacts)))
        for one in np.unique(code):
            rows = open_[code == one]
            chain = [contact for place, contact in enumerate(contacts) if one >> place & 1]
            waiting = self.agenda.awaiting[rows]
            self._after_the_past(rows[~waiting], chain)
            for first in range(0, int(waiting.sum()), _BLOCK):
                self._between(rows[waiting][first : first + _BLOCK], chain)

    def _after_the_past(self, rows: Integers, contacts: Sequence[Contact]) -> None:
        """Of customers with nothing to come: the later, the more of the past is over."""
        counts = of_kinds(self.agenda.rules, contacts)
        delays = np.array([one.delay for one in contacts], dtype=np.int64)
        for place, rule in enumerate(self.agenda.rules):
            own = delays[counts[place]]
            together = ((own <= own[:, None]) & (own > own[:, None] - rule.window)).sum(axis=1)
            for delay, number in zip(own.tolist(), together.tolist(), strict=True):
                if number > rule.most:
                    self.low[rows] = NEVER
                else:
                    kth = self.agenda.latest(place, rule.most - number + 1)[rows]
                    self.low[rows] = np.maximum(self.low[rows], kth + rule.window - delay)

    def _between(self, rows: Integers, contacts: Sequence[Contact]) -> None:
        """Of customers with contacts to come: the first stretch in which the chain comes between them."""
        rules = self.agenda.rules
        counts = np.repeat(of_kinds(rules, contacts)[:, None, :], len(rows), axis=1)
        delays = np.array([one.delay for one in contacts], dtype=np.int64)
        chain = Chain(delays, counts, [rule.most for rule in rules], self.agenda.windows)
        taken = self.agenda.taken(rows)
        self.low[rows] = earliest(self.low[rows], taken, chain)
        fits = np.flatnonzero(self.low[rows] < NEVER)
        end = lasting(self.low[rows[fits]], taken.only(fits), chain.only(fits))
        self.high[rows[fits]] = np.minimum(self.high[rows[fits]], end)

    def quiet(self) -> None:
        """Ask whether her quiet hours leave any time for its first contacts, in the first stretch or in a later one."""
        if not self.agenda.quiet:
            return
        rows = np.flatnonzero(self.why == 0)
        while len(rows):
            shut = rows[self._asleep(rows)]
            self.low[shut] = self.high[shut] + 1
            rows = shut[self.agenda.awaiting[shut] & (self.low[shut] <= self.top[shut])]
            self.high[rows] = self.top[rows]
            self._fit(rows)
            rows = rows[self.low[rows] <= self.high[rows]]
        self.window(bars.QUIET)

    def _asleep(self, rows: Integers) -> Booleans:
        """Say whom quiet hours leave no time for some first contact while it may begin."""
        shut = np.zeros(len(rows), dtype=np.bool_)
        for kind in (one for one in self.action.contacts if one.step == 1):
            awake = awakened(self.agenda, rows, [kind], np.zeros(len(rows), dtype=np.int64), self.low[rows])
            shut |= awake > self.high[rows]
        return shut

    def answer(self) -> tuple[Codes, Integers, Integers]:
        """Give the bars, and between which instants it may begin."""
        shut = self.why != 0
        return (
            self.why,
            np.where(shut, self.grounds.at, self.low),
            np.where(shut, self.grounds.at - 1, self.high),
        )


def kept_contacts(action: Action, grounds: Grounds) -> Booleans:
    """Say which contacts of an action each customer can have: the first, and steps that reach her; shape (n, contacts)."""
    kept = np.ones((grounds.count, len(action.contacts)), dtype=np.bool_)
    for place, contact in enumerate(action.contacts):
        if contact.step > 1:
            kept[:, place] = grounds.reached(contact.channel)
    return kept


def dates_of(treatment: Treatment, zone: str) -> tuple[Instant | None, Instant | None]:
    """Give the first and the last instant at which a treatment may begin by its own dates; None for any.

    What begins on a day or an instant begins before that day is over in the project's zone.
    """
    low = [one for one in (treatment.start, treatment.on) if one is not None]
    high = [one - 1 for one in (treatment.end,) if one is not None]
    if treatment.on is not None:
        high.append(next_start("day", treatment.on, zone) - 1)
    return max(low, default=None), min(high, default=None)


def once_more(treatment: Treatment, began: Integers) -> Integers:
    """Give from when on each customer may be given a treatment once more, by when it last began; shape (n,).

    Without `again`, what began by a trigger is not begun again, what began on a day not for that day, and anything else
    at once.
    """
    if treatment.again is not None:
        return began + treatment.again
    if treatment.definition.trigger is not None:
        return np.where(began > LONG_AGO, NEVER, LONG_AGO)
    if treatment.on is not None:
        return np.where(began >= treatment.on, NEVER, LONG_AGO)
    return np.full(len(began), LONG_AGO, dtype=np.int64)


def _among(rows: Integers, count: int) -> Booleans:
    found = np.zeros(count, dtype=np.bool_)
    found[rows] = True
    return found
