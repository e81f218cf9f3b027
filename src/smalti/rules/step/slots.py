"""Where everything about one customer is held: one list, a slot for each thing.

A list of slots is the smallest and fastest thing Python has for a million small states. `Layout` says what is in which
slot; it follows from the definitions alone. The first slots are the same in every layout.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from smalti.facts import Instant, Type
from smalti.rules.nodes import Aggregate, Last, Node, This, Window
from smalti.rules.step.definitions import Definitions
from smalti.rules.step.memory import memories
from smalti.rules.step.tallies import TALLIES, Tally, tallies_of

State: TypeAlias = list[Any]
"""All that is known of one customer; what is in which slot is the layout's business."""

NOW, WAKE, POSITION, PENDING = 0, 1, 2, 3
"""The instant a state speaks of, when it is to be woken, the last position of the log, facts that lie ahead."""

NEVER: Instant = 2**63 - 1
UNBEGUN: Instant = -(2**63)


class Form(NamedTuple):
    """How one kind of slot is copied, and how it is written down and read again."""

    copy: Callable[[Any], Any]
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def _ordered(values: Iterable[Any]) -> list[Any]:
    return sorted(values, key=lambda value: (isinstance(value, str), value))


def _maybe(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


def _tuples(rows: Iterable[Any]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in rows]


def _pending(rows: Iterable[Any]) -> list[tuple[Any, ...]]:
    return [(at, stream, tuple(values)) for at, stream, values in rows]


FORMS: dict[str, Form] = {
    "plain": Form(_same, _same, _same),
    "pair": Form(_same, _maybe(list), _maybe(tuple)),
    "list": Form(list, list, list),
    "pairs": Form(list, _tuples, _tuples),
    "pending": Form(_maybe(list), _maybe(_tuples), _maybe(_pending)),
    "set": Form(set, _ordered, set),
    "counts": Form(
        dict,
        lambda counts: [[value, counts[value]] for value in _ordered(counts)],
        dict,
    ),
}
"""The kinds of slots: plain values, a tuple or nothing, lists, lists of tuples, sets, counts by value."""


@dataclass(frozen=True)
class Condition:
    """Which facts of a stream count, whatever the time.

    Attributes:
        stream: The stream's name.
        window: After, Before or During with bounds that are constant, or None.
        where: The condition on one fact, or None.
        fails: Whether the facts for which `where` is *not* true are meant.
    """

    stream: str
    window: Window | None
    where: Node | None
    fails: bool


@dataclass
class Frame:
    """A window that moves with time, over the facts of a pool.

    Attributes:
        start: The slot of the number of facts that have left it.
        tallies: The slots of what is kept of the facts within.
    """

    start: int
    tallies: dict[Tally, int] = field(default_factory=dict)


@dataclass
class Pool:
    """The facts of a stream under one condition, and what is kept of them.

    Attributes:
        condition: Which facts.
        tallies: The slots of what is kept of all of them, whenever they were.
        frames: The windows that look at them.
        ats: The slot of the instants of the facts within the longest window, ascending; None without windows.
        columns: The slots of those facts' values, one list per column.
    """

    condition: Condition
    tallies: dict[Tally, int] = field(default_factory=dict)
    frames: dict[Last | This, Frame] = field(default_factory=dict)
    ats: int | None = None
    columns: dict[str, int] = field(default_factory=dict)


class Layout:
    """What is in which slot, for given definitions."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.forms: list[str] = []
        self.empties: list[Any] = []
        for form, empty in (("plain", UNBEGUN), ("plain", UNBEGUN), ("plain", -1), ("pending", None)):
            self.take(form, empty)
        self.pools: dict[Condition, Pool] = {}
        self.histories: dict[str, int] = {}
        self.scores = {name: self.take("plain", None) for name in definitions.scores}
        self.draws = {salt: self.take("plain", None) for salt in definitions.salts}
        self.people = [self.take("pair", (0, 0, 0)) for _ in definitions.people]
        self.aggregates = definitions.aggregates()
        for node in self.aggregates:
            self._place(node)
        self.memories = memories(definitions, filter(definitions.needs_history, self.aggregates))
        self.edges = {stream: self.take("plain", NEVER) for stream in self._windowed()}

    def take(self, form: str, empty: Any) -> int:
        """Take the next slot."""
        self.forms.append(form)
        self.empties.append(empty)
        return len(self.forms) - 1

    def _windowed(self) -> list[str]:
        return list(dict.fromkeys(pool.condition.stream for pool in self.pools.values() if pool.frames))

    def pool_of(self, node: Aggregate) -> Pool:
        """Give the pool an aggregate without history is read off."""
        window = None if isinstance(node.window, Last | This) else node.window
        condition = Condition(node.stream, window, node.where, node.function == "all")
        return self.pools.setdefault(condition, Pool(condition))

    def tallies(self, node: Aggregate) -> tuple[Tally, ...]:
        """Give the tallies an aggregate is read off."""
        number = self.type_of(node.stream, node.column) is Type.NUMBER
        return tallies_of(
            node.function, node.column, node.nth or 0, number=number, window=isinstance(node.window, Last | This)
        )

    def type_of(self, stream: str, column: str | None) -> Type | None:
        """Give the type of a column, None if it isn't known."""
        known = self.definitions.streams.get(stream)
        return known[column].type if known is not None and column is not None and column in known else None

    def _place(self, node: Aggregate) -> None:
        if self.definitions.needs_history(node):
            for stream in sorted(self.definitions.streams_of(node)):
                if stream not in self.histories:
                    self.histories[stream] = self.take("pairs", [])
            return
        pool, tallies = self.pool_of(node), self.tallies(node)
        if not isinstance(node.window, Last | This):
            self._keep(pool.tallies, tallies)
            return
        if pool.ats is None:
            pool.ats = self.take("list", [])
        if node.window not in pool.frames:
            pool.frames[node.window] = Frame(self.take("plain", 0))
        if node.column is not None and node.column != "at" and node.column not in pool.columns:
            pool.columns[node.column] = self.take("list", [])
        self._keep(pool.frames[node.window].tallies, tallies)

    def _keep(self, kept: dict[Tally, int], tallies: Iterable[Tally]) -> None:
        for tally in tallies:
            if tally not in kept:
                kept[tally] = self.take(TALLIES[tally.kind].form, TALLIES[tally.kind].empty)

    def streams(self) -> list[str]:
        """Give the streams whose facts matter."""
        pooled = [condition.stream for condition in self.pools]
        return list(dict.fromkeys([*pooled, *self.histories]))

    def remembered(self, stream: str, rows: list[tuple[Any, ...]], now: Instant) -> list[tuple[Any, ...]]:
        """Give those facts of a history that can still matter from an instant on."""
        memory = self.memories[stream]
        return rows if memory is None else rows[bisect_left(rows, now - memory, key=itemgetter(0)) :]

    def empty(self) -> State:
        """Give the state of a customer of whom nothing is known."""
        return [FORMS[form].copy(empty) for form, empty in zip(self.forms, self.empties, strict=True)]

    def copy(self, state: State) -> State:
        """Give a state that shares nothing with this one that changes."""
        return [FORMS[form].copy(value) for form, value in zip(self.forms, state, strict=True)]
