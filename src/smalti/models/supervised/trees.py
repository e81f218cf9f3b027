"""Boosted trees as plain numbers, and their sums for many customers or for one, the same to the last bit.

A tree asks at most 8 questions. All are asked of all customers, each answer is one bit, and the bits together say in
which leaf a customer is: a table of at most 256 entries. That is quicker than walking, and gives Shapley values alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smalti.errors import ModelError
from smalti.models.arrays import Booleans, Floats, Integers
from smalti.models.stored import same_names
from smalti.models.supervised.inputs import Encoded

MOST_QUESTIONS = 8
"""A tree may ask so many; more would not fit a byte."""

_BLOCK = 16_384


@dataclass(frozen=True)
class Question:
    """What an inner node asks: yes goes left.

    Attributes:
        feature: Place of the input.
        threshold: For a number, yes means at most this.
        categories: For a category, the codes that mean yes; None for a number.
        missing: Whether missing means yes.
        left: Where yes leads: a question, or the complement of a leaf (-1 is leaf 0, -2 leaf 1 ...).
        right: Where no leads.
    """

    feature: int
    threshold: float
    categories: tuple[int, ...] | None
    missing: bool
    left: int
    right: int

    def bits(self, column: NDArray[Any]) -> Booleans:
        """Answer for many: True is yes, or no where `missing` of a number is yes (see `yes_is`)."""
        if self.categories is not None:
            return np.asarray(self._table[column])
        return np.asarray(column > self.threshold if self.missing else column <= self.threshold)

    @property
    def yes_is(self) -> bool:
        """Which bit means yes: comparisons with NaN are False, and so one comparison is enough."""
        return self.categories is not None or not self.missing

    @cached_property
    def _table(self) -> Booleans:
        table = np.zeros(256, dtype=np.bool_)
        table[list(self.categories or ())] = True
        return table


@dataclass(frozen=True)
class Tree:
    """One tree.

    Attributes:
        questions: Inner nodes, the root first; none where the tree is a single leaf.
        values: What each leaf adds to the raw score.
        counts: How many rows it was fitted on lie in each leaf.
    """

    questions: tuple[Question, ...]
    values: tuple[float, ...]
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.questions) > MOST_QUESTIONS:
            raise ModelError(f"expected trees of at most {MOST_QUESTIONS} questions, got one of {len(self.questions)}")

    def codes(self, columns: Sequence[NDArray[Any]], rows: int) -> NDArray[np.uint8]:
        """Return the answers of each customer as the bits of a byte, shape (rows,)."""
        code = np.zeros(rows, dtype=np.uint8)
        for place, question in enumerate(self.questions):
            code |= question.bits(columns[question.feature]).view(np.uint8) << np.uint8(place)
        return code

    @cached_property
    def answers(self) -> Booleans:
        """Whether the answer to each question is yes, for each code; shape (codes, questions)."""
        codes = np.arange(1 << len(self.questions))
        bits = [(codes >> place & 1) == one.yes_is for place, one in enumerate(self.questions)]
        return np.array(bits, dtype=np.bool_).reshape(len(self.questions), len(codes)).T

    @cached_property
    def leaves(self) -> Integers:
        """The leaf of each code, shape (codes,)."""
        return np.array([self._leaf(answers) for answers in self.answers.tolist()], dtype=np.int64)

    @cached_property
    def table(self) -> Floats:
        """What each code adds to the raw score, shape (codes,)."""
        return np.array(self.values)[self.leaves]

    def one(self, row: Sequence[float]) -> float:
        """Return what the tree adds for one customer."""
        place = 0 if self.questions else -1
        while place >= 0:
            feature, threshold, categories, missing, left, right = self._steps[place]
            value = row[feature]
            if categories is not None:
                place = left if value in categories else right
            elif value <= threshold:
                place = left
            else:
                place = left if missing and value != value else right  # noqa: PLR0124 - NaN
        return self.values[~place]

    @cached_property
    def _steps(self) -> tuple[tuple[int, float, tuple[int, ...] | None, bool, int, int], ...]:
        return tuple((q.feature, q.threshold, q.categories, q.missing, q.left, q.right) for q in self.questions)

    def _leaf(self, answers: Sequence[bool]) -> int:
        place = 0 if self.questions else -1
        while place >= 0:
            place = self.questions[place].left if answers[place] else self.questions[place].right
        return ~place


@dataclass(frozen=True)
class Forest:
    """Trees whose sum, with a start, is a raw score.

    Attributes:
        start: The raw score before any tree.
        trees: In the order in which they are added.

    >>> tree = Tree((Question(0, 2.5, None, False, -1, -2),), (-1.0, 0.5), (30, 10))
    >>> Forest(0.25, (tree, tree)).raw((np.array([1.0, 3.0, np.nan]),)).tolist()
    [-1.75, 1.25, 1.25]
    """

    start: float
    trees: tuple[Tree, ...]

    def raw(self, data: Encoded) -> Floats:
        """Return the raw scores, shape (n,): sums in the order of the trees."""
        rows = len(data[0]) if data else 0
        out = np.full(rows, self.start)
        for begin, part in blocks(data):
            told = out[begin : begin + len(part[0])]
            for tree in self.trees:
                told += tree.table[tree.codes(part, len(told))]
        return out

    def raw_one(self, row: Sequence[float]) -> float:
        """Return the raw score of one customer, equal to `raw` bit for bit."""
        total = self.start
        for tree in self.trees:
            total += tree.one(row)
        return total

    def first(self, trees: int) -> Forest:
        """Return the forest of the first trees."""
        return Forest(self.start, self.trees[:trees])

    @property
    def expected(self) -> float:
        """The mean raw score of the rows it was fitted on."""
        means = (np.dot(tree.values, tree.counts) / sum(tree.counts) for tree in self.trees)
        return self.start + float(sum(means))

    def to_dict(self) -> dict[str, Any]:
        """Return the forest as lists of numbers."""
        trees = [asdict(tree) for tree in self.trees]
        return {
            "start": self.start,
            "trees": [
                {
                    "questions": [list(one.values()) for one in tree["questions"]],
                    "values": list(tree["values"]),
                    "counts": list(tree["counts"]),
                }
                for tree in trees
            ],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Forest:
        """Return the forest that `to_dict` gave.

        Raises:
            ModelError: When a name is missing or unknown.
        """
        same_names(cls.__name__, stored, ["start", "trees"])
        return cls(stored["start"], tuple(_tree(one) for one in stored["trees"]))


def _tree(stored: Mapping[str, Any]) -> Tree:
    same_names("Tree", stored, ["questions", "values", "counts"])
    questions = []
    for feature, threshold, categories, missing, left, right in stored["questions"]:
        codes = None if categories is None else tuple(categories)
        questions.append(Question(feature, threshold, codes, missing, left, right))
    return Tree(tuple(questions), tuple(stored["values"]), tuple(stored["counts"]))


def blocks(data: Encoded) -> Iterator[tuple[int, Encoded]]:
    """Yield the rows in blocks that fit a processor's cache, each with where it begins."""
    rows = len(data[0]) if data else 0
    for begin in range(0, rows, _BLOCK):
        yield begin, tuple(column[begin : begin + _BLOCK] for column in data)
