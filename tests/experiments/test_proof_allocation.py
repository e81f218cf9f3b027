"""The budget goes where it brings most: held against a linear program, and against what must be so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from smalti.errors import ModelError
from smalti.experiments.proof import Frontier, allocate

WHOLE = st.integers(-3, 3).map(float)


@st.composite
def problems(draw):
    rows, arms = draw(st.integers(1, 5)), draw(st.integers(2, 4))
    value = np.array(draw(st.lists(WHOLE, min_size=rows * arms, max_size=rows * arms))).reshape(rows, arms)
    use = np.array(draw(st.lists(st.integers(0, 3).map(float), min_size=rows * arms, max_size=rows * arms)))
    use = use.reshape(rows, arms)
    use[:, 0] = 0
    weight = np.array(draw(st.lists(st.integers(1, 3).map(float), min_size=rows, max_size=rows)))
    return value, use, draw(st.floats(0, 12)), weight


def best_by_program(value, use, budget, weight):
    rows, arms = value.shape
    one_each = np.kron(np.eye(rows), np.ones(arms))
    counts = np.repeat(weight, arms)
    found = linprog(-value.ravel() * counts, (use.ravel() * counts)[None], [budget], one_each, np.ones(rows))
    return -found.fun


@settings(max_examples=60, deadline=None)
@given(problems())
def test_no_allocation_is_worth_more_within_the_budget(problem):
    value, use, budget, weight = problem
    chance = allocate(value, use, budget, weight)
    assert (chance >= -1e-12).all()
    assert np.allclose(chance.sum(axis=1), 1)
    assert ((chance * use).sum(axis=1) * weight).sum() <= budget * (1 + 1e-6) + 1e-9
    worth = ((chance * value).sum(axis=1) * weight).sum()
    assert worth == pytest.approx(best_by_program(value, use, budget, weight), abs=1e-7)


@settings(max_examples=60, deadline=None)
@given(problems())
def test_without_a_budget_each_row_gets_its_best_arm_and_of_equals_the_cheaper(problem):
    value, use, _, weight = problem
    chance = allocate(value, use, None, weight)
    assert set(np.unique(chance)) <= {0.0, 1.0}
    arm, rows = chance.argmax(axis=1), np.arange(len(value))
    best = value == value.max(axis=1, keepdims=True)
    assert best[rows, arm].all()
    assert (use[rows, arm] == np.where(best, use, np.inf).min(axis=1)).all()


@settings(max_examples=40, deadline=None)
@given(problems(), st.floats(0, 12))
def test_more_money_is_never_worth_less(problem, other):
    value, use, budget, weight = problem
    frontier = Frontier.of(value, use, weight)
    low, high = sorted((budget, other))
    worth = [((frontier.at(one) * value).sum(axis=1) * weight).sum() for one in (low, high, None)]
    assert worth[0] <= worth[1] + 1e-9
    assert worth[1] <= worth[2] + 1e-9


def test_those_who_tie_at_the_margin_have_the_same_chance():
    chance = allocate(np.tile([0.0, 1.0], (4, 1)), np.array([0.0, 1.0]), 1.0)
    assert chance[:, 1].tolist() == [0.25] * 4


def test_rows_that_stand_for_many_are_the_same_as_many_rows():
    value, use = np.array([[0.0, 2.0, 3.0], [0.0, 1.0, 1.5]]), np.array([0.0, 1.0, 3.0])
    few = allocate(value, use, 4.0, np.array([3.0, 2.0]))
    many = allocate(value[[0, 0, 0, 1, 1]], use, 4.0)
    assert np.allclose(few[[0, 0, 0, 1, 1]], many)


def test_a_dear_arm_is_reached_by_way_of_a_cheaper_one():
    value, use = np.array([[0.0, 2.0, 3.0]]), np.array([0.0, 1.0, 2.0])
    assert allocate(value, use, 1.0).tolist() == [[0.0, 1.0, 0.0]]
    assert allocate(value, use, 1.5).tolist() == [[0.0, 0.5, 0.5]]


def test_an_arm_that_uses_nothing_is_free():
    assert allocate(np.array([[0.0, 1.0]]), np.zeros(2), 0.0).tolist() == [[0.0, 1.0]]


def test_a_budget_below_the_cheapest_is_refused():
    with pytest.raises(ModelError, match="cheapest arms alone use 2"):
        allocate(np.zeros((2, 2)), np.ones(2), 1.0)
