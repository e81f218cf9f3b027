"""All that a plan is made from, gathered: facts asked, touches read, permits given, gains reckoned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from smalti.engine.experimenting import Weighing
from smalti.engine.given import Facts
from smalti.engine.planning.apart import kept_apart
from smalti.engine.planning.asking import Asked, asked
from smalti.engine.planning.before import latest_plan, plans_before
from smalti.engine.planning.complete import Lacking
from smalti.engine.planning.effects import Grounds as Basis
from smalti.engine.planning.effects import worths_of
from smalti.engine.planning.entering import entered, moments_of
from smalti.engine.planning.habits import habits_of
from smalti.engine.planning.people import groups_of, members_of, zones_of
from smalti.engine.planning.touched import costs_of, history_of, said_costs, spent_of
from smalti.engine.reckoning import Reckoned
from smalti.facts import Instant
from smalti.store import Store
from smalti.strategy.limits import Limits
from smalti.strategy.permits import Answers, Grounds, permits, under_way
from smalti.strategy.plan import Before, Candidates, actions_of, gains_of


@dataclass(frozen=True, eq=False)
class Matter:
    """What a plan is asked of.

    Attributes:
        store: Where the facts are; they stay there.
        facts: The facts and the project; strategies go by measured success already.
        weighing: The experiments; None where there are none.
        reckoned: Everything as of the instant of the plan.
        home: The folder of runs, in which the plan before is looked for.
    """

    store: Store
    facts: Facts
    weighing: Weighing | None
    reckoned: Reckoned
    home: Path

    @property
    def at(self) -> Instant:
        """The instant of the plan."""
        return self.reckoned.at

    @property
    def limits(self) -> Limits:
        """The limits."""
        return self.facts.prepared.limits

    @property
    def customers(self) -> pa.Array:
        """The ids, ascending."""
        return self.reckoned.traits["customer_id"].combine_chunks().cast(pa.string())


@dataclass(frozen=True, eq=False)
class Gathered:
    """All that a plan is made from.

    Attributes:
        candidates: As arrays.
        grounds: What is known of all customers, by which the last gate judges.
        before: The plan before; None where there is none.
    """

    candidates: Candidates
    grounds: Grounds
    before: Before | None


def gather(matter: Matter) -> Gathered:
    """Gather all that a plan is made from.

    Args:
        matter: What it is asked of.

    Raises:
        SmaltiError: Something cannot be reckoned as of an earlier instant.
    """
    facts, prepared, limits = matter.facts, matter.facts.prepared, matter.limits
    definition, treatments = limits.definition, prepared.treatments
    answers = asked(matter.store, prepared, matter.reckoned)
    history = history_of(matter.store, facts, matter.customers, matter.at, matter.weighing)
    average, zone = matter.reckoned.average_order, facts.project.time_zone
    zones, zone_notes = zones_of(matter.reckoned, definition, zone)
    grounds, ground_notes = _grounds(matter, answers, history, zones)
    said = said_costs(treatments, facts.currency, average)
    lacking = Lacking(matter.store, prepared, matter.reckoned)
    going = under_way(treatments, limits, grounds, Answers(answers.stop, lacking.conditions(answers.conditions), said))
    grounds = replace(grounds, pending=going.pending)
    actions = actions_of(treatments, limits)
    may = permits(actions, limits, grounds)
    why, lacking_notes = lacking.barred(actions, may.why)
    channels = tuple(one.name for one in prepared.channels)
    habits = habits_of(matter.store, facts, matter.reckoned, history, zones, channels)
    worths, worth_notes = worths_of(Basis(facts, matter.weighing, matter.reckoned, answers))
    served = {one.name: one.strategy for one in treatments}
    earlier = plans_before(matter.home, facts.project.name, matter.at)
    planned, before = latest_plan(earlier, actions, matter.customers, facts.currency)
    members, titles = members_of(matter.reckoned)
    candidates = Candidates(
        customers=matter.customers,
        at=matter.at,
        zone=zone,
        currency=facts.currency,
        actions=actions,
        gains=gains_of(actions, worths, currency=facts.currency, average_order=average, reach=habits.reach),
        why=why,
        earliest=may.earliest,
        latest=may.latest,
        zones=zones,
        hours=habits.hours,
        segments=members,
        titles=titles,
        groups=groups_of(matter.reckoned, [one.by for one in definition.fairness]),
        before=planned,
        underway=going.due,
        pending=going.pending,
        reached={name: grounds.reached(name) for name in channels},
        history=history,
        budgets=tuple(one.amount.exact(facts.currency, average) for one in definition.budget),
        spent=spent_of(definition.budget, history, costs_of(history, said), served, matter.at, zone),
        keep=definition.keep.exact(facts.currency, average),
        notes=(*zone_notes, *ground_notes, *lacking_notes, *habits.notes, *worth_notes),
    )
    return Gathered(candidates, grounds, before)


def _grounds(matter: Matter, answers: Asked, history: pa.Table, zones: pa.Array) -> tuple[Grounds, tuple[str, ...]]:
    """Give what is known of all customers when it is asked what may be done to them."""
    facts, treatments = matter.facts, matter.facts.prepared.treatments
    begins, entering_notes = entered(matter.store, facts, answers.begins, matter.customers, matter.at, matter.home)
    apart = kept_apart(facts.project, matter.weighing, treatments, matter.customers, matter.at)
    channels = matter.reckoned.channels
    nobody = np.zeros(len(matter.customers), dtype=np.bool_)
    grounds = Grounds(
        count=len(matter.customers),
        at=matter.at,
        until=matter.at + matter.limits.definition.window,
        zone=facts.project.time_zone,
        eligible=answers.eligible,
        address={name: one.address for name, one in channels.items()},
        agreed={name: nobody if one.consented is None else one.consented for name, one in channels.items()},
        begins=begins,
        moments=moments_of(treatments, answers.due, len(matter.customers), matter.at, facts.project.time_zone),
        zones=zones,
        suppressed=answers.suppressed,
        held_out=apart.held_out,
        elsewhere=apart.elsewhere,
        history=history,
    )
    return grounds, (*entering_notes, *apart.notes)
