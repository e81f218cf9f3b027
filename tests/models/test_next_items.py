"""Rankings, items and forecasts of the next purchase: worked by hand, on a shop with planted habits, and their laws."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from smalti.errors import ModelError
from smalti.models.products import REASONS, ProductModel, Purchases, fit_next
from smalti.models.products.calibration import EDGES
from smalti.models.products.items import Settings, factors_of, item_facts, of_one_length, popular_of, together_of
from smalti.models.products.judging import Judged, choose, first_baskets, last_baskets
from smalti.models.products.newcomers import newcomers, popular_within
from smalti.models.products.purchases import pairs_of, shoppers_of
from smalti.models.products.ranking import Marks, best, marks
from smalti.models.products.regression import regress
from smalti.models.products.season import season
from smalti.models.products.views import views

DRINKS = ("coffee", "tea", "cocoa", "milk")
LAST = 719
CUSTOMERS = 500


def planted_shop(seed: int = 0) -> Purchases:
    """Two years of a shop: everybody buys her drink every 30 days or so; a machine calls for its part; the rest is chance."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[int, str, int, float]] = []
    noise = [f"thing {number:02d}" for number in range(20)]
    for who in range(CUSTOMERS):
        start = int(rng.integers(0, 400))
        rows += [(who, DRINKS[who % 4], day, 500.0) for day in (start + rng.exponential(30, 60).cumsum()).astype(int)]
        for day in rng.integers(start, LAST + 1, 8).tolist():
            rows.append((who, noise[int(rng.integers(len(noise)))], day, 1000.0))
        for number, bought in enumerate(rng.integers(start, LAST + 1, 4).tolist() if who % 3 else []):
            part = bought + int(rng.integers(1, 60))
            rows += [(who, f"machine {number}", bought, 9000.0), (who, f"part {number}", part, 2500.0)]
    kept = [row for row in rows if row[2] <= LAST]
    columns = list(zip(*kept, strict=True))
    return Purchases.of(columns[0], columns[1], columns[2], columns[3], CUSTOMERS)


@pytest.fixture(scope="module")
def shop():
    return planted_shop()


@pytest.fixture(scope="module")
def model(shop):
    return fit_next(shop, LAST, level="product", horizon=60)


def test_lines_of_one_customer_item_and_day_are_one():
    bought = Purchases.of([0, 0, 0], ["tea", "tea", "mug"], [5, 5, 5], [1, 2, 4], 1)
    assert bought.items == ("mug", "tea")
    assert bought.spend.tolist() == [4.0, 3.0]
    assert shoppers_of(bought).baskets.tolist() == [1.0]


def test_pairs_hold_times_first_and_last():
    pairs = pairs_of(Purchases.of([0, 0, 0, 1], ["a", "a", "b", "a"], [3, 9, 4, 7], [10, 30, 5, 2], 2))
    assert pairs.times.tolist() == [2.0, 1.0, 1.0]
    assert pairs.first.tolist() == [3, 4, 7]
    assert pairs.last.tolist() == [9, 4, 7]
    assert pairs.spend.tolist() == [40.0, 5.0, 2.0]


@pytest.mark.parametrize("customer", [-1, 2])
def test_a_customer_that_there_is_not_is_refused(customer):
    with pytest.raises(ModelError, match="expected customers from 0 to 1"):
        Purchases.of([customer], ["tea"], [1], [1], 2)


def test_columns_of_two_lengths_are_refused():
    with pytest.raises(ModelError, match="one length"):
        Purchases.of([0, 1], ["tea"], [1], [1], 2)


def test_marks_by_hand():
    bought = np.array([[True, False, True, True]])
    found = np.array([[2, 1, 0]])
    at_two = marks(found, bought, np.array([1]), 2)
    assert at_two.hit.tolist() == [1.0]
    assert at_two.recall.tolist() == [1 / 4]
    assert at_two.ndcg[0] == pytest.approx(1 / (1 + 1 / math.log2(3)))
    at_three = marks(found, bought, np.array([1]), 3)
    assert at_three.recall.tolist() == [2 / 4]
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert at_three.ndcg[0] == pytest.approx((1 + 1 / math.log2(4)) / ideal)


def test_an_item_nobody_knew_counts_as_missed():
    found, bought = np.array([[0]]), np.array([[True, False]])
    assert marks(found, bought, np.array([0]), 1).recall.tolist() == [1.0]
    assert marks(found, bought, np.array([3]), 1).recall.tolist() == [0.25]


def test_of_equal_scores_the_earlier_item_is_first_and_what_is_not_to_be_had_is_none():
    scores = np.array([[1.0, 3.0, 3.0], [-np.inf, 2.0, -np.inf]])
    assert best(scores, 3).tolist() == [[1, 2, 0], [1, -1, -1]]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), min_size=6, max_size=6), min_size=1, max_size=5), st.integers(1, 6))
def test_a_perfect_ranking_has_full_marks_and_no_ranking_more(rows, k):
    scores = np.array(rows, dtype=float)
    bought = scores >= 3
    nothing = np.zeros(len(rows), dtype=np.int64)
    perfect = marks(best(bought.astype(float), k), bought, nothing, k)
    other = marks(best(-scores, k), bought, nothing, k)
    some = bought.any(axis=1)
    assert perfect.ndcg[some] == pytest.approx(1.0)
    assert (other.ndcg <= perfect.ndcg + 1e-12).all()
    assert (other.recall <= perfect.recall + 1e-12).all()


def test_popular_by_hand():
    bought = Purchases.of([0, 1, 2], ["old", "new", "new"], [0, 10, 10], [1, 1, 1], 3)
    weight = 0.5**0.5
    shares = popular_of(bought, 15, 10.0)
    baskets = 0.5**1.5 + 2 * weight + 0.5
    assert shares.tolist() == pytest.approx([(2 * weight + 0.25) / baskets, (0.5**1.5 + 0.25) / baskets])


def test_likeness_with_shrinkage_by_hand():
    matrix = sparse.csr_array(np.array([[1.0, 1, 0], [1, 1, 0], [1, 0, 1]]))
    alike = together_of(matrix, 2.0, 3).toarray()
    assert alike[0, 1] == pytest.approx(2 / (2 + 2) * 1.0 / math.sqrt(1.5 * 1.0))
    assert np.allclose(alike, alike.T)
    assert (np.diag(alike) == 0).all()


def test_only_the_nearest_neighbours_are_kept():
    rng = np.random.default_rng(1)
    matrix = sparse.csr_array((rng.random((60, 9)) < 0.5).astype(float))
    alike = together_of(matrix, 1.0, 2)
    assert (np.diff(alike.indptr) == 2).all()


def test_factors_span_the_leading_singular_vectors():
    rng = np.random.default_rng(2)
    matrix = sparse.csr_array((rng.random((40, 8)) < 0.4).astype(float))
    factors = factors_of(matrix, 3, 0)
    _, _, right = np.linalg.svd(of_one_length(matrix).toarray())
    assert np.allclose(factors @ factors.T, right[:3].T @ right[:3], atol=1e-8)


def test_few_items_have_no_factors():
    assert factors_of(sparse.csr_array(np.eye(2)), 3, 0).shape == (2, 0)


def test_a_chance_regression_finds_planted_weights():
    rng = np.random.default_rng(3)
    seen = rng.normal(size=(20_000, 2)) * [1.0, 5.0]
    came = (rng.random(20_000) < 1 / (1 + np.exp(1.5 - seen @ [1.0, -0.2]))).astype(float)
    constant, weights = regress(seen, came, np.ones(len(came)))
    assert constant == pytest.approx(-1.5, abs=0.06)
    assert weights == pytest.approx([1.0, -0.2], abs=0.05)


def test_rows_that_stand_for_many_weigh_as_many():
    rng = np.random.default_rng(4)
    seen, came = rng.normal(size=(300, 1)), (rng.random(300) < 0.3).astype(float)
    twice = regress(np.concatenate([seen, seen]), np.concatenate([came, came]), np.ones(600))
    heavy = regress(seen, came, np.full(300, 2.0))
    assert twice[0] == pytest.approx(heavy[0], abs=1e-9)
    assert twice[1] == pytest.approx(heavy[1], abs=1e-9)


def test_amounts_add_up():
    rng = np.random.default_rng(5)
    seen = rng.normal(size=(500, 2))
    paid = rng.gamma(2.0, np.exp(seen @ [0.3, -0.5]))
    constant, weights = regress(seen, paid, np.ones(500), amounts=True)
    assert np.exp(constant + seen @ weights).sum() == pytest.approx(paid.sum(), rel=1e-6)


def test_a_column_that_never_varies_has_no_weight():
    seen = np.column_stack([np.full(50, 7.0), np.arange(50) % 5])
    _, weights = regress(seen, (np.arange(50) % 5 > 2).astype(float), np.ones(50))
    assert weights[0] == 0.0
    assert weights[1] > 0


def test_the_season_a_year_ago():
    days = np.repeat([300, 310, 320], [10, 10, 30])
    lines = Purchases.of([0] * 50, [f"i{n}" for n in range(50)], days, np.ones(50), 1)
    early = Purchases.of([0], ["i0"], [250], [1], 1)
    whole = Purchases.of([0] * 51, ["z", *[f"i{n}" for n in range(50)]], [250, *days.tolist()], np.ones(51), 1)
    assert season(whole, 365 + 311, 10) == 3.0
    assert season(lines, 365 + 290, 10) is None
    assert season(early, 300, 10) is None


def test_last_baskets_leave_out_one_each_and_all_after_it():
    lines = Purchases.of([0, 0, 0, 1, 2, 2], ["a", "b", "a", "a", "a", "c"], [1, 20, 30, 25, 2, 3], [1] * 6, 3)
    left_out = last_baskets(lines, 10, 40)
    assert left_out.days.tolist() == [29]
    assert left_out.known.day.tolist() == [1, 20]
    assert left_out.bought.tolist() == [[True, False, False]]
    first, who = first_baskets(lines, 10, 40)
    assert who.tolist() == [1]
    assert len(first.known) == 0


def test_choosing_prefers_the_simplest_that_is_not_beaten():
    rng = np.random.default_rng(6)
    base = rng.random(400) * 0.5
    same, better = base + rng.normal(0, 0.1, 400), base + 0.2

    def judged(one, other):
        both = {("simple", 5): Marks(one, one, one), ("complex", 5): Marks(other, other, other)}
        return Judged(both, both, 400, 400, 0.0, 0.0)

    assert choose(judged(base, same), ["simple", "complex"], 5) == "simple"
    assert choose(judged(base, better), ["simple", "complex"], 5) == "complex"


def test_groups_are_drawn_to_all_by_fifty_baskets():
    lines = Purchases.of(range(200), ["tea"] * 100 + ["mug"] * 100, [5] * 200, [1] * 200, 200)
    place = np.repeat([0, 1], 100)
    shares = popular_within(lines, 5, 60.0, place, 2)
    among_all = popular_of(lines, 5, 60.0)
    assert shares[0].tolist() == pytest.approx(((np.array([0, 100]) + 50 * among_all) / 150).tolist())


def test_a_group_is_used_when_it_helps_and_not_when_it_is_noise():
    rng = np.random.default_rng(7)
    north = rng.random(600) < 0.5
    item = np.where(north, "gloves", "sandals")
    other = np.array([f"t{n}" for n in range(8)])[rng.integers(0, 8, 600)]
    days = rng.integers(0, 100, 600)
    rows = (list(range(600)) * 2, [*item, *other], [*days, *days], [1] * 1200)
    lines = Purchases.of(*rows, 600)
    told = newcomers(lines, (50, 100), 60.0, ["n" if one else "s" for one in north], (1, 3), 0)
    assert told.groups == ("n", "s")
    by_name = {(one.name, one.of): one.value for one in told.measures}
    name = "hit rate at 1, new customers"
    assert by_name[name, "most popular where she is"] > by_name[name, "most popular"] + 0.2
    assert newcomers(lines, (50, 100), 60.0, None, (1, 3), 0).groups == ()


def test_the_planted_habits_are_found(shop, model):
    measures = {(one.name, one.of): one for one in model.backtest.measures}
    ours, popular = measures["NDCG at 5", "model"], measures["NDCG at 5", "most popular"]
    assert model.way != "popularity"
    assert ours.low > popular.high
    new, plain = measures["NDCG at 5, new to her", "model"], measures["NDCG at 5, new to her", "most popular"]
    assert new.value >= plain.value
    assert measures["recall at 5", "most popular"].value <= measures["recall at 20", "most popular"].value


def test_who_drinks_coffee_is_offered_coffee_when_it_is_due(shop, model):
    found = model.next_items(shop, LAST)
    coffee = model.items.index("coffee")
    drinkers = np.arange(0, CUSTOMERS, 4)
    first = found.item[drinkers, 0] == coffee
    assert first.mean() > 0.95
    assert {REASONS[place] for place in found.why[drinkers[first], 0]} == {"again"}
    assert 0.6 < found.chance[drinkers[first], 0].mean() < 0.95


def test_who_has_the_machine_is_offered_its_part(shop, model):
    seen = next(iter(views(shop, LAST, model.facts, tuple(model.chances.weights))))
    chance, _ = model.forecast(seen)
    machine, part = (shop.items.index(name) for name in ("machine 0", "part 0"))
    bought = np.zeros((2, CUSTOMERS), dtype=bool)
    pairs = pairs_of(shop)
    for row, item in enumerate((machine, part)):
        bought[row, pairs.customer[(pairs.item == item) & (pairs.last > LAST - 60)]] = True
    ever = np.isin(np.arange(CUSTOMERS), pairs.customer[pairs.item == part])
    with_it, without = bought[0] & ~ever, ~bought[0] & ~ever
    assert chance[with_it, part].mean() > 2 * chance[without, part].mean()


def test_chances_come_true_item_by_item(model):
    told = {band.name: band for band in model.backtest.cohorts}
    for drink in DRINKS:
        assert told[drink].predicted == pytest.approx(told[drink].observed, abs=0.07)
    foretold, came = (sum(getattr(band, one) for band in told.values()) for one in ("predicted", "observed"))
    assert foretold == pytest.approx(came, rel=0.25)
    assert list(EDGES) == sorted(set(EDGES))


def test_one_customer_looks_alone_as_among_many(shop, model):
    whole = model.next_items(shop, LAST)
    for place in (0, 3, 77, 499):
        alone = model.next_items(shop.of_customers(place, place + 1), LAST)
        assert alone.item[0].tolist() == whole.item[place].tolist()
        assert alone.chance[0].tolist() == whole.chance[place].tolist()
        assert alone.spend[0].tolist() == whole.spend[place].tolist()
        assert alone.new_spend[0] == whole.new_spend[place]


def test_the_future_is_not_seen(shop):
    then = fit_next(shop.until(LAST - 60), LAST - 60, level="product", horizon=60)
    later = fit_next(shop, LAST - 60, level="product", horizon=60)
    assert json.dumps(then.to_dict()) == json.dumps(later.to_dict())
    assert then.next_items(shop.until(LAST - 60), LAST - 60).chance.tolist() == (
        later.next_items(shop, LAST - 60).chance.tolist()
    )


def test_the_order_of_lines_does_not_matter(shop):
    rng = np.random.default_rng(8)
    order = rng.permutation(len(shop))
    names = [shop.items[place] for place in shop.item[order]]
    again = Purchases.of(shop.customer[order], names, shop.day[order], shop.spend[order], CUSTOMERS)
    facts, other = (item_facts(one, LAST, Settings(factors=4)) for one in (shop, again))
    assert facts.popular.tolist() == other.popular.tolist()
    assert facts.factors.tolist() == other.factors.tolist()
    assert (facts.together != other.together).nnz == 0


def test_a_model_is_stored_without_loss(shop, model):
    again = ProductModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again.to_dict() == model.to_dict()
    assert again.next_items(shop, LAST).chance.tolist() == model.next_items(shop, LAST).chance.tolist()


def test_a_stored_model_with_a_name_too_many_is_refused(model):
    with pytest.raises(ModelError, match="unknown"):
        ProductModel.from_dict(model.to_dict() | {"colour": "red"})


def test_who_never_bought_is_offered_what_sells_most_and_no_chance(shop, model):
    found = model.next_items(Purchases.of([], [], [], [], 1), LAST)
    assert found.item[0, 0] == int(model.facts.popular.argmax())
    assert np.isnan(found.chance).all()
    assert found.new_spend.tolist() == [0.0]
    assert REASONS[found.why[0, 0]] == "popular"


def test_new_items_and_nobody_are_no_harm(model):
    unknown = Purchases.of([0], ["something new"], [LAST], [100], 1)
    assert np.isnan(model.next_items(unknown, LAST).chance).all()
    assert model.next_items(Purchases.of([], [], [], [], 0), LAST).item.shape == (0, 3)


def test_an_earlier_day_than_the_fit_is_refused(shop, model):
    with pytest.raises(ModelError, match="earlier day"):
        model.next_items(shop, LAST - 1)


def test_too_little_is_refused_with_what_is_wanted():
    few = Purchases.of([0, 0, 1, 1], ["a", "b", "a", "b"], [0, 300, 10, 310], [1] * 4, 2)
    with pytest.raises(ModelError, match="at least 50"):
        fit_next(few, 320, level="product")
    with pytest.raises(ModelError, match="days of purchases"):
        fit_next(few.until(20), 20, level="product")
    with pytest.raises(ModelError, match="1 item"):
        fit_next(Purchases.of([0, 0], ["a", "a"], [0, 300], [1, 1], 1), 320, level="product")
    with pytest.raises(ModelError, match="horizon"):
        fit_next(few, 320, level="product", horizon=0)
