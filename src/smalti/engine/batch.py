"""One run: all customers, one instant. Facts to traits to values to strategies to segments to a folder, one way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from smalti.engine.account import account_info
from smalti.engine.behaviour import Models, behaviour, channel_orders, fit_models, to_floats
from smalti.engine.clock import Clock
from smalti.engine.publish import Findings, check_home, publish
from smalti.engine.remarks import remarks
from smalti.engine.run import Run
from smalti.engine.version import versions
from smalti.errors import RunError
from smalti.facts import (
    CUSTOMERS,
    FOREVER_AGO,
    Currency,
    Instant,
    Stream,
    Type,
    arrow_type,
    format_instant,
    parse_instant,
)
from smalti.project import Origin, Prepared, Project, Work, after_facts, before_facts, prepare
from smalti.rules import names_in
from smalti.segments import members_of
from smalti.sources import Loaded, load
from smalti.store import Store, quoted
from smalti.strategy import (
    ASSUMED_COLUMNS,
    VALUE_COLUMNS,
    Behaviour,
    Option,
    Outlook,
    ValueMap,
    foresee,
    match,
    reckon,
    value_map,
)
from smalti.traits import Computed, answer, compute

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

    @property
    def runs(self) -> Path:
        """The folder of runs."""
        return self.to if self.to is not None else self.home / RUNS


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
    check_home(options.runs)
    made_at = datetime.now(UTC)
    clock = Clock(progress)
    with Store(memory=options.memory, threads=options.threads) as store:
        facts = _facts(store, project, options, origin, clock)
        work = {one.step: one for one in after_facts(facts.prepared, facts.loaded.streams)}
        with clock.step(work["traits"]):
            computed, traits = _traits(store, facts, project)
        outlook = _outlook(store, computed, project, clock, work)
        with clock.step(work["value map"]):
            values = value_map(outlook.seen, outlook.ahead, project.assumptions, Currency(project.currency))
            computed = _widen(store, computed, traits["customer_id"], values)
        with clock.step(work["strategies"]):
            reckoned = _reckon(store, computed, facts, values, outlook)
            found = match(reckoned)
        with clock.step(work["segments"]):
            answers = members_of(store, computed, facts.prepared.segments, facts.at)
        findings = Findings(
            project=project,
            prepared=facts.prepared,
            loaded=facts.loaded,
            account=facts.account,
            remarks=facts.remarks,
            versions=versions(store.engine),
            at=facts.at,
            made_at=made_at,
            traits=traits,
            values=values,
            options=reckoned,
            found=found,
            answers=answers,
            fitted=computed.fitted,
            models=outlook.models,
            average_order=outlook.seen.average_order(),
            guess=options.guess,
        )
        return Run(publish(findings, options.runs, clock, work["publish"]))


@dataclass(frozen=True)
class _Facts:
    """What was read, what is made of it, as of when, the account of it, and remarks on it."""

    loaded: Loaded
    prepared: Prepared
    at: Instant
    currency: Currency
    account: list[dict[str, Any]]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class _Outlook:
    """What customers did and what the models make of it."""

    seen: Behaviour
    models: Models
    ahead: Outlook


def _facts(store: Store, project: Project, options: Options, origin: Origin | None, clock: Clock) -> _Facts:
    currency = Currency(project.currency)
    reading, checking = before_facts(project)
    sources = dict(project.sources)
    asked = parse_instant(options.as_of, project.time_zone) if options.as_of is not None else None
    with clock.step(reading):
        loaded = load(
            store, sources, currency=currency, time_zone=project.time_zone, now=options.now, home=options.home
        )
    with clock.step(checking):
        prepared = prepare(project, loaded.streams, origin)
        at = asked if asked is not None else _latest(store, loaded.streams)
        account = account_info(store, loaded, currency, at)
        told = remarks(store, loaded.streams, project, account)
    return _Facts(loaded, prepared, at, currency, account, told)


def _outlook(store: Store, computed: Computed, project: Project, clock: Clock, work: Mapping[str, Work]) -> _Outlook:
    with clock.step(work["models"]):
        table = store.read(f"SELECT * FROM {computed.table} ORDER BY customer_id")
        seen = behaviour(table, computed.types, project.assumptions, Currency(project.currency))
        models = fit_models(seen)
        return _Outlook(seen, models, foresee(seen, models.buying, models.spend, project.assumptions))


def _latest(store: Store, streams: Mapping[str, Stream]) -> Instant:
    """Give the instant of the latest fact; of attributes that carry none, the latest instant among them."""
    latest = [
        store.read(f'SELECT max("at") AS latest FROM "{name}" WHERE "at" > {FOREVER_AGO}')["latest"][0].as_py()
        for name in streams
    ]
    known: list[Instant] = [instant for instant in latest if instant is not None]
    if not known and CUSTOMERS.name in streams:
        known = _attribute_instants(store, streams[CUSTOMERS.name])
    if not known:
        raise RunError(
            "no column holds dates, so there is no latest instant; say as of when with --as-of, such as --as-of 2026-06-30"
        )
    return max(known)


def _attribute_instants(store: Store, attributes: Stream) -> list[Instant]:
    names = [column.name for column in attributes.columns if column.type is Type.INSTANT]
    if not names:
        return []
    chosen = ", ".join(f"max({quoted(name)}) AS {quoted(name)}" for name in names)
    row = store.read(f"SELECT {chosen} FROM {CUSTOMERS.name}").to_pylist()[0]
    return [instant for instant in row.values() if instant is not None]


def _traits(store: Store, facts: _Facts, project: Project) -> tuple[Computed, pa.Table]:
    """Compute the traits, in the store and as a table of the project's own ones; let go of the facts."""
    prepared, streams = facts.prepared, facts.loaded.streams
    rules = [segment.node for segment in prepared.segments]
    rules += [tree for strategy in prepared.strategies for tree in (strategy.eligible, strategy.headroom)]
    if "orders" in streams and "channel" in streams["orders"]:
        rules += list(channel_orders(project.assumptions).values())
    segments = {segment.name: segment.node for segment in prepared.segments}
    computed = compute(store, streams, prepared.traits, rules, facts.at, _TRAITS, segments=segments)
    names = ", ".join(quoted(trait.name) for trait in prepared.traits)
    traits = store.read(f"SELECT customer_id, {names} FROM {computed.table} ORDER BY customer_id")
    if not traits.num_rows:
        raise RunError(f"as of {format_instant(facts.at)} there is no customer yet; say a later --as-of")
    for stream in streams:
        store.drop(stream)
    return computed, traits


def _widen(store: Store, computed: Computed, customers: pa.ChunkedArray, values: ValueMap) -> Computed:
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
    return Computed(_JOINED, types, dict(computed.fitted), computed.segments)


def _reckon(store: Store, computed: Computed, facts: _Facts, values: ValueMap, outlook: _Outlook) -> Sequence[Option]:
    strategies = facts.prepared.strategies
    wanted = {f"{one.name} eligible": one.eligible for one in strategies}
    wanted |= {f"{one.name} headroom": one.headroom for one in strategies}
    answers = answer(store, computed, wanted, facts.at)
    average_order = outlook.seen.average_order()
    modelled = outlook.models.buying is not None and outlook.seen.cost_is_known
    return [
        reckon(
            one.name,
            one.definition,
            np.asarray(answers[f"{one.name} eligible"].fill_null(False)),
            np.nan_to_num(to_floats(answers[f"{one.name} headroom"])),
            values.doubt,
            one.definition.cost.minor(facts.currency, average_order),
            modelled=modelled and not names_in(one.headroom) & ASSUMED_COLUMNS,
        )
        for one in strategies
    ]
