"""What is planned for one customer, and what is decided for her now, in sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from planned_shop import ACTIONS, AT, cents, contact, idle, options

from smalti.report import customer_story, planned, tell, tell_decision

STEPS = [["second_order_mail", {"steps": [{"after": "3 days", "channel": "sms", "condition": "not opened"}]}]]
INFO = {
    "currency": "GBP",
    "time_zone": "Europe/London",
    "as_of": AT.isoformat(),
    "plan": {"actions": [{"name": name, "title": title, "treatments": list(of)} for name, title, of, *_ in ACTIONS]},
    "definitions": {"treatments": STEPS},
}
MAIL = ACTIONS[0]


def told(rows, **more):
    return " ".join(planned(rows, info=INFO, **more)).replace("\N{NO-BREAK SPACE}", " ")


def test_treatment_when_money_reason_chance_runner_up_and_step():
    due = AT + timedelta(hours=9)
    rows = [
        contact("C42", MAIL, 2.4, due, "new"),
        contact("C42", MAIL, None, due + timedelta(days=3), "new", step=2, channel="sms"),
    ]
    assert told(rows) == (
        "Planned: Second order mail by email on 1 July 2026, 09:00 with the message second order mail. "
        "It is expected to bring £2.40 (£0.72 to £4.32), after a cost of £0.10; modelled from your data. "
        f"{rows[0]['reason'].capitalize()}. It was chosen with a chance of 97 %. "
        "Not Spring mail: £0.42 less after the price of its limits. "
        "Then, 3 days after it began, if not opened, by SMS on 4 July 2026, 09:00 with the message second order mail. "
        "This is new since the plan before: became possible."
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"chosen": "kept"}, "It is kept from the plan before: nothing is worth enough more to replace it."),
        ({"chosen": "explored", "probability": 0.01}, "It was drawn by lot among all that she may get"),
        ({"probability": 0.01}, "It was chosen with a chance of 1 %."),
        ({"change": "changed"}, "The plan before had something else"),
        ({"basis": "measured"}, "measured in an experiment"),
        ({"channel": None, "due": None}, "Planned: Second order mail without a contact"),
        ({"variant": "champions"}, "with the message second order mail (champions)"),
        ({"runner_up": None, "why_not": "doing nothing comes second"}, "Doing nothing comes second."),
    ],
)
def test_how_it_was_chosen_is_told(changes, sentence):
    assert sentence in told([contact("C42", MAIL, 2.4, AT, "same") | changes])


def test_chosen_for_sure_needs_no_chance():
    assert "chance" not in told([contact("C42", MAIL, 2.4, AT, "same") | {"probability": 1.0}])


def test_what_is_under_way_is_told_as_such():
    row = contact("C42", MAIL, None, AT, None, step=2, channel="sms")
    row |= {"chosen": "under way", "reason": "the first was not opened", "runner_up": None, "why_not": None}
    assert told([row]) == (
        "Second order mail is under way: next by SMS on 1 July 2026 with the message second order mail. "
        "The first was not opened."
    )


def test_nothing_planned_with_the_reason_and_what_she_could_have():
    row = idle("C42", "no budget is left for what she may get", "dropped")
    assert told([row], options=options("C42")) == (
        "Nothing is planned: no budget is left for what she may get. "
        "The plan before had something, which is dropped: email may not be used any more. "
        "What else is possible is expected to bring: Second order mail by email £2.40; Spring mail £1.98; "
        "Thank you card £1.10. Not possible now: A call to come back (no consent)."
    )


def test_what_she_gets_and_the_runner_up_are_not_told_twice():
    rows = [contact("C42", MAIL, 2.4, AT, None)]
    text = told(rows, options=options("C42"))
    assert "expected to bring: Thank you card £1.10." in text


def test_no_plan_no_sentences():
    assert planned([], info=INFO) == ()
    assert planned([idle("C42", "x")], info={"currency": "GBP"}) == ()


def test_the_story_tells_it_after_the_strategies():
    story = customer_story({"customer_id": "C42", "orders_total": 3}, info=INFO)
    rows = [contact("C42", MAIL, 2.4, AT, None)]
    text = tell(replace(story, planned=planned(rows, info=INFO)))
    assert text.splitlines()[-1].startswith("Planned: Second order mail by email on 1 July 2026")
    assert "Planned" not in tell(story)


DECISION = {
    "customer": "C42", "action": "second_order_mail by email", "treatment": "second_order_mail", "channel": "email",
    "message": "second_order_mail", "gain": 240, "low": 72, "high": 432, "cost": 10, "priced": 190, "probability": 0.96,
    "chosen": "best", "reason": "it brings most", "due": int((AT + timedelta(hours=9)).timestamp() * 1e6),
    "runner_up": "spring_mail", "why_not": "£0.42 less",
}  # fmt: skip


def decided(**changes):
    return tell_decision({**DECISION, **changes}, INFO).replace("\N{NO-BREAK SPACE}", " ")


def test_a_decision_is_told():
    assert decided() == (
        "C42 gets Second order mail by email on 1 July 2026, 09:00 with the message second order mail.\n\n"
        "It is expected to bring £2.40 (£0.72 to £4.32), after a cost of £0.10; "
        "£1.90 by the prices of the limits it uses and its weight. It brings most. "
        "The chance of just this was 96 %. Second: Spring mail, £0.42 less."
    )


def test_decisions_of_other_kinds():
    assert "drawn by lot" in decided(chosen="explored", probability=0.01)
    assert "prices of the limits" not in decided(priced=240.0)
    assert decided(action=None, treatment=None, runner_up=None, why_not="", reason="she is held out") == (
        "C42 gets nothing now: she is held out."
    )
    assert decided(due=(AT + timedelta(hours=9)).isoformat()) == decided()


def test_money_of_other_currencies_is_exact():
    row = contact("C42", MAIL, 2.4, AT, None) | {"gain": cents(1234.5), "gain_low": None}
    text = " ".join(planned([row], info=INFO | {"currency": "EUR"}))
    assert "€1,234.50, after" in text


def test_what_the_reason_says_is_not_said_again():
    row = contact("C42", MAIL, 2.4, AT, None) | {
        "chosen": "kept",
        "reason": "kept from the plan before; it works on 3 %",
    }
    assert told([row]).count("ept from the plan before") == 1


def test_nothing_planned_names_the_best_of_what_does_not_pay_once():
    why = "second_order_mail by email would bring -£0.85, which does not pay for itself, and nothing possible does"
    row = idle("C42", why, "same") | {"runner_up": "second_order_mail by email", "why_not": "-£0.85 expected"}
    assert told([row]) == (
        "Nothing is planned: Second order mail by email would bring -£0.85, which does not pay for itself, "
        "and nothing possible does."
    )


def test_a_decision_tells_what_is_under_way_too():
    info = {"currency": "GBP", "time_zone": "Europe/London", "as_of": "2026-07-01T00:00:00Z"}
    going = [{"step": 2, "treatment": "come_back", "channel": "phone", "due": "2026-07-02T10:00:00Z"}]
    told = tell_decision({"customer": "C42", "action": None, "reason": "it is under way"}, info, going)
    assert "C42 gets nothing new now: it is under way." in told
    assert "Under way: step 2 of Come back, by phone on 2 July 2026, 11:00." in told
