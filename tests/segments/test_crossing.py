"""Crossing: what is merged with what, by hand; and what holds whatever is crossed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.errors import ModelError
from smalti.facts import Currency, Type
from smalti.rules import Customer, Literal, Vocabulary, check, meaning, parse
from smalti.segments import Crossing, Dimension, cross
from smalti.segments.crossing import MOST_COMBINATIONS


def dimension(name: str, labels, parts: int) -> Dimension:
    member = np.asarray(labels)[None, :] == np.arange(parts)[:, None]
    return overlapping(name, member)


def overlapping(name: str, member) -> Dimension:
    names = tuple(f"{name}{place}" for place in range(len(member)))
    rules = tuple(f"member({one})" for one in names)
    return Dimension(name, names, tuple(one.upper() for one in names), rules, np.asarray(member, dtype=bool))


def told(found: Crossing) -> list[tuple[int, str, str]]:
    return [(cell.size, cell.title, cell.rule) for cell in found.cells]


def of_counts(table: list[list[int]]) -> list[Dimension]:
    """Two dimensions whose combinations have so many customers."""
    first = np.repeat(np.arange(len(table)), [sum(row) for row in table])
    second = np.concatenate([np.repeat(np.arange(len(row)), row) for row in table])
    return [dimension("a", first, len(table)), dimension("b", second, len(table[0]))]


@pytest.mark.parametrize(
    ("counts", "at_least", "cells"),
    [
        # every combination is large enough
        ([[5, 6]], 5, [(5, "A0, B0", "member(b0)"), (6, "A0, B1", "member(b1)")]),
        # the others of one segment are large enough together
        (
            [[9, 3, 3], [9, 9, 9]],
            5,
            [
                (9, "A0, B0", "member(a0) and member(b0)"),
                (6, "A0: others", "member(a0) and (member(b1) or member(b2))"),
                *((9, f"A1, B{place}", f"member(a1) and member(b{place})") for place in range(3)),
            ],
        ),
        # they are too few, and go to the smallest that stands alone
        (
            [[9, 7, 2, 1]],
            5,
            [(9, "A0, B0", "member(b0)"), (10, "A0, B1 and others", "(member(b1) or member(b2) or member(b3))")],
        ),
        # empty combinations are placed as well, the first of equally small ones takes them
        (
            [[5, 5, 0]],
            5,
            [(5, "A0, B0 and others", "(member(b0) or member(b2))"), (5, "A0, B1", "member(b1)")],
        ),
        # none stands alone, but all together do
        ([[3, 3], [5, 5]], 5, [(6, "A0", "member(a0)"), (5, "A1, B0", None), (5, "A1, B1", None)]),
        # whole segments that are too small are pooled
        (
            [[2, 1], [9, 9], [1, 1]],
            5,
            [(5, "Others", "member(a0) or member(a2)"), (9, "A1, B0", None), (9, "A1, B1", None)],
        ),
        # the pool is too small, and goes to the smallest there is
        (
            [[2, 1], [9, 8]],
            5,
            [(9, "A1, B0", None), (11, "A1, B1 and others", "member(a0) or (member(a1) and member(b1))")],
        ),
        # all customers are too few
        ([[1, 1], [1, 0]], 5, [(3, "Others", "member(a0) or member(a1)")]),
    ],
)
def test_what_is_merged_with_what(counts, at_least, cells):
    found = told(cross(of_counts(counts), at_least))
    assert [one[:2] for one in found] == [one[:2] for one in cells]
    assert all(rule is None or rule == one[2] for one, (_, _, rule) in zip(found, cells, strict=True))


def test_names_are_made_of_those_of_the_parts():
    found = cross(of_counts([[9, 3, 3], [1, 1, 4], [6, 0, 0]]), 5)
    assert [cell.name for cell in found.cells] == ["a0_b0", "a0_others", "a1_all", "a2_b0"]
    assert [cell.why for cell in found.cells] == [
        "",
        "merged, being small: A0, B1; A0, B2",
        "merged, being small: A1, B0; A1, B1; A1, B2",
        "merged, being small: A2, B0; A2, B1; A2, B2",
    ]


def test_a_crossing_of_three_leaves_out_a_dimension_that_says_nothing():
    labels = np.array([(a, b, c) for a in range(2) for b in range(2) for c in range(2)])
    times = np.array([9, 9, 1, 1, 9, 2, 1, 1])
    rows = np.repeat(labels, times, axis=0)
    found = cross([dimension(name, rows[:, at], 2) for at, name in enumerate("abc")], 4)
    assert told(found) == [
        (11, "A0, B0, C0 and others", "member(a0) and ((member(b0) and member(c0)) or member(b1))"),
        (9, "A0, B0, C1", "member(a0) and member(b0) and member(c1)"),
        (9, "A1, B0, C0", "member(a1) and member(b0) and member(c0)"),
        (4, "A1: others", "member(a1) and ((member(b0) and member(c1)) or member(b1))"),
    ]


def test_one_person_can_be_a_segment():
    found = cross(of_counts([[1, 1], [1, 3]]), 1)
    assert [cell.size for cell in found.cells] == [1, 1, 1, 3]


def test_what_overlaps_is_said_and_counted_once_in_each_cell():
    both = overlapping("a", [[1, 1, 1, 1, 0, 0], [0, 0, 1, 1, 1, 1]])
    found = cross([both, dimension("b", [0, 0, 0, 1, 0, 0], 2)], 3)
    assert not found.exclusive
    assert [(cell.title, cell.size) for cell in found.cells] == [("A0, B0 and others", 4), ("A1, B0 and others", 4)]
    assert found.members(0).tolist() == [True, True, True, True, False, False]


def test_too_many_combinations_are_refused():
    wide = MOST_COMBINATIONS // 100 + 1
    many = [dimension("a", np.arange(3), wide), dimension("b", np.arange(3), 100)]
    with pytest.raises(ModelError, match=rf"{wide} of a x 100 of b are 10,100, and 10,000 are the most"):
        cross(many, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        [dimension("a", [0], 1)],
        [dimension("a", [0], 1), dimension("b", [0, 0], 1)],
    ],
)
def test_what_cannot_be_crossed_is_refused(wrong):
    with pytest.raises(ModelError, match="at least two dimensions over the same customers"):
        cross(wrong, 1)


@st.composite
def crossings(draw):
    shape = draw(st.lists(st.integers(1, 4), min_size=2, max_size=3))
    rows = draw(st.lists(st.tuples(*(st.integers(0, size - 1) for size in shape)), min_size=1, max_size=60))
    table = np.array(rows)
    return [dimension("abc"[at], table[:, at], size) for at, size in enumerate(shape)]


def rule_holds(rule: str, dimensions: list[Dimension], customer: int) -> bool:
    names = {name: bool(one.member[place, customer]) for one in dimensions for place, name in enumerate(one.parts)}
    node = check(parse(rule), Vocabulary({}, {}, Currency("GBP"), segments=names)).node
    her = Customer({}, segments={name: Literal(value, Type.BOOLEAN) for name, value in names.items()})
    return meaning(node, her, 0) is True


@given(crossings(), st.integers(1, 20))
@settings(max_examples=80, deadline=None)
def test_everybody_is_in_exactly_one_cell_and_the_rules_say_which(dimensions, at_least):
    found = cross(dimensions, at_least)
    customers = dimensions[0].member.shape[1]
    assert found.exclusive
    assert (np.sum([found.members(cell) for cell in range(len(found.cells))], axis=0) == 1).all()
    assert [cell.size for cell in found.cells] == np.bincount(found.labels, minlength=len(found.cells)).tolist()
    assert min(cell.size for cell in found.cells) >= min(at_least, customers)
    assert len({cell.name for cell in found.cells}) == len(found.cells)
    for customer in {0, customers // 2, customers - 1}:
        held = [rule_holds(cell.rule, dimensions, customer) for cell in found.cells]
        assert held == [found.labels[customer] == place for place in range(len(found.cells))]


@given(crossings(), st.integers(1, 20), st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_a_larger_size_never_gives_more_cells(dimensions, at_least, more):
    assert len(cross(dimensions, at_least + more).cells) <= len(cross(dimensions, at_least).cells)


@given(crossings(), st.integers(1, 8), st.data())
@settings(max_examples=60, deadline=None)
def test_also_whoever_has_a_combination_nobody_has_today_is_in_exactly_one(dimensions, at_least, data):
    found = cross(dimensions, at_least)
    newcomer = [data.draw(st.integers(0, len(one.parts) - 1)) for one in dimensions]
    hers = [
        Dimension(one.name, one.parts, one.titles, one.rules, (np.arange(len(one.parts)) == part)[:, None])
        for one, part in zip(dimensions, newcomer, strict=True)
    ]
    assert sum(rule_holds(cell.rule, hers, 0) for cell in found.cells) == 1


@given(st.integers(0, 2**32), st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_overlapping_cells_hold_whom_their_rules_hold(seed, at_least):
    rng = np.random.default_rng(seed)
    dimensions = [overlapping(name, rng.random((size, 12)) < 0.5) for name, size in (("a", 2), ("b", 3))]
    found = cross(dimensions, at_least)
    covered = np.all([one.member.any(axis=0) for one in dimensions], axis=0)
    for customer in np.flatnonzero(covered):
        held = [rule_holds(cell.rule, dimensions, customer) for cell in found.cells]
        assert held == [bool(found.members(place)[customer]) for place in range(len(found.cells))]
