"""A first project from files: which is which, what stands in for orders, and a smalti.yml that reads back as it was meant."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, reject, settings
from hypothesis import strategies as st

from smalti.errors import DefinitionError, SmaltiError, SourceError
from smalti.facts import Currency
from smalti.project import FILE_NAME, begin_project, load_project, parse_project, prepare, write_project
from smalti.project.begin import project_text
from smalti.sources import peek


def write(path: Path, header: list[str], *rows: list[object]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return str(path)


def orders(path: Path, header=("customer", "date", "amount")) -> str:
    return write(path, list(header), *([f"c{n % 9}", f"2026-01-{n % 28 + 1:02}", n + 0.5] for n in range(20)))


def people(path: Path, *columns: str) -> str:
    header = ["customer_id", *columns]
    rows = [[f"c{n}", *(f"{name}{n % 3}" for name in columns)] for n in range(30)]
    return write(path, header, *rows)


def test_orders_and_customers_become_a_source_each(tmp_path):
    begun = begin_project([people(tmp_path / "crm.csv", "country", "city"), orders(tmp_path / "o.csv")])
    assert {name for name, _ in begun.project.sources} == {"orders", "customers"}
    assert dict(begun.project.sources)["orders"].customer == "customer"
    assert begun.project.name == "crm"


def test_files_of_one_kind_become_one_source(tmp_path):
    files = [orders(tmp_path / "jan.csv"), orders(tmp_path / "feb.csv")]
    begun = begin_project(files)
    assert dict(begun.project.sources)["orders"].files == tuple(files)
    assert any("jan.csv" in line and "feb.csv" in line for line in begun.sentences)


def test_files_of_one_kind_with_other_columns_are_refused(tmp_path):
    files = [orders(tmp_path / "jan.csv"), orders(tmp_path / "feb.csv", ("client", "day", "total"))]
    with pytest.raises(
        SourceError, match=r"'jan.csv' and 'feb.csv' are both orders but name their columns differently"
    ):
        begin_project(files)


def test_what_is_said_of_orders_does_not_spoil_the_file_of_customers(tmp_path):
    files = [orders(tmp_path / "o.csv", ("a", "b", "c")), people(tmp_path / "crm.csv", "country")]
    begun = begin_project(files, overrides={"customer": "a", "at": "b", "amount": "c"})
    sources = dict(begun.project.sources)
    assert (sources["orders"].customer, sources["orders"].column("revenue")) == ("a", "c")
    assert sources["customers"].customer == "customer_id"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("online-retail_II.csv.gz", "online retail II"),
        ("Bestellungen März.csv", "Bestellungen März"),
        ("_.csv", "project"),
    ],
)
def test_a_project_is_called_after_its_file(tmp_path, monkeypatch, file, name):
    monkeypatch.chdir(tmp_path)
    plain = orders(Path("plain.csv"))
    assert begin_project([plain]).project.name == "plain"
    from smalti.project.begin import _project_name  # noqa: PLC0415 - a gzipped file need not be made for its name

    assert _project_name(file) == name


def test_a_wrong_setting_is_told_without_a_file(tmp_path):
    with pytest.raises(DefinitionError, match=r"currency: unknown currency: found 'gbp'.*did you mean 'GBP'"):
        begin_project([orders(tmp_path / "o.csv")], settings={"currency": "gbp"})
    with pytest.raises(DefinitionError, match=r"unknown setting: found 'curency'.*did you mean 'currency'"):
        begin_project([orders(tmp_path / "o.csv")], settings={"curency": "GBP"})


def test_no_file_at_all_is_told():
    with pytest.raises(SmaltiError, match="no file is named; wanted at least one file of orders"):
        begin_project([])


def test_a_project_is_not_written_over(tmp_path):
    begun = begin_project([orders(tmp_path / "o.csv")])
    file = write_project(begun, tmp_path / "deep" / "shop")
    before = file.read_bytes()
    with pytest.raises(SmaltiError, match="is there already; move it away first"):
        write_project(begun, file.parent)
    assert file.read_bytes() == before


def test_a_project_that_cannot_be_written_is_told(tmp_path):
    begun = begin_project([orders(tmp_path / "o.csv")])
    with pytest.raises(SmaltiError, match="cannot be written"):
        write_project(begun, tmp_path / "o.csv")


def test_files_are_named_as_seen_from_the_folder_of_the_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    orders(Path("data/o 1.csv"))
    begun = begin_project(["data/o*.csv"]).moved(Path("shop"))
    assert dict(begun.project.sources)["orders"].files == ("../data/o*.csv",)
    write_project(begun, Path("shop"))
    project, _ = load_project(Path("shop"))
    assert peek(dict(project.sources), currency=Currency("XXX"), time_zone="UTC", home=Path("shop"))


SUMMARY = [
    "ID",
    "Mnt Wines",
    "MntFruits",
    "Web Purchases",
    "StorePurchases",
    "NumDealsPurchases",
    "Recency",
    "Dt Customer",
]


def summary(path: Path) -> str:
    rows = (
        [1000 + n, 3 * n + 1, n % 7, n % 5 + 1, n % 3, n % 2, n % 90, f"2024-0{n % 9 + 1}-{n % 27 + 1:02}"]
        for n in range(60)
    )
    return write(path, SUMMARY, *rows)


def test_columns_of_a_file_of_customers_stand_in_for_orders(tmp_path):
    begun = begin_project([summary(tmp_path / "c.csv")], settings={"currency": "EUR"})
    texts = {name: one.value for name, one in begun.project.traits}
    assert texts["spend_total"] == "money(coalesce(mnt_wines, 0) + coalesce(MntFruits, 0))"
    assert texts["orders_total"] == "coalesce(web_purchases, 0) + coalesce(StorePurchases, 0)"
    assert any("spend is the sum of Mnt Wines, MntFruits" in note for note in begun.notes)
    streams = peek(dict(begun.project.sources), currency=Currency("EUR"), time_zone="UTC")
    done = prepare(begun.project, streams)
    assert {one.name for one in done.frameworks} == {"rfm", "lifecycle", "value_tiers"}


def test_where_nothing_can_stand_in_nothing_does(tmp_path):
    begun = begin_project([people(tmp_path / "c.csv", "country")])
    assert (begun.project.traits, begun.notes) == ((), ())


def test_every_example_in_the_comments_is_true(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = project_text(begin_project([orders(Path("o.csv"))]))
    before, after = text[: text.index("# Ways to reach")], text[text.index("# What is assumed") :]
    examples = re.sub(r"(?m)^# (?=( *[a-z_0-9]+:))", "", before + after)
    assert examples.count("\n#") < text.count("\n#")
    project, origin = parse_project(examples, FILE_NAME)
    assert {"orders_30d"} == set(dict(project.traits))
    assert {"slipping_away"} == set(dict(project.segments))
    assert {"retain"} == set(dict(project.playbook))
    assert project.assumptions.model_fields_set == set(project.assumptions.fields())
    assert project.assumptions == type(project.assumptions)()
    prepare(project, peek(dict(project.sources), currency=Currency("XXX"), time_zone="UTC"), origin)


ODD = st.text(
    st.one_of(
        st.sampled_from(" '\":#-?!&*%@`{}[]|>,~=<\\\n\té日😀"),
        st.characters(blacklist_categories=("Cs", "Cc")),
    ),
    min_size=1,
    max_size=12,
)


@given(customer=ODD, amount=ODD, file=st.text("ab '\":#&{}-é日", min_size=1, max_size=8))
@example(customer="yes", amount="1e3", file="- a")
@example(customer="2026-01-31", amount="<<", file="null")
@example(customer="a\nb", amount=": #", file="'")
@example(customer="no", amount="0x1F", file="#")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_init_writes_reads_back_as_it_was_meant(customer, amount, file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    path = orders(folder / f"{file}.csv", (customer, "date", amount))
    names = [name.strip() for name in (customer, amount)]
    assume(len({*names, "date", ""}) == 4)
    try:
        begun = begin_project([path], overrides={"customer": names[0], "at": "date", "amount": names[1]})
    except SourceError as error:
        assert re.search("there is no column|cannot see which|no CSV", str(error))
        reject()
    write_project(begun, folder)
    assert load_project(folder)[0] == begun.project
