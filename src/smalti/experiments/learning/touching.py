"""Decisions of a trial of policies as facts: the touches that tomorrow's proof is read from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from smalti.errors import ModelError, nearest
from smalti.experiments.assignment import CustomerIds, as_text
from smalti.experiments.learning.trial import Decided, PolicyTrial
from smalti.facts import TOUCHES, Instant


def touches_of(
    trial: PolicyTrial,
    decided: Decided,
    customer_ids: CustomerIds,
    at: Instant,
    *,
    channel: str | None = None,
    cost: Mapping[str, int] | None = None,
) -> pa.Table:
    """Give one touch for each decision, the hold-out's too.

    The arm is the policy a customer belongs to, the treatment what was done; the probability is that of the treatment before
    it was drawn which policy she belongs to, so that every touch speaks for every policy.

    Args:
        trial: The trial.
        decided: What was decided.
        customer_ids: Who was asked about, as in `decide`; shape (n,).
        at: When, in microseconds UTC.
        channel: Through which channel.
        cost: By treatment what a touch costs, in minor units; one that isn't named costs nothing.

    Returns:
        A table with the columns of `facts.TOUCHES`, m rows.

    Raises:
        ModelError: A cost is of no treatment.

    Examples:
        >>> from smalti.experiments.learning.trial import decide, policy_trial
        >>> trial = policy_trial("spring", ("none", "mail"), {"hold-out": 1, "generic": 1}, floor=0.1)
        >>> ids = ["C1", "C2", "C3"]
        >>> decided = decide(trial, ids, {"generic": np.ones(3, dtype=np.int64)})
        >>> touches_of(trial, decided, ids, 0).select(["customer_id", "treatment", "arm", "probability"]).to_pylist()[2]
        {'customer_id': 'C3', 'treatment': 'mail', 'arm': 'generic', 'probability': 0.45}
    """
    costs = cost or {}
    for treatment in costs:
        if treatment not in decided.treatments:
            near = nearest(treatment, decided.treatments)
            hint = f"; did you mean '{near}'?" if near else ""
            raise ModelError(f"cost: found '{treatment}', wanted one of {', '.join(decided.treatments)}{hint}")
    rows = len(decided.rows)
    told: dict[str, pa.Array] = {
        "customer_id": as_text(customer_ids).take(pa.array(decided.rows)).cast(pa.string()),
        "at": pa.array(np.full(rows, at, np.int64)),
        "treatment": pa.array(decided.treatments, pa.string()).take(pa.array(decided.treatment)),
        "channel": pa.array([channel], pa.string()).take(pa.array(np.zeros(rows, np.int64))),
        "experiment": pa.array([trial.experiment.name] * rows, pa.string()),
        "arm": pa.array(decided.policies, pa.string()).take(pa.array(decided.policy)),
        "probability": pa.array(decided.probability),
        "cost": pa.array(np.array([costs.get(one, 0) for one in decided.treatments], np.int64)[decided.treatment]),
    }
    schema = TOUCHES.schema()
    missing = {field.name: pa.nulls(rows, field.type) for field in schema if field.name not in told}
    return pa.table({field.name: (told | missing)[field.name] for field in schema}, schema)
