"""What happens to a state when a fact becomes visible, and when facts leave windows, as lines of Python."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping

from smalti.facts import next_start, start_of
from smalti.rules.nodes import After, Before, During, Last, This, Window
from smalti.rules.step.definitions import leaving
from smalti.rules.step.emit import MISSING, Body, Reading, Value, indent
from smalti.rules.step.slots import NEVER, Condition, Pool
from smalti.rules.step.tallies import TALLIES, Tally, add_nth, fixed

KNOWN = {
    "bisect_left": bisect_left,
    "bisect_right": bisect_right,
    "next_start": next_start,
    "start_of": start_of,
    "fixed": fixed,
    "add_nth": add_nth,
}
"""Functions that the generated Python calls."""

TRIM = 7
"""So many facts that left all windows, or can't matter any more, are kept before they are cut off together."""


def columns_of(reading: Reading, stream: str) -> dict[str, Value]:
    """Give what each column of a fact is called where it is taken in."""
    columns = reading.definitions.columns(stream)
    return {"at": Value("at", False)} | {column: Value(f"c{place}", True) for place, column in enumerate(columns)}


def pools_of(reading: Reading, stream: str) -> list[Pool]:
    """Give the pools of a stream."""
    return [pool for condition, pool in reading.layout.pools.items() if condition.stream == stream]


def take_in(reading: Reading, stream: str) -> list[str]:
    """Write the lines that make a fact visible: its instant ``at``, its columns ``v``, in a state ``s`` as of ``T``."""
    columns = columns_of(reading, stream)
    lines = [f"c{place} = v[{place}]" for place in range(len(columns) - 1)]
    body = Body(reading, columns)
    for pool in pools_of(reading, stream):
        passed = _passes(body, pool.condition)
        kept = [line for tally, slot in pool.tallies.items() for line in _change(tally, slot, columns, add=True)]
        if pool.ats is not None:
            kept += _enter(reading, pool, columns)
        body.lines += [f"if {passed}:", *indent(kept)] if passed else kept
    if stream in reading.layout.histories:
        body.lines += _remember(reading, stream, columns)
    return lines + body.lines


def _remember(reading: Reading, stream: str, columns: dict[str, Value]) -> list[str]:
    """Write how a fact enters its history, and how those that can't matter any more are let go."""
    slot, memory = reading.layout.histories[stream], reading.layout.memories[stream]
    enter = f"insort(s[{slot}], ({', '.join(value.text for value in columns.values())},), key=at_of)"
    if memory is None:
        return [enter]
    forget = [f"if len(rows) > {TRIM} and rows[{TRIM}][0] < lim:", "    del rows[:bisect_left(rows, lim, key=at_of)]"]
    return [f"lim = T - {memory}", "if at >= lim:", *indent([enter, f"rows = s[{slot}]", *forget])]


def _passes(body: Body, condition: Condition) -> str:
    """Write what tells whether a fact counts; nothing where all do."""
    asked = [] if condition.window is None else _bounded(body, condition.window)
    if condition.where is not None:
        answer = body.value(condition.where).text
        asked.append(f"{answer} is not True" if condition.fails else answer)
    return " and ".join(asked)


def _bounded(body: Body, window: Window) -> list[str]:
    """Write what tells whether a fact lies within constant bounds; their trees are about the customer, not the fact."""
    outside = Body(body.reading)
    outside.lines = body.lines
    match window:
        case After(instant):
            bounds = [("at >", outside.value(instant))]
        case Before(instant):
            bounds = [("at <", outside.value(instant))]
        case During(low, high):
            bounds = [("at >=", outside.value(low)), ("at <=", outside.value(high))]
        case _:
            bounds = []
    asked = [f"{value.text} is not None" for _, value in bounds if value.maybe]
    return asked + [f"{op} {value.text}" for op, value in bounds if value != MISSING]


def _change(tally: Tally, slot: int, columns: dict[str, Value], *, add: bool) -> list[str]:
    kind = TALLIES[tally.kind]
    value = columns.get(tally.column, MISSING) if tally.column is not None else Value("", False)
    if value == MISSING:
        return []
    lines = [
        line.format(t=f"s[{slot}]", v=value.text, at=columns["at"].text, n=tally.first)
        for line in (kind.add if add else kind.remove or ())
    ]
    return [f"if {value.text} is not None:", *indent(lines)] if value.maybe else lines


def _inside(window: Last | This) -> str:
    if isinstance(window, Last):
        return f"at > T - {window.duration}"
    return f"at >= start_of({window.unit!r}, T, {str(window.zone)!r})"


def _leaves(window: Last | This, at: str) -> str:
    if isinstance(window, Last):
        return f"{at} + {window.duration}"
    return f"next_start({window.unit!r}, T, {str(window.zone)!r})"


def _enter(reading: Reading, pool: Pool, columns: dict[str, Value]) -> list[str]:
    """Write how a fact enters the windows of a pool; most often it is the latest and lies in all of them."""
    edge = f"s[{reading.layout.edges[pool.condition.stream]}]"
    shortest = min((window for window in pool.frames if isinstance(window, Last)), key=_length, default=None)
    windows = ([shortest] if shortest is not None else []) + [one for one in pool.frames if isinstance(one, This)]
    lines = [f"ats = s[{pool.ats}]"]
    latest = " and ".join(["(not ats or at >= ats[-1])", *(_inside(window) for window in windows)])
    simple = ["ats.append(at)"] + [f"s[{slot}].append({columns[name].text})" for name, slot in pool.columns.items()]
    for frame in pool.frames.values():
        simple += [line for tally, slot in frame.tallies.items() for line in _change(tally, slot, columns, add=True)]
    for window in windows:
        simple += [f"e = {_leaves(window, 'at')}", f"if e < {edge}:", f"    {edge} = e"]
    anywhere = " or ".join(_inside(window) for window in pool.frames)
    return [*lines, f"if {latest}:", *indent(simple), f"elif {anywhere}:", *indent(_squeeze_in(pool, columns, edge))]


def _length(window: Last) -> int:
    return window.duration


def _squeeze_in(pool: Pool, columns: dict[str, Value], edge: str) -> list[str]:
    """Write how a fact finds its place among later ones."""
    lines = ["p = bisect_right(ats, at)", "ats.insert(p, at)"]
    lines += [f"s[{slot}].insert(p, {columns[name].text})" for name, slot in pool.columns.items()]
    for window, frame in pool.frames.items():
        inside = [line for tally, slot in frame.tallies.items() for line in _change(tally, slot, columns, add=True)]
        inside += [f"e = {_leaves(window, 'at')}", f"if e < {edge}:", f"    {edge} = e"]
        lines += [f"if {_inside(window)}:", *indent(inside), "else:", f"    s[{frame.start}] += 1"]
    return lines


def expire(reading: Reading, stream: str, bits: Mapping[str, int]) -> list[str]:
    """Write the lines that let facts leave the windows of a stream as of ``T``, tell when the next one does, and which did."""
    lines = [f"edge = {NEVER}", "left = 0"]
    for pool in pools_of(reading, stream):
        if pool.ats is None:
            continue
        lines += [f"ats = s[{pool.ats}]", "n = len(ats)"]
        for window in pool.frames:
            lines += _let_go(pool, window, bits[leaving(stream, window)])
            lines += ["if i < n:", f"    e = {_leaves(window, 'ats[i]')}", "    if e < edge:", "        edge = e"]
        starts = [f"s[{frame.start}]" for frame in pool.frames.values()]
        lines += [f"m = {starts[0] if len(starts) == 1 else f'min({chr(44).join(starts)})'}", f"if m > {TRIM}:"]
        lines += [f"    del s[{slot}][:m]" for slot in (pool.ats, *pool.columns.values())]
        lines += [f"    {start} -= m" for start in starts]
    return [*lines, f"s[{reading.layout.edges[stream]}] = edge", "return left"]


def _let_go(pool: Pool, window: Last | This, bit: int) -> list[str]:
    frame = pool.frames[window]
    columns = {"at": Value("ats[i]", False)}
    columns |= {name: Value(f"s[{slot}][i]", True) for name, slot in pool.columns.items()}
    removed = [line for tally, slot in frame.tallies.items() for line in _change(tally, slot, columns, add=False)]
    bound = (
        f"lim = T - {window.duration}"
        if isinstance(window, Last)
        else (f"lim = start_of({window.unit!r}, T, {str(window.zone)!r}) - 1")
    )
    leave = [*removed, "i += 1", "if i == n or ats[i] > lim:", "    break"]
    lines = [f"left |= {bit}", "while True:", *indent(leave), f"s[{frame.start}] = i"]
    return [bound, f"i = s[{frame.start}]", "if i < n and ats[i] <= lim:", *indent(lines)]
