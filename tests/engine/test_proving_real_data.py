"""Public trials as they lie: what is found in them, published effects, and honest verdicts."""

import os
from pathlib import Path

import numpy as np
import pytest

from smalti.engine.proving import Asked, load_trial, prove_file
from smalti.engine.proving.readouts import average_effects

pytestmark = pytest.mark.realdata


@pytest.fixture
def trials():
    folder = os.environ.get("SMALTI_DATA")
    if not folder or not (Path(folder) / "trials").is_dir():
        pytest.skip("SMALTI_DATA does not name a folder with the public data sets")
    return Path(folder) / "trials"


def effects(trial):
    nothing = np.zeros((trial.rows, len(trial.arms)))
    return {
        (one.metric, one.arm): (one.effect, one.error)
        for came in trial.outcomes
        for one in average_effects(trial, came.name, trial.log(came), nothing, 0.95)
    }


def test_hillstrom_as_it_lies(trials):
    trial = load_trial(trials / "hillstrom.csv.gz")
    assert trial.counts.tolist() == [21_307, 21_306, 21_387]
    assert trial.arms[trial.control] == "No E-Mail"
    assert [(one.name, one.kind) for one in trial.outcomes] == [
        ("visit", "rate"),
        ("conversion", "rate"),
        ("spend", "money"),
    ]
    assert len(trial.columns) == 8
    assert not trial.set_aside
    assert not trial.warnings
    wanted = {
        ("visit", "Mens E-Mail"): (0.07659, 0.00339),
        ("conversion", "Mens E-Mail"): (0.00681, 0.00092),
        ("spend", "Mens E-Mail"): (0.7698, 0.1453),
        ("visit", "Womens E-Mail"): (0.04523, 0.00323),
        ("conversion", "Womens E-Mail"): (0.00311, 0.00082),
        ("spend", "Womens E-Mail"): (0.4244, 0.1303),
    }
    found = effects(trial)
    assert found.keys() == wanted.keys()
    for key, (effect, error) in wanted.items():
        assert found[key][0] == pytest.approx(effect, abs=6e-5)
        assert found[key][1] == pytest.approx(error, abs=6e-5)


def test_karlan_list_as_it_lies(trials):
    trial = load_trial(trials / "karlan_list_donations.parquet")
    assert trial.arms == ("no treatment", "treatment")
    assert [one.name for one in trial.outcomes] == ["out_amountgive", "out_gavedum", "out_changeamtgive"]
    assert not [one.name for one in trial.columns if one.name.startswith(("treat_", "out_"))]
    assert not [one.name for one in trial.columns if one.name.startswith("stateresponse")]
    assert trial.rows + sum(trial.set_aside.values()) == 50_083
    found = effects(trial)
    assert found["out_gavedum", "treatment"] == pytest.approx((0.00418, 0.00130), abs=6e-5)
    assert found["out_amountgive", "treatment"] == pytest.approx((0.152, 0.080), abs=2e-3)


def test_cookie_cats_as_it_lies(trials):
    trial = load_trial(trials / "cookie_cats.csv.gz")
    assert trial.counts.tolist() == [44_700, 45_489]
    assert [one.name for one in trial.outcomes] == ["sum_gamerounds", "retention_1", "retention_7"]
    assert trial.columns == ()
    assert effects(trial)["retention_7", "gate_40"] == pytest.approx((-0.0082, 0.0026), abs=6e-5)


@pytest.mark.parametrize("policy", ["random", "bts"])
def test_open_bandit_as_it_lies(trials, policy):
    trial = load_trial(trials / "open_bandit_men" / f"{policy}.csv.gz")
    assert trial.rows == 10_000
    assert len(trial.arms) == 34
    assert trial.logged
    assert [one.name for one in trial.outcomes] == ["click"]
    names = [one.name for one in trial.columns]
    assert not {"position", "timestamp", "propensity_score", "column_1"} & set(names)


@pytest.mark.slow
def test_hillstrom_visits_proven(trials):
    found = prove_file(trials / "hillstrom.csv.gz", Asked(outcomes=("visit",)))
    proof = found.proof()
    assert proof.recommended == "generic"
    assert proof.generic.arm == "Mens E-Mail"
    assert not proof.misses.shown
    whole = proof.points[0]
    assert whole.standing("nothing").value == pytest.approx(0.106, abs=0.002)
    assert whole.standing("generic").value == pytest.approx(0.183, abs=0.002)
    assert whole.lead("generic", "nothing").low_together > 0.06
    for policy in ("segment", "individual"):
        lead = whole.lead(policy, "generic")
        assert lead.low_together < 0 < lead.high_together
    assert {one["outcome"] for one in found.outcomes} == {"visit"}
    assert found.outcomes[0]["differing"][0]["segmentation"] == "womens"
