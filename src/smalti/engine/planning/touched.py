"""The touches there have been: who was contacted when, by what, at what cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.experimenting import Weighing
from smalti.engine.given import Facts
from smalti.facts import TOUCHES, Currency, Instant, start_of
from smalti.project import Prepared
from smalti.store import Store, quoted
from smalti.strategy.limits import BudgetDefinition
from smalti.strategy.peers import Floats
from smalti.strategy.treatments import Treatment

HISTORY = pa.schema(
    [
        ("row", pa.int64()),
        ("at", pa.int64()),
        ("channel", pa.string()),
        ("purpose", pa.string()),
        ("treatment", pa.string()),
        ("step", pa.int64()),
        ("strategy", pa.string()),
        ("cost", pa.int64()),
        ("opened_at", pa.int64()),
    ]
)
"""Touches as a plan reads them: the row of the customer, instants in microseconds UTC, money in minor units."""
_OPTIONAL = {
    name: "BIGINT" if pa.types.is_integer(HISTORY.field(name).type) else "VARCHAR" for name in HISTORY.names[2:]
}


def history_of(store: Store, facts: Facts, customers: pa.Array, at: Instant, weighing: Weighing | None) -> pa.Table:
    """Give all touches up to an instant, by customer and time; those of customers who are not there are left out.

    What an experiment's control would have got, which names no channel, is no contact. A touch that does not say what it was
    for has the purpose of its treatment or, of one that the project has not, its strategy.

    Args:
        store: Where the facts are.
        facts: The facts and the project.
        customers: The ids, ascending; n of them.
        at: The as-of instant.
        weighing: The experiments; None where there are none.
    """
    stream = facts.loaded.streams.get(TOUCHES.name)
    if stream is None:
        return HISTORY.empty_table()
    there = {name: quoted(name) if name in stream else f"CAST(NULL AS {kind})" for name, kind in _OPTIONAL.items()}
    there["opened_at"] = f"CASE WHEN {there['opened_at']} <= {at} THEN {there['opened_at']} END"
    named = ", ".join(f"{text} AS {name}" for name, text in there.items())
    left_out = _control(stream.names, weighing)
    table = store.read(
        f'SELECT customer_id, "at", {named} FROM {quoted(TOUCHES.name)} WHERE "at" <= {at}{left_out} '
        f'ORDER BY customer_id, "at", treatment, step, channel, cost, opened_at'
    )
    rows = pc.index_in(table["customer_id"].cast(customers.type), customers).combine_chunks()
    table = table.drop_columns(["customer_id"]).add_column(0, "row", rows.cast(pa.int64()))
    table = table.filter(rows.is_valid())
    purpose = pc.coalesce(table["purpose"], _purposes(table["treatment"], facts.prepared), table["strategy"])
    return table.set_column(table.column_names.index("purpose"), "purpose", purpose).cast(HISTORY).combine_chunks()


def _control(names: Sequence[str], weighing: Weighing | None) -> str:
    """Write what leaves out the touches that customers of a control would have got."""
    if weighing is None or not {"experiment", "arm", "channel"} <= set(names):
        return ""
    pairs = [(one.trial.name, one.trial.definition.control) for one in weighing.found]
    told = " OR ".join(f"(experiment = {_text(name)} AND arm = {_text(arm)})" for name, arm in pairs)
    return f" AND NOT coalesce(channel IS NULL AND ({told}), false)" if told else ""


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _purposes(treatments: pa.ChunkedArray, prepared: Prepared) -> pa.Array:
    """Give the purpose of each touch's treatment, null where the project has none of the name."""
    names = pa.array([one.name for one in prepared.treatments], pa.string())
    purposes = pa.array([one.purpose for one in prepared.treatments], pa.string())
    return purposes.take(pc.index_in(treatments, names).combine_chunks())


def said_costs(
    treatments: Sequence[Treatment], currency: Currency, average_order: float
) -> dict[tuple[str, int], float]:
    """Give by treatment and step what a contact costs in minor units, as it is written.

    Args:
        treatments: The treatments.
        currency: The project's currency.
        average_order: By which shares are told, in minor units.
    """
    said: dict[tuple[str, int], float] = {}
    for one in treatments:
        first = one.definition.cost.exact(currency, average_order)
        said[one.name, 1] = first
        for step in one.steps:
            cost = step.definition.cost
            said[one.name, step.place] = first if cost is None else cost.exact(currency, average_order)
    return said


def costs_of(history: pa.Table, said: Mapping[tuple[str, int], float]) -> Floats:
    """Give what every touch has cost in minor units: as it was logged, else as its treatment says, else nothing.

    Args:
        history: As `HISTORY`.
        said: By treatment and step, what a contact costs.
    """
    keys = pa.array([f"{name}\t{place}" for name, place in said], pa.string())
    steps = pc.fill_null(history["step"], 1).cast(pa.string())
    place = pc.fill_null(pc.index_in(pc.binary_join_element_wise(history["treatment"], steps, "\t"), keys), len(said))
    assumed = np.array([*said.values(), 0.0])[np.asarray(place.to_numpy(), dtype=np.int64)]
    logged = np.asarray(pc.fill_null(history["cost"].cast(pa.float64()), np.nan).to_numpy(), dtype=np.float64)
    return np.where(np.isnan(logged), assumed, logged)


def spent_of(
    budgets: Sequence[BudgetDefinition],
    history: pa.Table,
    costs: Floats,
    strategies: Mapping[str, str],
    at: Instant,
    zone: str,
) -> tuple[float, ...]:
    """Give what each budget's calendar period has cost up to an instant, in minor units; 0 of a budget per plan.

    Args:
        budgets: The budgets.
        history: As `HISTORY`.
        costs: What every touch has cost; shape of the history.
        strategies: By treatment, the strategy that it serves.
        at: The as-of instant.
        zone: The project's time zone, which says when periods begin.
    """
    touched = np.asarray(history["at"].to_numpy(), dtype=np.int64)
    known = pa.array(list(strategies), pa.string())
    served = pa.array(list(strategies.values()), pa.string()).take(
        pc.index_in(history["treatment"], known).combine_chunks()
    )
    strategy = pc.coalesce(history["strategy"].combine_chunks(), served)
    found = []
    for one in budgets:
        if one.per == "plan":
            found.append(0.0)
            continue
        counted = touched >= start_of(one.per, at, zone)
        if one.treatments:
            counted &= _among(history["treatment"], one.treatments)
        if one.strategies:
            counted &= _among(strategy, one.strategies)
        found.append(float(np.sort(costs[counted]).sum()))
    return tuple(found)


def _among(column: pa.Array | pa.ChunkedArray, names: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray(pc.is_in(column, pa.array(list(names), pa.string())))
