"""Groups by a few questions: a tree of cuts with as many leaves as groups, which puts customers nearly where k-means does.

IMM (Dasgupta, Frost, Moshkovitz and Rashtchian 2020, Explainable k-means and k-medians clustering, ICML): every node parts the
centres it holds by one cut of one trait, that which puts the fewest customers on another side than their centre; they are not
looked at again below. What is lost by reading so little of each customer is told, not hidden: `Tree.agrees`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from smalti.discovery.centres import Centres
from smalti.discovery.measures import NOBODYS, Floats, Labels, Measure, columns_of, may_be_unknown, unknown
from smalti.discovery.wording import answered, grid, side, stand_in

MOST_CUTS = 50
"""How many places to cut a quantity are tried at a node."""


@dataclass(frozen=True)
class Cut:
    """One question: is this trait at least so much?

    Attributes:
        measure: The trait's place among the measures.
        at: Where it is cut, in the trait's own units; 0.5 for a boolean.
        below: What follows for those below: another question, or the place of a group among the names.
        above: What follows for those at or above.
    """

    measure: int
    at: float
    below: Cut | int
    above: Cut | int


Node: TypeAlias = Cut | int
_Path: TypeAlias = dict[int, tuple[float, float]]


@dataclass(frozen=True)
class Tree:
    """Groups as leaves of a tree of cuts; a plain value that assigns anybody.

    Attributes:
        names: What the groups are called, as by the centres.
        measures: The traits.
        root: The first question; where there is one group only, that group.
        sizes: How many customers of those it was fitted for are in each group.
        agrees: The share of customers it puts into the group whose centre is nearest. What is missing of 1 is what
            readability costs.
    """

    names: tuple[str, ...]
    measures: tuple[Measure, ...]
    root: Node
    sizes: tuple[int, ...] = ()
    agrees: float = math.nan

    def assign(self, values: Mapping[str, npt.ArrayLike]) -> Labels:
        """Give each customer her group, by its place among the names; shape (n,).

        It is -1 where nothing is known of her, and where a trait is asked for that she lacks and nobody lacked when it
        was fitted.

        Args:
            values: One value per customer and measure, missing as NaN; booleans as such or as 0 and 1, money in major units.
        """
        columns = columns_of(self.measures, values)
        filled = _filled(self.measures, columns)
        labels = np.full(len(columns), NOBODYS, dtype=np.int64)
        for group, path in _leaves(self.root, {}):
            inside = np.ones(len(columns), dtype=np.bool_)
            for at, (low, high) in path.items():
                inside &= (filled[:, at] >= low) & (filled[:, at] < high)
            labels[inside] = group
        return np.asarray(np.where(unknown(self.measures, columns), NOBODYS, labels))

    def texts(self) -> dict[str, str]:
        """Give each group's rule, in the language: the answers that lead to its leaf."""
        known = [answered(self.measures)] if may_be_unknown(self.measures) else []
        found = {
            group: known + [side(self.measures[at], *ends) for at, ends in path.items()]
            for group, path in _leaves(self.root, {})
        }
        return {name: " and ".join(found[group]) or "true" for group, name in enumerate(self.names)}

    def asks(self) -> tuple[str, ...]:
        """Give the traits that are asked for, in the order of the measures."""
        asked = {at for _, path in _leaves(self.root, {}) for at in path}
        return tuple(self.measures[at].name for at in sorted(asked))


def _filled(measures: tuple[Measure, ...], columns: Floats) -> Floats:
    means = np.array([stand_in(one) if one.answered < 1 else np.nan for one in measures])
    return np.asarray(np.where(np.isnan(columns), means, columns))


def _leaves(node: Node, path: _Path) -> Iterator[tuple[int, _Path]]:
    if isinstance(node, int):
        yield node, path
        return
    low, high = path.get(node.measure, (-math.inf, math.inf))
    yield from _leaves(node.above, {**path, node.measure: (node.at, high)})
    yield from _leaves(node.below, {**path, node.measure: (low, node.at)})


def fit_tree(centres: Centres, values: Mapping[str, npt.ArrayLike]) -> Tree:
    """Fit a tree that puts customers where these centres do, with one leaf for each group.

    Args:
        centres: The groups.
        values: What they were fitted on: one value per customer and measure, missing as NaN.

    >>> from smalti.discovery.centres import fit_centres
    >>> likes = {"tasty": [True, True, True, False, False], "cheap": [False, False, False, True, True]}
    >>> tree = fit_tree(fit_centres(likes, 2), likes)
    >>> tree.texts(), tree.agrees
    ({'tasty_not_cheap': 'tasty', 'cheap_not_tasty': 'not tasty'}, 1.0)
    """
    labels = centres.assign(values)
    known = labels != NOBODYS
    columns = _filled(centres.measures, columns_of(centres.measures, values))[known]
    middles = np.array(centres.centres)
    root = _grow(centres.measures, middles, columns, labels[known], np.arange(len(middles)))
    draft = Tree(centres.names, centres.measures, root)
    placed = draft.assign(values)[known]
    sizes = np.bincount(placed, minlength=len(middles))
    return Tree(
        draft.names,
        draft.measures,
        root,
        tuple(int(size) for size in sizes),
        float((placed == labels[known]).mean()),
    )


def _grow(measures: tuple[Measure, ...], middles: Floats, columns: Floats, labels: Labels, groups: Labels) -> Node:
    if len(groups) == 1:
        return int(groups[0])
    inside = np.bincount(labels, minlength=len(middles))[groups]
    best: tuple[int, int, float, npt.NDArray[np.bool_]] | None = None
    for at, one in enumerate(measures):
        for cut, border in _cuts(one, middles[groups, at]):
            above = middles[groups, at] >= border
            high = np.bincount(labels[columns[:, at] >= cut], minlength=len(middles))[groups]
            mistakes = int(np.where(above, inside - high, high).sum())
            if best is None or mistakes < best[0]:
                best = mistakes, at, cut, above
    if best is None:
        raise AssertionError("two centres are the same in every trait")
    _, at, cut, above = best
    right = columns[:, at] >= cut
    sides = [(groups[~above], ~right), (groups[above], right)]
    kept = [(part, where & np.isin(labels, part)) for part, where in sides]
    below, upper = (_grow(measures, middles, columns[where], labels[where], part) for part, where in kept)
    return Cut(at, cut, below, upper)


def _cuts(measure: Measure, middles: Floats) -> list[tuple[float, float]]:
    """Give where to cut the customers, and with each the border that parts the centres."""
    different = np.unique(middles)
    if measure.boolean:
        return [(0.5, float(border)) for border in different[1:]]
    first, last = (math.floor(end / measure.step) + 1 for end in (different[0], different[-1]))
    every = max(1, math.ceil((last - first) / MOST_CUTS))
    places = [grid(steps, measure.step) for steps in range(first, last + 1, every)]
    inside = [(place, place) for place in places if different[0] < place <= different[-1]]
    if inside:
        return inside
    return [(float(border), float(border)) for border in different[1:]]
