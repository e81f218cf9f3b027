"""The segments of a run: those that were written, and who is in them."""

from __future__ import annotations

import pyarrow as pa

from smalti.facts import Instant
from smalti.project import Prepared
from smalti.segments import Segment, members_of
from smalti.store import Store
from smalti.traits import Computed


def segmented(
    store: Store, computed: Computed, prepared: Prepared, at: Instant
) -> tuple[tuple[Segment, ...], pa.Table]:
    """Give all segments and their members as of an instant.

    Returns:
        The segments; and ``customer_id`` in ascending order with a boolean column per segment, never null.
    """
    return prepared.segments, members_of(store, computed, prepared.segments, at)
