"""What each trait adds to a customer's raw score: exact Shapley values of trees.

The value of a coalition of traits is the tree's expectation when only these are known, the others being averaged by how
many rows went each way when the tree was fitted (path-dependent, Lundberg et al. 2020, "From local explanations to global
understanding with explainable AI for trees"). Trees are shallow, so the sum over coalitions is taken outright, once for
each pattern of answers; customers look theirs up.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from math import factorial, prod

import numpy as np

from smalti.models.arrays import Floats
from smalti.models.supervised.inputs import Encoded
from smalti.models.supervised.trees import Forest, Tree, blocks


def contributions(forest: Forest, data: Encoded, inputs: int) -> Floats:
    """Return the Shapley value of each input for each customer, shape (n, inputs).

    They sum to the raw score minus `forest.expected`.

    Args:
        forest: The trees.
        data: The inputs' values, n each.
        inputs: How many inputs there are.
    """
    rows = len(data[0]) if data else 0
    told = np.zeros((inputs, rows))
    tables = [_table(tree) for tree in forest.trees]
    for begin, part in blocks(data):
        until = begin + len(part[0])
        for tree, (features, table) in zip(forest.trees, tables, strict=True):
            codes = tree.codes(part, until - begin)
            for place, feature in enumerate(features):
                told[feature, begin:until] += table[place][codes]
    return np.ascontiguousarray(told.T)


@lru_cache(maxsize=4096)
def _table(tree: Tree) -> tuple[tuple[int, ...], Floats]:
    return shapley_table(tree)


def shapley_table(tree: Tree) -> tuple[tuple[int, ...], Floats]:
    """Return the inputs a tree asks about and the Shapley values of each for every code; shape (features, codes).

    >>> from smalti.models.supervised.trees import Question
    >>> shapley_table(Tree((Question(3, 2.5, None, False, -1, -2),), (-1.0, 1.0), (30, 10)))
    ((3,), array([[ 1.5, -0.5]]))
    """
    features = tuple(sorted({one.feature for one in tree.questions}))
    table = np.zeros((len(features), 1 << len(tree.questions)))
    counts = _counts(tree)
    for leaf, path in enumerate(_paths(tree)):
        known, unknown = _path_terms(tree, path, counts)
        _add_leaf(table, features, tree.values[leaf], known, unknown)
    return features, table


def _add_leaf(
    table: Floats, features: tuple[int, ...], value: float, known: dict[int, Floats], unknown: dict[int, float]
) -> None:
    """Add what a leaf gives each trait on its path: its value times what knowing the trait changes, over coalitions."""
    path = sorted(known)
    for feature in path:
        others = [one for one in path if one != feature]
        reach = np.zeros(table.shape[1])
        for size in range(len(others) + 1):
            weight = factorial(size) * factorial(len(others) - size) / factorial(len(path))
            for chosen in combinations(others, size):
                rest = prod(unknown[one] for one in others if one not in chosen)
                reach += weight * rest * np.prod([known[one] for one in chosen], axis=0)
        table[features.index(feature)] += value * (known[feature] - unknown[feature]) * reach


def _path_terms(
    tree: Tree, path: list[tuple[int, bool]], counts: dict[int, int]
) -> tuple[dict[int, Floats], dict[int, float]]:
    """Return for each trait on a path whether a code stays on it, and the share of rows that did where it is not known."""
    known: dict[int, Floats] = {}
    unknown: dict[int, float] = {}
    for place, yes in path:
        question = tree.questions[place]
        stays = (tree.answers[:, place] == yes).astype(np.float64)
        share = counts[question.left if yes else question.right] / counts[place]
        known[question.feature] = known.get(question.feature, np.ones(len(stays))) * stays
        unknown[question.feature] = unknown.get(question.feature, 1.0) * share
    return known, unknown


def _counts(tree: Tree) -> dict[int, int]:
    """Return the rows fitted on at each question and leaf; children come after their parents."""
    counts = {~leaf: count for leaf, count in enumerate(tree.counts)}
    for place in range(len(tree.questions) - 1, -1, -1):
        question = tree.questions[place]
        counts[place] = counts[question.left] + counts[question.right]
    return counts


def _paths(tree: Tree) -> list[list[tuple[int, bool]]]:
    """Return the questions and answers that lead to each leaf."""
    paths: list[list[tuple[int, bool]]] = [[] for _ in tree.values]
    open_paths: list[tuple[int, list[tuple[int, bool]]]] = [(0, [])] if tree.questions else []
    while open_paths:
        place, path = open_paths.pop()
        question = tree.questions[place]
        for yes, target in ((True, question.left), (False, question.right)):
            longer = [*path, (place, yes)]
            if target < 0:
                paths[~target] = longer
            else:
                open_paths.append((target, longer))
    return paths
