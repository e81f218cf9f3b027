"""HTML in templates: values only where escaping is enough, told with the line; plain words are left as they are."""

import pytest

from smalti.facts import Currency, Type
from smalti.strategy.messages import RefusedError, Writing, check_message, check_template, render
from smalti.strategy.treatments import MessageDefinition, VariantDefinition

KINDS = {"name": Type.TEXT, "cart": Type.TEXT, "vip": Type.BOOLEAN}
WRITING = Writing(Currency("GBP"))

SAFE = [
    "<p>{{ name }}</p>",
    "<p title='{{ name }}' class=\"x\">a</p>",
    '<a href="{{ cart | link }}">x</a>',
    "<a href=\"{{ cart | default('https://shop.example/') | link }}\">x</a>",
    '<a href="{{ cart | link }}?from={{ name | url }}">x</a>',
    '<a href="https://shop.example/?q={{ name | url }}">x</a>',
    '<a href="mailto:{{ name | url }}">x</a>',
    "{% if vip %}<b>{{ name }}</b>{% else %}{{ name }}{% endif %}",
    "<style>p > b {color: red}</style><p class=\"{{ 'a' if vip else 'b' }}\">{{ name }}</p>",
    "<!--[if mso]><table><tr><td><![endif]--><p>{{ name }}</p><br/><img src=x alt='{{ name }}'/>",
    "<p>1 < 2 and {{ name }} > all</p>",
    "We <3 {{ name }}",
]
UNSAFE = [
    ("<script>var x = '{{ name }}'</script>", "within <script>"),
    ("<style>p {color: {{ name }}}</style>", "within <style>"),
    ("<textarea>{{ name }}</textarea>", "within <textarea>"),
    ("<svg><a>{{ name }}</a></svg>", "within <svg>"),
    ("<!-- {{ name }} --><p>", "within a comment"),
    ("<!doctype {{ name }}><p>", "within a declaration"),
    ("<p {{ name }}>x</p>", "not within the quotes"),
    ("<p title={{ name }}>x</p>", "not within the quotes"),
    ('<p title=x"{{ name }}">x</p>', "cannot be read"),
    ("<p onclick='{{ name }}'>x</p>", "within the attribute onclick"),
    ("<p style='color:{{ name }}'>x</p>", "within the attribute style"),
    ("<a href='{{ cart }}'>x</a>", "in a link"),
    ("<a href='{{ name | url }}'>x</a>", "in a link"),
    ("<a href='javascript:{{ name | url }}'>x</a>", "in a link"),
    ("<a href='https://{{ name | url }}/'>x</a>", "in a link"),
    ("<a href='https://shop.example{{ name | url }}'>x</a>", "in a link"),
    ("<img src='{{ cart | upper }}'>", "in a link"),
    ("<meta http-equiv='refresh' content='0;url={{ cart | link }}'>", "within the tag meta"),
    ("<base href='{{ cart | link }}'>", "within the tag base"),
    ("<{{ name }}>", "cannot be read"),
    ("</{{ name }}><p>", "cannot be read"),
    ("<b{{ name }}>x</b>", "not within the quotes"),
    ("{% if vip %}<p title='{% endif %}{{ name }}", "cannot be read"),
    ("<p title='a' {% if vip %}class='b'{% endif %}>x</p>", "not within the quotes"),
    ("<p class='{% if vip %}b{% endif %}'>x</p>", "an if within a tag"),
    ("{% if vip %}<script>{% endif %}{{ name }}</script>", "within <script>"),
    ("{% if vip %}<script>{% endif %}{{ name }}", "not safe"),
    ("{% if vip %}<{% endif %}script>{{ name }}", "cannot be read"),
    ("<p>\n\n<b {{ name }}", "cannot be read"),
]


@pytest.mark.parametrize("template", SAFE)
def test_values_may_stand_where_they_are_only_read(template):
    assert check_template(template, KINDS) == []
    row = {"name": 'Ann <&> "Tom\'s"', "cart": "https://shop.example/c/1?a=b&c=d", "vip": True}
    made = render(MessageDefinition(body=template), None, row, kinds=KINDS, writing=WRITING)
    assert made.format == ("html" if template != SAFE[-1] else "text")
    assert ("<&>" in made.body) == (made.format == "text")


@pytest.mark.parametrize(("template", "why"), UNSAFE)
def test_values_may_not_stand_where_they_could_be_more(template, why):
    problems = check_template(template, KINDS)
    assert any(why in str(problem) for problem in problems), problems
    assert all(problem.line == (3 if template.startswith("<p>\n") else 1) for problem in problems)
    with pytest.raises(RefusedError, match="not fit to be sent"):
        render(
            MessageDefinition(body=template), None, {"name": "x", "cart": "https://a.b/"}, kinds=KINDS, writing=WRITING
        )


def test_the_line_of_an_unsafe_value_is_told():
    template = "<p>{{ name }}\n</p>\n<script>\n{{ name }}</script>\n<p onclick='{{ name }}'>"
    assert [problem.line for problem in check_template(template, KINDS)] == [4, 5]


def test_an_offer_is_safe_where_its_body_is_html_and_plain_in_the_subject():
    message = MessageDefinition(offer="Tom & Ann: {{ name }}", subject="{{ name }} & co", body="<p>{{ offer }}</p>")
    made = render(message, None, {"name": "<i>"}, kinds=KINDS, writing=WRITING)
    assert made.body == "<p>Tom & Ann: &lt;i&gt;</p>"
    assert (made.subject, made.offer) == ("<i> & co", "Tom & Ann: <i>")


def test_an_offer_that_a_variant_puts_into_html_is_checked_there():
    message = MessageDefinition(
        offer="<p onclick='{{ name }}'>",
        body="{{ offer }}",
        variants=(VariantDefinition(segment="vip", body="<p>{{ offer }}</p>"),),
    )
    problems = check_message(message, {"name": Type.TEXT})
    assert [problem.subject for problem in problems] == ["body of the variant 'vip'"]
