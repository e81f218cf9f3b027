"""How long facts must be remembered where a summary is read off the facts themselves.

A fact can be let go once no aggregate can ever need it again. An aggregate whose window begins a fixed time before now needs
none from before that; a sequence in its condition looks on from those facts, or back from them by the time it allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from smalti.facts import DAY, Microseconds
from smalti.rules.nodes import (
    After,
    Aggregate,
    Arithmetic,
    During,
    Last,
    Literal,
    Node,
    Now,
    Sequence,
    StartOf,
    This,
    children,
)
from smalti.rules.step.definitions import Definitions

Memory: TypeAlias = Microseconds | None
"""How long before now the facts that still matter can lie; None for ever."""

_LONGEST = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}

SINCE_START = {unit: (days + 2) * DAY for unit, days in _LONGEST.items()}
"""How long before now a unit of the calendar can have begun: clocks have been put back by a whole day, never by two."""


def memories(definitions: Definitions, aggregates: Iterable[Aggregate]) -> dict[str, Memory]:
    """Give how long the facts of each stream must be remembered for these aggregates.

    >>> from smalti.facts import HOUR
    >>> followed = Sequence("followed_by", "visits", where=Sequence("preceded_by", "orders", 2 * HOUR))
    >>> lately = Aggregate("count", "orders", window=Last(DAY), where=followed)
    >>> {stream: memory // HOUR for stream, memory in memories(Definitions({}, {}, {}, {}), [lately]).items()}
    {'orders': 26, 'visits': 24}
    """
    found: dict[str, Memory] = {}
    for node in aggregates:
        for stream, memory in _needed(node, _of_window(definitions, node)):
            found[stream] = _longer(found[stream], memory) if stream in found else memory
    return found


def _longer(one: Memory, two: Memory) -> Memory:
    return None if one is None or two is None else max(one, two)


def _of_window(definitions: Definitions, node: Aggregate) -> Memory:
    """Give how long ago the facts in an aggregate's window can be."""
    match node.window:
        case Last(duration):
            return duration
        case This(unit):
            return SINCE_START[unit]
        case After(low) | During(low, _):
            ago = _ago(definitions, low)
            return None if ago is None else max(ago, 0)
    return None


def _ago(definitions: Definitions, node: Node) -> Memory:
    """Give how long before now an instant can lie at most, less than nothing if ahead; None where that isn't bounded."""
    match definitions.follow(node):
        case Now():
            return 0
        case StartOf(unit):
            return SINCE_START[unit]
        case Arithmetic("-", instant, Literal(int(duration))):
            ago = _ago(definitions, instant)
            return None if ago is None else ago + duration
        case Arithmetic("+", instant, Literal(int(duration))) | Arithmetic("+", Literal(int(duration)), instant):
            ago = _ago(definitions, instant)
            return None if ago is None else ago - duration
    return None


def _needed(node: Aggregate | Sequence, memory: Memory) -> Iterator[tuple[str, Memory]]:
    """Give each stream looked at, with how long ago facts of it can be that are looked at."""
    yield node.stream, memory
    for sequence in _outermost(node.where):
        back = 0 if sequence.order == "followed_by" else sequence.within
        yield from _needed(sequence, None if memory is None or back is None else memory + back)


def _outermost(node: Node | None) -> Iterator[Sequence]:
    """Give the sequences in a condition, but not those in their conditions."""
    if isinstance(node, Sequence):
        yield node
    elif node is not None:
        for child in children(node):
            yield from _outermost(child)
