"""Look-alikes of a segment: who else resembles its members, from what its own rule does not read.

The members are who the segment's rule is true of, asked of the table of customers before any segment is answered. What the
rule reads, what that is made of, and what else is made of the same, is left out: otherwise the likeness would only spell out
the rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa

from smalti.engine.foresight.inputs import columns_of
from smalti.engine.foresight.modelled import IN_TABLE, Input, Modelled
from smalti.engine.foresight.scores import Made, nothing, scoring_of
from smalti.engine.given import Facts
from smalti.errors import ModelError
from smalti.facts import Instant
from smalti.models.lookalike import Likeness, fit_likeness
from smalti.models.supervised import Column
from smalti.project import Foretelling
from smalti.rules import Aggregate, Member, Name, Node, walk
from smalti.store import Store, quoted
from smalti.strategy.peers import Booleans
from smalti.traits import Computed, Trait, answer

_TOLD = 5


def alike_as_of(
    store: Store, facts: Facts, computed: Computed, score: Foretelling, at: Instant, *, told: bool = True
) -> Made:
    """Learn who resembles the members of a segment, and score everybody.

    Args:
        store: Where the table of customers is.
        facts: The facts and the project.
        computed: The table of customers, with all scores that the segment's rule speaks of.
        score: The score, ``like:`` a segment of the project.
        at: The as-of instant.
        told: Whether the fitted value is wanted too.
    """
    rules = {one.name: one.node for one in facts.prepared.segments}
    segment = str(score.definition.like)
    rule = rules[segment]
    wanted = {"member": rule} | ({"whom": score.customers} if score.customers is not None else {})
    answers = answer(store, computed, wanted, at)
    rows = np.asarray(answers["whom"].fill_null(False)) if "whom" in wanted else np.ones(len(answers), dtype=np.bool_)
    member = np.asarray(answers["member"].fill_null(False))[rows]
    asked = (*score.inputs, *score.undated)
    own = read_by(rule, rules, facts.prepared.traits)
    used = tuple(name for name in asked if name not in own)
    ready = replace(score, inputs=used)
    try:
        columns = _columns(store, facts, computed, used, rows, at)
        fitted = fit_likeness(score.name, member, columns, at=at, seed=facts.project.seed)
    except ModelError as error:
        return nothing(score, facts, at, len(rows), str(error), "look_alike")
    values = np.full(len(rows), np.nan)
    values[rows] = fitted.score(columns)
    scored = {score.name: pa.array(values, mask=np.isnan(values))}
    left_out = [name for name in asked if name in own]
    modelled = _modelled(facts, ready, fitted, left_out, at)
    kept = {"fitted": fitted.to_dict(), "scoring": scoring_of(ready, facts, computed, at)} if told else {}
    return Made(scored, modelled, kept, inputs=tuple(columns) if told else ())


def read_by(rule: Node, rules: Mapping[str, Node], traits: Iterable[Trait]) -> frozenset[str]:
    """Give the traits that would spell a rule out: what it reads, what that is made of, and all else made of the same.

    Args:
        rule: The rule, made ready.
        rules: The rules of all segments, of which it may ask membership.
        traits: The project's traits.

    >>> from smalti.rules import parse
    >>> from smalti.facts import Type
    >>> spend = Trait("spend", Type.MONEY, parse("sum(orders.revenue)"), "spend")
    >>> share = Trait("share", Type.NUMBER, parse("spend / sum(orders.revenue, last 365 days)"), "share")
    >>> sorted(read_by(parse("spend > 100"), {}, [spend, share]))
    ['share', 'spend']
    """
    trees = {one.name: one.node for one in traits}
    made_of = {name: _behind(tree, rules, trees) | {Name(name)} for name, tree in trees.items()}
    told = _behind(rule, rules, trees)
    plain = {part.name for part in told if isinstance(part, Name)}
    return frozenset(name for name, parts in made_of.items() if parts & told) | plain


def _behind(tree: Node, rules: Mapping[str, Node], trees: Mapping[str, Node]) -> set[Node]:
    """Give the names and aggregates that a tree rests on, by way of traits and of membership too."""
    found: set[Node] = set()
    edge: list[Node] = [tree]
    while edge:
        for part in walk(edge.pop()):
            if part in found:
                continue
            if isinstance(part, Name):
                found.add(part)
                edge += [trees[part.name]] if part.name in trees else []
            elif isinstance(part, Aggregate):
                found.add(part)
            elif isinstance(part, Member) and part.segment in rules:
                found.add(part)
                edge.append(rules[part.segment])
    return found


def _columns(
    store: Store, facts: Facts, computed: Computed, names: tuple[str, ...], rows: Booleans, at: Instant
) -> tuple[Column, ...]:
    if not names:
        raise ModelError("every trait is one that the segment's own rule rests on")
    chosen = ", ".join(quoted(name) for name in names)
    table = store.read(f"SELECT {chosen} FROM {quoted(computed.table)} ORDER BY customer_id")
    types = {name: computed.types[name] for name in names}
    kept = table.filter(pa.array(rows))
    return columns_of(kept, types, at, facts.project.currency, facts.prepared.words.currencies)


def _modelled(facts: Facts, score: Foretelling, fitted: Likeness, left_out: list[str], at: Instant) -> Modelled:
    segment = str(score.definition.like)
    verdict = fitted.backtest.verdict if fitted.backtest is not None else ""
    notes = []
    if left_out:
        more = f" and {len(left_out) - _TOLD} more" if len(left_out) > _TOLD else ""
        listed = ", ".join(left_out[:_TOLD]) + more
        notes.append(f"score {score.name} does not look at {listed}: the rule of {segment} rests on the same")
    return Modelled(
        score.name,
        score.title,
        "look_alike",
        fitted=True,
        sentence=f"Likeness to the {fitted.members:,} members of {segment}, from {len(fitted.cards)} traits. {verdict}",
        fitted_at=at,
        unit="likeness, 0 to 1",
        currency=facts.project.currency,
        streams=tuple(sorted(facts.loaded.streams)),
        inputs=tuple(Input(one.name, one.kind, one.unit) for one in fitted.cards),
        parameters=IN_TABLE,
        backtest=fitted.backtest,
        notes=tuple(notes),
    )
