"""What holds of the law whatever is asked: of histories and their order, of the future, of three values, of stories."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from language_worlds import Delivery, Story, World, by_meaning, by_meaning_at, differences, fitted_in, story, world

from smalti.facts import Type
from smalti.rules import Logic, Not, parse

trying = settings(
    max_examples=settings.default.max_examples // 3,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def retold(asked: World, change) -> World:
    """The same world with the facts of each customer's streams changed."""
    histories = {
        name: {stream: change(facts) for stream, facts in streams.items()} for name, streams in asked.histories.items()
    }
    return replace(asked, histories=histories)


@trying
@given(world(), st.randoms(use_true_random=False))
def test_the_order_in_which_facts_are_told_does_not_matter(asked, chance):
    fitted = fitted_in(asked)
    shuffled = retold(asked, lambda facts: chance.sample(facts, len(facts)))
    assert by_meaning(shuffled, fitted) == by_meaning(asked, fitted)


@trying
@given(world())
def test_the_future_does_not_matter(asked):
    fitted = fitted_in(asked)
    known = retold(asked, lambda facts: [one for one in facts if one["at"] <= asked.at])
    assert by_meaning(known, fitted) == by_meaning(asked, fitted)


@trying
@given(world(trees=4))
def test_three_values_are_those_of_kleene(asked):
    rules = {name: node for name, (node, kind) in asked.wanted.items() if kind is Type.BOOLEAN}
    wanted = {name: (node, Type.BOOLEAN) for name, node in rules.items()}
    wanted |= {f"not {name}": (Not(node), Type.BOOLEAN) for name, node in rules.items()}
    wanted |= {
        f"false and {name}": (Logic("and", (node, parse("false"))), Type.BOOLEAN) for name, node in rules.items()
    }
    wanted |= {f"true or {name}": (Logic("or", (node, parse("true"))), Type.BOOLEAN) for name, node in rules.items()}
    told = replace(asked, wanted=wanted)
    for answers in by_meaning(told, fitted_in(told)).values():
        for name in rules:
            assert answers[f"not {name}"] is {True: False, False: True, None: None}[answers[name]]
            assert answers[f"false and {name}"] is False
            assert answers[f"true or {name}"] is True


@trying
@given(story())
def test_a_story_is_told_in_the_order_of_arrival_and_each_fact_counts_once(asked):
    arrivals = [one.now for one in asked.deliveries]
    assert arrivals == sorted(arrivals)
    first: dict[int, object] = {}
    for one in asked.deliveries:
        if one.position not in first:
            assert one.position == len(first) + 1
        assert first.setdefault(one.position, (one.customer, one.stream, one.fact)) == (
            one.customer,
            one.stream,
            one.fact,
        )
    for at in asked.instants:
        told = [fact for streams in asked.world(at).histories.values() for facts in streams.values() for fact in facts]
        assert len(told) == len({one.position for one in asked.deliveries if one.now <= at})


@trying
@given(story())
def test_once_all_is_delivered_a_story_is_a_world(asked):
    end = max([one.now for one in asked.deliveries], default=0)
    fitted = asked.fitted()
    once = {one.position: one for one in reversed(asked.deliveries)}
    histories = {name: {} for name in asked.customers}
    for one in once.values():
        histories[one.customer].setdefault(one.stream, []).append(one.fact)
    law = by_meaning(replace(asked.definitions, histories=histories, at=end), fitted)
    assert differences(law, by_meaning_at(asked, end, fitted)) == []


def test_a_delivery_is_known_from_its_arrival_on_and_visible_from_its_own_instant_on():
    asked = World({"ada": {}}, (), {"n": (parse("count(orders)"), Type.INTEGER)}, 0)
    late, ahead = {"at": 10}, {"at": 40}
    arrived = (Delivery(20, "ada", "orders", late, 1), Delivery(30, "ada", "orders", ahead, 2))
    again = (*arrived, Delivery(50, "ada", "orders", late, 1))
    told = Story(again, asked, ())
    counts = [by_meaning_at(told, at, {})["ada"]["n"] for at in (10, 19, 20, 30, 39, 40, 60)]
    assert counts == [0, 0, 1, 1, 1, 2, 2]
