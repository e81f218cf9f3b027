"""Limits that cannot be kept together: the smallest set of them, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from smalti.errors import PlanError
from smalti.strategy.optimum.narrowing import Question, domain_of, narrow
from smalti.strategy.optimum.passes import Parts, weigh
from smalti.strategy.optimum.problem import NOTHING, Capacities, Floats, Integers, written
from smalti.strategy.optimum.table import Table

_SHORT = 1e-8


def contradictory(parts: Parts, capacities: Capacities, seed: int = 0) -> Integers:
    """Give the places of a smallest set of limits that cannot be kept together; none where all can.

    Whether limits can be kept is itself a problem of the same kind: nothing is worth anything, and what is short of a
    least costs as much as it is a share of it. No choice costs nothing exactly where a bound says so. Limits are
    left out one after another as long as the others still contradict each other.

    Args:
        parts: All customers.
        capacities: What there is of each limit.
        seed: Of samples.
    """
    if not np.isfinite(capacities.least).any():
        return np.empty(0, dtype=np.int64)
    crossed = np.flatnonzero(capacities.least > capacities.most)
    if len(crossed):
        return crossed[:1]
    prices, short = _shortage(parts, capacities, seed)
    if short <= _SHORT:
        return np.empty(0, dtype=np.int64)
    paid = np.abs(prices) > 1e-12 * np.max(np.abs(prices))
    left = paid if _shortage(parts, capacities.only(paid), seed)[1] > _SHORT else np.ones(len(prices), dtype=bool)
    for place in np.flatnonzero(left):
        fewer = left.copy()
        fewer[place] = False
        if np.isfinite(capacities.least[fewer]).any() and _shortage(parts, capacities.only(fewer), seed)[1] > _SHORT:
            left = fewer
    return np.flatnonzero(left)


def _shortage(parts: Parts, capacities: Capacities, seed: int) -> tuple[Floats, float]:
    """Give prices that prove a shortage, and how much of what is wanted is lacking at least, as a sum of shares."""
    wanted = np.isfinite(capacities.least)
    dearest = np.where(wanted, 1.0 / np.where(wanted, capacities.least, 1.0), 0.0)
    worthless = parts.turned(lambda table: replace(table, values=np.where(np.isfinite(table.values), 0.0, np.nan)))
    top = float(np.max(parts.each(lambda table, _: _most_used(table) @ dearest)))
    domain = domain_of(capacities, worthless, top)
    domain = replace(domain, low=np.where(wanted & ~capacities.none, -dearest, domain.low))
    found = narrow(Question(worthless, capacities, domain, seed))
    nothing = np.full(len(parts), NOTHING, dtype=np.int16)
    weighed = weigh(worthless, found.relaxed.prices, nothing, np.zeros(len(wanted), dtype=bool))
    return found.relaxed.prices, -(weighed.best + capacities.worth(found.relaxed.prices))


def _most_used(table: Table) -> Floats:
    """Give the most that a cell uses of each limit; shape (K,)."""
    used = np.max(table.columns, axis=1, initial=0.0)
    for column, place in enumerate(table.outer_places):
        used[place] *= np.max(table.outer[:, column], initial=0.0)
    for place, one in zip(table.each_places, table.each, strict=True):
        used[place] = np.max(one, initial=0.0)
    return np.asarray(used)


def refusal(parts: Parts, capacities: Capacities, names: Sequence[str], places: Integers, seed: int = 0) -> PlanError:
    """Say which limits contradict each other, and by how much."""
    wanting = [place for place in places.tolist() if np.isfinite(capacities.least[place])]
    place = wanting[0]
    wanted = f"'{names[place]}' wants at least {written(capacities.least[place])}"
    if capacities.least[place] > capacities.most[place]:
        return PlanError(f"no plan keeps the limits: {wanted}, and at most {written(capacities.most[place])}")
    others = np.isin(np.arange(len(names)), places)
    others[place] = False
    possible = _reach(parts, capacities.only(others), place, seed)
    within = [f"'{names[other]}' ({capacities.told(other)})" for other in places.tolist() if other != place]
    kept = f" within {', '.join(within)}" if within else ", whatever else is done"
    return PlanError(f"no plan keeps the limits: {wanted}, and no more than {written(possible)} is possible{kept}")


def _reach(parts: Parts, capacities: Capacities, place: int, seed: int) -> float:
    """Tell how much of one limit can be reached within others, customers shared where that helps."""

    def turn(table: Table) -> Table:
        rows, actions = np.nonzero(np.isfinite(table.values))
        values = np.full(table.values.shape, np.nan)
        values[rows, actions] = table.uses(rows, actions)[:, place]
        return replace(table, values=values)

    turned = parts.turned(turn)
    found = narrow(Question(turned, capacities, domain_of(capacities, turned), seed))
    nothing = np.full(len(parts), NOTHING, dtype=np.int16)
    weighed = weigh(turned, found.relaxed.prices, nothing, np.zeros(len(capacities.most), dtype=bool))
    return weighed.best + capacities.worth(found.relaxed.prices)
