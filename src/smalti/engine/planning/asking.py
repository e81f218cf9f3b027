"""What a plan asks of the table of customers: whom a treatment is for, what is to be won, what has happened since it began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from smalti.engine.foresight.behaviour import to_floats
from smalti.engine.reckoning import Reckoned
from smalti.facts import DAY, Instant, parse_duration
from smalti.project import Prepared
from smalti.rules import Node
from smalti.store import Store
from smalti.strategy.peers import Booleans, Floats
from smalti.strategy.treatments import Treatment
from smalti.traits import Computed, answer

AT_ONCE = 3
"""So many questions are asked in one query."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What was asked of all customers as of one instant; rows are customers in ascending order, unknown is no.

    Attributes:
        eligible: By treatment, whom its own rule and that of its strategy allow.
        begins: By treatment that has a trigger, of whom what it begins with is true.
        headroom: By treatment, what is to be won in minor units, 0 where unknown.
        stop: By treatment that something ends, whom it has ended for.
        conditions: By treatment and step, of whom the step's condition is true.
        suppressed: Who is never contacted.
        due: By treatment that begins on an anniversary or a predicted day, the days until it begins, NaN where unknown.
    """

    eligible: Mapping[str, Booleans]
    begins: Mapping[str, Booleans]
    headroom: Mapping[str, Floats]
    stop: Mapping[str, Booleans]
    conditions: Mapping[tuple[str, int], Booleans]
    suppressed: Booleans
    due: Mapping[str, Floats] = field(default_factory=dict)


def asked(store: Store, prepared: Prepared, reckoned: Reckoned) -> Asked:
    """Ask all that a plan wants to know beside what is reckoned already.

    Args:
        store: Where the table of customers is; it holds the aggregates that treatments and limits speak of.
        prepared: The project's definitions, made ready.
        reckoned: Everything as of the instant.
    """
    possible = {one.name: one.eligible for one in reckoned.options}
    wanted = _wanted(prepared)
    answers = _answers(store, reckoned, wanted)
    everyone = np.ones(reckoned.traits.num_rows, dtype=np.bool_)

    def true_of(key: str) -> Booleans:
        return np.asarray(answers[key].fill_null(False)) if key in wanted else everyone

    every = prepared.treatments
    return Asked(
        eligible={one.name: possible[one.strategy] & true_of(f"{one.name} who") for one in every},
        begins={
            one.name: true_of(f"{one.name} begins") if one.due is None else _is_due(one, answers, prepared)
            for one in every
            if one.begins is not None
        },
        headroom={
            one.name: reckoned.headrooms[one.strategy]
            if one.headroom is None
            else np.nan_to_num(to_floats(answers[f"{one.name} headroom"]))
            for one in every
        },
        stop={one.name: true_of(f"{one.name} stop") for one in every if one.stop is not None},
        conditions={
            (one.name, step.place): true_of(f"{one.name} step {step.place}")
            for one in every
            for step in one.steps
            if step.condition is not None
        },
        suppressed=true_of("suppress") if "suppress" in wanted else ~everyone,
        due={one.name: to_floats(answers[f"{one.name} due"]) for one in every if one.due is not None},
    )


def begun(store: Store, computed: Computed, treatments: Sequence[Treatment], at: Instant) -> tuple[pa.Array, pa.Table]:
    """Ask of whom what treatments begin with was true as of another instant.

    Args:
        store: Where the table of customers as of then is.
        computed: The table.
        treatments: Those with a trigger.
        at: The instant.

    Returns:
        The customers there were, ascending, and by treatment whether it was true, null where unknown.
    """
    wanted = {one.name: one.begins for one in treatments if one.begins is not None}
    answers = answer(store, computed, wanted, at)
    return answers["customer_id"].combine_chunks(), answers.drop_columns(["customer_id"])


def _wanted(prepared: Prepared) -> dict[str, Node]:
    wanted: dict[str, Node] = {}
    for one in prepared.treatments:
        begins = one.begins if one.due is None else None
        named = {"who": one.who, "headroom": one.headroom, "begins": begins, "stop": one.stop, "due": one.due}
        named |= {f"step {step.place}": step.condition for step in one.steps}
        wanted |= {f"{one.name} {what}": tree for what, tree in named.items() if tree is not None}
    suppress = prepared.limits.suppress
    return wanted | ({"suppress": suppress} if suppress is not None else {})


def _is_due(treatment: Treatment, answers: Mapping[str, pa.ChunkedArray], prepared: Prepared) -> Booleans:
    """Say of whom an anniversary or a predicted day is near: the same as its rule, from the days until then."""
    trigger = treatment.definition.trigger
    within = parse_duration(trigger.within) if trigger is not None else 0
    days = to_floats(answers[f"{treatment.name} due"])
    return (days * DAY <= prepared.limits.definition.window) & (days * DAY >= -within)


def _answers(store: Store, reckoned: Reckoned, wanted: Mapping[str, Node]) -> Mapping[str, pa.ChunkedArray]:
    """Ask a few questions at once: a query takes the longer to be written, the more it asks."""
    found: dict[str, pa.ChunkedArray] = {}
    names = list(wanted)
    for first in range(0, len(names), AT_ONCE):
        some = {name: wanted[name] for name in names[first : first + AT_ONCE]}
        table = answer(store, reckoned.computed, some, reckoned.at)
        found |= {name: table[name] for name in some}
    return found
