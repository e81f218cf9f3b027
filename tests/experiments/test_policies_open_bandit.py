"""The Open Bandit Dataset, men's campaign: a fashion shop that drew its recommendations at random, and by Thompson sampling.

Each of the two logs is asked for the value of the policy that made the other. What that policy truly earned is known: it is
the mean of its own log. The numbers of obp's own estimators on the same inputs are in `open_bandit_golden.json`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smalti.experiments import Logged, difference, value_of
from smalti.experiments.policies import ESTIMATORS, Evidence, as_logged, at_position, influence_of

pytestmark = pytest.mark.realdata

GOLDEN = json.loads((Path(__file__).parent / "open_bandit_golden.json").read_text(encoding="utf-8"))
OTHER = {"random": "bts", "bts": "random"}
ITEMS, POSITIONS = 34, 3


@pytest.fixture(scope="module")
def tables():
    folder = Path(os.environ.get("SMALTI_DATA", "")) / "trials" / "open_bandit_men"
    if not os.environ.get("SMALTI_DATA") or not folder.is_dir():
        pytest.skip("SMALTI_DATA is not set to a folder with trials/open_bandit_men")
    return {name: pd.read_csv(folder / f"{name}.csv.gz", index_col=0) for name in OTHER}


def logged(table):
    arms = tuple(f"item {item}" for item in range(ITEMS))
    return Logged(arms, *(table[name].to_numpy(kind) for name, kind in COLUMNS))


COLUMNS = (("item_id", np.int64), ("propensity_score", np.float64), ("click", np.float64))


def shown(table):
    """Give how often each item was shown at each position: what the Thompson policy did on average."""
    counts = np.zeros((ITEMS, POSITIONS))
    np.add.at(counts, (table.item_id.to_numpy(), table.position.to_numpy() - 1), 1.0)
    return counts / counts.sum(axis=0)


def foretold(log):
    """Give each item's clicks, learnt on the four fifths of rows that the row is not in."""
    fold, predicted = np.arange(log.rows) % 5, np.empty((log.rows, ITEMS))
    for one in range(5):
        rest = log.where(fold != one)
        clicks, rows = np.bincount(rest.arm, rest.outcome, ITEMS), np.bincount(rest.arm, minlength=ITEMS)
        predicted[fold == one] = (clicks + 100 * rest.outcome.mean()) / (rows + 100)
    return predicted


def asked(tables, name):
    table = tables[name]
    log = logged(table)
    other = shown(tables["bts"]) if name == "random" else np.full((ITEMS, POSITIONS), 1 / ITEMS)
    return log, at_position(other, table.position.to_numpy() - 1), foretold(log)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("name", OTHER)
def test_numbers_equal_those_of_obp(tables, name, estimator):
    log, policy, predicted = asked(tables, name)
    golden, threshold = GOLDEN["values"][name][estimator], GOLDEN["settings"].get(estimator)
    found = value_of(log, policy, estimator, predicted, threshold=threshold)
    assert found.value == pytest.approx(golden["value"], rel=1e-11)
    if estimator not in ("snipw", "sndr"):
        influence = influence_of(
            Evidence.of(log, policy, predicted if estimator != "ipw" else None), estimator, threshold
        )
        assert influence.std(ddof=1) == pytest.approx(golden["spread"], rel=1e-11)
        assert found.error == pytest.approx(golden["spread"] / 100, rel=1e-11)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("name", OTHER)
def test_what_the_other_policy_truly_earned_lies_in_the_interval(tables, name, estimator):
    truth = tables[OTHER[name]].click.mean()
    for threshold in {GOLDEN["settings"].get(estimator), None}:
        found = value_of(*asked(tables, name)[:2], estimator, asked(tables, name)[2], threshold=threshold)
        assert found.low <= truth <= found.high
        assert found.low > 0


def test_the_log_of_the_thompson_policy_knows_less_of_the_even_one_than_the_other_way_round(tables):
    even, thompson = (value_of(*asked(tables, name)[:2], "ipw") for name in OTHER)
    assert (even.ess, thompson.ess) == pytest.approx((2300, 700), rel=0.5)
    assert thompson.largest_weight > 100 > even.largest_weight
    assert not even.warnings


def test_the_difference_of_the_two_policies_is_asked_of_one_log(tables):
    truth = tables["bts"].click.mean() - tables["random"].click.mean()
    log, policy, predicted = asked(tables, "random")
    even = as_logged(log, np.full(ITEMS, 1 / ITEMS))
    found = difference(log, policy, even, "dr", predicted)
    assert found.low <= truth <= found.high
    apart = value_of(log, policy, "dr", predicted), value_of(log, even, "dr", predicted)
    assert found.error < np.hypot(*(one.error for one in apart))


def told(tables, name):
    """Give the lines of the page on policies, in clicks per 1,000 decisions."""
    log, policy, predicted = asked(tables, name)
    for estimator in ESTIMATORS:
        found = value_of(log, policy, estimator, predicted)
        ends = f"{1000 * found.low:.2f} to {1000 * found.high:.2f}"
        yield f"| `{estimator}` | {1000 * found.value:.2f} | {1000 * found.error:.2f} | {ends} |"


@pytest.mark.parametrize("name", OTHER)
def test_the_table_of_the_page_is_that_of_the_code(tables, name):
    page = (Path(__file__).parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")
    table = "\n".join(told(tables, name))
    assert table in page, f"\n{table}"
