"""Limits as they are written, checked against treatments, channels and segments, and made ready."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_plans import STREAMS, WHOLE, changed, plan_problems, prepared, with_treatment

from smalti.errors import DefinitionError
from smalti.facts import DAY, Currency
from smalti.project import Origin, Project, parse_project, restored
from smalti.project.limits import limits_of
from smalti.project.treatments import PlanGround
from smalti.rules import Vocabulary, write
from smalti.strategy.limits import Limits, LimitsDefinition, QuietDefinition


def limits(**given: object) -> LimitsDefinition:
    return parse_project(changed("limits", **given), "smalti.yml")[0].limits


def test_everything_that_is_written_is_made_ready():
    found = prepared().limits
    assert write(found.suppress) == "country = 'FR'"
    one = found.definition
    assert one.budget[0].treatments == ("come_back",)
    assert (one.exclusive, one.bundles) == ((("come_back", "slip"),), (("slip", "cart"),))
    assert dict(one.channels)["call"].per_day == 40
    assert one.quiet[0].minutes == (1260, 480)
    assert (one.window, one.explore) == (7 * DAY, 0.05)


def test_without_limits_there_are_those_by_default():
    assert prepared("sources: {orders: {from: o.csv}}").limits == Limits()


@pytest.mark.parametrize(("until", "minutes"), [("24:00", (1260, 0)), ("0:00", (1260, 0)), ("08:05", (1260, 485))])
def test_the_clock(until, minutes):
    assert QuietDefinition(start="21:00", end=until).minutes == minutes


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"quiet": {"from": 21, "until": "8:00"}}, "no time of day: found '21', wanted such as 21:00"),
        ({"quiet": {"from": "21:00"}}, "wanted from: and until:"),
        ({"quiet": {"channels": "sms"}}, "nothing is quiet"),
        ({"quiet": {"from": "8:00", "until": "8:00"}}, "nothing or everything is quiet"),
        (
            {"quiet": {"days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]}},
            "every day is quiet",
        ),
        ({"quiet": {"days": "sundy"}}, "wrong value: found 'sundy', wanted 'monday'"),
        ({"numbers": {"treatment": "cart"}}, "no number: wanted least: or most:"),
        ({"frequency": {"most": -1, "within": "7 days"}}, "limits.frequency.most: wrong value: found '-1'"),
        ({"frequency": {"most": 1, "within": "1 month"}}, "did you mean '30 days'"),
        ({"period": "4000 days"}, "too long for a plan: found '4000 days', wanted at most 3,660 days"),
        ({"budget": {"amount": "lots"}}, "found 'lots', wanted an amount such as 0.50"),
        (
            {"budget": {"amount": 5, "treatments": "slip", "strategies": "develop"}},
            "on what it is spent: found treatments: and strategies:, wanted one of them",
        ),
        ({"budget": {"amount": 5, "pre": "day"}}, "unknown setting: found 'pre', wanted one of amount, per"),
        ({"channels": {"call": {"perday": 5}}}, "unknown setting: found 'perday', wanted one of per_day, in_all"),
        ({"channels": ["call"]}, "wanted names, each with a colon and what it means"),
        ({"explore": "120 %"}, "limits.explore: wrong value: found '120 %'"),
    ],
)
def test_settings_that_are_none(given, told):
    with pytest.raises(DefinitionError) as found:
        limits(**given)
    assert told in str(found.value)


CHANNEL = "a channel that the project does not declare: found 'phone', wanted one of email, sms, call"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"budget": {"amount": 5, "treatments": ["slip", "crt"]}}, "unknown treatment: found 'crt'"),
        ({"budget": {"amount": 5, "strategies": "retian"}}, "unknown strategy: found 'retian', wanted one of win_back"),
        (
            {"quiet": [{"days": "sunday", "zone": "zone"}, {"from": "21:00", "until": "8:00", "zone": "country"}]},
            "two zones of one customer: found 'country', wanted zone, as before",
        ),
        ({"channels": {"phone": 5}}, CHANNEL),
        ({"frequency": {"most": 5, "within": "7 days", "channel": "phone"}}, CHANNEL),
        (
            {"frequency": {"most": 5, "within": "7 days", "purpose": "servce"}},
            "unknown purpose: found 'servce', wanted one of win_back, service, retain, develop, do_not_target; did you mean",
        ),
        ({"quiet": {"days": "sunday", "channels": ["sms", "phone"]}}, CHANNEL),
        (
            {"quiet": {"days": "sunday", "zone": "zoen"}},
            "unknown attribute: found 'zoen', wanted one of country, email, mobile, zone, first_name; did you mean 'zone'?",
        ),
        ({"quiet": {"days": "sunday", "zone": "birth"}}, "wrong type: found 'birth (instant)', wanted text"),
        ({"suppress": "country"}, "wrong type: found 'text', wanted a boolean"),
        ({"suppress": "contry = 'FR'"}, "unknown name: found 'contry'"),
        ({"numbers": {"treatment": "crt", "most": 5}}, "unknown treatment: found 'crt'"),
        ({"numbers": {"strategy": "up_sell", "most": 5}}, "unknown strategy: found 'up_sell'"),
        ({"numbers": {"segment": "goin", "most": 5}}, "unknown segment: found 'goin'"),
        ({"numbers": {"channel": "phone", "most": 5}}, CHANNEL),
        ({"fairness": {"by": "contry", "least": 0.1}}, "unknown segmentation or trait: found 'contry', wanted one of "),
        ({"fairness": {"by": "birth", "least": 0.1}}, "wrong type: found 'birth (instant)', wanted text, or a segm"),
        ({"fairness": {"by": "rfm", "least": 0.1, "treatments": "crt"}}, "unknown treatment: found 'crt'"),
        ({"exclusive": ["slip", "crt"]}, "unknown treatment: found 'crt'"),
        (
            {"exclusive": [["slip", "slip"]]},
            "not a set of treatments: found 'slip, slip', wanted two or more, each once",
        ),
        ({"bundles": [["slip"]]}, "not a set of treatments: found 'slip'"),
        (
            {"bundles": [["spring", "come_back", "slip"]]},
            "a bundle of treatments that exclude each other: found 'come_back + slip'",
        ),
    ],
)
def test_what_is_wrong_with_limits(given, told):
    (found,) = plan_problems(changed("limits", **given))
    assert told in found
    assert found.startswith("limits: ")


def test_every_problem_has_its_line():
    text = WHOLE.replace("[[slip, cart]]", "[[slip, carte]]").replace("[come_back, slip]", "[come_back, slipp]")
    with pytest.raises(DefinitionError) as found:
        prepared(text)
    lines = text.splitlines()
    spots = [lines[(one.line or 0) - 1][(one.column or 0) - 1 :] for one in found.value.problems]
    assert spots == ["slipp]", "carte]]"]


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        (
            [{"treatment": "cart", "least": 9}, {"strategy": "develop", "most": 8}],
            "at least 9', wanted at most 8, as numbers:",
        ),
        ([{"segment": "going", "least": 9}, {"most": 8}], "found 'at least 9', wanted at most 8, as numbers: says"),
        ([{"treatment": "slip", "least": 400}], "found 'at least 400', wanted at most 320, as channels: says"),
        ([{"channel": "call", "least": 400}], "wanted at most 320, as channels: says"),
        ([{"channel": "sms", "least": 400}], None),
        ([{"treatment": "cart", "least": 9}, {"segment": "going", "most": 8}], None),
        ([{"treatment": "cart", "least": 9}, {"treatment": "cart", "segment": "going", "most": 8}], None),
        ([{"strategy": "develop", "least": 9}, {"treatment": "cart", "most": 8}], None),
    ],
)
def test_at_least_more_than_at_most(numbers, told):
    text = changed("limits", numbers=numbers)
    if told is None:
        assert not plan_problems(text)
    else:
        (found,) = plan_problems(text)
        assert "a number that cannot be reached" in found
        assert told in found


def test_a_treatments_own_numbers_are_held_against_limits():
    (found,) = plan_problems(with_treatment("cart", least=60))
    assert (
        found
        == "treatment cart: a number that cannot be reached: found 'at least 60', wanted at most 50, as numbers: says"
    )
    together = [
        {"treatment": "due", "least": 30},
        {"treatment": "cart", "least": 30},
        {"strategy": "develop", "most": 50},
    ]
    (found,) = plan_problems(changed("limits", numbers=together, bundles=None))
    assert (
        "a number below what is wanted: found 'at most 50', wanted at least 60 together, as cart and due want" in found
    )
    assert not plan_problems(changed("limits", numbers=together))  # one customer may get a bundle of both


def test_a_budget_that_the_least_numbers_exceed():
    text = changed("limits", budget=[{"amount": 500, "strategies": "retain"}], bundles=None)
    assert not plan_problems(text)
    dear = changed("limits", budget=40, numbers={"treatment": "come_back", "least": 1000}, bundles=None, channels={})
    (found,) = plan_problems(dear)
    assert "a budget below what is wanted: found '40', wanted at least 50.00, which the least numbers" in found


CLOSE = [{"after": "2 days", "channel": "sms"}, {"after": "2 days", "channel": "email"}]


@pytest.mark.parametrize(
    ("frequency", "told"),
    [
        ({"most": 1, "within": "5 days"}, "found '2 contacts within 5 days', wanted at most 1"),
        ({"most": 2, "within": "5 days"}, None),
        ({"most": 1, "within": "4 days", "channel": "email"}, None),
        ({"most": 1, "within": "5 days", "channel": "email"}, "found '2 contacts by email within 5 days'"),
        ({"most": 0, "within": "1 day", "channel": "sms"}, None),
        ({"most": 1, "within": "9 days", "purpose": "service"}, None),
        ({"most": 1, "within": "9 days", "purpose": "retain"}, "found '2 contacts for retain within 9 days'"),
    ],
)
def test_contacts_of_one_treatment_that_come_too_close(frequency, told):
    data = with_treatment("extra", strategy="retain", channels=["email"], steps=CLOSE)
    text = data.replace("limits:\n", f"limits:\n  frequency: {frequency}\n", 1)
    text = "\n".join(_without_second_frequency(text.splitlines()))
    if told is None:
        assert not plan_problems(text)
    else:
        assert told in "\n".join(one for one in plan_problems(text) if one.startswith("treatment extra: contacts"))


def _without_second_frequency(lines: list[str]) -> list[str]:
    """Take out the frequency that the project had."""
    first = next(place for place, line in enumerate(lines) if line.startswith("  frequency: {"))
    second = next(place for place, line in enumerate(lines) if line == "  frequency:" and place > first)
    after = next(place for place in range(second + 1, len(lines)) if not lines[place].startswith(("  -", "    ")))
    return lines[:second] + lines[after:]


def test_a_channel_by_which_a_treatment_never_begins_is_told():
    steps = [{"after": "12 hours", "channel": "sms"}]
    found = prepared(with_treatment("extra", strategy="retain", channels=["email", "sms"], steps=steps))
    assert found.notes == ("extra is never begun by sms: its contacts would come closer than limits allow",)


def test_those_for_whom_a_treatment_is_too_much_are_told_where_others_may_have_it():
    steps = [{"after": "12 hours", "channel": "sms"}, {"after": "6 hours", "channel": "sms", "if": "not opened"}]
    found = prepared(with_treatment("extra", strategy="retain", channels="email", steps=steps))
    assert found.notes == (
        "extra is not begun by email for those whom sms would reach too: its contacts would come closer than limits allow",
    )


def test_a_bundle_that_comes_too_close():
    often = [{"most": 1, "within": "1 day"}]
    (found,) = plan_problems(changed("limits", frequency=often, bundles=[["slip", "cart"]]))
    assert found == (
        "limits: contacts that come too close: found '2 contacts within 1 day', wanted at most 1, as frequency: says, so that "
        "nobody could ever get it"
    )


@settings(max_examples=60, deadline=None)
@given(waits=st.lists(st.integers(0, 6), max_size=4), most=st.integers(0, 4), within=st.integers(1, 12))
def test_too_close_is_what_some_stretch_of_time_holds(waits, most, within):
    steps = [{"after": f"{wait} days", "channel": "email"} for wait in waits]
    project = Project.model_validate(
        {
            "sources": {"orders": {"from": "o.csv"}, "customers": {"from": "c.csv"}},
            "channels": {"email": {"address": "email", "basis": "contract; checked"}},
            "treatments": {"one": {"strategy": "retain", "channels": "email", "steps": steps}},
            "limits": {"frequency": {"most": most, "within": f"{within} days"}},
        }
    )
    at, due = 0, [0]
    for wait in waits:
        at += wait
        due.append(at)
    held = max(sum(start <= one < start + within for one in due) for start in range(at + 1))
    words = Vocabulary(STREAMS, {}, Currency("XXX"))
    _, told, _ = limits_of(PlanGround(project, words, ["retain"], (), ()), Origin())
    assert [problem.what for problem, _, _ in told] == ["contacts that come too close"] * (held > most)


NAMES = st.sampled_from(["a", "b", "c", "d"])


@settings(max_examples=60, deadline=None)
@given(
    sets=st.lists(st.lists(NAMES, min_size=1, max_size=3), max_size=3),
    budget=st.none() | st.integers(0, 99) | st.sampled_from(["2 %", {"amount": 3, "per": "month", "treatments": "a"}]),
    channels=st.dictionaries(NAMES, st.integers(0, 9), max_size=3),
)
def test_a_run_keeps_limits_as_they_were(sets, budget, channels):
    given = {"exclusive": sets, "bundles": sets[:1], "channels": channels} | (
        {} if budget is None else {"budget": budget}
    )
    project = Project.model_validate({"limits": given})
    assert restored(project.model_dump(mode="json")) == project
    assert hash(restored(project.model_dump(mode="json"))) == hash(project)


def test_a_text_that_braces_cut_at_its_comma_is_told_as_that():
    text = "treatments: {a: {strategy: retain, who: count(orders, last 30 days) > 1}}"
    with pytest.raises(DefinitionError) as found:
        parse_project(text, "smalti.yml")
    assert "a text cut at its comma: found 'last 30 days) > 1', wanted quotes around the whole of it" in str(
        found.value
    )
