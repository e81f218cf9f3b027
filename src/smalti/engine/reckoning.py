"""Everything that is reckoned of all customers as of one instant: facts to traits to values to strategies to segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from smalti.engine.account import account_info
from smalti.engine.clock import Clock
from smalti.engine.cuts import cuts_of
from smalti.engine.foresight.behaviour import Models, behaviour, channel_orders, fit_models, to_floats
from smalti.engine.foresight.foreseeing import foreseen_as_of
from smalti.engine.foresight.foretold import watched
from smalti.engine.foresight.products import NextBought, in_horizon, next_bought
from smalti.engine.foresight.scores import Foreseen
from smalti.engine.foresight.sensing import Sensed, sensed
from smalti.engine.foresight.training import trees_of
from smalti.engine.given import Facts
from smalti.engine.options import Options
from smalti.engine.reaching import reaching
from smalti.engine.remarks import remarks, too_little
from smalti.engine.segmenting import segmented
from smalti.engine.settling import seen_as_of, settled
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
from smalti.project import Origin, Project, after_facts, before_facts, prepare
from smalti.rules import names_in
from smalti.segments import Segment, enough
from smalti.segments.quality import Channel
from smalti.sources import load
from smalti.store import Store, quoted
from smalti.strategy import (
    ASSUMED_COLUMNS,
    VALUE_COLUMNS,
    Behaviour,
    Match,
    Option,
    Outlook,
    ValueMap,
    foresee,
    match,
    reckon,
    value_map,
)
from smalti.strategy.peers import Floats
from smalti.traits import Computed, answer, compute

__all__ = ["Facts", "Reckoned", "let_go", "read_facts", "reckon_as_of", "traits_as_of"]


@dataclass(frozen=True)
class Reckoned:
    """All that is reckoned as of one instant; rows of all tables and arrays are the customers in ascending order.

    Attributes:
        at: The as-of instant.
        computed: The table of customers in the store: traits, aggregates, value map.
        traits: ``customer_id`` and the project's traits, in working form.
        values: The value map.
        options: The strategies, reckoned for all.
        found: What was chosen.
        segments: The segments, those that were fitted among them.
        answers: ``customer_id`` and a boolean column per segment, never null.
        models: The models fitted.
        average_order: The average order in minor units.
        exclusive: By segmentation, whether nobody is in two of its segments.
        notes: What fitting segmentations has to tell, in sentences.
        channels: By channel of the project, whom it reaches.
        foreseen: The project's scores.
        sensed: How much customers' buying hangs on discounts.
        bought: What is bought next.
        modelled: Whether what customers bring comes from fitted models and known costs alone.
        headrooms: By strategy, what is to be won from each customer in minor units, 0 where unknown.
    """

    at: Instant
    computed: Computed
    traits: pa.Table
    values: ValueMap
    options: Sequence[Option]
    found: Match
    segments: tuple[Segment, ...]
    answers: pa.Table
    models: Models
    average_order: float
    exclusive: Mapping[str, bool] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    channels: Mapping[str, Channel] = field(default_factory=dict)
    foreseen: Foreseen | None = None
    sensed: Sensed = field(default_factory=Sensed)
    bought: NextBought = field(default_factory=NextBought)
    modelled: bool = False
    headrooms: Mapping[str, Floats] = field(default_factory=dict)


def read_facts(store: Store, project: Project, options: Options, origin: Origin | None, clock: Clock) -> Facts:
    """Read the sources into the store and make the project ready for them.

    Raises:
        SmaltiError: Sources cannot be read, or definitions are wrong.
    """
    reading, checking = before_facts(project)
    asked = parse_instant(options.as_of, project.time_zone) if options.as_of is not None else None
    currency = Currency(project.currency)
    with clock.step(reading):
        loaded = load(
            store,
            dict(project.sources),
            currency=currency,
            time_zone=project.time_zone,
            now=options.now,
            home=options.home,
        )
    with clock.step(checking):
        prepared = prepare(project, loaded.streams, origin)
        at = asked if asked is not None else _latest(store, loaded.streams)
        asking, project = project, settled(store, project, loaded.streams, at)
        prepared = prepared if project == asking else prepare(project, loaded.streams, origin)
        account = account_info(store, loaded, currency, at)
        told = remarks(store, loaded.streams, project, account)
        seen = seen_as_of(store, loaded.streams, at)
        told += too_little(prepared.frameworks, seen)
    lacking = {one.name: enough(one, seen) for one in prepared.frameworks}
    return Facts(project, loaded, prepared, at, account, told, asking, lacking)


def reckon_as_of(
    store: Store,
    facts: Facts,
    at: Instant,
    clock: Clock | None = None,
    *,
    label: str = "",
    keep_facts: bool = False,
    told: bool = False,
) -> Reckoned:
    """Reckon everything as of an instant; nothing after it is seen.

    Args:
        store: Where the facts are; the table of customers stays in it.
        facts: The facts and the project.
        at: The as-of instant.
        clock: Times the steps; None times nothing.
        label: Distinguishes the table of customers from others in the same store.
        keep_facts: Whether the streams stay in the store, to be asked again as of another instant.
        told: Whether all scores are wanted, with what is told and kept of them; if not, those that a rule speaks of.

    Raises:
        RunError: There is no customer yet.
    """
    steps = _Steps(facts, clock)
    with steps("traits"):
        computed, traits = _traits(store, facts, at, f"_traits{label}")
    with steps("models"):
        known = _known(store, facts, at, computed, traits, told=told)
    with steps("value map"):
        values = known.values(facts, at)
        computed = _widen(store, computed, traits["customer_id"], values, f"_customers{label}")
    with steps("scores") if facts.prepared.scores else nullcontext():
        computed, foreseen = _foretold(store, facts, computed, at, f"_foreseen{label}", told=told)
    if not keep_facts:
        let_go(store, facts)
    with steps("strategies"):
        options, headrooms, found = _reckon(store, computed, facts, values, known, at)
    with steps("segments"):
        who = segmented(store, computed, facts.prepared, at, facts.project.seed)
    return Reckoned(
        at,
        who.computed,
        traits,
        values,
        options,
        found,
        who.segments,
        who.answers,
        known.models,
        known.seen.average_order(),
        who.exclusive,
        who.notes,
        reaching(store, who.computed, facts.prepared.channels, at),
        foreseen,
        known.feels,
        known.bought,
        known.modelled,
        headrooms,
    )


def _foretold(
    store: Store, facts: Facts, computed: Computed, at: Instant, table: str, *, told: bool
) -> tuple[Computed, Foreseen | None]:
    """Foretell the scores, where the project has any."""
    if not facts.prepared.scores:
        return computed, None
    return foreseen_as_of(store, facts, computed, at, table, told=told)


def let_go(store: Store, facts: Facts) -> None:
    """Let go of the streams, from which nothing more is asked: what they take in memory is free again."""
    for stream in facts.loaded.streams:
        store.drop(stream)


@dataclass(frozen=True)
class _Known:
    """What is known of customers' buying, and foretold of it: by whom, what, how much, at what price."""

    seen: Behaviour
    models: Models
    ahead: Outlook
    bought: NextBought
    new_spend: Floats | None
    feels: Sensed

    @property
    def modelled(self) -> bool:
        """Whether all that customers bring comes from fitted models and known costs."""
        return self.models.buying is not None and self.seen.cost_is_known

    def values(self, facts: Facts, at: Instant) -> ValueMap:
        """Give the value map that follows from it."""
        assumed = facts.project.assumptions
        return value_map(self.seen, self.ahead, assumed, facts.currency, at, self.feels.columns, self.new_spend)


def _known(store: Store, facts: Facts, at: Instant, computed: Computed, traits: pa.Table, *, told: bool) -> _Known:
    assumed, streams, seed = facts.project.assumptions, facts.loaded.streams, facts.project.seed
    table = store.read(f"SELECT * FROM {quoted(computed.table)} ORDER BY customer_id")
    seen = behaviour(table, computed.types, assumed, facts.currency)
    past = watched(store, streams, at, assumed.horizon_days, seed)
    models = fit_models(seen, past, currency=facts.currency.code, seed=seed, told=told)
    ahead = foresee(seen, models.buying, models.spend, assumed)
    bought = next_bought(store, facts, at, traits["customer_id"], told=told, said=traits)
    new_spend = in_horizon(bought, (seen, models), ahead, assumed)
    feels = sensed(store, streams, traits["customer_id"], seen.purchase_days, at)
    return _Known(seen, models, ahead, bought, new_spend, feels)


class _Steps:
    """The steps of the work list by name, timed if there is a clock."""

    def __init__(self, facts: Facts, clock: Clock | None) -> None:
        self._work = {one.step: one for one in after_facts(facts.prepared, facts.loaded.streams)}
        self._clock = clock

    def __call__(self, step: str) -> AbstractContextManager[None]:
        return nullcontext() if self._clock is None else self._clock.step(self._work[step])


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


def traits_as_of(store: Store, facts: Facts, at: Instant, table: str) -> Computed:
    """Compute the traits as of an instant and nothing else, for rules that speak of nothing else; the facts stay in the store.

    Raises:
        RunError: There is no customer yet.
    """
    return _traits(store, facts, at, table)[0]


def _traits(store: Store, facts: Facts, at: Instant, table: str) -> tuple[Computed, pa.Table]:
    """Compute the traits, in the store and as a table of the project's own ones."""
    prepared, streams = facts.prepared, facts.loaded.streams
    rules = [segment.node for segment in prepared.segments]
    rules += [tree for strategy in prepared.strategies for tree in (strategy.eligible, strategy.headroom)]
    if "orders" in streams and "channel" in streams["orders"]:
        rules += list(channel_orders(facts.project.assumptions).values())
    rules += [channel.consent for channel in prepared.channels if channel.consent is not None]
    rules += [one.who for one in prepared.experiments if one.who is not None]
    rules += prepared.plan_trees
    rules += trees_of(prepared.scores)
    rules += [trait.node for trait in cuts_of(prepared.traits, prepared.segments).traits]
    segments = {segment.name: segment.node for segment in prepared.segments}
    computed = compute(store, streams, prepared.traits, rules, at, table, segments=segments)
    names = ", ".join(quoted(trait.name) for trait in prepared.traits)
    traits = store.read(f"SELECT customer_id, {names} FROM {quoted(computed.table)} ORDER BY customer_id")
    if not traits.num_rows:
        raise RunError(f"as of {format_instant(at)} there is no customer yet; say a later --as-of")
    return computed, traits


def _widen(store: Store, computed: Computed, customers: pa.ChunkedArray, values: ValueMap, table: str) -> Computed:
    """Put the value map beside the traits in the store, so that rules can speak of it."""
    columns = {"customer_id": customers}
    for name, (kind, _) in VALUE_COLUMNS.items():
        column = values.columns[name]
        columns[name] = pa.array(column, mask=np.isnan(column)).cast(arrow_type(kind))
    given = f"{table}_values"
    store.put(given, pa.table(columns))
    chosen = ", ".join(f"v.{name}" for name in VALUE_COLUMNS)
    both = f"{quoted(computed.table)} AS t JOIN {quoted(given)} AS v USING (customer_id)"
    store.create(table, f"SELECT t.*, {chosen} FROM {both}")
    store.drop(computed.table)
    store.drop(given)
    types = computed.types | {name: kind for name, (kind, _) in VALUE_COLUMNS.items()}
    return Computed(table, types, dict(computed.fitted), computed.segments)


def _reckon(
    store: Store,
    computed: Computed,
    facts: Facts,
    values: ValueMap,
    known: _Known,
    at: Instant,
) -> tuple[Sequence[Option], dict[str, Floats], Match]:
    strategies = facts.prepared.strategies
    wanted = {f"{one.name} eligible": one.eligible for one in strategies}
    wanted |= {f"{one.name} headroom": one.headroom for one in strategies}
    answers = answer(store, computed, wanted, at)
    average_order = known.seen.average_order()
    headrooms = {one.name: np.nan_to_num(to_floats(answers[f"{one.name} headroom"])) for one in strategies}
    options = [
        reckon(
            one.name,
            one.definition,
            np.asarray(answers[f"{one.name} eligible"].fill_null(False)),
            headrooms[one.name],
            values.doubt,
            one.definition.cost.minor(facts.currency, average_order),
            modelled=known.modelled and not names_in(one.headroom) & ASSUMED_COLUMNS,
        )
        for one in strategies
    ]
    return options, headrooms, match(options)
