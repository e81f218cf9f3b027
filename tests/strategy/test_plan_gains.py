"""What actions bring: the mathematics of the match, by the best channel, of bundles, of scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_worlds import GBP, limits_of, treatment

from smalti.strategy import PLAYBOOK, Belief, reckon
from smalti.strategy.match import LEVEL_Z
from smalti.strategy.plan import Effect, Worth, actions_of, gains_of

HEADROOM = np.array([0.0, 1000.0, 25_000.0])
DOUBT = np.array([0.0, 0.3, 1.0])


def reckoned(*treatments, limits=None, reach=None, worths=None, headroom=HEADROOM):
    told = {
        one.name: Worth(PLAYBOOK[one.strategy], headroom, DOUBT[: len(headroom)], modelled=True) for one in treatments
    }
    actions = actions_of(treatments, limits or limits_of())
    return gains_of(actions, told | (worths or {}), currency=GBP, average_order=5000.0, reach=reach)


def test_gain_and_interval_are_those_of_the_match():
    one = treatment("mail", "win_back", channels="email", cost=0.5)
    found = reckoned(one)
    option = reckon("mail", PLAYBOOK["win_back"], np.ones(3, dtype=bool), HEADROOM, DOUBT, 50, modelled=True)
    for mine, theirs in ((found.gain, option.gain), (found.low, option.low), (found.high, option.high)):
        assert np.abs(mine[:, 0] - theirs).max() <= 0.5
    assert found.basis == (option.basis,) == ("assumed",)
    assert found.by == (PLAYBOOK["win_back"].success.by,)
    rate, strength = PLAYBOOK["win_back"].success.rate, PLAYBOOK["win_back"].success.strength
    assert found.doubt[0] == pytest.approx(((1 - rate) / (rate * (strength + 1))) ** 0.5)


def test_costs_are_contacts_that_are_expected_and_redemption_and_at_worst_every_contact():
    steps = [{"after": "3 days", "channel": "call", "cost": 4, "reach": "25 %"}, {"after": "1 day", "channel": "email"}]
    one = treatment("gift", channels="email", cost="1 %", redemption={"cost": 5, "rate": "10 %"}, steps=steps, fixed=80)
    found = reckoned(one)
    assert found.cost[:, 0].tolist() == [50 + 0.25 * 400 + 50 + 50] * 3
    assert found.worst == {"gift": 50 + 400 + 50 + 50}
    assert found.fixed == {"gift": 8000.0}
    assert found.gain[0, 0] == -250


def test_an_effect_of_its_own_comes_before_its_strategys_and_one_measured_before_both():
    own = treatment(
        "mail", channels="email", effect={"rate": 0.5, "strength": 100, "by": "the lead", "basis": "assumed"}
    )
    assert reckoned(own).gain[1, 0] == 500 and reckoned(own).by == ("the lead",)
    measured = Worth(
        PLAYBOOK["retain"], HEADROOM, DOUBT, True, belief=Belief(rate=0.2, basis="measured", by="experiment x")
    )
    found = reckoned(own, worths={"mail": measured})
    assert found.gain[1, 0] == 200 and found.basis == ("modelled",) and found.by == ("experiment x",)
    assert found.source == ("treatment mail",) and reckoned(treatment("m", channels="email")).source == (
        "strategy retain",
    )


def test_nothing_is_won_of_unknown_or_negative_headroom():
    found = reckoned(treatment("mail", channels="email", cost=1), headroom=np.array([np.nan, -500.0, 0.0]))
    assert found.gain[:, 0].tolist() == found.low[:, 0].tolist() == found.high[:, 0].tolist() == [-100.0] * 3


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=3))
def test_channels_are_better_and_worse_around_the_treatments_own_gain(chances):
    one = treatment("mail", channels=["email", "sms", "app"], effect=0.01)
    size = len(chances)
    reach = {"email": np.array([a for a, _ in chances]), "sms": np.array([b for _, b in chances])}
    found = reckoned(one, reach=reach, headroom=np.full(size, 10_000.0))
    assert np.allclose(found.gain[:, 2], 100.0)
    if size and (reach["email"] + reach["sms"] > 0).all():
        assert np.allclose(found.gain[:, :2].mean(axis=1), 100.0)
    better = reach["email"] > reach["sms"]
    assert (found.gain[better, 0] > found.gain[better, 1]).all()


def test_nothing_is_won_more_often_than_always():
    one = treatment("mail", channels=["email", "sms"], effect=0.9)
    found = reckoned(one, reach={"email": np.full(3, 0.9), "sms": np.full(3, 0.1)})
    assert (found.gain[:, 0] <= HEADROOM + 1e-9).all() and found.gain[1, 0] == pytest.approx(1000.0)


def test_one_channel_alone_is_not_scaled_by_how_often_she_responds():
    one = treatment("mail", channels="email", effect=0.1)
    assert (reckoned(one, reach={"email": np.array([0.0, 0.2, 0.9])}).gain == reckoned(one).gain).all()


BOTH = {"limits": limits_of(bundles=[["a", "b"]])}


def test_a_bundle_wins_the_same_thing_at_most_once():
    one, other = (treatment(name, channels="email", effect=rate, cost=1) for name, rate in (("a", 0.5), ("b", 0.6)))
    found = reckoned(one, other, **BOTH)
    assert found.gain[:, 2] == pytest.approx((1 - 0.5 * 0.4) * HEADROOM - 200, abs=1)
    assert (found.high[:, 2] >= found.gain[:, 2]).all() and (found.low[:, 2] <= found.gain[:, 2]).all()


def test_a_bundle_wins_different_things_both():
    one, other = treatment("a", channels="email", effect=0.5), treatment("b", channels="sms", effect=0.6)
    worths = {"b": Worth(PLAYBOOK["retain"], HEADROOM + 7, DOUBT, True)}
    found = reckoned(one, other, worths=worths, **BOTH)
    assert found.gain[:, 2] == pytest.approx(0.5 * HEADROOM + 0.6 * (HEADROOM + 7), abs=1)


def test_parts_of_one_source_doubt_together():
    one, other = treatment("a", channels="email"), treatment("b", channels="sms")
    worths = {
        "b": Worth(PLAYBOOK["retain"], HEADROOM + 1, np.zeros(3), True),
        "a": Worth(PLAYBOOK["retain"], HEADROOM, np.zeros(3), True),
    }
    found = reckoned(one, other, worths=worths, **BOTH)
    widths = found.high - found.gain
    assert widths[:, 2] == pytest.approx(widths[:, 0] + widths[:, 1], abs=1)
    assert found.shared[2] == pytest.approx(found.doubt[0] * 0.1 * (2 * HEADROOM + 1), abs=1)


def test_a_score_tells_the_effect_of_each_with_the_error_all_share():
    one = treatment("mail", channels="email", cost=0.1, score="lift")
    effect = Effect(
        "lift", np.array([0.02, -0.01, np.nan]), HEADROOM, 0.005, "measured", "experiment spring", spread=0.0
    )
    found = reckoned(one, worths={"mail": Worth(PLAYBOOK["retain"], HEADROOM, np.zeros(3), True, effect=effect)})
    assert found.gain[:, 0] == pytest.approx([-10, -10 - 10, -10])
    assert found.high[:, 0] - found.gain[:, 0] == pytest.approx([0, LEVEL_Z * 5, 0])
    assert found.basis == ("modelled",) and found.source == ("score lift",)
    assert found.shared[0] == pytest.approx([0, 5, 0])


def test_the_lever_of_a_bundle_lies_between_those_of_its_parts():
    one, other = treatment("a", channels="email", priority=3, effect=0.1), treatment("b", channels="sms", effect=0.3)
    found = reckoned(one, other, **BOTH)
    assert found.weight.tolist()[:2] == [3.0, 1.0]
    assert found.weight[2] == pytest.approx(1.5)


def test_no_treatments_make_no_gains():
    found = gains_of((), {}, currency=GBP, average_order=0.0)
    assert found.gain.shape == (0, 0) and found.basis == ()
