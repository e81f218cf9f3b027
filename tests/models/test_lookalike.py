"""Look-alikes: found where there is a likeness, not found in noise, the same for one as for many."""

from __future__ import annotations

import json

import numpy as np
import pytest

from smalti.errors import ModelError
from smalti.models.lookalike import Card, Likeness, fit_likeness
from smalti.models.supervised import Column

COUNT = 3000


def columns(rng, count=COUNT):
    age = rng.normal(50, 15, count)
    age[rng.random(count) < 0.1] = np.nan
    city = rng.choice(np.array(["Leeds", "York", "Hull", None], dtype=object), count)
    return (
        Column("age", "number", age, unit="years"),
        Column("city", "category", city),
        Column("constant", "number", np.ones(count)),
    )


@pytest.fixture(scope="module")
def known():
    rng = np.random.default_rng(0)
    traits = columns(rng)
    odds = -3 + 0.06 * (np.nan_to_num(traits[0].values, nan=50.0) - 50) + 1.5 * (traits[1].values == "York")
    return traits, rng.random(COUNT) < 1 / (1 + np.exp(-odds))


@pytest.fixture(scope="module")
def fitted(known):
    return fit_likeness("like_best", known[1], known[0])


def test_hidden_members_are_found_again(fitted):
    for one in fitted.backtest.measures:
        if one.of == "model":
            assert one.low > 1
            assert one.low < one.value < one.high
    assert "more often than at random" in fitted.backtest.verdict
    tenths = [band.observed for band in fitted.backtest.lift]
    assert tenths[0] > 2 * np.mean(tenths)
    assert sum(band.customers for band in fitted.backtest.lift) > COUNT


def test_noise_has_a_lift_of_one():
    held = found = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        traits = tuple(Column(f"x{number}", "number", rng.normal(size=1500)) for number in range(6))
        backtest = fit_likeness("noise", rng.random(1500) < 0.1, traits, seed=seed).backtest
        lifts = [one for one in backtest.measures if one.of == "model"]
        held += sum(one.low <= 1 <= one.high for one in lifts)
        found += len(lifts)
    assert held >= 0.88 * found


def test_what_never_differs_has_no_card(fitted):
    assert [card.name for card in fitted.cards] == ["age", "city"]


def test_points_say_what_was_planted(fitted):
    age, city = fitted.cards
    assert age.points[-2] > age.points[0]
    york = city.points[city.texts.index("York")]
    assert york == max(city.points)


def test_one_customer_scores_as_among_many(known, fitted):
    scores = fitted.score(known[0])
    for row in (0, 17, COUNT - 1):
        age = known[0][0].values[row]
        values = {"age": None if np.isnan(age) else float(age), "city": known[0][1].values[row]}
        assert fitted.score_one(values) == scores[row]
    assert fitted.score_one({"age": 40.0, "city": "Ulan Bator"}) > 0


def test_it_is_stored_without_loss(known, fitted):
    again = Likeness.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert again == fitted
    assert again.score(known[0]).tolist() == fitted.score(known[0]).tolist()
    with pytest.raises(ModelError, match="version"):
        Likeness.from_dict(fitted.to_dict() | {"version": 99})


def test_the_same_data_give_the_same_card(known, fitted):
    assert fit_likeness("like_best", known[1], known[0]).to_dict() == fitted.to_dict()


def test_what_it_was_not_fitted_on_is_refused(known, fitted):
    age, city, _ = known[0]
    with pytest.raises(ModelError, match="'city' is missing"):
        fitted.score([age])
    with pytest.raises(ModelError, match="'city' is missing"):
        fitted.score_one({"age": 40.0})
    with pytest.raises(ModelError, match="fitted as number years, found number months"):
        fitted.score([Column("age", "number", age.values, unit="months"), city])
    with pytest.raises(ModelError, match="as many values of each trait, got age 5, city"):
        fitted.score([age.take(np.arange(5)), city])
    with pytest.raises(ModelError, match="'age' was fitted as number years, found 'old'"):
        fitted.score_one({"age": "old", "city": None})


def test_too_few_members_are_refused(known):
    few = np.zeros(COUNT, dtype=bool)
    few[:7] = True
    with pytest.raises(ModelError, match="7 members"):
        fit_likeness("few", few, known[0])
    with pytest.raises(ModelError, match="no trait differs"):
        fit_likeness("same", known[1], known[0][2:])


def test_missing_has_a_place_of_its_own():
    card = Card("city", "category", "", (), ("Hull", "York"), (1.0, 2.0, 3.0, 4.0))
    assert card.place(np.array(["York", None, "Paris", "Hull"], dtype=object)).tolist() == [1, 3, 2, 0]
    assert card.places == 4
