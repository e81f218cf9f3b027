"""Segmentations of a trial's customers, from what was known of them before: categories, cuts of numbers, and both crossed.

Cuts are quartiles of the customers there are; no outcome is looked at, so that all of them may be proven on the same trial.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from smalti.experiments.logged import Floats, Integers
from smalti.models.supervised import Column

MOST_SINGLE = 12
"""So many columns are segmentations of their own, where nobody said which."""
MOST_CROSSED = 12
"""So many crossings of two of them are tried, those with the fewest segments first."""
MOST_CATEGORIES = 12
MOST_CELLS = 40
_SMALLEST = 50
_FEW_VALUES = 6
_QUARTERS = (0.25, 0.5, 0.75)
_OTHER, _MISSING = "other", "not known"


@dataclass(frozen=True, eq=False)
class Cut:
    """One segmentation.

    Attributes:
        name: What it is cut by.
        codes: Of each row the place of its segment; shape (n,).
        labels: What each segment is called.
    """

    name: str
    codes: Integers
    labels: tuple[str, ...]

    @property
    def counts(self) -> Integers:
        """How many rows each segment has."""
        return np.bincount(self.codes, minlength=len(self.labels)).astype(np.int64)


def segmentations(columns: Sequence[Column], by: Sequence[str] = ()) -> tuple[Cut, ...]:
    """Give the segmentations to be proven.

    Args:
        columns: What was known of customers before.
        by: Columns whose segments are meant; none takes the first `MOST_SINGLE`, those with fewer segments first.

    >>> plan = Column("plan", "category", np.array(["a", "b"] * 100, dtype=object))
    >>> age = Column("age", "number", np.arange(200.0))
    >>> [(one.name, len(one.labels)) for one in segmentations([age, plan])]
    [('plan', 2), ('age', 4), ('plan x age', 8)]
    """
    named = {column.name: column for column in columns}
    wanted = [named[name] for name in by if name in named] if by else list(columns)
    single = [cut for cut in map(_cut, wanted) if len(cut.labels) > 1]
    if not by:
        single = sorted(single, key=lambda cut: len(cut.labels))[:MOST_SINGLE]
    pairs = [
        (one, other) for one, other in combinations(single, 2) if len(one.labels) * len(other.labels) <= MOST_CELLS
    ]
    pairs = sorted(pairs, key=lambda pair: len(pair[0].labels) * len(pair[1].labels))[:MOST_CROSSED]
    crossed = [_crossed(pair) for pair in pairs]
    if by and len(single) > 2 and int(np.prod([len(cut.labels) for cut in single])) <= 2 * MOST_CELLS:
        crossed.append(_crossed(tuple(single)))
    return (*single, *(cut for cut in crossed if len(cut.labels) > 1))


def _cut(column: Column) -> Cut:
    cut = _of_numbers(column) if column.kind == "number" else _of_categories(column)
    return _dense(cut)


def _of_categories(column: Column) -> Cut:
    values = [_MISSING if value is None else str(value) for value in column.values.tolist()]
    names, codes, counts = np.unique(np.array(values, dtype=str), return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    kept = [int(place) for place in order[:MOST_CATEGORIES] if counts[place] >= _SMALLEST]
    kept = sorted(kept) if len(kept) > 1 else sorted(int(place) for place in order[:MOST_CATEGORIES])
    place = np.full(len(names), len(kept), np.int64)
    place[kept] = np.arange(len(kept))
    labels = tuple(str(names[one]) for one in kept) + ((_OTHER,) if len(kept) < len(names) else ())
    return Cut(column.name, place[codes], labels)


def _of_numbers(column: Column) -> Cut:
    values = column.values.astype(np.float64)
    there = values[~np.isnan(values)]
    different = np.unique(there)
    if len(different) <= _FEW_VALUES:
        codes = np.searchsorted(different, np.where(np.isnan(values), np.inf, values))
        labels = [_valued(column.name, one, different) for one in different.tolist()]
    else:
        edges = np.unique(np.quantile(there, _QUARTERS, method="inverted_cdf"))
        edges = edges[edges < different[-1]]
        codes = np.searchsorted(edges, values, side="left")
        labels = _ranges(column.name, edges)
    codes = np.where(np.isnan(values), len(labels), codes).astype(np.int64)
    return Cut(column.name, codes, (*labels, f"{column.name} {_MISSING}"))


def _valued(name: str, value: float, different: Floats) -> str:
    """Name one of few values; of 0 and 1 whether it is so.

    >>> _valued("newbie", 1.0, np.array([0.0, 1.0])), _valued("children", 2.0, np.array([0.0, 1.0, 2.0]))
    ('newbie: yes', 'children 2')
    """
    if set(different.tolist()) <= {0.0, 1.0}:
        return f"{name}: {'yes' if value else 'no'}"
    return f"{name} {value:g}"


def _ranges(name: str, edges: Floats) -> list[str]:
    """Name what lies up to each edge, and above the last.

    >>> _ranges("age", np.array([30.0, 50.0]))
    ['age up to 30', 'age above 30 to 50', 'age above 50']
    """
    texts = [f"{edge:,.6g}" for edge in edges]
    between = [f"{name} above {low} to {high}" for low, high in pairwise(texts)]
    return [f"{name} up to {texts[0]}", *between, f"{name} above {texts[-1]}"] if texts else [name]


def _crossed(cuts: Sequence[Cut]) -> Cut:
    codes = cuts[0].codes
    labels = list(cuts[0].labels)
    for cut in cuts[1:]:
        codes = codes * len(cut.labels) + cut.codes
        labels = [f"{one}, {other}" for one in labels for other in cut.labels]
    return _dense(Cut(" x ".join(cut.name for cut in cuts), codes, tuple(labels)))


def _dense(cut: Cut) -> Cut:
    """Leave out segments with nobody in them."""
    filled = np.flatnonzero(cut.counts > 0)
    place = np.zeros(len(cut.labels), np.int64)
    place[filled] = np.arange(len(filled))
    return Cut(cut.name, place[cut.codes], tuple(cut.labels[one] for one in filled))
