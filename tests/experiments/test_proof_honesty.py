"""Nothing of what came of a customer reaches a policy that is judged on her."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_trials import BUDGET, world

from smalti.experiments.proof import Grouping
from smalti.experiments.proof.cells import PARTS, Cells
from smalti.experiments.proof.judging import allocations_of
from smalti.experiments.proof.teaching import Taught


def choices(evidence, cell):
    taught = Taught.of(evidence, 0)
    rows = taught.cells.rows(cell)
    share = len(rows) / len(evidence.folds)
    every = [one.at(budget, share) for one in allocations_of(taught, cell, rows) for budget in (None, BUDGET)]
    return rows, every


@pytest.mark.parametrize("kind", ["noise", "individual"])
@pytest.mark.parametrize("cell", [0, 7, 18])
def test_outcomes_of_a_cell_and_all_that_was_learnt_from_them_leave_its_policies_alone(kind, cell):
    evidence = world(kind, 1200, 3).evidence
    rows, before = choices(evidence, cell)
    rng = np.random.default_rng(5)
    outcome, elsewhere = evidence.log.outcome.copy(), evidence.folds != cell // PARTS
    outcome[rows] = 100 * rng.standard_normal(len(rows))
    predicted, expected = evidence.predicted.copy(), evidence.expected.copy()
    for told in (predicted, expected):
        told[elsewhere] = 100 * rng.standard_normal(told[elsewhere].shape)
    log = evidence.log.with_outcome(outcome)
    _, after = choices(replace(evidence, log=log, predicted=predicted, expected=expected), cell)
    assert len(before) == len(after) == 10
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))


def test_outcomes_of_other_folds_do_teach():
    evidence = world("noise", 1200, 3).evidence
    _, before = choices(evidence, 0)
    outcome = np.where(evidence.folds == 0, evidence.log.outcome, evidence.log.outcome + 50 * (evidence.log.arm == 2))
    _, after = choices(replace(evidence, log=evidence.log.with_outcome(outcome)), 0)
    assert not np.array_equal(before[0], after[0])


def test_all_rows_of_a_customer_are_in_one_cell():
    rng = np.random.default_rng(1)
    customer = rng.integers(0, 200, 1000)
    cells = Cells.of(customer % 5, customer, 3)
    assert all(len(set(cells.cell[customer == one])) == 1 for one in np.unique(customer))
    assert sorted(np.concatenate([cells.rows(cell) for cell in range(cells.count)])) == list(range(1000))
    sizes = [len(np.unique(customer[cells.rows(cell)])) for cell in range(cells.count)]
    assert min(sizes) > 3


def test_sums_by_customer_are_sums_by_customer():
    rng = np.random.default_rng(1)
    customer = rng.integers(0, 30, 200)
    cells = Cells.of(customer % 2, customer, 3)
    for cell in cells.filled():
        rows = cells.rows(cell)
        found = cells.by_customer(rows, rows[:, None].astype(float))[:, 0]
        assert sorted(found) == sorted(float(rows[customer[rows] == one].sum()) for one in np.unique(customer[rows]))


def test_a_segmentation_is_chosen_by_what_it_foretells_of_others():
    evidence = world("segment", 6000, 1, strength=0.6).evidence
    taught = Taught.of(evidence, 0)
    assert {one.chosen for one in (*taught.lessons, taught.whole)} == {"true"}


def test_of_segmentations_that_tell_nothing_the_coarser_is_chosen():
    evidence = world("noise", 1200, 3).evidence
    same = {
        "b": Grouping(evidence.folds * 0, ("all", "none")),
        "a": Grouping(evidence.folds * 0, ("all", "no", "never")),
    }
    assert Taught.of(replace(evidence, segmentations=same), 0).whole.chosen == "b"
