"""What is not as it was in the plan before, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from smalti.report.matter import Matter
from smalti.report.plan.people import instant_of
from smalti.report.writing import count, named, ratio, share, stop

KINDS = {
    "new": "who had nothing planned before, or were not there",
    "changed": "who get another treatment than was planned",
    "dropped": "who get nothing of what was planned",
    "same": "for whom nothing changed, nothing planned among it",
}
"""What the kinds of change mean, in the order they are told."""
_REASONS = 8


@dataclass(frozen=True)
class Shift:
    """One kind of change.

    Attributes:
        kind: ``new``, ``changed``, ``dropped`` or ``same``.
        customers: How many, in words.
        meaning: Who they are.
        bar: Their number, 0 to 1 of the largest kind's.
        share: Of all who had or have a treatment, in words.
    """

    kind: str
    customers: str
    meaning: str
    bar: float
    share: str


@dataclass(frozen=True)
class Changed:
    """What changed since the plan before.

    Attributes:
        summary: A sentence.
        shifts: By kind.
        reasons: Why, and for how many customers, the most frequent first.
    """

    summary: str
    shifts: tuple[Shift, ...]
    reasons: tuple[tuple[str, str], ...]


def changed(matter: Matter) -> Changed | None:
    """Tell what changed since the plan before; None where there was none.

    >>> changed(Matter({"plan": {}}, {})) is None
    True
    """
    counted, reasons = _counted(matter)
    if not sum(counted.values()) or (
        not (counted["same"] + counted["changed"] + counted["dropped"]) and not _against(matter)
    ):
        return None
    whole, most = sum(counted.values()), max(counted.values())
    shifts = tuple(
        Shift(kind, count(counted[kind], "customer"), meaning, counted[kind] / most, share(ratio(counted[kind], whole)))
        for kind, meaning in KINDS.items()
        if counted[kind]
    )
    return Changed(_summary(matter, counted), shifts, tuple((stop(text), count(n, "customer")) for text, n in reasons))


def _against(matter: Matter) -> str:
    """Say as of when the plan before was made; nothing where that is not known."""
    told = (matter.info.get("plan") or {}).get("changes") or {}
    as_of = instant_of(told.get("against_at") or matter.info.get("previous_as_of"))
    return matter.pen.instant(as_of) if as_of else ""


def _summary(matter: Matter, counted: Mapping[str, int]) -> str:
    as_of = _against(matter)
    before = f"the plan as of {as_of}" if as_of else "the plan before"
    moved = sum(counted.values()) - counted["same"]
    if not moved:
        return f"Nothing changed since {before}."
    rest = f"; for {count(counted['same'], 'customer')} nothing did" if counted["same"] else ""
    return f"Since {before} something changed for {count(moved, 'customer')}{rest}."


def _counted(matter: Matter) -> tuple[dict[str, int], list[tuple[str, int]]]:
    told: Mapping[str, Any] = (matter.info.get("plan") or {}).get("changes") or {}
    if any(kind in told for kind in KINDS):
        counted = {kind: int(told.get(kind) or 0) for kind in KINDS}
        reasons: dict[str, int] = {}
        for one in told.get("reasons") or ():
            if one.get("change") != "same":
                reasons[named(one["reason"])] = reasons.get(named(one["reason"]), 0) + int(one["customers"])
        listed = list(reasons.items())
    else:
        counted, listed = _from_table(matter.tables.get("plan"))
    return counted, sorted(listed, key=lambda one: (-one[1], one[0]))[:_REASONS]


def _from_table(table: pa.Table | None) -> tuple[dict[str, int], list[tuple[str, int]]]:
    """Count customers by change and by reason from the plan itself."""
    counted = dict.fromkeys(KINDS, 0)
    if table is None or "change" not in table.column_names:
        return counted, []
    names = ["customer_id", "change", "change_reason"]
    known = table.select(names).filter(pc.is_valid(table["change"])).group_by(names).aggregate([])
    by_kind = (
        known.select(names[:2]).group_by(names[:2]).aggregate([]).group_by("change").aggregate([([], "count_all")])
    )
    for row in by_kind.to_pylist():
        if row["change"] in counted:
            counted[row["change"]] = int(row["count_all"])
    moved = known.filter(pc.and_(pc.is_valid(known["change_reason"]), pc.not_equal(known["change"], "same")))
    reasons = moved.group_by("change_reason").aggregate([([], "count_all")]).to_pylist()
    return counted, [(named(row["change_reason"]), int(row["count_all"])) for row in reasons]
