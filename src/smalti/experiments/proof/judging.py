"""Every policy judged on the rows of cells that taught it nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from smalti.experiments.logged import Floats, Integers
from smalti.experiments.proof.cells import PARTS
from smalti.experiments.proof.evidence import Budget
from smalti.experiments.proof.moments import Moments
from smalti.experiments.proof.policies import Allocations, Kinds
from smalti.experiments.proof.teaching import WHOLE, Taught
from smalti.experiments.proof.values import GENERIC, INDIVIDUAL, NOTHING, SEGMENT


@dataclass(eq=False)
class Tally:
    """What is summed up over cells, at one budget.

    Attributes:
        moments: Of the values after costs, a column for each policy.
        cost: What each policy costs, summed over rows.
        contacted: How many rows each policy contacts.
        differ: In how many rows the two policies of each lead choose differently.
    """

    moments: Moments
    cost: Floats
    contacted: Floats
    differ: Floats


@dataclass(eq=False)
class Judgement:
    """The sums over all cells.

    Attributes:
        policies: The names of the policies: the ladder, then each segmentation.
        leads: Which policy is held against which, as places; those of the ladder first.
        ladder: How many leads are among the ladder.
        tallies: One for each budget.
        rungs: The values of the ladder at all budgets together, a column for each policy of each budget in turn.
    """

    policies: tuple[str, ...]
    leads: tuple[tuple[int, int], ...]
    ladder: int
    tallies: list[Tally] = field(default_factory=list)
    rungs: Moments = field(default_factory=lambda: Moments(0))

    @property
    def rungs_each(self) -> int:
        """How many policies the ladder has."""
        return sum(":" not in name for name in self.policies)

    @property
    def contrasts(self) -> Floats:
        """Each lead as what it takes of each policy; shape (leads, policies)."""
        table = np.zeros((len(self.leads), len(self.policies)))
        for place, (high, low) in enumerate(self.leads):
            table[place, high], table[place, low] = 1.0, -1.0
        return table


def judge(taught: Taught, budgets: Sequence[Budget | None]) -> Judgement:
    """Judge all policies at all budgets, cell by cell."""
    names = tuple(name for name in taught.groupings if name != WHOLE)
    steps = [NOTHING] * (taught.evidence.control is not None) + [GENERIC] + [SEGMENT] * bool(names) + [INDIVIDUAL]
    policies = (*steps, *(f"{SEGMENT}: {name}" for name in names))
    among = [(high, low) for high in range(len(steps)) for low in range(high)]
    beside = [(len(steps) + place, steps.index(GENERIC)) for place in range(len(names))]
    found = Judgement(policies, (*among, *beside), len(among))
    for _ in budgets:
        sizes = (len(policies), len(policies), len(found.leads))
        found.tallies.append(Tally(Moments(len(policies)), *(np.zeros(size) for size in sizes)))
    found.rungs = Moments(len(steps) * len(budgets))
    for cell in taught.cells.filled():
        _judge_cell(taught, cell, budgets, found)
    return found


def _judge_cell(taught: Taught, cell: int, budgets: Sequence[Budget | None], found: Judgement) -> None:
    rows = taught.cells.rows(cell)
    costs = taught.evidence.costs
    cost = costs if costs.ndim == 1 else costs[rows]
    net = taught.scores[rows] - cost
    allocations = allocations_of(taught, cell, rows)
    counts = taught.cells.by_customer(rows, np.ones((len(rows), 1)))[:, 0]
    share = len(rows) / len(taught.scores)
    rungs = []
    for budget, tally in zip(budgets, found.tallies, strict=True):
        chances = [one.at(budget, share) for one in allocations]
        if NOTHING in found.policies:
            chances.insert(0, _one_hot(taught.reference, net.shape[1]))
        says = taught.cells.by_customer(rows, np.column_stack([_mean_of(chance, net) for chance in chances]))
        tally.moments.add(counts, says)
        rungs.append(says[:, : found.rungs_each])
        tally.cost += [_cost(chance, cost, len(rows)) for chance in chances]
        tally.contacted += [_contacted(chance, taught, len(rows)) for chance in chances]
        tally.differ += [_apart(chances[high], chances[low], len(rows)) for high, low in found.leads]
    found.rungs.add(counts, np.hstack(rungs))


def allocations_of(taught: Taught, cell: int, rows: Integers) -> list[Allocations]:
    """Give what the policies of a cell would do, from generic on in the order of `Judgement.policies`.

    Nothing in them comes from an outcome of the cell, nor from what models that saw its outcomes foretell of others.

    Args:
        taught: What each fold is taught.
        cell: The cell.
        rows: Its rows.
    """
    evidence, lesson = taught.evidence, taught.lessons[cell // PARTS]
    control = None if evidence.control is None else taught.reference
    costs = evidence.costs
    everybody = evidence.mean_costs
    chosen = lesson.learnt[lesson.chosen]
    one = Kinds((chosen.generic - everybody)[None], everybody[None], np.array([float(len(rows))]), None)
    by_name = {name: _segments(taught, name, cell, rows) for name in taught.groupings}
    own = taught.base[rows] + taught.slope_for(cell).shrinkage * taught.apart[rows]
    cost = costs[rows] if costs.ndim == 2 else np.broadcast_to(costs, own.shape)
    person = Kinds(own - cost, cost, np.ones(len(rows)), None)
    named = [kinds for name, kinds in by_name.items() if name != WHOLE]
    middle = [by_name[lesson.chosen]] if named else []
    return [Allocations(kinds, control) for kinds in (one, *middle, person, *named)]


def _segments(taught: Taught, name: str, cell: int, rows: Integers) -> Kinds:
    grouping, costs = taught.groupings[name], taught.evidence.costs
    segment = taught.lessons[cell // PARTS].learnt[name].segment
    code = grouping.code[rows]
    cost = mean_costs(costs, grouping.code, len(grouping.labels))
    size = np.bincount(code, minlength=len(grouping.labels)).astype(np.float64)
    return Kinds(segment - cost, cost, size, code)


def mean_costs(costs: Floats, code: Integers, segments: int) -> Floats:
    """Give what each arm costs on average in each segment; shape (segments, K)."""
    if costs.ndim == 1:
        return np.broadcast_to(costs, (segments, len(costs)))
    size = np.maximum(np.bincount(code, minlength=segments), 1)
    return np.column_stack([np.bincount(code, column, minlength=segments) / size for column in costs.T])


def _one_hot(place: int, arms: int) -> Floats:
    chance = np.zeros((1, arms))
    chance[0, place] = 1.0
    return chance


def _mean_of(chance: Floats, values: Floats) -> Floats:
    if len(chance) == 1:
        return np.asarray(values @ chance[0])
    means: Floats = np.einsum("ij,ij->i", chance, values)
    return means


def _cost(chance: Floats, cost: Floats, rows: int) -> float:
    if cost.ndim == 1:
        return float(chance.mean(axis=0) @ cost) * rows
    return float((chance * cost).sum(axis=1).mean()) * rows


def _contacted(chance: Floats, taught: Taught, rows: int) -> float:
    if taught.evidence.control is None:
        return float(rows)
    return float((1 - chance[:, taught.reference]).mean()) * rows


def _apart(one: Floats, other: Floats, rows: int) -> float:
    return float(np.abs(one - other).sum(axis=1).mean()) / 2 * rows
