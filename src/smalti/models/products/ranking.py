"""How good a ranking is: every item known takes part, and none is drawn by lot to compare with.

Hit rate, recall and normalised discounted cumulative gain at k (Jarvelin and Kekalainen 2002). Comparing with a sample of the
items instead does not keep the order of forecasters (Krichene and Rendle 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.models.arrays import Booleans, Floats, Integers


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
    left = scores.copy()
    rows = np.arange(len(left))
    found = np.empty((len(left), min(most, left.shape[1])), dtype=np.int64)
    for rank in range(found.shape[1]):
        place = left.argmax(axis=1)
        found[:, rank] = np.where(left[rows, place] == -np.inf, -1, place)
        left[rows, place] = -np.inf
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
    reach = 1.959964 * float(values.std(ddof=1)) / float(np.sqrt(len(values))) if len(values) > 1 else float("nan")
    return mean, mean - reach, mean + reach
