"""Proofs of odd logs: nothing is claimed of what cannot be known, and mistakes are told in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_trials import BUDGET, world

from smalti.errors import ModelError
from smalti.experiments.logged import Logged
from smalti.experiments.proof import SHARES, Budget, Evidence, Grouping, prove
from smalti.experiments.proof.judging import allocations_of
from smalti.experiments.proof.teaching import Taught


def made(rows=600, seed=1, arms=("none", "mail"), **given):
    rng = np.random.default_rng(seed)
    arm = rng.integers(len(arms), size=rows)
    chance = given.pop("probability", np.full(rows, 1 / len(arms)))
    outcome = given.pop("outcome", arm + rng.standard_normal(rows))
    told = rng.standard_normal((rows, len(arms)))
    settings = {"control": "none"} | given
    return Evidence(Logged(arms, arm, chance, outcome), told, told, np.arange(rows) % 5, **settings)


def test_levels_that_folds_differ_by_move_nobody():
    evidence = world("individual", 2000, 1).evidence
    level = 5.0 * np.random.default_rng(1).standard_normal((5, 3))[evidence.folds]
    shifted = replace(evidence, expected=evidence.expected + level)
    before, after = prove(evidence, SHARES[:4]), prove(shifted, SHARES[:4])
    for one, other in zip(before.points, after.points, strict=True):
        assert [each.value for each in other.standings] == pytest.approx([each.value for each in one.standings])
        assert [each.error for each in other.standings] == pytest.approx([each.error for each in one.standings])
    assert after.misses.share == before.misses.share


def test_every_fold_gets_its_own_share_of_a_budget():
    evidence = world("individual", 2000, 2).evidence
    better = replace(evidence, expected=evidence.expected + np.outer(evidence.folds == 0, [0.0, 100.0, 100.0]))
    taught = Taught.of(better, 0)
    for cell in taught.cells.filled():
        rows = taught.cells.rows(cell)
        for one in allocations_of(taught, cell, rows):
            chance = np.broadcast_to(one.at(BUDGET, len(rows) / 2000), (len(rows), 3))
            assert 1 - chance[:, 0].mean() <= 0.2 + 1e-9


@pytest.mark.parametrize("worlds", [20, pytest.param(60, marks=pytest.mark.slow)])
def test_a_level_learnt_from_the_other_folds_alone_earns_nothing_and_loses_nothing_under_a_budget(worlds):
    leads = []
    for seed in range(worlds):
        evidence = made(400, seed, outcome=np.random.default_rng(seed).standard_normal(400))
        log, folds = evidence.log, evidence.folds
        lift = np.where(log.arm == 1, 2.0, -2.0) * log.outcome
        level = np.array([lift[folds != fold].mean() for fold in range(5)])[folds]
        told = np.column_stack([np.zeros(400), level])
        point = prove(replace(evidence, expected=told, predicted=0 * told), [BUDGET]).points[1]
        leads.append(point.lead("individual", "generic").value)
    assert leads == [0.0] * worlds


def test_noise_without_a_control_is_one_for_all_and_so_are_arms_that_work_alike():
    noise = world("noise", 1500, 1).evidence
    assert prove(noise).recommended == "nothing"
    assert prove(replace(noise, control=None)).recommended == "generic"
    alike = world("alike", 1500, 1, strength=0.5).evidence
    assert prove(alike).recommended == prove(replace(alike, control=None)).recommended == "generic"


def test_one_arm_leaves_nothing_to_choose():
    told = np.zeros((50, 1))
    log = Logged(("mail",), np.zeros(50, dtype=np.int64), np.ones(50), np.arange(50.0))
    for control, wanted in ((None, "generic"), ("mail", "nothing")):
        proof = prove(Evidence(log, told, told, np.arange(50) % 2, control=control))
        assert proof.recommended == wanted
        assert proof.points[0].standing("generic").value == pytest.approx(24.5)
        assert not proof.misses.shown
    with pytest.raises(ModelError, match="arm call: nobody was given it"):
        Evidence(replace(log, arms=("mail", "call")), np.zeros((50, 2)), np.zeros((50, 2)), np.arange(50) % 2)


@pytest.mark.parametrize("cost", [0.0, 3.0])
def test_an_outcome_that_never_changes_proves_nothing(cost):
    evidence = made(outcome=np.ones(600), cost=np.array([0.0, cost]))
    told = np.ones((600, 2))
    for one in (evidence, replace(evidence, predicted=told, expected=told)):
        proof = prove(one, [BUDGET, Budget("money", 10.0)])
        assert {point.recommended for point in proof.points} == {"nothing"}
        assert not proof.misses.shown
        assert proof.misses.share == 0


def test_costs_above_all_values_leave_everybody_alone():
    proof = prove(made(cost=np.array([0.0, 1e9])), [BUDGET, Budget("money", 1e6)])
    assert {point.recommended for point in proof.points} == {"nothing"}
    assert [point.standing("individual").cost for point in proof.points] == [0.0] * 3


def test_a_segment_for_every_customer_is_told_to_be_too_fine():
    each = Grouping(np.arange(600), tuple(map(str, range(600))))
    proof = prove(made(segmentations={"each": each, "all": Grouping(np.zeros(600, int), ("all",))}))
    assert [one for one in proof.warnings if one.startswith("segmentation each: its segments have 1.0 rows on average")]
    assert proof.best_segmentation == "all"
    with pytest.raises(ModelError, match="expected a name for each"):
        made(segmentations={"": each})


def test_chances_of_1_for_arms_that_differ_are_told_to_be_wrong():
    told = prove(made(probability=np.ones(600))).warnings
    assert len(told) == 2
    assert all("the logged probabilities are not those of the draw" in one for one in told)


def test_folds_without_rows_are_none_and_one_fold_is_too_few():
    evidence = made()
    assert prove(replace(evidence, folds=np.where(evidence.folds == 0, 0, 7))).folds == 2
    with pytest.raises(ModelError, match="folds: expected at least two"):
        replace(evidence, folds=np.full(600, 3))


def test_a_handful_of_rows_is_proven_without_a_word_of_success():
    for rows in (2, 5, 12):
        evidence = made(rows)
        if len(np.unique(evidence.log.arm)) < 2:
            continue
        proof = prove(evidence, [BUDGET])
        assert proof.recommended in ("nothing", "generic")
        assert len(proof.warnings) >= 2


def test_a_level_that_is_none_is_refused():
    with pytest.raises(ModelError, match="level: expected a number between 0 and 1, got 95"):
        prove(made(), level=95)
