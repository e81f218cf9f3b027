"""From smalti.yml to a project: every mistake has its place, what was found, what was wanted, the nearest name."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.errors import DefinitionError, SmaltiError
from smalti.project import FILE_NAME, Project, load_project, parse_project
from smalti.project.places import Place


def problems(text: str) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        parse_project(textwrap.dedent(text), FILE_NAME)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nam: x", "smalti.yml:1:1: unknown setting: found 'nam', wanted one of name, currency"),
        ("curency: GBP", "did you mean 'currency'?"),
        ("sources:\n  orders:\n    from: a.csv\n    custmer: x", "smalti.yml:4:5: unknown setting: found 'custmer'"),
        (
            "traits:\n  x: {valu: count(orders)}",
            "smalti.yml:2:7: unknown setting: found 'valu', wanted one of value, title",
        ),
        ("segments:\n  x: {who: a, wy: b}", "smalti.yml:2:15: unknown setting: found 'wy', wanted one of who"),
        ("playbook:\n  retain: {sucess: 1}", "unknown setting: found 'sucess', wanted one of off, title"),
        (
            "playbook:\n  retain:\n    success: {rat: 0.1}",
            "smalti.yml:3:15: unknown setting: found 'rat', wanted one of rate, strength, basis, by; did you mean 'rate'?",
        ),
        ("assumptions: {margin_rat: 0.2}", "smalti.yml:1:15: unknown setting: found 'margin_rat'"),
        ("name: 2026", "smalti.yml:1:7: name: wrong value: found '2026', wanted text; put it in quotes"),
        ("name: ''", "smalti.yml:1:8: name: wrong value: found '', wanted at least one character"),
        ("name:", "name: wrong value: found 'nothing', wanted text"),
        ("use: rfm", "smalti.yml:1:6: use: wrong value: found 'rfm', wanted a list, such as [one, another]"),
        (
            "use: [rfm, rmf]",
            "smalti.yml:1:12: use.1: unknown framework: found 'rmf', wanted one of rfm, lifecycle, value_tiers, engagement,",
        ),
        ("use: [rfm, rmf]", "negative; did you mean 'rfm'?"),
        ("use: {rfm: {}, rmf: {}}", "smalti.yml:1:16: use.rmf: unknown framework: found 'rmf'"),
        ("use: [rfm, rfm]", "use: a framework named twice: found 'rfm', wanted each once"),
        ("use: [rfm, {lifecycle: {}}]", "wanted a name; settings go in a mapping, such as rfm: {bands: 4}"),
        (
            "use:\n  rfm: {bandz: 4}",
            "smalti.yml:2:9: unknown setting: found 'bandz', wanted one of bands, recency_days, frequency, monetary; "
            "did you mean 'bands'?",
        ),
        (
            "use:\n  rfm: {bands: 44}",
            "smalti.yml:2:16: use.rfm.bands: wrong value: found '44', wanted less than or equal",
        ),
        (
            "use: {rfm: 5}",
            "smalti.yml:1:12: use.rfm: wrong value: found '5', wanted settings such as bands, recency_days",
        ),
        (
            "use: {lifecycle: , tenure: {cuts: [9, 8]}}",
            "smalti.yml:1:35: use.tenure.cuts: cuts that do not rise: found [9, 8]",
        ),
        ("use: {rfm: {recency_days: [30, x]}}", "smalti.yml:1:32: use.rfm.recency_days.1: wrong value: found 'x'"),
        ("currency: gbp", "smalti.yml:1:11: currency: unknown currency: found 'gbp'"),
        ("currency: gbp", "did you mean 'GBP'?"),
        ("time_zone: Europe/Londno", "did you mean 'Europe/London'?"),
        ("seed: -1", "smalti.yml:1:7: seed: wrong value: found '-1', wanted greater than or equal to 0"),
        ("seed: many", "seed: wrong value: found 'many', wanted a valid integer"),
        ("sources: {orders: {customer: x}}", "smalti.yml:1:19: sources.orders: 'from' is missing"),
        ("sources: {orders: a.csv}", "wanted settings such as from, customer, at"),
        ("sources: {orders: {from: []}}", "sources.orders.from: wrong value: wanted at least one"),
        (
            "sources: {orders: {from: a, decimal: '*'}}",
            "smalti.yml:1:39: sources.orders.decimal: wrong value: found '*'",
        ),
        ("sources: {orders: {from: a, header: maybe}}", "found 'maybe', wanted true or false"),
        (
            "sources:\n  orders:\n    from: a.csv\n    columns:\n      revenue: total\n      product: 5",
            "smalti.yml:6:16: sources.orders.columns.product: wrong value: found '5', wanted text",
        ),
        (
            "traits: {x: 5}",
            "smalti.yml:1:13: traits.x: wrong value: found '5', wanted text in the language, or settings",
        ),
        ("traits: [a, b]", "smalti.yml:1:10: traits.0: wrong value: found 'a', wanted names, each with a colon"),
        (
            "segments: everyone",
            "smalti.yml:1:11: segments: wrong value: found 'everyone', wanted names, each with a colon",
        ),
        ("segments: {x: {why: y}}", "smalti.yml:1:15: segments.x: 'who' is missing"),
        ("playbook: {retain: {success: 2}}", "wrong value: found '2', wanted less than or equal to 1"),
        (
            "playbook: {retain: {cost: -1}}",
            "smalti.yml:1:27: playbook.retain.cost: found '-1', wanted an amount such as 0.50",
        ),
        ("assumptions: {horizon_days: 0}", "found '0', wanted greater than or equal to 1"),
        (
            "assumptions:\n  channel_costs:\n    web: 1\n    phone: dear",
            "smalti.yml:4:12: assumptions.channel_costs.phone: found 'dear', wanted an amount",
        ),
        ("name: a\nname: b", "smalti.yml:2:1: written twice: found 'name', wanted each name once"),
        ("traits:\n  x: count(orders)\n  x: count(orders)", "smalti.yml:3:3: written twice: found 'x'"),
        ("name: !!python/object:os.system x", "smalti.yml:1:7: a tag: found 'python/object:os.system'"),
        ("name: !!timestamp soon", "smalti.yml:1:7: a tag: found 'timestamp'"),
        ("traits: &a\n  x: *a", "a value that holds itself"),
        ("name: !!int x", "not YAML: invalid literal for int()"),
        ("name: [a\nfoo: b", "smalti.yml:2:4: not YAML: expected ',' or ']'"),
        ("name: a\n\tb: c", "smalti.yml:2:1: not YAML: found character '\\t'"),
        ("name: a\n---\nname: b", "smalti.yml:2:1: not YAML"),
        ("name: a\0b", "not YAML: unacceptable character"),
        ("? [a]\n: b", "smalti.yml:1:3: not YAML: found unhashable key"),
        ("a: " + "[" * 3000 + "]" * 3000, "nested too deep to be a project"),
        ("", "smalti.yml:1: not a project: found 'nothing', wanted settings such as name: and sources:"),
        ("# only a comment", "not a project: found 'nothing'"),
        ("- a\n- b", "not a project: found 'a list'"),
        ("hello", "not a project: found 'text'"),
    ],
)
def test_a_mistake_is_told_with_its_place(text, told):
    assert any(told in line for line in problems(text)), problems(text)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file():
    found = problems(
        """
        currency: EURO
        traits:
          x: 5
          x: {valu: count(orders)}
        segments:
          y: {}
        assumptions: {margin_rate: 3}
        nonsense: true
        """
    )
    assert [line.split(": ")[0] for line in found] == [
        f"smalti.yml:{at}" for at in ("2:11", "5:3", "5:6", "5:7", "7:6", "8:28", "9:1")
    ]


def test_words_that_older_yaml_takes_for_yes_and_no_are_texts():
    project, _ = parse_project(
        "playbook: {retain: {off: true}}\ntraits: {no: x, 1: y, 2026-01-31: z, null: q}", FILE_NAME
    )
    assert dict(project.playbook)["retain"].off
    assert [name for name, _ in project.traits] == ["no", "1", "2026-01-31", "null"]
    assert parse_project("name: no", FILE_NAME)[0].name == "no"
    assert parse_project("name: 2026-01-31", FILE_NAME)[0].name == "2026-01-31"


def test_sections_whose_lines_are_all_commented_out_are_empty():
    project, _ = parse_project("sources:\ntraits:\nsegments:\nplaybook:\nassumptions:\n", FILE_NAME)
    assert project == Project()


def test_a_merged_mapping_is_read_as_yaml_means_it():
    project, _ = parse_project(
        "traits:\n  a: &a {value: count(orders), title: A}\n  b: {<<: *a, title: B}\n", FILE_NAME
    )
    assert [(one.value, one.title) for _, one in project.traits] == [("count(orders)", "A"), ("count(orders)", "B")]


def test_a_file_is_found_in_its_folder_or_by_its_name(tmp_path):
    (tmp_path / FILE_NAME).write_text("\ufeffname: Läden\n", encoding="utf-8")
    assert load_project(tmp_path) == load_project(tmp_path / FILE_NAME)
    assert load_project(tmp_path)[0].name == "Läden"


def test_a_missing_or_unreadable_file_is_told(tmp_path):
    with pytest.raises(SmaltiError, match=r"no smalti.yml in .*; make one with: smalti init FILE"):
        load_project(tmp_path)
    (tmp_path / FILE_NAME).write_bytes(b"name: \xff\xfe")
    with pytest.raises(SmaltiError, match="cannot be read as UTF-8 text"):
        load_project(tmp_path)


@pytest.mark.parametrize(
    ("yaml", "text_line", "text_column", "expected"),
    [
        ("x: a + b", 1, 5, (1, 8)),
        ("x: 'a + b'", 1, 5, (1, 9)),
        ('x: "a + b"', 1, 1, (1, 5)),
        ("x: 'n = ''q'' + b'", 1, 11, (1, 17)),
        ('x: "a = \\"q\\" + b"', 1, 11, (1, 17)),
        ("x: |\n    a +\n      b", 2, 3, (3, 7)),
        ("x: |-   # a comment\n    a +\n    b", 2, 1, (3, 5)),
        ("x: >\n    a +\n    b", 1, 5, (3, 5)),
        ("x: >-\n    a\n\n    + b", 2, 3, (4, 7)),
        ("x: a +\n    b", 1, 5, (2, 5)),
        ("x: a +", 1, 4, (1, 7)),
    ],
)
def test_a_place_within_a_text_is_found_however_the_text_is_written(yaml, text_line, text_column, expected):
    _, origin = parse_project("traits:\n  " + yaml.replace("\n", "\n  "), FILE_NAME)
    line, column = origin.places["traits", "x"].within(text_line, text_column)
    assert (line - 1, column - 2) == expected


WORDS = st.lists(st.text("abc'\"(),=", min_size=1, max_size=4), min_size=1, max_size=6)


@given(words=WORDS, style=st.sampled_from("'|>"), indent=st.integers(2, 6), pick=st.randoms())
def test_every_character_of_a_text_is_found_where_it_is_written(words, style, indent, pick):
    text = " ".join(words)
    margin = " " * indent
    written = {"'": "'" + text.replace("'", "''") + "'"}.get(style, f"{style}-\n{margin}" + f"\n{margin}".join(words))
    source = f"traits:\n x: {written}\n"
    _, origin = parse_project(source, FILE_NAME)
    place = origin.places["traits", "x"]
    meant = place.value.split("\n")
    row = pick.randrange(len(meant))
    column = pick.choice([at for at, sign in enumerate(meant[row]) if sign != " "])
    line, char = place.within(row + 1, column + 1)
    assert source.split("\n")[line - 1][char - 1] == meant[row][column]


def test_what_is_no_text_has_one_place():
    assert Place(3, 4).within(9, 9) == (3, 4)
