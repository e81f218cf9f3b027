"""The plan of a project as of now: everything reckoned, nothing published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from smalti.engine.clock import Clock
from smalti.engine.experimenting import weigh, with_coming
from smalti.engine.options import Options
from smalti.engine.planning.gathering import Matter
from smalti.engine.planning.making import Made, plan_as_of
from smalti.engine.reckoning import read_facts, reckon_as_of
from smalti.errors import RunError
from smalti.facts import format_instant
from smalti.project import EXPERIMENTS, PLAN, Origin, Project, Work, after_facts
from smalti.store import Store
from smalti.strategy.plan import Plan


@dataclass(frozen=True, eq=False)
class Planned:
    """The plan of a project as of now, in the form in which a run holds it.

    Attributes:
        made: The plan.
        about: What ``run.json`` would say of the project around it: its name, currency, time zone, as-of instant and so on.
    """

    made: Made
    about: Mapping[str, Any]

    @property
    def plan(self) -> Plan:
        """The plan as a value."""
        return self.made.plan

    @property
    def tables(self) -> Mapping[str, pa.Table]:
        """The tables of a run that would hold it, by name."""
        return self.made.tables

    @property
    def info(self) -> dict[str, Any]:
        """What ``run.json`` would say, ``plan`` among it."""
        return {**self.about, "plan": dict(self.made.info)}


def plan_project(
    project: Project,
    options: Options | None = None,
    *,
    origin: Origin | None = None,
    progress: Callable[[Work], None] = lambda _: None,
) -> Planned:
    """Make the plan of a project as of now, the same that a run would publish; nothing is published.

    Args:
        project: The project.
        options: As of when, and where its files and runs are.
        origin: Where the definitions were written, for messages.
        progress: Told each step as it begins.

    Raises:
        SmaltiError: Sources cannot be read, definitions are wrong, the limits contradict each other, or there is no treatment.
    """
    if not project.treatments:
        raise RunError("there is nothing to plan: the project has no treatments; write them under treatments:")
    options = options or Options()
    clock = Clock(progress)
    with Store(memory=options.memory, threads=options.threads) as store:
        facts = read_facts(store, project, options, origin, clock)
        work = {one.step: one for one in after_facts(facts.prepared, facts.loaded.streams)}
        weighing = None
        if EXPERIMENTS in work:
            with clock.step(work[EXPERIMENTS]):
                weighing = weigh(store, facts, proven=())
            facts = weighing.facts
        reckoned = reckon_as_of(store, facts, facts.at, clock, keep_facts=True)
        weighing = with_coming(store, weighing, reckoned) if weighing is not None else None
        with clock.step(work[PLAN]):
            made = plan_as_of(Matter(store, facts, weighing, reckoned, options.runs), threads=options.threads)
    about = {
        "project": project.name,
        "currency": project.currency,
        "time_zone": project.time_zone,
        "as_of": format_instant(facts.at),
        "as_of_microseconds": facts.at,
        "horizon": project.assumptions.horizon,
        "customers": reckoned.traits.num_rows,
        "titles": dict(facts.prepared.titles),
        "definitions": facts.project.model_dump(mode="json"),
    }
    return Planned(made, about)
