"""Who is a member: exactly those for whom the rule is true."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from smalti.facts import Instant
from smalti.segments.definitions import Segment
from smalti.store import Store
from smalti.traits import Computed, answer

SCHEMA = pa.schema([("segmentation", pa.string()), ("segment", pa.string()), ("customer_id", pa.string())])


def members_of(store: Store, computed: Computed, segments: Sequence[Segment], at: Instant) -> pa.Table:
    """Answer all rules, whatever segments they ask membership of.

    Returns:
        ``customer_id`` in ascending order and a boolean column per segment, never null: unknown is no member.
    """
    answers = answer(store, computed, {segment.name: segment.node for segment in segments}, at)
    for position, name in enumerate(answers.column_names):
        if name != "customer_id":
            answers = answers.set_column(position, name, answers[name].fill_null(False))
    return answers


def membership(answers: pa.Table, segments: Sequence[Segment]) -> pa.Table:
    """Turn answers into a row per stay, ordered by segmentation, segment as defined, and customer.

    >>> from smalti.rules import parse
    >>> from smalti.segments.definitions import SegmentDefinition
    >>> best = Segment("best", SegmentDefinition(who="vip"), parse("vip"), parse("vip"))
    >>> membership(pa.table({"customer_id": ["a", "b"], "best": [True, False]}), [best]).to_pylist()
    [{'segmentation': 'segments', 'segment': 'best', 'customer_id': 'a'}]
    """
    parts = []
    for segment in segments:
        members = answers["customer_id"].filter(answers[segment.name])
        names = [segment.definition.segmentation, segment.name]
        constant = [pa.repeat(pa.scalar(name, pa.string()), len(members)) for name in names]
        parts.append(pa.table([*constant, members], schema=SCHEMA))
    return pa.concat_tables(parts).combine_chunks() if parts else SCHEMA.empty_table()
