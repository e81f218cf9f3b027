"""What touches tell of a treatment: when it last began for each customer, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.facts import DAY, Instant
from smalti.strategy.peers import Integers
from smalti.strategy.permits.stretches import LONG_AGO
from smalti.strategy.treatments import Treatment

_LATE = 7 * DAY


@dataclass(frozen=True, eq=False)
class Begun:
    """How far a treatment has come for each customer.

    Attributes:
        began: When its latest first contact was, microseconds UTC; `LONG_AGO` where there was none; shape (n,).
        done: The latest step that she has had since; 0 for none; shape (n,).
        touched: When she was last touched by it; `LONG_AGO` for never; shape (n,).
    """

    began: Integers
    done: Integers
    touched: Integers


def begun(treatment: Treatment, history: pa.Table, count: int, at: Instant) -> Begun:
    """Follow the touches of a treatment.

    A touch tells which step it was. One that does not is taken for the step after the one before, or for a new beginning
    where there was none before, all steps have been, or the last of them was due more than a week ago. A step whose
    beginning is not told tells it: by its delay before.

    Args:
        treatment: The treatment.
        history: Contacts there have been: ``row``, ``at``, ``treatment``, and ``step`` where it is known.
        count: How many customers there are.
        at: The as-of instant; what is later is not seen.
    """
    rows, instants, steps = _touches(treatment, history, at)
    began = np.full(count, LONG_AGO, dtype=np.int64)
    touched = began.copy()
    done = np.zeros(count, dtype=np.int64)
    delays = np.array([0, 0, *(step.delay for step in treatment.steps)], dtype=np.int64)
    last = len(delays) - 1
    people, first, found = np.unique(rows, return_index=True, return_counts=True)
    for turn in range(int(found.max(initial=0))):
        who = people[found > turn]
        place = first[found > turn] + turn
        when, step = instants[place], steps[place]
        over = (done[who] == 0) | (done[who] >= last) | (when > began[who] + delays[last] + _LATE)
        step = np.where(step > 0, np.minimum(step, last), np.where(over, 1, done[who] + 1))
        anew = (step == 1) | (done[who] == 0)
        began[who] = np.where(anew, when - delays[step], began[who])
        done[who] = np.where(anew, step, np.maximum(done[who], step))
        touched[who] = when
    return Begun(began, done, touched)


def last_touch(treatments: tuple[str, ...], history: pa.Table, count: int, at: Instant) -> Integers:
    """Give when each customer was last touched by any of these treatments; `LONG_AGO` for never; shape (n,)."""
    mask = pc.is_in(history["treatment"], value_set=pa.array(treatments, history.schema.field("treatment").type))
    mine = history.filter(pc.and_(mask, pc.less_equal(history["at"], at)))
    found = np.full(count, LONG_AGO, dtype=np.int64)
    np.maximum.at(found, mine["row"].to_numpy(), mine["at"].to_numpy())
    return found


def _touches(treatment: Treatment, history: pa.Table, at: Instant) -> tuple[Integers, Integers, Integers]:
    """Give the touches of a treatment by customer and time: customers, instants, steps (0 unknown)."""
    mask = pc.and_(pc.equal(history["treatment"], treatment.name), pc.less_equal(history["at"], at))
    mine = history.filter(mask)
    rows, instants = mine["row"].to_numpy(), mine["at"].to_numpy()
    steps = np.zeros(len(rows), dtype=np.int64)
    if "step" in mine.column_names:
        steps = pc.fill_null(mine["step"].cast(pa.int64()), 0).to_numpy()
    order = np.lexsort((steps, instants, rows))
    return rows[order].astype(np.int64), instants[order].astype(np.int64), steps[order]
