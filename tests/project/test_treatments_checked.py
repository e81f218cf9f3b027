"""Treatments and messages as they are written, checked as a whole, and made ready."""

from __future__ import annotations

from calendar import isleap
from datetime import date, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_plans import STREAMS, WHOLE, changed, plan_problems, prepared, problems, with_treatment
from jsonschema import Draft202012Validator

from smalti.errors import DefinitionError
from smalti.facts import DAY, HOUR, TOUCHES, Stream, parse_instant
from smalti.project import PLAN, after_facts, parse_project, project_schema, restored
from smalti.project.load import read_settings
from smalti.rules import Customer, meaning, write


def treatment(name: str, text: str = WHOLE, streams: dict[str, Stream] = STREAMS):
    (found,) = [one for one in prepared(text, streams).treatments if one.name == name]
    return found


def test_everything_that_is_written_is_made_ready():
    found = prepared()
    assert [one.name for one in found.treatments] == [
        "come_back",
        "birthday",
        "slip",
        "cart",
        "due",
        "soon",
        "spring",
        "rest",
    ]
    assert found.notes == ()
    one = found.treatments[0]
    assert (one.title, one.purpose, one.strategy, one.channels) == (
        "Come back",
        "win_back",
        "win_back",
        ("email", "sms"),
    )
    assert write(one.who) == "country = 'GB'"
    assert (one.start, one.end, one.on, one.again) == (
        parse_instant("2026-03-01", "Europe/London"),
        parse_instant("2026-09-01", "Europe/London"),
        None,
        90 * DAY,
    )
    assert [(step.place, step.delay, step.message) for step in one.steps] == [
        (2, 3 * DAY, "short"),
        (3, 10 * DAY, "hello"),
    ]
    assert write(one.steps[1].condition).startswith(
        "not any(orders, after last(touches.at, where treatment = 'come_back'"
    )
    assert write(one.stop).startswith("any(orders, after last(touches.at")


def test_triggers_become_trees():
    told = {
        one.name: tuple(None if tree is None else write(tree) for tree in (one.begins, one.due))
        for one in prepared().treatments
        if one.definition.trigger is not None
    }
    days = "days_to_anniversary(birth, 'Europe/London')"
    assert told == {
        "birthday": (f"{days} between 6 and 14", f"{days} - 7"),
        "slip": ("member(going)", None),
        "cart": ("any(events, last 1 hour, where name = 'Cart')", None),
        "due": ("-days_since(next_order) between 2 and 10", "-days_since(next_order) - 3"),
        "soon": ("days_since_order between -0.5 and 7.5", "days_since_order - 0.5"),
    }


def test_an_anniversary_is_looked_for_over_the_whole_plan():
    text = changed("limits", period="30 days")
    assert "between 6 and 37" in write(treatment("birthday", text).begins)
    at_once = with_treatment("birthday", trigger={"anniversary": "birth"})
    assert write(treatment("birthday", at_once).begins) == "days_to_anniversary(birth, 'Europe/London') between 0 and 7"


def _days_by_hand(birth: date, today: date) -> tuple[int, int | None]:
    """How many days until the next birthday, and how many since the last one there has been after the day of birth."""

    def birthday(year: int) -> date:
        return birth.replace(year=year) if (birth.month, birth.day) != (2, 29) or isleap(year) else date(year, 2, 28)

    every = [birthday(year) for year in range(today.year - 1, today.year + 9)]
    ahead = min((one - today).days for one in every if one >= today)
    return ahead, min(((today - one).days for one in every if one <= today and one > birth), default=None)


@settings(max_examples=40, deadline=None)
@given(
    birth=st.dates(date(1930, 1, 1), date(2030, 1, 1)) | st.sampled_from([date(2000, 2, 29), date(2000, 2, 28)]),
    today=st.dates(date(2020, 1, 1), date(2032, 1, 1)) | st.dates(date(2028, 2, 20), date(2028, 3, 10)),
    since=st.integers(0, 12),
)
def test_an_anniversary_that_was_missed_lately_is_caught_up_with(birth, today, since):
    if since:  # near the day, where it matters
        birth = birth.replace(year=1990, day=min(birth.day, 28))
        today = birth.replace(year=today.year) + timedelta(days=since - 2)
    at, born = (parse_instant(f"{day}T12:00Z") for day in (today, birth))
    her = Customer({"customers": [{"at": parse_instant("1900-01-01"), "birth": born}]}, _traits())
    ahead, ago = _days_by_hand(birth, today)
    for one, before in zip(_birthdays(), (0, 2), strict=True):
        late = ahead > 0 and ago is not None and ago <= 9 - before
        assert meaning(one.due, her, at) == (-ago if late else ahead) - before
        assert meaning(one.begins, her, at) == (late or ahead <= before + 7)


@cache
def _traits():
    return {one.name: one.node for one in prepared().traits}


@cache
def _birthdays():
    triggers = ({"within": "10 days"}, {"within": "10 days", "before": "2 days"})
    return [
        treatment("birthday", with_treatment("birthday", trigger={"anniversary": "birth"} | one)) for one in triggers
    ]


def test_after_how_long_it_may_come_again():
    found = {one.name: one.again for one in prepared().treatments}
    assert found["cart"] == 30 * DAY
    assert found["slip"] is None


def test_a_plan_asks_all_that_its_definitions_speak_of():
    found = prepared()
    told = [write(tree) for tree in found.plan_trees]
    assert len(told) == len(set(told))
    assert {"country = 'GB'", "member(going)", "country = 'FR'"} <= set(told)
    assert any("opened_at <= now" in one for one in told)
    (work,) = [one for one in after_facts(found, STREAMS) if one.step == PLAN]
    assert work.about == (
        "choose one of 8 treatments for every customer, within limits, and when its 2 further steps are due"
    )


def test_without_treatments_there_is_no_plan():
    text = "sources: {orders: {from: o.csv}}"
    found = prepared(text)
    assert (found.treatments, found.messages, found.plan_trees) == ((), (), ())
    assert PLAN not in {one.step for one in after_facts(found, STREAMS)}


def test_messages_know_their_fields():
    found = {one.name: one.fields for one in prepared().messages}
    assert found == {"hello": ("country", "first_name", "spend_365d"), "short": ()}


def test_a_run_keeps_all_of_it():
    project, _ = parse_project(WHOLE, "smalti.yml")
    assert restored(project.model_dump(mode="json")) == project


def test_an_editor_is_told_the_same():
    validator = Draft202012Validator(project_schema())
    data, _, _ = read_settings(WHOLE, "smalti.yml", "project", "settings")
    assert list(validator.iter_errors(data)) == []
    for wrong in (
        {"treatments": {"a": {"channels": "email"}}},
        {"treatments": {"a": {"strategy": "retain", "steps": [{"after": "3 days"}]}}},
        {"treatments": {"a": {"strategy": "retain", "triger": {}}}},
        {"messages": {"a": {"subject": "x"}}},
        {"limits": {"channels": {"call": "many"}}},
        {"limits": {"frequency": {"most": 2}}},
        {"limits": {"quiet": {"days": ["sundy"]}}},
        {"limits": {"exclusive": [["a"], 5]}},
    ):
        assert list(validator.iter_errors(wrong)), wrong


def test_what_was_held_out_may_be_a_treatment():
    assert prepared().experiments[0].design.hold_outs
    assert problems(changed("hold_out", treatments={"slpi": 0.02})) == [
        "hold_out: unknown treatment: found 'slpi', wanted a treatment or an arm of an experiment, one of birthday, cart, "
        "come_back, due, mail, none, rest, slip, soon, spring; did you mean 'slip'?"
    ]


@pytest.mark.parametrize("streams", [{}, {"touches": Stream("touches", TOUCHES.columns[:1])}])
def test_without_touches_steps_are_never_continued_and_it_is_said(streams):
    there = {name: one for name, one in STREAMS.items() if name != "touches"} | streams
    found = prepared(WHOLE, there)
    assert found.treatments[0].steps[0].condition is not None
    assert [write(step.condition) for step in found.treatments[0].steps] == ["false", "false"]
    assert [one for one in found.notes if "never continued" in one] == [
        ("there are no touches" if not streams else "touches do not say which treatment they were")
        + ", so nothing is known of treatments that have begun: steps are planned, and never continued"
    ]
    assert not prepared(with_treatment("come_back", steps=None, stop=None, message="short"), there).notes


def test_a_message_that_nobody_uses_is_told():
    text = changed("messages", idle="Hello")
    assert prepared(text).notes == ("no treatment uses the message idle",)


PLAYBOOK = ("onboard", "develop", "cross_sell", "up_sell", "retain", "win_back", "reward", "migrate", "reduce_cost")
SPEAKS = f"one of {', '.join(PLAYBOOK)}, do_not_target, leave_alone"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"strategy": "retian"}, [f"unknown strategy: found 'retian', wanted {SPEAKS}; did you mean 'retain'?"]),
        (
            {"strategy": "leave_alone"},
            [
                "a strategy under which nobody is contacted: found 'leave_alone', wanted a strategy that something is done for"
            ],
        ),
        (
            {"strategy": "do_not_target"},
            [
                "a strategy under which nobody is contacted: found 'do_not_target', wanted a strategy that something is done "
                "for, or no channels: to take her off what everybody gets"
            ],
        ),
        (
            {"channels": ["emial"]},
            [
                "a channel that the project does not declare: found 'emial', wanted one of email, sms, call, or channels: "
                "{emial: {address: ..., consent: ...}}, since nobody is contacted whose consent is not known; did you mean "
                "'email'?"
            ],
        ),
        ({"channels": ["sms", "sms"]}, ["a channel named twice: found 'sms', wanted each once"]),
        ({"message": "helo"}, ["unknown message: found 'helo', wanted one of hello, short; did you mean 'hello'?"]),
        (
            {"channels": None, "message": "hello", "steps": None},
            ["a message that nobody gets: found 'hello', wanted channels: too, such as email"],
        ),
        (
            {"who": "contry = 'GB'"},
            ["unknown name: found 'contry', wanted a trait, attribute or score; did you mean 'country'?"],
        ),
        ({"who": "country"}, ["wrong type: found 'text', wanted a boolean"]),
        (
            {"who": "count(orders) >= 0"},
            ["a rule that is always true: found 'count(orders) >= 0', wanted one that can be false"],
        ),
        ({"headroom": "days_since_order"}, ["wrong type: found 'number', wanted money"]),
        (
            {"headroom": "paid_abroad"},
            ["money in another currency: found 'paid_abroad (USD)', wanted money in GBP"],
        ),
        (
            {"score": "mail_efect"},
            ["unknown score: found 'mail_efect', wanted one of mail_effect; did you mean 'mail_effect'?"],
        ),
        (
            {"score": "will_buy"},
            [
                "a score that foretells no effect: found 'will_buy (purchase)', wanted a score with effect:, which tells what "
                "a treatment changes, one of mail_effect"
            ],
        ),
        (
            {"worth": 4},
            ["the worth of a score that is not named: found '4', wanted score: too, or headroom: in place of it"],
        ),
        (
            {"trigger": {"enters": "goin"}},
            ["unknown segment: found 'goin'", "did you mean 'going'?"],
        ),
        (
            {"trigger": {"event": "any(evnts, last 1 hour)"}},
            ["unknown stream: found 'evnts', wanted one of customers, events, orders, touches; did you mean 'events'?"],
        ),
        ({"trigger": {"event": "spend_365d"}}, ["wrong type: found 'money', wanted a boolean"]),
        (
            {"trigger": {"anniversary": "brith"}},
            ["unknown name: found 'brith', wanted an attribute or trait that is an instant; did you mean 'birth'?"],
        ),
        (
            {"trigger": {"anniversary": "country"}},
            ["wrong type: found 'country (text)', wanted an attribute or trait that is an instant"],
        ),
        (
            {"trigger": {"predicted": "spend_365d"}},
            [
                "wrong type: found 'spend_365d (money)', wanted an attribute or trait that is an instant, such as next_order, "
                "or a number of days"
            ],
        ),
        (
            {"on": "2026-02-01", "from": "2026-03-01"},
            ["it begins outside its own dates: found '2026-02-01', wanted an instant from 2026-03-01"],
        ),
        (
            {"on": "2026-09-01", "until": "2026-09-01"},
            ["it begins outside its own dates: found '2026-09-01', wanted an instant until 2026-09-01"],
        ),
        (
            {"steps": [{"after": "3 days", "channel": "phone", "if": "openned", "message": "helo"}]},
            [
                "a channel that the project does not declare: found 'phone'",
                "unknown name: found 'openned', wanted a trait, attribute or score; did you mean 'opened'?",
                "unknown message: found 'helo', wanted one of hello, short; did you mean 'hello'?",
            ],
        ),
        ({"stop": "orderd"}, ["unknown name: found 'orderd'", "did you mean 'ordered'?"]),
        ({"stop": "opened and"}, ["the text ends too soon: wanted more"]),
    ],
)
def test_what_is_wrong_with_a_treatment(settings, told):
    settings = {"strategy": "retain", "channels": ["email"]} | settings
    found = plan_problems(with_treatment("extra", **settings))
    text = "\n".join(found)
    assert len(found) == (1 if "did you mean" in told[-1] and len(told) == 2 else len(told)), text
    assert [one for one in told if one not in text] == []
    assert all(one.startswith("treatment extra: ") for one in found)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"on": "2026-04-01", "trigger": {"enters": "going"}}, "it begins twice"),
        ({"effect": 0.1, "score": "mail_effect"}, "two effects"),
        ({"least": 5, "most": 4}, "no number is right: found at least 5 and at most 4"),
        ({"from": "2026-05-01", "until": "2026-04-01"}, "it ends before it starts"),
        ({"trigger": {"enters": "going", "event": "any(orders)"}}, "found enters and event, wanted one of enters"),
        (
            {"trigger": {"enters": "going", "before": "3 days"}},
            "found with enters, wanted with anniversary or predicted",
        ),
        ({"trigger": {"enters": "going", "again": "3 days"}, "again": "3 days"}, "again: is written twice"),
        ({"again": "3 months"}, "months differ in length"),
        ({"steps": [{"after": "3 days", "channel": "sms"}], "channels": None}, "steps without a first contact"),
        ({"on": "spring"}, "not an instant: found 'spring'"),
        (
            {"trigger": {"enters": "going", "within": "5000 days"}},
            "too long for a trigger: found '5000 days', wanted at",
        ),
        ({"trigger": {"anniversary": "birth", "before": "365 days"}}, "before an anniversary, wanted less than a year"),
        ({"steps": [{"after": "3661 days", "channel": "sms"}]}, "too long for a wait"),
    ],
)
def test_settings_that_contradict_each_other(settings, told):
    settings = {"strategy": "retain", "channels": ["email"]} | settings
    with pytest.raises(DefinitionError, match=told):
        parse_project(with_treatment("extra", **settings), "smalti.yml")


def test_a_score_in_money_is_worth_a_share():
    spring = {"arms": {"none": 1, "mail": 1}, "control": "none", "outcome": "spend", "within": "14 days"}
    assert problems(changed("experiments", spring=spring)) == [
        "treatment slip: the worth of what is money already: found '20', wanted the share of it that is earned, such as '30 %'"
    ]


def test_a_strategy_that_the_data_does_not_carry():
    text = with_treatment("move", strategy="lapse", channels=["email"]) + (
        "playbook: {lapse: {title: Lapse, mechanism: none, eligible: gone > 1, headroom: spend_365d, success: 0.1, because: x}}"
    )
    assert [one for one in problems(text) if one.startswith("treatment")] == []
    off = with_treatment("move", strategy="retain", channels=["email"]) + "playbook: {retain: {'off': true}}"
    found = [one for one in problems(off) if one.startswith("treatment move")]
    assert found == [
        "treatment move: unknown strategy: found 'retain', wanted onboard".replace(
            "wanted onboard", "wanted one of onboard"
        )
        + ", develop, cross_sell, up_sell, win_back, reward, migrate, reduce_cost, do_not_target, leave_alone"
    ]
    few = {"orders": STREAMS["orders"]}
    bare = "sources: {orders: {from: o.csv}}\nplaybook: {rest: {title: R, mechanism: r, eligible: 'true', headroom: money(1), "
    bare += "success: 0.1, because: r}}\ntreatments: {mine: {strategy: rest}}"
    assert prepared(bare, few).treatments[0].strategy == "rest"


def test_every_problem_has_its_line():
    text = WHOLE.replace("if: not opened", "if: not openned").replace("{{ country }}", "{{ contry }}")
    text = text.replace("spend_365d | money }}", "spend_365 | money }}")
    with pytest.raises(DefinitionError) as found:
        prepared(text)
    lines = text.splitlines()
    spots = [(one.found, lines[(one.line or 0) - 1][(one.column or 0) - 1 :]) for one in found.value.problems]
    assert spots[0][0] == "openned"
    assert spots[0][1].startswith("openned")
    assert spots[1] == ("spend_365", "{{ offer }} for you, who spent {{ spend_365 | money }}.")
    assert spots[2][0] == "contry"
    assert spots[2][1].startswith("{{ offer }} in")


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "{{ frist_name }}",
            "unknown field: found 'frist_name', wanted a trait or an attribute; did you mean 'first_name'?",
        ),
        ({"body": "x", "subject": "{{ 7 * 7 }}"}, "forbidden in a template: found 'arithmetic'"),
        ({"body": "{% if %}"}, "message hello: "),
        (
            {"body": "{{ offer }}"},
            "a body that speaks of an offer there is none: found '{{ offer }}', wanted offer: too",
        ),
        ({"body": "x", "language": "xx_YY"}, "unknown language: found 'xx_YY'"),
        ({"body": "x", "variants": [{"segment": "goin", "body": "y"}]}, "unknown segment: found 'goin'"),
        ({"body": "x", "variants": [{"segment": "going"}]}, "a variant that says nothing otherwise: found 'going'"),
        (
            {"body": "x", "variants": [{"segment": "going", "body": "y"}, {"segment": "going", "body": "z"}]},
            "a segment with two variants: found 'going', wanted one each",
        ),
        (
            {
                "body": "x",
                "variants": [{"segment": "going", "body": "y"}, {"segment": "at_risk", "name": "going", "body": "z"}],
            },
            "two variants of one name: found 'going', wanted a name of its own",
        ),
        ({"body": "x", "variants": [{"segment": "going", "body": "{{ offer }}"}]}, "an offer there is none"),
        ({"body": "x", "variants": [{"segment": "going", "body": "{{ agee }}"}]}, "unknown field: found 'agee'"),
    ],
)
def test_what_is_wrong_with_a_message(message, told):
    (found,) = plan_problems(changed("messages", hello=message))
    assert told in found
    assert found.startswith("message hello")


def test_names_that_stand_in_each_others_way():
    told = plan_problems(with_treatment("come_back by sms", strategy="retain", channels=["email"]))
    assert told == [
        "treatment come_back by sms: a choice of the plan, made of come_back, has this name: found 'come_back by sms', wanted "
        "another"
    ]
    assert "has this name" in plan_problems(with_treatment("none", strategy="retain"))[0]
    assert "but for its case" in plan_problems(with_treatment("Come_Back", strategy="retain", channels=["email"]))[0]
    assert "but for its case" in plan_problems(changed("messages", Hello="x"))[0]


def test_waits_add_up_and_a_wait_may_be_none():
    text = with_treatment(
        "cart",
        steps=[{"channel": "sms"}, {"after": "90 minutes", "channel": "call"}, {"after": "1 day", "channel": "call"}],
    )
    assert [step.delay for step in treatment("cart", text).steps] == [0, 3 * HOUR // 2, DAY + 3 * HOUR // 2]


def test_an_effect_may_be_a_percentage_and_is_the_projects_own():
    for effect in ("3 %", 0.03, {"rate": "3 %"}):
        belief = treatment("due", with_treatment("due", effect=effect)).definition.effect
        assert (belief.rate, belief.by, belief.basis) == (0.03, "this project", "assumed")
    with pytest.raises(DefinitionError, match="effect"):
        parse_project(with_treatment("due", effect="lots"), "smalti.yml")


@pytest.mark.parametrize("part", ["subject", "offer", "body"])
def test_money_of_another_currency_is_not_written_as_the_projects(part):
    told = "money in another currency: found 'paid_abroad (USD)', wanted money in GBP"
    text = changed("messages", hello={"body": "Hello", part: "{{ paid_abroad }}"})
    assert plan_problems(text) == [f"message hello: {told}"]
    variant = {"segment": "going", part: "{% if paid_abroad > 5 %}You too{% endif %}"}
    text = changed("messages", hello={"body": "Hello", "variants": [variant]})
    assert plan_problems(text) == [f"message hello: {told}"]


def test_segments_that_are_still_to_be_fitted_cannot_be_named():
    regions = "segmentations:\n  regions: {split: going, by: [days_since_order], outcome: spend_365d}\n"
    later = "; segments of regions have no names before a run has fitted them"
    named = [
        with_treatment("slip", trigger={"enters": "regions_1"}),
        changed("limits", numbers={"segment": "regions_1", "most": 5}),
        changed("messages", hello={"body": "Hello", "variants": [{"segment": "regions_1", "body": "You"}]}),
    ]
    for text in named:
        (found,) = plan_problems(text + "\n" + regions)
        assert "unknown segment: found 'regions_1'" in found
        assert later in found
