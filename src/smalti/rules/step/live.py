"""`Step`: what happens to one customer when a fact comes and when time passes."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from smalti.errors import SmaltiError, nearest
from smalti.facts import LAST_INSTANT, Instant, Stream, Type, draw_of
from smalti.rules.nodes import Aggregate, Node, People, Quantile, walk
from smalti.rules.step.compiled import Answer, Change, Compiled
from smalti.rules.step.definitions import Definitions, salt_of
from smalti.rules.step.slots import NEVER, NOW, PENDING, POSITION, UNBEGUN, WAKE, State
from smalti.rules.step.stored import digest_of, dump, load, unite

Values = Mapping[str, Any] | tuple[Any, ...]


class Step:
    """The live reading of a project: one customer's state, driven by facts and by time.

    After every call a state's answers are those of the law for the facts delivered so far, as of the state's instant, and
    stay so until `wake_at`. Whoever drives it keeps customers ordered by `wake_at` and calls `on_time` when it comes.

    Args:
        traits: Trees made ready by `check`, by the name of the trait; they may name each other, and scores.
        rules: Trees by the name of the segment; they may ask membership of each other.
        streams: Streams by name, with their columns.
        fitted: The constants of quantiles.

    Attributes:
        columns: Of each stream the columns that matter, in the order in which `on_fact` takes their values.
        people: What is asked of an account's people; see `set_people`.
        scores: The fitted scores that definitions speak of; see `set_score`.
        salts: The names of the draws that definitions speak of; see `empty`.
        traits: The names of the traits.
        digest: A short text that differs where definitions differ.

    Raises:
        SmaltiError: A rule asks membership of an unknown segment, or a quantile was not fitted.

    >>> from smalti.facts import ORDERS, Type
    >>> from smalti.rules.nodes import Aggregate, Compare, Last, Literal
    >>> bought = Compare(">=", Aggregate("count", "orders", window=Last(10)), Literal(1, Type.INTEGER))
    >>> step = Step({}, {"bought": bought}, {"orders": ORDERS})
    >>> her = step.empty()
    >>> step.on_fact(her, "orders", 100, (), now=100)
    [Change(at=100, rule='bought', before=None, after=True)]
    >>> step.wake_at(her)
    110
    >>> step.on_time(her, 500), step.answers(her)
    ([Change(at=110, rule='bought', before=True, after=False)], {'bought': False})
    """

    def __init__(
        self,
        traits: Mapping[str, Node],
        rules: Mapping[str, Node],
        streams: Mapping[str, Stream],
        fitted: Mapping[Quantile, Any] | None = None,
    ) -> None:
        definitions = Definitions(traits, rules, streams, fitted or {})
        self._compiled = Compiled(definitions)
        self._layout = self._compiled.layout
        self._kept = frozenset(self._layout.aggregates)
        self.columns: dict[str, tuple[str, ...]] = {stream: definitions.columns(stream) for stream in streams}
        self.people: tuple[People, ...] = tuple(definitions.people)
        self.traits: tuple[str, ...] = tuple(definitions.traits)
        self.scores: tuple[str, ...] = tuple(self._layout.scores)
        self.salts: tuple[str, ...] = tuple(self._layout.draws)
        self._types = {
            stream: {column.name: column.type for column in one.columns} | {"at": Type.INSTANT}
            for stream, one in streams.items()
        }
        self.digest = digest_of(self._compiled)

    def empty(self, customer_id: str | None = None) -> State:
        """Give the state of a customer of whom nothing is known; it begins with the first call that says when it is.

        Args:
            customer_id: Who she is: her draws hang on nothing else. It may be left out where no definition draws.

        Raises:
            SmaltiError: Definitions draw customers, and nobody said who she is.
        """
        state = self._layout.empty()
        if customer_id is None and self.salts:
            drawn = ", ".join(f"bucket('{salt}')" for salt in self.salts)
            raise SmaltiError(f"a customer without an id: found {drawn} in the definitions, wanted empty(customer_id)")
        for salt, slot in self._layout.draws.items():
            state[slot] = draw_of(salt, str(customer_id))
        return state

    def on_fact(
        self, state: State, stream: str, at: Instant, values: Values, now: Instant, position: int | None = None
    ) -> Sequence[Change]:
        """Take in a fact, after all that is due before it arrives.

        Args:
            state: The customer; changed in place.
            stream: The stream's name.
            at: When it happened: it may be late, or lie ahead, when it waits for its instant.
            values: Its columns by name; or a tuple in the order of `columns`, which is taken as it is, for those who have
                looked at every value before. Numbers that are none, and infinite ones, are missing.
            now: When it arrives; an instant before the state's own counts as the state's own.
            position: Its place in a log. One that isn't beyond the state's last was taken in before and is passed over.

        Returns:
            Every answer that changed, each with its instant, in order.

        Raises:
            SmaltiError: There is no such stream, or a value is not of its column's type; the state is as it was then.
        """
        if not isinstance(values, tuple):
            values = self._taken(stream, values)
        now = min(now, LAST_INSTANT)
        try:
            taken = self._compiled.on_fact[stream]
        except KeyError:
            near = nearest(stream, self.columns)
            hint = f"; did you mean '{near}'?" if near else ""
            raise SmaltiError(f"unknown stream: found '{stream}', wanted one of the project's{hint}") from None
        changes: Sequence[Change] = taken(state, at, values, now, position)
        return changes

    def on_time(self, state: State, now: Instant) -> Sequence[Change]:
        """Let time pass up to an instant: everything that falls due happens at its own microsecond, in order."""
        changes: Sequence[Change] = self._compiled.on_time(state, min(now, LAST_INSTANT))
        return changes

    @property
    def given_up(self) -> int:
        """How many searches for the next change ran out of patience; the next wake-up may then be up to a second late."""
        return self._compiled.search.given_up

    def wake_at(self, state: State) -> Instant | None:
        """Give when an answer, or a trait that steps, could next change with no new fact; never late, None for never."""
        wake: Instant = state[WAKE]
        return wake if UNBEGUN < wake < NEVER else None

    def now(self, state: State) -> Instant | None:
        """Give the instant that a state speaks of, None for one that has not begun."""
        return None if state[NOW] == UNBEGUN else state[NOW]

    def position(self, state: State) -> int:
        """Give the last position of the log that a state has taken in, -1 before any."""
        position: int = state[POSITION]
        return position

    def answers(self, state: State) -> dict[Hashable, Answer]:
        """Give every rule's answer, and for what is asked of people that of the trees asked; None for unknown."""
        return {
            name: answer
            for group in self._compiled.groups.values()
            for name, answer in zip(group.rules, state[group.slot], strict=True)
        }

    def value(self, state: State, name: str | Node, now: Instant) -> Any:
        """Give the value of a trait, rule or tree as of an instant; one before the state's own counts as the state's own.

        Raises:
            SmaltiError: There is no trait or rule of this name, or a tree has aggregates that none of them has.
        """
        node = self._tree(name)
        now = max(now, state[NOW])
        if state[NOW] == UNBEGUN or self._edge(state) <= now:
            state = self._layout.copy(state)
            self._compiled.on_time(state, now)
        return self._compiled.evaluate(node, state, now)

    def _tree(self, name: str | Node) -> Node:
        if isinstance(name, Node):
            for part in walk(name):
                if not self._is_kept(part):
                    raise SmaltiError(f"nothing is kept for this: found {part}, wanted a part of the step's own trees")
            return name
        definitions = self._compiled.definitions
        found = definitions.rules.get(name) or definitions.traits.get(name)
        if found is None:
            near = nearest(name, [*definitions.rules, *definitions.traits])
            hint = f"; did you mean '{near}'?" if near else ""
            raise SmaltiError(f"unknown name: found '{name}', wanted a trait or rule{hint}")
        return found

    def _is_kept(self, part: Node) -> bool:
        """Whether a state holds what a part of a tree looks at."""
        salt = salt_of(part)
        return part in self._kept if isinstance(part, Aggregate) else salt is None or salt in self.salts

    def _edge(self, state: State) -> Instant:
        """Give when a fact next leaves a window, or one that waits becomes visible."""
        edges = [state[slot] for slot in self._layout.edges.values()]
        return min([*edges, *([state[PENDING][0][0]] if state[PENDING] else [])], default=NEVER)

    def next_change(self, state: State, name: str | Node, now: Instant) -> Instant | None:
        """Give the first instant after `now` at which a trait, rule or tree changes if no fact comes; None for never.

        A value that glides, such as ``days_since``, changes with the next microsecond.

        Raises:
            SmaltiError: As `value` does.
        """
        node = self._tree(name)
        state = self._layout.copy(state)
        self._compiled.on_time(state, now)
        now, value = state[NOW], self._compiled.evaluate(node, state, state[NOW])
        while now < LAST_INSTANT:
            edge = min(self._edge(state), LAST_INSTANT + 1)
            found = None
            if self._compiled.definitions.needs(node).moving:
                found = self._compiled.search.first_change(node, state, now, edge - 1)
            now = found if found is not None else edge
            if now > LAST_INSTANT:
                return None
            self._compiled.on_time(state, now)
            if self._compiled.evaluate(node, state, now) != value:
                return now
        return None

    def set_score(self, state: State, name: str, value: Any, now: Instant) -> Sequence[Change]:
        """Set a fitted score, which holds from now on until it is set again.

        Raises:
            SmaltiError: No definition speaks of this score.
        """
        if name not in self._layout.scores:
            near = nearest(name, self.scores)
            hint = f"; did you mean '{near}'?" if near else ""
            raise SmaltiError(f"unknown score: found '{name}', wanted one that a definition speaks of{hint}")
        known = None if isinstance(value, float) and not math.isfinite(value) else value
        return self._set(state, self._layout.scores[name], known, now, f"score:{name}")

    def set_people(self, state: State, people: People, tally: tuple[int, int, int], now: Instant) -> Sequence[Change]:
        """Set of how many of an account's people a rule is true, false and unknown.

        Of each person the step watches the rule and the link as well: their answers and changes bear the trees
        ``people.rule`` and ``people.link`` as names. Whoever drives the step keeps the tally from these.
        """
        if people not in self.people:
            raise SmaltiError("an unknown question about people; wanted one of Step.people")
        number = self.people.index(people)
        return self._set(state, self._layout.people[number], tally, now, f"people:{number}")

    def _set(self, state: State, slot: int, value: Any, now: Instant, token: str) -> Sequence[Change]:
        def put() -> Sequence[Change]:
            state[slot] = value
            changes: Sequence[Change] = self._compiled.refresh(self._compiled.mask([token]))(state, state[NOW], ())
            return changes

        if state[NOW] == UNBEGUN:
            return self._compiled.begin(state, now, put)
        return [*self._compiled.on_time(state, min(now, LAST_INSTANT)), *put()]

    def _taken(self, stream: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Give the values that matter in their order, each looked at."""
        types = self._types.get(stream, {})
        return tuple([_taken(values.get(one), types[one], f"{stream}.{one}") for one in self.columns.get(stream, ())])

    def rebuild(
        self,
        facts: Iterable[tuple[str, Instant, Values]],
        now: Instant,
        position: int = -1,
        customer_id: str | None = None,
    ) -> State:
        """Give the state of a customer as of an instant from facts, in any order, up to a position of the log."""
        state = self.empty(customer_id)
        self._compiled.on_time(state, now)
        for stream, at, values in facts:
            self.on_fact(state, stream, at, values, now)
        state[POSITION] = position
        return state

    def merge(self, one: State, two: State) -> State:
        """Give the state of two customers who turn out to be one: as if the facts of both had been hers all along.

        It speaks of the later of both instants; a score is taken from `one` if it has it. She goes on as `one`, whose draws
        are hers. Neither state is changed.
        """
        return unite(self._compiled, one, two)

    def dump(self, state: State) -> bytes:
        """Write a state down, with the version of the form and the digest of the definitions."""
        return dump(self._layout, self.digest, state)

    def load(self, stored: bytes) -> State:
        """Read a state again.

        Raises:
            SmaltiError: It was written in another version, or for other definitions: rebuild it from facts.
        """
        return load(self._layout, self.digest, stored)


_HELD: dict[Type, tuple[type, ...]] = {Type.TEXT: (str,), Type.NUMBER: (float, int), Type.BOOLEAN: (bool,)}


def _taken(value: Any, kind: Type, where: str) -> Any:
    """Give a value of a column if it is of its type: money, instants and durations are whole numbers."""
    if value is None:
        return None
    if type(value) not in _HELD.get(kind, (int,)):
        raise SmaltiError(f"not a value of {where}: found {value!r}, wanted {kind}")
    return None if kind is Type.NUMBER and not math.isfinite(value) else value
