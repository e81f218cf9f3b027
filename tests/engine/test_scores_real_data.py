"""Scores on public data: back-tests of purchase, churn and spend within 90 days on a real shop."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smalti.engine import Options, Run, run_project
from smalti.models import BackTest
from smalti.project import Project

pytestmark = [pytest.mark.realdata, pytest.mark.slow]
SHOP = {
    "from": "online_retail_II.parquet",
    "customer": "Customer ID",
    "at": "InvoiceDate",
    "columns": {"quantity": "Quantity", "price": "Price", "order_id": "Invoice", "country": "Country"},
    "cancelled": "[Cc]\\d+",
}
WITHIN = {"within": "90 days"}


@pytest.fixture(scope="module")
def retail(tmp_path_factory) -> Run:
    """Online Retail II as of the eleventh of September 2011, with four earlier instants to learn from."""
    folder = os.environ.get("SMALTI_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("no real data: SMALTI_DATA names no folder")
    scores = {kind: {"predict": kind, **WITHIN} for kind in ("purchase", "churn")}
    scores["money"] = {"predict": "spend", **WITHIN}
    project = Project(currency="GBP", time_zone="Europe/London", sources={"orders": SHOP}, scores=scores, use=[])
    options = Options(home=Path(folder) / "orders", to=tmp_path_factory.mktemp("runs"), as_of="2011-09-11")
    return run_project(project, options)


def tried(run: Run, name: str) -> BackTest:
    return BackTest.from_dict(run.info["models"][name]["backtest"])


@pytest.mark.parametrize("name", ["purchase", "churn", "money"])
def test_what_is_foretold_of_all_is_near_what_came(retail, name):
    ratio = tried(retail, name).measure("predicted / observed")
    assert ratio is not None
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low <= 1.1
    assert ratio.high >= 0.9
    assert 0.9 < ratio.value < 1.1


@pytest.mark.parametrize("name", ["purchase", "churn", "money"])
def test_where_forecasts_miss_the_intervals_of_what_came_the_run_says_so(retail, name):
    bands = tried(retail, name).calibration
    held = sum(one.held for one in bands)
    assert len(bands) == 10
    assert held >= 3
    said = f"lay within the interval of what came in {held} of {len(bands)} bands"
    assert any(said in note for note in retail.info["models"][name]["notes"]) == (held < 8)


@pytest.mark.parametrize(
    ("name", "measure"), [("purchase", "log loss"), ("churn", "log loss"), ("money", "share explained")]
)
def test_a_score_is_no_worse_than_any_simple_forecast(retail, name, measure):
    backtest = tried(retail, name)
    found = {one.of: one for one in backtest.measures if one.name == measure}
    model = found.pop("model")
    assert {"recency alone", "buying model alone"} <= found.keys()
    for one in found.values():
        assert model.value <= one.high if model.better == "lower" else model.value >= one.low
