"""What a run keeps of each customer so that it can be decided for her later: her clock, her hours, what reached her lately."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.deciding import GROUP, HOUR
from smalti.engine.tables import money, published
from smalti.facts import Currency, Type
from smalti.project import Prepared
from smalti.rules import names_in
from smalti.strategy import PUBLISHED, VALUE_COLUMNS
from smalti.strategy.limits import Limits
from smalti.strategy.peers import Floats, Integers
from smalti.strategy.plan import Candidates

TOUCH = pa.struct([("at", pa.timestamp("us", tz="UTC")), ("channel", pa.string()), ("purpose", pa.string())])


def spoken_of(prepared: Prepared) -> tuple[str, ...]:
    """Give the columns of the value map that treatments go by and that a run's table of customers does not hold, sorted."""
    served = {one.name: one for one in prepared.strategies}
    trees = [tree for one in prepared.treatments for tree in (one.who, one.headroom)]
    trees += [
        tree for one in prepared.treatments for tree in (served[one.strategy].eligible, served[one.strategy].headroom)
    ]
    names = {name for tree in trees if tree is not None for name in names_in(tree)}
    return tuple(sorted(names & VALUE_COLUMNS.keys() - set(PUBLISHED)))


def standing_table(candidates: Candidates, limits: Limits, values: Mapping[str, Floats]) -> pa.Table:
    """Give one row per customer: customer_id, zone, before (an action), best hours, groups, segments, touches that still count.

    Args:
        candidates: What the plan was made from.
        limits: Its limits; touches are kept as long as the longest of the stretches in which they count.
        values: Columns of the value map that are to be kept too, NaN where unknown; money in minor units.
    """
    names = pa.array([one.name for one in candidates.actions], pa.string())
    before = pa.array(candidates.before, mask=candidates.before < 0)
    hours = {
        f"{HOUR}{channel}": pa.array(hour.astype(np.int8), mask=hour < 0) for channel, hour in candidates.hours.items()
    }
    groups = {
        f"{GROUP}{name}": pa.array(labels, pa.string()).take(pa.array(code, mask=code < 0))
        for name, (code, labels) in candidates.groups.items()
    }
    longest = max((one.window for one in limits.definition.frequency), default=0)
    history = candidates.history
    at = np.asarray(history["at"].to_numpy(), dtype=np.int64)
    kept = history.filter(pa.array(at > candidates.at - longest))
    return pa.table(
        {
            "customer_id": candidates.customers,
            "zone": candidates.zones,
            "before": names.take(before),
            **hours,
            **groups,
            **{name: _value(name, column, candidates.currency) for name, column in values.items()},
            "segments": _segments(candidates),
            "touches": _lists(kept, len(candidates.customers)),
        }
    )


def _value(name: str, column: Floats, currency: Currency) -> pa.Array | pa.ChunkedArray:
    """Give a column of the value map as runs publish it."""
    kind = VALUE_COLUMNS[name][0]
    given = pa.array(column, mask=np.isnan(column))
    return money(column, currency) if kind is Type.MONEY else published(pa.chunked_array([given]), kind, currency)


def _segments(candidates: Candidates) -> pa.Array:
    """Give the segments of each customer, in the order of their names."""
    names = sorted(candidates.segments)
    table = (
        np.array([candidates.segments[name] for name in names], dtype=np.bool_)
        .reshape(len(names), len(candidates.customers))
        .T
    )
    ends = np.concatenate([[0], np.cumsum(table.sum(axis=1))]) if names else np.zeros(len(candidates.customers) + 1)
    members = pa.array(names, pa.string()).take(pa.array(np.nonzero(table)[1]))
    return pa.ListArray.from_arrays(pa.array(ends.astype(np.int32)), members)


def _lists(history: pa.Table, count: int) -> pa.Array:
    """Give the touches of each customer; rows ascend in the history."""
    rows: Integers = np.asarray(history["row"].to_numpy(), dtype=np.int64)
    ends = np.cumsum(np.bincount(rows, minlength=count)).astype(np.int32)
    columns = [
        history["at"].combine_chunks().cast(pa.timestamp("us", tz="UTC")),
        pc.fill_null(history["channel"], "").combine_chunks(),
        pc.fill_null(history["purpose"], "").combine_chunks(),
    ]
    touches = pa.StructArray.from_arrays(columns, fields=list(TOUCH))
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], ends]).astype(np.int32)), touches)
