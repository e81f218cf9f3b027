"""What was planned before: the latest plan of the same project as of an earlier instant, read back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.foresight.behaviour import to_floats
from smalti.errors import RunError
from smalti.facts import Currency, Instant
from smalti.store import RunFolder, list_runs
from smalti.strategy.peers import Integers
from smalti.strategy.plan import UNKNOWN, Action, Before, prices_of

PLAN = "plan"
"""The name of the table of the plan."""
_DAMAGE = (RunError, OSError, KeyError, TypeError, ValueError, pa.ArrowException)
NEW = ("best", "kept", "explored")
"""How an action came to be chosen that the plan itself has begun."""


def plans_before(home: Path, project: str, at: Instant) -> Iterator[RunFolder]:
    """Give the runs with a plan of a project as of earlier instants, the latest first; of one instant the latest made first.

    What is as of the instant itself or later is not among them, whenever it was made; nor is what cannot be read.

    Args:
        home: The folder of runs.
        project: The project's name.
        at: The as-of instant.
    """
    found: list[tuple[Instant, int, RunFolder]] = []
    for place, run in enumerate(list_runs(home)):
        with suppress(*_DAMAGE):
            then = int(run.info["as_of_microseconds"])
            if run.info["project"] == project and then < at and PLAN in run.tables and "plan" in run.info:
                found.append((then, place, run))
    for _, _, run in sorted(found, key=lambda one: one[:2], reverse=True):
        yield run


def latest_plan(
    runs: Iterable[RunFolder], actions: Sequence[Action], customers: pa.Array, currency: Currency
) -> tuple[Integers, Before | None]:
    """Read the first of some plans that can be read; see `planned_before`.

    Args:
        runs: Runs with a plan, as `plans_before` gives them; one that is damaged is in nobody's way.
        actions: The actions there are now.
        customers: The ids, ascending; n of them.
        currency: The project's currency.
    """
    for run in runs:
        with suppress(*_DAMAGE):
            return planned_before(run, actions, customers, currency)
    return np.full(len(customers), UNKNOWN, dtype=np.int64), None


def planned_before(
    run: RunFolder, actions: Sequence[Action], customers: pa.Array, currency: Currency
) -> tuple[Integers, Before]:
    """Give the place of the action that the plan before had for each customer, and what else is known of that plan.

    Args:
        run: The run with the plan before.
        actions: The actions there are now.
        customers: The ids, ascending; n of them.
        currency: The project's currency.

    Returns:
        Places in `actions`, -1 where nothing was planned or the action is no more, `UNKNOWN` of those who were in no plan;
        shape (n,). And what else is known; nothing of money that was in another currency.

    Raises:
        RunError, OSError, KeyError, ValueError, ArrowException: The run is damaged.
    """
    found = np.full(len(customers), UNKNOWN, dtype=np.int64)
    told = run.info["plan"]
    table = run.table(PLAN, columns=["customer_id", "treatment", "step", "channel", "chosen", "gain"])
    row = pc.index_in(table["customer_id"].cast(customers.type), customers).combine_chunks()
    there = np.asarray(row.is_valid())
    rows = np.asarray(pc.fill_null(row, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
    found[rows[there]] = -1
    fresh = pc.and_(pc.is_in(table["chosen"], pa.array(NEW)), pc.equal(pc.fill_null(table["step"], 1), 1))
    first = there & np.asarray(fresh.combine_chunks()) & np.asarray(table["treatment"].combine_chunks().is_valid())
    keys = pc.binary_join_element_wise(table["treatment"], pc.fill_null(table["channel"], ""), "\t")
    coded = keys.filter(pa.array(first)).combine_chunks().dictionary_encode()
    code = np.asarray(coded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    _set(found, rows[first], code, [str(one) for one in coded.dictionary.to_pylist()], _by_parts(actions))
    had = np.zeros(len(customers), dtype=np.bool_)
    had[rows[first]] = True
    gain = np.full(len(customers), np.nan)
    same = run.info.get("currency", currency.code) == currency.code
    if same:
        gain[had] = 0.0
        paid = np.nan_to_num(to_floats(table["gain"])) * currency.scale
        np.add.at(gain, rows[first], paid[first])
    prices = prices_of(told) if same else {}
    names = tuple(str(one["name"]) for one in told["actions"])
    then = int(run.info["as_of_microseconds"])
    return found, Before(run.id, then, gain, names, prices, had & (found == -1))


def _by_parts(actions: Sequence[Action]) -> dict[frozenset[str], int]:
    """Give the place of each action by its treatments and first channels."""
    return {
        frozenset(
            f"{one.name}\t{channel or ''}" for one, channel in zip(action.treatments, action.channels, strict=True)
        ): place
        for place, action in enumerate(actions)
    }


def _set(
    found: Integers, rows: Integers, code: Integers, names: Sequence[str], places: Mapping[frozenset[str], int]
) -> None:
    """Set the action of each customer: those with one first contact at once, those with several one by one."""
    count = np.bincount(rows, minlength=len(found))
    alone = count[rows] == 1
    place_of = np.array([places.get(frozenset([name]), -1) for name in names] or [-1], dtype=np.int64)
    found[rows[alone]] = place_of[code[alone]]
    several: dict[int, set[str]] = {}
    for row, one in zip(rows[~alone].tolist(), code[~alone].tolist(), strict=True):
        several.setdefault(row, set()).add(names[one])
    for row, parts in several.items():
        found[row] = places.get(frozenset(parts), -1)
