"""What sets members apart: Cliff's delta as it is defined, over all pairs; ranks as the field's own library gives them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from smalti.segments import profile, rank

VALUES = st.lists(
    st.tuples(st.booleans(), st.one_of(st.just(np.nan), st.integers(-3, 3).map(float), st.floats(-1e9, 1e9))),
    max_size=40,
)


@given(VALUES)
def test_ranks_are_average_ranks_of_the_known(rows):
    values = np.array([value for _, value in rows], dtype=np.float64)
    known = ~np.isnan(values)
    wanted = np.full(len(values), np.nan)
    wanted[known] = rankdata(values[known])
    assert np.array_equal(rank(values), wanted, equal_nan=True)


@given(VALUES)
def test_the_effect_is_cliffs_delta_over_all_pairs(rows):
    member = np.array([inside for inside, _ in rows], dtype=bool)
    values = np.array([value for _, value in rows], dtype=np.float64)
    known = ~np.isnan(values)
    inside, outside = values[member & known], values[~member & known]
    found = profile(member, {"x": values}, {"x": rank(values)})
    if not len(inside) or not len(outside):
        assert found == []
        return
    [contrast] = found
    pairs = np.sign(inside[:, None] - outside[None, :])
    assert contrast.effect == pytest.approx(pairs.mean(), abs=1e-12)
    assert -1 <= contrast.effect <= 1
    assert contrast.inside == np.median(inside)
    assert contrast.outside == np.median(outside)


@given(VALUES)
def test_an_order_kept_is_an_effect_kept_and_an_order_turned_is_turned(rows):
    member = np.array([inside for inside, _ in rows], dtype=bool)
    values = np.array([value for _, value in rows], dtype=np.float64)

    def effects(column):
        return [one.effect for one in profile(member, {"x": column}, {"x": rank(column)})]

    plain = effects(values)
    assert effects(values / 4) == plain
    assert effects(-values) == pytest.approx([-effect for effect in plain], abs=1e-12)
    assert [one.effect for one in profile(~member, {"x": values}, {"x": rank(values)})] == pytest.approx(
        [-effect for effect in plain], abs=1e-12
    )


def test_the_largest_effect_comes_first_whatever_its_sign_and_equals_go_by_name():
    member = np.array([True, True, False, False])
    values = {
        "weak": np.array([1.0, 3.0, 2.0, 0.0]),
        "same_b": np.array([1.0, 2.0, 3.0, 4.0]),
        "same_a": np.array([4.0, 3.0, 2.0, 1.0]),
        "flat": np.ones(4),
        "unknown": np.full(4, np.nan),
    }
    found = profile(member, values, {name: rank(column) for name, column in values.items()})
    assert [(one.trait, one.effect) for one in found] == [
        ("same_a", 1.0),
        ("same_b", -1.0),
        ("weak", 0.5),
        ("flat", 0.0),
    ]
