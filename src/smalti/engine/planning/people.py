"""What a plan knows of the customers themselves: their clocks, their segments, the groups that fairness looks at."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import available_timezones

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.reckoning import Reckoned
from smalti.strategy.limits import LimitsDefinition
from smalti.strategy.peers import Booleans, Integers


def zones_of(reckoned: Reckoned, limits: LimitsDefinition, zone: str) -> tuple[pa.Array, tuple[str, ...]]:
    """Give the time zone of each customer, the project's where hers is not known; and what a reader should know of it.

    Args:
        reckoned: Everything as of the instant.
        limits: The limits, whose quiet hours name the attribute.
        zone: The project's time zone.
    """
    count = reckoned.traits.num_rows
    named = next((one.zone for one in limits.quiet if one.zone is not None), None)
    if named is None or named not in reckoned.traits.column_names:
        return pa.repeat(pa.scalar(zone, pa.string()), count), ()
    column = reckoned.traits[named].combine_chunks().cast(pa.string())
    coded = column.dictionary_encode()
    every = available_timezones()
    told = [text if text in every else None for text in coded.dictionary.to_pylist()]
    strange = sorted(str(text) for text, one in zip(coded.dictionary.to_pylist(), told, strict=True) if one is None)
    known = pa.array(told, pa.string()).take(coded.indices)
    notes = []
    if strange:
        shown = ", ".join(f"'{one}'" for one in strange[:3]) + (" and others" if len(strange) > 3 else "")
        lost = known.null_count - column.null_count
        notes.append(f"in {named} {lost:,} customers have what is no time zone, {shown}: {zone} is taken for them")
    missing = int(column.null_count)
    if missing:
        notes.append(f"the time zone of {missing:,} customers is not known: {zone} is taken")
    return pc.fill_null(known, zone), tuple(notes)


def members_of(reckoned: Reckoned) -> tuple[dict[str, Booleans], dict[str, str]]:
    """Give the members of every segment, and what segments are called.

    Args:
        reckoned: Everything as of the instant.
    """
    members = {one.name: np.asarray(reckoned.answers[one.name]) for one in reckoned.segments}
    return members, {one.name: one.title for one in reckoned.segments}


def groups_of(reckoned: Reckoned, names: Sequence[str]) -> dict[str, tuple[Integers, tuple[str, ...]]]:
    """Give the group of each customer by each of some names: a segmentation, or a trait or attribute that is text.

    Args:
        reckoned: Everything as of the instant.
        names: Segmentations, traits or attributes.

    Returns:
        By name, the code of each customer's group, -1 where it is unknown, and the groups' names. Of segmentations whose
        segments overlap the first segment that a customer is in counts.
    """
    return {name: _groups(reckoned, name) for name in dict.fromkeys(names)}


def _groups(reckoned: Reckoned, name: str) -> tuple[Integers, tuple[str, ...]]:
    segments = [one for one in reckoned.segments if one.definition.segmentation == name]
    if segments:
        code = np.full(reckoned.traits.num_rows, -1, dtype=np.int64)
        for place in reversed(range(len(segments))):
            code[np.asarray(reckoned.answers[segments[place].name])] = place
        return code, tuple(one.title for one in segments)
    coded = reckoned.traits[name].combine_chunks().cast(pa.string()).dictionary_encode()
    labels = [str(one) for one in coded.dictionary.to_pylist()]
    order = sorted(range(len(labels)), key=labels.__getitem__)
    rank = np.empty(len(labels) + 1, dtype=np.int64)
    rank[order], rank[-1] = np.arange(len(labels)), -1
    code = np.asarray(pc.fill_null(coded.indices.cast(pa.int64()), len(labels)).to_numpy(zero_copy_only=False))
    return rank[code], tuple(labels[place] for place in order)
