"""What frameworks take from the facts as of the run, and what a run says of those that rest on too little."""

from __future__ import annotations

import pyarrow as pa
import pytest

from smalti.engine import Options, run_project
from smalti.engine.settling import seen_as_of, settled
from smalti.facts import DAY, ORDERS, parse_instant
from smalti.project import Project
from smalti.segments import Seen
from smalti.store import Store

AT = parse_instant("2026-06-30")
SOURCE = {"from": "orders.csv", "columns": {"revenue": "total", "category": "category", "channel": "channel"}}
USE = {"product_affinity": {"most": 2}, "channel_preference": None, "rfm": None}


def facts(*rows):
    """Give a store of orders: days before the instant, customer, revenue, category, channel."""
    store = Store(threads=1)
    columns = ("customer_id", "at", "day", "revenue", "category", "channel")
    table = [(who, AT - days * DAY, (AT - days * DAY) // DAY, *rest) for days, who, *rest in rows]
    named = [dict(zip(columns, row, strict=True)) for row in table]
    store.put("orders", pa.Table.from_pylist(named, ORDERS.schema()))
    return store


def test_the_names_that_matter_most_are_taken_as_of_the_instant_and_settings_win():
    rows = [(1, "a", 500, "hats", "web"), (2, "b", 300, "shoes", "shop"), (3, "b", 300, "shoes", "web")]
    rows += [
        (4, "c", 100, "", "phone"),
        (5, "c", 100, None, None),
        (6, "c", 9, "coats", None),
        (-1, "c", 9999, "late", "late"),
    ]
    project = Project(use=USE)
    with facts(*rows) as store:
        use = dict(settled(store, project, {"orders": ORDERS}, AT).use)
        assert use["product_affinity"].categories == ("shoes", "hats")
        assert use["channel_preference"].channels == ("web", "phone", "shop")
        said = Project(use={"product_affinity": {"categories": ["coats"]}, "channel_preference": {"channels": ["web"]}})
        assert settled(store, said, {"orders": ORDERS}, AT) == said
        assert settled(store, Project(), {"orders": ORDERS}, AT) == Project()


def test_how_much_there_is_is_seen_as_of_the_instant():
    rows = [(10, "a", 1, None, None), (400, "a", 1, None, None), (10, "b", 1, None, None), (10, "b", 1, None, None)]
    with facts(*rows, (-1, "c", 1, None, None)) as store:
        assert seen_as_of(store, {"orders": ORDERS}, AT) == Seen(2, 2, 1, 400.0, 10.0)
        assert seen_as_of(store, {}, AT) == Seen(0)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run a shop of thirty customers with the frameworks that ask the facts."""
    home = tmp_path_factory.mktemp("shop")
    lines = ["customer,at,total,category,channel"]
    for who in range(30):
        for order in range(1 + who % 4):
            kind = "shoes" if who % 3 else ("hats", "coats", "Men's")[order % 3]
            lines.append(
                f"c{who:02d},2026-0{1 + order}-{1 + who % 28:02d},{10 + who},{kind},{'web' if who % 2 else 'shop'}"
            )
    (home / "orders.csv").write_text("\n".join(lines) + "\n")
    project = Project(currency="GBP", sources={"orders": SOURCE}, use=USE)
    return run_project(project, Options(home=home, now=AT, threads=1))


def test_a_run_keeps_the_names_it_took_and_puts_everybody_into_one_segment(run):
    settings = dict(run.info["definitions"]["use"])
    assert settings["product_affinity"]["categories"][0] == "shoes"
    assert len(settings["product_affinity"]["categories"]) == 2
    members = run.folder.table("membership").to_pylist()
    segmentation = {one["segment"]: one["segmentation"] for one in run.folder.table("segments").to_pylist()}
    for framework in USE:
        inside = [one["customer_id"] for one in members if segmentation[one["segment"]] == framework]
        assert sorted(inside) == sorted(set(inside))
        assert len(inside) == run.info["customers"]


def test_a_run_says_which_frameworks_rest_on_too_little(run):
    notes = [note for note in run.info["notes"] if "rests on little" in note]
    assert any(
        note.startswith("rfm rests on little: 30 customers with an order, wanted at least 100; ") for note in notes
    )
    assert any(note.startswith("product_affinity rests on little: ") for note in notes)
