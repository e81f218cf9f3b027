"""How good a ranking is: every item known takes part, and none is drawn by lot to compare with.

Hit rate, recall and normalised discounted cumulative gain at k (Jarvelin and Kekalainen 2002). Comparing with a sample of the
items instead does not keep the order of forecasters (Krichene and Rendle 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.models.arrays import Booleans, Floats, Integers
from smalti.models.intervals import Z

_DEEP = 16
"""Columns in a group, of which the highest is looked at first."""
_FEW = 8
"""So few are found by looking at all columns."""


def best(scores: Floats, most: int) -> Integers:
    """Give the places of the highest scores of each row, the highest first; of equals the earlier column.

    Args:
        scores: Shape (rows, items); -inf for what is not to be had.
        most: How many, at most as many as there are items.

    Returns:
        Shape (rows, most); -1 where nothing is left to be had.

    >>> best(np.array([[0.2, 0.9, 0.9]]), 2).tolist()
    [[1, 2]]
    """
    most = min(most, scores.shape[1])
    groups = scores.shape[1] // _DEEP
    return _first(scores.copy(), most)[0] if groups < 2 * most or most < _FEW else _best_of_many(scores, most, groups)


def _first(left: Floats, most: int) -> tuple[Integers, Floats]:
    """Give the places and the values of the highest, one after the other; `left` is used up."""
    rows = np.arange(len(left))
    found, values = np.empty((len(left), most), dtype=np.int64), np.empty((len(left), most), dtype=left.dtype)
    for rank in range(most):
        place = left.argmax(axis=1)
        values[:, rank] = left[rows, place]
        found[:, rank] = np.where(values[:, rank] == -np.inf, -1, place)
        left[rows, place] = -np.inf
    return found, values


def _best_of_many(scores: Floats, most: int, groups: int) -> Integers:
    """Seek the highest among the groups of columns that lead: the best `most` lie in the `most` groups of highest maxima.

    Columns that leave the same remainder are a group. Rows where groups tie for the last place are sought through in full.
    """
    even = scores[:, : groups * _DEEP].reshape(len(scores), _DEEP, groups)
    rest = scores[:, groups * _DEEP :]
    highest = even.max(axis=1)
    highest[:, : rest.shape[1]] = np.maximum(highest[:, : rest.shape[1]], rest)
    leading, maxima = _first(highest, most)
    last = maxima[:, -1]
    tied = (highest == last[:, None]).any(axis=1) | (last == -np.inf)
    leading = np.sort(np.maximum(leading, 0), axis=1)
    places = leading[:, None, :] + groups * np.arange(_DEEP + 1)[:, None]
    places = places.reshape(len(scores), -1)
    there = places < scores.shape[1]
    places = np.minimum(places, scores.shape[1] - 1)
    rows = np.arange(len(scores))[:, None]
    inner, _ = _first(np.where(there, scores[rows, places], -np.inf), most)
    found = np.where(inner >= 0, places[rows, inner], -1)
    found[tied] = _first(scores[tied], most)[0]
    return found


@dataclass(frozen=True, eq=False)
class Marks:
    """The marks of a ranking at one k, one entry per customer.

    Attributes:
        hit: Whether anything bought was among the first k.
        recall: Share of what was bought that was among the first k.
        ndcg: Discounted gain over that of the best order there could have been.
    """

    hit: Floats
    recall: Floats
    ndcg: Floats


def marks(found: Integers, bought: Booleans, others: Integers, k: int) -> Marks:
    """Mark rankings.

    Args:
        found: Places of items, best first, shape (rows, at least k); -1 for none.
        bought: Which items were bought, shape (rows, items).
        others: How many more were bought that no ranking could hold, such as items not known before.
        k: How many places count.

    >>> one = marks(np.array([[2, 0, 1]]), np.array([[True, False, True]]), np.array([0]), 2)
    >>> one.hit.tolist(), one.recall.tolist(), one.ndcg.tolist()
    ([1.0], [1.0], [1.0])
    """
    first = found[:, :k]
    right = (bought[np.arange(len(first))[:, None], first] & (first >= 0)).astype(np.float64)
    wanted = np.asarray(bought.sum(axis=1)) + others
    discount = 1 / np.log2(np.arange(2, first.shape[1] + 2))
    ideal = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])[np.minimum(wanted, k)]
    some = wanted > 0
    gained = right @ discount
    return Marks(
        (right.sum(axis=1) > 0).astype(np.float64),
        np.divide(right.sum(axis=1), wanted, out=np.zeros(len(first)), where=some),
        np.divide(gained, ideal, out=np.zeros(len(first)), where=some),
    )


def mean_interval(values: Floats) -> tuple[float, float, float]:
    """Give a mean over customers and the ends of its 95 % interval by the normal law; NaN of nobody.

    >>> mean_interval(np.array([1.0, 1.0, 1.0]))
    (1.0, 1.0, 1.0)
    """
    if not len(values):
        return float("nan"), float("nan"), float("nan")
    mean = float(values.mean())
    reach = Z * float(values.std(ddof=1)) / float(np.sqrt(len(values))) if len(values) > 1 else float("nan")
    return mean, mean - reach, mean + reach
