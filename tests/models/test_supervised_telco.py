"""Telco customers: a score of who leaves, calibrated within its stated intervals."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from smalti.models.supervised import Column, TrainingSet, fit_score

NUMBERS = ("SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges")


@pytest.fixture(scope="module")
def telco():
    place = Path(os.environ.get("SMALTI_DATA", "")) / "churn/telco.csv"
    if not os.environ.get("SMALTI_DATA") or not place.is_file():
        pytest.skip("no real data: SMALTI_DATA names no folder with churn/telco.csv")
    rows = list(csv.DictReader(place.read_text().splitlines()))
    columns = []
    for name in rows[0]:
        said = [row[name].strip() for row in rows]
        if name in NUMBERS:
            columns.append(Column(name, "number", np.array([float(one) if one else np.nan for one in said])))
        elif name not in ("customerID", "Churn"):
            columns.append(Column(name, "category", np.array(said, dtype=object)))
    left = np.array([row["Churn"] == "Yes" for row in rows]).astype(np.float64)
    who = np.array([row["customerID"] for row in rows], dtype=object)
    tenure = next(column.values for column in columns if column.name == "tenure")
    return TrainingSet(
        "chance", "leaving", 30, tuple(columns), left, np.zeros(len(rows), np.int64), who, {"tenure alone": tenure}
    )


@pytest.mark.realdata
@pytest.mark.slow
def test_telco_is_foretold_well_reliably_and_without_a_suspect(telco):
    score = fit_score("will_leave", telco, seed=1)
    test = score.backtest
    area = test.measure("area under the ROC curve")
    assert 0.835 < area.value < 0.865
    assert sum(one.held for one in test.calibration) >= 9
    for name in ("calibration slope", "calibration intercept, as odds", "predicted / observed"):
        one = test.measure(name)
        assert one.low <= 1 <= one.high
    assert score.better
    assert test.lift[0].observed > 2.5 * telco.target.mean()
    assert not [one for one in score.warnings if "may know" in one]
    assert score.importance[0][0] == "Contract"


@pytest.mark.realdata
@pytest.mark.slow
def test_a_leak_planted_in_telco_is_caught(telco):
    rng = np.random.default_rng(1)
    told = (telco.target == 1) & (rng.random(len(telco)) < 0.4)
    reason = Column(
        "reason", "category", np.where(told, rng.choice(["price", "service"], len(telco)), None).astype(object)
    )
    spoilt = TrainingSet(**{**vars(telco), "columns": (*telco.columns, reason)})
    score = fit_score("will_leave", spoilt, seed=1)
    assert [one.split(" may know")[0] for one in score.warnings if "may know" in one] == ["reason"]
