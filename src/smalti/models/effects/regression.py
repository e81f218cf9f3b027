"""Boosted trees for means of anything, signs and all (squared error), by scikit-learn, taken out as plain numbers.

Each forest is grown in one thread, several forests side by side, and the same rows in the same order give the same trees.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from smalti.models.arrays import Floats, Integers
from smalti.models.slices import SLICE, side_by_side
from smalti.models.supervised.boosting import matrix, taken_out, varies
from smalti.models.supervised.inputs import Encoded, Input
from smalti.models.supervised.trees import Forest, Tree

ROUNDS = 18
"""A forest has at most so many trees."""

EVERY = 3
"""Sizes that are tried are multiples of this, and 0."""

_RATE, _RIDGE = 0.2, 1.0


@dataclass(frozen=True, eq=False)
class Lesson:
    """Something to learn from some rows.

    Attributes:
        rows: The places of the rows.
        target: What came, for these rows; shape (rows,).
        least: The fewest rows in a leaf.
        weight: How much each row counts; None where all count the same.
        leaves: The most leaves of a tree; with 4 it asks 2 questions of anyone, with 8 up to 4.
    """

    rows: Integers
    target: Floats
    least: int
    weight: Floats | None = None
    leaves: int = 8


def grow_all(inputs: Sequence[Input], data: Encoded, lessons: Sequence[Lesson], seed: int) -> list[Forest]:
    """Grow a forest for each lesson.

    Args:
        inputs: What the values in `data` are.
        data: The inputs' values, n each; none where there are no inputs: forests are then means.
        lessons: What to learn.
        seed: Of what little is random: the rows by which numbers are cut into bins, where there are more than 200,000.
    """
    if not inputs:
        return [_mean(lesson) for lesson in lessons]
    controller = _openmp()
    if controller is None:
        return [_grow(inputs, data, lesson, seed) for lesson in lessons]

    def one(place: int) -> Forest:
        with controller.limit(limits=1, user_api="openmp"):
            return _grow(inputs, data, lessons[place], seed)

    # scikit-learn sets and resets the filters of warnings in every fit, which threads cannot share: what they leave behind
    # is put back here, and what it then warns of says nothing about the data
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("ignore")
        return side_by_side(one, range(len(lessons)))


@lru_cache(maxsize=1)
def _openmp() -> Any:
    import sklearn.ensemble  # noqa: F401, PLC0415 - takes seconds to load, and most commands do without
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415 - has to see the libraries that are loaded by now

    return ThreadpoolController()


def _grow(inputs: Sequence[Input], data: Encoded, lesson: Lesson, seed: int) -> Forest:
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 - as above

    part = tuple(column[lesson.rows] for column in data)
    places = [place for place, column in enumerate(part) if varies(inputs[place], column)]
    if not places or len(lesson.rows) < 2 * lesson.least or bool((lesson.target == lesson.target[0]).all()):
        return _mean(lesson)
    settings: dict[str, Any] = {
        "learning_rate": _RATE,
        "max_iter": ROUNDS,
        "max_leaf_nodes": lesson.leaves,
        "max_depth": lesson.leaves // 2,
        "min_samples_leaf": lesson.least,
        "l2_regularization": _RIDGE,
        "early_stopping": False,
        "random_state": seed % 2**32,
        "categorical_features": [inputs[place].kind == "category" for place in places],
    }
    model = HistGradientBoostingRegressor(**settings)
    model.fit(matrix(inputs, part, places), lesson.target, sample_weight=lesson.weight)
    return taken_out(model, 0, inputs, places)


def _mean(lesson: Lesson) -> Forest:
    return Forest(float(np.average(lesson.target, weights=lesson.weight)) if len(lesson.target) else 0.0, ())


def raw_of(forest: Forest, data: Encoded, rows: Integers) -> Floats:
    """Return what a forest says of some rows, shape (rows,)."""
    if not data or not forest.trees or not len(rows):
        return np.full(len(rows), forest.start)

    def part(start: int) -> Floats:
        return forest.raw(tuple(column[rows[start : start + SLICE]] for column in data))

    return np.concatenate(side_by_side(part, range(0, len(rows), SLICE)))


def costs(forest: Forest, data: Encoded, lesson: Lesson, step: int = 1) -> Floats:
    """Return the sum of squared errors on a lesson's rows of a forest's first 0, `EVERY`, 2 `EVERY` ... rounds.

    A forest that is shorter stays as it is; shape (1 + ROUNDS / EVERY,).

    Args:
        forest: The trees.
        data: The inputs' values, n each.
        lesson: The rows to try it on.
        step: How many trees are a round.
    """
    sizes = 1 + ROUNDS // EVERY
    if not data or not forest.trees:
        return np.full(sizes, float(((lesson.target - forest.start) ** 2).sum()))

    def part(start: int) -> Floats:
        rows = lesson.rows[start : start + SLICE]
        columns, apart = tuple(column[rows] for column in data), lesson.target[start : start + SLICE] - forest.start
        told = [float(apart @ apart)]
        for place, tree in enumerate(forest.trees, start=1):
            apart -= tree.table[tree.codes(columns, len(rows))]
            if place % (step * EVERY) == 0:
                told.append(float(apart @ apart))
        return np.array(told + [float(apart @ apart)] * (sizes - len(told)))

    return np.asarray(np.sum(side_by_side(part, range(0, len(lesson.rows), SLICE)), axis=0))


def combined(forests: Sequence[Forest], factors: Sequence[float], start: float = 0.0) -> Forest:
    """Return the weighted sum of forests, and a start, as one forest.

    >>> combined([Forest(2.0, ()), Forest(4.0, ())], [0.5, 0.5], start=1.0).start
    4.0
    """
    trees = [
        Tree(tree.questions, tuple(factor * value for value in tree.values), tree.counts)
        for forest, factor in zip(forests, factors, strict=True)
        if factor != 0.0
        for tree in forest.trees
    ]
    begin = start + sum(factor * forest.start for forest, factor in zip(forests, factors, strict=True))
    return Forest(float(begin), tuple(trees))


def mean_of(forests: Sequence[Forest]) -> Forest:
    """Return the mean of forests as one forest."""
    return combined(forests, [1.0 / len(forests)] * len(forests))
