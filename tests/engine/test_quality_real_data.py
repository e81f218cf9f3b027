"""The gate on Online Retail II: trained on year one, seen in year two; and what is planted there is found."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smalti.engine import Options, assess_project
from smalti.project import Project

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.slow,
    pytest.mark.skipif("SMALTI_DATA" not in os.environ, reason="set SMALTI_DATA to the folder of public data sets"),
]
RICH = 18
"""0.3 % of the customers."""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("retail")
    orders = pd.read_parquet(Path(os.environ["SMALTI_DATA"]) / "orders" / "online_retail_II.parquet")
    names = {name.casefold().replace(" ", "").replace("_", ""): name for name in orders.columns}
    customer, price = names["customerid"], names["price"]
    orders = orders[orders[customer].notna()].copy()
    draw = np.random.default_rng(0)
    ids = np.sort(orders[customer].unique())
    rich = draw.choice(ids, RICH, replace=False)
    spent = orders[names["quantity"]] * orders[price]
    now = spent[orders[customer].isin(rich)].sum()
    orders.loc[orders[customer].isin(rich), price] *= 0.1 / 0.9 * (spent.sum() - now) / now
    orders.to_parquet(folder / "orders.parquet")
    badge = draw.choice(["red", "green", "blue", "white"], len(ids), p=[0.2, 0.1, 0.3, 0.4])
    trade = np.where(np.isin(ids, rich), "cafe", draw.choice(["shop", "home", "school"], len(ids)))
    pd.DataFrame({"customer_id": ids, "badge": badge, "trade": trade}).to_csv(folder / "customers.csv", index=False)
    project = Project(
        name="Retail",
        currency="GBP",
        sources={
            "orders": {"from": "orders.parquet"},
            "customers": {"from": "customers.csv", "customer": "customer_id"},
        },
        use=["rfm", "lifecycle", "value_tiers"],
        quality={"lasting": ["badge", "trade"]},
        segments={colour: {"who": f"badge = '{colour}'", "segmentation": "badges"} for colour in np.unique(badge)}
        | {"the_best_again": {"who": "member(platinum)", "segmentation": "again"}},
    )
    return assess_project(project, Options(home=folder))


def _state(found, segmentation, test):
    verdict = next(one for one in found.verdicts if one.segmentation == segmentation)
    return next(state for state in ("shown", "failed", "not_shown") if test in getattr(verdict, state))


@pytest.mark.parametrize("segmentation", ["rfm", "lifecycle", "value_tiers"])
def test_frameworks_tell_what_comes_in_year_two(found, segmentation):
    for test in ("distinct", "relevant", "stable", "durable"):
        assert _state(found, segmentation, test) == "shown", test
    whole = next(one for one in found.findings if one.test == "relevant" and one.segmentation == segmentation)
    assert 0.15 < whole.low < whole.value < whole.high < 0.5


def test_random_badges_do_not(found):
    assert _state(found, "badges", "relevant") == "failed"
    assert not next(one for one in found.verdicts if one.segmentation == "badges").passed


def test_the_segment_that_is_there_twice_is_told(found):
    told = [one for one in found.findings if one.test == "distinct" and one.segment == "the_best_again"]
    assert any("platinum" in one.found for one in told)


def test_the_planted_niche_is_found(found):
    niches = [one for one in found.findings if one.test == "niche" and one.severity == "warning"]
    assert any("trade = 'cafe'" in one.advice for one in niches)
