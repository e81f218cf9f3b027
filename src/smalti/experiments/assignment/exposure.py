"""Exposures: the facts that customers were reached, each with the arm and the chance with which it was chosen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from smalti.errors import ModelError, nearest
from smalti.experiments.assignment.assign import Assigned
from smalti.facts import TOUCHES, Instant


def exposures(
    assigned: Assigned,
    at: Instant,
    *,
    channel: str | None = None,
    cost: Mapping[str, int] | None = None,
) -> pa.Table:
    """Give the touches of an experiment's customers at an instant: one for each, in every arm, the control's too.

    That the control's customers could have been reached at this instant is a fact as well: without it nobody could hold
    the arms against each other from the same instant on. Their treatment is the control's name, and costs nothing.

    Args:
        assigned: Who is in which arm; those who aren't in the experiment have no touch.
        at: When, in microseconds UTC.
        channel: Through which channel.
        cost: By arm what a touch costs, in minor units of the project's currency; an arm that isn't named costs nothing.

    Returns:
        A table with the columns of `facts.TOUCHES` after ``customer_id`` and ``at``, in the order of `assigned`.

    Raises:
        ModelError: A cost is of no arm.

    Examples:
        >>> from smalti.experiments.assignment import Arm, Experiment, assign
        >>> told = exposures(assign(Experiment("spring", (Arm("none"), Arm("mail"))), ["C1", "C2", "C3"]), 0, cost={"mail": 50})
        >>> told.select(["customer_id", "treatment", "probability", "cost"]).to_pylist()[0]
        {'customer_id': 'C1', 'treatment': 'none', 'probability': 0.5, 'cost': 0}
    """
    costs = cost or {}
    for arm in costs:
        if arm not in assigned.arms:
            near = nearest(arm, assigned.arms)
            hint = f"; did you mean '{near}'?" if near else ""
            raise ModelError(f"cost: found the arm '{arm}', wanted one of {', '.join(assigned.arms)}{hint}")
    rows = np.flatnonzero(assigned.arm >= 0)
    places = assigned.arm[rows]
    named = pa.array(assigned.arms, pa.string()).take(pa.array(places))
    told: dict[str, pa.Array] = {
        "customer_id": assigned.customer_ids.take(pa.array(rows)).cast(pa.string()),
        "at": pa.array(np.full(len(rows), at, np.int64)),
        "treatment": named,
        "channel": pa.array([channel], pa.string()).take(pa.array(np.zeros(len(rows), np.int64))),
        "experiment": pa.array([assigned.experiment], pa.string()).take(pa.array(np.zeros(len(rows), np.int64))),
        "arm": named,
        "probability": pa.array(assigned.probability[rows]),
        "cost": pa.array(np.array([costs.get(arm, 0) for arm in assigned.arms], np.int64)[places]),
    }
    schema = TOUCHES.schema()
    missing = {field.name: pa.nulls(len(rows), field.type) for field in schema if field.name not in told}
    return pa.table({field.name: (told | missing)[field.name] for field in schema}, schema)
