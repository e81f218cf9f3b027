"""Whose moment has come: of whom what a treatment begins with has become true within the time in which it may still begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.foresight.foreseeing import spoken_in
from smalti.engine.given import Facts
from smalti.engine.history import SeenRun, history
from smalti.engine.planning.asking import begun
from smalti.engine.reckoning import reckon_as_of, traits_as_of
from smalti.errors import RunError
from smalti.facts import DAY, Instant, format_instant, parse_duration, start_of
from smalti.rules import Member, walk
from smalti.store import Store
from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.treatments import Treatment
from smalti.traits import Computed

LOOKS = 4
"""At so many instants it is looked whether what has become true was not true yet, its latest beginning among them."""
_SAME = ("segments", "traits", "use", "time_zone", "currency", "sources")
"""What segments rest on as it is written."""


def entered(
    store: Store, facts: Facts, begins: Mapping[str, Booleans], customers: pa.Array, at: Instant, home: Path
) -> tuple[dict[str, Booleans], tuple[str, ...]]:
    """Find of whom what treatments begin with has become true lately.

    An anniversary and a predicted day are due when they are near. A segment is entered, and an event has happened, where it is
    true now and was not at one of the instants looked at within the time in which the treatment may still begin: the beginning
    of that time; of a segment those of the runs since then that had the same definitions; of an event, and where there is
    no such run, `LOOKS` in all, evenly spaced, unless the rule speaks of what would have to be fitted again.

    Args:
        store: Where the facts are; they stay there.
        facts: The facts and the project.
        begins: By treatment with a trigger, of whom it is true now.
        customers: The ids, ascending; n of them.
        at: The as-of instant.
        home: The folder of runs.

    Returns:
        By treatment with a trigger, whose moment has come; and what a reader should know, in sentences.
    """
    found = dict(begins)
    notes = []
    lengths: dict[int, list[Treatment]] = {}
    for one in facts.prepared.treatments:
        trigger = one.definition.trigger
        if trigger is not None and (trigger.enters is not None or trigger.event is not None):
            lengths.setdefault(parse_duration(trigger.within), []).append(one)
    runs = _runs_of(home, facts, at) if lengths else []
    for within, treatments in sorted(lengths.items()):
        before, note = _before(store, facts, treatments, customers, at - within)
        notes += [note] if note else []
        staying = {one.name: begins[one.name] & before[one.name] for one in treatments}
        lately = [run for run in runs if at - within < run.at]
        for one in treatments:
            segment = one.definition.trigger.enters if one.definition.trigger is not None else None
            if segment is not None and staying[one.name].any():
                staying[one.name] &= _members(lately, segment, customers)
        left = [one for one in treatments if staying[one.name].any() and not (lately and _enters(one))]
        for part in range(1, LOOKS):
            left = [one for one in left if staying[one.name].any() and not _is_fitted(facts, [one])]
            if left:
                then, _ = _before(store, facts, left, customers, at - within + within * part // LOOKS)
                staying |= {one.name: staying[one.name] & then[one.name] for one in left}
        found |= {one.name: begins[one.name] & ~staying[one.name] for one in treatments}
    return found, tuple(notes)


def _enters(treatment: Treatment) -> bool:
    return treatment.definition.trigger is not None and treatment.definition.trigger.enters is not None


def _runs_of(home: Path, facts: Facts, at: Instant) -> list[SeenRun]:
    """Give the runs as of earlier instants in which segments were what they are now."""
    now = facts.project.model_dump(mode="json", include=set(_SAME))
    try:
        runs = history(home, facts.project.name).runs
    except RunError:
        return []
    then = [(run, run.folder.info.get("definitions") or {}) for run in runs if run.at < at]
    return [run for run, said in then if all(said.get(name) == now[name] for name in _SAME)]


def _members(runs: Sequence[SeenRun], segment: str, customers: pa.Array) -> Booleans:
    """Say who was a member in all of some runs; a run that cannot be read is passed over."""
    always = np.ones(len(customers), dtype=np.bool_)
    for run in runs:
        with suppress(RunError, OSError, KeyError, ValueError, pa.ArrowException):
            there = run.folder.table("membership", columns=["customer_id"], where=[("segment", "=", segment)])
            always &= np.asarray(pc.is_in(customers, there["customer_id"].combine_chunks().cast(customers.type)))
    return always


def moments_of(
    treatments: Sequence[Treatment], due: Mapping[str, Floats], count: int, at: Instant, zone: str
) -> dict[str, tuple[Integers, Integers]]:
    """Give by treatment with a trigger between which instants it may begin for each customer.

    What has just happened may begin at once, and as long after as the treatment says. An anniversary begins on its day in the
    project's zone, a predicted day so many days from now.

    Args:
        treatments: The treatments.
        due: By treatment that begins on an anniversary or a predicted day, the days until it begins, NaN where unknown.
        count: How many customers there are.
        at: The as-of instant.
        zone: The project's time zone.

    Returns:
        The first instant and the last; both of shape (n,).
    """
    found = {}
    for one in treatments:
        trigger = one.definition.trigger
        if trigger is None:
            continue
        days = np.nan_to_num(due.get(one.name, np.zeros(count)))
        since = at + np.rint(days * DAY).astype(np.int64)
        if trigger.anniversary is not None:
            since = _days_on(days, at, zone)
        found[one.name] = np.maximum(since, at), since + parse_duration(trigger.within) - 1
    return found


def _days_on(days: Floats, at: Instant, zone: str) -> Integers:
    """Give when the day so many days after that of an instant begins; shape (n,)."""
    noon = start_of("day", at, zone) + DAY // 2
    distinct, place = np.unique(np.rint(days).astype(np.int64), return_inverse=True)
    starts = np.array([start_of("day", noon + int(one) * DAY, zone) for one in distinct], dtype=np.int64)
    return starts[place]


def _before(
    store: Store, facts: Facts, treatments: Sequence[Treatment], customers: pa.Array, at: Instant
) -> tuple[dict[str, Booleans], str | None]:
    """Say of which customers it was true already; of those who were none yet it was not."""
    nobody = {one.name: np.zeros(len(customers), dtype=np.bool_) for one in treatments}
    try:
        then = _as_of(store, facts, treatments, at)
    except RunError:
        names = ", ".join(one.name for one in treatments)
        return (
            nobody,
            f"of nobody was anything known as of {format_instant(at)}: {names} begins for all who are there now",
        )
    ids, answers = begun(store, then, treatments, at)
    store.drop(then.table)
    row = pc.index_in(customers, ids.cast(customers.type))
    taken = {name: pc.fill_null(answers[name].take(row), False) for name in answers.column_names}
    return nobody | {name: np.asarray(column).astype(np.bool_) for name, column in taken.items()}, None


def _as_of(store: Store, facts: Facts, treatments: Sequence[Treatment], at: Instant) -> Computed:
    """Compute what the treatments begin with as of an instant: the traits alone where they speak of nothing else."""
    if _is_fitted(facts, treatments):
        return reckon_as_of(store, facts, at, label="_entering", keep_facts=True).computed
    return traits_as_of(store, facts, at, "_entering")


def _is_fitted(facts: Facts, treatments: Sequence[Treatment]) -> bool:
    """Say whether what treatments begin with speaks of scores or fitted segments, which hold for one instant alone."""
    rules = {one.name: one.node for one in facts.prepared.segments}
    spoken = spoken_in([one.begins for one in treatments], rules)
    fitted = {
        part.segment
        for one in treatments
        if one.begins is not None
        for part in walk(one.begins)
        if isinstance(part, Member)
    } - rules.keys()
    return bool(spoken & facts.prepared.score_types.keys() or fitted)
