"""Effects on published trials: averages as recomputed, and differences between customers only where there are some."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smalti.experiments import Logged, judge_ranking
from smalti.models.effects import EffectData, out_of_fold
from smalti.models.supervised import Column

ARMS = ("No E-Mail", "Mens E-Mail", "Womens E-Mail")
PAGE = (Path(__file__).parents[2] / "docs" / "effects.md").read_text()


@pytest.fixture(scope="module")
def hillstrom():
    folder = os.environ.get("SMALTI_DATA")
    path = Path(folder or ".") / "trials" / "hillstrom.csv.gz"
    if not folder or not path.exists():
        pytest.skip("SMALTI_DATA does not lead to trials/hillstrom.csv.gz")
    return pd.read_csv(path)


def told(table, outcome):
    columns = [Column(name, "number", table[name].to_numpy(float)) for name in ("recency", "history", "mens", "womens")]
    columns += [Column(name, "category", table[name].to_numpy(object)) for name in ("zip_code", "channel")]
    arm = table["segment"].map({name: place for place, name in enumerate(ARMS)}).to_numpy()
    given = (arm, np.full(len(table), 1 / 3), table[outcome].to_numpy(float))
    folds = np.random.default_rng(1).integers(0, 3, len(table))
    return out_of_fold(EffectData(tuple(columns), ARMS, *given), folds, seed=1), Logged(ARMS, *given)


@pytest.mark.realdata
@pytest.mark.slow
def test_who_visits_after_the_womens_mail_is_told_apart(hillstrom):
    out, log = told(hillstrom, "visit")
    for arm, average, error in ((1, 0.07659, 0.00339), (2, 0.04523, 0.00323)):
        assert np.mean([fold[arm - 1].average for fold in out.evidence]) == pytest.approx(average, abs=error / 2)
        assert out.evidence[0][arm - 1].average_error == pytest.approx(error * np.sqrt(1.5), rel=0.05)
    quality = judge_ranking(log, out.effects[:, 2], ARMS[2], ARMS[0], predicted=out.predicted)
    assert quality.qini.low > 0
    assert quality.points[-1].gain.value == pytest.approx(0.04523, abs=0.0015)
    assert quality.points[-1].gain.error < 0.00323


@pytest.mark.realdata
def test_without_predictions_the_curve_ends_at_the_difference_of_means(hillstrom):
    arm = hillstrom["segment"].map({name: place for place, name in enumerate(ARMS)}).to_numpy()
    for outcome, place, wanted in (
        ("visit", 1, 0.07659),
        ("visit", 2, 0.04523),
        ("spend", 1, 0.7698),
        ("spend", 2, 0.4244),
    ):
        log = Logged(ARMS, arm, np.full(len(arm), 1 / 3), hillstrom[outcome].to_numpy(float))
        quality = judge_ranking(log, hillstrom["history"].to_numpy(float), ARMS[place], ARMS[0])
        assert quality.curve.gain[-1] == pytest.approx(wanted, abs=6e-5)


def test_the_python_of_the_page_runs():
    block = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert block
    names: dict[str, object] = {}
    exec(block.group(1), names)  # noqa: S102 - our own page
    assert names["fitted"].effects_one({"age": 70})[1] == pytest.approx(1.0, abs=0.2)
