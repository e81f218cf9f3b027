from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.errors import ModelError
from smalti.models import group_histories

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(2, 4)), max_size=30)


def columns(rows):
    array = np.array(rows, dtype=float).reshape(-1, 3)
    array[array[:, 0] == 0, 1] = 0
    return array.T


@given(ROWS, st.randoms(use_true_random=False))
def test_grouping_counts_each_history_once_whatever_the_order(rows, random):
    shuffled = random.sample(rows, len(rows))
    first, second = group_histories(*columns(rows)), group_histories(*columns(shuffled))
    expected: dict[tuple[float, ...], int] = {}
    for row in columns(rows).T.tolist():
        expected[tuple(row)] = expected.get(tuple(row), 0) + 1
    got = list(zip(first.repeats, first.recency, first.age, strict=True))
    assert got == sorted(expected)
    assert first.weights.tolist() == [expected[row] for row in sorted(expected)]
    assert first.customers == len(rows)
    for name in ("repeats", "recency", "age", "weights"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes()


@pytest.mark.parametrize(
    ("history", "says"),
    [
        (([1, 2], [1, 5], [3, 4]), "row 1 has its last purchase after the as-of instant: repeats 2, recency 5, age 4"),
        (([1, 0], [1, 2], [3, 4]), "row 1 has no repeat purchase"),
        (([1.5], [1], [3]), "row 0 has a fraction of a purchase"),
        (([1, np.nan], [1, 1], [3, 3]), "repeats: row 1: expected a finite number"),
        (([1], [-1], [3]), "recency: row 0"),
        (([1], [1], [np.inf]), "age: row 0"),
        (([1, 2, 3], [1, 2], [4, 4]), r"one length, got the shapes \(3,\), \(2,\), \(2,\)"),
        ((["a"], [1], [4]), "repeats: expected numbers"),
    ],
)
def test_impossible_histories_are_named(history, says):
    with pytest.raises(ModelError, match=says):
        group_histories(*history)


def test_weights_need_a_row_each_and_zero_leaves_out():
    with pytest.raises(ModelError, match="weights: expected one for each of 2 rows, got 3"):
        group_histories([0, 1], [0, 1], [2, 2], [1, 1, 1])
    assert group_histories([0, 1], [0, 1], [2, 2], [0, 3]).repeats.tolist() == [1]
