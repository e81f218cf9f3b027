"""All scores of a project as of an instant, in the order in which they can be known, put beside the traits.

Scores that are learnt know traits alone and come first; look-alikes come last, since the segment whose look-alikes are sought
may itself speak of scores.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from smalti.engine.foresight.alike import alike_as_of
from smalti.engine.foresight.effect import effect_as_of
from smalti.engine.foresight.renewal import RenewalAsked, renewal
from smalti.engine.foresight.scores import Foreseen, Made, gathered, learn, scoring_of
from smalti.engine.given import Facts
from smalti.facts import Instant
from smalti.project import Foretelling, Prepared
from smalti.rules import Member, Name, Node, names_in, walk
from smalti.store import Store, quoted
from smalti.strategy import placeholders
from smalti.traits import Computed, answer


def foreseen_as_of(
    store: Store, facts: Facts, computed: Computed, at: Instant, table: str, *, told: bool
) -> tuple[Computed, Foreseen]:
    """Foretell the project's scores of everybody as of an instant, and put them beside the traits.

    Args:
        store: Where the facts and the table of customers are.
        facts: The facts and the project.
        computed: The table of customers as of the instant, the value map in it.
        at: The as-of instant; nothing after it is seen.
        table: The name of the table with the scores.
        told: Whether all scores are wanted, with what is told and kept of them; if not, those that a rule speaks of.

    Returns:
        The table of customers with the scores, in place of the one given; and the scores.
    """
    prepared = facts.prepared
    scores = [one for one in prepared.scores if told or one.name in _used(prepared)]
    customers = store.read(f"SELECT customer_id FROM {quoted(computed.table)} ORDER BY customer_id")["customer_id"]
    if not scores:
        return computed, Foreseen(pa.table({"customer_id": customers}))
    learnt = [one for one in scores if one.outcome is not None]
    made = {one.modelled.name: one for one in learn(store, facts, computed, learnt, at, told=told)}
    computed = beside(store, computed, customers, [made[one.name] for one in learnt], prepared, f"{table}_learnt")
    for place, one in enumerate(_in_order([one for one in scores if one.outcome is None], prepared)):
        made[one.name] = _other(store, facts, computed, one, at, told=told)
        computed = beside(store, computed, customers, [made[one.name]], prepared, f"{table}_{place}")
    return computed, gathered(customers, [made[one.name] for one in scores])


def _other(store: Store, facts: Facts, computed: Computed, score: Foretelling, at: Instant, *, told: bool) -> Made:
    """Make a score that is not learnt from earlier instants: renewal, or look-alikes."""
    if score.definition.effect is not None:
        return effect_as_of(store, facts, computed, score, at, told=told)
    if score.definition.like is not None:
        return alike_as_of(store, facts, computed, score, at, told=told)
    started, ended = (str(name) for name in (score.definition.started, score.definition.ended))
    wanted: dict[str, Node] = {"started": Name(started), "ended": Name(ended)}
    wanted |= {"whom": score.customers} if score.customers is not None else {}
    answers = answer(store, computed, wanted, at)
    whom = np.asarray(answers["whom"].fill_null(False)) if "whom" in wanted else None
    asked = RenewalAsked(
        score.name, score.title, started, ended, str(score.definition.period), at, facts.project.time_zone
    )
    found = renewal(asked, answers["started"], answers["ended"], whom)
    read = replace(score, inputs=(started, ended))
    kept = dict(found.kept) | {"scoring": scoring_of(read, facts, computed, at)} if told and found.kept else {}
    return Made(found.columns, found.modelled, kept)


def beside(
    store: Store, computed: Computed, customers: pa.ChunkedArray, made: Sequence[Made], prepared: Prepared, table: str
) -> Computed:
    """Put the columns of scores beside the traits in the store, so that rules can speak of them."""
    columns = {name: column for one in made for name, column in one.columns.items()}
    if not columns:
        return computed
    given = f"{table}_given"
    store.put(given, pa.table({"customer_id": customers} | columns))
    chosen = ", ".join(f"s.{quoted(name)}" for name in columns)
    both = f"{quoted(computed.table)} AS t JOIN {quoted(given)} AS s USING (customer_id)"
    store.create(table, f"SELECT t.*, {chosen} FROM {both}")
    store.drop(computed.table)
    store.drop(given)
    types = computed.types | {name: prepared.types[name] for name in columns}
    return Computed(table, types, dict(computed.fitted), computed.segments)


def _in_order(scores: Sequence[Foretelling], prepared: Prepared) -> list[Foretelling]:
    """Put scores after those that the segment of their look-alikes speaks of; there are no circles any more."""
    rules = {one.name: one.node for one in prepared.segments}
    waiting = {one.name: one for one in scores}
    found: list[Foretelling] = []
    while waiting:
        ready = [one for one in waiting.values() if not spoken_in([_seed(one)], rules) & waiting.keys() - {one.name}]
        found += ready or [*waiting.values()]
        waiting = {name: one for name, one in waiting.items() if one not in found}
    return found


def _seed(score: Foretelling) -> Node | None:
    like = score.definition.like
    return Member(like) if like is not None else None


def spoken_in(trees: Sequence[Node | None], rules: Mapping[str, Node]) -> set[str]:
    """Give the names that trees speak of, also by membership in segments.

    Args:
        trees: The trees, made ready.
        rules: The rules of segments, by name.
    """
    found: set[str] = set()
    seen: set[str] = set()
    edge = [tree for tree in trees if tree is not None]
    while edge:
        tree = edge.pop()
        found |= names_in(tree)
        asked = {part.segment for part in walk(tree) if isinstance(part, Member)} & rules.keys() - seen
        seen |= asked
        edge += [rules[name] for name in sorted(asked)]
    return found


def _used(prepared: Prepared) -> frozenset[str]:
    """Give the scores that anything that is decided speaks of, itself or by look-alikes."""
    trees: list[Node | None] = [one.node for one in prepared.segments]
    trees += [tree for one in prepared.strategies for tree in (one.eligible, one.headroom)]
    trees += [one.consent for one in prepared.channels]
    trees += [one.who for one in prepared.experiments]
    trees += [tree for one in prepared.treatments for tree in (one.who, one.headroom, one.begins, one.due)]
    trees += [prepared.limits.suppress]
    rules = {one.name: one.node for one in prepared.segments}
    spoken = spoken_in(trees, rules)
    spoken |= {name for one in prepared.strategies for name in placeholders(one.definition.because)}
    fitted = [one.model_dump(mode="json") for one in prepared.segmentations.values() if one.way is not None]
    spoken |= set(re.findall(r"\w+", json.dumps(fitted)))
    spoken |= {name for one in prepared.experiments if (name := one.definition.covariate) is not None}
    spoken |= {name for one in prepared.treatments if (name := one.definition.score) is not None}
    spoken |= {name for one in prepared.messages for name in one.fields}
    used = {one.name for one in prepared.scores if spoken & one.types.keys()}
    while True:
        behind = spoken_in([_seed(one) for one in prepared.scores if one.name in used], rules)
        more = used | {one.name for one in prepared.scores if behind & one.types.keys()}
        if more == used:
            return frozenset(used)
        used = more
