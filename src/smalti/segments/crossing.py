"""Several segmentations crossed: every combination is a segment, and small ones are merged by a stated rule.

With `at_least` customers as the smallest size, and the segments of the first dimension taken in their order:

1. Every combination of at least `at_least` customers is a segment of its own.
2. The other combinations of a segment of the first dimension, empty ones too, are together its *others*, a segment if that
   has at least `at_least` customers.
3. Others that are fewer are added to the smallest segment that rule 1 made of the same segment of the first dimension; of
   equally small ones to the first.
4. Where rule 1 made none of it, all of its customers are fewer than `at_least`. All such segments of the first dimension
   are pooled: one segment, *others*, if they are at least `at_least` together, else they are added to the smallest segment
   there is, of equally small ones to the first. Where there is none, all is one segment.

So where the dimensions are exclusive and leave nobody out, every customer is in exactly one segment, also one whose
combination is empty today. A dimension that may leave somebody out is given with a part for the rest; where that is empty
it is merged like any other, so that whoever falls out of the dimension later is in a segment all the same. No segment is
smaller than `at_least` unless all customers are fewer; and a larger `at_least` never gives more segments. With an
`at_least` of 1 everybody who is like nobody else is a segment alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from smalti.errors import ModelError

Booleans: TypeAlias = npt.NDArray[np.bool_]
Integers: TypeAlias = npt.NDArray[np.int64]

MOST_COMBINATIONS = 10_000
"""How many combinations a crossing may have: more cannot be told apart by anybody, nor listed."""
_LISTED = 5
"""How many merged combinations are named one by one."""


@dataclass(frozen=True, eq=False)
class Dimension:
    """One of the segmentations that are crossed, over n customers.

    Attributes:
        name: Its name.
        parts: The names of its k segments.
        titles: What people call them.
        rules: Their rules in the language, each fit to stand in an ``and``.
        member: Who is in which, shape (k, n).
    """

    name: str
    parts: tuple[str, ...]
    titles: tuple[str, ...]
    rules: tuple[str, ...]
    member: Booleans


@dataclass(frozen=True)
class Cell:
    """One segment of a crossing.

    Attributes:
        name: Its name, made of those of its parts.
        title: What people call it.
        rule: Its rule in the language.
        why: What was merged into it, in words; empty of a single combination.
        size: How many customers it has.
    """

    name: str
    title: str
    rule: str
    why: str
    size: int


@dataclass(frozen=True, eq=False)
class Crossing:
    """What came of crossing.

    Attributes:
        cells: The segments, by the order of their first combination.
        customers: How many customers were looked at.
        exclusive: Whether nobody is in two segments of one dimension, and so in two cells.
        who: The customers of all memberships, ascending, shape (memberships,).
        place: The cell of each, shape (memberships,).
    """

    cells: tuple[Cell, ...]
    customers: int
    exclusive: bool
    who: Integers
    place: Integers

    @cached_property
    def labels(self) -> Integers:
        """The first cell each customer is in, -1 for those in none, shape (customers,)."""
        labels = np.full(self.customers, -1, dtype=np.int64)
        labels[self.who[::-1]] = self.place[::-1]
        return labels

    def members(self, cell: int) -> Booleans:
        """Who is in a cell, shape (customers,)."""
        member = np.zeros(self.customers, dtype=np.bool_)
        member[self.who[self.place == cell]] = True
        return member


def cross(dimensions: Sequence[Dimension], at_least: int) -> Crossing:
    """Cross segmentations, and merge what is empty or too small by the rule of this module.

    In a rule that holds all segments of a dimension the dimension is left out.

    Args:
        dimensions: Two or more, the first being the one whose segments are merged last.
        at_least: How many customers a cell needs, 1 or more.

    Raises:
        ModelError: Fewer than two dimensions, dimensions of different customers, or more than `MOST_COMBINATIONS` combinations.

    >>> stage = Dimension("stage", ("new", "active"), ("New", "Active"), ("member(new)", "member(active)"),
    ...                   np.array([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]], dtype=bool))
    >>> tier = Dimension("tier", ("gold", "silver", "none"), ("Gold", "Silver", "None"), ("gold", "silver", "nothing"),
    ...                  np.array([[1, 0, 0, 0, 0, 0], [0, 1, 0, 1, 1, 0], [0, 0, 1, 0, 0, 1]], dtype=bool))
    >>> for cell in cross([stage, tier], 2).cells:
    ...     print(cell.size, cell.title, "|", cell.rule)
    3 New | member(new)
    3 Active, silver and others | member(active)
    >>> [cell.title for cell in cross([stage, tier], 1).cells][-2:]
    ['Active, silver', 'Active, none and others']
    """
    shape = tuple(len(one.parts) for one in dimensions)
    if len(dimensions) < 2 or len({one.member.shape[1] for one in dimensions}) > 1 or at_least < 1:
        raise ModelError("crossing: expected at least two dimensions over the same customers, and a size of 1 or more")
    if prod(shape) > MOST_COMBINATIONS:
        told = " x ".join(f"{len(one.parts)} of {one.name}" for one in dimensions)
        raise ModelError(
            f"too many combinations to cross: {told} are {prod(shape):,}, and {MOST_COMBINATIONS:,} are the most; "
            "leave one out, or cross segmentations of fewer segments"
        )
    who, code = _combinations(dimensions)
    groups = _merged(shape, who, code, at_least)
    place_of = np.empty(prod(shape), dtype=np.int64)
    for place, group in enumerate(groups):
        place_of[group.codes] = place
    memberships = np.unique(np.stack([who, place_of[code]], axis=1), axis=0)
    sizes = np.bincount(memberships[:, 1], minlength=len(groups))
    cells = tuple(_cell(group, dimensions, shape, int(size)) for group, size in zip(groups, sizes, strict=True))
    exclusive = all(bool((one.member.sum(axis=0) <= 1).all()) for one in dimensions)
    return Crossing(cells, dimensions[0].member.shape[1], exclusive, memberships[:, 0], memberships[:, 1])


@dataclass(frozen=True, eq=False)
class _Group:
    """Combinations that are one segment: their codes, ascending, the one that stood alone, and how they came together."""

    codes: Integers
    alone: int | None
    kind: str


def _combinations(dimensions: Sequence[Dimension]) -> tuple[Integers, Integers]:
    """Give a row for every customer and combination she is in: the customer, and the combination as one number."""
    customers = dimensions[0].member.shape[1]
    who, code = np.arange(customers), np.zeros(customers, dtype=np.int64)
    for one in dimensions:
        _, part = np.nonzero(one.member.T)
        counts = one.member.sum(axis=0)
        starts = np.cumsum(counts) - counts
        times = counts[who]
        step = np.arange(int(times.sum())) - np.repeat(np.cumsum(times) - times, times)
        chosen = part[np.repeat(starts[who], times) + step]
        who, code = np.repeat(who, times), np.repeat(code, times) * len(one.parts) + chosen
    return who, code


def _merged(shape: tuple[int, ...], who: Integers, code: Integers, at_least: int) -> list[_Group]:
    counts = np.bincount(code, minlength=prod(shape))
    inner = prod(shape[1:])
    of_first = code // inner
    found: list[_Group] = []
    sizes: list[int] = []
    pool: list[int] = []
    for first in range(shape[0]):
        codes = np.arange(first * inner, (first + 1) * inner)
        kept, rest = codes[counts[codes] >= at_least], codes[counts[codes] < at_least]
        mine = (of_first == first) & (counts[code] < at_least)
        few = len(np.unique(who[mine]))
        groups, own = [_Group(np.array([one]), int(one), "alone") for one in kept], [int(counts[one]) for one in kept]
        if few >= at_least:
            groups.append(_Group(rest, None, "others" if len(kept) else "all"))
            own.append(few)
        elif len(kept) and len(rest):
            smallest = int(np.argmin(own))
            codes = np.sort(np.append(rest, kept[smallest]))
            groups[smallest] = _Group(codes, int(kept[smallest]), "alone")
            own[smallest] = len(np.unique(who[np.isin(code, codes)]))
        elif not len(kept):
            pool.append(first)
        found, sizes = found + groups, sizes + own
    if pool:
        pooled = np.concatenate([np.arange(first * inner, (first + 1) * inner) for first in pool])
        together = len(np.unique(who[np.isin(of_first, pool)]))
        if together >= at_least or not found:
            found.append(_Group(pooled, None, "pool"))
        else:
            at = int(np.argmin(sizes))
            found[at] = _Group(np.sort(np.append(found[at].codes, pooled)), found[at].alone, found[at].kind)
    return sorted(found, key=lambda group: int(group.codes[0]) if group.alone is None else group.alone)


def _cell(group: _Group, dimensions: Sequence[Dimension], shape: tuple[int, ...], size: int) -> Cell:
    combinations = np.stack(np.unravel_index(group.codes, shape), axis=1)
    rule = _rule(combinations, dimensions, 0) or " or ".join(dimensions[0].rules)
    first = dimensions[0]
    at = int(combinations[0, 0])
    name, title = first.parts[at], first.titles[at]
    if group.alone is not None:
        parts = [int(one) for one in np.unravel_index(group.alone, shape)]
        names = [one.parts[part] for one, part in zip(dimensions, parts, strict=True)]
        name, title = "_".join(names), _titled(parts, dimensions)
        title += " and others" if len(group.codes) > 1 else ""
    elif group.kind == "pool":
        name, title = "others", "Others"
    elif group.kind == "others":
        name, title = f"{name}_others", f"{title}: others"
    else:
        name = f"{name}_all"
    return Cell(name, title, rule, _why(combinations, dimensions), size)


def _titled(parts: Sequence[int], dimensions: Sequence[Dimension]) -> str:
    titles = [one.titles[part] for one, part in zip(dimensions, parts, strict=True)]
    return ", ".join([titles[0], *(_within(title) for title in titles[1:])])


def _within(title: str) -> str:
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def _why(combinations: Integers, dimensions: Sequence[Dimension]) -> str:
    if len(combinations) == 1:
        return ""
    told = [_titled(parts.tolist(), dimensions) for parts in combinations[:_LISTED]]
    more = len(combinations) - len(told)
    return "merged, being small: " + "; ".join(told) + (f" and {more:,} more" if more else "")


def _rule(combinations: Integers, dimensions: Sequence[Dimension], depth: int) -> str:
    """Write that a customer is in one of the combinations; empty if in all there are."""
    one, last = dimensions[depth], depth + 1 == len(dimensions)
    below: dict[str, list[int]] = {}
    for part in np.unique(combinations[:, depth]):
        rest = "" if last else _rule(combinations[combinations[:, depth] == part], dimensions, depth + 1)
        below.setdefault(rest, []).append(int(part))
    alternatives = []
    for rest, parts in below.items():
        mine = "" if len(parts) == len(one.parts) else _either([one.rules[part] for part in parts])
        alternatives.append(" and ".join(text for text in (mine, rest) if text))
    if depth:
        return _either(alternatives)
    if list(below) == [""]:
        return "" if alternatives == [""] else " or ".join(one.rules[part] for part in below[""])
    return alternatives[0] if len(alternatives) == 1 else " or ".join(_grouped(alternatives))


def _either(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"({' or '.join(_grouped(texts))})"


def _grouped(texts: list[str]) -> list[str]:
    return [f"({text})" if " and " in text and not text.startswith("(") else text for text in texts]
