"""The arms of an experiment, drawn for the customers who may take part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.experimenting.starting import NONE, Start, groups_of
from smalti.experiments.assignment import Experiment, assign, fit_strata
from smalti.experiments.logged import Floats, Integers
from smalti.facts import Instant, Type
from smalti.project import Trial
from smalti.rules import Case, Literal, Member, Name, Not, write, write_name

Strata: TypeAlias = "pa.Array | pa.ChunkedArray | None"
_TRUE, _FALSE = "true", "false"


@dataclass(frozen=True, eq=False)
class Drawn:
    """Those who take part and their arms, ascending.

    Attributes:
        customers: Their ids; n of them.
        arm: The place of each one's arm; shape (n,).
        probability: The chance of just this arm; shape (n,).
        chances: The chance of every arm, as it was asked for; shape (K,).
        held_out: How many who may take part are held out.
        at: As of when they were eligible.
        design: How they were drawn, cuts of strata among it.
        strata: What her stratum is, in the language, as of the start; None where there are no strata.
        notes: What a reader should know, in sentences.
    """

    customers: pa.Array
    arm: Integers
    probability: Floats
    chances: Floats
    held_out: int
    at: Instant
    design: Experiment
    strata: str | None = None
    notes: tuple[str, ...] = ()


def drawn(trial: Trial, start: Start) -> Drawn:
    """Draw the arms.

    Args:
        trial: The experiment.
        start: The customers as of its start.
    """
    rows = np.flatnonzero(start.eligible).astype(np.int64)
    ids = start.customers.take(pa.array(rows))
    strata, told, notes = _strata(trial, start, rows)
    design = trial.design if strata is None else fit_strata(trial.design, ids, strata)
    found = assign(design, ids, strata)
    kept = found.arm >= 0
    return Drawn(
        ids.filter(pa.array(kept)),
        found.arm[kept],
        found.probability[kept],
        np.array(design.weights),
        int(found.held_out.sum()),
        start.at,
        design,
        told,
        notes,
    )


def _strata(trial: Trial, start: Start, rows: Integers) -> tuple[Strata, str | None, tuple[str, ...]]:
    """Give the stratum of each customer, None where it is unknown or there are no strata; and what says it."""
    name = trial.definition.strata
    if name is None or not len(rows):
        return None, None, ()
    if name in start.reckoned.traits.column_names:
        column = start.reckoned.traits[name]
        truth = pa.types.is_boolean(column.type)
        told = pc.if_else(column, _TRUE, _FALSE) if truth else column.cast(pa.large_string())
        return told.take(pa.array(rows)), _by_truth(name) if truth else write_name(name), ()
    found = groups_of(start, name, rows)
    if found is None:
        return None, None, (f"the arms are not drawn within {name}: its segments overlap, or there are none",)
    labels = pa.array([None if one == NONE else one for one in found.labels], pa.large_string())
    return labels.take(pa.array(found.code)), _by_segments(start, name), ()


def _by_truth(name: str) -> str:
    asked = Name(name)
    return write(Case(((asked, _text(_TRUE)), (Not(asked), _text(_FALSE)))))


def _by_segments(start: Start, segmentation: str) -> str:
    segments = [one for one in start.reckoned.segments if one.definition.segmentation == segmentation]
    return write(Case(tuple((Member(one.name), _text(one.title)) for one in segments), _text(NONE)))


def _text(value: str) -> Literal:
    return Literal(value, Type.TEXT)
