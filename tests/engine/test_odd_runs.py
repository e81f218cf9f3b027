"""Runs of little, of nothing, of the odd; and where they cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest

import smalti
from smalti.engine import Options, check_project, make_demo, run_project
from smalti.errors import DefinitionError, RunError, SmaltiError
from smalti.project import Project, load_project, parse_project
from smalti.store import list_runs

HEAD = "customer,date,amount\n"


def some_orders(folder: Path, customers: int = 5) -> None:
    rows = (f"c{n % customers},2026-0{n % 6 + 1}-{n % 27 + 1:02},{n % 9 + 1}.50\n" for n in range(customers * 6))
    (folder / "o.csv").write_text(HEAD + "".join(rows))


def small(folder: Path, text: str = "", orders: str | None = None, **options):
    if orders is None:
        some_orders(folder)
    else:
        (folder / "o.csv").write_text(HEAD + orders)
    project, origin = parse_project("sources:\n  orders: {from: o.csv}\n" + text, "smalti.yml")
    return run_project(project, Options(home=folder, threads=1, **options), origin=origin)


def test_with_few_customers_rules_of_thumb_stand_in_and_say_so(tmp_path):
    run = small(tmp_path)
    models = run.info["models"]
    assert not models["buying"]["fitted"]
    assert "5 customers bought on more than one day, and a fit wants at least 20" in models["buying"]["sentence"]
    assert not models["spend"]["fitted"]
    assert set(run.strategies.to_arrow()["basis"].to_pylist()) == {"assumed"}


@pytest.mark.parametrize(
    ("orders", "customers"),
    [
        ("a,2026-01-01,5\n", 1),
        ("a,2026-01-01,5\na,2026-02-01,6\n", 1),
        ("a,2026-01-01,0\nb,2026-01-02,0\n", 2),
        ("a,2026-01-01,-5\nb,2026-01-02,-6\n", 2),
        ("a,2026-01-01,5\na,2026-01-03,-5\n", 1),
    ],
)
def test_the_smallest_and_the_oddest_of_bases_get_their_plan(tmp_path, orders, customers):
    run = small(tmp_path, orders=orders)
    assert len(run.customers) == customers
    assert len(run.strategies) == 2 * customers
    account = run.info["account"][0]
    written = sum(float(line.split(",")[2]) for line in orders.splitlines())
    assert (
        account["money"]["total"]
        == written * 100
        == sum(account["money"][kind] for kind in ("kept", "returns", "set_aside"))
    )
    assert run.customer("a").story.choices


def test_without_frameworks_and_segments_the_tables_are_there_and_empty(tmp_path):
    run = small(tmp_path, "use: []\n")
    assert (len(run.segments), len(run.membership), len(run.strategies)) == (0, 0, 10)


def test_a_segment_without_members_is_there_with_nobody_in_it(tmp_path):
    run = small(tmp_path, "use: []\nsegments: {none: orders_total > 1000, all: 'true'}\n")
    sizes = {row["segment"]: (row["size"], row["strategy"]) for row in run.segments.to_arrow().to_pylist()}
    assert sizes["none"] == (0, None)
    assert sizes["all"][0] == 5


def test_traits_of_every_type_are_published(tmp_path):
    texts = {
        "t": "'x'",
        "i": "orders_total",
        "n": "orders_total / 2",
        "m": "spend_total",
        "b": "orders_total > 3",
        "at": "first(orders.at)",
        "d": "last(orders.at) - first(orders.at)",
        "maybe": "case when orders_total > 1000 then 1 end",
    }
    run = small(tmp_path, "traits:\n" + "".join(f'  {name}: "{text}"\n' for name, text in texts.items()))
    row = run.customers.to_arrow().to_pylist()[0]
    kinds = ["str", "int", "float", "Decimal", "bool", "datetime", "timedelta", "NoneType"]
    assert [type(row[name]).__name__ for name in texts] == kinds
    assert run.customer("c0").story.choices


def test_a_stream_of_ones_own_carries_traits_and_segments(tmp_path):
    (tmp_path / "v.csv").write_text("who,when,page\nc0,2026-01-01,home\nc0,2026-01-02,cart\nstranger,2026-01-03,home\n")
    text = "  visits: {from: v.csv, customer: who, at: when}\ntraits: {carts: \"count(visits, where page = 'cart')\"}\n"
    rows = small(tmp_path, text).customers.to_arrow().to_pylist()
    assert {row["customer_id"]: row["carts"] for row in rows if row["carts"]} == {"c0": 1}
    assert "stranger" in {row["customer_id"] for row in rows}


def test_an_instant_before_all_facts_is_told_and_nothing_is_published(tmp_path):
    with pytest.raises(RunError, match="as of 1999-01-01 there is no customer yet"):
        small(tmp_path, as_of="1999-01-01")
    assert list_runs(tmp_path / ".smalti" / "runs") == []


@pytest.mark.parametrize("as_of", ["yesterday", "2026-13-01", "", "01/02/2026"])
def test_an_instant_that_is_none_is_told_before_anything_is_read(tmp_path, as_of):
    project = Project(sources={"orders": {"from": "not there.csv"}})
    with pytest.raises(SmaltiError, match=f"not an instant: found '{as_of}', wanted a date such as 2026-06-30"):
        run_project(project, Options(home=tmp_path, as_of=as_of))


def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_read(tmp_path):
    (tmp_path / "file").write_text("")
    project = Project(sources={"orders": {"from": "not there.csv"}})
    for to in (tmp_path / "file", tmp_path / "file" / "runs"):
        with pytest.raises(RunError, match=r"cannot write runs to .*: '.*file' is not a folder"):
            run_project(project, Options(home=tmp_path, to=to))


def test_a_project_without_sources_is_told(tmp_path):
    with pytest.raises(DefinitionError, match="no source: wanted at least one file"):
        run_project(Project(), Options(home=tmp_path))
    with pytest.raises(DefinitionError, match="no source: wanted at least one file"):
        check_project(Project(), tmp_path)


def test_a_wrong_definition_publishes_nothing(tmp_path):
    with pytest.raises(DefinitionError, match=r"smalti.yml:3:13: trait a: unknown stream"):
        small(tmp_path, "traits: {a: count(ordrs)}\n")
    assert not (tmp_path / ".smalti").exists()


def test_check_finds_what_run_would_find(tmp_path):
    some_orders(tmp_path)
    text = "sources:\n  orders: {from: o.csv}\ntraits: {a: count(ordrs), b: nope}\nsegments: {c: spend_total}\n"
    project, origin = parse_project(text, "smalti.yml")
    told = []
    for find in (check_project, lambda *given: run_project(given[0], Options(home=given[1]), origin=given[2])):
        with pytest.raises(DefinitionError) as caught:
            find(project, tmp_path, origin)
        told.append(caught.value.problems)
    assert told[0] == told[1]
    assert len(told[0]) == 3


def test_flows_are_between_runs_of_the_same_project_and_a_damaged_one_is_in_nobodys_way(tmp_path):
    first = small(tmp_path, "name: A\n", as_of="2026-03-01")
    other = small(tmp_path, "name: B\n")
    again = small(tmp_path, "name: A\n")
    assert (first.info["previous"], other.info["previous"], again.info["previous"]) == (None, None, first.id)
    (again.path / "membership.parquet").unlink()
    (other.path / "run.json").write_text("{half")
    assert small(tmp_path, "name: A\n").info["previous"] == first.id


@pytest.mark.slow
def test_the_demonstration_runs_and_runs_again(tmp_path):
    steps = []
    run = make_demo(tmp_path / "demo", customers=25, progress=lambda work: steps.append(work.step))
    assert steps[0] == "invent"
    assert steps.count("publish") == 2
    earlier, later = list_runs(tmp_path / "demo" / ".smalti" / "runs")
    assert later.id == run.id
    assert run.info["previous"] == earlier.id
    assert earlier.info["as_of"] < later.info["as_of"]
    assert len(run.set_aside) > 0
    project, origin = load_project(tmp_path / "demo")
    work, notes = check_project(project, tmp_path / "demo", origin)
    assert [one.step for one in work][-1] == "publish"
    assert notes == ()
    make_demo(tmp_path / "demo", customers=3)


def test_the_demonstration_does_not_touch_a_project_of_ones_own(tmp_path):
    (tmp_path / "smalti.yml").write_text("name: Mine\n")
    with pytest.raises(RunError, match="holds a project of your own; name another folder with --to"):
        make_demo(tmp_path, customers=3)
    assert [file.name for file in tmp_path.iterdir()] == ["smalti.yml"]


def test_a_run_straight_from_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    some_orders(tmp_path)
    run = smalti.run("o.csv", currency="GBP", assumptions={"margin_rate": 0.5})
    assert run.path.parent == Path(".smalti/runs")
    assert run.info["project"] == "o"
    assert {one["name"]: one["by"] for one in run.info["assumptions"]}["margin_rate"] == "this project"
    assert any("amount: amount" in line for line in run.info["guess"])
    assert set(run.strategies.to_pandas()["rank"]) == {1, 2}
    assert run.customer("c1").row["orders_total"] == 6


def test_a_run_straight_from_a_file_with_its_columns_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "o.csv").write_text(
        "a,b,c,d\n" + "".join(f"k{n % 3},2026-01-{n + 1:02},{n},{n * 2}\n" for n in range(9))
    )
    run = smalti.run("o.csv", customer="a", at="b", amount="d", as_of="2026-02-01", to="elsewhere")
    assert run.path.parent == Path("elsewhere")
    assert run.info["as_of"] == "2026-02-01"
    assert run.info["account"][0]["money"]["total"] == sum(n * 2 for n in range(9)) * 100


def test_a_wrong_setting_in_code_is_told_in_words(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    some_orders(tmp_path)
    with pytest.raises(SmaltiError, match=r"unknown currency: found 'gbp'.*did you mean 'GBP'"):
        smalti.run("o.csv", currency="gbp")
    with pytest.raises(SmaltiError, match=r"there is no column 'amuont' for amount.*did you mean 'amount'"):
        smalti.run("o.csv", amount="amuont")
