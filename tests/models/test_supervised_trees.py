"""Trees taken out of scikit-learn: the same sums to the last bit, and exact Shapley values."""

from __future__ import annotations

import json
from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from smalti.errors import ModelError
from smalti.models.supervised.boosting import _fitted, grow, matrix
from smalti.models.supervised.inputs import Input, encode, encode_one, find_inputs
from smalti.models.supervised.shapley import contributions, shapley_table
from smalti.models.supervised.training import Column
from smalti.models.supervised.trees import Forest, Question, Tree


def base(rows=900, seed=0):
    """Numbers with gaps, a category with one level that only later rows have, and outcomes of each kind."""
    rng = np.random.default_rng(seed)
    number = rng.normal(size=rows)
    number[rng.random(rows) < 0.2] = np.nan
    plan = rng.choice(np.array(["x", "y", "z", None], dtype=object), rows)
    plan[-100:] = rng.choice(np.array(["x", "new", "rare"], dtype=object), 100)
    other = rng.exponential(size=rows)
    columns = [Column("number", "number", number), Column("plan", "category", plan), Column("other", "number", other)]
    told = np.nan_to_num(number) + 1.5 * (plan == "x") - other
    noise = rng.logistic(size=rows)
    targets = {
        "chance": (told + noise > 0).astype(np.float64),
        "amount": np.where(noise > 0, np.exp(told + noise / 3), 0.0),
        "category": (told + noise > -1).astype(np.int64) + (told + noise > 1),
    }
    return columns, targets


@pytest.mark.parametrize("task", ["chance", "amount", pytest.param("category", marks=pytest.mark.slow)])
def test_our_sums_are_those_of_scikit_learn_to_the_last_bit(task):
    columns, targets = base()
    inputs, _ = find_inputs(columns)
    data = encode(inputs, columns)
    learnt = tuple(column[:-100] for column in data)
    model, places = _fitted(task, inputs, learnt, targets[task][:-100], 30, 1)
    forests = grow(task, inputs, learnt, targets[task][:-100], classes=3, rounds=30, seed=1)
    theirs = model._raw_predict(matrix(inputs, data, places))
    ours = np.column_stack([forest.raw(data) for forest in forests])
    assert np.array_equal(theirs, ours)
    assert sum(bool(question.categories) for forest in forests for tree in forest.trees for question in tree.questions)


def test_one_customer_is_scored_as_all_are_and_a_stored_forest_as_the_fitted_one():
    columns, targets = base()
    inputs, _ = find_inputs(columns)
    data = encode(inputs, columns)
    (forest,) = grow("chance", inputs, data, targets["chance"], classes=1, rounds=20, seed=1)
    stored = Forest.from_dict(json.loads(json.dumps(forest.to_dict(), allow_nan=False)))
    assert stored == forest
    raw = stored.raw(data)
    for row in range(0, len(raw), 7):
        values = {column.name: column.values[row] for column in columns}
        assert forest.raw_one(encode_one(inputs, values)) == raw[row]


@pytest.mark.slow
def test_any_number_of_threads_grows_the_same_trees():
    columns, targets = base()
    inputs, _ = find_inputs(columns)
    data = encode(inputs, columns)
    grown = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            grown.append(grow("chance", inputs, data, targets["chance"], classes=1, rounds=10, seed=1))
    assert grown[0] == grown[1]


def test_a_class_that_no_row_has_is_next_to_impossible():
    columns, targets = base(300)
    inputs, _ = find_inputs(columns)
    data = encode(inputs, columns)
    forests = grow("category", inputs, data, 2 * targets["chance"], classes=3, rounds=5, seed=1)
    raw = np.column_stack([forest.raw(data) for forest in forests])
    assert (raw[:, 1] < raw[:, [0, 2]].min(axis=1) - 20).all()
    assert np.ptp(raw[:, 2] - raw[:, 0]) > 0.5


@st.composite
def forests(draw):
    """Forests of random shallow trees over 2 numbers and 1 category."""
    return Forest(draw(st.floats(-2, 2)), tuple(draw(st.lists(trees(), min_size=1, max_size=3))))


@st.composite
def trees(draw):
    leaves = draw(st.integers(2, 6))
    questions, ends = [], [(None, None)]
    for _ in range(leaves - 1):
        parent = ends.pop(draw(st.integers(0, len(ends) - 1)))
        place = len(questions)
        questions.append([parent, None, None])
        ends += [(place, 1), (place, 2)]
    return _built(draw, questions, ends)


def _built(draw, questions, ends):
    links = [[0, 0] for _ in questions]
    for place, (parent, _, _) in enumerate(questions):
        if parent[0] is not None:
            links[parent[0]][parent[1] - 1] = place
    for leaf, (place, side) in enumerate(ends):
        links[place][side - 1] = ~leaf
    made = []
    for left, right in links:
        feature = draw(st.integers(0, 2))
        codes = tuple(draw(st.sets(st.integers(0, 3), min_size=1, max_size=3))) if feature == 0 else None
        made.append(Question(feature, draw(st.floats(-2, 2)), codes, draw(st.booleans()), left, right))
    values = tuple(draw(st.floats(-3, 3)) for _ in ends)
    return Tree(tuple(made), values, tuple(draw(st.integers(1, 50)) for _ in ends))


rows = st.lists(
    st.tuples(st.integers(0, 3), st.one_of(st.just(np.nan), st.floats(-3, 3)), st.floats(-3, 3)), min_size=1, max_size=6
)


def arrays(found):
    codes, first, second = zip(*found, strict=True)
    return np.array(codes, dtype=np.uint8), np.array(first), np.array(second)


@settings(max_examples=30, deadline=None)
@given(forests(), rows)
def test_many_and_one_agree_on_any_forest(forest, found):
    raw = forest.raw(arrays(found))
    assert [forest.raw_one(row) for row in found] == raw.tolist()


@settings(max_examples=30, deadline=None)
@given(forests(), rows)
def test_contributions_sum_to_the_raw_score_minus_what_was_expected(forest, found):
    data = arrays(found)
    told = contributions(forest, data, 3)
    assert np.allclose(told.sum(axis=1), forest.raw(data) - forest.expected, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(trees(), rows)
def test_contributions_are_shapley_values_by_definition(tree, found):
    told = contributions(Forest(0.0, (tree,)), arrays(found), 3)
    for row, values in enumerate(found):
        for feature in range(3):
            assert told[row, feature] == pytest.approx(_by_definition(tree, values, feature), abs=1e-12)


def _by_definition(tree, values, feature):
    others = [one for one in range(3) if one != feature]
    total = 0.0
    for size in range(3):
        for chosen in combinations(others, size):
            weight = factorial(size) * factorial(2 - size) / factorial(3)
            total += weight * (_expected(tree, values, {*chosen, feature}) - _expected(tree, values, set(chosen)))
    return total


def _count(tree, place):
    if place < 0:
        return tree.counts[~place]
    return _count(tree, tree.questions[place].left) + _count(tree, tree.questions[place].right)


def _expected(tree, values, known, place=0):
    """Walk the tree, going both ways by their counts where a trait is not known."""
    if place < 0:
        return tree.values[~place]
    question = tree.questions[place]
    left, right = (_expected(tree, values, known, side) for side in (question.left, question.right))
    if question.feature not in known:
        share = _count(tree, question.left) / _count(tree, place)
        return share * left + (1 - share) * right
    value = values[question.feature]
    if question.categories is not None:
        return left if value in question.categories else right
    return left if (question.missing if np.isnan(value) else value <= question.threshold) else right


def test_a_trait_no_tree_asks_about_adds_nothing():
    features, table = shapley_table(Tree((), (0.5,), (10,)))
    assert features == ()
    assert table.shape == (0, 1)


def test_a_tree_of_too_many_questions_is_refused():
    questions = tuple(Question(0, float(place), None, False, ~place, place + 1) for place in range(9))
    with pytest.raises(ModelError, match="at most 8 questions, got one of 9"):
        Tree(questions, (0.0,) * 10, (1,) * 10)


def test_seldom_and_unknown_categories_count_as_missing():
    plan = np.array(["a"] * 30 + ["b"] * 25 + ["c"] * 5 + [None] * 3, dtype=object)
    (found,), _ = find_inputs([Column("plan", "category", plan)])
    assert found.categories == ("a", "b")
    later = Column("plan", "category", np.array(["a", "c", "never seen", None], dtype=object))
    assert encode([found], [later])[0].tolist() == [0, 2, 2, 2]
    assert [encode_one([found], {"plan": one}) for one in ("a", "c", "new", None)] == [(0,), (2,), (2,), (2,)]


def test_what_cannot_be_learnt_from_is_said_and_noticed_when_it_changes():
    columns = [
        Column("same", "number", np.full(50, 3.0)),
        Column("missing", "category", np.array([None] * 50)),
        Column("each", "category", np.array([f"id {row}" for row in range(50)], dtype=object)),
        Column("age", "number", np.arange(50)),
    ]
    kept, left = find_inputs(columns)
    assert [one.name for one in kept] == ["age"]
    states = {one.name: one for one in left}
    assert states["same"].state == "the same for everybody"
    assert states["missing"].state == "missing for everybody"
    assert states["each"].state == "different for nearly everybody"
    assert not states["same"].differs(columns[0])
    assert states["same"].differs(Column("same", "number", np.array([3.0, 4.0])))
    assert states["missing"].differs(Column("missing", "category", np.array(["now", None], dtype=object)))
    assert not states["each"].differs(columns[2])


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (Column("spend", "number", np.ones(2), "GBP minor"), "the score wants recency, which is not there"),
        (
            Column("recency", "category", np.array(["a", "b"], dtype=object)),
            "recency: the score was fitted on a number",
        ),
        (Column("recency", "number", np.ones(2), "weeks"), "recency: the score was fitted on days, got weeks"),
        (Column("recensy", "number", np.ones(2), "days"), "is it now recensy?"),
    ],
)
def test_scoring_refuses_what_it_was_not_fitted_on(column, words):
    with pytest.raises(ModelError, match=words):
        encode([Input("recency", "number", "days")], [column])


def test_one_customer_is_refused_alike():
    wanted = [Input("recency", "number", "days"), Input("plan", "category", categories=("a",))]
    for values, words in (
        ({"plan": "a"}, "wants recency"),
        ({"recency": "long", "plan": "a"}, "a finite number, got 'long'"),
        ({"recency": float("inf"), "plan": "a"}, "a finite number"),
        ({"recency": 1.0, "plan": 2.0}, "a category, got 2.0"),
    ):
        with pytest.raises(ModelError, match=words):
            encode_one(wanted, values)
