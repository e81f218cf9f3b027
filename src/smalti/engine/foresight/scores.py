"""The project's scores as of an instant: learnt from earlier instants, foretold of every customer, told for the run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from smalti.engine.foresight.inputs import columns_of
from smalti.engine.foresight.modelled import IN_TABLE, Input, Modelled
from smalti.engine.foresight.training import MOST, Pasts, cut_offs, least_history, needed, outcome_of, training_set
from smalti.engine.given import Facts
from smalti.errors import ModelError
from smalti.facts import DAY, Instant, Stream, Type, arrow_type
from smalti.models.bins import bins_of
from smalti.models.supervised import OTHER, Column, FittedScore, Scored, fit_score
from smalti.project import CHANCE, Foretelling
from smalti.rules import Aggregate, names_in, walk
from smalti.store import Store, quoted
from smalti.strategy.peers import Booleans
from smalti.traits import Computed, answer

OFF = 0.1
"""By so much may the total of what is foretold be off in a back-test before a reader is told."""
HELD = 0.8
"""Where forecasts lie within the intervals of what came in fewer of the bands than this, a reader is told."""
CEILING, LEAST_ALIKE = 0.01, 5
"""Where of this share of customers, and as many, the very highest amount is foretold, a reader is told."""
TOP = 3
"""Drivers told of each customer."""
MODELS = pa.schema([("model", pa.string()), ("part", pa.string()), ("json", pa.string())])
"""The table of fitted values: what is too large for ``run.json``."""
DRIVERS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("score", pa.string()),
        ("rank", pa.int8()),
        ("trait", pa.string()),
        ("contribution", pa.float64()),
    ]
)
"""The table of drivers: what moves each customer's score most."""
INPUTS = pa.schema(
    [
        ("model", pa.string()),
        ("input", pa.string()),
        ("bin", pa.int64()),
        ("holds", pa.string()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("category", pa.string()),
        ("share", pa.float64()),
        ("n", pa.int64()),
    ]
)
"""The table of what went into each model, in bins, by which the next run knows what has drifted."""
_AT_ONCE = 50_000
"""Customers whose drivers are looked up at once."""


@dataclass(frozen=True)
class Foreseen:
    """What is foretold as of one instant.

    Attributes:
        columns: ``customer_id`` in ascending order and the scores' columns in working form, missing where nothing is foretold.
        modelled: What is told of each score.
        models: The fitted values, as `MODELS`.
        drivers: As `DRIVERS`.
        inputs: What went into each fitted score, in bins, as `INPUTS`.
        notes: What a reader should know, in sentences.
    """

    columns: pa.Table
    modelled: tuple[Modelled, ...] = ()
    models: pa.Table = field(default_factory=MODELS.empty_table)
    drivers: pa.Table = field(default_factory=DRIVERS.empty_table)
    inputs: pa.Table = field(default_factory=INPUTS.empty_table)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """One score, made: its columns, and what is told and kept of it.

    Attributes:
        columns: By name the values of all customers, in working form.
        modelled: What is told of it.
        kept: By part, what a fitted value is read back from.
        drivers: As `DRIVERS`.
        inputs: What it was foretold from.
    """

    columns: Mapping[str, pa.Array]
    modelled: Modelled
    kept: Mapping[str, Any] = field(default_factory=dict)
    drivers: pa.Table = field(default_factory=DRIVERS.empty_table)
    inputs: tuple[Column, ...] = ()


def learn(
    store: Store, facts: Facts, computed: Computed, scores: Sequence[Foretelling], at: Instant, *, told: bool
) -> list[Made]:
    """Learn scores from earlier instants and foretell them of everybody, nothing after the as-of instant being seen.

    Args:
        store: Where the facts and the table of customers are.
        facts: The facts and the project.
        computed: The table of customers as of the instant.
        scores: The scores; those that are learnt at all.
        at: The as-of instant.
        told: Whether drivers and fitted values are wanted too.
    """
    if not scores:
        return []
    pasts = Pasts(store, facts, scores)
    wanted = {one.name: one.customers for one in scores if one.customers is not None}
    for_whom = answer(store, computed, wanted, at)
    customers = for_whom["customer_id"]
    made = []
    for one in scores:
        mask = for_whom[one.name].fill_null(False) if one.name in for_whom.column_names else None
        rows = np.ones(len(customers), dtype=np.bool_) if mask is None else np.asarray(mask)
        made.append(_made(_Work(pasts, one, at, computed, customers, rows, told)))
    pasts.forget()
    return made


@dataclass(frozen=True)
class _Work:
    """One score on its way."""

    pasts: Pasts
    score: Foretelling
    at: Instant
    computed: Computed
    customers: pa.ChunkedArray
    for_whom: Booleans
    told: bool


def _made(work: _Work) -> Made:
    score, facts = work.score, work.pasts.facts
    cuts, days = cut_offs(work.pasts.store, facts, score, work.at)
    if not cuts:
        return nothing(score, facts, work.at, len(work.customers), _too_short(score, days))
    if not score.inputs:
        why = "there is no trait to learn from"
        return nothing(score, facts, work.at, len(work.customers), why)
    try:
        learnt = training_set(work.pasts, score, cuts)
        fitted = fit_score(score.name, learnt.training, seed=facts.project.seed)
        columns = _inputs(work)
        scored = _scored(fitted, score, columns, work.for_whom)
    except ModelError as error:
        return nothing(score, facts, work.at, len(work.customers), str(error))
    notes = (*_notes(score, cuts, drawn=learnt.drawn), *at_ceiling(score, scored[score.name]))
    modelled = _told(work, fitted, notes, (len(learnt.training), cuts))
    if not work.told:
        return Made(scored, modelled)
    kept = {"fitted": fitted.to_dict(), "scoring": scoring_of(score, facts, work.computed, work.at)}
    return Made(scored, modelled, kept, _drivers(fitted, score, columns, work), columns)


def _inputs(work: _Work) -> tuple[Column, ...]:
    """Give the inputs of those customers that the score is foretold of."""
    names = ", ".join(quoted(name) for name in work.score.inputs)
    table = work.pasts.store.read(f"SELECT {names} FROM {quoted(work.computed.table)} ORDER BY customer_id")
    project, words = work.pasts.facts.project, work.pasts.facts.prepared.words
    types = {name: work.computed.types[name] for name in work.score.inputs}
    chosen = table.filter(pa.array(work.for_whom))
    return columns_of(chosen, types, work.at, project.currency, words.currencies)


def _scored(
    fitted: FittedScore, score: Foretelling, columns: Sequence[Column], for_whom: Booleans
) -> dict[str, pa.Array]:
    scored = fitted.score(columns)
    if fitted.task == "category":
        labels, chances = likeliest(scored)
        return {score.name: _texts(labels, for_whom), score.name + CHANCE: _numbers(chances, for_whom)}
    kind = score.types[score.name]
    values = scored.values
    if kind is Type.MONEY:
        values = np.floor(values + 0.5)
    return {score.name: _numbers(values, for_whom).cast(arrow_type(kind))}


def _numbers(values: Any, for_whom: Booleans) -> pa.Array:
    whole = np.full(len(for_whom), np.nan)
    whole[for_whom] = values
    return pa.array(whole, mask=np.isnan(whole))


def _texts(values: Any, for_whom: Booleans) -> pa.Array:
    whole = np.full(len(for_whom), None, dtype=object)
    whole[for_whom] = values
    return pa.array(whole.tolist(), pa.string())


def nothing(score: Foretelling, facts: Facts, at: Instant, customers: int, why: str, what: str = "score") -> Made:
    """Give a score that is missing for everybody, and say why.

    Args:
        score: The score.
        facts: The facts and the project.
        at: The as-of instant.
        customers: How many customers there are.
        why: Why, without a full stop.
        what: What kind of model it would be.
    """
    columns = {name: pa.nulls(customers, arrow_type(kind)) for name, kind in score.types.items()}
    sentence = f"{score.title.capitalize()} is missing for everybody: {why.rstrip('.')}."
    modelled = Modelled(
        score.name,
        score.title,
        what,  # type: ignore[arg-type]
        fitted=False,
        sentence=sentence,
        fitted_at=at,
        unit=unit_of_score(score, facts),
        currency=facts.project.currency,
        streams=score.streams,
        notes=(f"missing for everybody: {why.rstrip('.')}",),
    )
    return Made(columns, modelled)


def unit_of_score(score: Foretelling, facts: Facts) -> str:
    """Say what a score is counted in."""
    if score.types[score.name] is Type.MONEY:
        return f"{score.currency or facts.project.currency} minor"
    return {"category": "category", "amount": "number"}.get(score.task, "chance")


def scoring_of(score: Foretelling, facts: Facts, computed: Computed, at: Instant) -> dict[str, Any]:
    """Give what is kept beside a fitted value, so that a published row can be scored again and nothing else is.

    Args:
        score: The score.
        facts: The facts and the project.
        computed: The table of customers.
        at: The as-of instant.
    """
    project, currencies = facts.project, facts.prepared.words.currencies
    return {
        "score": score.name,
        "title": score.title,
        "kind": score.definition.kind,
        "types": dict(score.types),
        "currency": score.currency or project.currency,
        "project_currency": project.currency,
        "as_of_microseconds": at,
        "reads": reads(facts, score),
        "inputs": [
            {"name": name, "type": computed.types[name], "currency": currencies.get(name, project.currency)}
            for name in score.inputs
        ],
    }


def reads(facts: Facts, score: Foretelling) -> dict[str, dict[str, str]]:
    """Give the streams and columns that a score's outcome and inputs are made of, each column with what it is."""
    traits = {one.name: one for one in needed(facts.prepared, (), score.inputs)}
    trees = [*(one.node for one in traits.values()), *([score.outcome] if score.outcome is not None else [])]
    there = stream_columns(facts.loaded.streams)
    found: dict[str, dict[str, str]] = {}
    for part in (part for tree in trees for part in walk(tree)):
        if isinstance(part, Aggregate) and part.stream in there:
            paid = {"revenue"} if score.definition.kind == "next_category" and part is score.outcome else set[str]()
            spoken = {part.column} | paid | (names_in(part.where) if part.where is not None else set())
            columns = {name: there[part.stream][name] for name in spoken if name in there[part.stream]}
            found[part.stream] = found.get(part.stream, {}) | columns
    return {name: dict(sorted(columns.items())) for name, columns in sorted(found.items())}


def stream_columns(streams: Mapping[str, Stream]) -> dict[str, dict[str, str]]:
    """Give all streams with their columns, each with its type and, of money that is not the project's, its currency.

    >>> from smalti.facts import RETURNS
    >>> stream_columns({"returns": RETURNS})["returns"]["refund"]
    'money'
    """
    return {
        name: {one.name: f"{one.type} in {one.currency}" if one.currency else str(one.type) for one in stream.columns}
        for name, stream in sorted(streams.items())
    }


def _too_short(score: Foretelling, days: float) -> str:
    return (
        f"it is learnt from an instant {score.definition.within} ago, what was before and what came since, which takes facts "
        f"of {least_history(score) / DAY:,.0f} days, and there are facts of {days:,.0f}"
    )


def _notes(score: Foretelling, cuts: Sequence[Instant], *, drawn: bool) -> tuple[str, ...]:
    found = []
    if len(cuts) < score.definition.cut_offs:
        number = "one earlier instant" if len(cuts) == 1 else f"{len(cuts)} earlier instants"
        found.append(
            f"learnt from {number}, where {score.definition.cut_offs} were asked for: there are no facts from long enough ago"
        )
    if drawn:
        found.append(f"learnt from {MOST:,} customers at each instant, drawn by a hash of their ids")
    if score.undated:
        told = ", ".join(score.undated[:5]) + (f" and {len(score.undated) - 5} more" if len(score.undated) > 5 else "")
        found.append(
            f"not learnt from {told}: without a date they may know what came later; "
            "name under quality: {lasting: ...} what was so at earlier instants too"
        )
    if score.hindsight:
        found.append(
            f"whom it is learnt from, or what came, is told by {', '.join(score.hindsight)}, which carry no date and may have "
            "been written later: it may be worse than its back-test says"
        )
    return tuple(found)


def _told(work: _Work, fitted: FittedScore, notes: tuple[str, ...], learnt: tuple[int, Sequence[Instant]]) -> Modelled:
    score, facts = work.score, work.pasts.facts
    rows, cuts = learnt
    instants = "one earlier instant" if len(cuts) == 1 else f"{len(cuts)} earlier instants"
    sentence = (
        f"{outcome_of(score).capitalize()}, learnt from {rows:,} histories as of {instants}. {fitted.backtest.verdict}"
    )
    kinds, unit = {one.name: one for one in fitted.inputs}, unit_of_score(score, facts)
    return Modelled(
        score.name,
        score.title,
        "score",
        fitted=True,
        sentence=sentence.strip(),
        fitted_at=work.at,
        window=(min(cuts), work.at),
        unit=unit,
        currency=facts.project.currency,
        streams=tuple(sorted(facts.loaded.streams)),
        inputs=tuple(Input(one.name, one.kind, one.unit) for one in kinds.values()),
        parameters=IN_TABLE,
        backtest=replace(fitted.backtest, unit=unit) if score.task == "amount" else fitted.backtest,
        notes=(*notes, *_off(fitted), *fitted.warnings),
    )


def at_ceiling(score: Foretelling, values: pa.Array) -> tuple[str, ...]:
    """Say where the customers of whom most is foretold cannot be told apart: trees say no more than the most they saw.

    Args:
        score: The score.
        values: What is foretold of all customers.
    """
    known = values.drop_null().to_numpy(zero_copy_only=False)
    if score.task != "amount" or not len(known):
        return ()
    same = int((known == known.max()).sum())
    if known.min() == known.max() or same < max(LEAST_ALIKE, CEILING * len(known)):
        return ()
    return (
        f"of {same:,} customers the same is foretold, the highest there is: more than was seen at earlier instants it cannot "
        "foretell, so the best customers may be foretold too little",
    )


def _off(fitted: FittedScore) -> tuple[str, ...]:
    """Say where what came in the back-test was other than foretold, by more than chance explains."""
    found = []
    ratio, bands = fitted.backtest.measure("predicted / observed"), fitted.backtest.calibration
    if ratio is not None and ((ratio.low or 1.0) > 1 + OFF or (ratio.high or 1.0) < 1 - OFF):
        told = f"{ratio.value:.2f} times what came ({ratio.low or ratio.value:.2f} to {ratio.high or ratio.value:.2f})"
        found.append(f"in the back-test it foretold {told}: times have changed, or it is another season")
    held = sum(one.held for one in bands)
    if held < HELD * len(bands):
        found.append(
            f"in the back-test what was foretold lay within the interval of what came in {held} of {len(bands)} bands "
            "only: trust who comes before whom more than how much"
        )
    return tuple(found)


def _drivers(fitted: FittedScore, score: Foretelling, columns: Sequence[Column], work: _Work) -> pa.Table:
    ids = work.customers.filter(pa.array(work.for_whom)).combine_chunks()
    return drivers_of(lambda some: fitted.drivers(some, TOP), score.name, columns, ids)


def drivers_of(
    told_of: Callable[[Sequence[Column]], Sequence[Sequence[tuple[str, float]]]],
    score: str,
    columns: Sequence[Column],
    ids: pa.Array,
) -> pa.Table:
    """Give what moves each customer's score most, as `DRIVERS`.

    Args:
        told_of: Of some customers the traits that move theirs most, with what each adds, the most first.
        score: The name of the score.
        columns: The inputs of all customers.
        ids: Who they are.
    """
    parts = []
    for start in range(0, len(ids), _AT_ONCE):
        rows = np.arange(start, min(start + _AT_ONCE, len(ids)))
        found = told_of([column.take(rows) for column in columns])
        told = [
            (place + start, rank, name, size)
            for place, one in enumerate(found)
            for rank, (name, size) in enumerate(one, 1)
        ]
        place, rank, name, size = zip(*told, strict=True) if told else ((), (), (), ())
        parts.append(
            pa.table(
                {
                    "customer_id": ids.take(pa.array(place, pa.int64())),
                    "score": pa.repeat(pa.scalar(score, pa.string()), len(told)),
                    "rank": pa.array(rank, pa.int8()),
                    "trait": pa.array(name, pa.string()),
                    "contribution": pa.array(size, pa.float64()),
                },
                schema=DRIVERS,
            )
        )
    return pa.concat_tables(parts) if parts else DRIVERS.empty_table()


def gathered(customers: pa.ChunkedArray, made: Sequence[Made]) -> Foreseen:
    """Put together what was made."""
    columns = {"customer_id": customers} | {name: one for made_ in made for name, one in made_.columns.items()}
    kept = [
        {"model": one.modelled.name, "part": part, "json": json.dumps(value, ensure_ascii=False, sort_keys=True)}
        for one in made
        for part, value in one.kept.items()
    ]
    drivers = [one.drivers for one in made if one.drivers.num_rows]
    return Foreseen(
        pa.table(columns),
        tuple(one.modelled for one in made),
        pa.Table.from_pylist(kept, MODELS),
        pa.concat_tables(drivers).combine_chunks() if drivers else DRIVERS.empty_table(),
        _binned(made),
        notes_of([one.modelled for one in made]),
    )


def _binned(made: Sequence[Made]) -> pa.Table:
    """Put what each model was foretold from into bins."""
    rows = []
    for one in made:
        used = {part.name for part in one.modelled.inputs}
        for column in one.inputs:
            rows += bins_of(column).rows(one.modelled.name) if column.name in used else []
    return pa.Table.from_pylist(rows, INPUTS)


def notes_of(models: Sequence[Modelled]) -> tuple[str, ...]:
    """Give what a reader of the run should know of scores, what holds of several being said once.

    >>> from dataclasses import replace
    >>> one = Modelled("a", "a", "score", False, "", fitted_at=0, notes=("learnt from few",))
    >>> notes_of([one, replace(one, name="b"), replace(one, name="c", notes=("score c: learnt from many",))])
    ('scores a and b: learnt from few', 'score c: learnt from many')
    """
    found: dict[str, list[str]] = {}
    for one in models:
        for note in one.notes:
            found.setdefault(note.removeprefix(f"score {one.name}").lstrip(": "), []).append(one.name)
    return tuple(f"{_named(names)}: {note}" for note, names in found.items())


def _named(names: Sequence[str]) -> str:
    return f"score {names[0]}" if len(names) == 1 else f"scores {', '.join(names[:-1])} and {names[-1]}"


def likeliest(scored: Scored) -> tuple[Any, Any]:
    """Give the category most likely to come of each customer, and its chance; those too seldom to be told apart are none.

    Args:
        scored: Forecasts of a category.
    """
    named = [place for place, name in enumerate(scored.classes) if name not in (None, OTHER)]
    if scored.chances is None or not named:
        return scored.if_any()
    best = scored.chances[:, named].argmax(axis=1)
    labels = np.array([scored.classes[place] for place in named], dtype=object)
    return labels[best], scored.chances[:, named][np.arange(len(best)), best]
