"""Drift: bins that hold everybody, tests by hand and against scipy, and a thousand worlds where nothing changes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from smalti.errors import ModelError
from smalti.models import (
    bins_from_rows,
    bins_of,
    false_discoveries,
    foretold,
    panel_drift,
    population_stability,
    sample_drift,
)

WORLDS = 500
TOO_OFTEN, TOO_SELDOM = 0.05 + 3 * math.sqrt(0.05 * 0.95 / WORLDS), 0.05 - 3 * math.sqrt(0.05 * 0.95 / WORLDS)


@dataclass(frozen=True, eq=False)
class Given:
    name: str
    kind: Literal["number", "category"]
    values: Any


def numbers(*values):
    return Given("orders", "number", np.array([math.nan if one is None else one for one in values], dtype=float))


def texts(*values):
    return Given("plan", "category", np.array([*values, ""], dtype=object)[:-1])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(st.none(), st.integers(-3, 3).map(float)), min_size=1, max_size=40), st.integers(2, 6))
def test_bins_of_numbers_hold_everyone_once_and_in_order(values, most):
    made = bins_of(numbers(*values), most)
    placed = made.place(numbers(*values).values)
    assert made.counts.sum() == len(values)
    assert made.counts.tolist() == np.bincount(placed, minlength=len(made.bins)).tolist()
    known = np.array([value is not None for value in values])
    column = numbers(*values).values
    assert (np.diff(placed[known][np.argsort(column[known], kind="stable")]) >= 0).all()
    assert (placed[~known] == len(made.bins) - 1).all()
    assert len(made.bins) <= most + 1
    for value, place in zip(column, placed, strict=True):
        one = made.bins[place]
        assert one.holds == "missing" or (
            (one.low is None or one.low < value) and (one.high is None or value <= one.high)
        )


def test_bins_of_texts_keep_the_commonest_and_know_the_unknown():
    made = bins_of(texts("gold", "gold", "tin", None, "silver"), most=3)
    assert [(one.holds, one.category, one.customers) for one in made.bins] == [
        ("category", "gold", 2),
        ("category", "silver", 1),
        ("other", None, 1),
        ("missing", None, 1),
    ]
    assert made.place(texts("gold", "never seen", None).values).tolist() == [0, 2, 3]
    assert made.counted(texts("never seen").values).counts.tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize(
    "column", [numbers(1, 2, None, 7, 7), numbers(None, None), numbers(3), texts("a", None), texts(None, None)]
)
def test_bins_are_read_back_as_they_were_written(column):
    made = bins_of(column)
    assert bins_from_rows(made.rows("stays")[::-1]) == made
    assert sum(row["share"] for row in made.rows("stays")) == pytest.approx(1)
    with pytest.raises(ModelError, match="one input"):
        bins_from_rows([*made.rows("stays"), {**made.rows("stays")[0], "input": "another"}])


def test_the_index_by_hand():
    assert population_stability([50, 50], [60, 40]) == pytest.approx(-0.1 * math.log(5 / 6) + 0.1 * math.log(5 / 4))
    assert population_stability([5, 5, 0], [5, 5, 0]) == 0
    assert population_stability([3, 0], [2, 2]) == pytest.approx(
        (3.5 / 4 - 0.5) * math.log((3.5 / 4) / 0.5) + (0.5 / 4 - 0.5) * math.log((0.5 / 4) / 0.5)
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=2, max_size=6))
def test_two_samples_are_tested_as_scipy_does(counts):
    before, after = zip(*counts, strict=True)
    theirs = chi2_contingency([before, after], correction=False)
    ours = sample_drift(before, after)
    assert (ours.statistic, ours.p_value) == (pytest.approx(theirs.statistic), pytest.approx(theirs.pvalue))
    assert ours.freedom == theirs.dof
    labels = [np.repeat(np.arange(len(one)), one) for one in (before, after)]
    apart = panel_drift(*labels, np.full(len(labels[1]), -1), len(before))
    assert (apart.statistic, apart.freedom) == (pytest.approx(ours.statistic, abs=1e-8), ours.freedom)


def test_without_drift_two_samples_alarm_as_often_as_they_say_and_the_index_is_chi_squared():
    rng = np.random.default_rng(0)
    shares = np.array([0.1, 0.15, 0.2, 0.25, 0.3])
    found = [sample_drift(rng.multinomial(400, shares), rng.multinomial(900, shares)) for _ in range(WORLDS)]
    assert TOO_SELDOM <= np.mean([one.p_value < 0.05 for one in found]) <= TOO_OFTEN
    tested = [one.psi * 400 * 900 / 1300 for one in found]
    assert TOO_SELDOM <= np.mean(np.array(tested) > 9.4877) <= TOO_OFTEN, "chi-squared with 4 degrees of freedom at 5 %"
    assert np.mean([one.psi for one in found]) == pytest.approx(found[0].psi_without, rel=0.1)


def test_the_usual_border_would_alarm_at_small_samples_without_any_drift():
    rng = np.random.default_rng(0)
    psi = [population_stability(*rng.multinomial(60, np.full(10, 0.1), 2)) for _ in range(300)]
    assert np.mean(np.array(psi) > 0.25) > 0.4


def a_panel(rng, stayed, came, moving=0.2):
    """Give customers then and now: some of them the same, of whom most stay in their bins."""
    shares = [0.1, 0.2, 0.3, 0.4]
    before = rng.choice(4, 600, p=shares)
    again = np.where(rng.random(stayed) < moving, rng.choice(4, stayed, p=shares), before[:stayed])
    after = np.concatenate([again, rng.choice(4, came, p=shares)])
    return before, after, np.concatenate([np.arange(stayed), np.full(came, -1)])


@pytest.mark.parametrize(("stayed", "came"), [(600, 0), (500, 200), (100, 900), (0, 600)])
def test_without_drift_the_test_alarms_as_often_as_it_says_however_many_are_the_same(stayed, came):
    rng = np.random.default_rng(stayed)
    found = [panel_drift(*a_panel(rng, stayed, came), 4) for _ in range(WORLDS)]
    assert TOO_SELDOM <= np.mean([one.p_value < 0.05 for one in found]) <= TOO_OFTEN
    assert {one.freedom for one in found} == {3}


def test_taking_the_same_customers_for_others_would_miss_drift():
    """Of 2,000 customers 60 moved from one bin to the other: plain for who sees them twice, invisible between two samples."""
    before = np.repeat([0, 1], 1000)
    after = before.copy()
    after[:60] = 1
    twice = panel_drift(before, after, np.arange(2000), 2)
    apart = sample_drift(np.bincount(before), np.bincount(after))
    assert twice.p_value < 1e-10
    assert apart.p_value > 0.05
    assert (twice.moved, apart.moved) == (pytest.approx(0.03), pytest.approx(0.03))


def test_stuarts_own_table_of_unaided_vision():
    """7,477 women's right and left eyes (Stuart 1955): 11.96 with 3 degrees of freedom."""
    table = [[1520, 266, 124, 66], [234, 1512, 432, 78], [117, 362, 1772, 205], [36, 82, 179, 492]]
    pairs = [(row, column) for row in range(4) for column in range(4) for _ in range(table[row][column])]
    before, after = np.array(pairs).T
    found = panel_drift(before, after, np.arange(len(pairs)), 4)
    assert found.statistic == pytest.approx(11.9566, abs=1e-3)
    assert found.freedom == 3


def test_a_million_customers_make_a_trifle_significant_and_it_is_called_a_trifle():
    found = sample_drift([500_000, 500_000], [502_500, 497_500])
    assert found.p_value < 0.001
    assert found.moved == pytest.approx(0.0025)


def test_nothing_moved_and_nothing_to_test():
    same = panel_drift([0, 1, 1, 2], [0, 1, 1, 2], range(4), 5)
    assert (same.statistic, same.p_value, same.moved, same.psi) == (pytest.approx(0), 1, 0, 0)
    assert sample_drift([10], [20]).p_value == 1


def test_false_discoveries_by_hand():
    """The sorted p-values 0.01, 0.02, 0.03 times 4 over their rank, and never less than a smaller one's."""
    assert false_discoveries([0.03, 0.9, 0.01, 0.02]) == pytest.approx([0.04, 0.9, 0.04, 0.04])
    assert false_discoveries([]) == []


def chances(rng, n=4000):
    return rng.beta(1.2, 2.5, n)


def test_forecasts_that_hold_are_said_to_hold_as_often_as_stated():
    rng = np.random.default_rng(5)
    found = []
    for _ in range(300):
        p = chances(rng, 600)
        found.append(foretold(p, rng.random(600) < p, "chance"))
    assert 0.91 <= np.mean([one.ratio_low <= 1 <= one.ratio_high for one in found]) <= 0.985
    assert 0.91 <= np.mean([one.slope_low <= 1 <= one.slope_high for one in found]) <= 0.985
    assert not any(one.off or one.blurred for one in found[:20])


def test_amounts_that_hold_are_said_to_hold_as_often_as_stated():
    rng = np.random.default_rng(6)
    found = []
    for _ in range(300):
        f = rng.gamma(1.0, 3.0, 800)
        found.append(foretold(f, f * rng.gamma(0.5, 2.0, 800), "amount"))
    assert 0.9 <= np.mean([one.ratio_low <= 1 <= one.ratio_high for one in found]) <= 0.985
    assert 0.88 <= np.mean([one.slope_low <= 1 <= one.slope_high for one in found]) <= 0.985


def test_planted_drift_of_calibration_is_found():
    rng = np.random.default_rng(7)
    p = chances(rng)
    fewer = foretold(p, rng.random(p.size) < 0.7 * p, "chance")
    assert fewer.off
    assert fewer.ratio == pytest.approx(0.7, abs=0.05)
    log_odds = np.log(p / (1 - p))
    flatter = foretold(p, rng.random(p.size) < 1 / (1 + np.exp(-0.5 * log_odds)), "chance")
    assert flatter.blurred
    assert flatter.slope == pytest.approx(0.5, abs=0.08)


def test_refunds_that_leave_next_to_nothing_make_the_interval_wide_and_no_more():
    found = foretold([5.0, 6.0] * 20, [100.0, -99.999999] * 20, "amount")
    assert found.ratio_low < 1 < found.ratio_high


def test_forecasts_that_are_all_alike_have_no_slope():
    found = foretold([0.5] * 40, [0, 1] * 20, "chance")
    assert (found.ratio, found.slope, found.blurred) == (1, None, False)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (lambda: sample_drift([1, 2], [1, 2, 3]), "same bins"),
        (lambda: sample_drift([0, 0], [1, 2]), "some in each"),
        (lambda: panel_drift([], [0], [-1], 1), "some in each"),
        (lambda: panel_drift([0], [0], [1], 1), "one row of the 1 before"),
        (lambda: foretold([0.5] * 3, [1, 0, 1], "chance"), "too few"),
        (lambda: foretold([0.5] * 40, [1] * 40, "chance"), "40 of 40"),
        (lambda: foretold([1.5] * 40, [1, 0] * 20, "chance"), "chances up to 1"),
        (lambda: foretold([0.0] * 40, [1, 0] * 20, "amount"), "nothing was foretold"),
        (lambda: foretold([0.0] * 40, [1, 0], "amount"), "each"),
        (lambda: foretold([5.0] * 20 + [6.0] * 20, [10.0] * 20 + [-10.0] * 20, "amount"), "adds up to 0"),
        (lambda: foretold([5.0] * 40, [0.0] * 40, "amount"), "0 of 40 customers, wanted at least 5$"),
        (lambda: sample_drift([50, -1], [60, 40]), "some in each"),
        (lambda: panel_drift([0, -1], [0, 1], [-1, -1], 2), "bins from 0 to 1, got -1"),
        (lambda: panel_drift([0, 1], [0, 5], [-1, -1], 2), "bins from 0 to 1, got 0 to 5"),
    ],
)
def test_what_makes_no_sense_is_refused(broken, told):
    with pytest.raises(ModelError, match=told):
        broken()
