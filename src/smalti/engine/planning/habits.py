"""When customers are about, and by which channel they answer: from what they opened and when they ordered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.given import Facts
from smalti.engine.reckoning import Reckoned
from smalti.facts import DAY, ORDERS, Instant, start_of
from smalti.store import Store
from smalti.strategy.peers import Floats, Integers
from smalti.strategy.timing import Clocks, Moments, best_hours, channel_reach

LATELY = 365 * DAY
"""How far back orders are looked at."""
DATED = 0.5
"""Where more of the orders than this were placed at midnight, only their dates are known."""


@dataclass(frozen=True, eq=False)
class Habits:
    """When customers are about, and by which channel they answer.

    Attributes:
        hours: By channel the best hour of day of each customer by her own clock, -1 where nobody's is known; shape (n,).
        reach: By channel the chance that a contact is answered; a channel of which nothing is known is left out; shape (n,).
        notes: What a reader should know, in sentences.
    """

    hours: Mapping[str, Integers]
    reach: Mapping[str, Floats]
    notes: tuple[str, ...] = ()


def habits_of(
    store: Store, facts: Facts, reckoned: Reckoned, history: pa.Table, zones: pa.Array, channels: Sequence[str]
) -> Habits:
    """Find when customers are about, and by which channel they answer, a few observations held against those of all.

    Args:
        store: Where the facts are.
        facts: The facts and the project.
        reckoned: Everything as of the instant.
        history: The touches there have been.
        zones: The time zone of each customer.
        channels: The channels that treatments use.
    """
    customers = reckoned.traits["customer_id"].combine_chunks()
    groups, number = _groups(reckoned)
    rows = np.asarray(history["row"].to_numpy(), dtype=np.int64)
    opened = np.asarray(pc.fill_null(history["opened_at"], 0).to_numpy(), dtype=np.int64)
    answered = np.asarray(history["opened_at"].is_valid())
    channel = np.asarray(
        pc.fill_null(pc.index_in(history["channel"], pa.array(list(channels), pa.string())), -1).to_numpy(), np.int64
    )
    ordered_by, ordered_at, notes = _orders(store, facts, customers, reckoned.at)
    told = answered & (channel >= 0)
    moments = Moments(
        np.concatenate([rows[told], ordered_by]),
        np.concatenate([opened[told], ordered_at]),
        np.concatenate([channel[told], np.full(len(ordered_by), -1, dtype=np.int64)]),
    )
    clocks = Clocks.of(zones, facts.project.time_zone, len(customers))
    hours = best_hours(moments, clocks, tuple(channels), groups, number)
    known = channel >= 0
    found = channel_reach(rows[known], channel[known], answered[known], (len(customers), len(channels)), groups, number)
    reach = {name: found.chance[:, place] for place, name in enumerate(channels) if not np.isnan(found.overall[place])}
    return Habits(hours, reach, notes)


def _groups(reckoned: Reckoned) -> tuple[Integers, int]:
    """Give the segment of each in the first segmentation whose segments exclude each other; who is in none has a code too."""
    names = [one for one, exclusive in reckoned.exclusive.items() if exclusive]
    for name in names:
        segments = [one for one in reckoned.segments if one.definition.segmentation == name]
        if len(segments) > 1:
            code = np.full(reckoned.traits.num_rows, len(segments), dtype=np.int64)
            for place, one in enumerate(segments):
                code[np.asarray(reckoned.answers[one.name])] = place
            return code, len(segments) + 1
    return np.zeros(reckoned.traits.num_rows, dtype=np.int64), 1


def _orders(store: Store, facts: Facts, customers: pa.Array, at: Instant) -> tuple[Integers, Integers, tuple[str, ...]]:
    """Give whose the orders of the last year are and when they were placed; none where only their dates are known."""
    nothing = np.empty(0, dtype=np.int64)
    if ORDERS.name not in facts.loaded.streams:
        return nothing, nothing, ()
    table = store.read(
        f'SELECT customer_id, "at" FROM orders WHERE "at" > {at - LATELY} AND "at" <= {at} ORDER BY customer_id, "at"'
    )
    placed = np.asarray(table["at"].to_numpy(), dtype=np.int64)
    midnight = start_of("day", at, facts.project.time_zone) % DAY
    dated = (placed % DAY == 0) | (placed % DAY == midnight)
    if len(placed) and dated.mean() > DATED:
        return nothing, nothing, ("orders tell days and no hours, so they say nothing of the hour at which to write",)
    row = pc.index_in(table["customer_id"].cast(customers.type), customers).combine_chunks()
    there = np.asarray(row.is_valid())
    rows = np.asarray(pc.fill_null(row, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
    return rows[there], placed[there], ()
