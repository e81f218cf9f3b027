"""The category that comes next: the one on which most is spent on a customer's next day of purchase."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from smalti.facts import DAY, Instant, Stream, offsets
from smalti.store import Store, quoted

_LINES = "_next_lines"


def days_of(instants: npt.NDArray[np.int64], zone: str) -> npt.NDArray[np.int64]:
    """Give the dates that the clocks of a time zone show, as days since 1970-01-01.

    Args:
        instants: Microseconds UTC.
        zone: The name of the time zone.

    >>> days_of(np.array([0, DAY - 1, DAY]), "UTC").tolist(), days_of(np.array([DAY - 1]), "Asia/Tokyo").tolist()
    ([0, 0, 1], [1])
    """
    starts, ahead = (np.array(one, dtype=np.int64) for one in offsets(zone))
    return np.asarray((instants + ahead[np.searchsorted(starts, instants, side="right") - 1]) // DAY, dtype=np.int64)


def next_categories(
    store: Store, streams: Mapping[str, Stream], stream: str, zone: str, whom: str, after: Instant, until: Instant
) -> npt.NDArray[np.object_]:
    """Give for each customer the category on which most was spent on her next day of purchase, None where nothing came.

    Where as much was spent on several, it is that of most lines; then the first in order of text.

    Args:
        store: Where the facts are.
        streams: The streams.
        stream: The one whose lines name categories.
        zone: The time zone of days.
        whom: The table of customers, by ``customer_id``.
        after: The instant after which the day is sought.
        until: The last instant looked at.

    Returns:
        The categories in ascending order of ``customer_id``.
    """
    spent = 'coalesce(f."revenue", 0)' if "revenue" in streams[stream] else "0"
    lines = store.read(
        f'SELECT f.customer_id, f."at", f."category", {spent} AS spent FROM {quoted(stream)} AS f '
        f'SEMI JOIN {quoted(whom)} AS w USING (customer_id) WHERE f."category" IS NOT NULL '
        f'AND f."at" > {after} AND f."at" <= {until}'
    )
    days = days_of(np.asarray(lines["at"].to_numpy(), dtype=np.int64), zone)
    store.put(_LINES, lines.append_column("day", pa.array(days)))
    ranked = (
        'SELECT customer_id, "category", row_number() OVER (PARTITION BY customer_id '
        'ORDER BY "day", sum(spent) DESC, count(*) DESC, "category") AS place '
        f'FROM {_LINES} GROUP BY customer_id, "day", "category"'
    )
    found = store.read(
        f'SELECT w.customer_id, r."category" FROM {quoted(whom)} AS w '
        f"LEFT JOIN (SELECT * FROM ({ranked}) WHERE place = 1) AS r USING (customer_id) ORDER BY w.customer_id"
    )
    store.drop(_LINES)
    return np.array(found["category"].to_pylist(), dtype=object)
