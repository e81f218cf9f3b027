"""The law of memberships, scores, accounts and attributes with history, in worked examples."""

from __future__ import annotations

import pytest
from language_worlds import told


def person(company, **said):
    return {"customers": [{"at": 0, "company": company, **said}]}


@pytest.mark.parametrize(("age", "member"), [(18, True), (17, False), (None, False)])
def test_a_member_is_one_of_whom_the_rule_is_true_and_never_unknown(age, member):
    said = {"customers": [{"at": 0, "age": age}]}
    assert told("member(adult)", 1, said, segments={"adult": "age >= 18"}) is member
    assert told("not member(adult)", 1, said, segments={"adult": "age >= 18"}) is not member
    assert told("member(adult) is missing", 1, said, segments={"adult": "age >= 18"}) is False


def test_a_member_leaves_when_the_rule_stops_to_be_true():
    segments = {"fresh": "any(orders, last 10 microseconds)"}
    answers = [told("member(fresh)", at, {"orders": [{"at": 100}]}, segments=segments) for at in (99, 100, 109, 110)]
    assert answers == [False, True, True, False]


def test_a_segment_may_speak_of_traits():
    traits = {"spend": "sum(orders.revenue)", "double": "spend * 2"}
    orders = {"orders": [{"at": 0, "revenue": 300}]}
    assert told("member(big)", 1, orders, traits=traits, segments={"big": "double >= 6"}) is True


def test_a_score_is_what_was_given():
    assert told("score(p_alive) > 0.5", 0, scores={"p_alive": 0.6}) is True
    assert told("p_alive > 0.5", 0, scores={"p_alive": 0.4}) is False
    assert told("score(p_alive) > 0.5", 0) is None
    assert told('score("Next Category")', 0, scores={"Next Category": "web"}) == "web"


def three(rule, people, at=10):
    return [told(f"{word}({rule})", at, others=people) for word in ("any_person", "all_people", "no_person")]


TRUE, FALSE, UNKNOWN = (person("ada", newsletter=said) for said in (True, False, None))


@pytest.mark.parametrize(
    ("people", "answers"),
    [
        ([], [False, True, True]),
        ([TRUE], [True, True, False]),
        ([FALSE], [False, False, True]),
        ([UNKNOWN], [None, None, None]),
        ([TRUE, FALSE], [True, False, False]),
        ([TRUE, UNKNOWN], [True, None, False]),
        ([FALSE, UNKNOWN], [None, False, None]),
        ([TRUE, FALSE, UNKNOWN], [True, False, False]),
    ],
)
def test_any_all_and_none_of_an_accounts_people_in_three_values(people, answers):
    assert three("newsletter", {f"p{number}": one for number, one in enumerate(people)}) == answers


def test_only_people_of_this_account_are_asked():
    people = {"bo": person("Ada", newsletter=True), "cy": person(None, newsletter=True), "di": {}}
    assert three("newsletter", people) == [False, True, True]


def test_people_belong_to_the_account_that_was_said_last():
    moved = {"customers": [{"at": 0, "company": "ada", "newsletter": True}, {"at": 20, "company": "zoe"}]}
    assert [told("any_person(newsletter)", at, others={"bo": moved}) for at in (0, 19, 20)] == [True, True, False]
    silent = {"customers": [*moved["customers"][:1], {"at": 20, "company": None}]}
    assert told("any_person(newsletter)", 30, others={"bo": silent}) is True


def test_people_are_asked_about_their_own_facts_as_of_the_same_instant():
    people = {"bo": {**TRUE, "orders": [{"at": 100}]}}
    asked = "any_person(any(orders, last 10 microseconds))"
    assert [told(asked, at, {"orders": [{"at": 50}]}, others=people) for at in (50, 99, 100, 109, 110)] == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_people_may_be_asked_for_traits_and_memberships_of_their_own():
    people = {"bo": {**TRUE, "orders": [{"at": 1}, {"at": 2}]}, "cy": TRUE}
    traits, segments = {"bought": "count(orders)"}, {"buyers": "bought > 1"}
    assert (
        told("any_person(bought = 2 and member(buyers))", 10, others=people, traits=traits, segments=segments) is True
    )
    assert told("all_people(member(buyers))", 10, others=people, traits=traits, segments=segments) is False


def test_through_a_trait_an_account_may_be_its_peoples_peoples():
    # bo belongs to ada, cy belongs to bo.
    people = {"bo": person("ada"), "cy": person("bo", newsletter=True)}
    assert told("any_person(reaches)", 10, others=people, traits={"reaches": "any_person(newsletter)"}) is True
    assert told("reaches", 10, others=people, traits={"reaches": "any_person(newsletter)"}) is None


def test_who_names_herself_as_account_is_one_of_its_people():
    assert told("any_person(newsletter)", 10, TRUE) is True


def test_an_attribute_is_what_was_said_last_and_silence_takes_nothing_back():
    rows = {"customers": [{"at": 20, "country": "FR"}, {"at": 10, "country": "DE"}, {"at": 30, "country": None}]}
    assert [told("country", at, rows) for at in (9, 10, 19, 20, 40)] == [None, "DE", "DE", "FR", "FR"]
    assert told("first(customers.country)", 40, rows) == "DE"
    assert told("nth(customers.country, 2)", 40, rows) == "FR"
    assert told("count(customers, last 15 microseconds, where country is missing)", 40, rows) == 1
    assert (
        told("any(customers, where country = 'DE' and followed_by(customers, where country != its.country))", 40, rows)
        is True
    )
