"""Groups: rules and assignment are one thing, in the language and in arrays, with missing answers, money and ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.discovery import (
    Measure,
    Tree,
    distinct_rows,
    find_groups,
    fit_centres,
    fit_tree,
    group_names,
    grouping,
    k_means,
    measures_of,
)
from smalti.errors import ModelError
from smalti.facts import Currency, Type
from smalti.rules import Customer, Vocabulary, check, meaning, parse, write_name

TYPES = {
    "tasty": Type.BOOLEAN,
    "Very cheap": Type.BOOLEAN,
    "age": Type.INTEGER,
    "pace": Type.NUMBER,
    "spend": Type.MONEY,
}
POUND = Currency("GBP")


def customers(count, seed=0, missing=0.0, kinds=3, traits=tuple(TYPES)):
    """Customers of a few kinds, with all types of traits, some of whose values are missing."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, kinds, count)
    likes = rng.choice([0.1, 0.9], (kinds, 2))
    middle = rng.normal(size=(kinds, 3)) * 3
    made = {
        "tasty": (rng.random(count) < likes[kind, 0]).astype(float),
        "Very cheap": (rng.random(count) < likes[kind, 1]).astype(float),
        "age": np.round(45 + 6 * middle[kind, 0] + 8 * rng.normal(size=count)),
        "pace": np.round(middle[kind, 1] + rng.normal(size=count), 2),
        "spend": np.round(np.exp(4 + 0.3 * middle[kind, 2] + 0.5 * rng.normal(size=count)), 2),
    }
    return {name: np.where(rng.random(count) < missing, np.nan, made[name]) for name in traits}


def told(text, values, types=TYPES):
    """Who is in a segment, by the law of the language; None is unknown."""
    words = Vocabulary({}, {name: types.get(name, Type.BOOLEAN) for name in values}, POUND)
    checked = check(parse(text), words, wanted=Type.BOOLEAN)
    assert not checked.problems, [str(problem) for problem in checked.problems]
    columns = {name: [in_language(value, words.names[name]) for value in column] for name, column in values.items()}
    everyone = range(len(next(iter(values.values()))))
    people = (Customer({}, scores={name: column[who] for name, column in columns.items()}) for who in everyone)
    return [meaning(checked.node, one, 0) for one in people]


def in_language(value, kind):
    if np.isnan(value):
        return None
    return {
        Type.BOOLEAN: lambda: bool(value),
        Type.INTEGER: lambda: int(value),
        Type.NUMBER: lambda: float(value),
        Type.MONEY: lambda: round(value * 100),
    }[kind]()


def by_rules(texts, values, types=TYPES):
    """The group of each customer by the rules; -1 for none, and nobody in two."""
    answers = np.array([[one is True for one in told(text, values, types)] for text in texts.values()])
    assert answers.sum(axis=0).max() <= 1, "somebody is in two groups"
    return np.where(answers.any(axis=0), answers.argmax(axis=0), -1)


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("form", ["centres", "tree"])
@pytest.mark.parametrize("seed", range(3))
def test_rules_and_assignment_are_one(form, missing, seed):
    found = find_groups(customers(300, seed, missing), 3 + seed, TYPES, form=form, restarts=3)
    others = customers(150, seed + 100, 0.25)
    labels = found.assign(others)
    assert by_rules(found.texts(), others).tolist() == labels.tolist()
    if missing or form == "centres":
        nothing = np.isnan(np.column_stack(list(others.values()))).all(axis=1)
        assert ((labels == -1) == (nothing & bool(missing))).all()
    assert set(found.texts()) == set(found.names)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.integers(2, 5), st.sampled_from([0.0, 0.2]))
def test_they_are_one_for_any_customers(seed, groups, missing):
    made = customers(40, seed, missing)
    values = {name: one for name, one in made.items() if len(np.unique(one[~np.isnan(one)])) > 1}
    centres = fit_centres(values, groups, TYPES, restarts=1, seed=seed)
    for fitted in (centres, fit_tree(centres, values)):
        assert by_rules(fitted.texts(), values).tolist() == fitted.assign(values).tolist()


def test_centres_that_differ_by_a_rounding_error_are_still_parted():
    test_they_are_one_for_any_customers.hypothesis.inner_test(seed=157, groups=3, missing=0.0)


def test_ties_go_to_the_first_and_everybody_is_in_exactly_one():
    """Of two groups mirrored in every answer, whoever is half of each is as near to both."""
    likes = {name: np.array([1.0, 1.0, 0.0, 0.0]) for name in ("a", "b")}
    found = fit_centres(likes, 2, dict.fromkeys(likes, Type.BOOLEAN))
    between = {"a": np.array([1.0, 0.0]), "b": np.array([0.0, 1.0])}
    assert found.assign(between).tolist() == [0, 0]
    assert by_rules(found.texts(), between, {}).tolist() == [0, 0]


def test_planted_groups_are_found():
    rng = np.random.default_rng(5)
    kind = rng.integers(0, 3, 900)
    chances = np.array([[0.95, 0.95, 0.05, 0.05], [0.05, 0.95, 0.95, 0.05], [0.05, 0.05, 0.05, 0.95]])
    values = {name: rng.random(900) < chances[kind, at] for at, name in enumerate("abcd")}
    found = find_groups(values, 3)
    labels = found.centres.assign(values)
    table = np.array([[np.sum((labels == group) & (kind == one)) for one in range(3)] for group in range(3)])
    assert table.max(axis=1).sum() / 900 > 0.93
    assert found.form == "tree"
    assert found.tree.agrees > 0.85
    assert len(found.tree.asks()) == 2
    assert sum(found.centres.sizes) == sum(found.sizes) == 900
    assert found.centres.spread < 0.5


def test_a_tree_that_says_something_else_is_not_taken():
    """Groups along a diagonal of many answers: two questions do not tell them apart."""
    rng = np.random.default_rng(0)
    likes = rng.normal(size=(1500, 1)) + rng.normal(size=(1500, 12))
    found = find_groups({f"t{at}": column for at, column in enumerate(likes.T)}, 5)
    assert found.tree.agrees < 0.8
    assert found.form == "centres"
    assert found.moved == 0
    forced = find_groups({f"t{at}": column for at, column in enumerate(likes.T)}, 5, form="tree")
    assert forced.form == "tree"
    assert forced.moved == 1 - forced.tree.agrees


def test_rounding_moves_hardly_anybody_and_says_so():
    found = fit_centres(customers(2000, 3), 5, TYPES, restarts=3)
    assert 0 < found.moved < 0.02


def test_who_answered_nothing_is_nobodys():
    values = {"tasty": np.array([1.0, 1.0, 0.0, np.nan]), "fast": np.array([1.0, np.nan, 0.0, np.nan])}
    found = fit_centres(values, 2, dict.fromkeys(values, Type.BOOLEAN))
    assert found.assign(values).tolist() == [0, 0, 1, -1]
    assert found.nobodys == 1
    assert all(text.startswith("coalesce(tasty, fast) is not missing and") for text in found.texts().values())


def test_the_same_data_give_the_same_groups_and_a_sample_is_told_of():
    values = customers(1200, 8)
    one, two = (find_groups(values, 4, TYPES, restarts=2, at_most=500) for _ in range(2))
    assert one == two
    assert one.texts() == two.texts()
    assert one.centres.sampled_from == 1200
    assert sum(one.centres.sizes) == 1200
    assert find_groups(values, 4, TYPES, restarts=1).centres.sampled_from is None


def test_one_group_is_everybody():
    values = customers(30)
    found = find_groups(values, 1, TYPES)
    assert found.texts() == {"average": "true"}
    assert set(found.assign(values)) == {0}


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4, unique=True),
    st.integers(1, 6),
    st.integers(0, 2**32 - 1),
)
def test_names_are_plain_words_and_nobody_shares_one(names, groups, seed):
    measures = [Measure(name, Type.BOOLEAN, 0.5, 1.0, 1.0, 1.0) for name in names]
    found = group_names(measures, np.random.default_rng(seed).random((groups, len(names))).round(1))
    assert len(set(found)) == groups
    assert all(write_name(name) == name for name in found)


def test_rows_taken_together_are_those_of_numpy():
    data = np.random.default_rng(0).integers(0, 3, (200, 4)).astype(float)
    rows, counts = distinct_rows(data)
    theirs, often = np.unique(data, axis=0, return_counts=True)
    assert rows.tolist() == theirs.tolist()
    assert counts.tolist() == often.tolist()


def test_fewer_different_customers_than_groups():
    alike = np.array([[0.0], [0.0], [1.0]])
    assert len(k_means(alike, 5, np.random.default_rng(0))) == 2
    assert set(grouping()(alike, 5, np.random.default_rng(0))(alike)) == {0, 1}


@pytest.mark.parametrize(
    ("values", "groups", "types", "said"),
    [
        ({}, 2, {}, "at least one trait"),
        ({"a": [1.0, 2.0], "b": [1.0]}, 2, {}, "one value per customer"),
        ({"a": [1.0, 1.0]}, 2, {}, "the same for all"),
        ({"a": [np.nan, np.nan]}, 2, {}, "the same for all"),
        ({"a": [1.0, np.inf]}, 2, {}, "infinite"),
        ({"a": [1.0, 2.0]}, 2, {"a": Type.BOOLEAN}, "other values than 0 and 1"),
        ({"a": [1.0, 2.0]}, 2, {"a": Type.TEXT}, "of type text"),
        ({"a": [1.0, 2.0]}, 3, {}, "from 1 to 2 groups"),
        ({"a": [1.0, 2.0]}, 0, {}, "from 1 to 2 groups"),
    ],
)
def test_what_cannot_be_grouped_is_told_why(values, groups, types, said):
    with pytest.raises(ModelError, match=said):
        find_groups(values, groups, types)


def test_a_form_that_is_not_there_and_a_measure_that_is_lacking():
    with pytest.raises(ModelError, match="tree or centres"):
        find_groups({"a": [1.0, 2.0]}, 2, form="forest")
    with pytest.raises(ModelError, match="expected a value for a"):
        find_groups({"a": [1.0, 2.0]}, 2).assign({"b": [1.0]})
    assert measures_of({"a": [True, False]})[0].boolean


@pytest.mark.realdata
def test_the_survey_in_two_questions(survey):
    """Four groups by yummy and expensive: nine in ten people are where k-means over all eleven answers puts them."""
    found = find_groups(survey, 4)
    assert found.centres.moved < 0.001
    assert found.form == "tree"
    assert found.tree.agrees > 0.9
    assert isinstance(found.tree, Tree)
    assert found.tree.asks() == ("yummy", "expensive")
    assert sum(found.sizes) == 1453
    assert by_rules(found.texts(), survey, {}).tolist() == found.assign(survey).tolist()
    centres = find_groups(survey, 4, form="centres")
    assert by_rules(centres.texts(), survey, {}).tolist() == centres.assign(survey).tolist()
