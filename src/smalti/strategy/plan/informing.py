"""What ``run.json`` says of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smalti.facts import format_instant
from smalti.strategy.plan.changing import told_counts
from smalti.strategy.plan.deciding import Decider
from smalti.strategy.plan.made import Plan
from smalti.strategy.plan.tables import limit_row, totals_of


def plan_info(plan: Plan) -> dict[str, Any]:
    """Give what ``run.json`` says under ``plan``: plain values, money in minor units, instants in ISO 8601.

    ``limits`` are as in the table ``plan_limits``: in major units. ``decider`` is what `Decider.of_info` reads back.
    """
    candidates = plan.candidates
    whole = next(one for one in totals_of(plan) if one.by == "all")
    return {
        "at": format_instant(candidates.at),
        "until": format_instant(plan.until),
        "value": plan.value,
        "bound": plan.bound,
        "gap": plan.gap,
        "gain": whole.gain,
        "gain_low": whole.low,
        "gain_high": whole.high,
        "cost": whole.cost,
        "customers": whole.customers,
        "contacts": whole.contacts,
        "actions": [_action(plan, place) for place in range(len(candidates.actions))],
        "limits": [{"name": one.name, "minor": one.price} | limit_row(one, candidates.currency) for one in plan.uses],
        "changes": told_counts(plan),
        "explore": plan.explore,
        "explored": int(plan.explored.sum()),
        "removed": plan.removed,
        "moved": plan.moved,
        "under_way": int((plan.contacts.action < 0).sum()),
        "levers": {
            part.name: part.definition.priority
            for one in candidates.actions
            for part in one.treatments
            if part.definition.priority != 1
        },
        "keep": candidates.keep,
        "notes": list(plan.notes),
        "decider": Decider.of(plan).to_info(),
    }


def prices_of(info: Mapping[str, Any]) -> dict[str, float]:
    """Give the prices of a plan's limits from what ``run.json`` says of it, in the units that `Before` wants."""
    return {str(one["name"]): float(one["minor"]) for one in info["limits"]}


def _action(plan: Plan, place: int) -> dict[str, Any]:
    action, gains = plan.candidates.actions[place], plan.candidates.gains
    return {
        "name": action.name,
        "title": " + ".join(part.title for part in action.treatments),
        "treatments": [part.name for part in action.treatments],
        "strategies": [part.strategy for part in action.treatments],
        "channels": list(action.channels),
        "weight": float(gains.weight[place]),
        "basis": gains.basis[place],
        "by": gains.by[place],
        "told": gains.told[place],
        "fixed": sum(gains.fixed.get(part.name, 0.0) for part in action.treatments),
        "cost": float(gains.cost[0, place]) if len(gains.cost) else 0.0,
        "customers": int((plan.choice == place).sum()),
        "possible": int((plan.candidates.why[:, place] == 0).sum()),
    }
