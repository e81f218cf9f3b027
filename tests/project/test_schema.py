"""The JSON Schema says of a project's file what the loader says of it."""

from __future__ import annotations

import copy

import pytest
import yaml
from jsonschema import Draft202012Validator

from smalti.errors import DefinitionError
from smalti.project import FILE_NAME, parse_project, project_schema

SCHEMA = project_schema()
VALIDATOR = Draft202012Validator(SCHEMA)

WHOLE = """
name: Corner Shop
currency: GBP
time_zone: Europe/London
account: company
seed: 3
sources:
  orders: {from: data/orders.parquet, customer: customer_id, at: ordered_at, columns: {revenue: total}}
  customers: {from: [a.csv, b.csv], customer: id}
use: [rfm, lifecycle]
traits:
  orders_90d: count(orders, last 90 days)
  shoes: {value: "sum(orders.revenue, where category = 'shoes')", title: spend on shoes}
segments:
  everyone: "true"
  slipping_away: {who: orders_90d = 0, why: gone quiet, strategy: win_back, channels: [email, sms]}
segmentations:
  segments: {title: Ours, about: made by hand, exclusive: false}
  stage_by_value: {cross: [rfm, lifecycle], at_least: 0.01}
  closely: {split: slipping_away, by: [country], outcome: value_to_come, at_least: 200, depth: 3}
  alike: {group: [orders_90d], into: [2, 8], kind: needs}
  four: {group: [orders_90d], into: 4}
channels:
  email: {address: email, consent: email_consent}
  post: {address: postcode, basis: contract; checked by legal}
playbook:
  reward: {"off": true}
  win_back: {success: 0.05, cost: 1.50}
  retain: {success: {rate: 0.1, by: the owner}, cost: 2 %}
assumptions: {margin_rate: 0.4, channel_costs: {web: 1, shop: 3 %}}
"""


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)
    assert not [text for text in _texts(SCHEMA) if ">>>" in text]


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


SETTLED = (
    "use: {rfm: {recency_days: [30, 90.5], bands: 3}, lifecycle: , engagement: {window_days: 30, opens: [Opened]}}"
)


@pytest.mark.parametrize("text", ["{}", "name: Shop", WHOLE, SETTLED, "use: []"])
def test_what_loads_is_valid(text):
    parse_project(text, FILE_NAME)
    assert list(VALIDATOR.iter_errors(yaml.safe_load(text))) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"nam": "x"},
        {"sources": {"orders": {}}},
        {"sources": {"orders": {"from": "a", "custmer": "x"}}},
        {"traits": ["count(orders)"]},
        {"traits": {"x": {"valu": "count(orders)"}}},
        {"segments": {"x": {"why": "no rule"}}},
        {"segments": {"x": 3}},
        {"segments": {"x": {"who": "a", "kind": "nice"}}},
        {"segmentations": {"x": {"crss": ["a", "b"]}}},
        {"segmentations": {"x": {"cross": "a"}}},
        {"segmentations": {"x": {"cross": ["a", "b"], "at_least": 0}}},
        {"segmentations": {"x": {"group": ["a"], "into": 1}}},
        {"channels": {"x": {"consent": "a"}}},
        {"assumptions": {"margin_rate": 2}},
        {"assumptions": {"channel_costs": []}} | {"seed": -1},
        {"seed": "x"},
        {"use": "rfm"},
        {"use": ["rmf"]},
        {"use": {"rmf": {}}},
        {"use": {"rfm": {"bandz": 3}}},
        {"use": {"rfm": {"bands": 2}}},
        {"use": {"rfm": 3}},
    ],
)
def test_what_does_not_load_is_not_valid(wrong):
    given = copy.deepcopy(yaml.safe_load(WHOLE)) | wrong
    assert list(VALIDATOR.iter_errors(given))
    with pytest.raises(DefinitionError):
        parse_project(yaml.safe_dump(given), FILE_NAME)
