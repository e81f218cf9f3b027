"""How far two groupings of the same customers agree: the adjusted Rand index, and the Jaccard index segment by segment.

With ``n_ij`` the customers in group i of the first grouping and group j of the second, ``a_i`` and ``b_j`` the sums of its rows
and columns, n all of them and ``C(x) = x (x - 1) / 2`` the pairs among x customers, the adjusted Rand index (Hubert and
Arabie 1985, Comparing partitions, Journal of Classification 2) is

    (sum C(n_ij) - E) / ((sum C(a_i) + sum C(b_j)) / 2 - E)   where   E = sum C(a_i) * sum C(b_j) / C(n)

It is 1 where the groupings are the same up to names, 0 on average where one has nothing to do with the other, and may be
negative. The Jaccard index (Jaccard 1912) of two segments is ``|A and B| / |A or B|``, from 0 to 1.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from smalti.errors import ModelError

__all__ = [
    "adjusted_rand",
    "adjusted_rand_of",
    "contingency",
    "jaccard",
    "jaccard_of",
    "members_by_label",
]

Bools: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]
Labels: TypeAlias = npt.NDArray[np.int64]

NOBODYS = -1
"""The label of a customer who is in no segment."""


def contingency(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    nobody: Literal["group", "aside"] = "group",
) -> Floats:
    """Count the customers in each group of one grouping and each of another.

    Args:
        first: A label from 0 for each customer, shape (n,), or -1 for nobody's.
        second: The same of the other grouping.
        weights: How many customers each row stands for, shape (n,); None for one each.
        nobody: What becomes of nobody's: ``group``, those of one grouping are a group of their own, the last row or
            column, which is there only if there are any; ``aside``, whoever is nobody's in either is left out.

    Raises:
        ModelError: Labels of two lengths, labels below -1, or weights that are negative or not numbers.

    >>> contingency([0, 0, 1, 1], [0, 0, 0, 1])
    array([[2., 0.],
           [1., 1.]])
    >>> contingency([0, 0, 1, -1], [0, 1, 1, 1], nobody="aside")
    array([[1., 1.],
           [0., 1.]])
    """
    left, right = _labels(first), _labels(second)
    heavy = np.ones(len(left)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not left.shape == right.shape == heavy.shape:
        raise ModelError(
            f"labels and weights: expected one of each per customer, got {len(left)}, {len(right)}, {heavy.size}"
        )
    if not (np.isfinite(heavy).all() and (heavy >= 0).all()):
        raise ModelError("weights: expected numbers that are not negative, how many customers each row stands for")
    if nobody == "aside":
        known = (left != NOBODYS) & (right != NOBODYS)
        left, right, heavy = left[known], right[known], heavy[known]
    left, rows = _nobody_last(left)
    right, columns = _nobody_last(right)
    counts: Floats = np.asarray(np.bincount(left * columns + right, heavy, rows * columns), dtype=np.float64)
    return counts.reshape(rows, columns)


def _labels(given: npt.ArrayLike) -> Labels:
    labels = np.asarray(given, dtype=np.int64)
    if labels.ndim != 1 or (len(labels) and int(labels.min()) < NOBODYS):
        raise ModelError("labels: expected whole numbers from 0, or -1 for a customer in no segment, one per customer")
    return labels


def _nobody_last(labels: Labels) -> tuple[Labels, int]:
    groups = int(labels.max(initial=-1)) + 1
    outside = labels == NOBODYS
    return (np.where(outside, groups, labels), groups + 1) if outside.any() else (labels, groups)


def adjusted_rand_of(table: npt.ArrayLike) -> float:
    """Give the adjusted Rand index of a contingency table.

    It is 1 where both groupings put everybody into one group, or both everybody into a group of her own.

    Raises:
        ModelError: Fewer than 2 customers, of whom no pair can be made.

    >>> round(adjusted_rand_of([[2, 0], [1, 1]]), 12)
    0.0
    >>> round(adjusted_rand_of([[1, 1, 0], [1, 2, 1], [0, 0, 4]]), 4)
    0.3126
    """
    counts = np.asarray(table, dtype=np.float64)
    customers = counts.sum()
    if customers < 2:
        raise ModelError(f"adjusted Rand index: expected at least 2 customers, got {customers:g}")
    together, rows, columns = (_pairs(counts), _pairs(counts.sum(axis=1)), _pairs(counts.sum(axis=0)))
    pairs = _pairs(customers)
    beyond_chance, most = together * pairs - rows * columns, (rows + columns) / 2 * pairs - rows * columns
    return 1.0 if most == 0 else float(beyond_chance / most)


def _pairs(counts: npt.ArrayLike) -> float:
    number = np.asarray(counts, dtype=np.float64)
    return float((number * (number - 1)).sum() / 2)


def adjusted_rand(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    nobody: Literal["group", "aside"] = "group",
) -> float:
    """Give the adjusted Rand index of two groupings of the same customers; see `contingency` for what it takes.

    Weights are counts: a row of weight 3 gives what three rows like it would.

    >>> adjusted_rand([0, 0, 1, 1], [1, 1, 0, 0])
    1.0
    >>> adjusted_rand([0, 0, 1, 1], [0, 1, 0, 1])
    -0.5
    >>> adjusted_rand([0, 1], [0, 1], weights=[3, 2]) == adjusted_rand([0, 0, 0, 1, 1], [0, 0, 0, 1, 1])
    True
    """
    return adjusted_rand_of(contingency(first, second, weights, nobody))


def jaccard(first: npt.ArrayLike, second: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Give the Jaccard index of two segments: of those in either, the share in both; NaN if both are empty.

    Args:
        first: Whether each customer is a member, shape (n,).
        second: The same of the other segment.
        weights: How many customers each row stands for, shape (n,); None for one each.

    >>> jaccard([True, True, False, False], [False, True, True, False])
    0.3333333333333333
    >>> jaccard([False, False], [False, False])
    nan
    """
    ours, theirs = np.asarray(first, dtype=np.bool_), np.asarray(second, dtype=np.bool_)
    heavy = np.ones(ours.shape) if weights is None else np.asarray(weights, dtype=np.float64)
    either = float(heavy[ours | theirs].sum())
    return float(heavy[ours & theirs].sum()) / either if either else float("nan")


def jaccard_of(table: npt.ArrayLike) -> Floats:
    """Give the Jaccard index of every row of a contingency table with every column: n_ij / (a_i + b_j - n_ij).

    >>> jaccard_of([[2, 0], [1, 1]]).round(3)
    array([[0.667, 0.   ],
           [0.25 , 0.5  ]])
    """
    both = np.asarray(table, dtype=np.float64)
    return _ratio(both, both.sum(axis=1), both.sum(axis=0))


def _ratio(both: Floats, rows: Floats, columns: Floats) -> Floats:
    either = rows[:, None] + columns[None, :] - both
    return np.asarray(np.divide(both, either, out=np.full(both.shape, np.nan), where=either > 0))


def members_by_label(labels: npt.ArrayLike, segments: int) -> Bools:
    """Give the members of each segment from labels, shape (segments, n); nobody's are in none.

    >>> members_by_label([0, 1, -1], 2)
    array([[ True, False, False],
           [False,  True, False]])
    """
    return np.asarray(_labels(labels)[None, :] == np.arange(segments)[:, None])
