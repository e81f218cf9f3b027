from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.errors import ModelError
from smalti.models import BuyingModel, ParetoModel, gone_after, next_purchase, purchase_by
from smalti.models.roots import rising_roots

MODELS = [
    BuyingModel("mbg_nbd", 0.5248, 6.1829, 0.8914, 1.6141),
    BuyingModel("bg_nbd", 0.2426, 4.4136, 0.7930, 2.4260),
    ParetoModel(0.5533, 10.5776, 0.6062, 11.6679),
]
NAMES = [model.kind for model in MODELS]
MBG, BG, PARETO = MODELS
HISTORY = st.tuples(st.integers(0, 60), st.floats(0, 1), st.floats(0.5, 100))


def of(row):
    x, share, age = row
    return x, share * age if x else 0.0, age


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
@settings(max_examples=15, deadline=None)
@given(row=HISTORY, level=st.floats(0.01, 0.9))
def test_she_is_as_likely_gone_as_asked_when_the_time_is_up(model, row, level):
    x, t_x, age = of(row)
    wait = float(gone_after(model, x, t_x, age, level))
    if wait == 0:
        assert model.p_alive(x, t_x, age) <= level * (1 + 1e-9)
    elif wait < 1e12:
        assert model.p_alive(x, t_x, age + wait) == pytest.approx(level, rel=1e-6)
    else:
        assert x == 0
        assert model.p_alive(x, t_x, age + 1e9) > level or model.kind != "bg_nbd"


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
@settings(max_examples=15, deadline=None)
@given(row=HISTORY, chance=st.floats(0.01, 0.95))
def test_she_has_bought_with_the_chance_asked_when_the_time_is_up(model, row, chance):
    x, t_x, age = of(row)
    wait = float(purchase_by(model, x, t_x, age, chance))
    if wait < 1e12:
        assert model.purchase_chance(x, t_x, age, wait) == pytest.approx(chance, rel=1e-7)
    else:
        assert model.purchase_chance(x, t_x, age, 1e12) <= chance * (1 + 1e-9)


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_her_rhythm_is_that_of_an_active_customer(model):
    """A customer who bought just now is active for certain, and only the Pareto/NBD lets her leave before buying."""
    history = [1, 4, 25], [9, 20, 38], [9, 20, 38]
    wait = next_purchase(model, *history, chance=0.4)
    chance = [float(model.purchase_chance(*row, t)) for row, t in zip(np.array(history).T, wait, strict=True)]
    alive = model.p_alive(*history)
    if model.kind == "pareto_nbd":
        assert np.all(np.array(chance) < 0.4)
        assert chance == pytest.approx([0.4, 0.4, 0.4], rel=0.5)
    else:
        assert chance / alive == pytest.approx([0.4, 0.4, 0.4], rel=1e-12)


def test_waits_come_true_on_a_simulated_base():
    """Of customers with (nearly) the same history half have bought again when the time forecast is up."""
    rng = np.random.default_rng(3)
    r, alpha, s, beta = 2.0, 8.0, 1.5, 60.0
    size = 200_000
    rate, left = rng.gamma(r, 1 / alpha, size), rng.exponential(1.0, size) / rng.gamma(s, 1 / beta, size)
    x = rng.poisson(rate * np.minimum(left, 20.0))
    last = np.minimum(left, 20.0) * rng.random(size) ** (1 / np.maximum(x, 1))
    like_her = (x == 5) & (last > 15.5) & (last < 16.5)
    model = ParetoModel(r, alpha, s, beta)
    wait = float(purchase_by(model, 5, 16.0, 20.0))
    following = 20.0 + rng.exponential(1.0, size) / rate
    bought = (following < left) & (following < 20.0 + wait)
    count = int(like_her.sum())
    assert count > 1000
    assert abs(bought[like_her].mean() - 0.5) < 4.5 * 0.5 / math.sqrt(count)


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_a_later_last_purchase_means_a_later_farewell_and_a_sooner_purchase(model):
    t_x = np.array([0.5, 10, 20, 30, 38])
    gone, by = gone_after(model, 4, t_x, 39), purchase_by(model, 4, t_x, 39, 0.3)
    assert np.all(np.diff(gone) >= 0)
    assert gone[-1] > 0
    assert np.all(np.diff(by[np.isfinite(by)]) <= 0)


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_a_busier_customer_is_known_to_be_gone_sooner(model):
    assert np.all(np.diff(gone_after(model, [1, 4, 10, 40], 39.0, 39.0)) < 0)
    assert np.all(np.diff(next_purchase(model, [0, 1, 4, 10, 40], [0, 30, 30, 30, 30], 39.0)) < 0)


def test_who_bought_once_is_never_known_to_be_gone_under_bg_nbd():
    assert gone_after(BG, 0, 0, [0, 39, 1000]).tolist() == [math.inf] * 3
    assert np.all(np.isfinite(gone_after(MBG, 0, 0, [0, 39, 1000])))
    assert np.all(np.isfinite(gone_after(PARETO, 0, 0, [0, 39, 1000])))


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_who_is_likelier_gone_than_not_is_not_expected_back(model):
    lost = 12, 5.0, 60.0
    assert model.p_alive(*lost) < 0.01
    assert purchase_by(model, *lost) == math.inf
    assert gone_after(model, *lost) == 0
    assert 0 < next_purchase(model, *lost) < 10


def test_the_closed_form_is_what_the_search_finds():
    class Plain:
        """The same model, of a kind that `waiting` does not know."""

        r, alpha = MBG.r, MBG.alpha
        p_alive, purchase_chance = MBG.p_alive, MBG.purchase_chance

    history = [0, 0, 2, 9, 9], [0, 0, 20, 30, 39], [0, 39, 39, 39, 39]
    for ask in (purchase_by, gone_after):
        for share in (0.05, 0.3, 0.7):
            assert ask(Plain(), *history, share) == pytest.approx(ask(MBG, *history, share), rel=1e-9)


@pytest.mark.parametrize("ask", [next_purchase, purchase_by, gone_after])
def test_shapes_are_kept_and_mistakes_named(ask):
    assert ask(PARETO, [[0, 1], [2, 3]], [[0, 1], [1, 1]], 9).shape == (2, 2)
    assert ask(PARETO, [], [], []).shape == (0,)
    for share in (0, 1, 50, math.nan):
        with pytest.raises(ModelError, match="expected a share between 0 and 1"):
            ask(PARETO, 1, 1, 2, share)
    with pytest.raises(ModelError, match="last purchase after the as-of instant"):
        ask(PARETO, 1, 3, 2)


@settings(max_examples=15, deadline=None)
@given(st.floats(-50, 50), st.floats(0.01, 30), st.floats(0.1, 9))
def test_roots_are_found_to_the_tolerance(root, slope, bend):
    def value(point, rows):
        return np.tanh((point - root) * slope) * (1 + bend * (point > root)) + 1e-6 * (point - root)

    found = rising_roots(value, np.array([-60.0]), np.array([60.0]))[0]
    assert found == pytest.approx(root, rel=1e-10, abs=1e-10)


def test_roots_outside_the_bracket_are_its_ends():
    def value(point, rows):
        return point - np.array([-5.0, 0.25, 5.0])[rows]

    assert rising_roots(value, np.full(3, -1.0), np.full(3, 1.0)).tolist() == [-1.0, 0.25, 1.0]
