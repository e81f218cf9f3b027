"""What scores are learnt from: customers as of earlier instants, asked for as of then, and what came after.

At each cut-off the traits are computed by the same code as in a run, as of that instant, so nothing later can be in them; the
outcome is seen in the horizon right after it. Cut-offs lie one horizon apart and the last horizon ends at the as-of instant,
so no fact after it is seen, and no outcome is seen twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.foresight.behaviour import behaviour, fit_models
from smalti.engine.foresight.inputs import columns_of
from smalti.engine.foresight.next_category import next_categories
from smalti.engine.given import Facts
from smalti.errors import ModelError
from smalti.facts import CUSTOMERS, DAY, FOREVER_AGO, Instant, Microseconds, Type
from smalti.models.supervised import Column, TrainingSet
from smalti.project import Foretelling, Prepared
from smalti.rules import After, Aggregate, Last, Literal, Member, Node, names_in, walk
from smalti.rules.nodes import rebuild
from smalti.store import Store, quoted
from smalti.strategy.peers import Floats
from smalti.traits import Computed, Trait, answer, compute

MOST = 50_000
"""Customers learnt from at each cut-off, at most."""
LEAST_HISTORY = 90 * DAY
"""There must be facts from this long before a cut-off, or from one horizon if that is shorter."""
_OF_BEHAVIOUR = (
    "purchase_days",
    "days_since_first_order",
    "days_since_order",
    "orders_total",
    "spend_total",
    "first_order_value",
    "orders_365d",
    "spend_365d",
    "refunds_365d",
    "returns_365d",
)
RECENCY, BUYING = "recency alone", "buying model alone"
"""What every score is compared with."""


def since(node: Node, start: Instant, length: Microseconds) -> Node:
    """Let a tree see what happens within a length of time after an instant, and nothing before it.

    Args:
        node: The tree, made ready; its aggregates have no window, or the last so much.
        start: The instant.
        length: How much time has passed when it is asked.
    """

    def later(one: Node) -> Node:
        one = rebuild(one, later)
        if not isinstance(one, Aggregate) or one.stream == CUSTOMERS.name:
            return one
        shorter = isinstance(one.window, Last) and one.window.duration <= length
        return one if shorter else replace(one, window=After(Literal(start, Type.INSTANT)))

    return later(node)


def cut_offs(store: Store, facts: Facts, score: Foretelling, at: Instant) -> tuple[list[Instant], float]:
    """Give the instants that a score can be learnt from, the latest first, and for how many days there are facts."""
    horizon = score.definition.horizon
    first = _first(store, [name for name in score.streams if name in facts.loaded.streams], at)
    history = max(at - first, 0)
    before = least_history(score) - horizon
    found = [at - k * horizon for k in range(1, score.definition.cut_offs + 1)]
    return [cut for cut in found if cut - first >= before], history / DAY


def least_history(score: Foretelling) -> Microseconds:
    """Give how far facts must reach back for a score to be learnt at all: its horizon, and what was known before that."""
    return score.definition.horizon + min(score.definition.horizon, LEAST_HISTORY)


def _first(store: Store, streams: Sequence[str], at: Instant) -> Instant:
    earliest = [
        store.read(f'SELECT min("at") AS earliest FROM {quoted(name)} WHERE "at" > {FOREVER_AGO} AND "at" <= {at}')[
            "earliest"
        ][0].as_py()
        for name in streams
    ]
    return min((one for one in earliest if one is not None), default=at)


def trees_of(scores: Sequence[Foretelling]) -> list[Node]:
    """Give the trees that scores need to be known as of every instant: for whom they are, and how recent her facts are."""
    found: list[Node] = [one.customers for one in scores if one.customers is not None]
    return found + [tree for one in scores for tree in _recent(one)]


def _recent(score: Foretelling) -> list[Aggregate]:
    """Give what says when what is foretold last happened."""
    if score.outcome is None:
        return []
    asked = [part for part in walk(score.outcome) if isinstance(part, Aggregate) and part.stream != CUSTOMERS.name]
    kept = {(one.stream, one.where if one.function != "all" else None) for one in asked}
    return [Aggregate("last", stream, "at", None, where) for stream, where in sorted(kept, key=repr)]


@dataclass(frozen=True)
class Then:
    """Customers as of an earlier instant.

    Attributes:
        at: The instant.
        computed: Their table, in the store.
        answers: For whom each score is foretold, and when what is foretold last happened, ordered by customer.
        alone: What the buying model alone says: days of purchase history and expected spend, by name, in the same order.
    """

    at: Instant
    computed: Computed
    answers: pa.Table
    alone: Mapping[str, Floats]


class Pasts:
    """Customers as of earlier instants, each reckoned once however many scores ask for it.

    Args:
        store: Where the facts are.
        facts: The facts and the project.
        scores: The scores that will be learnt.
    """

    def __init__(self, store: Store, facts: Facts, scores: Sequence[Foretelling]) -> None:
        self.store, self.facts, self.scores = store, facts, scores
        self._traits = needed(facts.prepared, scores)
        self._found: dict[Instant, Then] = {}

    def at(self, cut: Instant) -> Then:
        """Give the customers as of an instant."""
        if cut not in self._found:
            self._found[cut] = self._reckoned(cut)
        return self._found[cut]

    def forget(self) -> None:
        """Let go of all tables."""
        for one in self._found.values():
            self.store.drop(one.computed.table)
        self._found = {}

    def _reckoned(self, cut: Instant) -> Then:
        segments = {one.name: one.node for one in self.facts.prepared.segments}
        streams, trees = self.facts.loaded.streams, trees_of(self.scores)
        computed = compute(
            self.store, streams, self._traits, trees, cut, f"_then_{len(self._found)}", segments=segments
        )
        answers = answer(self.store, computed, _asked(self.scores), cut)
        return Then(cut, computed, answers, self._alone(computed))

    def _alone(self, computed: Computed) -> dict[str, Floats]:
        """Fit the buying and spend models as of then, and give what they say for every horizon that is asked for."""
        horizons = sorted({one.definition.horizon for one in self.scores if one.definition.kind in _BOUGHT})
        names = [name for name in _OF_BEHAVIOUR if name in computed.types]
        if not horizons or "purchase_days" not in names:
            return {}
        chosen = ", ".join(quoted(name) for name in ("customer_id", *names))
        table = self.store.read(f"SELECT {chosen} FROM {quoted(computed.table)} ORDER BY customer_id")
        seen = behaviour(table, computed.types, self.facts.project.assumptions, self.facts.currency)
        models = fit_models(seen)
        if models.buying is None:
            return {}
        found: dict[str, Floats] = {}
        history = (seen.repeats, seen.recency, seen.age)
        days = np.maximum(np.nan_to_num(seen.purchase_days), 0)
        own = np.divide(np.nan_to_num(seen.spend), days, out=np.zeros(len(days)), where=days > 0)
        spend = own if models.spend is None else models.spend.expected_spend(np.where(own > 0, days, 0), own)
        for horizon in horizons:
            length = horizon / DAY
            chance = models.buying.purchase_chance(*history, length)
            orders = models.buying.expected_purchases(*history, length)
            found[f"purchase {horizon}"] = np.where(seen.bought, chance, np.nan)
            found[f"spend {horizon}"] = np.where(seen.bought, orders * spend, np.nan)
        return found


_BOUGHT = ("purchase", "churn", "spend")


def _asked(scores: Sequence[Foretelling]) -> dict[str, Node]:
    found = {f"{one.name} for": one.customers for one in scores if one.customers is not None}
    return found | {f"{one.name} recent {place}": tree for one in scores for place, tree in enumerate(_recent(one))}


def needed(prepared: Prepared, scores: Sequence[Foretelling], names: Sequence[str] = ()) -> list[Trait]:
    """Give the traits that names rest on, and scores and the baselines they are compared with, each after those it names."""
    trees = {one.name: one.node for one in prepared.traits}
    rules = {one.name: one.node for one in prepared.segments}
    edge = {*names, *(_OF_BEHAVIOUR if scores else ()), *(name for one in scores for name in one.inputs)}
    spoken = [one.customers for one in scores if one.customers is not None]
    edge |= {name for tree in spoken for name in _named(tree, rules)}
    found: set[str] = set()
    while edge:
        edge &= trees.keys()
        found |= edge
        edge = {name for one in edge for name in _named(trees[one], rules)} - found
    return [one for one in prepared.traits if one.name in found]


def _named(tree: Node, rules: Mapping[str, Node]) -> set[str]:
    found, seen, edge = set(names_in(tree)), set[str](), [tree]
    while edge:
        asked = {part.segment for part in walk(edge.pop()) if isinstance(part, Member)} & rules.keys() - seen
        seen |= asked
        for name in asked:
            found |= names_in(rules[name])
            edge.append(rules[name])
    return found


@dataclass(frozen=True)
class Learnt:
    """A training set, and what a reader should know of how it was drawn.

    Attributes:
        training: The rows.
        drawn: Whether customers were left out at some cut-off, there being too many.
    """

    training: TrainingSet
    drawn: bool


def training_set(pasts: Pasts, score: Foretelling, cuts: Sequence[Instant]) -> Learnt:
    """Make the training set of a score from customers as of some cut-offs and what came within the horizon after each.

    Raises:
        ModelError: There is nothing that can be learnt from.
    """
    parts = [_rows(pasts, score, cut) for cut in sorted(cuts)]
    if not any(len(one.customer) for one, _ in parts):
        raise ModelError(
            f"at none of the earlier instants there was a customer of whom to foretell {outcome_of(score)}"
        )
    columns = tuple(_joined([one.columns[place] for one, _ in parts]) for place in range(len(parts[0][0].columns)))
    whole: dict[str, Any] = {
        name: np.concatenate([getattr(one, name) for one, _ in parts]) for name in ("target", "cut_off", "customer")
    }
    common = set.intersection(*(set(one.baselines) for one, _ in parts))
    baselines = {
        name: np.concatenate([one.baselines[name] for one, _ in parts]) for name in (RECENCY, BUYING) if name in common
    }
    first = parts[0][0]
    whole |= {"baselines": baselines, "complement": first.complement}
    training = TrainingSet(first.task, first.outcome, first.horizon_days, columns, **whole)
    return Learnt(training, any(drawn for _, drawn in parts))


def _joined(parts: Sequence[Column]) -> Column:
    return replace(parts[0], values=np.concatenate([one.values for one in parts]))


def outcome_of(score: Foretelling) -> str:
    """Say what is foretold, in a few words."""
    definition = score.definition
    told = {
        "purchase": "a purchase",
        "churn": "no purchase",
        "spend": "spend",
        "next_category": "the category of the next purchase",
    }.get(definition.kind, definition.predict)
    return f"{told} within {definition.within}"


def _rows(pasts: Pasts, score: Foretelling, cut: Instant) -> tuple[TrainingSet, bool]:
    then, facts = pasts.at(cut), pasts.facts
    with _sampled(pasts, score, then) as (rows, drawn):
        table = _read(pasts.store, then.computed.table, score.inputs)
        target = _came(pasts, score, cut)
    if score.task == "amount" and np.isnan(target).any():
        known = np.flatnonzero(~np.isnan(target))
        table, rows, target = table.take(pa.array(known)), rows[known], target[known]
    complement = score.definition.kind == "churn"
    types = {name: then.computed.types[name] for name in score.inputs}
    columns = columns_of(table, types, cut, facts.project.currency, facts.prepared.words.currencies)
    baselines = {RECENCY: _recency(then, score, rows)}
    kind, horizon = score.definition.kind, score.definition.horizon
    alone = then.alone.get(f"{'spend' if kind == 'spend' else 'purchase'} {horizon}")
    if kind in _BOUGHT and alone is not None:
        baselines[BUYING] = alone[rows]
    customer = np.array(table["customer_id"].to_pylist(), dtype=object)
    return TrainingSet(
        score.task,
        outcome_of(score),
        horizon / DAY,
        columns,
        1.0 - target if complement else target,
        np.full(len(customer), cut, dtype=np.int64),
        customer,
        baselines,
        complement,
    ), drawn


_LEARNT = "_learnt_from"


@contextmanager
def _sampled(pasts: Pasts, score: Foretelling, then: Then) -> Iterator[tuple[npt.NDArray[np.intp], bool]]:
    """Have those customers that are learnt from in a table, drawn by a hash of their ids where there are too many."""
    store = pasts.store
    everyone = then.answers["customer_id"]
    for_whom = np.ones(len(everyone), dtype=np.bool_)
    if score.customers is not None:
        for_whom = np.asarray(then.answers[f"{score.name} for"].fill_null(False))
    rows = np.flatnonzero(for_whom)
    drawn = len(rows) > MOST
    store.put(_LEARNT, pa.table({"customer_id": everyone.take(pa.array(rows)), "place": pa.array(rows)}))
    if drawn:
        seed = pasts.facts.project.seed
        order = f"ORDER BY md5('{seed}' || customer_id), customer_id LIMIT {MOST}"
        store.create(_LEARNT, f"SELECT * FROM {_LEARNT} {order}")
        rows = np.sort(store.read(f"SELECT place FROM {_LEARNT}")["place"].to_numpy())
    try:
        yield rows, drawn
    finally:
        store.drop(_LEARNT)


def _read(store: Store, table: str, names: Sequence[str]) -> pa.Table:
    chosen = ", ".join(f"t.{quoted(name)}" for name in ("customer_id", *names))
    both = f"{quoted(table)} AS t JOIN {_LEARNT} AS s USING (customer_id)"
    return store.read(f"SELECT {chosen} FROM {both} ORDER BY t.customer_id")


def _came(pasts: Pasts, score: Foretelling, cut: Instant) -> npt.NDArray[np.float64] | npt.NDArray[np.object_]:
    """Give what came within the horizon after the cut-off to those customers that are learnt from, in order of id.

    A rule of which it is unknown whether it is true is not true; an amount that is unknown, such as a mean of nothing, is NaN.
    """
    length = score.definition.horizon
    assert score.outcome is not None  # noqa: S101 - of everything that is learnt
    if score.definition.kind == "next_category":
        streams, zone = pasts.facts.loaded.streams, pasts.facts.project.time_zone
        return next_categories(pasts.store, streams, score.streams[0], zone, _LEARNT, cut, cut + length)
    trait = Trait("_came", Type.NUMBER, since(score.outcome, cut, length), "what came")
    known = Computed(_LEARNT, {}, {})
    found = compute(pasts.store, pasts.facts.loaded.streams, [trait], (), cut + length, "_came", known=known)
    column = pasts.store.read(f"SELECT * FROM {quoted(found.table)} ORDER BY customer_id")["_came"]
    pasts.store.drop(found.table)
    if score.types[score.name] is Type.TEXT:
        return np.array(column.to_pylist(), dtype=object)
    unknown = np.nan if score.task == "amount" else 0.0
    return np.asarray(pc.cast(column, pa.float64()).fill_null(unknown).to_numpy(), dtype=np.float64)


def _recency(then: Then, score: Foretelling, rows: npt.NDArray[np.intp]) -> Floats:
    """Give the days since what is foretold last happened; NaN where it never did."""
    latest = np.full(len(rows), np.nan)
    for place, _ in enumerate(_recent(score)):
        column = then.answers[f"{score.name} recent {place}"]
        at = np.where(np.asarray(column.is_null()), np.nan, np.asarray(column.fill_null(0)).astype(np.float64))
        latest = np.fmax(latest, at[rows])
    return (then.at - latest) / DAY
