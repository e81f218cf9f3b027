"""The best for all whose treatment is not drawn: limits less what is taken already, costs of doing a treatment at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np

from smalti.errors import PlanError
from smalti.strategy.candidates import Candidates
from smalti.strategy.optimum import Limit, Solution, solve
from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.plan.coupling import Coupling
from smalti.strategy.plan.lots import Lots
from smalti.strategy.plan.pricing import paid, with_bonus

_SAME = 1e-12
"""Values that differ by no more than this share are the same."""
_SLACK = 1e-10
"""By this share may a sum over all customers be off for rounding."""
ALL_SETS = 4
"""So many treatments that cost something to do at all are tried in every combination."""


@dataclass(frozen=True, eq=False)
class Best:
    """What is best for all together.

    Attributes:
        choice: The place of each customer's action, -1 for none and for who is not looked at; shape (n,).
        bound: What no choice can exceed.
        prices: By limit, what one more unit would bring, minor units.
        closed: Which actions need a treatment that costs something to do at all and is not done; shape (A,).
    """

    choice: Integers
    bound: float
    prices: Mapping[str, float]
    closed: Booleans

    def priced(self, values: Floats, couplings: Sequence[Coupling]) -> Floats:
        """Take off what each action pays for the limits, and close those that are not done at all; shape (n, A).

        Args:
            values: What each action is worth to each customer, the bonus of what was planned before counted; shape (n, A).
            couplings: The limits that couple customers.
        """
        everybody, some = paid(couplings, self.prices, *values.shape)
        priced = values - everybody - some
        priced[:, self.closed] = -np.inf
        return priced


def best_of(
    values: Floats,
    candidates: Candidates,
    couplings: Sequence[Coupling],
    lots: Lots,
    *,
    seed: int,
    threads: int | None,
) -> Best:
    """Find the best for all whose treatment is not drawn.

    Args:
        values: What each action is worth to each customer without any bonus, -inf of what is not possible; shape (n, A).
        candidates: What the plan is made from.
        couplings: The limits that couple customers.
        lots: What was drawn: it has taken its part of the limits.
        seed: What ties go by.
        threads: How many threads look.

    Raises:
        PlanError: The limits contradict each other.
    """
    mine = values.copy()
    mine[lots.drawn] = -np.inf
    search = _Search(mine, candidates, couplings, lots, seed, threads)
    paid = search.fixed.keys() & {name for one in couplings for name in one.treatments}
    found = search.in_every_set() if paid and len(search.fixed) <= ALL_SETS else search.one_after_another(bool(paid))
    closed = np.array(
        [any(name in search.fixed and name not in found.opened for name in one) for one in search.parts], dtype=np.bool_
    )
    best = Best(np.asarray(found.choice, dtype=np.int64), found.bound, found.prices, closed)
    raised = with_bonus(mine, candidates.before, candidates.keep)
    return replace(best, choice=_first_of_equals(best, raised, couplings, found.asked))


@dataclass(frozen=True, eq=False)
class _Answer:
    """One solution, the costs of doing what it does at all off its value."""

    choice: Integers
    value: float
    bound: float
    prices: Mapping[str, float]
    opened: frozenset[str]
    asked: Sequence[Limit]


@dataclass(frozen=True, eq=False)
class _Search:
    """The search for the best where some treatments cost something to do at all, which budgets pay as well."""

    values: Floats
    candidates: Candidates
    couplings: Sequence[Coupling]
    lots: Lots
    seed: int
    threads: int | None

    @cached_property
    def fixed(self) -> dict[str, float]:
        return {name: cost for name, cost in self.candidates.gains.fixed.items() if cost > 0}

    @cached_property
    def parts(self) -> tuple[frozenset[str], ...]:
        return tuple(frozenset(part.name for part in one.treatments) for one in self.candidates.actions)

    def one_after_another(self, paid: bool) -> _Answer:
        """Find what is worth its cost by the values alone, then keep back from budgets what that costs, until it fits."""
        groups = {_places(self.candidates, name): cost for name, cost in self.fixed.items()}
        reserved: frozenset[str] = frozenset()
        bound: float | None = None
        while True:
            asked = self._asked(reserved)
            found = self._solve(self.values, asked, groups or None)
            bound = found.bound if bound is None else bound
            opened = self._opened(found.choice)
            if opened <= reserved or not paid:
                return _Answer(found.choice, found.value, bound, found.prices, opened, asked)
            reserved |= opened

    def in_every_set(self) -> _Answer:
        """Solve for every set of treatments that may be done, budgets less what doing them at all costs.

        A set whose bound at known prices is not above what has been found need not be solved.
        """
        whole = frozenset(self.fixed)
        sets = [frozenset(one) for size in range(len(whole), -1, -1) for one in combinations(sorted(whole), size)]
        payable = [one for one in sets if self._reaches(one)]
        best: _Answer | None = None
        refused: PlanError | None = None
        hopes = dict.fromkeys(payable, np.inf)
        bounds: list[float] = []
        while hopes:
            opened = max(hopes, key=lambda one: (hopes[one], len(one), sorted(one)))
            hope = hopes.pop(opened)
            if best is not None and hope <= best.value:
                bounds.append(hope)
                continue
            try:
                answer = self._with(opened)
            except PlanError as error:
                refused = refused or error
                continue
            bounds.append(min(hope, answer.bound))
            best = answer if best is None or answer.value > best.value else best
            hopes = {one: min(hope, self._hope(one, answer.prices)) for one, hope in hopes.items()}
        if best is None:
            raise refused or PlanError("no budget reaches for what must be done")
        return replace(best, bound=max([*bounds, best.value]))

    def _with(self, opened: frozenset[str]) -> _Answer:
        asked = self._asked(opened)
        found = self._solve(np.where(self._shut(opened), -np.inf, self.values), asked, None)
        used = self._opened(found.choice)
        value = found.value - sum(self.fixed[name] for name in used)
        return _Answer(found.choice, value, found.bound - self._costs(opened), found.prices, used, asked)

    def _hope(self, opened: frozenset[str], prices: Mapping[str, float]) -> float:
        """Bound what can be had with these treatments open, by the dual value at some prices."""
        everybody, some = paid(self.couplings, prices, *self.values.shape)
        left = (self.values - everybody - some)[:, ~self._shut(opened)]
        dual = float(np.maximum(left.max(axis=1, initial=0.0), 0.0).sum())
        for one, limit in zip(self.couplings, self._asked(opened), strict=True):
            amount = limit.most if one.sign > 0 else limit.least
            dual += one.sign * prices.get(one.name, 0.0) * (amount or 0.0)
        return dual + _SLACK * abs(dual) - self._costs(opened)

    def _shut(self, opened: frozenset[str]) -> Booleans:
        return np.array([bool((one & self.fixed.keys()) - opened) for one in self.parts], dtype=np.bool_)

    def _costs(self, opened: frozenset[str]) -> float:
        return sum(self.fixed[name] for name in sorted(opened))

    def _reaches(self, opened: frozenset[str]) -> bool:
        """Say whether budgets reach for doing these at all."""
        gone = [one.taken + one.used(self.lots.choice) for one in self.couplings]
        return all(
            self._costs(opened & set(one.treatments)) <= max(min(one.amount, one.reachable) - used, 0.0) + 1e-9
            for one, used in zip(self.couplings, gone, strict=True)
            if one.treatments
        )

    def _asked(self, reserved: frozenset[str]) -> list[Limit]:
        return [
            _limit(one, self.lots, self.candidates, self._costs(reserved & set(one.treatments)))
            for one in self.couplings
        ]

    def _solve(self, values: Floats, asked: Sequence[Limit], fixed: Mapping[tuple[int, ...], float] | None) -> Solution:
        candidates = self.candidates
        keep = (candidates.before, candidates.keep) if candidates.keep > 0 else None
        return solve(values, asked, fixed=fixed, keep=keep, seed=self.seed, threads=self.threads)

    def _opened(self, choice: Integers) -> frozenset[str]:
        places = np.unique(choice[choice >= 0]).tolist()
        return frozenset(name for place in places for name in self.parts[place]) & self.fixed.keys()


def _places(candidates: Candidates, treatment: str) -> tuple[int, ...]:
    """Give the places of the actions that a treatment is part of."""
    return tuple(
        place for place, one in enumerate(candidates.actions) if any(part.name == treatment for part in one.treatments)
    )


def _first_of_equals(best: Best, values: Floats, couplings: Sequence[Coupling], asked: Sequence[Limit]) -> Integers:
    """Give customers the first of actions that are worth the same, as far as the limits allow."""
    choice = best.choice.copy()
    rows = np.flatnonzero(choice >= 0)
    first = np.argmax(best.priced(values, couplings)[rows], axis=1) if values.shape[1] else choice[rows]
    same = np.abs(values[rows, first] - values[rows, choice[rows]]) <= _SAME * np.abs(values[rows, first])
    rows, first = rows[(first < choice[rows]) & same], first[(first < choice[rows]) & same]
    used = [one.used(choice) for one in couplings]
    pairs, which = np.unique(np.stack([choice[rows], first]), axis=1, return_inverse=True)
    for number, (old, new) in enumerate(pairs.T.tolist()):
        mine = rows[which.ravel() == number]
        fits = np.ones(len(mine), dtype=np.bool_)
        for place, (one, limit) in enumerate(zip(couplings, asked, strict=True)):
            counts = 1.0 if one.rows is None else one.rows[mine]
            after = used[place] + np.cumsum(np.broadcast_to((one.columns[new] - one.columns[old]) * counts, len(mine)))
            fits &= (after <= (np.inf if limit.most is None else limit.most)) & (after >= (limit.least or 0.0))
        moved = mine[np.logical_and.accumulate(fits)]
        choice[moved] = new
        used = [one.used(choice) for one in couplings] if len(moved) else used
    return choice


def _limit(one: Coupling, lots: Lots, candidates: Candidates, reserved: float) -> Limit:
    rows = None if one.rows is None else one.rows.astype(np.float64)
    gone = one.taken + one.used(lots.choice) + reserved
    if one.sign > 0:
        return Limit(one.name, one.columns, rows, most=max(min(one.amount, one.reachable) - gone, 0.0))
    counts = (candidates.why == 0)[:, one.columns > 0].any(axis=1)
    counts = counts if one.rows is None else counts & one.rows
    least = one.amount - gone
    if counts.sum() >= one.amount:  # what lots alone make impossible is not asked for
        least = min(least, float((counts & ~lots.drawn).sum()))
    return Limit(one.name, one.columns, rows, least=max(least, 0.0))
