"""What sets members apart: as it is defined over all pairs, as others reckon it, as it covers in simulations."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import brunnermunzel, rankdata

from smalti.segments import draw, effects, measured, same, telling, worded
from smalti.segments.effects import Counts, counted, newcombe
from smalti.segments.quality.intervals import holm

VALUES = st.lists(
    st.tuples(st.booleans(), st.one_of(st.just(np.nan), st.integers(-3, 3).map(float), st.floats(-1e9, 1e9))),
    max_size=40,
)


def compared(member, values, name="x"):
    """The effects of one trait on one segment."""
    member, values = np.asarray(member, dtype=bool), np.asarray(values, dtype=np.float64)
    [found] = effects([measured(name, values)], draw([member], len(member), 0), ["s"])
    return found


def both(first, second):
    trait = measured("x", np.concatenate([first, second]).astype(np.float64))
    place = np.arange(len(first) + len(second))
    return trait.counts(place[: len(first)]), trait.counts(place[len(first) :])


@given(VALUES)
def test_the_effect_is_cliffs_delta_over_all_pairs(rows):
    member = np.array([inside for inside, _ in rows], dtype=bool)
    values = np.array([value for _, value in rows], dtype=np.float64)
    known = ~np.isnan(values)
    inside, outside = values[member & known], values[~member & known]
    found = compared(member, values)
    if not len(inside) or not len(outside):
        assert found == ()
        return
    [effect] = found
    pairs = np.sign(inside[:, None] - outside[None, :])
    assert effect.effect == pytest.approx(pairs.mean(), abs=1e-12)
    assert effect.superiority == pytest.approx((pairs > 0).mean() + (pairs == 0).mean() / 2, abs=1e-12)
    assert -1 <= effect.low <= effect.effect + 1e-12
    assert effect.effect - 1e-12 <= effect.high <= 1
    assert (effect.inside.known, effect.outside.known) == (len(inside), len(outside))
    for side, own in ((effect.inside, inside), (effect.outside, outside)):
        wanted = np.quantile(own, [0.025, 0.25, 0.5, 0.75, 0.975])
        assert [side.bottom, side.q25, side.median, side.q75, side.top] == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@given(VALUES)
def test_an_order_kept_is_an_effect_kept_and_an_order_turned_is_turned(rows):
    member = np.array([inside for inside, _ in rows], dtype=bool)
    values = np.array([value for _, value in rows], dtype=np.float64)

    def told(inside, column, sign=1):
        return [
            (sign * one.effect, *sorted((sign * one.low, sign * one.high)), one.p) for one in compared(inside, column)
        ]

    assume(((values == 0) | (np.abs(values) > 1e-300)).all())
    plain = told(member, values)
    assert told(member, values / 4) == plain
    for turned in (told(member, -values, -1), told(~member, values, -1)):
        assert [part for one in turned for part in one] == pytest.approx(
            [part for one in plain for part in one], abs=1e-9
        )


@given(st.lists(st.integers(0, 4), min_size=3, max_size=15), st.lists(st.integers(0, 4), min_size=3, max_size=15))
def test_error_and_chance_are_those_of_delong_and_of_brunner_and_munzel(first, second):
    first, second = np.array(first), np.array(second)
    delta, error, p = counted(*both(first, second))
    pairs = np.sign(first[:, None] - second[None, :])
    variance = pairs.mean(axis=1).var(ddof=1) / len(first) + pairs.mean(axis=0).var(ddof=1) / len(second)
    assert error == pytest.approx(np.sqrt(variance), abs=1e-9)
    if error > 0:
        assert p == pytest.approx(brunnermunzel(first, second).pvalue, abs=1e-9)
        ranks = rankdata(np.concatenate([first, second]))[: len(first)].sum()
        exceeds = (ranks - len(first) * (len(first) + 1) / 2) / len(first) / len(second)
        assert delta == pytest.approx(2 * exceeds - 1)


def test_by_hand():
    delta, error, _ = counted(*both(np.array([2, 3]), np.array([1, 2, 4])))
    # 2 beats 1, meets 2, loses to 4: 0; 3 beats 1 and 2, loses to 4: 1/3. Seen by the others: -1, -1/2, 1.
    assert delta == pytest.approx(1 / 6)
    assert error**2 == pytest.approx((1 / 18) / 2 + np.var([-1, -0.5, 1], ddof=1) / 3)


def test_groups_that_do_not_overlap_get_the_chance_of_a_permutation_and_an_interval_that_is_no_point():
    delta, error, p = counted(*both(np.array([5, 6, 7]), np.array([1, 2, 3])))
    assert (delta, error) == (1.0, 0.0)
    assert p == pytest.approx(2 / 20)
    [effect] = compared([1] * 3 + [0] * 3, [5, 6, 7, 1, 2, 3])
    assert effect.high == 1 > effect.low > -1


def test_of_one_customer_nothing_is_sure_and_of_all_alike_little():
    [lone] = compared([1, 0, 0, 0], [9, 1, 2, 3])
    assert (lone.effect, lone.low, lone.high, lone.p) == (1.0, -1.0, 1.0, 1.0)
    [flat] = compared([1] * 10 + [0] * 10, [4] * 20)
    assert flat.effect == 0 and flat.p == 1 and flat.low < 0 < flat.high


def test_holm_by_hand_and_never_below_what_it_corrects():
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    chances = np.random.default_rng(0).random(50)
    assert np.all(holm(chances) >= chances)
    assert holm(np.array([])).tolist() == []


def test_newcombe_meets_the_paper():
    """Table II of Newcombe (1998), method 10, examples a, d and g."""
    for first, second, low, high in (
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ):
        found = newcombe(first, second)
        assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)


def test_texts_are_told_by_the_value_that_differs_most_and_yes_or_no_by_yes():
    member = np.arange(100) < 50
    codes = np.where(member, np.arange(100) % 2, 2 + (np.arange(100) % 10 == 0))
    country = worded("country", ["FR", "DE", "GB", "IT"], codes)
    consent = worded("consent", ["no", "yes"], np.where(member, 1, np.arange(100) % 2), yes_no=True)
    [found] = effects([country, consent], draw([member], 100, 0), ["s"])
    told = {one.trait: one for one in found}
    assert (told["country"].inside.value, told["country"].effect) == ("GB", -0.9)
    assert told["consent"].inside.value == "yes"
    assert told["consent"].lift == pytest.approx(2.0)
    assert told["consent"].effect == pytest.approx(0.5)
    assert all(one.sure for one in found)


def test_the_largest_effect_comes_first_whatever_its_sign_and_equals_go_by_name():
    member = np.array([True, True, False, False])
    columns = {
        "weak": [1.0, 3.0, 2.0, 0.0],
        "same_b": [1.0, 2.0, 3.0, 4.0],
        "same_a": [4.0, 3.0, 2.0, 1.0],
        "flat": [1.0] * 4,
        "unknown": [np.nan] * 4,
    }
    traits = [measured(name, np.array(column)) for name, column in columns.items()]
    [found] = effects(traits, draw([member], 4, 0), ["s"])
    assert [(one.trait, one.effect) for one in found] == [
        ("same_a", 1.0),
        ("same_b", -1.0),
        ("weak", 0.5),
        ("flat", 0.0),
    ]


def test_what_says_the_same_is_told_once_and_what_is_negligible_not_at_all():
    rng = np.random.default_rng(3)
    member = rng.random(4_000) < 0.4
    spend = rng.lognormal(0, 1, 4_000) * np.where(member, 3, 1)
    traits = [
        measured("spend", spend),
        measured("spend_squared", spend**2),
        measured("tenure", rng.random(4_000) + member),
        measured("shoe_size", rng.random(4_000) + 0.03 * member),
    ]
    [found] = effects(traits, draw([member], 4_000, 0), ["s"])
    alike = same(traits)
    assert alike["spend"] == {"spend_squared"}
    assert [one.trait for one in telling(found, alike, 6)] == ["tenure", "spend"]
    assert [one.trait for one in telling(found, alike, 1)] == ["tenure"]


def test_a_sample_holds_enough_of_every_segment_and_stands_for_all():
    rng = np.random.default_rng(1)
    values = rng.random(50_000)
    large, small, empty = rng.random(50_000) < 0.5, values > 0.99, np.zeros(50_000, dtype=bool)
    members = [large, small, empty]
    drawn = draw(members, 50_000, seed=5, most=5_000, least=400)
    assert len(drawn.everyone) == 5_000
    assert [len(one) for one in drawn.inside[1:]] == [400, 0]
    assert len(drawn.among[1]) < 100
    for member, inside in zip(members, drawn.inside, strict=True):
        assert member[drawn.rows[inside]].all()
    assert np.array_equal(drawn.rows, draw(members, 50_000, seed=5, most=5_000, least=400).rows)
    first, second, none = effects([measured("x", values[drawn.rows])], drawn, ["a", "b", "b"])
    assert abs(first[0].effect) < 0.05
    assert second[0].effect == pytest.approx(1.0, abs=1e-9)
    assert none == ()


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(30, 200), (300, 1_000)])
@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("shift", [0.0, 0.7, 1.5])
def test_the_interval_covers_what_it_says(sizes, rounded, shift):
    """95 % intervals of 1,000 pairs of samples hold the truth in 93 to 97.5 % of them, ties or none."""
    rng = np.random.default_rng([sizes[0], int(rounded), int(10 * shift)])

    def take(size, centre):
        drawn = rng.normal(centre, 1, size)
        return np.round(drawn) if rounded else drawn

    many = np.sort(take(400_000, 0.0))
    own = take(400_000, shift)
    truth = float((np.searchsorted(many, own, "left") + np.searchsorted(many, own, "right")).mean() / len(many) - 1)
    held = 0
    for _ in range(1_000):
        member = np.arange(sum(sizes)) < sizes[0]
        [effect] = compared(member, np.concatenate([take(sizes[0], shift), take(sizes[1], 0.0)]))
        held += effect.low <= truth <= effect.high
    assert 930 <= held <= (1000 if min(sizes) < 50 else 975)


@pytest.mark.slow
def test_where_nothing_differs_hardly_anything_is_called_sure():
    """Of 400 segmentations of noise with 10 traits and 3 segments, at most 5 % and a little have anything sure."""
    rng, wrong = np.random.default_rng(8), 0
    for _ in range(400):
        labels = rng.integers(0, 3, 300)
        traits = [measured(f"t{place}", rng.integers(0, 5, 300).astype(float)) for place in range(8)]
        traits += [worded(f"w{place}", list("abcd"), rng.integers(0, 4, 300)) for place in range(2)]
        found = effects(traits, draw([labels == place for place in range(3)], 300, 0), ["s"] * 3)
        wrong += any(one.sure for mine in found for one in mine)
    assert wrong <= 400 * 0.05 + 3 * np.sqrt(400 * 0.05 * 0.95)


def test_counts_can_leave_some_out():
    trait = measured("x", np.array([3.0, 1.0, 3.0, np.nan]))
    rest = trait.counts(np.arange(4)).without(trait.counts(np.array([0])))
    assert (rest.each.tolist(), rest.ends.tolist(), rest.known) == ([1, 1], [1, 2], 2)
    assert Counts.of(np.array([], dtype=np.int64)).known == 0


@pytest.mark.parametrize(("k", "share"), [(10, 0.2), (15, 0.2), (30, 0.2), (30, 0.01), (10, 0.05), (60, 0.05)])
def test_of_a_small_random_segment_nothing_is_sure_where_most_have_nothing(k, share):
    rng, seen = np.random.default_rng(k), 0
    for _ in range(40):
        member = np.zeros(1000, dtype=bool)
        member[rng.choice(1000, k, replace=False)] = True
        traits = [
            measured(f"t{place}", np.where(rng.random(1000) < share, rng.lognormal(0, 1, 1000), 0.0))
            for place in range(8)
        ]
        [found] = effects(traits, draw([member], 1000, 0), ["s"])
        seen += any(one.sure for one in found)
    assert seen <= 2 + 3 * np.sqrt(40 * 0.05 * 0.95)


def test_a_small_segment_of_which_all_have_what_few_others_have_is_sure():
    values = np.concatenate([np.arange(1.0, 16.0), np.where(np.arange(985) % 10, 0.0, 3.0)])
    [one] = compared(np.arange(1000) < 15, values)
    assert one.sure
    assert one.low > 0.3
