"""What moved between two runs: who entered and left each segment, and from where to where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from smalti.report.columns import coded_column


@dataclass(frozen=True)
class SegmentFlow:
    """One segment, then and now.

    Attributes:
        segment: Its name.
        before: Members in the earlier run.
        entered: Members now who were not then.
        left: Members then who are not now.
        now: Members now; always before + entered - left.
    """

    segment: str
    before: int
    entered: int
    left: int
    now: int


@dataclass(frozen=True)
class Move:
    """Customers who changed from one segment to another; None stands for no segment, or not yet a customer.

    Attributes:
        origin: The segment then.
        target: The segment now.
        customers: How many.
    """

    origin: str | None
    target: str | None
    customers: int


@dataclass(frozen=True)
class Flow:
    """One segmentation between two runs.

    Attributes:
        segmentation: Its name.
        exclusive: Whether nobody was in two of its segments at once, in either run; only then are there moves.
        segments: Each segment of either run, in the order of names.
        moves: From where to where, the largest first.
        stayed: Customers whose segments did not change.
        changed: Customers who entered or left any segment.
    """

    segmentation: str
    exclusive: bool
    segments: tuple[SegmentFlow, ...]
    moves: tuple[Move, ...]
    stayed: int
    changed: int


def flows(before: pa.Table, now: pa.Table) -> tuple[Flow, ...]:
    """Compare two membership tables (segmentation, segment, customer_id).

    Returns:
        One flow per segmentation that is in both tables, by name: one that is new or gone has no flow.

    >>> then = pa.table({"segmentation": ["s"] * 2, "segment": ["a", "b"], "customer_id": ["1", "2"]})
    >>> today = pa.table({"segmentation": ["s"] * 2, "segment": ["b", "b"], "customer_id": ["1", "2"]})
    >>> flows(then, today)[0].moves
    (Move(origin='a', target='b', customers=1),)
    """
    shared = sorted(set(_names(before)) & set(_names(now)))
    return tuple(_flow(name, _part(before, name), _part(now, name)) for name in shared)


def _names(table: pa.Table) -> list[str]:
    names: list[str] = pc.unique(table.column("segmentation")).drop_null().to_pylist()
    return names


def _part(table: pa.Table, segmentation: str) -> pa.Table:
    return table.filter(pc.equal(table.column("segmentation"), segmentation)).select(["segment", "customer_id"])


def _flow(name: str, before: pa.Table, now: pa.Table) -> Flow:
    both = pa.concat_tables([before, now])
    segment, segments = coded_column(both, "segment")
    encoded = both.column("customer_id").combine_chunks().dictionary_encode()
    customers = max(len(encoded.dictionary), 1)
    keys = segment.astype(np.int64) * customers + np.asarray(encoded.indices, np.int64)
    earlier, later = _distinct(keys[: before.num_rows]), _distinct(keys[before.num_rows :])
    entered = np.setdiff1d(later, earlier, assume_unique=True)
    left = np.setdiff1d(earlier, later, assume_unique=True)
    exclusive = _single(earlier, customers) and _single(later, customers)
    touched = np.zeros(customers, np.bool_)
    touched[np.concatenate([entered, left]) % customers] = True
    changed = int(touched.sum())
    tallies = [np.bincount(part // customers, minlength=len(segments)) for part in (earlier, entered, left, later)]
    told = (
        SegmentFlow(title, *map(int, counts)) for title, *counts in zip(segments, *tallies, strict=True) if any(counts)
    )
    moves = _moves(earlier, later, customers, segments) if exclusive else ()
    return Flow(name, exclusive, tuple(told), moves, len(encoded.dictionary) - changed, changed)


def _distinct(keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    ordered = np.sort(keys)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def _single(keys: npt.NDArray[np.int64], customers: int) -> bool:
    return not len(keys) or bool(np.bincount(keys % customers).max() <= 1)


def _moves(
    earlier: npt.NDArray[np.int64], later: npt.NDArray[np.int64], customers: int, segments: list[str]
) -> tuple[Move, ...]:
    width = len(segments) + 1
    places = np.zeros((2, customers), np.int64)
    for row, keys in zip(places, (earlier, later), strict=True):
        row[keys % customers] = keys // customers + 1
    moved = places[0] != places[1]
    tally = np.bincount(places[0][moved] * width + places[1][moved])
    names = [None, *segments]
    found = [
        Move(names[pair // width], names[pair % width], int(tally[pair])) for pair in np.flatnonzero(tally).tolist()
    ]
    return tuple(sorted(found, key=lambda move: -move.customers))
