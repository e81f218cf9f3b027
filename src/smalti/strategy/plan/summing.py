"""Sums of a plan: what some of its customers bring together, with an interval that shared doubt does not shrink."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from smalti.strategy.match import LEVEL_Z
from smalti.strategy.peers import Booleans, Integers
from smalti.strategy.plan.made import Plan
from smalti.strategy.plan.pricing import at


@dataclass(frozen=True)
class Sum:
    """What some customers of a plan come to; money in minor units.

    Attributes:
        by: By what they were put together: ``treatment``, ``channel``, ``segment``, ``strategy``, ``day`` or ``all``.
        name: Of which treatment, channel and so on.
        title: What people call it.
        customers: How many customers get a treatment.
        contacts: How many contacts they get, those under way with them.
        gain: What the plan expects of them, costs of doing treatments at all off.
        low: Low end of its 80 % interval.
        high: High end.
        cost: What they are expected to cost, with costs of doing treatments at all.
    """

    by: str
    name: str
    title: str
    customers: int
    contacts: int
    gain: float
    low: float
    high: float
    cost: float


class Sums:
    """Sums over customers, actions of one source doubted together.

    What is not known of a source's effect is shared by all its customers and does not average out; what is not known of the
    single customer does. Sources are independent of each other.
    """

    def __init__(self, plan: Plan) -> None:
        gains, choice = plan.candidates.gains, plan.choice
        self._plan = plan
        self.gain, self.cost = at(gains.gain, choice), at(gains.cost, choice)
        spread = (at(gains.high, choice) - at(gains.low, choice)) / (2 * LEVEL_Z)
        self._shared = np.append(gains.doubt, 0.0)[choice] * np.abs(self.gain + self.cost)
        for place, shared in gains.shared.items():
            mine = choice == place
            self._shared[mine] = shared[mine]
        self._own = np.maximum(spread**2 - self._shared**2, 0.0)
        names = sorted(set(gains.source))
        self._sources = np.array([*(names.index(one) for one in gains.source), 0], dtype=np.int64)[choice]
        self._count = max(len(names), 1)

    def of(self, rows: Booleans | Integers) -> tuple[float, float, float, float]:
        """Give gain, low, high and cost of some customers, minor units; costs of doing treatments at all not among them."""
        gain, own = float(self.gain[rows].sum()), float(self._own[rows].sum())
        shared = np.bincount(self._sources[rows], self._shared[rows], minlength=self._count)
        reach = LEVEL_Z * (own + float(shared @ shared)) ** 0.5
        return gain, gain - reach, gain + reach, float(self.cost[rows].sum())


@dataclass(frozen=True, eq=False)
class Coded:
    """What each contact of a plan is of, as a place among names.

    Attributes:
        codes: The place of each contact's name; -1 for none; shape (m,).
        names: The names.
    """

    codes: Integers
    names: tuple[str, ...]


def sums_of(plan: Plan, days: Coded, channels: Coded, treatments: Coded) -> tuple[Sum, ...]:
    """Sum a plan up by treatment, channel, segment, strategy and day, and in all, in this order.

    Gains belong to the treatment, channel, strategy and day of the first contact; a bundle stands for itself. Costs of doing a
    treatment at all are those of treatments, strategies and of all; days, channels and segments do not bear them.

    Args:
        plan: The plan.
        days: Of each contact the day.
        channels: Of each contact the channel.
        treatments: Of each contact the treatment.
    """
    return tuple(_Summing(plan, days, channels, treatments).every())


class _Summing:
    """Sums of one plan."""

    def __init__(self, plan: Plan, days: Coded, channels: Coded, treatments: Coded) -> None:
        self._plan, self._days, self._channels, self._treatments = plan, days, channels, treatments
        self._sums = Sums(plan)
        self._actions = plan.candidates.actions
        self._parts = {part.name: part for action in self._actions for part in action.treatments}

    def every(self) -> Iterator[Sum]:
        """Give all sums."""
        yield from self._by_treatment()
        yield from self._by_channel()
        yield from self._by_segment()
        yield from self._by_strategy()
        yield from self._by_day()
        fixed = sum(self._plan.fixed.values())
        yield self._sum("all", "all", "All", self._plan.choice >= 0, len(self._plan.contacts.rows), fixed)

    def _sum(self, by: str, name: str, title: str, mask: Booleans, contacts: int, fixed: float = 0.0) -> Sum:
        rows = np.flatnonzero(mask & (self._plan.choice >= 0))
        gain, low, high, cost = self._sums.of(rows)
        return Sum(by, name, title, len(rows), contacts, gain - fixed, low - fixed, high - fixed, cost + fixed)

    def _chosen(self, fits: Sequence[bool]) -> Booleans:
        """Say whose action is one of these; shape (n,)."""
        return np.array([*fits, False], dtype=np.bool_)[self._plan.choice]

    def _by_treatment(self) -> Iterator[Sum]:
        sets = list(dict.fromkeys(tuple(part.name for part in action.treatments) for action in self._actions))
        going = self._plan.contacts.action < 0
        paid: set[str] = set()
        for names in sorted(sets, key=len):
            fits = [tuple(part.name for part in action.treatments) == names for action in self._actions]
            mask = self._chosen(fits)
            own = np.array([*fits, False], dtype=np.bool_)[self._plan.contacts.action] & ~going
            if len(names) == 1 and names[0] in self._treatments.names:
                own |= going & (self._treatments.codes == self._treatments.names.index(names[0]))
            if not mask.any() and not own.any():
                continue
            fixed = sum(self._plan.fixed.get(name, 0.0) for name in names if name not in paid)
            paid |= set(names)
            title = " + ".join(self._parts[name].title for name in names)
            yield self._sum("treatment", " + ".join(names), title, mask, int(own.sum()), fixed)

    def _by_channel(self) -> Iterator[Sum]:
        for code, name in enumerate(self._channels.names):
            mask = self._chosen([action.channels[0] == name for action in self._actions])
            yield self._sum("channel", name, name, mask, int((self._channels.codes == code).sum()))

    def _by_segment(self) -> Iterator[Sum]:
        candidates = self._plan.candidates
        for name in sorted(candidates.segments):
            mask = candidates.segments[name]
            contacts = int(mask[self._plan.contacts.rows].sum())
            if contacts or bool((mask & (self._plan.choice >= 0)).any()):
                yield self._sum("segment", name, candidates.titles.get(name, name), mask, contacts)

    def _by_strategy(self) -> Iterator[Sum]:
        served = np.array([*(self._strategy(name) for name in self._treatments.names), ""], dtype=object)
        of_contact = served[self._treatments.codes]
        for name in sorted({part.strategy for part in self._parts.values()}):
            mask = self._chosen([action.treatments[0].strategy == name for action in self._actions])
            contacts = int((of_contact == name).sum())
            if contacts or mask.any():
                fixed = sum(cost for one, cost in self._plan.fixed.items() if self._strategy(one) == name)
                yield self._sum("strategy", name, name.replace("_", " ").capitalize(), mask, contacts, fixed)

    def _strategy(self, treatment: str) -> str:
        return self._parts[treatment].strategy if treatment in self._parts else ""

    def _by_day(self) -> Iterator[Sum]:
        contacts = self._plan.contacts
        first = np.full(len(self._plan.choice), -1, dtype=np.int64)
        first[contacts.rows[contacts.first]] = self._days.codes[contacts.first]
        for code, name in enumerate(self._days.names):
            count = int((self._days.codes == code).sum())
            if count:
                yield self._sum("day", name, name, first == code, count)
