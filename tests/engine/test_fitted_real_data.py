"""Every kind of segmentation on public data: surveys, companies, two years of a gift shop's orders."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from smalti.engine import Options, Run, run_project
from smalti.project import Project, begin_project

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def data() -> Path:
    folder = os.environ.get("SMALTI_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("no real data: SMALTI_DATA names no folder")
    return Path(folder)


def of(run: Run, segmentation: str) -> dict[str, int]:
    rows = run.folder.table("segments").to_pylist()
    return {row["segment"]: row["size"] for row in rows if row["segmentation"] == segmentation}


def members(run: Run, segmentation: str) -> pa.ChunkedArray:
    table = run.folder.table("membership")
    return table.filter(pc.equal(table["segmentation"], segmentation))["customer_id"]


def test_needs_from_a_survey_without_a_single_order(data, tmp_path):
    """The published study of these answers keeps four groups."""
    with (data / "surveys/mcdonalds.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    asked = list(rows[0])[:11]
    with (tmp_path / "people.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["id", *rows[0]])
        writer.writeheader()
        writer.writerows({"id": f"r{number:04d}"} | row for number, row in enumerate(rows))
    project = Project(
        name="Burgers",
        sources={"customers": {"from": "people.csv", "customer": "id"}},
        use=[],
        segments={
            "young": {"who": "Age < 35", "segmentation": "ages", "kind": "demographic"},
            "older": {"who": "Age >= 35", "segmentation": "ages", "kind": "demographic"},
        },
        segmentations={
            "perceptions": {"group": asked, "into": 4, "kind": "needs"},
            "by_age": {"cross": ["perceptions", "ages"], "at_least": 0.05},
        },
    )
    run = run_project(project, Options(home=tmp_path, to=tmp_path / "runs", as_of="2026-01-01", threads=2))
    sizes = of(run, "perceptions")
    assert len(sizes) == 4
    assert sum(sizes.values()) == len(pc.unique(members(run, "perceptions"))) == 1_453
    assert min(sizes.values()) > 145
    assert min(of(run, "by_age").values()) >= 73
    assert sum(of(run, "by_age").values()) == 1_453


def test_people_by_who_they_are_and_what_they_buy(data, tmp_path):
    begun = begin_project([str(data / "surveys/marketing_campaign.csv")])
    settings = {
        "traits": dict(begun.project.traits) | {"age": "2014 - Year_Birth", "children": "Kidhome + Teenhome"},
        "segments": {
            "families": {"who": "children > 0", "segmentation": "homes", "kind": "demographic"},
            "no_children": {"who": "children = 0", "segmentation": "homes", "kind": "demographic"},
            "deal_seekers": {"who": "NumDealsPurchases >= 5", "kind": "psychographic"},
            "wine_lovers": {
                "who": "MntWines > 0.6 * (MntWines + MntMeatProducts + MntFishProducts)",
                "kind": "psychographic",
            },
        },
        "segmentations": {
            "homes": {"about": "who lives there", "exclusive": True},
            "wealth_at_home": {"cross": ["homes", "value_tiers"], "at_least": 50},
            "families_closely": {
                "split": "families",
                "by": ["Income", "age", "Education", "NumWebVisitsMonth"],
                "outcome": "spend_total",
                "depth": 2,
            },
            "tastes": {
                "group": ["MntWines", "MntMeatProducts", "MntGoldProds", "Income"],
                "into": [2, 4],
                "kind": "needs",
            },
        },
    }
    project = Project.model_validate(
        {"name": "Campaign", "sources": begun.project.sources, "use": ["value_tiers"]} | settings
    )
    run = run_project(project, Options(to=tmp_path, threads=2))
    assert min(of(run, "wealth_at_home").values()) >= 50
    assert sum(of(run, "wealth_at_home").values()) == 2_240
    assert len(of(run, "families_closely")) >= 2
    assert sum(of(run, "families_closely").values()) == of(run, "homes")["families"]
    assert sum(of(run, "tastes").values()) == len(pc.unique(members(run, "tastes"))) >= 2_216
    assert [note for note in run.info["notes"] if note.startswith("families_closely: Families is split at ")]


def test_companies_by_what_they_are_and_how_they_buy(data, tmp_path):
    """Deals won are the orders; 1,425 deals name no company, and none of those was won."""
    with (data / "b2b/sales_pipeline.csv").open(newline="", encoding="utf-8") as file:
        won = [row for row in csv.DictReader(file) if row["deal_stage"] == "Won"]
    assert len(won) == 4_238
    with (tmp_path / "won.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(won[0]))
        writer.writeheader()
        writer.writerows(won)
    columns = {"order_id": "opportunity_id", "revenue": "close_value", "category": "product", "channel": "sales_agent"}
    project = Project(
        name="Hardware",
        currency="USD",
        sources={
            "orders": {"from": "won.csv", "customer": "account", "at": "close_date", "columns": columns},
            "customers": {"from": str(data / "b2b/accounts.csv"), "customer": "account"},
        },
        use=["lifecycle", "value_tiers"],
        segments={
            "small": {"who": "employees < 1000", "segmentation": "sizes", "kind": "demographic"},
            "large": {"who": "employees >= 1000", "segmentation": "sizes", "kind": "demographic"},
            "of_a_group": {"who": "subsidiary_of is not missing", "kind": "demographic"},
        },
        segmentations={
            "size_by_value": {"cross": ["sizes", "value_tiers"], "at_least": 8},
            "alike": {"group": ["employees", "orders_365d", "mean_order_value"], "into": 3, "kind": "behavioural"},
            "large_closely": {
                "split": "large",
                "by": ["sector", "office_location"],
                "outcome": "spend_total",
                "at_least": 20,
            },
        },
    )
    run = run_project(project, Options(home=tmp_path, to=tmp_path / "runs", threads=2))
    assert run.info["customers"] == 85
    assert sum(of(run, "size_by_value").values()) == 85
    assert min(of(run, "size_by_value").values()) >= 8
    assert sum(of(run, "alike").values()) == 85
    assert any(note.startswith("large_closely: ") for note in run.info["notes"])


def test_two_years_of_orders_by_where_when_and_how(data, tmp_path):
    begun = begin_project([str(data / "orders/online_retail_II.parquet")], settings={"currency": "GBP"})
    source = dict(begun.project.sources)["orders"]
    country = dict(source.columns) | {"country": "Country"}
    segments = {
        "at_home": {"who": "last(orders.country) = 'United Kingdom'", "segmentation": "places", "kind": "geographic"},
        "abroad": {"who": "last(orders.country) != 'United Kingdom'", "segmentation": "places", "kind": "geographic"},
        "christmas_only": {"who": "orders_total >= 2 and all(orders, where month(at) >= 10)", "kind": "occasion"},
        "one_big_order": {"who": "orders_total = 1 and spend_total > 1000", "kind": "behavioural"},
    }
    settings = {
        "name": "Gifts",
        "currency": "GBP",
        "sources": {"orders": source.changed(columns=tuple(country.items()))},
        "use": ["rfm", "lifecycle", "value_tiers"],
        "segments": segments,
        "segmentations": {
            "place_by_stage": {"cross": ["places", "lifecycle", "value_tiers"], "at_least": 0.01},
            "champions_closely": {
                "split": "champions",
                "by": ["mean_order_value", "days_since_first_order", "refund_share"],
                "outcome": "value_to_come",
                "depth": 2,
            },
            "habits": {
                "group": ["days_since_order", "orders_365d", "mean_order_value"],
                "into": 4,
                "kind": "behavioural",
            },
        },
    }
    run = run_project(Project.model_validate(settings), Options(to=tmp_path, threads=2))
    sizes = of(run, "place_by_stage")
    everybody = run.info["customers"]
    assert min(sizes.values()) >= round(0.01 * everybody)
    assert everybody == len(members(run, "place_by_stage")) == len(pc.unique(members(run, "place_by_stage")))
    assert sum(of(run, "champions_closely").values()) == of(run, "rfm")["champions"]
    assert len(of(run, "champions_closely")) >= 2
    assert of(run, "segments")["christmas_only"] > 50
    assert len(of(run, "habits")) == 4
