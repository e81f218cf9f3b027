"""Flows between the last two runs, for a reader."""

from __future__ import annotations

from dataclasses import dataclass

from smalti.report.flows import Flow, SegmentFlow, flows
from smalti.report.matter import Matter
from smalti.report.writing import count, named, share, spoken

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
    """

    title: str
    before: str
    now: str
    entered: str
    left: str
    net: str
    entered_bar: float
    left_bar: float


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
    """

    title: str
    summary: str
    tides: tuple[Tide, ...]
    more: tuple[Tide, ...]
    passages: tuple[Passage, ...]
    others: str


def movements(matter: Matter) -> tuple[Movement, ...] | None:
    """Tell what moved since the run before; None where there was none."""
    if matter.previous is None or "membership" not in matter.previous or "membership" not in matter.tables:
        return None
    found = flows(matter.previous["membership"], matter.tables["membership"])
    order = list(dict.fromkeys(segmentation for segmentation, _ in matter.segment_titles))
    ordered = sorted(
        found, key=lambda flow: order.index(flow.segmentation) if flow.segmentation in order else len(order)
    )
    return tuple(_movement(matter, flow) for flow in ordered)


def _movement(matter: Matter, flow: Flow) -> Movement:
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
    return Movement(
        named(spoken(flow.segmentation)),
        summary,
        tuple(_tide(matter, flow, part, most) for part in segments if part in first),
        tuple(_tide(matter, flow, part, most) for part in segments if part not in first),
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
    )


def _place(order: list[tuple[str, str]], key: tuple[str, str]) -> int:
    return order.index(key) if key in order else len(order)


def _title(matter: Matter, flow: Flow, segment: str | None) -> str:
    if segment is None:
        return NOWHERE
    return matter.segment_titles.get((flow.segmentation, segment), named(spoken(segment)))


def _tide(matter: Matter, flow: Flow, part: SegmentFlow, most: int) -> Tide:
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
    )
