"""What is foretold of real customers: CDNOW's 39 weeks and the second year of Online Retail II, for better and for worse."""

from __future__ import annotations

import os
from pathlib import Path
from runpy import run_path

import pytest

from smalti.models import BackTest, Holdout, choose, fit_gamma_gamma, spend_backtest
from smalti.models.accuracy import ABSOLUTE, RANK, TOTAL
from smalti.models.choosing import AS_STATED, WITHIN

pytestmark = pytest.mark.realdata


def _held_out(reader: str, horizon: int) -> Holdout:
    folder = os.environ.get("SMALTI_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("no real data: SMALTI_DATA names no folder")
    benchmark = run_path(str(Path(__file__).parents[2] / "benchmarks" / "foresight.py"))
    seen: Holdout = benchmark["held_out"](benchmark[reader](Path(folder)), horizon)
    return seen


@pytest.fixture(scope="module")
def cdnow_master() -> Holdout:
    return _held_out("cdnow", 273)


@pytest.fixture(scope="module")
def retail() -> Holdout:
    return _held_out("online_retail", 365)


def _spend(seen: Holdout) -> BackTest:
    return spend_backtest(seen, "mbg_nbd", fit_gamma_gamma(seen.repeats + 1, seen.mean_spend))


def test_cdnow_is_foretold_better_than_by_any_naive_forecast(cdnow_master):
    chosen = choose(cdnow_master)
    told = chosen.backtest
    assert (chosen.kind, len(cdnow_master), cdnow_master.later.sum()) == ("mbg_nbd", 23_570, 19_684)
    assert told.verdict.startswith(
        "Better than the best naive forecast (rule of thumb): its error per customer is 27.1% smaller"
    )
    assert told.measure(TOTAL).value == pytest.approx(0.8095, abs=0.002)
    assert told.measure(ABSOLUTE).value == pytest.approx(0.7945, abs=0.001)
    assert told.measure(TOTAL, "Pareto/NBD").value == pytest.approx(0.8714, abs=0.002)
    assert told.measure(RANK, "Pareto/NBD").value == pytest.approx(0.4517, abs=0.001)


def test_online_retail_is_foretold_worse_and_the_verdict_says_so(retail):
    told = choose(retail).backtest
    assert told.verdict.startswith("Worse than a naive forecast (rule of thumb)")
    assert told.measure(TOTAL).value == pytest.approx(1.545, abs=0.01)
    assert any("had bought on one day only" in warning for warning in told.warnings)
    assert any("chance of at least 90 %" in warning for warning in told.warnings)


def test_intervals_that_hold_too_little_are_reported(cdnow_master, retail):
    short, right = _spend(cdnow_master), _spend(retail)
    assert short.measure(WITHIN).value == pytest.approx(0.864, abs=0.005)
    assert short.measure(WITHIN, AS_STATED).value == pytest.approx(0.900, abs=0.005)
    assert "should have held for 90%" in short.warnings[0]
    assert right.measure(WITHIN).value == pytest.approx(right.measure(WITHIN, AS_STATED).value, abs=0.01)
    assert right.warnings == ()
