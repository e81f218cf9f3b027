"""What earlier runs foretold, and what came since: asked of the facts before a run lets go of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.foresight.next_category import next_categories
from smalti.engine.foresight.training import since
from smalti.engine.given import Facts
from smalti.engine.history import SeenRun, history
from smalti.errors import RunError
from smalti.facts import DAY, Instant, Type, format_instant
from smalti.project import CHANCE, Foretelling
from smalti.store import RunFolder, Store, quoted
from smalti.strategy.peers import Floats
from smalti.traits import Computed, Trait, compute

LEAST_WATCHED = 28 * DAY
"""What models of buying foretold is compared with what came after this long at the earliest."""
_ASKED = "_foretold_then"


@dataclass(frozen=True, eq=False)
class Came:
    """What an earlier run foretold of its customers, and what came.

    Attributes:
        at: The as-of instant of the earlier run.
        until: The instant up to which what came was counted.
        task: Whether forecasts are chances or amounts.
        unit: What they are counted in.
        forecast: One per customer, shape (n,).
        outcome: What came, in the same order.
    """

    at: Instant
    until: Instant
    task: Literal["chance", "amount"]
    unit: str
    forecast: Floats
    outcome: Floats


@dataclass(frozen=True, eq=False)
class Earlier:
    """What is known from earlier runs of the project.

    Attributes:
        previous: The latest of them, None where this is the first.
        runs: All of them, oldest first.
        came: By score, what came of what the latest run whose horizon has passed foretold.
    """

    previous: RunFolder | None = None
    runs: tuple[SeenRun, ...] = ()
    came: Mapping[str, Came] = field(default_factory=dict)


def earlier_runs(store: Store, facts: Facts, home: Path) -> Earlier:
    """Find the earlier runs of a project, and what came of the scores that they foretold.

    Args:
        store: Where the facts are, up to the as-of instant and later.
        facts: The facts and the project.
        home: The folder of runs; runs in it that are damaged, or of another project, are in nobody's way.
    """
    try:
        runs = tuple(run for run in history(home, facts.project.name).runs if run.at < facts.at)
    except RunError:
        return Earlier()
    if not runs:
        return Earlier()
    came: dict[str, Came] = {}
    for score in facts.prepared.scores:
        told = _latest(runs, score, facts.at)
        found = _came(store, facts, score, told) if told is not None else None
        came |= {score.name: found} if found is not None else {}
    return Earlier(runs[-1].folder, runs, came)


def _latest(runs: Sequence[SeenRun], score: Foretelling, at: Instant) -> SeenRun | None:
    """Give the latest run that foretold the same and whose horizon has passed."""
    if score.outcome is None:
        return None
    for run in reversed(runs):
        info = run.folder.info
        model = (info.get("models") or {}).get(score.name) or {}
        if run.at + score.definition.horizon <= at and model.get("fitted") and _same(info, score):
            return run
    return None


def _same(info: Mapping[str, Any], score: Foretelling) -> bool:
    """Tell whether a run foretold the same thing under the same name."""
    scores = (info.get("definitions") or {}).get("scores") or ()
    then = dict(scores).get(score.name) if not isinstance(scores, Mapping) else scores.get(score.name)
    now = score.definition.model_dump(mode="json")
    return then is not None and all(then.get(name) == now[name] for name in ("predict", "within"))


def _came(store: Store, facts: Facts, score: Foretelling, run: SeenRun) -> Came | None:
    columns = [name for name in (score.name, score.name + CHANCE) if name in score.types]
    customers = run.folder.table("customers")
    if not set(columns) <= set(customers.column_names):
        return None
    customers = customers.select(["customer_id", *columns]).drop_null().sort_by("customer_id")
    if not customers.num_rows:
        return None
    outcome = _outcome(store, facts, score, run.at, customers["customer_id"])
    forecast = customers[columns[-1]]
    until = run.at + score.definition.horizon
    if score.task == "category":
        hit = pc.fill_null(pc.equal(outcome, customers[score.name]), False)
        return Came(run.at, until, "chance", "chance", _floats(forecast), _floats(hit.cast(pa.int8())))
    scale = facts.currency.scale if score.types[score.name] is Type.MONEY else 1
    unit = (
        "money"
        if scale != 1 or score.types[score.name] is Type.MONEY
        else "chance"
        if score.task == "chance"
        else "number"
    )
    task: Literal["chance", "amount"] = "chance" if score.task == "chance" else "amount"
    came = _floats(pc.fill_null(pc.cast(outcome, pa.float64()), 0.0 if task == "chance" else np.nan))
    known = ~np.isnan(came)
    return Came(run.at, until, task, unit, (_floats(forecast) * scale)[known], came[known])


def _outcome(store: Store, facts: Facts, score: Foretelling, at: Instant, ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give what came within the horizon after an instant, for customers in order of id."""
    assert score.outcome is not None  # noqa: S101 - asked only of what has one
    length = score.definition.horizon
    store.put(_ASKED, pa.table({"customer_id": ids}))
    if score.definition.kind == "next_category":
        streams, zone = facts.loaded.streams, facts.project.time_zone
        came = next_categories(store, streams, score.streams[0], zone, _ASKED, at, at + length)
        store.drop(_ASKED)
        return pa.chunked_array([pa.array(came.tolist(), pa.string())])
    trait = Trait("_came", score.types[score.name], since(score.outcome, at, length), "what came")
    found = compute(
        store, facts.loaded.streams, [trait], (), at + length, f"{_ASKED}_came", known=Computed(_ASKED, {}, {})
    )
    column = store.read(f"SELECT * FROM {quoted(found.table)} ORDER BY customer_id")["_came"]
    store.drop(found.table)
    store.drop(_ASKED)
    return column


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(), dtype=np.float64)


def purchases_since(earlier: Earlier, customers: pa.Table, at: Instant) -> tuple[SeenRun, pa.Table] | None:
    """Give the latest run that is old enough for models of buying, and its customers beside what they have done by now.

    Args:
        earlier: The earlier runs.
        customers: The published table of customers of this run.
        at: Its as-of instant.

    Returns:
        The run, and its buyers with ``purchase_days``, ``days_since_order``, ``days_since_first_order``, ``spend_total`` as
        of then, and ``later_days`` and ``later_spend``: days with an order since, and what was spent on them, both from 0.
    """
    run = next((one for one in reversed(earlier.runs) if at - one.at >= LEAST_WATCHED), None)
    names = ["purchase_days", "days_since_order", "days_since_first_order", "spend_total"]
    if run is None:
        return None
    then = run.folder.table("customers")
    if not {*names, "customer_id"} <= set(then.column_names) & set(customers.column_names):
        return None
    worth = ["expected_order_value"] if "expected_order_value" in then.column_names else []
    then = then.select(["customer_id", *names, *worth])
    then = then.filter(pa.array(np.logical_and.reduce([np.asarray(then[name].is_valid()) for name in names])))
    place = pc.index_in(then["customer_id"], customers["customer_id"].combine_chunks())
    now = customers.select(["purchase_days", "spend_total"]).take(pc.fill_null(place, 0))
    known = np.asarray(pc.is_valid(place)) & (_floats(then["purchase_days"]) > 0)
    later = [_floats(now[name]) - _floats(then[name]) for name in ("purchase_days", "spend_total")]
    told = {"later_days": pa.array(np.maximum(later[0], 0)), "later_spend": pa.array(np.maximum(later[1], 0))}
    for name, column in told.items():
        then = then.append_column(name, column)
    return run, then.filter(pa.array(known))


def day_of(at: Instant) -> str:
    """Give the day of an instant in UTC.

    >>> day_of(0)
    '1970-01-01'
    """
    return format_instant(at)[:10]
