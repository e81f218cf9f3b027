"""Whom experiments and hold-outs keep from treatments: who is held out, or was drawn into another arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.experimenting import Weighed, Weighing
from smalti.experiments.assignment import bucket
from smalti.facts import Instant, parse_instant
from smalti.project import Project
from smalti.strategy.peers import Booleans, Integers
from smalti.strategy.treatments import Treatment


@dataclass(frozen=True, eq=False)
class KeptApart:
    """Whom experiments and hold-outs keep from treatments; rows are customers in ascending order.

    Attributes:
        held_out: By treatment, who is held out of it or of everything; shape (n,).
        elsewhere: By treatment, whom an experiment has drawn into an arm in which it is not given; shape (n,).
        notes: What a reader should know, in sentences.
    """

    held_out: Mapping[str, Booleans]
    elsewhere: Mapping[str, Booleans]
    notes: tuple[str, ...] = ()


def kept_apart(
    project: Project, weighing: Weighing | None, treatments: Sequence[Treatment], customers: pa.Array, at: Instant
) -> KeptApart:
    """Find whom experiments and hold-outs keep from treatments.

    Who is held out of everything gets nothing, from the instant on that the project says, if it says one. An experiment tries a
    treatment if one of its arms is called like it, or tries the strategy that it serves; until it is over, those drawn into its
    other arms are kept from it.

    Args:
        project: The project.
        weighing: Its experiments; None where there are none.
        treatments: The treatments.
        customers: The ids, ascending; n of them.
        at: The as-of instant.
    """
    names = [one.name for one in treatments]
    elsewhere: dict[str, Booleans] = {}
    notes = []
    for tried in () if weighing is None else weighing.found:
        arms = {one.name: arm for one in treatments if (arm := _arm_of(tried, one)) is not None}
        if not arms or tried.over or tried.drawn is None:
            continue
        drawn = _drawn(tried, customers)
        for name, arm in arms.items():
            other = (drawn >= 0) & (drawn != tried.trial.arms.index(arm))
            elsewhere[name] = elsewhere.get(name, np.zeros_like(other)) | other
        told = ", ".join(arms)
        notes.append(f"experiment {tried.trial.name} is not over: {told} goes to nobody drawn into another arm of it")
    return KeptApart(_held_out(project, names, customers, at), elsewhere, tuple(notes))


def _held_out(project: Project, names: Sequence[str], customers: pa.Array, at: Instant) -> dict[str, Booleans]:
    hold_out = project.hold_out
    if hold_out is None or not _has_begun(hold_out.start, project, at):
        return {}
    shares = dict(hold_out.treatments)
    every = np.zeros(len(customers), dtype=np.bool_)
    if hold_out.share:
        every = bucket(hold_out.salt, customers) < hold_out.share
    return {
        name: every | (bucket(f"{hold_out.salt} of {name}", customers) < shares[name]) if shares.get(name) else every
        for name in names
    }


def _has_begun(start: str | None, project: Project, at: Instant) -> bool:
    return start is None or parse_instant(start, project.time_zone) <= at


def _arm_of(tried: Weighed, treatment: Treatment) -> str | None:
    """Give the arm that tries a treatment; None where the experiment does not."""
    if treatment.name in tried.trial.arms:
        return treatment.name
    return tried.trial.strategies.get(treatment.strategy)


def _drawn(tried: Weighed, customers: pa.Array) -> Integers:
    """Give the place of each customer's arm, -1 of those who are in none; shape (n,)."""
    found = np.full(len(customers) + 1, -1, dtype=np.int64)
    for ids, arms in _parts(tried):
        row = pc.fill_null(pc.index_in(ids.cast(customers.type), customers), len(customers))
        found[np.asarray(row.to_numpy(zero_copy_only=False), dtype=np.int64)] = arms
    return found[:-1]


def _parts(tried: Weighed) -> list[tuple[pa.Array, Integers]]:
    """Give who was drawn and, where touches say otherwise of whom it reached, with what."""
    parts = [] if tried.drawn is None else [(tried.drawn.customers, tried.drawn.arm)]
    if tried.exposed is not None and tried.exposed.how == "touches":
        parts.append((tried.exposed.customers, tried.exposed.arm))
    return parts
