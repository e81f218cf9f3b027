"""A project is a frozen value: the same from YAML and from code."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from smalti.project import FILE_NAME, Project, StrategyChange, parse_project
from smalti.segments import SegmentDefinition
from smalti.sources import SourceDefinition
from smalti.strategy import Assumptions, Belief
from smalti.traits import TraitDefinition

WRITTEN = """
name: Corner Shop
currency: GBP
time_zone: Europe/London
sources:
  orders: {from: [a.csv, b.csv], customer: who, at: day, columns: {revenue: total}, day_first: true}
  customers: {from: c.csv}
use: [rfm, value_tiers]
traits:
  orders_30d: count(orders, last 30 days)
  big: {value: spend_total > 100, title: big spender}
segments:
  loud: orders_30d > 3
  quiet: {who: orders_30d = 0, why: gone quiet, channels: [email, sms], strategy: win_back, owner: Ann}
playbook:
  retain: {success: 0.2, cost: 2 %}
  win_back: {success: {rate: 0.1, strength: 50, basis: measured, by: trial 7}}
  reward: {off: true}
assumptions: {margin_rate: 0.4, channel_costs: {web: 1.20, phone: 6 %}}
seed: 3
"""
BUILT = Project(
    name="Corner Shop",
    currency="GBP",
    time_zone="Europe/London",
    sources={
        "orders": SourceDefinition(
            files=("a.csv", "b.csv"), customer="who", at="day", columns={"revenue": "total"}, day_first=True
        ),
        "customers": SourceDefinition(files=("c.csv",)),
    },
    use=("rfm", "value_tiers"),
    traits={
        "orders_30d": "count(orders, last 30 days)",
        "big": TraitDefinition(value="spend_total > 100", title="big spender"),
    },
    segments={
        "loud": "orders_30d > 3",
        "quiet": SegmentDefinition(
            who="orders_30d = 0", why="gone quiet", channels=("email", "sms"), strategy="win_back", owner="Ann"
        ),
    },
    playbook={
        "retain": StrategyChange(success=0.2, cost="2 %"),
        "win_back": StrategyChange(success=Belief(rate=0.1, strength=50, basis="measured", by="trial 7")),
        "reward": StrategyChange(off=True),
    },
    assumptions=Assumptions(margin_rate=0.4, channel_costs={"web": "1.20", "phone": "6 %"}),
    seed=3,
)


def test_a_project_built_in_code_equals_the_project_loaded():
    loaded, _ = parse_project(WRITTEN, FILE_NAME)
    assert loaded == BUILT
    assert hash(loaded) == hash(BUILT)
    assert len({loaded, BUILT, Project()}) == 2


def test_a_project_cannot_be_changed_after_it_was_made():
    with pytest.raises(ValidationError, match="frozen"):
        BUILT.name = "Another"
    with pytest.raises(ValidationError, match="frozen"):
        BUILT.assumptions.margin_rate = 0.9
    with pytest.raises(TypeError):
        BUILT.traits[0] = ("x", "y")


def test_the_order_of_definitions_is_kept_and_is_a_part_of_the_value():
    forth, back = Project(traits={"a": "1", "b": "2"}), Project(traits={"b": "2", "a": "1"})
    assert [name for name, _ in back.traits] == ["b", "a"]
    assert forth != back


@pytest.mark.parametrize(
    "setting",
    [{"currency": "pounds"}, {"time_zone": "London"}, {"use": ("rmf",)}, {"seed": -1}, {"nonsense": 1}, {"name": ""}],
)
def test_a_wrong_setting_is_refused_in_code_too(setting):
    with pytest.raises(ValidationError):
        Project(**setting)


def test_frameworks_named_alone_have_their_default_settings_and_settings_are_a_part_of_the_value():
    named, settled = Project(use=("rfm", "lifecycle")), Project(use={"rfm": {"bands": 5}, "lifecycle": None})
    assert named == settled
    assert hash(named) == hash(settled)
    assert Project(use={"rfm": {"bands": 4}, "lifecycle": {}}) not in {named}
    assert Project(use={"lifecycle": {}, "rfm": {}}) != named
    assert Project.model_validate({"use": named.model_dump(mode="json")["use"]}) == named
    cut = Project(use={"rfm": {"recency_days": [30, 90]}})
    assert cut.use[0][1].bands == 3
    assert Project.model_validate({"use": cut.model_dump(mode="json")["use"]}) == cut
