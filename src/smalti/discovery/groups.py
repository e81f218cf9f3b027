"""Groups ready for use: around centres, and told by a few questions where those do nearly as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy.typing as npt

from smalti.discovery.centres import Centres, fit_centres
from smalti.discovery.measures import Labels
from smalti.discovery.tree import Tree, fit_tree
from smalti.errors import ModelError
from smalti.facts import Type

Form: TypeAlias = Literal["auto", "tree", "centres"]

READABLE = 0.8
"""From which share of customers placed as by the centres a tree is taken for the groups' rules, if nothing else is asked for.

A matter of judgement: rules that people can read and repeat are worth a customer in five on the other side of a border that
is itself uncertain; beyond that the tree tells of other groups than were found.
"""


@dataclass(frozen=True)
class Groups:
    """Groups of customers, and how their rules are written.

    Attributes:
        centres: The groups around centres.
        tree: The same by a tree of questions, each with one leaf.
        form: Which of both the rules are: ``tree`` or ``centres``.
    """

    centres: Centres
    tree: Tree
    form: Literal["tree", "centres"]

    @property
    def names(self) -> tuple[str, ...]:
        """What the groups are called, by size around the centres."""
        return self.centres.names

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many customers of those it was fitted for are in each group, by its rules."""
        return self._chosen.sizes

    @property
    def moved(self) -> float:
        """The share of customers whom the rules put into another group than the centres'."""
        return 1 - self.tree.agrees if self.form == "tree" else 0.0

    def assign(self, values: Mapping[str, npt.ArrayLike]) -> Labels:
        """Give each customer her group by the rules, or -1; shape (n,); see `Centres.assign` and `Tree.assign`."""
        return self._chosen.assign(values)

    def texts(self) -> dict[str, str]:
        """Give each group's rule, in the language; nobody is in two."""
        return self._chosen.texts()

    @property
    def _chosen(self) -> Centres | Tree:
        return self.tree if self.form == "tree" else self.centres


def find_groups(
    values: Mapping[str, npt.ArrayLike],
    groups: int,
    types: Mapping[str, Type] | None = None,
    *,
    form: Form = "auto",
    restarts: int = 25,
    at_most: int = 100_000,
    seed: int = 0,
) -> Groups:
    """Find groups of customers who are alike in these traits, and write their rules.

    Args:
        values: One value per customer and trait, missing as NaN; booleans as such or as 0 and 1, money in major units.
        groups: How many groups.
        types: Types by name; where none is given, an array of booleans is boolean and all else a number.
        form: What rules to write; ``auto`` takes the tree if it places `READABLE` of the customers as the centres do.
        restarts: From how many starts centres are sought.
        at_most: To how many customers the centres are fitted; of more, a sample.
        seed: Of all that is random.

    Raises:
        ModelError: As `fit_centres`; an unknown form.

    >>> likes = {"tasty": [True, True, True, False, False], "cheap": [False, False, False, True, True]}
    >>> found = find_groups(likes, 2)
    >>> found.form, found.texts(), found.moved
    ('tree', {'tasty_not_cheap': 'tasty', 'cheap_not_tasty': 'not tasty'}, 0.0)
    """
    if form not in ("auto", "tree", "centres"):
        raise ModelError(f"groups: expected the form auto, tree or centres, got {form}")
    centres = fit_centres(values, groups, types, restarts=restarts, at_most=at_most, seed=seed)
    tree = fit_tree(centres, values)
    readable = form == "tree" or (form == "auto" and tree.agrees >= READABLE)
    return Groups(centres, tree, "tree" if readable else "centres")
