"""Personas: real members from the middle and from the edge, plans counted as they are, nothing said that is not so."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.segments import Known, Plans, draw, effects, measured, personas, same, worded
from smalti.segments.personas import distances, typical_members


def world(customers=2_000, seed=0):
    """Big spenders and the rest, with what is planned for them."""
    rng = np.random.default_rng(seed)
    big = rng.random(customers) < 0.3
    spend = np.rint(rng.lognormal(3, 0.5, customers) * np.where(big, 4, 1) * 100)
    orders = rng.poisson(np.where(big, 12, 3), customers).astype(float)
    channel = np.where(rng.random(customers) < np.where(big, 0.8, 0.3), 0, 1)
    traits = [
        measured("spend", spend),
        measured("orders", orders),
        measured("noise", rng.random(customers)),
        worded("favourite_channel", ["shop", "web"], channel),
        worded(
            "wants_price", ["no", "yes"], (rng.random(customers) < np.where(big, 0.2, 0.6)).astype(int), yes_no=True
        ),
    ]
    members = [big, ~big, np.zeros(customers, dtype=bool)]
    drawn = draw(members, customers, seed)
    known = Known(
        traits={one.name: one for one in traits},
        drawn=drawn,
        found=effects(traits, drawn, ["tiers"] * 3),
        alike=same(traits),
        money={"value_now": spend},
        misleading=("spend",),
        answers=frozenset({"wants_price"}),
        commonest=frozenset({"favourite_channel", "not_there"}),
    )
    gains = np.stack(
        [np.where(big, 500, 0), np.where(spend > 3_000, 300, 0), np.where(np.arange(customers) < 20, 9, 0)]
    )
    gains = np.vstack([gains, np.zeros((2, customers))]).astype(float)
    primary = np.where(gains.max(axis=0) > 0, gains.argmax(axis=0), 4)
    names = ["reward", "develop", "call", "visit", "leave_alone"]
    plans = Plans(names, frozenset({"leave_alone"}), gains, primary, np.full(customers, 1))
    return members, known, plans


def test_a_persona_says_what_is_so():
    members, known, plans = world()
    big, rest, nobody = personas(members, known, plans)
    assert (big.size, big.sums["value_now"]) == (members[0].sum(), known.money["value_now"][members[0]].sum())
    assert {one.trait for one in big.apart} == {"spend", "orders", "favourite_channel", "wants_price"}
    assert [one.trait for one in big.answers] == ["wants_price"]
    [(name, part)] = big.commonest
    assert (name, part.value) == ("favourite_channel", "shop")
    assert [play.strategy for play in big.plays] == ["reward"]
    assert big.one_for_all.another == 0 and big.one_for_all.lost == 0
    assert big.never == ("visit",)
    assert [play.strategy for play in big.last_resort] == ["call"]
    assert rest.one_for_all.another == rest.size - max(play.primary for play in rest.plays)
    assert sum(play.primary for play in rest.plays) == rest.size
    assert (nobody.size, nobody.typical, nobody.untypical, nobody.plays, nobody.never) == (0, None, None, (), ())


def test_the_typical_member_is_near_all_medians_and_the_untypical_one_is_not():
    members, known, plans = world()
    big = personas(members, known, plans)[0]
    spend, orders = (known.traits[name] for name in ("spend", "orders"))
    for trait in (spend, orders):
        inside = np.asarray(trait.values)[trait.codes[members[0]]]
        low, high = np.quantile(inside, [0.4, 0.6])
        assert low <= trait.values[trait.codes[big.typical.customer]] <= high
    assert members[0][big.typical.customer] and members[0][big.untypical.customer]
    every = distances([known.traits[one.trait] for one in big.apart], known.drawn.inside[0])
    assert big.typical.distance == pytest.approx(every.min())
    assert (every > big.untypical.distance + 1e-9).mean() <= 0.025
    assert (every < big.untypical.distance - 1e-9).mean() < 0.975


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.randoms())
def test_who_is_typical_does_not_depend_on_units_and_equals_go_by_order(values, random):
    column = np.array(values, dtype=np.float64)
    member = np.array([random.random() < 0.8 for _ in values])
    drawn = draw([member], len(values), 0)
    [inside] = drawn.inside
    near, edge = typical_members([measured("x", column)], drawn, inside)
    assert (near, edge) == typical_members([measured("x", column**3 + 7)], drawn, inside)
    if not len(inside):
        assert near is None
        return
    every = distances([measured("x", column)], inside)
    assert near.customer == inside[np.argmin(np.round(every, 12))]
    assert edge is None or edge.distance > near.distance


def test_distance_by_hand_with_texts_and_the_unknown():
    traits = [measured("x", np.array([1.0, 2.0, 3.0, np.nan])), worded("t", ["a", "b"], np.array([0, 0, 1, -1]))]
    assert distances(traits, np.arange(4)).tolist() == pytest.approx([1 / 3, 0.0, (2 / 3 + 1) / 2, 0.5])


def test_the_same_again_is_the_same():
    members, known, plans = world(500, seed=4)
    assert personas(members, known, plans) == personas(*world(500, seed=4))
