"""The plan of a project as of one instant: gathered, made, judged once more, told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

from smalti.engine.planning.complete import needs_of
from smalti.engine.planning.gathering import Matter, gather
from smalti.engine.planning.previews import previews_of
from smalti.engine.planning.standing import spoken_of, standing_table
from smalti.strategy.plan import (
    Plan,
    limits_table,
    make_plan,
    options_table,
    plan_info,
    plan_table,
    totals_table,
)


@dataclass(frozen=True, eq=False)
class Made:
    """The plan of a project as of one instant, as a value and as what is published of it.

    Attributes:
        plan: The plan.
        tables: The tables of a run that hold it: `plan`, `plan_limits`, `plan_totals`, `plan_options`, `plan_previews` and
            `plan_standing`, by which it is decided for one customer later.
        info: What ``run.json`` says of it.
    """

    plan: Plan
    tables: Mapping[str, pa.Table]
    info: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def contacts(self) -> pa.Table:
        """The table of contacts, and of customers without any."""
        return self.tables["plan"]

    def __repr__(self) -> str:
        every = len(self.plan.choice)
        chosen = int((self.plan.choice >= 0).sum())
        return f"<plan until {self.info['until']}: a treatment for {chosen:,} of {every:,} customers>"


def plan_as_of(matter: Matter, *, threads: int | None = None) -> Made:
    """Make the plan of a project as of an instant.

    Args:
        matter: What it is asked of.
        threads: Threads that look for the best; the plan does not depend on it.

    Raises:
        PlanError: The limits contradict each other.
        SmaltiError: Something cannot be reckoned as of an earlier instant.
    """
    gathered = gather(matter)
    plan = make_plan(
        gathered.candidates,
        matter.limits,
        before=gathered.before,
        gate=gathered.grounds,
        seed=matter.facts.project.seed,
        threads=threads,
    )
    messages = {one.name: one for one in matter.facts.prepared.messages}
    table = plan_table(plan, messages)
    kept = {name: matter.reckoned.values.columns[name] for name in spoken_of(matter.facts.prepared)}
    tables = {
        "plan": table,
        "plan_limits": limits_table(plan),
        "plan_totals": totals_table(plan),
        "plan_options": options_table(plan),
        "plan_previews": previews_of(matter, table, messages),
        "plan_standing": standing_table(gathered.candidates, matter.limits, kept),
    }
    told = {"rules": _rules(matter), "needs": needs_of(gathered.candidates.actions, matter.facts.prepared.messages)}
    return Made(plan, tables, plan_info(plan) | told)


def _rules(matter: Matter) -> dict[str, dict[str, str]]:
    """Give by treatment the rules that say for whom it is and what is to be won, as they were written."""
    prepared = matter.facts.prepared
    strategies = {one.name: one.definition for one in prepared.strategies}
    found = {}
    for one in prepared.treatments:
        served = strategies[one.strategy]
        texts = {
            "who": one.definition.who,
            "eligible": served.eligible,
            "headroom": one.definition.headroom or served.headroom,
        }
        found[one.name] = {what: text for what, text in texts.items() if text is not None}
    return found
