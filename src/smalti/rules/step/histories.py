"""Summaries that can't be kept up fact by fact: read off the facts themselves each time.

Conditions that move with the clock, sequences, and windows bounded by what changes need the facts. A history is a list of
rows ``(at, *columns)`` of one stream, ascending by ``at``, all of them visible.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import itemgetter
from typing import Any, TypeAlias

from smalti.facts import Instant, start_of
from smalti.rules.nodes import After, Aggregate, Before, During, Last, Node, Sequence, This, Window, walk
from smalti.rules.step.emit import Body, Reading, Value
from smalti.rules.step.tallies import summarise

Row: TypeAlias = tuple[Any, ...]
"""A fact: its instant, then the columns that matter."""

at_of = itemgetter(0)


def of_window(function: str, ats: list[Instant], values: list[Any], start: int, count: int) -> Any:
    """Give an aggregate of the values from a place on.

    >>> of_window("last", [1, 2, 3], ["a", "b", None], 0, 0)
    'b'
    """
    known = [(at, value) for at, value in zip(ats[start:], values[start:], strict=True) if value is not None]
    return summarise(function, known, count)


def within(window: Window | None, rows: list[Row], now: Instant, bounds: tuple[Instant | None, ...]) -> range:
    """Give the places of the rows that lie in a window."""
    first, last = 0, len(rows)
    if None in bounds:
        return range(0)
    match window:
        case Last(duration):
            first = bisect_right(rows, now - duration, key=at_of)
        case This(unit, zone):
            first = bisect_left(rows, start_of(unit, now, str(zone)), key=at_of)
        case After():
            first = bisect_right(rows, bounds[0], key=at_of)
        case Before():
            last = bisect_left(rows, bounds[0], key=at_of)
        case During():
            first = bisect_left(rows, bounds[0], key=at_of)
            last = bisect_right(rows, bounds[1], key=at_of)
    return range(first, max(first, last))


def beside(node: Sequence, rows: list[Row], at: Instant) -> range:
    """Give the places of the rows that stand before or after an instant as a sequence asks."""
    if node.order == "followed_by":
        last = len(rows) if node.within is None else bisect_right(rows, at + node.within, key=at_of)
        return range(bisect_right(rows, at, key=at_of), last)
    first = 0 if node.within is None else bisect_left(rows, at - node.within, key=at_of)
    return range(first, bisect_left(rows, at, key=at_of))


def columns_of_row(reading: Reading, stream: str, row: str) -> dict[str, Value]:
    """Give what each column of a row of this name is called in the generated Python."""
    columns = reading.definitions.columns(stream)
    named = {column: Value(f"{row}[{place + 1}]", True) for place, column in enumerate(columns)}
    return {"at": Value(f"{row}[0]", False)} | named


def define_history(reading: Reading, node: Aggregate) -> list[str]:
    """Write the function that reads an aggregate off its history, after those of its condition."""
    name = reading.keep("history", node)
    bounds = ["low", "high"][: len(reading.definitions.bounds(node))]
    lines = [] if node.where is None else define_condition(reading, node.where, f"{name}_where", (node.stream, ""))
    asks = f"{name}_where(s, T, rows[i], None)" if node.where is not None else "True"
    places = f"within({reading.keep('window', node.window)}, rows, T, ({''.join(f'{one}, ' for one in bounds)}))"
    lines += [f"def {name}_of({', '.join(['s', 'T', *bounds])}):"]
    lines += [f"    rows = s[{reading.layout.histories[node.stream]}]"]
    if node.function == "all":
        return [*lines, f"    return all({asks} is True for i in {places})"]
    found = f"i in {places} if {asks}"
    if node.column is None:
        told = f"sum(1 for {found})" if node.function == "count" else f"any(True for {found})"
        return [*lines, f"    return {told}"]
    place = 0 if node.column == "at" else reading.definitions.columns(node.stream).index(node.column) + 1
    lines += [f"    known = [(rows[i][0], rows[i][{place}]) for {found} and rows[i][{place}] is not None]"]
    return [*lines, f"    return summarise({node.function!r}, known, {node.nth or 0})"]


def define_condition(reading: Reading, where: Node, name: str, streams: tuple[str, str]) -> list[str]:
    """Write the function of a condition on one row, after those of the sequences in it.

    Args:
        reading: What the trees stand on.
        where: The condition.
        name: What the function shall be called; it takes ``(s, T, row, other)``.
        streams: The stream of the row, and of the other row that it stands beside, if any.
    """
    stream, outer = streams
    body = Body(reading, columns_of_row(reading, stream, "f"), columns_of_row(reading, outer, "g") if outer else None)
    body.fact = "f"
    answer = body.value(where)
    lines = [line for part in outermost_sequences(where) for line in _define_sequence(reading, part, stream)]
    return [*lines, f"def {name}(s, T, f, g):", *(f"    {line}" for line in body.lines), f"    return {answer.text}"]


def outermost_sequences(where: Node) -> list[Sequence]:
    """Give the outermost sequences of a condition."""
    inner = {part for one in walk(where) if isinstance(one, Sequence) and one.where for part in walk(one.where)}
    return [part for part in dict.fromkeys(walk(where)) if isinstance(part, Sequence) and part not in inner]


def _define_sequence(reading: Reading, node: Sequence, stream: str) -> list[str]:
    name = reading.keep("sequence", node)
    lines = [] if node.where is None else define_condition(reading, node.where, f"{name}_where", (node.stream, stream))
    asks = "True" if node.where is None else f"{name}_where(s, T, rows[i], f)"
    lines += [f"def {name}_of(s, T, f):", f"    rows = s[{reading.layout.histories[node.stream]}]"]
    lines += [f"    for i in beside({name}, rows, f[0]):", f"        if {asks}:", "            return True"]
    if node.order == "followed_by" and node.within is not None:
        return [*lines, f"    return None if T < f[0] + {node.within} else False"]
    return [*lines, "    return False"]
