"""What has happened since a treatment began: the words of steps hold what one would count by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.errors import DefinitionError
from smalti.facts import DAY, ORDERS, TOUCHES, Column, Currency, Stream, Type
from smalti.project.since import SINCE, Since
from smalti.rules import Customer, Vocabulary, meaning, write

WORDS = Vocabulary({"orders": ORDERS, "touches": TOUCHES}, {"spend": Type.MONEY}, Currency("EUR"))
NARROW = Stream("touches", tuple(one for one in TOUCHES.columns if one.name != "step"))


def ready(text: str, words: Vocabulary = WORDS, length: int = 10, **controls: str):
    node, problems = Since("mail", length, words, controls).read(text)
    assert not problems, problems
    return node


TOUCHED = st.fixed_dictionaries(
    {
        "at": st.integers(0, 30),
        "treatment": st.sampled_from(["mail", "mail", "other"]),
        "step": st.sampled_from([1, 1, 2, 3, None]),
        "opened_at": st.none() | st.integers(0, 40),
        "outcome": st.sampled_from([None, "Clicked", "bounced"]),
    }
)


@settings(max_examples=150, deadline=None)
@given(touches=st.lists(TOUCHED, max_size=6), orders=st.lists(st.integers(0, 40), max_size=3), at=st.integers(0, 45))
def test_words_hold_what_one_would_count_by_hand(touches, orders, at):
    her = Customer({"touches": touches, "orders": [{"at": one} for one in orders]})
    its = [one for one in touches if one["treatment"] == "mail" and one["at"] <= at]
    began = max((one["at"] for one in its if one["step"] == 1), default=None)
    since = [one for one in its if began is not None and one["at"] >= began]
    by_hand = {
        "began is missing": began is None,
        "opened": any(one["opened_at"] is not None and one["opened_at"] <= at for one in since),
        "clicked": any(one["outcome"] == "Clicked" for one in since),
        "ordered": began is not None and any(began < one <= at for one in orders),
    }
    assert {text: meaning(ready(text), her, at) for text in by_hand} == by_hand


@settings(max_examples=80, deadline=None)
@given(instants=st.sets(st.integers(0, 60), max_size=6), at=st.integers(0, 70))
def test_without_steps_the_first_is_the_one_with_none_before_it_for_long(instants, at):
    words = Vocabulary({"touches": NARROW}, {}, Currency("EUR"))
    her = Customer({"touches": [{"at": one, "treatment": "mail"} for one in instants]})
    seen = sorted(one for one in instants if one <= at)
    firsts = [one for one in seen if not any(one - 10 <= other < one for other in seen)]
    gone = ready("days_since(began) * 86400000000 = 0", words)
    assert meaning(gone, her, at) == (None if not firsts else firsts[-1] == at)


def test_what_would_have_been_done_in_a_control_began_nothing():
    touch = {"at": 5, "treatment": "mail", "step": 1, "experiment": "spring", "arm": "none"}
    began = ready("began is missing", spring="none")
    assert meaning(began, Customer({"touches": [touch]}), 9) is True
    assert meaning(began, Customer({"touches": [touch | {"arm": "mail"}]}), 9) is False
    assert meaning(began, Customer({"touches": [touch | {"channel": "email"}]}), 9) is False
    assert meaning(began, Customer({"touches": [touch | {"experiment": "autumn"}]}), 9) is False


def test_columns_of_facts_keep_their_names():
    streams = {"touches": TOUCHES, "events": Stream("events", (Column("opened", Type.BOOLEAN),))}
    node = ready("any(events, after began, where opened)", Vocabulary(streams, {}, Currency("EUR")))
    assert write(node.where) == "opened"
    assert "treatment = 'mail'" in write(node.window.instant)


def test_a_treatment_with_a_quote_in_its_name():
    node, _ = Since("it's", DAY, WORDS, {}).read("ordered")
    assert "treatment = 'it''s'" in write(node)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("openned", "1:1: unknown name: found 'openned', wanted a trait, attribute or score; did you mean 'opened'?"),
        (
            "not orderd",
            "1:5: unknown name: found 'orderd', wanted a trait, attribute or score; did you mean 'ordered'?",
        ),
        ("began", "1:1: wrong type: found 'instant', wanted a boolean"),
        (
            "began > 5",
            "1:1: a comparison of different types: found 'a whole number and an instant', wanted values of one type",
        ),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(text, message):
    _, problems = Since("mail", 0, WORDS, {}).read(text)
    assert [str(one) for one in problems] == [message]


def test_what_is_no_rule_at_all():
    with pytest.raises(DefinitionError, match="ends too soon"):
        Since("mail", 0, WORDS, {}).read("opened and")


@pytest.mark.parametrize("name", sorted(SINCE))
def test_a_trait_of_the_same_name_is_told(name):
    words = Vocabulary({"orders": ORDERS, "touches": TOUCHES}, {name: Type.BOOLEAN}, Currency("EUR"))
    text = "began is missing" if name == "began" else name
    (problem,) = Since("mail", 0, words, {}).read(text)[1]
    assert problem.what == "a word that means two things"


def test_what_the_facts_cannot_answer_is_told():
    silent = Vocabulary({"touches": Stream("touches", (Column("treatment", Type.TEXT),))}, {}, Currency("EUR"))
    found = {name: Since("mail", 1, silent, {}).read(name)[1][0].wanted for name in ("opened", "clicked", "ordered")}
    assert found == {
        "opened": "a column opened_at of touches, instant",
        "clicked": "a column outcome of touches, text",
        "ordered": "orders among the sources",
    }


@pytest.mark.parametrize("streams", [{}, {"touches": Stream("touches", (Column("channel", Type.TEXT),))}])
def test_where_nobody_knows_what_was_done_nothing_is_true(streams):
    words = Vocabulary({"orders": ORDERS} | streams, {"spend": Type.MONEY}, Currency("EUR"))
    assert write(Since("mail", 0, words, {}).read("not opened")[0]) == "false"
    assert write(Since("mail", 0, words, {}).read("spend > 5")[0]) == "spend > 500"
    assert Since("mail", 0, words, {}).read("openned")[1][0].hint == "opened"


def test_where_touches_tell_when_she_clicked_earlier_instants_do_not_know_it():
    touches = Stream("touches", (*TOUCHES.columns, Column("clicked_at", Type.INSTANT)))
    node = ready("clicked", Vocabulary({"touches": touches}, {}, Currency("EUR")))
    touch = {"at": 5, "treatment": "mail", "step": 1, "clicked_at": 20, "outcome": "clicked"}
    assert [meaning(node, Customer({"touches": [touch]}), at) for at in (19, 20)] == [False, True]
