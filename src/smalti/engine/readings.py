"""The readings of the language as things that live through a timeline: told what happens, asked what is so.

- `ByMeaning`: the law, for one customer after the other, over all facts that have come in
- `ByQuery`: the batch query, for all customers at once, over the same facts in the store
- `ByStep`: the live step, a state for each customer, driven by facts and woken when it asks to be
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple, Protocol, TypeAlias

import pyarrow as pa

from smalti.facts import DAY, Instant, Stream, Type, arrow_type, next_start
from smalti.project import Change, Delivery, Scoring, Timeline
from smalti.rules import (
    Call,
    Customer,
    Last,
    Literal,
    Node,
    Now,
    People,
    Sequence,
    StartOf,
    This,
    meaning,
    names_in,
    walk,
)
from smalti.rules.step import Step
from smalti.store import Store
from smalti.traits import Computed, answer, compute

Asked: TypeAlias = tuple[str, str]
"""A customer, and the name of a trait or segment."""
Values: TypeAlias = dict[Asked, Any]


class Moment(NamedTuple):
    """An instant, and how many happenings have been heard of by then."""

    at: Instant
    heard: int


class Reading(Protocol):
    """What lives through a timeline."""

    name: str

    def hear(self, happening: Delivery | Scoring) -> None:
        """Take in what happens."""

    def wait(self, until: Instant) -> None:
        """Let time pass, with nothing happening."""

    def values(self) -> Values:
        """Give all that is watched of every customer now; None is missing or unknown."""

    def changes(self) -> set[Change]:
        """Give the changes of membership since this was asked last, as far as this reading notices them itself."""

    def confirms(self, change: Change) -> bool:
        """Whether this reading, when asked, finds a change that it didn't notice itself."""


class History:
    """What has come in so far, in the order in which it came; what comes twice is there once."""

    def __init__(self, start: Instant) -> None:
        self.start = start
        self.happenings: list[Delivery | Scoring] = []

    def facts(self, heard: int) -> dict[str, dict[str, list[Mapping[str, Any]]]]:
        """Give the facts among the first so many happenings, by customer and stream."""
        found: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
        for one in self.happenings[:heard]:
            if isinstance(one, Delivery):
                found.setdefault(one.customer, {}).setdefault(one.stream, []).append(one.fact)
        return found

    def scores(self, heard: int) -> dict[str, dict[str, Any]]:
        """Give the scores that the first so many happenings leave behind, by customer."""
        found: dict[str, dict[str, Any]] = {}
        for one in self.happenings[:heard]:
            if isinstance(one, Scoring):
                found.setdefault(one.customer, {})[one.score] = one.value
        return found

    def moments(self, at: Instant) -> list[Moment]:
        """Give the moments at an instant: as soon as it comes, and after each thing that comes in then."""
        before = sum(one.now < at for one in self.happenings)
        after = sum(one.now <= at for one in self.happenings)
        return [Moment(at, heard) for heard in range(before, after + 1)]


class ByMeaning:
    """The law. It notices changes by asking at every instant at which one could be, and halving what lies between."""

    name = "meaning"

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.traits = {one.name: one.node for one in timeline.traits}
        self.rules = {one.name: one.node for one in timeline.segments}
        self.history = History(timeline.start)
        self.now = timeline.start
        self._since = Moment(timeline.start, 0)

    def hear(self, happening: Delivery | Scoring) -> None:
        """Take in what happens."""
        self.history.happenings.append(happening)

    def wait(self, until: Instant) -> None:
        """Let time pass."""
        self.now = until

    def values(self) -> Values:
        """Give all that is watched of every customer."""
        everybody = self._everybody(len(self.history.happenings))
        trees = {name: one for name, one in (self.traits | self.rules).items() if name in self.timeline.watched}
        return {
            (one.customer_id, name): meaning(tree, one, self.now) for one in everybody for name, tree in trees.items()
        }

    def changes(self) -> set[Change]:
        """Give the changes of membership since this was asked last."""
        found: set[Change] = set()
        before, members = self._since, self._members(self._since)
        for moment in self._moments():
            after = self._members(moment)
            for asked in members ^ after:
                found.add(self._change(asked, before, moment, asked in members))
            before, members = moment, after
        self._since = before
        return found

    def confirms(self, change: Change) -> bool:
        """Whether the change is there, seen just before it and at it."""
        return confirmed(change, self.history, self._members)

    def _change(self, asked: Asked, before: Moment, after: Moment, was: bool) -> Change:
        """Find when between two moments an answer changed, with nothing coming in but at the second of them."""
        low, high = before.at, after.at
        if (asked in self._members(Moment(high, before.heard))) == was:
            return Change(high, *asked, entered=not was)
        while high - low > 1:
            middle = (low + high) // 2
            same = (asked in self._members(Moment(middle, before.heard))) == was
            low, high = (middle, high) if same else (low, middle)
        return Change(high, *asked, entered=not was)

    def _members(self, moment: Moment) -> frozenset[Asked]:
        rules = {name: rule for name, rule in self.rules.items() if name in self.timeline.watched}
        return frozenset(
            (one.customer_id, name)
            for one in self._everybody(moment.heard)
            for name, rule in rules.items()
            if meaning(rule, one, moment.at) is True
        )

    def _everybody(self, heard: int) -> list[Customer]:
        facts, scores = self.history.facts(heard), self.history.scores(heard)
        everybody: list[Customer] = []
        everybody += [
            Customer(
                facts.get(name, {}),
                self.traits,
                dict.fromkeys(self.timeline.scores) | scores.get(name, {}),
                self.timeline.fitted,
                self.rules,
                name,
                everybody,
            )
            for name in self.timeline.customers
        ]
        return everybody

    def _moments(self) -> list[Moment]:
        """Give the moments since the last question at which an answer could have changed, in order."""
        since, trees = self._since, [*self.traits.values(), *self.rules.values()]
        instants = {one.now for one in self.history.happenings} | {since.at, self.now}
        for one in self.history.happenings:
            known = one.fact.values() if isinstance(one, Delivery) else ()
            instants |= {at + length for at in known if _may_be_an_instant(at) for length in lengths(trees)}
        if any(_looks_at_the_calendar(part) for tree in trees for part in walk(tree)):
            instants |= set(midnights(since.at, self.now, self.timeline.time_zone))
        near = {at + beside for at in instants for beside in (-1, 0, 1)}
        found = (moment for at in sorted(near) for moment in self.history.moments(at))
        return [one for one in found if since < one and one.at <= self.now]


def confirmed(change: Change, history: History, members: Callable[[Moment], frozenset[Asked]]) -> bool:
    """Whether a change is there: from a microsecond before to the end of its instant, or from one moment to the next."""
    asked = change.customer, change.segment
    moments = [Moment(change.at - 1, history.moments(change.at)[0].heard), *history.moments(change.at)]
    for known in ([moments[0], moments[-1]], moments):
        answers = [asked in members(moment) for moment in known]
        if (not change.entered, change.entered) in pairwise(answers):
            return True
    return False


def _may_be_an_instant(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) > DAY


def lengths(trees: Iterable[Node]) -> set[int]:
    """Give every length of time that trees speak of, plain numbers taken as days; and none at all.

    >>> from smalti.rules import parse
    >>> sorted(length // DAY for length in lengths([parse("days_since(last_order) > 60 and gap < 2 days")]))
    [-60, -2, 0, 2, 60]
    """
    found = {0}
    for part in (part for tree in trees for part in walk(tree)):
        match part:
            case Last(duration=int(length)) | Sequence(within=int(length)):
                found.add(length)
            case Literal(value=bool() | str()):
                continue
            case Literal(value=int() | float() as value, type=kind) if kind != "instant" and abs(value) < 2 * 10**13:
                found.add(round(value) if kind == "duration" else round(value * DAY))
    return found | {-length for length in found}


def _looks_at_the_calendar(node: Node) -> bool:
    return isinstance(node, StartOf | This | Now) or (isinstance(node, Call) and len(node.arguments) == 2)


def midnights(since: Instant, until: Instant, time_zone: str) -> Iterator[Instant]:
    """Give the starts of days after one instant and up to another."""
    at = next_start("day", since, time_zone)
    while at <= until:
        yield at
        at = next_start("day", at, time_zone)


class ByStep:
    """The live step, one state per customer, driven by facts and by its own wake-ups only: nobody asks it to look again."""

    name = "step"

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.now = timeline.start
        traits = {one.name: one.node for one in timeline.traits}
        rules = {one.name: one.node for one in timeline.segments}
        self._step = Step(traits, rules, timeline.streams, timeline.fitted)
        self._rules, self._traits = rules.keys() & timeline.watched, traits.keys() & timeline.watched
        self._states = {customer: self._step.empty(customer) for customer in timeline.customers}
        self._tallies: dict[tuple[str, People], tuple[int, int, int]] = {}
        self._position = 0
        self._noticed: set[Change] = set()
        for state in self._states.values():
            self._step.on_time(state, timeline.start)
        self._tally(timeline.start)
        self._noticed = set()

    def hear(self, happening: Delivery | Scoring) -> None:
        """Take in what happens; what is delivered twice has one position in the log."""
        state, now = self._states[happening.customer], happening.now
        self._position += 1
        if isinstance(happening, Scoring):
            if happening.score in self._step.scores:
                self._note(happening.customer, self._step.set_score(state, happening.score, happening.value, now))
        else:
            for _ in range(1 + happening.again):
                fact = (happening.stream, happening.fact["at"], happening.fact, now, self._position)
                self._note(happening.customer, self._step.on_fact(state, *fact))
        self._tally(now)

    def wait(self, until: Instant) -> None:
        """Wake whoever wants to be woken up to then, the earliest first; nobody else."""
        while True:
            due = [(self._step.wake_at(state), customer) for customer, state in self._states.items()]
            at, customer = min(((at, one) for at, one in due if at is not None), default=(until + 1, ""))
            if at > until:
                break
            self._note(customer, self._step.on_time(self._states[customer], at))
            self._tally(at)
        self.now = until

    def values(self) -> Values:
        """Give all that is watched of every customer: of rules the answer that was left behind when last something was due."""
        found: Values = {}
        for customer, state in self._states.items():
            answers = self._step.answers(state)
            found |= {(customer, name): answers[name] for name in self._rules}
            found |= {(customer, name): self._step.value(state, name, self.now) for name in self._traits}
        return found

    def changes(self) -> set[Change]:
        """Give the changes of membership since this was asked last."""
        found, self._noticed = self._noticed, set()
        return found

    def confirms(self, change: Change) -> bool:
        """Nothing: it has noticed a change by itself, or not at all."""
        return False

    def _note(self, customer: str, changes: Iterable[Any]) -> None:
        for at, rule, before, after in changes:
            if rule in self._rules and (before is True) != (after is True):
                self._noticed.add(Change(at, customer, rule, after is True))

    def _tally(self, now: Instant) -> None:
        """Tell accounts how many of their people answer what, where that has become another number."""
        for people in self._step.people:
            answers = [self._step.answers(state) for state in self._states.values()]
            for account, state in self._states.items():
                mine = [one[people.rule] for one in answers if one[people.link] == account]
                tally = mine.count(True), mine.count(False), mine.count(None)
                if self._tallies.get((account, people)) != tally:
                    self._tallies[account, people] = tally
                    self._note(account, self._step.set_people(state, people, tally, now))


class ByQuery:
    """The batch query, over all customers at once. It doesn't notice changes; it is asked beside each that others claim."""

    name = "query"

    def __init__(self, timeline: Timeline, store: Store) -> None:
        self.timeline = timeline
        self.store = store
        self.rules = {one.name: one.node for one in timeline.segments}
        self.history = History(timeline.start)
        self.now = timeline.start
        self._answers: dict[Moment, list[dict[str, Any]]] = {}

    def hear(self, happening: Delivery | Scoring) -> None:
        """Take in what happens."""
        self.history.happenings.append(happening)

    def wait(self, until: Instant) -> None:
        """Let time pass."""
        self.now = until

    def values(self) -> Values:
        """Give all that is watched of every customer."""
        rows = self._answered(Moment(self.now, len(self.history.happenings)))
        return {(row["customer_id"], name): row[name] for row in rows for name in row.keys() & self.timeline.watched}

    def changes(self) -> set[Change]:
        """Give nothing: a query runs when it is asked to."""
        return set()

    def confirms(self, change: Change) -> bool:
        """Whether the change is there, asked just before it and at it."""
        return confirmed(change, self.history, self._members)

    def _members(self, moment: Moment) -> frozenset[Asked]:
        return frozenset(
            (row["customer_id"], name) for row in self._answered(moment) for name in self.rules if row[name] is True
        )

    def _answered(self, moment: Moment) -> list[dict[str, Any]]:
        if moment not in self._answers:
            self._answers[moment] = self._asked(moment)
        return self._answers[moment]

    def _asked(self, moment: Moment) -> list[dict[str, Any]]:
        """Compute all traits and answer all rules as of a moment: a row for each customer."""
        facts = self.history.facts(moment.heard)
        for stream in self.timeline.streams.values():
            self.store.put(stream.name, _facts_table(stream, facts))
        known = Computed(_EVERYBODY, self._put_everybody(moment.heard), dict(self.timeline.fitted))
        traits, rules = self.timeline.traits, self.rules
        made = (self.store, self.timeline.streams, traits, rules.values(), moment.at, _ANSWERED)
        computed = compute(*made, segments=rules, known=known)
        columns = self.store.table(_ANSWERED).select(["customer_id", *(trait.name for trait in traits)])
        found = {row["customer_id"]: row for row in columns.to_pylist()}
        for row in answer(self.store, computed, rules, moment.at).to_pylist():
            found[row["customer_id"]] |= row
        for table in (*self.timeline.streams, _EVERYBODY, _ANSWERED):
            self.store.drop(table)
        return list(found.values())

    def _put_everybody(self, heard: int) -> dict[str, Type]:
        """Put all customers into the store, with their scores, and give the types of these."""
        scores = self.history.scores(heard)
        names = sorted(set(self.timeline.scores) & {name for one in self._trees() for name in names_in(one)})
        types = {name: self.timeline.types[name] for name in names}
        schema = pa.schema([("customer_id", pa.string()), *((name, arrow_type(kind)) for name, kind in types.items())])
        rows = [{"customer_id": one, **scores.get(one, {})} for one in self.timeline.customers]
        self.store.put(_EVERYBODY, pa.Table.from_pylist(rows, schema))
        return types

    def _trees(self) -> list[Node]:
        return [*(trait.node for trait in self.timeline.traits), *self.rules.values()]


_EVERYBODY, _ANSWERED = "_everybody", "_answered"


def _facts_table(stream: Stream, facts: Mapping[str, Mapping[str, list[Mapping[str, Any]]]]) -> pa.Table:
    rows = [{"customer_id": customer, **one} for customer, held in facts.items() for one in held.get(stream.name, ())]
    return pa.Table.from_pylist(rows, stream.schema())
