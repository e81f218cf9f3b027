"""The page on segmentations does what it says: every example checked alone, all of them run together."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow.compute as pc
import pytest
import yaml

from smalti.engine import Options, run_project
from smalti.facts import Currency, parse_instant
from smalti.project import FILE_NAME, parse_project, prepare
from smalti.samples import shop, write_shop
from smalti.sources import peek

PAGE = Path(__file__).parents[2] / "docs" / "segmentations.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
HEAD, *EXAMPLES = BLOCKS
KINDS = ("demographic", "geographic", "psychographic", "needs", "behavioural", "value", "jobs_to_be_done", "occasion")
KINDS += ("predictive", "negative")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return write_shop(shop(700, seed=11), tmp_path_factory.mktemp("page")).orders.parent


@pytest.fixture(scope="module")
def streams(home):
    project, _ = parse_project(HEAD, FILE_NAME)
    return peek(dict(project.sources), currency=Currency("GBP"), time_zone=project.time_zone, home=home)


def first_name(block: str) -> str:
    return next(iter(next(iter(yaml.safe_load(block).values()))))


def together(blocks) -> str:
    """One project of several pieces: sections of one name are put together."""
    found: dict = {}
    for block in blocks:
        for section, value in yaml.safe_load(block).items():
            if isinstance(value, dict):
                twice = found.get(section, {}).keys() & value.keys()
                assert not twice, f"{twice} of {section} is on the page twice"
                found[section] = found.get(section, {}) | value
            else:
                found[section] = value
    return yaml.safe_dump(found, sort_keys=False)


@pytest.mark.parametrize("block", [one for one in EXAMPLES if "one_by_one" not in one], ids=first_name)
def test_each_example_is_right_as_it_stands(block, streams):
    project, origin = parse_project(f"{HEAD}\n{block}", FILE_NAME)
    prepare(project, streams, origin)


@pytest.fixture(scope="module")
def published(home, tmp_path_factory):
    project, origin = parse_project(together(BLOCKS), FILE_NAME)
    to = tmp_path_factory.mktemp("runs")
    return run_project(project, Options(home=home, to=to, now=parse_instant("2026-07-01"), threads=1), origin=origin)


def test_all_examples_run_together_and_find_people(published):
    rows = published.folder.table("segments").to_pylist()
    own = {name for block in EXAMPLES for name in yaml.safe_load(block).get("segments", {})}
    assert own <= {row["segment"] for row in rows}
    empty = {row["segment"] for row in rows if row["segment"] in own and not row["size"]}
    assert empty == set()
    assert set(KINDS) <= {row["kind"] for row in rows}


def test_what_the_page_calls_exclusive_is(published):
    members = published.folder.table("membership")
    customers = published.folder.table("customers").num_rows
    sizes = dict.fromkeys(["age_bands", "stage_by_value", "one_by_one", "habits"], customers)
    for name, size in sizes.items():
        mine = members.filter(pc.equal(members["segmentation"], name))["customer_id"]
        assert len(mine) == len(pc.unique(mine)) == size, name
    told = {one["name"]: one["exclusive"] for one in published.info["segmentations"]}
    assert told["age_bands"]
    assert not told["jobs"]


def test_companies_are_asked_about_their_people(published):
    members = published.folder.table("membership")
    accounts = members.filter(pc.equal(members["segmentation"], "accounts"))["customer_id"].to_pylist()
    assert accounts
    assert not any(name.startswith("C0") for name in accounts)


def test_each_kind_of_rule_on_the_page_is_named(published):
    fitted = {one["name"] for one in published.info["segmentations"] if one["way"]}
    text = PAGE.read_text(encoding="utf-8")
    assert {"needs", "stage_by_value", "one_by_one", "champions_closely", "habits"} <= fitted
    assert all(f"`{kind}`" in text for kind in KINDS)
