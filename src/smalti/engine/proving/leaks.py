"""Was it known before? What all but tells an outcome was not: it came of the trial as well, or was made of what came."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from smalti.engine.proving.trial import Came
from smalti.experiments.logged import Floats, Integers
from smalti.models.supervised import Column

TELLS_RATE = 0.5
"""What explains this share of who does it was not known before: nothing foretells a yes or no of customers so well."""
TELLS_AMOUNT = 0.9
"""The same of amounts, of which a few large customers may well be known."""
_LEAST = 50
_MOST_CATEGORIES = 50


def telling(columns: Sequence[Column], outcomes: Sequence[Came], arm: Integers) -> dict[str, str]:
    """Find columns that all but tell an outcome, whatever was done: each with that outcome.

    Args:
        columns: What passes for known before; n rows.
        outcomes: What came; n rows.
        arm: Of each row the place of what was done; shape (n,).

    >>> rng = np.random.default_rng(1)
    >>> bought, age, arm = rng.integers(0, 2, 400) * 1.0, rng.normal(size=400), rng.integers(0, 2, 400)
    >>> columns = [Column("age", "number", age), Column("receipt", "number", bought * 30)]
    >>> telling(columns, [Came("bought", "rate", bought)], arm)
    {'receipt': 'bought'}
    """
    if len(arm) < _LEAST:
        return {}
    found: dict[str, str] = {}
    for came in outcomes:
        rest = _within(came.values, arm)
        limit = TELLS_RATE if came.binary else TELLS_AMOUNT
        for column in columns:
            if column.name not in found and _explained(column, rest, arm) >= limit:
                found[column.name] = came.name
    return found


def _explained(column: Column, rest: Floats, arm: Integers) -> float:
    """Give the share of what is left of an outcome that a column explains, 0 to 1."""
    total = float(rest @ rest)
    if total <= 0:
        return 0.0
    if column.kind == "category":
        return _by_category(column, rest, total)
    values = column.values.astype(np.float64)
    missing = np.isnan(values)
    return max(_by_number(_filled(values), rest, arm), _by_number(missing.astype(np.float64), rest, arm))


def _filled(values: Floats) -> Floats:
    there = ~np.isnan(values)
    return np.where(there, values, values[there].mean() if there.any() else 0.0)


def _by_number(values: Floats, rest: Floats, arm: Integers) -> float:
    own = _within(values, arm)
    size = float(own @ own)
    return float(own @ rest) ** 2 / (size * float(rest @ rest)) if size > 0 else 0.0


def _by_category(column: Column, rest: Floats, total: float) -> float:
    texts = np.array(["" if value is None else str(value) for value in column.values.tolist()])
    codes = np.unique(texts, return_inverse=True)[1]
    counts = np.bincount(codes).astype(np.float64)
    if len(counts) > _MOST_CATEGORIES:
        return 0.0
    between = float((np.bincount(codes, rest) ** 2 / counts).sum())
    return max(1 - (1 - between / total) * (len(rest) - 1) / max(len(rest) - len(counts), 1), 0.0)


def _within(values: Floats, arm: Integers) -> Floats:
    """Give values less the mean of their arm."""
    counts = np.maximum(np.bincount(arm), 1)
    return np.asarray(values - (np.bincount(arm, values) / counts)[arm], np.float64)
