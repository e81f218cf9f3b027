from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.errors import ModelError
from smalti.models import group_histories
from smalti.models.distinct import distinct_of

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


def test_grouping_is_the_same_where_the_numbers_do_not_pack(monkeypatch):
    rows = columns([(i % 4, i % 3, 2 + i % 3) for i in range(60)])
    packed = group_histories(*rows)
    monkeypatch.setattr("smalti.models.buying.histories.packed", lambda *asked: None)
    plain = group_histories(*rows)
    for name in ("repeats", "recency", "age", "weights"):
        assert getattr(packed, name).tolist() == getattr(plain, name).tolist()


def test_bins_keep_customers_repeats_and_mean_times(simulated):
    base = simulated("mbg_nbd", (0.6, 6.0, 0.9, 2.0), customers=3_000, seed=3)
    whole = group_histories(base.x, base.t_x, base.T)
    few = whole.binned(8)
    assert len(few) < len(whole) / 3
    assert few.customers == whole.customers
    for name in ("repeats", "recency", "age"):
        means = [(h.weights * getattr(h, name)).sum() / h.customers for h in (few, whole)]
        assert means[0] == pytest.approx(means[1], rel=1e-12)
    group_histories(few.repeats, few.recency, few.age, few.weights)


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, 5.0, 1 / 7, 2 / 7, 1e-7, 3.5e6]) | st.floats(0, 9), max_size=40))
def test_distinct_values_and_places_give_the_column_back(values):
    column = np.array(values)
    found, places = distinct_of(column)
    assert found.tolist() == sorted(set(values))
    assert found[places].tolist() == values


def test_distinct_values_beyond_the_first_glance_are_seen():
    column = np.concatenate([np.arange(5_000.0) % 7, [0.5, 3.25, 3.26]])
    found, places = distinct_of(column)
    assert found.tolist() == [0, 0.5, 1, 2, 3, 3.25, 3.26, 4, 5, 6]
    assert np.array_equal(found[places], column)
    assert distinct_of(np.zeros(0))[0].size == 0


def test_distinct_values_are_told_apart_however_close():
    column = np.array([0.0, 5e-324, 2e-309, 0.0])
    found, places = distinct_of(column)
    assert found[places].tolist() == column.tolist() and found.size == 3
