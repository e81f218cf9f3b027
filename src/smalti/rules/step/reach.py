"""When a tree can next change by time alone: found by intervals.

`Search.reach` tells what a tree can be at any instant between two, for facts that stay as they are. Where it can be one
thing only it stands still; where not, the time is halved, the earlier half first (R. E. Moore, Interval Analysis, 1966).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial, singledispatchmethod
from typing import Any

from smalti.facts import DAY, PARTS, SECOND, Instant, next_start, start_of
from smalti.rules.functions import SINCE
from smalti.rules.nodes import (
    After,
    Aggregate,
    Arithmetic,
    Before,
    Between,
    Call,
    Case,
    Compare,
    During,
    In,
    IsMissing,
    Its,
    Last,
    Like,
    Literal,
    Logic,
    Member,
    Name,
    Negate,
    Node,
    Not,
    Now,
    Sequence,
    StartOf,
    This,
    Window,
)
from smalti.rules.step.definitions import Definitions, looks_at_the_clock
from smalti.rules.step.emit import fits
from smalti.rules.step.histories import Row, at_of, beside, outermost_sequences, within
from smalti.rules.step.intervals import (
    ABSENT,
    ANYTHING,
    ENDS,
    TEXTS,
    Reach,
    answer,
    compare,
    exactly,
    first_known,
    hull,
    logic,
    outcome,
    part_of_clock,
    plus,
    quotient,
    since,
    strict,
)
from smalti.rules.step.slots import Layout, State
from smalti.rules.step.tallies import summarise

BUDGET = 600
"""Intervals looked at before a search gives up and asks to be woken at the first instant it could not decide."""

GRAIN = SECOND
"""The shortest wait after a search that gave up: an answer that hangs on the last bit of a real number may flicker from one
microsecond to the next, and must not keep a machine awake."""


@dataclass(frozen=True)
class Span:
    """A stretch of time in one customer's life, both ends included; in a condition on one fact that fact's columns too.

    Attributes:
        state: The customer.
        low: The first instant.
        high: The last instant.
        known: Reaches of trees that stand still.
        columns: The columns of the fact, by name.
        outer: The columns of the fact that it stands beside.
    """

    state: State
    low: Instant
    high: Instant
    known: dict[Node, Reach] = field(default_factory=dict)
    columns: dict[str, Any] | None = None
    outer: dict[str, Any] | None = None


class Search:
    """Finds the next change of moving trees.

    Args:
        definitions: What names stand for.
        layout: Where histories are held.
        evaluate: Gives the value of a tree for a state as of an instant.
    """

    def __init__(
        self, definitions: Definitions, layout: Layout, evaluate: Callable[[Node, State, Instant], Any]
    ) -> None:
        self.definitions = definitions
        self.layout = layout
        self.evaluate = evaluate
        self.given_up = 0

    def first_change(self, node: Node, state: State, now: Instant, end: Instant) -> Instant | None:
        """Give the first instant after `now` and up to `end` at which the tree may differ; None if it can't.

        Never too late. It can be too early where the search gave up, and of an aggregate, whose facts may change places
        without changing their summary.
        """
        if isinstance(node, Aggregate) and not any(
            self.definitions.needs(bound).moving for bound in self.definitions.bounds(node)
        ):
            return self._first_fact(node, Span(state, now, now), end)
        return self._halve(node, Span(state, now, now), end)

    def _halve(self, node: Node, span: Span, end: Instant) -> Instant | None:
        """Search for the first instant after the span's at which a tree differs from what it is then."""
        now, current = span.low, self.reach(node, span)
        parts, budget = [(now + 1, end)] if now < end else [], BUDGET
        while parts:
            low, high = parts.pop()
            found = self.reach(node, replace(span, low=low, high=high))
            if found.still and found == current:
                continue
            if low == high:
                return low
            budget -= 1
            if budget == 0:
                self.given_up += low < now + GRAIN
                return min(max(low, now + GRAIN), end)
            middle = (low + high) // 2
            parts += [(middle + 1, high), (low, middle)]
        return None

    def _first_fact(self, node: Aggregate, span: Span, end: Instant) -> Instant | None:
        """Search among the facts: when the first leaves the window, or a condition on one changes."""
        rows, now, best = self._rows(node.stream, span), span.low, end + 1
        bounds = tuple(self.evaluate(bound, span.state, now) for bound in self.definitions.bounds(node))
        places = within(node.window, rows, now, bounds)
        if places and isinstance(node.window, Last):
            best = min(best, rows[places[0]][0] + node.window.duration)
        elif places and isinstance(node.window, This):
            best = min(best, next_start(node.window.unit, now, str(node.window.zone)))
        if node.where is not None and looks_at_the_clock(node.where):
            for place in places:
                on_row = replace(span, columns=self._columns(node.stream, rows[place]))
                best = self._halve(node.where, on_row, best - 1) or best
        elif node.where is not None:
            best = min([best, *self._ends_of_waiting(node.where, node.stream, span)])
        return best if best <= end else None

    def _ends_of_waiting(self, where: Node, stream: str, span: Span) -> Iterator[Instant]:
        """Give for each sequence in a condition when the first fact has waited long enough for one that follows.

        The fact may have been followed by then: a change that can be, not one that must.
        """
        for part in outermost_sequences(where):
            rows = self._rows(stream, span)
            if part.order == "followed_by" and part.within is not None:
                waiting = bisect_right(rows, span.low - part.within, key=at_of)
                if waiting < len(rows):
                    yield rows[waiting][0] + part.within
            if part.where is not None:
                yield from self._ends_of_waiting(part.where, part.stream, span)

    def _rows(self, stream: str, span: Span) -> list[Row]:
        rows: list[Row] = span.state[self.layout.histories[stream]]
        return rows

    def _columns(self, stream: str, row: Row) -> dict[str, Any]:
        return dict(zip(("at", *self.definitions.columns(stream)), row, strict=True))

    def reach(self, node: Node, span: Span) -> Reach:
        """Tell what a tree can be in a stretch of time."""
        if span.columns is None and not self.definitions.needs(node).moving:
            if node not in span.known:
                span.known[node] = exactly(self.evaluate(node, span.state, span.low))
            return span.known[node]
        return self._read(node, span)

    def asked(self, node: Node, span: Span) -> Reach:
        """Tell what a condition can be answered in a stretch of time."""
        return answer(self.reach(node, span))

    @singledispatchmethod
    def _read(self, node: Node, span: Span) -> Reach:
        raise TypeError(f"not a node of the language: {node!r}")

    @_read.register
    def _(self, node: Literal, span: Span) -> Reach:
        return exactly(node.value)

    @_read.register
    def _(self, node: Name, span: Span) -> Reach:
        if span.columns is not None:
            return exactly(span.columns.get(node.name))
        return self.reach(self.definitions.follow(node), span)

    @_read.register
    def _(self, node: Its, span: Span) -> Reach:
        return exactly((span.outer or {}).get(node.column))

    @_read.register
    def _(self, node: Now, span: Span) -> Reach:
        return Reach(span.low, span.high, False)

    @_read.register
    def _(self, node: StartOf, span: Span) -> Reach:
        zone = str(node.zone)
        return Reach(start_of(node.unit, span.low, zone), start_of(node.unit, span.high, zone), False)

    @_read.register
    def _(self, node: Aggregate, span: Span) -> Reach:
        bounds = [self.reach(bound, span) for bound in self.definitions.bounds(node)]
        counted = []
        for row in self._rows(node.stream, span):
            found = self._counts(node, row, span, bounds)
            if not found.still:
                answer_of_any = node.column is None and node.function != "count"
                return outcome(True, True, False) if answer_of_any else ANYTHING
            if found.low:
                counted.append(row)
        return exactly(self._summary(node, counted))

    def _counts(self, node: Aggregate, row: Row, span: Span, bounds: list[Reach]) -> Reach:
        """Tell whether a fact counts; of ``all``, whether it speaks against."""
        inside = _inside(node.window, row[0], span, bounds)
        if inside.high is not True:
            return exactly(False)
        fits = exactly(True)
        if node.where is not None:
            fits = self.asked(node.where, replace(span, columns=self._columns(node.stream, row)))
        true, other = fits.high is True, fits.missing or fits.low is False
        if node.function == "all":
            true, other = other, true
        return outcome(true, other or inside.missing or inside.low is False, False)

    def _summary(self, node: Aggregate, rows: list[Row]) -> Any:
        if node.column is None:
            return {"count": len(rows), "any": bool(rows), "all": not rows}[node.function]
        place = 0 if node.column == "at" else self.definitions.columns(node.stream).index(node.column) + 1
        known = [(row[0], row[place]) for row in rows if row[place] is not None]
        return summarise(node.function, known, node.nth or 0)

    @_read.register
    def _(self, node: Sequence, span: Span) -> Reach:
        columns = span.columns or {}
        rows, at, possible = self._rows(node.stream, span), columns["at"], False
        for place in beside(node, rows, at):
            fits = exactly(True)
            if node.where is not None:
                other = replace(span, columns=self._columns(node.stream, rows[place]), outer=columns)
                fits = self.asked(node.where, other)
            if fits.still and fits.low is True:
                return exactly(True)
            possible = possible or fits.high is True
        if node.order == "followed_by" and node.within is not None:
            open_until = at + node.within
            return outcome(possible, span.high >= open_until, span.low < open_until)
        return outcome(possible, True, False)

    @_read.register
    def _(self, node: Member, span: Span) -> Reach:
        found = self.asked(self.definitions.rule_of(node), span)
        return outcome(found.high is True, found.missing or found.low is False, False)

    @_read.register
    def _(self, node: Arithmetic, span: Span) -> Reach:
        left, right = self.reach(node.left, span), self.reach(node.right, span)
        return quotient(left, right) if node.op == "/" else plus(node.op, left, right)

    @_read.register
    def _(self, node: Negate, span: Span) -> Reach:
        return strict([self.reach(node.part, span)], ENDS["-"])

    @_read.register
    def _(self, node: Compare, span: Span) -> Reach:
        return compare(node.op, self.reach(node.left, span), self.reach(node.right, span))

    @_read.register
    def _(self, node: Logic, span: Span) -> Reach:
        return logic(node.op, [self.asked(part, span) for part in node.parts])

    @_read.register
    def _(self, node: Not, span: Span) -> Reach:
        part = self.asked(node.part, span)
        return outcome(part.low is False, part.high is True, part.missing)

    @_read.register
    def _(self, node: In, span: Span) -> Reach:
        part = self.reach(node.part, span)
        return logic("or", [compare("=", part, self.reach(option, span)) for option in node.options])

    @_read.register
    def _(self, node: Between, span: Span) -> Reach:
        part, low, high = (self.reach(one, span) for one in (node.part, node.low, node.high))
        return logic("and", [compare("<=", low, part), compare("<=", part, high)])

    @_read.register
    def _(self, node: Like, span: Span) -> Reach:
        return _of_text(lambda text: fits(node.pattern, text), [self.reach(node.part, span)])

    @_read.register
    def _(self, node: IsMissing, span: Span) -> Reach:
        part = self.reach(node.part, span)
        return outcome(part.missing, part.low is not None, False)

    @_read.register
    def _(self, node: Case, span: Span) -> Reach:
        found: list[Reach] = []
        for condition, value in node.branches:
            asked = self.asked(condition, span)
            if asked.high is True:
                found.append(self.reach(value, span))
            if asked.still and asked.low is True:
                return hull(found)
        return hull([*found, self.reach(node.otherwise, span) if node.otherwise is not None else ABSENT])

    @_read.register
    def _(self, node: Call, span: Span) -> Reach:
        parts = [self.reach(argument, span) for argument in node.arguments]
        if node.function == "coalesce":
            return first_known(parts)
        if node.function == "days_since":
            return strict(parts, lambda then: ((span.low - then.high) / DAY, (span.high - then.low) / DAY))
        if node.function in SINCE:
            ends = partial(since, node.function, low=span.low, high=span.high, zone=parts[1].low)
            return strict(parts[:1], ends)
        if node.function in PARTS:
            return strict(parts, lambda at, zone: part_of_clock(node.function, at.low, at.high, zone.low))
        if node.function in TEXTS:
            return _of_text(TEXTS[node.function], parts)
        return strict(parts, ENDS[node.function])


def _inside(window: Window | None, at: Instant, span: Span, bounds: list[Reach]) -> Reach:
    """Tell whether a fact that is visible lies in a window; once it has left it doesn't come back."""
    then = exactly(at)
    match window:
        case After():
            return compare("<", bounds[0], then)
        case Before():
            return compare("<", then, bounds[0])
        case During():
            return logic("and", [compare("<=", bounds[0], then), compare("<=", then, bounds[1])])
        case Last(duration):
            return compare("<", Reach(span.low - duration, span.high - duration, False), then)
        case This(unit, zone):
            low, high = (start_of(unit, end, str(zone)) for end in (span.low, span.high))
            return compare("<=", Reach(low, high, False), then)
    return exactly(True)


def _of_text(function: Callable[..., Any], parts: list[Reach]) -> Reach:
    """Give what a function of text gives where the text stands still."""
    if any(part.low is None for part in parts):
        return ABSENT
    return exactly(function(*(part.low for part in parts))) if all(part.still for part in parts) else ANYTHING
