import re
from html.parser import HTMLParser

import pyarrow as pa
import pytest

from smalti.report import page

CHAPTERS = ["map", "strategies", "customers", "segments", "flows", "account", "assumed", "made"]


class Outline(HTMLParser):
    """Reads a page: what opens and closes, ids, texts and everything that could load something."""

    VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.ids, self.loads, self.handlers, self.open, self.tags, self.text = [], [], [], [], [], []
        self.scripts = 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        self.scripts += tag == "script"
        for key, value in attrs:
            if key == "id":
                self.ids.append(value)
            if key in ("src", "href", "srcset", "action", "data", "poster") and not (value or "").startswith("#"):
                self.loads.append(value)
            if key.startswith("on"):
                self.handlers.append(value)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


def outline(html):
    found = Outline(html)
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))
    assert found.scripts == 1
    assert found.handlers == []
    assert all(load.startswith("data:") for load in found.loads)
    assert not re.search(r"url\(|@import", html)
    return found


def test_has_every_chapter_and_loads_nothing(small_run, before):
    info, tables = small_run
    found = outline(page(info, tables, {"membership": before(tables)}))
    assert [key for key in CHAPTERS if key not in found.ids] == []
    assert found.words.count("Corner Shop") >= 2
    assert "1,000 customers, as of 30 June 2026, 23:59 (Europe/London)" in found.words
    assert "7 hours before this was made" in found.words


def test_the_big_numbers_are_the_run_s_totals(small_run):
    info, tables = small_run
    changed = {**info, "totals": {**info["totals"], "value_now": 123_456_78, "value_at_risk": -50, "gain": 3_999_99}}
    words = outline(page(changed, tables)).words
    assert "£123,457" in words
    assert "-£0.50" in words
    assert "£4,000" in words


def test_same_run_same_text(small_run, before):
    info, tables = small_run
    assert page(info, tables, {"membership": before(tables)}) == page(info, tables, {"membership": before(tables)})


def test_all_strategies_are_told_with_examples(small_run):
    info, tables = small_run
    words = outline(page(info, tables)).words
    for title in ("Cross-sell", "Retain", "Win back", "Leave alone", "Do not target"):
        assert title in words
    assert "Migrate: nobody is eligible." in words
    assert "assumed, not yet tested (smalti's default)" in words
    assert "measured in an experiment (hold-out of May)" in words


def test_the_list_shows_the_largest_gains(small_run):
    info, tables = small_run
    html = page(info, tables, customers_shown=3)
    listed = html.split('id="customers"')[1].split('id="segments"')[0]
    ordered = tables["customers"].sort_by([("primary_gain", "descending")])
    assert re.findall(r"C\d{7}", listed) == ordered["customer_id"].to_pylist()[:3]


def test_without_a_run_before_says_so_in_one_line(small_run):
    info, tables = small_run
    assert "This is the first run here." in outline(page(info, tables)).words
    assert "had none of these segmentations" in outline(page(info, tables, {"membership": no_members()})).words


def no_members():
    text = pa.array([], pa.string())
    return pa.table({"segmentation": text, "segment": text, "customer_id": text})


@pytest.mark.parametrize(
    "missing",
    ["customers", "membership", "segments", "segment_traits", "personas", "strategies", "playbook", "set_aside"],
)
def test_any_table_may_be_absent(small_run, missing):
    info, tables = small_run
    outline(page(info, {name: table for name, table in tables.items() if name != missing}))


def test_nothing_at_all():
    words = outline(page({}, {})).words
    assert "Your customers" in words
    assert "There is nothing to draw" in words
    assert "This run has no segments." in words
    assert "No row had to be set aside." in words


def test_tables_without_rows(small_run):
    info, tables = small_run
    outline(page({**info, "customers": 0}, {name: table.slice(0, 0) for name, table in tables.items()}))


def test_one_customer(invented):
    info, tables = invented(1)
    words = outline(page(info, tables)).words
    assert "1 customer" in words
    assert "1 customers" not in words


@pytest.mark.parametrize("value", [None, 0])
def test_no_orders_only_attributes(small_run, value):
    info, tables = small_run
    table = tables["customers"]
    for name in ("value_now", "value_to_come", "value_at_risk", "untapped_potential", "primary_gain"):
        empty = pa.array([value] * table.num_rows, table[name].type)
        table = table.set_column(table.column_names.index(name), name, empty)
    totals = dict.fromkeys(info["totals"], value)
    words = outline(page({**info, "totals": totals}, {**tables, "customers": table})).words
    assert "There is nothing to draw" in words
    assert "nobody to begin with today" in words


def test_optional_traits_may_be_absent(small_run):
    info, tables = small_run
    outline(page(info, {**tables, "customers": tables["customers"].select(["customer_id"])}))


def test_customers_without_values_are_counted_beside_the_map(small_run):
    info, tables = small_run
    table = tables["customers"]
    values = table["value_to_come"].to_pylist()
    values[0] = None
    place = table.column_names.index("value_to_come")
    table = table.set_column(place, "value_to_come", pa.array(values, table["value_to_come"].type))
    assert (
        "1 customer without these values is not on the map."
        in outline(page(info, {**tables, "customers": table})).words
    )


def test_sixty_segments_are_folded(small_run):
    info, tables = small_run
    row = tables["segments"].to_pylist()[0]
    many = pa.Table.from_pylist([{**row, "segment": f"s{n}", "title": f"Segment {n}"} for n in range(60)])
    html = page(info, {**tables, "segments": many})
    outline(html)
    assert html.count('<details class="group">') == 60
    assert "60 segments" in html


def test_hostile_names_are_inert(small_run, hostile):
    info, tables = small_run
    names = pa.array([hostile[n % len(hostile)] + ("" if n < len(hostile) else str(n)) for n in range(1000)])
    customers = tables["customers"].set_column(0, "customer_id", names)
    poison = hostile[0]

    def poisoned(name):
        table = tables[name]
        texts = [field.name for field in table.schema if field.type == pa.string() and field.name != "strategy"]
        for column in texts:
            place = table.column_names.index(column)
            table = table.set_column(
                place, column, pa.array([hostile[n % len(hostile)] for n in range(table.num_rows)])
            )
        return table

    evil = {name: poisoned(name) for name in ("segments", "segment_traits", "playbook", "set_aside", "membership")}
    strategies = tables["strategies"]
    strategies = strategies.set_column(0, "customer_id", pa.array([n for n in names.to_pylist() for _ in (1, 2)]))
    info = {
        **info,
        "project": poison,
        "notes": hostile,
        "guess": hostile,
        "assumptions": [{"name": text, "value": text, "about": text, "by": text} for text in hostile],
        "inputs": [{"source": text, "file": text, "bytes": 1, "sha256": text} for text in hostile],
        "models": {poison: {"title": poison, "fitted": True, "parameters": {poison: 1.5}, "sentence": poison}},
        "fitted": [{"quantile": poison, "value": poison}],
        "timings": [{"step": poison, "seconds": 1}],
    }
    found = outline(page(info, {**tables, **evil, "customers": customers, "strategies": strategies}))
    assert "img" not in found.tags
    assert poison in found.words
    assert "{{ 7 * 7 }}" in found.words
    assert "(no name)" in found.words


@pytest.mark.parametrize(("currency", "wanted"), [("JPY", "JP¥"), ("KWD", "KWD"), ("EUR", "€")])
def test_money_is_in_the_project_s_currency(small_run, currency, wanted):
    info, tables = small_run
    tables = {name: table for name, table in tables.items() if name != "personas"}
    html = page({**info, "currency": currency, "account": []}, tables)
    assert wanted in html
    assert "£" not in outline(html).words.replace("£120.00", "").replace("£0.30", "").replace("£1.20", "")


def test_a_page_of_many_customers_is_small(invented, before):
    info, tables = invented(20_000)
    assert len(page(info, tables, {"membership": before(tables)}).encode()) < 600_000
