"""The individual inside the segment: who is unlike the rest, whom the typical value misleads, what one plan for all costs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.segments import Spread, distance, measured, misled, one_for_all, unlike
from smalti.segments.effects import spread
from smalti.segments.individuals import FAR, unlike_members

AMOUNTS = st.lists(st.integers(-50, 200).map(float), min_size=1, max_size=40)


def of(values):
    trait = measured("x", np.array(values, dtype=np.float64))
    return spread(trait.values, trait.counts(np.arange(len(values))))


@given(AMOUNTS)
def test_who_is_unlike_lies_outside_the_middle_and_far_from_it(values):
    column, inside = np.array(values), of(values)
    found = unlike(column, inside)
    far = distance(column, inside)
    for value, told, away in zip(values, found, far, strict=True):
        outside = value < inside.bottom or value > inside.top
        assert (told != 0) == (outside and abs(away) >= FAR)
        assert told in (0, away)
    assert (found != 0).mean() <= 0.05 + 2 / len(values)


def test_ordinary_people_have_nothing():
    values = np.random.default_rng(0).normal(100, 15, 5_000)
    assert (unlike(values, of(values)) != 0).mean() == pytest.approx(0.046, abs=0.006)
    assert not unlike(np.random.default_rng(0).uniform(100, 110, 5_000), of(np.linspace(100, 110, 999))).any()


def test_where_all_are_alike_the_scale_is_a_tenth_of_the_median_or_one():
    assert distance(np.array([12.0]), Spread(9, 10, 10, 10, 10, 10)).tolist() == [2.0]
    assert distance(np.array([3.0]), Spread(9, 0, 0, 0, 0, 0)).tolist() == [3.0]


def test_members_are_unlike_in_any_trait_and_the_unknown_in_none():
    first = np.array([1.0, 2, 3, 2, 1, 3, 2, 900, 2, 2])
    second = np.array([5.0, 5, 5, 5, 5, -400, 5, 5, np.nan, 5])
    traits = [measured("a", first), measured("b", second)]
    spreads = [spread(trait.values, trait.counts(np.arange(10))) for trait in traits]
    assert np.flatnonzero(unlike_members(traits, spreads, np.arange(10))).tolist() == [5, 7]


@given(AMOUNTS)
def test_the_typical_value_misleads_by_more_than_a_factor_of_two(values):
    found = misled(measured("x", np.array([*values, np.nan])), np.arange(len(values) + 1))
    median = np.median(values)
    off = sum(value != 0 if median == 0 else not 0.5 <= value / median <= 2 for value in values)
    assert (found.median, found.known, found.off) == (pytest.approx(median), len(values), off)
    assert 0 <= found.low <= found.share <= found.high <= 1


def test_nothing_is_typical_of_nobody():
    assert misled(measured("x", np.array([np.nan, 1.0])), np.array([0])) is None
    assert one_for_all(np.zeros((2, 0)), np.array([], dtype=np.int64)).strategy == -1


@given(st.integers(1, 30), st.integers(0, 10_000))
def test_one_strategy_for_all_never_beats_each_her_own_best(members, seed):
    rng = np.random.default_rng(seed)
    gains = np.where(rng.random((4, 30)) < 0.7, rng.integers(0, 50, (4, 30)), 0).astype(float)
    primary, inside = gains.argmax(axis=0), np.arange(members)
    found = one_for_all(gains[:, inside], primary[inside])
    alone = [gains[place, inside].sum() for place in range(4)]
    assert found.own == gains[:, inside].max(axis=0).sum()
    assert found.alike == alone[found.strategy]
    assert found.best_alike == max(alone)
    assert found.lost >= found.own - found.best_alike >= 0
    assert found.another == (primary[inside] != found.strategy).sum()
    assert (found.another == 0) <= (found.lost == 0)
