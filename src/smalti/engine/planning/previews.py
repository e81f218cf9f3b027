"""Messages as real customers would read them: a few of each message and variant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.planning.gathering import Matter
from smalti.facts import draw_of
from smalti.store import quoted
from smalti.strategy.messages import RefusedError, Writing, message_fields, render
from smalti.strategy.treatments import Message, VariantDefinition

PREVIEWS = pa.schema(
    [
        (name, pa.string())
        for name in ("message", "variant", "segment", "customer_id", "channel", "subject", "offer", "body")
    ]
)
"""The table of previews."""
EACH = 3
"""So many customers are shown of each message and variant."""
_LOOKED_AT = 1_000


def previews_of(matter: Matter, plan: pa.Table, messages: Mapping[str, Message]) -> pa.Table:
    """Make a few of each message and variant for customers who are planned to get it, drawn by a hash of their ids.

    Args:
        matter: What the plan was asked of.
        plan: The table of the plan.
        messages: The messages by name.

    Returns:
        As `PREVIEWS`.
    """
    rows: list[dict[str, Any]] = []
    for name, message in messages.items():
        mine = plan.filter(pc.equal(plan["message"], name))
        if not mine.num_rows:
            continue
        for variant in (None, *message.definition.variants):
            called = None if variant is None else variant.name or variant.segment
            same = pc.is_null(mine["variant"]) if called is None else pc.equal(mine["variant"], called)
            part = mine.filter(pc.fill_null(same, False))
            if part.num_rows:
                rows += _shown(matter, message, variant, part)
    return pa.Table.from_pylist(rows, PREVIEWS)


def _shown(
    matter: Matter, message: Message, variant: VariantDefinition | None, part: pa.Table
) -> Iterator[dict[str, Any]]:
    """Make the message for some of those who are planned to get it."""
    prepared, project = matter.facts.prepared, matter.facts.project
    language = message.definition.language
    writing = Writing(matter.facts.currency, project.time_zone, **({"language": language} if language else {}))
    drawn = _drawn(part, f"preview {message.name}")
    values = _values(matter, message_fields(message.definition), [str(one["customer_id"]) for one in drawn])
    for one in drawn:
        row = values[str(one["customer_id"])]
        try:
            made = render(message, variant, row, kinds=prepared.types, writing=writing)
        except RefusedError:
            continue
        yield {
            "message": message.name,
            "variant": one["variant"],
            "segment": None if variant is None else variant.segment,
            "customer_id": one["customer_id"],
            "channel": one["channel"],
            "subject": made.subject,
            "offer": made.offer,
            "body": made.body,
        }


def _drawn(part: pa.Table, salt: str) -> list[dict[str, Any]]:
    """Give those with the lowest draws, of many among some taken evenly."""
    every = max(part.num_rows // _LOOKED_AT, 1)
    some = part.select(["customer_id", "channel", "variant"]).take(pa.array(range(0, part.num_rows, every)))
    rows: list[dict[str, Any]] = some.to_pylist()
    hers = {str(row["customer_id"]): row for row in reversed(rows)}
    return [hers[one] for one in sorted(hers, key=lambda one: (draw_of(salt, one), one))[:EACH]]


def _values(matter: Matter, names: Sequence[str], customers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Give by customer her own values, in the form they have while computing."""
    chosen = ", ".join(["customer_id", *(quoted(name) for name in names if name != "customer_id")])
    ids = ", ".join("'" + one.replace("'", "''") + "'" for one in customers)
    table = matter.store.read(
        f"SELECT {chosen} FROM {quoted(matter.reckoned.computed.table)} WHERE customer_id IN ({ids})"
    )
    return {str(row["customer_id"]): row for row in table.to_pylist()}
