"""Whom an experiment reached, with what, and when: from touches where they tell it of every arm, else from the draw.

Where the control's customers have touches too, those who have one take part, each with her first. Where only treated customers
have touches, or nobody, whoever was drawn at the start takes part in the arm she was drawn into, reached or not (intention to
treat): to compare those reached with those drawn into the control would compare two kinds of customers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.experimenting.drawing import Drawn
from smalti.engine.experimenting.starting import Start, literal
from smalti.engine.given import Facts
from smalti.errors import nearest
from smalti.experiments.logged import Booleans, Floats, Integers
from smalti.facts import LAST_INSTANT, TOUCHES
from smalti.project import Trial
from smalti.store import Store, quoted


@dataclass(frozen=True, eq=False)
class Exposed:
    """Those whom an experiment reached; one row per customer, ascending.

    Attributes:
        customers: Their ids; n of them.
        arm: The place of each one's arm; shape (n,).
        probability: The chance that just this arm was chosen; shape (n,).
        at: When; shape (n,).
        how: Whether touches tell it, or the draw.
        logged: Whether every chance was logged with its touch.
        notes: What a reader should know, in sentences.
    """

    customers: pa.Array
    arm: Integers
    probability: Floats
    at: Integers
    how: Literal["touches", "assignment"]
    logged: bool = False
    notes: tuple[str, ...] = ()

    def where(self, rows: Booleans) -> Exposed:
        """Give some of them."""
        return Exposed(
            self.customers.filter(pa.array(rows)),
            self.arm[rows],
            self.probability[rows],
            self.at[rows],
            self.how,
            self.logged,
            self.notes,
        )


def exposed(store: Store, facts: Facts, trial: Trial, start: Start, drawn: Drawn) -> Exposed:
    """Find whom an experiment reached up to the run's as-of instant.

    Args:
        store: Where the facts are.
        facts: The facts and the project.
        trial: The experiment.
        start: The customers as of its start.
        drawn: The arms drawn for those of them who may take part.
    """
    found, passed_over = _touched(store, facts, trial, start)
    if found is not None and trial.definition.control in found["arm"].unique().to_pylist():
        reached = _by_touches(found, trial, start, drawn)
        return replace(reached, notes=(*passed_over, *reached.notes))
    notes = (*passed_over, *(_reached(found, trial, drawn) if found is not None else ()))
    at = np.full(len(drawn.customers), start.at, dtype=np.int64)
    return Exposed(drawn.customers, drawn.arm, drawn.probability, at, "assignment", notes=notes)


def _touched(store: Store, facts: Facts, trial: Trial, start: Start) -> tuple[pa.Table | None, tuple[str, ...]]:
    """Give the touches of an experiment, each customer's in their order, None where there are none; and which do not count."""
    stream = facts.loaded.streams.get(TOUCHES.name)
    if stream is None or not {"experiment", "arm"} <= set(stream.names):
        return None, ()
    chance = "probability" if "probability" in stream else "CAST(NULL AS DOUBLE)"
    end = min(facts.at, (trial.end or LAST_INSTANT) - 1)
    every = store.read(
        f'SELECT customer_id, "at", arm, {chance} AS probability FROM {quoted(TOUCHES.name)} '
        f'WHERE experiment = {literal(trial.name)} AND "at" <= {facts.at} ORDER BY customer_id, "at", arm, probability'
    )
    at = np.asarray(every["at"].to_numpy(), dtype=np.int64)
    known = np.asarray(pc.is_in(every["arm"], pa.array(list(trial.arms))))
    within = (at >= start.at) & (at <= end)
    found = every.filter(pa.array(known & within))
    notes = [*_of_other_arms(every["arm"].filter(pa.array(~known)), trial.arms)]
    if outside := int((known & ~within).sum()):
        notes.append(f"{counting(outside, 'touch', 'touches')} from before the start or after the end: not counted")
    if not every.num_rows:
        notes += _misspelt(store, facts, trial)
    return (found if found.num_rows else None), tuple(notes)


def _of_other_arms(names: pa.ChunkedArray, arms: Sequence[str]) -> Iterator[str]:
    """Say which touches name an arm that the experiment has not."""
    for one in sorted(pc.value_counts(names.combine_chunks()).to_pylist(), key=lambda one: str(one["values"])):
        name, told = one["values"], counting(one["counts"], "touch", "touches")
        if name is None:
            yield f"{told} of it without an arm: not counted"
            continue
        near = nearest(name, arms)
        hint = f"; did you mean '{near}'?" if near else ""
        yield f"{told} of an arm that it has not: found '{name}', wanted one of {', '.join(arms)}; not counted{hint}"


def _misspelt(store: Store, facts: Facts, trial: Trial) -> Iterator[str]:
    """Say so where touches name no experiment of this name, but one almost like it that the project has not."""
    table = store.read(f'SELECT DISTINCT experiment FROM {quoted(TOUCHES.name)} WHERE "at" <= {facts.at}')
    others = set(table["experiment"].drop_null().to_pylist()) - {one.name for one in facts.prepared.experiments}
    near = nearest(trial.name, sorted(others))
    if near is not None:
        yield f"no touch names it, and some name '{near}', which is no experiment of the project"


def _by_touches(found: pa.Table, trial: Trial, start: Start, drawn: Drawn) -> Exposed:
    """Take everybody's first touch; where no chance was logged, that of the draw."""
    ids = found["customer_id"].combine_chunks()
    codes = np.asarray(ids.dictionary_encode().indices)
    first = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    table = found.take(pa.array(first))
    customers = table["customer_id"].combine_chunks()
    arm = places(table["arm"], trial.arms)
    logged = np.asarray(table["probability"].fill_null(np.nan).to_numpy(), dtype=np.float64)
    sure = (logged > 0) & (logged <= 1)
    probability = np.where(sure, logged, drawn.chances[arm])
    notes = []
    if lacking := int((~sure).sum()):
        notes.append(
            f"of {lacking:,} of {len(sure):,} touches nobody logged with which chance they were chosen: "
            "the shares of the arms are taken instead"
        )
    others = len(np.unique(codes[places(found["arm"], trial.arms) != arm[codes]]))
    if others:
        notes.append(f"{others:,} customers were touched with more than one arm: the first touch counts")
    strangers = int((~np.asarray(pc.is_in(customers, start.customers))).sum())
    if strangers:
        notes.append(
            f"{strangers:,} customers who were touched were none yet at the start: nothing is known of them before"
        )
    notes += _against_the_draw(customers, arm, trial, drawn, strangers)
    at = np.asarray(table["at"].to_numpy(), dtype=np.int64)
    return Exposed(customers, arm, probability, at, "touches", bool(sure.all()), tuple(notes))


def _against_the_draw(customers: pa.Array, arm: Integers, trial: Trial, drawn: Drawn, strangers: int) -> Iterator[str]:
    """Say how many were touched whom the draw had left out, and how many with another arm than theirs."""
    row = np.asarray(pc.fill_null(pc.index_in(customers, drawn.customers), -1).to_numpy(zero_copy_only=False), np.int64)
    strange = int((row < 0).sum()) - strangers
    if strange:
        yield (
            f"{counting(strange, 'customer was', 'customers were')} touched who {'was' if strange == 1 else 'were'} not drawn, "
            "being held out, not eligible or outside the layer or share: the arm of the touch counts"
        )
    drawn_to = np.append(drawn.arm, -1)[row]
    if other := int(((row >= 0) & (drawn_to != arm)).sum()):
        yield (
            f"{counting(other, 'customer was', 'customers were')} touched with another arm of {trial.name} than the one drawn: "
            "if somebody chose it, the arms are not alike"
        )


def counting(number: int, one: str, many: str = "") -> str:
    """Write a number of things.

    >>> counting(1, "touch", "touches"), counting(1200, "customer")
    ('1 touch', '1,200 customers')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def places(names: pa.ChunkedArray, arms: Sequence[str]) -> Integers:
    """Give the place of each name in the arms; shape (n,)."""
    return np.asarray(pc.index_in(names, pa.array(list(arms))).to_numpy(), dtype=np.int64)


def _reached(found: pa.Table, trial: Trial, drawn: Drawn) -> tuple[str, ...]:
    """Say how many of those drawn into a treated arm were reached."""
    treated = drawn.arm != trial.arms.index(trial.definition.control)
    reached = np.asarray(pc.is_in(drawn.customers, found["customer_id"].combine_chunks()))
    number, whole = int((reached & treated).sum()), int(treated.sum())
    return (
        f"touches tell of {number:,} of the {whole:,} customers drawn into an arm other than {trial.definition.control}, "
        "and of nobody in it: everybody is counted in the arm she was drawn into, reached or not",
    )
