"""The whole gate: what is worth having passes, noise passes nothing, a million customers take seconds."""

import time

import numpy as np
import pytest

from smalti.segments.quality import (
    Bars,
    Channel,
    Evidence,
    Finding,
    Grouping,
    Later,
    Verdict,
    examine,
    niches,
    redundant,
    verdict,
)

OPTIONS = ("leave_alone", "retain", "up_sell", "win_back")
STABLE = Finding("stable", "tiers", None, "passed", "given", None, None, None, "Given.", "")


def world(seed, n, k, strength, customers_differ=True):
    """Customers of k kinds, and what follows from their kind if they differ; a kind is known with some error."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, k, n)
    drive = kind * strength if customers_differ else np.zeros(n)
    labels = np.where(rng.random(n) < 0.1, rng.integers(0, k, n), kind)
    grouping = Grouping.from_labels("tiers", [f"s{place}" for place in range(k)], labels)
    money, later = (np.where(rng.random(n) < 0.3, 0.0, rng.lognormal(2 + drive, 1)) for _ in range(2))
    traits = {
        "visits": rng.poisson(3 * np.exp(0.4 * drive)).astype(float),
        "age": rng.normal(40, 10, n),
        "money": money,
    }
    gains = rng.normal(1, 2, (len(OPTIONS), n))
    gains[0] = 0.0
    if customers_differ:
        gains[1 + kind % 3, np.arange(n)] += 2.0
    email = Channel("email", rng.random(n) < 0.9, rng.random(n) < 0.7)
    evidence = Evidence(traits, {}, money, {"email": email}, gains, OPTIONS)
    return grouping, evidence, Later(grouping, later)


def judged(seed, n, k, strength, customers_differ=True, bars=Bars(permutations=199)):  # noqa: B008 - frozen
    grouping, evidence, later = world(seed, n, k, strength, customers_differ)
    return verdict("tiers", [*examine(grouping, evidence, later, bars, seed), STABLE], bars)


def test_segments_worth_having_pass():
    found = judged(0, 6000, 3, 1.0)
    assert found.passed, [(one.test, one.found) for one in found.findings if one.severity == "fail"]
    assert found.not_shown == ("durable",)


@pytest.mark.parametrize("seed", range(10))
def test_noise_passes_nothing(seed):
    found = judged(seed, 2000, 4, 0.0, customers_differ=False)
    assert not found.passed
    assert {"actionable", "relevant"} <= set(found.failed)
    assert "distinct" not in found.shown


@pytest.mark.slow
def test_no_noise_passes_among_many():
    assert sum(judged(seed, 1000, 4, 0.0, customers_differ=False).passed for seed in range(200)) == 0


def test_a_segmentation_without_evidence_is_not_shown_and_not_passed():
    labels = np.repeat([0, 1], 500)
    grouping = Grouping.from_labels("tiers", ["a", "b"], labels)
    found = verdict("tiers", examine(grouping, Evidence(), None, Bars()), Bars())
    assert not found.passed
    assert found.failed == ()
    assert set(found.not_shown) >= {"distinct", "reachable", "actionable", "relevant", "stable", "durable"}


def test_the_same_seed_finds_the_same():
    assert judged(1, 3000, 3, 1.0) == judged(1, 3000, 3, 1.0)
    assert isinstance(judged(1, 3000, 3, 1.0), Verdict)


def test_every_sentence_is_one_and_every_worry_has_advice():
    for found in (judged(2, 3000, 5, 0.1), judged(3, 500, 3, 0.0, customers_differ=False)):
        for one in found.findings:
            assert one.found.endswith("."), one
            assert one.measure
            assert one.severity == "passed" or one.advice, one
            assert one.low is None or np.isnan(one.low) or one.low <= one.value + 1e-9 <= one.high + 2e-9, one


def test_few_customers_raise_no_error():
    for n in (0, 1, 3, 12):
        grouping, evidence, later = world(0, n, 2, 1.0)
        assert not verdict("tiers", examine(grouping, evidence, later, Bars()), Bars()).passed


@pytest.mark.slow
def test_a_million_customers_in_forty_segments_take_well_under_a_minute():
    grouping, evidence, later = world(4, 1_000_000, 40, 0.05)
    begun = time.perf_counter()
    examine(grouping, evidence, later, Bars())
    redundant([grouping] * 4, Bars())
    niches(evidence.traits, evidence.money, grouping.member, Bars())
    assert time.perf_counter() - begun < 60
