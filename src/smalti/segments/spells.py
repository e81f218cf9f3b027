"""Spells: who stayed in which segment, from when to when, as a sequence of runs saw it.

A run sees members at one instant and nothing between. So a spell begins at the first run in which a customer is a member
and ends at the first later run in which she is not; both instants are those of runs, never of what happened in between.
What a run did not know, it did not see: in a run without a segment nobody left it, and in a run without a customer she
is told as vanished, not as having left. Who comes or goes in the run in which a segment's definition changed was moved by
the definition, and is marked so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from smalti.errors import RunError
from smalti.facts import Instant, format_instant

Codes: TypeAlias = npt.NDArray[np.int32]
Flags: TypeAlias = npt.NDArray[np.bool_]
Key: TypeAlias = tuple[str, str]
"""Segmentation and segment."""

ENTERED_BY = ("already in", "move", "new customer", "definition")
"""How a spell begins: she was in when the segment was first seen, she moved, she came (or came back) to
the house, or the definition changed."""
LEFT_BY = ("move", "vanished", "definition")
"""How a spell ends: she moved, no run knows her any more, or the definition changed."""
ALREADY, MOVE, NEW, REDEFINED = range(4)
LEFT, VANISHED, REDEFINED_OUT = range(3)
_STRANGER, _NOWHERE = -2, -1
_INSTANT = pa.timestamp("us", "UTC")
_FLOW_ENDS = {_STRANGER: ("new customer", "vanished"), _NOWHERE: ("none", "none")}

CHANGES = pa.schema(
    [("run", pa.string()), ("as_of", _INSTANT), ("since", _INSTANT)]
    + [(name, pa.string()) for name in ("segmentation", "segment")]
    + [("redefined", pa.bool_())]
    + [(name, pa.int64()) for name in ("before", "entered", "new_customers", "left", "vanished", "stayed", "size")]
)
"""A row per run and segment; ``before = stayed + left`` and ``size = stayed + entered``, null where nothing was before."""
FLOWS = pa.schema(
    [("run", pa.string()), ("as_of", _INSTANT), ("since", _INSTANT), ("segmentation", pa.string())]
    + [(name, pa.string()) for name in ("origin", "origin_is", "target", "target_is")]
    + [("redefined", pa.bool_()), ("customers", pa.int64())]
)
"""A row per run, exclusive segmentation and pair of ends, those who stayed among them."""
SPELLS = pa.schema(
    [(name, pa.string()) for name in ("segmentation", "segment", "customer_id")]
    + [(name, _INSTANT) for name in ("entered_at", "left_at", "last_seen_at")]
    + [("entered_is_known", pa.bool_())]
    + [(name, pa.string()) for name in ("entered_by", "left_by")]
)
"""A row per spell, ordered by segmentation, segment, customer and instant; ``left_at`` is null while it lasts."""


class _Dated(Protocol):
    @property
    def at(self) -> Instant: ...
    @property
    def made(self) -> str: ...
    @property
    def run(self) -> str: ...


_D = TypeVar("_D", bound=_Dated)


@dataclass(frozen=True, eq=False)
class Sighting:
    """What one run saw.

    Attributes:
        run: The run's name.
        at: Its as-of instant, microseconds UTC.
        segments: The definition of each segment the run knew, members or none, by segmentation and segment.
        customers: Ids of all customers the run knew.
        membership: ``segmentation``, ``segment``, ``customer_id``, in any order.
        made: When the run was made, ISO 8601; of runs as of one instant the latest made counts.
    """

    run: str
    at: Instant
    segments: Mapping[Key, str]
    customers: pa.Array | pa.ChunkedArray
    membership: pa.Table
    made: str = ""


def in_order(seen: Iterable[_D]) -> list[_D]:
    """Put runs in the order of their instants; of those as of one instant only the latest made is kept."""
    ordered = sorted(seen, key=lambda one: (one.at, one.made, one.run))
    return list({one.at: one for one in ordered}.values())


@dataclass(frozen=True, eq=False)
class Spells:
    """Spells in arrays, one entry per spell: places in `keys`, `customers` and `instants`.

    Attributes:
        keys: Segmentation and segment.
        customers: Customer ids.
        instants: As-of instants of the runs, ascending, microseconds UTC.
        known: Whether a run knew a segment, shape (runs, keys).
        segment: Which segment.
        customer: Which customer.
        entered: The run in which she was first seen as a member.
        left: The run in which she was first seen no member any more; -1 while the spell lasts.
        last_seen: The last run in which she was seen as a member.
        entered_by: Place in `ENTERED_BY`.
        left_by: Place in `LEFT_BY`; -1 while the spell lasts.
    """

    keys: tuple[Key, ...]
    customers: pa.Array
    instants: npt.NDArray[np.int64]
    known: Flags
    segment: Codes
    customer: Codes
    entered: Codes
    left: Codes
    last_seen: Codes
    entered_by: npt.NDArray[np.int8]
    left_by: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.segment)

    @property
    def entered_is_known(self) -> Flags:
        """Whether a run before saw that she was no member yet, by the same definition."""
        known: Flags = (self.entered_by == MOVE) | (self.entered_by == NEW)
        return known

    def of(self, segmentation: str | None = None, segment: str | None = None, customer_id: str | None = None) -> Spells:
        """Give the spells of a segmentation, a segment, a customer, or of several of these at once."""
        wanted = [segmentation in (None, one) and segment in (None, other) for one, other in self.keys]
        chosen = np.array(wanted, np.bool_)[self.segment] if self.keys else np.zeros(0, np.bool_)
        if customer_id is not None:
            place = pc.index(self.customers, pa.scalar(customer_id, pa.string())).as_py()
            chosen &= self.customer == place
        return self._pick(chosen)

    def members_at(self, position: int) -> pa.Table:
        """Rebuild the membership that the run at this place of `instants` saw, ordered by its three columns."""
        inside = (self.entered <= position) & ((self.left < 0) | (self.left > position))
        inside &= self.known[position][self.segment] if self.keys else inside
        return self._pick(inside).to_arrow().select(["segmentation", "segment", "customer_id"])

    def to_arrow(self) -> pa.Table:
        """Give the spells as a table with the columns of `SPELLS`."""
        columns = {
            "segmentation": self._names(0),
            "segment": self._names(1),
            "customer_id": self.customers.take(pa.array(self.customer)),
            "entered_at": self._when(self.entered),
            "left_at": self._when(self.left),
            "last_seen_at": self._when(self.last_seen),
            "entered_is_known": pa.array(self.entered_is_known),
            "entered_by": _texts(ENTERED_BY, self.entered_by),
            "left_by": _texts(LEFT_BY, self.left_by),
        }
        keys = ("segmentation", "segment", "customer_id", "entered_at")
        return pa.table(columns, schema=SPELLS).sort_by([(name, "ascending") for name in keys])

    def _names(self, part: int) -> pa.Array:
        return pa.array([key[part] for key in self.keys], pa.string()).take(pa.array(self.segment))

    def _when(self, runs: Codes) -> pa.Array:
        none = runs < 0
        found = self.instants[np.where(none, 0, runs)] if len(runs) else np.zeros(0, np.int64)
        return pa.array(found, mask=none).cast(_INSTANT)

    def _pick(self, chosen: Flags) -> Spells:
        names = ("segment", "customer", "entered", "left", "last_seen", "entered_by", "left_by")
        return replace(self, **{name: getattr(self, name)[chosen] for name in names})


def _texts(words: tuple[str, ...], codes: npt.NDArray[np.int8]) -> pa.Array:
    return pa.array(words, pa.string()).take(pa.array(codes, mask=codes < 0))


@dataclass
class _Standing:
    """The members of one segment in the last run that knew it: ascending customers, since when, and how they came."""

    members: Codes
    since: Codes
    how: npt.NDArray[np.int8]
    last: int
    definition: str | None


class Watch:
    """Sees runs one after the other, in the order of their instants, and keeps no more than the spells.

    >>> def run(at, **members):
    ...     rows = [("s", name, one) for name, ones in members.items() for one in ones]
    ...     table = pa.table(dict(zip(("segmentation", "segment", "customer_id"), map(list, zip(*rows)))))
    ...     return Sighting(f"run {at}", at, {("s", name): "" for name in members}, pa.array(["ann", "bob"]), table)
    >>> watch = Watch()
    >>> watch.see(run(0, good=["ann"], bad=["bob"]))
    >>> watch.see(run(1, good=["ann", "bob"], bad=[]))
    >>> spells = watch.spells().to_arrow()
    >>> [(row["segment"], row["customer_id"], row["entered_by"], row["left_by"]) for row in spells.to_pylist()]
    [('bad', 'bob', 'already in', 'move'), ('good', 'ann', 'already in', None), ('good', 'bob', 'move', None)]
    """

    def __init__(self) -> None:
        self._customers = pa.array([], pa.string())
        self._keys: dict[Key, int] = {}
        self._standing: dict[int, _Standing] = {}
        self._ended: list[tuple[npt.NDArray[np.int32 | np.int8], ...]] = []
        self._runs: list[str] = []
        self._instants: list[Instant] = []
        self._seen: list[list[int]] = []
        self._knows: dict[int, Flags] = {}
        self._labels: dict[str, tuple[int, set[int], Codes | None]] = {}
        self._changes: list[tuple[object, ...]] = []
        self._flows: list[tuple[object, ...]] = []

    def __len__(self) -> int:
        return len(self._runs)

    def see(self, sighting: Sighting) -> None:
        """Take in the next run.

        Raises:
            RunError: It is not later than the one before.
        """
        if self._instants and sighting.at <= self._instants[-1]:
            last = format_instant(self._instants[-1])
            raise RunError(f"run '{sighting.run}' is as of {format_instant(sighting.at)}, wanted one after {last}")
        everyone, rows = self._coded(sighting)
        parts = self._parts(sighting, rows)
        self._runs.append(sighting.run)
        self._instants.append(sighting.at)
        self._seen.append(sorted(parts))
        now = len(self._runs) - 1
        known = np.zeros(len(self._customers), np.bool_)
        known[everyone] = True
        known[rows] = True
        self._knows[now] = known
        definitions = {self._keys[key]: text for key, text in sighting.segments.items()}
        keys = list(self._keys)
        ordered = sorted(parts, key=keys.__getitem__)
        redefined = {code for code in ordered if self._compare(code, parts[code], definitions.get(code))}
        self._follow(parts, redefined)
        needed = {one.last for one in self._standing.values()}
        self._knows = {run: flags for run, flags in self._knows.items() if run in needed}

    def spells(self) -> Spells:
        """Give all spells seen so far, ended or lasting."""
        lasting = [
            _columns(code, one.members, one.since, -1, one.last, one.how, -1) for code, one in self._standing.items()
        ]
        every = self._ended + lasting
        kinds = (np.int32,) * 5 + (np.int8,) * 2
        joined = [
            np.concatenate([part[place] for part in every]) if every else np.zeros(0, kind)
            for place, kind in enumerate(kinds)
        ]
        known = np.zeros((len(self._runs), len(self._keys)), np.bool_)
        for run, codes in enumerate(self._seen):
            known[run, codes] = True
        return Spells(tuple(self._keys), self._customers, np.array(self._instants, np.int64), known, *joined)

    def changes(self) -> pa.Table:
        """Give what came and went in each run, with the columns of `CHANGES`."""
        return _rows(self._changes, CHANGES)

    def flows(self) -> pa.Table:
        """Give from where to where customers went in exclusive segmentations, with the columns of `FLOWS`.

        A segmentation has flows between two runs when in both nobody was in two of its segments. ``origin_is`` is
        ``segment``, ``none`` (known, in none of them) or ``new customer``; ``target_is`` is ``segment``, ``none`` or
        ``vanished``. ``redefined`` marks flows with an end that was new, gone or defined otherwise.
        """
        return _rows(self._flows, FLOWS)

    def _coded(self, sighting: Sighting) -> tuple[Codes, Codes]:
        """Give customers as places in the list of all that were ever seen, which grows."""
        columns = [sighting.customers, sighting.membership["customer_id"]]
        found = []
        for column in columns:
            ids = _whole(column)
            if ids.equals(self._customers):  # as a rule everybody is known already, and a comparison is quicker
                found.append(np.arange(len(ids), dtype=np.int32))
                continue
            places = pc.index_in(ids, value_set=self._customers)
            if places.null_count:
                fresh = pc.unique(ids.filter(places.is_null()))
                self._customers = pa.concat_arrays([self._customers, fresh])
                places = pc.index_in(ids, value_set=self._customers)
            found.append(np.asarray(places, np.int32))
        return found[0], found[1]

    def _parts(self, sighting: Sighting, rows: Codes) -> dict[int, Codes]:
        """Give the members of each segment that the run knew, ascending."""
        coded = [_whole(sighting.membership[name]).dictionary_encode() for name in ("segmentation", "segment")]
        first, second = (np.asarray(one.indices, np.int64) for one in coded)
        names, others = (one.dictionary.to_pylist() for one in coded)
        pair = first * max(len(others), 1) + second
        pairs, place = np.unique(pair, return_inverse=True)
        met = [(names[one // len(others)], others[one % len(others)]) for one in pairs.tolist()]
        for key in sorted(set(sighting.segments) | set(met)):
            self._keys.setdefault(key, len(self._keys))
        order = np.argsort(place.astype(np.int32), kind="stable")
        ends = np.cumsum(np.bincount(place, minlength=len(met)))[:-1]
        parts = {self._keys[key]: np.zeros(0, np.int32) for key in sighting.segments}
        for key, members in zip(met, np.split(rows[order], ends), strict=False):
            parts[self._keys[key]] = _ascending(members)
        return parts

    def _compare(self, code: int, members: Codes, definition: str | None) -> bool:
        """Compare one segment with the last run that knew it; say whether its definition changed since."""
        now, count, known = len(self._runs) - 1, len(self._customers), self._knows[len(self._runs) - 1]
        before = self._standing.get(code)
        if before is None:
            since, how = np.full(len(members), now, np.int32), np.full(len(members), ALREADY, np.int8)
            self._standing[code] = _Standing(members, since, how, now, definition)
            self._note(code, None, (None, None, None, None, None, None, len(members)), redefined=False)
            return False
        redefined = None not in (before.definition, definition) and before.definition != definition
        here = _marked(members, count)
        was = _marked(before.members, count)
        stayed, entered = here[before.members], members[~was[members]]
        left = before.members[~stayed]
        gone = ~known[left]
        out = np.where(gone, VANISHED, REDEFINED_OUT if redefined else LEFT).astype(np.int8)
        ended = _columns(code, left, before.since[~stayed], now, before.last, before.how[~stayed], 0)
        self._ended.append((*ended[:-1], out))
        fresh = ~_padded(self._knows[before.last], count)[entered]
        came = np.where(fresh, NEW, REDEFINED if redefined else MOVE).astype(np.int8)
        together = np.concatenate([before.members[stayed], entered])
        order = np.argsort(together, kind="stable")
        since = np.concatenate([before.since[stayed], np.full(len(entered), now, np.int32)])[order]
        how = np.concatenate([before.how[stayed], came])[order]
        self._standing[code] = _Standing(together[order], since, how, now, definition or before.definition)
        counts = (len(before.members), len(entered), int(fresh.sum()), len(left), int(gone.sum()), int(stayed.sum()))
        self._note(code, before.last, (*counts, len(members)), redefined=redefined)
        return redefined

    def _note(self, code: int, since: int | None, counts: tuple[int | None, ...], *, redefined: bool) -> None:
        then = None if since is None else self._instants[since]
        key = list(self._keys)[code]
        self._changes.append((self._runs[-1], self._instants[-1], then, *key, redefined, *counts))

    def _follow(self, parts: Mapping[int, Codes], moved: set[int]) -> None:
        """Follow customers through each segmentation from the last run that had it."""
        keys, now = list(self._keys), len(self._runs) - 1
        for segmentation in sorted({keys[code][0] for code in parts}):
            mine = {code: members for code, members in parts.items() if keys[code][0] == segmentation}
            labels = np.where(self._knows[now], _NOWHERE, _STRANGER).astype(np.int32)
            for code, members in mine.items():
                labels[members] = code
            single = int((labels >= 0).sum()) == sum(len(members) for members in mine.values())
            last, had, before = self._labels.get(segmentation, (-1, set(), None))
            self._labels[segmentation] = now, set(mine), labels if single else None
            if before is not None and single:
                others = moved | (had ^ set(mine))
                self._passages(segmentation, last, _padded(before, len(labels), _STRANGER), labels, others)

    def _passages(self, segmentation: str, last: int, before: Codes, now: Codes, moved: set[int]) -> None:
        keys, width = list(self._keys), len(self._keys) + 2
        pairs = (before.astype(np.int64) + 2) * width + now + 2
        head = (self._runs[-1], self._instants[-1], self._instants[last], segmentation)
        for pair, customers in zip(*(one.tolist() for one in np.unique(pairs, return_counts=True)), strict=True):
            ends = pair // width - 2, pair % width - 2
            if ends == (_STRANGER, _STRANGER):
                continue
            told = [(keys[end][1], "segment") if end >= 0 else (None, _FLOW_ENDS[end][i]) for i, end in enumerate(ends)]
            self._flows.append((*head, *told[0], *told[1], bool(moved & set(ends)), customers))


def watch(sightings: Iterable[Sighting]) -> Watch:
    """See runs that are given in any order; of those as of one instant the latest made counts."""
    watching = Watch()
    for one in in_order(sightings):
        watching.see(one)
    return watching


def _columns(
    code: int, members: Codes, since: Codes, left: int, last: int, how: npt.NDArray[np.int8], out: int
) -> tuple[npt.NDArray[np.int32 | np.int8], ...]:
    def every(value: int) -> Codes:
        return np.full(len(members), value, np.int32)

    return every(code), members, since, every(left), every(last), how, every(out).astype(np.int8)


def _ascending(members: Codes) -> Codes:
    """Sort, and keep one of each; what is so already, as published tables are, is left alone."""
    if (members[1:] > members[:-1]).all():
        return members
    ordered = np.sort(members)
    first = np.append(True, ordered[1:] != ordered[:-1])
    return np.asarray(ordered[first], np.int32)


def _marked(places: Codes, count: int) -> Flags:
    marks = np.zeros(count, np.bool_)
    marks[places] = True
    return marks


_T = TypeVar("_T", np.bool_, np.int32)


def _padded(values: npt.NDArray[_T], count: int, filling: int = 0) -> npt.NDArray[_T]:
    return np.concatenate([values, np.full(count - len(values), filling, values.dtype)])


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return whole.cast(pa.string())


def _rows(rows: list[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [
        pa.array(column, pa.int64() if field.type == _INSTANT else field.type).cast(field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    return pa.table(arrays, schema=schema)
