"""One run: all customers, one instant. Facts to traits to values to strategies to segments to a folder, one way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from smalti.engine.behaviour import Models, behaviour, channel_orders, fit_models, to_floats
from smalti.engine.clock import Clock
from smalti.engine.publish import Findings, publish
from smalti.engine.run import Run
from smalti.errors import RunError
from smalti.facts import CUSTOMERS, Currency, Instant, Stream, Type, arrow_type, parse_instant
from smalti.project import Origin, Prepared, Project, Work, after_facts, before_facts, prepare
from smalti.rules import answer_query
from smalti.segments import members_of
from smalti.sources import load
from smalti.store import Store
from smalti.strategy import VALUE_COLUMNS, Option, ValueMap, foresee, match, reckon, value_map
from smalti.traits import Computed, compute, fit

RUNS = Path(".smalti") / "runs"
"""Where runs lie, next to the project."""
_TRAITS, _VALUES, _JOINED = "_traits", "_values", "_joined"


@dataclass(frozen=True)
class Options:
    """How a run is made; what it computes is the project's alone.

    Attributes:
        home: The folder that file names of sources start from.
        to: The folder of runs; None takes ``.smalti/runs`` in `home`.
        as_of: The as-of instant in ISO 8601; None takes the instant of the latest fact.
        now: The clock, microseconds UTC, beyond which a date is absurd; None takes the machine's.
        memory: The most the store may hold in memory before it spills to disk.
        threads: Threads of the store; None takes one per core.
        guess: What was guessed about the files, in sentences, to be kept with the run.
    """

    home: Path = Path()
    to: Path | None = None
    as_of: str | None = None
    now: Instant | None = None
    memory: str = "3GB"
    threads: int | None = None
    guess: tuple[str, ...] = ()


def run_project(
    project: Project,
    options: Options | None = None,
    *,
    origin: Origin | None = None,
    progress: Callable[[Work], None] = lambda _: None,
) -> Run:
    """Run a project as of one instant and publish what it found.

    Args:
        project: What to run.
        options: How.
        origin: Where the definitions were written, for messages.
        progress: Told each step as it begins.

    Returns:
        The published run.

    Raises:
        SmaltiError: Sources cannot be read, definitions are wrong, or the run cannot be written; nothing is published then.
    """
    options = options or Options()
    if not project.sources:
        raise RunError("the project has no sources; name at least one file under sources: in smalti.yml")
    currency = Currency(project.currency)
    made_at = datetime.now(UTC)
    clock = Clock(progress)
    first_work = before_facts(project)
    with Store(memory=options.memory, threads=options.threads) as store:
        with clock.step(first_work[0]):
            loaded = load(
                store,
                dict(project.sources),
                currency=currency,
                time_zone=project.time_zone,
                now=options.now,
                home=options.home,
            )
        with clock.step(first_work[1]):
            prepared = prepare(project, loaded.streams, origin)
            at = _as_of(store, loaded.streams, options.as_of, project.time_zone)
        work = {one.step: one for one in after_facts(prepared, loaded.streams)}
        with clock.step(work["traits"]):
            computed = _traits(store, loaded.streams, prepared, project, at)
            traits = _read(store, computed, prepared)
        with clock.step(work["models"]):
            seen = behaviour(
                store.read(f"SELECT * FROM {_TRAITS} ORDER BY customer_id"),
                computed.types,
                project.assumptions,
                currency,
            )
            models = fit_models(seen)
            outlook = foresee(seen, models.buying, models.spend, project.assumptions)
        with clock.step(work["value map"]):
            values = value_map(seen, outlook, project.assumptions, currency)
            computed = _widen(store, computed, traits["customer_id"], values, at)
        with clock.step(work["strategies"]):
            reckoned = _reckon(store, computed, prepared, values, at, _Pricing(currency, seen.average_order(), models))
            found = match(reckoned)
        with clock.step(work["segments"]):
            fit(store, computed, [segment.node for segment in prepared.segments], at)
            answers = members_of(store, computed, prepared.segments, at)
        findings = Findings(
            project=project,
            prepared=prepared,
            loaded=loaded,
            store=store,
            at=at,
            made_at=made_at,
            traits=traits,
            values=values,
            options=reckoned,
            found=found,
            answers=answers,
            fitted=computed.fitted,
            models=models,
            average_order=seen.average_order(),
            guess=options.guess,
        )
        home = options.to if options.to is not None else options.home / RUNS
        return Run(publish(findings, home, clock, work["publish"]))


def _as_of(store: Store, streams: Mapping[str, Stream], asked: str | None, time_zone: str) -> Instant:
    """Take the instant asked for, or that of the latest fact; a base of attributes alone is known as of now."""
    if asked is not None:
        return parse_instant(asked, time_zone)
    latest = [
        store.read(f'SELECT max("at") AS latest FROM "{name}"')["latest"][0].as_py()
        for name in streams
        if name != CUSTOMERS.name
    ]
    known: list[Instant] = [instant for instant in latest if instant is not None]
    if not known and CUSTOMERS.name in streams:
        known = _attribute_instants(store, streams[CUSTOMERS.name])
    if not known:
        raise RunError("no fact carries an instant, so there is no latest one; say which instant is meant with --as-of")
    return max(known)


def _attribute_instants(store: Store, attributes: Stream) -> list[Instant]:
    names = [column.name for column in attributes.columns if column.type is Type.INSTANT]
    if not names:
        return []
    chosen = ", ".join(f'max("{name}") AS "{name}"' for name in names)
    row = store.read(f"SELECT {chosen} FROM {CUSTOMERS.name}").to_pylist()[0]
    return [instant for instant in row.values() if instant is not None]


def _traits(store: Store, streams: Mapping[str, Stream], prepared: Prepared, project: Project, at: Instant) -> Computed:
    rules = [segment.node for segment in prepared.segments]
    rules += [tree for strategy in prepared.strategies for tree in (strategy.eligible, strategy.headroom)]
    if "orders" in streams and "channel" in streams["orders"]:
        rules += list(channel_orders(project.assumptions).values())
    return compute(store, streams, prepared.traits, rules, at, _TRAITS)


def _read(store: Store, computed: Computed, prepared: Prepared) -> pa.Table:
    names = ", ".join('"' + trait.name.replace('"', '""') + '"' for trait in prepared.traits)
    return store.read(f"SELECT customer_id, {names} FROM {computed.table} ORDER BY customer_id")


def _widen(store: Store, computed: Computed, customers: pa.ChunkedArray, values: ValueMap, at: Instant) -> Computed:
    """Put the value map beside the traits in the store, so that rules can speak of it."""
    columns = {"customer_id": customers}
    for name, (kind, _) in VALUE_COLUMNS.items():
        column = values.columns[name]
        columns[name] = pa.array(column, mask=np.isnan(column)).cast(arrow_type(kind))
    store.put(_VALUES, pa.table(columns))
    chosen = ", ".join(f"v.{name}" for name in VALUE_COLUMNS)
    store.create(_JOINED, f"SELECT t.*, {chosen} FROM {computed.table} AS t JOIN {_VALUES} AS v USING (customer_id)")
    store.drop(computed.table)
    store.drop(_VALUES)
    types = computed.types | {name: kind for name, (kind, _) in VALUE_COLUMNS.items()}
    return Computed(_JOINED, types, dict(computed.fitted))


@dataclass(frozen=True)
class _Pricing:
    """What gains are reckoned with."""

    currency: Currency
    average_order: float
    models: Models


def _reckon(
    store: Store, computed: Computed, prepared: Prepared, values: ValueMap, at: Instant, pricing: _Pricing
) -> Sequence[Option]:
    wanted = {f"{one.name} eligible": one.eligible for one in prepared.strategies}
    wanted |= {f"{one.name} headroom": one.headroom for one in prepared.strategies}
    fit(store, computed, wanted.values(), at)
    query = answer_query(computed.table, computed.types, wanted, at, computed.fitted, store.dialect)
    answers = store.read(f"SELECT * FROM ({query}) AS answers ORDER BY customer_id")
    return [
        reckon(
            one.name,
            one.definition,
            np.asarray(answers[f"{one.name} eligible"].fill_null(False)),
            np.nan_to_num(to_floats(answers[f"{one.name} headroom"])),
            values.doubt,
            one.definition.cost.minor(pricing.currency, pricing.average_order),
            modelled=pricing.models.buying is not None,
        )
        for one in prepared.strategies
    ]
