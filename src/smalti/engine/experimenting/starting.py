"""Who may take part in an experiment, and what was known of them, as of when it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.given import Facts
from smalti.engine.reckoning import Reckoned
from smalti.experiments.logged import Booleans, Integers
from smalti.facts import FOREVER_AGO, TOUCHES, Instant
from smalti.project import Trial
from smalti.store import Store, quoted
from smalti.traits import answer

NOBODY = -1
"""The place of a customer who is not there."""


def begins(store: Store, facts: Facts, trial: Trial) -> Instant | None:
    """Give when an experiment starts: when it is said to, or just before its first touch; None where neither is known."""
    if trial.start is not None:
        return trial.start
    stream = facts.loaded.streams.get(TOUCHES.name)
    if stream is None or not {"experiment", "arm"} <= set(stream.names):
        return None
    arms = ", ".join(literal(name) for name in trial.arms)
    of_it = f'experiment = {literal(trial.name)} AND arm IN ({arms}) AND "at" > {FOREVER_AGO} AND "at" <= {facts.at}'
    first = store.read(f'SELECT min("at") AS first FROM {quoted(TOUCHES.name)} WHERE {of_it}')["first"][0].as_py()
    return None if first is None else int(first) - 1


def literal(text: str) -> str:
    """Write a text in a query.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True, eq=False)
class Start:
    """The customers of an experiment as of when it starts; rows are all customers there were, in ascending order.

    Attributes:
        at: The instant: that of the start, or the run's own where it is still to come.
        begun: Whether it has started.
        customers: All customers there were.
        eligible: Which of them may take part; shape (n,).
        reckoned: All that was known of them.
    """

    at: Instant
    begun: bool
    customers: pa.Array
    eligible: Booleans
    reckoned: Reckoned

    def rows_of(self, customers: pa.Array) -> Integers:
        """Give the rows of customers, `NOBODY` for those who were none yet; shape (m,)."""
        found = pc.fill_null(pc.index_in(customers, self.customers), NOBODY)
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def started(store: Store, trial: Trial, reckoned: Reckoned, *, begun: bool) -> Start:
    """Ask who may take part, of everything that is reckoned as of the start.

    Args:
        store: Where the table of customers is.
        trial: The experiment.
        reckoned: Everything as of the start.
        begun: Whether that lies not in the future.
    """
    customers = reckoned.traits["customer_id"].combine_chunks()
    if trial.who is None:
        eligible = np.ones(len(customers), dtype=np.bool_)
    else:
        answers = answer(store, reckoned.computed, {"who": trial.who}, reckoned.at)
        eligible = np.asarray(answers["who"].fill_null(False))
    return Start(reckoned.at, begun, customers, eligible, reckoned)


@dataclass(frozen=True, eq=False)
class Groups:
    """A segmentation of some customers.

    Attributes:
        code: The place of each customer's segment; shape (n,).
        labels: What the segments are called.
    """

    code: Integers
    labels: tuple[str, ...]


NONE = "none of them"
"""What those are called who are in no segment."""


def groups_of(start: Start, segmentation: str, rows: Integers) -> Groups | None:
    """Give the segment of each customer as of the start, those in none of them, or not there yet, in one of their own.

    Args:
        start: The customers as of the start.
        segmentation: The name of the segmentation.
        rows: The rows of the customers wanted, `NOBODY` where they were none yet; shape (m,).

    Returns:
        Their segments; None where some customer is in two at once.
    """
    segments = [one for one in start.reckoned.segments if one.definition.segmentation == segmentation]
    if not start.reckoned.exclusive.get(segmentation, False) or not segments:
        return None
    code = np.full(len(start.customers) + 1, len(segments), dtype=np.int64)
    for place, one in enumerate(segments):
        code[:-1][np.asarray(start.reckoned.answers[one.name])] = place
    return _filled(code[rows], (*(one.title for one in segments), NONE))


def _filled(code: Integers, labels: Sequence[str]) -> Groups:
    """Leave out groups with nobody in them."""
    kept = np.flatnonzero(np.bincount(code, minlength=len(labels)))
    place = np.zeros(len(labels), dtype=np.int64)
    place[kept] = np.arange(len(kept))
    return Groups(place[code], tuple(labels[int(one)] for one in kept))


def traits_at(start: Start, names: Sequence[str], rows: Integers) -> pa.Table:
    """Give traits of customers in working form as of the start, missing where they were none yet.

    Args:
        start: The customers as of the start.
        names: The traits, or columns of the value map.
        rows: Their rows.
    """
    taken = pa.array(np.where(rows == NOBODY, 0, rows), mask=rows == NOBODY)
    return pa.table({name: _column(start.reckoned, name).take(taken) for name in names})


def _column(reckoned: Reckoned, name: str) -> pa.ChunkedArray:
    if name in reckoned.traits.column_names:
        return reckoned.traits[name]
    if reckoned.foreseen is not None and name in reckoned.foreseen.columns.column_names:
        return reckoned.foreseen.columns[name]
    values = reckoned.values.columns[name]
    return pa.chunked_array([pa.array(values, mask=np.isnan(values))])
