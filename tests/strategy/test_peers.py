"""Comparable customers: quarters and quantiles as they are defined, one customer at a time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from smalti.rules import quantile_of
from smalti.strategy.peers import LEAST_PEERS, cells, peer_quantile, quarters

SMALL = st.one_of(st.just(np.nan), st.integers(0, 5).map(float), st.floats(-1e6, 1e6))


@given(arrays(np.float64, st.integers(0, 60), elements=SMALL))
def test_a_quarter_is_how_many_of_the_cuts_lie_below(values):
    known = [value for value in values.tolist() if not np.isnan(value)]
    cuts = [quantile_of(known, p) for p in (0.25, 0.5, 0.75)]
    wanted = [4 if np.isnan(value) else sum(value > cut for cut in cuts) for value in values.tolist()]
    assert quarters(values).tolist() == wanted


def test_quarters_of_different_values_are_even_and_equals_stay_together():
    assert np.bincount(quarters(np.arange(400.0))).tolist() == [100] * 4
    assert set(quarters(np.full(9, 3.0)).tolist()) == {0}
    assert quarters(np.full(3, np.nan)).tolist() == [4, 4, 4]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1))
def test_a_cell_is_a_pair_of_bands(pairs):
    numbers = cells(*np.array(pairs).T).tolist()
    assert len(set(numbers)) == len(set(pairs))
    assert [pair for _, pair in sorted(zip(numbers, pairs, strict=True))] == sorted(pairs)


@given(seed=st.integers(0, 2**32), size=st.integers(1, 300), p=st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9]))
def test_the_quantile_of_peers_is_that_of_each_ones_cell(seed, size, p):
    rng = np.random.default_rng(seed)
    values = rng.choice([0.0, 1.0, 2.5, rng.random()], size)
    cell = rng.integers(0, 6, size)
    counted = rng.random(size) < rng.choice([0.0, 0.3, 1.0])
    found = peer_quantile(values, cell, counted, p)
    for place in range(size):
        peers = values[counted & (cell == cell[place])].tolist()
        if len(peers) < LEAST_PEERS:
            peers = values[counted].tolist()
        assert found[place] == (quantile_of(peers, p) if peers else 0.0)


def test_a_cell_with_too_few_takes_the_level_of_all():
    values = np.array([1.0] * LEAST_PEERS + [100.0] * (LEAST_PEERS - 1))
    cell = np.array([0] * LEAST_PEERS + [1] * (LEAST_PEERS - 1))
    everyone = np.ones(len(values), dtype=bool)
    assert set(peer_quantile(values, cell, everyone, 0.25).tolist()) == {1.0}
    more = np.append(values, 100.0), np.append(cell, 1), np.append(everyone, True)
    assert set(peer_quantile(*more, 0.25).tolist()) == {1.0, 100.0}


def test_who_is_not_counted_is_compared_all_the_same():
    values = np.append(np.full(LEAST_PEERS, 7.0), 999.0)
    counted = np.append(np.ones(LEAST_PEERS, dtype=bool), False)
    assert peer_quantile(values, np.zeros(LEAST_PEERS + 1, dtype=np.int64), counted, 0.75)[-1] == 7.0
