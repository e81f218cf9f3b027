"""The page on treatments: its project can be run, its tables are the settings' own words, its mistakes are told as it says."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest
import yaml

from smalti.errors import DefinitionError
from smalti.facts import CUSTOMERS, ORDERS, TOUCHES, Column, Stream, Type
from smalti.project import parse_project, prepare
from smalti.project.load import read_settings
from smalti.project.since import SINCE, Since
from smalti.strategy import limits, treatments

PAGE = (Path(__file__).parents[2] / "docs" / "treatments.md").read_text(encoding="utf-8")
(PROJECT,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
KINDS = {
    "birth_date": Type.INSTANT,
    "email_consent": Type.BOOLEAN,
    "sms_consent": Type.BOOLEAN,
    "complaints": Type.INTEGER,
}
ATTRIBUTES = ("email", "mobile", "country", "time_zone", "first_name")
STREAMS = {
    "orders": ORDERS,
    "touches": TOUCHES,
    "events": Stream("events", (Column("name", Type.TEXT),)),
    "customers": Stream(CUSTOMERS.name, tuple(Column(one, KINDS.get(one, Type.TEXT)) for one in (*ATTRIBUTES, *KINDS))),
}
TABLES = {
    "Treatments": treatments.TreatmentDefinition,
    "Triggers": treatments.TriggerDefinition,
    "Steps": treatments.StepDefinition,
    "Redemption": treatments.RedemptionDefinition,
    "Messages": treatments.MessageDefinition,
    "Variants": treatments.VariantDefinition,
    "Limits": limits.LimitsDefinition,
    "Budgets": limits.BudgetDefinition,
    "Capacity": limits.CapacityDefinition,
    "Frequency": limits.FrequencyDefinition,
    "Quiet hours": limits.QuietDefinition,
    "Numbers": limits.NumberDefinition,
    "Fairness": limits.FairnessDefinition,
}


def rows_under(title: str, head: str) -> list[list[str]]:
    """Give the cells of the table with this head in the chapter of this title."""
    chapter = re.split(rf"^#+ {title}$", PAGE, flags=re.MULTILINE)[1].split("\n#")[0]
    table = chapter.split(head)[1].strip().splitlines()[1:]
    lines = table[: next((place for place, line in enumerate(table) if not line.startswith("|")), len(table))]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


@lru_cache(maxsize=1)
def known():
    project, origin = parse_project(PROJECT, "smalti.yml")
    return prepare(project, STREAMS, origin)


def test_the_project_on_the_page_can_be_run():
    found = known()
    assert [one.name for one in found.treatments] == ["come_back", "birthday", "cart", "spring_sale", "off_the_list"]
    assert found.notes == ()


@pytest.mark.parametrize("title", TABLES)
def test_every_setting_is_told_in_its_own_words(title):
    told = {name.strip("`"): text for name, text in rows_under(title, "| setting | what it says |")}
    own = {one.alias or name: one.description for name, one in TABLES[title].model_fields.items()}
    assert {name: text.replace("`", "") for name, text in told.items()} == own


def test_every_word_is_told_in_its_own_words():
    told = {
        name.strip("`"): (kind, about) for name, kind, about in rows_under("Steps", "| word | type | what it says |")
    }
    assert told == {name: (str(kind), about) for name, (kind, about) in SINCE.items()}


def test_the_conditions_on_the_page_are_some():
    for condition, _ in rows_under("Steps", "| condition | when the next contact is due |"):
        node, problems = Since("come_back", 0, known().words, {}).read(condition.strip("`"))
        assert (node is not None, problems) == (True, []), condition


@pytest.mark.parametrize(("written", "told"), rows_under("What is checked", "| written instead | message |"))
def test_mistakes_are_told_as_the_page_says(written, told):
    data = read_settings(PROJECT, "smalti.yml", "project", "settings")[0]
    for section, given in read_settings(written.strip("`"), "smalti.yml", "project", "settings")[0].items():
        for name, own in given.items():
            there = data[section].get(name)
            data[section][name] = there | own if isinstance(there, dict) and section == "treatments" else own
    with pytest.raises(DefinitionError) as found:
        project, origin = parse_project(yaml.safe_dump(data, sort_keys=False), "smalti.yml")
        prepare(project, STREAMS, origin)
    (problem,) = found.value.problems
    assert re.sub(r"^smalti.yml:\d+:\d+: ", "", str(problem)).replace("|", "\\|") == told
