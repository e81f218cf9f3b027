"""The segments of a run: those that were written, those that are fitted, and who is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from smalti.engine.fitted import Ground, fit
from smalti.facts import Instant, Type
from smalti.project import Prepared, segment_of
from smalti.rules import Member, walk
from smalti.rules.needs import column_of
from smalti.segments import Segment, members_of
from smalti.store import Store, quoted
from smalti.traits import Computed

_MEMBERS = "_members"
_AT_ONCE = 500
"""How many rules are answered by one query."""


@dataclass(frozen=True)
class Segmented:
    """All segments and their members.

    Attributes:
        segments: The segments: those that were written, then those of each segmentation that was fitted.
        answers: ``customer_id`` in ascending order and a boolean column per segment, never null.
        computed: The table of customers, of which membership in the fitted segments may be asked too.
        exclusive: By segmentation, whether nobody is in two of its segments.
        notes: What the fits have to tell, in sentences.
    """

    segments: tuple[Segment, ...]
    answers: pa.Table
    computed: Computed
    exclusive: Mapping[str, bool]
    notes: tuple[str, ...]


def segmented(store: Store, computed: Computed, prepared: Prepared, at: Instant, seed: int = 0) -> Segmented:
    """Answer all written segments; then fit the other segmentations on what is known, and answer their rules likewise.

    So who is in a fitted segment is what its rule says, and nothing else.

    Args:
        store: Where the table of customers is.
        computed: The table.
        prepared: The project.
        at: The as-of instant.
        seed: Of all that is random.

    Raises:
        RunError: A segmentation would have more segments than can be told apart.
    """
    segments, notes = list(prepared.segments), list[str]()
    answers = _answered(store, computed, segments, at)
    words = prepared.words
    for name, definition in prepared.segmentations.items():
        if definition.way is None:
            continue
        found = fit(
            name, definition, Ground(prepared, segments, answers, partial(_column, store, computed.table), seed)
        )
        notes += found.notes
        ready = [segment_of(words, one, text) for one, text in found.segments.items()]
        words = replace(words, segments=(*words.segments, *found.segments))
        computed = replace(computed, segments={**computed.segments, **{one.name: one.node for one in ready}})
        crossed = definition.way == "cross"
        more = _crossed(store, computed, ready, at, answers) if crossed else _answered(store, computed, ready, at)
        for one in ready:
            answers = answers.append_column(one.name, more[one.name])
        segments += ready
    return Segmented(tuple(segments), answers, computed, _exclusive(segments, answers), tuple(notes))


def _crossed(store: Store, computed: Computed, segments: Sequence[Segment], at: Instant, answers: pa.Table) -> pa.Table:
    """Answer rules that ask of nothing but membership, by what is known of it: no rule is worked out twice."""
    asked = {part for one in segments for part in walk(one.node) if isinstance(part, Member)}
    columns = {column_of(part): answers[part.segment] for part in sorted(asked, key=lambda part: part.segment)}
    store.put(_MEMBERS, pa.table({"customer_id": answers["customer_id"]} | columns))
    known = replace(computed, table=_MEMBERS, types=dict.fromkeys(columns, Type.BOOLEAN))
    more = _answered(store, known, segments, at)
    store.drop(_MEMBERS)
    return more


def _answered(store: Store, computed: Computed, segments: Sequence[Segment], at: Instant) -> pa.Table:
    """Answer rules, so many at once that no query grows beyond measure."""
    answers = members_of(store, computed, segments[:_AT_ONCE], at)
    for start in range(_AT_ONCE, len(segments), _AT_ONCE):
        more = members_of(store, computed, segments[start : start + _AT_ONCE], at)
        for name in more.column_names[1:]:
            answers = answers.append_column(name, more[name])
    return answers


def _column(store: Store, table: str, name: str) -> pa.ChunkedArray:
    return store.read(f"SELECT {quoted(name)} FROM {quoted(table)} ORDER BY customer_id")[name]


def _exclusive(segments: Sequence[Segment], answers: pa.Table) -> dict[str, bool]:
    times: dict[str, npt.NDArray[np.int32]] = {}
    for one in segments:
        counted = times.setdefault(one.definition.segmentation, np.zeros(answers.num_rows, dtype=np.int32))
        counted += np.asarray(answers[one.name])
    return {name: bool((counted <= 1).all()) for name, counted in times.items()}
