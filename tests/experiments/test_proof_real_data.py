"""Hillstrom's trial, 64,000 customers by lot: is one mail for all beaten? The answers as the honest proof gives them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smalti.experiments import SHARES, Evidence, Grouping, Logged, prove
from smalti.models.effects import EffectData, out_of_fold
from smalti.models.supervised import Column

pytestmark = pytest.mark.realdata
ARMS = ("No E-Mail", "Mens E-Mail", "Womens E-Mail")


@pytest.fixture(scope="module")
def customers():
    folder = os.environ.get("SMALTI_DATA")
    file = Path(folder or "") / "trials" / "hillstrom.csv.gz"
    if not folder or not file.is_file():
        pytest.skip("SMALTI_DATA does not lead to trials/hillstrom.csv.gz")
    return pd.read_csv(file)


def grouping(words):
    code, labels = pd.factorize(words, sort=True)
    return Grouping(code.astype(np.int64), tuple(map(str, labels)))


def proofs(customers, outcome, costs):
    """Prove at each cost of a mail, from the same effects out of fold."""
    arm = np.array([ARMS.index(one) for one in customers["segment"]])
    log = Logged(ARMS, arm, np.full(len(arm), 1 / 3), customers[outcome].to_numpy(float))
    numbers = ("recency", "history", "mens", "womens", "newbie")
    columns = [Column(name, "number", customers[name].to_numpy(float)) for name in numbers]
    columns += [Column(name, "category", customers[name].to_numpy(object)) for name in ("zip_code", "channel")]
    folds = np.random.default_rng(0).permutation(len(arm)) % 5
    told = out_of_fold(EffectData(tuple(columns), ARMS, arm, log.probability, log.outcome), folds)
    bought = customers["mens"].map({0: "", 1: "men's "}) + customers["womens"].map({0: "", 1: "women's"})
    groups = {
        "history": grouping(customers["history_segment"]),
        "bought before": grouping(bought),
        "history by category": grouping(customers["history_segment"] + " " + bought),
    }
    for cost in costs:
        given = Evidence(log, told.predicted, told.expected, folds, groups, np.array([0.0, cost, cost]), ARMS[0])
        yield prove(given, SHARES)


def values(point):
    return [point.standing(one).value for one in ("nothing", "generic", "segment", "individual")]


def test_one_mail_for_all_is_not_beaten_in_visits_but_segments_beat_it_where_few_can_be_mailed(customers):
    free, dear = proofs(customers, "visit", (0.0, 0.05))
    whole, five, ten = free.points[:3]
    assert (free.recommended, free.generic.arm, free.best_segmentation) == ("generic", "Mens E-Mail", "bought before")
    assert values(whole) == pytest.approx([0.1062, 0.1824, 0.1818, 0.1836], abs=0.0015)
    assert whole.lead("generic", "nothing").value == pytest.approx(0.0766, abs=0.0006)
    for policy in ("segment", "individual"):
        lead = whole.lead(policy, "generic")
        assert lead.low < 0 < lead.high
        assert 0.002 < lead.error < 0.004
    assert [one.arm for one in free.segments] == ["Mens E-Mail", "Mens E-Mail", "Womens E-Mail"]
    assert (five.recommended, ten.recommended) == ("segment", "segment")
    assert values(ten) == pytest.approx([0.1062, 0.1138, 0.1197, 0.1196], abs=0.002)
    assert {one.recommended for one in free.points[6:]} == {"generic"}
    assert dear.recommended == "generic"
    assert values(dear.points[0]) == pytest.approx([0.1062, 0.1324, 0.1318, 0.1336], abs=0.0015)
    assert not free.misses.shown
    assert free.misses.share == 0


def test_one_mail_for_all_is_not_beaten_in_spend_and_at_half_a_dollar_it_is_not_shown_to_pay(customers):
    free, dear = proofs(customers, "spend", (0.0, 0.5))
    assert (free.recommended, free.generic.arm) == ("generic", "Mens E-Mail")
    assert values(free.points[0])[:2] == pytest.approx([0.653, 1.423], abs=0.01)
    assert {one.recommended for one in free.points} == {"generic"}
    lead = free.points[0].lead("generic", "nothing")
    assert lead.value == pytest.approx(0.7698, abs=0.005)
    assert 0.14 < lead.error < 0.16
    assert dear.recommended == "nothing"
    assert dear.points[0].standing("generic").value == pytest.approx(0.9225, abs=0.01)
    assert not free.misses.shown
