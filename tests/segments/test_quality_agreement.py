"""Agreement of groupings: by hand, by law, and against scikit-learn's own reckoning."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from smalti.errors import ModelError
from smalti.segments.quality.agreement import (
    adjusted_rand,
    adjusted_rand_of,
    contingency,
    jaccard,
    jaccard_of,
)

LABELS = st.integers(2, 40).flatmap(
    lambda n: st.tuples(*(st.lists(st.integers(0, 4), min_size=n, max_size=n) for _ in range(2)))
)


def test_the_index_by_hand():
    """The table of Hubert and Arabie's kind, step by step: rows 2, 4, 4; columns 2, 3, 5; ten customers, 45 pairs.

    Together: C(1)+C(1)+C(1)+C(2)+C(1)+C(4) = 0+0+0+1+0+6 = 7. Rows: 1+6+6 = 13. Columns: 1+3+10 = 14.
    By chance 13*14/45 = 4.0444; most (13+14)/2 = 13.5. (7 - 4.0444) / (13.5 - 4.0444) = 133/425.5.
    """
    assert adjusted_rand_of([[1, 1, 0], [1, 2, 1], [0, 0, 4]]) == pytest.approx(133 / 425.5)


@settings(deadline=None, max_examples=200)
@given(LABELS)
def test_it_is_what_scikit_learn_says(labels):
    first, second = labels
    assert adjusted_rand(first, second) == pytest.approx(adjusted_rand_score(first, second), abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(LABELS, st.permutations(range(5)))
def test_names_do_not_matter_nor_which_comes_first(labels, names):
    first, second = labels
    renamed = [names[label] for label in first]
    assert adjusted_rand(renamed, second) == pytest.approx(adjusted_rand(first, second), abs=1e-12)
    assert adjusted_rand(second, first) == pytest.approx(adjusted_rand(first, second), abs=1e-12)
    assert adjusted_rand(first, renamed) == pytest.approx(1.0)


@settings(deadline=None, max_examples=60)
@given(LABELS, st.data())
def test_a_weight_is_so_many_customers(labels, data):
    first, second = (np.array(one) for one in labels)
    weights = np.array(data.draw(st.lists(st.integers(1, 4), min_size=len(first), max_size=len(first))))
    spread = adjusted_rand(np.repeat(first, weights), np.repeat(second, weights))
    assert adjusted_rand(first, second, weights) == pytest.approx(spread, abs=1e-12)


def test_unrelated_groupings_agree_by_chance_alone():
    rng = np.random.default_rng(0)
    indexes = [adjusted_rand(rng.integers(0, 3, 100), rng.integers(0, 5, 100)) for _ in range(500)]
    assert abs(np.mean(indexes)) < 3 * np.std(indexes) / np.sqrt(500)


def test_nobodys_are_a_group_or_set_aside():
    first, second = [0, 0, 1, 1, -1], [0, 0, 1, -1, -1]
    assert contingency(first, second).tolist() == [[2, 0, 0], [0, 1, 1], [0, 0, 1]]
    assert contingency(first, second, nobody="aside").tolist() == [[2, 0], [0, 1]]
    assert adjusted_rand(first, second) == pytest.approx(adjusted_rand_score(first, second))
    assert adjusted_rand(first, second, nobody="aside") == 1.0


def test_jaccard_by_hand():
    table = [[3, 1], [2, 4]]
    assert jaccard_of(table).round(6).tolist() == [[0.5, round(1 / 8, 6)], [round(2 / 9, 6), round(4 / 7, 6)]]
    assert jaccard([1, 1, 1, 0], [0, 1, 1, 1]) == 0.5
    assert jaccard([1, 1, 0], [0, 1, 1], weights=[1, 4, 5]) == 0.4
    assert np.isnan(jaccard([0, 0], [0, 0]))
    assert jaccard([0, 0], [1, 0]) == 0


@pytest.mark.parametrize(
    ("first", "second", "weights"),
    [([0, 1], [0], None), ([0, -2], [0, 0], None), ([0, 1], [0, 1], [1, -1]), ([0, 1], [0, 1], [1, np.nan])],
)
def test_what_makes_no_sense_is_refused(first, second, weights):
    with pytest.raises(ModelError):
        contingency(first, second, weights)


def test_one_customer_makes_no_pair():
    with pytest.raises(ModelError, match="at least 2 customers"):
        adjusted_rand([0], [0])
