"""k-means (Lloyd 1982) by scikit-learn: several starts, seeded, one thread, so that the same data give the same centres."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Literal, TypeAlias

import numpy as np

from smalti.discovery.measures import Floats, Labels
from smalti.errors import ModelError

Starts: TypeAlias = Literal["random", "spread"]
"""How first centres are drawn: at random from the customers, or apart (k-means++, Arthur and Vassilvitskii 2007)."""

_STARTS = {"random": "random", "spread": "k-means++"}


def k_means(
    data: Floats, groups: int, rng: np.random.Generator, *, starts: Starts = "spread", restarts: int = 10
) -> Floats:
    """Find the centres that leave the least sum of squared distances, the best of several starts.

    Customers who are alike in everything are taken together, which changes nothing but the time it takes. Where there are
    fewer different customers than groups, there are as many centres as different customers.

    Args:
        data: What is known of each customer, scaled, nothing missing, shape (n, measures).
        groups: How many centres.
        rng: Of all that is random.
        starts: How first centres are drawn.
        restarts: How often.

    Returns:
        The centres, shape (groups, measures).

    >>> k_means(np.array([[0.0], [0.0], [9.0], [11.0]]), 2, np.random.default_rng(0)).ravel().tolist()
    [0.0, 10.0]
    """
    from sklearn.cluster import KMeans  # noqa: PLC0415 - takes seconds to load, and most commands do without

    if groups < 1 or restarts < 1:
        raise ModelError(f"groups: expected at least 1 group and 1 start, got {groups} and {restarts}")
    different, counts = distinct_rows(data)
    model = KMeans(
        min(groups, len(different)),
        init=_STARTS[starts],
        n_init=restarts,
        algorithm="lloyd",
        random_state=int(rng.integers(2**31)),
    )
    with _threads().limit(limits=1):
        centres = model.fit(different, sample_weight=counts.astype(np.float64)).cluster_centers_
    return np.asarray(centres[np.lexsort(centres.T[::-1])], dtype=np.float64)


def distinct_rows(data: Floats) -> tuple[Floats, Labels]:
    """Give the different rows of a table in order, shape (different, columns), and how often each is there.

    >>> rows, counts = distinct_rows(np.array([[1.0, 0.0], [0.0, 5.0], [1.0, 0.0]]))
    >>> rows.tolist(), counts.tolist()
    ([[0.0, 5.0], [1.0, 0.0]], [1, 2])
    """
    codes, first = np.zeros(len(data), dtype=np.int64), np.zeros(1, dtype=np.int64)
    for column in np.asarray(data).T:
        values, code = np.unique(column, return_inverse=True)
        _, first, codes = np.unique(codes * len(values) + code, return_index=True, return_inverse=True)
    return np.asarray(data[first]), np.bincount(codes, minlength=len(first))


@cache
def _threads() -> Any:
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415 - has to see the libraries that are loaded by now

    return ThreadpoolController()


def nearest(data: Floats, centres: Floats) -> Labels:
    """Give each customer the centre nearest to her, the first of several equally near, shape (n,).

    >>> nearest(np.array([[0.0], [4.0], [5.0], [9.0]]), np.array([[0.0], [10.0]])).tolist()
    [0, 0, 0, 1]
    """
    return np.asarray(((centres**2).sum(axis=1) - 2 * data @ centres.T).argmin(axis=1), dtype=np.int64)


def grouping(
    starts: Starts = "random", restarts: int = 10
) -> Callable[[Floats, int, np.random.Generator], Callable[[Floats], Labels]]:
    """Give k-means in the form that a test of stability takes: a function that fits, and gives one that assigns.

    Random starts, ten of them, are what published studies of stability mostly use (Dolnicar, Gruen and Leisch 2018). With
    more or better starts large numbers of groups are found again more often: a solution that takes luck to find counts as
    less stable here.

    >>> fit = grouping()
    >>> fit(np.array([[0.0], [1.0], [9.0]]), 2, np.random.default_rng(0))(np.array([[8.0], [2.0]])).tolist()
    [1, 0]
    """

    def fit(data: Floats, groups: int, rng: np.random.Generator) -> Callable[[Floats], Labels]:
        centres = k_means(data, groups, rng, starts=starts, restarts=restarts)
        return lambda other: nearest(other, centres)

    return fit
