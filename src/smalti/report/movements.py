"""Flows between the last two runs, and how long members stay, for a reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from smalti.report.flows import Flow, SegmentFlow, flows
from smalti.report.matter import Matter
from smalti.report.writing import Pen, count, named, share, span, spoken

MOVES = 8
_SEGMENTS = 12
"""Moves told of each segmentation."""
NOWHERE = "(in none)"


@dataclass(frozen=True)
class Tide:
    """One segment, then and now.

    Attributes:
        title: The segment.
        before: Members then.
        now: Members now.
        entered: Who came.
        left: Who went.
        net: The difference with its sign.
        entered_bar: Share of the largest flow, 0 to 1.
        left_bar: The same.
        staying: How long members stay, or nothing where that is not known.
        redefined: Whether its definition is another than in the run before.
    """

    title: str
    before: str
    now: str
    entered: str
    left: str
    net: str
    entered_bar: float
    left_bar: float
    staying: str = ""
    redefined: bool = False


@dataclass(frozen=True)
class Passage:
    """One move.

    Attributes:
        origin: From where.
        target: To where.
        customers: How many.
        bar: Share of the largest move, 0 to 1.
    """

    origin: str
    target: str
    customers: str
    bar: float


@dataclass(frozen=True)
class Movement:
    """One segmentation between two runs.

    Attributes:
        title: The segmentation.
        summary: How many changed, a sentence.
        tides: Its segments; of very many, those with the largest flows.
        more: The other segments, to be folded away.
        passages: The largest moves.
        others: How many moves are not told, or nothing.
        redefined: Which definitions changed and what that means, or nothing.
    """

    title: str
    summary: str
    tides: tuple[Tide, ...]
    more: tuple[Tide, ...]
    passages: tuple[Passage, ...]
    others: str
    redefined: str = ""


@dataclass(frozen=True)
class Past:
    """What is known of segments from all runs up to this one.

    Attributes:
        changes: A row per run and segment: ``run``, ``as_of``, ``since``, ``segmentation``, ``segment``, ``redefined``.
        half_lives: A row per segment: ``segmentation``, ``segment``, ``spells``, ``half_life``, ``watched``.
    """

    changes: pa.Table
    half_lives: pa.Table

    @cached_property
    def redefined(self) -> set[tuple[str, str]]:
        """Segments whose definition changed since the run before, or that no run before knew."""
        latest = pc.max(self.changes["as_of"])
        rows = self.changes.filter(pc.equal(self.changes["as_of"], latest)).to_pylist()
        return {_key(row) for row in rows if row["redefined"] or row["since"] is None}

    @cached_property
    def staying(self) -> dict[tuple[str, str], str]:
        """How long members stay, by segment."""
        return {_key(row): told for row in self.half_lives.to_pylist() if (told := _stay(row))}

    def ground(self, pen: Pen) -> str:
        """Say what the half-lives are reckoned from."""
        runs = pc.count_distinct(self.changes["as_of"]).as_py()
        since = pen.day(pc.min(self.changes["as_of"]).as_py())
        return (
            f"Half-life: the time after which half of the members have left, as {count(runs, 'run')} since {since} saw it; "
            "what happened between two runs is seen at the later one."
        )


def _key(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["segmentation"], row["segment"]


def _stay(row: Mapping[str, Any]) -> str:
    if not row["spells"]:
        return ""
    if row["half_life"] is None:
        return f"half-life over {span(row['watched'])}"
    return f"half-life {span(row['half_life'])}"


def past(matter: Matter) -> Past | None:
    """Give what is known from runs before the last, None where nobody looked."""
    known = matter.previous or {}
    if "changes" not in known or "half_lives" not in known or not known["changes"].num_rows:
        return None
    return Past(known["changes"], known["half_lives"])


def ground(matter: Matter) -> str:
    """Say from how many runs it is known how long members stay, or nothing where it is not known."""
    known = past(matter)
    return known.ground(matter.pen) if known is not None and known.staying else ""


def movements(matter: Matter) -> tuple[Movement, ...] | None:
    """Tell what moved since the run before; None where there was none."""
    if matter.previous is None or "membership" not in matter.previous or "membership" not in matter.tables:
        return None
    found = flows(matter.previous["membership"], matter.tables["membership"])
    order = list(dict.fromkeys(segmentation for segmentation, _ in matter.segment_titles))
    ordered = sorted(
        found, key=lambda flow: order.index(flow.segmentation) if flow.segmentation in order else len(order)
    )
    known = past(matter)
    return tuple(_movement(matter, flow, known) for flow in ordered)


def _movement(matter: Matter, flow: Flow, known: Past | None) -> Movement:
    everyone = flow.stayed + flow.changed
    summary = (
        f"{count(flow.changed)} of {count(everyone, 'customer')} ({share(flow.changed / everyone)}) changed segment."
        if flow.changed
        else f"Nobody changed segment; {count(flow.stayed, 'customer')} stayed where they were."
    )
    order = list(matter.segment_titles)
    segments = sorted(flow.segments, key=lambda part: _place(order, (flow.segmentation, part.segment)))
    most = max((max(part.entered, part.left) for part in segments), default=0) or 1
    first = sorted(segments, key=lambda part: -part.entered - part.left)[:_SEGMENTS]
    top = flow.moves[:MOVES]
    left_out = sum(move.customers for move in flow.moves[MOVES:])
    changed = known.redefined if known else set()
    redefined = [part.segment for part in segments if (flow.segmentation, part.segment) in changed]
    return Movement(
        named(spoken(flow.segmentation)),
        summary,
        tuple(_tide(matter, flow, part, most, known) for part in segments if part in first),
        tuple(_tide(matter, flow, part, most, known) for part in segments if part not in first),
        tuple(
            Passage(
                _title(matter, flow, move.origin),
                _title(matter, flow, move.target),
                count(move.customers),
                move.customers / top[0].customers,
            )
            for move in top
        ),
        f"{count(left_out, 'customer')} made {count(len(flow.moves) - MOVES, 'other move')}." if left_out else "",
        _redefined([_title(matter, flow, segment) for segment in redefined]),
    )


def _redefined(titles: list[str]) -> str:
    if not titles:
        return ""
    told = ", ".join(titles[:_SEGMENTS]) + (f" and {len(titles) - _SEGMENTS} more" if len(titles) > _SEGMENTS else "")
    return (
        f"New or defined otherwise since the run before: {told}. Who entered or left there may have been moved by the "
        "definition, and not by what customers did."
    )


def _place(order: list[tuple[str, str]], key: tuple[str, str]) -> int:
    return order.index(key) if key in order else len(order)


def _title(matter: Matter, flow: Flow, segment: str | None) -> str:
    if segment is None:
        return NOWHERE
    return matter.segment_titles.get((flow.segmentation, segment), named(spoken(segment)))


def _tide(matter: Matter, flow: Flow, part: SegmentFlow, most: int, known: Past | None) -> Tide:
    key = flow.segmentation, part.segment
    net = part.now - part.before
    return Tide(
        _title(matter, flow, part.segment),
        count(part.before),
        count(part.now),
        count(part.entered),
        count(part.left),
        f"{net:+,}".replace("-", "−") if net else "±0",
        part.entered / most,
        part.left / most,
        known.staying.get(key, "") if known else "",
        known is not None and key in known.redefined,
    )
