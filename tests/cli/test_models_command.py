"""smalti models: all models of a run, one of them with its back-test, in words and JSON; and scores in smalti explain."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from smalti.store import list_runs

WORLDS = Path(__file__).parents[1] / "report" / "foresight_worlds.py"


def invented_models():
    """Models of all kinds, as the tests of the page have them."""
    found = importlib.util.spec_from_file_location("foresight_worlds", WORLDS)
    worlds = importlib.util.module_from_spec(found)
    found.loader.exec_module(worlds)
    return worlds.models()


@pytest.fixture(scope="module")
def foreseeing(shop):
    """A run that says of itself that it has models of all kinds."""
    run = list_runs(Path(".smalti/runs"))[-1]
    file = run.path / "run.json"
    file.write_text(
        json.dumps(json.loads(file.read_text(encoding="utf-8")) | {"models": invented_models()}), encoding="utf-8"
    )
    customers = pq.read_table(run.path / "customers.parquet")
    chances = [0.1 * n for n in range(1, customers.num_rows + 1)]
    pq.write_table(customers.append_column("will_buy", [chances]), run.path / "customers.parquet")
    return run


def told(result):
    return " ".join(result.stdout.split())


def test_a_run_tells_its_models(shop):
    result = shop.types("models")
    assert result.exit_code == 0
    assert "models as of 2026-" in result.stdout
    listed = json.loads(shop.types("models", "--json").stdout)
    assert [one["name"] for one in listed["models"]][:2] == ["buying", "spend"]
    assert all(one["sentence"] for one in listed["models"])


def test_all_of_them(foreseeing, shop, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    result = told(shop.types("models"))
    assert "will_buy better than the buying model alone what came differs, 1 input" in result
    assert "what came differs, 1 input" in result
    assert "not fitted: Too few repeat buyers" in result
    listed = {one["name"]: one for one in json.loads(shop.types("models", "--json").stdout)["models"]}
    assert len(listed["will_buy"]["drifted"]) == 2
    assert listed["spend"]["verdict"] is None


def test_the_list_is_short_on_a_narrow_terminal(foreseeing, shop, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = shop.types("models").stdout.splitlines()
    assert len(lines) < 24
    assert max(map(len, lines)) <= 80


def test_one_of_them(foreseeing, shop):
    result = told(shop.types("models", "will_buy"))
    assert "Tested on 15,000 forecasts of an order within 90 days" in result
    assert "Area under the ROC curve model 0.831 0.822 to 0.840 recency alone 0.774" in result
    assert "2025-10-03 5,000 37" in result
    assert "first order in 2024" in result
    assert "0.84 times as many" in result
    assert "Today about" in result
    whole = json.loads(shop.types("models", "Will buy", "--json").stdout)
    assert whole["name"] == "will_buy"
    assert whole["backtest"]["customers"] == 15_000
    assert "It was not tested on an earlier past" in told(shop.types("models", "next_category"))


def test_an_older_run_by_its_id(foreseeing, shop):
    assert "Will buy" in told(shop.types("models", "will_buy", "--run", foreseeing.id))
    assert f"the newest is '{foreseeing.id}'" in shop.complaint("models", "--run", "yesterday")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["will_bye"], "has no model 'will_bye'; did you mean 'will_buy'?"),
        (["zebra"], "it has buying, will_buy, next_category, spend"),
        (["", "--json"], "has no model ''"),
        (["--to", "nowhere"], "there is no run in nowhere yet"),
    ],
)
def test_hostile_input_is_answered_in_words(foreseeing, shop, words, wanted):
    assert wanted in shop.complaint("models", *words)


def test_a_customer_with_a_score(foreseeing, shop):
    result = told(shop.types("explain", "c3"))
    assert "Will buy: 40" in result
    ahead = json.loads(shop.types("explain", "c3", "--json").stdout)["ahead"]
    assert any(sentence.startswith("Will buy: 40") for sentence in ahead)
