"""The batch reading of a world: what a run does, for all customers at once.

`differences` of `language_worlds` compares it with the law.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from language_trees import SCORES, STREAMS
from language_worlds import Answers, World

from smalti.facts import arrow_type
from smalti.rules import Quantile
from smalti.rules.nodes import Member
from smalti.store import Store
from smalti.traits import Computed, Trait, answer, compute


def by_query(world: World, fitted: Mapping[Quantile, Any], store: Store) -> Answers:
    """Give the same as `by_meaning`, for all customers at once, by queries."""
    ready = world.ready()
    put_facts(world, store)
    known = Computed("base", dict(SCORES), dict(fitted))
    traits = [Trait(name, ready.types[name], node, name) for name, node in ready.all_traits().items()]
    segments = ready.all_segments()
    asked = ready.wanted | {name: Member(name) for name in segments}
    computed = compute(store, STREAMS, traits, asked.values(), world.at, "computed", segments=segments, known=known)
    answers = answer(store, computed, asked, world.at)
    derived = store.table("computed").select(["customer_id", *(trait.name for trait in traits)])
    found: Answers = {name: {} for name in world.customers}
    for one in (answers, derived):
        for name in one.column_names[1:]:
            kind = arrow_type(ready.types[name])
            assert one.schema.field(name).type == kind, (name, one.schema.field(name), kind)
        for row in one.to_pylist():
            found[row.pop("customer_id")] |= row
    return found


def put_facts(world: World, store: Store) -> None:
    """Put the facts into the store, and the customers with their scores as ``base``."""
    people = [{"customer_id": name, **world.scores.get(name, {})} for name in world.customers]
    fields = [pa.field(name, arrow_type(kind)) for name, kind in SCORES.items()]
    store.put("base", pa.Table.from_pylist(people, pa.schema([pa.field("customer_id", pa.string()), *fields])))
    for stream in STREAMS.values():
        rows = [
            {"customer_id": name, **one}
            for name, facts in world.histories.items()
            for one in facts.get(stream.name, ())
        ]
        store.put(stream.name, pa.Table.from_pylist(rows, stream.schema()))
