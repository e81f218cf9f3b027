"""Hostile templates and hostile customers: no file is read, no code run, nobody else's data told, no text becomes a command."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from smalti.facts import Currency, Type
from smalti.strategy.messages import RefusedError, Writing, check_message, check_template, plain, render
from smalti.strategy.treatments import MessageDefinition

KINDS = {"name": Type.TEXT, "spend": Type.MONEY, "orders": Type.INTEGER, "member": Type.BOOLEAN, "since": Type.INSTANT}
ROW = {"name": "Ann", "spend": 12345, "orders": 3, "member": True, "since": 0}
WRITING = Writing(Currency("GBP"), "Europe/London")
HOSTILE = [
    # the ways out of a sandbox
    "{{ name.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''.__class__.__base__.__subclasses__() }}",
    "{{ name | attr('__class__') }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context.environment }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ cycler.__init__.__globals__.os.environ }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ config }}{{ request }}{{ environment }}{{ context }}",
    "{{ range(1000000000) | list }}",
    "{{ dict(a=1) }}",
    "{{ '{0.__class__}'.format(name) }}",
    "{{ '%s' % name }}",
    "{{ name | format }}{{ name | pprint }}{{ name | tojson }}{{ name | safe }}",
    "{{ name | map('upper') | list }}{{ [name] | select | first }}",
    "{{ caller() }}{{ super() }}{{ loop.index }}{{ varargs }}{{ kwargs }}",
    # files and other templates
    "{% include '/etc/passwd' %}",
    "{% include name %}",
    "{% import 'os' as os %}",
    "{% from 'os' import system %}",
    "{% extends '/etc/passwd' %}",
    "{% block body %}{% endblock %}",
    "{{ open('/etc/passwd').read() }}",
    # loops, definitions and what costs without end
    "{% for one in name %}{{ one }}{% endfor %}",
    "{% for one in range(10**9) %}x{% endfor %}",
    "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
    "{% set x = 'a' * 10**9 %}{{ x }}",
    "{% with x = name %}{{ x }}{% endwith %}",
    "{% call name() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% autoescape false %}{{ name }}{% endautoescape %}",
    "{{ 'a' * 1000000000 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ 9 // 0 }}{{ 1 % 0 }}{{ orders + 1 }}{{ orders - 1 }}{{ +orders }}{{ -orders }}",
    "{{ name ~ name }}",
    "{{ [1, 2, 3] }}{{ (1, 2) }}{{ {'a': 1} }}",
    "{{ name[0] }}{{ name[0:1] }}{{ name.upper() }}",
    "{{ spend | round(99999) }}",
    "{{ orders | number(1000000) }}",
    "{{ 'x' | default(name.upper()) }}",
    "{{ not_there | default(open) }}",
    "{{ name is callable }}{{ name is sameas(name) }}{{ name is filter }}",
    "{{ none }}{{ not_there }}",
    "{{ 1" + "0" * 9_000 + " }}",
    "{{ " + "(" * 2_000 + "name" + ")" * 2_000 + " }}",
    "{{ " + "not " * 3_000 + "member }}",
    "{{ " + "name|upper" + "|upper" * 3_000 + " }}",
    "{{ name " + "if member else name " * 3_000 + " }}",
    "{% if member %}" * 3_000 + "{% endif %}" * 3_000,
    "{% if member %}a" + "{% elif member %}b" * 3_000 + "{% endif %}",
    "{{ name }}" * 20_000,
    "x" * 10_000_000,
    "{# " + "x" * 60_000 + " #}",
    "{{ '\\x41\\u0041\\N{BULLET}\\d' }}",
    "{{ '\ud800' | nothing }}",
    "{{", "{%", "{# x", "}}{{", "{{ }}", "{% %}", "{% if %}", "{% endif %}", "{{ name", "{{ 'name }}",
]  # fmt: skip


def told_by(template, row=None, **parts):
    return render(MessageDefinition(body=template, **parts), None, row or ROW, kinds=KINDS, writing=WRITING)


@pytest.mark.parametrize("template", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_template_is_found_out_and_never_filled_in(template):
    start = time.process_time()
    problems = check_template(template, KINDS)
    assert problems, template
    assert all(len(str(problem)) < 400 for problem in problems[:5])
    for parts in (
        {"template": template},
        {"template": "Hello", "subject": template},
        {"template": "Hi", "offer": template},
    ):
        with pytest.raises(RefusedError) as refused:
            told_by(**parts)
        # a name that is merely unknown is one that is missing
        unknown = all("unknown field" in str(problem) for problem in problems)
        assert refused.value.reason == ("missing" if unknown else "forbidden")
    assert time.process_time() - start < 5


TOKENS = st.sampled_from(
    [
        *[
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "#}",
            " ",
            "\n",
            "name",
            "spend",
            "orders",
            "member",
            "since",
            "if",
            "else",
            "elif",
        ],
        *[
            "endif",
            "for",
            "in",
            "not",
            "and",
            "or",
            "is",
            "missing",
            "defined",
            "|",
            "upper",
            "money",
            "default",
            "date",
            "link",
        ],
        *[
            "(",
            ")",
            "[",
            "]",
            "'x'",
            '"',
            "1",
            "2.5",
            ",",
            ".",
            "==",
            "<",
            ">",
            "*",
            "**",
            "~",
            "%",
            "-",
            "__class__",
            "self",
        ],
        *[
            "set",
            "include",
            "'/etc/passwd'",
            "<p>",
            "<a href='",
            "'>",
            "\\",
            "true",
            "none",
            "\x00",
            "\u202e",
            "raw",
            "endraw",
        ],
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(TOKENS | st.text(max_size=3), max_size=14).map("".join))
def test_no_text_at_all_does_more_than_be_refused_or_filled_in(template):
    problems = check_template(template, KINDS)
    try:
        made = told_by(template or "x")
    except RefusedError as refused:
        assert refused.reason in ("forbidden", "missing", "link", "long", "empty", "unfit")
        assert bool(problems) == (refused.reason == "forbidden") or refused.reason != "forbidden"
    else:
        assert problems == []
        assert "passwd" not in made.body or "'/etc/passwd'" in template
        assert "class" not in made.body or "class" in template


NAMES = [
    "{{ 7*7 }}",
    "{% include '/etc/passwd' %}",
    "{{ spend }}",
    "${7*7} #{7*7} <%= 7*7 %>",
    "{# Ann #}",
    "Robert'); DROP TABLE customers;--",
    "=HYPERLINK(1)",
    'Ann & Tom\'s "shop"',
    "O’Neill-Łódź",
    "李小龍",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_customers_name_is_told_and_never_read(name):
    made = told_by(
        "Dear {{ name }}. {{ offer }}", {**ROW, "name": name}, subject="{{ name }}", offer="{{ name }} gets 5"
    )
    assert made.body == f"Dear {name}. {name} gets 5"
    assert (made.subject, made.offer) == (name, f"{name} gets 5")
    assert made.format == "text"


INJECTIONS = [
    "Ann\r\nBcc: all@example.org",
    "Ann\nX: y",
    "Ann\x0bB",
    "Ann\u2028B",
    "Ann\u2029B",
    "Ann\x85B",
    "Ann\x1eB",
    "A\tB",
]


@pytest.mark.parametrize("name", INJECTIONS)
def test_no_value_ends_a_line(name):
    made = told_by("Dear {{ name }}", {**ROW, "name": name}, subject="Hello {{ name }}\n and more", offer="{{ name }}")
    assert len(made.subject.splitlines()) == len(made.offer.splitlines()) == len(made.body.splitlines()) == 1
    assert made.subject.endswith("and more")


@pytest.mark.parametrize(
    "sign", ["\u202e", "\u202d", "\u2066", "\u200f", "\u061c", "\ufeff", "\u200b", "\x00", "\x1b", "\x7f", "\U000e0041"]
)
def test_marks_that_turn_or_hide_what_is_written_are_left_out(sign):
    assert plain(f"a{sign}b{sign}") == "ab"
    assert told_by("{{ name }}!", {**ROW, "name": f"gp{sign}j.exe"}).body == "gpj.exe!"
    with pytest.raises(RefusedError, match="'name' is missing"):
        told_by("{{ name }}", {**ROW, "name": sign * 3})


def test_joiners_and_right_to_left_letters_stay():
    for name in ("👩\u200d👧", "می\u200cخواهم", "שרה", "نور"):
        assert plain(name) == name


@pytest.mark.parametrize(
    "name", ["http://evil.example", "Ann www.evil.example", "click HTTPS://evil.example now", "javascript://x"]
)
def test_a_link_in_a_name_is_not_sent(name):
    with pytest.raises(RefusedError) as refused:
        told_by("Dear {{ name }}", {**ROW, "name": name})
    assert refused.value.reason == "link"


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://",
        "//evil.example",
        "https://a b",
        'https://a"b',
        "ftp://a",
        "file:///etc/passwd",
    ],
)
def test_only_web_links_are_links(link):
    with pytest.raises(RefusedError) as refused:
        told_by("See {{ name | link }}", {**ROW, "name": link})
    assert refused.value.reason == "link"
    assert (
        told_by("See {{ name | link }}", {**ROW, "name": "https://shop.example/a?b=1"}).body
        == "See https://shop.example/a?b=1"
    )


def test_a_value_of_absurd_length_is_not_sent():
    with pytest.raises(RefusedError) as refused:
        told_by("Dear {{ name }}", {**ROW, "name": "A" * 501})
    assert refused.value.reason == "long"
    with pytest.raises(RefusedError, match="too long"):
        told_by("Hello", {**ROW, "name": "\N{SNOWMAN}" * 400}, subject="{{ name }}")


class Tags(HTMLParser):
    """Notes the tags of a text with the names of their attributes, and where links lead."""

    def __init__(self, text):
        super().__init__()
        self.seen, self.links = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value for name, value in attrs if name == "href"]

    def handle_endtag(self, tag):
        self.seen.append(tag)

    def handle_comment(self, data):
        self.seen.append("comment")


PAGE = """<!doctype html><html><body class="a">
<p title="for {{ name }}">Dear <b>{{ name | title }}</b>,{% if orders > 2 %} <i>{{ name }}</i>{% endif %}</p>
<a href="https://shop.example/hello?who={{ name | url }}&amp;n={{ orders }}">{{ offer }}</a>
</body></html>"""


MARKUP = [
    "<",
    ">",
    '"',
    "'",
    "&",
    "script",
    "/",
    "=",
    " ",
    "onload",
    "`",
    "&quot;",
    "&#34;",
    "-->",
    "%22",
    "{{",
    "\\",
    "javascript:",
]


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=40) | st.lists(st.sampled_from(MARKUP), max_size=10).map("".join))
def test_no_name_changes_the_markup_that_it_stands_in(name):
    assume(plain(name))
    message = MessageDefinition(
        body=PAGE.replace("{{ orders }}", "{{ orders | url }}"), offer="<b>{{ name }}</b> saves"
    )
    assert check_message(message, KINDS) == []
    usual = Tags(render(message, None, ROW, kinds=KINDS, writing=WRITING).body)
    try:
        made = render(message, None, {**ROW, "name": name}, kinds=KINDS, writing=WRITING)
    except RefusedError as refused:
        assert refused.reason == "link"
        return
    assert made.format == "html"
    found = Tags(made.body)
    assert found.seen == usual.seen
    assert [link.split("=")[0] for link in found.links] == ["https://shop.example/hello?who"]


class Watched(dict):
    """A row that notes what it is asked for."""

    def __init__(self, *given):
        super().__init__(*given)
        self.asked = set()

    def get(self, name, default=None):
        self.asked.add(name)
        return super().get(name, default)


def test_only_what_a_template_names_is_looked_up_and_only_in_her_own_row():
    message = MessageDefinition(subject="{{ name }}", body="{{ orders }}{{ offer }}", offer="!")
    row = Watched({**ROW, "secret": "s3cret", "__class__": "x"})
    made = render(message, None, row, kinds=KINDS, writing=WRITING)
    assert row.asked == {"name", "orders"}
    again = render(message, None, {"orders": 1, "name": "Tom"}, kinds=KINDS, writing=WRITING)
    assert (made.subject, made.body, again.subject, again.body) == ("Ann", "3!", "Tom", "1!")
    with pytest.raises(RefusedError):  # what one customer has is not there for the next
        render(message, None, {"orders": 1}, kinds=KINDS, writing=WRITING)


def test_a_trait_may_not_take_a_name_that_templates_keep():
    kinds = {**KINDS, "self": Type.TEXT, "loop": Type.TEXT}
    assert [problem.found for problem in check_template("{{ self }} {{ loop }}", kinds)] == ["self", "loop"]


@pytest.mark.parametrize("text", ["\x00{{ name }}", "\ud800", "a\x07b", "\x9bm", "{{ 1e999 }}", "{{ 1e21 }}"])
def test_what_no_mail_can_carry_is_found_in_a_template(text):
    assert check_template(text, KINDS)


STRANGE = (10**30, 10**400, 1e308, -1e308, float("inf"), 2**63 - 1, -(2**63), "words", b"bytes", [1], {}, True)


@pytest.mark.parametrize("kind", [Type.TEXT, Type.MONEY, Type.NUMBER, Type.INSTANT, Type.INTEGER])
@pytest.mark.parametrize("template", ["{{ it }}", "{% if it is missing %}x{% else %}{{ it }}{% endif %}"])
def test_a_value_that_is_not_what_its_type_says_is_refused_and_no_accident(kind, template):
    for value in STRANGE:
        for message in (MessageDefinition(body=template), MessageDefinition(subject=template, body="b")):
            try:
                made = render(message, None, {"it": value}, kinds={"it": kind}, writing=WRITING)
                assert (made.subject + made.body).encode()
            except RefusedError as refused:
                assert refused.reason in ("unfit", "missing")


def test_a_link_in_wide_letters_is_one():
    with pytest.raises(RefusedError, match="a link where words should be"):
        render(
            MessageDefinition(body="{{ name }}"), None, {"name": "ｗｗｗ．evil.example"}, kinds=KINDS, writing=WRITING
        )
