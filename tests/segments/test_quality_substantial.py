"""Size, money, power, reach and coverage; small but valuable niches are kept."""

import numpy as np
import pytest

from smalti.segments.quality import (
    Bars,
    Channel,
    Grouping,
    coverage,
    power_of,
    reachable,
    reaches,
    state_of,
    substances,
    substantial,
)

BARS = Bars()


def group(sizes, outside=0):
    labels = np.concatenate([np.repeat(np.arange(len(sizes)), sizes), np.full(outside, -1)])
    return Grouping.from_labels("tiers", [f"s{place}" for place in range(len(sizes))], labels)


def test_power_by_hand():
    # z .975 + z .8 = 2.80159; sd / mean = 1 (exponential-like two values 0 and 2, n large).
    found = power_of(np.tile([0.0, 2.0], 50_000), Bars(holdout=0.5))
    assert found.least == pytest.approx(2.80159 * np.sqrt(2 / 50_000), rel=1e-3)
    assert found.needed == pytest.approx(4 * 2.80159**2 / 0.01, rel=1e-3)


def test_what_needs_that_many_members_is_shown_by_that_many():
    base = np.random.default_rng(0).gamma(2, 1, 50_000)
    needed = power_of(base, BARS).needed
    as_many = np.resize(base, needed)
    assert power_of(as_many, BARS).least == pytest.approx(BARS.detectable, rel=0.05)


def test_nothing_can_be_tested_where_there_is_nothing():
    assert power_of(np.zeros(100), BARS).needed is None
    assert power_of(np.zeros(0), BARS).least == float("inf")
    assert power_of(np.array([1.0, 2.0, 3.0]), BARS).least == float("inf")


@pytest.mark.slow
def test_the_power_is_what_it_is_said_to_be():
    rng = np.random.default_rng(1)
    population = rng.lognormal(0, 0.8, 100_000)
    needed = power_of(population, BARS).needed
    held_out = int(needed * BARS.holdout)
    shown = 0
    for _ in range(1000):
        one, other = (
            rng.choice(population, held_out),
            rng.choice(population, needed - held_out) * 1.0 + 0.1 * population.mean(),
        )
        spread = np.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))
        shown += abs(other.mean() - one.mean()) > 1.96 * spread
    assert abs(shown / 1000 - 0.8) < 0.04


def test_a_small_segment_is_told_and_a_valuable_one_is_kept():
    grouping = group([9900, 50, 50])
    money = np.ones(10_000) * 10
    money[9900:9950] = np.random.default_rng(2).lognormal(6, 0.5, 50)
    standing = {one.segment: one.standing for one in substances(grouping, money, BARS)}
    assert standing == {"s0": "large", "s1": "niche", "s2": "small"}
    found = substantial(grouping, money, money, BARS)
    assert state_of("substantial", found) == "passed"
    assert [(one.segment, one.severity) for one in found if one.test == "niche"] == [("s1", "note")]
    assert substances(grouping, None, BARS)[1].standing == "small"


def test_one_rich_customer_is_no_niche():
    money = np.ones(10_000)
    money[9990] = 5000.0
    assert substances(group([9950, 50]), money, BARS)[1].standing == "small"


def test_many_tiny_segments_fail_though_one_holds_most():
    assert state_of("substantial", substantial(group([9900, 30, 30, 40]), None, None, BARS)) == "failed"
    assert state_of("substantial", substantial(group([0]), None, None, BARS)) == "not shown"


def test_unknown_consent_is_no_consent():
    grouping = group([100, 100])
    address = np.ones(200, dtype=bool)
    assert state_of("reachable", reachable(grouping, {}, BARS)) == "not shown"
    assert state_of("reachable", reachable(grouping, {"email": Channel("email", address, None)}, BARS)) == "not shown"
    none = {"email": Channel("email", address, np.zeros(200, dtype=bool))}
    assert state_of("reachable", reachable(grouping, none, BARS)) == "failed"
    unknown_beside = {"email": Channel("email", address, np.arange(200) < 150), "sms": Channel("sms", address, None)}
    found = {one.segment: one for one in reachable(grouping, unknown_beside, BARS)}
    assert found["s1"].value == 0.5
    assert found[None].severity == "passed"


def test_one_channel_or_another_is_enough():
    grouping = group([4])
    found = reaches(grouping, {"email": np.array([1, 1, 0, 0], dtype=bool), "sms": np.array([0, 1, 1, 0], dtype=bool)})[
        0
    ]
    assert found.any.value == 0.75
    assert {name: share.value for name, share in found.channels.items()} == {"email": 0.5, "sms": 0.5}


def test_a_segment_out_of_reach_is_told():
    consented = np.arange(1000) < 900
    found = reachable(group([900, 100]), {"email": Channel("email", np.ones(1000, dtype=bool), consented)}, BARS)
    assert {one.segment: one.severity for one in found} == {None: "passed", "s0": "passed", "s1": "warning"}


def test_who_is_left_out_is_told_where_nobody_should_be():
    assert [one.severity for one in coverage(group([800, 100], outside=100), BARS)] == ["warning"]
    assert [one.severity for one in coverage(group([900, 99], outside=1), BARS)] == ["passed"]
    overlapping = Grouping("mine", ("a",), np.arange(1000)[None, :] < 100, exclusive=False)
    assert [one.severity for one in coverage(overlapping, BARS)] == ["passed"]


def test_empty_full_and_double_membership_are_told():
    member = np.stack([np.ones(10, dtype=bool), np.zeros(10, dtype=bool), np.arange(10) < 3])
    found = coverage(Grouping("mine", ("all", "none", "some"), member), BARS)
    assert [(one.segment, one.severity) for one in found] == [
        (None, "passed"),
        (None, "fail"),
        ("all", "warning"),
        ("none", "warning"),
    ]
    assert "3 customers" in found[1].found


def test_an_interval_that_is_wide_for_want_of_members_does_not_reach():
    """One of ten in each of a hundred segments is a tenth, and the bar is a fifth."""
    labels = np.repeat(np.arange(100), 10)
    tiny = Grouping.from_labels("tiny", [f"s{place}" for place in range(100)], labels)
    one_of_ten = np.arange(1000) % 10 == 0
    found = reachable(tiny, {"email": Channel("email", one_of_ten, np.ones(1000, dtype=bool))}, BARS)
    assert state_of("reachable", found) == "failed"
    assert found[0].found.startswith("10 % of all members can be reached")


def test_all_members_together_must_be_in_reach_as_well():
    labels = np.repeat([0, 1], [800, 200])
    two = Grouping.from_labels("two", ["a", "b"], labels)
    reached = np.concatenate([np.arange(800) % 5 == 0, np.zeros(200, dtype=bool)])
    found = reachable(two, {"email": Channel("email", reached, np.ones(1000, dtype=bool))}, BARS)
    assert found[0].value == 0.8
    assert found[0].severity == "fail"
