"""Messages as people read them: values in their own language, missing ones, variants, and what is said of mistakes."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.facts import Currency, Type, parse_instant
from smalti.strategy.messages import (
    FILTERS,
    RefusedError,
    Writing,
    check_message,
    check_template,
    choose_variant,
    fields_of,
    message_fields,
    message_needs,
    needed_by,
    render,
    wording,
)
from smalti.strategy.treatments import Message, MessageDefinition, VariantDefinition

KINDS = {
    "first_name": Type.TEXT,
    "city": Type.TEXT,
    "spend": Type.MONEY,
    "orders": Type.INTEGER,
    "share": Type.NUMBER,
    "since": Type.INSTANT,
    "member": Type.BOOLEAN,
    "gap": Type.DURATION,
}
ROW = {
    "first_name": "ann-marie o'neill",
    "city": None,
    "spend": 123456,
    "orders": 1234,
    "share": 0.1525,
    "since": parse_instant("2026-06-30T23:30Z"),
    "member": True,
    "gap": 5,
}
POUNDS = Writing(Currency("GBP"), "Europe/London")
NBSP = "\N{NO-BREAK SPACE}"


def told(template, row=ROW, writing=POUNDS, **parts):
    return render(MessageDefinition(body=template, **parts), None, row, kinds=KINDS, writing=writing).body


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ spend }}", "£1,234.56"),
        ("{{ spend | money(whole=true) }}", "£1,235"),
        ("{{ spend | round | money(true) }}", "£1,235"),
        ("{{ spend | round(1) }}", "£1,234.60"),
        ("{{ orders | money }}", "£1,234.00"),
        ("{{ orders }}", "1,234"),
        ("{{ share }}", "0.152"),
        ("{{ share | number(1) }}", "0.2"),
        ("{{ share | percent }}", "15%"),
        ("{{ share | round(2) }}", "0.15"),
        ("{% if share | round(2) == 0.15 and orders | round == 1234 %}equal{% endif %}", "equal"),
        ("{{ since }}", "1 July 2026"),
        ("{{ since | date('short') }}", "01/07/2026"),
        ("{{ since | date('full') }}", "Wednesday, 1 July 2026"),
        ("{{ since | date('time') }}", "1 July 2026, 00:30"),
        ("{{ first_name | title }}", "Ann-Marie O'neill"),
        ("{{ first_name | upper }} {{ first_name | capitalize }}", "ANN-MARIE O'NEILL Ann-marie o'neill"),
        ("{{ city | default('your town') }}", "your town"),
        ("{{ city | title | default(first_name) | upper }}", "ANN-MARIE O'NEILL"),
        ("{% if city is missing %}no city{% else %}{{ city }}{% endif %}", "no city"),
        ("{% if spend > 1000 and orders in [1, 1234] and not city is defined %}yes{% endif %}", "yes"),
        ("{% if spend > 1234.56 %}more{% elif spend >= 1234.56 %}just{% endif %}", "just"),
        ("{{ 'a member' if member else 'a guest' }}", "a member"),
        ("a\n{% if member %}\nb\n{% endif %}\nc\n", "a\nb\nc"),
        ("{# nobody reads this #}{{ 'x' }}{{ -5 }}", "x-5"),
        ("{% raw %}{{ spend }}{% endraw %}", "{{ spend }}"),
    ],
)
def test_values_are_written_as_people_write_them(template, text):
    assert check_template(template, KINDS) == []
    assert told(template) == text


def test_a_message_has_its_own_language():
    euros = Writing(Currency("EUR"), "Europe/Berlin")
    template = "{{ spend }} {{ orders }} {{ since }} {{ spend | money(whole=true) }}"
    german = told(template, writing=euros, language="de_DE").replace(NBSP, " ")
    assert german == "1.234,56 € 1.234 1. Juli 2026 1.235 €"
    assert told("{{ spend }}", writing=Writing(Currency("JPY"))) == "JP¥123,456"
    assert told("{{ since }}", writing=Writing(Currency("GBP"), "America/New_York")) == "30 June 2026"
    problems = check_message(MessageDefinition(body="x", language="xx_YY"), KINDS)
    assert [str(one) for one in problems] == ["language: unknown language: found 'xx_YY', wanted one such as en_GB"]


def test_rows_of_published_tables_are_told_the_same():
    row = {**ROW, "spend": Decimal("1234.56"), "since": datetime(2026, 6, 30, 23, 30, tzinfo=UTC)}
    assert told("{{ spend }} {{ since }}", row) == told("{{ spend }} {{ since }}")
    kinds: dict = {}
    message = MessageDefinition(body="{{ spend }} {{ since }}")
    assert render(message, None, row, kinds=kinds, writing=POUNDS).body == "£1,234.56 1 July 2026"


@pytest.mark.parametrize("value", [None, "", "  \t", "\u200b", float("nan"), float("inf")])
def test_what_is_missing_is_never_sent(value):
    with pytest.raises(RefusedError) as refused:
        told("Dear {{ first_name }}", {**ROW, "first_name": value})
    assert (refused.value.reason, refused.value.field) == ("missing", "first_name")
    assert told("Dear {{ first_name | default('customer') }}", {**ROW, "first_name": value}) == "Dear customer"
    with pytest.raises(RefusedError, match="'first_name' is missing"):
        told("{% if first_name == 'x' %}a{% endif %}b", {**ROW, "first_name": value})
    with pytest.raises(RefusedError, match="'nobody' is missing"):
        told("{{ nobody }}", {})


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"body": "{% if orders > 9999 %}x{% endif %}"}, "empty"),
        ({"body": "x", "subject": "{% if orders > 9999 %}x{% endif %}"}, "empty"),
        ({"body": "x", "subject": "y" * 901}, "long"),
        ({"body": "{{ member }}"}, "forbidden"),
        ({"body": "{{ gap }}"}, "unfit"),
        ({"body": "{{ first_name | money }}"}, "unfit"),
        ({"body": "{% if first_name > 3 %}x{% endif %}"}, "unfit"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_reason(parts, reason):
    with pytest.raises(RefusedError) as refused:
        render(MessageDefinition(**parts), None, ROW, kinds=KINDS, writing=POUNDS)
    assert refused.value.reason in (reason, "unfit")


VIP = VariantDefinition(segment="vip", name="best", subject="For you", body="Welcome back, {{ offer }}")
LAPSED = VariantDefinition(segment="lapsed", offer="{{ share | percent }} off")
SPRING = MessageDefinition(subject="Spring", offer="5 off", body="Hello: {{ offer }}", variants=(VIP, LAPSED))


def test_the_first_variant_that_fits_is_taken_and_replaces_what_it_gives():
    assert choose_variant(SPRING, {"lapsed", "vip"}) == VIP
    assert choose_variant(SPRING, ["lapsed"]) == LAPSED
    assert choose_variant(Message("spring", SPRING, ()), {"other"}) is None
    one, two, three = (render(SPRING, some, ROW, kinds=KINDS, writing=POUNDS) for some in (VIP, LAPSED, None))
    assert (one.subject, one.offer, one.body, one.variant) == ("For you", "5 off", "Welcome back, 5 off", "best")
    assert (two.subject, two.offer, two.body, two.variant) == ("Spring", "15% off", "Hello: 15% off", "lapsed")
    assert (three.body, three.variant) == ("Hello: 5 off", None)
    assert wording(SPRING, None) is SPRING


def test_fields_and_needs_of_a_message_and_its_variants():
    assert message_fields(SPRING) == ("share",)
    assert message_needs(SPRING) == frozenset()
    assert message_needs(SPRING, LAPSED) == {"share"}
    assert message_fields(MessageDefinition(offer="{{ offer }}", body="x")) == ("offer",)


def test_all_that_is_wrong_with_a_message_is_told_at_once_with_its_place():
    message = MessageDefinition(
        subject="{{ frist_name }}",
        offer="{{ spend | upper }}",
        body="Dear {{ first_name }}\n{{ offer }}\n{{ ctiy | titel }}",
        variants=(VariantDefinition(segment="vip", body="{% for x in y %}{% endfor %}"), VIP),
    )
    assert [str(one) for one in check_message(message, KINDS)] == [
        "1: subject: unknown field: found 'frist_name', wanted a trait or an attribute; did you mean 'first_name'?",
        "1: offer: the filter upper was given a wrong type: found 'money', wanted text",
        "3: body: unknown filter: found 'titel', wanted one of default, "
        + ", ".join(FILTERS)
        + "; did you mean 'title'?",
        "3: body: unknown field: found 'ctiy', wanted a trait or an attribute; did you mean 'city'?",
        "1: body of the variant 'vip': forbidden in a template: found 'a loop', wanted one customer's own values, which are "
        "no lists",
    ]
    assert check_message(SPRING, KINDS) == []


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{% if first_name > 3 %}x{% endif %}", "cannot be compared: found 'text with integer'"),
        ("{% if spend == first_name %}x{% endif %}", "cannot be compared: found 'money with text'"),
        ("{% if orders in [1, 'two'] %}x{% endif %}", "cannot be compared: found 'integer with text'"),
        ("{{ member }}", "what cannot be written: found 'boolean'"),
        ("{{ gap }}", "what cannot be written: found 'duration'"),
        ("{{ [1] }}", "what cannot be written: found 'list'"),
        ("{{ since | money }}", "the filter money was given a wrong type: found 'instant'"),
        ("{{ orders | date }}", "the filter date was given a wrong type: found 'integer'"),
        ("{{ since | date('huge') }}", "what the filter date takes"),
        ("{{ orders | number(places='2') }}", "what the filter number takes"),
        ("{{ orders | number(2, 3) }}", "what the filter number takes"),
        ("{{ first_name | upper(1) }}", "what the filter upper takes"),
        ("{{ first_name | default }}", "a default is one value"),
        ("{{ first_name if member }}", "an if without else"),
        ("{{ first_name is string }}", "unknown question"),
        ("{{ first_name | trim is missing }}", "unknown question"),
        ("{{ first_name == none }}", "forbidden in a template: found 'none'"),
        ("{{ first_name | e }}", "forbidden filter: found 'e'"),
    ],
)
def test_mistakes_of_type_and_of_filters_are_found_before_anything_is_sent(template, problem):
    assert any(problem in str(one) for one in check_template(template, KINDS))
    assert all(one.line == 1 for one in check_template(template, KINDS))


def test_without_types_only_names_and_syntax_are_checked():
    assert check_template("{{ first_name | money }}", ["first_name"]) == []
    assert check_template("{{ other }}", ["first_name"])
    assert fields_of("{{ first_name") == ()


FIELDS = ("a", "b", "c")
conditions = st.recursive(
    st.sampled_from(
        [
            f"{name} is {'not ' if no else ''}{what}"
            for name in FIELDS
            for what in ("missing", "defined")
            for no in (0, 1)
        ]
    )
    | st.sampled_from([f"{name} > 3" for name in FIELDS]),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda one: f"({one[0]} {one[1]} {one[2]})")
        | inner.map(lambda one: f"not ({one})")
    ),
    max_leaves=4,
)
pieces = st.recursive(
    st.sampled_from(
        ["x", *(f"{{{{ {name} }}}}" for name in FIELDS), "{{ a | round | default(0) }}", "{{ b | default(c) }}"]
    ),
    lambda inner: (
        st.tuples(conditions, inner, conditions, inner, inner).map(
            lambda one: f"{{% if {one[0]} %}}{one[1]}{{% elif {one[2]} %}}{one[3]}{{% else %}}{one[4]}{{% endif %}}"
        )
        | st.tuples(inner, inner).map("".join)
        | st.tuples(conditions, st.sampled_from(FIELDS)).map(lambda one: f"{{{{ {one[1]} if {one[0]} else 0 }}}}")
    ),
    max_leaves=4,
)


@settings(max_examples=80, deadline=None)
@given(pieces, st.lists(st.none() | st.integers(0, 9), min_size=3, max_size=3))
def test_nothing_is_refused_for_missing_values_unless_one_that_is_needed_is(template, values):
    row = dict(zip(FIELDS, values, strict=True))
    needed = needed_by(template)
    assert needed <= set(fields_of(template))
    try:
        render(
            MessageDefinition(body="." + template), None, row, kinds=dict.fromkeys(FIELDS, Type.INTEGER), writing=POUNDS
        )
    except RefusedError as refused:
        assert refused.reason == "missing"
        assert row[refused.field] is None
        assert refused.field in needed


def test_every_filter_is_what_it_is_said_to_be():
    for name, one in FILTERS.items():
        assert one.about, name
        assert one.takes <= set(Type), name


def test_known_escapes_are_read_and_others_refused():
    assert told(r"{{ 'a\\d \'quoted\'' }}") == r"a\d 'quoted'"
    assert [str(one) for one in check_template(r"x {{ 'a\d' }}", KINDS)] == [
        r"""1: unknown escape in a text: found ''a\d'', wanted none, or one of \\ \' \" \n \t"""
    ]
