"""The segments: who they are, what sets each apart, and how far their members differ in what to do for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from smalti.report.columns import as_minor, coded_column, rows
from smalti.report.matter import Matter
from smalti.report.palette import tiles
from smalti.report.writing import count, named, ratio, share, spoken, stop

TRAITS = 4
"""Traits told of each segment."""
PIECES = 20
"""Pieces of glass in a segment's strip: each stands for a twentieth of its members."""
_OPEN = 12
_OTHERS = 3


@dataclass(frozen=True)
class Apart:
    """One trait that sets a segment apart.

    Attributes:
        title: The trait.
        inside: Its value inside.
        outside: Its value outside.
        higher: Whether it is higher inside.
    """

    title: str
    inside: str
    outside: str
    higher: bool


@dataclass(frozen=True)
class Group:
    """One segment.

    Attributes:
        title: What it is called.
        why: Why it is there, or nothing.
        size: Members in words.
        share: Of all customers.
        share_bar: The same, 0 to 1.
        value_share: Of the value to come of all.
        value_bar: The same, 0 to 1.
        money: Each value in words, with its name.
        sentence: The rule in words.
        rule: The rule in the language.
        apart: What sets it apart.
        strategy: The commonest primary strategy.
        strategy_share: Share of members who have it.
        pieces: The strip: colours of members' strategies.
        mix: The strip in words.
        others: The other strategies of members, the commonest first, in words.
    """

    title: str
    why: str
    size: str
    share: str
    share_bar: float
    value_share: str
    value_bar: float
    money: tuple[tuple[str, str], ...]
    sentence: str
    rule: str
    apart: tuple[Apart, ...]
    strategy: str
    strategy_share: str
    pieces: tuple[str, ...]
    mix: str
    others: str


@dataclass(frozen=True)
class Segmentation:
    """Segments used together.

    Attributes:
        key: Names it in the page.
        title: What it is called.
        groups: Its segments, in the table's order.
        opened: Whether there are few enough to show all at once.
        misses: How often the segment's main strategy is not the customer's own, a sentence.
    """

    key: str
    title: str
    groups: tuple[Group, ...]
    opened: bool
    misses: str


def segmentations(matter: Matter) -> tuple[Segmentation, ...]:
    """Tell the segmentations of a run."""
    apart: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows(matter.tables, "segment_traits"):
        apart.setdefault((row["segmentation"], row["segment"]), []).append(row)
    mixes = strategy_mix(matter)
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in rows(matter.tables, "segments"):
        by_name.setdefault(row["segmentation"], []).append(row)
    found = []
    for place, (name, members) in enumerate(by_name.items()):
        keys = [(name, row["segment"]) for row in members]
        groups = (_group(matter, row, apart.get(k, []), mixes.get(k, {})) for row, k in zip(members, keys, strict=True))
        misses = _misses(matter, [mixes.get(key, {}) for key in keys])
        found.append(
            Segmentation(f"segmentation-{place}", named(spoken(name)), tuple(groups), len(members) <= _OPEN, misses)
        )
    return tuple(found)


def strategy_mix(matter: Matter) -> dict[tuple[str, str], dict[str, int]]:
    """Count members by primary strategy, for each segmentation and segment."""
    if not {"customers", "membership"} <= set(matter.tables):
        return {}
    customers, membership = matter.tables["customers"], matter.tables["membership"]
    strategy, strategies = coded_column(customers, "primary_strategy")
    found: dict[tuple[str, str], dict[str, int]] = {}
    if not strategies or not membership.num_rows:
        return found
    ids = customers.column("customer_id").combine_chunks()
    for segmentation in pc.unique(membership.column("segmentation")).to_pylist():
        part = membership.filter(pc.equal(membership.column("segmentation"), segmentation))
        segment, segments = coded_column(part, "segment")
        table = _crossed(segment, _own(part, ids, strategy), len(segments), len(strategies))
        for code, name in enumerate(segments):
            counts = dict(zip(strategies, table[code].tolist(), strict=True))
            found[segmentation, name] = {key: number for key, number in counts.items() if number}
    return found


def _own(part: pa.Table, ids: pa.Array, strategy: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    place = pc.index_in(part.column("customer_id"), value_set=ids)
    return np.append(strategy, np.int32(-1))[np.asarray(pc.fill_null(place, -1), np.int64)]


def _crossed(
    down: npt.NDArray[np.int32], across: npt.NDArray[np.int32], height: int, width: int
) -> npt.NDArray[np.int64]:
    both = (down >= 0) & (across >= 0)
    cells = down[both].astype(np.int64) * width + across[both]
    return np.bincount(cells, minlength=height * width).reshape(height, width)


def _misses(matter: Matter, mixes: Iterable[dict[str, int]]) -> str:
    members = misfits = 0
    for mix in mixes:
        members += sum(mix.values())
        misfits += sum(mix.values()) - max(mix.values(), default=0)
    if not members:
        return ""
    if not misfits:
        return "Here one plan per segment would do: every member is best served by the segment's commonest strategy."
    return (
        f"One plan per segment would miss {share(misfits / members)} of the members: "
        f"{count(misfits)} of {count(members)} are better served by another strategy than their segment's commonest."
    )


def _group(matter: Matter, row: dict[str, Any], apart: list[dict[str, Any]], mix: dict[str, int]) -> Group:
    pen = matter.pen
    money = tuple(
        (title, pen.round_money(as_minor(row.get(name), pen.currency)))
        for name, title in (
            ("value_now", "now"),
            ("value_to_come", "to come"),
            ("value_at_risk", "at risk"),
            ("untapped_potential", "untapped"),
        )
        if row.get(name) is not None
    )
    if row.get("kind") == "negative" and row.get("plan_cost") is not None:
        left_out = (("plan_cost", "saved by leaving them out"), ("plan_gain", "forgone by it"))
        money += tuple((title, pen.round_money(as_minor(row[name], pen.currency))) for name, title in left_out)
    members, size = sum(mix.values()), int(row.get("size") or 0)
    ordered = sorted(mix, key=lambda name: (-mix[name], name))
    told = [f"{matter.strategy(name)} {share(mix[name] / members)}" for name in ordered]
    rest = [name for name in ordered if name != row.get("strategy")]
    part = row.get("share") if row.get("share") is not None else ratio(size, matter.customers)
    return Group(
        title=named(row.get("title"), spoken(row["segment"] or "") or "(no name)"),
        why=stop(row.get("why") or ""),
        size=count(size, "customer"),
        share=share(part),
        share_bar=_bar(part),
        value_share=share(row.get("value_share")),
        value_bar=_bar(row.get("value_share")),
        money=money,
        sentence=stop(row.get("sentence") or ""),
        rule=row.get("rule") or "",
        apart=tuple(map(_apart, apart[:TRAITS])),
        strategy=matter.strategy(row.get("strategy")),
        strategy_share=share(row.get("strategy_share")) if row.get("strategy") else "",
        pieces=tuple(matter.glass[name] for name in tiles(mix, PIECES)),
        mix=", ".join(told),
        others=_others(matter, [(name, mix[name] / members) for name in rest]),
    )


def _others(matter: Matter, shares: list[tuple[str, float]]) -> str:
    told = [f"{matter.strategy(name)} {share(part)}" for name, part in shares[:_OTHERS]]
    left = sum(part for _, part in shares[_OTHERS:])
    return ", ".join([*told, f"something else {share(left)}"] if left else told)


def _bar(part: float | None) -> float:
    return min(1.0, max(0.0, part or 0.0))


def _apart(row: dict[str, Any]) -> Apart:
    title = named(row.get("title"), spoken(row.get("trait") or ""))
    title = title[:1].upper() + title[1:]
    return Apart(title, str(row.get("inside") or "–"), str(row.get("outside") or "–"), (row.get("effect") or 0) >= 0)
