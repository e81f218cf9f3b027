"""What must be worked out before trees can be asked of all customers at once, and in which order.

A tree speaks of traits, aggregates, memberships, questions about people, and constants fitted over everybody. Each of these
is a need, and may have needs of its own: the instant that bounds a window is a trait, a segment's rule asks for another
segment. `plan` puts them in order, with as few rounds over the facts as their nature allows. Pure functions over trees.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from smalti.errors import SmaltiError
from smalti.facts import Stream, Type
from smalti.rules.aggregates import result_type
from smalti.rules.nodes import Aggregate, Case, Literal, Member, Name, Node, People, Quantile, children

Need: TypeAlias = Aggregate | Name | Member | People | Quantile
"""What a tree cannot give itself: all but a quantile have a column in the table of customers, named by `column_of`."""

_HEAD = 36


@dataclass(frozen=True)
class Definitions:
    """What trees may name, made ready by `check`.

    Attributes:
        traits: Traits by name.
        segments: Rules of segments by name.
    """

    traits: Mapping[str, Node] = field(default_factory=dict)
    segments: Mapping[str, Node] = field(default_factory=dict)

    def behind(self, need: Need) -> tuple[Node, ...]:
        """Give the trees that a need is worked out from; none for an aggregate whose window has constant bounds."""
        match need:
            case Aggregate(window=window):
                return tuple(children(window)) if window is not None else ()
            case Name(name):
                return (self.traits[name],) if name in self.traits else ()
            case Member(segment):
                return (self.segments[segment],) if segment in self.segments else ()
        return tuple(children(need))

    def column(self, need: Name | Member) -> Node:
        """Give the tree whose value is the need's column; membership is never unknown."""
        if isinstance(need, Name):
            return self.traits[need.name]
        rule = self.segments[need.segment]
        return Case(((rule, Literal(True, Type.BOOLEAN)),), Literal(False, Type.BOOLEAN))


@dataclass(frozen=True)
class Gather:
    """A round over the facts: all these aggregates at once."""

    aggregates: tuple[Aggregate, ...]


@dataclass(frozen=True)
class Derive:
    """Columns made of columns that are there."""

    needs: tuple[Name | Member, ...]


@dataclass(frozen=True)
class Poll:
    """Questions about the people of accounts, answered for everybody and counted by account."""

    questions: tuple[People, ...]


@dataclass(frozen=True)
class Fit:
    """Constants fitted over all customers."""

    quantiles: tuple[Quantile, ...]


Stage: TypeAlias = Gather | Derive | Poll | Fit


def needs_of(node: Node) -> list[Need]:
    """Give what a tree needs directly, each once.

    >>> from smalti.rules.nodes import After, Arithmetic
    >>> since = Aggregate("count", "orders", window=After(Name("joined")))
    >>> [type(need).__name__ for need in needs_of(Arithmetic("+", since, Name("age")))]
    ['Aggregate', 'Name']
    """
    return list(dict.fromkeys(_needs(node)))


def _needs(node: Node) -> Iterator[Need]:
    if isinstance(node, Need):
        yield node
        return
    for child in children(node):
        yield from _needs(child)


def is_constant(node: Node) -> bool:
    """Whether a tree outside conditions on facts has one value for all customers and needs nothing: `now` has, a trait not.

    >>> from smalti.rules.nodes import Now
    >>> is_constant(Now()), is_constant(Name("joined"))
    (True, False)
    """
    return next(_needs(node), None) is None


def aggregates_in(trees: Iterable[Node], definitions: Definitions) -> list[Aggregate]:
    """Give every aggregate that trees will ask for: their own, and those of segments, people and quantiles they speak of.

    Those of traits that are named are not among them: a trait is a column of its own.
    """
    seen: dict[Need, None] = {}
    waiting = [need for tree in trees for need in needs_of(tree)]
    while waiting:
        need = waiting.pop(0)
        if need not in seen and not isinstance(need, Name):
            seen[need] = None
            if not isinstance(need, Aggregate):
                waiting += [below for tree in definitions.behind(need) for below in needs_of(tree)]
    return [need for need in seen if isinstance(need, Aggregate)]


def plan(
    wanted: Iterable[Need],
    definitions: Definitions,
    columns: Collection[str] = (),
    fitted: Collection[Quantile] = (),
) -> list[Stage]:
    """Put all that is wanted, and all that it needs, in an order in which it can be worked out.

    The first step gathers every aggregate that needs nothing. Then whatever can be made of what is there is made, before
    another round over the facts or the customers is begun for what had to wait: windows bounded by traits, and quantiles.

    Args:
        wanted: What shall be there at the end.
        definitions: What may be named.
        columns: Columns that are there already.
        fitted: Constants that are there already.

    Raises:
        SmaltiError: A name is not known, or some need each other in a circle.

    >>> counted = Aggregate("count", "orders")
    >>> cut = Quantile(Name("orders"), 0.5)
    >>> from smalti.rules.nodes import Compare
    >>> traits = {"orders": counted, "many": Compare(">", Name("orders"), cut)}
    >>> [type(step).__name__ for step in plan([Name("many")], Definitions(traits))]
    ['Gather', 'Derive', 'Fit', 'Derive']
    """
    waiting = _all_below(wanted, definitions, columns, fitted)
    steps: list[Stage] = []
    first: list[Need] = [need for need, below in waiting.items() if isinstance(need, Aggregate) and not below]
    _take(first, waiting, steps)
    while waiting:
        ready = [need for need, below in waiting.items() if below.isdisjoint(waiting)]
        if not ready:
            told = ", ".join(sorted({_said(need) for need in waiting}))
            raise SmaltiError(f"definitions that need each other in a circle: {told}")
        for kinds in ((Name, Member), (People,), (Quantile, Aggregate)):
            chosen = [need for need in ready if isinstance(need, kinds)]
            if chosen:
                _take(chosen, waiting, steps)
                break
    return steps


def _take(chosen: list[Need], waiting: dict[Need, set[Need]], steps: list[Stage]) -> None:
    """Let the chosen needs wait no longer: one step for those of a kind, what is fitted before what is gathered."""
    quantiles = tuple(need for need in chosen if isinstance(need, Quantile))
    aggregates = tuple(need for need in chosen if isinstance(need, Aggregate))
    people = tuple(need for need in chosen if isinstance(need, People))
    derived = tuple(need for need in chosen if isinstance(need, Name | Member))
    steps += [Derive(derived)] if derived else []
    steps += [Poll(people)] if people else []
    steps += [Fit(quantiles)] if quantiles else []
    steps += [Gather(aggregates)] if aggregates else []
    for need in chosen:
        del waiting[need]


def _all_below(
    wanted: Iterable[Need], definitions: Definitions, columns: Collection[str], fitted: Collection[Quantile]
) -> dict[Need, set[Need]]:
    """Give every need that is not met yet, with those it waits for."""

    def is_met(need: Need) -> bool:
        return need in fitted if isinstance(need, Quantile) else column_of(need) in columns

    found: dict[Need, set[Need]] = {}
    edge = [need for need in wanted if not is_met(need)]
    while edge:
        need = edge.pop()
        if need in found:
            continue
        behind = definitions.behind(need)
        if not behind and isinstance(need, Name | Member):
            raise SmaltiError(f"not known when it is asked for: {_said(need)}")
        below = [one for tree in behind for one in needs_of(tree) if not is_met(one)]
        found[need] = set(below)
        edge += below
    return dict(reversed(found.items()))


def _said(need: Need) -> str:
    match need:
        case Name(name):
            return name
        case Member(segment):
            return f"member({segment})"
    return column_of(need) if not isinstance(need, Quantile) else "a quantile"


@lru_cache(maxsize=1 << 14)
def column_of(need: Aggregate | Name | Member | People) -> str:
    """Name the column that holds a need: a trait's own name, for others a readable head and a digest of the tree.

    The same for equal trees; different, not only in the case of letters, for others; of at most 55 characters out of a few,
    because engines fold the case of names, cut long ones and refuse odd ones.

    >>> column_of(Aggregate("count", "orders")), column_of(Name("spend"))
    ('_count_orders_8d1b02958e8ac415', 'spend')
    """
    if isinstance(need, Name):
        return need.name
    match need:
        case Aggregate(function, stream, column):
            parts = [function, stream, column or ""]
        case Member(segment):
            parts = ["member", segment]
        case People(quantifier):
            parts = ["people", quantifier]
    head = re.sub(r"[^A-Za-z0-9]+", "_", "_".join(part for part in parts if part)).strip("_")[:_HEAD]
    digest = hashlib.blake2b(repr(need).encode(), digest_size=8).hexdigest()
    return f"_{head}_{digest}"


def column_type(aggregate: Aggregate, streams: Mapping[str, Stream]) -> Type:
    """Give the type of an aggregate's column in a table of customers; a mean is not rounded yet.

    >>> from smalti.facts import ORDERS
    >>> column_type(Aggregate("sum", "orders", "revenue"), {"orders": ORDERS})
    <Type.MONEY: 'money'>
    """
    if aggregate.function == "mean":
        return Type.NUMBER
    match aggregate.column:
        case None:
            return result_type(aggregate.function, None)
        case "at":
            return result_type(aggregate.function, Type.INSTANT)
    return result_type(aggregate.function, streams[aggregate.stream][aggregate.column].type)
