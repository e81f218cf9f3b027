"""What must be worked out first: every step finds what it needs done before it, in as few rounds as can be."""

import pytest
from hypothesis import given, settings
from language_worlds import world

from smalti.errors import SmaltiError
from smalti.rules import Aggregate, Member, Name, People, Quantile, parse
from smalti.rules.needs import (
    Definitions,
    Derive,
    Fit,
    Gather,
    Poll,
    aggregates_in,
    column_of,
    is_constant,
    needs_of,
    plan,
)


def met_by(step):
    match step:
        case Gather(aggregates):
            return aggregates
        case Derive(needs):
            return needs
        case Poll(questions):
            return questions
        case Fit(quantiles):
            return quantiles


@settings(deadline=None)
@given(asked=world(trees=3))
def test_every_step_finds_what_it_needs_and_nothing_is_done_twice(asked):
    ready = asked.ready()
    definitions = Definitions(ready.all_traits(), ready.all_segments())
    scores = {name for name in ready.types if name not in definitions.traits}
    wanted = [need for node in ready.trees() for need in needs_of(node)]
    done = set()
    for step in plan(wanted, definitions, scores):
        for need in met_by(step):
            assert need not in done
            below = [one for tree in definitions.behind(need) for one in needs_of(tree)]
            assert all(one in done or (isinstance(one, Name) and one.name in scores) for one in below)
        done |= set(met_by(step))
    assert {need for need in wanted if not (isinstance(need, Name) and need.name in scores)} <= done


def test_all_that_needs_nothing_is_gathered_first_and_what_waits_is_gathered_together():
    traits = {
        "first": parse("first(orders.at)"),
        "n": parse("count(orders, after first)"),
        "m": parse("count(visits, before first)"),
        "k": parse("count(visits)"),
    }
    steps = plan(map(Name, traits), Definitions(traits))
    assert [type(step).__name__ for step in steps] == ["Gather", "Derive", "Gather", "Derive"]
    assert [len(met_by(step)) for step in steps] == [2, 2, 2, 2]


def test_what_is_there_is_not_worked_out_again():
    counted, cut = parse("count(orders)"), Quantile(Name("n"), 0.5)
    traits = {"n": counted, "high": parse("n > 1")}
    assert plan([Name("high"), cut], Definitions(traits), columns={"n", "high"}, fitted={cut}) == []
    assert plan([Name("high")], Definitions(traits), columns={"n"}) == [Derive((Name("high"),))]


def test_aggregates_are_found_behind_segments_people_and_quantiles_but_not_behind_traits():
    segments = {"vip": parse("count(orders) > quantile(sum(orders.revenue), 0.5)")}
    trees = [parse("member(vip) and spend > 1 and any_person(count(visits) > 0)")]
    found = aggregates_in(trees, Definitions({"spend": parse("sum(orders.cost)")}, segments))
    assert {(one.function, one.stream) for one in found} == {
        ("count", "orders"),
        ("sum", "orders"),
        ("count", "visits"),
    }


@pytest.mark.parametrize("text", ["now - 30 days", "start of year", "instant '2026-01-01'", "days_since(now)"])
def test_constants_need_nothing(text):
    assert is_constant(parse(text))


@pytest.mark.parametrize("text", ["joined", "count(orders)", "quantile(n, 0.5)", "member(vip)", "any_person(true)"])
def test_what_differs_from_customer_to_customer_is_no_constant(text):
    assert not is_constant(parse(text))


def test_a_circle_and_an_unknown_name_are_told():
    with pytest.raises(SmaltiError, match="in a circle: a, b"):
        plan([Name("a")], Definitions({"a": parse("b + 1"), "b": parse("a + 1")}))
    with pytest.raises(SmaltiError, match="not known when it is asked for: a"):
        plan([Name("a")], Definitions())


def test_names_of_columns_are_short_plain_and_differ_in_more_than_case():
    long = Aggregate("most_frequent", "Streams with a very long name and ünïcode" * 3, "column" * 9)
    needs = [long, Member("VIP"), Member("vip"), People("any", parse("n > 1")), Aggregate("count", "orders")]
    names = [column_of(need) for need in needs]
    assert len({name.lower() for name in names}) == len(names)
    assert all(len(name.encode()) < 60 and name.isascii() and " " not in name for name in names)
