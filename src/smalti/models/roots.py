"""Where rising functions cross zero, many at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from smalti.models.arrays import Floats, Integers

_STEPS = 100


def rising_roots(
    value: Callable[[Floats, Integers], Floats], low: Floats, high: Floats, tolerance: float = 1e-12
) -> Floats:
    """Return for each row the point where a rising function crosses zero (Chandrupatla 1997).

    Bisection with a quadratic step where that is safe, so it cannot fail; a function that is nowhere negative crosses
    at `low`, one that is nowhere positive at `high`.

    Args:
        value: points and their rows to values, rising in the point for each row.
        low: where to begin, for each row.
        high: where to end, for each row.
        tolerance: how near, relative to the point (or absolute, within 1 of zero).

    Examples:
        >>> rising_roots(lambda point, rows: point**2 - 1.0 - rows, np.zeros(2), np.full(2, 9.0)).round(6).tolist()
        [1.0, 1.414214]
    """
    result, rows = np.asarray(high, dtype=np.float64).copy(), np.arange(low.size)
    a, b = np.asarray(low, dtype=np.float64).copy(), result.copy()
    at_a, at_b = value(a, rows), value(b, rows)
    result[at_a >= 0] = low[at_a >= 0]
    inside = (at_a < 0) & (at_b > 0)
    rows = rows[inside]
    a, b, at_a, at_b = (column[inside] for column in (a, b, at_a, at_b))
    share = np.full(rows.size, 0.5)
    for _ in range(_STEPS):
        if not rows.size:
            break
        point = a + share * (b - a)
        at = value(point, rows)
        same = np.sign(at) == np.sign(at_a)
        third, at_third = np.where(same, a, b), np.where(same, at_a, at_b)
        b, at_b = np.where(same, b, a), np.where(same, at_b, at_a)
        a, at_a = point, at
        result[rows] = a
        open_rows = (np.abs(b - a) > tolerance * np.maximum(np.abs(a), 1.0)) & (at_a != 0)
        share = _share(a, b, third, at_a, at_b, at_third, tolerance)
        rows = rows[open_rows]
        a, b, at_a, at_b, share = (column[open_rows] for column in (a, b, at_a, at_b, share))
    return result


def _share(
    a: Floats, b: Floats, third: Floats, at_a: Floats, at_b: Floats, at_third: Floats, tolerance: float
) -> Floats:
    """Return how far to go from a towards b: by inverse quadratic interpolation where it is safe, else half."""
    with np.errstate(all="ignore"):
        place, level = (a - b) / (third - b), (at_a - at_b) / (at_third - at_b)
        safe = (level * level < place) & ((1 - level) ** 2 < 1 - place)
        quadratic = at_a / (at_b - at_a) * at_third / (at_b - at_third)
        quadratic += (third - a) / (b - a) * at_a / (at_third - at_a) * at_b / (at_third - at_b)
        least = np.minimum(0.5 * tolerance * np.maximum(np.abs(a), 1.0) / np.abs(b - a), 0.5)
        return np.where(safe, np.clip(quadratic, least, 1 - least), 0.5)
