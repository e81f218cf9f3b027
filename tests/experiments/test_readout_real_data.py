"""Three public trials give the numbers that have been published or recomputed elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smalti.errors import ModelError
from smalti.experiments.readout import Metric, Observed, OutlierRule, ReadoutPlan, Segmented, Terms, read_out

pytestmark = pytest.mark.realdata


def trial(name):
    folder = os.environ.get("SMALTI_DATA")
    path = Path(folder or ".") / "trials" / name
    if not folder or not path.exists():
        pytest.skip(f"SMALTI_DATA does not lead to trials/{name}")
    return pd.read_parquet(path) if name.endswith("parquet") else pd.read_csv(path)


def segmented(column):
    codes, labels = pd.factorize(column.astype(str), sort=True)
    return Segmented(tuple(labels), codes.astype(np.int64))


@pytest.fixture(scope="module")
def hillstrom():
    table = trial("hillstrom.csv.gz")
    arms = ("No E-Mail", "Mens E-Mail", "Womens E-Mail")
    arm = table["segment"].map({name: at for at, name in enumerate(arms)}).to_numpy(np.int64)
    columns = {name: table[name].to_numpy(np.float64) for name in ("visit", "conversion", "spend", "history")}
    columns["orders"] = columns["conversion"]
    segments = {"bought": segmented(table["mens"] + 2 * table["womens"]), "channel": segmented(table["channel"])}
    return Observed(arms, arm, columns, segments)


OUTCOMES = tuple(Metric(name, name) for name in ("visit", "conversion", "spend"))


@pytest.mark.parametrize(
    ("metric", "arm", "effect", "error"),
    [
        ("visit", "Mens E-Mail", 0.07659, 0.00339),
        ("conversion", "Mens E-Mail", 0.00681, 0.00092),
        ("spend", "Mens E-Mail", 0.7698, 0.1453),
        ("visit", "Womens E-Mail", 0.04523, 0.00323),
        ("conversion", "Womens E-Mail", 0.00311, 0.00082),
        ("spend", "Womens E-Mail", 0.4244, 0.1303),
    ],
)
def test_hillstrom(hillstrom, metric, arm, effect, error):
    found = read_out(ReadoutPlan(OUTCOMES, "No E-Mail"), hillstrom)
    one = found.effect_of(metric, arm)
    assert one.effect == pytest.approx(effect, abs=5e-5 if metric == "spend" else 5e-6)
    assert one.error == pytest.approx(error, abs=1e-4 if metric == "spend" else 5e-6)
    assert found.statistics[0].count == 21_306
    assert not found.sizes.alarm
    assert found.verdict_of(metric, arm).answer == "works"


def test_hillstrom_women_who_bought_for_women_go_to_the_womens_mail(hillstrom):
    found = read_out(ReadoutPlan(OUTCOMES, "No E-Mail"), hillstrom)
    parts = {(one.segmentation, one.metric, one.arm): one for one in found.segments}
    assert parts["bought", "visit", "Womens E-Mail"].differs.p < 1e-6
    assert parts["channel", "visit", "Mens E-Mail"].differs.p > 0.01


def test_hillstrom_spend_per_visit_and_what_history_explains(hillstrom):
    metrics = (Metric("spend per order", "spend", "orders"), Metric("visit", "visit", covariate="history"))
    found = read_out(ReadoutPlan(metrics, "No E-Mail", terms=Terms(tuned_for=42_000)), hillstrom)
    ratio = found.effect_of("spend per order", "Mens E-Mail")
    assert (round(ratio.effect, 3), round(ratio.error, 3)) == (-0.476, 11.526)
    assert found.verdict_of("spend per order", "Mens E-Mail").answer == "cannot tell yet"
    assert 0.98 < found.effect_of("visit", "Mens E-Mail").variance_kept < 1.0


def test_karlan_list():
    table = trial("karlan_list_donations.parquet")
    columns = {name: table[f"out_{name}"].to_numpy(np.float64) for name in ("gavedum", "amountgive")}
    seen = Observed(("plain letter", "match"), table["treatment"].to_numpy(np.int64), columns)
    plan = ReadoutPlan((Metric("gave", "gavedum"), Metric("amount", "amountgive")), "plain letter", weights=(1, 2))
    with pytest.raises(ModelError, match="amountgive: row 21994: expected a finite number, got nan; 2 such in all"):
        read_out(plan, seen)
    columns["amountgive"] = np.nan_to_num(columns["amountgive"])
    found = read_out(plan, seen)
    gave, amount = found.effects
    assert (round(gave.effect, 5), round(gave.error, 5)) == (0.00418, 0.00130)
    assert (round(amount.effect, 3), round(amount.error, 2)) == (0.152, 0.08)
    assert [one.answer for one in found.verdicts] == ["works", "cannot tell yet"]
    assert (found.sizes.counts, found.sizes.alarm) == ((16_687, 33_396), False)


def test_cookie_cats():
    table = trial("cookie_cats.csv.gz")
    columns = {name: table[name].to_numpy(np.float64) for name in ("retention_1", "retention_7", "sum_gamerounds")}
    seen = Observed(("gate_30", "gate_40"), (table["version"] == "gate_40").to_numpy(np.int64), columns)
    plan = ReadoutPlan(
        (Metric("back after 7 days", "retention_7"), Metric("rounds", "sum_gamerounds")),
        "gate_30",
        outliers=(OutlierRule("sum_gamerounds", at=3_000.0),),
    )
    found = read_out(plan, seen)
    back = found.effect_of("back after 7 days", "gate_40")
    assert (round(back.effect, 4), round(back.error, 4)) == (-0.0082, 0.0026)
    assert found.verdict_of("back after 7 days", "gate_40").answer == "harms"
    assert (found.capped[0].customers, found.capped[0].taken) == (1, 46_854.0)
    uncapped = read_out(ReadoutPlan(plan.metrics, "gate_30"), seen)
    assert uncapped.effect_of("rounds", "gate_40").error > 1.15 * found.effect_of("rounds", "gate_40").error
    assert found.sizes.p == pytest.approx(0.0086, abs=1e-4)
