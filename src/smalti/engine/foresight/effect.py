"""Effects that experiments have shown, foretold of every customer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from smalti.engine.foresight.inputs import columns_of
from smalti.engine.foresight.modelled import IN_TABLE, Input, Modelled
from smalti.engine.foresight.scores import DRIVERS, TOP, Made, drivers_of, nothing, scoring_of, unit_of_score
from smalti.engine.given import Facts
from smalti.engine.shown import Shown
from smalti.facts import Instant, Type, arrow_type, format_instant
from smalti.models.supervised import Column
from smalti.project import Foretelling
from smalti.store import Store, quoted
from smalti.strategy.peers import Booleans, Floats
from smalti.traits import Computed, answer


def effect_as_of(
    store: Store, facts: Facts, computed: Computed, score: Foretelling, at: Instant, *, told: bool
) -> Made:
    """Foretell what an arm does for each customer, as an experiment has shown by an instant.

    Args:
        store: Where the table of customers is.
        facts: The facts, with what experiments have shown.
        computed: The table of customers as of the instant.
        score: The effect.
        at: The instant; what was shown later is not known then.
        told: Whether the fitted value is wanted too.
    """
    wanted = {"whom": score.customers} if score.customers is not None else {}
    answers = answer(store, computed, wanted, at)
    count = answers.num_rows
    shown = facts.shown.get(score.name)
    if shown is None or shown.at > at or shown.fitted is None:
        return nothing(score, facts, at, count, _why(score, shown, at), "effect")
    whom = np.asarray(answers["whom"].fill_null(False)) if wanted else np.ones(count, dtype=np.bool_)
    columns = _inputs(store, facts, computed, score, at, whom)
    values = _values(shown, columns, int(whom.sum()))
    column = {score.name: _column(values, whom, score.types[score.name])}
    if not told:
        return Made(column, _told(score, facts, shown, columns))
    kept = {"fitted": shown.fitted.to_dict(), "scoring": scoring_of(score, facts, computed, at) | {"arm": shown.arm}}
    ids = answers["customer_id"].filter(pa.array(whom)).combine_chunks()
    return Made(column, _told(score, facts, shown, columns), kept, _drivers(shown, score, columns, ids), columns)


def _values(shown: Shown, columns: tuple[Column, ...], customers: int) -> Floats:
    assert shown.fitted is not None  # noqa: S101 - asked only where there is one
    if not columns:
        return np.full(customers, shown.fitted.effects_one({})[shown.place])
    return shown.fitted.effects(columns)[:, shown.place]


def _drivers(shown: Shown, score: Foretelling, columns: tuple[Column, ...], ids: pa.Array) -> pa.Table:
    fitted = shown.fitted
    assert fitted is not None  # noqa: S101 - asked only where there is one
    names = [one.name for one in fitted.inputs]

    def told_of(some: Sequence[Column]) -> list[list[tuple[str, float]]]:
        parts = fitted.contributions(some, shown.place)
        order = np.argsort(-np.abs(parts), axis=1, kind="stable")[:, :TOP]
        return [
            [(names[one], float(row[one])) for one in most if row[one]] for row, most in zip(parts, order, strict=True)
        ]

    return drivers_of(told_of, score.name, columns, ids) if names else DRIVERS.empty_table()


def _why(score: Foretelling, shown: Shown | None, at: Instant) -> str:
    if shown is None or shown.at > at:
        return f"experiment {score.definition.effect} has shown nothing by {format_instant(at)[:10]}"
    return shown.why


def _inputs(
    store: Store, facts: Facts, computed: Computed, score: Foretelling, at: Instant, whom: Booleans
) -> tuple[Column, ...]:
    names = ", ".join(quoted(name) for name in ("customer_id", *score.inputs))
    table = store.read(f"SELECT {names} FROM {quoted(computed.table)} ORDER BY customer_id").filter(pa.array(whom))
    types = {name: computed.types[name] for name in score.inputs}
    return columns_of(table, types, at, facts.project.currency, facts.prepared.words.currencies)


def _column(values: Floats, whom: Booleans, kind: Type) -> pa.Array:
    whole = np.full(len(whom), np.nan)
    whole[whom] = np.floor(values + 0.5) if kind is Type.MONEY else values
    return pa.array(whole, mask=np.isnan(whole)).cast(arrow_type(kind))


def _told(score: Foretelling, facts: Facts, shown: Shown, columns: tuple[Column, ...]) -> Modelled:
    sentence = (
        f"What {shown.arm} does for each customer beyond {shown.control}, learnt from {shown.customers:,} customers of the "
        f"experiment {shown.experiment}."
    )
    unit = "chance" if shown.chance else unit_of_score(score, facts)
    return Modelled(
        score.name,
        score.title,
        "effect",
        fitted=True,
        sentence=sentence,
        fitted_at=shown.at,
        window=(shown.since, shown.at),
        unit=unit,
        currency=facts.project.currency,
        streams=tuple(sorted(facts.loaded.streams)),
        inputs=tuple(Input(one.name, one.kind, one.unit) for one in columns),
        parameters=IN_TABLE,
        notes=shown.notes,
    )
