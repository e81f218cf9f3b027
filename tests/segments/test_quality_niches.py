"""A planted niche is found; noise gives none; what there is a segment for is not told again."""

import numpy as np
import pytest

from smalti.rules import parse
from smalti.segments.quality import Bars, find_niches, niches
from smalti.segments.quality.niches import Condition, conditions_of

BARS = Bars()


def shop(seed, n=20_000, share=0.003, held=0.10):
    """Customers with four traits; those of one city with one hobby are `share` of all and hold `held` of the money."""
    rng = np.random.default_rng(seed)
    traits = {
        "city": rng.choice(np.array([f"c{place}" for place in range(12)] + [None], dtype=object), n),
        "hobby": rng.choice(np.array(["golf", "tennis", "chess", "none"], dtype=object), n, p=[0.05, 0.2, 0.25, 0.5]),
        "newsletter": rng.random(n) < 0.4,
        "age": rng.integers(18, 80, n).astype(float),
        "visits": np.where(rng.random(n) < 0.1, np.nan, rng.poisson(3, n)),
    }
    money = rng.lognormal(3, 1, n)
    niche = np.zeros(n, dtype=bool)
    if share:
        planted = rng.choice(n, round(share * n), replace=False)
        niche[planted] = True
        traits["city"][planted], traits["hobby"][planted] = "c7", "golf"
        clash = (traits["city"] == "c7") & (traits["hobby"] == "golf") & ~niche
        traits["hobby"][clash] = "none"
        money[niche] *= held / (1 - held) * money[~niche].sum() / money[niche].sum()
    return traits, money, niche


@pytest.mark.parametrize("seed", range(8))
def test_a_planted_niche_of_three_in_a_thousand_with_a_tenth_of_the_money_is_found(seed):
    traits, money, niche = shop(seed)
    found = find_niches(traits, money, None, BARS, seed)
    assert {one.trait for one in found[0].conditions} == {"city", "hobby"}
    inside = (traits["city"] == "c7") & (traits["hobby"] == "golf")
    assert found[0].members == int(inside.sum()) == int(niche.sum())
    assert found[0].money.low <= 0.10 <= found[0].money.high
    assert found[0].lift.low >= BARS.niche_lift
    assert len(found) == 1


def test_a_niche_above_a_cut_is_found_and_told_as_a_rule():
    traits, money, _ = shop(1, share=0)
    visits = np.where(np.arange(len(money)) % 400 == 0, 50.0, np.nan_to_num(traits["visits"]))
    money = np.where(visits == 50, money * 40, money)
    found = niches({**traits, "visits": visits}, money, None, BARS)
    assert found[0].severity == "warning"
    assert "`who: visits >= " in found[0].advice
    assert parse(found[0].advice.split("`")[1].removeprefix("who: "))


def test_a_niche_that_has_a_segment_is_not_told():
    traits, money, niche = shop(2)
    assert find_niches(traits, money, niche[None, :], BARS) == []
    larger = niche | (np.random.default_rng(0).random(len(niche)) < 0.01)
    assert find_niches(traits, money, larger[None, :], BARS) == [], "a small segment that holds them is about them"
    half = np.random.default_rng(0).random(len(niche)) < 0.5
    assert len(find_niches(traits, money, (half | niche)[None, :], BARS)) == 1, "half of all customers is not"


def test_noise_gives_no_niche():
    told = [find_niches(*shop(seed, n=6000, share=0)[:2], None, BARS, seed) for seed in range(25)]
    assert sum(map(len, told)) == 0


@pytest.mark.slow
def test_noise_with_very_heavy_tails_gives_hardly_ever_a_niche():
    seen = 0
    for seed in range(200):
        traits, _, _ = shop(seed, n=3000, share=0)
        money = np.random.default_rng([seed, 9]).pareto(1.3, 3000)
        seen += bool(find_niches(traits, money, None, BARS, seed))
    assert seen <= 4


@pytest.mark.slow
def test_a_niche_of_eighteen_customers_is_found_most_of_the_time():
    found = 0
    for seed in range(40):
        traits, money, _ = shop(seed, n=6000)
        niche = find_niches(traits, money, None, BARS, seed)
        found += bool(niche) and {one.trait for one in niche[0].conditions} == {"city", "hobby"}
    assert found >= 30


def test_conditions_are_rules_and_mean_what_they_say():
    column = np.array([1.0, 2.0, np.nan, 30.0])
    assert Condition("age", ">=", 2.0).holds(column).tolist() == [False, True, False, True]
    assert Condition("age", "<", 2.0).holds(column).tolist() == [True, False, False, False]
    assert Condition("age", ">=", 2.0).text == "age >= 2"
    assert Condition("city", "=", "it's").holds(np.array(["it's", None], dtype=object)).tolist() == [True, False]
    assert conditions_of("gone", np.full(5, np.nan)) == []
    assert conditions_of("rare", np.array(["a", "b", None], dtype=object)) == []


def test_there_is_nothing_to_find_without_money():
    traits, money, _ = shop(3, n=500)
    assert niches(traits, None, None, BARS)[0].severity == "note"
    assert niches(traits, np.zeros(500), None, BARS)[0].severity == "passed"
    assert find_niches(traits, money[:0], None, BARS) == [] if not len(money[:0]) else True
