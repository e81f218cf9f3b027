"""The page of the value map says what the code does: its tables are those of the code, its example is a project."""

import re
from pathlib import Path

import pytest

from smalti.facts import Currency
from smalti.project import parse_project
from smalti.strategy import PLAYBOOK, PUBLISHED, VALUE_COLUMNS, Assumptions
from smalti.strategy.peers import LEAST_PEERS
from smalti.strategy.value_map import FAMILIAR, PEER_LEVEL, SILENCE_HALVES

PAGE = (Path(__file__).parents[2] / "docs" / "value-map.md").read_text(encoding="utf-8")


def table(*header):
    """Give the rows of the page's table with this header, cells without their backquotes."""
    head = "| " + " | ".join(header) + " |\n"
    body = re.match(r"\|[-|]+\|\n((?:\|.*\|\n)+)", PAGE.split(head)[1])
    return [[cell.strip().strip("`") for cell in line[1:-1].split("|")] for line in body[1].splitlines()]


def test_every_column_has_its_line_in_order():
    rows = table("column", "how it is reckoned")
    assert [name for name, _ in rows] == list(VALUE_COLUMNS)
    assert all(formula for _, formula in rows)
    assert len(PUBLISHED) == 14
    assert "The first fourteen are in the run's `customers` table" in PAGE


def test_the_playbook_on_the_page_is_the_playbook():
    rows = table("strategy", "mechanism", "who", "headroom", "rate", "cost")
    assert rows == [
        [name, one.mechanism, one.eligible, one.headroom, f"{one.success.rate * 100:g} %", str(one.cost)]
        for name, one in PLAYBOOK.items()
    ]
    assert {one.success.strength for one in PLAYBOOK.values()} == {20.0}
    assert {one.success.basis for one in PLAYBOOK.values()} == {"assumed"}


def test_the_assumptions_on_the_page_are_the_defaults():
    told = {row["name"]: row for row in Assumptions().listed(Currency("GBP"), 0.0)}
    rows = table("assumption", "default", "what it is")
    assert [name for name, _, _ in rows] == list(told)
    for name, default, about in rows:
        assert about == told[name]["about"]
        share = re.search(r"\((.*) of the average order\)", told[name]["value"])
        assert default == (share[1] if share else told[name]["value"])


def test_numbers_in_the_text_are_those_of_the_code():
    assert f"{PEER_LEVEL * 100:.0f}th percentile" in PAGE
    assert f"fewer than {LEAST_PEERS} of them" in PAGE
    assert f"by the weight of {FAMILIAR:.0f} orders" in PAGE
    assert f"every {SILENCE_HALVES:.0f} days of silence" in PAGE


def test_the_example_is_a_project():
    [example] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    project, _ = parse_project(example, "smalti.yml")
    changes = dict(project.playbook)
    assert changes["retain"].success.basis == "measured"
    assert changes["win_back"].success.rate == pytest.approx(0.02)
    assert changes["up_sell"].off
    assert project.assumptions.horizon_days == 180
