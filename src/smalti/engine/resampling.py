"""Fitted cuts, fitted again: who would be where if other customers had been seen, or if cuts had not been fitted anew.

Every quantile a definition speaks of becomes a column; each resample of the customers is a copy of the table with constants of
its own. So one query by the same rules answers for all resamples at once, and no rule is read in a second way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from smalti.engine.cuts import Cuts, cuts_of, spoken_of
from smalti.engine.fitted import Ground, fit
from smalti.engine.reckoning import Reckoned
from smalti.facts import Instant, Type
from smalti.project import Prepared, segment_of
from smalti.rules import Literal, Name, Node, Quantile, walk
from smalti.rules.nodes import children, rebuild
from smalti.segments import Segment, members_of
from smalti.store import Store, quoted
from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.traits import Computed, Trait, answer, compute

_BASE, _COPIES, _PLACED = "_resampled", "_resampled_copies", "_resampled_placed"
_TYPES = {pa.int64(): Type.INTEGER, pa.float64(): Type.NUMBER, pa.bool_(): Type.BOOLEAN, pa.string(): Type.TEXT}


def members_resampled(
    store: Store, reckoned: Reckoned, traits: Sequence[Trait], rows: Integers, weights: Floats
) -> dict[str, Booleans]:
    """Fit all cuts anew on resamples of some customers, and say where each of these customers would be.

    Args:
        store: Where the table of customers is.
        reckoned: What was reckoned.
        traits: All traits of the project.
        rows: Which customers are taken, as places in ascending order.
        weights: How often each of them stands in each resample, of shape (resamples, customers).

    Returns:
        Of every segment that rests on fitted cuts an array of shape (resamples, customers).
    """
    cuts = cuts_of(traits, reckoned.segments)
    if not cuts.segments:
        return {}
    copies = _Copies(store, reckoned, cuts, rows, len(weights))
    try:
        copies.fit(weights)
        return copies.members()
    finally:
        copies.let_go()


def members_by_old_cuts(
    store: Store, reckoned: Reckoned, traits: Sequence[Trait], constants: Mapping[Quantile, Any]
) -> dict[str, Booleans]:
    """Say who would be where by cuts that were fitted at another instant: of every segment that rests on any."""
    cuts = cuts_of(traits, reckoned.segments)
    if not cuts.segments or not cuts.quantiles or any(one not in constants for one in cuts.quantiles):
        return {}
    rows = np.arange(reckoned.traits.num_rows)
    copies = _Copies(store, reckoned, cuts, rows, 1)
    try:
        for quantile in cuts.quantiles:
            copies.give(quantile, pa.array([constants[quantile]]))
        return {name: member[0:1] for name, member in copies.members().items()}
    finally:
        copies.let_go()


def labels_refitted(
    store: Store, reckoned: Reckoned, prepared: Prepared, name: str, rows: Integers, draws: Integers, seed: int
) -> Integers:
    """Fit a crossing, a split or groups anew to resamples of some customers, and say in which segment each would be.

    Args:
        store: Where the table of customers is.
        reckoned: What was reckoned.
        prepared: The project.
        name: The segmentation.
        rows: Which customers are taken, as places in ascending order.
        draws: Who of these stands in each resample, as places among them, of shape (resamples, customers).
        seed: The project's seed.

    Returns:
        The place of each customer's segment in each refit, -1 for none, of shape (resamples, customers).
    """
    base = [one for one in reckoned.segments if one.definition.segmentation != name]
    ids = ", ".join(quoted(one) for one in reckoned.computed.types)
    table = store.read(f"SELECT {ids} FROM {quoted(reckoned.computed.table)} ORDER BY customer_id")
    found: list[list[str]] = []
    segments: list[Segment] = []
    for number, draw in enumerate(draws):
        drawn = pa.array(rows[draw])
        ground = Ground(prepared, base, reckoned.answers.take(drawn), partial(_taken, table, drawn), seed + number)
        made = fit(name, prepared.segmentations[name], ground)
        ready = [segment_of(prepared.words, f"_{number}_{one}", text) for one, text in made.segments.items()]
        segments += ready
        found.append([one.name for one in ready])
    answers = members_of(store, reckoned.computed, segments, reckoned.at)
    labels = np.full(draws.shape, -1, dtype=np.int64)
    for number, names in enumerate(found):
        for place, one in enumerate(names):
            labels[number][np.asarray(answers[one])[rows]] = place
    return labels


def _taken(table: pa.Table, rows: pa.Array, name: str) -> pa.ChunkedArray:
    return table[name].take(rows)


class _Copies:
    """The table of customers, once for each resample, with that resample's constants beside."""

    def __init__(self, store: Store, reckoned: Reckoned, cuts: Cuts, rows: npt.NDArray[np.int64], number: int) -> None:
        self._store, self._reckoned, self._cuts, self._number = store, reckoned, cuts, number
        self._at: Instant = reckoned.at
        ids = reckoned.traits["customer_id"].take(pa.array(rows))
        self._customers = len(ids)
        self._constants: dict[str, tuple[pa.Array, Type]] = {}
        self._names: dict[Quantile, str] = {}
        again = {one.name for one in cuts.traits}
        self._types = {name: kind for name, kind in reckoned.computed.types.items() if name not in again}
        store.put("_resampled_ids", pa.table({"customer_id": ids}))
        chosen = ", ".join(["customer_id", *(quoted(name) for name in self._types)])
        store.create(
            _BASE,
            f"SELECT {chosen} FROM {quoted(reckoned.computed.table)} JOIN _resampled_ids USING (customer_id)",
        )
        store.drop("_resampled_ids")

    def give(self, quantile: Quantile, values: pa.Array) -> None:
        """Give a constant its value in each copy."""
        name = f"_cut_{len(self._names)}"
        self._names[quantile] = name
        if pa.types.is_null(values.type):
            values = values.cast(pa.float64())
        self._constants[name] = (values, _TYPES.get(values.type, Type.NUMBER))

    def fit(self, weights: Floats) -> None:
        """Fit all constants in each copy, those first that others rest on."""
        waiting = list(self._cuts.quantiles)
        while waiting:
            ready = [one for one in waiting if all(below in self._names for below in self._below(one))]
            self._fit(ready, weights)
            waiting = [one for one in waiting if one not in ready]

    def _fit(self, quantiles: Sequence[Quantile], weights: Floats) -> None:
        """Fit constants: of what each is a quantile of, counted as often as customers stand in the resample."""
        wanted: dict[str, Node] = {}
        for number, one in enumerate(quantiles):
            wanted[f"_of_{number}"] = self._with_columns(one.of)
            wanted[f"_among_{number}"] = self._with_columns(one.among or Literal(True, Type.BOOLEAN))
        needed = frozenset().union(*(self._behind(one)[0] for one in quantiles))
        answers = answer(self._store, self._derived(needed), wanted, self._at)
        shape = (self._number, self._customers)
        orders: dict[tuple[Node, Node | None], tuple[npt.NDArray[Any], npt.NDArray[np.int64], Floats]] = {}
        for number, one in enumerate(quantiles):
            values = answers[f"_of_{number}"].combine_chunks()
            population = (one.of, one.among)
            if population not in orders:
                among = np.asarray(answers[f"_among_{number}"].fill_null(False))
                known = (np.asarray(values.is_valid()) & among).reshape(shape)
                numbers = np.asarray(values.fill_null(0)).reshape(shape)
                order = np.argsort(numbers, axis=1, kind="stable")
                counted = np.cumsum(np.take_along_axis(np.where(known, weights, 0.0), order, axis=1), axis=1)
                orders[population] = numbers, order, counted
            numbers, order, counted = orders[population]
            total = counted[:, -1:]
            reached = counted >= np.maximum(one.p * total, np.finfo(float).tiny)
            place = np.take_along_axis(order, np.argmax(reached, axis=1)[:, None], axis=1)
            chosen = np.take_along_axis(numbers, place, axis=1)[:, 0]
            self.give(one, pa.array(chosen, mask=total[:, 0] == 0).cast(values.type))

    def members(self) -> dict[str, Booleans]:
        """Answer the rules of all segments that rest on constants."""
        wanted = [
            replace(one, node=self._with_columns(one.node))
            for one in self._reckoned.segments
            if one.name in self._cuts.segments
        ]
        answers = members_of(
            self._store, self._derived(frozenset(one.name for one in self._cuts.traits)), wanted, self._at
        )
        shape = (self._number, self._customers)
        return {one.name: np.asarray(answers[one.name]).reshape(shape) for one in wanted}

    def let_go(self) -> None:
        """Let go of the tables made on the way."""
        for table in (_BASE, _COPIES, _PLACED):
            self._store.drop(table)

    def _with_columns(self, node: Node) -> Node:
        """Put columns in the place of constants."""
        if isinstance(node, Quantile) and node in self._names:
            return Name(self._names[node])
        return rebuild(node, self._with_columns)

    def _derived(self, needed: frozenset[str]) -> Computed:
        """Give the copies with the fitted traits that are needed; their constants must be there."""
        constants = {"_copy": pa.array(np.arange(self._number))}
        constants |= {name: values for name, (values, _) in self._constants.items()}
        self._store.put("_resampled_constants", pa.table(constants))
        chosen = ["printf('%06d', _copy) || ':' || customer_id AS customer_id", *(quoted(one) for one in self._types)]
        chosen += [quoted(name) for name in self._constants]
        self._store.create(_COPIES, f"SELECT {', '.join(chosen)} FROM {_BASE} CROSS JOIN _resampled_constants")
        self._store.drop("_resampled_constants")
        types = self._types | {name: kind for name, (_, kind) in self._constants.items()}
        segments = {one.name: self._with_columns(one.node) for one in self._reckoned.segments}
        known = Computed(_COPIES, types, {}, segments)
        traits = [replace(one, node=self._with_columns(one.node)) for one in self._cuts.traits if one.name in needed]
        return compute(self._store, {}, traits, (), self._at, _PLACED, segments=segments, known=known)

    def _behind(self, quantile: Quantile) -> tuple[frozenset[str], list[Node]]:
        """Give the fitted traits that a constant rests on, and all trees that it does."""
        traits = {one.name: one.node for one in self._cuts.traits}
        rules = {one.name: one.node for one in self._reckoned.segments}
        seen: set[tuple[str, str]] = set()
        trees: list[Node] = []
        edge: list[Node] = list(children(quantile))
        while edge:
            trees.append(edge.pop())
            spoken = {key for key in spoken_of(trees[-1]) if key[0] == "segment" or key[1] in traits} - seen
            seen |= spoken
            edge += [(rules if kind == "segment" else traits)[name] for kind, name in sorted(spoken)]
        return frozenset(name for kind, name in seen if kind == "trait"), trees

    def _below(self, quantile: Quantile) -> set[Quantile]:
        """Give the constants that one rests on."""
        return {part for tree in self._behind(quantile)[1] for part in walk(tree) if isinstance(part, Quantile)}
