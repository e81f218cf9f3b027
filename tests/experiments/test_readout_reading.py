"""A whole readout: sizes first, amounts capped once, what is looked at together corrected together, answers in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2, norm

from smalti.errors import ModelError
from smalti.experiments.readout import (
    Metric,
    Observed,
    OutlierRule,
    ReadoutPlan,
    SampleRatio,
    Segmented,
    Statistics,
    Terms,
    cap,
    compare,
    heterogeneity,
    judge,
    read_out,
    read_statistics,
    sample_ratio,
)

ARMS = ("none", "mail", "call")
VISIT = Metric("visit", "visit", unit="share")
SPEND = Metric("spend", "spend", covariate="before", unit="GBP")


def world(rows=3000, seed=0):
    """Customers of whom a mail makes the young visit, and a call does nothing; one customer spends absurdly."""
    rng = np.random.default_rng(seed)
    arm = rng.integers(0, 3, rows)
    young = rng.integers(0, 2, rows)
    visit = (rng.random(rows) < 0.2 + 0.2 * young * (arm == 1)).astype(float)
    before = rng.gamma(2.0, 10.0, rows)
    spend = visit * before
    spend[np.flatnonzero((arm == 2) & (spend > 0))[0]] = 1e6
    segments = {"age": Segmented(("old", "young", "nobody"), young)}
    return Observed(ARMS, arm, {"visit": visit, "spend": spend, "before": before}, segments)


PLAN = ReadoutPlan((VISIT, SPEND), "none", outliers=(OutlierRule("spend", quantile=0.99),))


@pytest.fixture(scope="module")
def found():
    return read_out(PLAN, world())


def test_every_arm_is_held_against_control_by_every_metric(found):
    asked = [("visit", "mail"), ("visit", "call"), ("spend", "mail"), ("spend", "call")]
    assert [(one.metric, one.arm) for one in found.effects] == asked
    assert [(one.metric, one.arm) for one in found.verdicts] == asked
    assert found.effect_of("spend", "call") is found.effects[3]
    assert found.verdict_of("visit", "mail").answer == "works"
    assert found.verdict_of("visit", "call").answer == "cannot tell yet"
    with pytest.raises(ModelError, match="found 'visit of letter', wanted one of visit of mail"):
        found.effect_of("visit", "letter")


def test_what_is_looked_at_together_is_corrected_together(found):
    assert all(one.p_adjusted >= one.p for one in found.effects)
    alone = read_out(ReadoutPlan((VISIT, SPEND), "none", outliers=PLAN.outliers, correction="none"), world())
    assert [one.p_adjusted for one in alone.effects] == [one.p for one in found.effects]
    inside = [one for part in found.segments for one in part.effects]
    best = min(inside, key=lambda one: one.p)
    assert best.p_adjusted == pytest.approx(len(inside) * best.p)


def test_segments_that_respond_differently_are_seen_to(found):
    ages = {(part.metric, part.arm): part for part in found.segments}
    mail, call = ages["visit", "mail"], ages["visit", "call"]
    assert (mail.labels, mail.left_out) == (("old", "young"), ("nobody",))
    assert mail.differs.p < 0.001
    assert call.differs.p > 0.01
    assert [one.sure for one in mail.effects] == [False, True]
    assert mail.effects[1].effect == pytest.approx(0.2, abs=0.06)


def test_amounts_are_capped_once_for_all_arms_segments_and_metrics(found):
    (told,) = found.capped
    seen = world()
    spend = np.minimum(seen.columns["spend"], told.at)
    assert told.customers == (seen.columns["spend"] > told.at).sum() > 1
    assert told.taken == pytest.approx((seen.columns["spend"] - spend).sum())
    assert [one.mean("spend") for one in found.statistics] == [
        pytest.approx(spend[seen.arm == at].mean()) for at in range(3)
    ]
    for part in found.segments:
        if (part.metric, part.arm) == ("spend", "call"):
            young = (seen.segments["age"].codes == 1) & (seen.arm == 2)
            control = (seen.segments["age"].codes == 1) & (seen.arm == 0)
            raw = ReadoutPlan((Metric("spend", "spend"),), "none", outliers=PLAN.outliers)
            plain = {one.arm: one for one in read_out(raw, seen).segments}["call"].effects[1]
            assert plain.effect == pytest.approx(spend[young].mean() - spend[control].mean())
            assert part.effects[1].customers == young.sum()


def test_without_the_rule_one_customer_decides():
    plain = read_out(ReadoutPlan((SPEND,), "none"), world())
    assert plain.effect_of("spend", "call").error > 100 * read_out(PLAN, world()).effect_of("spend", "call").error
    assert plain.capped == ()


def test_the_same_from_statistics_as_from_rows(found):
    again = read_statistics(PLAN, dict(zip(ARMS, found.statistics, strict=True)))
    assert (again.effects, again.verdicts, again.sizes) == (found.effects, found.verdicts, found.sizes)


def test_the_same_again_to_the_last_bit(found):
    again = read_out(PLAN, world())
    assert repr(again) == repr(found)


def test_arms_drawn_with_different_chances_are_read_within_strata():
    rng = np.random.default_rng(1)
    loyal = rng.integers(0, 2, 8000)
    arm = (rng.random(8000) < np.where(loyal, 0.9, 0.1)).astype(np.int64)
    visit = (rng.random(8000) < 0.1 + 0.5 * loyal).astype(float)
    segments = {"loyal": Segmented(("no", "yes"), loyal), "half": Segmented(("a", "b"), rng.integers(0, 2, 8000))}
    seen = Observed(("none", "mail"), arm, {"visit": visit}, segments)
    naive, right = (read_out(ReadoutPlan((VISIT,), "none", strata=one), seen) for one in (None, "loyal"))
    assert naive.verdicts[0].answer == "works"
    assert right.verdicts[0].answer == "cannot tell yet"
    assert [part.effects[0].sure for part in right.segments if part.segmentation == "half"] == [False]
    assert [one.count for one in right.statistics] == [one.count for one in naive.statistics]
    with pytest.raises(
        ModelError, match="segmentation: found 'loyalty', wanted one of loyal, half; did you mean 'loyal'"
    ):
        read_out(ReadoutPlan((VISIT,), "none", strata="loyalty"), seen)


def test_those_held_out_are_in_no_number(found):
    seen = world()
    more = Observed(
        ARMS,
        np.concatenate([seen.arm, np.full(50, -1)]),
        {name: np.concatenate([one, np.full(50, 1e9)]) for name, one in seen.columns.items()},
        {
            "age": Segmented(
                ("old", "young", "nobody"), np.concatenate([seen.segments["age"].codes, np.zeros(50, dtype=int)])
            )
        },
    )
    assert repr(read_out(PLAN, more)) == repr(found)


def test_covariates_of_new_customers_are_filled_alike_in_all_arms(found):
    seen = world()
    before = seen.columns["before"].copy()
    before[::10] = np.nan
    gaps = read_out(PLAN, Observed(ARMS, seen.arm, {**seen.columns, "before": before}))
    assert gaps.filled == (("before", 300),)
    assert found.filled == ()
    one, whole = gaps.effect_of("spend", "mail"), found.effect_of("spend", "mail")
    assert whole.variance_kept < one.variance_kept < 1


def test_arms_of_wrong_sizes_silence_every_answer():
    seen = world()
    lost = np.where((seen.arm == 1) & (seen.columns["visit"] == 0) & (np.arange(3000) % 3 == 0), -1, seen.arm)
    found = read_out(PLAN, Observed(ARMS, lost, seen.columns))
    assert found.sizes.alarm
    assert {one.answer for one in found.verdicts} == {"not to be trusted"}
    assert "find out where before believing any number" in found.verdicts[0].words


def test_sizes_are_held_against_the_weights_asked_for():
    assert not sample_ratio([9_000, 1_000], (9, 1)).alarm
    assert sample_ratio([9_000, 1_000]).alarm
    assert sample_ratio([9_000, 1_100], (0.9, 0.1)).p == pytest.approx(chi2.sf(90**2 / 9090 + 90**2 / 1010, 1))
    few = sample_ratio([9, 0])
    assert (few.judged, few.alarm) == (False, False)
    nobody = sample_ratio([0, 0])
    assert (nobody.p, nobody.alarm) == (1.0, False)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: read_out(ReadoutPlan((VISIT,), "nun"), world()),
            "control: found 'nun', wanted one of none, mail, call",
        ),
        (
            lambda: read_out(ReadoutPlan((Metric("v", "visits"),), "none"), world()),
            "found 'visits'.*did you mean 'visit'",
        ),
        (lambda: ReadoutPlan((), "none"), "metrics: expected one or more with different names, got none"),
        (
            lambda: read_statistics(ReadoutPlan((VISIT,), "none"), {"none": Statistics.of_counts(1, 2)}),
            "expected two or more",
        ),
        (
            lambda: read_out(ReadoutPlan((VISIT,), "none", outliers=(OutlierRule("spent", at=1.0),)), world()),
            "outliers: found 'spent'",
        ),
        (lambda: OutlierRule("spend"), "expected an amount or a quantile"),
        (lambda: OutlierRule("spend", at=1.0, quantile=0.5), "expected an amount or a quantile"),
        (lambda: OutlierRule("spend", quantile=1.0), "quantile between 0 and 1, got 1.0"),
        (lambda: OutlierRule("spend", quantile=0.9).fit(np.zeros(5)), "got none but 0"),
        (lambda: sample_ratio([1, 2], (1, 0)), "expected one above 0 for each"),
        (lambda: sample_ratio([1]), "two or more arms"),
    ],
)
def test_mistakes_are_told(make, said):
    with pytest.raises(ModelError, match=said):
        make()


def test_a_rule_is_fitted_to_those_who_take_part():
    values, told = cap(
        np.array([1.0, 2.0, 3.0, 1e9]), OutlierRule("y", quantile=0.6), np.array([True, True, True, False])
    )
    assert (told.at, told.customers, values.tolist()) == (3.0, 0, [1.0, 2.0, 3.0, 3.0])
    assert told.words == "y was capped at 3: 0 customers were above it, and 0 (0 % of the sum) was not counted."


def effect(yes, metric=VISIT, customers=1000, **terms):
    renamed = Metric(metric.name, "outcome", better=metric.better, least=metric.least, unit=metric.unit)
    arms = Statistics.of_counts(100, customers), Statistics.of_counts(yes, customers)
    return compare(*arms, renamed, Terms(**terms), ("none", "mail")), renamed


@pytest.mark.parametrize(
    ("yes", "metric", "answer"),
    [
        (150, VISIT, "works"),
        (60, VISIT, "harms"),
        (110, VISIT, "cannot tell yet"),
        (60, Metric("churn", "visit", better="lower"), "works"),
        (150, Metric("churn", "visit", better="lower"), "harms"),
        (150, Metric("visit", "visit", least=0.01), "works"),
        (150, Metric("visit", "visit", least=0.04), "cannot tell yet"),
        (101, Metric("visit", "visit", least=0.04), "not worth it"),
        (130, Metric("churn", "visit", better="lower", least=0.01), "harms"),
    ],
)
def test_the_answer_follows_the_interval(yes, metric, answer):
    assert judge(*effect(yes, metric)).answer == answer


def test_no_answer_without_the_correction():
    found, metric = effect(130)
    assert judge(found, metric).answer == "works"
    told = judge(replace(found, p_adjusted=10 * found.p, sure=False), metric)
    assert told.answer == "cannot tell yet"
    assert "By itself it would be sure; among all that was looked at it may be chance." in told.words
    grown = 2000 + told.customers_more
    assert found.effect / found.error * np.sqrt(grown / 2000) == pytest.approx(
        norm.isf(0.0025) + norm.isf(0.2), abs=1e-3
    )


def test_the_further_customers_would_do():
    found, metric = effect(110)
    told = judge(found, metric)
    grown = 1000 + told.customers_more // 2
    scaled = compare(
        Statistics.of_counts(round(0.1 * grown), grown), Statistics.of_counts(round(0.11 * grown), grown), metric
    )
    assert scaled.effect / scaled.error == pytest.approx(1.96 + 0.8416, abs=0.02)
    assert f"{told.customers_more:,} further customers would tell with a chance of 80 %" in told.words
    watched = judge(*effect(110, tuned_for=2000))
    assert watched.customers_more > told.customers_more
    assert "interval at every look" in watched.words


def test_what_can_hardly_be_told_gets_no_number():
    assert judge(*effect(100)).customers_more is None
    assert "100 times as many customers would hardly tell" in judge(*effect(101, customers=2000)).words
    nobody = compare(Statistics.of_counts(0, 10), Statistics.of_counts(0, 10), Metric("visit", "outcome"))
    assert "too few customers to say anything" in judge(nobody, VISIT).words


def test_an_alarm_comes_before_any_answer():
    found, metric = effect(150)
    assert judge(found, metric, SampleRatio((1000, 1000), (1000.0, 1000.0), 1e-9, True)).answer == "not to be trusted"
    assert judge(found, metric, SampleRatio((1000, 1000), (1000.0, 1000.0), 1e-9, False)).answer == "works"
    assert "once in 20,000 times" in judge(found, metric, SampleRatio((1, 2), (1.0, 2.0), 5e-5, True)).words
    assert "once in a thousand million" in judge(found, metric, SampleRatio((1, 2), (1.0, 2.0), 0.0, True)).words


def test_one_segment_cannot_differ():
    found, _ = effect(150)
    assert heterogeneity([found]) is None
    same = heterogeneity([found, found])
    assert (same.q, same.p, same.part, same.common) == (0.0, 1.0, 0.0, found.effect)
