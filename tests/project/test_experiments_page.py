"""The page on experiments in a project: what it shows can be loaded, and it leaves no setting out."""

from __future__ import annotations

import re
from pathlib import Path

from smalti.facts import ORDERS
from smalti.project import ExperimentDefinition, HoldOutDefinition, parse_project, prepare

PAGE = (Path(__file__).parents[2] / "docs" / "experiments-in-a-project.md").read_text(encoding="utf-8")


def test_the_project_on_the_page_can_be_run():
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    project, origin = parse_project("sources: {orders: {from: o.csv}}\n" + text, "smalti.yml")
    trial, together = prepare(project, {"orders": ORDERS}, origin).experiments
    assert trial.strategies == {"win_back": "letter"}
    assert together.arms == ("nothing", "everything")


def test_every_setting_is_told_of():
    told = set(re.findall(r"^\| (`[^|]+`) \|", PAGE, re.MULTILINE))
    named = {name for row in told for name in re.findall(r"`(\w+)`", row)}
    known = {one.alias or name for name, one in ExperimentDefinition.model_fields.items()}
    assert known - {"title", "why"} <= named | {"outcome", "within"}
    assert {"outcome", "within", "who"} <= named
    held = {one.alias or name for name, one in HoldOutDefinition.model_fields.items()}
    assert held <= named
