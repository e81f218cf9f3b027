"""Habits: planted hours and chances are found again, with few observations leaning on the segment's and on everybody's."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_hours import bump, moments_of, reached, world

from smalti.facts import HOUR
from smalti.strategy.timing import Clocks, Moments, best_hours, channel_reach, levels_of, local_hours, strength_of

CHANNEL = ("email",)


def test_planted_hours_are_found_and_beat_the_best_hour_of_all():
    rng = np.random.default_rng(5)
    groups, shares = world(rng)
    moments = moments_of(shares, rng.poisson(5, len(groups)), rng)
    clocks = Clocks.of(None, "UTC", len(groups))
    hers = best_hours(moments, clocks, CHANNEL, groups, 3)["email"]
    all_alike = np.bincount(local_hours(moments.at, clocks.take(moments.rows)), minlength=24).argmax()
    own = np.bincount(groups[moments.rows] * 24 + local_hours(moments.at, clocks.take(moments.rows)), minlength=72)
    by_segment = own.reshape(3, 24).argmax(axis=1)[groups]
    best = reached(shares, shares.argmax(axis=1))
    alike = reached(shares, np.full(len(shares), all_alike))
    mine = reached(shares, hers)
    assert mine > reached(shares, by_segment) > alike
    assert mine > 2 * alike
    assert mine > 0.75 * best


def test_a_few_moments_lean_on_the_segment_and_none_take_its_hour():
    rng = np.random.default_rng(6)
    groups, shares = world(rng, apart=0.5)
    seen = np.where(np.arange(len(groups)) % 3 == 0, 0, np.where(np.arange(len(groups)) % 3 == 1, 1, 6))
    hers = best_hours(moments_of(shares, seen, rng), Clocks.of(None, "UTC", len(groups)), CHANNEL, groups, 3)["email"]
    for group, peak in enumerate((8, 13, 20)):
        never = hers[(groups == group) & (seen == 0)]
        assert len(set(never.tolist())) == 1
        assert abs(int(never[0]) - peak) <= 1
        once = hers[(groups == group) & (seen == 1)]
        assert (np.abs(once - peak) <= 4).mean() > 0.9


def test_where_nobody_differs_everybody_gets_the_hour_of_all():
    rng = np.random.default_rng(7)
    shares = np.tile(bump(19, 3.0), (2000, 1))
    moments = moments_of(shares, np.full(2000, 4), rng)
    hers = best_hours(moments, Clocks.of(None, "UTC", 2000), CHANNEL, np.zeros(2000, int), 1)["email"]
    assert reached(shares, hers) > 0.95 * shares.max()


def test_hours_are_those_of_her_own_clock():
    homes = ["Asia/Tokyo", "America/New_York", None]
    clocks = Clocks.of(homes * 200, "Europe/London")
    rng = np.random.default_rng(8)
    shares = np.tile(bump(20), (600, 1))
    moments = moments_of(shares, np.full(600, 5), rng, clocks)
    assert local_hours(moments.at, clocks.take(moments.rows)).mean() == pytest.approx(20, abs=1.5)
    hers = best_hours(moments, clocks, CHANNEL, np.zeros(600, int), 1)["email"]
    assert (np.abs(hers - 20) <= 1).mean() > 0.95


def test_orders_speak_for_every_channel_and_a_channel_for_itself():
    rows, at = np.repeat([0, 0, 0], [9, 9, 5]), np.repeat([8, 20, 14], [9, 9, 5]) * HOUR
    channel = np.repeat([0, 1, -1], [9, 9, 5])
    found = best_hours(
        Moments(rows, at, channel), Clocks.of(None, "UTC", 2), ("email", "sms", "call"), np.zeros(2, int), 1
    )
    assert [found[name].tolist() for name in ("email", "sms", "call")] == [[8, 8], [20, 20], [14, 14]]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_hours_do_not_depend_on_the_order_of_moments(seed):
    rng = np.random.default_rng(seed)
    groups, shares = world(rng, 60)
    moments = moments_of(shares, rng.poisson(3, 60), rng)
    order = rng.permutation(len(moments.rows))
    clocks = Clocks.of(None, "UTC", 60)
    mixed = Moments(moments.rows[order], moments.at[order], moments.channel[order])
    one, other = (best_hours(some, clocks, CHANNEL, groups, 3)["email"] for some in (moments, mixed))
    assert (one == other).all()
    assert ((one >= 0) & (one < 24)).all()


@pytest.mark.parametrize("strength", [1.0, 6.0, 40.0])
def test_the_strength_that_was_planted_is_found(strength):
    rng = np.random.default_rng(9)
    mean = np.array([0.2, 0.5, 0.3])
    counts = np.stack([rng.multinomial(12, shares) for shares in rng.dirichlet(strength * mean, 2500)])
    found = strength_of(counts, mean[None, :], np.zeros(2500, int))
    assert strength / 1.3 < found < strength * 1.3


def test_the_chance_that_a_contact_is_answered_is_found():
    rng = np.random.default_rng(10)
    count, tries = 4000, 6
    groups = rng.integers(0, 2, count)
    truth = np.stack([rng.beta(*np.where(groups[:, None] == 0, (2, 8), (6, 4)).T), np.full(count, 0.1)], axis=1)
    rows = np.tile(np.repeat(np.arange(count), tries), 2)
    channel = np.repeat([0, 1], count * tries)
    answered = rng.random(len(rows)) < truth[rows, channel]
    reach = channel_reach(rows, channel, answered, (count, 3), groups, 2)
    raw = np.bincount(rows[(channel == 0) & answered], minlength=count) / tries

    def off(told):
        return float(np.sqrt(np.mean((told - truth[:, 0]) ** 2)))

    alike = off(np.full(count, reach.overall[0]))
    by_group = off(np.array([truth[groups == one, 0].mean() for one in (0, 1)])[groups])
    assert off(reach.chance[:, 0]) < 0.85 * min(off(raw), by_group) < alike
    assert 7 < reach.strength[0] < 14
    assert reach.strength[1] > 200  # there nobody differs
    assert np.abs(reach.chance[:, 1] - 0.1).max() < 0.03
    assert np.isnan(reach.chance[:, 2]).all()
    assert reach.tried.tolist() == [count * tries, count * tries, 0]


def test_a_sender_who_never_tells_leaves_the_channel_unknown():
    reach = channel_reach(np.zeros(5, int), np.zeros(5, int), np.zeros(5, bool), (2, 1), np.zeros(2, int), 1)
    assert np.isnan(reach.chance).all()
    assert np.isnan(reach.overall).all()
    assert reach.tried.tolist() == [5]


def test_more_answers_never_lower_a_chance():
    chances = []
    for yes in range(6):
        answered = np.arange(5) < yes
        others = np.tile([True, False, False], 100)
        rows = np.concatenate([np.zeros(5, int), np.repeat(np.arange(1, 101), 3)])
        reach = channel_reach(
            rows, np.zeros(305, int), np.concatenate([answered, others]), (101, 1), np.zeros(101, int), 1
        )
        chances.append(reach.chance[0, 0])
    assert all(one <= other + 1e-3 for one, other in pairwise(chances))
    assert all(0 < one < 1 for one in chances)


def test_levels_of_groups_that_were_never_seen_are_those_of_all():
    counts = np.tile([3.0, 1.0], (40, 1))
    by_group = np.array([[120.0, 40.0], [0.0, 0.0]])
    levels = levels_of(counts, np.zeros(40, int), by_group)
    assert levels.shares[1] == pytest.approx(levels.overall)
    assert levels.overall == pytest.approx([0.75, 0.25], abs=0.01)
