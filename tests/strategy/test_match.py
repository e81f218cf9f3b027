"""The match: the largest gain first, the best by another mechanism second, and intervals that hold what they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, gamma

from smalti.strategy import (
    DO_NOT_TARGET,
    LEAVE_ALONE,
    PLAYBOOK,
    Belief,
    Option,
    StrategyDefinition,
    match,
    reckon,
    totals,
)

NAMES = list(PLAYBOOK)
GAINS = st.sampled_from([-50.0, -1.0, 0.0, 1.0, 2.0, 7.0, 7.0, 900.0])


def option(name, gain, eligible, mechanism=None):
    gain = np.array(gain, dtype=float)
    definition = PLAYBOOK[name] if mechanism is None else PLAYBOOK[name].model_copy(update={"mechanism": mechanism})
    return Option(name, definition, np.array(eligible), gain, gain - 5, gain + 5, 0 * gain, 0, "assumed")


@st.composite
def playbooks(draw):
    """Draw options for some customers, with ties, losses and strategies open to nobody; in any order."""
    size = draw(st.integers(1, 6))
    chosen = draw(st.lists(st.sampled_from(NAMES), unique=True))
    names = draw(st.permutations([*{*chosen, LEAVE_ALONE, DO_NOT_TARGET}]))
    found = []
    for name in names:
        gain = [0.0] * size if name == LEAVE_ALONE else draw(st.lists(GAINS, min_size=size, max_size=size))
        found.append(option(name, gain, draw(st.lists(st.booleans(), min_size=size, max_size=size))))
    return found


@settings(max_examples=200, deadline=None)
@given(playbooks())
def test_the_match_is_what_looking_at_every_option_finds(options):
    found = match(options)
    names = [one.name for one in options]
    for her in range(len(options[0].gain)):
        possible = [
            place for place, one in enumerate(options) if one.eligible[her] or one.name in (LEAVE_ALONE, DO_NOT_TARGET)
        ]

        def better(place, her=her):
            return (-options[place].gain[her], names[place] != LEAVE_ALONE, place)

        def mechanism(place):
            return options[place].definition.mechanism

        primary = min(possible, key=better)
        others = [
            place
            for place in possible
            if mechanism(place) != mechanism(primary)
            and (names[place] != DO_NOT_TARGET or names[primary] == LEAVE_ALONE)
            and (names[primary] != DO_NOT_TARGET or names[place] == LEAVE_ALONE)
        ]
        secondary = min(others, key=better)
        rest = [place for place in possible if place not in (primary, secondary)]
        assert (found.primary[her], found.secondary[her]) == (primary, secondary)
        assert found.runner_up[her] == (min(rest, key=better) if rest else -1)


@given(playbooks())
def test_nobody_gets_a_primary_that_loses_money(options):
    found = match(options)
    gains = np.stack([one.gain for one in options])
    assert (gains[found.primary, np.arange(gains.shape[1])] >= 0).all()


def test_at_no_gain_she_is_left_alone():
    options = [
        option("retain", [0.0], [True]),
        option(DO_NOT_TARGET, [-3.0], [False]),
        option(LEAVE_ALONE, [0.0], [True]),
    ]
    found = match(options)
    assert [options[place[0]].name for place in (found.primary, found.secondary)] == [LEAVE_ALONE, "retain"]


def test_of_equal_strategies_the_first_in_the_playbook_wins():
    tied = [option("up_sell", [9.0], [True]), option("develop", [9.0], [True])]
    last = [option(LEAVE_ALONE, [0.0], [True]), option(DO_NOT_TARGET, [0.0], [True])]
    for one in (tied, tied[::-1]):
        found = match([*one, *last])
        assert (found.primary.tolist(), found.secondary.tolist()) == ([0], [1])


def test_two_of_one_mechanism_are_not_primary_and_secondary():
    options = [
        option("retain", [90.0], [True]), option("win_back", [80.0], [True]), option("develop", [2.0], [True]),
        option(LEAVE_ALONE, [0.0], [True]), option(DO_NOT_TARGET, [0.0], [True]),
    ]  # fmt: skip
    found = match(options)
    assert [options[one[0]].name for one in (found.primary, found.secondary, found.runner_up)] == [
        "retain",
        "develop",
        "win_back",
    ]


@pytest.mark.parametrize("absent", [LEAVE_ALONE, DO_NOT_TARGET])
def test_a_playbook_without_a_last_resort_is_refused(absent):
    present = DO_NOT_TARGET if absent == LEAVE_ALONE else LEAVE_ALONE
    with pytest.raises(ValueError, match=absent):
        match([option(present, [0.0], [True]), option("retain", [1.0], [True])])


def reckoned(headroom, doubt, *, rate=0.1, strength=20.0, cost=0, basis="assumed", modelled=True):
    success = Belief(rate=rate, strength=strength, basis=basis)
    definition = PLAYBOOK["retain"].model_copy(update={"success": success})
    size = len(headroom)
    return reckon(
        "retain", definition, np.ones(size, dtype=bool), np.array(headroom, dtype=float),
        np.broadcast_to(np.array(doubt, dtype=float), size), cost, modelled=modelled,
    )  # fmt: skip


def test_the_gain_is_rate_times_headroom_less_cost_in_whole_minor_units():
    found = reckoned([10_000, 5, 0, -1000], 0.5, rate=0.15, cost=40)
    assert found.gain.tolist() == [1460, -39, -40, -190]


@given(
    headroom=st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=20),
    doubt=st.floats(0, 10), rate=st.floats(0, 1), strength=st.floats(0.1, 1e5), cost=st.integers(0, 10**5),
)  # fmt: skip
def test_the_gain_lies_within_its_interval(headroom, doubt, rate, strength, cost):
    found = reckoned(headroom, doubt, rate=rate, strength=strength, cost=cost)
    assert (found.low <= found.gain).all()
    assert (found.gain <= found.high).all()
    assert np.isfinite(found.high).all()
    assert (found.low[np.array(headroom) >= 0] >= -cost).all()


def widths(found):
    return np.log((found.high + found.cost) / (found.low + found.cost))


def test_the_interval_widens_with_doubt_and_its_low_end_falls():
    found = reckoned([10**9] * 5, [0.0, 0.2, 0.5, 1.0, 2.0])
    assert (np.diff(widths(found)) > 0).all()
    assert (np.diff(found.low) < 0).all()
    assert (np.diff(found.gain) == 0).all()


def test_the_interval_narrows_as_belief_grows_stronger():
    found = [reckoned([10**9], 0.3, strength=strength) for strength in (5, 20, 100, 1000, 1e6)]
    assert (np.diff([widths(one)[0] for one in found]) < 0).all()
    assert (np.diff([one.low[0] for one in found]) > 0).all()


def test_without_doubt_there_is_no_interval():
    found = reckoned([5000], 0.0, rate=1.0)
    assert found.low == found.gain == found.high


def coverage(rate, strength, doubt, draws=100_000):
    """Say how often rate x headroom, each drawn from what is believed of it, lies in the interval."""
    rng = np.random.default_rng(5)
    found = reckoned([10**8], doubt, rate=rate, strength=strength)
    rates = 1.0 if rate == 1 else beta(rate * strength, (1 - rate) * strength).rvs(draws, random_state=rng)
    headrooms = gamma(1 / doubt**2, scale=10**8 * doubt**2).rvs(draws, random_state=rng)
    return float(np.mean((found.low <= rates * headrooms) & (rates * headrooms <= found.high)))


BELIEVED = sorted({one.success.rate for one in PLAYBOOK.values()} - {0.0})


@pytest.mark.parametrize("rate", [*BELIEVED, 1.0])
@pytest.mark.parametrize("doubt", [0.1, 0.5, 1.6])
def test_the_interval_holds_four_fifths_of_what_is_believed(rate, doubt):
    assert coverage(rate, 20.0, doubt) == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize(
    ("basis", "modelled", "weakest"),
    [
        ("assumed", True, "assumed"),
        ("modelled", True, "modelled"),
        ("measured", True, "modelled"),
        ("measured", False, "assumed"),
    ],
)
def test_a_gain_is_only_as_good_as_the_weakest_it_rests_on(basis, modelled, weakest):
    assert reckoned([1], 0.1, basis=basis, modelled=modelled).basis == weakest


def test_a_rate_alone_is_a_belief_by_default():
    fields = {**dict(PLAYBOOK["retain"]), "success": 0.25}
    assert StrategyDefinition.model_validate(fields).success == Belief(rate=0.25)


def test_not_targeting_goes_with_nothing_but_leaving_alone():
    options = [
        option("develop", [-1.0, 9.0, 5.0], [True] * 3), option(LEAVE_ALONE, [0.0] * 3, [True] * 3),
        option(DO_NOT_TARGET, [3.0, 7.0, -8.0], [True] * 3),
    ]  # fmt: skip
    found = match(options)
    named = [(options[one].name, options[two].name) for one, two in zip(found.primary, found.secondary, strict=True)]
    assert named == [(DO_NOT_TARGET, LEAVE_ALONE), ("develop", LEAVE_ALONE), ("develop", LEAVE_ALONE)]


def test_totals_are_sums_of_those_who_were_chosen_for():
    options = [reckoned([1000, 2000, 3000], 0.0, rate=1.0, cost=100), reckoned([500] * 3, 0.0, rate=1.0)]
    each, everyone = totals(options, np.array([0, 1, 0]))
    assert [(one.gain, one.low, one.high) for one in each] == [(3800, 3800, 3800), (500, 500, 500)]
    assert (everyone.gain, everyone.low, everyone.high) == (4300, 4300, 4300)


def test_the_total_of_nobody_is_nothing():
    each, everyone = totals([reckoned([], 0.5)], np.zeros(0, dtype=np.int64))
    assert [(one.gain, one.low, one.high) for one in (*each, everyone)] == [(0, 0, 0)] * 2


@pytest.mark.parametrize("size", [10, 1000])
def test_the_interval_of_a_total_holds_four_fifths_though_all_share_one_rate(size):
    rng = np.random.default_rng(3)
    doubt, rate, strength, draws = 0.5, 0.2, 60.0, 5000
    headroom = np.geomspace(1e6, 1e8, size)
    [total], _ = totals([reckoned(headroom, doubt, rate=rate, strength=strength)], np.zeros(size, dtype=np.int64))
    rates = beta(rate * strength, (1 - rate) * strength).rvs(draws, random_state=rng)
    headrooms = rng.gamma(1 / doubt**2, doubt**2, (draws, size)) @ headroom
    assert np.mean((total.low <= rates * headrooms) & (rates * headrooms <= total.high)) == pytest.approx(0.8, abs=0.04)
