import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn

from smalti.report.density import COLUMNS, ROWS, Scale, density, fit_scale

MINOR = hn.arrays(np.int64, st.integers(1, 60), elements=st.integers(-(10**12), 10**14))


@given(MINOR, st.integers(0, 2**32 - 1))
def test_everyone_is_on_the_map_once(x, seed):
    rng = np.random.default_rng(seed)
    y, known = rng.permutation(x) // 3, rng.random(len(x)) < 0.8
    kinds = rng.integers(-1, 4, len(x)).astype(np.int32)
    found = density(x, y, known, kinds, 100)
    if found is None:
        assert not x[known].any() and not y[known].any()
        return
    assert found.customers == known.sum() == sum(part.customers for part in found.bins)
    assert found.customers == sum(part.customers for part in found.quadrants)
    assert sum(part.x_total for part in found.quadrants) == x[known].sum()
    assert sum(part.y_total for part in found.quadrants) == y[known].sum()
    assert all(0 <= part.column < COLUMNS and 0 <= part.row < ROWS for part in found.bins)
    assert all(0 <= part.kind_share <= 1 for part in found.bins)


@given(hn.arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e10, 1e12)))
def test_a_scale_keeps_order_and_turns_back(values):
    scale = fit_scale(values)
    places = scale.position(np.sort(values))
    assert (np.diff(places) >= 0).all()
    assert places.min() >= 0 and places.max() <= 1
    for at in (0.0, 0.3, 1.0):
        assert scale.position(np.array([scale.value(at)]))[0] == pytest.approx(at, abs=1e-6)


@given(hn.arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e10, 1e12)))
def test_ticks_are_apart_ordered_and_inside(values):
    scale = fit_scale(values)
    ticks = scale.ticks(0.1)
    assert ticks == sorted(set(ticks))
    assert 0.0 in ticks
    assert all(scale.low <= tick <= scale.high for tick in ticks)
    assert (np.diff(scale.position(np.array(ticks))) >= 0.1 - 1e-9).all()


def test_the_commonest_kind_colours_a_bin():
    x = np.full(5, 1000)
    found = density(x, x, np.ones(5, bool), np.array([1, 1, 0, -1, 1], np.int32), 100)
    assert [(part.customers, part.kind, part.kind_share) for part in found.bins] == [(5, 1, 0.6)]


def test_quadrants_are_cut_at_the_averages():
    x, y = np.array([100, 300, 100, 300]), np.array([300, 300, 100, 100])
    found = density(x, y, np.ones(4, bool), np.zeros(4, np.int32), 100)
    assert (found.x_cut, found.y_cut) == (2.0, 2.0)
    assert [(part.upper, part.right, part.x_total, part.y_total) for part in found.quadrants] == [
        (True, False, 100, 300),
        (True, True, 300, 300),
        (False, False, 100, 100),
        (False, True, 300, 100),
    ]


def test_one_giant_does_not_squeeze_the_rest():
    values = np.append(np.linspace(1, 1000, 5_000), 1e9)
    assert fit_scale(values).high < 2_000


def test_nobody_known_is_no_map():
    nothing = np.zeros(3, np.int64)
    assert density(nothing, nothing, np.ones(3, bool), np.zeros(3, np.int32), 100) is None
    assert density(nothing + 1, nothing, np.zeros(3, bool), np.zeros(3, np.int32), 100) is None


def test_losses_have_a_place():
    scale = Scale(1.0, -100.0, 100.0)
    assert scale.position(np.array([-100.0, 0.0, 100.0])).tolist() == [0.0, 0.5, 1.0]
    assert -10.0 in scale.ticks()
