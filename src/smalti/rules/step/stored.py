"""States at rest, and two of them united."""

from __future__ import annotations

import hashlib
import json

from smalti.errors import SmaltiError
from smalti.facts import Instant
from smalti.rules.step.compiled import Compiled
from smalti.rules.step.histories import at_of
from smalti.rules.step.slots import FORMS, NOW, PENDING, POSITION, UNBEGUN, Layout, Pool, State
from smalti.rules.step.tallies import TALLIES

VERSION = 1
"""The version of the form in which states are written down."""


def digest_of(compiled: Compiled) -> str:
    """Give a short text that differs where definitions differ."""
    definitions = compiled.definitions
    streams = {
        name: [stream[column] for column in definitions.columns(name) if column in stream]
        for name, stream in definitions.streams.items()
    }
    fitted = sorted(map(repr, definitions.fitted.items()))
    parts = (definitions.traits, definitions.rules, fitted, streams, compiled.layout.forms)
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def dump(layout: Layout, digest: str, state: State) -> bytes:
    """Write a state down, without the facts that can't matter any more."""
    state = list(state)
    for stream, slot in layout.histories.items():
        state[slot] = layout.remembered(stream, state[slot], state[NOW])
    slots = [FORMS[form].write(value) for form, value in zip(layout.forms, state, strict=True)]
    return json.dumps([VERSION, digest, slots], separators=(",", ":")).encode()


def load(layout: Layout, digest: str, stored: bytes) -> State:
    """Read a state again."""
    try:
        version, written_for, slots = json.loads(stored)
    except (ValueError, TypeError):
        raise SmaltiError("not a state: found bytes of another kind, wanted what a step wrote down") from None
    if version != VERSION:
        raise SmaltiError(f"a state of another version: found {version}, wanted {VERSION}; rebuild it from its facts")
    if written_for != digest:
        raise SmaltiError(
            f"a state of other definitions: found {written_for}, wanted {digest}; rebuild it from its facts"
        )
    try:
        return [FORMS[form].read(value) for form, value in zip(layout.forms, slots, strict=True)]
    except (ValueError, TypeError, LookupError, AttributeError):
        raise SmaltiError("a broken state: found slots of other forms; rebuild it from its facts") from None


def unite(compiled: Compiled, one: State, two: State) -> State:
    """Give one state of the facts of two."""
    layout = compiled.layout
    states = [layout.copy(state) for state in (one, two)]
    now: Instant = max(state[NOW] for state in states)
    if now == UNBEGUN:
        return states[0]
    for state in states:
        compiled.on_time(state, now)
    first, second = states
    merged = layout.copy(first)
    merged[POSITION] = max(first[POSITION], second[POSITION])
    merged[PENDING] = sorted([*(first[PENDING] or ()), *(second[PENDING] or ())], key=at_of) or None
    for stream, slot in layout.histories.items():
        merged[slot] = layout.remembered(stream, sorted([*first[slot], *second[slot]], key=at_of), now)
    for slot in layout.scores.values():
        merged[slot] = second[slot] if first[slot] is None else first[slot]
    for slot in layout.people:
        merged[slot] = tuple(x + y for x, y in zip(first[slot], second[slot], strict=True))
    for pool in layout.pools.values():
        _unite_pool(layout, pool, first, second, merged)
    compiled.refresh(sum(compiled.bits.values()))(merged, now, ())
    return merged


def _unite_pool(layout: Layout, pool: Pool, one: State, two: State, merged: State) -> None:
    for tally, slot in pool.tallies.items():
        merged[slot] = TALLIES[tally.kind].merge(one[slot], two[slot])
        if tally.kind == "nth":
            del merged[slot][tally.first :]
    if pool.ats is None:
        return
    slots = [pool.ats, *pool.columns.values()]
    rows = sorted([*zip(*(one[s] for s in slots), strict=True), *zip(*(two[s] for s in slots), strict=True)], key=at_of)
    for place, slot in enumerate(slots):
        merged[slot] = [row[place] for row in rows]
    for frame in pool.frames.values():
        merged[frame.start] = one[frame.start] + two[frame.start]
        for tally, slot in frame.tallies.items():
            merged[slot] = TALLIES[tally.kind].merge(one[slot], two[slot])
    edge = layout.edges[pool.condition.stream]
    merged[edge] = min(one[edge], two[edge])
