"""What each tree depends on: facts, scores, people, and the passing of time.

A *token* names something whose change can change an answer: a fact of a stream, facts that leave a window, a score, a draw, a
question about people. A tree is
*moving* when it can change with time alone, apart from facts that leave windows; it is *gliding* when its value, not
just an answer about it, moves with the clock, as ``days_since`` does. An *atom* is a smallest part of a moving tree that
stands still between its flips: once every atom of a rule stands still, so does the rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from smalti.errors import SmaltiError, nearest
from smalti.facts import Stream
from smalti.rules.functions import DRAW, SINCE
from smalti.rules.nodes import (
    Aggregate,
    Arithmetic,
    Between,
    Call,
    Case,
    Compare,
    IsMissing,
    Its,
    Last,
    Literal,
    Member,
    Name,
    Negate,
    Node,
    Now,
    People,
    Quantile,
    Sequence,
    StartOf,
    This,
    children,
    walk,
)


class Needs(NamedTuple):
    """What a tree depends on, see the module."""

    tokens: frozenset[str]
    moving: bool
    gliding: bool


_NOTHING = Needs(frozenset(), False, False)
_GLIDING = Needs(frozenset(), True, True)
_CARRIERS = (Arithmetic, Negate, Call, Case)
"""Nodes through which a gliding value passes on; all others answer with something that stands still."""


class Definitions:
    """The trees of a project, made ready by `check`, and what they stand on.

    Args:
        traits: Trees by the name of the trait.
        rules: Trees by the name of the segment.
        streams: Streams by name, with the types of their columns.
        fitted: The constants of quantiles.

    Raises:
        SmaltiError: A membership is asked of a segment there is no rule for, or a quantile was not fitted.
    """

    def __init__(
        self,
        traits: Mapping[str, Node],
        rules: Mapping[str, Node],
        streams: Mapping[str, Stream],
        fitted: Mapping[Quantile, Any],
    ) -> None:
        self.traits = dict(traits)
        self.rules = dict(rules)
        self.streams = dict(streams)
        self.fitted = dict(fitted)
        self.people: list[People] = []
        self.scores: list[str] = []
        self.salts: list[str] = []
        self._needs: dict[Node, Needs] = {}
        self._columns: dict[str, tuple[str, ...]] = {}
        for node in (*self.traits.values(), *self.rules.values()):
            self.needs(node)
        for one in list(self.people):
            self.needs(one.rule)
            if one.link is not None:
                self.needs(one.link)

    def follow(self, node: Node) -> Node:
        """Give the tree that a trait's name stands for; any other node is itself."""
        while isinstance(node, Name) and node.name in self.traits:
            node = self.traits[node.name]
        return node

    def rule_of(self, node: Member) -> Node:
        """Give the rule of the segment asked about."""
        if node.segment not in self.rules:
            near = nearest(node.segment, self.rules)
            hint = f"; did you mean '{near}'?" if near else ""
            raise SmaltiError(f"no rule for a segment: found '{node.segment}', wanted one of the rules{hint}")
        return self.rules[node.segment]

    def constant(self, node: Quantile) -> Any:
        """Give the fitted constant."""
        if node not in self.fitted:
            raise SmaltiError(f"a quantile that was not fitted: found the share {node.p}, wanted its constant")
        return self.fitted[node]

    def needs(self, node: Node) -> Needs:
        """Tell what a tree depends on; it stands outside conditions on one fact."""
        if node not in self._needs:
            self._needs[node] = self._look(node)
        return self._needs[node]

    def _look(self, node: Node) -> Needs:
        if isinstance(node, Name) and node.name not in self.traits:
            if node.name not in self.scores:
                self.scores.append(node.name)
            return Needs(frozenset({f"score:{node.name}"}), False, False)
        if isinstance(node, Quantile):
            self.constant(node)
            return _NOTHING
        if isinstance(node, People):
            if node not in self.people:
                self.people.append(node)
            return Needs(frozenset({f"people:{self.people.index(node)}"}), False, False)
        if isinstance(node, Aggregate):
            return self._look_at_facts(node)
        if (salt := salt_of(node)) is not None:
            if salt not in self.salts:
                self.salts.append(salt)
            return Needs(frozenset({f"draw:{salt}"}), False, False)
        parts = [self.needs(part) for part in self.parts(node)]
        tokens = frozenset().union(*(part.tokens for part in parts))
        moving, gliding = any(part.moving for part in parts), any(part.gliding for part in parts)
        if isinstance(node, Now | StartOf) or (isinstance(node, Call) and node.function in SINCE):
            return _GLIDING._replace(tokens=tokens)
        return Needs(tokens, moving, gliding and isinstance(node, (*_CARRIERS, Name)))

    def _look_at_facts(self, node: Aggregate) -> Needs:
        bounds = [self.needs(bound) for bound in bounds_of(node)]
        tokens = frozenset(f"facts:{stream}" for stream in self.streams_of(node)).union(
            *(bound.tokens for bound in bounds)
        )
        if not self.needs_history(node):
            leaves = frozenset([leaving(node.stream, node.window)] if isinstance(node.window, Last | This) else [])
            return Needs(tokens | leaves, False, False)
        moving = isinstance(node.window, Last | This) or any(bound.moving for bound in bounds)
        return Needs(tokens, moving or (node.where is not None and moves(node.where)), False)

    def bounds(self, node: Aggregate) -> tuple[Node, ...]:
        """Give the instants that bound an aggregate's window."""
        return bounds_of(node)

    def streams_of(self, node: Aggregate) -> set[str]:
        """Give the streams an aggregate looks at: its own and those of the sequences in its condition."""
        sequences = [part for part in walk(node.where) if isinstance(part, Sequence)] if node.where is not None else []
        return {node.stream, *(part.stream for part in sequences)}

    def parts(self, node: Node) -> Iterator[Node]:
        """Give the nodes below one, with names and memberships followed."""
        if isinstance(node, Name):
            if node.name in self.traits:
                yield self.traits[node.name]
        elif isinstance(node, Member):
            yield self.rule_of(node)
        elif not isinstance(node, Quantile | People):
            yield from children(node)

    def needs_history(self, node: Aggregate) -> bool:
        """Whether a summary cannot be kept up fact by fact: its condition or its bounds change with time or other facts."""
        if node.where is not None and (moves(node.where) or any(isinstance(one, Sequence) for one in walk(node.where))):
            return True
        return any(self.needs(bound) != _NOTHING for bound in bounds_of(node))

    def aggregates(self) -> list[Aggregate]:
        """Give every aggregate of the definitions once, those in bounds before those they bound."""
        found: dict[Aggregate, None] = {}
        seen: set[Node] = set()

        def visit(node: Node) -> None:
            if node in seen:
                return
            seen.add(node)
            for part in bounds_of(node) if isinstance(node, Aggregate) else self.parts(node):
                visit(part)
            if isinstance(node, Aggregate):
                found[node] = None

        for node in (*self.traits.values(), *self.rules.values()):
            visit(node)
        for one in self.people:
            visit(one.rule)
            if one.link is not None:
                visit(one.link)
        return list(found)

    def atoms(self, node: Node) -> list[Node]:
        """Give the atoms of a tree that is not gliding itself.

        >>> from smalti.facts import Type
        >>> from smalti.rules.nodes import Literal, Logic
        >>> old = Compare(">", Call("days_since", (Name("first"),)), Literal(9, Type.INTEGER))
        >>> Definitions({}, {}, {}, {}).atoms(Logic("and", (old, Name("score")))) == [old]
        True
        """
        found: dict[Node, None] = {}
        self._collect(node, found, set())
        return list(found)

    def _collect(self, node: Node, found: dict[Node, None], seen: set[Node]) -> None:
        if node in seen or not self.needs(node).moving:
            return
        seen.add(node)
        parts = list(self.parts(node))
        if isinstance(node, Aggregate):
            found[node] = None
        elif isinstance(node, IsMissing) and self._stays_missing(node.part):
            return
        elif isinstance(node, Between) and any(self.needs(part).gliding for part in parts):
            for half in (Compare("<=", node.low, node.part), Compare("<=", node.part, node.high)):
                self._collect(half, found, seen)
        elif not isinstance(node, Name) and any(self.needs(part).gliding for part in parts):
            found[node] = None
        else:
            for part in parts:
                self._collect(part, found, seen)

    def _stays_missing(self, node: Node) -> bool:
        """Whether a gliding value is missing, or not, whatever the time."""
        node = self.follow(node)
        if not self.needs(node).moving or isinstance(node, Now | StartOf):
            return True
        if isinstance(node, Arithmetic) and node.op == "/" and self.needs(node.right).moving:
            return False
        if not isinstance(node, Arithmetic | Negate) and not (isinstance(node, Call) and node.function != "coalesce"):
            return False
        return all(self._stays_missing(part) for part in self.parts(node))

    def columns(self, stream: str) -> tuple[str, ...]:
        """Give the columns of a stream that the definitions speak of, besides ``at``, in the stream's own order."""
        if stream not in self._columns:
            self._columns[stream] = self._columns_of(stream)
        return self._columns[stream]

    def _columns_of(self, stream: str) -> tuple[str, ...]:
        spoken = {
            column
            for node in self.aggregates()
            for place, column in _spoken(node.where, node.stream, "") | {(node.stream, node.column)}
            if place == stream and column not in (None, "at")
        }
        known = self.streams[stream].names if stream in self.streams else ()
        return tuple(sorted(spoken, key=lambda name: (known.index(name) if name in known else len(known), str(name))))


def bounds_of(node: Aggregate) -> tuple[Node, ...]:
    """Give the instants that bound an aggregate's window."""
    return tuple(children(node.window)) if node.window is not None else ()


def salt_of(node: Node) -> str | None:
    """Give the name of a draw; None of what is none."""
    match node:
        case Call(function, (Literal(str(salt)),)) if function == DRAW:
            return salt
    return None


def leaving(stream: str, window: Last | This) -> str:
    """Give the token of facts of a stream that leave a window."""
    return f"leaves:{stream}:{window!r}"


def moves(condition: Node) -> bool:
    """Whether a condition on one fact can change with time alone."""
    return looks_at_the_clock(condition) or any(
        isinstance(part, Sequence) and part.order == "followed_by" and part.within is not None
        for part in walk(condition)
    )


def looks_at_the_clock(condition: Node) -> bool:
    """Whether a condition on one fact speaks of now itself, not only of what may still follow."""
    return any(
        isinstance(part, Now | StartOf) or (isinstance(part, Call) and part.function in SINCE)
        for part in walk(condition)
    )


def _spoken(node: Node | None, stream: str, outer: str) -> set[tuple[str, str | None]]:
    """Give the columns a condition speaks of, each with its stream."""
    if node is None:
        return set()
    if isinstance(node, Name):
        return {(stream, node.name)}
    if isinstance(node, Its):
        return {(outer, node.column)}
    if isinstance(node, Sequence):
        return _spoken(node.where, node.stream, stream)
    return {one for child in children(node) for one in _spoken(child, stream, outer)}
