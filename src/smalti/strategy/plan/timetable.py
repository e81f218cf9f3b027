"""The timetable: an instant for every contact, in her best hour, outside quiet hours, on days that can carry it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smalti.facts import DAY, Microseconds, start_of
from smalti.strategy.candidates import Action, Candidates, Contact, Pending
from smalti.strategy.limits import Limits
from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.permits import Agenda, settle
from smalti.strategy.timing import ANY_HOUR, NO_PLACE, Clocks, Queue, spread

NOT_DUE = NO_PLACE
"""Due of a contact that is not to come."""
SLACK: Microseconds = 14 * DAY
"""By so much may a step come later than its wait, where days are full."""
_AGAIN = 4
"""So many times are contacts moved that would come too soon after others."""


@dataclass(frozen=True, eq=False)
class Wish:
    """Customers who wait for the contacts of their actions.

    Attributes:
        rows: The customers, ascending; shape (m,).
        choice: The place of each one's action; shape (m,).
        worth: Who comes first where days are full: the more it is worth; shape (m,).
        low: From when the first contact may come; shape (m,).
        high: Until when; shape (m,).
    """

    rows: Integers
    choice: Integers
    worth: Floats
    low: Integers
    high: Integers

    def only(self, places: Integers | Booleans) -> Wish:
        """Give some of them."""
        return Wish(self.rows[places], self.choice[places], self.worth[places], self.low[places], self.high[places])


class Timetable:
    """Days of a plan that fill up, contact by contact.

    Args:
        candidates: What the plan is made from.
        limits: What it must respect.
    """

    def __init__(self, candidates: Candidates, limits: Limits) -> None:
        self._candidates, self._limits = candidates, limits
        self._until = candidates.at + limits.definition.window
        self._clocks = Clocks.of(candidates.zones, candidates.zone, len(candidates.customers))
        self._capacity = {name: one.per_day for name, one in limits.definition.channels if one.per_day is not None}
        self._channels = tuple(
            dict.fromkeys(
                one.channel
                for one in (
                    *(one for action in candidates.actions for one in action.contacts),
                    *candidates.underway.contacts,
                )
            )
        )
        self._taken = {name: [self._today(name)] for name in self._channels}
        self._awaiting = np.bincount(candidates.pending.rows, minlength=len(candidates.customers)) > 0
        self._pending, self._delayed = candidates.pending, np.zeros(len(candidates.customers), dtype=np.bool_)
        self.silent = np.array([not one.contacts for one in candidates.actions] + [True], dtype=np.bool_)
        self._shapes = [_Shape.of(one, self._channels) for one in candidates.actions]

    @property
    def longest(self) -> int:
        """How many contacts the longest action has."""
        return max((len(one.contacts) for one in self._candidates.actions), default=0)

    def continued(self) -> Integers:
        """Place what is under way, first of all; give when each contact is due, `NOT_DUE` where no day can carry it."""
        under = self._candidates.underway
        if not len(under.rows):
            return np.empty(0, dtype=np.int64)
        codes = np.array([self._channels.index(one.channel) for one in under.contacts], dtype=np.int64)
        due = self._clear_of_each_other(codes)
        self._follow(due)
        return due

    def _clear_of_each_other(self, codes: Integers) -> Integers:
        """Place what is under way; what full days push too near to another contact is settled again."""
        under, of = self._candidates.underway, self._candidates
        kinds = list(dict.fromkeys(under.contacts))
        kind = np.array([kinds.index(one) for one in under.contacts], dtype=np.int64)
        agenda = Agenda.of(self._limits, self._clocks, of.zone, of.at, of.history)
        low, due = under.due.copy(), np.full(len(codes), NOT_DUE, dtype=np.int64)
        left = np.arange(len(codes))
        for _ in range(_AGAIN):
            nothing = np.full(len(left), ANY_HOUR, dtype=np.int64)
            span = (low[left], low[left] + SLACK)
            due[left] = self._spread(under.rows[left], codes[left], span, nothing, np.zeros(len(left)))
            moved = np.unique(under.rows[left[due[left] != under.due[left]]])
            hers = np.flatnonzero(np.isin(under.rows, moved) & (due != NOT_DUE))
            if len(hers):
                low[hers] = settle(agenda, under.rows[hers], kinds, kind[hers], due[hers])
            wrong = hers[low[hers] != due[hers]]
            right = np.setdiff1d(left, wrong)
            self._keep(codes[right], due[right])
            again = np.setdiff1d(wrong, left)  # they hold days already
            self._free(codes[again], due[again])
            due[wrong] = NOT_DUE
            left = np.sort(wrong)
            if not len(left):
                break
        return due

    def _follow(self, due: Integers) -> None:
        """Know what is under way by when it comes in truth, so that new contacts keep clear of it."""
        under, pending = self._candidates.underway, self._candidates.pending
        comes, after = np.flatnonzero(due != NOT_DUE), np.flatnonzero(pending.due >= self._until)
        self._pending = Pending(
            np.concatenate([under.rows[comes], pending.rows[after]]),
            (*(under.contacts[one] for one in comes), *(pending.contacts[one] for one in after)),
            np.concatenate([due[comes], pending.due[after]]),
        )
        self._delayed[under.rows[due != under.due]] = True

    def held(self) -> dict[str, int]:
        """Give a mark of the days that are taken now."""
        return {name: len(found) for name, found in self._taken.items()}

    def release(self, held: dict[str, int]) -> None:
        """Free the days that were taken since a mark."""
        for name, count in held.items():
            del self._taken[name][count:]

    def place(self, wish: Wish) -> Integers:
        """Place the contacts of actions; give when each is due by its place in the action, `NOT_DUE` where it does not come.

        Whoever cannot be given a place for all has none for any; shape (m, longest).
        """
        due = np.full((len(wish.rows), self.longest), NOT_DUE, dtype=np.int64)
        failed = np.zeros(len(wish.rows), dtype=np.bool_)
        latest, behind = wish.low.copy(), np.zeros(len(wish.rows), dtype=np.int64)
        held = self.held()
        for turn in range(self.longest):
            waiting = np.flatnonzero(~failed & self._comes(wish, turn))
            if len(waiting):
                delays = self._of(wish.choice[waiting], turn, "delays")
                low = latest[waiting] + delays - behind[waiting]
                found = self._turn(wish.only(waiting), turn, low, due[waiting])
                due[waiting, turn] = found
                failed[waiting] = found == NOT_DUE
                latest[waiting], behind[waiting] = np.where(found == NOT_DUE, latest[waiting], found), delays
        due[failed] = NOT_DUE
        self.release(held)  # days that those held who failed in a later turn are free again
        for turn in range(self.longest):
            self._keep(self._of(wish.choice, turn, "channels"), due[:, turn])
        return due

    def _turn(self, wish: Wish, turn: int, low: Integers, before: Integers) -> Integers:
        """Place the contacts of one turn."""
        codes = self._of(wish.choice, turn, "channels")
        first = self._of(wish.choice, turn, "firsts").astype(np.bool_)
        hours = self._hours(wish.rows, codes)
        awaiting = self._awaiting[wish.rows] if turn else self._delayed[wish.rows]
        if (moved := np.flatnonzero(awaiting)).size:
            low[moved] = self._settled(wish.only(moved), turn, low[moved], before[moved])
            hours[moved] = ANY_HOUR
        high = np.where(first, np.minimum(wish.high, self._until - 1), low + SLACK)
        due = self._spread(wish.rows, codes, (low, high), hours, wish.worth)
        self._keep(codes[~awaiting], due[~awaiting])
        for _ in range(_AGAIN):
            moved = moved[due[moved] != NOT_DUE]
            if not len(moved):
                break
            low[moved] = self._settled(wish.only(moved), turn, due[moved], before[moved])
            right = moved[low[moved] == due[moved]]
            self._keep(codes[right], due[right])
            moved = moved[low[moved] != due[moved]]
            span = (low[moved], np.maximum(high[moved], np.where(first[moved], 0, low[moved] + SLACK)))
            due[moved] = self._spread(wish.rows[moved], codes[moved], span, hours[moved], wish.worth[moved])
        due[moved] = NOT_DUE
        return due

    def _settled(self, wish: Wish, turn: int, low: Integers, before: Integers) -> Integers:
        """Move contacts of customers with others to come to where they are not too much."""
        kinds = [one for action in self._candidates.actions for one in action.contacts]
        offsets = np.cumsum([0, *(len(one.contacts) for one in self._candidates.actions)])
        pending = self._pending
        line, earlier = np.nonzero(before != NOT_DUE)
        extended = Pending(
            np.concatenate([pending.rows, wish.rows[line]]),
            (*pending.contacts, *(kinds[one] for one in (offsets[wish.choice[line]] + earlier).tolist())),
            np.concatenate([pending.due, before[line, earlier]]),
        )
        of = self._candidates
        agenda = Agenda.of(self._limits, self._clocks, of.zone, of.at, of.history, extended)
        return settle(agenda, wish.rows, kinds, offsets[wish.choice] + turn, low)

    def _spread(
        self,
        rows: Integers,
        codes: Integers,
        span: tuple[Integers, Integers],
        hours: Integers,
        worth: Floats,
    ) -> Integers:
        queue = Queue(span[0], span[1], codes, self._channels, hours, worth, self._clocks.take(rows))
        return spread(
            queue,
            self._capacity,
            quiet=self._limits.definition.quiet,
            zone=self._candidates.zone,
            taken={name: np.concatenate(self._taken[name]).tolist() for name in self._capacity if name in self._taken},
        )

    def _keep(self, codes: Integers, due: Integers) -> None:
        """Hold the days that were taken."""
        placed = due != NOT_DUE
        for code in np.unique(codes[placed]).tolist():
            self._taken[self._channels[code]].append(due[placed & (codes == code)])

    def _free(self, codes: Integers, due: Integers) -> None:
        """Give days back, one for each instant."""
        for code, instant in zip(codes.tolist(), due.tolist(), strict=True):
            name = self._channels[code]
            found = np.concatenate(self._taken[name])
            self._taken[name] = [np.delete(found, np.flatnonzero(found == instant)[:1])]

    def _comes(self, wish: Wish, turn: int) -> Booleans:
        """Say who has a contact in this turn that can reach her."""
        codes = self._of(wish.choice, turn, "channels")
        comes = codes >= 0
        later = self._of(wish.choice, turn, "firsts") == 0
        for code in np.unique(codes[comes & later]).tolist():
            if (reached := self._candidates.reached.get(self._channels[code])) is not None:
                ours = np.flatnonzero((codes == code) & later)
                comes[ours] = reached[wish.rows[ours]]
        return comes

    def _of(self, choice: Integers, turn: int, what: str) -> Integers:
        """Give what is so of the contact in this turn of each action; -1 where it has none."""
        every = [getattr(one, what) for one in self._shapes]
        table = np.array([one[turn] if turn < len(one) else -1 for one in every], dtype=np.int64)
        return table[choice]

    def _hours(self, rows: Integers, codes: Integers) -> Integers:
        hours = np.full(len(rows), ANY_HOUR, dtype=np.int64)
        for code in np.unique(codes).tolist():
            best = self._candidates.hours.get(self._channels[code])
            if best is not None:
                hours[codes == code] = best[rows[codes == code]]
        return hours

    def _today(self, channel: str) -> Integers:
        """Give the instants of contacts there have been on the day on which the plan begins."""
        history, at = self._candidates.history, self._candidates.at
        if not history.num_rows:
            return np.empty(0, dtype=np.int64)
        instants = np.asarray(history["at"])
        late = np.flatnonzero((instants >= start_of("day", at, self._candidates.zone)) & (instants <= at))
        same = [one == channel for one in history["channel"].take(late).to_pylist()]
        return instants[late][np.array(same, dtype=np.bool_)].astype(np.int64)


@dataclass(frozen=True)
class _Shape:
    """The contacts of one action, each in its turn: the place of its channel, its delay, whether it is a first one."""

    channels: tuple[int, ...]
    delays: tuple[int, ...]
    firsts: tuple[int, ...]

    @classmethod
    def of(cls, action: Action, channels: Sequence[str]) -> _Shape:
        contacts: tuple[Contact, ...] = action.contacts
        return cls(
            tuple(channels.index(one.channel) for one in contacts),
            tuple(one.delay for one in contacts),
            tuple(int(one.step == 1) for one in contacts),
        )
