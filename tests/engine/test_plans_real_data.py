"""Plans on public trials: at least as good as every ranking, within the intervals, at every budget."""

import os
from pathlib import Path

import numpy as np
import pytest

from smalti.engine.proving import load_trial
from smalti.engine.proving.learning import learn
from smalti.engine.proving.plans import Setting, plan_curve
from smalti.engine.proving.segmenting import segmentations
from smalti.experiments.proof import SHARES

pytestmark = [pytest.mark.realdata, pytest.mark.slow]
GIVERS = (("value", "hpa"), ("recency", "mrm2"), ("frequency", "freq"))


@pytest.fixture(scope="module")
def trials():
    folder = os.environ.get("SMALTI_DATA")
    if not folder or not (Path(folder) / "trials").is_dir():
        pytest.skip("SMALTI_DATA does not name a folder with the public data sets")
    return Path(folder) / "trials"


def curve(file, outcome, cost, ranks=()):
    trial = load_trial(file)
    came = next(one for one in trial.outcomes if one.name == outcome)
    costs = np.full(len(trial.arms), cost)
    costs[trial.control] = 0.0
    learnt = learn(trial, came.values, "dr", 0)
    setting = Setting(trial, trial.log(came), learnt, segmentations(trial.columns), costs)
    return plan_curve(setting, SHARES, ranks)


def never_worse(found):
    return all(one.high_together >= 0 for point in found.points for one in point.leads)


def value(found, place, policy="plan"):
    return next(one.value for one in found.points[place].values if one.policy == policy)


def lead(found, place, over):
    return next(one for one in found.points[place].leads if one.over == over)


def test_visits_of_hillstrom_at_a_cost(trials):
    found = curve(trials / "hillstrom.csv.gz", "visit", 0.05)
    assert dict(found.columns) == {"value": "history", "recency": "recency"}
    assert never_worse(found)
    assert lead(found, 1, "lot").low > 0
    assert value(found, 1) == pytest.approx(0.0082, abs=6e-4)
    assert value(found, 1, "response") == pytest.approx(0.0068, abs=6e-4)
    assert value(found, 10, "lot") == pytest.approx(0.0261, abs=2e-4)
    assert found.gap < 1e-6


def test_spend_of_hillstrom_at_half_a_dollar(trials):
    found = curve(trials / "hillstrom.csv.gz", "spend", 0.5)
    assert never_worse(found)
    assert value(found, 10) == pytest.approx(0.2703, abs=2e-3)


def test_gifts_of_karlan_and_list_at_ten_cents(trials):
    found = curve(trials / "karlan_list_donations.parquet", "out_amountgive", 0.1, GIVERS)
    assert never_worse(found)
    assert not any(one.low_together > 0 for point in found.points for one in point.leads)
    assert value(found, 10) == pytest.approx(0.0520, abs=2e-3)
