"""What changed since the plan before, customer by customer, and why."""

from __future__ import annotations

from typing import Any

import numpy as np

from smalti.facts import format_instant
from smalti.strategy.candidates import UNKNOWN
from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.permits import BARS
from smalti.strategy.plan.made import CHANGES, Before, Plan
from smalti.strategy.plan.pricing import at, members

REASONS: tuple[str, ...] = (
    "what was planned has been done since",
    "drawn by lot this time",
    "no day could carry what was best",
    "what was planned is not there any more",
    "what was planned is not possible any more",
    "it was not there before",
    "what was planned is expected to bring less",
    "what was planned takes of a limit that is dearer now",
    "it takes of a limit that is cheaper now",
    "it is expected to bring more now, or was not possible before",
    "she was in no plan before",
    "others bring more within the limits",
)
"""Why a customer's plan is another than before, by code; the fifth is followed by the bar."""
(
    DONE,
    DRAWN,
    FULL,
    GONE,
    BARRED,
    FRESH,
    LESS,
    DEARER,
    CHEAPER,
    MORE,
    UNPLANNED,
    OTHERS,
) = range(len(REASONS))
_DONE_BARS = [place for place, bar in enumerate(BARS) if bar.name in ("under way", "had it already")]


def changes(plan: Plan, before: Before) -> dict[str, Any]:
    """Give ``change`` and ``changed_because`` of every customer, as codes, int8.

    What was planned and has begun since is not a change: such customers are the same, or new where they get something else.
    """
    old, new = plan.candidates.before, plan.choice
    had = (old >= 0) | before.gone
    done = (old >= 0) & np.isin(_bar(plan, old), _DONE_BARS)
    still = had & ~done
    change = np.select(
        [still & (new == old), still & (new >= 0), still, new >= 0],
        [CHANGES.index("same"), CHANGES.index("changed"), CHANGES.index("dropped"), CHANGES.index("new")],
        CHANGES.index("same"),
    )
    because = np.where(done, DONE, -1)
    fresh = (change == CHANGES.index("new")) & ~done
    rise = _dearer(plan, before, new)
    better = np.where(rise < 0, CHEAPER, MORE)
    because = np.where(fresh, np.where(old == UNKNOWN, UNPLANNED, better), because)
    moved = np.isin(change, (CHANGES.index("changed"), CHANGES.index("dropped")))
    because = np.where(moved, _why(plan, before, old), because)
    because = np.where((fresh | moved) & plan.explored, DRAWN, because)
    because = np.where(fresh & _not_there(plan, before), FRESH, because)
    return {"change": change.astype(np.int8), "changed_because": because.astype(np.int8)}


def _bar(plan: Plan, places: Integers) -> Integers:
    """Give what stands against an action of each customer; 0 where there is none or nothing does."""
    return at(plan.candidates.why.astype(np.float64), places).astype(np.int64)


def _not_there(plan: Plan, before: Before) -> Booleans:
    """Say whose action was not there before."""
    there = [one.name in before.actions for one in plan.candidates.actions]
    return ~np.array([*there, True], dtype=np.bool_)[plan.choice]


def _why(plan: Plan, before: Before, old: Integers) -> Integers:
    """Say why what was planned is planned no more: the first that holds, then what moved most."""
    gain = at(plan.candidates.gains.gain, old)
    lever = np.append(plan.candidates.gains.weight, 1.0)[old]
    less = lever * (np.nan_to_num(before.gain) - gain)
    dearer = _dearer(plan, before, old)
    return np.select(
        [
            before.gone,
            _bar(plan, old) > 0,
            plan.full,
            _not_there(plan, before),
            (less > 0) & (less >= dearer),
            dearer > 0,
            (plan.choice >= 0) & (_dearer(plan, before, plan.choice) < 0),
            plan.choice >= 0,
        ],
        [GONE, BARRED, FULL, FRESH, LESS, DEARER, CHEAPER, MORE],
        OTHERS,
    )


def _dearer(plan: Plan, before: Before, places: Integers) -> Floats:
    """Give by how much more an action of each customer pays for limits now than it would have then; 0 where she has none."""
    now = {one.name: one.price for one in plan.uses}
    change = {one.name: now[one.name] - before.prices.get(one.name, 0.0) for one in plan.uses}
    paying = np.zeros(len(places))
    for one in plan.uses:
        if change[one.name]:
            rise = np.append(one.columns, 0.0)[places] * one.sign * change[one.name]
            paying += np.where(members(one, plan.candidates), rise, 0.0)
    return paying


def told_counts(plan: Plan) -> dict[str, Any] | None:
    """Count changes and their reasons, for ``run.json``; None where there was no plan before."""
    if plan.before is None or plan.change is None or plan.changed_because is None:
        return None
    counts: dict[str, Any] = {name: int((plan.change == code).sum()) for code, name in enumerate(CHANGES)}
    pairs, numbers = np.unique(
        np.stack([plan.change, plan.changed_because])[:, plan.changed_because >= 0], axis=1, return_counts=True
    )
    reasons = [
        {"change": CHANGES[int(change)], "reason": REASONS[int(because)], "customers": int(number)}
        for (change, because), number in zip(pairs.T.tolist(), numbers.tolist(), strict=True)
    ]
    against = {"against": plan.before.run, "against_as_of": format_instant(plan.before.at)}
    return against | counts | {"reasons": reasons}
