"""Gradient boosting by scikit-learn (histograms; Friedman 2001, Ke et al. 2017), taken out as plain numbers.

Few shallow trees: at most 8 leaves and 4 questions deep, a tenth of each step, at most 200. The same rows in the same order
give the same trees on any number of threads (scikit-learn sums each input's histogram in one thread).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from smalti.models.arrays import Floats, Integers
from smalti.models.supervised.inputs import Encoded, Input
from smalti.models.supervised.training import Task
from smalti.models.supervised.trees import Forest, Question, Tree

MOST_ROUNDS = 200
"""A forest has at most so many trees (for each class)."""

_LEAVES, _DEPTH, _RATE, _SMALLEST_LEAF, _RIDGE = 8, 4, 0.1, 30, 1.0
_NEVER = -30.0
"""The raw score of a class that no row learnt from had."""


def grow(
    task: Task,
    inputs: Sequence[Input],
    data: Encoded,
    target: Floats | Integers,
    *,
    classes: int,
    rounds: int,
    seed: int,
) -> tuple[Forest, ...]:
    """Fit forests: one for a chance (log-odds) or an amount (logarithm), one per class for a category (softmax).

    Args:
        task: What is foretold.
        inputs: What the values in `data` are.
        data: The inputs' values, n each.
        target: 0 or 1; an amount of at least 0; or the number of a class; shape (n,).
        classes: How many classes there are.
        rounds: How many trees (per class).
        seed: Of what little is random: the rows by which numbers are cut into bins, where there are more than 200,000.
    """
    if task != "category":
        return (_one_forest(task, inputs, data, target, rounds, seed),)
    there = np.unique(target)
    if len(there) < 2:
        return tuple(Forest(0.0 if place in there else _NEVER, ()) for place in range(classes))
    if len(there) == 2:
        # with two classes scikit-learn fits the log-odds of the second
        second = _one_forest("chance", inputs, data, (target == there[1]).astype(np.float64), rounds, seed)
        given = {int(there[0]): Forest(0.0, ()), int(there[1]): second}
    else:
        model, places = _fitted("category", inputs, data, target, rounds, seed)
        given = {int(place): taken_out(model, k, inputs, places) for k, place in enumerate(there)}
    return tuple(given.get(place, Forest(_NEVER, ())) for place in range(classes))


def _one_forest(
    task: Task, inputs: Sequence[Input], data: Encoded, target: Floats | Integers, rounds: int, seed: int
) -> Forest:
    if len(np.unique(target)) < 2:
        return Forest(_start(task, float(target[0])), ())
    model, places = _fitted(task, inputs, data, target, rounds, seed)
    return taken_out(model, 0, inputs, places)


def _start(task: Task, value: float) -> float:
    if task == "amount":
        return float(np.log(value)) if value > 0 else _NEVER
    return -_NEVER if value else _NEVER


def _fitted(
    task: Task, inputs: Sequence[Input], data: Encoded, target: Floats | Integers, rounds: int, seed: int
) -> tuple[Any, list[int]]:
    """Fit; return the model and which inputs it was given (those that are the same for all rows are left out)."""
    from sklearn.ensemble import (  # noqa: PLC0415 - takes seconds to load, and most commands do without
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
    )

    places = [place for place, column in enumerate(data) if varies(inputs[place], column)]
    settings: dict[str, Any] = {
        "learning_rate": _RATE,
        "max_iter": rounds,
        "max_leaf_nodes": _LEAVES,
        "max_depth": _DEPTH,
        "min_samples_leaf": _SMALLEST_LEAF,
        "l2_regularization": _RIDGE,
        "early_stopping": False,
        "random_state": seed % 2**32,
        "categorical_features": [inputs[place].kind == "category" for place in places] or None,
    }
    wanted = HistGradientBoostingClassifier if task != "amount" else HistGradientBoostingRegressor
    model = wanted(**settings, loss="log_loss" if task != "amount" else "poisson")
    return model.fit(matrix(inputs, data, places), target), places


def matrix(inputs: Sequence[Input], data: Encoded, places: Sequence[int]) -> Floats:
    """Return some inputs as one array of floats, NaN where missing; shape (n, inputs), or (n, 1) of 0 where there are none."""
    rows = len(data[0]) if data else 0
    if not places:
        return np.zeros((rows, 1))
    return np.column_stack([_floats(inputs[place], data[place]) for place in places])


def _floats(one: Input, column: Floats | Integers) -> Floats:
    if one.kind == "number":
        return np.asarray(column, dtype=np.float64)
    return np.where(column == len(one.categories), np.nan, column.astype(np.float64))


def varies(one: Input, column: Floats | Integers) -> bool:
    """Return whether an input tells rows apart: by its values, or by whether it is missing.

    >>> number = Input("age", "number")
    >>> [varies(number, np.array(values)) for values in ([1.0, 1.0], [1.0, np.nan], [np.nan, np.nan])]
    [False, True, False]
    """
    values = _floats(one, column)
    known = values[~np.isnan(values)]
    return bool(len(known)) and (len(known) < len(values) or bool((known != known[0]).any()))


def taken_out(model: Any, place: int, inputs: Sequence[Input], places: Sequence[int]) -> Forest:
    """Take a forest out of a model that scikit-learn fitted.

    Args:
        model: One of its gradient boosting of histograms.
        place: Of the class, 0 where there are no classes.
        inputs: What the values it was fitted on are.
        places: Which inputs it was given, in the order of its columns.
    """
    encoder = model._preprocessor.named_transformers_["encoder"] if model._preprocessor is not None else None
    codes = [values[~np.isnan(values)].astype(int).tolist() for values in encoder.categories_] if encoder else []
    trees = tuple(_tree(one[place], inputs, places, codes) for one in model._predictors)
    return Forest(float(np.ravel(model._baseline_prediction)[place]), trees)


def _tree(predictor: Any, inputs: Sequence[Input], places: Sequence[int], codes: Sequence[Sequence[int]]) -> Tree:
    """Take a tree out: its questions in order of depth, its leaves from left to right as they are stored."""
    nodes = predictor.nodes
    inner = [row for row in range(len(nodes)) if not nodes[row]["is_leaf"]]
    leaves = [row for row in range(len(nodes)) if nodes[row]["is_leaf"]]
    new = {row: number for number, row in enumerate(inner)} | {row: ~number for number, row in enumerate(leaves)}
    questions = tuple(
        _question(nodes[row], predictor.raw_left_cat_bitsets, inputs, places, codes, new) for row in inner
    )
    return Tree(
        questions,
        tuple(float(nodes[row]["value"]) for row in leaves),
        tuple(int(nodes[row]["count"]) for row in leaves),
    )


def _question(
    node: Any,
    bitsets: Any,
    inputs: Sequence[Input],
    places: Sequence[int],
    codes: Sequence[Sequence[int]],
    new: dict[int, int],
) -> Question:
    feature, missing = int(node["feature_idx"]), bool(node["missing_go_to_left"])
    left, right = new[int(node["left"])], new[int(node["right"])]
    place = places[feature]
    if not node["is_categorical"]:
        # an infinite threshold parts the missing from the rest; the largest float does the same and JSON has it
        threshold = min(float(node["num_threshold"]), sys.float_info.max)
        return Question(place, threshold, None, missing, left, right)
    bits, present = bitsets[int(node["bitset_idx"])], codes[feature]
    yes = {code for number, code in enumerate(present) if bits[number // 32] >> np.uint32(number % 32) & 1}
    if missing:
        yes |= set(range(len(inputs[place].categories) + 1)) - set(present)
    return Question(place, 0.0, tuple(sorted(yes)), missing, left, right)
