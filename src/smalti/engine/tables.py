"""The published tables of a run, made from columns in working form: money becomes decimal, instants timestamps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.facts import Currency, Type
from smalti.project import Prepared
from smalti.rules import Words, sentence, write
from smalti.segments import Segment
from smalti.strategy import Match, Option, totals
from smalti.strategy.peers import Booleans, Floats

VALUES = ("value_now", "value_to_come", "value_at_risk", "untapped_potential")
"""The four values that are summed for segments and for all."""

_PLAN = ("plan_cost", "plan_gain")


def published(column: pa.ChunkedArray, kind: Type, currency: Currency) -> pa.ChunkedArray:
    """Give a column in working form as it is published.

    >>> published(pa.chunked_array([[1234]]), Type.MONEY, Currency("GBP")).to_pylist()
    [Decimal('12.34')]
    """
    if kind is Type.MONEY:
        unit = pa.scalar(Decimal(1).scaleb(-currency.places), pa.decimal128(4, currency.places))
        whole = pc.cast(pc.cast(column, pa.int64()), pa.decimal128(19, 0))
        return pc.cast(pc.multiply(whole, unit), pa.decimal128(18, currency.places))
    if kind is Type.INSTANT:
        return column.cast(pa.timestamp("us", tz="UTC"))
    return column.cast(pa.duration("us")) if kind is Type.DURATION else column


def money(values: Floats, currency: Currency) -> pa.ChunkedArray:
    """Give whole minor units, NaN for missing, as published money."""
    whole = pa.array(np.where(np.isnan(values), 0, values).astype(np.int64), mask=np.isnan(values))
    return published(pa.chunked_array([whole]), Type.MONEY, currency)


def customers_table(
    traits: pa.Table,
    prepared: Prepared,
    values: Mapping[str, Floats],
    chosen: Mapping[str, pa.Array],
    currency: Currency,
) -> pa.Table:
    """Make the table of customers: identity, attributes and traits, scores and value map, strategies.

    Args:
        traits: ``customer_id`` and all traits in working form, ordered by customer.
        prepared: The project, which knows their types.
        values: Columns of the value map to publish.
        chosen: Columns about strategies, in published form already.
        currency: The project's currency.
    """
    columns: dict[str, pa.Array | pa.ChunkedArray] = {"customer_id": traits["customer_id"]}
    for trait in prepared.traits:
        columns[trait.name] = published(traits[trait.name], trait.type, currency)
    for name, column in values.items():
        columns[name] = _value(column, prepared.types[name], currency)
    return pa.table(columns | dict(chosen))


def _value(values: Floats, kind: Type, currency: Currency) -> pa.Array | pa.ChunkedArray:
    """Give a column of the value map, NaN for missing, as it is published."""
    if kind is Type.MONEY:
        return money(values, currency)
    given = pa.array(values, mask=np.isnan(values))
    return published(pa.chunked_array([given.cast(pa.int64())]), kind, currency) if kind is Type.INSTANT else given


def segments_table(
    segments: Sequence[Segment],
    members: Mapping[str, Booleans],
    values: Mapping[str, Floats],
    plan: tuple[Sequence[Option], Match],
    words: Words,
) -> pa.Table:
    """Make the table of segments: size, money, rule in the language and in words, the members' commonest strategy.

    What trying every member's primary strategy once costs and is expected to bring is told as well: of segments that are not
    to be targeted it is what leaving them out saves and forgoes.
    """
    options, code = plan[0], plan[1].primary
    strategies = [option.name for option in options]
    cost = np.array([option.cost for option in options], dtype=np.float64)[code]
    gain = np.stack([option.gain for option in options])[code, np.arange(len(code))]
    everyone = max(len(code), 1)
    total = float(np.nansum(values["value_to_come"]))
    rows = []
    for segment in segments:
        member = members[segment.name]
        counts = np.bincount(code[member], minlength=len(strategies))
        size = int(member.sum())
        sums = {name: float(np.nansum(values[name][member])) for name in VALUES}
        sums |= {name: float(one[member].sum()) for name, one in zip(_PLAN, (cost, gain), strict=True)}
        top = int(counts.argmax()) if size else -1
        rows.append(
            {
                "segmentation": segment.definition.segmentation,
                "segment": segment.name,
                "title": segment.title,
                "kind": segment.definition.kind,
                "parent": segment.definition.parent,
                "size": size,
                "share": size / everyone,
                "value_share": sums["value_to_come"] / total if total else 0.0,
                "rule": write(segment.written),
                "sentence": sentence(segment.node, words),
                "why": segment.definition.why,
                "owner": segment.definition.owner,
                "intended_strategy": segment.definition.strategy,
                "channels": ", ".join(segment.definition.channels) or None,
                "strategy": strategies[top] if size else None,
                "strategy_share": float(counts[top] / size) if size else None,
                **sums,
            }
        )
    words_of = ["rule", "sentence", "why", "owner", "intended_strategy", "channels", "strategy"]
    texts = dict.fromkeys(["segmentation", "segment", "title", "kind", "parent", *words_of], pa.string())
    numbers = {"size": pa.int64(), "share": pa.float64(), "value_share": pa.float64(), "strategy_share": pa.float64()}
    names = ["segmentation", "segment", "title", "kind", "parent", "size", "share", *VALUES, "value_share"]
    names += [*words_of, "strategy_share", *_PLAN]
    columns = {name: [row[name] for row in rows] for name in names}
    made = {name: money(np.array(columns[name], dtype=np.float64), words.currency) for name in (*VALUES, *_PLAN)}
    return pa.table({name: made.get(name, pa.array(columns[name], (texts | numbers).get(name))) for name in names})


def strategies_table(
    customers: pa.ChunkedArray,
    options: Sequence[Option],
    found: Match,
    texts: Mapping[str, tuple[pa.Array, pa.Array]],
    currency: Currency,
) -> pa.Table:
    """Make the table of strategies: two rows per customer, primary and secondary, in the order of the customers.

    Args:
        customers: The customers.
        options: The strategies, reckoned.
        found: What was chosen.
        texts: ``reason`` and ``why_not``, each for the primary and the secondary.
        currency: The project's currency.
    """
    count = len(customers)
    order = pa.array(np.arange(2 * count).reshape(2, count).T.ravel())
    chosen = np.concatenate([found.primary, found.secondary])
    names = pa.array([option.name for option in options]).take(pa.array(chosen))
    bases = pa.array([option.basis for option in options]).take(pa.array(chosen))
    everyone = np.tile(np.arange(count), 2)
    ends = {
        name: money(np.stack([getattr(option, end) for option in options])[chosen, everyone], currency)
        for name, end in (("gain", "gain"), ("gain_low", "low"), ("gain_high", "high"))
    }
    table = pa.table(
        {
            "customer_id": pa.concat_arrays(customers.chunks * 2) if count else pa.array([], pa.string()),
            "strategy": names,
            "rank": pa.array(np.repeat([1, 2], count).astype(np.int8)),
        }
        | ends
        | {"basis": bases}
        | {name: pa.concat_arrays(list(pair)) for name, pair in texts.items()}
    )
    return table.take(order).combine_chunks()


def playbook_table(
    options: Sequence[Option], found: Match, told: Mapping[str, tuple[str, str]], currency: Currency
) -> pa.Table:
    """Make the table of the playbook: who got which strategy, for how much, on what belief.

    Args:
        options: The strategies, reckoned.
        found: What was chosen.
        told: Who is eligible and what is to be won, in words, by strategy.
        currency: The project's currency.
    """
    rows = []
    each, _ = totals(options, found.primary)
    for position, option in enumerate(options):
        first = found.primary == position
        belief = option.definition.success
        rows.append(
            {
                "strategy": option.name,
                "title": option.definition.title,
                "about": option.definition.about,
                "mechanism": option.definition.mechanism,
                "customers": int(first.sum()),
                "secondary": int((found.secondary == position).sum()),
                "eligible": int(option.eligible.sum()),
                "success_rate": belief.rate,
                "success_basis": belief.basis,
                "success_by": belief.by,
                "basis": option.basis,
                "eligible_when": told[option.name][0],
                "headroom": told[option.name][1],
                "rule": option.definition.eligible,
                "gain": float(each[position].gain),
                "gain_low": float(each[position].low),
                "gain_high": float(each[position].high),
                "cost": float(option.cost),
            }
        )
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    amounts = {"gain", "gain_low", "gain_high", "cost"}
    return pa.table(
        {name: money(np.array(one), currency) if name in amounts else pa.array(one) for name, one in columns.items()}
    )
